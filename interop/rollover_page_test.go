package interop

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// metadataServer gives out a provider's metadata by https, as following it demands. It returns the file with the certificate to trust and what
// makes the address of a provider's metadata there.
func metadataServer(t *testing.T) (ca string, address func(*provider) string) {
	t.Helper()
	var from *url.URL
	server := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(from) }})
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return ca, func(p *provider) string {
		to, err := url.Parse(p.url)
		if err != nil {
			t.Fatal(err)
		}
		from = to
		return server.URL + "/saml2/idp/metadata.php"
	}
}

// follow reads metadata through the page, wants these words in what is shown, and confirms it.
func (s *set) follow(t *testing.T, owner *browser, address string, words ...string) {
	t.Helper()
	p := owner.submit(s.g.url+metadataPage, url.Values{"org": {s.org}, "metadata_url": {address}})
	to, form := p.formTo(regexp.MustCompile("/metadata/follow$"))
	if form == nil {
		t.Fatalf("nothing to confirm (status %d)\n%.5000s", p.status, p.body)
	}
	for _, word := range words {
		if !strings.Contains(p.body, word) {
			t.Errorf("what is to be confirmed does not say %q", word)
		}
	}
	form.Set("password", ownerPassword)
	if p = owner.submit(to, form); p.status != http.StatusOK || p.at.Path != metadataPage {
		t.Fatalf("not confirmed: at %s, status %d\n%.5000s", p.at, p.status, p.body)
	}
}

// thumbprint is a certificate file's SHA-1 thumbprint, as the page shows it.
func thumbprint(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	sum := sha1.Sum(block.Bytes)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// card is the text of a trusted certificate's card on the page, "" if it is not trusted.
func (s *set) card(t *testing.T, owner *browser, file string) string {
	t.Helper()
	bare := strings.NewReplacer(":", "", " ", "")
	for _, card := range owner.get(s.g.url + ssoPage).articles() {
		if strings.Contains(bare.Replace(card), thumbprint(t, file)) {
			return card
		}
	}
	return ""
}

// A certificate is rolled over through the page, following the provider's metadata, without one refused sign-in: the provider announces the
// next one, the admin confirms it, both sign, the old one is removed. A third one, which the provider uses unannounced, waits as a test finds
// it, and is trusted once its thumbprint was typed.
func TestRollOverThroughThePage(t *testing.T) {
	ca, address := metadataServer(t)
	s, owner := connectSimpleSAMLphp(t, "METADATA_ALLOW=127.0.0.0/8", "SSL_CERT_FILE="+ca)
	s.follow(t, owner, address(s.p))
	s.wantSignedIn(t, "assertion")
	if card := s.card(t, owner, s.oldFile); !strings.Contains(card, "In use (last signature") {
		t.Errorf("the old certificate: %q", card)
	}

	next := s.p.makeKey("next")
	s.follow(t, owner, address(s.p), "A certificate")
	s.wantSignedIn(t, "both")
	if card := s.card(t, owner, next); !strings.Contains(card, "Not used yet") {
		t.Errorf("the next certificate before it signs: %q", card)
	}
	s.p.useKey("next")
	s.wantSignedIn(t, "assertion")
	if card := s.card(t, owner, next); !strings.Contains(card, "In use (last signature") {
		t.Errorf("the next certificate after it has signed: %q", card)
	}
	s.p.useKey("old") // the provider may still change back
	s.wantSignedIn(t, "response")
	s.p.useKey("next")
	s.wantSignedIn(t, "both")

	s.remove(t, owner, s.oldFile)
	s.wantSignedIn(t, "both")
	s.p.useKey("old")
	s.wantRefused(t)

	third := s.p.newKey("third")
	s.wantRefused(t)
	b, end := s.test(t, owner)
	if email, by := b.me(s.g); email != "owner@"+s.domain || by != "password" {
		t.Errorf("the test has made the owner %q by %q", email, by)
	}
	if end.status != http.StatusOK || !strings.Contains(end.body, "certificate") {
		t.Errorf("the test ends at %s (status %d)\n%.3000s", end.at, end.status, end.body)
	}
	s.wantRefused(t) // waiting is not trusted
	p := owner.get(s.g.url + metadataPage)
	to, form := p.formTo(regexp.MustCompile("/certificates/[^/]+/approve$"))
	if form == nil {
		t.Fatalf("nothing waits\n%.5000s", p.body)
	}
	form.Set("password", ownerPassword)
	form.Set("thumbprint", thumbprint(t, next))
	if p := owner.submit(to, form); p.status != http.StatusUnprocessableEntity {
		t.Errorf("approved with another certificate's thumbprint (status %d)", p.status)
	}
	s.wantRefused(t)
	form.Set("thumbprint", thumbprint(t, third))
	if p := owner.submit(to, form); p.status != http.StatusOK || p.at.Path != metadataPage {
		t.Fatalf("not approved: at %s, status %d\n%.5000s", p.at, p.status, p.body)
	}
	s.wantSignedIn(t, "assertion")
	s.p.useKey("next")
	s.wantSignedIn(t, "response")
}

// remove stops trusting a certificate through the page.
func (s *set) remove(t *testing.T, owner *browser, file string) {
	t.Helper()
	p := owner.get(s.g.url + ssoPage)
	bare := strings.NewReplacer(":", "", " ", "")
	for node := range p.root.Descendants() {
		if node.Data != "article" || !strings.Contains(bare.Replace(textOf(node)), thumbprint(t, file)) {
			continue
		}
		for button := range node.Descendants() {
			if button.Data != "button" || !strings.HasPrefix(attribute(button, "form"), "remove-") {
				continue
			}
			id := strings.TrimPrefix(attribute(button, "form"), "remove-")
			to, form := p.formTo(regexp.MustCompile("/certificates/" + regexp.QuoteMeta(id)))
			form.Set("password", ownerPassword)
			if p = owner.submit(to, form); p.status != http.StatusOK || s.card(t, owner, file) != "" {
				t.Fatalf("not removed: at %s, status %d\n%.3000s", p.at, p.status, p.body)
			}
			return
		}
	}
	t.Fatalf("no button removes it\n%.5000s", p.body)
}

// wantRefused wants a sign-in that ends without a session.
func (s *set) wantRefused(t *testing.T) {
	t.Helper()
	b, end, _ := s.signIn(t)
	if email, _ := b.me(s.g); email != "" || end.status != http.StatusForbidden {
		t.Errorf("signed in as %q, status %d", email, end.status)
	}
}

// test runs a test sign-in, begun in the owner's browser, to its end.
func (s *set) test(t *testing.T, owner *browser) (*browser, page) {
	t.Helper()
	p := owner.submit(s.g.url+ssoPage+"/test", url.Values{"org": {s.org}})
	action, form := p.form("password")
	if form == nil {
		t.Fatalf("no sign-in page at %s (status %d)\n%.3000s", p.at, p.status, p.body)
	}
	form.Set("username", "ana")
	form.Set("password", "heron")
	p = owner.submit(action, form)
	action, form = p.form("SAMLResponse")
	if form == nil {
		t.Fatalf("no response at %s (status %d)\n%.3000s", p.at, p.status, p.body)
	}
	return owner, owner.submitAcross(action, form)
}
