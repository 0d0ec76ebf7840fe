package sso

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	dsig "github.com/russellhaering/goxmldsig"
)

const testLogout = testEntityID + "/logout"

// logoutRequest is the XML of a genuine request; edits replace parts of it.
func logoutRequest(edits ...string) string {
	return strings.NewReplacer(edits...).Replace(`<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_logout1" Version="2.0" IssueInstant="2026-11-24T09:29:58Z" NotOnOrAfter="2026-11-24T09:39:58Z" Destination="` + testLogout + `">` +
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">` + testIssuer + `</Issuer><NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">ana@acme.example</NameID><samlp:SessionIndex>_s1</samlp:SessionIndex></samlp:LogoutRequest>`)
}

// logoutQuery is the query that a key's owner sends.
func logoutQuery(t testing.TB, xml string, key crypto.Signer, relayState string) string {
	t.Helper()
	encoded, err := deflate([]byte(xml))
	if err != nil {
		t.Fatal(err)
	}
	u, err := signedRedirect("https://x.example/", "SAMLRequest", encoded, relayState, key)
	if err != nil {
		t.Fatal(err)
	}
	return u.RawQuery
}

func TestParseLogoutRequest(t *testing.T) {
	c := testConnection(otherKey(), idpKey())
	for _, test := range []struct{ name, xml, relayState, until string }{
		{"as Entra sends it", logoutRequest(), "r", "09:37:58"}, // by its age, eight minutes
		{"without RelayState", logoutRequest(), "", "09:37:58"},
		{"under Entra's other name", logoutRequest("https://sts.windows.net/", "https://login.microsoftonline.com/"), "a&b=c d", "09:37:58"},
		{"without end and destination", logoutRequest(` NotOnOrAfter="2026-11-24T09:39:58Z"`, "", ` Destination="`+testLogout+`"`, ""), "", "09:37:58"},
		{"over soon", logoutRequest("09:39:58Z", "09:31:00Z"), "", "09:34:00"},
	} {
		r, err := ParseLogoutRequest(c, testLogout, logoutQuery(t, test.xml, idpKey().key, test.relayState), testNow)
		if err != nil || r.ID != "_logout1" || r.NameID != "ana@acme.example" || len(r.SessionIndexes) != 1 || r.SessionIndexes[0] != "_s1" || r.RelayState != test.relayState {
			t.Errorf("%s: %+v, %v", test.name, r, err)
		}
		if got := r.AcceptedUntil.Format(time.TimeOnly); got != test.until {
			t.Errorf("%s: accepted until %s, want %s", test.name, got, test.until)
		}
	}
}

func TestParseLogoutRequestRefuses(t *testing.T) {
	good := logoutQuery(t, logoutRequest(), idpKey().key, "r")
	part := func(name string) string {
		for p := range strings.SplitSeq(good, "&") {
			if strings.HasPrefix(p, name+"=") {
				return p
			}
		}
		return ""
	}
	signed := func(edits ...string) string { return logoutQuery(t, logoutRequest(edits...), idpKey().key, "") }
	huge, err := deflate(bytes.Repeat([]byte("<a/>"), 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	hugeURL, err := signedRedirect("https://x.example/", "SAMLRequest", huge, "", idpKey().key)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, query string
		want        Reason
	}{
		{"nothing", "", ReasonResponseEmpty},
		{"unsigned", part("SAMLRequest"), ReasonSignatureMissing},
		{"another key", logoutQuery(t, logoutRequest(), otherKey().key, ""), ReasonSignatureInvalid},
		{"another RelayState than the signed one", strings.Replace(good, "RelayState=r", "RelayState=s", 1), ReasonSignatureInvalid},
		{"a RelayState added", part("SAMLRequest") + "&RelayState=" + "&" + part("SigAlg") + "&" + part("Signature"), ReasonSignatureInvalid},
		{"another message than the signed one", strings.Replace(good, part("SAMLRequest"), strings.SplitN(signed("ana@", "bob@"), "&", 2)[0], 1), ReasonSignatureInvalid},
		{"the message twice", good + "&" + part("SAMLRequest"), ReasonResponseUnsafe},
		{"SHA-1", strings.Replace(good, part("SigAlg"), "SigAlg="+url.QueryEscape(dsig.RSASHA1SignatureMethod), 1), ReasonSignatureSHA1},
		{"an algorithm nobody knows", strings.Replace(good, part("SigAlg"), "SigAlg=urn%3Ax", 1), ReasonSignatureAlgorithm},
		{"a signature that is not base64", strings.Replace(good, part("Signature"), "Signature=%3F", 1), ReasonSignatureMalformed},
		{"another issuer", signed(testIssuer, "https://sts.windows.net/other/"), ReasonIssuerMismatch},
		{"another destination", signed(testLogout, "https://other.example/logout"), ReasonDestinationMismatch},
		{"old", signed("09:29:58Z", "09:19:58Z"), ReasonTooLate},
		{"of tomorrow", signed("2026-11-24T09:29", "2026-11-25T09:29"), ReasonIssuedInFuture},
		{"over", signed("09:39:58Z", "09:20:00Z"), ReasonExpired},
		{"no NameID", signed(`<NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">ana@acme.example</NameID>`, ""), ReasonNameIDMissing},
		{"an encrypted NameID", signed("NameID", "EncryptedID"), ReasonNameIDMissing},
		{"an element in the NameID", signed("ana@acme.example", "ana@acme.example<x/>"), ReasonNameIDMissing},
		{"no ID", signed(`ID="_logout1"`, ""), ReasonIncomplete},
		{"version 1.1", signed(`Version="2.0"`, `Version="1.1"`), ReasonIncomplete},
		{"no IssueInstant", signed("IssueInstant", "Other"), ReasonIncomplete},
		{"another message", signed("LogoutRequest", "AuthnRequest"), ReasonNotAResponse},
		{"a DOCTYPE", logoutQuery(t, "<!DOCTYPE x>"+logoutRequest(), idpKey().key, ""), ReasonResponseUnsafe},
		{"a deflate bomb", hugeURL.RawQuery, ReasonResponseEncoding},
		{"a very long query", good + "&RelayState=" + strings.Repeat("x", maxRedirectQuery), ReasonResponseTooLarge},
	} {
		r, err := ParseLogoutRequest(testConnection(), testLogout, test.query, testNow)
		var e *Error
		if !errors.As(err, &e) || e.Reason != test.want || r.NameID != "" {
			t.Errorf("%s: %+v, %v; want %s", test.name, r, err, test.want)
		}
	}
	c := testConnection(expiredKey())
	var e *Error
	if _, err := ParseLogoutRequest(c, testLogout, logoutQuery(t, logoutRequest(), expiredKey().key, ""), testNow); !errors.As(err, &e) || e.Reason != ReasonCertExpired {
		t.Errorf("an expired certificate: %v", err)
	}
	if _, err := ParseLogoutRequest(c, testLogout, logoutQuery(t, logoutRequest(), otherKey().key, ""), testNow); !errors.As(err, &e) || e.Reason != ReasonSignatureInvalid {
		t.Errorf("another key than the expired certificate's: %v", err)
	}
	c.Certificates = nil
	if _, err := ParseLogoutRequest(c, testLogout, good, testNow); err == nil {
		t.Error("no certificate is trusted")
	}
}

func TestLogoutResponse(t *testing.T) {
	for _, key := range []crypto.Signer{nil, otherKey().key} {
		address, err := LogoutResponse("https://idp.example/logout?tenant=1", testEntityID, LogoutRequest{ID: "_logout1", RelayState: "a b"}, key, testNow)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil || u.Query().Get("tenant") != "1" || u.Query().Get("RelayState") != "a b" {
			t.Fatalf("%s, %v", address, err)
		}
		message, err := inflate(u.Query().Get("SAMLResponse"))
		if err != nil || !strings.Contains(string(message), `InResponseTo="_logout1"`) || !strings.Contains(string(message), statusSuccess) || !strings.Contains(string(message), testEntityID) {
			t.Errorf("%s, %v", message, err)
		}
		if (u.Query().Get("Signature") != "") != (key != nil) {
			t.Errorf("signature in %s", address)
		}
		if key != nil {
			q, e := parseRedirect(strings.TrimPrefix(u.RawQuery, "tenant=1&"))
			if e == nil {
				e = q.verify("SAMLResponse", testConnection(otherKey()).Certificates, testNow)
			}
			if e != nil {
				t.Error(e)
			}
		}
	}
}

func TestSignedRequest(t *testing.T) {
	c := testConnection()
	c.SignInURL = "https://login.example/saml2?tenant=1"
	r, err := NewRequest(c, RequestOptions{RelayState: "a&b", LoginHint: "ana@acme.example", SignWith: otherKey().key}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Query().Get("tenant") != "1" || u.Query().Get("login_hint") != "ana@acme.example" || u.Query().Get("RelayState") != "a&b" {
		t.Fatalf("%s, %v", r.URL, err)
	}
	q, e := parseRedirect(u.RawQuery)
	if e == nil {
		e = q.verify("SAMLRequest", testConnection(otherKey()).Certificates, testNow)
	}
	if e != nil {
		t.Error(e)
	}
	message, err := inflate(u.Query().Get("SAMLRequest"))
	if err != nil || !strings.Contains(string(message), r.ID) {
		t.Errorf("%s, %v", message, err)
	}
}

func TestNewRequestKey(t *testing.T) {
	der, certificate, err := NewRequestKey("https://app.example/saml/"+strings.Repeat("x", 100), time.Now())
	if err != nil || len(der) == 0 {
		t.Fatal(err)
	}
	parsed, err := ParseCertificate([]byte(certificate), time.Now())
	if err != nil || parsed.Key != "RSA 3072" {
		t.Errorf("%+v, %v", parsed, err)
	}
}

func FuzzParseLogoutRequest(f *testing.F) {
	f.Add(logoutQuery(f, logoutRequest(), idpKey().key, "r"))
	f.Add("SAMLRequest=fZ&SigAlg=x&Signature=" + base64.StdEncoding.EncodeToString([]byte("x")))
	f.Add("SAMLRequest=%zz")
	f.Fuzz(func(t *testing.T, query string) {
		r, err := ParseLogoutRequest(testConnection(), testLogout, query, testNow)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Reason == ReasonInternal) {
			t.Fatal(err)
		}
		if err == nil && r.NameID != "ana@acme.example" {
			t.Fatalf("%+v", r)
		}
	})
}

// FuzzReadLogoutRequest is what stands behind the signature.
func FuzzReadLogoutRequest(f *testing.F) {
	f.Add([]byte(logoutRequest()))
	f.Fuzz(func(_ *testing.T, xml []byte) {
		if root, e := parseXML(xml, maxRedirectMessage, maxRedirectElement); e == nil {
			_, _ = readLogoutRequest(testConnection(), testLogout, root, testNow)
		}
	})
}
