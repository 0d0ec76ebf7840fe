package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// page is an answer of the server. Methods that begin with want end in a test failure when they do not hold, and return the page.
//
// Selectors are a small part of CSS: tag, #id, .class, [name], [name=value] (also with quotes), joined ("input[name=org]") and
// descending ("form .error"). There is no comma, no > and no pseudo-class.
type page struct {
	t       *testing.T
	browser *browser
	request *http.Request
	status  int
	header  http.Header
	body    string
	root    *html.Node
}

func (p *page) wantStatus(want int) *page {
	p.t.Helper()
	if p.status != want {
		p.t.Fatalf("%s %s: status %d, want %d\n%s", p.request.Method, p.request.URL.Path, p.status, want, p.visible())
	}
	return p
}

// wantRedirect wants 303 to exactly that address; an address on the server itself is compared without scheme and host.
func (p *page) wantRedirect(want string) *page {
	p.t.Helper()
	p.wantStatus(http.StatusSeeOther)
	if got := strings.TrimPrefix(p.header.Get("Location"), p.browser.app.url); got != want {
		p.t.Fatalf("%s %s: redirected to %q, want %q", p.request.Method, p.request.URL.Path, got, want)
	}
	return p
}

// follow goes where a redirect leads.
func (p *page) follow() *page {
	p.t.Helper()
	to := p.header.Get("Location")
	if to == "" {
		p.t.Fatalf("%s %s: no redirect but status %d\n%s", p.request.Method, p.request.URL.Path, p.status, p.visible())
	}
	at, err := p.request.URL.Parse(to)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.browser.get(at.String())
}

// wantText wants the text of the first element to contain want.
func (p *page) wantText(selector, want string) *page {
	p.t.Helper()
	if got := p.text(selector); !strings.Contains(got, want) {
		p.t.Fatalf("%s %s: %q says %q, want %q\n%s", p.request.Method, p.request.URL.Path, selector, got, want, p.visible())
	}
	return p
}

// wantNone wants no element.
func (p *page) wantNone(selector string) *page {
	p.t.Helper()
	if n := p.find(selector); n != nil {
		p.t.Fatalf("%s %s: there is a %q: %q", p.request.Method, p.request.URL.Path, selector, textOf(n))
	}
	return p
}

// wantFieldError wants the field of that name to be marked and its error, found by aria-describedby, to contain want.
func (p *page) wantFieldError(name, want string) *page {
	p.t.Helper()
	got := p.fieldError(name)
	if got == "" || !strings.Contains(got, want) {
		p.t.Fatalf("%s %s: the error of field %q is %q, want %q\n%s", p.request.Method, p.request.URL.Path, name, got, want, p.visible())
	}
	return p
}

// wantValue wants a field to hold exactly that.
func (p *page) wantValue(name, want string) *page {
	p.t.Helper()
	n := p.find("[name=" + name + "]")
	if n == nil {
		p.t.Fatalf("%s %s: there is no field %q\n%s", p.request.Method, p.request.URL.Path, name, p.visible())
	}
	if got := valueOf(n); got != want {
		p.t.Fatalf("%s %s: the field %q holds %q, want %q", p.request.Method, p.request.URL.Path, name, got, want)
	}
	return p
}

// fieldError is the sentence beside a field, empty if the field is fine.
func (p *page) fieldError(name string) string {
	for _, n := range p.all("[name=" + name + "]") {
		if attr(n, "aria-invalid") != "true" {
			continue
		}
		for _, id := range strings.Fields(attr(n, "aria-describedby")) {
			if e := p.find("#" + id); e != nil && strings.HasSuffix(id, "-error") {
				return textOf(e)
			}
		}
	}
	return ""
}

// text is the text of the first element, white space folded; empty if there is none.
func (p *page) text(selector string) string {
	if n := p.find(selector); n != nil {
		return textOf(n)
	}
	return ""
}

// attr is an attribute of the first element, empty if there is none.
func (p *page) attr(selector, name string) string {
	if n := p.find(selector); n != nil {
		return attr(n, name)
	}
	return ""
}

// find is the first element, nil if there is none.
func (p *page) find(selector string) *html.Node {
	if all := p.all(selector); len(all) > 0 {
		return all[0]
	}
	return nil
}

// all are all elements in document order.
func (p *page) all(selector string) []*html.Node {
	p.t.Helper()
	if p.root == nil {
		root, err := html.Parse(strings.NewReader(p.body))
		if err != nil {
			p.t.Fatal(err)
		}
		p.root = root
	}
	steps := strings.Fields(selector)
	var found []*html.Node
	for n := range p.root.Descendants() {
		if matchesPath(n, steps) {
			found = append(found, n)
		}
	}
	return found
}

// visible is the page as text, for messages.
func (p *page) visible() string {
	if !strings.Contains(p.header.Get("Content-Type"), "html") {
		return p.body
	}
	return p.text("body")
}

// form is the form that is sent to an address (its path, without query).
func (p *page) form(action string) *form {
	p.t.Helper()
	for _, n := range p.all("form") {
		if path, _, _ := strings.Cut(attr(n, "action"), "?"); path == action {
			return &form{page: p, node: n, action: attr(n, "action"), values: defaults(n)}
		}
	}
	p.t.Fatalf("%s %s: there is no form to %s\n%s", p.request.Method, p.request.URL.Path, action, p.visible())
	return nil
}

// form is a form as a browser would fill and send it.
type form struct {
	page   *page
	node   *html.Node
	action string
	values url.Values
}

// set fills a field in; the field must be there.
func (f *form) set(name, value string) *form {
	f.page.t.Helper()
	for n := range f.node.Descendants() {
		if n.Type == html.ElementNode && attr(n, "name") == name {
			f.values.Set(name, value)
			return f
		}
	}
	f.page.t.Fatalf("the form to %s has no field %q", f.action, name)
	return nil
}

// submit sends the form, with the name and value of the button pressed if it has them.
func (f *form) submit(button ...string) *page {
	f.page.t.Helper()
	for i := 0; i+1 < len(button); i += 2 {
		f.set(button[i], button[i+1])
	}
	if strings.EqualFold(attr(f.node, "method"), "get") {
		return f.page.browser.get(f.action + "?" + f.values.Encode())
	}
	return f.page.browser.postForm(f.action, f.values)
}

// defaults are the values a form sends untouched.
func defaults(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name := ""
		if n.Type == html.ElementNode {
			name = attr(n, "name")
		}
		if name == "" || hasAttr(n, "disabled") {
			continue
		}
		switch n.Data {
		case "input":
			kind := attr(n, "type")
			if kind == "submit" || kind == "file" || (kind == "checkbox" || kind == "radio") && !hasAttr(n, "checked") {
				continue
			}
			values.Add(name, attr(n, "value"))
		case "textarea", "select":
			values.Add(name, valueOf(n))
		}
	}
	return values
}

func valueOf(n *html.Node) string {
	switch n.Data {
	case "textarea":
		return rawText(n)
	case "select":
		first := ""
		for i, o := range elements(n, "option") {
			if hasAttr(o, "selected") {
				return attr(o, "value")
			}
			if i == 0 {
				first = attr(o, "value")
			}
		}
		return first
	}
	return attr(n, "value")
}

func elements(n *html.Node, tag string) []*html.Node {
	var list []*html.Node
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == tag {
			list = append(list, c)
		}
	}
	return list
}

func rawText(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func textOf(n *html.Node) string { return strings.Join(strings.Fields(rawText(n)), " ") }

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// matchesPath tells whether n matches the last step and has ancestors that match the others in order.
func matchesPath(n *html.Node, steps []string) bool {
	if !matchesStep(n, steps[len(steps)-1]) {
		return false
	}
	rest := steps[:len(steps)-1]
	for a := n.Parent; a != nil && len(rest) > 0; a = a.Parent {
		if matchesStep(a, rest[len(rest)-1]) {
			rest = rest[:len(rest)-1]
		}
	}
	return len(rest) == 0
}

func matchesStep(n *html.Node, step string) bool {
	if n.Type != html.ElementNode {
		return false
	}
	end := func(s string) int {
		if i := strings.IndexAny(s, "#.["); i >= 0 {
			return i
		}
		return len(s)
	}
	tag := step[:end(step)]
	if tag != "" && tag != n.Data {
		return false
	}
	for rest := step[len(tag):]; rest != ""; {
		mark := rest[0]
		rest = rest[1:]
		if mark == '[' {
			inside, after, _ := strings.Cut(rest, "]")
			name, want, compare := strings.Cut(inside, "=")
			if !hasAttr(n, name) || compare && attr(n, name) != strings.Trim(want, `"'`) {
				return false
			}
			rest = after
			continue
		}
		word := rest[:end(rest)]
		rest = rest[len(word):]
		if mark == '#' && attr(n, "id") != word {
			return false
		}
		if mark == '.' && !strings.Contains(" "+attr(n, "class")+" ", " "+word+" ") {
			return false
		}
	}
	return true
}
