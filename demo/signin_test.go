package demo

import (
	"bytes"
	"compress/flate"
	"crypto/x509"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

const requestXML = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ` +
	`ID="id-5f2c" Version="2.0" IssueInstant="2026-11-20T14:02:00Z" AssertionConsumerServiceURL="http://localhost:8080/saml/org_1/acs">` +
	`<saml:Issuer>http://localhost:8080/saml/org_1</saml:Issuer></samlp:AuthnRequest>`

// deflated is a request as the HTTP-Redirect binding carries it.
func deflated(t *testing.T, xml string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(xml)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// query is a request as it arrives, with the RelayState relay-1.
func query(t *testing.T, xml string) string {
	t.Helper()
	return "SAMLRequest=" + url.QueryEscape(deflated(t, xml)) + "&RelayState=relay-1"
}

// hidden reads a hidden field of a page.
func hidden(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no field %s: %s", name, page)
	}
	return html.UnescapeString(m[1])
}

// signIn picks somebody for a request and returns the decoded response.
func (s *site) signIn(t *testing.T, requestXML, mail string) []byte {
	t.Helper()
	status, body := s.post(t, "/"+TenantID+"/saml2", url.Values{"query": {query(t, requestXML)}, "as": {fixedGUID(mail)}})
	if status != http.StatusOK {
		t.Fatalf("picking %s answered %d: %s", mail, status, body)
	}
	if got := hidden(t, body, "RelayState"); got != "relay-1" {
		t.Errorf("RelayState: expected it back unchanged, got %q", got)
	}
	raw, err := base64.StdEncoding.DecodeString(hidden(t, body, "SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parse(t *testing.T, raw []byte) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// verified checks an element's signature against pretend Azure's certificate and returns what was signed.
func verified(t *testing.T, s *site, el *etree.Element) *etree.Element {
	t.Helper()
	cert, err := x509.ParseCertificate(s.app.certs[0].der)
	if err != nil {
		t.Fatal(err)
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(s.clock.now())
	out, err := ctx.Validate(el)
	if err != nil {
		t.Fatalf("the signature does not verify: %v", err)
	}
	return out
}

func TestResponseHasTheShapeThatEntraSends(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	raw := s.signIn(t, requestXML, "amara@acme.com")
	response := parse(t, raw)

	for path, want := range map[string]string{
		"./@Destination": "http://localhost:8080/saml/org_1/acs", "./@InResponseTo": "id-5f2c", "./@Version": "2.0",
		"./@IssueInstant":                                 "2026-11-20T14:02:11.000Z",
		"./Issuer":                                        "https://sts.windows.net/" + TenantID + "/",
		"./Assertion/Issuer":                              "https://sts.windows.net/" + TenantID + "/",
		"./Assertion/@xmlns":                              "urn:oasis:names:tc:SAML:2.0:assertion",
		"./Assertion/Signature/@xmlns":                    "http://www.w3.org/2000/09/xmldsig#",
		"./samlp:Status/samlp:StatusCode/@Value":          "urn:oasis:names:tc:SAML:2.0:status:Success",
		"./Assertion/Subject/NameID":                      "amara@acme.com",
		"./Assertion/Subject/NameID/@Format":              nameIDEmail,
		"./Assertion/Subject/SubjectConfirmation/@Method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
		"./Assertion/Subject/SubjectConfirmation/SubjectConfirmationData/@Recipient":    "http://localhost:8080/saml/org_1/acs",
		"./Assertion/Subject/SubjectConfirmation/SubjectConfirmationData/@InResponseTo": "id-5f2c",
		"./Assertion/Subject/SubjectConfirmation/SubjectConfirmationData/@NotOnOrAfter": "2026-11-20T15:02:11.000Z",
		"./Assertion/Conditions/@NotBefore":                                             "2026-11-20T13:57:11.000Z",
		"./Assertion/Conditions/@NotOnOrAfter":                                          "2026-11-20T15:02:11.000Z",
		"./Assertion/Conditions/AudienceRestriction/Audience":                           "http://localhost:8080/saml/org_1",
		"./Assertion/AuthnStatement/@AuthnInstant":                                      "2026-11-20T06:32:11.000Z",
		"./Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef":                  "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
		"./Assertion/Signature/SignedInfo/SignatureMethod/@Algorithm":                   "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		"./Assertion/Signature/SignedInfo/Reference/DigestMethod/@Algorithm":            "http://www.w3.org/2001/04/xmlenc#sha256",
		"./Assertion/Signature/SignedInfo/CanonicalizationMethod/@Algorithm":            "http://www.w3.org/2001/10/xml-exc-c14n#",
	} {
		elementPath, attr, isAttr := strings.Cut(path, "/@")
		got := "(missing)"
		if el := response.FindElement(elementPath); el != nil {
			got = el.Text()
			if isAttr {
				got = el.SelectAttrValue(attr, "(missing)")
			}
		}
		if got != want {
			t.Errorf("%s: expected %q, got %q", path, want, got)
		}
	}

	assertion := response.SelectElement("Assertion")
	if children := assertion.ChildElements(); children[0].Tag != "Issuer" || children[1].Tag != "Signature" {
		t.Errorf("the signature must stand right behind the Issuer, got %s then %s", children[0].Tag, children[1].Tag)
	}
	if id := response.SelectAttrValue("ID", ""); !strings.HasPrefix(id, "_") || id == assertion.SelectAttrValue("ID", "") {
		t.Errorf("response and assertion must have different ids that begin with an underscore, got %q", id)
	}
	if response.SelectElement("Signature") != nil {
		t.Error("by default only the assertion is signed")
	}
	var transforms []string
	for _, tr := range assertion.FindElements("./Signature/SignedInfo/Reference/Transforms/Transform") {
		transforms = append(transforms, tr.SelectAttrValue("Algorithm", ""))
	}
	if got := strings.Join(transforms, " "); got != "http://www.w3.org/2000/09/xmldsig#enveloped-signature http://www.w3.org/2001/10/xml-exc-c14n#" {
		t.Errorf("transforms: got %s", got)
	}
	verified(t, s, assertion)

	var names []string
	for _, at := range assertion.FindElements("./AttributeStatement/Attribute") {
		names = append(names, at.SelectAttrValue("Name", ""))
		if len(at.Attr) != 1 {
			t.Errorf("claim %s: expected a Name and nothing else, got %v", names[len(names)-1], at.Attr)
		}
	}
	if want := []string{
		identityClaims + "tenantid", identityClaims + "objectidentifier", identityClaims + "displayname", identityClaims + "identityprovider",
		authnMethods, claimsNamespace + "/givenname", claimsNamespace + "/surname", claimsNamespace + "/emailaddress", claimsNamespace + "/name",
	}; strings.Join(names, "\n") != strings.Join(want, "\n") {
		t.Errorf("claims: expected\n%s\ngot\n%s", strings.Join(want, "\n"), strings.Join(names, "\n"))
	}
}

func TestTheSigningOptionDecidesWhatIsSigned(t *testing.T) {
	for _, tc := range []struct {
		name                        string
		signing                     string
		wantResponse, wantAssertion bool
	}{
		{"only the assertion", signAssertion, false, true},
		{"only the response", signResponse, true, false},
		{"both", signBoth, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			s.configure(t)
			s.post(t, "/sso/signing", url.Values{"signing": {tc.signing}, "algorithm": {algorithmSHA256}})
			response := parse(t, s.signIn(t, requestXML, "amara@acme.com"))
			assertion := response.SelectElement("Assertion")
			if got := response.SelectElement("Signature") != nil; got != tc.wantResponse {
				t.Errorf("response signed: expected %v, got %v", tc.wantResponse, got)
			}
			if got := assertion.SelectElement("Signature") != nil; got != tc.wantAssertion {
				t.Errorf("assertion signed: expected %v, got %v", tc.wantAssertion, got)
			}
			if tc.wantResponse {
				verified(t, s, response)
			}
			if tc.wantAssertion {
				verified(t, s, assertion)
			}
		})
	}
}

// The library that Gatehouse builds on must take the response as it is.
func TestResponseIsAcceptedByAServiceProvider(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	s.clock.at = time.Now().UTC() // the library reads the real clock
	raw := s.signIn(t, requestXML, "amara@acme.com")

	acs, _ := url.Parse("http://localhost:8080/saml/org_1/acs")
	sp := saml.ServiceProvider{EntityID: "http://localhost:8080/saml/org_1", AcsURL: *acs, IDPMetadata: &saml.EntityDescriptor{
		EntityID: issuer(),
		IDPSSODescriptors: []saml.IDPSSODescriptor{{SSODescriptor: saml.SSODescriptor{RoleDescriptor: saml.RoleDescriptor{
			KeyDescriptors: []saml.KeyDescriptor{{Use: "signing", KeyInfo: saml.KeyInfo{X509Data: saml.X509Data{
				X509Certificates: []saml.X509Certificate{{Data: base64.StdEncoding.EncodeToString(s.app.certs[0].der)}},
			}}}},
		}}}},
	}}
	assertion, err := sp.ParseXMLResponse(raw, []string{"id-5f2c"}, *acs)
	if err != nil {
		t.Fatalf("refused: %v (%v)", err, err.(*saml.InvalidResponseError).PrivateErr)
	}
	if got := assertion.Subject.NameID.Value; got != "amara@acme.com" {
		t.Errorf("NameID: got %q", got)
	}
}

func TestClaimsFollowTheList(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	for name, source := range map[string]string{"email": "user.mail", "firstName": "user.givenname"} {
		if status, body := s.post(t, "/sso/claims", url.Values{"name": {name}, "namespace": {""}, "source": {source}}); status != http.StatusSeeOther {
			t.Fatalf("adding %s answered %d: %s", name, status, body)
		}
	}
	s.post(t, "/sso/claims", url.Values{"name": {"lastName"}, "namespace": {claimsNamespace}, "source": {"user.surname"}})
	s.post(t, "/sso/claims/delete", url.Values{"id": {"emailaddress"}})
	response := string(s.signIn(t, requestXML, "amara@acme.com"))
	for _, want := range []string{
		`<Attribute Name="email"><AttributeValue>amara@acme.com</AttributeValue></Attribute>`,
		`<Attribute Name="firstName"><AttributeValue>Amara</AttributeValue></Attribute>`,
		`<Attribute Name="` + claimsNamespace + `/lastName"><AttributeValue>Okafor</AttributeValue></Attribute>`,
	} {
		if !strings.Contains(response, want) {
			t.Errorf("the response lacks %s", want)
		}
	}
	if strings.Contains(response, "emailaddress\"") {
		t.Error("the deleted claim is still sent")
	}
	if status, body := s.post(t, "/sso/claims", url.Values{"name": {"email"}, "source": {"user.mail"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "already a claim") {
		t.Errorf("a second claim of the same name: expected 422 with the reason, got %d", status)
	}
}

func TestAPersonWithoutMailHasNoEmailClaim(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	s.dir.person(fixedGUID("amara@acme.com")).Mail = ""
	if response := string(s.signIn(t, requestXML, "amara@acme.com")); strings.Contains(response, "emailaddress\"") {
		t.Error("expected no emailaddress claim")
	}
}

func TestTheRequestDecidesAboutNameIDAndFreshness(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	xml := strings.Replace(requestXML, `Version="2.0"`, `Version="2.0" ForceAuthn="true"`, 1)
	xml = strings.Replace(xml, `</samlp:AuthnRequest>`, `<samlp:NameIDPolicy Format="`+nameIDPersistent+`"/></samlp:AuthnRequest>`, 1)
	first, second := parse(t, s.signIn(t, xml, "amara@acme.com")), parse(t, s.signIn(t, xml, "amara@acme.com"))
	nameID := first.FindElement("./Assertion/Subject/NameID")
	if nameID.SelectAttrValue("Format", "") != nameIDPersistent || strings.Contains(nameID.Text(), "@") {
		t.Errorf("expected an opaque persistent NameID, got %s %q", nameID.SelectAttrValue("Format", ""), nameID.Text())
	}
	if nameID.Text() != second.FindElement("./Assertion/Subject/NameID").Text() {
		t.Error("a persistent NameID must stay the same")
	}
	if got := first.FindElement("./Assertion/AuthnStatement").SelectAttrValue("AuthnInstant", ""); got != "2026-11-20T14:02:11.000Z" {
		t.Errorf("ForceAuthn must give a fresh AuthnInstant, got %s", got)
	}
}

func TestWhatEntraRefusesEndsOnAPageWithItsCode(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	replaced := func(old, with string) string { return strings.Replace(requestXML, old, with, 1) }
	for _, tc := range []struct {
		name string
		xml  string
		as   string // empty: the request itself is refused
		want string
	}{
		{"another issuer", replaced("saml/org_1</saml:Issuer>", "saml/org_2</saml:Issuer>"), "", "AADSTS700016"},
		{"another reply URL", replaced("org_1/acs", "org_1/other"), "", "AADSTS50011"},
		{"an id that begins with a digit", replaced("id-5f2c", "5f2c"), "", "AADSTS7500529"},
		{"a subject", replaced("</samlp:AuthnRequest>", "<saml:Subject/></samlp:AuthnRequest>"), "", "AADSTS75005"},
		{"an unknown NameID format", replaced("</samlp:AuthnRequest>", `<samlp:NameIDPolicy Format="urn:x"/></samlp:AuthnRequest>`), "", "AADSTS75016"},
		{"another answer binding", replaced(`Version="2.0"`, `Version="2.0" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"`), "", "AADSTS75003"},
		{"an authentication context that a password is not", replaced("</samlp:AuthnRequest>", `<samlp:RequestedAuthnContext Comparison="exact"><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:X509</saml:AuthnContextClassRef></samlp:RequestedAuthnContext></samlp:AuthnRequest>`), "", "AADSTS75011"},
		{"a logout request", strings.ReplaceAll(requestXML, "AuthnRequest", "LogoutRequest"), "", "AADSTS75005"},
		{"somebody who is not assigned", requestXML, "kofi@acme.com", "AADSTS50105"},
		{"nobody known", requestXML, "nobody@acme.com", "AADSTS50034"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := "/" + TenantID + "/saml2"
			var status int
			var body string
			if tc.as == "" {
				status, body = s.get(t, path+"?SAMLRequest="+url.QueryEscape(deflated(t, tc.xml)))
			} else {
				status, body = s.post(t, path, url.Values{"query": {query(t, tc.xml)}, "as": {fixedGUID(tc.as)}})
			}
			if status != http.StatusBadRequest || !strings.Contains(body, "<b>"+tc.want+"</b>") {
				t.Errorf("expected 400 with %s, got %d: %s", tc.want, status, body)
			}
		})
	}
	if status, body := s.get(t, "/"+TenantID+"/saml2"); status != http.StatusBadRequest || !strings.Contains(body, "AADSTS750054") {
		t.Errorf("no request at all: got %d", status)
	}
}

func TestTheSignInPageShowsWhoWasAskedForFirst(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	_, body := s.get(t, "/"+TenantID+"/saml2?SAMLRequest="+url.QueryEscape(deflated(t, requestXML))+"&login_hint=HARUTO%40acme.com")
	haruto, amara := strings.Index(body, "Haruto Yamada"), strings.Index(body, "Amara Okafor")
	if haruto < 0 || amara < 0 || haruto > amara {
		t.Error("expected Haruto before Amara")
	}
	if !strings.Contains(body, "This is who Gatehouse asked for") {
		t.Error("expected the hint to be shown")
	}
	_, body = s.get(t, "/"+TenantID+"/saml2?SAMLRequest="+url.QueryEscape(deflated(t, requestXML))+"&login_hint=eve%40acme.com")
	if !strings.Contains(body, "eve@acme.com") {
		t.Error("expected the unknown hint to be named")
	}
}

func TestTheTileWithoutASignOnURLSendsAnUnsolicitedResponse(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	res, err := s.client.Get(s.server.URL + "/myapps/open")
	if err != nil {
		t.Fatal(err)
	}
	if _, _ = read(t, res); res.Header.Get("Location") != "http://localhost:8080/saml/org_1/login" {
		t.Errorf("with a Sign on URL the tile opens it, got %q", res.Header.Get("Location"))
	}
	s.post(t, "/sso/basic", url.Values{"identifier": {"http://localhost:8080/saml/org_1"}, "reply_url": {"http://localhost:8080/saml/org_1/acs"}})
	_, body := s.get(t, "/myapps/open")
	_, body = s.post(t, "/"+TenantID+"/saml2", url.Values{"query": {hidden(t, body, "query")}, "as": {fixedGUID("amara@acme.com")}})
	raw, _ := base64.StdEncoding.DecodeString(hidden(t, body, "SAMLResponse"))
	if strings.Contains(string(raw), "InResponseTo") {
		t.Error("an unsolicited response answers no request")
	}
}

func TestAnExpiredActiveCertificateYieldsToAValidOne(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	s.clock.at = s.clock.at.AddDate(2, 11, 0)
	s.post(t, "/sso/certificates", nil)
	if got := s.app.signer(s.clock.now()); got != s.app.certs[0] {
		t.Error("while it is valid, the active certificate signs")
	}
	s.clock.at = s.clock.at.AddDate(0, 3, 0)
	if got := s.app.signer(s.clock.now()); got != s.app.certs[1] {
		t.Error("an expired active certificate must yield to the valid one")
	}
	if status, body := s.post(t, "/sso/certificates/delete", url.Values{"thumbprint": {s.app.certs[0].thumbprint()}}); status != http.StatusSeeOther || !strings.Contains(body, "cannot be deleted") {
		t.Error("the active certificate cannot be deleted")
	}
	s.post(t, "/sso/certificates/activate", url.Values{"thumbprint": {s.app.certs[1].thumbprint()}})
	s.post(t, "/sso/certificates/delete", url.Values{"thumbprint": {s.app.certs[0].thumbprint()}})
	if len(s.app.certs) != 1 || !s.app.certs[0].active {
		t.Error("expected one certificate, active")
	}
}

func TestDownloadsAreWhatEntraOffers(t *testing.T) {
	s := newSite(t)
	for _, tc := range []struct{ path, wantName, wantBegin string }{
		{"/sso/certificate-base64.cer", "Gatehouse.cer", "-----BEGIN CERTIFICATE-----"},
		{"/sso/certificate-raw.cer", "Gatehouse.cer", string(s.app.certs[0].der[:4])},
		{"/sso/federation-metadata.xml", "Gatehouse.xml", "<?xml"},
	} {
		res, err := s.client.Get(s.server.URL + tc.path)
		if err != nil {
			t.Fatal(err)
		}
		_, body := read(t, res)
		if got := res.Header.Get("Content-Disposition"); got != `attachment; filename="`+tc.wantName+`"` {
			t.Errorf("%s: got %s", tc.path, got)
		}
		if !strings.HasPrefix(body, tc.wantBegin) {
			t.Errorf("%s begins with %.20q", tc.path, body)
		}
	}
	_, body := s.get(t, strings.TrimPrefix(s.metadataURL(), s.baseURL))
	metadata := parse(t, []byte(body))
	if got := metadata.SelectAttrValue("entityID", ""); got != issuer() {
		t.Errorf("entityID: got %s", got)
	}
	if got := metadata.FindElement("./IDPSSODescriptor/SingleSignOnService").SelectAttrValue("Location", ""); got != s.loginURL() {
		t.Errorf("SingleSignOnService: got %s", got)
	}
	if cert := s.app.certs[0].x509; len(cert.Extensions) != 0 || cert.Subject.CommonName != "Microsoft Azure Federated SSO Certificate" || cert.NotAfter.Year()-cert.NotBefore.Year() != 3 {
		t.Errorf("the certificate must look like Entra's: %v %s %v", cert.Subject, cert.NotAfter, cert.Extensions)
	}
}
