package handlers

import "github.com/labstack/echo/v4"

// samlRoutes are the addresses of an organization's service provider.
func (s *Server) samlRoutes(g *echo.Group) {}
