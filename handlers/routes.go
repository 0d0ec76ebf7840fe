package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/static"
)

// routes are all addresses of PRODUCT.md §2, with who may come to each. Files are named after the pages.
func (s *Server) routes(e *echo.Echo) {
	e.Use(s.measure, s.logRequests, s.recoverPanics, s.secureHeaders, s.refuseUnreadable, s.limitBody, s.refuseCrossSite)

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET(static.Prefix+"*", echo.WrapHandler(static.Handler()))

	s.signInRoutes(e.Group("", s.loadSession))
	s.samlRoutes(e.Group("/saml", s.limitResponses))
	s.personRoutes(e.Group("", s.loadSession, s.requirePerson))
	s.settingsRoutes(e.Group("/settings", s.loadSession, s.requirePerson, s.requireSameOrganization))
	s.scimRoutes(e)
	e.POST(oauthTokenPath, s.issueOAuthToken)
	e.GET("/api/me", s.me, s.loadSession)
	// A group with middleware answers 404 for everything below it that it does not know, wrong methods included; these look closer.
	for _, below := range []string{"/*", "/saml/*", "/settings/*"} {
		e.RouteNotFound(below, s.notFound)
	}
}

// notFound is 405 with Allow where the address exists for another method, and 404 otherwise.
func (s *Server) notFound(c echo.Context) error {
	var allow []string
	for _, r := range s.echo.Routes() {
		if r.Method != echo.RouteNotFound && matchesRoute(r.Path, c.Request().URL.Path) && !slices.Contains(allow, r.Method) {
			allow = append(allow, r.Method)
		}
	}
	if len(allow) == 0 {
		return echo.ErrNotFound
	}
	slices.Sort(allow)
	c.Response().Header().Set("Allow", strings.Join(allow, ", "))
	if orgID, ok := isACS(c.Request().URL.Path); ok && c.Request().Method == http.MethodGet {
		return s.loadSession(func(c echo.Context) error { return s.acsOpened(c, orgID) })(c)
	}
	return echo.ErrMethodNotAllowed
}

// matchesRoute compares an address with a route's pattern: ":name" is one step, a final "*" is the rest.
func matchesRoute(pattern, path string) bool {
	p, a := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, step := range p {
		if step == "*" {
			return true
		}
		if i >= len(a) || step != a[i] && (!strings.HasPrefix(step, ":") || a[i] == "") {
			return false
		}
	}
	return len(p) == len(a)
}
