package main

import (
	"strings"
	"time"

	"github.com/beevik/etree"
)

// tolerated is what some provider does and what must not cost anybody a sign-in.
func (g *generator) tolerated() {
	const shape = "tolerated"
	g.good(shape, "keyinfo-none", "No KeyInfo", "email", func(m *message, c *Case) { m.sign.noKeyInfo = true })
	g.good(shape, "rollover", "The second of two pinned certificates signs", "email", func(m *message, c *Case) {
		m.key = "next"
		c.Certificates = []string{"idp", "next"}
	})
	g.good(shape, "rollover-keyinfo-none", "The second of two pinned certificates signs, without KeyInfo", "email", func(m *message, c *Case) {
		m.key, m.sign.noKeyInfo = "next", true
		c.Certificates = []string{"idp", "next"}
	})
	g.good(shape, "expired-beside", "An expired certificate beside a valid one of the same key", "email", func(m *message, c *Case) {
		c.Certificates = []string{"expired", "idp"}
	})
	g.good(shape, "rsa-sha512", "RSA-SHA512", "email", func(m *message, c *Case) { m.sign.method, m.sign.digest = rsaSHA512, sha512URI })
	g.good(shape, "ecdsa", "ECDSA with P-256", "email", func(m *message, c *Case) {
		m.key = "ec"
		c.Certificates = []string{"ec"}
	})
	g.good(shape, "signature-last", "The signature at the end", "email", func(m *message, c *Case) { m.sign.last = true })
	g.good(shape, "clock-ahead", "A clock that is a minute ahead", "email", func(m *message, c *Case) {
		m.issued, m.notBefore, m.authn = now.Add(time.Minute), now.Add(time.Minute), now.Add(time.Minute)
	})
	g.good(shape, "clock-behind", "A clock that is two minutes behind", "email", func(m *message, c *Case) {
		m.issued, m.notOnOrAfter = now.Add(-130*time.Second), now.Add(-2*time.Minute)
	})
	g.good(shape, "no-destination", "Neither Destination nor Issuer on a response that is not signed itself", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			doc.Root().RemoveAttr("Destination")
			remove(child(doc.Root(), "Issuer"))
		}
	}, assertionSigned)
	g.good(shape, "empty-destination", "An empty Destination on a response that is not signed itself", "email", func(m *message, c *Case) { m.destination = "" }, assertionSigned)
	g.good(shape, "no-response-issuer", "No Issuer on the response", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) { remove(child(doc.Root(), "Issuer")) }
	})
	g.good(shape, "comments-between", "Comments between elements", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			doc.Root().InsertChildAt(1, etree.NewComment(" by the provider "))
			assertion(doc).InsertChildAt(1, etree.NewComment(" by the provider "))
		}
	})
	g.good(shape, "comment-in-nameid", "A comment in a signed NameID: the whole text counts, not what stands before it", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			id := find(doc, "NameID")
			id.Child = nil
			id.CreateText("ana")
			id.CreateComment("x")
			id.CreateText("." + m.id)
			id.CreateAttr("Format", formatUnspecified)
		}
	})
	g.good(shape, "utf8-names", "Names in several scripts", "email", func(m *message, c *Case) {
		m.attributes = claim("email", m.email) + claim("firstName", "Žofie 花子") + claim("lastName", "O’Brien-Þórsdóttir")
	})
	g.good(shape, "email-nameid-only", "No claims: the e-mail NameID", "NameID", func(m *message, c *Case) { m.attributes = claim("firstName", "Ana") })
	g.good(shape, "email-empty-claim", "An empty e-mail claim counts as absent", "NameID", func(m *message, c *Case) { m.attributes = claim("email", "") })
	g.good(shape, "whitespace-in-address", "Line breaks around the address", "email", func(m *message, c *Case) { m.attributes = claim("email", "\n  "+m.email+"\n") })
	g.good(shape, "one-time-use", "OneTimeUse and ProxyRestriction", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			find(doc, "Conditions").CreateElement("OneTimeUse")
			find(doc, "Conditions").CreateElement("ProxyRestriction").CreateAttr("Count", "0")
		}
	})
	g.encodings()
	g.signatures()
	g.surroundings()
}

// encodings: one text, written in ways that some provider or gateway has.
func (g *generator) encodings() {
	const shape = "tolerated"
	raw := func(name, about string, f func(s string) string) {
		g.good(shape, name, about, "email", func(m *message, c *Case) { m.raw = f })
	}
	raw("bom", "A byte order mark", func(s string) string { return "\ufeff" + s })
	raw("bom-and-declaration", "A byte order mark and a declaration", func(s string) string { return "\ufeff" + `<?xml version="1.0" encoding="utf-8"?>` + s })
	raw("standalone", "A standalone document", func(s string) string {
		return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\r\n" + s + "\r\n"
	})
	raw("declared-ascii", "Declared US-ASCII", func(s string) string { return `<?xml version="1.0" encoding="US-ASCII"?>` + s })
	raw("crlf-between-attributes", "Line breaks inside a start tag", func(s string) string { return strings.Replace(s, " Version=", "\r\n\tVersion=", 1) })
	raw("quotes", "Single quotes around attributes", func(s string) string { return strings.Replace(s, `Version="2.0"`, `Version='2.0'`, 1) })
	raw("empty-tags", "An empty element written with two tags", func(s string) string {
		return strings.Replace(s, `status:Success"/>`, `status:Success"></samlp:StatusCode>`, 1)
	})
	g.good(shape, "time-offset", "Times with an offset of an hour", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			zone := time.FixedZone("", 3600)
			for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
				el.CreateAttr("IssueInstant", m.issued.In(zone).Format("2006-01-02T15:04:05.000-07:00"))
			}
			find(doc, "Conditions").CreateAttr("NotOnOrAfter", m.notOnOrAfter.In(zone).Format(time.RFC3339))
			find(doc, "SubjectConfirmationData").CreateAttr("NotOnOrAfter", m.notOnOrAfter.In(zone).Format(time.RFC3339))
		}
	})
	g.good(shape, "time-seven-fractions", "Seven digits of a second, as .NET writes them", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			const seven = "2006-01-02T15:04:05.0000000Z"
			for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
				el.CreateAttr("IssueInstant", m.issued.Format(seven))
			}
			find(doc, "Conditions").CreateAttr("NotBefore", m.notBefore.Format(seven))
			find(doc, "AuthnStatement").CreateAttr("AuthnInstant", m.authn.Format(seven))
		}
	})
	g.good(shape, "time-without-zone", "Times without a zone are UTC", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			assertion(doc).CreateAttr("IssueInstant", m.issued.Format("2006-01-02T15:04:05"))
		}
	})
	g.good(shape, "attribute-statements", "Several AttributeStatements, one of them empty", "email", func(m *message, c *Case) {
		m.attributes = claim("firstName", "Ana")
		m.before = func(doc *etree.Document) {
			assertion(doc).AddChild(element(`<AttributeStatement xmlns="` + nsA + `"/>`))
			assertion(doc).AddChild(element(`<AttributeStatement xmlns="` + nsA + `">` + claim("email", m.email) + `</AttributeStatement>`))
		}
	})
	g.good(shape, "claims-pretty-printed", "Line breaks and indentation everywhere, a claim without values and one with a nil", "email", func(m *message, c *Case) {
		m.attributes = "\n    " + claim("email", "\n      "+m.email+"\n    ") + "\n    " + `<Attribute Name="department"/>` + "\n    " +
			`<Attribute Name="title"><AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></Attribute>` + "\n  "
	})
	// Canonical XML orders attributes by their namespace first, whatever their prefix and name.
	g.good(shape, "attributes-by-namespace", "Attributes of several namespaces on one element", "email", func(m *message, c *Case) {
		m.attributes = `<Attribute Name="email"><AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xml:lang="en" xsi:type="xs:string">` + m.email + `</AttributeValue></Attribute>` +
			`<Attribute Name="uid" xmlns:a="urn:z" xmlns:z="urn:a" a:b="1" z:c="2" z:b="3" a:a="4" xmlns:x500="urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500" x500:Encoding="LDAP"><AttributeValue>ana</AttributeValue></Attribute>`
	})
	g.good(shape, "canonical-oddities", "What canonicalization writes in its own way: references, quotes, namespaces declared again, rebound, taken away and never used", "email", func(m *message, c *Case) {
		m.attributes += `<Attribute Name="a&#9;b&#10;c&#13;d&quot;e'f&gt;g&lt;h&amp;i"><AttributeValue>a &gt; b ]]&gt; c "d" 'e' &amp; 👩 &#x85;&#x2028;</AttributeValue></Attribute>` +
			`<Attribute Name="xml" xmlns:n="urn:one" xmlns:unused="urn:unused"><AttributeValue><x xmlns=""><y xmlns=""/><n:z xmlns:n="urn:one"><n:z xmlns:n="urn:two" n:a="1"/><z xmlns="urn:one" xmlns:n="urn:one"/></n:z></x></AttributeValue></Attribute>`
	})
	g.good(shape, "claim-structured", "A claim of XML that nobody asked for, beside the address", "email", func(m *message, c *Case) {
		m.attributes += `<Attribute Name="eduPersonTargetedID"><AttributeValue><NameID Format="` + formatPersistent + `">x</NameID></AttributeValue></Attribute>`
	})
}

// signatures: what the signing libraries of this world write.
func (g *generator) signatures() {
	const shape = "tolerated"
	hint := func(name, about string, keyInfo func(info *etree.Element)) {
		g.good(shape, name, about, "email", func(m *message, c *Case) { m.sign.keyInfo = keyInfo })
	}
	hint("keyinfo-name", "KeyInfo that only names the key", func(info *etree.Element) { info.CreateElement("KeyName").SetText("idp") })
	hint("keyinfo-issuer-serial", "KeyInfo with issuer and serial number only", func(info *etree.Element) {
		serial := info.CreateElement("X509Data").CreateElement("X509IssuerSerial")
		serial.CreateElement("X509IssuerName").SetText(g.keys["idp"].cert.Issuer.String())
		serial.CreateElement("X509SerialNumber").SetText(g.keys["idp"].cert.SerialNumber.String())
	})
	hint("keyinfo-ski", "KeyInfo with a key identifier only", func(info *etree.Element) {
		info.CreateElement("X509Data").CreateElement("X509SKI").SetText("AAAA")
	})
	hint("keyinfo-other-certificate", "KeyInfo that names another certificate than the one that signed", func(info *etree.Element) {
		info.CreateElement("X509Data").CreateElement("X509Certificate").SetText(g.certBase64("next"))
	})
	hint("keyinfo-chain", "KeyInfo with a chain", func(info *etree.Element) {
		data := info.CreateElement("X509Data")
		data.CreateElement("X509Certificate").SetText(g.certBase64("leaf"))
		data.CreateElement("X509Certificate").SetText(g.certBase64("idp"))
	})
	hint("keyinfo-empty", "An empty KeyInfo", func(*etree.Element) {})
	g.good(shape, "reference-id-type", "Id and Type on the Reference, which say nothing about what is digested", "email", func(m *message, c *Case) {
		m.sign.beforeSign = func(info *etree.Element) {
			reference := child(info, "Reference")
			reference.CreateAttr("Id", "ref-"+reference.SelectAttrValue("URI", "#")[1:])
			reference.CreateAttr("Type", nsDS+"Manifest")
		}
	})
	g.good(shape, "signature-ids", "Ids on the signature's parts", "email", func(m *message, c *Case) {
		m.sign.beforeSign = func(info *etree.Element) {
			info.CreateAttr("Id", "info-"+child(info, "Reference").SelectAttrValue("URI", "#")[1:])
		}
	})
	g.good(shape, "signature-pretty-printed", "Line breaks between the parts of SignedInfo", "email", func(m *message, c *Case) {
		m.sign.beforeSign = func(info *etree.Element) {
			for _, el := range []*etree.Element{info, child(info, "Reference"), findIn(info, "Transforms")} {
				for i := len(el.Child); i >= 0; i-- {
					el.InsertChildAt(i, etree.NewText("\n  "))
				}
			}
		}
	})
	g.good(shape, "inclusive-default", "A PrefixList with #default and prefixes that are declared nowhere", "email", func(m *message, c *Case) {
		m.sign.beforeSign = func(info *etree.Element) {
			inclusive := findIn(info, "Transforms").ChildElements()[1].CreateElement("ec:InclusiveNamespaces")
			inclusive.CreateAttr("xmlns:ec", excC14N)
			inclusive.CreateAttr("PrefixList", "#default code ds kind rw typens")
		}
	})
	g.good(shape, "ecdsa-p384", "ECDSA with P-384 and SHA-384", "email", func(m *message, c *Case) {
		m.key, m.sign.method = "ec384", ecSHA384
		c.Certificates = []string{"ec384"}
	})
	g.good(shape, "rsa-3072", "RSA with 3072 bits", "email", func(m *message, c *Case) {
		m.key = "rsa3072"
		c.Certificates = []string{"rsa3072"}
	})
	g.good(shape, "ten-certificates", "Ten pinned certificates, the last one signs, without KeyInfo", "email", func(m *message, c *Case) {
		m.sign.noKeyInfo = true
		c.Certificates = tenPinned
	})
}

// surroundings: things that say nothing, signed or around what is signed.
func (g *generator) surroundings() {
	const shape = "tolerated"
	g.good(shape, "status-success-inner", "Success with a second code inside and a message: the outer code decides (SAML Core §3.2.2.2)", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			find(doc, "StatusCode").CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed")
			find(doc, "Status").CreateElement("samlp:StatusMessage").SetText("Authentication success")
		}
	})
	g.good(shape, "authnstatement-two", "Two AuthnStatements: the first counts", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			second := find(doc, "AuthnStatement").Copy()
			second.CreateAttr("AuthnInstant", stamp(now))
			assertion(doc).AddChild(second)
		}
	})
	g.good(shape, "authnstatement-locality", "A SubjectLocality, an AuthnContextDecl and an authorization decision", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			locality := etree.NewElement("SubjectLocality")
			locality.CreateAttr("Address", "192.0.2.1")
			locality.CreateAttr("DNSName", "canary.example")
			find(doc, "AuthnStatement").InsertChildAt(0, locality)
			find(doc, "AuthnContext").CreateElement("AuthnContextDeclRef").SetText("https://canary.example/decl")
			assertion(doc).AddChild(element(`<AuthzDecisionStatement xmlns="` + nsA + `" Resource="https://canary.example/" Decision="Deny"><Action Namespace="urn:x">read</Action></AuthzDecisionStatement>`))
		}
	})
	g.good(shape, "advice", "An Advice that holds no assertion", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			insertBefore(find(doc, "AttributeStatement"), element(`<Advice xmlns="`+nsA+`"><AssertionURIRef>https://canary.example/advice</AssertionURIRef></Advice>`))
		}
	})
	g.good(shape, "schema-location", "Schema addresses that nobody fetches", "email", func(m *message, c *Case) { m.before = schemaLocation })
	g.good(shape, "xml-base", "xml:base, xml:lang and xml:space", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
				el.CreateAttr("xml:base", "https://canary.example/")
				el.CreateAttr("xml:lang", "en")
				el.CreateAttr("xml:space", "preserve")
			}
		}
	})
	// What nobody has signed may be there, but says nothing.
	unsigned := func(name, about string, f func(s string) string) {
		g.good("namespace", name, about, "email", func(m *message, c *Case) { m.raw = f }, assertionSigned)
	}
	extension := func(xml string) func(s string) string {
		return func(s string) string {
			return strings.Replace(s, "<samlp:Status>", "<samlp:Extensions>"+xml+"</samlp:Extensions><samlp:Status>", 1)
		}
	}
	unsigned("unsigned-xinclude", "An XInclude that nobody has signed and nobody follows", extension(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="https://canary.example/unsigned"/>`))
	unsigned("unsigned-base", "xml:base on the response", func(s string) string {
		return strings.Replace(s, "<samlp:Response ", `<samlp:Response xml:base="https://canary.example/" `, 1)
	})
	unsigned("unsigned-id", "Another Id on the response", func(s string) string {
		return strings.Replace(s, "<samlp:Response ", `<samlp:Response Id="_other" samlp:ID="_another" `, 1)
	})
	unsigned("unsigned-consent-1k", "A kilobyte of consent", func(s string) string {
		return strings.Replace(s, "<samlp:Response ", `<samlp:Response Consent="urn:`+strings.Repeat("x", 1000)+`" `, 1)
	})
	// facts §b 13: a prefix rebound deep in what is not signed must not change how the signed part is read.
	prefixed := func(name, about, deep string) {
		g.good("namespace", name, about, "email", func(m *message, c *Case) {
			m.before = func(doc *etree.Document) { prefix(assertion(doc), "saml", nsA) }
			m.raw = extension(deep)
		}, assertionSigned)
	}
	prefixed("ns-rebind-extensions", "The assertion's prefix bound to another namespace deep in the response's extensions", `<x><y xmlns:saml="urn:evil"><saml:z/></y></x>`)
	prefixed("ns-rebind-ds", "The prefixes of signature and protocol bound to others there", `<x xmlns:ds="urn:evil" xmlns:saml="urn:evil" xmlns="`+nsA+`"><NameID>victim@acme.example</NameID><ds:z/></x>`)
	g.good("namespace", "ns-odd-prefixes", "Prefixes that mean something else everywhere else", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) { prefix(assertion(doc), "samlp", nsA) }
		m.sign.prefix = "saml"
	})
}

// prefix gives an element and what is below it a prefix instead of the default namespace.
func prefix(el *etree.Element, name, namespace string) {
	el.RemoveAttr("xmlns")
	el.CreateAttr("xmlns:"+name, namespace)
	var walk func(el *etree.Element)
	walk = func(el *etree.Element) {
		if el.Space == "" {
			el.Space = name
		}
		for _, c := range el.ChildElements() {
			walk(c)
		}
	}
	walk(el)
}
