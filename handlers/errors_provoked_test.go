package handlers

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"gatehouse/models"
	"gatehouse/sso"
)

// Every entry of docs/errors.md is provoked here through the protocol or the pages, and its sentences are read. What cannot be provoked
// over HTTP says where it is tested instead.
var provokedElsewhere = map[sso.Reason]string{
	sso.ReasonInternal: "a bug by definition; sso's fuzz targets look for one",
	sso.ReasonNotFresh: "asked for by step-up only: TestStepUpIsRefused",
}

// element is the first element with that local name.
func element(doc *etree.Document, tag string) *etree.Element {
	return doc.FindElement("//*[local-name()='" + tag + "']")
}

func set(tag, attribute, value string) func(*etree.Document) {
	return func(doc *etree.Document) { element(doc, tag).CreateAttr(attribute, value) }
}

func without(tag string) func(*etree.Document) {
	return func(doc *etree.Document) { el := element(doc, tag); el.Parent().RemoveChild(el) }
}

func twice(tag string) func(*etree.Document) {
	return func(doc *etree.Document) { el := element(doc, tag); el.Parent().AddChild(el.Copy()) }
}

func status(code, message string) func(*etree.Document) {
	return func(doc *etree.Document) {
		outer := element(doc, "StatusCode")
		if strings.HasPrefix(code, "Requester/") {
			outer.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Requester")
			outer.CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+strings.TrimPrefix(code, "Requester/"))
		} else {
			outer.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+code)
		}
		if message != "" {
			element(doc, "Status").CreateElement("samlp:StatusMessage").SetText(message)
		}
		if a := element(doc, "Assertion"); a != nil {
			a.Parent().RemoveChild(a)
		}
	}
}

func emails(values ...string) func(*etree.Document) {
	return func(doc *etree.Document) {
		claim := element(doc, "Attribute")
		claim.RemoveChild(element(doc, "AttributeValue"))
		for _, v := range values {
			claim.CreateElement("AttributeValue").SetText(v)
		}
		element(doc, "NameID").CreateAttr("Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
	}
}

func before(edit func(*etree.Document)) func(*assertion) {
	return func(a *assertion) { a.before = edit }
}

func after(edit func(*etree.Document)) func(*assertion) {
	return func(a *assertion) { a.after = edit }
}

// provokedResponses are answers that are refused, by how each differs from a genuine one.
func provokedResponses() map[sso.Reason]func(*assertion) {
	return map[sso.Reason]func(*assertion){
		sso.ReasonResponseTooComplex: after(func(doc *etree.Document) {
			el := doc.Root().CreateElement("samlp:Extensions")
			for range 40 {
				el = el.CreateElement("x")
			}
		}),
		sso.ReasonResponseUnsafe:        after(func(doc *etree.Document) { doc.Root().AddChild(etree.NewProcInst("x", "y")) }),
		sso.ReasonNotAResponse:          after(func(doc *etree.Document) { doc.Root().Tag = "LogoutResponse" }),
		sso.ReasonIncomplete:            before(without("AuthnStatement")),
		sso.ReasonStatusRequester:       after(status("Requester", "no reason given")),
		sso.ReasonStatusResponder:       after(status("Responder", "")),
		sso.ReasonStatusAuthnFailed:     after(status("Requester/AuthnFailed", "")),
		sso.ReasonStatusRequestDenied:   after(status("Requester/RequestDenied", "")),
		sso.ReasonStatusNoAuthnContext:  after(status("Requester/NoAuthnContext", "")),
		sso.ReasonStatusNameIDPolicy:    after(status("Requester/InvalidNameIDPolicy", "")),
		sso.ReasonStatusVersionMismatch: after(status("VersionMismatch", "")),
		sso.ReasonStatusOther:           after(status("Unheard", "")),
		sso.ReasonEncrypted: after(func(doc *etree.Document) {
			without("Assertion")(doc)
			doc.Root().CreateElement("EncryptedAssertion").CreateAttr("xmlns", "urn:oasis:names:tc:SAML:2.0:assertion")
		}),
		sso.ReasonAssertionMissing: after(without("Assertion")),
		sso.ReasonAssertionsSeveral: after(func(doc *etree.Document) {
			twice("Assertion")(doc)
			element(doc, "Assertion").CreateAttr("ID", "_other")
		}),
		sso.ReasonSignatureMissing: func(a *assertion) { a.unsigned = true },
		sso.ReasonSignatureMisplaced: after(func(doc *etree.Document) {
			element(doc, "Subject").AddChild(element(doc, "Signature").Copy())
		}),
		sso.ReasonSignatureMalformed:   after(set("Reference", "URI", "")),
		sso.ReasonSignatureSHA1:        func(a *assertion) { a.algorithm = dsig.RSASHA1SignatureMethod },
		sso.ReasonSignatureAlgorithm:   after(set("SignatureMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")),
		sso.ReasonSignatureInvalid:     after(func(doc *etree.Document) { element(doc, "NameID").SetText("eve@acme.com") }),
		sso.ReasonDestinationMismatch:  after(set("Response", "Destination", "https://old.example/acs")),
		sso.ReasonUnsolicited:          func(a *assertion) { a.request = "" },
		sso.ReasonRequestMismatch:      func(a *assertion) { a.request = "id-of-another" },
		sso.ReasonIssuerMismatch:       func(a *assertion) { a.issuer = "https://idp.example/" },
		sso.ReasonIssuedInFuture:       func(a *assertion) { a.issued = a.issued.Add(10 * time.Minute) },
		sso.ReasonIssuedBeforeRequest:  func(a *assertion) { a.issued = a.issued.Add(-2 * time.Hour) },
		sso.ReasonNameIDMissing:        before(without("NameID")),
		sso.ReasonConfirmationMissing:  before(without("SubjectConfirmation")),
		sso.ReasonConfirmationsSeveral: before(twice("SubjectConfirmation")),
		sso.ReasonConfirmationMethod:   before(set("SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")),
		sso.ReasonRecipientMismatch:    before(set("SubjectConfirmationData", "Recipient", "https://old.example/acs")),
		sso.ReasonNotYetValid:          before(set("Conditions", "NotBefore", "2026-11-24T10:00:00Z")),
		sso.ReasonConditionUnknown:     before(func(doc *etree.Document) { element(doc, "Conditions").CreateElement("Moon") }),
		sso.ReasonAudienceMissing:      before(without("AudienceRestriction")),
		sso.ReasonAudienceMismatch:     func(a *assertion) { a.entityID += "/acs" },
		sso.ReasonEmailMissing:         before(emails()),
		sso.ReasonEmailSeveral:         before(emails("ana@acme.com", "a.novak@acme.com")),
		sso.ReasonEmailInvalid:         before(emails("ana at acme")),
		sso.ReasonEmailGuest:           before(emails("ana_fabrikam.com#EXT#@acme.com")),
		sso.ReasonIdentityAmbiguous: before(func(doc *etree.Document) {
			claim := element(doc, "AttributeStatement").CreateElement("Attribute")
			claim.CreateAttr("Name", "http://schemas.microsoft.com/identity/claims/objectidentifier")
			claim.CreateElement("AttributeValue").SetText("one")
			claim.CreateElement("AttributeValue").SetText("two")
		}),
	}
}

// lateResponses come of an answer that is posted so long after the request.
var lateResponses = map[sso.Reason]time.Duration{sso.ReasonExpired: 6 * time.Minute, sso.ReasonTooLate: 9 * time.Minute}

// postedResponses are posted in place of an answer.
var postedResponses = map[sso.Reason]string{
	sso.ReasonResponseEmpty: "", sso.ReasonResponseTooLarge: strings.Repeat("A", 400<<10), sso.ReasonResponseEncoding: "<Response/>",
	sso.ReasonResponseMalformed: base64.StdEncoding.EncodeToString([]byte("<a><b></a>")),
}

func TestEveryRefusalOfAResponseCanBeProvokedAndExplainsItself(t *testing.T) {
	provoked, late, posted := provokedResponses(), lateResponses, postedResponses
	// What is wrong with the certificates.
	trusted := map[sso.Reason]func(a *app, org *models.Organization, idp *identityProvider){
		sso.ReasonCertificateMissing: func(a *app, org *models.Organization, _ *identityProvider) {
			connection, err := a.db.SSO(a.t.Context(), org.ID)
			if err == nil {
				err = a.db.RemoveCertificate(a.t.Context(), operator, org.ID, connection.Certificates[0].ID)
			}
			if err != nil {
				a.t.Fatal(err)
			}
		},
		sso.ReasonUnknownKey: func(a *app, _ *models.Organization, idp *identityProvider) {
			*idp = *withIssuer(newIdP(a, 1), idp.issuer)
		},
		sso.ReasonCertExpired: func(a *app, org *models.Organization, idp *identityProvider) {
			idp.reissue(org, a.clock.Now().AddDate(-2, 0, 0), a.clock.Now().Add(-time.Hour))
		},
		sso.ReasonCertNotYetValid: func(a *app, org *models.Organization, idp *identityProvider) {
			idp.reissue(org, a.clock.Now().Add(time.Hour), a.clock.Now().AddDate(1, 0, 0))
		},
	}
	for _, e := range sso.Entries()[sso.ChapterResponse] {
		if provokedElsewhere[e.Reason] == "" && provoked[e.Reason] == nil && trusted[e.Reason] == nil && late[e.Reason] == 0 {
			if _, ok := posted[e.Reason]; !ok {
				t.Errorf("%s is provoked nowhere", e.Reason)
			}
		}
	}
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		check := func(reason sso.Reason, to, response string) {
			t.Helper()
			done := a.postRelayed(org, to, response).wantStatus(http.StatusSeeOther)
			e, _ := sso.Lookup(reason)
			p := ana.result(done).follow().wantStatus(http.StatusOK)
			if got := p.text("#live"); !strings.Contains(got, e.Admin) {
				t.Errorf("%s: the admin reads %q, want %q", reason, got, e.Admin)
			}
			if e.FixAt != "" && p.find("ol.path") == nil {
				t.Errorf("%s: no place to mend it", reason)
			}
			stranger := a.browser().get(done.header.Get("Location")).wantStatus(http.StatusOK)
			if got := stranger.text("main"); !strings.Contains(got, e.Employee) {
				t.Errorf("%s: the person reads %q, want %q", reason, got, e.Employee)
			}
		}
		for reason, edit := range provoked {
			to := ana.beginTest(org)
			check(reason, to, idp.answer(to, "ana@acme.com", edit))
		}
		for reason, after := range late {
			to := ana.beginTest(org)
			ends := a.clock.Now().Add(time.Minute).UTC().Format(time.RFC3339)
			response := idp.answer(to, "ana@acme.com", before(set("Conditions", "NotOnOrAfter", ends)))
			a.clock.Advance(after)
			check(reason, to, response)
		}
		for reason, response := range posted {
			check(reason, ana.beginTest(org), response)
		}
		for reason, change := range trusted {
			other := a.organization("Acme "+string(reason), "ana-"+strings.ReplaceAll(string(reason), "_", "-")+"@acme.com")
			b := a.signIn("ana-" + strings.ReplaceAll(string(reason), "_", "-") + "@acme.com")
			its := newIdP(a, 0)
			its.save(other)
			to := b.beginTest(other)
			change(a, other, its)
			if strings.HasPrefix(string(reason), "certificate_expired") || strings.HasPrefix(string(reason), "certificate_not") {
				to = b.beginTest(other)
			}
			org, ana = other, b
			check(reason, to, its.answer(to, "ana@acme.com"))
		}
	})
}

func withIssuer(idp *identityProvider, issuer string) *identityProvider {
	idp.issuer = issuer
	return idp
}

// save sets the organization's connection up without turning it on.
func (idp *identityProvider) save(org *models.Organization) {
	idp.app.t.Helper()
	err := idp.app.db.ConfigureSSO(idp.app.t.Context(), operator, org.ID, idp.issuer, "https://login.example/saml2", []models.NewCertificate{idp.asNew()}, models.Switches{})
	if err != nil {
		idp.app.t.Fatal(err)
	}
}

// asNew is the identity provider's certificate, about to be trusted.
func (idp *identityProvider) asNew() models.NewCertificate {
	sum := sha1.Sum(idp.cert.Raw)
	return models.NewCertificate{
		PEM: string(idp.pem()), Subject: idp.cert.Subject.String(), SHA1: strings.ToUpper(hex.EncodeToString(sum[:])), SHA256: sso.SHA256(idp.cert),
		KeyKind: "RSA 2048", NotBefore: idp.cert.NotBefore, NotAfter: idp.cert.NotAfter,
	}
}

// certify gives the identity provider a certificate of other dates.
func (idp *identityProvider) certify(notBefore, notAfter time.Time) {
	t := idp.app.t
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Test IdP"}, NotBefore: notBefore, NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &idp.key.PublicKey, idp.key)
	if err == nil {
		idp.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reissue is certify, and lets the organization trust the new certificate alone.
func (idp *identityProvider) reissue(org *models.Organization, notBefore, notAfter time.Time) {
	idp.app.t.Helper()
	idp.certify(notBefore, notAfter)
	idp.save(org)
}

func TestEveryRefusalOfAnUploadCanBeProvoked(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		now := a.clock.Now()
		pemOf := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
		issue := func(key any, public any, notBefore, notAfter time.Time) []byte {
			template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: notBefore, NotAfter: notAfter}
			der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
			if err != nil {
				t.Fatal(err)
			}
			return der
		}
		key := ecKey(t)
		weak, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		good := a.goodCertificate("One")
		metadata := string(metadataOf(good))
		tenantWide := certificateOf(t, key, "accounts.accesscontrol.windows.net", now.AddDate(0, -1, 0))
		md := func(old, with string) []byte { return []byte(strings.Replace(metadata, old, with, 1)) }
		files := map[sso.Reason][]byte{
			sso.ReasonFileEmpty:           []byte(" "),
			sso.ReasonFileTooLarge:        []byte(strings.Repeat("A", 100<<10)),
			sso.ReasonFileIsXML:           []byte("<x/>"),
			sso.ReasonFileIsHTML:          []byte("<!doctype html><title>Sign in</title>"),
			sso.ReasonFileIsPrivateKey:    pemOf("PRIVATE KEY", []byte("x")),
			sso.ReasonFileIsPFX:           {0x30, 3, 2, 1, 3}, // RFC 7292 §4: a SEQUENCE that begins with version 3
			sso.ReasonFileIsP7B:           pemOf("PKCS7", []byte("x")),
			sso.ReasonFileIsRequest:       pemOf("CERTIFICATE REQUEST", []byte("x")),
			sso.ReasonFileSeveral:         append(append([]byte{}, good...), a.goodCertificate("Two")...),
			sso.ReasonFileUnreadable:      []byte("hello there"),
			sso.ReasonFileExpired:         pemOf("CERTIFICATE", issue(key, &key.PublicKey, now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0))),
			sso.ReasonFileNotYetValid:     pemOf("CERTIFICATE", issue(key, &key.PublicKey, now.AddDate(1, 0, 0), now.AddDate(2, 0, 0))),
			sso.ReasonFileWeakKey:         pemOf("CERTIFICATE", issue(weak, &weak.PublicKey, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))),
			sso.ReasonFileWeakSignature:   pemOf("CERTIFICATE", signedWithSHA1(t, now)),
			sso.ReasonFileIsOurs:          ana.ownCertificate(acme),
			sso.ReasonMetadataUnreadable:  md("</EntityDescriptor>", ""),
			sso.ReasonMetadataIsOurs:      []byte(strings.ReplaceAll(metadata, "IDPSSODescriptor", "SPSSODescriptor")),
			sso.ReasonMetadataNoIdP:       []byte(strings.ReplaceAll(metadata, "IDPSSODescriptor", "RoleDescriptor")),
			sso.ReasonMetadataSeveral:     severalProviders(metadata),
			sso.ReasonMetadataNoRedirect:  md("HTTP-Redirect", "HTTP-POST"),
			sso.ReasonMetadataExpired:     md("<EntityDescriptor ", `<EntityDescriptor validUntil="2020-01-01T00:00:00Z" `),
			sso.ReasonMetadataCertificate: md(`use="signing"`, `use="encryption"`),
			sso.ReasonFileTenantWide:      tenantWide,
			sso.ReasonMetadataTenantWide:  metadataOf(tenantWide),
		}
		for _, e := range sso.Entries()[sso.ChapterUpload] {
			if e.Reason == sso.ReasonFileIsMetadata {
				files[e.Reason] = []byte(metadata)
				e.Admin = "This is the metadata file, not the certificate."
			}
			content, ok := files[e.Reason]
			if !ok {
				if provokedElsewhere[e.Reason] == "" {
					t.Errorf("%s is provoked nowhere", e.Reason)
				}
				continue
			}
			p := ana.postFiles(ssoPath, []file{{"file", content}}, "org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer).wantStatus(http.StatusUnprocessableEntity)
			if got := p.text("#connection"); !strings.Contains(got, e.Admin) {
				t.Errorf("%s: %q, want %q", e.Reason, p.fieldError("certificate"), e.Admin)
			}
		}
	})
}

func severalProviders(one string) []byte {
	_, entity, _ := strings.Cut(one, "?>")
	return []byte(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + entity + strings.Replace(entity, entraIssuer, "https://other.example/", 1) + `</EntitiesDescriptor>`)
}

func TestEveryRefusalOfAnAddressCanBeProvoked(t *testing.T) {
	typed := map[sso.Reason]string{
		sso.ReasonIssuerEmpty: " ", sso.ReasonIssuerTooLong: "urn:" + strings.Repeat("x", 1100), sso.ReasonIssuerSpaces: "urn:a b", sso.ReasonIssuerIsSignIn: entraSignIn,
		sso.ReasonIssuerIsMetadata: "https://login.microsoftonline.com/t/federationmetadata/2007-06/federationmetadata.xml", sso.ReasonIssuerSlash: strings.TrimSuffix(entraIssuer, "/"),
		sso.ReasonIssuerNotURI: "acme", sso.ReasonIssuerMisspelt: "http://sts.windows.net/72f988bf/", sso.ReasonSignInNotLoginURL: "https://login.microsoftonline.com/72f988bf/wsfed",
		sso.ReasonSignInEmpty: "", sso.ReasonSignInTooLong: "https://idp.example/" + strings.Repeat("x", 2100), sso.ReasonSignInSpaces: "https://idp.example/a b",
		sso.ReasonSignInNotURL: "idp", sso.ReasonSignInHTTP: "http://idp.example/", sso.ReasonSignInUserinfo: "https://a:b@idp.example/", sso.ReasonSignInFragment: "https://idp.example/#x",
		sso.ReasonSignInIsIssuer: entraIssuer, sso.ReasonSignInIsLogout: "https://login.microsoftonline.com/t/logout",
		sso.ReasonSignInIsMetadata: "https://login.microsoftonline.com/t/federationmetadata/x.xml", sso.ReasonSignInIsUserAccess: "https://myapps.microsoft.com/signin/x",
	}
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		for _, e := range sso.Entries()[sso.ChapterAddress] {
			value, ok := typed[e.Reason]
			if !ok {
				t.Errorf("%s is provoked nowhere", e.Reason)
			}
			signIn, issuer, field := value, entraIssuer, "sign_in_url"
			if strings.HasPrefix(string(e.Reason), "issuer_") {
				signIn, issuer, field = entraSignIn, value, "issuer"
			}
			p := ana.postFiles(ssoPath, nil, "org", acme.ID, "sign_in_url", signIn, "issuer", issuer).wantStatus(http.StatusUnprocessableEntity)
			p.wantFieldError(field, e.Admin)
		}
	})
}

func TestEveryErrorOfMicrosoftIsExplained(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		for _, e := range sso.MicrosoftErrors() {
			p := ana.post(testPath+"/explain", "org", org.ID, "message", "Sorry. AADSTS"+e.Code+": something. Trace ID: 1").wantStatus(http.StatusOK)
			for _, want := range []string{e.Reason, e.Admin, e.Employee} {
				if got := p.text("#answer-AADSTS" + e.Code); !strings.Contains(got, want) {
					t.Errorf("AADSTS%s: %q, want %q", e.Code, got, want)
				}
			}
		}
		// Entra may send an error back instead: the code in it decides what is said.
		to := ana.beginTest(org)
		done := a.postRelayed(org, to, idp.answer(to, "ana@acme.com", after(status("Requester", "AADSTS50105: The signed in user is not assigned. Trace ID: 1"))))
		ana.result(done).follow().wantText(".problem", "is not assigned to the application").wantText(".problem ol.path", "Users and groups").wantText(".compare .got", "AADSTS50105")
	})
}

// Every refusal that is found here and not in the message, as a real sign-in: the person reads a sentence, the admin finds the mend.
func TestEveryRefusalOfAPersonCanBeProvoked(t *testing.T) {
	signIn := func(a *app, org *models.Organization, idp *identityProvider, email string, edits ...func(*assertion)) *page {
		b := a.browser()
		return b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), email, edits...)))
	}
	check := func(a *app, err error) {
		a.t.Helper()
		if err != nil {
			a.t.Fatal(err)
		}
	}
	provoked := map[models.RefusalReason]func(a *app, org *models.Organization, idp *identityProvider) *page{
		models.RefusedUnknownRequest: func(a *app, org *models.Organization, _ *identityProvider) *page {
			return a.browser().get("/saml/" + org.ID + "/finish?code=unheard-of")
		},
		models.RefusedRequestExpired: func(a *app, org *models.Organization, idp *identityProvider) *page {
			to := a.browser().beginSAML(org, "")
			a.clock.Advance(models.PendingLoginLife)
			return a.postACS(org, idp.answer(to, "bo@acme.com"))
		},
		models.RefusedReplayed: func(a *app, org *models.Organization, idp *identityProvider) *page {
			once := func(x *assertion) { x.id = "_once" }
			signIn(a, org, idp, "bo@acme.com", once)
			return signIn(a, org, idp, "bo@acme.com", once)
		},
		models.RefusedCodeExpired: func(a *app, org *models.Organization, idp *identityProvider) *page {
			b := a.browser()
			accepted := a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com"))
			a.clock.Advance(models.LoginCodeLife)
			return b.finish(accepted)
		},
		models.RefusedOtherBrowser: func(a *app, org *models.Organization, idp *identityProvider) *page {
			b := a.browser()
			b.beginSAML(org, "")
			return b.finish(a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com")))
		},
		models.RefusedCookiesBlocked: func(a *app, org *models.Organization, idp *identityProvider) *page {
			return a.browser().finish(a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com")))
		},
		models.RefusedConnectionRemoved: func(a *app, org *models.Organization, _ *identityProvider) *page {
			a.removeSSO(org)
			return a.browser().get(samlLoginPath(org.ID, "", ""))
		},
		models.RefusedSSOOff: func(a *app, org *models.Organization, _ *identityProvider) *page {
			off := false
			check(a, a.db.SetSwitches(a.t.Context(), operator, org.ID, models.Switches{Enabled: &off}))
			return a.browser().get(samlLoginPath(org.ID, "", ""))
		},
		models.RefusedConnectionChanged: func(a *app, org *models.Organization, idp *identityProvider) *page {
			to := a.browser().beginSAML(org, "")
			check(a, a.db.SaveConnection(a.t.Context(), operator, org.ID, idp.issuer, "https://login.example/other", nil))
			return a.postACS(org, idp.answer(to, "bo@acme.com"))
		},
		models.RefusedDomainUnverified: func(a *app, org *models.Organization, idp *identityProvider) *page {
			return signIn(a, org, idp, "eve@elsewhere.example")
		},
		models.RefusedDomainLapsed: func(a *app, org *models.Organization, idp *identityProvider) *page {
			// The operator's word needs no record: the domain is claimed by DNS instead.
			domains, err := a.db.Domains(a.t.Context(), org.ID)
			check(a, err)
			a.verifiedDomain(org, "spare.example")
			check(a, a.db.RemoveDomain(a.t.Context(), operator, org.ID, domains[0].ID))
			d, err := a.db.ClaimDomain(a.t.Context(), operator, org.ID, "acme.com", "token")
			check(a, err)
			for _, there := range []bool{true, false, false} {
				_, err := a.db.RecordDomainCheck(a.t.Context(), operator, org.ID, d.ID, models.DomainCheck{Verified: there, Next: a.clock.Now()})
				check(a, err)
				a.clock.Advance(models.LapseGrace)
			}
			return signIn(a, org, idp, "new@acme.com")
		},
		models.RefusedIdentityMismatch: func(a *app, org *models.Organization, idp *identityProvider) *page {
			signIn(a, org, idp, "bo@acme.com", withObjectID("oid-of-bo")).wantRedirect("/")
			return signIn(a, org, idp, "bo@acme.com", withObjectID("oid-of-somebody-else"))
		},
		models.RefusedOtherPerson: func(a *app, org *models.Organization, idp *identityProvider) *page {
			signIn(a, org, idp, "cy@acme.com").wantRedirect("/")
			b := ssoAdmin(a, org, idp)
			to := b.beginStepUp(b.post(domainsPath, "org", org.ID, "domain", "acme.io"))
			return b.finish(a.postACS(org, idp.answer(to, "cy@acme.com", authenticatedAt(a.clock.Now()))))
		},
		models.RefusedNoMembership: func(a *app, org *models.Organization, idp *identityProvider) *page {
			idp.connect(org, false)
			return signIn(a, org, idp, "bo@acme.com")
		},
		models.RefusedUserNameTaken: func(a *app, org *models.Organization, idp *identityProvider) *page {
			a.provision(org, `"userName":"bo@acme.com","emails":[{"type":"work","primary":true,"value":"bo.berg@acme.com"}]`)
			return signIn(a, org, idp, "bo@acme.com")
		},
		models.RefusedDeactivated: func(a *app, org *models.Organization, idp *identityProvider) *page {
			bo := a.member(org, "bo@acme.com", models.RoleMember)
			check(a, a.db.DeactivateMember(a.t.Context(), operator, models.Owner, org.ID, bo.ID))
			return signIn(a, org, idp, "bo@acme.com")
		},
		models.RefusedDeleted: func(a *app, org *models.Organization, idp *identityProvider) *page {
			bearer, id := a.provision(org, `"userName":"bo@acme.com"`)
			r := a.request(http.MethodDelete, scimPrefix+"/Users/"+id, "")
			r.Header.Set("Authorization", "Bearer "+bearer)
			a.do(r).wantStatus(http.StatusNoContent)
			return signIn(a, org, idp, "bo@acme.com")
		},
		models.RefusedLogoutReplayed: func(a *app, org *models.Organization, idp *identityProvider) *page {
			query := "/saml/" + org.ID + "/logout?" + idp.logout(org, "bo@acme.com")
			a.browser().get(query).wantStatus(http.StatusSeeOther)
			return a.browser().get(query)
		},
		models.RefusedLogoutUnsigned: signOut(func(_ *app, _ *models.Organization, _ *identityProvider, query string) string {
			return query[:strings.Index(query, "&SigAlg=")]
		}),
		models.RefusedLogoutSignature: signOut(func(_ *app, _ *models.Organization, _ *identityProvider, query string) string {
			return strings.Replace(query, "RelayState=r1", "RelayState=r2", 1)
		}),
		models.RefusedLogoutAlgorithm: signOut(func(_ *app, _ *models.Organization, _ *identityProvider, query string) string {
			return strings.Replace(query, url.QueryEscape(dsig.RSASHA256SignatureMethod), url.QueryEscape(dsig.RSASHA1SignatureMethod), 1)
		}),
		models.RefusedLogoutCertificate: signOut(func(a *app, org *models.Organization, idp *identityProvider, _ string) string {
			off := false
			check(a, a.db.SetSwitches(a.t.Context(), operator, org.ID, models.Switches{Enabled: &off}))
			idp.reissue(org, a.clock.Now().AddDate(-1, 0, 0), a.clock.Now().Add(-time.Hour))
			return idp.logout(org, "bo@acme.com")
		}),
		models.RefusedLogoutTime: signOut(func(a *app, _ *models.Organization, _ *identityProvider, query string) string {
			a.clock.Advance(time.Hour)
			return query
		}),
		models.RefusedLogoutIssuer: signOut(func(_ *app, org *models.Organization, idp *identityProvider, _ string) string {
			return withIssuer(idp, "https://sts.windows.net/other/").logout(org, "bo@acme.com")
		}),
		models.RefusedLogoutDestination: signOut(func(_ *app, _ *models.Organization, idp *identityProvider, _ string) string {
			return idp.logout(&models.Organization{ID: "org_other"}, "bo@acme.com")
		}),
		models.RefusedLogoutUnreadable: signOut(func(_ *app, org *models.Organization, idp *identityProvider, _ string) string {
			return idp.logout(org, "")
		}),
		models.RefusedHeld: func(a *app, org *models.Organization, idp *identityProvider) *page {
			signIn(a, org, idp, "bo@acme.com", withObjectID("oid-of-bo")).wantRedirect("/")
			a.provision(org, `"userName":"bo@acme.com","emails":[{"type":"work","primary":true,"value":"bo@unclaimed.example"}]`)
			return signIn(a, org, idp, "bo@acme.com", withObjectID("oid-of-bo"))
		},
	}
	for _, r := range models.Refusals() {
		if provoked[r.Reason] == nil {
			t.Errorf("%s is provoked nowhere", r.Reason)
			continue
		}
		t.Run(string(r.Reason), func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				p := provoked[r.Reason](a, org, idp)
				p.wantStatus(http.StatusForbidden).wantText("main", r.Employee)
				if r.Reason == models.RefusedUnknownRequest {
					return // whoever has no request of ours concerns no organization
				}
				reference, _, _ := strings.Cut(p.attr("#reference", "value"), " ")
				if out := strings.HasPrefix(string(r.Reason), "logout_"); out && strings.Contains(p.text("main"), "Sign in again") {
					t.Errorf("tells somebody who signs out: %s", p.text("main"))
				}
				ana := a.browser()
				ana.asPassword("ana@acme.com")
				p = ana.get(activityPath+"?q="+url.QueryEscape(reference)).wantText("details.event[open] .problem", r.Admin)
				if r.FixAt != "" {
					p.wantText("details.event[open] ol.path", r.FixAt[strings.LastIndex(r.FixAt, "→ ")+len("→ "):])
				}
			})
		})
	}
}

// signOut opens our logout address with a query that an edit has made of a genuine one.
func signOut(edit func(a *app, org *models.Organization, idp *identityProvider, query string) string) func(*app, *models.Organization, *identityProvider) *page {
	return func(a *app, org *models.Organization, idp *identityProvider) *page {
		return a.browser().get("/saml/" + org.ID + "/logout?" + edit(a, org, idp, idp.logout(org, "bo@acme.com")))
	}
}

// provision creates a person by SCIM and returns the token and the id.
func (a *app) provision(org *models.Organization, attributes string) (bearer, id string) {
	a.t.Helper()
	_, bearer, err := a.db.CreateSCIMToken(a.t.Context(), operator, org.ID, "Entra", 0)
	if err != nil {
		a.t.Fatal(err)
	}
	r := a.request(http.MethodPost, scimPrefix+"/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`+attributes+`}`)
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/scim+json")
	p := a.do(r).wantStatus(http.StatusCreated)
	location := p.header.Get("Location")
	return bearer, location[strings.LastIndex(location, "/")+1:]
}

// signedWithSHA1 is a certificate whose own signature is SHA-1. The library makes none any more, so the algorithm is written in:
// sha256WithRSAEncryption (RFC 8017 appendix A.2.4) and sha1WithRSAEncryption differ in their last byte.
func signedWithSHA1(t *testing.T, now time.Time) []byte {
	t.Helper()
	key := idpKeys()[0]
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	const rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
	return []byte(strings.ReplaceAll(string(der), rsa+"\x0b", rsa+"\x05"))
}
