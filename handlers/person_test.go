package handlers

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestHomeSaysWhoSomebodyIsHere(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		team, err := a.db.CreateTeam(t.Context(), operator, acme.ID, "Platform")
		if err == nil {
			err = a.db.AddToTeam(t.Context(), operator, acme.ID, team.ID, bo.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		b := a.signIn("bo@acme.com")
		a.clock.Advance(2 * time.Hour)
		p := b.get("/").wantStatus(http.StatusOK).wantText("h1", "Bo Test").wantText(".hello", "Signed in to Acme as bo@acme.com").wantNone("#setup")
		for _, want := range []string{"Password", "24 Nov 2026, 09:00 UTC", "2 hours ago", "25 Nov 2026, 09:00 UTC", "Earlier after 8 hours", "Member", "Gatehouse", "Ana (ana@acme.com)", "Platform", "1 person", "Firefox on Linux", "127.0.0.1 · active now"} {
			if !strings.Contains(p.text("main"), want) {
				t.Errorf("home does not say %q: %s", want, p.text("main"))
			}
		}
		p.wantNone("a[href=/settings/users]")
		role := models.Admin
		if err := a.db.SetTeamRole(t.Context(), operator, models.Owner, acme.ID, team.ID, &role); err != nil {
			t.Fatal(err)
		}
		b.get("/").wantText("main", "Carried by a team you are in.").wantText("nav", "Users").wantText("#setup", "Let your people sign in")
	})
}

func TestSomebodyDeactivatedIsOutAtTheNextClick(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		b := a.signIn("bo@acme.com")
		b.get("/").wantStatus(http.StatusOK)
		if err := a.db.DeactivateMember(t.Context(), operator, models.Owner, acme.ID, bo.ID); err != nil {
			t.Fatal(err)
		}
		b.get("/profile").wantRedirect("/login?return_to=%2Fprofile")
		b.post("/login", "step", "password", "email", "bo@acme.com", "password", password).
			wantStatus(http.StatusForbidden).wantText("h1", "Sign in").wantText(".note", "not an active member")
	})
}

func TestChangingTheOwnPassword(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		b, other := a.signIn("ana@acme.com"), a.signIn("ana@acme.com")
		p := b.get("/profile").wantStatus(http.StatusOK)
		q := p.form("/profile/password").submit().wantStatus(http.StatusUnprocessableEntity)
		q.wantFieldError("current_password", "Enter the password").wantFieldError("new_password", "Choose a password")
		q = p.form("/profile/password").set("current_password", "wrong wrong wrong").set("new_password", otherPassword).submit()
		q.wantStatus(http.StatusUnprocessableEntity).wantFieldError("current_password", "This is not your password")
		q = p.form("/profile/password").set("current_password", password).set("new_password", otherPassword).submit().wantRedirect("/profile#password")
		q.follow().wantText(".note", "Your password is changed")
		other.get("/").wantRedirect("/login")
		b.get("/").wantStatus(http.StatusOK)
		a.browser().post("/login", "step", "password", "email", "ana@acme.com", "password", otherPassword).wantRedirect("/")
		if !slices.Contains(a.auditActions(acme), "account.password_changed") {
			t.Error("it is not audited")
		}
	})
}

func TestRenamingOneself(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.signIn("ana@acme.com")
		p := b.get("/profile").wantValue("name", "Ana")
		p.form("/profile/name").set("name", "  ").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("name", "Enter your name")
		p.form("/profile/name").set("name", "A\u202ena").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("name", "ordinary characters").wantValue("name", "A\u202ena")
		p.form("/profile/name").set("name", "Ana Novák").submit().wantRedirect("/profile").follow().wantValue("name", "Ana Novák").wantText(".me", "Ana Novák")
	})
}

func TestOwnSessions(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		a.member(acme, "bo@acme.com", models.RoleMember)
		b, phone, third := a.signIn("ana@acme.com"), a.browser(), a.signIn("ana@acme.com")
		phone.userAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
		phone.signIn("ana@acme.com")
		p := b.get("/profile").wantText("#sessions", "Safari on iPhone").wantText("#sessions", "This session").wantText("#sessions", "after 8 hours without activity, and 24 hours")
		id := func(b *browser) string { s, _, _ := strings.Cut(b.cookie("gatehouse_session"), "."); return s }
		p.form("/profile/sessions/"+id(phone)+"/end").submit().wantRedirect("/profile#sessions").follow().wantText(".note", "The session has ended.")
		phone.get("/").wantRedirect("/login").follow().wantText(".note", "Your session has ended.")
		bo := a.signIn("bo@acme.com")
		b.post("/profile/sessions/"+id(bo)+"/end", "org", acme.ID).wantStatus(http.StatusNotFound)
		bo.get("/").wantStatus(http.StatusOK)
		p.form("/profile/sessions/end-others").submit().wantRedirect("/profile#sessions").follow().wantText(".note", "1 other session has ended.")
		third.get("/").wantRedirect("/login")
		b.post("/profile/sessions/end-others", "org", acme.ID).wantRedirect("/profile#sessions").follow().wantText(".note", "nowhere else")
		b.post("/profile/sessions/"+id(b)+"/end", "org", acme.ID).wantRedirect("/login").follow().wantText(".note", "You are signed out.")
	})
}

func TestAFormForAnotherOrganizationIsRefused(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		other := a.organization("Initech", "cy@initech.com")
		b := a.signIn("ana@acme.com")
		for _, path := range []string{"/profile/name", "/profile/password", "/profile/sessions/end-others", "/profile/sessions/ses_x/end"} {
			b.post(path, "org", other.ID, "name", "Eve").wantStatus(http.StatusConflict).wantText("main", "opened for another organization")
		}
	})
}

func TestWhoIsSignedIn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme, Inc", "ana@acme.com")
		anonymous := a.browser().get("/api/me").wantStatus(http.StatusUnauthorized)
		if anonymous.header.Get("Content-Type") != "application/json" || anonymous.header.Get("Remote-User") != "" || !strings.Contains(anonymous.body, `"error"`) {
			t.Errorf("nobody is answered with %v %s", anonymous.header, anonymous.body)
		}
		m, err := a.db.AddMember(t.Context(), operator, acme.ID, "bo+x@acme.com", "Bö, the", "\u00a0Great", models.RoleMember, password)
		if err != nil {
			t.Fatal(err)
		}
		ids := []string{}
		for _, name := range []string{"Data, raw", "Platform"} {
			team, err := a.db.CreateTeam(t.Context(), operator, acme.ID, name)
			if err == nil {
				err = a.db.AddToTeam(t.Context(), operator, acme.ID, team.ID, m.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, team.ID)
		}
		b := a.signIn("bo+x@acme.com")
		p := b.get("/api/me").wantStatus(http.StatusOK)
		var got map[string]any
		if err := json.Unmarshal([]byte(p.body), &got); err != nil {
			t.Fatal(err)
		}
		want := `{"email":"bo+x@acme.com","expires_at":"2026-11-25T09:00:00Z","name":"Bö, the Great","organization":{"id":"` + acme.ID +
			`","name":"Acme, Inc"},"role":"member","signed_in_by":"password","teams":[{"id":"` + ids[0] + `","name":"Data, raw"},{"id":"` + ids[1] + `","name":"Platform"}]}`
		if b, _ := json.Marshal(got); string(b) != want {
			t.Errorf("got  %s\nwant %s", b, want)
		}
		for name, want := range map[string]string{
			"Remote-User": m.ID, "Remote-Email": "bo%2Bx@acme.com", "Remote-Name": "B%C3%B6%2C%20the%20Great", "Remote-Groups": ids[0] + "," + ids[1],
			"Cache-Control": "no-store",
		} {
			if got := p.header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		// What a client claims about itself is not repeated.
		r := a.request(http.MethodGet, "/api/me", "")
		r.Header.Set("Remote-User", "mem_somebody")
		if got := a.do(r).wantStatus(http.StatusUnauthorized).header.Get("Remote-User"); got != "" {
			t.Errorf("nobody is %q", got)
		}
	})
}
