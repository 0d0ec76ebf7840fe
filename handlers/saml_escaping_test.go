package handlers

import (
	"encoding/csv"
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"gatehouse/models"
)

// What an identity provider says about people and failures is shown, exported and logged in many places. None of them runs it.
func TestWhatAnIdentityProviderSaysIsOnlyText(t *testing.T) {
	const (
		markup = `<script>alert(1)</script><img src=x onerror=alert(1)>`
		// The name of a person that a spreadsheet would compute.
		formula = `=HYPERLINK("https://evil.example/","Ana")`
		forged  = "ok\n2026-11-24T09:00:00Z level=ERROR msg=\"admin signed in\" \u202egnihsihp\u2028\u2029\x1b[31m"
	)
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		for i, name := range []string{markup, formula, forged, "{{7*7}}", `"><svg onload=alert(1)>`} {
			email := string(rune('b'+i)) + "o@acme.com"
			b := a.browser()
			b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), email, func(x *assertion) {
				x.before = func(doc *etree.Document) {
					values := doc.FindElements("//AttributeValue")
					values[1].SetText(strings.ReplaceAll(name, "\x1b", ""))
					values[2].SetText(strings.ReplaceAll(name, "\x1b", ""))
				}
			}))).wantRedirect("/")
			b.get("/").wantStatus(http.StatusOK).wantOnlyText()
			who := b.get("/api/me").wantStatus(http.StatusOK)
			if strings.Contains(strings.Join(who.header.Values("Remote-Name"), ""), "<") {
				t.Errorf("Remote-Name is %q", who.header.Get("Remote-Name"))
			}
		}

		ana := a.browser()
		ana.asPassword("ana@acme.com")
		for _, message := range []string{markup, forged, formula} {
			// The admin's browser is where the answer ends: its page shows what came.
			b := a.browser()
			b.asPassword("ana@acme.com")
			to := b.beginSAML(org, "")
			r := a.postACS(org, idp.answer(to, "bo@acme.com", func(x *assertion) {
				x.before = func(doc *etree.Document) {
					code := doc.FindElement("//StatusCode")
					code.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
					code.Parent().CreateElement("samlp:StatusMessage").SetText(strings.ReplaceAll(message, "\x1b", ""))
				}
			}))
			r.wantStatus(http.StatusForbidden).wantOnlyText()
		}

		pages := []string{"/settings/users", activityPath, auditPath, ssoPath, "/settings/teams"}
		people, err := a.db.People(t.Context(), org.ID, models.MemberFilter{})
		if err != nil || len(people) != 6 {
			t.Fatalf("%d people, %v", len(people), err)
		}
		for _, p := range people {
			pages = append(pages, "/settings/users/"+p.ID)
		}
		rows, err := a.db.Activities(t.Context(), org.ID, models.ActivityFilter{Kind: models.ActivitySignIn})
		if err != nil || len(rows) < 8 {
			t.Fatalf("%d rows of activity, %v", len(rows), err)
		}
		for _, row := range rows {
			pages = append(pages, activityURL(row.ID))
			if strings.ContainsAny(row.Sentence+row.Detail, "\n\u202e\u2028") {
				t.Errorf("the activity keeps what is not fit to be shown: %q %q", row.Sentence, row.Detail)
			}
		}
		shown := false
		for _, path := range pages {
			p := ana.get(path).wantStatus(http.StatusOK).wantOnlyText()
			shown = shown || strings.Contains(p.body, html.EscapeString(markup))
		}
		if !shown {
			t.Error("no page shows the name that is markup, so nothing was tested")
		}

		p := ana.get(auditPath + "/export?format=csv").wantStatus(http.StatusOK)
		cells, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.body, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range cells {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("the cell %q runs as a formula", cell)
				}
			}
		}
		for line := range strings.SplitSeq(a.log.String(), "\n") {
			if strings.HasPrefix(line, "2026-11-24T09:00:00Z") || strings.ContainsAny(line, "\u202e\u2028\x1b") {
				t.Errorf("the log is forged: %q", line)
			}
		}
	})
}

// wantOnlyText wants a page in which none of the above has become markup.
func (p *page) wantOnlyText() *page {
	p.t.Helper()
	for _, selector := range []string{"img[onerror]", "svg[onload]", "script:not([src])", "img[src=x]"} {
		if found := p.all(selector); len(found) > 0 {
			p.t.Errorf("%s: %d %s", p.request.URL.Path, len(found), selector)
		}
	}
	if strings.ContainsAny(p.body, "\u202e\u2028") {
		p.t.Errorf("%s: a bidirectional override or a line separator", p.request.URL.Path)
	}
	return p
}
