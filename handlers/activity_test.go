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

// refusedSignIn posts a response for the wrong audience and returns the reference on the page.
func (a *app) refusedSignIn(org *models.Organization, idp *identityProvider, email string) string {
	a.t.Helper()
	p := a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), email, func(x *assertion) { x.entityID += "/acs" })).wantStatus(http.StatusForbidden)
	reference, _, _ := strings.Cut(p.attr("#reference", "value"), " ")
	if reference == "" {
		a.t.Fatal("the page of a refused sign-in has no reference")
	}
	return reference
}

func TestActivityShowsEveryAttemptAndWhatToMend(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		ana.get(ssoPath).wantText("nav.tabs", "Activity")
		a.clock.Advance(time.Second)
		bo := a.browser()
		bo.finish(a.postACS(org, idp.answer(bo.beginSAML(org, "/"), "bo@acme.com"))).wantRedirect("/")
		a.clock.Advance(time.Second)
		reference := a.refusedSignIn(org, idp, "cy@acme.com")

		p := ana.get(activityPath).wantStatus(http.StatusOK).wantText("h2.day", "Today, 24 November")
		entries := p.all("details.event")
		if len(entries) != 3 {
			t.Fatalf("%d entries: %s", len(entries), p.text("ol.events"))
		}
		if got := textOf(entries[0]); !strings.Contains(got, "cy@acme.com could not sign in: the assertion was made for another application") || !strings.Contains(got, "Refused") {
			t.Errorf("the refused one says %q", got)
		}
		if got := textOf(entries[1]); !strings.Contains(got, "Bo Berg signed in with single sign-on for the first time and became a member") {
			t.Errorf("the first sign-in says %q", got)
		}
		p = ana.get(activityPath + "?result=problems")
		if n := len(p.all("details.event")); n != 1 {
			t.Errorf("%d problems", n)
		}
		p = ana.get(activityPath+"?q="+strings.ToLower(reference)).wantText("details.event[open]", "cy@acme.com")
		p.wantText("details.event[open] .compare .want", a.url+"/saml/"+org.ID).wantText("details.event[open] ol.path", "Identifier (Entity ID)").wantText("details.event[open] ol.steps", "Failed: Meant for our Identifier").wantText("details.event[open] table.claims", "cy@acme.com")
		ana.get(activityPath+"?q=nothing-like-it").wantText("main", "Nothing matches")
		ana.get(activityPath+"?kind=test").wantText("main", "Nothing matches")
		ana.get(activityPath + "?kind=test&result=x&q=%25").wantStatus(http.StatusOK)

		// A second page, and back.
		for range activityRows {
			a.clock.Advance(time.Second)
			if _, err := a.db.RefuseLogin(t.Context(), models.Client{}, org.ID, "any", models.LoginRefusal{Admin: "Somebody was refused.", Who: "Somebody"}); err != nil {
				t.Fatal(err)
			}
		}
		first := ana.get(activityPath)
		older := ana.get(first.attr("a[rel=next]", "href"))
		if n := len(older.all("details.event")); n != 3 || older.find("a[rel=next]") != nil {
			t.Errorf("%d entries on the second page", n)
		}
		if n := len(ana.get(older.attr("a[rel=prev]", "href")).all("details.event")); n != activityRows {
			t.Errorf("%d entries back on the first page", n)
		}
	})
}

func TestTheMessageBehindARefusalIsShownOnDemandAndThatIsAudited(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		reference := a.refusedSignIn(org, idp, "cy@acme.com")
		p := ana.get(activityPath + "?q=" + url.QueryEscape(reference)).wantNone("pre.raw")
		entry := p.attr("details.event", "id")
		p = p.form(activityURL(entry) + "/raw").submit().wantStatus(http.StatusOK)
		raw := rawText(p.find("pre.raw"))
		if !strings.Contains(raw, "cy@acme.com") || !strings.Contains(raw, "SignatureValue>removed</") || strings.Contains(raw, "ds:SignatureValue>M") {
			t.Errorf("the message: %.2000s", raw)
		}
		if !strings.Contains(strings.Join(a.auditActions(org), " "), "activity.raw_viewed") {
			t.Error("nobody will know that somebody looked")
		}
		ana.get(auditPath).wantText("main", "looked at the message behind the sign-in of cy@acme.com")
		ana.get(activityURL(entry)).wantStatus(http.StatusOK).wantNone("pre.raw").wantText("details.event[open]", reference)

		// Nobody else's: another organization, a member.
		a.organization("Contoso", "cy@contoso.com")
		cy := a.browser()
		cy.asPassword("cy@contoso.com")
		cy.get(activityURL(entry)).wantStatus(http.StatusNotFound)
		who, err := a.db.SessionByToken(t.Context(), cy.cookie(sessionCookie))
		if err != nil {
			t.Fatal(err)
		}
		cy.post(activityURL(entry)+"/raw", "org", who.Organization.ID).wantStatus(http.StatusNotFound)
		if n := len(cy.get(activityPath + "?q=" + url.QueryEscape(reference)).all("details.event")); n != 0 {
			t.Errorf("another organization finds %d entries", n)
		}
	})
}

// What strangers post is not kept, and what is refused after every check says whom it was about.
func TestActivityOfStrangersAndOfPeopleWhoMayNotComeIn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		a.postACS(org, base64.StdEncoding.EncodeToString([]byte("<a>"))).wantStatus(http.StatusForbidden)
		p := ana.get(activityPath+"?result=problems").wantText("details.event", "Somebody could not sign in: what arrived is not a SAML response")
		if p.find("form[action='"+activityURL(p.attr("details.event", "id"))+"/raw']") != nil {
			t.Error("what a stranger posted is kept")
		}
		a.clock.Advance(time.Second)
		b := a.browser()
		b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "eve@elsewhere.example"))).wantStatus(http.StatusForbidden)
		ana.get(activityPath+"?q=eve@elsewhere.example").wantText("details.event[open]", "eve@elsewhere.example could not sign in: the identity provider named an address").
			wantText("details.event[open] ol.path", "Domain Claiming").wantText("details.event[open] .facts", "E-mail from the claim")
	})
}
