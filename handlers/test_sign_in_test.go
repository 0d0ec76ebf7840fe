package handlers

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// testedApp is an organization with everything set up and single sign-on off, and its owner's browser.
func testedApp(a *app) (*models.Organization, *identityProvider, *browser) {
	a.t.Helper()
	org, idp := samlApp(a)
	off := false
	if err := a.db.SetSwitches(a.t.Context(), operator, org.ID, models.Switches{Enabled: &off, IDPManaged: &off}); err != nil {
		a.t.Fatal(err)
	}
	return org, idp, a.signIn("ana@acme.com")
}

// beginTest begins a test as a signed-in admin and returns where it is sent.
func (b *browser) beginTest(org *models.Organization) string {
	b.t.Helper()
	return b.post(testPath, "org", org.ID).wantStatus(http.StatusSeeOther).header.Get("Location")
}

// postRelayed posts a response with the RelayState of the request behind a redirect.
func (a *app) postRelayed(org *models.Organization, redirect, response string) *page {
	a.t.Helper()
	u, err := url.Parse(redirect)
	if err != nil {
		a.t.Fatal(err)
	}
	r := a.request(http.MethodPost, "/saml/"+org.ID+"/acs", url.Values{"SAMLResponse": {response}, "RelayState": {u.Query().Get("RelayState")}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://login.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return a.do(r)
}

// result goes where an answered test leads, in this browser.
func (b *browser) result(answered *page) *page {
	b.t.Helper()
	answered.wantStatus(http.StatusSeeOther)
	return b.get(answered.header.Get("Location"))
}

func TestATestSignInChecksEverythingAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		session := ana.cookie(sessionCookie)
		ana.get(ssoPath).wantText("#test", "Test in a new tab")
		p := ana.get(testPath).wantStatus(http.StatusOK).wantText("#live", "Nobody has tested yet")
		if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https:") {
			t.Errorf("the browser would stop the test on its way: %s", csp)
		}
		to := p.form(testPath).submit().wantStatus(http.StatusSeeOther).header.Get("Location")
		p = ana.get(testPath).wantText("#live h2", "Waiting").wantText("ol.steps", "Request sent")
		if p.attr("#live", "data-live") != "2" {
			t.Error("the page does not look again by itself")
		}

		p = ana.result(a.postRelayed(org, to, idp.answer(to, "ana@acme.com")))
		p = p.wantStatus(http.StatusSeeOther).follow().wantStatus(http.StatusOK)
		p.wantText("#live h2", "Ana, just now").wantText("#live h2", "Passed").wantText(".outcome h3", "Would sign in as Ana, existing member, Owner")
		p.wantText("table.claims", "ana@acme.com").wantText("table.claims", "user.mail").wantNone(".problem")
		p.wantText("footer", "Nothing is missing any more to turn on single sign-on")
		if strings.Contains(p.text("ol.steps"), "Not checked") || strings.Contains(p.text("ol.steps"), "Failed") {
			t.Errorf("steps: %s", p.text("ol.steps"))
		}
		if ana.cookie(sessionCookie) != session {
			t.Error("the admin's session was touched")
		}
		if keys, err := a.db.Identities(t.Context(), org.ID, a.memberID(org, "ana@acme.com")); err != nil || len(keys) != 0 {
			t.Errorf("identities were bound: %v, %v", keys, err)
		}
		ana.post(ssoPath+"/enabled", "org", org.ID, "value", "on").wantRedirect(ssoPath).follow().wantText("#sso", "On since").wantText("#test", "Passed")

		// The answer is taken once.
		a.postRelayed(org, to, idp.answer(to, "ana@acme.com")).wantStatus(http.StatusForbidden).wantText("h1", "already used")
	})
}

func TestATestSignInShowsEverythingThatIsWrongAtOnce(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		to := ana.beginTest(org)
		answer := idp.answer(to, "not an address", func(x *assertion) { x.entityID += "/acs"; x.issuer = "https://sts.windows.net/other/" })
		p := ana.result(a.postACS(org, answer)).follow().wantText("#live h2", "Failed").wantText(".outcome h3", "would not get in")
		problems := p.all(".problem")
		if len(problems) != 3 { // issuer, audience, e-mail
			t.Errorf("%d problems: %s", len(problems), p.text("#live"))
		}
		if !strings.Contains(p.body, "<mark>/acs</mark>") {
			t.Error("what differs is not marked")
		}
		p.wantText("main", "3 things are wrong").wantText("main", "Enterprise applications").wantText("main", "Your Entra admin")
		p.wantText("ol.steps", "Not checked: The person may come in")
		if p.find("data[hidden]") == nil {
			t.Error("nothing to copy for IT")
		}
		if missing, err := a.db.EnableMissing(t.Context(), org.ID); err != nil || len(missing) != 1 {
			t.Errorf("a failed test counts: %v, %v", missing, err)
		}
		// The history names it.
		a.clock.Advance(time.Second)
		ana.beginTest(org)
		ana.get(testPath).wantText("table[aria-labelledby=history-title]", "Failed").wantText("table[aria-labelledby=history-title]", "Ana")
	})
}

func TestATestSignInSaysWhatWouldHappenToThePerson(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		run := func(email string) *page {
			to := ana.beginTest(org)
			return ana.result(a.postRelayed(org, to, idp.answer(to, email))).follow()
		}
		p := run("new@acme.com").wantText("#live h2", "Would be refused").wantText(".outcome p", "every check of the response passed").wantText(".problem", "is not a member here, and IdP Managed Access is off")
		p.wantText("ol.path", "IdP Managed Access")
		run("eve@elsewhere.example").wantText("#live h2", "Would be refused").wantText(".problem", "has not verified").wantText("ol.path", "Domain Claiming")
		bo := a.member(org, "bo@acme.com", models.RoleMember)
		if err := a.db.DeactivateMember(t.Context(), operator, models.Owner, org.ID, bo.ID); err != nil {
			t.Fatal(err)
		}
		run("bo@acme.com").wantText("#live h2", "Would be refused").wantText(".problem", "deactivated here")
		idp.connect(org, true)
		run("new@acme.com").wantText("#live h2", "Passed").wantText(".outcome h3", "Would become a member as Bo Berg")
		if rows, err := a.db.People(t.Context(), org.ID, models.MemberFilter{Text: "new@acme.com"}); err != nil || len(rows) != 0 {
			t.Errorf("a test made a member: %v, %v", rows, err)
		}
	})
}

func TestAColleagueTestsByLink(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		a.member(org, "bo@acme.com", models.RoleMember)
		p := ana.get(testPath).form(testPath + "/link").submit().wantStatus(http.StatusOK)
		link := p.attr("#test-link", "value")
		if !strings.HasPrefix(link, a.url+"/saml/"+org.ID+"/test?link=") {
			t.Fatalf("link = %q", link)
		}
		if !strings.Contains(strings.Join(a.auditActions(org), " "), "sso_test.link_created") {
			t.Error("the link is not audited")
		}
		bo := a.browser()
		to := bo.get(link).wantStatus(http.StatusOK).wantText("h1", "Test the sign-in to Acme").wantText("main", "Ana asks you").form("/saml/" + org.ID + "/test").submit().wantStatus(http.StatusSeeOther).header.Get("Location")
		bo.result(a.postRelayed(org, to, idp.answer(to, "bo@acme.com"))).wantStatus(http.StatusOK).wantText("h1", "Thank you: it works").wantNone("ol.steps")
		if bo.cookie(sessionCookie) != "" || bo.cookie(loginCookie) != "" {
			t.Error("the colleague's browser was touched")
		}
		ana.get(testPath).wantText("#live h2", "Bo").wantText("#live h2", "Passed")
		// Somebody whose test fails gets the sentence for people and a reference.
		to = bo.get(link).form("/saml/" + org.ID + "/test").submit().header.Get("Location")
		p = bo.result(a.postRelayed(org, to, idp.answer(to, "bo@acme.com", func(x *assertion) { x.unsigned = true }))).wantText("h1", "did not pass").wantText("main", "give your admin the reference")
		reference, _, _ := strings.Cut(p.attr("#reference", "value"), " ")
		ana.get(activityPath+"?q="+url.QueryEscape(reference)).wantText("main", "is not signed")
		a.clock.Advance(models.TestLinkLife)
		bo.get(link).wantStatus(http.StatusGone).wantText("main", "Ask an admin for a new one")
		bo.post("/saml/"+org.ID+"/test", "link", "wrong").wantStatus(http.StatusNotFound)
	})
}

func TestATestThatNeverCameBack(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, _, ana := testedApp(a)
		ana.beginTest(org)
		a.clock.Advance(models.TestPatience)
		ana.get(testPath).wantText("#live h2", "Nothing came back").wantText(".outcome h3", "We never heard back").wantText("#microsoft h2", "Which message did Microsoft show?").wantText("#microsoft", "AADSTS50105")
	})
}

// What can hardly be read, and what names no request, still finds its test by RelayState.
func TestATestFindsItsResponseByRelayState(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		answered := ana.beginTest(org)
		a.postACS(org, idp.answer(answered, "ana@acme.com")).wantStatus(http.StatusSeeOther)
		for name, c := range map[string]struct {
			answer func(to string) string
			want   string
		}{
			"unsolicited":    {func(to string) string { return idp.answer(to, "ana@acme.com", func(x *assertion) { x.request = "" }) }, "answers no request of ours"},
			"not base64":     {func(string) string { return "<Response/>" }, "is not base64"},
			"nothing at all": {func(string) string { return "" }, "without a SAMLResponse"},
			"not XML":        {func(string) string { return base64.StdEncoding.EncodeToString([]byte("<a>")) }, "not well-formed XML"},
			"a replayed one": {func(string) string { return idp.answer(answered, "ana@acme.com") }, "another request"},
		} {
			to := ana.beginTest(org)
			p := ana.result(a.postRelayed(org, to, c.answer(to))).follow()
			if got := p.text("#live"); !strings.Contains(got, c.want) {
				t.Errorf("%s: %s", name, got)
			}
		}
		// Too late: checked all the same, and said so.
		to := ana.beginTest(org)
		a.clock.Advance(models.PendingLoginLife)
		ana.result(a.postRelayed(org, to, idp.answer(to, "ana@acme.com"))).follow().wantText("#live", "Failed: Answered within ten minutes")
	})
}

func TestOnlyManagersTest(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, _, ana := testedApp(a)
		a.member(org, "bo@acme.com", models.RoleMember)
		bo := a.signIn("bo@acme.com")
		bo.get(testPath).wantStatus(http.StatusForbidden)
		bo.post(testPath, "org", org.ID).wantStatus(http.StatusForbidden)
		bo.post(testPath+"/link", "org", org.ID).wantStatus(http.StatusForbidden)
		bo.get(ssoPath).wantText("#test", "Test sign-in").wantNone("form[action='" + testPath + "']")
		ana.get(testPath + "/tst_nowhere").wantStatus(http.StatusNotFound)
		ana.get("/saml/" + org.ID + "/tested?test=tst_nowhere").wantStatus(http.StatusNotFound)
		other := a.organization("Contoso", "cy@contoso.com")
		cy := a.signIn("cy@contoso.com")
		cy.post(testPath, "org", other.ID).wantStatus(http.StatusConflict).wantText("main", "First save the")
		ana.beginTest(org)
		tests, err := a.db.TestSignIns(t.Context(), org.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		cy.get(testPath + "/" + tests[0].ID).wantStatus(http.StatusNotFound)
	})
}

func TestMicrosoftsErrorsAreExplained(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, _, ana := testedApp(a)
		explain := func(message string) *page {
			return ana.post(testPath+"/explain", "org", org.ID, "message", message)
		}
		p := explain("AADSTS50011: The reply URL 'https://old.example/acs' specified in the request does not match the reply URLs configured for the application 'x'.").wantStatus(http.StatusOK)
		p.wantText("#answer-AADSTS50011", "Reply URL mismatch").wantText("#answer-AADSTS50011", a.url+"/saml/"+org.ID+"/acs").wantText("#answer-AADSTS50011", "https://old.example/acs").wantText("#answer-AADSTS50011 ol.path", "Basic SAML Configuration")
		explain("50105").wantText("#microsoft", "is not assigned to the application")
		explain("AADSTS123456").wantText("#microsoft", "login.microsoftonline.com/error?code=123456")
		explain("it does not work").wantStatus(http.StatusUnprocessableEntity).wantFieldError("message", "There is no code in it").wantValue("message", "it does not work")
		ana.get(ssoPath+"/azure").wantText("#microsoft", "Stuck on a page of Microsoft’s?")
	})
}
