package handlers

import (
	"github.com/labstack/echo/v4"

	"gatehouse/static"
)

// routes are all addresses of PRODUCT.md §2, with who may come to each. Files are named after the pages.
func (s *Server) routes(e *echo.Echo) {
	e.Use(s.logRequests, s.recoverPanics, s.secureHeaders, s.limitBody, s.refuseCrossSite)

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET(static.Prefix+"*", echo.WrapHandler(static.Handler()))

	s.signInRoutes(e.Group("", s.loadSession))
	s.samlRoutes(e.Group("/saml"))
	s.personRoutes(e.Group("", s.loadSession, s.requirePerson))
	s.settingsRoutes(e.Group("/settings", s.loadSession, s.requirePerson, s.requireSameOrganization))
	s.scimRoutes(e)
	e.GET("/api/me", s.me, s.loadSession)
	// A group with middleware answers for every unknown address below it; those of no group are nobody's, signed in or not.
	e.RouteNotFound("/*", func(echo.Context) error { return echo.ErrNotFound })
}
