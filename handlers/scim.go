package handlers

import "github.com/labstack/echo/v4"

// scimRoutes are the addresses of the SCIM endpoint.
func (s *Server) scimRoutes(e *echo.Echo) {}

// answerSCIMError answers any error in the form of RFC 7644 §3.12.
func (s *Server) answerSCIMError(c echo.Context, err error) error {
	p := s.problemOf(c, err)
	return c.JSON(p.status, map[string]string{"detail": p.sentence})
}
