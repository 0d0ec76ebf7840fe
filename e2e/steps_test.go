package e2e

import (
	"os"
	"strings"
	"testing"
)

const (
	ssoPage     = "/settings/access-security/sso"
	domainsPage = "/settings/access-security/domains"
	scimPage    = "/settings/access-security/scim"
)

// world is a demo with the browser of Acme's owner: one tab at Gatehouse, one at pretend Azure.
type world struct {
	t     *testing.T
	demo  *demo
	admin *page // at Gatehouse
	azure *page

	javaScript bool // of the owner's browser
}

// newWorld starts a demo and opens the owner's browser, with JavaScript or without.
func newWorld(t *testing.T, javaScript bool) *world {
	t.Helper()
	d := startDemo(t)
	w := &world{t: t, demo: d, admin: newPage(t, d.app), javaScript: javaScript}
	w.azure = w.admin.tab(d.azure)
	if !javaScript {
		w.admin.noJavaScript()
		w.azure.noJavaScript()
	}
	return w
}

// signIn signs the owner in with the password that the demo printed.
func (w *world) signIn() {
	w.t.Helper()
	p := w.admin
	p.open("/login")
	p.fill("Work e-mail", w.demo.email)
	p.press("Continue")
	p.fill("Password", w.demo.password)
	p.press("Sign in")
	p.at("/")
	p.see("Dana")
}

// prove does what asks for the owner's password on a page of its own, and gives it there.
func (w *world) prove(act func()) {
	w.t.Helper()
	p := w.admin
	act()
	if must[bool](p, "!!document.querySelector('#confirm')") {
		p.fill("Password", w.demo.password)
		p.leave(func() {
			p.clickAt("the confirmation", "point(document.querySelector('form[aria-labelledby=confirm] footer button'))")
		})
	}
}

// fillPassword gives the password in a form, if that form asks for it.
func (w *world) fillPassword(near string) {
	w.t.Helper()
	if w.admin.has("Your password", near) {
		w.admin.fill("Your password", w.demo.password, near)
	}
}

// configureAzure copies our three values into Basic SAML Configuration and makes the three claims.
func (w *world) configureAzure() {
	w.t.Helper()
	w.admin.open(ssoPage + "/azure")
	w.admin.see("Basic SAML Configuration", "Attributes & Claims", "Certificate (Base64)")
	guide := w.admin.text()
	w.admin.open(ssoPage)
	w.azure.open("/sso")
	for ours, theirs := range map[string]string{
		"Identifier (Entity ID)":     "Identifier (Entity ID)",
		"Reply URL (ACS)":            "Reply URL (Assertion Consumer Service URL)",
		"Sign on URL (Postback URL)": "Sign on URL",
	} {
		value := w.admin.value(ours)
		if !strings.HasPrefix(value, w.demo.app+"/saml/org_") || !strings.Contains(guide, value) {
			w.t.Errorf("%s is %q; the guide shows it: %v", ours, value, strings.Contains(guide, value))
		}
		w.azure.fill(theirs, value)
	}
	w.azure.press("Save configuration")
	w.azure.see("saved")
	for _, claim := range []struct{ name, namespace, source string }{
		{"email", "", "user.mail"},
		// Clearing the Namespace is optional: both ways must work.
		{"firstName", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims", "user.givenname"},
		{"lastName", "", "user.surname"},
	} {
		w.azure.press("Add new claim")
		w.azure.fill("Name", claim.name)
		w.azure.fill("Namespace", claim.namespace)
		w.azure.fill("Source attribute", claim.source)
		w.azure.press("Save claim")
		w.azure.see(claim.name)
	}
}

// connect downloads the certificate at Azure and brings it, with the two addresses, to Gatehouse.
func (w *world) connect() {
	w.t.Helper()
	w.azure.open("/sso")
	certificate := w.azure.download("Download Certificate (Base64)")
	text, err := os.ReadFile(certificate)
	if err != nil || !strings.HasPrefix(string(text), "-----BEGIN CERTIFICATE-----") {
		w.t.Fatalf("the download is no certificate: %v", err)
	}
	thumbprint := must[string](w.azure, "squeeze([...document.querySelectorAll('dt')].find((e) => squeeze(e.textContent) === 'Thumbprint').nextElementSibling.textContent)")
	w.admin.open(ssoPage)
	w.admin.fill("Identity Provider Sign-in URL", w.azure.value("Login URL"))
	w.admin.fill("Issuer URL", w.azure.value("Microsoft Entra Identifier"))
	w.admin.upload("Choose the certificate", certificate)
	w.fillPassword("From your identity provider")
	w.admin.press("Save connection")
	w.admin.see("Microsoft Azure Federated SSO Certificate")
	if shown := strings.ReplaceAll(w.admin.text(), ":", ""); !strings.Contains(shown, thumbprint) {
		w.t.Errorf("the card does not show the thumbprint %s that Entra shows", thumbprint)
	}
}

// claimDomain claims acme.com, pasted as people do, first without the record and then with it.
func (w *world) claimDomain() {
	w.t.Helper()
	w.admin.open(domainsPage)
	w.admin.fill("Domain", "https://www.Acme.com/")
	w.fillPassword("Claim a domain")
	w.admin.press("Claim domain")
	w.admin.see("Record for acme.com", "Waiting")
	record := must[string](w.admin, "squeeze(document.querySelector('#record-value').textContent)")
	if !strings.HasPrefix(record, "gatehouse-domain-verify=") {
		w.t.Fatalf("the record to publish is %q", record)
	}
	w.admin.press("Check now", "Record for acme.com")
	w.admin.see("it is not ours", "v=spf1", "Waiting")

	w.azure.open("/dns?zone=acme.com")
	w.azure.fill("Name", "@")
	w.azure.fill("Value", record)
	w.azure.press("Publish TXT record")
	w.azure.see(record)
	// The name server lets resolvers remember "nothing there" for some seconds; Gatehouse asks it directly.
	w.admin.press("Check now", "Record for acme.com")
	w.admin.see("Verified")
}

// turnOn turns one of the three switches on.
func (w *world) turnOn(name string) {
	w.t.Helper()
	w.admin.open(ssoPage)
	w.prove(func() { w.admin.flip(name) })
	w.admin.open(ssoPage)
	if on := must[string](w.admin, "[...document.querySelectorAll('[role=switch]')].find((e) => names(e).some((n) => n.startsWith(%s))).getAttribute('aria-checked')", name); on != "true" {
		w.t.Fatalf("%s is not on", name)
	}
}

// setUpSSO does all that an admin does until people can sign in.
func (w *world) setUpSSO() {
	w.t.Helper()
	w.signIn()
	w.configureAzure()
	w.connect()
	w.claimDomain()
	w.test()
	w.turnOn("Single Sign-On")
}

// test runs a test sign-in as the owner that passes.
func (w *world) test() {
	w.t.Helper()
	w.testAnswered("ok")
	w.admin.see("Would sign in as Dana Reyes, existing member, Owner", "Passed")
}

// testAnswered runs a test sign-in as the owner, who is assigned at Azure for that long, with one of the ways to answer. The new tab
// that it would open is this one.
func (w *world) testAnswered(how string) {
	w.t.Helper()
	w.assign("Dana Reyes")
	w.beginTest()
	w.admin.fill("How to answer", how)
	w.admin.press("Dana Reyes")
	if !w.javaScript {
		w.admin.press("Continue to Gatehouse")
	}
	w.azure.open("/users")
	w.azure.press("Unassign", "Dana Reyes")
}

// beginTest presses “Test in a new tab” and ends where people are picked.
func (w *world) beginTest() {
	w.t.Helper()
	w.admin.open(ssoPage + "/test")
	must[bool](w.admin, "(document.querySelectorAll('form[target]').forEach((form) => { form.removeAttribute('target'); delete form.dataset.then; }), true)")
	w.admin.press("Test in a new tab")
	w.admin.see("Pick a person")
}

// assign assigns somebody, or a group, to the application at Azure.
func (w *world) assign(who string) {
	w.t.Helper()
	w.azure.open("/users")
	w.azure.fill("User or group", who)
	w.azure.press("Assign to Gatehouse")
	w.azure.see(strings.Split(who, ",")[0])
}

// toAzure goes from our sign-in page to the page at Azure where people are picked.
func (w *world) toAzure(p *page, email string) {
	w.t.Helper()
	p.open("/login")
	p.fill("Work e-mail", email)
	p.press("Continue")
	if !strings.HasPrefix(p.url(), w.demo.azure) {
		p.press("Continue with Acme SSO")
	}
	if !strings.HasPrefix(p.url(), w.demo.azure) {
		w.t.Fatalf("%s was not sent to Azure but to %s", email, p.url())
	}
}

// employee opens another person's browser and signs in with SSO, wherever that ends.
func (w *world) employee(name, email string) *page {
	w.t.Helper()
	p := newPage(w.t, w.demo.app)
	w.toAzure(p, email)
	p.see("Pick a person")
	p.press(name)
	if !p.eventually(func() bool { return strings.HasPrefix(p.url(), w.demo.app) }) {
		w.t.Fatalf("%s came back nowhere: %s", name, p.url())
	}
	return p
}

// provision makes a SCIM token and gives it to Azure.
func (w *world) provision() {
	w.t.Helper()
	w.admin.open(scimPage)
	w.admin.fill("Name", "Entra", "Generate a Secret Token")
	w.fillPassword("Generate a Secret Token")
	w.admin.press("Generate token")
	tenant, token := w.admin.value("Tenant URL"), w.admin.value("Secret Token")
	if tenant != w.demo.app+"/api/app/scim/v2" || !strings.HasPrefix(token, "scim_") {
		w.t.Fatalf("Tenant URL %q, Secret Token of %d characters", tenant, len(token))
	}
	w.azure.open("/provisioning")
	w.azure.fill("Tenant URL", tenant)
	w.azure.fill("Secret Token", token)
	w.azure.press("Test Connection")
	w.azure.see("Connected.")
	if w.azure.value("Secret Token") == "" && !strings.Contains(w.azure.text(), "A token is stored") {
		w.azure.fill("Secret Token", token)
	}
	w.azure.press("Save credentials")
	w.azure.see("saved")

	w.admin.open(scimPage)
	w.admin.seeNot(token)
	w.admin.see("Entra")
}

// cycle lets Azure push what changed.
func (w *world) cycle() {
	w.t.Helper()
	w.azure.open("/provisioning")
	w.azure.press("Run a cycle now")
}
