package models_test

import (
	"testing"

	"gatehouse/models"
)

func TestTheLastOwnerStays(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.refuses(f.ChangeRole(t.Context(), f.actor, models.Owner, f.org.ID, f.owner.ID, models.Admin), models.Conflict, "last owner")
		f.refuses(f.DeactivateMember(t.Context(), f.actor, models.Owner, f.org.ID, f.owner.ID), models.Conflict, "last owner")
		// Owners who cannot sign in do not count: invited, deactivated, or held ones.
		_, _, err := f.Invite(t.Context(), f.actor, models.Owner, f.org.ID, "invited@"+f.domain, "", models.Owner)
		must(t, err)
		gone := f.add("gone", models.Owner)
		must(t, f.DeactivateMember(t.Context(), f.actor, models.Owner, f.org.ID, gone.ID))
		held := f.held("held@elsewhere.example", models.HeldDomainUnverified)
		f.Execute(t, "update members set role = 'owner' where id = ?", held.ID)
		f.refuses(f.DeactivateMember(t.Context(), f.actor, models.Owner, f.org.ID, f.owner.ID), models.Conflict, "last owner")
		// With a second one, either may go; the owner of another organization is none.
		second := f.add("second", models.Owner)
		must(t, f.ChangeRole(t.Context(), f.actor, models.Owner, f.org.ID, f.owner.ID, models.Admin))
		f.refuses(f.DeactivateMember(t.Context(), f.actor, models.Owner, f.org.ID, second.ID), models.Conflict, "last owner")
		// Whoever does not count can go.
		must(t, f.ChangeRole(t.Context(), f.actor, models.Owner, f.org.ID, held.ID, models.RoleMember))
	})
}

func TestOnlyOwnersMakeAndUnmakeOwners(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		second, bo := f.add("second", models.Owner), f.add("bo", models.RoleMember)
		ctx := t.Context()
		f.wantKind(f.ChangeRole(ctx, f.actor, models.Admin, f.org.ID, bo.ID, models.Owner), models.Forbidden)
		f.wantKind(f.ChangeRole(ctx, f.actor, models.Admin, f.org.ID, second.ID, models.RoleMember), models.Forbidden)
		f.wantKind(f.DeactivateMember(ctx, f.actor, models.Admin, f.org.ID, second.ID), models.Forbidden)
		_, _, err := f.Invite(ctx, f.actor, models.Admin, f.org.ID, "new@"+f.domain, "", models.Owner)
		f.wantKind(err, models.Forbidden)
		must(t, f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, second.ID))
		f.wantKind(f.ReactivateMember(ctx, f.actor, models.Admin, f.org.ID, second.ID), models.Forbidden)
		// Admins do the rest.
		must(t, f.ChangeRole(ctx, f.actor, models.Admin, f.org.ID, bo.ID, models.Admin))
		must(t, f.DeactivateMember(ctx, f.actor, models.Admin, f.org.ID, bo.ID))
		must(t, f.ReactivateMember(ctx, f.actor, models.Admin, f.org.ID, bo.ID))
		// A word that is no role is the caller's mistake, not a broken constraint.
		f.wantKind(f.ChangeRole(ctx, f.actor, models.Owner, f.org.ID, bo.ID, "king"), models.Invalid)
		_, err = f.AddMember(ctx, f.actor, f.org.ID, "king@"+f.domain, "", "", "king", "")
		f.wantKind(err, models.Invalid)
		_, _, err = f.Invite(ctx, f.actor, models.Owner, f.org.ID, "king@"+f.domain, "", "king")
		f.wantKind(err, models.Invalid)
	})
}

func TestAnInvitedOwnersLinkIsMadeByOwnersOnly(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		admin := f.add("admin", models.Admin)
		m, _, err := f.Invite(ctx, f.actor, models.Owner, f.org.ID, "new@"+f.domain, "", models.Owner)
		must(t, err)
		// Whoever gets the link becomes an owner, so an admin does not get it, nor take the invitation back.
		byAdmin := models.Actor{Kind: models.Person, ID: admin.ID, Label: "Admin"}
		_, secret, err := f.ResendInvitation(ctx, byAdmin, f.org.ID, m.ID)
		f.wantKind(err, models.Forbidden)
		if secret != "" {
			t.Error("the refusal comes with a link")
		}
		f.wantKind(f.RevokeInvitation(ctx, byAdmin, f.org.ID, m.ID), models.Forbidden)
		_, _, err = f.ResendInvitation(ctx, f.actor, f.org.ID, m.ID)
		must(t, err)
		must(t, f.RevokeInvitation(ctx, f.actor, f.org.ID, m.ID))
	})
}

func TestWhileSSOIsRequiredOnlyOwnersWithAPasswordCount(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		second := f.add("second", models.Owner)
		f.turnOn(false, false)
		f.refuses(f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Required: ptr(true)}), models.Conflict, "No owner has a password")
		f.givePassword(f.owner)
		must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Required: ptr(true)}))
		// The second owner has no password, so the first is the last way back in.
		f.refuses(f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, f.owner.ID), models.Conflict, "last owner")
		f.refuses(f.ChangeRole(ctx, f.actor, models.Owner, f.org.ID, f.owner.ID, models.Admin), models.Conflict, "last owner")
		must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Required: ptr(false)}))
		must(t, f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, f.owner.ID))
		f.refuses(f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, second.ID), models.Conflict, "last owner")
	})
}

func TestTwoOwnersWhoDeactivateEachOtherLeaveOne(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		for range 5 {
			f := newFixture(t, f.DB, f.clock)
			pair := []*models.Member{f.owner, f.add("second", models.Owner)}
			errs := race(4, func(i int) error {
				victim := pair[(i+1)%2]
				if i < 2 {
					return f.DeactivateMember(t.Context(), f.actor, models.Owner, f.org.ID, victim.ID)
				}
				return f.ChangeRole(t.Context(), f.actor, models.Owner, f.org.ID, victim.ID, models.Admin)
			})
			owners := 0
			for _, m := range pair {
				if m = f.again(m); m.Role == models.Owner && m.Status == models.Active {
					owners++
				}
			}
			if owners != 1 {
				t.Fatalf("%d active owners are left: %v", owners, errs)
			}
			for _, err := range errs {
				if err != nil && !models.IsKind(err, models.Conflict) {
					t.Errorf("a loser hears %v", err)
				}
			}
		}
	})
}
