package e2e

import (
	"net/http"
	"testing"
)

// TestEveryPageInBothThemesAndWidths looks at every page as it is when it is in use.
func TestEveryPageInBothThemesAndWidths(t *testing.T) {
	w := newWorld(t, true)
	outside := newPage(t, w.demo.app)
	for _, page := range []struct{ name, path string }{
		{"login", "/login"}, {"recovery", "/login/recovery"}, {"forgot", "/password/forgot"},
	} {
		outside.open(page.path)
		outside.inspect(page.name)
	}
	w.signIn()
	w.admin.open(ssoPage)
	w.admin.inspect("sso-first-visit")
	w.admin.open(ssoPage + "/require")
	w.admin.see("Run a test sign-in", "First meet the conditions")
	w.admin.inspect("sso-require-blocked")
	w.configureAzure()
	w.connect()
	w.admin.fill("Issuer URL", "not an address at all")
	w.admin.press("Save connection")
	w.admin.inspect("sso-refused")
	w.azure.open("/sso")
	metadata := w.azure.download("Download Federation Metadata XML")
	w.admin.open(ssoPage)
	w.admin.upload("Choose another certificate", metadata)
	w.admin.press("Save connection")
	w.admin.see("This is the metadata file, not the certificate")
	w.admin.inspect("sso-metadata")
	w.claimDomain()
	w.admin.inspect("domain-record")
	w.admin.fill("Domain", "acme.org")
	w.admin.press("Claim domain")
	w.admin.see("Record for acme.org")
	w.admin.press("Check now", "Record for acme.org")
	w.admin.inspect("domain-waiting")
	w.admin.open(ssoPage + "/test")
	w.admin.inspect("test-none")
	w.testAnswered("audience")
	w.admin.see("The assertion was made for another application")
	w.admin.inspect("test-failed")
	w.admin.press("Share diagnostic link")
	w.admin.press("Make a link")
	w.admin.see("It is shown only now", "Not yet")
	w.admin.inspect("share")
	outside.open(w.admin.value("Diagnostic link"))
	outside.see("Why a sign-in to Acme failed", "You, at the identity provider", "Reply URL")
	outside.inspect("diagnostic")
	w.admin.open(ssoPage + "/test")
	w.admin.press("Get a test link")
	w.admin.inspect("test-link")
	colleague := newPage(t, w.demo.app)
	colleague.open(w.admin.value("Test link"))
	colleague.inspect("test-for-a-colleague")
	colleague.press("Begin the test")
	colleague.see("Pick a person")
	w.admin.open(ssoPage + "/test")
	w.admin.see("Waiting")
	w.admin.inspect("test-waiting")
	w.admin.fill("Microsoft’s message or code", "AADSTS50105 and AADSTS50011: The reply URL 'https://old.example/acs' specified in the request does not match")
	w.admin.press("Explain it")
	w.admin.see("Reply URL mismatch")
	w.admin.inspect("test-explained")
	w.test()
	w.admin.inspect("test-passed")
	w.turnOn("Single Sign-On")
	w.assign("Amara Okafor")
	stranger := w.employee("Amara Okafor", "amara@acme.com")
	stranger.inspect("sign-in-refused")
	w.turnOn("IdP Managed Access")
	w.assign("sg-incident")
	w.provision()
	w.cycle()
	w.admin.open(scimPage)
	w.admin.fill("Name", "Another", "Generate a Secret Token")
	w.admin.press("Generate token")
	w.admin.see("Copy the token")
	w.admin.inspect("scim-new-token")
	amara := w.employee("Amara Okafor", "amara@acme.com")
	amara.inspect("home-of-a-member")

	w.admin.open("/settings/users")
	member := must[string](w.admin, "document.querySelector('a[href^=\"/settings/users/\"]').getAttribute('href')")
	w.admin.open("/settings/teams")
	team := must[string](w.admin, "document.querySelector('a[href^=\"/settings/teams/\"]').getAttribute('href')")
	for _, page := range []struct {
		name, path string
		status     int
	}{
		{"home", "/", 200},
		{"profile", "/profile", 200},
		{"users", "/settings/users", 200},
		{"users-none-found", "/settings/users?q=nobody-has-this-name", 200},
		{"member", member, 200},
		{"teams", "/settings/teams", 200},
		{"team", team, 200},
		{"sso", ssoPage, 200},
		{"sso-azure", ssoPage + "/azure", 200},
		{"sso-require", ssoPage + "/require", 200},
		{"sso-metadata-and-signing", ssoPage + "/metadata", 200},
		{"test-beside-provisioning", ssoPage + "/test", 200},
		{"domains", domainsPage, 200},
		{"scim", scimPage, 200},
		{"catalogue", "/settings/access-security/errors", 200},
		{"activity", "/settings/access-security/activity", 200},
		{"activity-problems", "/settings/access-security/activity?result=problems&kind=test&q=application", 200},
		{"activity-none-found", "/settings/access-security/activity?q=nobody", 200},
		{"audit-log", "/settings/audit-log", 200},
		{"not-found", "/nothing/here", http.StatusNotFound},
	} {
		if got := w.admin.open(page.path); got != page.status {
			t.Errorf("%s answered %d, want %d", page.path, got, page.status)
		}
		w.admin.inspect(page.name)
	}

	azure := w.azure
	azure.open("/directory")
	person := must[string](azure, "document.querySelector('a[href^=\"/directory/users/\"]:not([href$=new])').getAttribute('href')")
	group := must[string](azure, "document.querySelector('a[href^=\"/directory/groups/\"]:not([href$=new])').getAttribute('href')")
	for _, page := range []struct{ name, path string }{
		{"azure-overview", "/"},
		{"azure-sso", "/sso"},
		{"azure-claim", "/sso/claims/new"},
		{"azure-nameid", "/sso/nameid"},
		{"azure-users", "/users"},
		{"azure-directory", "/directory"},
		{"azure-person", person},
		{"azure-group", group},
		{"azure-provisioning", "/provisioning"},
		{"azure-log", "/provisioning/log/1"},
		{"azure-dns", "/dns?zone=acme.com"},
		{"azure-myapps", "/myapps"},
	} {
		azure.open(page.path)
		azure.inspect(page.name)
	}

	picking := newPage(t, w.demo.app)
	w.toAzure(picking, "kofi@acme.com")
	picking.inspect("azure-pick")
	picking.press("Kofi Mensah")
	picking.see("AADSTS50105")
	picking.inspect("azure-refused")
}

// TestAxeFindsWhatIsPlanted keeps the other tests honest: an axe that finds nothing anywhere would please them too.
func TestAxeFindsWhatIsPlanted(t *testing.T) {
	p := newPage(t, startDemo(t).app)
	p.open("/login")
	must[bool](p, "(document.querySelector('main').append(document.createElement('img')), document.querySelector('label').remove(), true)")
	found := map[string]bool{}
	for _, f := range p.axe() {
		found[f.ID] = true
	}
	if !found["image-alt"] {
		t.Errorf("axe missed the picture without words: %v", found)
	}
}
