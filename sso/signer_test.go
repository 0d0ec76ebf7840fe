package sso

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

var testNow = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

const (
	testEntityID = "https://app.example/saml/org_acme"
	testACS      = "https://app.example/saml/org_acme/acs"
	testIssuer   = "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"
	testRequest  = "id-0123456789abcdef0123456789abcdef01234567"
)

// keyPair is an identity provider's signing key with its certificate.
type keyPair struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func newKeyPair(key crypto.Signer, notBefore, notAfter time.Time) keyPair {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(notBefore.UnixNano()),
		Subject:      pkix.Name{CommonName: "Microsoft Azure Federated SSO Certificate"},
		NotBefore:    notBefore,
		NotAfter:     notAfter,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return keyPair{key, cert}
}

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	idpKey   = sync.OnceValue(func() keyPair { return newKeyPair(rsaKey(), testNow.AddDate(-1, 0, 0), testNow.AddDate(2, 0, 0)) })
	otherKey = sync.OnceValue(func() keyPair {
		return newKeyPair(newRSA(2048), testNow.AddDate(-1, 0, 0), testNow.AddDate(2, 0, 0))
	})
	expiredKey = sync.OnceValue(func() keyPair { return newKeyPair(rsaKey(), testNow.AddDate(-3, 0, 0), testNow.AddDate(0, 0, -1)) })
	futureKey  = sync.OnceValue(func() keyPair { return newKeyPair(rsaKey(), testNow.AddDate(0, 0, 1), testNow.AddDate(3, 0, 0)) })
	ecKey      = sync.OnceValue(func() keyPair {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return newKeyPair(key, testNow.AddDate(-1, 0, 0), testNow.AddDate(2, 0, 0))
	})
)

// message is a response to be made; its zero parts are left out of the XML.
type message struct {
	key          keyPair
	signResponse bool
	signAssert   bool
	method       string // signature method, RSA-SHA256 by default
	noKeyInfo    bool
	claims       string // AttributeStatement content
	edit         func(*etree.Document)
	after        func(*etree.Document) // edits made after signing
	raw          func(string) string   // last, on the bytes

	issued      time.Time
	inResponse  string
	issuer      string
	audience    string
	recipient   string
	destination string
	notBefore   time.Time
	notAfter    time.Time
	nameID      string
	format      string
}

// genuine is what Entra sends by default, signed in the assertion only.
func genuine() message {
	return message{
		key:         idpKey(),
		signAssert:  true,
		claims:      claim("email", "ana@acme.example") + claim("firstName", "Ana") + claim("lastName", "Novak"),
		issued:      testNow.Add(-2 * time.Second),
		inResponse:  testRequest,
		issuer:      testIssuer,
		audience:    testEntityID,
		recipient:   testACS,
		destination: testACS,
		notBefore:   testNow.Add(-5 * time.Minute),
		notAfter:    testNow.Add(time.Hour),
		nameID:      "ana@acme.example",
		format:      formatEmail,
	}
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

const (
	entraClaimNS      = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	claimEmailAddress = entraClaimNS + "emailaddress"
	claimGivenName    = entraClaimNS + "givenname"
	claimSurname      = entraClaimNS + "surname"
	claimDisplayName  = "http://schemas.microsoft.com/identity/claims/displayname"
)

func (m message) build(t testing.TB) []byte {
	t.Helper()
	f := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	xml := fmt.Sprintf(`<samlp:Response ID="_8e8dc5f6" Version="2.0" IssueInstant="%[1]s" Destination="%[2]s" InResponseTo="%[3]s" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">`+
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">%[4]s</Issuer>`+
		`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`+
		`<Assertion ID="_a75adf55" IssueInstant="%[1]s" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">`+
		`<Issuer>%[4]s</Issuer>`+
		`<Subject><NameID Format="%[5]s">%[6]s</NameID>`+
		`<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="%[3]s" NotOnOrAfter="%[7]s" Recipient="%[8]s"/></SubjectConfirmation></Subject>`+
		`<Conditions NotBefore="%[9]s" NotOnOrAfter="%[7]s"><AudienceRestriction><Audience>%[10]s</Audience></AudienceRestriction></Conditions>`+
		`<AttributeStatement>%[11]s</AttributeStatement>`+
		`<AuthnStatement AuthnInstant="%[12]s" SessionIndex="_a75adf55"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>`+
		`</Assertion></samlp:Response>`,
		f(m.issued), m.destination, m.inResponse, m.issuer, m.format, m.nameID, f(m.notAfter), m.recipient, f(m.notBefore), m.audience, m.claims, f(testNow.AddDate(0, 0, -80)))
	doc := etree.NewDocument()
	if err := doc.ReadFromString(xml); err != nil {
		t.Fatalf("test message: %v", err)
	}
	if m.edit != nil {
		m.edit(doc)
	}
	if m.signAssert {
		for i, child := range doc.Root().Child {
			if el, ok := child.(*etree.Element); ok && el.Tag == "Assertion" {
				doc.Root().RemoveChildAt(i)
				doc.Root().InsertChildAt(i, m.sign(t, el))
			}
		}
	}
	if m.signResponse {
		doc.SetRoot(m.sign(t, doc.Root()))
	}
	if m.after != nil {
		m.after(doc)
	}
	out, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	if m.raw != nil {
		out = m.raw(out)
	}
	return []byte(out)
}

// sign returns el with an enveloped signature after its Issuer.
func (m message) sign(t testing.TB, el *etree.Element) *etree.Element {
	t.Helper()
	ctx, err := dsig.NewSigningContext(m.key.key, [][]byte{m.key.cert.Raw})
	if err != nil {
		t.Fatal(err)
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	ctx.Prefix = ""
	if m.method != "" {
		if err := ctx.SetSignatureMethod(m.method); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := ctx.SignEnveloped(el)
	if err != nil {
		t.Fatal(err)
	}
	// SAML's schema wants the signature right after the Issuer.
	sig := signed.Child[len(signed.Child)-1].(*etree.Element)
	signed.Child = signed.Child[:len(signed.Child)-1]
	at := 0
	for i, child := range signed.Child {
		if c, ok := child.(*etree.Element); ok && c.Tag == "Issuer" {
			at = i + 1
			break
		}
	}
	signed.InsertChildAt(at, sig)
	if m.noKeyInfo {
		sig.RemoveChild(sig.SelectElement("KeyInfo"))
	}
	return signed
}

func testConnection(keys ...keyPair) Connection {
	c := Connection{EntityID: testEntityID, ACSURL: testACS, Issuer: testIssuer, SignInURL: "https://login.microsoftonline.com/72f988bf/saml2"}
	if len(keys) == 0 {
		keys = []keyPair{idpKey()}
	}
	for _, k := range keys {
		c.Certificates = append(c.Certificates, k.cert)
	}
	return c
}

func testPending() PendingRequest {
	return PendingRequest{ID: testRequest, IssuedAt: testNow.Add(-20 * time.Second)}
}
