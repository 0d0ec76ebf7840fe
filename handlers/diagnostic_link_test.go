package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"gatehouse/models"
)

// failedTest runs a test that fails and returns the page of its result.
func (b *browser) failedTest(org *models.Organization, idp *identityProvider, email string, edits ...func(*assertion)) *page {
	b.t.Helper()
	to := b.beginTest(org)
	return b.result(b.app.postRelayed(org, to, idp.answer(to, email, edits...))).follow()
}

// share makes a link to the attempt of a page and returns it.
func (b *browser) share(p *page) (link string, shared *page) {
	b.t.Helper()
	for _, a := range p.all("a.btn") {
		if href := attr(a, "href"); strings.HasSuffix(href, "/share") {
			shared = b.get(href).wantStatus(http.StatusOK).form(href).submit().wantStatus(http.StatusOK)
			return shared.attr("#diagnostic-link", "value"), shared
		}
	}
	b.t.Fatalf("no link to share\n%s", p.visible())
	return "", nil
}

func TestADiagnosticLinkShowsWhatIsWrongToSomebodyWithoutAnAccount(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		p := ana.failedTest(org, idp, "bo.berg@acme.com", withObjectID("5b1c0e7e-2f4a-4f1e-9a53-0c6d1e88b3f2"), func(x *assertion) { x.entityID += "/acs" })
		link, shared := ana.share(p)
		if !strings.HasPrefix(link, a.url+"/saml/"+org.ID+"/diagnostic?link=") {
			t.Fatalf("link = %q", link)
		}
		shared.wantText("table[aria-labelledby=links-title]", "Not yet").wantText("main", "of claims no values")

		it := a.browser().get(link).wantStatus(http.StatusOK)
		it.wantText("h1", "Why a sign-in to Acme failed").wantText("main", "Ana of Acme shows you")
		it.wantText(".compare .want", a.url+"/saml/"+org.ID).wantText(".compare .got", a.url+"/saml/"+org.ID+"/acs").wantText(".fix", "You, at the identity provider").wantText("ol.path", "Basic SAML Configuration")
		it.wantText("ol.steps", "Failed: ").wantText("table.claims", "firstName").wantText("table.claims", "user.mail")
		if it.attr("#diagnostic-reply-url", "value") != a.url+"/saml/"+org.ID+"/acs" {
			t.Error("the Reply URL is not shown")
		}
		// Nothing that names the person, nothing of the message, nothing to sign in with.
		for _, secret := range []string{"bo.berg", "Berg", "5b1c0e7e-2f4a", "SignatureValue", "<Assertion", "X509Certificate"} {
			for name, p := range map[string]*page{"the page": it, "the preview": shared} {
				if strings.Contains(p.body, secret) {
					t.Errorf("%s says %q", name, secret)
				}
			}
		}
		if it.header.Get("X-Robots-Tag") != "noindex, nofollow, noarchive" || it.header.Get("Cache-Control") != "no-store" || len(it.header.Values("Set-Cookie")) != 0 {
			t.Errorf("headers: %v", it.header)
		}

		// Made, opened and revoked are on record; the secret is not in the log.
		ana.get(auditPath+"?area=diagnostic_link").wantText("main", "Ana made a diagnostic link").wantText("main", "Somebody opened the diagnostic link")
		again := ana.get(shared.request.URL.Path).wantText("table[aria-labelledby=links-title]", "1 time, last").wantNone("#diagnostic-link")
		secret := link[strings.Index(link, "link=")+5:]
		if strings.Contains(a.log.String(), secret) {
			t.Error("the secret is in the server's log")
		}
		var revoke string
		for _, f := range again.all("form") {
			if strings.HasSuffix(attr(f, "action"), "/revoke") {
				revoke = attr(f, "action")
			}
		}
		again.form(revoke).submit().wantStatus(http.StatusSeeOther)
		a.browser().get(link).wantStatus(http.StatusGone).wantText("h1", "shows nothing any more").wantText("main", "Ask an admin for a new one")
		ana.get(shared.request.URL.Path).wantText("table[aria-labelledby=links-title]", "Revoked")
		if got := a.auditActions(org); !slices.Contains(got, "diagnostic_link.revoked") {
			t.Errorf("the audit log has %v", got)
		}
	})
}

func TestADiagnosticLinkEndsAfterAWeek(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		link, _ := ana.share(ana.failedTest(org, idp, "ana@acme.com", func(x *assertion) { x.unsigned = true }))
		a.clock.Advance(models.DiagnosticLinkLife)
		p := a.browser().get(link).wantStatus(http.StatusGone)
		if p.header.Get("X-Robots-Tag") == "" {
			t.Error("a dead link may be indexed")
		}
		for _, wrong := range []string{"", "?link=", "?link=x"} {
			a.browser().get("/saml/" + org.ID + "/diagnostic" + wrong).wantStatus(http.StatusGone)
		}
		a.browser().get("/saml/org_nowhere/diagnostic?link=x").wantStatus(http.StatusNotFound)
	})
}

// The same link shows a real sign-in that was refused, also where every check of the response has passed.
func TestADiagnosticLinkToARefusedSignIn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		signIn := func(email string, edits ...func(*assertion)) string {
			b := a.browser()
			p := a.postACS(org, idp.answer(b.beginSAML(org, ""), email, edits...))
			if p.status == http.StatusSeeOther {
				p = b.finish(p)
			}
			reference, _, _ := strings.Cut(p.wantStatus(http.StatusForbidden).attr("#reference", "value"), " ")
			rows, err := a.db.Activities(t.Context(), org.ID, models.ActivityFilter{Text: reference})
			if err != nil || len(rows) != 1 {
				t.Fatalf("%d entries, %v", len(rows), err)
			}
			return rows[0].ID
		}
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		open := func(id string) *page {
			t.Helper()
			p := ana.post(shareURL(id), "org", org.ID).wantStatus(http.StatusOK)
			return a.browser().get(p.attr("#diagnostic-link", "value")).wantStatus(http.StatusOK)
		}
		p := open(signIn("cy.low@acme.com", func(x *assertion) { x.issuer = "https://sts.windows.net/other/" }))
		p.wantText(".compare .got", "https://sts.windows.net/other/").wantText(".compare .want", idp.issuer)
		// An address of another domain: the domain is what has to be mended.
		p = open(signIn("eve.moss@elsewhere.example"))
		p.wantText(".problem", "has not verified").wantText(".compare .got", "…@elsewhere.example").wantText(".fix", "The admin of Acme, in Gatehouse")
		if strings.Contains(p.body, "eve.moss") {
			t.Error("the address is shown")
		}
		// An address given to somebody else: neither identifier is shown.
		b := a.browser()
		b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", withObjectID("oid-of-bo")))).wantRedirect("/")
		p = open(signIn("bo@acme.com", withObjectID("oid-of-another")))
		p.wantText(".problem", "another one than before")
		for _, secret := range []string{"oid-of-bo", "oid-of-another", "bo@acme.com"} {
			if strings.Contains(p.body, secret) {
				t.Errorf("the page says %q", secret)
			}
		}
		// What Microsoft says about the person.
		id := signIn("cy.low@acme.com", after(func(doc *etree.Document) {
			status("Requester", "AADSTS50105: Your administrator has configured the application 'Acme' ('3fa85f64-5717-4562-b3fc-2c963f66afa6'). The signed in user 'Cy Low cy.low@acme.com' is blocked.")(doc)
		}))
		p = open(id)
		p.wantText(".compare .got", "AADSTS50105").wantText(".compare .got", "3fa85f64-5717-4562-b3fc-2c963f66afa6").wantText("ol.path", "Users and groups")
		if strings.Contains(p.body, "Cy Low") || strings.Contains(p.body, "cy.low") {
			t.Errorf("the page names the person: %s", p.text(".compare"))
		}
	})
}

func TestOnlyManagersShare(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		a.member(org, "bo@acme.com", models.RoleMember)
		other := a.organization("Contoso", "cy@contoso.com")
		link, shared := ana.share(ana.failedTest(org, idp, "ana@acme.com", func(x *assertion) { x.unsigned = true }))
		path := shared.request.URL.Path
		bo, cy := a.signIn("bo@acme.com"), a.signIn("cy@contoso.com")
		bo.get(path).wantStatus(http.StatusForbidden)
		bo.post(path, "org", org.ID).wantStatus(http.StatusForbidden)
		cy.get(path).wantStatus(http.StatusNotFound)
		cy.post(path, "org", other.ID).wantStatus(http.StatusNotFound)
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		a.browser().get("/saml/" + other.ID + "/diagnostic?" + u.RawQuery).wantStatus(http.StatusGone)
		links, err := a.db.DiagnosticLinks(t.Context(), org.ID, strings.Split(path, "/")[4])
		if err != nil || len(links) != 1 {
			t.Fatalf("%d links, %v", len(links), err)
		}
		cy.post(diagnosticsPath+"/"+links[0].ID+"/revoke", "org", other.ID).wantStatus(http.StatusNotFound)

		// What passed has nothing to share.
		to := ana.beginTest(org)
		p := ana.result(a.postRelayed(org, to, idp.answer(to, "ana@acme.com"))).follow().wantText("#live h2", "Passed")
		for _, l := range p.all("#live a.btn") {
			if strings.HasSuffix(attr(l, "href"), "/share") {
				t.Error("a test that passed offers a link")
			}
		}
		tests, err := a.db.TestSignIns(t.Context(), org.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		ana.get(shareURL(tests[0].ActivityID)).wantText("#share-why", "Nothing is wrong").wantNone("section[aria-labelledby=preview-title]")
		ana.post(shareURL(tests[0].ActivityID), "org", org.ID).wantStatus(http.StatusSeeOther)
	})
}

func TestAnonymous(t *testing.T) {
	person := &models.Activity{Who: "Bo Berg", Detail: `{"email":"bo.berg@acme.com","object_id":"0c1","name_id":"bo.berg@acme.com"}`, Reason: "x"}
	claims := []models.LoginClaim{
		{Name: "email", Values: []string{"bo.berg@acme.com"}, UsedFor: "E-mail address"},
		{Name: "firstName", Values: []string{"Bo"}, UsedFor: "First name"},
		{Name: "issuer", Values: []string{"https://sts.windows.net/t/"}},
		{Name: "method", Values: []string{"http://schemas.microsoft.com/claims/multipleauthn"}, UsedFor: "Shows whether"},
	}
	for _, test := range []struct{ reason, got, want string }{
		{"issuer_mismatch", "https://sts.windows.net/t/", "https://sts.windows.net/t/"},
		{"issuer_mismatch", "", ""},
		{"email_invalid", "Bo", "(hidden)"},
		{"email_invalid", "Boris, Bo and About", "Boris, (hidden) and About"},
		{"email_several", "bo.berg@acme.com, b.berg@acme.com", "…@acme.com, …@acme.com"},
		{"email_guest", "bo_acme.com#EXT#@tenant.onmicrosoft.com", "…@tenant.onmicrosoft.com"},
		{"identity_mismatch", "objectid another", "(hidden)"},
		{"domain_unverified", "eve@elsewhere.example", "…@elsewhere.example"},
		{"deactivated", "deactivated by scim", "deactivated by scim"},
		{"held", "address_taken", "address_taken"},
		{"expired", "2026-11-24T09:30:00Z", "2026-11-24T09:30:00Z"},
		{"audience_mismatch", "https://a.example/Bo", "https://a.example/(hidden)"},
		{"name_id_missing", "0c1", "(hidden)"},
		{"authn", "http://schemas.microsoft.com/claims/multipleauthn", "http://schemas.microsoft.com/claims/multipleauthn"},
		{"status_requester", `AADSTS50020: user 'Somebody Else' of 'https://x.example/' for "urn:acme"`, `AADSTS50020: user '…' of 'https://x.example/' for "urn:acme"`},
	} {
		in := models.LoginTrace{Claims: claims, Checks: []models.LoginCheck{{State: models.CheckFailed, Reason: test.reason, Got: test.got, Want: test.got, Problem: "Ask x@y.example."}}}
		out := anonymous(in, person)
		if c := out.Checks[0]; c.Got != test.want || c.Want != test.want || c.Problem != "Ask …@y.example." {
			t.Errorf("%s: %q becomes %q, %q and %q; want %q", test.reason, test.got, c.Got, c.Want, c.Problem, test.want)
		}
		for _, c := range out.Claims {
			if len(c.Values) != 0 {
				t.Errorf("%s has values", c.Name)
			}
		}
		if len(in.Claims[0].Values) != 1 || in.Checks[0].Got != test.got {
			t.Error("the trace itself was changed")
		}
	}
}

// A NameID that is no address, such as the name of a Windows account, is the person's too, also where the response was refused for something else.
func TestADiagnosticLinkHidesANameIDThatIsNoAddress(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		p := ana.failedTest(org, idp, "bo.berg@acme.com", func(x *assertion) {
			x.entityID += "/acs"
			x.before = func(doc *etree.Document) {
				id := doc.FindElement("//NameID")
				id.SetText(`ACME\bberg (desk)`)
				id.CreateAttr("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
			}
		})
		link, shared := ana.share(p)
		it := a.browser().get(link).wantStatus(http.StatusOK).wantText("ol.steps", "Names the person (NameID)").wantText("ol.steps", "(unspecified)")
		for name, p := range map[string]*page{"the page": it, "the preview": shared} {
			if strings.Contains(p.body, "bberg") {
				t.Errorf("%s says who it was", name)
			}
		}
	})
}
