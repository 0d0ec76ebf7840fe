package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"gatehouse/models"
)

// authenticatedAt says when the person signed in at the identity provider.
func authenticatedAt(at time.Time) func(*assertion) {
	return func(x *assertion) {
		x.before = func(doc *etree.Document) {
			doc.FindElement("//AuthnStatement").CreateAttr("AuthnInstant", at.UTC().Format(time.RFC3339))
		}
	}
}

// ssoAdmin is an admin who has signed in with single sign-on and has no password.
func ssoAdmin(a *app, org *models.Organization, idp *identityProvider) *browser {
	a.t.Helper()
	if _, err := a.db.AddMember(a.t.Context(), operator, org.ID, "bo@acme.com", "Bo", "Berg", models.Admin, ""); err != nil {
		a.t.Fatal(err)
	}
	b := a.browser()
	b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com"))).wantRedirect("/")
	return b
}

// beginStepUp follows the link of a form that asks for confirmation, and returns where it is sent.
func (b *browser) beginStepUp(p *page) string {
	b.t.Helper()
	for _, link := range p.all("a.btn") {
		if href := attr(link, "href"); strings.HasPrefix(href, "/saml/") {
			return b.get(href).wantStatus(http.StatusSeeOther).header.Get("Location")
		}
	}
	b.t.Fatalf("no link to confirm with single sign-on\n%s", p.visible())
	return ""
}

func TestPeopleWithoutPasswordConfirmAtTheIdentityProvider(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		b := ssoAdmin(a, org, idp)
		add := func() *page { return b.post(domainsPath, "org", org.ID, "domain", "acme.io") }
		p := add().wantStatus(http.StatusUnprocessableEntity)
		token := b.cookie(sessionCookie)
		to := b.beginStepUp(p)
		u, err := url.Parse(to)
		if err != nil || u.Query().Get("login_hint") != "bo@acme.com" {
			t.Errorf("sent to %s", to)
		}
		if xml := requestXML(t, u); !strings.Contains(xml, `ForceAuthn="true"`) {
			t.Errorf("the request does not ask for a fresh authentication: %s", xml)
		}
		a.clock.Advance(time.Minute)
		done := b.finish(a.postACS(org, idp.answer(to, "bo@acme.com", authenticatedAt(a.clock.Now()))))
		if done.status != http.StatusSeeOther || !strings.HasPrefix(done.header.Get("Location"), confirmedPath+"?") {
			t.Fatalf("status %d to %s\n%s", done.status, done.header.Get("Location"), done.body)
		}
		if b.cookie(sessionCookie) == token {
			t.Error("the session's token stays the same")
		}
		add().wantStatus(http.StatusSeeOther)
		// It lasts as long as a password would.
		a.clock.Advance(models.StepUpLife)
		b.post(domainsPath, "org", org.ID, "domain", "acme.dev").wantStatus(http.StatusUnprocessableEntity)
	})
}

func TestStepUpIsRefused(t *testing.T) {
	for _, test := range []struct {
		name, title string
		run         func(a *app, org *models.Organization, idp *identityProvider, b *browser, to string) *page
	}{
		{"the authentication is an old one", "You could not be signed in to Acme", func(a *app, org *models.Organization, idp *identityProvider, b *browser, to string) *page {
			return a.postACS(org, idp.answer(to, "bo@acme.com", authenticatedAt(a.clock.Now().Add(-5*time.Minute))))
		}},
		{"somebody else confirms", "You could not be signed in to Acme", func(a *app, org *models.Organization, idp *identityProvider, b *browser, to string) *page {
			other := a.browser()
			other.finish(a.postACS(org, idp.answer(other.beginSAML(org, ""), "cy@acme.com"))).wantRedirect("/")
			return b.finish(a.postACS(org, idp.answer(to, "cy@acme.com", authenticatedAt(a.clock.Now()))))
		}},
		{"it is brought to another browser", "Start again here", func(a *app, org *models.Organization, idp *identityProvider, b *browser, to string) *page {
			other := a.browser()
			other.setCookie(sessionCookie, b.cookie(sessionCookie))
			other.setCookie(loginCookie, strings.Repeat("x", len(b.cookie(loginCookie))))
			return other.finish(a.postACS(org, idp.answer(to, "bo@acme.com", authenticatedAt(a.clock.Now()))))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				b := ssoAdmin(a, org, idp)
				p := b.post(domainsPath, "org", org.ID, "domain", "acme.io").wantStatus(http.StatusUnprocessableEntity)
				test.run(a, org, idp, b, b.beginStepUp(p)).wantStatus(http.StatusForbidden).wantText("h1", test.title)
				b.post(domainsPath, "org", org.ID, "domain", "acme.io").wantStatus(http.StatusUnprocessableEntity)
				b.get("/api/me").wantStatus(http.StatusOK)
			})
		})
	}
}

// A confirmation signs nobody in, a sign-in confirms nothing, and whoever has a password enters it.
func TestStepUpAndSignInAreTwoThings(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		b := ssoAdmin(a, org, idp)
		to := b.beginStepUp(b.post(domainsPath, "org", org.ID, "domain", "acme.io"))
		accepted := a.postACS(org, idp.answer(to, "bo@acme.com", authenticatedAt(a.clock.Now())))
		signedOut := a.browser()
		signedOut.setCookie(loginCookie, b.cookie(loginCookie))
		if p := signedOut.finish(accepted); signedOut.cookie(sessionCookie) != "" || p.status != http.StatusSeeOther {
			t.Errorf("a confirmation signs in: %d", p.status)
		}
		fresh := b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", authenticatedAt(a.clock.Now()))))
		fresh.wantRedirect("/")
		b.post(domainsPath, "org", org.ID, "domain", "acme.io").wantStatus(http.StatusUnprocessableEntity)

		ana := a.browser()
		ana.asPassword("ana@acme.com")
		ana.get("/saml/" + org.ID + "/step-up").wantStatus(http.StatusForbidden)
		a.browser().get("/saml/" + org.ID + "/step-up").wantStatus(http.StatusSeeOther)
	})
}
