package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

func (s *Server) me(c echo.Context) error { return c.NoContent(http.StatusUnauthorized) }
