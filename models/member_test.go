package models_test

import (
	"slices"
	"strings"
	"testing"

	"gatehouse/models"
)

func TestDeactivationEndsSessionsAtOnce(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		f.givePassword(bo)
		token := f.signIn(bo)
		f.session(bo, models.MethodSSO)
		mark := f.mark()
		must(t, f.DeactivateMember(ctx, f.actor, models.Admin, f.org.ID, bo.ID))
		f.isSignedOut(token)
		if n := f.countSessions(bo); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		e := f.event(mark, "member.deactivated")
		if after := facts(t, e.After); after["sessions_ended"] != 2.0 || after["by"] != "admin" || e.TargetID != bo.ID {
			t.Errorf("audited as %s on %s", e.After, e.TargetID)
		}
		_, err := f.PasswordSignIn(ctx, someClient, bo.Address(), goodPassword, false)
		f.refuses(err, models.Forbidden, "not an active member")
		// Again changes nothing and writes nothing.
		mark = f.mark()
		must(t, f.DeactivateMember(ctx, f.actor, models.Admin, f.org.ID, bo.ID))
		if got := f.events(mark); len(got) != 0 {
			t.Errorf("deactivating twice is audited: %v", actions(got))
		}
		// A session of before does not come to life with the person.
		must(t, f.ReactivateMember(ctx, f.actor, models.Admin, f.org.ID, bo.ID))
		f.isSignedOut(token)
		f.signedIn(f.signIn(bo))
	})
}

func TestDeactivationOfTheCommandLineIsTheOperators(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		bo := f.add("bo", models.RoleMember)
		must(t, f.DeactivateMember(t.Context(), byOperator, models.Owner, f.org.ID, bo.ID))
		if by := f.again(bo).DeactivatedBy; by == nil || *by != models.ByOperator {
			t.Errorf("deactivated by %v", by)
		}
	})
}

func TestReactivationBringsTeamsBack(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		f.givePassword(bo)
		team := f.team("Ops", bo)
		must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Admin)))
		must(t, f.DeactivateMember(ctx, f.actor, models.Admin, f.org.ID, bo.ID))
		must(t, f.ReactivateMember(ctx, f.actor, models.Admin, f.org.ID, bo.ID))
		if s := f.signedIn(f.signIn(bo)); s.Role != models.Admin || !s.CanManage() {
			t.Errorf("the role is %s", s.Role)
		}
		if m := f.again(bo); m.DeactivatedAt != nil || m.DeactivatedBy != nil || m.Status != models.Active {
			t.Errorf("back as %+v", m)
		}
	})
}

func TestAnAddressIsOnceInAnOrganization(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.AddMember(ctx, f.actor, f.org.ID, strings.ToUpper(f.owner.Address()), "", "", models.RoleMember, "")
		f.refuses(err, models.Conflict, "is a member of this organization already")
		_, _, err = f.Invite(ctx, f.actor, models.Owner, f.org.ID, f.owner.Address(), "", models.RoleMember)
		f.wantKind(err, models.Conflict)
		errs := race(8, func(int) error {
			_, err := f.AddMember(ctx, f.actor, f.org.ID, "twin@"+f.domain, "", "", models.RoleMember, "")
			return err
		})
		if succeeded(errs) != 1 {
			t.Errorf("%d of 8 added the same address: %v", succeeded(errs), errs)
		}
	})
}

// Accept the write, hold the effect: see PRODUCT.md §8.
func TestTheHoldEndsWithTheVerification(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		ana, bo := f.held("ana@new.example", models.HeldDomainUnverified), f.held("bo@sub.new.example", models.HeldDomainUnverified)
		wild, none := f.held("cy@xnew.example", models.HeldDomainUnverified), f.held("", models.HeldNoAddress)
		gone := f.held("gone@new.example", models.HeldDomainUnverified)
		must(t, f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, gone.ID))
		d, err := f.ClaimDomain(ctx, f.actor, f.org.ID, "new.example", "token")
		must(t, err)
		if d, err = f.Domain(ctx, f.org.ID, d.ID); err != nil || d.Members != 2 || d.Held != 2 {
			t.Errorf("%d members, %d held on %s: %v", d.Members, d.Held, d.Domain, err)
		}
		mark := f.mark()
		must(t, f.VouchForDomain(ctx, f.actor, f.org.ID, d.ID))
		if m := f.again(ana); m.Held() != "" || m.AccountID == nil || m.Status != models.Active {
			t.Errorf("ana is %+v", m)
		}
		if m := f.again(gone); m.Held() != "" || m.AccountID == nil || m.Status != models.Inactive {
			t.Errorf("the deactivated one is %+v", m)
		}
		for _, m := range []*models.Member{bo, wild, none} {
			if f.again(m).Held() != m.Held() {
				t.Errorf("%s is no longer held", m.Label())
			}
		}
		if got := actions(f.events(mark)); !slices.Equal(got, []string{"domain.verified", "member.released", "member.released"}) {
			t.Errorf("audited as %v", got)
		}
		if after := facts(t, f.event(mark, "domain.verified").After); after["people_released"] != 2.0 {
			t.Errorf("domain.verified says %v", after)
		}
	})
}

func TestAFreeAddressGoesToWhoWaitedLongest(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.verify(f.org.ID, f.domain)
		address := "shared@" + f.domain
		invited, _, err := f.Invite(ctx, f.actor, models.Owner, f.org.ID, address, "", models.RoleMember)
		must(t, err)
		first := f.held(address, models.HeldAddressTaken)
		f.clock.Advance(1e9)
		second := f.held(address, models.HeldAddressTaken)
		must(t, f.RevokeInvitation(ctx, f.actor, f.org.ID, invited.ID))
		if m := f.again(first); m.Held() != "" || m.AccountID == nil {
			t.Errorf("the first is still held: %s", m.Held())
		}
		if m := f.again(second); m.Held() != models.HeldAddressTaken {
			t.Errorf("the second is %q", m.Held())
		}
	})
}

// Verifying a domain of a large organization is one change of thousands of people.
func TestThousandsAreReleasedAtOnce(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		const people = 6000
		f.Execute(t, `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
			insert into members (id, org_id, role, status, source, email, held_reason, user_name, user_name_key, scim_managed, created_at, updated_at)
			select 'mem_' || i, ?, 'member', 'active', 'scim', 'p' || i || '@large.example', 'domain_unverified', 'p' || i, 'p' || i, ?, ?, ? from n`,
			people, f.org.ID, true, f.Now(), f.Now())
		d := f.verify(f.org.ID, "large.example")
		if d.Held != 0 || d.Members != people {
			t.Errorf("%d of %d are still held", d.Held, d.Members)
		}
		n, err := f.CountAuditEvents(t.Context(), f.org.ID, models.AuditFilter{Action: "member.released"})
		if err != nil || n != people {
			t.Errorf("%d events, %v", n, err)
		}
	})
}
