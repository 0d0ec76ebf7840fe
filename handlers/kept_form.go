package handlers

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// Whoever has no password confirms a change at the identity provider, which takes the browser away from the form:
//
//	POST the form               the confirmation is missing: what was typed is kept, the form comes back with a link
//	GET  /saml/ORG/step-up      to the identity provider and back (saml_step_up.go)
//	GET  /settings/confirmed    the form again, filled in; its button makes the change

const (
	confirmedPath = "/settings/confirmed"
	draftKey      = "draft"
)

// isDraft tells whether a form is only shown again, filled in: nothing is changed, whoever is confirmed.
func isDraft(c echo.Context) bool { return c.Get(draftKey) != nil }

// outdated leads back from a form that was kept and that asks for no confirmation any more, because somebody changed meanwhile what it is
// about: only showing it must not make its change.
func (s *Server) outdated(c echo.Context, page string) error {
	return s.refused(c, page, &models.Error{Kind: models.Conflict, Message: "This was changed meanwhile, so nothing was done. Look at it as it is now."})
}

// keepForm keeps what the form that was posted holds, with some fields replaced, while the person confirms elsewhere, and leads there.
func (s *Server) keepForm(c echo.Context, step views.StepUp, replace url.Values) (views.StepUp, error) {
	fields := maps.Clone(c.Request().PostForm)
	maps.Copy(fields, replace)
	delete(fields, "org")
	id, err := s.db.KeepForm(c.Request().Context(), signedIn(c), c.Request().URL.Path, fields)
	if err != nil {
		return step, err
	}
	back := formPage(c)
	if step.Kept = id != ""; step.Kept {
		back = confirmedPath + "?" + url.Values{"form": {id}, "back": {back}}.Encode()
	}
	step.SSO = samlStepUpPath(orgID(c), back)
	return step, nil
}

// formPage is the page that a form was posted from, if the browser says which.
func formPage(c echo.Context) string {
	if from, err := url.Parse(c.Request().Referer()); err == nil && from.Host == c.Request().Host {
		return localPath(from.RequestURI())
	}
	return accessPath
}

// confirmedForm shows a form that was kept, as the handler shows it that took it: the same checks, the same page, nothing changed.
func (s *Server) confirmedForm(c echo.Context) error {
	back := localPath(c.QueryParam("back"))
	path, fields, err := s.db.KeptForm(c.Request().Context(), signedIn(c), c.QueryParam("form"))
	if models.IsKind(err, models.NotFound) {
		s.flash(c, views.ToneWarn, "What you typed was kept for ten minutes only. Fill the form in again.")
		return c.Redirect(http.StatusSeeOther, back)
	}
	if err != nil {
		return err
	}
	form := url.Values(fields)
	form.Set("org", orgID(c))
	body := form.Encode()
	r := c.Request().Clone(c.Request().Context())
	r.Method, r.URL, r.RequestURI = http.MethodPost, &url.URL{Path: path}, path
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Referer", s.origin+back)
	c.SetRequest(r)
	c.Set(draftKey, true)
	// The form comes back as one that was refused would; for this request that is no failure.
	c.Response().Before(func() {
		if c.Response().Status == http.StatusUnprocessableEntity {
			c.Response().Status = http.StatusOK
		}
	})
	s.echo.Router().Find(http.MethodPost, path, c)
	return c.Handler()(c)
}
