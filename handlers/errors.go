package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/scim"
	"gatehouse/views"
)

// problem is an error as it is answered: a status, a heading and a sentence that says what to do. Reference is set when the detail is in
// the log only.
type problem struct {
	status    int
	title     string
	sentence  string
	reference string
}

func asModelError(err error) (*models.Error, bool) {
	var e *models.Error
	return e, errors.As(err, &e)
}

// problemOf is the one place where errors become statuses.
func (s *Server) problemOf(c echo.Context, err error) problem {
	if e, ok := asModelError(err); ok {
		return problem{status: statusOf(e.Kind), title: titleOf(statusOf(e.Kind)), sentence: e.Message}
	}
	var se *scim.Error
	if errors.As(err, &se) {
		return problem{status: se.Status, title: titleOf(se.Status), sentence: se.Detail}
	}
	var he *echo.HTTPError
	if errors.As(err, &he) && he.Code < 500 {
		sentence, ok := he.Message.(string)
		if !ok || sentence == http.StatusText(he.Code) {
			sentence = sentenceOf(he.Code)
		}
		return problem{status: he.Code, title: titleOf(he.Code), sentence: sentence}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem{status: http.StatusRequestEntityTooLarge, title: titleOf(http.StatusRequestEntityTooLarge), sentence: sentenceOf(http.StatusRequestEntityTooLarge)}
	}
	p := problem{status: http.StatusInternalServerError, reference: models.NewReference()}
	switch {
	case errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil:
		p.status = 499 // the client has gone: nobody reads this
	case models.IsUnavailable(err):
		p.status = http.StatusServiceUnavailable
	}
	p.title, p.sentence = titleOf(p.status), sentenceOf(p.status)
	s.log.Error("request failed", "reference", p.reference, "method", c.Request().Method, "path", c.Request().URL.Path, "error", err)
	return p
}

func statusOf(k models.Kind) int {
	switch k {
	case models.Invalid:
		return http.StatusUnprocessableEntity
	case models.NotFound:
		return http.StatusNotFound
	case models.Conflict:
		return http.StatusConflict
	case models.Forbidden:
		return http.StatusForbidden
	case models.Unauthenticated:
		return http.StatusUnauthorized
	case models.TooMany:
		return http.StatusTooManyRequests
	}
	return http.StatusInternalServerError
}

func titleOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "There is nothing here"
	case http.StatusMethodNotAllowed:
		return "This address does not take that"
	case http.StatusForbidden:
		return "You may not do this"
	case http.StatusConflict:
		return "This cannot be done now"
	case http.StatusUnauthorized:
		return "You are not signed in"
	case http.StatusTooManyRequests:
		return "Too many attempts"
	case http.StatusRequestEntityTooLarge:
		return "This is too large"
	case http.StatusServiceUnavailable:
		return "Gatehouse is catching its breath"
	}
	if status >= 500 {
		return "Something broke on our side"
	}
	return "This could not be understood"
}

func sentenceOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "The address is wrong, or what was there has been removed. Go back, or start from your home page."
	case http.StatusMethodNotAllowed:
		return "The page you came from sent something this address does not take. Go back and try again."
	case http.StatusRequestEntityTooLarge:
		return "What was sent is larger than we read. Send less, or a smaller file."
	case http.StatusServiceUnavailable:
		return "The database does not answer at the moment. Nothing was lost; try again in a few seconds."
	}
	if status >= 500 {
		return "Nothing you did is wrong. Try again; if it stays, give the reference to the person who runs Gatehouse."
	}
	return "The request could not be read. Go back and try again."
}

// answerError is echo's error handler: the surface is chosen by path, which also covers unknown addresses, methods and panics.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	path := c.Request().URL.Path
	var answer error
	switch {
	case strings.HasPrefix(path, scimPrefix):
		answer = s.answerSCIMError(c, err)
	case path == oauthTokenPath:
		answer = s.answerOAuthError(c, err)
	case strings.HasPrefix(path, "/api/"):
		p := s.problemOf(c, err)
		retryAfter(c, p.status)
		answer = c.JSON(p.status, map[string]string{"error": p.sentence})
	default:
		answer = s.answerPage(c, err)
	}
	if answer != nil {
		s.log.Error("an error could not be answered", "path", path, "error", answer)
	}
}

func (s *Server) answerPage(c echo.Context, err error) error {
	p := s.problemOf(c, err)
	retryAfter(c, p.status)
	page := views.MessagePage{Status: p.status, Title: p.title, Sentence: p.sentence, Reference: p.reference}
	if p.status < 500 {
		page.Action = views.Link{Text: "Go to your home page", URL: "/"}
	}
	return render(c, p.status, views.Message(page))
}

func retryAfter(c echo.Context, status int) {
	switch status {
	case http.StatusServiceUnavailable:
		c.Response().Header().Set("Retry-After", "5")
	case http.StatusTooManyRequests:
		c.Response().Header().Set("Retry-After", "60")
	}
}
