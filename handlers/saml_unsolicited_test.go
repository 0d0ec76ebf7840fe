package handlers

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// again goes through a fresh sign-in, up to where the identity provider would be asked or the person is told why not.
func (b *browser) again(org *models.Organization) *page {
	b.t.Helper()
	p := b.get("/saml/" + org.ID + "/login?again=1")
	if p.status == http.StatusSeeOther && strings.HasPrefix(p.header.Get("Location"), "/") {
		p = p.follow()
	}
	return p
}

func unsolicited(x *assertion) { x.request = "" }

// The tile of an identity provider without the Sign on URL: people get in by a detour, and an admin learns of it, once an hour and with how
// often; forged responses are seen too, by what they say about themselves.
func TestAnUnsolicitedResponseIsInTheActivity(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		tile := func() {
			t.Helper()
			b := a.browser()
			a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com", unsolicited)).wantStatus(http.StatusSeeOther)
			to := b.again(org).wantStatus(http.StatusSeeOther).header.Get("Location")
			b.finish(a.postACS(org, idp.answer(to, "bo@acme.com"))).wantRedirect("/")
		}
		rows := func() []models.Activity {
			t.Helper()
			list, err := a.db.Activities(t.Context(), org.ID, models.ActivityFilter{Problems: true})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		tile()
		a.clock.Advance(10 * time.Minute)
		tile()
		tile()
		list := rows()
		if len(list) != 1 || list[0].Times != 3 || list[0].Reason != "unsolicited" || list[0].LastAt == nil {
			t.Fatalf("activity = %+v", list)
		}
		// Anybody can post one: another key, in the name of somebody else.
		forger := newIdP(a, 1)
		a.postACS(org, forger.answer(a.browser().beginSAML(org, ""), "bo@acme.com", unsolicited)).wantStatus(http.StatusSeeOther)
		a.postACS(org, "PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm46b2FzaXM6bmFtZXM6dGM6U0FNTDoyLjA6cHJvdG9jb2wiLz4=").wantStatus(http.StatusSeeOther)
		if list = rows(); len(list) != 3 {
			t.Fatalf("activity = %+v", list)
		}
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		ana.get(activityPath+"?q=tenant-1").wantText("details.event[open]", forger.issuer)
		p := ana.get(activityPath+"?result=problems").wantText("main", "by its own word from "+idp.issuer).wantText("main", "by its own word from "+forger.issuer).wantText("main", "2 times more since")
		if strings.Contains(p.text("main"), "could not sign in") {
			t.Errorf("somebody who was led on reads as refused: %s", p.text("main"))
		}
		ana.get(activityURL(list[2].ID)).wantText("details.event[open]", "3 times within an hour").wantText("details.event[open]", "Certificate (SHA-1), as claimed").
			wantText("details.event[open] ol.path", "Sign on URL")
		// An hour later it is a row of its own.
		a.clock.Advance(time.Hour)
		tile()
		if list = rows(); len(list) != 4 || list[0].Times != 1 {
			t.Errorf("activity = %+v", list)
		}
		// A flood of them leaves few rows.
		for i := range 60 {
			a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com", unsolicited, func(x *assertion) { x.issuer += strings.Repeat("x", i) }))
		}
		if n := len(rows()); n > 4+40 {
			t.Errorf("%d rows", n)
		}
	})
}

// A browser without cookies and an identity provider that never names our request do not go round for ever, nor does one with cookies.
func TestNobodyIsSentRoundForEver(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		round := func(b *browser, keepsCookies bool) (p *page, asked int) {
			t.Helper()
			p = b.get(samlLoginPath(org.ID, "", ""))
			for range 20 {
				if !keepsCookies {
					b.client.Jar, _ = cookiejar.New(nil)
				}
				to := p.header.Get("Location")
				switch {
				case p.status != http.StatusSeeOther:
					return p, asked
				case strings.HasPrefix(to, "/"):
					p = b.get(to)
				default:
					asked++
					p = a.postACS(org, idp.answer(to, "bo@acme.com", unsolicited))
				}
			}
			t.Fatal("still going round")
			return nil, 0
		}
		p, asked := round(a.browser(), true)
		p.wantStatus(http.StatusForbidden).wantText("h1", "Start again here").wantText("main", "did not begin here")
		if asked != 2 {
			t.Errorf("the identity provider was asked %d times", asked)
		}
		p, asked = round(a.browser(), false)
		p.wantStatus(http.StatusForbidden).wantText("h1", "Allow cookies, then start again")
		if asked != 1 {
			t.Errorf("without cookies the identity provider was asked %d times", asked)
		}
	})
}
