package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const claimsNS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

// good adds one accepted case in the modes given, all three by default.
func (g *generator) good(shape, name, about, from string, edit func(m *message, c *Case), only ...string) {
	if len(only) == 0 {
		only = modes
	}
	for _, mode := range only {
		full := name + "-" + mode
		m := newMessage(full, mode)
		c := m.caseFile(shape, about)
		c.Email, c.From, c.Keys = m.email, from, []string{"nameid", "email"}
		edit(m, &c)
		g.add("good", full, g.build(m), c)
	}
}

// shaped adds one accepted case whose document is the vendor's own.
func (g *generator) shaped(shape, name, about, from string, keys []string, document func(m *message) string, edit func(m *message), only ...string) {
	if len(only) == 0 {
		only = modes
	}
	for _, mode := range only {
		full := name + "-" + mode
		m := newMessage(full, mode)
		if edit != nil {
			edit(m)
		}
		c := m.caseFile(shape, about)
		c.Email, c.From, c.Keys = m.email, from, keys
		g.add("good", full, g.finish(m, parse(document(m))), c)
	}
}

func (g *generator) shapes() {
	g.entra()
	g.vendors()
	g.tolerated()
}

// entra's defaults, in the order in which it sends them.
func entraClaims(m *message, mail, upn string) string {
	const id = "http://schemas.microsoft.com/identity/claims/"
	s := claim(id+"tenantid", "72f988bf-86f1-41af-91ab-2d7cd011db47") +
		claim(id+"objectidentifier", "00000000-0000-4000-8000-"+m.id[:12]) +
		claim(id+"displayname", "Ana Novak") +
		claim(id+"identityprovider", "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/") +
		claim("http://schemas.microsoft.com/claims/authnmethodsreferences", "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password", "http://schemas.microsoft.com/claims/multipleauthn") +
		claim(claimsNS+"givenname", "Ana") + claim(claimsNS+"surname", "Novak")
	if mail != "" {
		s += claim(claimsNS+"emailaddress", mail)
	}
	return s + claim(claimsNS+"name", upn)
}

func (g *generator) entra() {
	const shape = "Entra"
	three := []string{"objectid", "nameid", "email"}
	g.good(shape, "entra-short-claims", "Mixpanel's three claims, Namespace cleared", "email", func(m *message, c *Case) {})
	g.good(shape, "entra-namespace-kept", "The three claims with the Namespace left as it was", claimsNS+"email", func(m *message, c *Case) {
		m.attributes = claim(claimsNS+"email", m.email) + claim(claimsNS+"firstName", "Ana") + claim(claimsNS+"lastName", "Novak")
	})
	g.good(shape, "entra-defaults", "Entra's own claims and nothing else", claimsNS+"emailaddress", func(m *message, c *Case) {
		m.attributes = entraClaims(m, m.email, "upn."+m.email)
		c.Keys = three
	})
	g.good(shape, "entra-no-mail", "No mail attribute: the user principal name", claimsNS+"name", func(m *message, c *Case) {
		m.attributes = entraClaims(m, "", m.email)
		c.Keys = three
	})
	g.good(shape, "entra-guest", "A guest, whose user principal name is not an address", claimsNS+"emailaddress", func(m *message, c *Case) {
		m.nameID = m.name + "_fabrikam.example#EXT#@acme.onmicrosoft.com"
		m.email = m.name + "@fabrikam.example"
		m.attributes = entraClaims(m, m.email, m.nameID)
		c.Email, c.Keys = m.email, three
	})
	g.good(shape, "entra-persistent", "A pairwise persistent NameID", "email", func(m *message, c *Case) {
		m.format, m.nameID = formatPersistent, "AbC-"+m.id
		c.Keys = []string{"persistent", "email"}
	})
	g.good(shape, "entra-groups-150", "150 groups, the most that Entra sends", "email", func(m *message, c *Case) {
		values := make([]string, 150)
		for i := range values {
			values[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		}
		m.attributes += claim("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", values...)
	}, assertionSigned, bothSigned)
	g.good(shape, "entra-groups-link", "More than 150 groups: a link instead", "email", func(m *message, c *Case) {
		m.attributes += claim("http://schemas.microsoft.com/claims/groups.link", "https://graph.windows.net/72f988bf/users/1/getMemberObjects")
	}, assertionSigned)
	g.good(shape, "entra-several-roles", "A claim with several values", "email", func(m *message, c *Case) { m.attributes += claim("Role", "admin", "user", "user") }, assertionSigned)
	g.good(shape, "entra-upper-case", "An address in capitals is the same account", "email", func(m *message, c *Case) {
		m.attributes = claim("email", strings.ToUpper(m.email))
	}, assertionSigned)
	g.good(shape, "entra-app-id-issuer", "A session of eighty days is none of our business", "email", func(m *message, c *Case) { m.authn = now.AddDate(0, 0, -80) }, assertionSigned)
}

func (g *generator) vendors() {
	at := func(d time.Duration) string { return now.Add(d).UTC().Format("2006-01-02T15:04:05Z") }
	two := []string{"nameid", "email"}
	const uriFormat = `NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"`
	const basic = `NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"`
	xsi := `xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`

	g.shaped("SimpleSAMLphp", "simplesamlphp", "Prefixes saml and samlp, transient NameID, SPNameQualifier, no Destination on the response twice", "email", []string{"email"}, func(m *message) string {
		return `<samlp:Response xmlns:samlp="` + nsP + `" xmlns:saml="` + nsA + `" ID="` + m.responseID() + `" Version="2.0" IssueInstant="` + at(-2*time.Second) + `" Destination="` + acs + `" InResponseTo="` + m.request + `">` +
			`<saml:Issuer>` + issuer + `</saml:Issuer><samlp:Status><samlp:StatusCode Value="` + success + `"/></samlp:Status>` +
			`<saml:Assertion ` + xsi + ` ID="` + m.assertionID() + `" Version="2.0" IssueInstant="` + at(-2*time.Second) + `"><saml:Issuer>` + issuer + `</saml:Issuer>` +
			`<saml:Subject><saml:NameID SPNameQualifier="` + entityID + `" Format="` + formatTransient + `">_` + m.id + `</saml:NameID><saml:SubjectConfirmation Method="` + bearer + `"><saml:SubjectConfirmationData NotOnOrAfter="` + at(5*time.Minute) + `" Recipient="` + acs + `" InResponseTo="` + m.request + `"/></saml:SubjectConfirmation></saml:Subject>` +
			`<saml:Conditions NotBefore="` + at(-30*time.Second) + `" NotOnOrAfter="` + at(5*time.Minute) + `"><saml:AudienceRestriction><saml:Audience>` + entityID + `</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
			`<saml:AuthnStatement AuthnInstant="` + at(-10*time.Second) + `" SessionNotOnOrAfter="` + at(8*time.Hour) + `" SessionIndex="_s` + m.id + `"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
			`<saml:AttributeStatement><saml:Attribute Name="uid" ` + basic + `><saml:AttributeValue xsi:type="xs:string">ana</saml:AttributeValue></saml:Attribute><saml:Attribute Name="email" ` + basic + `><saml:AttributeValue xsi:type="xs:string">` + m.email + `</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>` +
			`</saml:Assertion></samlp:Response>`
	}, func(m *message) { m.sign.prefix = "ds" })

	g.shaped("pysaml2", "pysaml2", "Prefixes ns0 to ns2, Id on the Signature, folded base64, an XML declaration", "email", two, func(m *message) string {
		return `<ns0:Response xmlns:ns0="` + nsP + `" xmlns:ns1="` + nsA + `" ID="` + m.responseID() + `" InResponseTo="` + m.request + `" Version="2.0" IssueInstant="` + at(-2*time.Second) + `" Destination="` + acs + `">` +
			`<ns1:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">` + issuer + `</ns1:Issuer><ns0:Status><ns0:StatusCode Value="` + success + `"/></ns0:Status>` +
			`<ns1:Assertion Version="2.0" ID="` + m.assertionID() + `" IssueInstant="` + at(-2*time.Second) + `"><ns1:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">` + issuer + `</ns1:Issuer>` +
			`<ns1:Subject><ns1:NameID NameQualifier="" SPNameQualifier="` + entityID + `" Format="` + formatUnspecified + `">` + m.id + `</ns1:NameID><ns1:SubjectConfirmation Method="` + bearer + `"><ns1:SubjectConfirmationData NotOnOrAfter="` + at(15*time.Minute) + `" Recipient="` + acs + `" InResponseTo="` + m.request + `"/></ns1:SubjectConfirmation></ns1:Subject>` +
			`<ns1:Conditions NotBefore="` + at(-2*time.Second) + `" NotOnOrAfter="` + at(15*time.Minute) + `"><ns1:AudienceRestriction><ns1:Audience>` + entityID + `</ns1:Audience></ns1:AudienceRestriction></ns1:Conditions>` +
			`<ns1:AuthnStatement AuthnInstant="` + at(-3*time.Second) + `" SessionIndex="id-s` + m.id + `"><ns1:AuthnContext><ns1:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocolPassword</ns1:AuthnContextClassRef><ns1:AuthenticatingAuthority>http://www.example.com/login</ns1:AuthenticatingAuthority></ns1:AuthnContext></ns1:AuthnStatement>` +
			`<ns1:AttributeStatement><ns1:Attribute Name="urn:oid:2.5.4.42" ` + uriFormat + ` FriendlyName="givenName"><ns1:AttributeValue ` + xsi + ` xsi:type="xs:string">Ana</ns1:AttributeValue></ns1:Attribute><ns1:Attribute Name="email" ` + uriFormat + ` FriendlyName="email"><ns1:AttributeValue ` + xsi + ` xsi:type="xs:string">` + m.email + `</ns1:AttributeValue></ns1:Attribute></ns1:AttributeStatement>` +
			`</ns1:Assertion></ns0:Response>`
	}, func(m *message) {
		m.sign.prefix = "ns2"
		m.sign.noKeyInfo = true
		m.raw = func(s string) string { return "<?xml version='1.0' encoding='UTF-8'?>\n" + s }
		fold := func(doc *etree.Document) {
			for _, el := range []*etree.Element{assertion(doc), doc.Root()} {
				if sig := child(el, "Signature"); sig != nil && sig.SelectAttr("Id") == nil {
					sig.CreateAttr("Id", "Signature"+el.Tag)
					value := child(sig, "SignatureValue")
					value.SetText("\n" + folded(value.Text()) + "\n")
				}
			}
		}
		m.between, m.after = fold, fold
	})

	g.shaped("Okta", "okta", "Prefixes saml2 and saml2p, InclusiveNamespaces in the transform, an unspecified NameID", "email", two, func(m *message) string {
		return `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="` + acs + `" ID="` + m.responseID() + `" InResponseTo="` + m.request + `" IssueInstant="` + stamp(now.Add(-time.Second)) + `" Version="2.0" xmlns:saml2p="` + nsP + `" xmlns:xs="http://www.w3.org/2001/XMLSchema">` +
			`<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="` + nsA + `">` + issuer + `</saml2:Issuer><saml2p:Status xmlns:saml2p="` + nsP + `"><saml2p:StatusCode Value="` + success + `"/></saml2p:Status>` +
			`<saml2:Assertion ID="` + m.assertionID() + `" IssueInstant="` + stamp(now.Add(-time.Second)) + `" Version="2.0" xmlns:saml2="` + nsA + `" xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="` + nsA + `">` + issuer + `</saml2:Issuer>` +
			`<saml2:Subject xmlns:saml2="` + nsA + `"><saml2:NameID Format="` + formatUnspecified + `">` + m.email + `</saml2:NameID><saml2:SubjectConfirmation Method="` + bearer + `"><saml2:SubjectConfirmationData InResponseTo="` + m.request + `" NotOnOrAfter="` + stamp(now.Add(5*time.Minute)) + `" Recipient="` + acs + `"/></saml2:SubjectConfirmation></saml2:Subject>` +
			`<saml2:Conditions NotBefore="` + stamp(now.Add(-5*time.Minute)) + `" NotOnOrAfter="` + stamp(now.Add(5*time.Minute)) + `" xmlns:saml2="` + nsA + `"><saml2:AudienceRestriction><saml2:Audience>` + entityID + `</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
			`<saml2:AuthnStatement AuthnInstant="` + stamp(now.Add(-time.Second)) + `" SessionIndex="` + m.request + `" xmlns:saml2="` + nsA + `"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>` +
			`<saml2:AttributeStatement xmlns:saml2="` + nsA + `"><saml2:Attribute Name="email" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">` + m.email + `</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>` +
			`</saml2:Assertion></saml2p:Response>`
	}, func(m *message) {
		m.sign.prefix = "ds"
		m.sign.beforeSign = func(info *etree.Element) {
			transform := findIn(info, "Transforms").ChildElements()[1]
			inclusive := transform.CreateElement("ec:InclusiveNamespaces")
			inclusive.CreateAttr("PrefixList", "")
			inclusive.CreateAttr("xmlns:ec", excC14N)
		}
	})

	g.shaped("ADFS", "adfs", "Consent on the response, ds: signature, claims by their long names, ADFS's default NameID", claimsNS+"emailaddress", two, func(m *message) string {
		return `<samlp:Response ID="` + m.responseID() + `" Version="2.0" IssueInstant="` + stamp(now) + `" Destination="` + acs + `" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="` + m.request + `" xmlns:samlp="` + nsP + `">` +
			`<Issuer xmlns="` + nsA + `">` + issuer + `</Issuer><samlp:Status><samlp:StatusCode Value="` + success + `" /></samlp:Status>` +
			`<Assertion ID="` + m.assertionID() + `" IssueInstant="` + stamp(now) + `" Version="2.0" xmlns="` + nsA + `"><Issuer>` + issuer + `</Issuer>` +
			`<Subject><NameID Format="` + formatUnspecified + `">ACME\` + m.id + `</NameID><SubjectConfirmation Method="` + bearer + `"><SubjectConfirmationData InResponseTo="` + m.request + `" NotOnOrAfter="` + stamp(now.Add(5*time.Minute)) + `" Recipient="` + acs + `" /></SubjectConfirmation></Subject>` +
			`<Conditions NotBefore="` + stamp(now) + `" NotOnOrAfter="` + stamp(now.Add(time.Hour)) + `"><AudienceRestriction><Audience>` + entityID + `</Audience></AudienceRestriction></Conditions>` +
			`<AttributeStatement><Attribute Name="` + claimsNS + `emailaddress"><AttributeValue>` + m.email + `</AttributeValue></Attribute><Attribute Name="` + claimsNS + `givenname"><AttributeValue>Ana</AttributeValue></Attribute></AttributeStatement>` +
			`<AuthnStatement AuthnInstant="` + stamp(now.Add(-time.Second)) + `" SessionIndex="` + m.assertionID() + `"><AuthnContext><AuthnContextClassRef>urn:federation:authentication:windows</AuthnContextClassRef></AuthnContext></AuthnStatement>` +
			`</Assertion></samlp:Response>`
	}, func(m *message) { m.sign.prefix = "ds" })

	g.shaped("Keycloak", "keycloak", "KeyName, X509Data and KeyValue in KeyInfo, repeated Attribute elements of one Name", "email", []string{"persistent", "email"}, func(m *message) string {
		return `<samlp:Response xmlns:samlp="` + nsP + `" xmlns:saml="` + nsA + `" Destination="` + acs + `" ID="` + m.responseID() + `" InResponseTo="` + m.request + `" IssueInstant="` + stamp(now.Add(-time.Second)) + `" Version="2.0">` +
			`<saml:Issuer>` + issuer + `</saml:Issuer><samlp:Status><samlp:StatusCode Value="` + success + `"/></samlp:Status>` +
			`<saml:Assertion xmlns="` + nsA + `" ID="` + m.assertionID() + `" IssueInstant="` + stamp(now.Add(-time.Second)) + `" Version="2.0"><saml:Issuer>` + issuer + `</saml:Issuer>` +
			`<saml:Subject><saml:NameID Format="` + formatPersistent + `">G-` + m.id + `</saml:NameID><saml:SubjectConfirmation Method="` + bearer + `"><saml:SubjectConfirmationData InResponseTo="` + m.request + `" NotOnOrAfter="` + stamp(now.Add(5*time.Minute)) + `" Recipient="` + acs + `"/></saml:SubjectConfirmation></saml:Subject>` +
			`<saml:Conditions NotBefore="` + stamp(now.Add(-3*time.Second)) + `" NotOnOrAfter="` + stamp(now.Add(time.Minute)) + `"><saml:AudienceRestriction><saml:Audience>` + entityID + `</saml:Audience></saml:AudienceRestriction><saml:OneTimeUse/></saml:Conditions>` +
			`<saml:AuthnStatement AuthnInstant="` + stamp(now.Add(-time.Second)) + `" SessionIndex="` + m.id + `::1" SessionNotOnOrAfter="` + stamp(now.Add(10*time.Hour)) + `"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
			`<saml:AttributeStatement><saml:Attribute FriendlyName="email" Name="email" ` + basic + `><saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">` + m.email + `</saml:AttributeValue></saml:Attribute>` +
			`<saml:Attribute Name="Role" ` + basic + `><saml:AttributeValue>a</saml:AttributeValue></saml:Attribute><saml:Attribute Name="Role" ` + basic + `><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>` +
			`</saml:Assertion></samlp:Response>`
	}, func(m *message) {
		m.sign.prefix = "dsig"
		m.sign.keyInfo = func(info *etree.Element) {
			info.CreateElement("dsig:KeyName").SetText("FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE")
			info.CreateElement("dsig:X509Data").CreateElement("dsig:X509Certificate").SetText(g.certBase64("idp"))
			value := info.CreateElement("dsig:KeyValue").CreateElement("dsig:RSAKeyValue")
			value.CreateElement("dsig:Modulus").SetText("AQAB")
			value.CreateElement("dsig:Exponent").SetText("AQAB")
		}
	})

	g.shaped("LemonLDAP::NG", "lemonldap", "Conditions of a day, a session's end, line breaks between elements", "email", two, func(m *message) string {
		return "<samlp:Response xmlns:samlp=\"" + nsP + "\" xmlns:saml=\"" + nsA + "\" ID=\"" + m.responseID() + "\" InResponseTo=\"" + m.request + "\" Version=\"2.0\" IssueInstant=\"" + at(-time.Second) + "\" Destination=\"" + acs + "\">\n" +
			"<saml:Issuer>" + issuer + "</saml:Issuer>\n<samlp:Status>\n<samlp:StatusCode Value=\"" + success + "\"/>\n</samlp:Status>\n" +
			"<saml:Assertion Version=\"2.0\" ID=\"" + m.assertionID() + "\" IssueInstant=\"" + at(-time.Second) + "\">\n<saml:Issuer>" + issuer + "</saml:Issuer>\n" +
			"<saml:Subject>\n<saml:NameID Format=\"" + formatEmail + "\" NameQualifier=\"" + issuer + "\" SPNameQualifier=\"" + entityID + "\">" + m.email + "</saml:NameID>\n<saml:SubjectConfirmation Method=\"" + bearer + "\">\n<saml:SubjectConfirmationData NotOnOrAfter=\"" + at(24*time.Hour) + "\" Recipient=\"" + acs + "\" InResponseTo=\"" + m.request + "\"/>\n</saml:SubjectConfirmation>\n</saml:Subject>\n" +
			"<saml:Conditions NotBefore=\"" + at(-time.Minute) + "\" NotOnOrAfter=\"" + at(24*time.Hour) + "\">\n<saml:AudienceRestriction>\n<saml:Audience>" + entityID + "</saml:Audience>\n</saml:AudienceRestriction>\n</saml:Conditions>\n" +
			"<saml:AuthnStatement AuthnInstant=\"" + at(-time.Minute) + "\" SessionIndex=\"" + m.id + "\" SessionNotOnOrAfter=\"" + at(20*time.Hour) + "\">\n<saml:AuthnContext>\n<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>\n</saml:AuthnContext>\n</saml:AuthnStatement>\n" +
			"<saml:AttributeStatement>\n<saml:Attribute Name=\"email\" " + basic + ">\n<saml:AttributeValue>" + m.email + "</saml:AttributeValue>\n</saml:Attribute>\n</saml:AttributeStatement>\n" +
			"</saml:Assertion></samlp:Response>"
	}, nil)
}

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
	}, assertionSigned)
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
	g.good(shape, "no-destination", "Neither Destination nor Issuer on the response", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			doc.Root().RemoveAttr("Destination")
			remove(child(doc.Root(), "Issuer"))
		}
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
	}, assertionSigned)
	g.good(shape, "email-nameid-only", "No claims: the e-mail NameID", "NameID", func(m *message, c *Case) { m.attributes = claim("firstName", "Ana") })
	g.good(shape, "email-empty-claim", "An empty e-mail claim counts as absent", "NameID", func(m *message, c *Case) { m.attributes = claim("email", "") })
	g.good(shape, "whitespace-in-address", "Line breaks around the address", "email", func(m *message, c *Case) { m.attributes = claim("email", "\n  "+m.email+"\n") }, assertionSigned)
	g.good(shape, "one-time-use", "OneTimeUse and ProxyRestriction", "email", func(m *message, c *Case) {
		m.before = func(doc *etree.Document) {
			find(doc, "Conditions").CreateElement("OneTimeUse")
			find(doc, "Conditions").CreateElement("ProxyRestriction").CreateAttr("Count", "0")
		}
	}, assertionSigned)
}

// folded is base64 with a line break after each 64 letters.
func folded(s string) string {
	var b strings.Builder
	for len(s) > 64 {
		b.WriteString(s[:64] + "\n")
		s = s[64:]
	}
	b.WriteString(s)
	return b.String()
}
