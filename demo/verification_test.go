package demo

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	sp "gatehouse/sso" // the page of that name is sso
)

func signer(t *testing.T, key any) crypto.Signer {
	t.Helper()
	s, ok := key.(crypto.Signer)
	if !ok {
		t.Fatalf("%T signs nothing", key)
	}
	return s
}

// upload posts a file and returns the page that follows.
func (s *site) upload(t *testing.T, path, field string, content []byte) string {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	file, err := w.CreateFormFile(field, "file")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write(content) // into memory
	_ = w.Close()
	res, err := s.client.Post(s.server.URL+path, w.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	read(t, res)
	location, _, _ := strings.Cut(res.Header.Get("Location"), "#")
	_, page := s.get(t, location)
	return page
}

func TestSignedRequestsCanBeRequired(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	newKey := func() (crypto.Signer, string) {
		der, certificate, err := sp.NewRequestKey("http://localhost:8080/saml/org_1", s.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			t.Fatal(err)
		}
		return signer(t, key), certificate
	}
	key, certificate := newKey()
	other, otherCertificate := newKey()
	request := func(with crypto.Signer) string {
		r, err := sp.NewRequest(s.connection(), sp.RequestOptions{RelayState: "relay-1", LoginHint: "amara@acme.com", SignWith: with}, s.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		return u.RawQuery
	}
	// sent is what comes of a request: the code of Microsoft's page, or empty where people are picked; whoever is picked then gets in.
	sent := func(query string) string {
		t.Helper()
		status, page := s.get(t, "/"+TenantID+"/saml2?"+query)
		if status == http.StatusOK {
			status, answer := s.post(t, "/"+TenantID+"/saml2", url.Values{"query": {hidden(t, page, "query")}, "as": {fixedGUID("amara@acme.com")}})
			if status != http.StatusOK || hidden(t, answer, "RelayState") != "relay-1" {
				t.Errorf("picking answered %d", status)
			}
			return ""
		}
		checkPage(t, page)
		_, rest, _ := strings.Cut(page, "<b>AADSTS")
		code, _, _ := strings.Cut(rest, "</b>")
		return code
	}
	unsigned, right, wrong := request(nil), request(key), request(other)
	if got := sent(unsigned) + sent(wrong); got != "" {
		t.Errorf("not required: %s", got)
	}
	if page := s.upload(t, "/sso/verification", "verification", []byte("no certificate")); !strings.Contains(page, "This is no certificate") {
		t.Errorf("an unreadable file: %s", page)
	}
	_, page := s.post(t, "/sso/verification/require", url.Values{"required": {"on"}})
	if !strings.Contains(page, "nobody gets in") {
		t.Error("nothing is said about the missing certificate")
	}
	if got := sent(right); got != "76023" {
		t.Errorf("without a certificate: %s", got)
	}
	if page = s.upload(t, "/sso/verification", "verification", []byte(certificate)); !strings.Contains(page, "Verification certificate uploaded") {
		t.Errorf("our certificate: %s", page)
	}
	checkPage(t, page)
	changed := strings.Replace(right, "RelayState=relay-1", "RelayState=relay-2", 1)
	for _, tc := range []struct{ name, query, want string }{
		{"signed by the right key", right, ""},
		{"unsigned", unsigned, "76021"},
		{"signed by another key", wrong, "76023"},
		{"changed after signing", changed, "76023"},
		{"signed with SHA-1, by its own word", strings.Replace(right, "rsa-sha256", "rsa-sha1", 1), "76023"},
		{"a parameter twice", right + "&RelayState=x", "75005"},
		{"a signature that is none", unsigned + "&SigAlg=" + url.QueryEscape(rsaSHA256) + "&Signature=%21", "76023"},
	} {
		if got := sent(tc.query); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	// The choice of a person is checked again: the page before it could have been opened earlier.
	if status, _ := s.post(t, "/"+TenantID+"/saml2", url.Values{"query": {unsigned}, "as": {fixedGUID("amara@acme.com")}}); status != http.StatusBadRequest {
		t.Errorf("an unsigned request with a person picked: %d", status)
	}
	// Nothing was requested where the identity provider begins.
	if status, page := s.post(t, "/"+TenantID+"/saml2", url.Values{"as": {fixedGUID("amara@acme.com")}}); status != http.StatusBadRequest || !strings.Contains(page, "AADSTS76021") {
		t.Errorf("an unsolicited response: %d", status)
	}
	// A new key comes beside the old one.
	s.upload(t, "/sso/verification", "verification", []byte(otherCertificate))
	if got := sent(right) + sent(wrong); got != "" {
		t.Errorf("two keys: %s", got)
	}
	s.post(t, "/sso/verification/remove", nil)
	s.post(t, "/sso/verification/require", nil)
	if len(s.app.verification.certs) != 0 || s.app.verification.Required {
		t.Error("it is still required")
	}
}

func TestVerificationCertificatesComeInEveryForm(t *testing.T) {
	s := newSite(t)
	_, certificate, err := sp.NewRequestKey("http://localhost:8080/saml/org_1", s.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	der := blockOf(t, certificate)
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	provider := sp.ServiceProvider{EntityID: "http://localhost:8080/saml/org_1", ACSURL: "http://localhost:8080/saml/org_1/acs", LogoutURL: logoutURL}
	unsigned, err := sp.SPMetadata(provider)
	if err != nil {
		t.Fatal(err)
	}
	provider.Certificate, provider.SignsRequests = parsed, true
	metadata, err := sp.SPMetadata(provider)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		file []byte
		want string // of the refusal
	}{
		{"PEM", []byte(certificate), ""},
		{"DER", der, ""},
		{"our metadata", metadata, ""},
		{"our metadata while nothing is signed", unsigned, "holds no certificate"},
		{"a private key", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "private key"},
		{"broken XML", []byte("<EntityDescriptor"), "cannot be read"},
	} {
		var v verification
		err := v.add(tc.file)
		if tc.want == "" && (err != nil || len(v.certs) != 1) || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, %d certificates", tc.name, err, len(v.certs))
		}
	}
	// The metadata fills in the Logout Url too.
	if b, err := readSPMetadata(metadata); err != nil || b.LogoutURL != logoutURL {
		t.Errorf("Logout Url: %q, %v", b.LogoutURL, err)
	}
}
