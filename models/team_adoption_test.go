package models_test

import (
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestATeamWithARoleIsAdoptedWhenAnOwnerConfirms(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := t.Context()
		d := newDirectory(t, db)
		team, err := db.CreateTeam(ctx, ana, d.org.ID, "Admins")
		if err != nil {
			t.Fatal(err)
		}
		role := models.Admin
		if err := db.SetTeamRole(ctx, ana, models.Owner, d.org.ID, team.ID, &role); err != nil {
			t.Fatal(err)
		}
		local, both, remote := d.create(person("l@acme.com")), d.create(person("b@acme.com")), d.create(person("r@acme.com"))
		for _, id := range []string{local.ID, both.ID} {
			if err := db.AddToTeam(ctx, ana, d.org.ID, team.ID, id); err != nil {
				t.Fatal(err)
			}
		}
		if a, err := db.Adoption(ctx, d.org.ID, team.ID); err != nil || a != nil {
			t.Errorf("an adoption without a group: %+v, %v", a, err)
		}
		_, err = db.ConfirmAdoption(ctx, ana, models.Owner, d.org.ID, team.ID)
		wantKind(t, err, models.Conflict)
		g := d.group(`{"displayName":"admins","members":[{"value":"` + both.ID + `"},{"value":"` + remote.ID + `"}]}`)
		if g.ID == team.ID || g.Role != nil {
			t.Fatalf("the group took the role by itself: %+v", g.Team)
		}
		a, err := db.Adoption(ctx, d.org.ID, team.ID)
		if err != nil || a == nil || a.Group.ID != g.ID || a.Gain != 1 || a.Lose != 1 {
			t.Fatalf("%+v, %v", a, err)
		}
		_, err = db.ConfirmAdoption(ctx, ana, models.Admin, d.org.ID, team.ID)
		wantKind(t, err, models.Forbidden)
		globex := directoryOf(t, db, "Globex", "globex.com")
		_, err = db.ConfirmAdoption(ctx, ana, models.Owner, globex.org.ID, team.ID)
		wantKind(t, err, models.NotFound)

		adopted, err := db.ConfirmAdoption(ctx, ana, models.Owner, d.org.ID, team.ID)
		if err != nil || adopted.ID != g.ID {
			t.Fatalf("%+v, %v", adopted, err)
		}
		now, err := db.Team(ctx, d.org.ID, g.ID)
		if err != nil || !now.Managed || now.Role == nil || *now.Role != models.Admin || now.Name != "Admins" || *now.DirectoryName != "admins" {
			t.Errorf("%+v, %v", now, err)
		}
		_, err = db.Team(ctx, d.org.ID, team.ID)
		wantKind(t, err, models.NotFound)
		people, err := db.People(ctx, d.org.ID, models.MemberFilter{TeamID: g.ID})
		if err != nil || len(people) != 2 {
			t.Errorf("%d people in the team, want the directory's 2, %v", len(people), err)
		}
		if n := d.audited("team.adopted"); n != 1 {
			t.Errorf("%d adoptions audited", n)
		}
		_, err = db.ConfirmAdoption(ctx, ana, models.Owner, d.org.ID, g.ID)
		wantKind(t, err, models.Conflict)
	})
}
