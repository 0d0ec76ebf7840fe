package handlers

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// samlApp is an organization with single sign-on over a test identity provider.
func samlApp(a *app) (*models.Organization, *identityProvider) {
	a.t.Helper()
	org := a.organization("Acme", "ana@acme.com")
	a.verifiedDomain(org, "acme.com")
	idp := newIdP(a, 0)
	idp.connect(org, true)
	return org, idp
}

func TestSAMLSignIn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		b := a.browser()
		to := b.get(samlLoginPath(org.ID, "/profile?x=1", "Bo@ACME.com")).wantStatus(http.StatusSeeOther).header.Get("Location")
		u, err := url.Parse(to)
		if err != nil || u.Host != "login.example" || u.Query().Get("tenant") != "1" || u.Query().Get("login_hint") != "bo@acme.com" {
			t.Fatalf("sent to %s", to)
		}
		cookie := b.cookie(loginCookie)
		if cookie == "" {
			t.Fatal("the request is bound to no browser")
		}
		accepted := a.postACS(org, idp.answer(to, "bo@acme.com"))
		if accepted.header.Values("Set-Cookie") != nil {
			t.Errorf("the ACS sets cookies: %v", accepted.header.Values("Set-Cookie"))
		}
		b.finish(accepted).wantRedirect("/profile?x=1")
		who, err := a.db.SessionByToken(t.Context(), b.cookie(sessionCookie))
		if err != nil || who.Account.Email != "bo@acme.com" || who.Session.Method != models.MethodSSO || who.Member.DisplayName != "Bo Berg" {
			t.Fatalf("signed in: %+v, %v", who, err)
		}
		// A second time, from the same browser: another session, and the old one is gone.
		old := b.cookie(sessionCookie)
		b.finish(a.postACS(org, idp.answer(b.beginSAML(org, "//evil.example"), "bo@acme.com"))).wantRedirect("/")
		if b.cookie(sessionCookie) == old {
			t.Error("the session was not renewed")
		}
		if _, err := a.db.SessionByToken(t.Context(), old); !models.IsKind(err, models.Unauthenticated) {
			t.Errorf("the old session lives: %v", err)
		}
		rows, err := a.db.Activities(t.Context(), org.ID, models.ActivityFilter{Kind: models.ActivitySignIn})
		if err != nil || len(rows) != 2 || !rows[0].OK || !strings.Contains(rows[0].Detail, `"email_from":"email"`) {
			t.Errorf("activity = %+v, %v", rows, err)
		}
	})
}

func TestSAMLMetadata(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org := a.organization("Acme", "ana@acme.com")
		p := a.browser().get("/saml/" + org.ID + "/metadata").wantStatus(http.StatusOK)
		var m struct {
			EntityID string `xml:"entityID,attr"`
			SP       struct {
				ACS struct {
					Location string `xml:",attr"`
				} `xml:"AssertionConsumerService"`
			} `xml:"SPSSODescriptor"`
		}
		if err := xml.Unmarshal([]byte(p.body), &m); err != nil {
			t.Fatal(err)
		}
		if m.EntityID != a.url+"/saml/"+org.ID || m.SP.ACS.Location != m.EntityID+"/acs" {
			t.Errorf("metadata = %+v", m)
		}
		a.browser().get("/saml/org_unknown/metadata").wantStatus(http.StatusNotFound)
		a.browser().get("/saml/org_unknown/login").wantStatus(http.StatusNotFound)
		a.postACS(&models.Organization{ID: "org_unknown"}, "x").wantStatus(http.StatusNotFound)
	})
}

// TestSAMLRefusals: whatever arrives, there is no session, a page says why, and the admin finds it under the reference.
func TestSAMLRefusals(t *testing.T) {
	for _, test := range []struct {
		name   string
		reason string
		title  string
		// run returns the last answer to the browser b.
		run func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page
	}{
		{"unsigned", "signature_missing", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", func(x *assertion) { x.unsigned = true }))
		}},
		{"signed by another key", "signature_unknown_key", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			other := newIdP(a, 1)
			other.issuer = idp.issuer
			return a.postACS(org, other.answer(b.beginSAML(org, ""), "bo@acme.com"))
		}},
		{"another organization's identity provider", "signature_unknown_key", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			contoso := a.organization("Contoso", "cy@contoso.com")
			a.verifiedDomain(contoso, "contoso.com")
			other := newIdP(a, 1)
			other.connect(contoso, true)
			return a.postACS(org, other.answer(b.beginSAML(org, ""), "bo@acme.com"))
		}},
		{"another organization's audience", "audience_mismatch", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", func(x *assertion) { x.entityID = a.url + "/saml/org_other" }))
		}},
		{"another issuer", "issuer_mismatch", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", func(x *assertion) { x.issuer = "https://sts.windows.net/other/" }))
		}},
		{"a clock two hours behind", "issued_before_request", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", func(x *assertion) { x.issued = x.issued.Add(-2 * time.Hour) }))
		}},
		{"over before it was asked for", "expired", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			p := a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", before(set("Conditions", "NotOnOrAfter", "2026-11-24T08:00:00Z"))))
			return p.wantText("main", "an answer we cannot accept").wantText("main", "Ask your IT admin")
		}},
		{"posted nine minutes after it was made", "response_too_late", "This sign-in took too long", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			response := idp.answer(b.beginSAML(org, ""), "bo@acme.com")
			a.clock.Advance(9 * time.Minute)
			return a.postACS(org, response)
		}},
		{"after ten minutes", "request_expired", "This sign-in took too long", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			to := b.beginSAML(org, "")
			a.clock.Advance(11 * time.Minute)
			return a.postACS(org, idp.answer(to, "bo@acme.com"))
		}},
		{"not base64", "response_encoding", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return a.postACS(org, "<Response/>")
		}},
		{"nothing", "response_empty", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return a.postACS(org, "")
		}},
		{"much too large", "response_too_large", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return a.postACS(org, strings.Repeat("A", 600<<10))
		}},
		{"a DOCTYPE in an answer to a real request", "response_unsafe", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			raw, _ := base64.StdEncoding.DecodeString(idp.answer(b.beginSAML(org, ""), "bo@acme.com"))
			return a.postACS(org, base64.StdEncoding.EncodeToString(append([]byte("<!DOCTYPE x>"), raw...)))
		}},
		{"replayed at the ACS", "replayed", "This sign-in was already used", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			answer := idp.answer(b.beginSAML(org, ""), "bo@acme.com")
			other := a.browser()
			other.finish(a.postACS(org, answer)) // in a browser of its own: refused there, and the request is gone
			return a.postACS(org, answer)
		}},
		{"one assertion for two requests", "replayed", "This sign-in was already used", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			once := func(x *assertion) { x.id = "_once" }
			first := a.browser()
			first.finish(a.postACS(org, idp.answer(first.beginSAML(org, ""), "bo@acme.com", once))).wantRedirect("/")
			return b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", once)))
		}},
		{"stolen into another browser", "other_browser", "Start again here", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			victim := a.browser()
			b.beginSAML(org, "") // with a request and a cookie of its own
			return b.finish(a.postACS(org, idp.answer(victim.beginSAML(org, ""), "bo@acme.com")))
		}},
		{"brought to a browser without cookies", "cookies_blocked", "Allow cookies, then start again", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			return b.finish(a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com")))
		}},
		{"a code after a minute", "code_expired", "This sign-in took too long", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			accepted := a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com"))
			a.clock.Advance(61 * time.Second)
			return b.finish(accepted)
		}},
		{"an address of another organization", "domain_unverified", "You came with an address that is not Acme’s", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			contoso := a.organization("Contoso", "cy@contoso.com")
			a.verifiedDomain(contoso, "contoso.com")
			return b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "cy@contoso.com")))
		}},
		{"no membership", "no_membership", "You are not a member of Acme yet", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			idp.connect(org, false)
			return b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com")))
		}},
		{"deactivated between request and answer", "deactivated", "You are no longer a member of Acme", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			bo := a.member(org, "bo@acme.com", models.RoleMember)
			to := b.beginSAML(org, "")
			if err := a.db.DeactivateMember(a.t.Context(), operator, models.Owner, org.ID, bo.ID); err != nil {
				a.t.Fatal(err)
			}
			return b.finish(a.postACS(org, idp.answer(to, "bo@acme.com")))
		}},
		{"issuer changed between request and answer", "connection_changed", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			to := b.beginSAML(org, "")
			if err := a.db.SaveConnection(a.t.Context(), operator, org.ID, "https://idp.example/", "https://idp.example/sso", nil); err != nil {
				a.t.Fatal(err)
			}
			return a.postACS(org, idp.answer(to, "bo@acme.com"))
		}},
		{"certificate changed between the halves", "connection_changed", "You could not be signed in", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			accepted := a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com"))
			rolled := newIdP(a, 1)
			rolled.issuer = idp.issuer
			rolled.connect(org, true)
			return b.finish(accepted)
		}},
		{"turned off between request and answer", "sso_off", "Single sign-on is off for Acme", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			to := b.beginSAML(org, "")
			off := false
			if err := a.db.SetSwitches(a.t.Context(), operator, org.ID, models.Switches{Enabled: &off}); err != nil {
				a.t.Fatal(err)
			}
			return a.postACS(org, idp.answer(to, "bo@acme.com"))
		}},
		{"removed between request and answer", "connection_removed", "There is no single sign-on for Acme", func(a *app, org *models.Organization, idp *identityProvider, b *browser) *page {
			to := b.beginSAML(org, "")
			a.removeSSO(org)
			return a.postACS(org, idp.answer(to, "bo@acme.com"))
		}},
		{"begun after it was removed", "connection_removed", "There is no single sign-on for Acme", func(a *app, org *models.Organization, _ *identityProvider, b *browser) *page {
			a.removeSSO(org)
			return b.get(samlLoginPath(org.ID, "", ""))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				b := a.browser()
				p := test.run(a, org, idp, b).wantStatus(http.StatusForbidden).wantText("h1", test.title).wantNone("dl.compare")
				if b.cookie(sessionCookie) != "" || strings.Contains(strings.Join(p.header.Values("Set-Cookie"), " "), sessionCookie) {
					t.Error("there is a session")
				}
				rows, err := a.db.Activities(t.Context(), org.ID, models.ActivityFilter{Kind: models.ActivitySignIn, Problems: true})
				if err != nil || len(rows) == 0 {
					t.Fatalf("activity: %v", err)
				}
				found := false
				for _, row := range rows {
					found = found || row.Reason == test.reason && row.Sentence != "" && strings.Contains(p.body, row.Reference)
				}
				if !found {
					t.Errorf("no activity %s under the reference on the page: %+v", test.reason, rows)
				}
				if strings.Contains(a.log.String(), "SAMLResponse") || strings.Contains(a.log.String(), "code=") {
					t.Error("the log holds what it must not")
				}
			})
		})
	}
}

// removeSSO turns single sign-on off and removes its configuration.
func (a *app) removeSSO(org *models.Organization) {
	a.t.Helper()
	off := false
	err := a.db.SetSwitches(a.t.Context(), operator, org.ID, models.Switches{Enabled: &off})
	if err == nil {
		err = a.db.RemoveSSO(a.t.Context(), operator, org.ID)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// An unsolicited response leads into a fresh sign-in and never signs in; a provider that keeps sending them does not go round for ever.
func TestSAMLUnsolicited(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		b := a.browser()
		other := a.organization("Contoso", "cy@contoso.com")
		a.verifiedDomain(other, "contoso.com")
		newIdP(a, 1).connect(other, true)
		answers := map[string]string{
			"no request":                        idp.answer(b.beginSAML(org, ""), "bo@acme.com", func(x *assertion) { x.request = "" }),
			"a request nobody made":             idp.answer(b.beginSAML(org, ""), "bo@acme.com", func(x *assertion) { x.request = "id-unheard-of" }),
			"a request of another organization": idp.answer(a.browser().beginSAML(other, ""), "bo@acme.com"),
		}
		for name, answer := range answers {
			if got := a.postACS(org, answer).wantStatus(http.StatusSeeOther).header.Get("Location"); got != "/saml/"+org.ID+"/login?again=1" {
				t.Errorf("%s: sent to %s", name, got)
			}
		}
		if to := b.again(org).header.Get("Location"); !strings.HasPrefix(to, "https://login.example/") {
			t.Errorf("sent to %s", to)
		}
		b.get("/saml/"+org.ID+"/login?again=1").wantStatus(http.StatusForbidden).wantText("h1", "Start again here")
		// Beginning anew by hand still works.
		b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com"))).wantRedirect("/")
	})
}

// A signed-in admin of the organization sees what was expected and received; somebody of another organization does not.
func TestSAMLRefusalDetails(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		a.organization("Contoso", "cy@contoso.com")
		for _, test := range []struct {
			email   string
			details bool
		}{{"ana@acme.com", true}, {"cy@contoso.com", false}} {
			b := a.browser()
			b.asPassword(test.email)
			p := b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@elsewhere.example"))).wantStatus(http.StatusForbidden)
			if got := p.find("dl.compare") != nil; got != test.details {
				t.Errorf("%s sees details: %v", test.email, got)
			}
		}
	})
}

// asPassword gives the browser a password session without the sign-in pages. An owner's recovery works while single sign-on is on.
func (b *browser) asPassword(email string) {
	b.t.Helper()
	token, err := b.app.db.PasswordSignIn(b.t.Context(), models.Client{IP: "127.0.0.1"}, email, password, true)
	if err != nil {
		b.t.Fatal(err)
	}
	b.setCookie(sessionCookie, token)
}

func TestSAMLResponseTwice(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		answer := idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com")
		r := a.request(http.MethodPost, "/saml/"+org.ID+"/acs", url.Values{"SAMLResponse": {answer, answer}}.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a.do(r).wantStatus(http.StatusForbidden)
		// In the query it is no form at all.
		a.do(a.request(http.MethodPost, "/saml/"+org.ID+"/acs?SAMLResponse="+url.QueryEscape(answer), "")).wantStatus(http.StatusForbidden)
		if p := a.browser().get("/saml/" + org.ID + "/acs?SAMLResponse=" + url.QueryEscape(answer)); p.status < 400 {
			t.Errorf("a response in a GET: status %d", p.status)
		}
	})
}

// Two instances on one database: what one began the other finishes.
func TestSAMLAcrossInstances(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		b := a.browser()
		second := startApp(t, a.db, a.clock, "BASE_URL="+a.url)
		answer := idp.answer(b.beginSAML(org, ""), "bo@acme.com")
		accepted := second.postACS(org, answer)
		b.finish(&page{t: t, browser: b, request: accepted.request, status: accepted.status, header: accepted.header}).wantRedirect("/")
	})
}

func TestSAMLTwoTabs(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		b := a.browser()
		first, second := b.beginSAML(org, "/one"), b.beginSAML(org, "/two")
		b.finish(a.postACS(org, idp.answer(first, "bo@acme.com"))).wantRedirect("/one")
		b.finish(a.postACS(org, idp.answer(second, "bo@acme.com"))).wantRedirect("/two")
	})
}
