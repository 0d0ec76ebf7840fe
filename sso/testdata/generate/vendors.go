package main

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
)

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
			key := g.keys["idp"].cert.PublicKey.(*rsa.PublicKey)
			value.CreateElement("dsig:Modulus").SetText(base64.StdEncoding.EncodeToString(key.N.Bytes()))
			value.CreateElement("dsig:Exponent").SetText(base64.StdEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()))
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
	g.java()
	g.clouds()
}

// openSAML is the shape of Java's OpenSAML, which Okta, Google, JumpCloud, Shibboleth and others send.
func openSAML(m *message, attributes, session string) string {
	const xs = `xmlns:xs="http://www.w3.org/2001/XMLSchema"`
	at := stamp(now.Add(-time.Second))
	entity := `Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity"`
	return `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="` + acs + `" ID="` + m.responseID() + `" InResponseTo="` + m.request + `" IssueInstant="` + at + `" Version="2.0" xmlns:saml2p="` + nsP + `" ` + xs + `>` +
		`<saml2:Issuer ` + entity + ` xmlns:saml2="` + nsA + `">` + issuer + `</saml2:Issuer><saml2p:Status xmlns:saml2p="` + nsP + `"><saml2p:StatusCode Value="` + success + `"/></saml2p:Status>` +
		`<saml2:Assertion ID="` + m.assertionID() + `" IssueInstant="` + at + `" Version="2.0" xmlns:saml2="` + nsA + `" ` + xs + `><saml2:Issuer ` + entity + ` xmlns:saml2="` + nsA + `">` + issuer + `</saml2:Issuer>` +
		`<saml2:Subject xmlns:saml2="` + nsA + `"><saml2:NameID Format="` + m.format + `">` + m.nameID + `</saml2:NameID><saml2:SubjectConfirmation Method="` + bearer + `"><saml2:SubjectConfirmationData InResponseTo="` + m.request + `" NotOnOrAfter="` + stamp(now.Add(5*time.Minute)) + `" Recipient="` + acs + `"/></saml2:SubjectConfirmation></saml2:Subject>` +
		`<saml2:Conditions NotBefore="` + stamp(now.Add(-5*time.Minute)) + `" NotOnOrAfter="` + stamp(now.Add(5*time.Minute)) + `" xmlns:saml2="` + nsA + `"><saml2:AudienceRestriction><saml2:Audience>` + entityID + `</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
		`<saml2:AuthnStatement AuthnInstant="` + at + `" SessionIndex="` + session + `" xmlns:saml2="` + nsA + `"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>` +
		`<saml2:AttributeStatement xmlns:saml2="` + nsA + `">` + attributes + `</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>`
}

// typed is an attribute whose value says its type.
func typed(prefix, name, format, kind, value string) string {
	return `<` + prefix + `:Attribute Name="` + name + `" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:` + format + `"><` + prefix + `:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:` + kind + `">` + value +
		`</` + prefix + `:AttributeValue></` + prefix + `:Attribute>`
}

// java is OpenSAML's shape, as its users set it up.
func (g *generator) java() {
	two := []string{"nameid", "email"}
	g.shaped("Okta", "okta", `Prefixes saml2 and saml2p, PrefixList="xs" in the transform, an unspecified NameID`, "email", two, func(m *message) string {
		return openSAML(m, typed("saml2", "email", "unspecified", "string", m.email)+typed("saml2", "firstName", "unspecified", "string", "Ana"), m.request)
	}, func(m *message) { m.format, m.sign.prefix, m.sign.inclusive = formatUnspecified, "ds", "xs" })
	g.shaped("Okta", "okta-empty-prefix-list", "An empty PrefixList in the transform", "email", two, func(m *message) string {
		return openSAML(m, typed("saml2", "email", "unspecified", "string", m.email), m.request)
	}, func(m *message) {
		m.format, m.sign.prefix = formatUnspecified, "ds"
		m.sign.beforeSign = func(info *etree.Element) {
			inclusive := findIn(info, "Transforms").ChildElements()[1].CreateElement("ec:InclusiveNamespaces")
			inclusive.CreateAttr("PrefixList", "")
			inclusive.CreateAttr("xmlns:ec", excC14N)
		}
	})
	// Apache Santuario folds base64 with carriage returns, which XML writes as &#13;. A SHA-512 digest is long enough for it too.
	g.shaped("OpenSAML", "opensaml-carriage-returns", "&#13; in SignatureValue, X509Certificate and DigestValue", "email", two, func(m *message) string {
		return openSAML(m, typed("saml2", "email", "uri", "string", m.email), "_s"+m.id)
	}, func(m *message) {
		m.sign.prefix, m.sign.inclusive, m.sign.method, m.sign.digest = "ds", "xs", rsaSHA512, sha512URI
		fold := func(el *etree.Element) { el.SetText(strings.ReplaceAll(folded(el.Text()), "\n", "\r\n")) }
		m.sign.beforeSign = func(info *etree.Element) { fold(findIn(info, "DigestValue")) }
		once := func(doc *etree.Document) {
			g.eachSignature(doc, func(sig *etree.Element) {
				if value := child(sig, "SignatureValue"); !strings.Contains(value.Text(), "\r") {
					fold(value)
					fold(findIn(sig, "X509Certificate"))
				}
			})
		}
		m.between, m.after = once, once
	})
	g.shaped("Shibboleth", "shibboleth", "A transient NameID, a PrefixList of xsd, claims by their OIDs with a plain one among them", "email", []string{"email"}, func(m *message) string {
		return openSAML(m, `<saml2:Attribute FriendlyName="mail" Name="urn:oid:0.9.2342.19200300.100.1.3" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml2:AttributeValue>other.`+m.email+`</saml2:AttributeValue></saml2:Attribute>`+
			typed("saml2", "email", "basic", "string", m.email), "_s"+m.id)
	}, func(m *message) {
		m.format, m.nameID, m.sign.prefix, m.sign.inclusive = formatTransient, "AAdzZWNyZXQx"+m.id, "ds", "xsd"
	})
	g.shaped("Google", "google", "Prefixes saml2 and saml2p, an e-mail NameID, xs:anyType, X509SubjectName in KeyInfo", "email", two, func(m *message) string {
		return openSAML(m, typed("saml2", "email", "basic", "anyType", m.email)+typed("saml2", "firstName", "basic", "anyType", "Ana"), "_s"+m.id)
	}, func(m *message) {
		m.sign.prefix = "ds"
		m.sign.keyInfo = func(info *etree.Element) {
			data := info.CreateElement("ds:X509Data")
			data.CreateElement("ds:X509SubjectName").SetText("ST=California,C=US,OU=Google For Work,CN=Google,L=Mountain View,O=Google Inc.")
			data.CreateElement("ds:X509Certificate").SetText(folded(g.certBase64("idp")))
		}
	})
	g.shaped("JumpCloud", "jumpcloud", "The three claims, an unspecified NameID, a folded certificate", "email", two, func(m *message) string {
		return openSAML(m, typed("saml2", "email", "unspecified", "string", m.email)+typed("saml2", "firstName", "unspecified", "string", "Ana")+typed("saml2", "lastName", "unspecified", "string", "Novak"), m.id)
	}, func(m *message) {
		m.format, m.sign.prefix, m.sign.inclusive = formatUnspecified, "ds", "xs"
		m.sign.keyInfo = func(info *etree.Element) {
			info.CreateElement("ds:X509Data").CreateElement("ds:X509Certificate").SetText("\n" + folded(g.certBase64("idp")) + "\n")
		}
	})
}

// clouds are other providers, each with a shape of its own.
func (g *generator) clouds() {
	two := []string{"nameid", "email"}
	samlp := func(m *message, assertionNamespaces, statements string) string {
		at := now.Add(-time.Second).Format("2006-01-02T15:04:05Z")
		until := now.Add(3 * time.Minute).Format("2006-01-02T15:04:05Z")
		return `<samlp:Response xmlns:saml="` + nsA + `" xmlns:samlp="` + nsP + `" ID="` + m.responseID() + `" Version="2.0" IssueInstant="` + at + `" Destination="` + acs + `" InResponseTo="` + m.request + `">` +
			`<saml:Issuer>` + issuer + `</saml:Issuer><samlp:Status><samlp:StatusCode Value="` + success + `"/></samlp:Status>` +
			`<saml:Assertion ` + assertionNamespaces + ` Version="2.0" ID="` + m.assertionID() + `" IssueInstant="` + at + `"><saml:Issuer>` + issuer + `</saml:Issuer>` +
			`<saml:Subject><saml:NameID Format="` + m.format + `">` + m.nameID + `</saml:NameID><saml:SubjectConfirmation Method="` + bearer + `"><saml:SubjectConfirmationData NotOnOrAfter="` + until + `" Recipient="` + acs + `" InResponseTo="` + m.request + `"/></saml:SubjectConfirmation></saml:Subject>` +
			`<saml:Conditions NotBefore="` + now.Add(-3*time.Minute).Format("2006-01-02T15:04:05Z") + `" NotOnOrAfter="` + until + `"><saml:AudienceRestriction><saml:Audience>` + entityID + `</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
			statements + `</saml:Assertion></samlp:Response>`
	}
	xsi := `xmlns:saml="` + nsA + `" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	authn := func(m *message) string {
		return `<saml:AuthnStatement AuthnInstant="` + now.Format("2006-01-02T15:04:05Z") + `" SessionNotOnOrAfter="` + now.AddDate(0, 0, 1).Format("2006-01-02T15:04:05Z") + `" SessionIndex="_` + m.id + `"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`
	}
	g.shaped("OneLogin", "onelogin", "Claims by OneLogin's default names: the e-mail NameID counts", "NameID", two, func(m *message) string {
		return samlp(m, xsi, authn(m)+`<saml:AttributeStatement>`+typed("saml", "User.email", "basic", "string", "other."+m.email)+typed("saml", "User.FirstName", "basic", "string", "Ana")+typed("saml", "memberOf", "basic", "string", "")+`</saml:AttributeStatement>`)
	}, func(m *message) { m.sign.prefix = "ds" })
	g.shaped("PingFederate", "pingfederate", "No KeyInfo, a folded SignatureValue, claims before the authentication", "email", two, func(m *message) string {
		return samlp(m, xsi, `<saml:AttributeStatement>`+typed("saml", "email", "basic", "string", m.email)+`</saml:AttributeStatement>`+authn(m))
	}, func(m *message) {
		m.format, m.sign.prefix, m.sign.noKeyInfo = formatUnspecified, "ds", true
		fold := func(doc *etree.Document) {
			g.eachSignature(doc, func(sig *etree.Element) {
				if value := child(sig, "SignatureValue"); !strings.Contains(value.Text(), "\n") {
					value.SetText("\n" + folded(value.Text()) + "\n")
				}
			})
		}
		m.between, m.after = fold, fold
	})
	g.shaped("ZITADEL", "zitadel", "The response in the default namespace, microseconds, a status message, no empty tags", "Email", []string{"persistent", "email"}, func(m *message) string {
		const micro = "2006-01-02T15:04:05.000000Z"
		at := now.Add(-time.Second).Add(123456 * time.Microsecond).Format(micro)
		return `<Response xmlns="` + nsP + `" ID="` + m.responseID() + `" InResponseTo="` + m.request + `" Version="2.0" IssueInstant="` + at + `" Destination="` + acs + `">` +
			`<Issuer xmlns="` + nsA + `" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">` + issuer + `</Issuer><Status xmlns="` + nsP + `"><StatusCode xmlns="` + nsP + `" Value="` + success + `"></StatusCode><StatusMessage></StatusMessage></Status>` +
			`<Assertion xmlns="` + nsA + `" Version="2.0" ID="` + m.assertionID() + `" IssueInstant="` + at + `"><Issuer xmlns="` + nsA + `" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">` + issuer + `</Issuer>` +
			`<Subject xmlns="` + nsA + `"><NameID Format="` + formatPersistent + `">` + m.id + `</NameID><SubjectConfirmation Method="` + bearer + `"><SubjectConfirmationData NotOnOrAfter="` + now.Add(5*time.Minute).Format(micro) + `" Recipient="` + acs + `" InResponseTo="` + m.request + `"></SubjectConfirmationData></SubjectConfirmation></Subject>` +
			`<Conditions xmlns="` + nsA + `" NotBefore="` + at + `" NotOnOrAfter="` + now.Add(5*time.Minute).Format(micro) + `"><AudienceRestriction xmlns="` + nsA + `"><Audience>` + entityID + `</Audience></AudienceRestriction></Conditions>` +
			`<AttributeStatement xmlns="` + nsA + `"><Attribute Name="Email" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"><AttributeValue>` + m.email + `</AttributeValue></Attribute><Attribute Name="FirstName" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"><AttributeValue>Ana</AttributeValue></Attribute></AttributeStatement>` +
			`<AuthnStatement xmlns="` + nsA + `" AuthnInstant="` + at + `" SessionIndex="_` + m.id + `"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</AuthnContextClassRef></AuthnContext></AuthnStatement>` +
			`</Assertion></Response>`
	}, nil)
}
