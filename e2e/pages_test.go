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
	w.configureAzure()
	w.connect()
	w.claimDomain()
	w.turnOn("Single Sign-On")
	w.turnOn("IdP Managed Access")
	w.assign("Amara Okafor")
	w.assign("sg-incident")
	w.provision()
	w.cycle()
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
		{"domains", domainsPage, 200},
		{"scim", scimPage, 200},
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
		{"azure-overview", "/"}, {"azure-sso", "/sso"}, {"azure-claim", "/sso/claims/new"}, {"azure-nameid", "/sso/nameid"},
		{"azure-users", "/users"}, {"azure-directory", "/directory"}, {"azure-person", person}, {"azure-group", group},
		{"azure-provisioning", "/provisioning"}, {"azure-log", "/provisioning/log/1"}, {"azure-dns", "/dns?zone=acme.com"},
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
