package handlers

import (
	"net/http"
	"testing"

	"gatehouse/models"
)

// Whoever sets up the identity provider can let it name an owner's address, and comes as that owner. What only owners may do asks for an
// owner's password then, so that an admin does not become one this way.
func TestWhatOnlyOwnersMayDoAsksForTheirPassword(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		second := a.member(org, "second@acme.com", models.Owner)
		gone := a.member(org, "gone@acme.com", models.Owner)
		if err := a.db.DeactivateMember(t.Context(), operator, models.Owner, org.ID, gone.ID); err != nil {
			t.Fatal(err)
		}
		team, err := a.db.CreateTeam(t.Context(), operator, org.ID, "Ops")
		if err != nil {
			t.Fatal(err)
		}
		first := a.browser()
		first.finish(a.postACS(org, idp.answer(first.beginSAML(org, ""), "second@acme.com"))).wantStatus(http.StatusSeeOther)
		b := a.browser()
		b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "ana@acme.com"))).wantStatus(http.StatusSeeOther)
		users := "/settings/users/"
		for _, c := range []struct {
			path   string
			fields []string
		}{
			{users + second.ID + "/role", []string{"role", "member"}},
			{users + second.ID + "/deactivate", nil},
			{users + second.ID + "/identities/forget", nil},
			{users + gone.ID + "/reactivate", nil},
			{"/settings/teams/" + team.ID, []string{"name", "Ops", "role", "admin"}},
		} {
			p := b.post(c.path, append([]string{"org", org.ID}, c.fields...)...)
			if p.status != http.StatusUnprocessableEntity || p.find("input[type=password]") == nil {
				t.Errorf("POST %s: status %d, want the page that asks for the password", c.path, p.status)
			}
			if p := b.post(c.path, append([]string{"org", org.ID, "password", "not the password"}, c.fields...)...); p.status != http.StatusUnprocessableEntity {
				t.Errorf("POST %s with a wrong password: status %d", c.path, p.status)
			}
		}
		m, err := a.db.Member(t.Context(), org.ID, second.ID)
		if err != nil || m.Role != models.Owner || m.Status != models.Active {
			t.Fatalf("the other owner is %+v, %v", m, err)
		}
		// The page that asks carries the form on, and the right password lets it through.
		p := b.post(users+second.ID+"/role", "org", org.ID, "role", "member")
		p.form(users+second.ID+"/role").set("password", password).submit().wantStatus(http.StatusSeeOther)
		if m, err := a.db.Member(t.Context(), org.ID, second.ID); err != nil || m.Role != models.RoleMember {
			t.Errorf("after the password the other owner is %+v, %v", m, err)
		}
	})
}
