package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

func (s *Server) teamPage(c echo.Context) error {
	t, err := s.db.Team(c.Request().Context(), orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.renderTeam(c, http.StatusOK, t, teamForm{name: views.Field{Value: t.Name}, role: views.Field{Value: roleValue(t.Role)}})
}

// teamForm is what the forms of a team's page hold.
type teamForm struct{ name, role, add views.Field }

// roleValue is the role a team carries as the value of the select, empty for none.
func roleValue(r *models.Role) string {
	if r == nil {
		return ""
	}
	return string(*r)
}

func teamRoleWord(r *models.Role) string {
	if r == nil {
		return "No role"
	}
	return roleWord(*r)
}

func (s *Server) renderTeam(c echo.Context, status int, t *models.Team, form teamForm) error {
	ctx, now := c.Request().Context(), s.db.Now()
	shell, err := s.shell(c, views.NavTeams)
	if err != nil {
		return err
	}
	filter := models.MemberFilter{TeamID: t.ID, Limit: shownTeamMembers}
	people, err := s.db.People(ctx, orgID(c), filter)
	if err != nil {
		return err
	}
	total, err := s.db.CountMatching(ctx, orgID(c), filter)
	if err != nil {
		return err
	}
	p := views.TeamPage{
		Shell: shell, ID: t.ID, Title: t.Name, Managed: t.Managed, Summary: count(total, "member", "members"),
		Name: form.name, Role: form.role, Add: form.add,
		Roles:  []views.Option{{Text: "No role"}, {Value: string(models.RoleMember), Text: "Member"}, {Value: string(models.Admin), Text: "Admin"}},
		Delete: views.Act{Offer: !t.Managed, Warning: "Delete the team " + t.Name + "? Its members stay in the organization; a role they have only by it ends."},
	}
	if t.DirectoryName != nil {
		p.Directory = *t.DirectoryName
	}
	if t.Managed {
		p.Summary += " · last change " + ago(now, t.UpdatedAt)
	}
	if p.RoleNote, err = s.teamRoleNote(c, t); err != nil {
		return err
	}
	if p.Adoption, err = s.adoption(c, t); err != nil {
		return err
	}
	for i := range people {
		p.Members = append(p.Members, teamMember(&people[i]))
	}
	if more := total - len(people); more > 0 {
		p.More = "and " + thousands(more) + " more"
	}
	return render(c, status, views.Team(p))
}

// adoption is the group of the directory that could take a team with a role over.
func (s *Server) adoption(c echo.Context, t *models.Team) (views.Adoption, error) {
	a, err := s.db.Adoption(c.Request().Context(), orgID(c), t.ID)
	if err != nil || a == nil {
		return views.Adoption{}, err
	}
	effects := count(a.Gain, "person", "people") + " of the group " + map[bool]string{true: "gets", false: "get"}[a.Gain == 1] + " the role " + string(*t.Role) + "; " +
		count(a.Lose, "person", "people") + " who " + map[bool]string{true: "is", false: "are"}[a.Lose == 1] + " only in this team " + map[bool]string{true: "loses", false: "lose"}[a.Lose == 1] + " it."
	return views.Adoption{Group: *a.Group.DirectoryName, URL: "/settings/teams/" + a.Group.ID, Effects: effects, MayDo: signedIn(c).Role == models.Owner}, nil
}

// adoptTeam hands a team with a role over to the directory.
func (s *Server) adoptTeam(c echo.Context) error {
	t, err := s.db.ConfirmAdoption(c.Request().Context(), actor(c), signedIn(c).Role, orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.done(c, "/settings/teams/"+t.ID, "The directory manages "+t.Name+" from now on.")
}

func (s *Server) teamRoleNote(c echo.Context, t *models.Team) (string, error) {
	events, err := s.db.AuditEvents(c.Request().Context(), orgID(c), models.AuditFilter{Action: "team.role_changed", MemberID: t.ID, Limit: 1})
	switch {
	case err != nil:
		return "", err
	case len(events) == 1:
		return "Role last changed " + date(events[0].At) + " by " + byActor(&events[0]) + ".", nil
	case signedIn(c).Role != models.Owner:
		return "Only an owner can change the role a team carries.", nil
	}
	return "", nil
}

func teamMember(r *models.PersonRow) views.TeamMember {
	m := views.TeamMember{ID: r.ID, Person: personOf(&r.Member), Role: roleWord(r.Role)}
	switch pill := statusPill(&r.Member); {
	case pill.Tone != views.ToneOK:
		m.Status = pill
	case r.LastActiveAt == nil:
		m.Status = views.Pill{Text: "Never signed in"}
	}
	if r.TeamSince != nil {
		m.Since = date(*r.TeamSince)
	}
	return m
}

// saveTeam saves the name and the role a team carries.
func (s *Server) saveTeam(c echo.Context) error {
	ctx := c.Request().Context()
	t, err := s.db.Team(ctx, orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	form := teamForm{name: views.Field{Value: c.FormValue("name")}, role: views.Field{Value: c.FormValue("role")}}
	var role *models.Role
	switch r := models.Role(form.role.Value); r {
	case "":
	case models.Admin, models.RoleMember:
		role = &r
	default:
		form.role = views.Field{Value: roleValue(t.Role), Error: "A team carries no role, Member or Admin. It cannot make its members owners."}
	}
	if form.role.Error == "" && form.role.Value != roleValue(t.Role) && signedIn(c).Role != models.Owner {
		form.role.Error = "Only an owner can change the role a team carries."
	}
	if form.role.Error == "" && form.role.Value != roleValue(t.Role) {
		asked, err := s.ownerStepUp(c, views.NavTeams, views.StepUpPage{
			Title: "Change the role of the team " + t.Name + "?", Confirm: "Change the role", CancelURL: teamURL(t.ID),
			Sentence: "Everybody who is in the team, or comes into it, has at least the role it carries.",
			Changes:  []views.Change{{Field: "Role", Before: teamRoleWord(t.Role), After: teamRoleWord(role)}},
		})
		if asked || err != nil {
			return err
		}
	}
	if isDraft(c) {
		return s.outdated(c, teamURL(t.ID))
	}
	if form.role.Error == "" {
		err := s.db.RenameTeam(ctx, actor(c), orgID(c), t.ID, form.name.Value)
		if err != nil {
			_, message, ok := refusal(err)
			if !ok {
				return err
			}
			form.name.Error = message
		}
	}
	if form.name.Error != "" || form.role.Error != "" {
		return s.renderTeam(c, http.StatusUnprocessableEntity, t, form)
	}
	if form.role.Value != roleValue(t.Role) {
		if err := s.db.SetTeamRole(ctx, actor(c), signedIn(c).Role, orgID(c), t.ID, role); err != nil {
			_, message, ok := refusal(err)
			if !ok {
				return err
			}
			form.role.Error = message
			return s.renderTeam(c, http.StatusUnprocessableEntity, t, form)
		}
	}
	return s.done(c, teamURL(t.ID), "The team is saved.")
}

// addTeamMember adds the member with an address.
func (s *Server) addTeamMember(c echo.Context) error {
	ctx := c.Request().Context()
	t, err := s.db.Team(ctx, orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	typed := c.FormValue("email")
	m, err := s.db.MemberByAddress(ctx, orgID(c), typed)
	if models.IsKind(err, models.NotFound) {
		err = &models.Error{Kind: models.Invalid, Message: "Nobody here has this address. Invite them under Users first."}
	}
	if err == nil {
		err = s.db.AddToTeam(ctx, actor(c), orgID(c), t.ID, m.ID)
	}
	if err != nil {
		_, message, ok := refusal(err)
		if !ok {
			return err
		}
		return s.renderTeam(c, http.StatusUnprocessableEntity, t, teamForm{
			name: views.Field{Value: t.Name}, role: views.Field{Value: roleValue(t.Role)}, add: views.Field{Value: typed, Error: message},
		})
	}
	return s.done(c, teamURL(t.ID), m.Label()+" is in the team.")
}

// removeTeamMember takes a member out of the team.
func (s *Server) removeTeamMember(c echo.Context) error {
	ctx, team := c.Request().Context(), c.Param("id")
	m, err := s.db.Member(ctx, orgID(c), c.Param("member"))
	if err != nil {
		return err
	}
	if err := s.db.RemoveFromTeam(ctx, actor(c), orgID(c), team, m.ID); err != nil {
		return s.refused(c, teamURL(team), err)
	}
	return s.done(c, teamURL(team), m.Label()+" is no longer in the team.")
}

// deleteTeam removes a team that is managed here.
func (s *Server) deleteTeam(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	t, err := s.db.Team(ctx, orgID(c), id)
	if err != nil {
		return err
	}
	if err := s.db.DeleteTeam(ctx, actor(c), orgID(c), id); err != nil {
		return s.refused(c, teamURL(id), err)
	}
	return s.done(c, teamsPath, "The team "+t.Name+" is deleted.")
}
