package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestActivityTellsHowTheResponseOfARefusedPersonWent(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		idp.connect(org, false)
		bo := a.browser()
		refused := bo.finish(a.postACS(org, idp.answer(bo.beginSAML(org, ""), "bo@acme.com"))).wantStatus(http.StatusForbidden)
		reference, _, _ := strings.Cut(refused.attr("#reference", "value"), " ")

		ana := a.browser()
		ana.asPassword("ana@acme.com")
		p := ana.get(activityPath+"?q="+reference).
			wantText("details.event[open] ol.steps", "Signed by a certificate trusted here").
			wantText("details.event[open] ol.steps", "Failed: The person may come in").
			wantText("details.event[open] table.claims", "bo@acme.com")
		if steps := p.text("details.event[open] ol.steps"); strings.Count(steps, "Failed") != 1 {
			t.Errorf("more failed than the person: %s", steps)
		}
		p.wantText("details.event[open] a[href='"+shareURL(p.attr("details.event", "id"))+"']", "Share diagnostic link")
		raw := rawText(p.form(activityURL(p.attr("details.event", "id")) + "/raw").submit().wantStatus(http.StatusOK).find("pre.raw"))
		if !strings.Contains(raw, "bo@acme.com") || !strings.Contains(raw, "SignatureValue>removed</") {
			t.Errorf("the message: %.2000s", raw)
		}
	})
}

func TestActivityTellsHowASignInWent(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		for _, c := range []struct {
			name string
			kept bool // the message
		}{
			{"the first, by which the person became a member", true},
			{"the next, of somebody known", false},
		} {
			a.clock.Advance(time.Minute)
			bo := a.browser()
			bo.finish(a.postACS(org, idp.answer(bo.beginSAML(org, ""), "bo@acme.com"))).wantRedirect("/")
			p := ana.get(activityPath + "?kind=sign_in&q=Bo+Berg")
			entry := activityURL(p.attr("details.event", "id"))
			p = ana.get(entry).
				wantText("details.event ol.steps", "Signed by a certificate trusted here").
				wantText("details.event ol.steps", "The person may come in").
				wantText("details.event table.claims", "bo@acme.com")
			if steps := p.text("details.event ol.steps"); strings.Contains(steps, "Failed") || strings.Contains(steps, "Not checked") {
				t.Errorf("%s: %s", c.name, steps)
			}
			if kept := p.find("form[action='"+entry+"/raw']") != nil; kept != c.kept {
				t.Errorf("%s: the message is kept: %v", c.name, kept)
			}
		}
	})
}
