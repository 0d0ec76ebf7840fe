package handlers

import (
	"net/http"
	"testing"

	"gatehouse/models"
)

func TestATeamIsMadeFilledAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		ana := a.signIn("ana@acme.com")
		p := ana.get(teamsPath).wantText("main", "No team yet").form(teamsPath).set("name", "Platform").submit().wantStatus(http.StatusSeeOther).follow().wantText("h1", "Platform")
		list, err := a.db.Teams(t.Context(), acme.ID, "", "", "", 10)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		team := teamURL(list[0].ID)
		p = p.form(team+"/members").set("email", "BO@acme.com").submit().wantRedirect(team).follow().wantText("main .note", "Bo Test is in the team.").wantText("table", "Bo Test").wantText("table", "24 Nov 2026")
		ana.post(team+"/members", "org", acme.ID, "email", "nobody@acme.com").wantStatus(http.StatusUnprocessableEntity).wantFieldError("email", "Nobody here has this address").wantValue("email", "nobody@acme.com")
		ana.post(team+"/members", "org", acme.ID, "email", "nonsense").wantStatus(http.StatusUnprocessableEntity).wantFieldError("email", "not an e-mail address")
		ana.get(teamsPath).wantText("table", "1 person")
		p.form(team+"/members/"+bo.ID+"/remove").submit().wantRedirect(team).follow().wantText("main", "Nobody in this team yet")
		ana.post(teamsPath, "org", acme.ID, "name", "platform").wantStatus(http.StatusUnprocessableEntity).wantFieldError("name", "There is a team with this name already").wantValue("name", "platform")
		ana.post(team+"/delete", "org", acme.ID).wantRedirect(teamsPath).follow().wantText("main .note", "The team Platform is deleted.")
		ana.get(team).wantStatus(http.StatusNotFound)
	})
}

func TestTheRoleATeamCarriesIsGivenByOwners(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		a.member(acme, "adam@acme.com", models.Admin)
		team, err := a.db.CreateTeam(t.Context(), operator, acme.ID, "Ops")
		if err == nil {
			err = a.db.AddToTeam(t.Context(), operator, acme.ID, team.ID, bo.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		path := teamURL(team.ID)
		adam, ana, asBo := a.signIn("adam@acme.com"), a.signIn("ana@acme.com"), a.signIn("bo@acme.com")
		asBo.get(usersPath).wantStatus(http.StatusForbidden)
		adam.post(path, "org", acme.ID, "name", "Ops", "role", "admin").wantStatus(http.StatusUnprocessableEntity).wantFieldError("role", "Only an owner can change the role a team carries")
		ana.post(path, "org", acme.ID, "name", "", "role", "owner").wantStatus(http.StatusUnprocessableEntity).wantFieldError("role", "It cannot make its members owners")
		ana.post(path, "org", acme.ID, "name", " ", "role", "admin").wantStatus(http.StatusUnprocessableEntity).wantFieldError("name", "Enter a name")
		ana.post(path, "org", acme.ID, "name", "Operations", "role", "admin").wantRedirect(path).follow().wantText("h1", "Operations").wantText("main", "Role last changed 24 Nov 2026 by Ana.")
		asBo.get(usersPath).wantStatus(http.StatusOK)
		ana.get(memberURL(bo.ID)).wantText("#access", "carries the role Admin")
		adam.post(path, "org", acme.ID, "name", "Ops", "role", "admin").wantRedirect(path)
		ana.post(path, "org", acme.ID, "name", "Ops", "role", "").wantRedirect(path)
		asBo.get(usersPath).wantStatus(http.StatusForbidden)
	})
}

func TestATeamWithARoleIsHandedOverOnItsPage(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		team, err := a.db.CreateTeam(t.Context(), operator, v.org.ID, "Admins")
		if err != nil {
			t.Fatal(err)
		}
		role := models.Admin
		if err := a.db.SetTeamRole(t.Context(), operator, models.Owner, v.org.ID, team.ID, &role); err != nil {
			t.Fatal(err)
		}
		owner := a.signIn("ana@acme.com")
		owner.get("/settings/teams/" + team.ID).wantStatus(200)
		v.ask("POST", "/Groups", `{"displayName":"Admins"}`)
		p := owner.get("/settings/teams/"+team.ID).wantStatus(200).wantText("main", "The directory has a group named “Admins”")
		p.form("/settings/teams/"+team.ID+"/adopt").submit().follow().wantStatus(200).wantText("main", "Managed by Entra")
		owner.get("/settings/teams/" + team.ID).wantStatus(404)
	})
}
