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
