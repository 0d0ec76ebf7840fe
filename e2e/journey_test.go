package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheWholeJob does by clicking what the Azure set-up page describes, from an empty organization to a person who is
// locked out, once with JavaScript and once with the admin's JavaScript off.
func TestTheWholeJob(t *testing.T) {
	t.Run("with JavaScript", func(t *testing.T) { wholeJob(t, true) })
	t.Run("without JavaScript for the admin", func(t *testing.T) { wholeJob(t, false) })
}

func wholeJob(t *testing.T, javaScript bool) {
	w := newWorld(t, javaScript)
	w.setUpSSO()

	// Assigned at Azure, but not a member yet, and nobody is created: refused by name of the reason.
	w.assign("Amara Okafor")
	stranger := w.employee("Amara Okafor", "amara@acme.com")
	stranger.see("You are not a member of Acme yet", "ask an admin for an invitation")

	// With IdP Managed Access she is created at her first sign-in, with the names from the claims.
	w.turnOn("IdP Managed Access")
	amara := w.employee("Amara Okafor", "amara@acme.com")
	amara.at("/")
	amara.see("Amara", "Acme")
	me := whoami(amara)
	if me.Email != "amara@acme.com" || me.Organization.Name != "Acme" || me.Role != "member" || me.SignedInBy != "sso" {
		t.Errorf("/api/me says %+v", me)
	}

	// Provisioning: two people and a group.
	w.provision()
	w.assign("Haruto Yamada")
	w.assign("sg-incident")
	w.cycle()
	w.admin.open("/settings/users")
	w.admin.see("Haruto Yamada", "Łukasz Zieliński", "Amara Okafor")
	w.admin.open("/settings/teams")
	w.admin.see("sg-incident", "Managed by Entra")
	w.admin.press("sg-incident")
	w.admin.see("Łukasz Zieliński", "Dana Reyes", "Amara Okafor")

	// He signs in, then Azure takes him away: signed out at the next click, and he cannot come back.
	haruto := w.employee("Haruto Yamada", "haruto@acme.com")
	haruto.at("/")
	w.azure.open("/users")
	w.azure.press("Unassign", "Haruto Yamada")
	w.cycle()
	haruto.press("Profile")
	haruto.at("/login")
	w.toAzure(haruto, "haruto@acme.com")
	haruto.press("Haruto Yamada")
	haruto.see("AADSTS50105")

	// Assigned again but not yet provisioned again: Azure lets him through, and Gatehouse does not.
	w.assign("Haruto Yamada")
	back := w.employee("Haruto Yamada", "haruto@acme.com")
	back.see("You are no longer a member of Acme", "deactivated")
	back.open("/settings/users")
	back.at("/login")

	// The next cycle brings him back.
	w.cycle()
	again := w.employee("Haruto Yamada", "haruto@acme.com")
	again.at("/")
	again.see("Haruto")

	// Everything that happened is in the audit log.
	w.admin.open("/settings/audit-log")
	w.admin.see("Haruto Yamada", "acme.com")
}

// TestRequireAndDeactivateHere turns Require Single Sign-On on, keeps it on by a sign-in, and the way back for the owner, and deactivates
// a person in Gatehouse itself.
func TestRequireAndDeactivateHere(t *testing.T) {
	w := newWorld(t, true)
	w.setUpSSO()
	w.turnOn("IdP Managed Access")
	w.assign("Amara Okafor")
	amara := w.employee("Amara Okafor", "amara@acme.com")
	amara.at("/")

	w.admin.open(ssoPage)
	w.admin.flip("Require Single Sign-On")
	w.admin.at(ssoPage + "/require")
	w.admin.see("On no claimed domain", "Sam Doyle", "Keep recovery access", "All met", "Within 30 minutes")
	w.fillPassword("Conditions")
	w.admin.press("Turn on Require Single Sign-On")
	w.admin.at(ssoPage)

	// It is on trial until the owner has shown that single sign-on works.
	w.admin.see("Sign in with single sign-on once to keep it, otherwise it turns itself off at", "On trial until")
	w.admin.inspect("sso-on-trial")
	w.admin.open("/")
	w.admin.see("Sign in with single sign-on once to keep it")
	w.assign("Dana Reyes")
	w.admin.press("Sign in with single sign-on")
	w.admin.see("Pick a person")
	w.admin.press("Dana Reyes")
	w.admin.at(ssoPage)
	w.admin.see("It stays on: Dana Reyes signed in with single sign-on")
	w.admin.seeNot("once to keep it")
	w.admin.inspect("sso-required")

	// For the day it fails there is the recovery sign-in.
	recovered := newPage(t, w.demo.app)
	recovered.open("/login/recovery")
	recovered.fill("Work e-mail", w.demo.email)
	recovered.fill("Password", w.demo.password)
	recovered.press("Sign in")
	recovered.at("/")

	// Nobody on the domain is asked for a password any more.
	p := newPage(t, w.demo.app)
	p.open("/login")
	p.fill("Work e-mail", "chiara@acme.com")
	p.press("Continue")
	p.seeNot("Enter your password")

	w.admin.open("/settings/users")
	w.admin.press("Amara Okafor")
	w.prove(func() { w.admin.press("Deactivate Amara") })
	w.admin.see("Deactivated")
	amara.press("Profile")
	amara.at("/login")
	back := w.employee("Amara Okafor", "amara@acme.com")
	back.see("You are no longer a member of Acme")

	w.admin.open("/settings/audit-log")
	w.admin.see("turned Require Single Sign-On on", "Amara Okafor")
}

// identity is the answer of /api/me.
type identity struct {
	Email        string
	Role         string
	SignedInBy   string `json:"signed_in_by"`
	Organization struct{ ID, Name string }
}

// whoami asks /api/me with the cookies of the page; the zero identity means nobody.
func whoami(p *page) identity {
	p.t.Helper()
	me := p.tab(p.base)
	if me.open("/api/me") != 200 {
		return identity{}
	}
	var found identity
	if err := json.Unmarshal([]byte(me.text()), &found); err != nil {
		p.t.Fatalf("/api/me: %v in %s", err, me.text())
	}
	return found
}

// TestWrongThingsInTheBrowser does what must not work, one thing after the other on one demo that is set up.
func TestWrongThingsInTheBrowser(t *testing.T) {
	w := newWorld(t, true)
	w.setUpSSO()
	w.turnOn("IdP Managed Access")
	w.assign("Amara Okafor")

	responseInAnotherBrowser(w)
	responseUsedTwice(w)
	formOfAnotherOrganization(w)
	formWithWrongFields(w)
	wrongPasswordTellsNothing(w)
}

// responseInAnotherBrowser: a stolen response opens nothing in the thief's browser, whether or not that began a sign-in too.
func responseInAnotherBrowser(w *world) {
	for _, began := range []bool{false, true} {
		victim, thief := newPage(w.t, w.demo.app).noJavaScript(), newPage(w.t, w.demo.app)
		w.toAzure(victim, "amara@acme.com")
		victim.press("Amara Okafor")
		victim.see("Signing in as Amara Okafor")
		want := "Allow cookies, then start again"
		if began {
			w.toAzure(thief, "amara@acme.com")
			want = "Start again here"
		}
		post(thief, stolen(victim))
		thief.see(want)
		if me := whoami(thief); me.Email != "" {
			w.t.Errorf("the thief is signed in as %s", me.Email)
		}
	}
}

// responseUsedTwice: what has opened a session once opens none again.
func responseUsedTwice(w *world) {
	p := newPage(w.t, w.demo.app).noJavaScript()
	w.toAzure(p, "amara@acme.com")
	p.press("Amara Okafor")
	form := stolen(p)
	p.press("Continue to Gatehouse")
	p.at("/")
	other := newPage(w.t, w.demo.app)
	post(other, form)
	other.see("already used")
	if me := whoami(other); me.Email != "" {
		w.t.Errorf("a replayed response signed %s in", me.Email)
	}
}

// formOfAnotherOrganization: a form made for another organization than the current one is refused with a sentence.
func formOfAnotherOrganization(w *world) {
	p := w.admin
	p.open("/settings/teams")
	p.fill("Name", "Smugglers")
	must[bool](p, "(document.querySelectorAll('input[name=org]').forEach((e) => e.value = 'org_somebodyelse'), true)")
	p.press("Make the team")
	p.see("another organization")
	p.open("/settings/teams")
	p.seeNot("Smugglers")
}

// formWithWrongFields: every field wrong, and the form comes back with what was typed and the reason beside each.
func formWithWrongFields(w *world) {
	p := w.admin
	p.open(ssoPage)
	p.fill("Identity Provider Sign-in URL", "http://idp.acme.com/saml2")
	p.fill("Issuer URL", "https://login.microsoftonline.com/x/saml2")
	key := filepath.Join(w.t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	p.upload("Choose another certificate", key)
	w.fillPassword("From your identity provider")
	p.press("Save connection")
	if got := p.value("Identity Provider Sign-in URL"); got != "http://idp.acme.com/saml2" {
		w.t.Errorf("the Sign-in URL came back as %q", got)
	}
	if got := p.value("Issuer URL"); got != "https://login.microsoftonline.com/x/saml2" {
		w.t.Errorf("the Issuer URL came back as %q", got)
	}
	p.see("private key", "https")
	if invalid := must[int](p, "document.querySelectorAll('#connection [aria-invalid=true]').length"); invalid < 2 {
		w.t.Errorf("%d fields are marked as wrong", invalid)
	}
}

// wrongPasswordTellsNothing: the answer is the same for an account that exists and for one that does not.
func wrongPasswordTellsNothing(w *world) {
	answers := map[string]string{}
	for _, email := range []string{w.demo.email, "nobody@acme.com"} {
		p := newPage(w.t, w.demo.app)
		p.open("/login/recovery")
		p.fill("Work e-mail", email)
		p.fill("Password", "wrong-password-here")
		p.press("Sign in")
		answers[strings.ReplaceAll(p.text(), email, "…")] = email
	}
	if len(answers) != 1 {
		w.t.Errorf("the answers differ: %v", answers)
	}
}

// stolen is the form that carries a response, as it stands on Azure's page.
func stolen(p *page) map[string]string {
	p.t.Helper()
	return must[map[string]string](p, "({action: document.forms[0].action, SAMLResponse: document.forms[0].SAMLResponse.value, RelayState: document.forms[0].RelayState?.value ?? ''})")
}

// post sends a response from a browser of its own, as another site would.
func post(p *page, form map[string]string) {
	p.t.Helper()
	p.open("about:blank")
	p.leave(func() {
		must[bool](p, `((values) => {
			const form = document.createElement("form");
			form.method = "post";
			form.action = values.action;
			for (const name of ["SAMLResponse", "RelayState"]) {
				if (!values[name]) continue;
				const input = document.createElement("input");
				input.type = "hidden";
				input.name = name;
				input.value = values[name];
				form.append(input);
			}
			document.documentElement.append(form);
			form.submit();
			return true;
		})(%s)`, form)
	})
}
