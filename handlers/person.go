package handlers

import "github.com/labstack/echo/v4"

// personRoutes are the pages of a signed-in person about themselves.
func (s *Server) personRoutes(g *echo.Group) {}
