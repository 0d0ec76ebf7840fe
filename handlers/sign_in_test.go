package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestSigningInByPassword(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		b := a.browser()
		p := b.get("/login?return_to=%2Fprofile").wantStatus(http.StatusOK).wantText("h1", "Sign in").wantValue("return_to", "/profile")
		p = p.form("/login").set("email", "Ana@ACME.com").submit().wantStatus(http.StatusOK).wantText("h1", "Enter your password")
		p = p.form("/login").set("password", "not this one").submit().wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("password", "do not match").wantValue("email", "Ana@ACME.com").wantValue("return_to", "/profile")
		if strings.Contains(p.body, "not this one") {
			t.Error("a password was sent back")
		}
		p = p.form("/login").set("password", "").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "Enter your password")
		p = p.form("/login").set("password", password).submit().wantRedirect("/profile")
		if c := p.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
			t.Errorf("the session's cookie is %q", c)
		}
		p.follow().wantStatus(http.StatusOK).wantText("h1", "Profile")
		b.get("/login?return_to=%2Fprofile").wantRedirect("/profile")
		b.get("/login").wantRedirect("/").follow().wantText("h1", "Ana").wantText(".facts", "Password")
		for _, action := range []string{"session.login_failed", "session.started"} {
			if !slices.Contains(a.auditActions(acme), action) {
				t.Errorf("%s is not audited", action)
			}
		}
	})
}

func TestEverySignInGetsANewTokenAndEndsTheOldSession(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.signIn("ana@acme.com")
		first := b.cookie("gatehouse_session")
		b.signIn("ana@acme.com")
		if second := b.cookie("gatehouse_session"); second == "" || second == first {
			t.Errorf("the token was %q and is %q", first, second)
		}
		old := a.browser()
		old.setCookie("gatehouse_session", first)
		old.get("/").wantRedirect("/login")
		if old.cookie("gatehouse_session") != "" {
			t.Error("a dead cookie was not cleared")
		}
	})
}

func TestUnknownAndKnownAddressesAreAnsweredAlike(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		gone := a.member(acme, "gone@acme.com", models.RoleMember)
		if err := a.db.DeactivateMember(t.Context(), operator, models.Owner, acme.ID, gone.ID); err != nil {
			t.Fatal(err)
		}
		// same compares a page for an address with the page for another, the address itself put aside.
		same := func(what, known, unknown string, ask func(b *browser, email string) *page) {
			t.Helper()
			one, two := ask(a.browser(), known), ask(a.browser(), unknown)
			initials := strings.NewReplacer(known, "X", unknown, "X")
			if one.status != two.status || initials.Replace(one.text("main")) != initials.Replace(two.text("main")) {
				t.Errorf("%s: %d %q for %s, %d %q for %s", what, one.status, one.text("main"), known, two.status, two.text("main"), unknown)
			}
		}
		for _, known := range []string{"ana@acme.com", "gone@acme.com"} {
			same("e-mail step", known, known[:1]+"obody@acme.com", func(b *browser, email string) *page { return b.post("/login", "step", "email", "email", email) })
			same("wrong password", known, known[:1]+"obody@acme.com", func(b *browser, email string) *page {
				return b.post("/login", "step", "password", "email", email, "password", "wrong wrong wrong")
			})
			same("recovery", known, known[:1]+"obody@acme.com", func(b *browser, email string) *page {
				return b.post("/login/recovery", "email", email, "password", "wrong wrong wrong")
			})
			same("forgotten password", known, known[:1]+"obody@acme.com", func(b *browser, email string) *page { return b.post("/password/forgot", "email", email) })
		}
	})
}

func TestAttemptsRunOutForKnownAndUnknownAddressesAlike(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.browser()
		statuses := func(email string) []int {
			var list []int
			for range 11 {
				list = append(list, b.post("/login", "step", "password", "email", email, "password", "wrong wrong wrong").status)
			}
			return list
		}
		known, unknown := statuses("ana@acme.com"), statuses("nobody@acme.com")
		if !slices.Equal(known, unknown) || known[9] != http.StatusUnprocessableEntity || known[10] != http.StatusTooManyRequests {
			t.Errorf("known %v, unknown %v", known, unknown)
		}
		p := b.post("/login", "step", "password", "email", "ana@acme.com", "password", password)
		p.wantStatus(http.StatusTooManyRequests).wantFieldError("password", "Too many attempts")
		if p.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		a.clock.Advance(time.Minute)
		b.post("/login", "step", "password", "email", "ana@acme.com", "password", password).wantRedirect("/")
	})
}

func TestSessionsEndByThemselves(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.signIn("ana@acme.com")
		for range 3 {
			a.clock.Advance(7*time.Hour + 50*time.Minute)
			b.get("/").wantStatus(http.StatusOK)
		}
		a.clock.Advance(31 * time.Minute) // 24 hours after signing in, however active
		b.get("/profile").wantRedirect("/login?return_to=%2Fprofile")
		b.signIn("ana@acme.com")
		a.clock.Advance(8*time.Hour + time.Second)
		b.get("/").wantRedirect("/login")
	})
}

func TestSigningOut(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.signIn("ana@acme.com")
		token := b.cookie("gatehouse_session")
		b.get("/").form("/logout").submit().wantRedirect("/login").follow().wantText(".note", "You are signed out.")
		b.setCookie("gatehouse_session", token)
		b.get("/").wantRedirect("/login")
		a.browser().post("/logout").wantRedirect("/login")
		a.browser().get("/logout").wantStatus(http.StatusMethodNotAllowed)
	})
}

// single sign-on of Acme, on for acme.com.
func (a *app) ssoOn(org *models.Organization, w models.Switches) {
	a.t.Helper()
	now := a.clock.Now()
	err := a.db.ConfigureSSO(a.t.Context(), operator, org.ID, "https://idp.example/"+org.ID, "https://idp.example/sign-in",
		[]models.NewCertificate{{PEM: "PEM", Subject: "CN=test", SHA1: "00", SHA256: org.ID, KeyKind: "RSA 2048", NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)}}, w)
	if err != nil {
		a.t.Fatal(err)
	}
}

func TestTheDomainDecidesHowToSignIn(t *testing.T) {
	yes := true
	for _, c := range []struct {
		name     string
		switches models.Switches
		want     string // h1, or where to
	}{
		{"on: the person chooses", models.Switches{Enabled: &yes}, "How do you want to sign in?"},
		{"required: straight to the identity provider", models.Switches{Enabled: &yes, Required: &yes}, "/saml/"},
		{"IdP Managed Access: straight to the identity provider", models.Switches{Enabled: &yes, IDPManaged: &yes}, "/saml/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				acme := a.organization("Acme", "ana@acme.com")
				a.member(acme, "bo@acme.com", models.RoleMember)
				a.verifiedDomain(acme, "acme.com")
				a.ssoOn(acme, c.switches)
				b := a.browser()
				login := b.get("/login?return_to=%2Fprofile")
				if csp := login.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https:") {
					t.Errorf("the browser would stop the form on its way: %s", csp)
				}
				for _, email := range []string{"bo@acme.com", "nobody@acme.com"} {
					p := login.form("/login").set("email", email).submit()
					if strings.HasPrefix(c.want, "/") {
						p.wantRedirect("/saml/" + acme.ID + "/login?login_hint=" + strings.Replace(email, "@", "%40", 1) + "&return_to=%2Fprofile")
						continue
					}
					p.wantStatus(http.StatusOK).wantText("h1", c.want)
					p.form("/login").submit("with", "sso").wantRedirect("/saml/" + acme.ID + "/login?login_hint=" + strings.Replace(email, "@", "%40", 1) + "&return_to=%2Fprofile")
					p.form("/login").submit("with", "password").wantStatus(http.StatusOK).wantText("h1", "Enter your password").wantValue("return_to", "/profile")
				}
				login.form("/login").set("email", "bo@elsewhere.com").submit().wantStatus(http.StatusOK).wantText("h1", "Enter your password")
				if strings.HasPrefix(c.want, "/") {
					// A form that was opened before, with the right password.
					p := b.post("/login", "step", "password", "email", "bo@acme.com", "password", password)
					p.wantStatus(http.StatusForbidden).wantText("h1", "Acme uses single sign-on").wantText(".note", "asks for single sign-on")
				}
			})
		})
	}
}

func TestRecoverySignIn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		yes := true
		acme := a.organization("Acme", "ana@acme.com")
		a.member(acme, "bo@acme.com", models.RoleMember)
		a.verifiedDomain(acme, "acme.com")
		a.ssoOn(acme, models.Switches{Enabled: &yes, Required: &yes})
		b := a.browser()
		b.get("/login").wantText(".under", "Recovery sign-in")
		p := b.get("/login/recovery").wantStatus(http.StatusOK)
		p = p.form("/login/recovery").set("email", "ana").submit().wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("email", "not an e-mail address").wantFieldError("password", "Enter your password").wantValue("email", "ana")
		p.form("/login/recovery").set("email", "bo@acme.com").set("password", password).submit().
			wantStatus(http.StatusForbidden).wantFieldError("password", "for its owners and admins only")
		p.form("/login/recovery").set("email", "ana@acme.com").set("password", password).submit().wantRedirect("/").
			follow().wantText(".facts", "Recovery sign-in")
		if !slices.Contains(a.auditActions(acme), "session.recovery_used") {
			t.Error("its use is not audited")
		}
	})
}

func TestNothingOfASignInIsLogged(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.signIn("ana@acme.com")
		a.browser().post("/password/forgot", "email", "ana@acme.com")
		secret := a.mails.to("ana@acme.com").link()
		a.browser().get(secret)
		for _, s := range []string{password, b.cookie("gatehouse_session"), secret[strings.Index(secret, "=")+1:], "token="} {
			if strings.Contains(a.log.String(), s) {
				t.Errorf("the log holds %q", s)
			}
		}
	})
}

func TestOnlyLocalPathsAreRedirectedTo(t *testing.T) {
	for _, evil := range []string{
		"https://evil.example/", "//evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/%0d%0aSet-Cookie:x", "javascript:alert(1)",
		"///evil.example", "http:evil.example", "", "evil", "/ok\n", "/" + strings.Repeat("a", 3000), "/%2f/evil.example", "/\x00",
	} {
		got := localPath(evil)
		if got != "/" && (!strings.HasPrefix(got, "/%") || strings.ContainsAny(got, "\r\n\t\\")) {
			t.Errorf("%q leads to %q", evil, got)
		}
	}
	for _, fine := range []string{"/", "/settings/users?q=a%20b", "/profile#sessions", "/a//b"} {
		if got := localPath(fine); got != fine {
			t.Errorf("%q became %q", fine, got)
		}
	}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.signIn("ana@acme.com")
		r := a.request(http.MethodPost, "/logout", "")
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		b.do(r).wantStatus(http.StatusForbidden).wantText("h1", "You may not do this")
		b.get("/").wantStatus(http.StatusOK)
	})
}

func TestHostileInputIsNeverAnsweredWith500(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		guest, person := a.browser(), a.signIn("ana@acme.com")
		values := []string{
			"", "\x00", "\xff\xfe", "a\x00b@acme.com", "ana@acme.com\r\nBcc: x@y.z", "'; drop table accounts; --", "%00", "{{7*7}}", "<script>alert(1)</script>",
			strings.Repeat("x", 100_000), "ａｎａ@acme.com", "\u202egpj.exe", "ana@\u212acme.com", "../../etc/passwd", "-1", "9999999999999999999999",
		}
		fields := []string{"step", "email", "password", "with", "return_to", "token", "organization", "first_name", "last_name", "name", "org", "current_password", "new_password"}
		check := func(what string, p *page) {
			t.Helper()
			if p.status >= 500 {
				t.Errorf("%s: status %d\n%s", what, p.status, p.visible())
			}
		}
		for i, v := range values {
			var form []string
			for _, f := range fields {
				form = append(form, f, v)
			}
			what := "value " + strconv.Itoa(i)
			for _, path := range []string{"/login", "/login/recovery", "/password/forgot", "/password/reset", "/setup", "/signup", "/invitation"} {
				check(what+" "+path, guest.post(path, form...))
				check(what+" "+path+" step=password", guest.post(path, append([]string{"step", "password"}, form...)...))
			}
			for _, path := range []string{"/organization", "/profile/name", "/profile/password", "/profile/sessions/x/end", "/profile/sessions/%00/end", "/profile/sessions/%ff/end"} {
				check(what+" "+path, person.post(path, form...))
			}
		}
		for _, path := range []string{"/login?return_to=%00", "/login?return_to=%ff", "/password/reset?token=%00", "/invitation?token=%ff", "/setup?token=%zz", "/signup?token=%00", "/%00", "/%ff", "//", "/login?a;b"} {
			check(path, guest.get(path))
		}
		r := a.request(http.MethodPost, "/login", "step=password&email=ana%40acme.com&password="+strings.ReplaceAll(password, " ", "+"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("User-Agent", "bad \xff agent "+strings.Repeat("é", 400))
		check("an agent that is no text", a.do(r))
		r = a.request(http.MethodPost, "/login", strings.Repeat("a", 2<<20))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a.do(r).wantStatus(http.StatusRequestEntityTooLarge)
		r = a.request(http.MethodPost, "/login", "--x\r\nbroken")
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		a.do(r).wantStatus(http.StatusBadRequest)
		r = a.request(http.MethodGet, "/", "")
		r.Header.Set("Cookie", "gatehouse_session=ses_x.'or 1=1; gatehouse_flash=%%%; gatehouse_login=\xff")
		check("broken cookies", a.do(r))
	}, "SIGNUP=open", "RATE_LIMITS=off")
}
