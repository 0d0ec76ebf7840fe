package models_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// The button stays for weeks. Who came back meanwhile and left again for another reason stays away.
func TestUndoingABurstBringsNobodyBackWhoLeftLater(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d, _, ids := staff(t, db, 13)
		for _, id := range ids[:10] {
			d.setActive(id, false)
		}
		d.remove(ids[10])
		d.remove(ids[11])
		d.note(1)
		b := d.bursts(1)[0]
		clock.Advance(time.Hour)
		d.setActive(ids[0], true)
		d.setActive(ids[1], true)
		again := d.create(person("p10@acme.com"))
		clock.Advance(5 * 24 * time.Hour)
		d.setActive(ids[0], false)
		d.remove(ids[1])
		d.remove(ids[2])
		d.remove(again.ID)
		clock.Advance(3 * 24 * time.Hour)
		undone, err := db.UndoBurst(t.Context(), ana, d.org.ID, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.status(ids[0]) != models.Inactive {
			t.Error("who was deactivated again later is active")
		}
		for _, name := range []string{"p1", "p2", "p10"} {
			if found := d.find(`userName eq "` + name + `@acme.com"`); len(found) != 0 {
				t.Errorf("%s, deleted later, is back", name)
			}
		}
		if found := d.find(`userName eq "p11@acme.com"`); len(found) != 1 {
			t.Error("who was deleted in the burst alone is not back")
		}
		for _, id := range ids[3:10] {
			if d.status(id) != models.Active {
				t.Errorf("%s is not back", id)
			}
		}
		not := strings.Join(undone.NotRestored(), "\n")
		if len(undone.NotRestored()) != 4 || strings.Count(not, "left again on") != 2 || strings.Count(not, "was removed meanwhile") != 2 {
			t.Errorf("not restored:\n%s", not)
		}
	}, modelstest.WithNow(clock.Now))
}
