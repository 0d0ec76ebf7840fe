package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// claim claims a domain for an organization.
func (f *fixture) claim(orgID, domain string) *models.Domain {
	f.t.Helper()
	d, err := f.ClaimDomain(f.t.Context(), f.actor, orgID, domain, "token-"+orgID)
	must(f.t, err)
	return d
}

// look records what a look at DNS found and returns the claim after it.
func (f *fixture) look(d *models.Domain, c models.DomainCheck) (*models.Domain, error) {
	f.t.Helper()
	c.Next = f.Now().Add(time.Hour)
	return f.RecordDomainCheck(f.t.Context(), f.actor, d.OrgID, d.ID, c)
}

var (
	recordThere = models.DomainCheck{Verified: true, Reason: "verified", Sentence: "The record is there.", Seen: []string{"gatehouse-domain-verify=token"}}
	recordGone  = models.DomainCheck{Reason: "nothing", Sentence: "There is no TXT record.", Seen: nil}
	noAnswer    = models.DomainCheck{Reason: "unreachable", Sentence: "The resolver did not answer.", Unreachable: true}
)

func TestADomainMovesThroughItsStates(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		d := f.claim(f.org.ID, f.domain)
		if d.Status != models.DomainWaiting || d.Counts() || d.NextCheckAt == nil || !d.NextCheckAt.Equal(f.Now()) {
			t.Fatalf("claimed as %+v", d)
		}
		for i, step := range []struct {
			wait  time.Duration
			found models.DomainCheck
			want  models.DomainStatus
			event string // empty if nothing an admin asks about happens
			told  bool
		}{
			{0, recordGone, models.DomainWaiting, "", false},
			{time.Minute, noAnswer, models.DomainWaiting, "", false},
			{time.Minute, recordThere, models.DomainVerified, "domain.verified", false},
			{time.Hour, recordThere, models.DomainVerified, "", false},
			{time.Hour, noAnswer, models.DomainVerified, "", false},
			{time.Hour, recordGone, models.DomainLapsing, "domain.lapsing", true},
			{time.Hour, noAnswer, models.DomainLapsing, "", false},
			{time.Hour, recordThere, models.DomainVerified, "domain.verified", false}, // back in time
			{time.Hour, recordGone, models.DomainLapsing, "domain.lapsing", true},
			{models.LapseGrace - time.Second, recordGone, models.DomainLapsing, "", false},
			{10 * models.LapseGrace, noAnswer, models.DomainLapsing, "", false}, // silence takes nothing away
			{time.Second, recordGone, models.DomainLapsed, "domain.lapsed", true},
			{time.Hour, recordGone, models.DomainLapsed, "", false},
			{time.Hour, recordThere, models.DomainVerified, "domain.verified", false},
		} {
			f.clock.Advance(step.wait)
			mark, told := f.mark(), len(f.notices())
			now, err := f.look(d, step.found)
			must(t, err)
			if now.Status != step.want || now.Counts() != (step.want == models.DomainVerified || step.want == models.DomainLapsing) || (now.LapsingSince != nil) != (step.want == models.DomainLapsing || step.want == models.DomainLapsed) {
				t.Fatalf("step %d: %s since %v, want %s", i, now.Status, now.LapsingSince, step.want)
			}
			want := []string{}
			if step.event != "" {
				want = append(want, step.event)
			}
			if got := actions(f.events(mark)); !slices.Equal(got, want) {
				t.Errorf("step %d: audited %v, want %v", i, got, want)
			}
			if got := len(f.notices()) > told; got != step.told {
				t.Errorf("step %d: told %v", i, got)
			}
			if now.Reason != step.found.Reason || now.Sentence != step.found.Sentence || !slices.Equal(now.SeenValues(), step.found.Seen) || now.Attempts != i+1 ||
				!now.CheckedAt.Equal(f.Now()) || !now.NextCheckAt.Equal(f.Now().Add(time.Hour)) {
				t.Errorf("step %d: noted %+v", i, now)
			}
		}
	})
}

func TestClaimingAgainReturnsTheClaim(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		first := f.claim(f.org.ID, f.domain)
		mark := f.mark()
		again, err := f.ClaimDomain(t.Context(), f.actor, f.org.ID, f.domain, "another token")
		must(t, err)
		if again.ID != first.ID || again.Token != first.Token || len(f.events(mark)) != 0 {
			t.Errorf("claimed again as %+v", again)
		}
		errs := race(6, func(int) error {
			_, err := f.ClaimDomain(t.Context(), f.actor, f.org.ID, "race."+f.domain, "token")
			return err
		})
		if succeeded(errs) != 6 {
			t.Errorf("claiming at once: %v", errs)
		}
		list, err := f.Domains(t.Context(), f.org.ID)
		must(t, err)
		if len(list) != 2 {
			t.Errorf("%d claims", len(list))
		}
	})
}

func TestTheOperatorsWordStandsWithoutARecord(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		d := f.verify(f.org.ID, f.domain)
		for _, found := range []models.DomainCheck{recordGone, recordThere, recordGone} {
			f.clock.Advance(models.LapseGrace * 2)
			now, err := f.look(d, found)
			must(t, err)
			if now.Status != models.DomainVerified || *now.VerifiedBy != "operator" {
				t.Errorf("%s by %s", now.Status, *now.VerifiedBy)
			}
		}
	})
}

func TestAVerifiedDomainBelongsToOneOrganization(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		mine, theirs := f.claim(f.org.ID, f.domain), f.claim(f.other.ID, f.domain)
		if now, err := f.look(theirs, recordGone); err != nil || now.ClaimedElsewhere {
			t.Errorf("two may wait: %+v, %v", now, err)
		}
		must(t, f.VouchForDomain(ctx, f.actor, f.other.ID, theirs.ID))
		f.refuses(f.VouchForDomain(ctx, f.actor, f.org.ID, mine.ID), models.Conflict, "Another organization")
		now, err := f.look(mine, recordThere)
		f.refuses(err, models.Conflict, "Another organization")
		if now == nil || now.Status != models.DomainWaiting || !now.ClaimedElsewhere || now.Reason != "claimed_elsewhere" || now.Sentence == "" || now.Attempts != 1 {
			t.Errorf("shown as %+v", now)
		}
		// A lapsing one still belongs to its organization, a lapsed one to whoever proves it.
		f.Execute(t, "update domains set verified_by = 'dns' where id = ?", theirs.ID)
		_, err = f.look(theirs, recordGone)
		must(t, err)
		f.wantKind(f.VouchForDomain(ctx, f.actor, f.org.ID, mine.ID), models.Conflict)
		f.clock.Advance(models.LapseGrace)
		_, err = f.look(theirs, recordGone)
		must(t, err)
		f.clock.Advance(time.Second)
		now, err = f.look(mine, recordThere)
		must(t, err)
		if now.Status != models.DomainVerified || now.ClaimedElsewhere {
			t.Errorf("mine is %+v", now)
		}
		lost, err := f.Domain(ctx, f.other.ID, theirs.ID)
		must(t, err)
		if lost.Status != models.DomainWaiting || !lost.ClaimedElsewhere || lost.VerifiedBy != nil {
			t.Errorf("theirs is %+v", lost)
		}
		// Who lost it reads why in their own audit log, and is told.
		if n, err := f.CountAuditEvents(ctx, f.other.ID, models.AuditFilter{Action: "domain.lost"}); n != 1 || err != nil {
			t.Errorf("%d events, %v", n, err)
		}
		notices, err := f.Notices(ctx, f.other.ID, 1)
		must(t, err)
		if len(notices) != 1 || notices[0].Subject != f.domain+": claimed elsewhere" {
			t.Errorf("told %+v", notices)
		}
		events, err := f.AuditEvents(ctx, f.other.ID, models.AuditFilter{Action: "domain.lost"})
		must(t, err)
		if events[0].ActorID != "" || events[0].ActorLabel == f.actor.Label {
			t.Errorf("they read who it was: %+v", events[0])
		}
	})
}

func TestOneOrganizationWinsTheRaceForADomain(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		for i := range 5 {
			domain := string(rune('a'+i)) + "." + f.domain
			claims := []*models.Domain{f.claim(f.org.ID, domain), f.claim(f.other.ID, domain)}
			errs := race(4, func(i int) error {
				if i < 2 {
					return f.VouchForDomain(t.Context(), byOperator, claims[i].OrgID, claims[i].ID)
				}
				_, err := f.look(claims[i-2], recordThere)
				return err
			})
			verified := 0
			for _, d := range claims {
				d, err := f.Domain(t.Context(), d.OrgID, d.ID)
				must(t, err)
				if d.Counts() {
					verified++
				}
			}
			if verified != 1 {
				t.Fatalf("%d organizations have verified it: %v", verified, errs)
			}
			for _, err := range errs {
				if err != nil {
					f.wantKind(err, models.Conflict)
				}
			}
		}
	})
}

func TestTheLastVerifiedDomainStaysWhileSSOIsOn(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		d := f.turnOn(false, false)
		waiting := f.claim(f.org.ID, "waiting."+f.domain)
		f.refuses(f.RemoveDomain(ctx, f.actor, f.org.ID, d.ID), models.Conflict, "last verified domain")
		must(t, f.RemoveDomain(ctx, f.actor, f.org.ID, waiting.ID))
		second := f.verify(f.org.ID, "second."+f.domain)
		// Two admins who each remove one leave one.
		errs := race(2, func(i int) error {
			return f.RemoveDomain(ctx, f.actor, f.org.ID, []string{d.ID, second.ID}[i])
		})
		if succeeded(errs) != 1 {
			t.Errorf("%d of 2 removals succeeded: %v", succeeded(errs), errs)
		}
		must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Enabled: ptr(false)}))
		list, err := f.Domains(ctx, f.org.ID)
		must(t, err)
		must(t, f.RemoveDomain(ctx, f.actor, f.org.ID, list[0].ID))
		// Given up, another organization may have it.
		f.verify(f.other.ID, list[0].Domain)
	})
}

func TestDomainsHaveALimit(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.Execute(t, `with recursive n(i) as (select 1 union all select i + 1 from n where i < 200)
			insert into domains (id, org_id, domain, token, status, created_at) select 'dom_' || i, ?, 'd' || i || '.example', 't', 'waiting', ? from n`, f.org.ID, f.Now())
		_, err := f.ClaimDomain(t.Context(), f.actor, f.org.ID, "onemore.example", "t")
		f.refuses(err, models.Conflict, "the most")
	})
}

func TestADueDomainIsLookedAtByOneInstance(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for i := range 6 {
			f.claim(f.org.ID, string(rune('a'+i))+"."+f.domain)
		}
		later := f.claim(f.other.ID, "later."+f.domain)
		f.Execute(t, "update domains set next_check_at = ? where id = ?", f.Now().Add(time.Minute), later.ID)
		seen := make([][]models.DueDomain, 4)
		errs := race(len(seen), func(i int) (err error) {
			seen[i], err = f.DueDomains(ctx, 4, time.Minute)
			return err
		})
		if succeeded(errs) != len(errs) {
			t.Fatal(errs)
		}
		once := map[string]bool{}
		for _, list := range seen {
			for _, d := range list {
				if once[d.ID] || d.ID == later.ID || d.Domain == "" || d.Token == "" || d.OrgID == "" {
					t.Errorf("got %+v", d)
				}
				once[d.ID] = true
			}
		}
		// Whoever died before looking leaves them to the next after the lease.
		f.clock.Advance(time.Minute)
		due, err := f.DueDomains(ctx, 100, time.Minute)
		must(t, err)
		if len(due) != 7 {
			t.Errorf("%d are due after the lease", len(due))
		}
	})
}

func TestMembersAreCountedByTheirDomainExactly(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.addTo(f.org.ID, "a@count.example", models.RoleMember)
		f.addTo(f.org.ID, "b@count.example", models.RoleMember)
		f.addTo(f.org.ID, "c@sub.count.example", models.RoleMember)
		f.addTo(f.org.ID, "d@xcount.example", models.RoleMember)
		f.held("e@count.example", models.HeldDomainUnverified)
		f.held("f@count.example", models.HeldAddressTaken)
		f.held("", models.HeldNoAddress)
		f.addTo(f.other.ID, "g@count.example", models.RoleMember)
		f.claim(f.org.ID, "count.example")
		f.claim(f.org.ID, "empty.example")
		list, err := f.Domains(t.Context(), f.org.ID)
		must(t, err)
		if len(list) != 2 || list[0].Members != 4 || list[0].Held != 1 || list[1].Members != 0 || list[1].Held != 0 {
			t.Errorf("counted %+v", list)
		}
		d, err := f.Domain(t.Context(), f.org.ID, list[0].ID)
		must(t, err)
		if d.Members != 4 || d.Held != 1 {
			t.Errorf("counted %+v", d)
		}
	})
}

// A domain that is given up, or that another organization has verified after it lapsed here, ends the sessions of single sign-on of people on
// it. One that only lapses does not: those who signed in before keep signing in (PRODUCT.md §4).
func TestGivingADomainUpEndsItsSessions(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		given, kept := f.verify(f.org.ID, "given.example"), f.verify(f.org.ID, "kept.example")
		there, elsewhere, sub := f.addTo(f.org.ID, "bo@given.example", models.RoleMember), f.addTo(f.org.ID, "cy@kept.example", models.RoleMember), f.addTo(f.org.ID, "di@sub.given.example", models.RoleMember)
		abroad := f.addTo(f.other.ID, "eve@given.example", models.RoleMember)
		for _, m := range []*models.Member{there, elsewhere, sub, abroad} {
			f.session(m, models.MethodSSO)
		}
		f.session(there, models.MethodSSO)
		f.session(there, models.MethodPassword)
		want := func(m *models.Member, n int) {
			t.Helper()
			if got := f.countSessions(m); got != n {
				t.Errorf("%s has %d sessions, want %d", m.Address(), got, n)
			}
		}
		mark := f.mark()
		must(t, f.RemoveDomain(ctx, f.actor, f.org.ID, given.ID))
		want(there, 1) // by password
		want(elsewhere, 1)
		want(sub, 1)
		want(abroad, 1)
		if e := f.events(mark); len(e) != 1 || !strings.Contains(e[0].After, `"sessions_ended":2`) {
			t.Errorf("audited: %+v", e)
		}

		f.Execute(t, "update domains set verified_by = 'dns' where id = ?", kept.ID)
		for range 2 {
			_, err := f.RecordDomainCheck(ctx, f.actor, f.org.ID, kept.ID, models.DomainCheck{Next: f.Now()})
			must(t, err)
			want(elsewhere, 1)
			f.clock.Advance(models.LapseGrace)
			f.session(elsewhere, models.MethodSSO)
		}
		if d, err := f.Domain(ctx, f.org.ID, kept.ID); err != nil || d.Status != models.DomainLapsed {
			t.Fatalf("%+v, %v", d, err)
		}
		want(elsewhere, 1)
		f.verify(f.other.ID, "kept.example")
		want(elsewhere, 0)
	})
}
