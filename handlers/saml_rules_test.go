package handlers

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// TestTheApplicationMustAddAroundTheLibrary are the rules that no verification of one message can keep: replay, tracking, the browser,
// whose people they are, HTTP, and what changes meanwhile. Those about the message are sso's TestTheApplicationMustAdd.
func TestTheApplicationMustAddAroundTheLibrary(t *testing.T) {
	type party struct {
		a   *app
		org *models.Organization
		idp *identityProvider
		b   *browser
	}
	refused := func(p *page, title string) { p.t.Helper(); p.wantStatus(http.StatusForbidden).wantText("h1", title) }
	for _, rule := range []struct {
		line string
		run  func(t *testing.T, x party)
	}{
		{"1 the same assertion under a new Response ID and request is a replay", func(_ *testing.T, x party) {
			same := func(a *assertion) { a.id = "_same" }
			x.b.finish(x.a.postACS(x.org, x.idp.answer(x.b.beginSAML(x.org, ""), "bo@acme.com", same))).wantRedirect("/")
			refused(x.b.finish(x.a.postACS(x.org, x.idp.answer(x.b.beginSAML(x.org, ""), "bo@acme.com", same))), "This sign-in was already used")
		}},
		{"2 a request is used once and for its organization only", func(_ *testing.T, x party) {
			to := x.b.beginSAML(x.org, "")
			x.b.finish(x.a.postACS(x.org, x.idp.answer(to, "bo@acme.com"))).wantRedirect("/")
			refused(x.a.postACS(x.org, x.idp.answer(to, "bo@acme.com")), "This sign-in was already used")
		}},
		{"2 a request ends after ten minutes", func(_ *testing.T, x party) {
			to := x.b.beginSAML(x.org, "")
			x.a.clock.Advance(10 * time.Minute)
			refused(x.a.postACS(x.org, x.idp.answer(to, "bo@acme.com")), "This sign-in took too long")
		}},
		{"3 login CSRF from an empty browser", func(_ *testing.T, x party) {
			accepted := x.a.postACS(x.org, x.idp.answer(x.b.beginSAML(x.org, ""), "bo@acme.com"))
			refused(x.a.browser().finish(accepted), "Allow cookies, then start again")
		}},
		{"3 login CSRF in a browser with a request of its own", func(_ *testing.T, x party) {
			accepted := x.a.postACS(x.org, x.idp.answer(x.b.beginSAML(x.org, ""), "bo@acme.com"))
			other := x.a.browser()
			other.beginSAML(x.org, "")
			refused(other.finish(accepted), "Start again here")
		}},
		{"4 an address on another organization's, no, a sub- or a suffix domain", func(_ *testing.T, x party) {
			other := x.a.organization("Contoso", "cy@contoso.com")
			x.a.verifiedDomain(other, "contoso.com")
			for _, email := range []string{"cy@contoso.com", "bo@nobody.example", "bo@mail.acme.com", "bo@notacme.com", "bo@acme.com.evil.example"} {
				refused(x.b.finish(x.a.postACS(x.org, x.idp.answer(x.b.beginSAML(x.org, ""), email))), "You came with an address that is not Acme’s")
			}
		}},
		{"16 RelayState is never an address to go to", func(_ *testing.T, x party) {
			answer := x.idp.answer(x.b.beginSAML(x.org, "/settings"), "bo@acme.com")
			for _, relay := range []string{"https://evil.example/", "//evil.example", "/x\r\nSet-Cookie: a=b"} {
				r := x.a.request(http.MethodPost, "/saml/"+x.org.ID+"/acs", url.Values{"SAMLResponse": {answer}, "RelayState": {relay}}.Encode())
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				p := x.a.do(r)
				if to := p.header.Get("Location"); strings.Contains(to, "evil") || p.header.Get("Set-Cookie") != "" {
					t.Errorf("%q leads to %q", relay, to)
				}
				if p.status == http.StatusSeeOther {
					x.b.finish(p).wantRedirect("/settings")
				}
			}
		}},
		{"16 two SAMLResponses, a query, multipart, base64url or an artifact are no response", func(_ *testing.T, x party) {
			answer := x.idp.answer(x.b.beginSAML(x.org, ""), "bo@acme.com")
			urlSafe := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(answer)
			form := "application/x-www-form-urlencoded"
			for _, wrong := range []struct{ query, contentType, body string }{
				{"", form, url.Values{"SAMLResponse": {answer, answer}}.Encode()},
				{"?SAMLResponse=" + url.QueryEscape(answer), form, ""},
				{"", "application/json", `{"SAMLResponse":"` + answer + `"}`},
				{"", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"SAMLResponse\"\r\n\r\n" + answer + "\r\n--x--\r\n"},
				{"", form, url.Values{"SAMLResponse": {urlSafe + "-_"}}.Encode()},
				{"", form, "SAMLart=AAQAAM"},
				{"", form, "%zz"},
				{"", "", url.Values{"SAMLResponse": {answer}}.Encode()},
			} {
				r := x.a.request(http.MethodPost, "/saml/"+x.org.ID+"/acs"+wrong.query, wrong.body)
				r.Header.Set("Content-Type", wrong.contentType)
				x.a.do(r).wantStatus(http.StatusForbidden)
			}
			// None of them has used the request.
			x.b.finish(x.a.postACS(x.org, answer)).wantRedirect("/")
		}},
		{"16 what is compressed, or nothing but padding, is no response and costs nothing", func(t *testing.T, x party) {
			answer := x.idp.answer(x.b.beginSAML(x.org, ""), "bo@acme.com")
			var bomb bytes.Buffer
			w, err := flate.NewWriter(&bomb, flate.BestCompression)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(bytes.Repeat([]byte("<a>"), 64<<20/3)); err != nil {
				t.Fatal(err)
			}
			w.Close()
			zipped := gzipped(t, bytes.Repeat([]byte("<a>"), 1<<20))
			genuine, err := base64.StdEncoding.DecodeString(answer)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{
				"deflate-bomb-in-post":           base64.StdEncoding.EncodeToString(bomb.Bytes()),
				"gzip":                           base64.StdEncoding.EncodeToString(zipped),
				"the genuine response, deflated": base64.StdEncoding.EncodeToString(gzipped(t, genuine)),
				"base64-padding-flood":           strings.Repeat("=", 380<<10),
				"padding behind the response":    answer + strings.Repeat("=", 300<<10),
				"spaces and nothing else":        strings.Repeat(" \n", 150<<10),
				"one letter":                     "A",
			} {
				start := time.Now()
				p := x.a.postACS(x.org, value)
				if took := time.Since(start); p.status != http.StatusForbidden || took > 2*time.Second {
					t.Errorf("%s: status %d after %v", name, p.status, took)
				}
			}
			// A body that says it is compressed is not read as if it were.
			r := x.a.request(http.MethodPost, "/saml/"+x.org.ID+"/acs", string(gzipped(t, []byte(url.Values{"SAMLResponse": {answer}}.Encode()))))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Content-Encoding", "gzip")
			x.a.do(r).wantStatus(http.StatusForbidden)
			x.b.finish(x.a.postACS(x.org, answer)).wantRedirect("/")
		}},
		{"18 a change of the connection kills the requests under way", func(t *testing.T, x party) {
			to := x.b.beginSAML(x.org, "")
			if err := x.a.db.SaveConnection(t.Context(), operator, x.org.ID, x.idp.issuer, "https://login.example/other", nil); err != nil {
				t.Fatal(err)
			}
			x.a.postACS(x.org, x.idp.answer(to, "bo@acme.com")).wantStatus(http.StatusForbidden)
		}},
		{"18 somebody deactivated between request and answer is refused, and sessions end at once", func(t *testing.T, x party) {
			x.b.finish(x.a.postACS(x.org, x.idp.answer(x.b.beginSAML(x.org, ""), "bo@acme.com"))).wantRedirect("/")
			x.b.get("/api/me").wantStatus(http.StatusOK)
			to := x.b.beginSAML(x.org, "")
			if err := x.a.db.DeactivateMember(t.Context(), operator, models.Owner, x.org.ID, x.a.memberID(x.org, "bo@acme.com")); err != nil {
				t.Fatal(err)
			}
			x.b.get("/api/me").wantStatus(http.StatusUnauthorized)
			refused(x.b.finish(x.a.postACS(x.org, x.idp.answer(to, "bo@acme.com"))), "You are no longer a member of Acme")
		}},
		{"18 two organizations with one issuer stay two", func(_ *testing.T, x party) {
			other := x.a.organization("Contoso", "cy@contoso.com")
			x.a.verifiedDomain(other, "contoso.com")
			x.idp.connect(other, true)
			// The same identity provider, answering Contoso's request, at Acme's ACS: it answers no request of Acme's.
			p := x.a.postACS(x.org, x.idp.answer(x.b.beginSAML(other, ""), "bo@acme.com"))
			if p.status != http.StatusSeeOther || !strings.HasSuffix(p.header.Get("Location"), "/saml/"+x.org.ID+"/login?again=1") {
				t.Errorf("status %d to %s", p.status, p.header.Get("Location"))
			}
			// And Acme's people cannot come in through Contoso's.
			refused(x.b.finish(x.a.postACS(other, x.idp.answer(x.b.beginSAML(other, ""), "bo@acme.com"))), "You came with an address that is not Contoso’s")
		}},
	} {
		t.Run(rule.line, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				rule.run(t, party{a, org, idp, a.browser()})
			})
		})
	}
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
