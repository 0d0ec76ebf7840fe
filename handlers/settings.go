package handlers

import "github.com/labstack/echo/v4"

// settingsRoutes are the pages of an organization's settings.
func (s *Server) settingsRoutes(g *echo.Group) {}
