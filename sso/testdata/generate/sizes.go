package main

import (
	"fmt"
	"log"
	"strings"

	"github.com/beevik/etree"
)

// tenPinned are as many certificates as a connection may have; the one that signs is the last.
var tenPinned = []string{"next", "ec", "expired", "future", "attacker", "lookalike", "leaf", "ec384", "rsa3072", "idp"}

// sizes are messages that cost more to read than to send. None needs the identity provider's key.
func (g *generator) sizes() {
	const class = "size"
	grownWith := func(name, about, reasons string, grow Growth, pinned []string, place func(doc *etree.Document)) {
		grow.At = or(grow.At, growHere)
		for _, mode := range modes {
			m := newMessage(name, mode)
			m.after = place
			c := m.caseFile(class, about)
			c.Certificates, c.Reasons, c.Grow = pinned, strings.Fields(reasons), []Growth{grow}
			g.add("bad", name+"-"+mode, g.build(m), c)
		}
	}
	grown := func(name, about, reasons string, grow Growth, place func(doc *etree.Document)) {
		grownWith(name, about, reasons, grow, []string{"idp"}, place)
	}
	mark := func() *etree.Comment { return etree.NewComment("GROW") }
	inRoot := func(doc *etree.Document) { doc.Root().InsertChildAt(1, mark()) }
	inSubject := func(doc *etree.Document) { find(doc, "Subject").AddChild(mark()) }
	const large, complex = "response_too_large", "response_too_complex"
	grown("deep-1000", "A thousand levels", complex, Growth{Text: "<a>", Times: 1000, End: "</a>"}, inRoot)
	grown("deep-20000", "Twenty thousand levels", complex, Growth{Text: "<a>", Times: 20000, End: "</a>"}, inRoot)
	grown("deep-100000", "A hundred thousand levels", large, Growth{Text: "<a>", Times: 100000, End: "</a>"}, inRoot)
	grown("wide-1000", "A thousand elements", complex, Growth{Text: "<a/>", Times: 1000}, inRoot)
	grown("wide-1000-signed", "A thousand elements inside the assertion", complex+" signature_invalid", Growth{Text: "<a/>", Times: 1000}, inSubject)
	grown("wide-60000", "Sixty thousand elements", complex, Growth{Text: "<a/>", Times: 60000}, inRoot)
	grown("doubled-attributes-400", "Four hundred elements with an attribute given twice", "response_unsafe response_malformed", Growth{Text: `<a b="1" b="1"/>`, Times: 400}, inRoot)
	grown("namespaces-2000", "Elements that declare namespaces", complex, Growth{Text: `<n:a xmlns:n="urn:x"/>`, Times: 2000}, inRoot)
	grown("namespaces-800-signed", "Eight hundred elements inside the assertion that declare namespaces", "signature_invalid "+complex, Growth{Text: `<n:a xmlns:n="urn:x"/>`, Times: 800}, inSubject)
	grown("assertions-300", "Three hundred assertions", "assertions_several "+complex, Growth{Text: `<Assertion xmlns="` + nsA + `"/>`, Times: 300}, inRoot)
	grown("assertions-2000", "Two thousand assertions", complex, Growth{Text: `<Assertion xmlns="` + nsA + `"/>`, Times: 2000}, inRoot)
	grown("text-250k", "250 kB of text inside the assertion", "signature_invalid "+large, Growth{Text: "xxxxxxxxxx", Times: 24500}, inSubject)
	grown("text-1m", "A megabyte of text", large, Growth{Text: "xxxxxxxxxx", Times: 100000}, inRoot)
	grown("comments-20000", "Twenty thousand comments", complex, Growth{Text: "<!--x-->", Times: 20000}, inRoot)
	grown("entities-30000", "Thirty thousand character references inside the assertion", "signature_invalid", Growth{Text: "&#65;", Times: 30000}, inSubject)
	grown("many-references", "Five hundred References", "signature_malformed "+complex, Growth{Text: `<Reference URI="#x"/>`, Times: 500}, func(doc *etree.Document) {
		find(doc, "SignedInfo").AddChild(mark())
	})
	grown("many-transforms", "Five hundred Transforms", "signature_malformed "+complex, Growth{Text: `<Transform Algorithm="` + excC14N + `"/>`, Times: 500}, func(doc *etree.Document) {
		find(doc, "Transforms").AddChild(mark())
	})
	grown("many-signatures", "Four hundred signatures", "signature_misplaced", Growth{Text: `<Signature xmlns="` + nsDS + `"/>`, Times: 400}, inRoot)
	grown("many-certificates", "Eight hundred certificates in KeyInfo", "signature_invalid "+complex, Growth{Text: `<X509Certificate>QUJD</X509Certificate>`, Times: 800}, func(doc *etree.Document) {
		g.eachSignature(doc, func(sig *etree.Element) { findIn(sig, "DigestValue").SetText("AAAA") })
		findIn(child(signed(doc), "Signature"), "X509Data").InsertChildAt(0, mark())
	})

	// What goes into a start tag: the mark is an attribute.
	const inTag, inValue = ` grow="here"`, "GROW.VALUE"
	tag := func(name string) func(doc *etree.Document) {
		return func(doc *etree.Document) { findIn(&doc.Element, name).CreateAttr("grow", "here") }
	}
	attributes, namespaces := Growth{At: inTag, Text: ` a{n}="1"`, Times: 13000}, Growth{At: inTag, Text: ` xmlns:n{n}="u"`, Times: 13000}
	for _, few := range []bool{true, false} {
		pinned, suffix, words := []string{"idp"}, "", ""
		if !few {
			pinned, suffix, words = tenPinned, "-ten-certificates", ", ten certificates to try"
		}
		one := func(name, about, reasons string, grow Growth, place func(doc *etree.Document)) {
			grownWith(name+suffix, about+words, reasons, grow, pinned, place)
		}
		one("attributes-one-element", "An element with thirteen thousand attributes", complex, attributes, tag("Subject"))
		one("attributes-root", "A response with thirteen thousand attributes", complex, attributes, tag("Response"))
		one("namespaces-one-element", "An element that declares thirteen thousand prefixes", complex, namespaces, tag("Subject"))
		one("namespaces-root", "A response that declares thirteen thousand prefixes", complex, namespaces, tag("Response"))
		one("namespaces-used", "An element that declares and uses five thousand prefixes", complex, Growth{At: inTag, Text: ` xmlns:n{n}="u" n{n}:a{n}="1"`, Times: 5000}, tag("Subject"))
		children := func(name string) func(doc *etree.Document) {
			return func(doc *etree.Document) {
				tag(name)(doc)
				for range 700 {
					find(doc, "Subject").CreateElement("a").CreateAttr("xmlns:q", "u")
				}
			}
		}
		one("namespaces-and-children", "An element that declares thirteen thousand prefixes, with seven hundred children", complex, namespaces, children("Subject"))
		one("namespaces-root-and-children", "A response that declares thirteen thousand prefixes, with seven hundred elements in the subject", complex, namespaces, children("Response"))
		one("namespaces-nested", "Twenty levels that declare twenty-five prefixes each", complex+" signature_invalid", Growth{Text: nested(25), Times: 20, End: "</a>"}, inSubject)
		one("attribute-200k", "200 kB in one attribute inside the assertion", "signature_invalid", Growth{At: inValue, Text: "xxxxxxxxxx", Times: 20000}, func(doc *etree.Document) {
			find(doc, "Subject").CreateAttr("a", inValue)
		})
		one("inclusive-prefixes-6000", "A canonicalization with six thousand prefixes", "signature_malformed", Growth{At: inValue, Text: "n{n} ", Times: 6000}, func(doc *etree.Document) {
			g.eachSignature(doc, func(sig *etree.Element) { findIn(sig, "DigestValue").SetText("AAAA") })
			inclusive := findIn(child(signed(doc), "Signature"), "Transforms").ChildElements()[1].CreateElement("ec:InclusiveNamespaces")
			inclusive.CreateAttr("xmlns:ec", excC14N)
			inclusive.CreateAttr("PrefixList", inValue)
		})
	}
	g.limits()
}

// signed is the element of a message that is signed, the assertion if both are.
func signed(doc *etree.Document) *etree.Element {
	if a := assertion(doc); child(a, "Signature") != nil {
		return a
	}
	return doc.Root()
}

// nested is a start tag that declares prefixes of its own.
func nested(n int) string {
	var b strings.Builder
	b.WriteString("<a")
	for i := range n {
		fmt.Fprintf(&b, ` xmlns:p{n}x%d="u"`, i)
	}
	b.WriteString(">")
	return b.String()
}

// limits are messages that the identity provider has signed, as large as they may be, and a little larger.
func (g *generator) limits() {
	const class = "size"
	const elements, levels, size = 900, 32, 256 << 10
	filled := func(name, about, reasons string, fill func(m *message, left int) string, measure func(response string) int, limit int) {
		for _, mode := range modes {
			full := name
			if reasons == "" {
				full += "-" + mode
			}
			build := func(left int) (*message, string) {
				m := newMessage(full, mode)
				m.attributes += `<Attribute Name="filler">` + fill(m, left) + `</Attribute>`
				return m, g.build(m)
			}
			_, one := build(1)
			m, response := build(limit - measure(one) + 1)
			if got := measure(response); got != limit {
				log.Fatalf("%s-%s: %d, want %d", name, mode, got, limit)
			}
			c := m.caseFile(class, about)
			if reasons == "" {
				c.Email, c.From, c.Keys = m.email, "email", []string{"nameid", "email"}
				g.add("good", full, response, c)
				continue
			}
			c.Reasons = strings.Fields(reasons)
			g.add("bad", name+"-"+mode, response, c)
		}
	}
	count := func(response string) int {
		n := 0
		var walk func(el *etree.Element)
		walk = func(el *etree.Element) {
			n++
			for _, c := range el.ChildElements() {
				walk(c)
			}
		}
		walk(parse(response).Root())
		return n
	}
	// A claim's value is the fifth level, so chains of 27 end at the 32nd.
	chains := func(deepest int) func(_ *message, left int) string {
		return func(_ *message, left int) string {
			var b strings.Builder
			b.WriteString("<AttributeValue>")
			for left > 0 {
				n := min(left, deepest-5)
				b.WriteString(strings.Repeat("<x>", n) + strings.Repeat("</x>", n))
				left -= n
			}
			b.WriteString("</AttributeValue>")
			return b.String()
		}
	}
	filled("limit-900-elements", "Nine hundred elements down to the 32nd level, the most of both", "", chains(levels), count, elements)
	filled("limit-901-elements", "An element too many", "response_too_complex", chains(levels), count, elements+1)
	filled("limit-33-levels", "A level too many", "response_too_complex", chains(levels+1), count, 200)
	padding := func(_ *message, left int) string {
		return "<AttributeValue>" + strings.Repeat("p", left) + "</AttributeValue>"
	}
	length := func(response string) int { return len(response) }
	for _, c := range []struct {
		kind, name, about, reasons string
		size                       int
	}{
		{"good", "limit-256-kib", "256 KiB, the most there may be", "", size},
		{"bad", "limit-256-kib-and-1", "A byte too many", "response_too_large", size + 1},
	} {
		filled(c.name, c.about, c.reasons, padding, length, c.size)
		for i := range g.files {
			if f := &g.files[i]; f.kind == c.kind && strings.HasPrefix(f.name, c.name+"-") {
				from := strings.Index(f.response, "<AttributeValue>ppp") + len("<AttributeValue>")
				to := from + strings.Index(f.response[from:], "<")
				f.about.Grow = []Growth{{At: growHere, Text: "p", Times: to - from}}
				f.response = f.response[:from] + growHere + f.response[to:]
			}
		}
	}

	groups := func(n int) string {
		return claim("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", strings.Split(strings.TrimSuffix(strings.Repeat("00000000-0000-4000-8000-000000000000 ", n), " "), " ")...)
	}
	const group = "<AttributeValue>00000000-0000-4000-8000-000000000000</AttributeValue>"
	g.good(class, "groups-840", "840 values of a claim", "email", func(m *message, c *Case) { m.attributes += groups(840) })
	g.shrink("good", "groups-840", group, 840)
	for _, mode := range modes {
		m := newMessage("groups-1000", mode)
		m.after = func(doc *etree.Document) { find(doc, "AttributeValue").Parent().AddChild(etree.NewComment("GROW")) }
		c := m.caseFile(class, "A thousand values of a claim: refused before anything is verified")
		c.Reasons, c.Grow = []string{"response_too_complex"}, []Growth{{At: growHere, Text: group, Times: 1000}}
		g.add("bad", m.name+"-"+mode, g.build(m), c)
	}
}
