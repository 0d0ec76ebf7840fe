package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// A forgotten password, by address. The answer to a request for a link is the same for every address.
//
//	GET, POST /password/forgot          an address; a link is mailed if somebody has it
//	GET, POST /password/reset?token=…   a new password by that link

func (s *Server) forgotPage(c echo.Context) error {
	return render(c, http.StatusOK, views.Forgot(views.ForgotPage{}))
}

func (s *Server) forgot(c echo.Context) error {
	if err := parseForm(c); err != nil {
		return err
	}
	email, from := strings.TrimSpace(c.FormValue("email")), client(c)
	var f formProblems
	if err := f.note(s.db.AllowLink(c.Request().Context(), from, email), "email"); err != nil {
		return err
	}
	if f.any() {
		return f.render(c, views.Forgot(views.ForgotPage{Email: f.field(c, "email")}))
	}
	s.later("link for a new password", func(ctx context.Context) error {
		secret, err := s.db.PasswordLink(ctx, from, email)
		if err != nil || secret == "" {
			return err
		}
		return s.mail(ctx, s.passwordMail(models.LowerASCII(email), secret))
	})
	return render(c, http.StatusOK, views.ForgotSent(views.ForgotSentPage{
		Email: email, Expiry: length(models.PasswordLinkLife), NoMail: s.config.SMTP == nil,
	}))
}

// passwordMail carries a link that sets a password.
func (s *Server) passwordMail(to, secret string) Mail {
	return Mail{To: to, Subject: "A new password for Gatehouse", Body: "Somebody, probably you, asked for a new password for " + to + ".\n\n" +
		"Choose it here, within " + length(models.PasswordLinkLife) + ":\n" + s.mailedLink("/password/reset", secret) + "\n\n" +
		"The link works once. If you did not ask, do nothing: your password stays as it is.\n"}
}

var newPasswordLink = views.Link{Text: "Get a new link", URL: "/password/forgot"}

func (s *Server) resetPage(c echo.Context) error {
	secret := c.QueryParam("token")
	email, err := s.db.PasswordLinkEmail(c.Request().Context(), secret)
	if err != nil {
		return deadLink(c, err, "Get a new one by mail.", newPasswordLink)
	}
	return render(c, http.StatusOK, views.Reset(views.ResetPage{Token: secret, Email: email}))
}

func (s *Server) reset(c echo.Context) error {
	if err := parseForm(c); err != nil {
		return err
	}
	secret := c.FormValue("token")
	email, err := s.db.PasswordLinkEmail(c.Request().Context(), secret)
	if err == nil {
		err = s.db.ResetPassword(c.Request().Context(), client(c), secret, c.FormValue("password"))
	}
	if err == nil {
		return s.done(c, "/login", "Your password is changed. Sign in with it.")
	}
	if models.IsKind(err, models.NotFound) {
		return deadLink(c, err, "Get a new one by mail.", newPasswordLink)
	}
	var f formProblems
	if err := f.note(err, "password"); err != nil {
		return err
	}
	return f.render(c, views.Reset(views.ResetPage{Token: secret, Email: email, Password: f.secret("password")}))
}
