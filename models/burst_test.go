package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// staff is an organization of an owner and n people in one group.
func staff(t *testing.T, db *models.DB, n int) (*directory, *models.SCIMTeam, []string) {
	t.Helper()
	d := newDirectory(t, db)
	g := d.group(`{"displayName":"Everybody"}`)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = d.create(person(fmt.Sprintf("p%d@acme.com", i))).ID
	}
	if _, err := d.tryPatchGroup(g.ID, `[{"op":"add","path":"members","value":[{"value":"`+strings.Join(ids, `"},{"value":"`)+`"}]}]`); err != nil {
		t.Fatal(err)
	}
	return d, g, ids
}

var ana = models.Actor{Kind: models.Person, Label: "Ana"}

func (d *directory) setActive(id string, active bool) *models.SCIMMember {
	d.t.Helper()
	m, err := d.tryPatch(id, fmt.Sprintf(`[{"op":"replace","path":"active","value":%t}]`, active))
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

func (d *directory) remove(id string) {
	d.t.Helper()
	if err := d.db.DeleteSCIMMember(d.t.Context(), d.call(), id); err != nil {
		d.t.Fatal(err)
	}
}

func (d *directory) note(want int) {
	d.t.Helper()
	if n, err := d.db.NoteBursts(d.t.Context()); err != nil || n != want {
		d.t.Fatalf("%d bursts noticed, want %d, %v", n, want, err)
	}
}

func (d *directory) bursts(want int) []models.BurstInfo {
	d.t.Helper()
	list, err := d.db.Bursts(d.t.Context(), d.org.ID)
	if err != nil || len(list) != want {
		d.t.Fatalf("%d bursts, want %d, %v", len(list), want, err)
	}
	return list
}

func (d *directory) status(id string) models.Status {
	d.t.Helper()
	m, err := d.db.Member(d.t.Context(), d.org.ID, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return m.Status
}

func TestMassDeactivationIsNoticedAndUndoneInOneStep(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d, g, ids := staff(t, db, 20)
		for _, id := range ids[:8] {
			d.setActive(id, false)
		}
		d.note(0) // eight of 21 are many, but fewer than ten
		d.remove(ids[8])
		d.remove(ids[9])
		if d.status(ids[0]) != models.Inactive {
			t.Error("a deactivation did not act at once")
		}
		d.note(1)
		d.note(0) // once
		d.setActive(ids[10], false)
		d.note(0) // joins the burst
		b := d.bursts(1)[0]
		if b.People != 11 || len(b.Names) != 11 || b.DecidedAt != nil || b.Held != 0 {
			t.Errorf("%+v", b)
		}
		notices, err := db.Notices(t.Context(), d.org.ID, 10)
		if err != nil || len(notices) != 1 || notices[0].Kind != "burst" {
			t.Errorf("notices: %+v, %v", notices, err)
		}
		// What cannot be restored as it was: somebody whom an admin deactivated as well, and somebody the directory made anew.
		if err := db.ReactivateMember(t.Context(), ana, models.Owner, d.org.ID, ids[0]); err != nil {
			t.Fatal(err)
		}
		if err := db.DeactivateMember(t.Context(), ana, models.Owner, d.org.ID, ids[0]); err != nil {
			t.Fatal(err)
		}
		again := d.create(person("p8@acme.com"))
		undone, err := db.UndoBurst(t.Context(), ana, d.org.ID, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		if not := undone.NotRestored(); len(not) != 2 || !strings.Contains(not[0]+not[1], "by an admin as well") || !strings.Contains(not[0]+not[1], "exists again already") {
			t.Errorf("not restored: %q", not)
		}
		for _, id := range ids[1:8] {
			if d.status(id) != models.Active {
				t.Errorf("%s is not back", id)
			}
		}
		if d.status(ids[0]) != models.Inactive || d.status(again.ID) != models.Active {
			t.Error("somebody else's decision was undone")
		}
		remade := d.find(`userName eq "p9@acme.com"`)
		if len(remade) != 1 || remade[0].ID == ids[9] || remade[0].AccountID == nil {
			t.Fatalf("the deleted person came back as %+v", remade)
		}
		whole, err := db.SCIMMember(t.Context(), d.call(), remade[0].ID, true)
		if err != nil || len(whole.Groups) != 1 || whole.Groups[0].ID != g.ID {
			t.Errorf("the deleted person is in %+v, %v", whole.Groups, err)
		}
		if n := d.audited("deactivation_burst.undone"); n != 1 {
			t.Errorf("%d audit events of the undo", n)
		}
		if _, err := db.UndoBurst(t.Context(), ana, d.org.ID, b.ID); !models.IsKind(err, models.Conflict) {
			t.Errorf("undone twice: %v", err)
		}
		if n := db.MemberCount(t, d.org.ID); n != 21 {
			t.Errorf("%d members, want 21", n)
		}
	}, modelstest.WithNow(clock.Now))
}

func TestFewOrSlowDeactivationsAreNoBurst(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			clock := modelstest.NewClock()
			db := modelstest.New(t, dialect, modelstest.WithNow(clock.Now))
			d, _, ids := staff(t, db, 60)
			for i, id := range ids[:12] { // twelve of 61 are under a fifth
				d.setActive(id, false)
				if i%6 == 5 {
					clock.Advance(40 * time.Minute)
				}
			}
			d.note(0)
			other := directoryOf(t, db, "Globex", "globex.com")
			other.bursts(0)
		})
	}
}

func TestHeldMassDeactivationWaitsForADecision(t *testing.T) {
	for _, carryOut := range []bool{false, true} {
		clock := modelstest.NewClock()
		modelstest.Each(t, func(t *testing.T, db *models.DB) {
			d, _, ids := staff(t, db, 20)
			if err := db.HoldDeactivations(t.Context(), ana, models.Admin, d.org.ID, true); !models.IsKind(err, models.Forbidden) {
				t.Fatalf("an admin chose hold mode: %v", err)
			}
			if err := db.HoldDeactivations(t.Context(), ana, models.Owner, d.org.ID, true); err != nil {
				t.Fatal(err)
			}
			for i, id := range ids[:14] {
				m := d.setActive(id, false)
				if v := m.View("x"); v.Active {
					t.Error("the directory is told that the person is active")
				}
				want := models.Inactive
				if i >= 9 { // the tenth makes it a burst
					want = models.Active
				}
				if got := d.status(id); got != want {
					t.Errorf("person %d is %s, want %s", i+1, got, want)
				}
			}
			if got := len(d.find(`active eq false`)); got != 14 {
				t.Errorf("%d people are inactive to the directory, want 14", got)
			}
			d.setActive(ids[13], true) // the directory changed its mind
			d.note(1)
			b := d.bursts(1)[0]
			if b.Held != 4 {
				t.Errorf("%d held, want 4", b.Held)
			}
			if carryOut {
				if _, err := db.SettleBurst(t.Context(), ana, d.org.ID, b.ID); err != nil {
					t.Fatal(err)
				}
			} else if _, err := db.UndoBurst(t.Context(), ana, d.org.ID, b.ID); err != nil {
				t.Fatal(err)
			}
			for i, id := range ids[:13] {
				if got := d.status(id) == models.Inactive; got != carryOut {
					t.Errorf("person %d is inactive: %t, want %t", i+1, got, carryOut)
				}
			}
			if d.status(ids[13]) != models.Active {
				t.Error("who came back in between was deactivated")
			}
			decided := d.bursts(1)[0]
			if decided.DecidedAt == nil || decided.Undone == carryOut {
				t.Errorf("%+v", decided)
			}
		}, modelstest.WithNow(clock.Now))
	}
}

func TestABurstIsOfItsOrganizationAlone(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d, _, ids := staff(t, db, 12)
		for _, id := range ids {
			d.setActive(id, false)
		}
		d.note(1)
		globex := directoryOf(t, db, "Globex", "globex.com")
		id := d.bursts(1)[0].ID
		_, err := db.UndoBurst(t.Context(), ana, globex.org.ID, id)
		wantKind(t, err, models.NotFound)
		_, err = db.SettleBurst(t.Context(), ana, globex.org.ID, id)
		wantKind(t, err, models.NotFound)
	})
}
