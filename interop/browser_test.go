package interop

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser keeps cookies, follows redirects and submits forms.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar}}
}

// page is where the browser is.
type page struct {
	at     *url.URL
	status int
	body   string
	root   *html.Node
}

func (b *browser) get(address string) page {
	b.t.Helper()
	response, err := b.client.Get(address)
	return b.read(response, err)
}

func (b *browser) read(response *http.Response, err error) page {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	return page{at: response.Request.URL, status: response.StatusCode, body: string(body), root: root}
}

// form is the first form on a page that has a field of that name.
func (p page) form(field string) (action string, values url.Values) {
	for node := range p.root.Descendants() {
		if node.Type != html.ElementNode || node.Data != "form" {
			continue
		}
		values = url.Values{}
		for input := range node.Descendants() {
			if input.Type == html.ElementNode && input.Data == "input" && attribute(input, "name") != "" {
				values.Set(attribute(input, "name"), attribute(input, "value"))
			}
		}
		if values.Has(field) {
			to, err := p.at.Parse(attribute(node, "action"))
			if err != nil {
				return "", nil
			}
			return to.String(), values
		}
	}
	return "", nil
}

// formTo is the form whose action matches, with the values of its fields.
func (p page) formTo(action *regexp.Regexp) (to string, values url.Values) {
	for node := range p.root.Descendants() {
		if node.Type != html.ElementNode || node.Data != "form" || !action.MatchString(attribute(node, "action")) {
			continue
		}
		values = url.Values{}
		for input := range node.Descendants() {
			if input.Type == html.ElementNode && input.Data == "input" && attribute(input, "name") != "" {
				values.Set(attribute(input, "name"), attribute(input, "value"))
			}
		}
		at, err := p.at.Parse(attribute(node, "action"))
		if err != nil {
			return "", nil
		}
		return at.String(), values
	}
	return "", nil
}

// articles are the visible texts of the page's cards, white space folded.
func (p page) articles() []string {
	var found []string
	for node := range p.root.Descendants() {
		if node.Type != html.ElementNode || node.Data != "article" {
			continue
		}
		found = append(found, textOf(node))
	}
	return found
}

func textOf(node *html.Node) string {
	var text []string
	for inner := range node.Descendants() {
		if inner.Type == html.TextNode {
			text = append(text, strings.Fields(inner.Data)...)
		}
	}
	return strings.Join(text, " ")
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// submit posts a form within one site.
func (b *browser) submit(action string, values url.Values) page {
	b.t.Helper()
	response, err := b.client.PostForm(action, values)
	return b.read(response, err)
}

// submitAcross posts a form to another site, as browsers do it with Lax cookies: without them. A redirect is then followed with them.
func (b *browser) submitAcross(action string, values url.Values) page {
	b.t.Helper()
	bare := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := bare.PostForm(action, values)
	if err == nil && response.StatusCode == http.StatusSeeOther {
		response.Body.Close()
		to, err := response.Location()
		if err != nil {
			b.t.Fatal(err)
		}
		return b.get(to.String())
	}
	return b.read(response, err)
}

// me is who is signed in; the email is empty if nobody is.
func (b *browser) me(g *gatehouse) (email, signedInBy string) {
	b.t.Helper()
	p := b.get(g.url + "/api/me")
	if p.status != http.StatusOK {
		return "", ""
	}
	var who struct {
		Email      string `json:"email"`
		SignedInBy string `json:"signed_in_by"`
	}
	if err := json.Unmarshal([]byte(p.body), &who); err != nil {
		b.t.Fatal(err)
	}
	return who.Email, who.SignedInBy
}
