package handlers

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/scim"
)

// scimRoutes are the addresses of the SCIM endpoint. Clients double slashes and add one at the end, so the path below the prefix is read
// here and not by the router.
func (s *Server) scimRoutes(e *echo.Echo) {
	e.Any(scimPrefix, s.scim)
	e.Any(scimPrefix+"/*", s.scim)
}

// scimRequest is one request of a directory.
type scimRequest struct {
	*Server
	c     echo.Context
	call  *models.SCIMCall
	query scimQuery
	id    string // the segment behind the endpoint, "" if there is none
}

// scimMethods are what one address takes.
type scimMethods map[string]func(*scimRequest) error

// methodsOf finds what an address takes; nil if there is no such address.
func methodsOf(endpoint, id string) scimMethods {
	switch {
	case endpoint == "Users" && id == "":
		return scimMethods{http.MethodGet: (*scimRequest).listUsers, http.MethodPost: (*scimRequest).createUser}
	case endpoint == "Groups" && id == "":
		return scimMethods{http.MethodGet: (*scimRequest).listGroups, http.MethodPost: (*scimRequest).createGroup}
	case endpoint == "Bulk" && id == "", endpoint == ".search" && id == "", id == ".search":
		return scimMethods{http.MethodPost: notImplemented}
	case endpoint == "Users":
		return scimMethods{http.MethodGet: (*scimRequest).user, http.MethodPut: (*scimRequest).replaceUser,
			http.MethodPatch: (*scimRequest).patchUser, http.MethodDelete: (*scimRequest).deleteUser}
	case endpoint == "Groups":
		return scimMethods{http.MethodGet: (*scimRequest).group, http.MethodPut: (*scimRequest).replaceGroup,
			http.MethodPatch: (*scimRequest).patchGroup, http.MethodDelete: (*scimRequest).deleteGroup}
	case endpoint == "ServiceProviderConfig" && id == "":
		return scimMethods{http.MethodGet: (*scimRequest).serviceProviderConfig}
	case endpoint == "ResourceTypes":
		return scimMethods{http.MethodGet: (*scimRequest).resourceTypes}
	case endpoint == "Schemas":
		return scimMethods{http.MethodGet: (*scimRequest).schemas}
	case endpoint == "Me":
		// RFC 7644 §3.11: a token of an organization stands for nobody.
		return scimMethods{http.MethodGet: notImplemented, http.MethodPost: notImplemented, http.MethodPut: notImplemented,
			http.MethodPatch: notImplemented, http.MethodDelete: notImplemented}
	}
	return nil
}

func notImplemented(*scimRequest) error {
	return &scim.Error{Status: http.StatusNotImplemented, Detail: "This is not supported; /ServiceProviderConfig tells what is."}
}

// scim answers one request. The operations read the token in their own first statement; where none was reached, the token is looked up
// before anything is answered, so that a stranger learns nothing but that the token is wrong.
func (s *Server) scim(c echo.Context) error {
	r := &scimRequest{Server: s, c: c}
	var err error
	if r.call, err = s.db.SCIMCall(client(c), bearerOf(c.Request())); err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = r.dispatch()
	if r.call.Token == nil {
		if refused := s.db.AuthenticateSCIM(ctx, r.call); refused != nil {
			return refused
		}
	}
	if noted := s.db.NoteSCIMCall(ctx, r.call); noted != nil {
		s.log.Error("the use of a SCIM token was not noted", "token", r.call.TokenID(), "error", noted)
	}
	return err
}

func (r *scimRequest) dispatch() error {
	var segments []string
	for _, segment := range strings.Split(strings.TrimPrefix(r.c.Request().URL.Path, scimPrefix), "/") {
		if segment != "" {
			segments = append(segments, segment)
		}
	}
	var methods scimMethods
	if n := len(segments); n == 1 || n == 2 {
		r.id = append(segments, "")[1]
		methods = methodsOf(segments[0], r.id)
	}
	if methods == nil {
		return &scim.Error{Status: http.StatusNotFound, Detail: "There is nothing at this address. Check the Tenant URL; resources are at /Users and /Groups below it."}
	}
	method := r.c.Request().Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	handle := methods[method]
	if handle == nil {
		r.c.Response().Header().Set("Allow", methods.allow())
		return &scim.Error{Status: http.StatusMethodNotAllowed, Detail: "This address takes " + methods.allow() + " only."}
	}
	var err error
	if r.query, err = parseSCIMQuery(r.c.Request().URL.RawQuery); err != nil {
		return err
	}
	return handle(r)
}

// allow is the Allow header in a fixed order.
func (m scimMethods) allow() string {
	var list []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if m[method] != nil {
			list = append(list, method)
		}
	}
	return strings.Join(list, ", ")
}

// bearerOf is the token of the Authorization header, "" without one. "Bearer Bearer x" is what comes of pasting "Bearer x" as token.
func bearerOf(r *http.Request) string {
	fields := strings.Fields(r.Header.Get("Authorization"))
	if len(fields) < 2 || !strings.EqualFold(fields[0], "Bearer") {
		return ""
	}
	return fields[len(fields)-1]
}

// base is the absolute SCIM address from BASE_URL, never from the Host header.
func (r *scimRequest) base() string { return r.origin + scimPrefix }

// body reads the request within the limit.
func (r *scimRequest) body() ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(r.c.Response(), r.c.Request().Body, scim.MaxBody))
}

// answer sends JSON with the bare media type.
func (r *scimRequest) answer(status int, body []byte) error {
	return r.c.Blob(status, scim.MediaType, body)
}

// answerResource sends one resource, with its address if it is new.
func (r *scimRequest) answerResource(status int, v scim.View) error {
	if status == http.StatusCreated {
		r.c.Response().Header().Set("Location", v.Location())
	}
	return r.answer(status, v.Append(make([]byte, 0, 1024), r.query.projection(v.Type)))
}

// answerSCIMError answers any error in the form of RFC 7644 §3.12.
func (s *Server) answerSCIMError(c echo.Context, err error) error {
	e := s.scimError(c, err)
	retryAfter(c, e.Status)
	if e.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="SCIM"`
		if c.Request().Header.Get("Authorization") != "" {
			challenge += `, error="invalid_token"`
		}
		c.Response().Header().Set("WWW-Authenticate", challenge)
	}
	return c.Blob(e.Status, scim.MediaType, e.Append(nil))
}

// scimError gives an error the status and scimType of RFC 7644 §3.12, table 9.
func (s *Server) scimError(c echo.Context, err error) *scim.Error {
	var e *scim.Error
	if errors.As(err, &e) {
		return e
	}
	if m, ok := asModelError(err); ok {
		switch {
		case m.Kind == models.Invalid:
			return &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeInvalidValue, Detail: m.Message}
		case m.Kind == models.Conflict && m.Field != "":
			return &scim.Error{Status: http.StatusConflict, Type: scim.TypeUniqueness, Detail: m.Message}
		}
	}
	p := s.problemOf(c, err)
	detail := p.sentence
	if p.reference != "" {
		detail += " Reference: " + p.reference
	}
	return &scim.Error{Status: p.status, Detail: detail}
}
