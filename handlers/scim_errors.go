package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/scim"
)

// answerSCIMError answers any error in the form of RFC 7644 §3.12.
func (s *Server) answerSCIMError(c echo.Context, err error) error {
	e := s.scimError(c, err)
	if c.Response().Header().Get("Retry-After") == "" {
		retryAfter(c, e.Status)
	}
	if e.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="SCIM"`
		if c.Request().Header.Get("Authorization") != "" {
			challenge += `, error="invalid_token"`
		}
		c.Response().Header().Set("WWW-Authenticate", challenge)
	}
	return c.Blob(e.Status, scim.MediaType, e.Append(nil))
}

// scimError gives an error the status and scimType of RFC 7644 §3.12, table 9.
func (s *Server) scimError(c echo.Context, err error) *scim.Error {
	var e *scim.Error
	if errors.As(err, &e) {
		return e
	}
	if m, ok := asModelError(err); ok {
		switch {
		case m.Kind == models.Invalid:
			return &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeInvalidValue, Detail: m.Message, Field: m.Field}
		case m.Kind == models.Conflict && m.Field != "":
			return &scim.Error{Status: http.StatusConflict, Type: scim.TypeUniqueness, Detail: m.Message}
		}
	}
	p := s.problemOf(c, err)
	detail := p.sentence
	if p.reference != "" {
		detail += " Reference: " + p.reference
	}
	return &scim.Error{Status: p.status, Detail: detail}
}
