package demo

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	sp "gatehouse/sso" // the page of that name is sso
)

const logoutURL = "http://localhost:8080/saml/org_1/logout"

// location posts a form and returns where it leads.
func (s *site) location(t *testing.T, path string, form url.Values) string {
	t.Helper()
	res, err := s.client.PostForm(s.server.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	read(t, res)
	return res.Header.Get("Location")
}

func TestSigningOutTellsTheApplication(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	s.signIn(t, requestXML, "amara@acme.com")
	index := parse(t, s.signIn(t, requestXML, "amara@acme.com")).FindElement("./Assertion/AuthnStatement").SelectAttrValue("SessionIndex", "")
	_, page := s.get(t, "/myapps")
	if !strings.Contains(page, "Amara Okafor") || !strings.Contains(page, "There is no Logout Url") {
		t.Errorf("the page does not show who is signed in: %s", page)
	}
	checkPage(t, page)
	who := url.Values{"who": {fixedGUID("amara@acme.com")}}
	if _, page := s.post(t, "/myapps/sign-out", who); !strings.Contains(page, "Gatehouse was not told") || strings.Contains(page, ">Sign out <") {
		t.Errorf("without a Logout Url: %s", page)
	}
	if _, page := s.post(t, "/myapps/sign-out", who); !strings.Contains(page, "Nobody is signed in under that name") {
		t.Error("somebody who is not signed in can sign out")
	}

	s.app.basic.LogoutURL = logoutURL
	s.signIn(t, requestXML, "amara@acme.com")
	index2 := s.sessions[0].indexes[0]
	s.answered(t, answerStatusFailed) // no session comes of this
	u, err := url.Parse(s.location(t, "/myapps/sign-out", who))
	if err != nil || !strings.HasPrefix(u.String(), logoutURL+"?SAMLRequest=") {
		t.Fatalf("signing out leads to %v", u)
	}
	request, err := sp.ParseLogoutRequest(s.connection(), logoutURL, u.RawQuery, s.clock.now())
	if err != nil {
		t.Fatalf("the service provider refuses the request: %v", err)
	}
	if request.NameID != "amara@acme.com" || len(request.SessionIndexes) != 1 || request.SessionIndexes[0] != index2 || index2 == index {
		t.Errorf("the request is about %s %v", request.NameID, request.SessionIndexes)
	}

	// What the application answers, signed or not, arrives where requests do.
	for name, signed := range map[string]bool{"unsigned": false, "signed": true} {
		der, certificate, err := sp.NewRequestKey("http://localhost:8080/saml/org_1", s.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			t.Fatal(err)
		}
		address := ""
		if signed {
			address, err = sp.LogoutResponse(s.loginURL(), "http://localhost:8080/saml/org_1", request, signer(t, key), s.clock.now())
			s.upload(t, "/sso/verification", "verification", []byte(certificate))
		} else {
			address, err = sp.LogoutResponse(s.loginURL(), "http://localhost:8080/saml/org_1", request, nil, s.clock.now())
		}
		if err != nil {
			t.Fatal(err)
		}
		status, page := s.get(t, strings.TrimPrefix(address, s.baseURL))
		if status != http.StatusOK || !strings.Contains(page, "You are signed out") || !strings.Contains(page, "ended the sessions") || strings.Contains(page, "Its signature is right") != signed {
			t.Errorf("%s: %d %s", name, status, page)
		}
		checkPage(t, page)
	}
	for _, bad := range []string{"x", base64.StdEncoding.EncodeToString([]byte("x")), deflated(t, requestXML)} {
		if status, page := s.get(t, "/"+TenantID+"/saml2?SAMLResponse="+url.QueryEscape(bad)); status != http.StatusBadRequest || !strings.Contains(page, "AADSTS75005") {
			t.Errorf("%.20s: %d", bad, status)
		}
	}
}

func TestASessionKeepsWhatTheApplicationWasTold(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	for range maxIndexes + 3 {
		s.signIn(t, requestXML, "amara@acme.com")
	}
	if n := len(s.sessions[0].indexes); n != maxIndexes || len(s.sessions) != 1 {
		t.Errorf("%d sessions, the first with %d indexes", len(s.sessions), n)
	}
	s.post(t, "/sso/nameid", url.Values{"format": {nameIDPersistent}, "source": {"user.objectid"}})
	s.signIn(t, requestXML, "amara@acme.com")
	if one := s.sessions[0]; len(one.indexes) != 1 || one.format != nameIDPersistent {
		t.Errorf("under another NameID: %+v", one)
	}
}

// blockOf is the bytes of a PEM file.
func blockOf(t *testing.T, file string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(file))
	if block == nil {
		t.Fatalf("no PEM: %s", file)
	}
	return block.Bytes
}
