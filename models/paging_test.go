package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gatehouse/models"
)

// fill adds many members past the doors: a third without a name, the others named alike but for capitals.
func (f *fixture) fill(n int) {
	f.t.Helper()
	const numbers = "with recursive n(i) as (select 10001 union all select i + 1 from n where i < ?) "
	f.Execute(f.t, numbers+"insert into accounts (id, email, created_at, updated_at) select 'acc_' || i, 'p' || i || '@many.example', ?, ? from n", 10000+n, f.Now(), f.Now())
	f.Execute(f.t, numbers+`insert into members (id, org_id, account_id, role, status, source, email, user_name, user_name_key, display_name, created_at, updated_at)
		select 'mem_' || i, ?, 'acc_' || i, 'member', 'active', 'operator', 'p' || i || '@many.example', 'p' || i, 'p' || i,
		case when i % 3 = 0 then '' when i % 3 = 1 then 'Ana Novak' else 'ana novak' end, ?, ? from n`, 10000+n, f.org.ID, f.Now(), f.Now())
}

func TestPagesOfPeopleAreWholeAndWithoutRepetition(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		const people = 700
		f.fill(people)
		ctx := t.Context()
		var forward []string
		filter := models.MemberFilter{Limit: 97}
		var last []models.PersonRow
		for {
			page, err := f.People(ctx, f.org.ID, filter)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, row := range page {
				forward = append(forward, row.ID)
			}
			last = page
			filter.AfterName, filter.AfterID = page[len(page)-1].SortKey, page[len(page)-1].ID
		}
		if len(forward) != people+1 || len(slices.Compact(slices.Sorted(slices.Values(forward)))) != people+1 {
			t.Fatalf("%d rows of %d people", len(forward), people+1)
		}
		// Back to front, page by page, it is the same list.
		var backward []string
		for i := len(last) - 1; i >= 0; i-- {
			backward = append(backward, last[i].ID)
		}
		filter = models.MemberFilter{Limit: 97, Before: true, AfterName: last[0].SortKey, AfterID: last[0].ID}
		for {
			page, err := f.People(ctx, f.org.ID, filter)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for i := len(page) - 1; i >= 0; i-- {
				backward = append(backward, page[i].ID)
			}
			filter.AfterName, filter.AfterID = page[0].SortKey, page[0].ID
		}
		slices.Reverse(backward)
		if !slices.Equal(forward, backward) {
			t.Error("backwards is another list")
		}
		// Nobody reads more than a page, whatever they ask for.
		for _, limit := range []int{0, -1, 1 << 30} {
			page, err := f.People(ctx, f.org.ID, models.MemberFilter{Limit: limit})
			must(t, err)
			if len(page) != models.MaxPeoplePage {
				t.Errorf("limit %d gives %d", limit, len(page))
			}
		}
		if n, err := f.CountMatching(ctx, f.org.ID, models.MemberFilter{Text: "ana NOVAK"}); n != 467 || err != nil {
			t.Errorf("counted %d, %v", n, err)
		}
		start := time.Now()
		for range 5 {
			_, err := f.People(ctx, f.org.ID, models.MemberFilter{Limit: 50, Text: "novak"})
			must(t, err)
		}
		if took := time.Since(start) / 5; took > 500*time.Millisecond {
			t.Errorf("a page of 50 takes %v", took)
		}
	})
}

func TestPagesOfTeams(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for i := range 25 {
			f.team(fmt.Sprintf("Team %02d", i), f.owner)
		}
		// Groups of the directory may bear the name of a team here: equal keys on one page's edge.
		for i := range 4 {
			f.Execute(t, `insert into teams (id, org_id, name, name_key, managed, directory_name, directory_key, created_at, updated_at)
				values (?, ?, 'Team 03', 'team 03', ?, ?, ?, ?, ?)`, fmt.Sprint("team_", i), f.org.ID, true, fmt.Sprint("g", i), fmt.Sprint("g", i), f.Now(), f.Now())
		}
		var seen []string
		key, id := "", ""
		for {
			page, err := f.Teams(ctx, f.org.ID, "team", key, id, 3)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, row := range page {
				seen = append(seen, row.ID)
				if row.Members != map[bool]int{false: 1}[row.Managed] {
					t.Errorf("%s has %d members", row.Name, row.Members)
				}
			}
			key, id = page[len(page)-1].NameKey, page[len(page)-1].ID
		}
		if len(seen) != 29 || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != 29 {
			t.Errorf("%d rows of 29 teams", len(seen))
		}
		for _, limit := range []int{-1, 0, 1 << 40} {
			if _, err := f.Teams(ctx, f.org.ID, "", "", "", limit); err != nil {
				t.Errorf("limit %d: %v", limit, err)
			}
			if _, err := f.Notices(ctx, f.org.ID, limit); err != nil {
				t.Errorf("limit %d: %v", limit, err)
			}
			if _, err := f.Readinesses(ctx, f.org.ID, limit); err != nil {
				t.Errorf("limit %d: %v", limit, err)
			}
		}
	})
}

func TestPagesOfTheAuditLog(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for i := range 40 {
			f.team(fmt.Sprint("Team ", i))
			if i%7 == 0 {
				f.clock.Advance(time.Millisecond)
			}
		}
		all, err := f.AuditEvents(ctx, f.org.ID, models.AuditFilter{})
		must(t, err)
		var seen []string
		filter := models.AuditFilter{Limit: 7}
		for {
			page, err := f.AuditEvents(ctx, f.org.ID, filter)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				seen = append(seen, e.ID)
			}
			filter.After = page[len(page)-1].ID
		}
		if len(seen) != len(all) || !slices.IsSortedFunc(seen, func(a, b string) int { return -compare(a, b) }) {
			t.Errorf("%d of %d events, or not newest first", len(seen), len(all))
		}
		if n, err := f.CountAuditEvents(ctx, f.org.ID, models.AuditFilter{Action: "team"}); n != 40 || err != nil {
			t.Errorf("counted %d, %v", n, err)
		}
		// An object is a whole word of the action, and what is looked for is literal.
		for _, action := range []string{"tea", "team.", "%", "team_created", "_eam"} {
			if n, err := f.CountAuditEvents(ctx, f.org.ID, models.AuditFilter{Action: action}); n != 0 || err != nil {
				t.Errorf("%q counts %d, %v", action, n, err)
			}
		}
	})
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// The events of one change come in the order in which they happened, on the page and in the chain.
func TestEventsOfOneChangeAreInOrder(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.verify(f.org.ID, f.domain)
		for range 5 {
			f := newFixture(t, f.DB, f.clock)
			f.verify(f.org.ID, f.domain)
			must(t, f.operatorSets(models.Switches{Enabled: ptr(true)}))
			list, err := f.AuditEvents(t.Context(), f.org.ID, models.AuditFilter{Action: "sso_connection"})
			must(t, err)
			if got := actions(list); !slices.Equal(got, []string{"sso_connection.switched", "sso_connection.changed"}) {
				t.Fatalf("newest first: %v", got)
			}
		}
	})
}
