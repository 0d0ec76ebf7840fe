package handlers

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
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

// scimRequest is one request of a directory: one that came over HTTP, or one operation of a bulk request.
type scimRequest struct {
	*Server
	c        echo.Context // of the HTTP request it came in
	ctx      context.Context
	call     *models.SCIMCall
	endpoint string
	id       string // the segment behind the endpoint, "" if there is none
	query    scimQuery
	// ifNoneMatch is that header.
	ifNoneMatch string
	body        func() ([]byte, error)
	inner       bool   // it is part of a bulk request
	release     func() // ends the turn of a large body; nil without one
	// For the activity: what was read, the one resource of the answer, and for a list how many there are (-1 if it is none).
	sent          []byte
	seen          *scim.View
	listed, total int
}

// scimAnswer is what a request comes to if it is not an error.
type scimAnswer struct {
	status   int
	body     []byte // nil for none
	id       string // of the one resource that it is about, with its address and entity tag
	location string
	etag     string
}

// scimMethods are what one address takes.
type scimMethods map[string]func(*scimRequest) (*scimAnswer, error)

// methodsOf finds what an address takes; nil if there is no such address.
func methodsOf(endpoint, id string) scimMethods {
	switch {
	case endpoint == "Users" && id != "" && id != ".search":
		return userMethods
	case endpoint == "Groups" && id != "" && id != ".search":
		return groupMethods
	case endpoint == "":
		return scimMethods{http.MethodGet: (*scimRequest).listAll}
	case endpoint == ".search" && id == "":
		return scimMethods{http.MethodPost: (*scimRequest).searchAll}
	case endpoint == "Bulk" && id == "":
		return scimMethods{http.MethodPost: (*scimRequest).bulk}
	case endpoint == "Users" && id == "":
		return scimMethods{http.MethodGet: (*scimRequest).listUsers, http.MethodPost: (*scimRequest).createUser}
	case endpoint == "Users" && id == ".search":
		return scimMethods{http.MethodPost: (*scimRequest).searchUsers}
	case endpoint == "Groups" && id == "":
		return scimMethods{http.MethodGet: (*scimRequest).listGroups, http.MethodPost: (*scimRequest).createGroup}
	case endpoint == "Groups" && id == ".search":
		return scimMethods{http.MethodPost: (*scimRequest).searchGroups}
	case endpoint == "ServiceProviderConfig" && id == "":
		return scimMethods{http.MethodGet: (*scimRequest).serviceProviderConfig}
	case endpoint == "ResourceTypes":
		return scimMethods{http.MethodGet: (*scimRequest).resourceTypes}
	case endpoint == "Schemas":
		return scimMethods{http.MethodGet: (*scimRequest).schemas}
	case endpoint == "Me" && id == "":
		// RFC 7644 §3.11: a token of an organization stands for nobody.
		return scimMethods{http.MethodGet: nobody, http.MethodPost: nobody, http.MethodPut: nobody, http.MethodPatch: nobody, http.MethodDelete: nobody}
	}
	return nil
}

// userMethods and groupMethods are what one person and one group take.
var (
	userMethods = scimMethods{
		http.MethodGet: (*scimRequest).user, http.MethodPut: (*scimRequest).replaceUser,
		http.MethodPatch: (*scimRequest).patchUser, http.MethodDelete: (*scimRequest).deleteUser,
	}
	groupMethods = scimMethods{
		http.MethodGet: (*scimRequest).group, http.MethodPut: (*scimRequest).replaceGroup,
		http.MethodPatch: (*scimRequest).patchGroup, http.MethodDelete: (*scimRequest).deleteGroup,
	}
)

func nobody(*scimRequest) (*scimAnswer, error) {
	return nil, &scim.Error{Status: http.StatusNotImplemented, Detail: "There is no /Me: the token stands for an organization, not for a person. Find people at /Users."}
}

// scim answers one request. The operations read the token in their own first statement; where none was reached, the token is looked up
// before anything is answered, so that a stranger learns nothing but that the token is wrong.
func (s *Server) scim(c echo.Context) error {
	start := s.db.Now()
	call, err := s.db.SCIMCall(client(c), bearerOf(c.Request()))
	if err != nil {
		s.provisioning.add(exchange{at: start, client: client(c)})
		return err
	}
	r := &scimRequest{Server: s, c: c, ctx: c.Request().Context(), call: call, ifNoneMatch: c.Request().Header.Get("If-None-Match"), listed: -1}
	defer func() {
		if r.release != nil {
			r.release()
		}
	}()
	answer, err := s.answerSCIM(r)
	if err != nil {
		refused := s.scimError(c, err)
		r.noteExchange(start, nil, refused)
		return refused
	}
	r.noteExchange(start, answer, nil)
	if r.release != nil { // before the answer: whoever reads it slowly keeps nobody waiting
		r.release()
		r.release = nil
	}
	return answer.send(c)
}

// answerSCIM finds the answer to a request and who sent it.
func (s *Server) answerSCIM(r *scimRequest) (*scimAnswer, error) {
	c, call := r.c, r.call
	if !s.scimLimit.allow(bearerOf(c.Request())) {
		c.Response().Header().Set("Retry-After", "1")
		return nil, errTooFast
	}
	call.IfMatch = c.Request().Header.Get("If-Match")
	r.body = r.readBody
	answer, err := r.dispatch(c.Request().Method, strings.TrimPrefix(c.Request().URL.Path, scimPrefix), c.Request().URL.RawQuery)
	if call.Token == nil {
		if refused := s.db.AuthenticateSCIM(r.ctx, call); refused != nil {
			return nil, refused
		}
	}
	if noted := s.db.NoteSCIMCall(r.ctx, call); noted != nil {
		s.log.Error("the use of a SCIM token was not noted", "token", call.TokenID(), "error", noted)
	}
	return answer, err
}

// dispatch finds what answers an address and lets it. path is what is behind the prefix.
func (r *scimRequest) dispatch(method, path, rawQuery string) (*scimAnswer, error) {
	var segments []string
	for _, segment := range strings.Split(path, "/") {
		if segment != "" {
			segments = append(segments, segment)
		}
	}
	var methods scimMethods
	if len(segments) <= 2 {
		segments = append(segments, "", "")
		r.endpoint, r.id = segments[0], segments[1]
		methods = methodsOf(r.endpoint, r.id)
	}
	if !readable(path) { // PostgreSQL takes neither as text
		return nil, &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeInvalidSyntax, Detail: "The address holds a null byte, or bytes that are no UTF-8. Encode it as UTF-8."}
	}
	if methods == nil {
		return nil, &scim.Error{Status: http.StatusNotFound, Detail: "There is nothing at this address. Check the Tenant URL; resources are at /Users and /Groups below it."}
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	handle := methods[method]
	if handle == nil {
		if !r.inner {
			r.c.Response().Header().Set("Allow", methods.allow())
		}
		return nil, &scim.Error{Status: http.StatusMethodNotAllowed, Detail: "This address takes " + methods.allow() + " only."}
	}
	var err error
	if r.query, err = parseSCIMQuery(rawQuery); err != nil {
		return nil, err
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
	words := 0
	for words < len(fields) && strings.EqualFold(fields[words], "Bearer") {
		words++
	}
	if words == 0 || len(fields) != words+1 {
		return ""
	}
	return fields[words]
}

// base is the absolute SCIM address from BASE_URL, never from the Host header.
func (r *scimRequest) base() string { return r.origin + scimPrefix }

// authenticate looks the token up before an operation does: for what reads much before it writes, or depends on the organization.
func (r *scimRequest) authenticate() error { return r.db.AuthenticateSCIM(r.ctx, r.call) }

// readBody reads what came over HTTP within the limit for a single resource.
func (r *scimRequest) readBody() ([]byte, error) { return r.readUpTo(scim.MaxBody) }

func (r *scimRequest) readUpTo(limit int64) ([]byte, error) {
	if err := acceptableBody(r.c.Request().Header); err != nil {
		r.c.Response().Header().Set("Accept-Encoding", "identity") // RFC 9110 §15.5.16
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(r.c.Response(), r.c.Request().Body, limit))
	r.sent = kept(body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &scim.Error{Status: http.StatusRequestEntityTooLarge, Detail: "The request is larger than " + mebibytes(limit) + ". Send fewer values at once."}
	case err != nil && r.ctx.Err() == nil: // cut off, or encoded wrongly: nothing to do with us
		return nil, &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeInvalidSyntax, Detail: "The body of the request could not be read to its end. Send it again."}
	case err == nil && len(body) > largeBody:
		err = r.takeTurn()
	}
	return body, err
}

func mebibytes(n int64) string {
	if n == scim.MaxBulkBody {
		return "4 MiB"
	}
	return "1 MiB"
}

// acceptableBody takes any kind of JSON and bodies without a type, and refuses what says that it is something else: another type, another
// character set, compressed.
func acceptableBody(h http.Header) error {
	refused := func(what, send string) error {
		return &scim.Error{Status: http.StatusUnsupportedMediaType, Type: scim.TypeInvalidSyntax, Detail: "The body is declared as " + legible(what, 80) + ". Send " + send}
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return refused(encoding, "it as it is, without Content-Encoding.")
	}
	contentType := h.Get("Content-Type")
	if contentType == "" {
		return nil
	}
	kind, parameters, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(parameters["charset"])
	switch {
	case err != nil && !strings.Contains(strings.ToLower(contentType), "json"), err == nil && !strings.HasSuffix(kind, "json"):
		return refused(contentType, "JSON with Content-Type: application/scim+json.")
	case charset != "" && charset != "utf-8" && charset != "utf8" && charset != "us-ascii":
		return refused(charset, "UTF-8, which is what JSON is.")
	}
	return nil
}

// scimMediaType is the header that never differs.
var scimMediaType = []string{scim.MediaType}

// send writes the answer with the bare media type.
func (a *scimAnswer) send(c echo.Context) error {
	h := c.Response().Header()
	if a.etag != "" {
		h.Set("ETag", a.etag)
	}
	if a.status == http.StatusCreated {
		h.Set("Location", a.location)
	}
	if a.body == nil {
		return c.NoContent(a.status)
	}
	h["Content-Type"] = scimMediaType
	if len(a.body) > 1024 { // what is longer would go out in chunks
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	c.Response().WriteHeader(a.status)
	_, err := c.Response().Write(a.body)
	return err
}

// resource answers with one resource as the request wants to see it.
func (r *scimRequest) resource(status int, v scim.View) *scimAnswer {
	p := r.query.projection(v.Type)
	a := &scimAnswer{status: status, id: v.ID, location: v.Location(), etag: v.ETag(p)}
	a.body = v.Append(make([]byte, 0, 1024), p)
	r.seen = &v
	return a
}

// found answers a GET of one resource: 304 if the client has it as it is (RFC 7644 §3.14).
func (r *scimRequest) found(v scim.View) *scimAnswer {
	if p := r.query.projection(v.Type); r.ifNoneMatch != "" && v.Unchanged(r.ifNoneMatch, p) {
		return &scimAnswer{status: http.StatusNotModified, id: v.ID, location: v.Location(), etag: v.ETag(p)}
	}
	return r.resource(http.StatusOK, v)
}

// done answers a change that has nothing to show.
func (r *scimRequest) done() *scimAnswer {
	return &scimAnswer{status: http.StatusNoContent, id: r.id, location: r.base() + "/" + r.endpoint + "/" + r.id}
}
