package handlers

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"gatehouse/models"
	"gatehouse/sso"
)

// identityProvider answers requests the way Entra does: the assertion is signed, nothing else.
type identityProvider struct {
	app    *app
	key    *rsa.PrivateKey
	cert   *x509.Certificate
	issuer string
	n      int
}

var idpKeys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

// newIdP makes an identity provider with the first or second key.
func newIdP(a *app, which int) *identityProvider {
	a.t.Helper()
	key := idpKeys()[which]
	now := a.clock.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(which + 1)), Subject: pkix.Name{CommonName: "Test IdP"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return &identityProvider{app: a, key: key, cert: cert, issuer: fmt.Sprintf("https://sts.windows.net/tenant-%d/", which)}
}

// connect sets the organization's connection up and turns it on.
func (idp *identityProvider) connect(org *models.Organization, managed bool) {
	idp.app.t.Helper()
	sum := sha1.Sum(idp.cert.Raw)
	certificate := models.NewCertificate{
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: idp.cert.Raw})), Subject: idp.cert.Subject.String(),
		SHA1: strings.ToUpper(hex.EncodeToString(sum[:])), SHA256: sso.SHA256(idp.cert), KeyKind: "RSA 2048", NotBefore: idp.cert.NotBefore, NotAfter: idp.cert.NotAfter,
	}
	on := true
	err := idp.app.db.ConfigureSSO(idp.app.t.Context(), operator, org.ID, idp.issuer, "https://login.example/saml2?tenant=1", []models.NewCertificate{certificate}, models.Switches{Enabled: &on, IDPManaged: &managed})
	if err != nil {
		idp.app.t.Fatal(err)
	}
}

// assertion is what an answer says; a test changes it before it is signed.
type assertion struct {
	request, entityID, acs, issuer, email string
	id                                    string
	issued                                time.Time
	unsigned                              bool
	// before and after change the message before it is signed and afterwards.
	before, after func(*etree.Document)
	algorithm     string // of the signature; RSA with SHA-256 if empty
}

// answer is the SAMLResponse for somebody, to the request behind a redirect.
func (idp *identityProvider) answer(redirect, email string, edits ...func(*assertion)) string {
	t := idp.app.t
	t.Helper()
	u, err := url.Parse(redirect)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	inflated, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatalf("no AuthnRequest in %s: %v", redirect, err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(inflated); err != nil {
		t.Fatal(err)
	}
	idp.n++
	a := assertion{
		request: doc.Root().SelectAttrValue("ID", ""), entityID: doc.Root().SelectElement("Issuer").Text(), acs: doc.Root().SelectAttrValue("AssertionConsumerServiceURL", ""),
		issuer: idp.issuer, email: email, id: fmt.Sprintf("_assertion%d", idp.n), issued: idp.app.clock.Now(),
	}
	for _, edit := range edits {
		edit(&a)
	}
	return base64.StdEncoding.EncodeToString(idp.response(t, a))
}

func (idp *identityProvider) response(t *testing.T, a assertion) []byte {
	t.Helper()
	at := func(d time.Duration) string { return a.issued.Add(d).UTC().Format(time.RFC3339) }
	inResponseTo := ""
	if a.request != "" {
		inResponseTo = ` InResponseTo="` + a.request + `"`
	}
	doc := etree.NewDocument()
	err := doc.ReadFromString(`<samlp:Response ID="_r` + a.id + `" Version="2.0" IssueInstant="` + at(0) + `" Destination="` + a.acs + `"` + inResponseTo + ` xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">` + a.issuer + `</Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
		`<Assertion ID="` + a.id + `" IssueInstant="` + at(0) + `" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>` + a.issuer + `</Issuer>` +
		`<Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">` + a.email + `</NameID><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData` + inResponseTo + ` NotOnOrAfter="` + at(time.Hour) + `" Recipient="` + a.acs + `"/></SubjectConfirmation></Subject>` +
		`<Conditions NotBefore="` + at(-5*time.Minute) + `" NotOnOrAfter="` + at(time.Hour) + `"><AudienceRestriction><Audience>` + a.entityID + `</Audience></AudienceRestriction></Conditions>` +
		`<AttributeStatement><Attribute Name="email"><AttributeValue>` + a.email + `</AttributeValue></Attribute><Attribute Name="firstName"><AttributeValue>Bo</AttributeValue></Attribute><Attribute Name="lastName"><AttributeValue>Berg</AttributeValue></Attribute></AttributeStatement>` +
		`<AuthnStatement AuthnInstant="` + at(-time.Hour) + `" SessionIndex="` + a.id + `"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>`)
	if err != nil {
		t.Fatal(err)
	}
	if a.before != nil {
		a.before(doc)
	}
	if !a.unsigned {
		plain := doc.Root().SelectElement("Assertion")
		ctx, err := dsig.NewSigningContext(idp.key, [][]byte{idp.cert.Raw})
		if err != nil {
			t.Fatal(err)
		}
		ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
		if a.algorithm != "" {
			if err := ctx.SetSignatureMethod(a.algorithm); err != nil {
				t.Fatal(err)
			}
		}
		signed, err := ctx.SignEnveloped(plain)
		if err != nil {
			t.Fatal(err)
		}
		doc.Root().RemoveChild(plain)
		doc.Root().AddChild(signed)
	}
	if a.after != nil {
		a.after(doc)
	}
	out, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// postACS posts a response as the identity provider's page does: from another site, so without a Lax cookie.
func (a *app) postACS(org *models.Organization, response string) *page {
	a.t.Helper()
	r := a.request(http.MethodPost, "/saml/"+org.ID+"/acs", url.Values{"SAMLResponse": {response}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://login.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return a.do(r)
}

// beginSAML begins a sign-in in a browser and returns where it is sent.
func (b *browser) beginSAML(org *models.Organization, returnTo string) string {
	b.t.Helper()
	p := b.get(samlLoginPath(org.ID, returnTo, "")).wantStatus(http.StatusSeeOther)
	return p.header.Get("Location")
}

// finish brings the code of an accepted response to a browser.
func (b *browser) finish(accepted *page) *page {
	b.t.Helper()
	accepted.wantStatus(http.StatusSeeOther)
	return b.get(accepted.header.Get("Location"))
}
