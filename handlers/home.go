package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const (
	homeSessions = 3 // the whole list is on the profile
	homeOwners   = 3
	homeNotices  = 5
)

// home shows somebody who has just signed in who they are here.
func (s *Server) home(c echo.Context) error {
	ctx, who, now := c.Request().Context(), signedIn(c), s.db.Now()
	shell, err := s.shell(c, views.NavHome)
	if err != nil {
		return err
	}
	teams, err := s.db.TeamsOf(ctx, who.Organization.ID, who.Member.ID)
	if err != nil {
		return err
	}
	sessions, err := s.db.Sessions(ctx, who.Organization.ID, who.Member.ID)
	if err != nil {
		return err
	}
	owners, err := s.db.Managers(ctx, who.Organization.ID)
	if err != nil {
		return err
	}
	p := views.HomePage{Shell: shell, Sessions: sessionViews(now, sessions, who.Session.ID, who.Organization.Name)}
	p.Sessions = p.Sessions[:min(len(p.Sessions), homeSessions)]
	how := views.Fact{Label: "How", Value: signedInBy(&who.Session, who.Organization.Name)}
	if who.Session.Recovery {
		how.Note = "Recorded in the audit log; the owners were told."
	}
	p.SignIn = []views.Fact{
		how,
		{Label: "When", Value: dateTime(who.Session.CreatedAt), Note: ago(now, who.Session.CreatedAt)},
		{Label: "Lasts until", Value: dateTime(who.Session.ExpiresAt), Note: "Earlier after " + length(minutes(who.Organization.SessionIdleMinutes)) + " without activity."},
	}
	p.Member = memberFacts(who, owners)
	for _, t := range teams {
		p.Teams = append(p.Teams, views.HomeTeam{Name: t.Name, Detail: count(t.Members, "person", "people"), Managed: t.Managed})
	}
	if who.CanManage() {
		connection, err := s.db.SSO(ctx, who.Organization.ID)
		if err != nil {
			return err
		}
		if !connection.Enabled {
			p.Setup = &views.Link{Text: "Set up single sign-on", URL: "/settings/access-security"}
		}
	}
	if who.Role == models.Owner {
		notices, err := s.db.Notices(ctx, who.Organization.ID, homeNotices)
		if err != nil {
			return err
		}
		p.Mailed = s.config.SMTP != nil
		for _, n := range notices {
			p.News = append(p.News, views.HomeNews{Title: n.Subject, Text: n.Body, When: dateTime(n.CreatedAt), Ago: ago(now, n.CreatedAt)})
		}
	}
	return render(c, http.StatusOK, views.Home(p))
}

// memberFacts say what the person is here, who decides about it, and whom to ask.
func memberFacts(who *models.SignedIn, owners []models.Member) []views.Fact {
	role := views.Fact{Label: "Your role", Value: roleWord(who.Role)}
	if who.Role != who.Member.Role {
		role.Note = "Carried by a team you are in."
	}
	managed := views.Fact{Label: "Managed by", Value: "Gatehouse", Note: "The admins here decide about name, role and teams."}
	if who.Member.SCIMManaged {
		managed.Value, managed.Note = "Entra", "Your name, your address and the teams it manages come from your company’s directory."
	}
	help := views.Fact{Label: "Help", Value: "No owner is active"}
	names := []string{}
	for i := range owners {
		if i == homeOwners {
			break
		}
		name := owners[i].Label()
		if address := owners[i].Address(); address != "" && address != name {
			name += " (" + address + ")"
		}
		if owners[i].ID == who.Member.ID {
			name = "You"
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		help.Value = list(names)
		help.Note = "Owners of " + who.Organization.Name + "."
		if len(names) == 1 {
			help.Note = "Owner of " + who.Organization.Name + "."
		}
	}
	return []views.Fact{role, managed, help}
}
