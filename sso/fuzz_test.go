package sso

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzInspect looks for what Verify alone cannot show: behind a failed signature Inspect reads bytes that anybody may have written, and it
// swallows the panic of a single check.
func FuzzInspect(f *testing.F) {
	f.Add(genuine().build(f))
	var connection Connection
	var pending PendingRequest
	var now time.Time
	for _, c := range seeds(f) {
		f.Add(c.response)
		if strings.HasSuffix(c.dir, "entra-defaults-assertion") {
			connection, pending, now = c.connection(f), c.pending(), c.Now
		}
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		v := NewVerification(connection, response, pending, now)
		id, err := v.Verify()
		i := v.Inspect()
		if (id == nil) != (i.Identity == nil) || (err == nil) != (i.Err == nil) || (id == nil) == (err == nil) {
			t.Fatalf("Verify says %v, %v; Inspect says %v, %v", id, err, i.Identity, i.Err)
		}
		if len(i.Checks) != len(steps) {
			t.Fatalf("%d checks", len(i.Checks))
		}
		var first *Error
		for _, c := range i.Checks {
			switch {
			case c.Err != nil && c.Err.Reason == ReasonInternal:
				t.Fatalf("%s: %v", c.Name, c.Err)
			case c.OK && (!c.Reached || c.Err != nil), c.Reached && !c.OK && c.Err == nil, c.Verified && !i.Verified:
				t.Fatalf("%+v", c)
			case first == nil:
				first = c.Err
			}
		}
		if (first == nil) != (err == nil) || first != nil && first.Reason != i.Err.Reason {
			t.Fatalf("the first check that fails says %v, Verify says %v", first, err)
		}
		if i.Unknown != nil && (i.Err == nil || slices.ContainsFunc(connection.Certificates, i.Unknown.Equal)) {
			t.Fatalf("a certificate is unknown, and Verify says %v", err)
		}
		ClaimedBy(response)
		Redact(response)
	})
}

// seeds are small responses of every vendor's shape and of every class of attack, in all signing modes.
func seeds(f *testing.F) []corpusCase {
	f.Helper()
	var few []corpusCase
	perClass := map[string]int{}
	for _, kind := range []string{"good", "bad"} {
		for _, c := range readCorpus(f, kind) {
			if len(c.response) > 12<<10 || len(c.Grow) > 0 {
				continue
			}
			if perClass[c.Class]++; kind == "good" || perClass[c.Class] <= 9 {
				few = append(few, c)
			}
		}
	}
	return few
}

// What names the request is read before anything is checked: where the whole can be read, both readers must agree.
func FuzzInResponseTo(f *testing.F) {
	f.Add(genuine().build(f))
	f.Add([]byte("\xef\xbb\xbf<?xml version='1.0'?><!-- c --><Response InResponseTo='a&#x41;&lt;'/>"))
	f.Add([]byte(`<p:Response xmlns:p="u" p:InResponseTo="b" InResponseTo="a"/>`))
	f.Fuzz(func(t *testing.T, response []byte) {
		id, err := InResponseTo(response)
		var e *Error
		if err != nil && (!errors.As(err, &e) || id != "") || len(id) > 256 {
			t.Fatalf("%q, %v", id, err)
		}
		root, refused := parseXML(response, maxResponseSize, maxResponseElements)
		if refused != nil || err != nil {
			return
		}
		if root.Tag != "Response" || attribute(root, "InResponseTo") != id {
			t.Fatalf("%q before the gate, %q behind it in %s", id, attribute(root, "InResponseTo"), root.Tag)
		}
	})
}

// An address that is accepted stays what it is, and leads nowhere else than it says.
func FuzzCheckAddresses(f *testing.F) {
	for _, s := range []string{
		testIssuer, "urn:example:idp", "http://STS.windows.net//a", "https://login.microsoftonline.com/72f988bf/saml2", "https://idp.example/sso?app=1",
		"http://127.0.0.1:8081/saml2", "https://idp.example/\\@evil", "https://login.microsoftonline.com/te/a/b/samlp/x", "https://%zz/", "https://sts.windows.net:443/\u200b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range []struct {
			name  string
			check func(string) (string, error)
			web   bool
		}{
			{"issuer", CheckIssuer, false},
			{"sign-in URL", func(s string) (string, error) { return CheckSignInURL(s, true) }, true},
			{"sign-in URL without loopback", func(s string) (string, error) { return CheckSignInURL(s, false) }, true},
			{"metadata URL", func(s string) (string, error) { return s, CheckMetadataURL(s) }, false},
			{"logout URL", func(s string) (string, error) { return CheckLogoutURL(s, true) }, true},
		} {
			got, err := c.check(s)
			var e *Error
			if err != nil {
				if c.name != "logout URL" && (!errors.As(err, &e) || e.Admin() == "" || e.Reason == ReasonInternal) {
					t.Fatalf("%s: %v", c.name, err)
				}
				continue
			}
			if again, err := c.check(got); err != nil || again != got {
				t.Fatalf("%s: %q becomes %q, %v", c.name, got, again, err)
			}
			if !c.web || got == "" {
				continue
			}
			u, err := url.Parse(got)
			if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(got, " \t\r\n\\") ||
				u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname()) || c.name == "sign-in URL without loopback") {
				t.Fatalf("%s: accepted %q, %v", c.name, got, err)
			}
		}
		issuerSays(s, testIssuer)
		issuerSays(testIssuer, s)
	})
}

func FuzzASCIIAddress(f *testing.F) {
	for _, s := range []string{"Ana.Novak+x@ACME.Example", "ana@acme.example.", "\u212Aarl@acme.example", `"a"@b.example`, "a@b@c.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ASCIIAddress(s)
		if err != nil {
			if got != "" {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		if again, err := ASCIIAddress(got); err != nil || again != got {
			t.Fatalf("%q becomes %q, %v", got, again, err)
		}
		if strings.Count(got, "@") != 1 || !isASCII(got) || got != strings.ToLower(got) || !strings.EqualFold(got, s) || len(got) > 254 || strings.ContainsAny(got, " \t\r\n\",;:<>()[]\\\x00") {
			t.Fatalf("accepted %q", got)
		}
	})
}

// What the identity provider wants back comes back, and nothing else gets into the query.
func FuzzLogoutResponse(f *testing.F) {
	f.Add("relay", "id-1", "https://idp.example/logout?x=1")
	f.Add("a&SAMLResponse=b#c\r\nX: y", `"><x a="`, "https://idp.example/logout")
	f.Fuzz(func(t *testing.T, relayState, id, address string) {
		address, err := CheckLogoutURL(address, false)
		if err != nil || address == "" {
			return
		}
		before, _ := url.Parse(address)
		to, err := LogoutResponse(address, testEntityID, LogoutRequest{ID: id, RelayState: relayState}, nil, testNow)
		if err != nil {
			return
		}
		u, err := url.Parse(to)
		if err != nil || u.Host != before.Host || u.Path != before.Path || u.Fragment != "" || strings.ContainsAny(to, " \r\n") {
			t.Fatalf("%q leads to %q, %v", address, to, err)
		}
		q, e := parseRedirect(strings.TrimPrefix(strings.TrimPrefix(u.RawQuery, before.RawQuery), "&"))
		if e != nil || q.value["RelayState"] != relayState {
			t.Fatalf("RelayState %q came back as %q, %v", relayState, q.value["RelayState"], e)
		}
		message, err := inflate(q.value["SAMLResponse"])
		if err != nil {
			t.Fatal(err)
		}
		root, refused := parseXML(message, maxRedirectMessage, maxRedirectElement)
		if refused == nil && (root.Tag != "LogoutResponse" || len(root.ChildElements()) != 2) {
			t.Fatalf("another message: %s", message)
		}
	})
}
