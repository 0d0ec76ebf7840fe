package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/views"
)

// Two addresses of a sign-in are no pages: the identity provider posts its answer to one, and the browser is sent to the other with a
// code. People open them all the same: from the browser's history, by going back, or because an admin has copied the Reply URL.

// isACS tells whether a path is an organization's Reply URL, and whose.
func isACS(path string) (orgID string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/saml/")
	if !ok {
		return "", false
	}
	orgID, ok = strings.CutSuffix(rest, "/acs")
	return orgID, ok && orgID != "" && !strings.Contains(orgID, "/")
}

// acsOpened answers who opens the Reply URL: still 405, with what it is and where to begin.
func (s *Server) acsOpened(c echo.Context, orgID string) error {
	return s.openedByHand(c, orgID, http.StatusMethodNotAllowed, "This address takes the answer of your company’s sign-in service",
		"It is no page to open: your browser is sent here by that service, with an answer to a sign-in that began here, and nothing came with it now. Nobody was signed in.")
}

// finishOpened answers who opens the last step of a sign-in without what the step before gives along.
func (s *Server) finishOpened(c echo.Context, orgID string) error {
	return s.openedByHand(c, orgID, http.StatusBadRequest, "This address is the last step of a sign-in",
		"It is no page to open: your browser is sent here from the step before, with a code that works once, and none came with it now. Nobody was signed in.")
}

// openedByHand is the page of both, with a way on for whoever opened it.
func (s *Server) openedByHand(c echo.Context, orgID string, status int, title, sentence string) error {
	connection, err := s.db.SSO(c.Request().Context(), orgID)
	if err != nil {
		return err
	}
	page := views.MessagePage{Status: status, Title: title, Sentence: sentence + " Start again here.", Action: views.Link{Text: "Start again", URL: samlLoginPath(orgID, "", "")}}
	switch {
	case signedIn(c) != nil:
		page.Sentence = strings.TrimSuffix(sentence, " Nobody was signed in.") + " You are signed in already."
		page.Action = views.Link{Text: "Go to your home page", URL: "/"}
	case !connection.Enabled:
		// A sign-in there would end at the next page without a way on.
		page.Action = views.Link{Text: "Go to the sign-in page", URL: "/login"}
	}
	return render(c, status, views.Message(page))
}
