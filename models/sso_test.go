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

func (f *fixture) sso() *models.SSO {
	f.t.Helper()
	s, err := f.SSO(f.t.Context(), f.org.ID)
	must(f.t, err)
	return s
}

// Every change that must end outstanding requests makes the version grow; every other one leaves it.
func TestWhatEndsOutstandingRequests(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		first := f.turnOnWith()
		bo := f.add("bo", models.RoleMember)
		for _, step := range []struct {
			name         string
			change       func() error
			ends         bool
			sessionsToo  bool
			wantNotices  int
			wantNoChange bool
		}{
			{"saving what is there", func() error {
				return f.SaveConnection(ctx, f.actor, f.org.ID, "https://idp.example/issuer", "https://idp.example/sign-in", nil)
			}, false, false, 0, true},
			{"adding a certificate", func() error {
				return f.SaveConnection(ctx, f.actor, f.org.ID, "https://idp.example/issuer", "https://idp.example/sign-in", []models.NewCertificate{f.newCertificate("second")})
			}, false, false, 1, false},
			{"IdP Managed Access", func() error {
				return f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{IDPManaged: ptr(true)})
			}, false, false, 1, false},
			{"the same switches again", func() error {
				return f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Enabled: ptr(true), IDPManaged: ptr(true)})
			}, false, false, 0, true},
			{"another sign-in URL", func() error {
				return f.SaveConnection(ctx, f.actor, f.org.ID, "https://idp.example/issuer", "https://idp.example/other", nil)
			}, true, false, 1, false},
			{"removing a certificate", func() error {
				f.Execute(t, "update sso_certificates set last_used_at = null where id = ?", first.ID) // else it is held back
				return f.RemoveCertificate(ctx, f.actor, f.org.ID, first.ID)
			}, true, false, 1, false},
			{"another issuer", func() error {
				return f.SaveConnection(ctx, f.actor, f.org.ID, "https://other.example/issuer", "https://idp.example/other", nil)
			}, true, true, 1, false},
			{"turning it off", func() error {
				return f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Enabled: ptr(false)})
			}, true, false, 1, false},
		} {
			f.Execute(t, "delete from sessions where org_id = ?", f.org.ID)
			f.session(bo, models.MethodSSO)
			f.session(bo, models.MethodPassword)
			version, notices, mark := f.sso().Version, len(f.notices()), f.mark()
			must(t, step.change())
			if grew := f.sso().Version > version; grew != step.ends {
				t.Errorf("%s: outstanding requests end: %v", step.name, grew)
			}
			if left := f.countSessions(bo); left != map[bool]int{false: 2, true: 1}[step.sessionsToo] {
				t.Errorf("%s: %d sessions are left", step.name, left)
			}
			if n := len(f.notices()) - notices; n != step.wantNotices {
				t.Errorf("%s: %d notices", step.name, n)
			}
			if n := len(f.events(mark)); (n == 0) != step.wantNoChange {
				t.Errorf("%s: %d events", step.name, n)
			}
		}
	})
}

// turnOnWith turns single sign-on on and returns the certificate.
func (f *fixture) turnOnWith() *models.SSOCertificate {
	f.t.Helper()
	f.turnOn(false, false)
	return &f.sso().Certificates[0]
}

func TestTurningOnNamesEverythingThatIsMissing(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		missing := func(words ...string) {
			t.Helper()
			list, err := f.EnableMissing(ctx, f.org.ID)
			must(t, err)
			if len(list) != len(words) {
				t.Fatalf("missing %q, want %q", list, words)
			}
			err = f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Enabled: ptr(true)})
			for i, w := range words {
				if !strings.Contains(list[i], w) {
					t.Errorf("missing %q, want %q", list[i], w)
				}
			}
			if len(words) > 0 {
				f.refuses(err, models.Conflict, words[0])
			} else {
				must(t, err)
			}
		}
		missing("Verify a domain", "Issuer URL", "Sign-in URL", "SAML Certificate", "test sign-in")
		f.claim(f.org.ID, f.domain) // waiting does not count
		must(t, f.SaveConnection(ctx, f.actor, f.org.ID, "issuer", "", nil))
		missing("Verify a domain", "Sign-in URL", "SAML Certificate", "test sign-in")
		f.verify(f.org.ID, f.domain)
		must(t, f.SaveConnection(ctx, f.actor, f.org.ID, "issuer", "https://idp.example/", nil))
		old := f.newCertificate("old")
		old.NotAfter = f.Now() // valid until then, not at it
		trust(t, f.DB, f.actor, f.org.ID, old)
		early := f.newCertificate("early")
		early.NotBefore = f.Now().Add(time.Second)
		trust(t, f.DB, f.actor, f.org.ID, early)
		missing("valid today", "test sign-in")
		f.certificate("good")
		modelstest.PassTest(t, f.DB, f.org.ID)
		missing()
		if s := f.sso(); !s.Enabled || s.EnabledAt == nil || !s.Configured() {
			t.Errorf("turned on as %+v", s.SSOConnection)
		}
	})
}

func TestSwitchesThatDoNotGoTogether(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		f.verify(f.org.ID, f.domain)
		must(t, f.operatorSets(models.Switches{}))
		for _, w := range []models.Switches{{Required: ptr(true)}, {IDPManaged: ptr(true)}, {Enabled: ptr(false), Required: ptr(true)}} {
			f.refuses(f.SetSwitches(ctx, f.actor, f.org.ID, w), models.Conflict, "Turn single sign-on on first")
		}
		must(t, f.operatorSets(models.Switches{Enabled: ptr(true), Required: ptr(true), IDPManaged: ptr(true)}))
		// Off takes Required along, and leaves IdP Managed Access for the next time.
		must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Enabled: ptr(false)}))
		if s := f.sso(); s.Enabled || s.Required || !s.IDPManaged {
			t.Errorf("off as %+v", s.SSOConnection)
		}
		// While it is on, neither address can be cleared.
		must(t, f.operatorSets(models.Switches{Enabled: ptr(true)}))
		f.refuses(f.SaveConnection(ctx, f.actor, f.org.ID, "", "https://idp.example/sign-in", nil), models.Conflict, "Turn it off")
		f.refuses(f.RemoveSSO(ctx, f.actor, f.org.ID), models.Conflict, "Turn it off")
		before, after := facts(t, f.lastSwitch().Before), facts(t, f.lastSwitch().After)
		if before["single_sign_on"] != false || after["single_sign_on"] != true || after["idp_managed_access"] != true {
			t.Errorf("audited from %v to %v", before, after)
		}
	})
}

func (f *fixture) lastSwitch() models.AuditEvent {
	f.t.Helper()
	list, err := f.AuditEvents(f.t.Context(), f.org.ID, models.AuditFilter{Action: "sso_connection.switched"})
	must(f.t, err)
	for _, e := range list {
		if facts(f.t, e.After)["single_sign_on"] == true && facts(f.t, e.Before)["single_sign_on"] == false && facts(f.t, e.Before)["required"] == false && facts(f.t, e.Before)["idp_managed_access"] == true {
			return e
		}
	}
	f.t.Fatalf("no such event among %v", list)
	return models.AuditEvent{}
}

func TestCertificates(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		first := f.turnOnWith()
		save := func(orgID, name string) error {
			s, err := f.SSO(ctx, orgID)
			must(t, err)
			return f.SaveConnection(ctx, f.actor, orgID, s.Issuer, s.SignInURL, []models.NewCertificate{f.newCertificate(name)})
		}
		mark := f.mark()
		must(t, save(f.org.ID, "first"))
		if got := f.events(mark); len(got) != 0 || len(f.sso().Certificates) != 1 {
			t.Errorf("one that is here already is added: %v", actions(got))
		}
		f.refuses(f.RemoveCertificate(ctx, f.actor, f.org.ID, first.ID), models.Conflict, "only valid certificate")
		// An expired one beside it does not make it dispensable, and can go itself.
		n := f.newCertificate("expired")
		n.NotAfter = f.Now().Add(-time.Hour)
		expired := trust(t, f.DB, f.actor, f.org.ID, n)
		f.refuses(f.RemoveCertificate(ctx, f.actor, f.org.ID, first.ID), models.Conflict, "only valid certificate")
		must(t, f.RemoveCertificate(ctx, f.actor, f.org.ID, expired.ID))
		// Two admins who remove one of two valid ones each leave one.
		second := f.certificate("second")
		errs := race(2, func(i int) error {
			return f.RemoveCertificate(ctx, f.actor, f.org.ID, []string{first.ID, second.ID}[i])
		})
		if succeeded(errs) != 1 || len(f.sso().Certificates) != 1 {
			t.Errorf("%d left: %v", len(f.sso().Certificates), errs)
		}
		for i := len(f.sso().Certificates); i < 10; i++ {
			f.certificate(fmt.Sprint("number ", i))
		}
		f.refuses(save(f.org.ID, "one too many"), models.Conflict, "the most")
		// The same certificate may be trusted by two organizations: each decides for itself.
		trust(t, f.DB, f.actor, f.other.ID, f.newCertificate("second"))
	})
}

func TestCertificatesAddedAtOnce(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		mark := f.mark()
		errs := race(14, func(i int) error {
			return f.SaveConnection(t.Context(), f.actor, f.org.ID, "", "", []models.NewCertificate{f.newCertificate(fmt.Sprint(i / 2))})
		})
		// Whoever comes second with the same one finds nothing left to do.
		if n, added := len(f.sso().Certificates), f.events(mark); n != 7 || succeeded(errs) != 14 || len(added) != 7 {
			t.Errorf("%d certificates, %d answered, added: %v, %v", n, succeeded(errs), actions(added), errs)
		}
	})
}

func TestTheOperatorConfiguresAWholeConnection(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		on := models.Switches{Enabled: ptr(true), Required: ptr(true)}
		certificates := func(names ...string) (list []models.NewCertificate) {
			for _, n := range names {
				list = append(list, f.newCertificate(n))
			}
			return list
		}
		set := func(w models.Switches, names ...string) error {
			return f.ConfigureSSO(ctx, byOperator, f.org.ID, "https://idp.example/i", "https://idp.example/s", certificates(names...), w)
		}
		// Refused as a whole: nothing of it is kept.
		before := f.Dump(t)
		f.refuses(set(on, "a"), models.Conflict, "Verify a domain")
		if f.Dump(t) != before {
			t.Error("a refused configuration left something")
		}
		f.verify(f.org.ID, f.domain)
		must(t, set(on, "a", "b", "a"))
		mark := f.mark()
		must(t, set(on, "b", "a"))
		if got := f.events(mark); len(got) != 0 {
			t.Errorf("the same again is audited: %v", actions(got))
		}
		must(t, set(models.Switches{}, "b", "c"))
		var subjects []string
		for _, c := range f.sso().Certificates {
			subjects = append(subjects, c.Subject)
		}
		slices.Sort(subjects)
		if !slices.Equal(subjects, []string{"CN=b", "CN=c"}) || !f.sso().Required {
			t.Errorf("trusted now: %v, required %v", subjects, f.sso().Required)
		}
		// Ten others in place of ten.
		ten := func(prefix string) (names []string) {
			for i := range 10 {
				names = append(names, fmt.Sprint(prefix, i))
			}
			return names
		}
		must(t, set(models.Switches{}, ten("x")...))
		must(t, set(models.Switches{}, ten("y")...))
		f.refuses(set(models.Switches{}, append(ten("z"), "one more")...), models.Conflict, "the most")
		// Not into a state that lets nobody in.
		old := f.newCertificate("old")
		old.NotAfter = f.Now().Add(-time.Hour)
		f.refuses(f.ConfigureSSO(ctx, byOperator, f.org.ID, "https://idp.example/i", "https://idp.example/s", []models.NewCertificate{old}, models.Switches{}), models.Conflict, "only valid certificate")
	})
}

func TestRemovingTheConfiguration(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.turnOn(false, true)
		must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Enabled: ptr(false)}))
		bo := f.add("bo", models.RoleMember)
		f.session(bo, models.MethodSSO)
		f.session(bo, models.MethodPassword)
		version := f.sso().Version
		must(t, f.RemoveSSO(ctx, f.actor, f.org.ID))
		if s := f.sso(); s.Issuer != "" || s.SignInURL != "" || s.IDPManaged || len(s.Certificates) != 0 || s.Version <= version || f.countSessions(bo) != 1 {
			t.Errorf("left %+v, %d sessions", s, f.countSessions(bo))
		}
		mark := f.mark()
		must(t, f.RemoveSSO(ctx, f.actor, f.org.ID))
		if len(f.events(mark)) != 0 {
			t.Error("removing nothing is audited")
		}
	})
}

// The page must not show one admin what another has just changed as if it were theirs.
func TestTheConnectionOfAnOrganizationWithoutOneIsEmpty(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		if s := f.sso(); s.Enabled || s.Issuer != "" || s.Version != 1 || s.Configured() {
			t.Errorf("got %+v", s)
		}
		_, err := f.SSO(t.Context(), "org_nowhere")
		f.wantKind(err, models.NotFound)
	})
}

// operatorSets configures the connection by the command line, which needs no test sign-in.
func (f *fixture) operatorSets(w models.Switches) error {
	f.t.Helper()
	return f.ConfigureSSO(f.t.Context(), byOperator, f.org.ID, "https://idp.example/issuer", "https://idp.example/sign-in", []models.NewCertificate{f.newCertificate("first")}, w)
}
