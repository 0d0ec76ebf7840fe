package e2e

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// misbehaviour is what the page of a test sign-in says to each way in which pretend Azure can answer.
var misbehaviour = map[string]string{
	"ok":          "Would sign in as Dana Reyes, existing member, Owner",
	"unsolicited": "The response answers no request of ours",
	"replay":      "The response answers another request than the one that is waiting",
	"expired":     "The time for which the response is valid had ended before the request",
	"early":       "The assertion is not valid yet",
	"late":        "The response says that it was made before the request it answers",
	"clock":       "The response was made in the future",
	"audience":    "The assertion was made for another application",
	"recipient":   "The assertion was made for another recipient",
	"issuer":      "differ in nothing but the slash at the end",
	"tenant":      "The response comes from another tenant (directory) of Entra",
	"unsigned":    "The response is not signed",
	"key":         "signed with a certificate that is not trusted here",
	"sha1":        "The signature uses SHA-1",
	"encrypted":   "The assertion is encrypted. Turn token encryption off",
	"status":      "The person is not assigned to the application",
	"namespace":   "Would sign in as Dana Reyes, existing member, Owner",
	"nomail":      "No claim holds an e-mail address",
	"emptymail":   "No claim holds an e-mail address",
	"guest":       "guest's user principal name",
	"several":     "The e-mail claim holds several values",
}

// TestEveryMisbehaviourLeadsToItsSentence does it all with a plain HTTP client, as a script would: no browser, no JavaScript.
func TestEveryMisbehaviourLeadsToItsSentence(t *testing.T) {
	d := startDemo(t)
	c := newScript(t)
	c.post(d.app+"/login", "step", "password", "email", d.email, "password", d.password)
	page := c.get(d.app + ssoPage)
	org := c.find(page, `name="org" value="([^"]+)"`)
	entityID := d.app + "/saml/" + org
	c.post(d.azure+"/sso/basic", "identifier", entityID, "reply_url", entityID+"/acs", "sign_on_url", entityID+"/login")
	c.post(d.azure+"/sso/claims", "name", "email", "source", "user.mail")
	metadata := c.get(d.azure + "/sso/federation-metadata.xml")
	signIn, issuer := c.find(metadata, `SingleSignOnService[^>]*Location="([^"]+)"`), c.find(metadata, `entityID="([^"]+)"`)
	c.upload(d.app+ssoPage, c.get(d.azure+"/sso/certificate-base64.cer"), "org", org, "sign_in_url", signIn, "issuer", issuer)
	c.post(d.app+domainsPage, "org", org, "domain", "acme.com")
	who := c.find(c.get(d.azure+"/users"), `value="([^"]+)"[^>]*>Dana Reyes, dana@acme.com`)
	c.post(d.azure+"/users/assign", "who", who)
	_, dana, _ := strings.Cut(who, ":")

	offered := map[string]bool{}
	for how, want := range misbehaviour {
		picking := c.post(d.app+ssoPage+"/test", "org", org) // redirected to Azure
		for _, option := range regexp.MustCompile(`name="how" value="([^"]+)"`).FindAllStringSubmatch(picking, -1) {
			offered[option[1]] = true
		}
		if how == "replay" { // of an answer that was taken
			c.answer(picking, signIn, dana, "ok")
			picking = c.post(d.app+ssoPage+"/test", "org", org)
		}
		result := c.answer(picking, signIn, dana, how)
		if !strings.Contains(visible(result), want) {
			t.Errorf("%s: the page does not say %q:\n%s", how, want, visible(result))
		}
		if passed := strings.Contains(result, "Would sign in as"); passed != (how == "ok" || how == "namespace") {
			t.Errorf("%s: passed is %v", how, passed)
		}
		if how != "ok" && how != "namespace" && !strings.Contains(result, "Who fixes it") {
			t.Errorf("%s: nobody is named to fix it", how)
		}
	}
	for how := range offered {
		if misbehaviour[how] == "" {
			t.Errorf("Azure offers %q, which is not tried here", how)
		}
	}
	if len(offered) != len(misbehaviour) {
		t.Errorf("Azure offers %d ways to answer, %d are tried", len(offered), len(misbehaviour))
	}

	// The activity has every one of them.
	activity := c.get(d.app + "/settings/access-security/activity?kind=test&result=problems")
	if n := strings.Count(activity, "would not get in"); n < 10 {
		t.Errorf("the activity shows %d of the failed tests:\n%s", n, visible(activity))
	}
	// What ends at Microsoft is explained from its text.
	c.post(d.azure+"/sso/basic", "identifier", entityID+"/wrong", "reply_url", entityID+"/acs", "sign_on_url", entityID+"/login")
	refused := visible(c.post(d.app+ssoPage+"/test", "org", org))
	if !strings.Contains(refused, "AADSTS700016") {
		t.Fatalf("Azure does not refuse another identifier:\n%s", refused)
	}
	explained := c.post(d.app+ssoPage+"/test/explain", "org", org, "message", refused)
	if got := visible(explained); !strings.Contains(got, "Entra knows no application with our Identifier in that tenant") || !strings.Contains(got, "Basic SAML Configuration") {
		t.Errorf("the explanation is:\n%s", got)
	}
}

// script is an HTTP client with cookies that follows redirects and understands just enough HTML.
type script struct {
	t      *testing.T
	client *http.Client
}

func newScript(t *testing.T) *script {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &script{t, &http.Client{Jar: jar, Timeout: patience}}
}

func (c *script) get(address string) string {
	c.t.Helper()
	response, err := c.client.Get(address)
	return c.read(response, err)
}

func (c *script) post(address string, fields ...string) string {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	response, err := c.client.PostForm(address, form)
	return c.read(response, err)
}

// upload posts a form with one certificate.
func (c *script) upload(address, certificate string, fields ...string) {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1]) // into memory
	}
	file, err := w.CreateFormFile("certificate", "Acme.cer")
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = io.WriteString(file, certificate)
	_ = w.Close()
	response, err := c.client.Post(address, w.FormDataContentType(), &body)
	c.read(response, err)
}

func (c *script) read(response *http.Response, err error) string {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(body)
}

// find is what an expression's group matches on a page.
func (c *script) find(page, expression string) string {
	c.t.Helper()
	found := regexp.MustCompile(expression).FindStringSubmatch(page)
	if found == nil {
		c.t.Fatalf("no %s in:\n%s", expression, visible(page))
	}
	return html.UnescapeString(found[1])
}

// answer picks a person on Azure's page, carries the response over as its form would, and returns the page that this ends on.
func (c *script) answer(picking, idp, person, how string) string {
	c.t.Helper()
	sent := c.post(idp, "SAMLRequest", c.find(picking, `name="SAMLRequest" value="([^"]+)"`), "RelayState", c.find(picking, `name="RelayState" value="([^"]+)"`), "as", person, "how", how)
	return c.post(c.find(sent, `<form[^>]* action="([^"]+)"`), "SAMLResponse", c.find(sent, `name="SAMLResponse" value="([^"]*)"`), "RelayState", c.find(sent, `name="RelayState" value="([^"]+)"`))
}

var tags = regexp.MustCompile(`<[^>]*>`)

// visible is a page without its markup.
func visible(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}
