package handlers

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// Anybody may post a response, and verifying one is the most expensive thing that a stranger can ask for: about half a millisecond, and
// a few dozen at worst. So each network may post as many as a whole company at nine o'clock, which each instance counts for itself, in
// memory, as it is its processor that is kept free; and of all that come, a few at a time are read. RATE_LIMITS=off turns the first off.
const (
	responseRate  = 10  // responses a second from one network, for as long as it likes
	responseBurst = 300 // and this many more at once

	// readersPerCore leaves room for waiting for the database, between and after reading.
	readersPerCore = 8
	// turnTime is how long a response waits for its turn, before its person is asked to try again.
	turnTime = 2 * time.Second
)

// readers are the places for responses that are read at the same time.
type readers struct {
	places chan struct{}
	wait   time.Duration
}

func newReaders() readers {
	return readers{places: make(chan struct{}, readersPerCore*runtime.GOMAXPROCS(0)), wait: turnTime}
}

// limitResponses stands before the ACS; other addresses pass.
func (s *Server) limitResponses(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		org, ok := isACS(c.Request().URL.Path)
		if !ok || c.Request().Method != http.MethodPost {
			return next(c)
		}
		if !s.responses.allow(models.NetworkOf(c.RealIP())) {
			return &models.Error{Kind: models.TooMany, Message: "Very many sign-ins came from your network in the last minute. Wait a minute, then sign in again."}
		}
		readBody(c) // first: somebody who sends slowly keeps nobody waiting
		turn := time.NewTimer(s.readers.wait)
		defer turn.Stop()
		select {
		case s.readers.places <- struct{}{}:
			defer func() { <-s.readers.places }()
			return next(c)
		case <-turn.C:
		case <-c.Request().Context().Done():
		}
		s.log.Warn("a SAML response waited too long for its turn", "org", org, "ip", c.RealIP())
		retryAfter(c, http.StatusServiceUnavailable)
		return render(c, http.StatusServiceUnavailable, views.Message(views.MessagePage{
			Status: http.StatusServiceUnavailable, Title: "Very many people sign in at this moment",
			Sentence: "Nobody was signed in, and nothing was lost. Wait a few seconds, then try again.",
			Action:   views.Link{Text: "Try again", URL: samlLoginPath(org, "", "")},
		}))
	}
}

// readBody reads a request's body ahead, up to what is taken of a response. What goes wrong, goes wrong again for whoever reads it next.
func readBody(c echo.Context) {
	r := c.Request()
	limited := http.MaxBytesReader(c.Response(), r.Body, maxResponseBody)
	read, err := io.ReadAll(limited)
	if err == nil {
		r.Body = io.NopCloser(bytes.NewReader(read))
		return
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(read), limited), limited}
}
