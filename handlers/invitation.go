package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// The page behind the link of an invitation. Somebody new chooses a password, somebody who has one proves it, and where the organization
// asks for single sign-on the identity provider lets them in.

func (s *Server) invitationPage(c echo.Context) error {
	p, err := s.invitationBy(c, c.QueryParam("token"))
	if err != nil {
		return deadInvitation(c, err)
	}
	return s.showInvitation(c, http.StatusOK, p.page)
}

// openInvitation is an invitation with the page it is shown on.
type openInvitation struct {
	*models.Invitation
	page views.InvitationPage
}

func (s *Server) invitationBy(c echo.Context, secret string) (*openInvitation, error) {
	inv, err := s.db.Invitation(c.Request().Context(), secret)
	if err != nil {
		return nil, err
	}
	policy, err := s.db.LoginPolicy(c.Request().Context(), inv.Email)
	if err != nil {
		return nil, err
	}
	return &openInvitation{inv, views.InvitationPage{
		Token: secret, Organization: inv.Organization, InvitedBy: inv.InvitedBy, Email: inv.Email, Role: roleWord(inv.Role),
		HasPassword: !inv.NeedsPassword, SSO: policy.Way == models.WaySSO && policy.OrgID == inv.OrgID,
	}}, nil
}

func (s *Server) showInvitation(c echo.Context, status int, p views.InvitationPage) error {
	if p.SSO {
		s.allowIdPForm(c)
	}
	retryAfter(c, status)
	return render(c, status, views.Invitation(p))
}

func (s *Server) invitation(c echo.Context) error {
	if err := parseForm(c); err != nil {
		return err
	}
	secret := c.FormValue("token")
	inv, err := s.invitationBy(c, secret)
	if err != nil {
		return deadInvitation(c, err)
	}
	if inv.page.SSO {
		return c.Redirect(http.StatusSeeOther, ssoStart(inv.OrgID, inv.Email, "/"))
	}
	first, last := c.FormValue("first_name"), c.FormValue("last_name")
	var f formProblems
	if inv.NeedsPassword {
		if err := f.note(models.CheckName("first_name", fullName(first, last), "your name"), "first_name"); err != nil {
			return err
		}
	}
	f.checkLinkPassword(c, inv.NeedsPassword, inv.Email, inv.Organization)
	if !f.any() {
		token, err := s.db.AcceptInvitation(c.Request().Context(), client(c), secret, first, last, c.FormValue("password"))
		switch {
		case err == nil && token == "":
			return s.done(c, "/login", "You are a member of "+inv.Organization+" now. It asks for single sign-on: continue with your e-mail.")
		case err == nil:
			s.flash(c, views.ToneOK, "Welcome to "+inv.Organization+".")
			return s.begin(c, token, "/")
		case models.IsKind(err, models.NotFound):
			return deadInvitation(c, err)
		}
		if err := f.note(err, "password", "first_name"); err != nil {
			return err
		}
	}
	p := inv.page
	p.FirstName, p.LastName, p.Password = f.field(c, "first_name"), f.field(c, "last_name"), f.secret("password")
	return s.showInvitation(c, f.status, p)
}

func deadInvitation(c echo.Context, err error) error {
	return deadLink(c, err, "If you joined already, sign in. If not, ask the person who invited you to send it again.", views.Link{Text: "Go to the sign-in page", URL: "/login"})
}
