package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"gatehouse/views"
)

const (
	maxTeams         = 1000 // shown on the page
	shownTeamMembers = 200
)

func teamURL(id string) string { return teamsPath + "/" + url.PathEscape(id) }

func (s *Server) teamsPage(c echo.Context) error {
	return s.renderTeams(c, http.StatusOK, views.CreateTeam{})
}

func (s *Server) renderTeams(c echo.Context, status int, form views.CreateTeam) error {
	shell, err := s.shell(c, views.NavTeams)
	if err != nil {
		return err
	}
	teams, err := s.db.Teams(c.Request().Context(), orgID(c), "", "", "", maxTeams)
	if err != nil {
		return err
	}
	p := views.TeamsPage{Shell: shell, Create: form}
	for i := range teams {
		t := &teams[i]
		row := views.TeamRow{ID: t.ID, Name: t.Name, Members: count(t.Members, "person", "people")}
		if t.Role != nil {
			row.Role = roleWord(*t.Role)
		}
		if t.Managed {
			row.Managed = "Managed by Entra"
			if t.DirectoryName != nil && *t.DirectoryName != t.Name {
				row.Note = "In Entra: " + *t.DirectoryName
			}
		}
		p.Teams = append(p.Teams, row)
	}
	return render(c, status, views.Teams(p))
}

// createTeam makes a team whose members are chosen here.
func (s *Server) createTeam(c echo.Context) error {
	t, err := s.db.CreateTeam(c.Request().Context(), actor(c), orgID(c), c.FormValue("name"))
	if err != nil {
		_, message, ok := refusal(err)
		if !ok {
			return err
		}
		return s.renderTeams(c, http.StatusUnprocessableEntity, views.CreateTeam{Name: views.Field{Value: c.FormValue("name"), Error: message}})
	}
	return s.done(c, teamURL(t.ID), "The team "+t.Name+" is made. Add its first member.")
}
