package sso

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

// change applies edits to a genuine message.
func change(edits ...func(*message)) message {
	m := genuine()
	for _, edit := range edits {
		edit(&m)
	}
	return m
}

func find1(doc *etree.Document, tag string) *etree.Element {
	return doc.FindElement("//" + tag)
}

func removed(tag string) func(*etree.Document) {
	return func(doc *etree.Document) {
		el := find1(doc, tag)
		el.Parent().RemoveChild(el)
	}
}

func TestVerifyAccepts(t *testing.T) {
	entraDefaults := claim("http://schemas.microsoft.com/identity/claims/tenantid", "72f988bf") +
		claim(claimObjectID, "C37F3B0E-0000-4000-8000-1234567890AB") +
		claim(claimDisplayName, "Ana Novak") +
		claim(claimAuthnMethods, "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password", "http://schemas.microsoft.com/claims/multipleauthn") +
		claim(claimGivenName, "Ana") + claim(claimSurname, "Novak")
	groups := make([]string, 150)
	for i := range groups {
		groups[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	}

	tests := []struct {
		name       string
		m          message
		connection Connection
		email      string
		source     string
		keys       int
	}{
		{"assertion signed", genuine(), testConnection(), "ana@acme.example", "email", 2},
		{"response signed", change(func(m *message) { m.signAssert, m.signResponse = false, true }), testConnection(), "ana@acme.example", "email", 2},
		{"response and assertion signed", change(func(m *message) { m.signResponse = true }), testConnection(), "ana@acme.example", "email", 2},
		{"RSA-SHA512", change(func(m *message) { m.method = dsig.RSASHA512SignatureMethod }), testConnection(), "ana@acme.example", "email", 2},
		{"ECDSA", change(func(m *message) { m.key = ecKey() }), testConnection(ecKey()), "ana@acme.example", "email", 2},
		{"two certificates, the second signs", genuine(), testConnection(otherKey(), idpKey()), "ana@acme.example", "email", 2},
		{"no KeyInfo with one certificate", change(func(m *message) { m.noKeyInfo = true }), testConnection(), "ana@acme.example", "email", 2},
		{"no KeyInfo with two certificates", change(func(m *message) { m.noKeyInfo = true }), testConnection(otherKey(), idpKey()), "ana@acme.example", "email", 2},
		{"an expired certificate beside a good one of the same key", genuine(), testConnection(expiredKey(), idpKey()), "ana@acme.example", "email", 2},
		{"claims with a namespace", change(func(m *message) {
			m.claims = claim(entraClaimNS+"email", "ana@acme.example") + claim(entraClaimNS+"firstName", "Ana") + claim(entraClaimNS+"lastName", "Novak")
		}), testConnection(), "ana@acme.example", entraClaimNS + "email", 2},
		{"claims in another case", change(func(m *message) {
			m.claims = claim("Email", "Ana@ACME.example") + claim("FIRSTNAME", "Ana") + claim("lastname", "Novak")
		}), testConnection(), "ana@acme.example", "Email", 2},
		{"Entra's own claims", change(func(m *message) {
			m.claims = entraDefaults + claim(claimEmailAddress, "ana@acme.example") + claim(claimUPN, "ana.upn@acme.example")
		}), testConnection(), "ana@acme.example", claimEmailAddress, 3},
		{"the user principal name when there is no mail", change(func(m *message) { m.claims = entraDefaults + claim(claimUPN, "ana@acme.example") }), testConnection(), "ana@acme.example", claimUPN, 3},
		{"an e-mail NameID when there are no claims", change(func(m *message) { m.claims = claim("firstName", "Ana") + claim("lastName", "Novak") }), testConnection(), "ana@acme.example", "NameID", 2},
		{"an empty e-mail claim counts as absent", change(func(m *message) {
			m.claims = claim("email", "") + claim("firstName", "Ana") + claim("lastName", "Novak") + claim(claimUPN, "ana@acme.example")
		}), testConnection(), "ana@acme.example", claimUPN, 2},
		{"a guest with an e-mail claim", change(func(m *message) {
			m.nameID = "ana_fabrikam.example#EXT#@acme.onmicrosoft.com"
			m.claims = claim("email", "ana@fabrikam.example") + claim("firstName", "Ana") + claim("lastName", "Novak")
		}), testConnection(), "ana@fabrikam.example", "email", 2},
		{"a transient NameID with an e-mail claim", change(func(m *message) { m.format, m.nameID = formatTransient, "_x1" }), testConnection(), "ana@acme.example", "email", 1},
		{"150 groups", change(func(m *message) {
			m.claims += claim("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", groups...)
		}), testConnection(), "ana@acme.example", "email", 2},
		{"repeated Attribute elements of one name", change(func(m *message) { m.claims += claim("Role", "a") + claim("Role", "b") }), testConnection(), "ana@acme.example", "email", 2},
		{"clock one minute ahead", change(func(m *message) { m.issued, m.notBefore = testNow.Add(time.Minute), testNow.Add(time.Minute) }), testConnection(), "ana@acme.example", "email", 2},
		{"clock two minutes behind", change(func(m *message) { m.issued, m.notAfter = testNow.Add(-130*time.Second), testNow.Add(-2*time.Minute) }), testConnection(), "ana@acme.example", "email", 2},
		{"no Issuer and no Destination on the response", change(func(m *message) {
			m.edit = func(doc *etree.Document) {
				doc.Root().RemoveAttr("Destination")
				doc.Root().RemoveChild(doc.Root().SelectElement("Issuer"))
			}
		}), testConnection(), "ana@acme.example", "email", 2},
		{"a comment between elements", change(func(m *message) {
			m.raw = func(s string) string {
				return `<?xml version="1.0" encoding="utf-8"?>` + "\n" + strings.Replace(s, "<samlp:Status>", "<!-- c --><samlp:Status>", 1)
			}
		}), testConnection(), "ana@acme.example", "email", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := test.m.build(t)
			if id, err := InResponseTo(response); err != nil || id != testRequest {
				t.Fatalf("InResponseTo = %q, %v", id, err)
			}
			id, err := Verify(test.connection, response, testPending(), testNow)
			if err != nil {
				t.Fatal(err)
			}
			if id.Email.Value != test.email || id.Email.Source != test.source {
				t.Errorf("email = %+v, want %s from %s", id.Email, test.email, test.source)
			}
			if keys := id.Keys(); len(keys) != test.keys || keys[len(keys)-1] != (IdentityKey{Kind: KeyEmail, Value: test.email}) {
				t.Errorf("keys = %v, want %d", keys, test.keys)
			}
			if id.FirstName.Value != "Ana" || id.LastName.Value != "Novak" {
				t.Errorf("names = %+v, %+v", id.FirstName, id.LastName)
			}
			if id.AssertionID != "_a75adf55" || id.Issuer != testIssuer || id.CertificateSHA256 != SHA256(test.m.key.cert) {
				t.Errorf("identity = %+v", id)
			}
			crewjamAccepts(t, test.m, response)
		})
	}
}

// crewjamAccepts checks that nothing passes Verify that crewjam/saml would refuse.
func crewjamAccepts(t *testing.T, m message, response []byte) {
	t.Helper()
	acs, _ := url.Parse(testACS)
	saml.TimeNow = func() time.Time { return testNow }
	saml.MaxIssueDelay = maxIssueAge
	saml.Clock = dsig.NewFakeClockAt(testNow)
	cert := m.key.cert
	sp := saml.ServiceProvider{EntityID: testEntityID, AcsURL: *acs, IDPMetadata: &saml.EntityDescriptor{EntityID: testIssuer, IDPSSODescriptors: []saml.IDPSSODescriptor{{
		SSODescriptor: saml.SSODescriptor{RoleDescriptor: saml.RoleDescriptor{KeyDescriptors: []saml.KeyDescriptor{{
			Use: "signing", KeyInfo: saml.KeyInfo{X509Data: saml.X509Data{X509Certificates: []saml.X509Certificate{{Data: base64Of(cert.Raw)}}}},
		}}}},
	}}}}
	if _, err := sp.ParseXMLResponse(response, []string{testRequest}, url.URL{Scheme: "none"}); err != nil {
		var private *saml.InvalidResponseError
		errors.As(err, &private)
		t.Errorf("crewjam refuses it: %v", private.PrivateErr)
	}
}

func TestVerifyRefuses(t *testing.T) {
	edit := func(f func(*etree.Document)) message { return change(func(m *message) { m.edit = f }) }
	after := func(f func(*etree.Document)) message { return change(func(m *message) { m.after = f }) }
	raw := func(f func(string) string) message { return change(func(m *message) { m.raw = f }) }
	email := func(values ...string) message {
		return change(func(m *message) { m.claims = claim("email", values...) })
	}
	tests := []struct {
		name string
		m    message
		want Reason
	}{
		{"unsigned", change(func(m *message) { m.signAssert = false }), ReasonSignatureMissing},
		{"signed by another key", change(func(m *message) { m.key = otherKey() }), ReasonUnknownKey},
		{"signed by another key without KeyInfo", change(func(m *message) { m.key, m.noKeyInfo = otherKey(), true }), ReasonSignatureInvalid},
		{"signed by another key under the pinned certificate", change(func(m *message) { m.key = keyPair{otherKey().key, idpKey().cert} }), ReasonSignatureInvalid},
		{"RSA-SHA1", change(func(m *message) { m.method = dsig.RSASHA1SignatureMethod }), ReasonSignatureSHA1},
		{"changed after signing", raw(func(s string) string { return strings.ReplaceAll(s, "ana@acme", "bob@acme") }), ReasonSignatureInvalid},
		{"assertion changed under a good response signature", change(func(m *message) {
			m.signResponse = true
			m.raw = func(s string) string { return strings.ReplaceAll(s, ">Novak<", ">Other<") }
		}), ReasonSignatureInvalid},
		{"a broken assertion signature under a good response signature", change(func(m *message) {
			m.signResponse = true
			m.key = idpKey()
			m.edit = func(doc *etree.Document) {
				broken := message{key: otherKey()}.sign(t, doc.Root().SelectElement("Assertion").Copy())
				doc.Root().RemoveChild(doc.Root().SelectElement("Assertion"))
				doc.Root().AddChild(broken)
			}
			m.signAssert = false
		}), ReasonUnknownKey},
		{"signature in the subject", after(func(doc *etree.Document) {
			sig := find1(doc, "Signature")
			sig.Parent().RemoveChild(sig)
			find1(doc, "Subject").AddChild(sig)
		}), ReasonSignatureMisplaced},
		{"two signatures on the assertion", after(func(doc *etree.Document) {
			a := find1(doc, "Assertion")
			a.AddChild(a.SelectElement("Signature").Copy())
		}), ReasonSignatureMisplaced},
		{"signature of an empty reference", after(func(doc *etree.Document) { find1(doc, "Reference").CreateAttr("URI", "") }), ReasonSignatureMalformed},
		{"two references", after(func(doc *etree.Document) {
			r := find1(doc, "Reference")
			r.Parent().AddChild(r.Copy())
		}), ReasonSignatureMalformed},
		{"a third transform", after(func(doc *etree.Document) {
			find1(doc, "Transforms").CreateElement("Transform").CreateAttr("Algorithm", nsExcC14N)
		}), ReasonSignatureMalformed},
		{"an XSLT transform", after(func(doc *etree.Document) {
			doc.FindElements("//Transform")[1].CreateAttr("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
		}), ReasonSignatureMalformed},
		{"canonicalization with comments", after(func(doc *etree.Document) {
			find1(doc, "CanonicalizationMethod").CreateAttr("Algorithm", nsExcC14N+"WithComments")
		}), ReasonSignatureMalformed},
		{"HMAC with the public key", after(func(doc *etree.Document) {
			find1(doc, "SignatureMethod").CreateAttr("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
		}), ReasonSignatureAlgorithm},
		{"SHA-1 digest", after(func(doc *etree.Document) {
			find1(doc, "DigestMethod").CreateAttr("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
		}), ReasonSignatureSHA1},
		{"a comment inside the digest", raw(func(s string) string { return strings.Replace(s, "<DigestValue>", "<DigestValue><!-- x -->", 1) }), ReasonSignatureMalformed},
		{"an Object in the signature", after(func(doc *etree.Document) { find1(doc, "Signature").CreateElement("Object") }), ReasonSignatureMalformed},
		{"a signature in no namespace", raw(func(s string) string { return strings.ReplaceAll(s, nsSignature, "urn:other") }), ReasonSignatureMisplaced},

		{"a wrapped assertion beside a forged one", after(func(doc *etree.Document) {
			forged := find1(doc, "Assertion").Copy()
			forged.CreateAttr("ID", "_evil")
			forged.RemoveChild(forged.SelectElement("Signature"))
			doc.Root().InsertChildAt(0, forged)
		}), ReasonAssertionsSeveral},
		{"a genuine assertion inside Extensions", after(func(doc *etree.Document) {
			genuine := find1(doc, "Assertion")
			forged := genuine.Copy()
			forged.CreateAttr("ID", "_evil")
			forged.RemoveChild(forged.SelectElement("Signature"))
			doc.Root().RemoveChild(genuine)
			doc.Root().CreateElement("samlp:Extensions").AddChild(genuine)
			doc.Root().AddChild(forged)
		}), ReasonAssertionsSeveral},
		{"a genuine response inside a forged one", change(func(m *message) {
			m.signAssert, m.signResponse = false, true
			m.after = func(doc *etree.Document) {
				genuine := doc.Root()
				forged := genuine.Copy()
				forged.CreateAttr("ID", "_evil")
				sig := forged.SelectElement("Signature")
				forged.SelectElement("Assertion").CreateAttr("ID", "_evil2")
				sig.CreateElement("Object").AddChild(genuine.Copy())
				doc.SetRoot(forged)
			}
		}), ReasonAssertionsSeveral},
		{"a forged assertion with the genuine one in its Advice", after(func(doc *etree.Document) {
			genuine := find1(doc, "Assertion")
			forged := genuine.Copy()
			forged.CreateAttr("ID", "_evil")
			doc.Root().RemoveChild(genuine)
			forged.CreateElement("Advice").AddChild(genuine)
			doc.Root().AddChild(forged)
		}), ReasonAssertionsSeveral},
		{"two assertions, each signed", after(func(doc *etree.Document) {
			second := find1(doc, "Assertion").Copy()
			second.CreateAttr("ID", "_second")
			doc.Root().AddChild(second)
		}), ReasonAssertionsSeveral},
		{"two assertions with one ID", after(func(doc *etree.Document) { doc.Root().AddChild(find1(doc, "Assertion").Copy()) }), ReasonResponseUnsafe},
		{"no assertion", edit(removed("Assertion")), ReasonAssertionMissing},
		{"an encrypted assertion", edit(func(doc *etree.Document) {
			a := find1(doc, "Assertion")
			doc.Root().RemoveChild(a)
			doc.Root().CreateElement("EncryptedAssertion").CreateAttr("xmlns", nsAssertion)
		}), ReasonEncrypted},
		{"an encrypted NameID", edit(func(doc *etree.Document) { find1(doc, "NameID").Tag = "EncryptedID" }), ReasonEncrypted},

		{"another audience", change(func(m *message) { m.audience = "https://app.example/saml/org_other" }), ReasonAudienceMismatch},
		{"no audience restriction", edit(removed("AudienceRestriction")), ReasonAudienceMissing},
		{"two audiences", edit(func(doc *etree.Document) {
			find1(doc, "AudienceRestriction").CreateElement("Audience").SetText("https://other.example")
		}), ReasonAudienceMismatch},
		{"two audience restrictions", edit(func(doc *etree.Document) {
			find1(doc, "Conditions").AddChild(find1(doc, "AudienceRestriction").Copy())
		}), ReasonAudienceMismatch},
		{"another issuer", change(func(m *message) { m.issuer = "https://sts.windows.net/other/" }), ReasonIssuerMismatch},
		{"the issuer without its slash", change(func(m *message) { m.issuer = strings.TrimSuffix(testIssuer, "/") }), ReasonIssuerMismatch},
		{"no issuer on the assertion", edit(func(doc *etree.Document) {
			a := find1(doc, "Assertion")
			a.RemoveChild(a.SelectElement("Issuer"))
		}), ReasonIncomplete},
		{"another recipient", change(func(m *message) { m.recipient = testACS + "/" }), ReasonRecipientMismatch},
		{"no recipient", edit(func(doc *etree.Document) { find1(doc, "SubjectConfirmationData").RemoveAttr("Recipient") }), ReasonConfirmationMissing},
		{"another destination", change(func(m *message) { m.destination = "https://evil.example/acs" }), ReasonDestinationMismatch},
		{"a signed response without destination", change(func(m *message) {
			m.signResponse = true
			m.edit = func(doc *etree.Document) { doc.Root().RemoveAttr("Destination") }
		}), ReasonDestinationMismatch},
		{"a parameter of the signature's method", after(func(doc *etree.Document) {
			find1(doc, "SignatureMethod").CreateElement("HMACOutputLength").SetText("0")
		}), ReasonSignatureMalformed},
		{"a parameter of the digest's method", after(func(doc *etree.Document) { find1(doc, "DigestMethod").CreateElement("x") }), ReasonSignatureMalformed},
		{"a destination that is only our path", change(func(m *message) { m.destination = "/saml/org_acme/acs" }), ReasonDestinationMismatch},
		{"expired", change(func(m *message) { m.notAfter = testNow.Add(-4 * time.Minute) }), ReasonExpired},
		{"not yet valid", change(func(m *message) { m.notBefore = testNow.Add(4 * time.Minute) }), ReasonNotYetValid},
		{"confirmation expired under longer conditions", edit(func(doc *etree.Document) {
			find1(doc, "SubjectConfirmationData").CreateAttr("NotOnOrAfter", "2026-11-24T09:00:00Z")
		}), ReasonExpired},
		{"confirmation without an end", edit(func(doc *etree.Document) { find1(doc, "SubjectConfirmationData").RemoveAttr("NotOnOrAfter") }), ReasonConfirmationMissing},
		{"session already over", edit(func(doc *etree.Document) {
			find1(doc, "AuthnStatement").CreateAttr("SessionNotOnOrAfter", "2026-11-24T09:00:00Z")
		}), ReasonExpired},
		{"made before the request", change(func(m *message) { m.issued = testNow.Add(-4 * time.Minute) }), ReasonIssuedBeforeRequest},
		{"made long before the request", change(func(m *message) { m.issued = testNow.Add(-9 * time.Minute) }), ReasonIssuedBeforeRequest},
		{"made in the future", change(func(m *message) { m.issued = testNow.Add(4 * time.Minute) }), ReasonIssuedInFuture},
		{"answers another request", change(func(m *message) { m.inResponse = "id-other" }), ReasonRequestMismatch},
		{"answers no request", edit(func(doc *etree.Document) { doc.Root().RemoveAttr("InResponseTo") }), ReasonUnsolicited},
		{"confirms another request", edit(func(doc *etree.Document) {
			find1(doc, "SubjectConfirmationData").CreateAttr("InResponseTo", "id-other")
		}), ReasonRequestMismatch},
		{"confirms no request", edit(func(doc *etree.Document) { find1(doc, "SubjectConfirmationData").RemoveAttr("InResponseTo") }), ReasonConfirmationMissing},
		{"no confirmation", edit(removed("SubjectConfirmation")), ReasonConfirmationMissing},
		{"no confirmation data", edit(removed("SubjectConfirmationData")), ReasonConfirmationMissing},
		{"a second confirmation", edit(func(doc *etree.Document) {
			find1(doc, "Subject").AddChild(find1(doc, "SubjectConfirmation").Copy())
		}), ReasonConfirmationsSeveral},
		{"a holder-of-key confirmation", edit(func(doc *etree.Document) {
			find1(doc, "SubjectConfirmation").CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")
		}), ReasonConfirmationMethod},
		{"a confirmation without method", edit(func(doc *etree.Document) { find1(doc, "SubjectConfirmation").RemoveAttr("Method") }), ReasonConfirmationMethod},
		{"no subject", edit(removed("Subject")), ReasonIncomplete},
		{"two subjects", edit(func(doc *etree.Document) { find1(doc, "Assertion").AddChild(find1(doc, "Subject").Copy()) }), ReasonIncomplete},
		{"no conditions", edit(removed("Conditions")), ReasonIncomplete},
		{"an unknown condition", edit(func(doc *etree.Document) { find1(doc, "Conditions").CreateElement("Condition") }), ReasonConditionUnknown},
		{"no authentication statement", edit(removed("AuthnStatement")), ReasonIncomplete},
		{"no assertion ID", edit(func(doc *etree.Document) { find1(doc, "Assertion").RemoveAttr("ID") }), ReasonSignatureMalformed},
		{"version 1.1", edit(func(doc *etree.Document) { find1(doc, "Assertion").CreateAttr("Version", "1.1") }), ReasonIncomplete},
		{"no NameID", edit(removed("NameID")), ReasonNameIDMissing},
		{"two NameIDs", edit(func(doc *etree.Document) { find1(doc, "Subject").AddChild(find1(doc, "NameID").Copy()) }), ReasonNameIDMissing},
		{"elements of another namespace in place of SAML's", edit(func(doc *etree.Document) { find1(doc, "Subject").CreateAttr("xmlns", "urn:evil") }), ReasonIncomplete},

		{"status with an Entra error", change(func(m *message) {
			m.signAssert = false
			m.edit = func(doc *etree.Document) {
				removed("Assertion")(doc)
				code := find1(doc, "StatusCode")
				code.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Requester")
				code.CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:UnsupportedBinding")
				find1(doc, "Status").CreateElement("samlp:StatusMessage").SetText("AADSTS75005: \u202e<script>")
			}
		}), ReasonStatusRequester},
		{"status request denied", change(func(m *message) {
			m.edit = func(doc *etree.Document) {
				code := find1(doc, "StatusCode")
				code.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
				code.CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:RequestDenied")
			}
		}), ReasonStatusRequestDenied},

		{"transient NameID and no e-mail", change(func(m *message) { m.format, m.nameID, m.claims = formatTransient, "ana@acme.example", "" }), ReasonEmailMissing},
		{"persistent NameID and no e-mail", change(func(m *message) { m.format, m.claims = formatPersistent, "" }), ReasonEmailMissing},
		{"several e-mails", email("ana@acme.example", "bob@acme.example"), ReasonEmailSeveral},
		{"two e-mail claims that differ in case only", change(func(m *message) { m.claims = claim("Email", "ana@acme.example") + claim("email", "bob@acme.example") }), ReasonEmailSeveral},
		{"Kelvin sign", email("\u212Aarl@acme.example"), ReasonEmailInvalid},
		{"long s", email("\u017Fam@acme.example"), ReasonEmailInvalid},
		{"two at signs", email("ana@evil.example@acme.example"), ReasonEmailInvalid},
		{"a list", email("ana@acme.example,bob@acme.example"), ReasonEmailInvalid},
		{"a quoted local part", email(`&quot;ana@evil.example&quot;@acme.example`), ReasonEmailInvalid},
		{"zero-width space", email("ana\u200b@acme.example"), ReasonEmailInvalid},
		{"trailing dot", email("ana@acme.example."), ReasonEmailInvalid},
		{"an address literal", email("ana@[192.0.2.1]"), ReasonEmailInvalid},
		{"a header injection", email("ana@acme.example&#10;Bcc: x@y.example"), ReasonEmailInvalid},
		{"a child element", email("ana@acme.example<x>.evil</x>"), ReasonEmailInvalid},
		{"only a guest's user principal name", change(func(m *message) {
			m.claims = claim(claimUPN, "ana_fabrikam.example#EXT#@acme.onmicrosoft.com")
		}), ReasonEmailGuest},
		{"two object identifiers", change(func(m *message) { m.claims += claim(claimObjectID, "a", "b") }), ReasonIdentityAmbiguous},

		{"DOCTYPE", raw(func(s string) string { return `<!DOCTYPE x [<!ENTITY e "ana">]>` + s }), ReasonResponseUnsafe},
		{"an undefined entity", raw(func(s string) string { return strings.Replace(s, ">Ana<", ">&e;<", 1) }), ReasonResponseMalformed},
		{"a processing instruction", raw(func(s string) string { return strings.Replace(s, "<Subject>", "<?x y?><Subject>", 1) }), ReasonResponseUnsafe},
		{"a second root", raw(func(s string) string { return s + "<x/>" }), ReasonResponseUnsafe},
		{"text after the root", raw(func(s string) string { return s + "x" }), ReasonResponseUnsafe},
		{"an attribute twice", raw(func(s string) string {
			return strings.Replace(s, `ID="_a75adf55"`, `ID="_a75adf55" ID="_a75adf55"`, 1)
		}), ReasonResponseUnsafe},
		{"the same attribute under two prefixes", raw(func(s string) string {
			return strings.Replace(s, `<Subject>`, `<Subject xmlns:a="urn:x" xmlns:b="urn:x" a:k="1" b:k="2">`, 1)
		}), ReasonResponseUnsafe},
		{"an ID twice", raw(func(s string) string { return strings.Replace(s, `<Subject>`, `<Subject id="_a75adf55">`, 1) }), ReasonResponseUnsafe},
		{"an undeclared prefix", raw(func(s string) string { return strings.Replace(s, `<Subject>`, `<Subject q:k="1">`, 1) }), ReasonResponseUnsafe},
		{"a lying encoding", raw(func(s string) string { return `<?xml version="1.0" encoding="ISO-8859-1"?>` + s }), ReasonResponseUnsafe},
		{"UTF-7", raw(func(s string) string { return `<?xml version="1.0" encoding="UTF-7"?>` + s }), ReasonResponseUnsafe},
		{"bytes that are not UTF-8", raw(func(s string) string { return strings.Replace(s, ">Ana<", ">An\xe1<", 1) }), ReasonResponseUnsafe},
		{"100,000 levels", raw(func(s string) string { return strings.Repeat("<a>", 100_000) }), ReasonResponseTooLarge},
		{"33 levels", raw(func(s string) string {
			return strings.Replace(s, "<Subject>", strings.Repeat("<a>", 33)+strings.Repeat("</a>", 33)+"<Subject>", 1)
		}), ReasonResponseTooComplex},
		{"1,000 elements", raw(func(s string) string {
			return strings.Replace(s, "<Subject>", strings.Repeat("<a/>", 1000)+"<Subject>", 1)
		}), ReasonResponseTooComplex},
		{"20,000 elements", raw(func(s string) string {
			return strings.Replace(s, "<Subject>", strings.Repeat("<a/>", 20000)+"<Subject>", 1)
		}), ReasonResponseTooComplex},
		{"not XML", raw(func(string) string { return "hello" }), ReasonResponseUnsafe},
		{"an assertion without response", raw(func(string) string { return `<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>` }), ReasonNotAResponse},
		{"nothing", raw(func(string) string { return "" }), ReasonResponseEmpty},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := test.m.build(t)
			var id *Identity
			var err error
			soon(t, func() { id, err = Verify(testConnection(), response, testPending(), testNow) })
			var e *Error
			if id != nil || !errors.As(err, &e) {
				t.Fatalf("Verify = %+v, %v", id, err)
			}
			if e.Reason != test.want {
				t.Fatalf("reason = %v, want %v", e, test.want)
			}
			if e.Employee() == "" || e.Admin() == "" {
				t.Errorf("%s has no sentence", e.Reason)
			}
			if strings.ContainsAny(e.Got, "\r\n\u202e\u200b") || len(e.Got) > 2*maxShownValue {
				t.Errorf("got %q is not fit to be shown", e.Got)
			}
		})
	}
}

func TestVerifyCertificateValidity(t *testing.T) {
	for _, test := range []struct {
		name string
		keys []keyPair
		want Reason
	}{
		{"expired", []keyPair{expiredKey()}, ReasonCertExpired},
		{"not yet valid", []keyPair{futureKey()}, ReasonCertNotYetValid},
		{"expired beside an unrelated one", []keyPair{otherKey(), expiredKey()}, ReasonCertExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := genuine()
			m.key = test.keys[len(test.keys)-1]
			wantReason(t, testConnection(test.keys...), m.build(t), testPending(), test.want)
		})
	}
	c := testConnection()
	c.Certificates = nil
	wantReason(t, c, genuine().build(t), testPending(), ReasonCertificateMissing)
}

// For a step-up the authentication must be fresh. Of several statements the first counts, as for everything else: an old one cannot be
// made fresh by another behind it.
func TestVerifyStepUp(t *testing.T) {
	pending := testPending()
	pending.ForceAuthn = true
	const old, fresh = -80 * 24 * time.Hour, -5 * time.Second
	for _, test := range []struct {
		name     string
		instants []time.Duration
		want     Reason // "" passes
	}{
		{"an old authentication", []time.Duration{old}, ReasonNotFresh},
		{"a fresh authentication", []time.Duration{fresh}, ""},
		{"one just before the request, within the skew", []time.Duration{-20*time.Second - clockSkew}, ""},
		{"one before the request", []time.Duration{-21*time.Second - clockSkew}, ReasonNotFresh},
		{"an old one, then a fresh one", []time.Duration{old, fresh}, ReasonNotFresh},
		{"a fresh one, then an old one", []time.Duration{fresh, old}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := change(func(m *message) {
				m.edit = func(doc *etree.Document) {
					statement := find1(doc, "AuthnStatement")
					for _, at := range test.instants {
						one := statement.Copy()
						one.CreateAttr("AuthnInstant", testNow.Add(at).Format(time.RFC3339))
						statement.Parent().AddChild(one)
					}
					statement.Parent().RemoveChild(statement)
				}
			})
			if test.want != "" {
				wantReason(t, testConnection(), m.build(t), pending, test.want)
				return
			}
			if _, err := Verify(testConnection(), m.build(t), pending, testNow); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVerifyWithoutPendingRequest(t *testing.T) {
	m := genuine()
	m.inResponse = ""
	wantReason(t, testConnection(), m.build(t), PendingRequest{}, ReasonUnsolicited)
}

func wantReason(t *testing.T, c Connection, response []byte, p PendingRequest, want Reason) {
	t.Helper()
	id, err := Verify(c, response, p, testNow)
	var e *Error
	if id != nil || !errors.As(err, &e) || e.Reason != want {
		t.Errorf("Verify = %+v, %v; want %s", id, err, want)
	}
}

// The largest message that the gate lets through must not make goxmldsig give up.
func TestVerifyAtTheElementLimit(t *testing.T) {
	m := genuine()
	m.signResponse = true
	m.claims += strings.Repeat(claim("x", "y"), 410)
	if _, err := Verify(testConnection(), m.build(t), testPending(), testNow); err != nil {
		t.Error(err)
	}
}

func TestKeysStrongestFirst(t *testing.T) {
	id := &Identity{ObjectID: "ABC", NameID: "p1", NameIDFormat: formatPersistent, Email: Value{"ana@acme.example", "email"}}
	want := "[{objectid  abc} {persistent  p1} {email  ana@acme.example}]"
	if got := fmt.Sprint(id.Keys()); got != want {
		t.Errorf("keys = %s, want %s", got, want)
	}
	id = &Identity{NameID: "Ana@Acme.example", NameIDFormat: formatEmail, Email: Value{"ana@acme.example", "email"}}
	want = "[{nameid " + formatEmail + " ana@acme.example} {email  ana@acme.example}]"
	if got := fmt.Sprint(id.Keys()); got != want {
		t.Errorf("keys = %s, want %s", got, want)
	}
}

func TestMFAClaim(t *testing.T) {
	m := genuine()
	m.claims += claim(claimAuthnMethods, "http://schemas.microsoft.com/claims/multipleauthn")
	id, err := Verify(testConnection(), m.build(t), testPending(), testNow)
	if err != nil || !id.MFA {
		t.Errorf("MFA = %+v, %v", id, err)
	}
}

// The form value, before it is XML.
func FuzzDecodeResponse(f *testing.F) {
	f.Add("PHg+")
	f.Add("PH\n g+")
	f.Add("====")
	f.Fuzz(func(t *testing.T, form string) {
		raw, err := DecodeResponse(form)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("error of type %T", err)
		}
		if len(raw) > maxResponseSize {
			t.Fatalf("%d bytes", len(raw))
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add(genuine().build(f))
	f.Add([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0"/>`))
	f.Add([]byte("<!DOCTYPE x><x/>"))
	for _, c := range seeds(f) {
		f.Add(c.response)
	}
	c, original := testConnection(), string(genuine().build(f))
	f.Fuzz(func(t *testing.T, response []byte) {
		_, _ = InResponseTo(response)
		id, err := Verify(c, response, testPending(), testNow)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T", err)
			}
			if e.Reason == ReasonInternal {
				t.Fatal(err)
			}
			return
		}
		// Whatever else was changed around it, the person must be the signed one.
		if id.Email.Value != "ana@acme.example" || id.NameID != "ana@acme.example" {
			t.Fatalf("%+v from a changed copy of %s", id, original)
		}
	})
}

// A panic below Verify, whatever its cause, is a refusal.
func TestVerifyRecoversPanics(t *testing.T) {
	c := testConnection()
	c.Certificates = []*x509.Certificate{nil}
	wantReason(t, c, genuine().build(t), testPending(), ReasonInternal)
}
