package sso

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func TestNewRequest(t *testing.T) {
	c := testConnection()
	c.SignInURL = "https://idp.example/sso?app=7&x=a%20b"
	r, err := NewRequest(c, RequestOptions{RelayState: "a&SigAlg=x b", LoginHint: "ana+1@acme.example"}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Host != "idp.example" || q.Get("app") != "7" || q.Get("x") != "a b" || q.Get("RelayState") != "a&SigAlg=x b" || q.Get("login_hint") != "ana+1@acme.example" || q.Has("SigAlg") {
		t.Errorf("URL = %s", r.URL)
	}
	root := inflated(t, q.Get("SAMLRequest"))
	if root.Tag != "AuthnRequest" || attribute(root, "ID") != r.ID || r.ID[0] >= '0' && r.ID[0] <= '9' {
		t.Errorf("ID = %s", r.ID)
	}
	if attribute(root, "AssertionConsumerServiceURL") != testACS || attribute(root, "Destination") != c.SignInURL || attribute(root, "Version") != "2.0" {
		t.Errorf("request = %v", root.Attr)
	}
	if got := attribute(root, "IssueInstant"); got != "2026-11-24T09:30:00Z" || !r.IssuedAt.Equal(testNow) {
		t.Errorf("IssueInstant = %s, IssuedAt = %v", got, r.IssuedAt)
	}
	if issuer := root.SelectElement("Issuer"); issuer == nil || issuer.Text() != testEntityID {
		t.Error("Issuer is not our entity ID")
	}
	if policy := root.SelectElement("NameIDPolicy"); policy != nil && policy.SelectAttr("Format") != nil {
		t.Error("a NameID format is asked for, which Entra would obey")
	}
	if root.SelectElement("RequestedAuthnContext") != nil || root.SelectAttr("ForceAuthn") != nil {
		t.Error("more is asked for than an ordinary sign-in")
	}

	again, err := NewRequest(c, RequestOptions{ForceAuthn: true}, testNow)
	if err != nil || again.ID == r.ID {
		t.Fatalf("second request %+v, %v", again, err)
	}
	u, _ = url.Parse(again.URL)
	if attribute(inflated(t, u.Query().Get("SAMLRequest")), "ForceAuthn") != "true" || u.Query().Has("login_hint") || u.Query().Has("RelayState") {
		t.Errorf("step-up URL = %s", again.URL)
	}
}

func TestNewRequestRefusesALongRelayState(t *testing.T) {
	if _, err := NewRequest(testConnection(), RequestOptions{RelayState: strings.Repeat("x", 81)}, testNow); err == nil {
		t.Error("81 bytes accepted")
	}
}

func inflated(t *testing.T, message string) *etree.Element {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(message)
	if err != nil {
		t.Fatal(err)
	}
	xml, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(xml); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func TestDecodeResponse(t *testing.T) {
	response := genuine().build(t)
	folded := base64Of(response)
	folded = folded[:76] + "\r\n" + folded[76:]
	for name, form := range map[string]string{"plain": base64Of(response), "folded": folded, "with spaces around": " " + base64Of(response) + "\n"} {
		if got, err := DecodeResponse(form); err != nil || !bytes.Equal(got, response) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, test := range []struct {
		name, form string
		want       Reason
	}{
		{"empty", "", ReasonResponseEmpty},
		{"spaces", " \n", ReasonResponseEmpty},
		{"not base64", "<Response/>", ReasonResponseEncoding},
		{"base64 of another alphabet", "_-__", ReasonResponseEncoding},
		{"too long a form", strings.Repeat("A", maxResponseForm+1), ReasonResponseTooLarge},
		{"too large when decoded", base64Of(bytes.Repeat([]byte("x"), maxResponseSize+1)), ReasonResponseTooLarge},
		{"not UTF-8", base64Of([]byte("\xff\xfe<\x00")), ReasonResponseUnsafe},
	} {
		var e *Error
		if _, err := DecodeResponse(test.form); !errors.As(err, &e) || e.Reason != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func TestInResponseTo(t *testing.T) {
	for _, test := range []struct {
		name, xml, want string
		reason          Reason
	}{
		{"unsolicited", `<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/>`, "", ""},
		{"after a declaration and a comment", `<?xml version="1.0"?><!-- c --><p:Response InResponseTo="id-1" xmlns:p="urn:x"/>`, "id-1", ""},
		{"another message", `<LogoutResponse InResponseTo="id-1"/>`, "", ReasonNotAResponse},
		{"no XML", `hello`, "", ReasonResponseMalformed},
		{"cut off", `<Response`, "", ReasonResponseMalformed},
		{"absurdly long", `<Response InResponseTo="` + strings.Repeat("x", 300) + `"/>`, "", ReasonRequestMismatch},
	} {
		got, err := InResponseTo([]byte(test.xml))
		var e *Error
		errors.As(err, &e)
		if got != test.want || (test.reason == "") != (err == nil) || e != nil && e.Reason != test.reason {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}
