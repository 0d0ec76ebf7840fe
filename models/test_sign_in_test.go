package models_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// test begins a test sign-in and returns its id.
func (w *loginWorld) test() string {
	w.t.Helper()
	sso, err := w.SSO(w.t.Context(), w.org.ID)
	must(w.t, err)
	id := w.NewTestID()
	must(w.t, w.BeginTest(w.t.Context(), aBrowser, models.NewTest{OrgID: w.org.ID, ID: id, RequestID: "id-" + id, ConnectionVersion: sso.Version, By: "Olga Owner"}))
	return id
}

func (w *loginWorld) missing() string {
	w.t.Helper()
	missing, err := w.EnableMissing(w.t.Context(), w.org.ID)
	must(w.t, err)
	return strings.Join(missing, " ")
}

// Turning single sign-on on needs a test that passed with the connection as it is; the command line does not.
func TestTurningOnNeedsATestThatPassed(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := t.Context()
		w := newLoginWorld(t, db, clock, "acme.com")
		on := models.Switches{Enabled: ptr(true)}
		turnOnAgain := func(want bool, why string) {
			t.Helper()
			w.switches(models.Switches{Enabled: ptr(false)})
			err := db.SetSwitches(ctx, byOperator, w.org.ID, on)
			if want != (err == nil) || !want && (!models.IsKind(err, models.Conflict) || !strings.Contains(err.Error(), "Run a test sign-in")) {
				t.Errorf("%s: %v", why, err)
			}
			if got := w.missing(); want != (got == "") {
				t.Errorf("%s: missing %q", why, got)
			}
		}
		turnOnAgain(true, "turning it off and on again changes nothing about the connection")
		addCertificate(t, db, w.org.ID, "CC:DD")
		turnOnAgain(true, "adding a certificate ends nothing")
		must(t, db.SaveConnection(ctx, byOperator, w.org.ID, entra, "https://login.example/other", nil))
		turnOnAgain(false, "another sign-in URL")

		for _, state := range []string{models.TestFailed, models.TestRefused} {
			must(t, db.FinishTest(ctx, aBrowser, w.org.ID, w.test(), models.TestResult{State: state, CertificateSHA256: idpCert, Sentence: "No."}))
			turnOnAgain(false, "a test that "+state)
		}
		must(t, db.FinishTest(ctx, aBrowser, w.org.ID, w.test(), models.TestResult{State: models.TestPassed, CertificateSHA256: "CC:DD", Sentence: "Yes."}))
		turnOnAgain(true, "a test that passed")
		w.switches(models.Switches{Enabled: ptr(false)})
		sso, err := db.SSO(ctx, w.org.ID)
		must(t, err)
		for _, c := range sso.Certificates {
			if c.SHA256 == "CC:DD" {
				must(t, db.RemoveCertificate(ctx, byOperator, w.org.ID, c.ID))
			}
		}
		turnOnAgain(false, "the certificate that signed the test is gone")

		c := models.NewCertificate{PEM: "pem", Subject: "CN=idp", SHA1: "EE", SHA256: "EE", KeyKind: "RSA 2048", NotBefore: db.Now(), NotAfter: db.Now().Add(time.Hour)}
		must(t, db.ConfigureSSO(ctx, byOperator, w.org.ID, entra, "https://login.example/third", []models.NewCertificate{c}, on))
	}, modelstest.WithNow(clock.Now))
}

// An identity provider may verify our requests, so signing them, no longer signing them, or another key needs a new test.
func TestHowRequestsAreSignedIsPartOfWhatATestProves(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := t.Context()
		w := newLoginWorld(t, db, clock, "acme.com")
		want := func(tested bool, why string) {
			t.Helper()
			got, err := db.Tested(ctx, w.org.ID)
			must(t, err)
			p, err := db.Preflight(ctx, w.org.ID)
			must(t, err)
			if got != tested || (p.Test != nil) != tested {
				t.Errorf("%s: tested %v, in the pre-flight %v; want %v", why, got, p.Test != nil, tested)
			}
		}
		pass := func() {
			t.Helper()
			must(t, db.FinishTest(ctx, aBrowser, w.org.ID, w.test(), models.TestResult{State: models.TestPassed, CertificateSHA256: idpCert, Sentence: "Yes."}))
		}
		sign := func(on bool) { t.Helper(); must(t, db.SetSignRequests(ctx, byOperator, w.org.ID, on)) }
		must(t, db.MakeRequestKey(ctx, byOperator, w.org.ID, []byte("key"), "one certificate"))
		pass()
		want(true, "a test without signatures")
		sign(true)
		want(false, "requests are signed now")
		pass()
		want(true, "a signed test")
		sign(false)
		want(true, "as in the first test")
		sign(true)
		db.Execute(t, "update sso_request_keys set certificate = 'another certificate'")
		want(false, "another key")
		pass()
		want(true, "a test with that key")
	}, modelstest.WithNow(clock.Now))
}

func TestATestIsAnsweredOnceAndIsNoSignIn(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		id := w.test()
		found, err := w.FindTest(ctx, w.org.ID, "", "id-"+id)
		must(w.t, err)
		if found == nil || found.ID != id || found.State != models.TestWaiting || found.BegunBy != "Olga Owner" {
			w.t.Fatalf("by its request: %+v", found)
		}
		for name, other := range map[string][3]string{"another organization": {"org_x", id, ""}, "nothing": {w.org.ID, "", ""}, "something else": {w.org.ID, "relay", "id-x"}} {
			if found, err := w.FindTest(ctx, other[0], other[1], other[2]); found != nil || err != nil {
				w.t.Errorf("%s: %+v, %v", name, found, err)
			}
		}
		// The pending request never becomes a session.
		code, _, err := w.ClaimLogin(ctx, w.org.ID, "id-"+id, loginOf("oid", "ana@acme.com"))
		must(w.t, err)
		if _, err := w.CompleteLogin(ctx, aBrowser, w.org.ID, code, ""); err == nil {
			w.t.Error("a test became a session")
		}
		trace := models.LoginTrace{Checks: []models.LoginCheck{{Title: "Signed", State: models.CheckFailed, Problem: "No."}, {Title: "Audience", State: models.CheckPassed}}}
		must(w.t, w.FinishTest(ctx, aBrowser, w.org.ID, id, models.TestResult{State: models.TestFailed, Who: "ana@acme.com", Reason: "unsigned", Sentence: "Not signed.", Trace: trace, Raw: "<Response/>"}))
		if err := w.FinishTest(ctx, aBrowser, w.org.ID, id, models.TestResult{State: models.TestPassed}); !models.IsKind(err, models.Conflict) {
			w.t.Errorf("answered twice: %v", err)
		}
		got, err := w.TestSignIn(ctx, w.org.ID, id)
		must(w.t, err)
		if got.State != models.TestFailed || len(got.LoginTrace().Failed()) != 1 || got.Reference == "" || got.AnsweredAt == nil {
			w.t.Errorf("test = %+v", got)
		}
		rows, err := w.Activities(ctx, w.org.ID, models.ActivityFilter{Text: got.Reference, Problems: true})
		must(w.t, err)
		if len(rows) != 1 || rows[0].ID != got.ActivityID || len(rows[0].LoginTrace().Checks) != 2 || rows[0].Facts()["test"] != id {
			w.t.Fatalf("activity = %+v", rows)
		}
		if _, raw, err := w.ViewRaw(ctx, byOperator, w.org.ID, rows[0].ID); err != nil || raw != "<Response/>" {
			w.t.Errorf("raw = %q, %v", raw, err)
		}
		w.clock.Advance(models.ActivityLife + time.Hour)
		must(w.t, w.Sweep(ctx))
		if got, err = w.TestSignIn(ctx, w.org.ID, id); err != nil || got.Trace != "{}" || got.State != models.TestFailed {
			w.t.Errorf("after its time: %+v, %v", got, err)
		}
		if _, _, err := w.ViewRaw(ctx, byOperator, w.org.ID, rows[0].ID); !models.IsKind(err, models.NotFound) {
			w.t.Errorf("the message is still there: %v", err)
		}
	})
}

func TestATestLinkWorksForAnHour(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		secret, err := w.CreateTestLink(ctx, models.Actor{Kind: models.Person, Label: "Olga Owner"}, w.org.ID)
		must(w.t, err)
		begin := func() error {
			sso, err := w.SSO(ctx, w.org.ID)
			must(w.t, err)
			id := w.NewTestID()
			return w.BeginTest(ctx, aBrowser, models.NewTest{OrgID: w.org.ID, ID: id, RequestID: "id-" + id, ConnectionVersion: sso.Version, LinkSecret: secret})
		}
		must(w.t, begin())
		must(w.t, begin()) // several colleagues may use one link
		list, err := w.TestSignIns(ctx, w.org.ID, 10)
		must(w.t, err)
		n := 0
		for _, test := range list {
			if test.ByLink && test.BegunBy == "Olga Owner" {
				n++
			}
		}
		if n != 2 {
			w.t.Errorf("%d tests by the link: %+v", n, list)
		}
		if _, err := w.TestLink(ctx, "org_other", secret); !models.IsKind(err, models.NotFound) {
			w.t.Errorf("in another organization: %v", err)
		}
		w.clock.Advance(models.TestLinkLife)
		if err := begin(); !models.IsKind(err, models.NotFound) {
			w.t.Errorf("after an hour: %v", err)
		}
	})
}

// A preview says what would happen and changes nothing at all.
func TestPreviewLogin(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		_, _, err := w.Invite(ctx, byOperator, models.Owner, w.org.ID, "di@elsewhere.example", "Di", models.Admin)
		must(w.t, err)
		w.mustSignIn(loginOf("oid-ana", "ana@acme.com"))
		gone := w.mustSignIn(loginOf("oid-gus", "gus@acme.com"))
		must(w.t, w.DeactivateMember(ctx, byOperator, models.Owner, w.org.ID, gone.MemberID))
		_, err = w.ClaimDomain(ctx, byOperator, w.org.ID, "waiting.example", "token")
		must(w.t, err)
		must(w.t, w.SetSwitches(ctx, byOperator, w.org.ID, models.Switches{Enabled: ptr(false)}))
		before := w.Dump(w.t)
		preview := func(objectID, email string) models.LoginPreview {
			w.t.Helper()
			p, err := w.PreviewLogin(ctx, w.org.ID, loginOf(objectID, email))
			must(w.t, err)
			return p
		}
		reason := func(p models.LoginPreview) models.RefusalReason {
			if p.Refusal == nil {
				return ""
			}
			return p.Refusal.Reason
		}
		if p := preview("oid-ana", "ana@acme.com"); p.Refusal != nil || p.Created || p.Name != "Ana Novak" || p.Role != models.RoleMember {
			w.t.Errorf("a member: %+v", p)
		}
		if p := preview("oid-new", "new@acme.com"); p.Refusal != nil || !p.Created || p.MemberID != "" {
			w.t.Errorf("somebody new: %+v", p)
		}
		if p := preview("oid-new", "new@waiting.example"); p.Refusal != nil || p.WaitingDomain != "waiting.example" {
			w.t.Errorf("on a domain that waits for DNS: %+v", p)
		}
		if got := reason(preview("oid-eve", "eve@evil.example")); got != models.RefusedDomainUnverified {
			w.t.Errorf("on no claimed domain: %s", got)
		}
		if got := reason(preview("oid-other", "ana@acme.com")); got != models.RefusedIdentityMismatch {
			w.t.Errorf("the same address, somebody else: %s", got)
		}
		if got := reason(preview("oid-gus", "gus@acme.com")); got != models.RefusedDeactivated {
			w.t.Errorf("deactivated: %s", got)
		}
		if after := w.Dump(w.t); after != before {
			w.t.Error("a preview changed something")
		}
		if _, err := w.PreviewLogin(ctx, "org_nowhere", loginOf("oid", "ana@acme.com")); !models.IsKind(err, models.NotFound) {
			w.t.Errorf("no such organization: %v", err)
		}
	})
}

// A link does not outlive the right of whoever made it to begin tests.
func TestATestLinkDiesWithItsMakersRights(t *testing.T) {
	for name, lose := range map[string]func(f *fixture, m *models.Member) error{
		"demoted": func(f *fixture, m *models.Member) error {
			return f.ChangeRole(f.t.Context(), byOperator, models.Owner, f.org.ID, m.ID, models.RoleMember)
		},
		"deactivated": func(f *fixture, m *models.Member) error {
			return f.DeactivateMember(f.t.Context(), byOperator, models.Owner, f.org.ID, m.ID)
		},
		"held": func(f *fixture, m *models.Member) error {
			f.Execute(f.t, "update members set held_reason = 'domain_unverified', account_id = null where id = ?", m.ID)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachFixture(t, func(t *testing.T, f *fixture) {
				ctx := t.Context()
				f.configure()
				m := f.add("ad", models.Admin)
				secret, err := f.CreateTestLink(ctx, models.Actor{Kind: models.Person, ID: m.ID, Label: "Ad"}, f.org.ID)
				must(t, err)
				_, err = f.TestLink(ctx, f.org.ID, secret)
				must(t, err)
				must(t, lose(f, m))
				_, err = f.TestLink(ctx, f.org.ID, secret)
				f.refuses(err, models.NotFound, "only while the person who sent it is an admin")
				s, err := f.SSO(ctx, f.org.ID)
				must(t, err)
				err = f.BeginTest(ctx, aBrowser, models.NewTest{OrgID: f.org.ID, ID: "tst_1", RequestID: "id-1", ConnectionVersion: s.Version, LinkSecret: secret})
				f.wantKind(err, models.NotFound)
			})
		})
	}
	t.Run("admin by a team", func(t *testing.T) {
		eachFixture(t, func(t *testing.T, f *fixture) {
			m := f.add("te", models.RoleMember)
			team := f.team("IT", m)
			f.Execute(t, "update teams set role = 'admin' where id = ?", team.ID)
			secret, err := f.CreateTestLink(t.Context(), models.Actor{Kind: models.Person, ID: m.ID, Label: "Te"}, f.org.ID)
			must(t, err)
			_, err = f.TestLink(t.Context(), f.org.ID, secret)
			must(t, err)
			f.Execute(t, "update teams set role = null where id = ?", team.ID)
			_, err = f.TestLink(t.Context(), f.org.ID, secret)
			f.wantKind(err, models.NotFound)
		})
	})
}

// One test that passed is enough to turn single sign-on on, whoever ran it: by a link of an admin too.
func TestATestByLinkIsEnoughToTurnOn(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		w.switches(models.Switches{Enabled: ptr(false)})
		must(w.t, w.SaveConnection(ctx, byOperator, w.org.ID, entra, "https://login.example/linked", nil))
		secret, err := w.CreateTestLink(ctx, models.Actor{Kind: models.Operator, Label: "test"}, w.org.ID)
		must(w.t, err)
		sso, err := w.SSO(ctx, w.org.ID)
		must(w.t, err)
		id := w.NewTestID()
		must(w.t, w.BeginTest(ctx, aBrowser, models.NewTest{OrgID: w.org.ID, ID: id, RequestID: "id-" + id, ConnectionVersion: sso.Version, LinkSecret: secret}))
		must(w.t, w.FinishTest(ctx, aBrowser, w.org.ID, id, models.TestResult{State: models.TestPassed, CertificateSHA256: idpCert, Sentence: "Yes."}))
		must(w.t, w.SetSwitches(ctx, byOperator, w.org.ID, models.Switches{Enabled: ptr(true)}))
	})
}
