package models_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestPasswordsThatMayBeChosen(t *testing.T) {
	for _, c := range []struct {
		name, password string
		others         []string
		want           string // words of the refusal; empty if it may be chosen
	}{
		{"four words", "seven grey geese fly", nil, ""},
		{"any script", "пароль из четырёх слов", nil, ""},
		{"spaces at the ends", "  spaces at the ends ", nil, ""},
		{"twelve characters", "zq8#vb!x2m_k", nil, ""},
		{"128 characters", strings.Repeat("ab", 64), nil, ""},
		{"nothing", "", nil, "Choose a password"},
		{"eleven characters", "zq8#vb!x2m_", nil, "at least 12"},
		{"twelve bytes but four characters", "😀😀😀😀", nil, "at least 12"},
		{"129 characters", strings.Repeat("a", 128) + "b", nil, "at most 128"},
		{"a leaked one", "PasswordPassword", nil, "leaked"},
		{"one character again and again", strings.Repeat("ä", 20), nil, "leaked"},
		{"no text", "abcdefghijklm\xff", nil, "ordinary characters"},
		{"the address", "ana.novak@acme.com", []string{"ana.novak@acme.com"}, "your own name"},
		{"the name with a year", "ana.novak2026!", []string{"ana.novak@acme.com"}, "your own name"},
		{"the organization", "Acme Incorporated", []string{"acme incorporated"}, "your own name"},
		{"a short name in a long password", "ana goes to the sea", []string{"ana@acme.com"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := models.CheckPassword(c.password, c.others...)
			if c.want == "" && err != nil || c.want != "" && (!models.IsKind(err, models.Invalid) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
}

func TestPasswordSignInTellsNobodyWhetherAnAccountExists(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		nobody := f.add("nopassword", models.RoleMember)
		var sentences []string
		for _, email := range []string{f.owner.Address(), nobody.Address(), "stranger@" + f.domain} {
			// As many tries as the limit allows, so that the limits must agree as well.
			for i := range 11 {
				_, err := f.PasswordSignIn(ctx, models.Client{IP: "198.51.100.77"}, email, "not the password", false)
				if i == 0 || i >= 10 {
					var e *models.Error
					if !errors.As(err, &e) {
						t.Fatal(err)
					}
					sentences = append(sentences, e.Message)
				}
				f.clock.Advance(time.Millisecond)
			}
		}
		if sentences[0] != sentences[2] || sentences[2] != sentences[4] || sentences[1] != sentences[3] || sentences[3] != sentences[5] {
			t.Errorf("the answers differ: %q", sentences)
		}
		// The owner's organization hears of it.
		if n, err := f.CountAuditEvents(ctx, f.org.ID, models.AuditFilter{Action: "session.login_failed", MemberID: f.owner.ID}); n != 10 || err != nil {
			t.Errorf("%d failures audited, %v", n, err)
		}
		// From somewhere else the person still gets in.
		f.signIn(f.owner)
		if strings.Contains(f.Dump(t), "not the password") {
			t.Error("a wrong password was written down")
		}
	})
}

func TestPasswordSignInUnderSSO(t *testing.T) {
	type signIn struct {
		name              string
		required, managed bool
		role              models.Role
		elsewhere         bool // the address is on no claimed domain
		recovery          bool
		refusal           string // words; empty if the person gets in
		told              bool   // the owners hear of it
	}
	cases, list := map[string]signIn{}, []string{}
	for _, c := range []signIn{
		{"SSO that is not required leaves passwords", false, false, models.RoleMember, false, false, "", false},
		{"required: a member", true, false, models.RoleMember, false, false, "asks for single sign-on", false},
		{"required: a member by recovery", true, false, models.RoleMember, false, true, "owners and admins only", false},
		{"required: a member on another domain", true, false, models.RoleMember, true, false, "asks for single sign-on", false},
		{"required: an owner", true, false, models.Owner, false, false, "asks for single sign-on", false},
		{"required: an owner by recovery", true, false, models.Owner, false, true, "", true},
		{"required: an admin by recovery", true, false, models.Admin, false, true, "", true},
		{"managed: a member", false, true, models.RoleMember, false, false, "asks for single sign-on", false},
		{"managed: a member on another domain", false, true, models.RoleMember, true, false, "", false},
		{"managed: an owner by recovery", false, true, models.Owner, false, true, "", true},
		{"recovery where it is not needed is an ordinary sign-in", false, false, models.Owner, false, true, "", false},
	} {
		cases[c.name] = c
		list = append(list, c.name)
	}
	eachCase(t, list, func(t *testing.T, f *fixture, name string) {
		c := cases[name]
		f.givePassword(f.owner)
		f.turnOn(c.required, c.managed)
		domain := f.domain
		if c.elsewhere {
			domain = "elsewhere-" + f.domain
		}
		m := f.addTo(f.org.ID, "who@"+domain, c.role)
		f.givePassword(m)
		mark, told := f.mark(), len(f.notices())
		token, err := f.PasswordSignIn(t.Context(), someClient, m.Address(), goodPassword, c.recovery)
		if c.refusal != "" {
			f.refuses(err, models.Forbidden, c.refusal)
			return
		}
		must(t, err)
		if s := f.signedIn(token); s.Session.Recovery != c.told || s.Session.Method != models.MethodPassword {
			t.Errorf("the session is %+v", s.Session)
		}
		if c.told {
			if e := f.event(mark, "session.recovery_used"); e.ActorID != m.ID || e.TargetID != m.ID {
				t.Errorf("audited as %+v", e)
			}
		}
		if got := len(f.notices()) - told; got != map[bool]int{true: 1}[c.told] {
			t.Errorf("%d notices", got)
		}
	})
}

func TestRequireSSOEndsTheSessionsOfMembersAndKeepsRecovery(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.givePassword(f.owner)
		f.turnOn(false, false)
		bo, admin := f.add("bo", models.RoleMember), f.add("admin", models.Admin)
		for _, m := range []*models.Member{bo, admin, f.owner} {
			f.session(m, models.MethodPassword)
			f.session(m, models.MethodSSO)
		}
		mark := f.mark()
		must(t, f.SetSwitches(t.Context(), f.actor, f.org.ID, models.Switches{Required: ptr(true)}))
		if f.countSessions(bo) != 1 || f.countSessions(admin) != 2 || f.countSessions(f.owner) != 2 {
			t.Errorf("left: bo %d, admin %d, owner %d", f.countSessions(bo), f.countSessions(admin), f.countSessions(f.owner))
		}
		if after := facts(t, f.event(mark, "sso_connection.switched").After); after["password_sessions_ended"] != 1.0 {
			t.Errorf("audited as %v", after)
		}
	})
}

func TestChangingThePassword(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx, fresh := t.Context(), "nine blue herons sing"
		f.givePassword(f.owner)
		token, other := f.signIn(f.owner), f.signIn(f.owner)
		s := f.signedIn(token)
		link, err := f.PasswordLink(ctx, someClient, f.owner.Address())
		must(t, err)
		f.wantKind(f.ChangePassword(ctx, s, someClient, "not the password", fresh), models.Unauthenticated)
		f.wantKind(f.ChangePassword(ctx, s, someClient, goodPassword, "short"), models.Invalid)
		// Never in an SSO session: it proved the identity provider, not the password.
		sso := *s
		sso.Session.Method = models.MethodSSO
		f.refuses(f.ChangePassword(ctx, &sso, someClient, goodPassword, fresh), models.Forbidden, "single sign-on")
		f.signedIn(other)
		must(t, f.ChangePassword(ctx, s, someClient, goodPassword, fresh))
		f.isSignedOut(other)
		f.signedIn(token)
		_, err = f.PasswordSignIn(ctx, someClient, f.owner.Address(), goodPassword, false)
		f.wantKind(err, models.Unauthenticated)
		_, err = f.PasswordSignIn(ctx, someClient, f.owner.Address(), fresh, false)
		must(t, err)
		// A link that was mailed before the change is for whoever still reads that mail.
		f.wantKind(f.ResetPassword(ctx, someClient, link, goodPassword), models.NotFound)
	})
}

func TestResettingThePasswordByMailedLink(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx, fresh := t.Context(), "nine blue herons sing"
		gus := f.addTo(f.other.ID, f.owner.Address(), models.RoleMember)
		f.givePassword(f.owner)
		token := f.signIn(f.owner)
		f.session(gus, models.MethodSSO)
		if secret, err := f.PasswordLink(ctx, someClient, "stranger@"+f.domain); secret != "" || err != nil {
			t.Errorf("a stranger gets %q, %v", secret, err)
		}
		first, err := f.PasswordLink(ctx, someClient, strings.ToUpper(f.owner.Address()))
		must(t, err)
		second, err := f.PasswordLink(ctx, someClient, f.owner.Address())
		must(t, err)
		f.wantKind(f.ResetPassword(ctx, someClient, first, fresh), models.NotFound) // replaced
		if email, err := f.PasswordLinkEmail(ctx, second); email != f.owner.Address() || err != nil {
			t.Errorf("the page is for %q, %v", email, err)
		}
		f.wantKind(f.ResetPassword(ctx, someClient, second, f.owner.Address()), models.Invalid)
		f.signedIn(token) // nothing has happened yet
		mark := f.mark()
		must(t, f.ResetPassword(ctx, someClient, second, fresh))
		f.isSignedOut(token)
		if f.countSessions(gus) != 0 {
			t.Error("a session in another organization is left")
		}
		f.event(mark, "account.password_reset")
		if n, err := f.CountAuditEvents(ctx, f.other.ID, models.AuditFilter{Action: "account.password_reset"}); n != 1 || err != nil {
			t.Errorf("the other organization has %d events, %v", n, err)
		}
		f.wantKind(f.ResetPassword(ctx, someClient, second, fresh), models.NotFound) // used
		_, err = f.PasswordSignIn(ctx, someClient, f.owner.Address(), fresh, false)
		must(t, err)
		late, err := f.PasswordLink(ctx, someClient, f.owner.Address())
		must(t, err)
		f.clock.Advance(models.PasswordLinkLife)
		f.wantKind(f.ResetPassword(ctx, someClient, late, fresh), models.NotFound)
	})
}

func TestALinkIsUsedOnceByMany(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		secret, err := f.PasswordLink(t.Context(), someClient, f.owner.Address())
		must(t, err)
		errs := race(4, func(int) error { return f.ResetPassword(t.Context(), someClient, secret, goodPassword) })
		if succeeded(errs) != 1 {
			t.Errorf("%d of 4 used the link: %v", succeeded(errs), errs)
		}
		for _, err := range errs {
			if err != nil {
				f.wantKind(err, models.NotFound)
			}
		}
	})
}

func TestHashingStopsWithTheRequest(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.givePassword(f.owner)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.PasswordSignIn(ctx, someClient, f.owner.Address(), goodPassword, false); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	})
}

// What a guess costs is set where the database is opened, and a hash keeps what it was made with: changing it locks nobody out.
func TestAPasswordCostsWhatItWasHashedWith(t *testing.T) {
	url := modelstest.URL(t, modelstest.SQLite)
	cheap := modelstest.Open(t, url)
	dear, err := models.Open(t.Context(), models.Options{URL: url, SecretKey: []byte(modelstest.SecretKey)})
	must(t, err)
	defer dear.Close()
	for _, c := range []struct {
		name, want string
		made, read *models.DB
	}{
		{"unless asked otherwise, dear", "$argon2id$v=19$m=19456,t=2,p=1$", dear, cheap},
		{"cheap in tests", "$argon2id$v=19$m=8,t=1,p=1$", cheap, dear},
	} {
		t.Run(c.name, func(t *testing.T) {
			hash := c.made.Hash(t, goodPassword)
			if !strings.HasPrefix(hash, c.want) {
				t.Errorf("hashed as %s", hash)
			}
			for password, want := range map[string]bool{goodPassword: true, goodPassword + " ": false, "": false} {
				if got, err := c.read.PasswordMatches(t, hash, password); err != nil || got != want {
					t.Errorf("%q matches: %t, %v", password, got, err)
				}
			}
		})
	}
	for _, broken := range []string{
		"", "$argon2id$v=19$m=8,t=1,p=1$AAAA", "$argon2id$v=19$m=8,t=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=0$AAAA$AAAA",
		"$argon2id$v=19$m=4000000000,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=99,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=1$?$AAAA",
	} {
		if ok, err := cheap.PasswordMatches(t, broken, goodPassword); err == nil || ok {
			t.Errorf("%q is a hash that matches: %t", broken, ok)
		}
	}
}
