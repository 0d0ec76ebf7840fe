package handlers

import (
	"net/http"
	"testing"

	"gatehouse/models"
)

// The Reply URL and the last step of a sign-in are no pages; people who open them are told so and led on.
func TestAddressesThatAreNoPages(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, _ := samlApp(a)
		acs, finish := "/saml/"+org.ID+"/acs", "/saml/"+org.ID+"/finish"
		b := a.browser()
		p := b.get(acs).wantStatus(http.StatusMethodNotAllowed).wantText("h1", "takes the answer").wantText("main", "Start again here")
		if p.header.Get("Allow") != http.MethodPost || p.attr("main a.btn", "href") != "/saml/"+org.ID+"/login" {
			t.Errorf("Allow %q, link to %q", p.header.Get("Allow"), p.attr("main a.btn", "href"))
		}
		p = b.get(finish).wantStatus(http.StatusBadRequest).wantText("h1", "last step of a sign-in")
		if p.attr("main a.btn", "href") != "/saml/"+org.ID+"/login" {
			t.Errorf("link to %q", p.attr("main a.btn", "href"))
		}
		// A code that nobody gave out is refused as before.
		b.get(finish + "?code=x").wantStatus(http.StatusForbidden)
		for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete} {
			r := a.request(method, acs, "")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			if p := b.do(r).wantStatus(http.StatusMethodNotAllowed); p.header.Get("Allow") != http.MethodPost || method != http.MethodHead && p.text("h1") != "This address does not take that" {
				t.Errorf("%s: Allow %q, %s", method, p.header.Get("Allow"), p.text("h1"))
			}
		}
		// Somebody who is signed in has nothing to start again.
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		for _, path := range []string{acs, finish} {
			if p := ana.get(path).wantText("main", "You are signed in already"); p.attr("main a.btn", "href") != "/" {
				t.Errorf("%s: link to %q", path, p.attr("main a.btn", "href"))
			}
		}
		// No dead end while single sign-on is off, and no organization is made up.
		off := false
		if err := a.db.SetSwitches(t.Context(), operator, org.ID, models.Switches{Enabled: &off}); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{acs, finish} {
			if p := b.get(path); p.attr("main a.btn", "href") != "/login" {
				t.Errorf("%s: link to %q", path, p.attr("main a.btn", "href"))
			}
		}
		b.get("/saml/org_nowhere/acs").wantStatus(http.StatusNotFound)
		b.get("/saml/org_nowhere/finish").wantStatus(http.StatusNotFound)
		b.get("/saml/a/b/acs").wantStatus(http.StatusNotFound)
	})
}
