package handlers

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// What the daily look finds is shown with what it would change, and is taken over or dismissed on the page.
func TestOtherAddressesOfTheMetadata(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme, contoso := a.organization("Acme", "ana@acme.com"), a.organization("Contoso", "cy@contoso.com")
		a.member(acme, "bo@acme.com", models.RoleMember)
		idp, next := newIdP(a, 0), newIdP(a, 1)
		site := newMetadataSite(t)
		site.publish(idp.issuer, "https://login.example/saml2", idp)
		a.allowSite(site)
		m, problem := a.server.ReadMetadata(t.Context(), site.URL)
		if problem != "" {
			t.Fatal(problem)
		}
		if err := a.db.FollowMetadata(t.Context(), operator, acme.ID, site.URL, *m); err != nil {
			t.Fatal(err)
		}
		saved := func(wantIssuer, wantSignIn string) {
			t.Helper()
			if c, err := a.db.SSO(t.Context(), acme.ID); err != nil || c.Issuer != wantIssuer || c.SignInURL != wantSignIn {
				t.Errorf("%s %s, %v; want %s %s", c.Issuer, c.SignInURL, err, wantIssuer, wantSignIn)
			}
		}
		a.signIn("ana@acme.com").get(metadataPath).wantNone("#other")

		site.publish(next.issuer, "https://login.example/saml2", idp, next)
		a.readDueMetadata(25 * time.Hour)
		b := a.signIn("ana@acme.com")
		b.get(ssoPath).wantText(".banner h2", "1 certificate waits for approval").wantText(".banner", "names other addresses, too")
		p := b.get(metadataPath).wantStatus(http.StatusOK).wantNone(".banner").wantText("#other del", idp.issuer).wantText("#other ins", next.issuer)
		p.wantText("#other", "The new Issuer URL ends all sessions").wantText("#other", "1 certificate that nobody has approved yet")
		if n := len(p.all("#other .diff tbody tr")); n != 1 {
			t.Errorf("%d changes are shown", n)
		}
		takeOver, dismiss := metadataPath+"/take-over", metadataPath+"/dismiss"

		// Managers of this organization only.
		a.signIn("bo@acme.com").post(takeOver, "org", acme.ID, "issuer", next.issuer, "sign_in_url", "https://login.example/saml2").wantStatus(http.StatusForbidden)
		a.signIn("cy@contoso.com").post(takeOver, "org", contoso.ID, "issuer", next.issuer, "sign_in_url", "https://login.example/saml2").wantRedirect(metadataPath).follow().wantText("main", "Look at the page again")
		saved(idp.issuer, "https://login.example/saml2")

		// With the password, exactly as shown.
		b.post(takeOver, "org", acme.ID, "issuer", "https://evil.example/", "sign_in_url", "https://login.example/saml2").wantStatus(http.StatusUnprocessableEntity).wantText("#other", "Look at the page again")
		a.clock.Advance(models.StepUpLife)
		p = b.get(metadataPath).form(takeOver).submit().wantStatus(http.StatusUnprocessableEntity).wantText("#other", "this changes who can sign in")
		saved(idp.issuer, "https://login.example/saml2")
		p.form(takeOver).set("password", password).submit().wantRedirect(metadataPath).follow().wantNone("#other").wantText("main", "are taken over")
		saved(next.issuer, "https://login.example/saml2")
		b.post(takeOver, "org", acme.ID, "issuer", next.issuer, "sign_in_url", "https://login.example/saml2").wantRedirect(metadataPath)

		// Dismissed: without the password, for as long as the metadata names the same.
		site.publish(next.issuer, "https://login.example/odd", idp, next)
		a.readDueMetadata(25 * time.Hour)
		b = a.signIn("ana@acme.com")
		p = b.get(metadataPath).wantText("#other ins", "https://login.example/odd")
		b.postForm(dismiss, p.form(takeOver).values).wantRedirect(metadataPath).follow().wantNone("#other").wantText("#address", "which were dismissed")
		saved(next.issuer, "https://login.example/saml2")
		a.readDueMetadata(25 * time.Hour)
		b = a.signIn("ana@acme.com")
		b.get(metadataPath).wantNone("#other")
		// It can still be taken over by reading it.
		b.post(metadataPath, "org", acme.ID, "metadata_url", site.URL).wantStatus(http.StatusOK).wantText("#found", "https://login.example/odd")
		site.publish(next.issuer, "https://login.example/other", idp, next)
		a.readDueMetadata(25 * time.Hour)
		b = a.signIn("ana@acme.com")
		b.get(metadataPath).wantText("#other ins", "https://login.example/other")
		for _, action := range []string{"sso_metadata.changed", "sso_metadata.taken_over", "sso_connection.changed", "sso_metadata.dismissed"} {
			if !slices.Contains(a.auditActions(acme), action) {
				t.Errorf("no %s in the audit log", action)
			}
		}
		b.get(auditPath+"?area=sso_metadata").wantText("main", "took over the addresses").wantText("main", "dismissed the addresses")
	})
}

// Where sign-outs are answered comes with the other addresses, so it is shown with them; what was not shown is not taken over.
func TestWhereSignOutsAreAnsweredIsShownBeforeItIsTakenOver(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		idp := newIdP(a, 0)
		site := newMetadataSite(t)
		a.allowSite(site)
		site.publish(idp.issuer, "https://login.example/saml2", idp)
		m, problem := a.server.ReadMetadata(t.Context(), site.URL)
		if m == nil {
			t.Fatal(problem)
		}
		if err := a.db.FollowMetadata(t.Context(), operator, acme.ID, site.URL, *m); err != nil {
			t.Fatal(err)
		}
		moved := func(logout string) {
			t.Helper()
			site.publish("https://moved.example/", "https://login.example/saml2", idp)
			site.document.Store(strings.ReplaceAll(site.document.Load().(string), "https://login.example/logout", logout))
			a.readDueMetadata(25 * time.Hour)
		}
		moved("https://login.example/logout/2")
		b := a.signIn("ana@acme.com")
		p := b.get(metadataPath).wantText("#other ins", "https://moved.example/").wantText("#other", "Where sign-outs are answered").wantText("#other", "https://login.example/logout/2")
		moved("https://evil.example/logout")
		b = a.signIn("ana@acme.com")
		takeOver := metadataPath + "/take-over"
		again := b.postForm(takeOver, p.form(takeOver).values).wantStatus(http.StatusUnprocessableEntity).wantText("#other", "Look at the page again").wantText("#other", "https://evil.example/logout")
		again.form(takeOver).submit().wantRedirect(metadataPath)
		if c, err := a.db.SSO(t.Context(), acme.ID); err != nil || c.LogoutURL != "https://evil.example/logout" {
			t.Errorf("%+v, %v", c, err)
		}
	})
}
