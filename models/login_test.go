package models_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

const (
	entra   = "https://sts.windows.net/72f988bf/"
	idpCert = "AA:BB"
)

var (
	byOperator = models.Actor{Kind: models.Operator, Label: "operator"}
	aBrowser   = models.Client{IP: "192.0.2.7", UserAgent: "Firefox"}
)

// loginWorld is one organization whose single sign-on is on.
type loginWorld struct {
	*models.DB
	t      *testing.T
	clock  *modelstest.Clock
	org    *models.Organization
	domain *models.Domain
	n      int // requests and assertions made so far
}

func newLoginWorld(t *testing.T, db *models.DB, clock *modelstest.Clock, domain string) *loginWorld {
	t.Helper()
	ctx := t.Context()
	org, err := db.CreateOrganization(ctx, byOperator, "Acme", models.NewOwner{Email: "owner@" + domain, Name: "Olga Owner"})
	must(t, err)
	d, err := db.ClaimDomain(ctx, byOperator, org.ID, domain, "token")
	must(t, err)
	must(t, db.VouchForDomain(ctx, byOperator, org.ID, d.ID))
	must(t, db.SaveConnection(ctx, byOperator, org.ID, entra, "https://login.example/saml2", nil))
	addCertificate(t, db, org.ID, idpCert)
	w := &loginWorld{DB: db, t: t, clock: clock, org: org, domain: d}
	modelstest.PassTest(t, db, org.ID)
	w.switches(models.Switches{Enabled: ptr(true), IDPManaged: ptr(true)})
	return w
}

func addCertificate(t *testing.T, db *models.DB, orgID, sha256 string) *models.SSOCertificate {
	t.Helper()
	return trust(t, db, byOperator, orgID, models.NewCertificate{
		PEM: "pem", Subject: "CN=idp", SHA1: sha256, SHA256: sha256, KeyKind: "RSA 2048",
		NotBefore: db.Now().AddDate(-1, 0, 0), NotAfter: db.Now().AddDate(2, 0, 0),
	})
}

func (w *loginWorld) switches(s models.Switches) {
	w.t.Helper()
	must(w.t, w.SetSwitches(w.t.Context(), byOperator, w.org.ID, s))
}

func ptr[T any](v T) *T { return &v }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// loginOf is a sign-in as Entra sends it: objectidentifier (if any), NameID, e-mail.
func loginOf(objectID, email string) models.LoginIdentity {
	keys := []models.LoginKey{{Kind: "nameid", Format: "email", Value: email}, {Kind: "email", Value: email}}
	if objectID != "" {
		keys = append([]models.LoginKey{{Kind: "objectid", Value: objectID}}, keys[1])
	}
	return models.LoginIdentity{Issuer: entra, CertificateSHA256: idpCert, Keys: keys, Email: email, FirstName: "Ana", LastName: "Novak", NameID: email}
}

// begin sends a request for a sign-in and returns its id and the browser's secret.
func (w *loginWorld) begin() (request, browser string) {
	w.t.Helper()
	return w.beginFor(models.LoginToSignIn)
}

func (w *loginWorld) beginFor(purpose string) (request, browser string) {
	w.t.Helper()
	w.n++
	request = fmt.Sprintf("id-%s-%d", w.org.ID, w.n)
	sso, err := w.SSO(w.t.Context(), w.org.ID)
	must(w.t, err)
	browser, err = w.BeginLogin(w.t.Context(), aBrowser, models.NewLogin{OrgID: w.org.ID, RequestID: request, ConnectionVersion: sso.Version, Purpose: purpose, ReturnTo: "/profile"})
	must(w.t, err)
	return request, browser
}

// claim brings a verified response and returns the code.
func (w *loginWorld) claim(request string, i models.LoginIdentity) string {
	w.t.Helper()
	if i.AssertionID == "" {
		w.n++
		i.AssertionID = fmt.Sprintf("_a%d", w.n)
	}
	code, _, err := w.ClaimLogin(w.t.Context(), w.org.ID, request, i)
	must(w.t, err)
	return code
}

// signIn does the whole sign-in.
func (w *loginWorld) signIn(i models.LoginIdentity) (*models.LoginDone, error) {
	w.t.Helper()
	request, browser := w.begin()
	return w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, w.claim(request, i), browser)
}

func (w *loginWorld) mustSignIn(i models.LoginIdentity) *models.LoginDone {
	w.t.Helper()
	done, err := w.signIn(i)
	must(w.t, err)
	return done
}

// refused checks a refusal, and that the admin finds it under its reference.
func (w *loginWorld) refused(err error, want models.RefusalReason) {
	w.t.Helper()
	var r *models.LoginRefusal
	if !errors.As(err, &r) || r.Reason != want {
		w.t.Fatalf("error = %v, want refusal %s", err, want)
	}
	if r.Employee == "" || r.Admin == "" {
		w.t.Errorf("%s has no sentences", r.Reason)
	}
	if r.Reference == "" {
		w.t.Fatalf("%s has no reference", r.Reason)
	}
	rows, err := w.Activities(w.t.Context(), w.org.ID, models.ActivityFilter{Text: r.Reference})
	must(w.t, err)
	if len(rows) != 1 || rows[0].OK || rows[0].Reason != string(want) || rows[0].Sentence != r.Admin {
		w.t.Errorf("activity under %s = %+v", r.Reference, rows)
	}
}

func (w *loginWorld) member(id string) *models.Member {
	w.t.Helper()
	m, err := w.Member(w.t.Context(), w.org.ID, id)
	must(w.t, err)
	return m
}

// eachLogin runs fn on both databases with a fresh organization.
func eachLogin(t *testing.T, fn func(w *loginWorld)) {
	t.Helper()
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) { fn(newLoginWorld(t, db, clock, "acme.com")) }, modelstest.WithNow(clock.Now))
}

func TestLoginPolicy(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		way := func(email string, want models.LoginWay) {
			w.t.Helper()
			p, err := w.LoginPolicy(ctx, email)
			if err != nil || p.Way != want || (p.OrgID == w.org.ID) != (want != models.WayPassword) {
				w.t.Errorf("%s: %+v, %v; want %s", email, p, err, want)
			}
		}
		way("Somebody@ACME.com", models.WaySSO)
		way("somebody@sub.acme.com", models.WayPassword)
		way("somebody@notacme.com", models.WayPassword)
		w.switches(models.Switches{IDPManaged: ptr(false)})
		way("owner@acme.com", models.WayChoice)
		way("nobody@acme.com", models.WayChoice)
		w.switches(models.Switches{Enabled: ptr(false)})
		way("owner@acme.com", models.WayPassword)
		if _, err := w.LoginPolicy(ctx, "ana"); !models.IsKind(err, models.Invalid) {
			w.t.Errorf("no address: %v", err)
		}
	})
}

func TestLoginCreatesBindsAndReturns(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		done := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		if !done.Created || done.ReturnTo != "/profile" {
			w.t.Errorf("done = %+v", done)
		}
		who, err := w.SessionByToken(ctx, done.Token)
		must(w.t, err)
		if who.Member.ID != done.MemberID || who.Session.Method != models.MethodSSO || who.Member.Source != models.SourceSSO || who.Role != models.RoleMember || who.Organization.ID != w.org.ID || who.Account.ProvenBy == nil {
			w.t.Errorf("signed in = %+v", who)
		}
		if who.Member.GivenName != "Ana" || who.Member.DisplayName != "Ana Novak" {
			w.t.Errorf("names = %+v", who.Member)
		}
		keys, err := w.Identities(ctx, w.org.ID, done.MemberID)
		must(w.t, err)
		if len(keys) != 2 || keys[0].Kind != "objectid" {
			w.t.Errorf("identities = %+v", keys)
		}
		sso, err := w.SSO(ctx, w.org.ID)
		must(w.t, err)
		if sso.Certificates[0].LastUsedAt == nil {
			w.t.Error("the certificate has no last use")
		}

		again := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		if again.Created || again.MemberID != done.MemberID || again.Token == done.Token {
			w.t.Errorf("second sign-in = %+v", again)
		}
		// Married: the object stays, the address changes. The member is the same; the account keeps its address.
		renamed := w.mustSignIn(loginOf("oid-1", "ana.petric@acme.com"))
		if renamed.Created || renamed.MemberID != done.MemberID {
			w.t.Errorf("renamed = %+v", renamed)
		}
	})
}

func TestLoginEndsWhenTheIdPSaysSo(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		i := loginOf("oid-1", "ana@acme.com")
		i.SessionEnds = w.Now().Add(time.Hour)
		done := w.mustSignIn(i)
		who, err := w.SessionByToken(w.t.Context(), done.Token)
		must(w.t, err)
		if !who.Session.ExpiresAt.Equal(i.SessionEnds) {
			w.t.Errorf("session ends %v, want %v", who.Session.ExpiresAt, i.SessionEnds)
		}
	})
}

func TestLoginRefusals(t *testing.T) {
	for _, test := range []struct {
		name string
		want models.RefusalReason
		run  func(w *loginWorld) error
	}{
		{"an address on another domain", models.RefusedDomainUnverified, func(w *loginWorld) error {
			_, err := w.signIn(loginOf("oid-1", "ana@contoso.com"))
			return err
		}},
		{"an address on a subdomain", models.RefusedDomainUnverified, func(w *loginWorld) error {
			_, err := w.signIn(loginOf("oid-1", "ana@sub.acme.com"))
			return err
		}},
		{"another domain for somebody who is bound", models.RefusedDomainUnverified, func(w *loginWorld) error {
			w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
			_, err := w.signIn(loginOf("oid-1", "ana@contoso.com"))
			return err
		}},
		{"a domain verified by another organization only", models.RefusedDomainUnverified, func(w *loginWorld) error {
			newLoginWorld(w.t, w.DB, w.clock, "contoso.com")
			_, err := w.signIn(loginOf("oid-1", "owner@contoso.com"))
			return err
		}},
		{"nobody's membership without IdP Managed Access", models.RefusedNoMembership, func(w *loginWorld) error {
			w.switches(models.Switches{IDPManaged: ptr(false)})
			_, err := w.signIn(loginOf("oid-1", "ana@acme.com"))
			return err
		}},
		{"a deactivated member", models.RefusedDeactivated, func(w *loginWorld) error {
			done := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
			must(w.t, w.DeactivateMember(w.t.Context(), byOperator, models.Owner, w.org.ID, done.MemberID))
			_, err := w.signIn(loginOf("oid-1", "ana@acme.com"))
			return err
		}},
		{"a member deactivated between request and answer", models.RefusedDeactivated, func(w *loginWorld) error {
			done := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid-1", "ana@acme.com"))
			must(w.t, w.DeactivateMember(w.t.Context(), byOperator, models.Owner, w.org.ID, done.MemberID))
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
			return err
		}},
		{"a certificate removed between the halves", models.RefusedConnectionChanged, func(w *loginWorld) error {
			second := addCertificate(w.t, w.DB, w.org.ID, "CC:DD")
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid-1", "ana@acme.com"))
			must(w.t, w.RemoveCertificate(w.t.Context(), byOperator, w.org.ID, second.ID))
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
			return err
		}},
		{"single sign-on turned off between the halves", models.RefusedSSOOff, func(w *loginWorld) error {
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid-1", "ana@acme.com"))
			w.switches(models.Switches{Enabled: ptr(false)})
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
			return err
		}},
		{"a certificate that was never trusted here", models.RefusedConnectionChanged, func(w *loginWorld) error {
			i := loginOf("oid-1", "ana@acme.com")
			i.CertificateSHA256 = "EE:FF"
			_, err := w.signIn(i)
			return err
		}},
		{"another browser", models.RefusedOtherBrowser, func(w *loginWorld) error {
			request, _ := w.begin()
			_, other := w.begin()
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, w.claim(request, loginOf("oid-1", "ana@acme.com")), other)
			return err
		}},
		{"no cookie", models.RefusedCookiesBlocked, func(w *loginWorld) error {
			request, _ := w.begin()
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, w.claim(request, loginOf("oid-1", "ana@acme.com")), "")
			return err
		}},
		{"a code used twice", models.RefusedReplayed, func(w *loginWorld) error {
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid-1", "ana@acme.com"))
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
			must(w.t, err)
			_, err = w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
			return err
		}},
		{"a code after a minute", models.RefusedCodeExpired, func(w *loginWorld) error {
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid-1", "ana@acme.com"))
			w.clock.Advance(models.LoginCodeLife)
			_, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
			return err
		}},
		{"one assertion in two responses", models.RefusedReplayed, func(w *loginWorld) error {
			i := loginOf("oid-1", "ana@acme.com")
			i.AssertionID = "_once"
			w.mustSignIn(i)
			_, err := w.signIn(i)
			return err
		}},
		{"an address that was given to somebody else", models.RefusedIdentityMismatch, func(w *loginWorld) error {
			w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
			_, err := w.signIn(loginOf("oid-2", "ana@acme.com"))
			return err
		}},
		{"a member's address with another object than the member's", models.RefusedIdentityMismatch, func(w *loginWorld) error {
			// Bound under one address, found by the member's own: the object still speaks.
			w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
			w.mustSignIn(loginOf("oid-1", "ana.old@acme.com"))
			_, err := w.signIn(loginOf("oid-2", "ana.old@acme.com"))
			return err
		}},
		{"a new person on a lapsed domain", models.RefusedDomainLapsed, func(w *loginWorld) error {
			w.lapse()
			_, err := w.signIn(loginOf("oid-9", "new@acme.com"))
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachLogin(t, func(w *loginWorld) {
				before, err := w.CountPeople(w.t.Context(), w.org.ID)
				must(w.t, err)
				w.refused(test.run(w), test.want)
				after, err := w.CountPeople(w.t.Context(), w.org.ID)
				must(w.t, err)
				if test.want != models.RefusedIdentityMismatch && after.All > before.All+1 {
					w.t.Errorf("people = %+v, before %+v", after, before)
				}
			})
		})
	}
}

// lapse makes the domain's record disappear for longer than the grace.
func (w *loginWorld) lapse() {
	w.t.Helper()
	// The operator's word needs no record: claim it by DNS instead.
	ctx := w.t.Context()
	second, err := w.ClaimDomain(ctx, byOperator, w.org.ID, "spare.example", "token")
	must(w.t, err)
	must(w.t, w.VouchForDomain(ctx, byOperator, w.org.ID, second.ID))
	must(w.t, w.RemoveDomain(ctx, byOperator, w.org.ID, w.domain.ID))
	w.domain, err = w.ClaimDomain(ctx, byOperator, w.org.ID, "acme.com", "token")
	must(w.t, err)
	for _, verified := range []bool{true, false, false} {
		_, err := w.RecordDomainCheck(ctx, byOperator, w.org.ID, w.domain.ID, models.DomainCheck{Verified: verified, Next: w.Now()})
		must(w.t, err)
		w.clock.Advance(models.LapseGrace)
	}
	d, err := w.Domain(ctx, w.org.ID, w.domain.ID)
	must(w.t, err)
	if d.Status != models.DomainLapsed {
		w.t.Fatalf("the domain is %s", d.Status)
	}
}

func TestLapsedDomainKeepsThoseBound(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		first := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		w.lapse()
		if done := w.mustSignIn(loginOf("oid-1", "ana@acme.com")); done.MemberID != first.MemberID {
			w.t.Errorf("done = %+v", done)
		}
		// Once another organization has proven the domain, that ends too.
		other, err := w.CreateOrganization(w.t.Context(), byOperator, "Other", models.NewOwner{Email: "o@other.example", Name: "O"})
		must(w.t, err)
		d, err := w.ClaimDomain(w.t.Context(), byOperator, other.ID, "acme.com", "token")
		must(w.t, err)
		must(w.t, w.VouchForDomain(w.t.Context(), byOperator, other.ID, d.ID))
		_, err = w.signIn(loginOf("oid-1", "ana@acme.com"))
		w.refused(err, models.RefusedDomainUnverified)
	})
}

func TestBindingAddsStrongerKeysOnce(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		first := w.mustSignIn(loginOf("", "ana@acme.com")) // NameID and e-mail only
		stronger := loginOf("oid-1", "ana@acme.com")       // the admin added the claim
		if done := w.mustSignIn(stronger); done.MemberID != first.MemberID {
			w.t.Fatalf("done = %+v", done)
		}
		_, err := w.signIn(loginOf("oid-2", "ana@acme.com"))
		w.refused(err, models.RefusedIdentityMismatch)
		notices, err := w.Notices(w.t.Context(), w.org.ID, 10)
		must(w.t, err)
		if !slices.ContainsFunc(notices, func(n models.Notice) bool {
			return n.Subject == "A sign-in was refused: an address may belong to somebody else now"
		}) {
			w.t.Errorf("notices = %+v", notices)
		}
		// An admin who knows that it is the same person forgets what was bound.
		must(w.t, w.ForgetIdentities(w.t.Context(), byOperator, models.Owner, w.org.ID, first.MemberID))
		if done := w.mustSignIn(loginOf("oid-2", "ana@acme.com")); done.MemberID != first.MemberID {
			w.t.Errorf("done = %+v", done)
		}
	})
}

func TestAnotherIssuerBindsAgain(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		first := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		must(w.t, w.SaveConnection(w.t.Context(), byOperator, w.org.ID, "https://entra.example/", "https://entra.example/sso", nil))
		if _, err := w.SessionByToken(w.t.Context(), first.Token); !models.IsKind(err, models.Unauthenticated) {
			w.t.Errorf("the session outlived its issuer: %v", err)
		}
		i := loginOf("other-id", "ana@acme.com")
		i.Issuer = "https://entra.example/"
		if done := w.mustSignIn(i); done.MemberID != first.MemberID || done.Created {
			w.t.Errorf("done = %+v", done)
		}
	})
}

func TestSignInAcceptsAnInvitation(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		w.switches(models.Switches{IDPManaged: ptr(false)})
		m, secret, err := w.Invite(ctx, byOperator, models.Owner, w.org.ID, "ana@acme.com", "", models.Admin)
		must(w.t, err)
		done := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		if done.MemberID != m.ID || done.Created {
			w.t.Errorf("done = %+v", done)
		}
		if m := w.member(m.ID); m.Status != models.Active || m.Role != models.Admin || m.DisplayName != "Ana Novak" {
			w.t.Errorf("member = %+v", m)
		}
		if _, err := w.Invitation(ctx, secret); !models.IsKind(err, models.NotFound) {
			w.t.Errorf("the invitation still works: %v", err)
		}
	})
}

// Somebody who put credentials on an address nobody had proven loses them when the address turns out to be another's.
func TestFirstProofTakesCredentialsAway(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		other, err := w.CreateOrganization(ctx, byOperator, "Squatters", models.NewOwner{Email: "s@squat.example", Name: "S"})
		must(w.t, err)
		_, err = w.AddMember(ctx, byOperator, other.ID, "ana@acme.com", "Not", "Ana", models.RoleMember, "correct horse battery")
		must(w.t, err)
		w.Execute(w.t, "update accounts set proven_by = null, proven_at = null where email = ?", "ana@acme.com")
		token, err := w.PasswordSignIn(ctx, aBrowser, "ana@acme.com", "correct horse battery", false)
		must(w.t, err)

		w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		if _, err := w.SessionByToken(ctx, token); !models.IsKind(err, models.Unauthenticated) {
			w.t.Errorf("the squatter's session lives: %v", err)
		}
		if _, err := w.PasswordSignIn(ctx, aBrowser, "ana@acme.com", "correct horse battery", false); !models.IsKind(err, models.Unauthenticated) {
			w.t.Errorf("the squatter's password works: %v", err)
		}
	})
}

func TestProvenAccountKeepsItsPassword(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		w.switches(models.Switches{IDPManaged: ptr(false)})
		_, err := w.AddMember(ctx, byOperator, w.org.ID, "ana@acme.com", "Ana", "Novak", models.RoleMember, "correct horse battery")
		must(w.t, err)
		token, err := w.PasswordSignIn(ctx, aBrowser, "ana@acme.com", "correct horse battery", false)
		must(w.t, err)
		w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		if _, err := w.SessionByToken(ctx, token); err != nil {
			w.t.Errorf("the person's own session ended: %v", err)
		}
	})
}

// With IdP Managed Access the identity provider decides about everybody on a claimed domain, whether single sign-on is required or not.
func TestPasswordsCloseUnderIdPManagedAccess(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		for _, email := range []string{"ana@acme.com", "guest@elsewhere.example"} {
			_, err := w.AddMember(ctx, byOperator, w.org.ID, email, "Ana", "Novak", models.RoleMember, "correct horse battery")
			must(w.t, err)
		}
		if _, err := w.PasswordSignIn(ctx, aBrowser, "ana@acme.com", "correct horse battery", false); !models.IsKind(err, models.Forbidden) {
			w.t.Errorf("on a claimed domain: %v", err)
		}
		if _, err := w.PasswordSignIn(ctx, aBrowser, "guest@elsewhere.example", "correct horse battery", false); err != nil {
			w.t.Errorf("on no claimed domain: %v", err)
		}
	})
}

func TestSSOSessionOpensOnlyItsOrganization(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		other, err := w.CreateOrganization(ctx, byOperator, "Other", models.NewOwner{Email: "ana@acme.com", Name: "Ana"})
		must(w.t, err)
		done := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		who, err := w.SessionByToken(ctx, done.Token)
		must(w.t, err)
		if err := w.SwitchOrganization(ctx, who, aBrowser, other.ID); !models.IsKind(err, models.Forbidden) {
			w.t.Errorf("switched: %v", err)
		}
	})
}

func TestDeletedByTheDirectoryStaysAway(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		w.Execute(w.t, "insert into member_tombstones (org_id, member_id, user_name_key, email, deleted_at) values (?, 'mem_gone', 'ana', 'ana@acme.com', ?)", w.org.ID, w.Now())
		_, err := w.signIn(loginOf("oid-1", "ana@acme.com"))
		w.refused(err, models.RefusedDeleted)
	})
}

func TestPendingLogin(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		pending := func(orgID, request string, want models.RefusalReason) {
			w.t.Helper()
			_, _, err := w.PendingLogin(ctx, orgID, request)
			var r *models.LoginRefusal
			if want == "" && err != nil || want != "" && (!errors.As(err, &r) || r.Reason != want) {
				w.t.Errorf("PendingLogin = %v, want %q", err, want)
			}
		}
		request, _ := w.begin()
		pending(w.org.ID, request, "")
		pending("org_other", request, models.RefusedUnknownRequest)
		pending(w.org.ID, "id-unheard-of", models.RefusedUnknownRequest)
		w.claim(request, loginOf("oid-1", "ana@acme.com"))
		pending(w.org.ID, request, models.RefusedReplayed)
		if _, _, err := w.ClaimLogin(ctx, w.org.ID, request, loginOf("oid-2", "bob@acme.com")); err == nil {
			w.t.Error("claimed twice")
		}

		request, browser := w.begin()
		r, err := w.RefuseLogin(ctx, aBrowser, w.org.ID, request, models.LoginRefusal{Reason: "expired", Employee: "e", Admin: "a"})
		must(w.t, err)
		w.refused(r, "expired")
		pending(w.org.ID, request, models.RefusedReplayed)
		if _, _, err := w.ClaimLogin(ctx, w.org.ID, request, loginOf("oid-1", "ana@acme.com")); err == nil {
			w.t.Error("claimed after a refusal")
		}
		if _, err := w.CompleteLogin(ctx, aBrowser, w.org.ID, "no such code", browser); err == nil {
			w.t.Error("completed without a code")
		}

		request, _ = w.begin()
		w.clock.Advance(models.PendingLoginLife)
		pending(w.org.ID, request, models.RefusedRequestExpired)

		request, _ = w.begin()
		must(w.t, w.SaveConnection(ctx, byOperator, w.org.ID, entra, "https://login.example/other", nil))
		pending(w.org.ID, request, models.RefusedConnectionChanged)
	})
}

// Strangers can begin sign-ins and answer them with whatever they like: not all of it is kept.
func TestOfManyRefusedResponsesOnlyTheReasonIsKept(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx, kept := w.t.Context(), 0
		for range 110 {
			request, _ := w.begin()
			r, err := w.RefuseLogin(ctx, aBrowser, w.org.ID, request, models.LoginRefusal{
				Reason: "expired", Employee: "e", Admin: "Too late.", Raw: "<Response/>", Detail: models.Facts{"side": "idp", "trace": models.LoginTrace{Checks: []models.LoginCheck{{Title: "In time"}}}},
			})
			must(w.t, err)
			rows, err := w.Activities(ctx, w.org.ID, models.ActivityFilter{Text: r.Reference})
			must(w.t, err)
			if len(rows) != 1 || rows[0].Reason != "expired" || rows[0].Facts()["side"] != "idp" {
				w.t.Fatalf("written down: %+v", rows)
			}
			_, raw, err := w.ViewRaw(ctx, byOperator, w.org.ID, rows[0].ID)
			switch whole := len(rows[0].LoginTrace().Checks) == 1; {
			case err == nil && raw == "<Response/>" && whole:
				kept++
			case !models.IsKind(err, models.NotFound) || whole:
				w.t.Fatalf("message %q, %v; trace %v", raw, err, whole)
			}
		}
		if kept != 100 {
			w.t.Errorf("%d messages are kept, want 100", kept)
		}
	})
}

func TestTwoTabsShareOneBrowser(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		first, browser := w.begin()
		sso, err := w.SSO(ctx, w.org.ID)
		must(w.t, err)
		second, err := w.BeginLogin(ctx, aBrowser, models.NewLogin{OrgID: w.org.ID, RequestID: "id-second", ConnectionVersion: sso.Version, Purpose: models.LoginToSignIn, Browser: browser})
		must(w.t, err)
		if second != browser {
			t.Fatal("the second tab took the cookie away from the first")
		}
		for _, request := range []string{"id-second", first} {
			if _, err := w.CompleteLogin(ctx, aBrowser, w.org.ID, w.claim(request, loginOf("oid-1", "ana@acme.com")), browser); err != nil {
				t.Error(err)
			}
		}
	})
}

// Of many racing completions exactly one makes a session, and many first sign-ins of one person make one member.
func TestRacingLogins(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := context.Background()
		request, browser := w.begin()
		code := w.claim(request, loginOf("oid-1", "ana@acme.com"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 8 {
			wg.Go(func() {
				done, err := w.CompleteLogin(ctx, aBrowser, w.org.ID, code, browser)
				mu.Lock()
				defer mu.Unlock()
				var r *models.LoginRefusal
				switch {
				case err == nil && done.Token != "":
					won++
				case !errors.As(err, &r):
					t.Errorf("neither signed in nor refused: %v", err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d sessions out of one response", won)
		}

		type login struct{ code, browser string }
		var logins []login
		for range 6 {
			request, browser := w.begin()
			logins = append(logins, login{w.claim(request, loginOf("oid-2", "bob@acme.com")), browser})
		}
		members := map[string]bool{}
		for _, l := range logins {
			wg.Go(func() {
				done, err := w.CompleteLogin(ctx, aBrowser, w.org.ID, l.code, l.browser)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("first sign-in: %v", err)
					return
				}
				members[done.MemberID] = true
			})
		}
		wg.Wait()
		if len(members) != 1 {
			t.Errorf("%d members for one person", len(members))
		}
	})
}

func TestWhoDeactivatedSomebodySaysWhereToBringThemBack(t *testing.T) {
	for by, want := range map[models.DeactivatedBy]struct{ sentence, place string }{
		models.BySCIM:     {"Assign the person again in Entra", "Entra → Enterprise applications → your application → Users and groups"},
		models.ByAdmin:    {"An admin deactivated this person here", "Users → the person"},
		models.ByOperator: {"Reactivate the person where they were deactivated", "Users → the person"},
	} {
		t.Run(string(by), func(t *testing.T) {
			eachLogin(t, func(w *loginWorld) {
				ana := w.mustSignIn(loginOf("oid-1", "ana@acme.com")).MemberID
				must(w.t, w.DeactivateMember(w.t.Context(), byOperator, models.Owner, w.org.ID, ana))
				w.Execute(w.t, "update members set deactivated_by = ? where id = ?", string(by), ana)
				_, err := w.signIn(loginOf("oid-1", "ana@acme.com"))
				w.refused(err, models.RefusedDeactivated)
				var r *models.LoginRefusal
				if errors.As(err, &r); !strings.Contains(r.Admin, want.sentence) || r.FixAt != want.place || !strings.Contains(r.Got, "deactivated by") {
					w.t.Errorf("%q at %q, received %q", r.Admin, r.FixAt, r.Got)
				}
			})
		})
	}
}
