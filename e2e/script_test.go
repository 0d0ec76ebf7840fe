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

// upload posts a form with one file in it.
func (c *script) upload(address, field, content string, fields ...string) {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1]) // into memory
	}
	file, err := w.CreateFormFile(field, "Acme.cer")
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = io.WriteString(file, content)
	_ = w.Close()
	response, err := c.client.Post(address, w.FormDataContentType(), &body)
	c.read(response, err)
}

// wants fails the test unless a page says all of it.
func (c *script) wants(name, page string, sentences ...string) {
	c.t.Helper()
	said := visible(page)
	for _, sentence := range sentences {
		if !strings.Contains(said, sentence) {
			c.t.Errorf("%s: the page does not say %q:\n%s", name, sentence, said)
		}
	}
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

// maybe is find where nothing may match.
func (c *script) maybe(page, expression string) string {
	c.t.Helper()
	if !regexp.MustCompile(expression).MatchString(page) {
		return ""
	}
	return c.find(page, expression)
}

// answer picks a person on Azure's page, carries the response over as its form would, and returns the page that this ends on, which may
// be one of Azure's.
func (c *script) answer(picking, idp, person, how string) string {
	c.t.Helper()
	sent := c.post(idp, "query", c.find(picking, `name="query" value="([^"]+)"`), "as", person, "how", how)
	if !strings.Contains(sent, `name="SAMLResponse"`) {
		return sent
	}
	return c.post(c.find(sent, `<form[^>]* action="([^"]+)"`), "SAMLResponse", c.find(sent, `name="SAMLResponse" value="([^"]*)"`), "RelayState", c.maybe(sent, `name="RelayState" value="([^"]+)"`))
}

var tags = regexp.MustCompile(`<[^>]*>`)

// visible is a page without its markup.
func visible(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}
