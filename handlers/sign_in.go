package handlers

import "github.com/labstack/echo/v4"

// signInRoutes are the pages that nobody is signed in on.
func (s *Server) signInRoutes(g *echo.Group) {}
