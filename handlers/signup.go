package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// Making another organization, where the operator allows it (SIGNUP=open). The address is proven before anything is made for it:
//
//	GET, POST /signup            an address; a link is mailed to it, whoever has it
//	GET, POST /signup?token=…    the organization and its owner, by that link

func (s *Server) signupPage(c echo.Context) error {
	if !s.config.Signup {
		return signupClosed(c)
	}
	secret := c.QueryParam("token")
	if secret == "" {
		s.allowIdPForm(c)
		return render(c, http.StatusOK, views.Signup(views.SignupPage{}))
	}
	up, err := s.db.Signup(c.Request().Context(), secret)
	if err != nil {
		return deadSignup(c, err)
	}
	return render(c, http.StatusOK, views.SignupLink(views.SignupLinkPage{Token: secret, Email: up.Email, HasPassword: !up.NeedsPassword}))
}

func (s *Server) signup(c echo.Context) error {
	if !s.config.Signup {
		return signupClosed(c)
	}
	if err := parseForm(c); err != nil {
		return err
	}
	if c.FormValue("token") != "" {
		return s.completeSignup(c)
	}
	ctx, email := c.Request().Context(), strings.TrimSpace(c.FormValue("email"))
	var f formProblems
	policy, err := s.db.LoginPolicy(ctx, email)
	if err == nil && policy.Way == models.WaySSO {
		// The identity provider of the organization that claims the domain says who belongs where.
		return c.Redirect(http.StatusSeeOther, ssoStart(policy.OrgID, email, "/"))
	}
	if err == nil {
		err = s.db.AllowLink(ctx, client(c), email)
	}
	if err := f.note(err, "email"); err != nil {
		return err
	}
	if f.any() {
		s.allowIdPForm(c)
		return f.render(c, views.Signup(views.SignupPage{Email: f.field(c, "email")}))
	}
	s.later("sign-up link", func(ctx context.Context) error {
		secret, err := s.db.SignupLink(ctx, email)
		if err != nil {
			return err
		}
		return s.mail(ctx, s.signupMail(models.LowerASCII(email), secret))
	})
	return render(c, http.StatusOK, views.SignupSent(views.SignupSentPage{Email: email, Expiry: length(models.SignupLinkLife), NoMail: s.config.SMTP == nil}))
}

// signupMail carries a link that makes an organization.
func (s *Server) signupMail(to, secret string) Mail {
	return Mail{To: to, Subject: "Create your organization in Gatehouse", Body: "Somebody, probably you, wants to create an organization with the address " + to + ".\n\n" +
		"Name it here, within " + length(models.SignupLinkLife) + ":\n" + s.mailedLink("/signup", secret) + "\n\n" +
		"The link works once. If you did not ask, do nothing: nothing is created.\n"}
}

func (s *Server) completeSignup(c echo.Context) error {
	ctx, secret := c.Request().Context(), c.FormValue("token")
	up, err := s.db.Signup(ctx, secret)
	if err != nil {
		return deadSignup(c, err)
	}
	organization, first, last := c.FormValue("organization"), c.FormValue("first_name"), c.FormValue("last_name")
	var f formProblems
	err = errors.Join(
		f.note(models.CheckName("organization", organization, "a name for the organization"), "organization"),
		f.note(models.CheckName("first_name", fullName(first, last), "your name"), "first_name"),
	)
	if err != nil {
		return err
	}
	f.checkLinkPassword(c, up.NeedsPassword, up.Email, organization)
	if !f.any() {
		token, err := s.db.CompleteSignup(ctx, client(c), secret, organization, first, last, c.FormValue("password"))
		if err == nil {
			return s.begin(c, token, "/")
		}
		if models.IsKind(err, models.NotFound) {
			return deadSignup(c, err)
		}
		if err := f.note(err, "password", "organization", "first_name"); err != nil {
			return err
		}
	}
	return f.render(c, views.SignupLink(views.SignupLinkPage{
		Token: secret, Email: up.Email, HasPassword: !up.NeedsPassword, Organization: f.field(c, "organization"),
		FirstName: f.field(c, "first_name"), LastName: f.field(c, "last_name"), Password: f.secret("password"),
	}))
}

// checkLinkPassword looks at the password of a form behind a mailed link: one to choose, or the one there is.
func (f *formProblems) checkLinkPassword(c echo.Context, choose bool, others ...string) {
	secret := c.FormValue("password")
	if choose {
		if err := models.CheckPassword(secret, others...); err != nil {
			_, sentence, _ := refusal(err)
			f.say("password", sentence)
		}
	} else if secret == "" {
		f.say("password", "Enter your password.")
	}
}

func deadSignup(c echo.Context, err error) error {
	return deadLink(c, err, "Ask for a new one.", views.Link{Text: "Get a new link", URL: "/signup"})
}

// signupClosed says what to do where the operator alone makes organizations.
func signupClosed(c echo.Context) error {
	return render(c, http.StatusForbidden, views.Message(views.MessagePage{
		Status: http.StatusForbidden, Title: "Sign-up is closed here",
		Sentence: "Organizations on this server are made by the person who runs it. If your company has one, ask an admin of it for an invitation: the link in it lets you in.",
		Action:   views.Link{Text: "Go to the sign-in page", URL: "/login"},
	}))
}
