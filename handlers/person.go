package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// personRoutes are the pages of a signed-in person about themselves.
func (s *Server) personRoutes(g *echo.Group) {
	g.GET("/", s.home)
	g.POST("/organization", s.switchOrganization)
	g.GET("/profile", s.profilePage)
	own := g.Group("/profile", s.requireSameOrganization)
	own.POST("/name", s.renameSelf)
	own.POST("/password", s.changePassword)
	own.POST("/sessions/:id/end", s.endOwnSession)
	own.POST("/sessions/end-others", s.endOtherSessions)
}

// switchOrganization puts a password session into another organization of the person.
func (s *Server) switchOrganization(c echo.Context) error {
	if err := parseForm(c); err != nil {
		return err
	}
	who, to := signedIn(c), c.FormValue("organization")
	if err := s.db.SwitchOrganization(c.Request().Context(), who, client(c), to); err != nil {
		return s.refused(c, "/", err)
	}
	org, err := s.db.Organization(c.Request().Context(), to)
	if err != nil {
		return err
	}
	return s.done(c, "/", "You are in "+org.Name+" now.")
}

// changePassword replaces the person's own password; every other session of theirs ends.
func (s *Server) changePassword(c echo.Context) error {
	who := signedIn(c)
	current, chosen := c.FormValue("current_password"), c.FormValue("new_password")
	var f formProblems
	if current == "" {
		f.say("current_password", "Enter the password you have now.")
	}
	if err := f.note(models.CheckPassword(chosen, who.Account.Email, who.Organization.Name), "new_password"); err != nil {
		return err
	}
	if !f.any() {
		err := s.db.ChangePassword(c.Request().Context(), who, client(c), current, chosen)
		if err == nil {
			return s.done(c, "/profile#password", "Your password is changed. Your other sessions have ended.")
		}
		if err := f.note(err, "current_password"); err != nil {
			return err
		}
	}
	p, err := s.profile(c)
	if err != nil {
		return err
	}
	p.Password.Current, p.Password.New = f.secret("current_password"), f.secret("new_password")
	return f.render(c, views.Profile(p))
}

func (s *Server) endOwnSession(c echo.Context) error {
	who, id := signedIn(c), c.Param("id")
	if err := s.db.EndSession(c.Request().Context(), actor(c), who.Organization.ID, who.Member.ID, id); err != nil {
		return err
	}
	if id == who.Session.ID {
		s.clearSession(c)
		return s.done(c, "/login", "You are signed out.")
	}
	return s.done(c, "/profile#sessions", "The session has ended.")
}

func (s *Server) endOtherSessions(c echo.Context) error {
	who := signedIn(c)
	ended, err := s.db.EndSessions(c.Request().Context(), actor(c), who.Organization.ID, who.Member.ID, who.Session.ID)
	if err != nil {
		return err
	}
	sentence := "You are signed in nowhere else."
	if ended > 0 {
		sentence = count(ended, "other session has", "other sessions have") + " ended."
	}
	return s.done(c, "/profile#sessions", sentence)
}

func (s *Server) renameSelf(c echo.Context) error {
	err := s.db.RenameAccount(c.Request().Context(), signedIn(c), client(c), c.FormValue("name"))
	if err == nil {
		return s.done(c, "/profile", "Your name is saved.")
	}
	var f formProblems
	if err := f.note(err, "name"); err != nil {
		return err
	}
	p, err := s.profile(c)
	if err != nil {
		return err
	}
	p.Name = f.field(c, "name")
	return f.render(c, views.Profile(p))
}

func (s *Server) profilePage(c echo.Context) error {
	p, err := s.profile(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Profile(p))
}
