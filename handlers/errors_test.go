package handlers

import (
	"net/http"
	"testing"
)

func TestAnUnknownAddressIsAPageWithTheWayBack(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		p := a.browser().get("/no-such-page").wantStatus(http.StatusNotFound)
		p.wantText("main h1", "There is nothing here").wantNone("form")
		if got := p.attr("a.btn.primary", "href"); got != "/" {
			t.Errorf("the way back leads to %q", got)
		}
		if got := a.browser().get("/api/no-such-thing").wantStatus(http.StatusNotFound).header.Get("Content-Type"); got != "application/json" {
			t.Errorf("machines are answered with %q", got)
		}
	})
}

func TestAWrongMethodIsSaidWithTheRightOnes(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org := a.organization("Acme", "ana@acme.com")
		for path, c := range map[string]struct{ method, allow string }{
			"/healthz":                         {http.MethodPost, "GET"},
			"/saml/" + org.ID + "/acs":         {http.MethodGet, "POST"},
			"/saml/" + org.ID + "/metadata":    {http.MethodPut, "GET"},
			"/saml/" + org.ID + "/no/such/one": {http.MethodGet, ""},
		} {
			want := http.StatusMethodNotAllowed
			if c.allow == "" {
				want = http.StatusNotFound
			}
			p := a.do(a.request(c.method, path, "")).wantStatus(want)
			if got := p.header.Get("Allow"); got != c.allow {
				t.Errorf("%s %s: Allow is %q, want %q", c.method, path, got, c.allow)
			}
		}
	})
}
