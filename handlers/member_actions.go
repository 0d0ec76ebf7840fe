package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// changeMemberRole gives somebody another role. Making or unmaking an owner asks for the password.
func (s *Server) changeMemberRole(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	m, err := s.db.Member(ctx, orgID(c), id)
	if err != nil {
		return err
	}
	role, err := models.ParseRole(c.FormValue("role"))
	if err != nil || c.FormValue("role") == "" {
		return s.refused(c, memberURL(id), &models.Error{Kind: models.Invalid, Message: "Choose a role: Owner, Admin or Member."})
	}
	if (role == models.Owner) != (m.Role == models.Owner) {
		page := views.StepUpPage{
			Title: "Make " + m.Label() + " an owner?", Confirm: "Make " + m.Label() + " an owner", CancelURL: memberURL(id),
			Sentence: "Owners can change everything in " + signedIn(c).Organization.Name + ", other owners included.",
			Changes:  []views.Change{{Field: "Role", Before: roleWord(m.Role), After: roleWord(role)}},
		}
		if m.Role == models.Owner {
			page.Title, page.Confirm, page.Danger = "Take the role Owner from "+m.Label()+"?", "Change the role", true
			page.Sentence = m.Label() + " can no longer change what only owners of " + signedIn(c).Organization.Name + " can."
		}
		if asked, err := s.ownerStepUp(c, views.NavUsers, page); asked || err != nil {
			return err
		}
	}
	if isDraft(c) {
		return s.outdated(c, memberURL(id))
	}
	if err := s.db.ChangeRole(ctx, actor(c), signedIn(c).Role, orgID(c), id, role); err != nil {
		return s.refused(c, memberURL(id), err)
	}
	if id == signedIn(c).Member.ID && role == models.RoleMember {
		return s.done(c, "/", "You are a member now.")
	}
	return s.done(c, memberURL(id), m.Label()+" has the role "+roleWord(role)+".")
}

// renameMember changes the name of somebody the directory does not manage.
func (s *Server) renameMember(c echo.Context) error {
	m, err := s.memberRow(c)
	if err != nil {
		return err
	}
	form := views.NameForm{FirstName: views.Field{Value: c.FormValue("first_name")}, LastName: views.Field{Value: c.FormValue("last_name")}}
	err = s.db.RenameMember(c.Request().Context(), actor(c), orgID(c), m.ID, form.FirstName.Value, form.LastName.Value)
	switch {
	case err == nil:
		return s.done(c, memberURL(m.ID), "The name is saved.")
	case models.IsKind(err, models.Invalid):
		_, form.FirstName.Error, _ = refusal(err)
		return s.renderMember(c, http.StatusUnprocessableEntity, m, form)
	}
	return s.refused(c, memberURL(m.ID), err)
}

// deactivateMember ends somebody's access.
func (s *Server) deactivateMember(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	m, err := s.db.Member(ctx, orgID(c), id)
	if err != nil {
		return err
	}
	if id == signedIn(c).Member.ID {
		return s.refused(c, memberURL(id), &models.Error{Kind: models.Conflict, Message: "You cannot deactivate yourself. Ask another owner or admin."})
	}
	if m.Status == models.Invited {
		return s.refused(c, memberURL(id), &models.Error{Kind: models.Conflict, Message: m.Label() + " has not come yet. Revoke the invitation instead."})
	}
	if m.Role == models.Owner {
		asked, err := s.ownerStepUp(c, views.NavUsers, views.StepUpPage{
			Title: "Deactivate the owner " + m.Label() + "?", Confirm: "Deactivate", CancelURL: memberURL(id), Danger: true,
			Sentence: m.Label() + " is signed out everywhere and cannot come back until an owner brings them back.",
		})
		if asked || err != nil {
			return err
		}
	}
	if isDraft(c) {
		return s.outdated(c, memberURL(id))
	}
	if err := s.db.DeactivateMember(ctx, actor(c), signedIn(c).Role, orgID(c), id); err != nil {
		return s.refused(c, memberURL(id), err)
	}
	return s.done(c, memberURL(id), m.Label()+" is deactivated and signed out everywhere.")
}

// reactivateMember lets somebody in again.
func (s *Server) reactivateMember(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	m, err := s.db.Member(ctx, orgID(c), id)
	if err != nil {
		return err
	}
	if m.Role == models.Owner {
		asked, err := s.ownerStepUp(c, views.NavUsers, views.StepUpPage{
			Title: "Let the owner " + m.Label() + " in again?", Confirm: "Reactivate", CancelURL: memberURL(id),
			Sentence: m.Label() + " can then change everything in " + signedIn(c).Organization.Name + " again.",
		})
		if asked || err != nil {
			return err
		}
	}
	if isDraft(c) {
		return s.outdated(c, memberURL(id))
	}
	if err := s.db.ReactivateMember(ctx, actor(c), signedIn(c).Role, orgID(c), id); err != nil {
		return s.refused(c, memberURL(id), err)
	}
	return s.done(c, memberURL(id), m.Label()+" can sign in again.")
}

// forgetIdentities unbinds what identity providers told about somebody, so that the next sign-in binds anew.
func (s *Server) forgetIdentities(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	m, err := s.db.Member(ctx, orgID(c), id)
	if err != nil {
		return err
	}
	if m.Role == models.Owner {
		asked, err := s.ownerStepUp(c, views.NavUsers, views.StepUpPage{
			Title: "Forget the linked identity of the owner " + m.Label() + "?", Confirm: "Forget it", CancelURL: memberURL(id), Danger: true,
			Sentence: "Whoever the identity provider names with the address of " + m.Label() + " next is linked anew, and comes as an owner.",
		})
		if asked || err != nil {
			return err
		}
	}
	if isDraft(c) {
		return s.outdated(c, memberURL(id))
	}
	if err := s.db.ForgetIdentities(ctx, actor(c), signedIn(c).Role, orgID(c), id); err != nil {
		return s.refused(c, memberURL(id)+"#methods", err)
	}
	return s.done(c, memberURL(id)+"#methods", "The identity is forgotten. The next sign-in of "+m.Label()+" links it anew.")
}

// endMemberSession ends one session of somebody.
func (s *Server) endMemberSession(c echo.Context) error {
	err := s.db.EndSession(c.Request().Context(), actor(c), orgID(c), c.Param("id"), c.Param("session"))
	if err != nil {
		return err
	}
	return s.done(c, memberURL(c.Param("id"))+"#methods", "The session has ended.")
}

// endMemberSessions ends all sessions of somebody, but for the one that asks.
func (s *Server) endMemberSessions(c echo.Context) error {
	n, err := s.db.EndSessions(c.Request().Context(), actor(c), orgID(c), c.Param("id"), signedIn(c).Session.ID)
	if err != nil {
		return err
	}
	return s.done(c, memberURL(c.Param("id"))+"#methods", count(n, "session has", "sessions have")+" ended.")
}
