package models_test

import (
	"fmt"
	"sync"
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestMembersAreCountedExactly(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := t.Context()
		d := newDirectory(t, db)
		want := 1 // the owner
		check := func(after string) {
			t.Helper()
			if n := db.MemberCount(t, d.org.ID); n != want {
				t.Errorf("after %s: %d members, want %d", after, n, want)
			}
			list, total, err := db.SCIMMembers(ctx, d.call(), models.SCIMQuery{StartIndex: 1, Count: 1000})
			if err != nil || total != want || len(list) != want {
				t.Errorf("after %s: a page of %d with a total of %d, want %d, %v", after, len(list), total, want, err)
			}
		}
		check("nothing")
		var wg sync.WaitGroup
		for i := range 120 {
			wg.Go(func() { d.create(person(fmt.Sprintf("p%d@acme.com", i))) })
			if i%40 == 0 {
				wg.Go(func() {
					if err := db.CompactMemberCounts(ctx); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		want += 120
		check("creation by a directory")
		if err := db.CompactMemberCounts(ctx); err != nil {
			t.Fatal(err)
		}
		check("compaction")
		held := d.create(person("somebody@elsewhere.example"))
		want++
		check("creation of somebody who is held")
		if err := db.DeleteSCIMMember(ctx, d.call(), held.ID); err != nil {
			t.Fatal(err)
		}
		want--
		check("deletion by the directory")
		if _, err := db.AddMember(ctx, models.Actor{Kind: models.Operator}, d.org.ID, "new@acme.com", "", "", models.RoleMember, ""); err != nil {
			t.Fatal(err)
		}
		want++
		check("the operator")
		m, _, err := db.Invite(ctx, models.Actor{Kind: models.Person}, models.Owner, d.org.ID, "guest@acme.com", "", models.RoleMember)
		if err != nil {
			t.Fatal(err)
		}
		want++
		check("an invitation")
		if err := db.RevokeInvitation(ctx, models.Actor{Kind: models.Person}, d.org.ID, m.ID); err != nil {
			t.Fatal(err)
		}
		want--
		check("its end")
	})
}

func TestPagesInSequenceMissNobodyAndRepeatNobody(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		for i := range 25 {
			d.create(person(fmt.Sprintf("p%d@acme.com", i)))
		}
		seen := map[string]bool{}
		for start := 1; start <= 26; start += 10 {
			list, total, err := db.SCIMMembers(t.Context(), d.call(), models.SCIMQuery{StartIndex: start, Count: 10})
			if err != nil || total != 26 {
				t.Fatalf("total %d, %v", total, err)
			}
			for _, m := range list {
				if seen[m.ID] {
					t.Errorf("%s is on two pages", m.ID)
				}
				seen[m.ID] = true
			}
		}
		if len(seen) != 26 {
			t.Errorf("%d people on all pages, want 26", len(seen))
		}
		// A jump that no walk prepared.
		list, _, err := db.SCIMMembers(t.Context(), d.call(), models.SCIMQuery{StartIndex: 24, Count: 10})
		if err != nil || len(list) != 3 {
			t.Errorf("%d people from the 24th on, want 3, %v", len(list), err)
		}
	})
}
