package main

import (
	"strings"

	"github.com/beevik/etree"
)

// parsers is XML that two readers would see differently, that makes a reader fetch something, or that is large.
func (g *generator) parsers() {
	g.differential()
	g.sizes()
}

func (g *generator) differential() {
	const entities = "XXE, entities, DTD"
	const class = "parser differential"
	raw := func(class, name, about, reasons string, f func(m *message, s string) string, only ...string) {
		if len(only) == 0 {
			only = []string{assertionSigned, responseSigned}
		}
		g.bad(class, name, about, reasons, func(m *message) { m.raw = func(s string) string { return f(m, s) } }, only...)
	}
	before := func(text string) func(*message, string) string {
		return func(_ *message, s string) string { return text + s }
	}
	replace := func(old, new string) func(*message, string) string {
		return func(_ *message, s string) string { return strings.Replace(s, old, new, 1) }
	}
	raw(entities, "doctype", "A DOCTYPE", "response_unsafe", before("<!DOCTYPE x>"))
	raw(entities, "doctype-external", "An external subset", "response_unsafe", before(`<!DOCTYPE x SYSTEM "https://canary.example/dtd">`))
	raw(entities, "doctype-entity-file", "An entity that reads a file", "response_unsafe response_malformed", func(_ *message, s string) string {
		return `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + strings.Replace(s, ">Ana<", ">&e;<", 1)
	})
	raw(entities, "doctype-entity-http", "An entity that fetches", "response_unsafe response_malformed", func(_ *message, s string) string {
		return `<!DOCTYPE x [<!ENTITY e SYSTEM "https://canary.example/e">]>` + strings.Replace(s, ">Ana<", ">&e;<", 1)
	})
	raw(entities, "doctype-parameter-entity", "A parameter entity", "response_unsafe response_malformed", before(`<!DOCTYPE x [<!ENTITY % e SYSTEM "https://canary.example/p"> %e;]>`))
	raw(entities, "doctype-billion-laughs", "Entities of entities", "response_unsafe response_malformed", func(_ *message, s string) string {
		return `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>` +
			strings.Replace(s, ">Ana<", ">&d;<", 1)
	})
	raw(entities, "doctype-attlist-id", "An attribute list that makes another attribute an ID", "response_unsafe", before(`<!DOCTYPE x [<!ATTLIST samlp:Response Destination ID #IMPLIED>]>`))
	raw(entities, "entity-undefined", "An entity nobody defined", "response_malformed", replace(">Ana<", ">&e;<"))
	raw(entities, "entity-xinclude", "An XInclude", "signature_invalid", replace("</samlp:Status>", `</samlp:Status><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>`), responseSigned)

	raw(class, "pi-stylesheet", "A stylesheet instruction", "response_unsafe", before(`<?xml-stylesheet href="https://canary.example/x.xsl"?>`))
	raw(class, "pi-inside", "A processing instruction inside", "response_unsafe", replace("<Subject>", "<?x y?><Subject>"))
	raw(class, "pi-in-nameid", "A processing instruction in the NameID", "response_unsafe", func(m *message, s string) string {
		return strings.Replace(s, ">"+m.nameID+"<", ">"+m.nameID+"<?x?>.evil.example<", 1)
	})
	raw(class, "second-root", "A second root", "response_unsafe response_malformed", func(_ *message, s string) string { return s + "<x/>" })
	raw(class, "second-root-response", "The response twice", "response_unsafe response_malformed", func(_ *message, s string) string { return s + s })
	raw(class, "text-before", "Text before the root", "response_unsafe response_malformed", before("x"))
	raw(class, "text-after", "Text after the root", "response_unsafe response_malformed", func(_ *message, s string) string { return s + "x" })
	raw(class, "nul", "A NUL", "response_malformed response_unsafe", replace(">Ana<", ">A\x00na<"))
	raw(class, "dup-attribute", "An attribute twice", "response_unsafe response_malformed", replace(`Version="2.0"`, `Version="2.0" Version="2.0"`))
	raw(class, "dup-attribute-namespaced", "An attribute twice under two prefixes", "response_unsafe response_malformed", replace(`<Subject>`, `<Subject xmlns:a="urn:x" xmlns:b="urn:x" a:k="1" b:k="2">`))
	raw(class, "dup-attribute-inresponseto", "InResponseTo twice", "response_unsafe response_malformed", replace(`InResponseTo=`, `InResponseTo="id-other" InResponseTo=`))
	raw(class, "dup-xmlns", "A namespace declared twice", "response_unsafe response_malformed", replace(`<Subject>`, `<Subject xmlns:a="urn:x" xmlns:a="urn:y">`))
	raw(class, "ns-undeclared", "A prefix nobody declared", "response_unsafe response_malformed", replace(`<Subject>`, `<Subject q:k="1">`))
	raw(class, "ns-undeclare-prefix", "A prefix declared away", "response_unsafe response_malformed", replace(`<Subject>`, `<Subject xmlns:a="">`))
	raw(class, "ns-xml", "The prefix xml for another namespace", "response_unsafe response_malformed", replace(`<Subject>`, `<Subject xmlns:xml="urn:x">`))
	raw(class, "ns-rebind", "A prefix rebound after signing", "signature_invalid", func(_ *message, s string) string {
		return strings.Replace(s, `<Subject>`, `<Subject xmlns="urn:other">`, 1)
	})
	raw(class, "ns-colons", "A name with two colons", "response_unsafe response_malformed", replace(`<Subject>`, `<Subject a:b:c="1">`))
	raw(class, "directive-roundtrip", "A directive that changes when written again", "response_unsafe response_malformed", replace(`<Subject>`, `<!x "<!--">"><Subject>`))
	raw(class, "comment-unclosed", "A comment that does not end", "response_malformed", func(_ *message, s string) string { return s + "<!-- x" })
	raw(class, "cdata-in-address", "CDATA that makes two texts of one, after signing with another text", "signature_invalid", func(m *message, s string) string {
		return strings.Replace(s, "<AttributeValue>"+m.email, "<AttributeValue><![CDATA[victim@acme.example]]>", 1)
	})
	raw(class, "encoding-latin1", "Declared Latin-1", "response_unsafe response_malformed", before(`<?xml version="1.0" encoding="ISO-8859-1"?>`))
	raw(class, "encoding-utf7", "Declared UTF-7", "response_unsafe response_malformed", before(`<?xml version="1.0" encoding="UTF-7"?>`))
	raw(class, "encoding-utf16-declared", "Declared UTF-16", "response_unsafe response_malformed", before(`<?xml version="1.0" encoding="UTF-16"?>`))
	raw(class, "encoding-bytes", "A byte that is not UTF-8", "response_unsafe", replace(">Ana<", ">An\xe1<"))
	raw(class, "encoding-overlong", "An overlong <", "response_unsafe", replace(">Ana<", ">\xc0\xbcx\xc0\xbe<"))
	raw(class, "xml-1.1", "XML 1.1", "response_unsafe response_malformed", before(`<?xml version="1.1"?>`))
	raw(class, "truncated", "Cut off", "response_malformed", func(_ *message, s string) string { return s[:len(s)/2] })
	raw(class, "not-xml", "No XML", "response_unsafe response_malformed", func(*message, string) string { return "hello" }, assertionSigned)
	raw(class, "html", "An error page", "not_a_response response_unsafe response_malformed", func(*message, string) string {
		return "<html><body>Sign in</body></html>"
	}, assertionSigned)
	raw(class, "assertion-alone", "An assertion without response", "not_a_response", func(m *message, s string) string {
		return `<Assertion xmlns="` + nsA + `" ID="` + m.assertionID() + `"/>`
	}, assertionSigned)
	raw(class, "logout-response", "A LogoutResponse", "not_a_response", func(m *message, s string) string {
		return `<samlp:LogoutResponse xmlns:samlp="` + nsP + `" ID="_l" Version="2.0" InResponseTo="` + m.request + `"/>`
	}, assertionSigned)
	raw(class, "response-wrong-namespace", "A Response of SAML 1.1", "not_a_response", func(m *message, s string) string {
		return strings.Replace(s, nsP, "urn:oasis:names:tc:SAML:1.0:protocol", 1)
	}, assertionSigned)
}

func (g *generator) sizes() {
	const class = "size"
	grown := func(name, about, reasons, mode string, grow Growth, place func(doc *etree.Document, mark *etree.Comment)) {
		m := newMessage(name, mode)
		m.after = func(doc *etree.Document) { place(doc, etree.NewComment("GROW")) }
		grow.At = "<!--GROW-->"
		c := m.caseFile(class, about)
		c.Reasons, c.Grow = strings.Fields(reasons), []Growth{grow}
		g.add("bad", name, g.build(m), c)
	}
	inRoot := func(doc *etree.Document, mark *etree.Comment) { doc.Root().InsertChildAt(1, mark) }
	inSubject := func(doc *etree.Document, mark *etree.Comment) { find(doc, "Subject").AddChild(mark) }
	const large, complex = "response_too_large", "response_too_complex"
	grown("deep-33", "33 levels", complex, assertionSigned, Growth{Text: "<a>", Times: 33, End: "</a>"}, inRoot)
	grown("deep-1000", "A thousand levels", complex, assertionSigned, Growth{Text: "<a>", Times: 1000, End: "</a>"}, inRoot)
	grown("deep-20000", "Twenty thousand levels", complex, assertionSigned, Growth{Text: "<a>", Times: 20000, End: "</a>"}, inRoot)
	grown("deep-100000", "A hundred thousand levels", large, assertionSigned, Growth{Text: "<a>", Times: 100000, End: "</a>"}, inRoot)
	grown("wide-1000", "A thousand elements", complex, assertionSigned, Growth{Text: "<a/>", Times: 1000}, inRoot)
	grown("wide-1000-signed", "A thousand elements inside the assertion", complex+" signature_invalid", assertionSigned, Growth{Text: "<a/>", Times: 1000}, inSubject)
	grown("wide-60000", "Sixty thousand elements", complex, responseSigned, Growth{Text: "<a/>", Times: 60000}, inRoot)
	grown("attributes-5000", "An element with five thousand attributes of one name", "response_unsafe response_malformed", responseSigned, Growth{Text: `<a b="1" b="1"/>`, Times: 400}, inRoot)
	grown("namespaces-2000", "Elements that declare namespaces", complex, responseSigned, Growth{Text: `<n:a xmlns:n="urn:x"/>`, Times: 2000}, inRoot)
	grown("namespaces-800", "Eight hundred elements that declare namespaces", "signature_invalid "+complex, responseSigned, Growth{Text: `<n:a xmlns:n="urn:x"/>`, Times: 800}, inRoot)
	grown("assertions-300", "Three hundred assertions", "assertions_several "+complex, assertionSigned, Growth{Text: `<Assertion xmlns="` + nsA + `"/>`, Times: 300}, inRoot)
	grown("assertions-2000", "Two thousand assertions", complex, assertionSigned, Growth{Text: `<Assertion xmlns="` + nsA + `"/>`, Times: 2000}, inRoot)
	grown("text-250k", "250 kB of text", "signature_invalid "+large, responseSigned, Growth{Text: "xxxxxxxxxx", Times: 24500}, inRoot)
	grown("text-1m", "A megabyte of text", large, assertionSigned, Growth{Text: "xxxxxxxxxx", Times: 100000}, inRoot)
	grown("comments-20000", "Twenty thousand comments", complex, assertionSigned, Growth{Text: "<!--x-->", Times: 20000}, inRoot)
	grown("entities-30000", "Thirty thousand character references", "signature_invalid", responseSigned, Growth{Text: "&#65;", Times: 30000}, inRoot)
	grown("many-references", "Five hundred References", "signature_malformed "+complex, assertionSigned, Growth{Text: `<Reference URI="#x"/>`, Times: 500}, func(doc *etree.Document, mark *etree.Comment) {
		find(doc, "SignedInfo").AddChild(mark)
	})
	grown("many-signatures", "Four hundred signatures", "signature_misplaced", assertionSigned, Growth{Text: `<Signature xmlns="` + nsDS + `"/>`, Times: 400}, inRoot)
}
