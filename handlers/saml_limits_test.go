package handlers

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"gatehouse/models"
)

func TestANetworkMayNotPostResponsesForEver(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		still := time.Now()
		a.server.responses.now = func() time.Time { return still }
		b := a.browser()
		to := b.beginSAML(org, "")
		for range responseBurst {
			a.server.responses.allow("127.0.0.1")
		}
		p := a.postACS(org, idp.answer(to, "bo@acme.com")).wantStatus(http.StatusTooManyRequests).wantText("main", "Wait a minute, then sign in again.")
		if p.header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After is %q", p.header.Get("Retry-After"))
		}
		// The request is still there: after the wait the same answer gets the person in.
		still = still.Add(time.Second)
		b.finish(a.postACS(org, idp.answer(to, "bo@acme.com"))).wantRedirect("/")
	})
	if newApp(t, "sqlite", "RATE_LIMITS=off").server.responses != nil {
		t.Error("RATE_LIMITS=off limits")
	}
}

func TestAWholeOfficeMaySignInAtNine(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := newLimiter(responseRate, responseBurst, func() time.Time { return now })
	for range 300 {
		if !l.allow("office") {
			t.Fatal("refused among the first 300")
		}
	}
	for range 6000 { // ten minutes of ten a second
		now = now.Add(100 * time.Millisecond)
		if !l.allow("office") {
			t.Fatal("refused at ten a second")
		}
	}
	if l.allow("office") || !l.allow("home") {
		t.Error("the limit is not each network's own")
	}
	for ip, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "::ffff:192.0.2.7": "::ffff:192.0.2.7", "fe80::1%eth0": "fe80::/64", "": "",
	} {
		if got := models.NetworkOf(ip); got != want {
			t.Errorf("NetworkOf(%q) = %q, want %q", ip, got, want)
		}
	}
}

func TestAFewResponsesAreReadAtATime(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		a.server.readers.wait = 10 * time.Millisecond
		for range cap(a.server.readers.places) {
			a.server.readers.places <- struct{}{}
		}
		b := a.browser()
		to := b.beginSAML(org, "")
		p := a.postACS(org, idp.answer(to, "bo@acme.com")).wantStatus(http.StatusServiceUnavailable).wantText("main", "nothing was lost")
		if p.header.Get("Retry-After") != "5" || p.attr("main a.btn", "href") != samlLoginPath(org.ID, "", "") {
			t.Errorf("Retry-After is %q, the way on %q", p.header.Get("Retry-After"), p.attr("main a.btn", "href"))
		}
		<-a.server.readers.places
		// Somebody whose post arrives byte by byte takes no place.
		slow, trickle := io.Pipe()
		defer trickle.Close()
		r := a.request(http.MethodPost, "/saml/"+org.ID+"/acs", "")
		r.Body = slow
		go func() {
			if answer, err := http.DefaultClient.Do(r); err == nil {
				answer.Body.Close()
			}
		}()
		if _, err := io.WriteString(trickle, "SAMLResponse="); err != nil {
			t.Fatal(err)
		}
		b.finish(a.postACS(org, idp.answer(to, "bo@acme.com"))).wantRedirect("/")
		if len(a.server.readers.places) != cap(a.server.readers.places)-1 {
			t.Error("a place is not given back")
		}
	})
}

// What cost seconds: no key is needed for it, any signature of the right shape will do, and one request of ours serves any number.
func TestAHostileResponseCostsLittle(t *testing.T) {
	declarations := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ` xmlns:n%d="u"`, i)
		}
		return b.String()
	}
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		for _, tag := range []string{"Subject", "Response"} {
			response := idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com", after(func(doc *etree.Document) {
				for range 700 {
					element(doc, "Subject").CreateElement("a").CreateAttr("xmlns:q", "u")
				}
				for i, d := range strings.Fields(declarations(9000)) {
					element(doc, tag).CreateAttr(fmt.Sprintf("xmlns:n%d", i), strings.Trim(d[strings.Index(d, "=")+1:], `"`))
				}
			}))
			start := time.Now()
			a.postACS(org, response).wantStatus(http.StatusForbidden).wantText("main", "an answer we cannot accept")
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("on %s it took %v", tag, took)
			}
		}
	})
}
