package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// requireApp is an organization with single sign-on over a test identity provider, ready to require it.
func requireApp(a *app) (*models.Organization, *identityProvider) {
	a.t.Helper()
	org, idp := samlApp(a)
	idp.connect(org, false) // people keep their passwords until it is required
	modelstest.PassTest(a.t, a.db, org.ID)
	return org, idp
}

func TestTheSafetyWindowIsShownUntilAnOwnerOrAdminSignsIn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := requireApp(a)
		a.member(org, "bo@acme.com", models.RoleMember)
		ana := a.signIn("ana@acme.com")
		ana.get(ssoPath+"/require").wantText("ol.window", "Within 30 minutes").wantText("ol.window", "It turns itself off again and the owners are told")
		a.clock.Advance(2 * time.Minute)
		p := ana.get(ssoPath + "/require").form(ssoPath + "/require").submit().wantRedirect(ssoPath).follow()
		const sentence = "Required since 09:02 UTC. Sign in with single sign-on once to keep it, otherwise it turns itself off at 09:32 UTC."
		p.wantText(".banner", sentence).wantText("#require", "On trial until 09:32 UTC").wantText("#require-now", "It stays on once an owner or admin has signed in").wantText(".chips", "On trial until 09:32 UTC")
		link := p.attr(".banner a", "href")
		a.clock.Advance(time.Minute)

		for _, page := range []string{"/", "/profile", usersPath, auditPath, domainsPath} {
			ana.get(page).wantStatus(http.StatusOK).wantText(".banner", sentence)
		}
		bo := a.browser()
		bo.finish(a.postACS(org, idp.answer(bo.beginSAML(org, "/"), "bo@acme.com"))).wantRedirect("/")
		bo.get("/").wantStatus(http.StatusOK).wantNone(".banner")
		bo.get(ssoPath).wantText("#require", "On trial until 09:32 UTC").wantNone(".banner")

		to := ana.get(link).wantStatus(http.StatusSeeOther).header.Get("Location")
		p = ana.finish(a.postACS(org, idp.answer(to, "ana@acme.com"))).wantRedirect(ssoPath).follow()
		p.wantNone(".banner").wantText("#require", "On since 24 Nov 2026").wantText("#require-now", "It stays on: Ana signed in with single sign-on on 24 Nov 2026, 09:03 UTC.").wantText(".chips", "Require SSO On")
		ana.get(auditPath).wantText("main", "Ana signed in with single sign-on, so that Require Single Sign-On stays on")
		a.clock.Advance(time.Hour)
		ana.get("/").wantNone(".banner")
		ana.get(ssoPath).wantText("#require", "On since")
	})
}

func TestRequireSingleSignOnThatTurnedItselfOffSaysSo(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, _ := requireApp(a)
		ana := a.signIn("ana@acme.com")
		ana.get(ssoPath + "/require").form(ssoPath + "/require").submit().wantRedirect(ssoPath)
		a.clock.Advance(models.SafetyWindow)
		// The page does not wait for the sweep.
		ana.get(ssoPath).wantNone(".banner").wantText("#require", "Off").wantText(".chips", "Require SSO Off")
		if n, err := a.db.EndSafetyWindows(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d windows ended, %v", n, err)
		}
		p := ana.get(ssoPath).wantText("#require", "Off").wantText(".banner", "Require Single Sign-On turned itself off")
		p.wantText(".banner", "After it was turned on at 09:00 UTC, no owner or admin signed in with single sign-on until 09:30 UTC on 24 Nov 2026.")
		ana.get("/").wantText("main", "Require Single Sign-On turned itself off") // among the notices to owners
		ana.get(auditPath).wantText("main", "Require Single Sign-On turned itself off: no owner or admin had signed in with single sign-on in time")
		ana.get(auditPath+"?area=sso_connection&actor=system:").wantText("main", "turned itself off")

		ana.get(p.attr(".banner a", "href")).wantText("h1", "Turn on Require Single Sign-On?").form(ssoPath+"/require").set("password", password).submit().wantRedirect(ssoPath).follow().
			wantText(".banner", "otherwise it turns itself off at 10:00 UTC")
		a.clock.Advance(time.Minute)
		ana.post(ssoPath+"/require", "org", org.ID, "value", "off").wantRedirect(ssoPath).follow().wantNone(".banner")
	})
}

// The conditions before Require Single Sign-On say what is wrong and lead to where it is mended.
func TestThePreFlightSaysWhatIsMissing(t *testing.T) {
	pass := func(a *app, org *models.Organization, email string) {
		a.t.Helper()
		connection, err := a.db.SSO(a.t.Context(), org.ID)
		id := a.db.NewTestID()
		if err == nil {
			err = a.db.BeginTest(a.t.Context(), models.Client{}, models.NewTest{OrgID: org.ID, ID: id, RequestID: "id-" + id, ConnectionVersion: connection.Version, By: "test"})
		}
		if err == nil {
			err = a.db.FinishTest(a.t.Context(), models.Client{}, org.ID, id, models.TestResult{
				State: models.TestPassed, Who: nameOf(email), MemberID: a.memberID(org, email), CertificateSHA256: connection.Certificates[0].SHA256, Sentence: "Yes.",
			})
		}
		if err != nil {
			a.t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		prepare func(a *app, org *models.Organization)
		// state is that of the conditions, says part of the condition's sentence, link where it leads (empty for nowhere).
		state, says, link string
	}{
		{"everything is there", func(a *app, org *models.Organization) { pass(a, org, "ana@acme.com") }, "All met", "Ana, just now (24 Nov 2026, 09:00 UTC).", ""},
		{"nobody has passed a test", func(*app, *models.Organization) {}, "1 of 5 not met", "Nobody has passed one since the last change of the connection.", testPath},
		{"a colleague has", func(a *app, org *models.Organization) { pass(a, org, "bo@acme.com") }, "1 of 5 not met", "Bo has passed one, but is no active owner or admin.", testPath},
		{"an admin has, and is one no more", func(a *app, org *models.Organization) {
			a.member(org, "cy@acme.com", models.Admin)
			pass(a, org, "cy@acme.com")
			if err := a.db.ChangeRole(a.t.Context(), operator, models.Owner, org.ID, a.memberID(org, "cy@acme.com"), models.RoleMember); err != nil {
				a.t.Fatal(err)
			}
		}, "1 of 5 not met", "Cy has passed one, but is no active owner or admin.", testPath},
		{"an owner has long ago", func(a *app, org *models.Organization) {
			pass(a, org, "ana@acme.com")
			a.clock.Advance(8 * 24 * time.Hour)
		}, "1 of 5 not met", "The last one is older: Ana, 8 days ago", testPath},
		{"the certificate expires soon", func(a *app, org *models.Organization) {
			a.clock.Advance(354 * 24 * time.Hour)
			pass(a, org, "ana@acme.com")
		}, "1 of 5 not met", "It expires in 11 days, on 24 Nov 2027, and then nobody could sign in.", ssoPath + "#certificate-row"},
		{"two owners have passwords", func(a *app, org *models.Organization) {
			a.member(org, "olga@acme.com", models.Owner)
			pass(a, org, "olga@acme.com")
		}, "All met", "Ana and Olga Test can still get in by recovery sign-in. Until second factors exist here the password alone is enough for it.", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				idp.connect(org, false)
				a.member(org, "bo@acme.com", models.RoleMember)
				c.prepare(a, org)
				ana := a.signIn("ana@acme.com")
				p := ana.get(ssoPath+"/require").wantText("#conditions", c.state).wantText("ol.steps", c.says)
				links := p.all("ol.steps .end a")
				if c.link == "" && len(links) > 0 || c.link != "" && (len(links) != 1 || attr(links[0], "href") != c.link) {
					t.Errorf("%d links: %s", len(links), p.text("ol.steps"))
				}
				p = p.form(ssoPath + "/require").submit()
				if c.state == "All met" {
					p.wantRedirect(ssoPath)
					return
				}
				p.wantStatus(http.StatusUnprocessableEntity).wantText("#require-why", "First meet the conditions")
				if connection, err := a.db.SSO(t.Context(), org.ID); err != nil || connection.Required {
					t.Errorf("it was turned on: %v", err)
				}
			})
		})
	}
}

func TestThePreFlightSaysHowRecoveryIsTold(t *testing.T) {
	for _, c := range []struct {
		name, says, not string
		environment     []string
	}{
		{"with a mail server", "Every use is audited, mailed to the owners and shown on their home page.", "not mailed", []string{"SMTP_URL=smtp://127.0.0.1:1025?tls=off", "MAIL_FROM=g@acme.com"}},
		{"without", "it is not mailed, because SMTP_URL is not set", "mailed to the owners", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				requireApp(a)
				ana := a.signIn("ana@acme.com")
				p := ana.get(ssoPath+"/require").wantText("ol.steps", c.says)
				if strings.Contains(p.text("main"), c.not) {
					t.Errorf("it says %q", c.not)
				}
				// Either way they are where it says.
				if _, err := a.db.PasswordSignIn(t.Context(), models.Client{}, "ana@acme.com", password, true); err != nil {
					t.Fatal(err)
				}
				ana.get(ssoPath + "/require").form(ssoPath + "/require").submit().wantRedirect(ssoPath)
				if _, err := a.db.PasswordSignIn(t.Context(), models.Client{}, "ana@acme.com", password, true); err != nil {
					t.Fatal(err)
				}
				ana.get("/").wantText("main", "Recovery sign-in was used")
			}, c.environment...)
		})
	}
}

// Every row says once what it does.
func TestNoSwitchSaysTheSameTwice(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := requireApp(a)
		ana := a.signIn("ana@acme.com")
		once := func(words string) {
			t.Helper()
			if text := ana.get(ssoPath).text("#sso"); strings.Count(text, "sign in with your identity provider") != 1 || !strings.Contains(text, words) {
				t.Errorf("the switch says %q, want once %q", text, words)
			}
		}
		once("People on acme.com can sign in with your identity provider. Passwords still work.")
		ana.get(ssoPath + "/require").form(ssoPath + "/require").submit().wantRedirect(ssoPath)
		once("People on acme.com sign in with your identity provider. Turning this off turns off Require Single Sign-On too.")
		a.clock.Advance(models.SafetyWindow)
		idp.connect(org, true)
		once("Passwords still work for everybody else.")
		off := false
		if err := a.db.SetSwitches(t.Context(), operator, org.ID, models.Switches{Enabled: &off}); err != nil {
			t.Fatal(err)
		}
		once("People on claimed domains can sign in with your identity provider. Passwords still work.")
	})
}
