package interop

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// set is an organization set up with an identity provider.
type set struct {
	g        *gatehouse
	p        *provider
	org      string
	domain   string
	oldFile  string
	entityID string
}

// connect starts an identity provider and sets the organization's connection up by the command line, as an operator does.
func connect(t *testing.T, g *gatehouse, name, domain, signInPath string, startProvider func(*testing.T, *provider, string)) *set {
	t.Helper()
	s := &set{g: &gatehouse{t: t, url: g.url, env: g.env}, p: newProvider(t, signInPath), domain: domain}
	s.org = s.g.organization(name, domain)
	s.entityID = g.url + "/saml/" + s.org
	s.oldFile = s.p.newKey("old")
	metadata := newBrowser(t).get(s.entityID + "/metadata")
	if metadata.status != http.StatusOK {
		t.Fatalf("our metadata: status %d", metadata.status)
	}
	s.p.write("sp.xml", metadata.body)
	startProvider(t, s.p, s.entityID)
	s.trust(s.oldFile)
	return s
}

// trust makes these the certificates of the connection, and turns it on.
func (s *set) trust(files ...string) {
	s.g.t.Helper()
	args := []string{"sso", "set", "--org", s.org, "--issuer", s.p.issuer(), "--sign-in-url", s.p.signInURL(), "--enable", "--idp-managed"}
	for _, file := range files {
		args = append(args, "--certificate", file)
	}
	s.g.run(args...)
}

// signIn goes through a whole sign-in in a fresh browser. It returns the page at its end and the response that the provider sent.
func (s *set) signIn(t *testing.T) (b *browser, end page, response string) {
	t.Helper()
	b = newBrowser(t)
	p := b.get(s.entityID + "/login?return_to=/profile")
	action, form := p.form("password")
	if form == nil {
		t.Fatalf("no sign-in page at %s (status %d)\n%.3000s", p.at, p.status, p.body)
	}
	form.Set("username", "ana")
	form.Set("password", "heron")
	p = b.submit(action, form)
	action, form = p.form("SAMLResponse")
	if form == nil {
		t.Fatalf("no response at %s (status %d)\n%.3000s", p.at, p.status, p.body)
	}
	if want := s.entityID + "/acs"; action != want {
		t.Errorf("the response goes to %s, want %s", action, want)
	}
	xml, err := base64.StdEncoding.DecodeString(form.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	return b, b.submitAcross(action, form), string(xml)
}

func (s *set) wantSignedIn(t *testing.T, mode string) {
	t.Helper()
	s.p.write("mode", mode)
	b, end, response := s.signIn(t)
	signatures := strings.Count(response, "SignatureValue>") / 2
	if want := map[string]int{"assertion": 1, "response": 1, "both": 2}[mode]; signatures != want {
		t.Errorf("the provider made %d signatures, want %d", signatures, want)
	}
	if !strings.Contains(response, "rsa-sha256") || strings.Contains(response, "xmldsig#rsa-sha1") {
		t.Error("the provider does not sign with RSA-SHA256 only")
	}
	email, by := b.me(s.g)
	if email != "ana@"+s.domain || by != "sso" || end.at.Path != "/profile" || end.status != http.StatusOK {
		t.Errorf("signed in as %q by %q, at %s (status %d)\n%s\n%.2000s", email, by, end.at, end.status, response, end.body)
	}
}

func TestSignInsWithOtherIdentityProviders(t *testing.T) {
	g := startGatehouse(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			s := connect(t, g, kind.name, kind.domain, kind.signInPath, kind.start)
			for _, mode := range modes {
				t.Run(mode+" signed", func(t *testing.T) { s.wantSignedIn(t, mode) })
			}
			t.Run("a key that is not trusted", func(t *testing.T) {
				s.p.newKey("stranger")
				defer s.p.useKey("old")
				b, end, _ := s.signIn(t)
				if email, _ := b.me(s.g); email != "" || end.status != http.StatusForbidden {
					t.Errorf("signed in as %q, status %d", email, end.status)
				}
			})
		})
	}
}

// A certificate is rolled over without one refused sign-in: the new one is added while the old one signs, the provider changes over, and
// the old one is removed.
func TestRollOver(t *testing.T) {
	kind := kinds[0]
	s := connect(t, startGatehouse(t), kind.name, kind.domain, kind.signInPath, kind.start)
	s.wantSignedIn(t, "assertion")
	newFile := s.p.newKey("new")
	s.p.useKey("old")
	s.trust(s.oldFile, newFile)
	s.wantSignedIn(t, "assertion")
	s.p.useKey("new")
	s.wantSignedIn(t, "assertion")
	s.p.useKey("old") // the provider may still change back
	s.wantSignedIn(t, "both")
	s.p.useKey("new")
	s.trust(newFile)
	s.wantSignedIn(t, "both")
	s.p.useKey("old")
	b, end, _ := s.signIn(t)
	if email, _ := b.me(s.g); email != "" || end.status != http.StatusForbidden {
		t.Errorf("the old key still signs %q in, status %d", email, end.status)
	}
}
