package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestSingleSignOnIsTurnedOnWhenNothingIsMissing(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.get(ssoPath).wantText("#sso-why", "Verify a domain under Domain Claiming. Enter the Issuer URL.").wantText("#require-why", "Turn on Single Sign-On first.")
		p.wantText("#sso", "Off")
		flash := ana.post(ssoPath+"/enabled", "org", acme.ID, "value", "on").flash()
		if !strings.Contains(flash, "cannot be turned on yet. Verify a domain") || !strings.Contains(flash, "Upload the SAML Certificate.") {
			t.Errorf("turning it on too early says %q", flash)
		}
		a.verifiedDomain(acme, "acme.com")
		ana.postFiles(ssoPath, []file{{"a.cer", a.goodCertificate("A")}}, "org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer).wantStatus(http.StatusSeeOther)
		ana.get(ssoPath).wantText("#sso-why", "Before it can be turned on: Run a test sign-in").wantText("#test", "Not tested")
		if flash := ana.post(ssoPath+"/enabled", "org", acme.ID, "value", "on").flash(); !strings.Contains(flash, "Run a test sign-in") {
			t.Errorf("turning it on untested says %q", flash)
		}
		modelstest.PassTest(t, a.db, acme.ID)
		p = ana.post(ssoPath+"/enabled", "org", acme.ID, "value", "on").wantRedirect(ssoPath).follow()
		p.wantText("#sso", "On since 24 Nov 2026").wantText("#sso-meaning", "People on acme.com can sign in").wantNone("#sso-now").wantNone("#require-why")
		ana.post(ssoPath+"/enabled", "org", acme.ID, "value", "sideways").wantStatus(http.StatusUnprocessableEntity)
		p = ana.post(ssoPath+"/enabled", "org", acme.ID, "value", "off").wantRedirect(ssoPath).follow()
		p.wantText("#sso", "Off").wantText("main .note", "Single sign-on is off")
	})
}

func TestSwitchesAskForThePasswordAndCarryTheirValue(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.enabled()
		ana := a.signIn("ana@acme.com")
		a.clock.Advance(models.StepUpLife + time.Minute)
		p := ana.post(ssoPath+"/idp-managed", "org", acme.ID, "value", "on").wantStatus(http.StatusUnprocessableEntity)
		p.wantText("h1", "Turn on IdP Managed Access?").wantText(".sentences", "Nobody on acme.com is invited any more")
		p = p.form(ssoPath+"/idp-managed").set("password", "wrong password").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "This is not your password")
		p.form(ssoPath+"/idp-managed").set("password", password).submit().wantRedirect(ssoPath).follow().wantText("#idp-managed", "On")
		ana.post(ssoPath+"/idp-managed", "org", acme.ID, "value", "off").wantRedirect(ssoPath).follow().wantText("main .note", "IdP Managed Access is off")
	})
}

func TestAnOwnerWithoutAPasswordConfirmsAtTheIdentityProvider(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		if _, err := a.db.AddMember(t.Context(), operator, org.ID, "olga@acme.com", "Olga", "", models.Owner, ""); err != nil {
			t.Fatal(err)
		}
		olga := a.browser()
		olga.finish(a.postACS(org, idp.answer(olga.beginSAML(org, "/"), "olga@acme.com"))).wantStatus(http.StatusSeeOther)
		olga.get(domainsPath).wantText("main", "You have no password here. Press the button")
		p := olga.post(ssoPath+"/enabled", "org", org.ID, "value", "off").wantStatus(http.StatusUnprocessableEntity)
		p.wantText("main", "You have no password here").wantText("main", "Confirm with single sign-on").wantNone("input[name=password]")
		olga.post(domainsPath, "org", org.ID, "domain", "acme.de", "password", "a guess at one").wantStatus(http.StatusUnprocessableEntity).wantText("main", "You have no password here").wantValue("domain", "acme.de")
	})
}

func TestRequireSingleSignOnShowsForWhomItMeansWhatFirst(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.enabled()
		a.member(acme, "bo@acme.com", models.RoleMember)
		a.member(acme, "cy@elsewhere.com", models.RoleMember)
		ana, bo := a.signIn("ana@acme.com"), a.signIn("bo@acme.com")
		p := ana.post(ssoPath+"/require", "org", acme.ID, "value", "on").wantRedirect(ssoPath + "/require").follow().wantStatus(http.StatusOK)
		p.wantText("h1", "Turn on Require Single Sign-On?").wantText("#conditions", "All met")
		groups := p.all("details.group")
		for i, want := range []string{"Ready", "Never used SSO", "On no claimed domain", "Keep recovery access"} {
			if got := textOf(groups[i]); !strings.Contains(got, want) {
				t.Errorf("group %d says %q, want %q", i+1, got, want)
			}
		}
		for i, who := range map[int]string{1: "bo@acme.com", 2: "cy@elsewhere.com", 3: "Ana"} {
			if got := textOf(groups[i]); !strings.Contains(got, who) {
				t.Errorf("group %d does not name %s: %q", i+1, who, got)
			}
		}
		p.wantText("ol.steps", "Until second factors exist here the password alone is enough")
		a.clock.Advance(models.StepUpLife + time.Minute)
		p = p.form(ssoPath+"/require").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "Enter your password")
		p = p.form(ssoPath+"/require").set("password", password).submit().wantRedirect(ssoPath).follow()
		p.wantText("#require", "On trial until").wantText("#require-now", "by recovery sign-in")
		ana.get("/settings/users").wantStatus(http.StatusOK) // owners keep their password sessions
		if got := bo.get(ssoPath); got.status != http.StatusSeeOther {
			t.Errorf("the member's password session still works: %d", got.status)
		}
		ana.get(ssoPath + "/require").wantRedirect(ssoPath)
		ana.post(ssoPath+"/require", "org", acme.ID, "value", "off").wantRedirect(ssoPath).follow().wantText("#require", "Off")
	})
}

func TestRequireSingleSignOnIsBlockedWhileAConditionIsNotMet(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.get(ssoPath+"/require").wantStatus(http.StatusOK).wantText("#conditions", "4 of 5 not met").wantText("#require-why", "First meet the conditions")
		p.form(ssoPath+"/require").submit().wantStatus(http.StatusUnprocessableEntity).wantText("#require-why", "First meet the conditions")
		if connection, err := a.db.SSO(t.Context(), acme.ID); err != nil || connection.Required {
			t.Errorf("it was turned on: %+v, %v", connection, err)
		}
	})
}

func TestWhatExpiresIsAnnounced(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.enabled()
		a.clock.Advance(300 * 24 * time.Hour)
		ana := a.signIn("ana@acme.com")
		ana.get(ssoPath).wantText("main", "The SAML certificate expires in").wantText(".chips", "– renew")
		a.clock.Advance(60 * 24 * time.Hour)
		ana = a.signIn("ana@acme.com")
		ana.get(domainsPath).wantText("main", "No SAML certificate is valid").wantText(".chips", "None valid – upload a new one")
		_ = acme
	})
}

func TestTheGuideKnowsWhatIsDone(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.connected("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.get(ssoPath + "/azure").wantStatus(http.StatusOK)
		p.wantText("#v-entity-id", a.url+"/saml/"+acme.ID).wantText("#v-tenant-url", a.url+"/api/app/scim/v2")
		p.wantText("#step-5 h2", "Done").wantText("#step-6 h2", "laim your domain")
		if got := p.text("#step-6 h2"); strings.Contains(got, "Done") {
			t.Errorf("the domain counts as done: %q", got)
		}
	})
}
