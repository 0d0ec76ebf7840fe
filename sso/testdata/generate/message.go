package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// What every case is about: the organization's service provider at the corpus' time.
var now = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

const (
	entityID = "https://app.example/saml/org_corpus"
	acs      = entityID + "/acs"
	issuer   = "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"

	formatEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	formatPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	formatTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	bearer            = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	success           = "urn:oasis:names:tc:SAML:2.0:status:Success"

	nsP = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsA = "urn:oasis:names:tc:SAML:2.0:assertion"
)

// The three signing modes.
const (
	assertionSigned = "assertion"
	responseSigned  = "response"
	bothSigned      = "both"
)

var modes = []string{assertionSigned, responseSigned, bothSigned}

// message is a response in Entra's shape, on its way to be a case.
type message struct {
	name, mode string // the case's name, without the mode
	id         string // 16 hex digits that differ from case to case
	request    string
	email      string

	issued, notBefore, notOnOrAfter, authn time.Time
	issuer, audience, recipient            string
	destination, inResponseTo              string
	nameID, format                         string
	attributes                             string

	before  func(*etree.Document) // the identity provider's doing: edits that are signed
	between func(*etree.Document) // after the assertion is signed, before the response is
	after   func(*etree.Document) // an attacker's doing
	raw     func(string) string   // last, on the text
	key     string
	sign    signing
}

func newMessage(name, mode string) *message {
	sum := sha256.Sum256([]byte(name + "/" + mode))
	id := hex.EncodeToString(sum[:8])
	m := &message{
		name: name, mode: mode, id: id, request: "id-" + id, email: name + "@acme.example",
		issued: now.Add(-2 * time.Second), notBefore: now.Add(-5 * time.Minute), notOnOrAfter: now.Add(time.Hour), authn: now.AddDate(0, 0, -80),
		issuer: issuer, audience: entityID, recipient: acs, destination: acs,
		format: formatEmail, key: "idp",
	}
	m.nameID, m.inResponseTo = m.email, m.request
	m.attributes = claim("email", m.email) + claim("firstName", "Ana") + claim("lastName", "Novak")
	return m
}

func claim(name string, values ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<Attribute Name="%s">`, name)
	for _, v := range values {
		fmt.Fprintf(&b, `<AttributeValue>%s</AttributeValue>`, v)
	}
	b.WriteString(`</Attribute>`)
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// assertionID and responseID are the IDs in the genuine message.
func (m *message) assertionID() string { return "_a" + m.id }
func (m *message) responseID() string  { return "_r" + m.id }

func (m *message) document() *etree.Document {
	return parse(fmt.Sprintf(`<samlp:Response ID="%[13]s" Version="2.0" IssueInstant="%[1]s" Destination="%[2]s" InResponseTo="%[3]s" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">`+
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">%[4]s</Issuer>`+
		`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`+
		`<Assertion ID="%[14]s" IssueInstant="%[1]s" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">`+
		`<Issuer>%[4]s</Issuer>`+
		`<Subject><NameID Format="%[5]s">%[6]s</NameID>`+
		`<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="%[3]s" NotOnOrAfter="%[7]s" Recipient="%[8]s"/></SubjectConfirmation></Subject>`+
		`<Conditions NotBefore="%[9]s" NotOnOrAfter="%[7]s"><AudienceRestriction><Audience>%[10]s</Audience></AudienceRestriction></Conditions>`+
		`<AttributeStatement>%[11]s</AttributeStatement>`+
		`<AuthnStatement AuthnInstant="%[12]s" SessionIndex="%[14]s"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>`+
		`</Assertion></samlp:Response>`,
		stamp(m.issued), m.destination, m.inResponseTo, m.issuer, m.format, m.nameID, stamp(m.notOnOrAfter), m.recipient, stamp(m.notBefore), m.audience, m.attributes, stamp(m.authn),
		m.responseID(), m.assertionID()))
}

func parse(xml string) *etree.Document {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(xml); err != nil {
		log.Fatalf("%v in %s", err, xml)
	}
	return doc
}

// build makes the text of the message.
func (g *generator) build(m *message) string { return g.finish(m, m.document()) }

// finish signs a document as the message says and edits it.
func (g *generator) finish(m *message, doc *etree.Document) string {
	if m.before != nil {
		m.before(doc)
	}
	if m.mode == assertionSigned || m.mode == bothSigned {
		if a := assertion(doc); a != nil {
			g.sign(a, m.sign, m.key)
		}
	}
	if m.between != nil {
		m.between(doc)
	}
	if m.mode == responseSigned || m.mode == bothSigned {
		g.sign(doc.Root(), m.sign, m.key)
	}
	if m.after != nil {
		m.after(doc)
	}
	doc.WriteSettings.CanonicalAttrVal = true // or a reader takes a tab in it for a space
	out, err := doc.WriteToString()
	if err != nil {
		log.Fatal(err)
	}
	out = strings.ReplaceAll(out, "\r", "&#13;") // or a reader takes it for a line break
	if m.raw != nil {
		out = m.raw(out)
	}
	return out
}

func (m *message) caseFile(class, about string) Case {
	return Case{About: about, Class: class, Now: now, Request: m.request, RequestedAt: now.Add(-20 * time.Second), Certificates: []string{"idp"}}
}

// bad adds one refused case in the modes given, all three by default. reasons are the refusals that are right; edit makes the
// message wrong.
func (g *generator) bad(class, name, about, reasons string, edit func(m *message), only ...string) {
	if len(only) == 0 {
		only = modes
	}
	for _, mode := range only {
		m := newMessage(name, mode)
		edit(m)
		c := m.caseFile(class, about)
		c.Reasons = strings.Fields(reasons)
		g.add("bad", name+"-"+mode, g.build(m), c)
	}
}

// shrink takes text that is made of many copies out of a case and leaves a mark: what was signed is whole again once the test has grown it.
func (g *generator) shrink(kind, name, text string, times int) {
	for i := range g.files {
		f := &g.files[i]
		if whole := strings.Repeat(text, times); f.kind == kind && strings.HasPrefix(f.name, name+"-") && strings.Count(f.response, whole) == 1 {
			f.response = strings.Replace(f.response, whole, growHere, 1)
			f.about.Grow = append(f.about.Grow, Growth{At: growHere, Text: text, Times: times})
		}
	}
}

const growHere = "<!--GROW-->"

// Finding parts of a document, by local name.

func find(doc *etree.Document, tag string) *etree.Element {
	return findIn(&doc.Element, tag)
}

func findIn(el *etree.Element, tag string) *etree.Element {
	for _, c := range el.ChildElements() {
		if c.Tag == tag {
			return c
		}
		if found := findIn(c, tag); found != nil {
			return found
		}
	}
	return nil
}

func child(el *etree.Element, tag string) *etree.Element {
	for _, c := range el.ChildElements() {
		if c.Tag == tag {
			return c
		}
	}
	return nil
}

func assertion(doc *etree.Document) *etree.Element { return child(doc.Root(), "Assertion") }

func remove(el *etree.Element) *etree.Element {
	if el != nil && el.Parent() != nil {
		el.Parent().RemoveChild(el)
	}
	return el
}

// insertBefore puts el before the other one.
func insertBefore(other *etree.Element, el etree.Token) {
	other.Parent().InsertChildAt(other.Index(), el)
}

func element(xml string) *etree.Element { return parse(xml).Root().Copy() }

// standalone is a copy that carries the namespaces it needs.
func standalone(el *etree.Element) *etree.Element {
	c := el.Copy()
	if c.SelectAttr("xmlns") == nil && c.Space == "" {
		c.CreateAttr("xmlns", el.NamespaceURI())
	}
	return c
}
