package handlers

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/models"
)

func TestAMassDeactivationIsUndoneFromThePage(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		var ids []string
		for i := range 12 {
			p := v.ask("POST", "/Users", fmt.Sprintf(`{"userName":"p%d@acme.com","displayName":"Person %d"}`, i, i))
			ids = append(ids, strings.Split(strings.Split(p.body, `"id":"`)[1], `"`)[0])
		}
		owner := a.signIn("ana@acme.com")
		owner.get(scimPath).wantStatus(200).wantText("main", "acts at once")
		for i, id := range ids {
			if i < 11 {
				v.ask("PATCH", "/Users/"+id, `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`)
			} else {
				v.ask("DELETE", "/Users/"+id, "")
			}
		}
		if _, err := a.db.NoteBursts(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.signIn("ana@acme.com").get(ssoPath).wantStatus(200).wantText("body", "The directory deactivated 12 people")
		p := owner.get(scimPath).wantStatus(200).wantText("main", "The directory deactivated 12 people")
		bursts, err := a.db.Bursts(t.Context(), v.org.ID)
		if err != nil || len(bursts) != 1 {
			t.Fatalf("%d bursts, %v", len(bursts), err)
		}
		p.form(scimPath+"/bursts/"+bursts[0].ID+"/undo").submit().wantRedirect(scimPath).follow().wantStatus(200).wantText("main", "Undone by")
		rows, err := a.db.People(t.Context(), v.org.ID, models.MemberFilter{Status: models.Active})
		if err != nil || len(rows) != 13 {
			t.Errorf("%d people are active, want 13, %v", len(rows), err)
		}
		owner.get(scimPath).form(scimPath+"/hold").submit().wantRedirect(scimPath).follow().wantText("main", "waits for a decision")
		if on, err := a.db.HoldsDeactivations(t.Context(), v.org.ID); err != nil || !on {
			t.Errorf("held: %t, %v", on, err)
		}
		admin := a.member(v.org, "adam@acme.com", models.Admin)
		_ = admin
		a.signIn("adam@acme.com").post(scimPath+"/hold", "org", v.org.ID).wantStatus(403)
	})
}
