package demo

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// everyPage leads a site into a state in which every page has something on it and names all pages.
func everyPage(t *testing.T, s *site) map[string]string {
	t.Helper()
	scim := newTinySCIM(t)
	s.configure(t)
	s.connect(t, scim, url.Values{"send_manager": {"on"}})
	s.post(t, "/sso/certificates", nil)
	s.post(t, "/users/assign", url.Values{"who": {"group:" + fixedGUID("sg-data-platform")}})
	scim.refuse["POST /Groups"] = http.StatusConflict
	s.runCycleNow(t)
	s.post(t, "/provisioning/demand", url.Values{"who": {"user:" + fixedGUID("amara@acme.com")}})
	s.post(t, "/provisioning/test", url.Values{"tenant_url": {scim.url}, "dialect": {"default"}})
	s.post(t, "/directory/users/delete", url.Values{"id": {fixedGUID("kofi@acme.com")}})
	request := url.QueryEscape(deflated(t, requestXML))
	pages := map[string]string{
		"sign-in page": "/" + TenantID + "/saml2?SAMLRequest=" + request + "&login_hint=eve%40acme.com",
		"AADSTS page":  "/" + TenantID + "/saml2",
		"not found":    "/nowhere",
		"person":       "/directory/users/" + fixedGUID("amara@acme.com"),
		"group":        "/directory/groups/" + fixedGUID("sg-data-platform"),
		"log entry":    "/provisioning/log/" + digits(s.prov.lastID),
	}
	for _, path := range []string{
		"/", "/sso", "/sso/claims/new", "/sso/claims/emailaddress", "/sso/nameid", "/users", "/directory",
		"/directory/users/new", "/directory/groups/new", "/provisioning", "/dns", "/dns?zone=contoso.com", "/myapps",
	} {
		pages[path] = path
	}
	return pages
}

func TestEveryPageIsSoundHTML(t *testing.T) {
	s := newSite(t)
	for name, path := range everyPage(t, s) {
		t.Run(name, func(t *testing.T) {
			res, err := s.client.Get(s.server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			_, body := read(t, res)
			if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("policy: %s", policy)
			}
			checkPage(t, body)
		})
	}
	t.Run("the page that posts the response", func(t *testing.T) {
		res, err := s.client.PostForm(s.server.URL+"/"+TenantID+"/saml2", url.Values{"query": {query(t, requestXML)}, "as": {fixedGUID("amara@acme.com")}})
		if err != nil {
			t.Fatal(err)
		}
		_, body := read(t, res)
		checkPage(t, body)
		if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http://localhost:8080") {
			t.Errorf("the response's form must be allowed to go to Gatehouse: %s", policy)
		}
		if !strings.Contains(body, `action="http://localhost:8080/saml/org_1/acs"`) || !strings.Contains(body, "Continue to Gatehouse") {
			t.Errorf("expected a form to the Reply URL with a button, got %s", body)
		}
	})
}

// checkPage holds a page to: one h1, a label for every control, no id twice, every reference to an id met, nothing inline.
func checkPage(t *testing.T, body string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	ids, labels, headings := map[string]int{}, map[string]bool{}, 0
	var controls []*html.Node
	var references []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		a := attributes(n)
		if a["id"] != "" {
			ids[a["id"]]++
		}
		for name := range a {
			if strings.HasPrefix(name, "on") || name == "style" {
				t.Errorf("<%s> has an inline %s", n.Data, name)
			}
		}
		for _, ref := range []string{"aria-describedby", "aria-labelledby", "for", "popovertarget"} {
			references = append(references, strings.Fields(a[ref])...)
		}
		switch n.Data {
		case "h1":
			headings++
		case "label":
			labels[a["for"]] = true
		case "input", "select", "textarea":
			if a["type"] != "hidden" {
				controls = append(controls, n)
			}
		case "style":
			t.Error("a style element")
		case "script":
			if a["src"] == "" {
				t.Error("an inline script")
			}
		case "form":
			if a["method"] != "post" {
				t.Errorf("a form to %s with method %q", a["action"], a["method"])
			}
		}
	}
	if headings != 1 {
		t.Errorf("expected one h1, got %d", headings)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %s is there %d times", id, n)
		}
	}
	for _, ref := range references {
		if ids[ref] == 0 {
			t.Errorf("a reference leads to id %s, which is not there", ref)
		}
	}
	for _, c := range controls {
		if a := attributes(c); c.Parent.Data != "label" && (a["id"] == "" || !labels[a["id"]]) {
			t.Errorf("<%s name=%s> has no label", c.Data, a["name"])
		}
	}
}

func attributes(n *html.Node) map[string]string {
	m := map[string]string{}
	for _, a := range n.Attr {
		m[a.Key] = a.Val
	}
	return m
}

func TestForeignRequestsAreRefused(t *testing.T) {
	s := newSite(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+"/users/assign", strings.NewReader("who=user:"+fixedGUID("amara@acme.com")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "http://evil.example")
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := read(t, res); status != http.StatusForbidden {
		t.Errorf("a form from another site: expected 403, got %d", status)
	}
	req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	if res, err = s.client.Do(req); err != nil {
		t.Fatal(err)
	}
	if status, _ := read(t, res); status != http.StatusMisdirectedRequest {
		t.Errorf("another host name: expected 421, got %d", status)
	}
}

func TestBasicConfigurationComesBackWithWhatWasTyped(t *testing.T) {
	s := newSite(t)
	status, body := s.post(t, "/sso/basic", url.Values{"identifier": {"two words"}, "reply_url": {"http://acme.com/acs"}, "sign_on_url": {"gatehouse"}, "logout_url": {"https://"}})
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("expected 422, got %d", status)
	}
	for _, want := range []string{`value="two words"`, `value="http://acme.com/acs"`, `value="gatehouse"`, `id="identifier-error"`, `id="reply_url-error"`, `id="sign_on_url-error"`, `id="logout_url-error"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	checkPage(t, body)
}

func TestSPMetadataFillsInTheConfiguration(t *testing.T) {
	const sp = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="http://localhost:8080/saml/org_1"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="http://localhost:8080/artifact" index="1"/>` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://localhost:8080/saml/org_1/acs" index="2" isDefault="true"/></SPSSODescriptor></EntityDescriptor>`
	b, err := readSPMetadata([]byte(sp))
	if err != nil || b.Identifier != "http://localhost:8080/saml/org_1" || b.ReplyURL != "http://localhost:8080/saml/org_1/acs" {
		t.Errorf("got %+v, %v", b, err)
	}
	for name, tc := range map[string]struct{ content, want string }{
		"no XML":         {"-----BEGIN CERTIFICATE-----", "not an XML file"},
		"other XML":      {"<html/>", "not SAML metadata"},
		"IdP's metadata": {`<EntityDescriptor entityID="x"><IDPSSODescriptor/></EntityDescriptor>`, "identity provider's metadata"},
		"no ACS":         {`<EntityDescriptor entityID="x"><SPSSODescriptor/></EntityDescriptor>`, "lacks"},
	} {
		if _, err := readSPMetadata([]byte(tc.content)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: expected %q, got %v", name, tc.want, err)
		}
	}
}

func TestPeopleAndGroupsCanBeChanged(t *testing.T) {
	s := newSite(t)
	valid := url.Values{"display_name": {"Ana Novák"}, "given_name": {"Ana"}, "surname": {"Novák"}, "upn": {"ana@acme.com"}, "mail": {"ana@acme.com"}, "enabled": {"on"}}
	if _, body := s.post(t, "/directory/users", valid); !strings.Contains(body, "<h1>Ana Novák</h1>") {
		t.Fatalf("expected Ana's page, got %s", body)
	}
	ana := s.dir.people[len(s.dir.people)-1]
	if !ana.Enabled || ana.nickname() != "ana" {
		t.Errorf("got %+v", ana)
	}
	for field, value := range map[string]string{"display_name": "", "upn": "no-address", "mail": "neither"} {
		form := url.Values{}
		for k, v := range valid {
			form[k] = slices.Clone(v)
		}
		form.Set("upn", "other@acme.com")
		form.Set(field, value)
		status, body := s.post(t, "/directory/users", form)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `id="`+field+`-error"`) || !strings.Contains(body, `value="Novák"`) {
			t.Errorf("%s: expected 422 with the reason and what was typed, got %d", field, status)
		}
	}
	if status, body := s.post(t, "/directory/users", valid); status != http.StatusUnprocessableEntity || !strings.Contains(body, "already has this user principal name") {
		t.Errorf("a second Ana: got %d", status)
	}

	if _, body := s.post(t, "/directory/groups", url.Values{"name": {"sg-new"}}); !strings.Contains(body, "<h1>sg-new</h1>") {
		t.Fatal("expected the new group's page")
	}
	id := s.dir.groups[len(s.dir.groups)-1].ID
	if _, body := s.post(t, "/directory/groups/members/add", url.Values{"id": {id}, "member": {ana.ID}}); !strings.Contains(body, "Ana Novák is a member now.") {
		t.Error("expected Ana among the members")
	}
	s.post(t, "/users/assign", url.Values{"who": {"group:" + id}})
	if _, body := s.get(t, "/users"); !strings.Contains(body, "By sg-new") {
		t.Error("expected Ana to be assigned by the group")
	}
	s.post(t, "/directory/users/delete", url.Values{"id": {ana.ID}})
	if status, _ := s.get(t, "/directory/users/"+ana.ID); status != http.StatusNotFound {
		t.Errorf("a deleted user's page: expected 404, got %d", status)
	}
	if _, body := s.post(t, "/directory/users/restore", url.Values{"id": {ana.ID}}); !strings.Contains(body, "Ana Novák is restored.") {
		t.Error("expected Ana to be back")
	}
	if _, body := s.post(t, "/directory/groups/delete", url.Values{"id": {id}}); !strings.Contains(body, "sg-new is deleted") {
		t.Error("expected the group to be gone")
	}
}
