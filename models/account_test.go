package models_test

import (
	"maps"
	"slices"
	"testing"

	"gatehouse/models"
)

// squat makes an account for an address that nothing proved, with a password somebody chose in advance and a session.
func (f *fixture) squat(email string) (*models.Member, string) {
	f.t.Helper()
	m := f.addTo(f.other.ID, email, models.RoleMember)
	f.Execute(f.t, "update accounts set proven_by = null, proven_at = null where id = ?", *m.AccountID)
	f.givePassword(m)
	return m, f.signIn(m)
}

// Accounts cannot be taken over, nor prepared for a takeover: PRODUCT.md §6.
func TestLinkingTakesWhatNobodyProved(t *testing.T) {
	ways := map[string]func(f *fixture, email string) *models.Member{
		"the operator adds the person": func(f *fixture, email string) *models.Member {
			return f.addTo(f.org.ID, email, models.RoleMember)
		},
		"an invitation is accepted": func(f *fixture, email string) *models.Member {
			m, secret := f.invite(email)
			_, err := f.AcceptInvitation(f.t.Context(), someClient, secret, "Vic", "Tim", "nine blue herons sing")
			must(f.t, err)
			return f.again(m)
		},
		"the domain is verified and the hold ends": func(f *fixture, email string) *models.Member {
			m := f.held(email, models.HeldDomainUnverified)
			f.verify(f.org.ID, f.domain)
			return f.again(m)
		},
		"an address becomes free": func(f *fixture, email string) *models.Member {
			f.verify(f.org.ID, f.domain)
			invited, _ := f.invite(email)
			m := f.held(email, models.HeldAddressTaken)
			must(f.t, f.RevokeInvitation(f.t.Context(), f.actor, f.org.ID, invited.ID))
			return f.again(m)
		},
		"the directory sends the person": func(f *fixture, email string) *models.Member {
			f.verify(f.org.ID, f.domain)
			m, err := f.CreateSCIMMember(f.t.Context(), f.directoryCall(f.org.ID), user(f.t, person(email)))
			must(f.t, err)
			return &m.Member
		},
		"an organization is made for the person": func(f *fixture, email string) *models.Member {
			_, m := f.organization("Third", email)
			return m
		},
		"somebody is reactivated": func(f *fixture, email string) *models.Member {
			m, _ := f.invite(email)
			must(f.t, f.DeactivateMember(f.t.Context(), f.actor, models.Owner, f.org.ID, m.ID))
			must(f.t, f.ReactivateMember(f.t.Context(), f.actor, models.Owner, f.org.ID, m.ID))
			return f.again(m)
		},
	}
	eachCase(t, slices.Sorted(maps.Keys(ways)), func(t *testing.T, f *fixture, name string) {
		ctx := t.Context()
		squatter, token := f.squat("victim@" + f.domain)
		reset, err := f.PasswordLink(ctx, someClient, squatter.Address())
		must(t, err)
		m := ways[name](f, squatter.Address())
		if m.AccountID == nil || *m.AccountID != *squatter.AccountID {
			t.Fatalf("not linked to the account of the address: %+v", m)
		}
		f.isSignedOut(token)
		_, err = f.PasswordSignIn(ctx, someClient, squatter.Address(), goodPassword, false)
		f.wantKind(err, models.Unauthenticated)
		_, err = f.PasswordLinkEmail(ctx, reset)
		f.wantKind(err, models.NotFound)
	})
}

func TestLinkingLeavesWhatWasProven(t *testing.T) {
	eachCase(t, []string{"link", "sso", "operator"}, func(t *testing.T, f *fixture, by string) {
		m := f.addTo(f.other.ID, "vic@"+f.domain, models.RoleMember)
		f.Execute(t, "update accounts set proven_by = ? where id = ?", by, *m.AccountID)
		f.givePassword(m)
		token := f.signIn(m)
		f.held(m.Address(), models.HeldDomainUnverified)
		f.verify(f.org.ID, f.domain)
		// The session stays where it was; the person now has two organizations.
		s := f.signedIn(token)
		if s.Organization.ID != f.other.ID || *s.Account.ProvenBy != by {
			t.Errorf("the session is in %s, proven by %s", s.Organization.Name, *s.Account.ProvenBy)
		}
		list, err := f.SwitchableOrganizations(t.Context(), s)
		must(t, err)
		if len(list) != 2 {
			t.Errorf("may go to %v", list)
		}
	})
}

// The operator may vouch for an address; that does not replace a password whose owner proved it.
func TestNobodyReplacesAPasswordThatWasProven(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		token := f.signIn(f.owner)
		_, err := f.AddMember(ctx, byOperator, f.other.ID, f.owner.Address(), "", "", models.RoleMember, "nine blue herons sing")
		f.refuses(err, models.Invalid, "has a password already")
		_, err = f.CreateOrganization(ctx, byOperator, "Third", models.NewOwner{Email: f.owner.Address(), Password: "nine blue herons sing"})
		f.refuses(err, models.Invalid, "has a password already")
		f.signedIn(token)
		f.signIn(f.owner)
		// Without one, the operator's counts.
		bo := f.add("bo", models.RoleMember)
		_, err = f.AddMember(ctx, byOperator, f.other.ID, bo.Address(), "", "", models.RoleMember, "nine blue herons sing")
		must(t, err)
		_, err = f.PasswordSignIn(ctx, someClient, bo.Address(), "nine blue herons sing", false)
		must(t, err)
	})
}

func TestRenamingAnAccountIsToldEverywhere(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		there := f.addTo(f.other.ID, f.owner.Address(), models.RoleMember)
		f.givePassword(f.owner)
		s := f.signedIn(f.signIn(f.owner))
		must(t, f.RenameAccount(ctx, s, someClient, " Olga the Second "))
		for _, m := range []*models.Member{f.owner, there} {
			if now := f.again(m); now.DisplayName != "Olga the Second" || now.Version != m.Version+1 {
				t.Errorf("renamed to %q, version %d", now.DisplayName, now.Version)
			}
			if n, err := f.CountAuditEvents(ctx, m.OrgID, models.AuditFilter{Action: "account.renamed", MemberID: m.ID}); n != 1 || err != nil {
				t.Errorf("%d events in %s, %v", n, m.OrgID, err)
			}
		}
	})
}
