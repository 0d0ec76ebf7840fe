package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// windowWorld is an organization that can require single sign-on: an owner and a member with passwords, an admin without.
type windowWorld struct {
	*loginWorld
	f                    *fixture
	owner, admin, member *models.Member
}

func newWindowWorld(w *loginWorld) *windowWorld {
	w.t.Helper()
	owner, err := w.MemberByAddress(w.t.Context(), w.org.ID, "owner@"+w.domain.Domain)
	must(w.t, err)
	f := &fixture{DB: w.DB, t: w.t, clock: w.clock, org: w.org, owner: owner, domain: w.domain.Domain, actor: models.Actor{Kind: models.Person, ID: owner.ID, Label: "Olga Owner", IP: "198.51.100.4"}}
	ww := &windowWorld{loginWorld: w, f: f, owner: owner, admin: f.add("adam", models.Admin), member: f.add("mia", models.RoleMember)}
	f.givePassword(owner)
	f.givePassword(ww.member)
	w.switches(models.Switches{IDPManaged: ptr(false)})
	return ww
}

// require turns Require Single Sign-On on as the owner does, a moment after everything before.
func (w *windowWorld) require() {
	w.t.Helper()
	w.clock.Advance(time.Second)
	must(w.t, w.SetSwitches(w.t.Context(), w.f.actor, w.org.ID, models.Switches{Required: ptr(true)}))
	w.clock.Advance(time.Second)
}

// comes signs somebody in by single sign-on.
func (w *windowWorld) comes(m *models.Member) {
	w.t.Helper()
	w.mustSignIn(loginOf("oid-"+m.ID, m.Address()))
}

// isRequired checks what the sign-in page does.
func (w *windowWorld) isRequired(want bool, when string) {
	w.t.Helper()
	p, err := w.LoginPolicy(w.t.Context(), w.member.Address())
	must(w.t, err)
	if (p.Way == models.WaySSO) != want {
		w.t.Errorf("%s: required %v, want %v", when, !want, want)
	}
}

// windows lets the sweep come by.
func (w *windowWorld) windows(want int) {
	w.t.Helper()
	if n, err := w.EndSafetyWindows(w.t.Context()); n != want || err != nil {
		w.t.Errorf("%d windows ended, want %d; %v", n, want, err)
	}
}

func (w *windowWorld) connection() *models.SSOConnection {
	w.t.Helper()
	s, err := w.SSO(w.t.Context(), w.org.ID)
	must(w.t, err)
	return &s.SSOConnection
}

// what the safety window has led to, by the audit log.
func (w *windowWorld) outcome(mark map[string]bool) string {
	w.t.Helper()
	var words []string
	for _, e := range w.f.events(mark) {
		if word, is := strings.CutPrefix(e.Action, "sso_connection.require_"); is {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func TestRequireSSOTurnsItselfOffUnlessAnOwnerOrAdminSignsIn(t *testing.T) {
	end := models.SafetyWindow
	for _, c := range []struct {
		name string
		// before comes before the switch; its result is handed to during, which comes after.
		before func(w *windowWorld) string
		during func(w *windowWorld, before string)
		keptBy string
	}{
		{"nobody signs in", nil, func(*windowWorld, string) {}, ""},
		{"an owner signs in", nil, func(w *windowWorld, _ string) { w.comes(w.owner) }, "Olga Owner"},
		{"an admin signs in", nil, func(w *windowWorld, _ string) { w.comes(w.admin) }, "Ana Novak"},
		{"an admin by the role of a team signs in", func(w *windowWorld) string {
			team := w.f.team("Keepers", w.member)
			must(w.t, w.SetTeamRole(w.t.Context(), w.f.actor, models.Owner, w.org.ID, team.ID, ptr(models.Admin)))
			return ""
		}, func(w *windowWorld, _ string) { w.comes(w.member) }, "Ana Novak"},
		{"an owner signs in at the last moment", nil, func(w *windowWorld, _ string) {
			w.clock.Advance(end - time.Second - time.Microsecond)
			w.comes(w.owner)
		}, "Olga Owner"},
		{"an owner signs in when it is over", nil, func(w *windowWorld, _ string) {
			w.clock.Advance(end - time.Second)
			w.comes(w.owner)
		}, ""},
		{"a member signs in", nil, func(w *windowWorld, _ string) { w.comes(w.member) }, ""},
		{"an owner ends a sign-in that was begun before the switch", func(w *windowWorld) string {
			request, browser := w.begin()
			return request + " " + browser
		}, func(w *windowWorld, begun string) {
			request, browser, _ := strings.Cut(begun, " ")
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, w.claim(request, loginOf("oid", w.owner.Address())), browser)
			must(w.t, err)
		}, ""},
		{"an owner passes a test sign-in", nil, func(w *windowWorld, _ string) {
			must(w.t, w.FinishTest(w.t.Context(), aBrowser, w.org.ID, w.test(), models.TestResult{State: models.TestPassed, MemberID: w.owner.ID, CertificateSHA256: idpCert, Sentence: "Yes."}))
		}, ""},
		{"an admin confirms a change with single sign-on", func(w *windowWorld) string {
			return w.mustSignIn(loginOf("oid", w.admin.Address())).Token
		}, func(w *windowWorld, token string) {
			ctx, s := w.t.Context(), w.connection()
			browser, err := w.BeginLogin(ctx, aBrowser, models.NewLogin{OrgID: w.org.ID, RequestID: "id-step-up-" + w.org.ID, ConnectionVersion: s.Version, Purpose: models.LoginToStepUp})
			must(w.t, err)
			_, err = w.CompleteStepUp(ctx, w.f.signedIn(token), aBrowser, w.claim("id-step-up-"+w.org.ID, loginOf("oid", w.admin.Address())), browser)
			must(w.t, err)
		}, ""},
		{"an owner uses recovery sign-in", nil, func(w *windowWorld, _ string) {
			_, err := w.PasswordSignIn(w.t.Context(), someClient, w.owner.Address(), goodPassword, true)
			must(w.t, err)
		}, ""},
		{"an admin is demoted between request and answer", nil, func(w *windowWorld, _ string) {
			request, browser := w.begin()
			must(w.t, w.ChangeRole(w.t.Context(), w.f.actor, models.Owner, w.org.ID, w.admin.ID, models.RoleMember))
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, w.claim(request, loginOf("oid", w.admin.Address())), browser)
			must(w.t, err)
		}, ""},
		{"an admin is refused", nil, func(w *windowWorld, _ string) {
			must(w.t, w.DeactivateMember(w.t.Context(), w.f.actor, models.Owner, w.org.ID, w.admin.ID))
			_, err := w.signIn(loginOf("oid", w.admin.Address()))
			w.refused(err, models.RefusedDeactivated)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachLogin(t, func(lw *loginWorld) {
				w, before := newWindowWorld(lw), ""
				if c.before != nil {
					before = c.before(w)
				}
				mark, notices := w.f.mark(), len(w.f.notices())
				w.require()
				until := w.connection().RequiredUntil
				if until == nil || until.Sub(*w.connection().RequiredAt) != end || facts(w.t, w.f.event(mark, "sso_connection.switched").After)["safety_window_until"] == nil {
					w.t.Fatalf("the window is %+v", w.connection().RequireWindow)
				}
				w.isRequired(true, "right after the switch")
				c.during(w, before)
				s := w.connection()
				if s.RequiredKeptBy != c.keptBy || (s.RequiredKeptAt != nil) != (c.keptBy != "") || (s.RequiredUntil == nil) != (c.keptBy != "") {
					w.t.Errorf("the window is %+v", s.RequireWindow)
				}
				if left := until.Sub(w.Now()); left > time.Microsecond {
					w.clock.Advance(left - time.Microsecond)
					w.isRequired(true, "just before its end")
					w.windows(0)
				}
				w.clock.Advance(time.Microsecond)
				w.isRequired(c.keptBy != "", "at its end, before the sweep")
				wantOutcome, wantNotices := "kept", notices+1
				if c.keptBy == "" {
					wantOutcome, wantNotices = "reverted", notices+2
					w.windows(1)
				}
				w.windows(0)
				w.isRequired(c.keptBy != "", "after the sweep")
				if got := w.outcome(mark); got != wantOutcome {
					w.t.Errorf("the audit log says %q, want %q", got, wantOutcome)
				}
				told := slices.DeleteFunc(w.f.notices(), func(s string) bool { return s == "Recovery sign-in was used" })
				if len(told) != wantNotices || (told[0] == "Require Single Sign-On turned itself off") != (c.keptBy == "") {
					w.t.Errorf("the owners were told %q", told)
				}
				switch s := w.connection(); {
				case c.keptBy == "":
					e := w.f.event(mark, "sso_connection.require_reverted")
					if s.Required || s.RequireWindow != (models.RequireWindow{}) || e.ActorKind != models.System || e.ActorLabel != "Gatehouse" || facts(w.t, e.Before)["required"] != true {
						w.t.Errorf("reverted to %+v by %+v", s, e)
					}
				default:
					e := w.f.event(mark, "sso_connection.require_kept")
					if !s.Required || s.RequiredUntil != nil || e.ActorKind != models.Person || e.ActorLabel != c.keptBy {
						w.t.Errorf("kept as %+v by %+v", s, e)
					}
				}
			})
		})
	}
}

// What else happens to the switch while its window is open, or over and not swept yet.
func TestTheSafetyWindowAndOtherChanges(t *testing.T) {
	set := func(w *windowWorld, s models.Switches) {
		w.t.Helper()
		must(w.t, w.SetSwitches(w.t.Context(), w.f.actor, w.org.ID, s))
	}
	operatorSets := func(w *windowWorld, s models.Switches) {
		w.t.Helper()
		c := models.NewCertificate{PEM: "pem", Subject: "CN=idp", SHA1: idpCert, SHA256: idpCert, KeyKind: "RSA 2048", NotBefore: w.Now().AddDate(-1, 0, 0), NotAfter: w.Now().AddDate(2, 0, 0)}
		must(w.t, w.ConfigureSSO(w.t.Context(), byOperator, w.org.ID, entra, "https://login.example/saml2", []models.NewCertificate{c}, s))
	}
	over := func(w *windowWorld) {
		w.require()
		w.clock.Advance(models.SafetyWindow)
	}
	for _, c := range []struct {
		name    string
		run     func(w *windowWorld)
		outcome string // of the windows so far, in the audit log
		// required is whether it is, later whether it still is after another window's time and the sweep; sweep how many windows that ends.
		required, later bool
		sweep           int
	}{
		{"Require is turned off", func(w *windowWorld) { w.require(); set(w, models.Switches{Required: ptr(false)}) }, "", false, false, 0},
		{"Single Sign-On is turned off", func(w *windowWorld) { w.require(); set(w, models.Switches{Enabled: ptr(false)}) }, "", false, false, 0},
		{"off and on again is a new window", func(w *windowWorld) {
			w.require()
			request, browser := w.begin()
			w.clock.Advance(models.SafetyWindow - 2*time.Minute)
			set(w, models.Switches{Required: ptr(false)})
			w.require()
			// Begun in the first window, this keeps nothing in the second.
			w.f.Execute(w.t, "update pending_logins set expires_at = ? where id = ?", w.Now().Add(time.Hour), request)
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, w.claim(request, loginOf("oid", w.owner.Address())), browser)
			must(w.t, err)
			w.clock.Advance(5 * time.Minute)
			w.isRequired(true, "when the first window would have been over")
			w.windows(0)
		}, "", true, false, 1},
		{"another switch changes nothing about it", func(w *windowWorld) {
			w.require()
			until := w.connection().RequiredUntil
			set(w, models.Switches{IDPManaged: ptr(true)})
			set(w, models.Switches{IDPManaged: ptr(false)})
			if !w.connection().RequiredUntil.Equal(*until) {
				w.t.Error("its end moved")
			}
		}, "", true, false, 1},
		{"the connection is changed: only a sign-in through it as it is now keeps it", func(w *windowWorld) {
			w.require()
			until := w.connection().RequiredUntil
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid", w.owner.Address()))
			must(w.t, w.SaveConnection(w.t.Context(), w.f.actor, w.org.ID, entra, "https://login.example/other", nil))
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
			w.refused(err, models.RefusedConnectionChanged)
			if !w.connection().RequiredUntil.Equal(*until) {
				w.t.Error("its end moved")
			}
			w.comes(w.owner)
		}, "kept", true, true, 0},
		{"a second sign-in keeps nothing twice", func(w *windowWorld) { w.require(); w.comes(w.owner); w.comes(w.admin); w.comes(w.owner) }, "kept", true, true, 0},
		{"the operator requires it meanwhile", func(w *windowWorld) {
			w.require()
			operatorSets(w, models.Switches{Required: ptr(true)})
			operatorSets(w, models.Switches{Required: ptr(true)})
		}, "kept", true, true, 0},
		{"the operator sets something else meanwhile", func(w *windowWorld) {
			w.require()
			operatorSets(w, models.Switches{IDPManaged: ptr(true)})
			operatorSets(w, models.Switches{IDPManaged: ptr(false)})
		}, "", true, false, 1},
		{"the operator requires it: no pre-flight and no window", func(w *windowWorld) {
			w.f.Execute(w.t, "delete from test_sign_ins")
			w.f.Execute(w.t, "update accounts set password_hash = null")
			mark := w.f.mark()
			operatorSets(w, models.Switches{Required: ptr(true)})
			if after := facts(w.t, w.f.event(mark, "sso_connection.switched").After); after["pre_flight"] != "skipped" || after["safety_window"] != "skipped" {
				w.t.Errorf("the audit log says %v", after)
			}
		}, "", true, true, 0},
		{"it was required before there were windows", func(w *windowWorld) {
			w.f.Execute(w.t, "update sso_connections set required = ? where org_id = ?", true, w.org.ID)
		}, "", true, true, 0},
		{"a process of the version before turns it off", func(w *windowWorld) {
			w.require()
			w.f.Execute(w.t, "update sso_connections set required = ? where org_id = ?", false, w.org.ID)
			w.comes(w.owner)
		}, "", false, false, 0},
		{"turned on again when it is over", func(w *windowWorld) { over(w); w.require() }, "reverted", true, false, 1},
		{"the operator requires it when it is over", func(w *windowWorld) { over(w); operatorSets(w, models.Switches{Required: ptr(true)}) }, "reverted", true, true, 0},
		{"turned off when it is over", func(w *windowWorld) { over(w); set(w, models.Switches{Required: ptr(false)}) }, "", false, false, 1},
		{"another switch when it is over", func(w *windowWorld) { over(w); set(w, models.Switches{Enabled: ptr(false)}) }, "reverted", false, false, 0},
		{"a certificate is added when it is over", func(w *windowWorld) { over(w); addCertificate(w.t, w.DB, w.org.ID, "CC:DD") }, "", false, false, 1},
		{"the configuration is removed after it was over", func(w *windowWorld) {
			over(w)
			set(w, models.Switches{Enabled: ptr(false)})
			must(w.t, w.RemoveSSO(w.t.Context(), w.f.actor, w.org.ID))
		}, "reverted", false, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachLogin(t, func(lw *loginWorld) {
				w := newWindowWorld(lw)
				mark := w.f.mark()
				c.run(w)
				if got := w.outcome(mark); got != c.outcome {
					w.t.Errorf("the audit log says %q, want %q", got, c.outcome)
				}
				w.isRequired(c.required, "then")
				for _, e := range w.f.events(mark) {
					if e.Action == "sso_connection.require_reverted" && e.ActorKind != models.System {
						w.t.Errorf("%s turned it off", e.ActorLabel)
					}
				}
				w.clock.Advance(models.SafetyWindow)
				w.isRequired(c.later, "half an hour later")
				w.windows(c.sweep)
				if s := w.connection(); s.Required != c.later {
					w.t.Errorf("half an hour later it is stored as %v", s.Required)
				}
			})
		})
	}
}

// From the end of its window on nothing treats single sign-on as required, sweep or not.
func TestAWindowThatIsOverRequiresNothing(t *testing.T) {
	eachLogin(t, func(lw *loginWorld) {
		ctx := lw.t.Context()
		w := newWindowWorld(lw)
		token := w.f.signIn(w.member)
		w.f.add("second", models.Owner)
		w.require()
		w.f.isSignedOut(token)
		_, err := w.PasswordSignIn(ctx, someClient, w.member.Address(), goodPassword, false)
		w.f.refuses(err, models.Forbidden, "asks for single sign-on")
		w.f.refuses(w.DeactivateMember(ctx, w.f.actor, models.Owner, w.org.ID, w.owner.ID), models.Conflict, "last owner")
		if s, err := w.OpenWindow(ctx, w.org.ID); err != nil || s == nil || s.RequiredUntil == nil {
			w.t.Errorf("the open window is %+v, %v", s, err)
		}
		w.clock.Advance(models.SafetyWindow)
		w.f.signedIn(w.f.signIn(w.member))
		must(w.t, w.DeactivateMember(ctx, w.f.actor, models.Owner, w.org.ID, w.owner.ID)) // the second owner has no password, and counts again
		if s, err := w.OpenWindow(ctx, w.org.ID); err != nil || s != nil {
			w.t.Errorf("the window that is over is %+v, %v", s, err)
		}
	})
}

// eachPair runs fn with two processes on one database whose clocks differ: by the late one the window is over, by the early one not yet.
func eachPair(t *testing.T, fn func(w *windowWorld, early, late *models.DB)) {
	t.Helper()
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			clock := modelstest.NewClock()
			url := modelstest.URL(t, dialect)
			early := modelstest.Open(t, url, modelstest.WithNow(clock.Now))
			late := modelstest.Open(t, url, modelstest.WithNow(func() time.Time { return clock.Now().Add(time.Second) }))
			fn(newWindowWorld(newLoginWorld(t, early, clock, "acme.com")), early, late)
		})
	}
}

func TestASignInAndTheEndOfTheWindowInOneMoment(t *testing.T) {
	eachPair(t, func(w *windowWorld, early, late *models.DB) {
		ctx := w.t.Context()
		w.comes(w.owner) // bound, as most are
		seen := map[string]int{}
		for i := range 12 {
			mark := w.f.mark()
			w.require()
			w.clock.Advance(models.SafetyWindow - 2*time.Second)
			w.f.Execute(w.t, "update test_sign_ins set answered_at = ?", w.Now()) // the time of many rounds passes
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid-"+w.owner.ID, w.owner.Address()))
			for i, err := range race(3, func(n int) error {
				time.Sleep(time.Duration(i%4*(n%2)) * time.Millisecond)
				if n > 0 {
					_, err := late.EndSafetyWindows(ctx)
					return err
				}
				_, err := early.CompleteLogin(ctx, aBrowser, w.org.ID, code, browser)
				return err
			}) {
				if err != nil { // the sign-in goes on either way
					w.t.Errorf("%d: %v", i, err)
				}
			}
			_, err := late.EndSafetyWindows(ctx)
			must(w.t, err)
			got := w.outcome(mark)
			seen[got]++
			if s := w.connection(); got != "kept" && got != "reverted" || s.Required != (got == "kept") || s.RequiredUntil != nil {
				w.t.Errorf("round %d: the audit log says %q, the switch %+v", i, got, s)
			}
			if err := w.SetSwitches(ctx, w.f.actor, w.org.ID, models.Switches{Required: ptr(false)}); err != nil {
				w.t.Fatal(err)
			}
		}
		w.t.Logf("the outcomes were %v", seen)
	})
}

func TestAWindowEndsOnceAndIsKeptOnce(t *testing.T) {
	eachPair(t, func(w *windowWorld, early, late *models.DB) {
		ctx := w.t.Context()
		mark := w.f.mark()
		w.require()
		w.clock.Advance(models.SafetyWindow)
		ended := make([]int, 6)
		errs := race(len(ended), func(i int) (err error) {
			ended[i], err = []*models.DB{early, late}[i%2].EndSafetyWindows(ctx)
			return err
		})
		total := 0
		for _, n := range ended {
			total += n
		}
		if succeeded(errs) != len(errs) || total != 1 || w.outcome(mark) != "reverted" || w.f.notices()[0] != "Require Single Sign-On turned itself off" || w.f.notices()[1] == w.f.notices()[0] {
			w.t.Errorf("%d ended it, %v; %q; %q", total, errs, w.outcome(mark), w.f.notices())
		}

		mark = w.f.mark()
		second := w.f.add("second", models.Admin)
		w.require()
		people := []*models.Member{w.owner, w.admin, second}
		codes, browsers := make([]string, len(people)), make([]string, len(people))
		for i, m := range people {
			var request string
			request, browsers[i] = w.begin()
			codes[i] = w.claim(request, loginOf("oid-"+m.ID, m.Address()))
		}
		for _, err := range race(len(people), func(i int) error {
			_, err := []*models.DB{early, late}[i%2].CompleteLogin(ctx, aBrowser, w.org.ID, codes[i], browsers[i])
			return err
		}) {
			must(w.t, err)
		}
		if got := w.outcome(mark); got != "kept" {
			w.t.Errorf("the audit log says %q", got)
		}
	})
}

// One organization whose window cannot be ended does not keep the others waiting.
func TestWindowsOfManyOrganizations(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		var worlds []*windowWorld
		for i := range 3 {
			worlds = append(worlds, newWindowWorld(newLoginWorld(t, db, clock, fmt.Sprintf("acme%d.com", i))))
		}
		worlds[0].require()
		clock.Advance(10 * time.Minute)
		worlds[1].require()
		worlds[2].require()
		worlds[2].comes(worlds[2].admin)
		clock.Advance(20 * time.Minute)
		worlds[0].windows(1)
		for i, want := range []bool{false, true, true} {
			worlds[i].isRequired(want, fmt.Sprint("after half an hour, ", i))
		}
		clock.Advance(10 * time.Minute)
		worlds[0].windows(1)
		for i, want := range []bool{false, false, true} {
			worlds[i].isRequired(want, fmt.Sprint("at the end, ", i))
		}
	}, modelstest.WithNow(clock.Now))
}
