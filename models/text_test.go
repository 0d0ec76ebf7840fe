package models_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"gatehouse/models"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "ana@acme.com", "ana@acme.com"},
		{"capitals are folded", "Ana.Novak@ACME.com", "ana.novak@acme.com"},
		{"spaces around are cut", "  ana@acme.com\t", "ana@acme.com"},
		{"plus and odd atoms", "a+b!#$%&'*/=?^_`{|}~-@x-y.co", "a+b!#$%&'*/=?^_`{|}~-@x-y.co"},
		{"digits as a label", "a@1.2.example", "a@1.2.example"},
		{"the longest local part", strings.Repeat("a", 64) + "@acme.com", strings.Repeat("a", 64) + "@acme.com"},
		{"one too long", strings.Repeat("a", 65) + "@acme.com", ""},
		{"longer than any address", "a@" + strings.Repeat("a.", 130) + "com", ""},
		{"empty", "", ""},
		{"only spaces", " \u00a0 ", ""},
		{"no domain", "ana", ""},
		{"one label", "ana@localhost", ""},
		{"two at signs", "ana@evil.com@acme.com", ""},
		{"a quoted local part", `"ana b"@acme.com`, ""},
		{"a dot first", ".ana@acme.com", ""},
		{"two dots", "ana..b@acme.com", ""},
		{"a dot last", "ana.@acme.com", ""},
		{"an address literal", "ana@[192.0.2.1]", ""},
		{"a label with a hyphen first", "ana@-acme.com", ""},
		{"a label with a hyphen last", "ana@acme-.com", ""},
		{"a domain with a dot last", "ana@acme.com.", ""},
		{"an underscore in the domain", "ana@a_b.com", ""},
		{"a display name", "Ana <ana@acme.com>", ""},
		{"a list", "ana@acme.com,bo@acme.com", ""},
		{"a header", "ana@acme.com\r\nBcc: x@evil.com", ""},
		{"a NUL", "ana\x00@acme.com", ""},
		// U+212A KELVIN SIGN is a k to strings.ToLower, and would be somebody else's address.
		{"a Kelvin sign", "\u212aim@acme.com", ""},
		{"a Kelvin sign in the domain", "kim@\u212aacme.com", ""},
		{"a Cyrillic a", "аna@acme.com", ""},
		{"a fullwidth at sign", "ana＠acme.com", ""},
		{"a domain that is not ASCII", "ana@bücher.example", ""},
		{"bytes that are no text", "ana\xff@acme.com", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := models.CleanAddress(c.in)
			if got != c.want || (err != nil) != (c.want == "") || err != nil && !models.IsKind(err, models.Invalid) {
				t.Errorf("CleanAddress(%q) = %q, %v, want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestLowerASCIIFoldsNothingElse(t *testing.T) {
	if got := models.LowerASCII("KIM \u212a Ä İ"); got != "kim \u212a Ä İ" {
		t.Errorf("got %q", got)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", " Ana Novak ", "Ana Novak"},
		{"any script", "Дарья 李小龍 محمد", "Дарья 李小龍 محمد"},
		{"an emoji of several parts", "👩\u200d💻 Ana", "👩\u200d💻 Ana"},
		{"a joiner of Persian", "علی\u200cرضا", "علی\u200cرضا"},
		{"markup is text", "<script>alert(1)</script>", "<script>alert(1)</script>"},
		{"200 characters", strings.Repeat("ä", 200), strings.Repeat("ä", 200)},
		{"201 characters", strings.Repeat("ä", 201), ""},
		{"empty", "", ""},
		{"spaces", " \u2003\u00a0 ", ""},
		{"a line break", "Ana\nNovak", ""},
		{"a line separator", "Ana\u2028Novak", ""},
		{"a NUL", "Ana\x00", ""},
		{"an escape", "\x1b[31mAna", ""},
		{"a C1 control", "Ana\u0085Novak", ""},
		{"right to left override", "Ana\u202egnp.exe", ""},
		{"an isolate", "Ana\u2066 admin", ""},
		{"a right to left mark", "Ana\u200f", ""},
		{"nothing but joiners", "\u200b\u200d", ""},
		{"nothing but a filler", "\u3164", ""},
		{"no text", "Ana\xff", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := models.CleanName("name", c.in, "a name")
			if got != c.want || (err != nil) != (c.want == "") || err != nil && !models.IsKind(err, models.Invalid) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestHostileNamesAreRefusedByEveryOperation(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx, hostile := t.Context(), "Ana\u202egnp"
		team := f.team("Ops")
		f.givePassword(f.owner)
		s := f.signedIn(f.signIn(f.owner))
		_, invitation := f.invite("inv@" + f.domain)
		for name, call := range map[string]func() error{
			"CreateOrganization": func() error {
				_, err := f.CreateOrganization(ctx, byOperator, hostile, models.NewOwner{Email: "x@y.example"})
				return err
			},
			"the owner of an organization": func() error {
				_, err := f.CreateOrganization(ctx, byOperator, "Third", models.NewOwner{Email: "x@y.example", Name: hostile})
				return err
			},
			"AddMember": func() error {
				_, err := f.AddMember(ctx, byOperator, f.org.ID, "x@y.example", hostile, "", models.RoleMember, "")
				return err
			},
			"Invite": func() error {
				_, _, err := f.Invite(ctx, f.actor, models.Owner, f.org.ID, "x@y.example", hostile, models.RoleMember)
				return err
			},
			"AcceptInvitation": func() error {
				_, err := f.AcceptInvitation(ctx, someClient, invitation, hostile, "", goodPassword)
				return err
			},
			"RenameMember":  func() error { return f.RenameMember(ctx, f.actor, f.org.ID, f.owner.ID, hostile, "x") },
			"RenameAccount": func() error { return f.RenameAccount(ctx, s, someClient, hostile) },
			"CreateTeam":    func() error { _, err := f.CreateTeam(ctx, f.actor, f.org.ID, hostile); return err },
			"RenameTeam":    func() error { return f.RenameTeam(ctx, f.actor, f.org.ID, team.ID, hostile) },
			"CreateSCIMToken": func() error {
				_, _, err := f.CreateSCIMToken(ctx, f.actor, f.org.ID, hostile, 0)
				return err
			},
		} {
			before := f.Dump(t)
			if err := call(); !models.IsKind(err, models.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
			if f.Dump(t) != before {
				t.Errorf("%s changed something", name)
			}
		}
	})
}

func TestSearchingIsLiteral(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for i, name := range []string{"50% off", "a_b", "axb", "Bang!", "Émile Zola", "李小龍", `back\slash`, "O'Brien"} {
			m := f.add("p"+string(rune('a'+i)), models.RoleMember)
			must(t, f.RenameMember(ctx, f.actor, f.org.ID, m.ID, name, ""))
			f.team("Team " + name)
		}
		for text, want := range map[string][]string{
			"50%": {"50% off"}, "%": {"50% off"}, "_b": {"a_b"}, "A_B": {"a_b"}, "!": {"Bang!"}, "émile": {"Émile Zola"}, "ÉMILE": {"Émile Zola"}, "Émile": {"Émile Zola"},
			"小": {"李小龍"}, `\`: {`back\slash`}, "'": {"O'Brien"}, "' or 1=1 --": nil, "%off%": nil, "\x00": nil, "\xff": nil,
		} {
			if text == "\x00" {
				continue // is nothing, which is everything
			}
			rows, err := f.People(ctx, f.org.ID, models.MemberFilter{Text: text})
			must(t, err)
			if got := names(rows); !slices.Equal(got, want) {
				t.Errorf("people by %q: %v, want %v", text, got, want)
			}
			teams, err := f.Teams(ctx, f.org.ID, text, "", "", 100)
			must(t, err)
			if len(teams) != len(want) {
				t.Errorf("teams by %q: %v, want %v", text, teams, want)
			}
		}
		for _, text := range []string{"\x00", "\xff\x00\xfe", strings.Repeat("%", 10000)} {
			_, err := f.People(ctx, f.org.ID, models.MemberFilter{Text: text})
			must(t, err)
			_, err = f.Teams(ctx, f.org.ID, text, "", "", 10)
			must(t, err)
			_, err = f.AuditEvents(ctx, f.org.ID, models.AuditFilter{Text: text})
			must(t, err)
			_, err = f.Activities(ctx, f.org.ID, models.ActivityFilter{Text: text})
			must(t, err)
		}
		// What is no text anywhere else is at worst the caller's mistake.
		for name, err := range map[string]error{
			"People":      second(f.People(ctx, f.org.ID, models.MemberFilter{AfterName: "a\x00", AfterID: "\xff", TeamID: "\x00"})),
			"Teams":       second(f.Teams(ctx, f.org.ID, "", "\x00", "\x00", 10)),
			"AuditEvents": second(f.AuditEvents(ctx, f.org.ID, models.AuditFilter{After: "\x00", Action: "\xff", MemberID: "\x00"})),
			"Activities":  second(f.Activities(ctx, f.org.ID, models.ActivityFilter{After: "\x00", MemberID: "\xff"})),
			"Sessions":    second(f.Sessions(ctx, f.org.ID, "\x00")),
			"TeamsOf":     second(f.TeamsOf(ctx, f.org.ID, "\x00")),
			"Identities":  second(f.Identities(ctx, f.org.ID, "\x00")),
		} {
			if err != nil && !models.IsKind(err, models.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAnyUserAgentIsKept(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		f.givePassword(f.owner)
		client := models.Client{IP: "203.0.113.9", UserAgent: "curl\xff\x00" + strings.Repeat("ä", 1000)}
		token, err := f.PasswordSignIn(t.Context(), client, f.owner.Address(), goodPassword, false)
		must(t, err)
		if s := f.signedIn(token); len(s.Session.UserAgent) > 400 || !strings.HasPrefix(s.Session.UserAgent, "curl") || !utf8.ValidString(s.Session.UserAgent) {
			t.Errorf("kept %q", s.Session.UserAgent)
		}
	})
}

func TestIDsAreInOrderOfCreation(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	seen, last := map[string]bool{}, ""
	for i := range 1000 {
		id := models.NewID("x_", now.Add(time.Duration(i)*time.Millisecond))
		if id <= last || seen[id] {
			t.Fatalf("%s comes after %s", id, last)
		}
		seen[id], last = true, id
	}
	if far := models.NewID("x_", now.AddDate(500, 0, 0)); far <= last {
		t.Errorf("%s in 500 years comes before %s", far, last)
	}
}

// A clock that stands still does not disturb the order, nor does a batch that writes down what happened a second ago.
func TestIDsOfOneMillisecondAreInOrderOfCreation(t *testing.T) {
	clocks := [2]time.Time{time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 8, 59, 59, 0, time.UTC)}
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var last [2]string
			for i := range 5000 {
				id := models.NewID("x_", clocks[i%2])
				if id <= last[i%2] {
					t.Errorf("%s comes after %s", id, last[i%2])
				}
				last[i%2] = id
				mu.Lock()
				if seen[id] {
					t.Errorf("%s came twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	// Whoever knows one does not know the next.
	steps := map[string]bool{}
	for range 100 {
		id := models.NewID("x_", clocks[0])
		steps[id[len(id)-8:]] = true
	}
	if len(steps) < 99 {
		t.Errorf("100 ids end in %d ways only", len(steps))
	}
}
