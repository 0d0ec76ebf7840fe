package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// confirm confirms at the identity provider what a form asks for, and returns what the browser sees then.
func (b *browser) confirm(org *models.Organization, idp *identityProvider, p *page) *page {
	b.t.Helper()
	to := b.beginStepUp(p)
	b.app.clock.Advance(time.Minute)
	return b.finish(b.app.postACS(org, idp.answer(to, "bo@acme.com", authenticatedAt(b.app.clock.Now())))).wantStatus(http.StatusSeeOther).follow()
}

// Whoever confirms at the identity provider finds the form as they left it, and one press of its button makes the change.
func TestWhatWasTypedSurvivesAConfirmation(t *testing.T) {
	for _, test := range []struct {
		name string
		// send fills the form in and sends it; check looks at the form that is back and presses its button.
		send  func(a *app, org *models.Organization, b *browser) *page
		check func(a *app, org *models.Organization, p *page) *page
		// action is what the audit log has then.
		action string
	}{
		{
			"a domain", func(_ *app, org *models.Organization, b *browser) *page {
				return b.get(domainsPath).form(domainsPath).set("domain", "https://www.Acme.io/").submit()
			}, func(_ *app, _ *models.Organization, p *page) *page {
				return p.wantValue("domain", "https://www.Acme.io/").form(domainsPath).submit()
			}, "domain.claimed",
		},
		{
			"the connection with a certificate", func(a *app, org *models.Organization, b *browser) *page {
				return b.postFiles(ssoPath, []file{{"new.cer", a.goodCertificate("Two")}}, "org", org.ID, "sign_in_url", "https://login.example/new", "issuer", "https://sts.windows.net/tenant-0/")
			}, func(_ *app, _ *models.Organization, p *page) *page {
				p.wantValue("sign_in_url", "https://login.example/new").wantText("#connection", "Two")
				return p.form(ssoPath).submit()
			}, "sso_certificate.added",
		},
		{
			"the name of a token", func(_ *app, org *models.Organization, b *browser) *page {
				return b.post(scimPath+"/tokens", "org", org.ID, "name", "Entra production", "expires", "90d")
			}, func(_ *app, _ *models.Organization, p *page) *page {
				f := p.form(scimPath + "/tokens")
				if f.values.Get("name") != "Entra production" || f.values.Get("expires") != "90d" {
					p.t.Errorf("the form holds %v", f.values)
				}
				return f.submit().wantStatus(http.StatusOK)
			}, "scim_token.created",
		},
		{
			"metadata that was read", func(_ *app, org *models.Organization, b *browser) *page {
				return b.post(metadataPath+"/follow", "org", org.ID, "metadata_url", "https://93.184.215.14/metadata", "issuer", "urn:new", "sign_in_url", "https://login.example/new")
			}, func(_ *app, _ *models.Organization, p *page) *page {
				return p.wantText("#found", "urn:new").form(metadataPath + "/follow").submit()
			}, "sso_metadata.followed",
		},
		{
			"a typed thumbprint", func(a *app, org *models.Organization, b *browser) *page {
				n := models.NewCertificate{PEM: string(a.goodCertificate("Found")), Subject: "CN=Found", SHA1: strings.Repeat("AB:", 19) + "AB", SHA256: "1", KeyKind: "RSA 2048", NotBefore: a.clock.Now().Add(-time.Hour), NotAfter: a.clock.Now().Add(time.Hour)}
				if err := a.db.FindCertificate(a.t.Context(), operator, org.ID, models.FoundInMetadata, n); err != nil {
					a.t.Fatal(err)
				}
				waiting, err := a.db.PendingCertificates(a.t.Context(), org.ID)
				if err != nil {
					a.t.Fatal(err)
				}
				return b.post(ssoPath+"/certificates/"+waiting[0].ID+"/approve", "org", org.ID, "thumbprint", strings.Repeat("ab", 20))
			}, func(a *app, org *models.Organization, p *page) *page {
				waiting, err := a.db.PendingCertificates(a.t.Context(), org.ID)
				if err != nil || len(waiting) != 1 {
					a.t.Fatalf("%d wait, %v", len(waiting), err)
				}
				return p.wantValue("thumbprint", strings.Repeat("ab", 20)).form(ssoPath + "/certificates/" + waiting[0].ID + "/approve").submit()
			}, "sso_certificate.approved",
		},
		{
			"a switch without a form of its own", func(_ *app, org *models.Organization, b *browser) *page {
				return b.post(signingPath, "org", org.ID, "value", "on")
			}, func(_ *app, _ *models.Organization, p *page) *page {
				p.wantText("h1", "Sign requests?").wantValue("value", "on").wantText("button.primary", "Sign requests")
				return p.form(signingPath).submit()
			}, "sso_request_key.made",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				b := ssoAdmin(a, org, idp)
				p := test.send(a, org, b).wantStatus(http.StatusUnprocessableEntity).wantText("main", "is kept for ten minutes")
				before := a.auditActions(org)
				p = b.confirm(org, idp, p).wantStatus(http.StatusOK).wantText("main", "The form is as you left it")
				if after := a.auditActions(org); slices.Contains(after[len(before):], test.action) {
					t.Errorf("changed without a click: %v", after[len(before):])
				}
				// Reloading shows it again, and one click is enough.
				p = b.get(p.request.URL.RequestURI()).wantStatus(http.StatusOK)
				if done := test.check(a, org, p); done.status != http.StatusSeeOther && done.status != http.StatusOK {
					t.Fatalf("status %d\n%s", done.status, done.visible())
				}
				if after := a.auditActions(org); !slices.Contains(after[len(before):], test.action) {
					t.Errorf("not changed: %v", after[len(before):])
				}
			})
		})
	}
}

// What was kept is for this person, this session and ten minutes; before it is typed nothing leads away from the form.
func TestAKeptFormIsNobodyElses(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		b := ssoAdmin(a, org, idp)
		b.get(domainsPath).wantText("main", "what you typed comes back").wantNone("form[action='" + domainsPath + "'] a.btn")
		send := func() *page {
			r := a.request(http.MethodPost, domainsPath, url.Values{"org": {org.ID}, "domain": {"acme.io"}, "password": {"not kept"}}.Encode())
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", a.url)
			r.Header.Set("Referer", a.url+domainsPath+"?claim=acme.io")
			return b.do(r).wantStatus(http.StatusUnprocessableEntity)
		}
		confirmed := b.confirm(org, idp, send()).wantStatus(http.StatusOK).wantValue("domain", "acme.io")
		if strings.Contains(confirmed.body, "not kept") {
			t.Error("a password came back")
		}
		address := confirmed.request.URL.RequestURI()

		// Another session, also of the same person, finds nothing and is led back to the form.
		other := a.browser()
		a.clock.Advance(time.Second)
		other.finish(a.postACS(org, idp.answer(other.beginSAML(org, ""), "bo@acme.com"))).wantRedirect("/")
		other.get(address).wantRedirect(domainsPath+"?claim=acme.io").follow().wantText("main", "kept for ten minutes only")
		a.browser().get(address).wantStatus(http.StatusSeeOther)
		b.get(confirmedPath + "?form=frm_nowhere&back=https://evil.example/").wantRedirect("/")

		// Without the confirmation it asks for it again, and has changed nothing.
		a.clock.Advance(models.StepUpLife)
		p := send()
		for _, link := range p.all("a.btn") {
			if href := attr(link, "href"); strings.HasPrefix(href, "/saml/") {
				u, err := url.Parse(href)
				if err != nil {
					t.Fatal(err)
				}
				b.get(u.Query().Get("return_to")).wantStatus(http.StatusOK).wantValue("domain", "acme.io").wantText("main", "Confirm with single sign-on")
			}
		}
		// Too late.
		a.clock.Advance(models.KeptFormLife - time.Second)
		confirmed = b.confirm(org, idp, p)
		confirmed.wantRedirect(domainsPath+"?claim=acme.io").follow().wantText("main", "Fill the form in again")
		if list, err := a.db.Domains(t.Context(), org.ID); err != nil || len(list) != 1 {
			t.Errorf("%d domains, %v", len(list), err)
		}
		// Sent, it is forgotten.
		b.post(domainsPath, "org", org.ID, "domain", "acme.io").wantStatus(http.StatusSeeOther)
		b.get(address).wantStatus(http.StatusSeeOther)
	})
}

// People with a password are asked for it in the form, which goes nowhere.
func TestNothingIsKeptOfPeopleWithAPassword(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		a.clock.Advance(models.StepUpLife)
		ana.post(domainsPath, "org", acme.ID, "domain", "acme.io").wantStatus(http.StatusUnprocessableEntity).wantValue("domain", "acme.io").wantText("label[for=domain-password]", "Your password")
		ana.post(signingPath, "org", acme.ID, "value", "on").wantStatus(http.StatusUnprocessableEntity).wantText("main label", "Password")
	})
}

// Where somebody else changes meanwhile what a form is about, so that it asks for no confirmation any more, showing it changes nothing.
func TestAKeptFormChangesNothingWhenItNeedsNoConfirmationAnyMore(t *testing.T) {
	for _, test := range []struct {
		name, path string
		fields     []string
	}{
		{"deactivating an owner who is a member by then", "/deactivate", nil},
		{"making an owner an admin, who is a member by then", "/role", []string{"role", "admin"}},
		{"forgetting the identity of an owner who is a member by then", "/identities/forget", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				for email, name := range map[string]string{"bo@acme.com": "Bo", "cy@acme.com": "Cy"} {
					if _, err := a.db.AddMember(t.Context(), operator, org.ID, email, name, "Berg", models.Owner, ""); err != nil {
						t.Fatal(err)
					}
				}
				b := a.browser()
				for _, email := range []string{"cy@acme.com", "bo@acme.com"} {
					b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), email))).wantRedirect("/")
				}
				cy, err := a.db.MemberByAddress(t.Context(), org.ID, "cy@acme.com")
				if err != nil {
					t.Fatal(err)
				}
				a.clock.Advance(models.StepUpLife)
				p := b.post(memberURL(cy.ID)+test.path, append([]string{"org", org.ID}, test.fields...)...).wantStatus(http.StatusUnprocessableEntity)
				if err := a.db.ChangeRole(t.Context(), operator, models.Owner, org.ID, cy.ID, models.RoleMember); err != nil {
					t.Fatal(err)
				}
				before := a.auditActions(org)
				p = b.confirm(org, idp, p)
				for _, action := range a.auditActions(org)[len(before):] {
					if strings.HasPrefix(action, "member.") || strings.HasPrefix(action, "identity.") {
						t.Errorf("%s without a click", action)
					}
				}
				p.wantRedirect(memberURL(cy.ID)).follow().wantText("main", "changed meanwhile, so nothing was done")
			})
		})
	}
}
