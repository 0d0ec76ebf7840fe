package models_test

import (
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// Entra says once that somebody is inactive. Said about somebody who is deactivated here already, it counts on the day an admin brings them
// back.
func TestSCIMRemembersWhomTheDirectoryWantsInactive(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		reactivate := func(id string) error { return db.ReactivateMember(t.Context(), ana, models.Owner, d.org.ID, id) }
		made := func(name string) string {
			id := d.create(person(name + "@acme.com")).ID
			if err := db.DeactivateMember(t.Context(), ana, models.Owner, d.org.ID, id); err != nil {
				t.Fatal(err)
			}
			return id
		}
		said, unsaid, changed := made("said"), made("unsaid"), made("changed")

		d.setActive(said, false)
		d.setActive(said, false) // the same again is no change
		if n := d.audited("member.directory_wish"); n != 1 {
			t.Errorf("%d audit events of the wish", n)
		}
		wantKind(t, reactivate(said), models.Conflict)
		if m, err := db.Member(t.Context(), d.org.ID, said); err != nil || m.Status != models.Inactive || *m.DeactivatedBy != models.BySCIM {
			t.Errorf("after one reactivation: %+v, %v", m, err)
		}
		if m := d.setActive(said, true); m.Status != models.Active {
			t.Error("the directory cannot bring back whom only it keeps away")
		}
		d.setActive(said, false)
		if err := reactivate(said); err != nil || d.status(said) != models.Active {
			t.Errorf("an admin cannot bring back whom only the directory keeps away: %v", err)
		}

		d.patch(unsaid, `[{"op":"replace","path":"title","value":"Captain"}]`)
		if err := reactivate(unsaid); err != nil || d.status(unsaid) != models.Active {
			t.Errorf("a change of something else is a wish: %v", err)
		}

		d.setActive(changed, false)
		d.setActive(changed, true)
		if d.status(changed) != models.Inactive {
			t.Error("the directory brought back whom an admin deactivated")
		}
		if err := reactivate(changed); err != nil || d.status(changed) != models.Active {
			t.Errorf("a wish that was taken back: %v", err)
		}

		// An invited person an admin deactivated, adopted by a POST that says inactive.
		bo, err := db.AddMember(t.Context(), console, d.org.ID, "bo@acme.com", "Bo", "", models.RoleMember, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.DeactivateMember(t.Context(), ana, models.Owner, d.org.ID, bo.ID); err != nil {
			t.Fatal(err)
		}
		if m := d.create(`{"userName":"bo@acme.com","active":false}`); m.ID != bo.ID {
			t.Fatalf("not adopted: %+v", m)
		}
		wantKind(t, reactivate(bo.ID), models.Conflict)
	})
}
