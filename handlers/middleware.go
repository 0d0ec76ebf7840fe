package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const (
	scimPrefix = "/api/app/scim/v2"

	maxFormBody = 1 << 20 // 1 MiB: a certificate or a metadata file and some text
	hstsSeconds = 2 * 365 * 24 * 60 * 60
)

// logRequests writes one line a request: never a query (it carries codes and tokens), a header or a body.
func (s *Server) logRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		path := c.Request().URL.Path
		if path == "/healthz" || path == "/readyz" || strings.HasPrefix(path, "/static/") {
			return nil
		}
		s.log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request", slog.String("method", c.Request().Method), slog.String("path", path),
			slog.Int("status", c.Response().Status), slog.Int64("ms", time.Since(start).Milliseconds()), slog.String("ip", c.RealIP()))
		return nil
	}
}

// refuseUnreadable refuses addresses that carry a null byte or are no UTF-8: PostgreSQL takes neither as text, and no page sends them.
func (s *Server) refuseUnreadable(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		if strings.HasPrefix(u.Path, scimPrefix) { // which has its own words, after the token (RFC 7644 §2)
			return next(c)
		}
		if !readable(u.Path) || !readableQuery(u) {
			return echo.NewHTTPError(http.StatusBadRequest, "The address holds characters that cannot be read. Go back and follow the link again.")
		}
		return next(c)
	}
}

// readableQuery reads the query only where a percent sign or a byte beyond ASCII could hide something.
func readableQuery(u *url.URL) bool {
	for i := range len(u.RawQuery) {
		if c := u.RawQuery[i]; c == '%' && suspicious(u.RawQuery[i+1:]) || c >= utf8.RuneSelf || c == 0 {
			return readableValues(u.Query())
		}
	}
	return true
}

// suspicious tells whether the code behind a percent sign is not that of an ordinary ASCII character.
func suspicious(code string) bool {
	return len(code) < 2 || code[0] < '1' || code[0] > '7'
}

func readable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

func readableValues(values url.Values) bool {
	for name, list := range values {
		if !readable(name) || slices.ContainsFunc(list, func(v string) bool { return !readable(v) }) {
			return false
		}
	}
	return true
}

// recoverPanics turns a panic into an ordinary error, which errors.go answers neutrally.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler {
					panic(r)
				}
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// secureHeaders are on every answer. Chromium applies form-action to redirects, so pages whose form can end at the identity provider
// allow https: as well (allowIdPForm).
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		if strings.HasPrefix(c.Request().URL.Path, scimPrefix) {
			// A machine reads this. Should a browser ever show it, nothing in it runs or loads, and no page can embed it.
			h["Content-Security-Policy"], h["X-Content-Type-Options"], h["Cache-Control"] = machineCSP, noSniff, noStore
			if s.config.SecureCookies() {
				h["Strict-Transport-Security"] = strictTransport
			}
			return next(c)
		}
		h.Set("Content-Security-Policy", contentSecurityPolicy("'self'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if !strings.HasPrefix(c.Request().URL.Path, "/static/") {
			h.Set("Cache-Control", "no-store")
		}
		if s.config.SecureCookies() {
			h["Strict-Transport-Security"] = strictTransport
		}
		return next(c)
	}
}

// Headers that never differ are made once; nothing may be written into these.
var (
	machineCSP      = []string{"default-src 'none'; frame-ancestors 'none'"}
	noSniff         = []string{"nosniff"}
	noStore         = []string{"no-store"}
	strictTransport = []string{fmt.Sprintf("max-age=%d; includeSubDomains", hstsSeconds)}
)

func contentSecurityPolicy(formAction string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
		"object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action " + formAction
}

// allowIdPForm lets the forms of this page end at an identity provider: at any https address, and at one on this machine while we are.
func (s *Server) allowIdPForm(c echo.Context) {
	formAction := "'self' https:"
	if s.config.Loopback() {
		formAction += " http://127.0.0.1:* http://localhost:*"
	}
	c.Response().Header().Set("Content-Security-Policy", contentSecurityPolicy(formAction))
}

// limitBody bounds what is read of a form. SCIM and the ACS have limits of their own.
func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if !strings.HasPrefix(r.URL.Path, scimPrefix) {
			r.Body = http.MaxBytesReader(c.Response(), r.Body, maxFormBody)
		}
		return next(c)
	}
}

// refuseCrossSite refuses unsafe requests that another site's page sent. The ACS is such a request by design and reads no cookie; the
// bearer endpoints never read cookies either.
func (s *Server) refuseCrossSite(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		bearer := strings.HasPrefix(path, scimPrefix) || path == "/oauth/token"
		acs := strings.HasPrefix(path, "/saml/") && strings.HasSuffix(path, "/acs")
		if bearer || acs {
			return next(c)
		}
		if err := s.csrf.Check(c.Request()); err != nil {
			return &models.Error{Kind: models.Forbidden, Message: "This form was sent from another site and was refused. Open the page here and send it again.", Err: err}
		}
		return next(c)
	}
}

const signedInKey = "signed-in"

// loadSession finds out who is signed in; nobody is no error here.
func (s *Server) loadSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token := s.sessionToken(c)
		if token == "" {
			return next(c)
		}
		who, err := s.db.SessionByToken(c.Request().Context(), token)
		switch {
		case models.IsKind(err, models.Unauthenticated):
			s.clearSession(c)
		case err != nil:
			return err
		default:
			c.Set(signedInKey, who)
		}
		return next(c)
	}
}

// signedIn is who is signed in, nil if nobody is.
func signedIn(c echo.Context) *models.SignedIn {
	who, _ := c.Get(signedInKey).(*models.SignedIn)
	return who
}

// actor is the signed-in person as the actor of a change.
func actor(c echo.Context) models.Actor { return signedIn(c).Actor(c.RealIP()) }

// requirePerson sends people who are not signed in to the sign-in page and back here afterwards.
func (s *Server) requirePerson(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if signedIn(c) != nil {
			return next(c)
		}
		if s.sessionToken(c) != "" { // this browser was signed in: say why it is not any more
			s.flash(c, views.ToneInfo, "Your session has ended. Sign in again to go on.")
		}
		to := "/login"
		if r := c.Request(); r.Method == http.MethodGet && r.URL.Path != "/" {
			to += "?return_to=" + url.QueryEscape(r.URL.RequestURI())
		}
		return c.Redirect(http.StatusSeeOther, to)
	}
}

// requireManager lets owners and admins through.
func (s *Server) requireManager(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !signedIn(c).CanManage() {
			return &models.Error{Kind: models.Forbidden, Message: "Only owners and admins of " + signedIn(c).Organization.Name + " can do this. Ask one of them."}
		}
		return next(c)
	}
}

// requireSameOrganization refuses a settings form that was opened for another organization than the session is in now.
func (s *Server) requireSameOrganization(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if m := c.Request().Method; m == http.MethodGet || m == http.MethodHead {
			return next(c)
		}
		if err := parseForm(c); err != nil {
			return err
		}
		if org := c.FormValue("org"); org != signedIn(c).Organization.ID {
			return &models.Error{Kind: models.Conflict, Message: "This form was opened for another organization than the one you are in now, " +
				signedIn(c).Organization.Name + ". Nothing was changed. Open the page again."}
		}
		return next(c)
	}
}

// parseForm reads a form of either encoding within the limit.
func parseForm(c echo.Context) error {
	r := c.Request()
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		err = r.ParseMultipartForm(maxFormBody)
	} else {
		err = r.ParseForm()
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "This is more than one megabyte, which is the most a form here takes.")
	case err != nil, !readableValues(r.Form):
		return echo.NewHTTPError(http.StatusBadRequest, "The form could not be read. Open the page again and send it once more.")
	}
	return nil
}
