package handlers

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// render renders into a buffer first, so that a failing page is an error and not half a page.
func render(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.Request().Context(), &b); err != nil {
		return err
	}
	return c.HTMLBlob(status, b.Bytes())
}

// shell is what surrounds every page of a signed-in person.
func (s *Server) shell(c echo.Context, nav views.Nav) (views.Shell, error) {
	who := signedIn(c)
	sh := views.Shell{
		Organization: views.Organization{ID: who.Organization.ID, Name: who.Organization.Name},
		Person:       views.Person{Name: who.Member.Label(), Email: who.Account.Email},
		Role:         roleWord(who.Role),
		Admin:        who.CanManage(),
		Nav:          nav,
		Flash:        s.takeFlash(c),
	}
	switch notice, err := s.windowNotice(c, who); {
	case err != nil:
		return sh, err
	case notice != nil:
		sh.Notices = append(sh.Notices, *notice)
	}
	others, err := s.db.SwitchableOrganizations(c.Request().Context(), who)
	if err != nil {
		return sh, err
	}
	for _, o := range others {
		if o.ID != who.Organization.ID {
			sh.Organizations = append(sh.Organizations, views.Organization{ID: o.ID, Name: o.Name})
		}
	}
	return sh, nil
}

// refusal is the field and sentence of an error that a person can do something about on the page they are on.
func refusal(err error) (field, message string, ok bool) {
	e, is := asModelError(err)
	if !is || e.Kind == models.NotFound {
		return "", "", false
	}
	return e.Field, e.Message, true
}

// localPath is a path on this host that is safe to redirect to, or "/" for anything else: no scheme, no host, no backslash (browsers read
// it as a slash), no control characters.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || len(to) > 2000 ||
		!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\") ||
		strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r == 0x7f }) || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return to
}

func roleWord(r models.Role) string {
	switch r {
	case models.Owner:
		return "Owner"
	case models.Admin:
		return "Admin"
	}
	return "Member"
}

func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

func (s *Server) readyz(c echo.Context) error {
	if err := s.db.Ready(c.Request().Context()); err != nil {
		s.log.Error("not ready", "error", err)
		c.Response().Header().Set("Retry-After", "5")
		return c.String(http.StatusServiceUnavailable, "the database does not answer or lacks migrations\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
