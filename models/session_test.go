package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestASessionEndsWithoutActivityAndByItsAge(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.givePassword(f.owner)
		token := f.signIn(f.owner)
		start := f.clock.Now()
		// Eight hours without activity by default: each request puts that off.
		f.clock.Advance(8*time.Hour - time.Second)
		f.signedIn(token)
		f.clock.Advance(8*time.Hour - time.Second)
		s := f.signedIn(token)
		if want := start.Add(16*time.Hour - 2*time.Second); !s.Session.LastSeenAt.Equal(want) {
			t.Errorf("last seen at %v, want %v", s.Session.LastSeenAt, want)
		}
		if m := f.again(f.owner); m.LastActiveAt == nil || !m.LastActiveAt.Equal(f.Now()) {
			t.Errorf("the member was last active at %v", m.LastActiveAt)
		}
		// Twenty-four at most.
		f.clock.Advance(8*time.Hour - time.Second)
		f.signedIn(token)
		f.clock.Advance(3 * time.Second)
		f.isSignedOut(token)
		idle := f.signIn(f.owner)
		f.clock.Advance(8 * time.Hour)
		f.isSignedOut(idle)
		if n := f.countSessions(f.owner); n != 0 {
			t.Errorf("%d ended sessions are listed", n)
		}
	})
}

func TestActivityIsWrittenOnceAMinute(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.givePassword(f.owner)
		token := f.signIn(f.owner)
		before := f.Dump(t)
		f.clock.Advance(59 * time.Second)
		f.signedIn(token)
		if f.Dump(t) != before {
			t.Error("a request within the minute wrote something")
		}
	})
}

func TestTheOrganizationSetsTheLimits(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.Execute(t, "update organizations set session_idle_minutes = 5, session_absolute_minutes = 12 where id = ?", f.org.ID)
		f.givePassword(f.owner)
		token := f.signIn(f.owner)
		for range 2 {
			f.clock.Advance(4 * time.Minute)
			f.signedIn(token)
		}
		f.clock.Advance(4 * time.Minute)
		f.isSignedOut(token)
	})
}

func TestATokenThatIsNoneIsNobody(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.givePassword(f.owner)
		token := f.signIn(f.owner)
		id, secret, _ := strings.Cut(token, ".")
		other, _, _ := strings.Cut(f.signIn(f.owner), ".")
		for _, bad := range []string{"", ".", id, id + ".", "." + secret, id + "." + secret + "x", other + "." + secret, strings.Repeat("x", 1000), "\x00.\x00", "' or 1=1 --." + secret, strings.ToUpper(token)} {
			_, err := f.SessionByToken(t.Context(), bad)
			f.wantKind(err, models.Unauthenticated)
		}
		if strings.Contains(f.Dump(t), secret) {
			t.Error("the secret is in the database")
		}
	})
}

func TestSteppingUpRotatesTheSecret(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		old := f.signIn(f.owner)
		s := f.signedIn(old)
		if !s.SteppedUp(f.Now()) {
			t.Error("a fresh password sign-in asks for the password again")
		}
		f.clock.Advance(models.StepUpLife)
		if s = f.signedIn(old); s.SteppedUp(f.Now()) {
			t.Error("a step-up does not end")
		}
		_, err := f.StepUp(ctx, s, someClient, "not the password")
		f.refuses(err, models.Invalid, "not your password")
		fresh, err := f.StepUp(ctx, s, someClient, goodPassword)
		must(t, err)
		f.isSignedOut(old)
		if now := f.signedIn(fresh); !now.SteppedUp(f.Now()) || now.Session.ID != s.Session.ID || !now.Session.ExpiresAt.Equal(s.Session.ExpiresAt) {
			t.Errorf("stepped up to %+v from %+v", now.Session, s.Session)
		}
		// A session that has ended is not brought back by a step-up.
		must(t, f.SignOut(ctx, someClient, fresh))
		_, err = f.StepUp(ctx, s, someClient, goodPassword)
		f.wantKind(err, models.Unauthenticated)
		// Who has no password hears how to get one.
		bo := f.add("bo", models.RoleMember)
		_, err = f.StepUp(ctx, &models.SignedIn{Account: models.Account{Email: bo.Address()}, Member: *bo, Organization: *f.org}, someClient, goodPassword)
		f.refuses(err, models.Forbidden, "Forgotten password")
	})
}

func TestSigningOut(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		token, kept := f.signIn(f.owner), f.signIn(f.owner)
		errs := race(4, func(int) error { return f.SignOut(ctx, someClient, token) })
		if succeeded(errs) != 4 {
			t.Errorf("signing out twice is an error: %v", errs)
		}
		f.isSignedOut(token)
		f.signedIn(kept)
		must(t, f.SignOut(ctx, someClient, "nobody's"))
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		f.givePassword(bo)
		first := f.session(bo, models.MethodSSO)
		f.clock.Advance(time.Second)
		second := f.session(bo, models.MethodPassword)
		others := f.session(f.owner, models.MethodSSO)
		list, err := f.Sessions(ctx, f.org.ID, bo.ID)
		must(t, err)
		if len(list) != 2 || list[0].ID != second || list[1].ID != first {
			t.Errorf("listed %v", list)
		}
		// One member's session is not another's.
		f.wantKind(f.EndSession(ctx, f.actor, f.org.ID, bo.ID, others), models.NotFound)
		f.wantKind(f.EndSession(ctx, f.actor, f.org.ID, f.owner.ID, first), models.NotFound)
		if n, err := f.EndSessions(ctx, f.actor, f.org.ID, bo.ID, second); n != 1 || err != nil {
			t.Errorf("ended %d, %v", n, err)
		}
		mark := f.mark()
		if n, err := f.EndSessions(ctx, f.actor, f.org.ID, bo.ID, second); n != 0 || err != nil || len(f.events(mark)) != 0 {
			t.Errorf("ended %d, %v, audited %v", n, err, f.events(mark))
		}
		if f.countSessions(bo) != 1 || f.countSessions(f.owner) != 1 {
			t.Error("other sessions ended too")
		}
	})
}

func TestSwitchingOrganizations(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		there := f.addTo(f.other.ID, f.owner.Address(), models.RoleMember)
		f.Execute(t, "update organizations set session_absolute_minutes = 60, session_idle_minutes = 30 where id = ?", f.other.ID)
		f.Execute(t, "update members set last_active_at = ? where id = ?", f.Now(), f.owner.ID)
		token := f.signIn(f.owner)
		s := f.signedIn(token)
		if s.Organization.ID != f.org.ID {
			t.Fatalf("signed in to %s, not to the organization last used", s.Organization.Name)
		}
		list, err := f.SwitchableOrganizations(ctx, s)
		must(t, err)
		if len(list) != 2 {
			t.Errorf("may go to %v", list)
		}
		must(t, f.SwitchOrganization(ctx, s, someClient, f.other.ID))
		now := f.signedIn(token)
		if now.Organization.ID != f.other.ID || now.Member.ID != there.ID || now.Role != models.RoleMember || now.SteppedUp(f.Now()) {
			t.Errorf("switched to %+v", now)
		}
		// The stricter organization's limits hold in it, counted from the sign-in.
		f.clock.Advance(29 * time.Minute)
		f.signedIn(token)
		f.clock.Advance(29 * time.Minute)
		f.signedIn(token)
		f.clock.Advance(2 * time.Minute)
		f.isSignedOut(token)
		// Neither to an organization of others nor into one as deactivated.
		third, _ := f.organization("Third", "third@"+f.domain)
		s = f.signedIn(f.signIn(f.owner))
		f.wantKind(f.SwitchOrganization(ctx, s, someClient, third.ID), models.NotFound)
		must(t, f.DeactivateMember(ctx, byOperator, models.Owner, f.other.ID, there.ID))
		f.wantKind(f.SwitchOrganization(ctx, s, someClient, f.other.ID), models.NotFound)
		// An ended session goes nowhere, and says nothing in the audit log.
		must(t, f.ReactivateMember(ctx, byOperator, models.Owner, f.other.ID, there.ID))
		s = f.signedIn(f.signIn(f.owner))
		must(t, f.EndSession(ctx, f.actor, s.Organization.ID, s.Member.ID, s.Session.ID))
		for _, org := range []string{f.org.ID, f.other.ID} {
			f.wantKind(f.SwitchOrganization(ctx, s, someClient, org), models.Unauthenticated)
		}
		// An SSO session opens only the organization it was earned for.
		sso := *s
		sso.Session.Method = models.MethodSSO
		f.refuses(f.SwitchOrganization(ctx, &sso, someClient, f.other.ID), models.Forbidden, "opens only "+sso.Organization.Name)
		if list, err := f.SwitchableOrganizations(ctx, &sso); err != nil || len(list) != 1 || list[0].ID != sso.Organization.ID {
			t.Errorf("an SSO session may go to %v, %v", list, err)
		}
	})
}

func TestAnOrganizationThatAsksForSSOIsNotSwitchedInto(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		there := f.addTo(f.other.ID, f.owner.Address(), models.RoleMember)
		f.turnOn(true, false)
		f.Execute(t, "update members set last_active_at = ? where id = ?", f.Now(), there.ID)
		s := f.signedIn(f.signIn(f.owner))
		f.refuses(f.SwitchOrganization(ctx, s, someClient, f.org.ID), models.Forbidden, "asks for single sign-on")
		if list, err := f.SwitchableOrganizations(ctx, s); err != nil || len(list) != 1 {
			t.Errorf("may go to %v, %v", list, err)
		}
	})
}

func TestATeamsRoleIsTheMembers(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		f.givePassword(bo)
		token := f.signIn(bo)
		team := f.team("Admins", bo)
		for _, c := range []struct {
			role *models.Role
			want models.Role
		}{{nil, models.RoleMember}, {ptr(models.RoleMember), models.RoleMember}, {ptr(models.Admin), models.Admin}, {nil, models.RoleMember}} {
			must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, c.role))
			if s := f.signedIn(token); s.Role != c.want || s.CanManage() != (c.want == models.Admin) {
				t.Errorf("the role is %s, want %s", s.Role, c.want)
			}
		}
		// An owner stays one.
		must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Admin)))
		must(t, f.AddToTeam(ctx, f.actor, f.org.ID, team.ID, f.owner.ID))
		f.givePassword(f.owner)
		if s := f.signedIn(f.signIn(f.owner)); s.Role != models.Owner {
			t.Errorf("the owner is %s", s.Role)
		}
		// Taken out of the team, the role is gone with the next request.
		must(t, f.RemoveFromTeam(ctx, f.actor, f.org.ID, team.ID, bo.ID))
		if s := f.signedIn(token); s.Role != models.RoleMember {
			t.Errorf("the role is %s", s.Role)
		}
	})
}

// Whatever ends access and a sign-in at the same moment: no session is left that the ending did not see.
func TestNoSessionOutlivesWhatEndsItByARace(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.turnOn(false, false)
		f.givePassword(f.owner)
		for name, end := range map[string]func(f *fixture, m *models.Member) error{
			"deactivation": func(f *fixture, m *models.Member) error {
				if err := f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, m.ID); err != nil {
					return err
				}
				return f.ReactivateMember(ctx, f.actor, models.Owner, f.org.ID, m.ID)
			},
			"Require Single Sign-On": func(f *fixture, m *models.Member) error {
				return f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Required: ptr(true)})
			},
		} {
			for i := range 3 {
				m := f.add("racer"+name[:1]+string(rune('a'+i)), models.RoleMember)
				f.givePassword(m)
				tokens := make([]string, 3)
				race(len(tokens)+1, func(i int) error {
					if i == len(tokens) {
						time.Sleep(time.Duration(len(name)) * 5 * time.Millisecond)
						return end(f, m)
					}
					tokens[i], _ = f.PasswordSignIn(ctx, models.Client{IP: "192.0.2." + string(rune('1'+i))}, m.Address(), goodPassword, false)
					return nil
				})
				// Whoever signed in after the end of a deactivation is in by right.
				if name == "deactivation" {
					continue
				}
				if n := f.countSessions(m); n != 0 {
					t.Errorf("%s: %d sessions are left", name, n)
				}
				must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Required: ptr(false)}))
			}
		}
		if got := slices.Compact(actions(f.events(nil))); len(got) == 0 {
			t.Error("nothing was audited")
		}
	})
}
