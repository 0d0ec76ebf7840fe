package views

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/static"

	"golang.org/x/net/html"
)

// To look at every state in a browser: go test ./views -args -render DIR
var renderTo = flag.String("render", "", "write the HTML of every state into this directory")

func TestEveryStateIsSoundHTML(t *testing.T) {
	for _, s := range states() {
		t.Run(s.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := s.component.Render(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			if *renderTo != "" {
				if err := os.WriteFile(filepath.Join(*renderTo, s.name+".html"), b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			root, err := html.Parse(&b)
			if err != nil {
				t.Fatal(err)
			}
			p := newParsedPage(t, root)
			p.checkHeadings()
			p.checkFields()
			p.checkForms()
			p.checkNothingInline()
			p.checkReferences()
			p.checkNames()
		})
	}
}

// parsedPage is a page as a browser would see it.
type parsedPage struct {
	t    *testing.T
	all  []*html.Node
	byID map[string]*html.Node
}

func newParsedPage(t *testing.T, root *html.Node) *parsedPage {
	p := &parsedPage{t: t, byID: map[string]*html.Node{}}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		p.all = append(p.all, n)
		if id := attr(n, "id"); id != "" {
			if p.byID[id] != nil {
				t.Errorf("id %q is used twice", id)
			}
			p.byID[id] = n
		}
	}
	return p
}

func (p *parsedPage) checkHeadings() {
	ones, level := 0, 0
	inNav := func(n *html.Node) bool { return within(n, "nav") != nil }
	for _, n := range p.all {
		if len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' || inNav(n) {
			continue
		}
		now := int(n.Data[1] - '0')
		if now == 1 {
			ones++
		}
		if now > level+1 && level > 0 {
			p.t.Errorf("heading %q jumps from h%d to h%d", text(n), level, now)
		}
		level = now
		if strings.TrimSpace(text(n)) == "" {
			p.t.Errorf("an empty h%d", now)
		}
	}
	if ones != 1 {
		p.t.Errorf("%d h1, want exactly one", ones)
	}
}

// checkFields: every control that can be seen has a label, and an error is tied to it.
func (p *parsedPage) checkFields() {
	labels := map[string]bool{}
	for _, n := range p.all {
		if n.Data == "label" {
			labels[attr(n, "for")] = true
		}
	}
	for _, n := range p.all {
		switch n.Data {
		case "input", "select", "textarea":
		default:
			continue
		}
		if attr(n, "type") == "hidden" || attr(n, "aria-hidden") == "true" {
			continue
		}
		if !labels[attr(n, "id")] && attr(n, "aria-label") == "" {
			p.t.Errorf("<%s name=%q> has no label", n.Data, attr(n, "name"))
		}
		if attr(n, "aria-invalid") == "true" && !strings.Contains(attr(n, "aria-describedby"), "-error") {
			p.t.Errorf("<%s name=%q> is invalid but names no error", n.Data, attr(n, "name"))
		}
		if attr(n, "type") == "password" && attr(n, "value") != "" {
			p.t.Errorf("a password came back in %q", attr(n, "name"))
		}
	}
}

// checkForms: a form that changes an organization says which; buttons inside of forms say what they are.
func (p *parsedPage) checkForms() {
	shell := p.byID["nav"] != nil
	for _, n := range p.all {
		if n.Data == "button" && attr(n, "type") == "" {
			p.t.Errorf("button %q has no type", text(n))
		}
		if n.Data != "form" {
			continue
		}
		action := attr(n, "action")
		if !strings.HasPrefix(action, "/") {
			p.t.Errorf("form action %q is not a local address", action)
		}
		if attr(n, "method") == "get" || !shell || action == "/logout" || action == "/organization" {
			continue
		}
		if attr(n, "method") != "post" {
			p.t.Errorf("form %q has method %q", action, attr(n, "method"))
		}
		found := false
		for c := range n.Descendants() {
			if c.Data == "form" {
				p.t.Errorf("form in form: %s", action)
			}
			found = found || c.Data == "input" && attr(c, "name") == "org" && attr(c, "value") == "org_7f3a91c2"
		}
		if !found {
			p.t.Errorf("form %q does not say for which organization it is", action)
		}
	}
}

// checkNothingInline: the policy of the pages allows neither script nor style in the markup.
func (p *parsedPage) checkNothingInline() {
	for _, n := range p.all {
		if n.Data == "style" || n.Data == "script" && attr(n, "src") == "" {
			p.t.Errorf("inline <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				p.t.Errorf("inline %s on <%s>", a.Key, n.Data)
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && strings.HasPrefix(strings.ToLower(a.Val), "javascript") {
				p.t.Errorf("script address on <%s>", n.Data)
			}
		}
	}
}

// checkReferences: ids that are pointed to exist, and so do static files and icons.
func (p *parsedPage) checkReferences() {
	sprite := spriteSymbols(p.t)
	for _, n := range p.all {
		for _, key := range []string{"for", "aria-labelledby", "aria-describedby", "popovertarget", "data-copy", "form"} {
			for _, id := range strings.Fields(attr(n, key)) {
				if p.byID[id] == nil {
					p.t.Errorf("<%s> points with %s to %q, which is not on the page", n.Data, key, id)
				}
			}
		}
		for _, key := range []string{"href", "src"} {
			v := attr(n, key)
			if id, ok := strings.CutPrefix(v, "#"); ok && p.byID[id] == nil {
				p.t.Errorf("a link leads to #%s, which is not on the page", id)
			}
			file, symbol, _ := strings.Cut(v, "#")
			if !strings.HasPrefix(file, static.Prefix) {
				continue
			}
			if strings.Count(file, ".") != 2 {
				p.t.Errorf("%s is not an embedded file", file)
			}
			if n.Data == "use" && !sprite[symbol] {
				p.t.Errorf("icon %q is not in the sprite", symbol)
			}
		}
	}
}

// checkNames: links and buttons can be read aloud.
func (p *parsedPage) checkNames() {
	for _, n := range p.all {
		if n.Data != "a" && n.Data != "button" {
			continue
		}
		if strings.TrimSpace(text(n)) == "" && attr(n, "aria-label") == "" && attr(n, "aria-labelledby") == "" {
			p.t.Errorf("<%s> without a name", n.Data)
		}
	}
}

func spriteSymbols(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "static", "files", "icons.svg"))
	if err != nil {
		t.Fatal(err)
	}
	symbols := map[string]bool{}
	for _, part := range strings.Split(string(b), `<symbol id="`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		symbols[id] = true
	}
	return symbols
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func within(n *html.Node, tag string) *html.Node {
	for a := n.Parent; a != nil; a = a.Parent {
		if a.Data == tag {
			return a
		}
	}
	return nil
}
