package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// The first page of a new installation, behind the link that is printed on the console while no organization exists.

func (s *Server) setupPage(c echo.Context) error {
	secret := c.QueryParam("token")
	if err := s.db.CheckSetup(c.Request().Context(), secret); err != nil {
		return s.deadSetup(c, err)
	}
	return render(c, http.StatusOK, views.Setup(views.SetupPage{Token: secret}))
}

func (s *Server) setup(c echo.Context) error {
	if err := parseForm(c); err != nil {
		return err
	}
	ctx, secret := c.Request().Context(), c.FormValue("token")
	if err := s.db.CheckSetup(ctx, secret); err != nil {
		return s.deadSetup(c, err)
	}
	organization, email := c.FormValue("organization"), c.FormValue("email")
	first, last := c.FormValue("first_name"), c.FormValue("last_name")
	var f formProblems
	_, badAddress := models.CleanAddress(email)
	err := errors.Join(
		f.note(models.CheckName("organization", organization, "a name for the organization"), "organization"),
		f.note(models.CheckName("first_name", fullName(first, last), "your name"), "first_name"),
		f.note(badAddress, "email"),
		f.note(models.CheckPassword(c.FormValue("password"), email, organization), "password"),
	)
	if err != nil {
		return err
	}
	if !f.any() {
		token, err := s.db.CompleteSetup(ctx, client(c), secret, organization,
			models.NewOwner{Email: email, FirstName: first, LastName: last, Password: c.FormValue("password")})
		if err == nil {
			return s.begin(c, token, "/")
		}
		if models.IsKind(err, models.NotFound) {
			return s.deadSetup(c, err)
		}
		if err := f.note(err, "organization", "first_name", "email", "password"); err != nil {
			return err
		}
	}
	return f.render(c, views.Setup(views.SetupPage{
		Token: secret, Organization: f.field(c, "organization"), FirstName: f.field(c, "first_name"), LastName: f.field(c, "last_name"),
		Email: f.field(c, "email"), Password: f.secret("password"),
	}))
}

func (s *Server) deadSetup(c echo.Context, cause error) error {
	needed, err := s.db.NeedsSetup(c.Request().Context())
	if err != nil {
		return err
	}
	if needed {
		return deadLink(c, cause, "Start the server again: it prints a new one on its console.", views.Link{})
	}
	return deadLink(c, cause, "This server is set up: its first organization exists.", views.Link{Text: "Go to the sign-in page", URL: "/login"})
}
