package interop

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	ssoPage      = "/settings/access-security/sso"
	metadataPage = ssoPage + "/metadata"
)

// connectSimpleSAMLphp is SimpleSAMLphp with an organization, and its owner's browser.
func connectSimpleSAMLphp(t *testing.T, environment ...string) (*set, *browser) {
	t.Helper()
	kind := kinds[0]
	s := connect(t, startGatehouse(t, environment...), kind.name, kind.domain, kind.signInPath, kind.start)
	return s, s.g.owner(t, s.domain)
}

// signRequests turns the signing of requests on or off through the page, and gives the provider our metadata as it is then.
func (s *set) signRequests(t *testing.T, owner *browser, value string) {
	t.Helper()
	p := owner.submit(s.g.url+ssoPage+"/signing", url.Values{"org": {s.org}, "value": {value}, "password": {ownerPassword}})
	if p.status != http.StatusOK || p.at.Path != metadataPage {
		t.Fatalf("sign requests %s: at %s, status %d\n%.3000s", value, p.at, p.status, p.body)
	}
}

func (s *set) giveMetadata(t *testing.T) string {
	t.Helper()
	metadata := newBrowser(t).get(s.entityID + "/metadata").body
	s.p.write("sp.xml", metadata)
	return metadata
}

// SimpleSAMLphp validates our signed requests with the key in our metadata, and takes no others once that says that they are signed.
func TestSignedRequests(t *testing.T) {
	s, owner := connectSimpleSAMLphp(t)
	s.signRequests(t, owner, "on")
	metadata := s.giveMetadata(t)
	if !strings.Contains(metadata, `AuthnRequestsSigned="true"`) || !strings.Contains(metadata, "X509Certificate>") {
		t.Fatalf("our metadata does not say that requests are signed: %s", metadata)
	}
	for _, mode := range modes {
		t.Run(mode+" signed", func(t *testing.T) { s.wantSignedIn(t, mode) })
	}

	stop := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request := func(t *testing.T) *url.URL {
		t.Helper()
		response, err := stop.Get(s.entityID + "/login")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		to, err := response.Location()
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	// wantRefused wants no sign-in page for a request.
	wantRefused := func(t *testing.T, to *url.URL) {
		t.Helper()
		p := newBrowser(t).get(to.String())
		if _, form := p.form("password"); form != nil {
			t.Errorf("SimpleSAMLphp takes it (status %d)", p.status)
		}
	}
	t.Run("the request as it was sent is taken", func(t *testing.T) {
		if _, form := newBrowser(t).get(request(t).String()).form("password"); form == nil {
			t.Error("no sign-in page")
		}
	})
	t.Run("another RelayState", func(t *testing.T) {
		to := request(t)
		to.RawQuery = strings.Replace(to.RawQuery, "RelayState=", "RelayState=x", 1)
		if !strings.Contains(to.RawQuery, "RelayState=x") {
			to.RawQuery = strings.Replace(to.RawQuery, "&SigAlg=", "&RelayState=x&SigAlg=", 1)
		}
		wantRefused(t, to)
	})
	t.Run("another request's signature", func(t *testing.T) {
		to, other := request(t), request(t)
		_, signature, _ := strings.Cut(other.RawQuery, "&Signature=")
		signed, _, _ := strings.Cut(to.RawQuery, "&Signature=")
		to.RawQuery = signed + "&Signature=" + signature
		wantRefused(t, to)
	})
	t.Run("the signature taken away", func(t *testing.T) {
		to := request(t)
		signed, _, _ := strings.Cut(to.RawQuery, "&SigAlg=")
		to.RawQuery = signed
		wantRefused(t, to)
	})
	t.Run("not signed any more, while the provider still wants it", func(t *testing.T) {
		s.signRequests(t, owner, "off")
		wantRefused(t, request(t))
		s.giveMetadata(t)
		s.wantSignedIn(t, "assertion")
	})
}

// Somebody signs out at SimpleSAMLphp: its signed LogoutRequest by HTTP-Redirect ends the session here, our signed answer is taken by it, and
// the browser ends where the provider wants it.
func TestSignOutAtTheProvider(t *testing.T) {
	ca, address := metadataServer(t)
	s, owner := connectSimpleSAMLphp(t, "METADATA_ALLOW=127.0.0.0/8", "SSL_CERT_FILE="+ca)
	s.signRequests(t, owner, "on")
	s.giveMetadata(t)
	// The address for LogoutResponses comes from the provider's metadata.
	s.follow(t, owner, address(s.p))
	for _, mode := range modes {
		t.Run(mode+" signed", func(t *testing.T) {
			s.p.write("mode", mode)
			b, _, _ := s.signIn(t)
			if email, _ := b.me(s.g); email == "" {
				t.Fatal("not signed in")
			}
			other, _, _ := s.signIn(t) // at another computer
			end := b.get(s.p.url + "/saml2/idp/initSLO.php?RelayState=" + url.QueryEscape(s.g.url+"/healthz"))
			if end.at.Path != "/healthz" || end.status != http.StatusOK {
				t.Errorf("the sign-out ends at %s (status %d)\n%.3000s", end.at, end.status, end.body)
			}
			if email, _ := b.me(s.g); email != "" {
				t.Errorf("%s is still signed in", email)
			}
			if email, _ := other.me(s.g); email == "" {
				t.Error("the session of another computer ended too, although the request names one SessionIndex")
			}
			if p := b.get(s.p.url + "/saml2/idp/SSOService.php?spentityid=" + url.QueryEscape(s.entityID)); p.status == http.StatusOK {
				if _, form := p.form("SAMLResponse"); form != nil {
					t.Error("still signed in at the provider")
				}
			}
		})
	}
	t.Run("signed by a key that is not trusted", func(t *testing.T) {
		b, _, _ := s.signIn(t)
		s.p.newKey("stranger")
		defer s.p.useKey("old")
		b.get(s.p.url + "/saml2/idp/initSLO.php?RelayState=" + url.QueryEscape(s.g.url+"/healthz"))
		if email, _ := b.me(s.g); email == "" {
			t.Error("a stranger's request has ended the session")
		}
	})
}
