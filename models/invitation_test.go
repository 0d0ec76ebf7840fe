package models_test

import (
	"testing"
	"time"

	"gatehouse/models"
)

// invite invites somebody and returns the link's secret.
func (f *fixture) invite(email string) (*models.Member, string) {
	f.t.Helper()
	m, secret, err := f.Invite(f.t.Context(), f.actor, models.Owner, f.org.ID, email, "", models.RoleMember)
	must(f.t, err)
	return m, secret
}

func TestAnInvitationMakesAMemberOnce(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		m, secret := f.invite("Bo@" + f.domain)
		if m.Status != models.Invited || m.AccountID != nil || m.Address() != "bo@"+f.domain {
			t.Errorf("invited as %+v", m)
		}
		inv, err := f.Invitation(ctx, secret)
		must(t, err)
		if inv.Email != m.Address() || inv.Organization != "Acme" || !inv.NeedsPassword || inv.InvitedBy != f.actor.Label {
			t.Errorf("the page shows %+v", inv)
		}
		_, err = f.AcceptInvitation(ctx, someClient, secret, "", "", goodPassword)
		f.wantKind(err, models.Invalid)
		_, err = f.AcceptInvitation(ctx, someClient, secret, "Bo", "Berg", "short")
		f.wantKind(err, models.Invalid)
		token, err := f.AcceptInvitation(ctx, someClient, secret, "Bo", "Berg", goodPassword)
		must(t, err)
		s := f.signedIn(token)
		if s.Member.ID != m.ID || s.Member.DisplayName != "Bo Berg" || s.Account.ProvenBy == nil || *s.Account.ProvenBy != "link" || !s.SteppedUp(f.Now()) {
			t.Errorf("signed in as %+v, account %+v", s.Member, s.Account)
		}
		_, err = f.AcceptInvitation(ctx, someClient, secret, "Bo", "Berg", goodPassword)
		f.refuses(err, models.NotFound, "used already")
		_, _, err = f.ResendInvitation(ctx, f.actor, f.org.ID, m.ID)
		f.refuses(err, models.Conflict, "accepted")
		f.refuses(f.RevokeInvitation(ctx, f.actor, f.org.ID, m.ID), models.Conflict, "accepted")
	})
}

func TestOnlyTheLatestInvitationLinkWorks(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		m, first := f.invite("bo@" + f.domain)
		_, second, err := f.ResendInvitation(ctx, f.actor, f.org.ID, m.ID)
		must(t, err)
		_, err = f.Invitation(ctx, first)
		f.wantKind(err, models.NotFound)
		_, err = f.Invitation(ctx, second)
		must(t, err)
		_, err = f.Invitation(ctx, "no such secret\x00\xff")
		f.wantKind(err, models.NotFound)
		if _, err = f.PasswordLinkEmail(ctx, second); !models.IsKind(err, models.NotFound) {
			t.Errorf("an invitation is taken for a password link: %v", err)
		}
		f.clock.Advance(7 * 24 * time.Hour)
		_, err = f.Invitation(ctx, second)
		f.wantKind(err, models.NotFound)
		_, third, err := f.ResendInvitation(ctx, f.actor, f.org.ID, m.ID)
		must(t, err)
		must(t, f.RevokeInvitation(ctx, f.actor, f.org.ID, m.ID))
		_, err = f.Invitation(ctx, third)
		f.wantKind(err, models.NotFound)
		_, err = f.Member(ctx, f.org.ID, m.ID)
		f.wantKind(err, models.NotFound)
		// Deactivating somebody who was invited kills the link too.
		m, fourth := f.invite("bo@" + f.domain)
		must(t, f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, m.ID))
		_, err = f.Invitation(ctx, fourth)
		f.wantKind(err, models.NotFound)
	})
}

func TestALinkAloneOpensNoAccountThatHasAPassword(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		gus := f.addTo(f.other.ID, "gus2@"+f.domain, models.RoleMember)
		f.givePassword(gus)
		_, secret := f.invite(gus.Address())
		inv, err := f.Invitation(ctx, secret)
		must(t, err)
		if inv.NeedsPassword {
			t.Error("the page asks somebody with a password for a new one")
		}
		_, err = f.AcceptInvitation(ctx, someClient, secret, "", "", "another good password")
		f.wantKind(err, models.Unauthenticated)
		token, err := f.AcceptInvitation(ctx, someClient, secret, "", "", goodPassword)
		must(t, err)
		if s := f.signedIn(token); s.Account.ID != *gus.AccountID || s.Organization.ID != f.org.ID {
			t.Errorf("signed in as %+v", s)
		}
	})
}

func TestIdPManagedAccessClosesInvitations(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		m, secret := f.invite("before@" + f.domain)
		d := f.turnOn(false, true)
		_, _, err := f.Invite(ctx, f.actor, models.Owner, f.org.ID, "new@"+f.domain, "", models.RoleMember)
		f.refuses(err, models.Conflict, "IdP Managed Access")
		_, _, err = f.ResendInvitation(ctx, f.actor, f.org.ID, m.ID)
		f.refuses(err, models.Conflict, "IdP Managed Access")
		_, err = f.AcceptInvitation(ctx, someClient, secret, "Be", "Fore", goodPassword)
		f.refuses(err, models.Conflict, "Sign in with single sign-on")
		// On other domains, below this one too, people are still invited.
		f.invite("new@elsewhere.example")
		f.invite("new@sub." + f.domain)
		managed := func(on bool) { must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{IDPManaged: &on})) }
		managed(false)
		f.invite("new@" + f.domain)
		_, err = f.AcceptInvitation(ctx, someClient, secret, "Be", "Fore", goodPassword)
		must(t, err)
		// A lapsed domain stays closed: it is still the identity provider's.
		managed(true)
		f.lapse(d)
		_, _, err = f.Invite(ctx, f.actor, models.Owner, f.org.ID, "later@"+f.domain, "", models.RoleMember)
		f.wantKind(err, models.Conflict)
	})
}

func TestUnderRequireSSOAnInvitationGivesMembershipAndNoSession(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.givePassword(f.owner)
		f.turnOn(true, false)
		m, secret := f.invite("bo@" + f.domain)
		token, err := f.AcceptInvitation(t.Context(), someClient, secret, "Bo", "Berg", goodPassword)
		must(t, err)
		if token != "" {
			t.Error("a link gave a session")
		}
		if m = f.again(m); m.Status != models.Active {
			t.Errorf("the member is %s", m.Status)
		}
	})
}

func TestAnInvitationIsAcceptedOnceByMany(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		_, secret := f.invite("bo@" + f.domain)
		errs := race(4, func(int) error {
			_, err := f.AcceptInvitation(t.Context(), someClient, secret, "Bo", "Berg", goodPassword)
			return err
		})
		if succeeded(errs) != 1 {
			t.Errorf("%d of 4 accepted: %v", succeeded(errs), errs)
		}
	})
}

// lapse takes a domain's record away for longer than the grace.
func (f *fixture) lapse(d *models.Domain) {
	f.t.Helper()
	f.Execute(f.t, "update domains set verified_by = 'dns' where id = ?", d.ID)
	gone := models.DomainCheck{Reason: "nothing", Sentence: "The record is gone.", Next: f.Now().Add(time.Hour)}
	for _, wait := range []time.Duration{0, models.LapseGrace} {
		f.clock.Advance(wait)
		_, err := f.RecordDomainCheck(f.t.Context(), byOperator, d.OrgID, d.ID, gone)
		must(f.t, err)
	}
	d, err := f.Domain(f.t.Context(), d.OrgID, d.ID)
	must(f.t, err)
	if d.Status != models.DomainLapsed {
		f.t.Fatalf("the domain is %s", d.Status)
	}
}
