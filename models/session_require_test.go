package models_test

import (
	"strings"
	"testing"

	"gatehouse/models"
)

// Require Single Sign-On ends the password sessions there are when it is turned on. Those that come about later must not work either:
// a sign-in that raced with the switch, or an admin who was let in by recovery and is a member now.
func TestUnderRequireSSOAMembersPasswordSessionOpensNothing(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		admin, bo := f.add("adm", models.Admin), f.add("bo", models.RoleMember)
		for _, m := range []*models.Member{f.owner, admin, bo} {
			f.givePassword(m)
		}
		f.turnOn(true, false)
		token, err := f.PasswordSignIn(ctx, someClient, admin.Address(), goodPassword, true)
		must(t, err)
		f.signedIn(token)
		must(t, f.ChangeRole(ctx, f.actor, models.Owner, f.org.ID, admin.ID, models.RoleMember))
		f.isSignedOut(token)

		raced := f.session(bo, models.MethodPassword)
		f.Execute(t, "update sessions set secret_hash = (select secret_hash from sessions where id <> ? limit 1) where id = ?", raced, raced)
		_, secret, _ := strings.Cut(token, ".")
		f.isSignedOut(raced + "." + secret)
		// Single sign-on opens it, and so does the password once it may again.
		f.Execute(t, "update sessions set method = 'sso' where id = ?", raced)
		f.signedIn(raced + "." + secret)
		f.Execute(t, "update sessions set method = 'password' where id = ?", raced)
		must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Required: ptr(false)}))
		f.signedIn(raced + "." + secret)
	})
}

// A session goes nowhere by an answer that was read before the door closed.
func TestASessionIsNotPutIntoAnOrganizationThatIsClosing(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		there := f.addTo(f.other.ID, bo.Address(), models.RoleMember)
		f.givePassword(bo)
		token := f.signIn(bo)
		who := f.signedIn(token)
		to, away := f.other.ID, there
		if who.Organization.ID == f.other.ID {
			to, away = f.org.ID, bo
		}
		must(t, f.DeactivateMember(ctx, f.actor, models.Owner, to, away.ID))
		if err := f.SwitchOrganization(ctx, who, someClient, to); err == nil {
			t.Error("the session went to an organization whose member is deactivated")
		}
	})
}
