package handlers

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

const otherPassword = "seven green otters"

func TestAForgottenPassword(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		other := a.signIn("ana@acme.com")
		b := a.browser()
		p := b.get("/password/forgot").wantStatus(http.StatusOK)
		p.form("/password/forgot").set("email", "ana").submit().wantStatus(http.StatusUnprocessableEntity).
			wantFieldError("email", "not an e-mail address").wantValue("email", "ana")
		p.form("/password/forgot").set("email", " Ana@acme.com ").submit().wantStatus(http.StatusOK).
			wantText("h1", "Look into your mail").wantText("main", "within 1 hour").wantText("main", "no mail set up")
		b.post("/password/forgot", "email", "nobody@acme.com").wantStatus(http.StatusOK)
		if mails := a.mails.all(); len(mails) != 1 || mails[0].To != "ana@acme.com" {
			t.Fatalf("mails: %+v", mails)
		}
		link := a.mails.to("ana@acme.com").link()
		if !strings.HasPrefix(link, a.url+"/password/reset?token=") {
			t.Fatalf("the link is %s", link)
		}
		p = b.get(link).wantStatus(http.StatusOK).wantText("form", "ana@acme.com")
		p.form("/password/reset").set("password", "short").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "at least 12")
		p.form("/password/reset").set("password", "ana@acme.com").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "your own name")
		p.form("/password/reset").set("password", otherPassword).submit().wantRedirect("/login").follow().wantText(".note", "Your password is changed")
		other.get("/").wantRedirect("/login")
		b.post("/login", "step", "password", "email", "ana@acme.com", "password", password).wantStatus(http.StatusUnprocessableEntity)
		b.post("/login", "step", "password", "email", "ana@acme.com", "password", otherPassword).wantRedirect("/")
		p.form("/password/reset").set("password", password).submit().wantStatus(http.StatusGone).wantText("h1", "does not work any more")
		if got := b.get(link).wantStatus(http.StatusGone).attr("a.btn.primary", "href"); got != "/password/forgot" {
			t.Errorf("the next step is %q", got)
		}
		for _, action := range []string{"account.password_link_sent", "account.password_reset"} {
			if !slices.Contains(a.auditActions(acme), action) {
				t.Errorf("%s is not audited", action)
			}
		}
	})
}

func TestALinkForAPasswordEnds(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.browser()
		ask := func() string {
			t.Helper()
			b.post("/password/forgot", "email", "ana@acme.com").wantStatus(http.StatusOK)
			return a.mails.to("ana@acme.com").link()
		}
		first := ask()
		second := ask()
		b.get(first).wantStatus(http.StatusGone) // replaced
		b.get(second).wantStatus(http.StatusOK)
		a.clock.Advance(models.PasswordLinkLife)
		b.get(second).wantStatus(http.StatusGone)
		// Five at once, then one every ten minutes, for an address that nobody has as well.
		for _, email := range []string{"ana@acme.com", "nobody@acme.com"} {
			last := 0
			for range 6 {
				last = b.post("/password/forgot", "email", email).status
			}
			if last != http.StatusTooManyRequests {
				t.Errorf("%s: the last of six answers is %d", email, last)
			}
		}
	})
}

func TestTheFirstOrganization(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		secret, err := a.db.OpenSetup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := a.browser()
		b.get("/setup?token=wrong").wantStatus(http.StatusGone).wantText("main", "Start the server again")
		p := b.get("/setup?token=" + secret).wantStatus(http.StatusOK)
		p = p.form("/setup").set("organization", " ").set("first_name", "").set("last_name", "").set("email", "ana at acme").set("password", "short").submit()
		p.wantStatus(http.StatusUnprocessableEntity).wantFieldError("organization", "Enter a name for the organization").wantFieldError("first_name", "Enter your name").
			wantFieldError("email", "not an e-mail address").wantFieldError("password", "at least 12").wantValue("email", "ana at acme").wantValue("token", secret)
		p = p.form("/setup").set("organization", "Acme").set("first_name", "Ana").set("last_name", "Novák").set("email", "ana@acme.com").set("password", password).submit().wantRedirect("/")
		p.follow().wantText("h1", "Ana Novák").wantText(".facts", "Password").wantText("#setup", "Let your people sign in")
		b.get("/setup?token="+secret).wantStatus(http.StatusGone).wantText("main", "This server is set up")
		b.post("/setup", "token", secret, "organization", "Evil", "first_name", "E", "email", "e@evil.com", "password", password).wantStatus(http.StatusGone)
		orgs, err := a.db.Organizations(t.Context())
		if err != nil || len(orgs) != 1 || orgs[0].Name != "Acme" || orgs[0].Members != 1 {
			t.Errorf("organizations: %+v, %v", orgs, err)
		}
	})
}

func TestSigningUpProvesTheAddressFirst(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		b := a.browser()
		b.get("/login").wantText(".under", "Create an organization")
		p := b.get("/signup").wantStatus(http.StatusOK)
		p.form("/signup").set("email", "x").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("email", "not an e-mail address")
		// The same answer whether somebody has the address or not.
		known := p.form("/signup").set("email", "ana@acme.com").submit().wantStatus(http.StatusOK).text("main")
		unknown := p.form("/signup").set("email", "cy@initech.com").submit().wantStatus(http.StatusOK).text("main")
		if known != strings.Replace(unknown, "cy@initech.com", "ana@acme.com", 1) {
			t.Errorf("%q is not %q", known, unknown)
		}
		p = b.get(a.mails.to("cy@initech.com").link()).wantStatus(http.StatusOK).wantText("form", "cy@initech.com").wantNone("input[name=email]")
		p = p.form("/signup").set("password", "short").submit().wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("organization", "Enter a name").wantFieldError("first_name", "Enter your name").wantFieldError("password", "at least 12")
		p.form("/signup").set("organization", "Initech").set("first_name", "Cy").set("password", otherPassword).submit().wantRedirect("/").
			follow().wantText("h1", "Cy").wantText(".hello", "Initech")
		b.get(a.mails.to("cy@initech.com").link()).wantStatus(http.StatusGone)

		// Somebody who has a password proves it; the new organization is added to the account.
		p = a.browser().get(a.mails.to("ana@acme.com").link()).wantText("form", "You have an account already")
		p = p.form("/signup").set("organization", "Acme Labs").set("first_name", "Ana").set("password", otherPassword).submit()
		p = p.wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "This is not the password")
		p.form("/signup").set("password", password).submit().wantRedirect("/").follow().wantText(".orgs", "Acme Labs")
	}, "SIGNUP=open")
}

func TestSigningUpIsClosedUnlessTheOperatorOpensIt(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		b := a.browser()
		b.get("/login").wantNone("a[href=/signup]")
		b.get("/signup").wantStatus(http.StatusForbidden).wantText("h1", "Sign-up is closed here").wantText("main", "ask an admin of it for an invitation").wantText("main a.btn", "Go to the sign-in page")
		b.post("/signup", "email", "cy@initech.com").wantStatus(http.StatusForbidden)
		if mails := a.mails.all(); len(mails) != 0 {
			t.Errorf("mails: %+v", mails)
		}
	})
}

func TestSigningUpWithADomainOfSingleSignOnGoesThere(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		yes := true
		acme := a.organization("Acme", "ana@acme.com")
		a.verifiedDomain(acme, "acme.com")
		a.ssoOn(acme, models.Switches{Enabled: &yes, IDPManaged: &yes})
		a.browser().post("/signup", "email", "new@acme.com").wantRedirect("/saml/" + acme.ID + "/login?login_hint=new%40acme.com")
		if mails := a.mails.all(); len(mails) != 0 {
			t.Errorf("mails: %+v", mails)
		}
	}, "SIGNUP=open")
}

// invite makes an invitation as an owner would and returns the path of its link.
func (a *app) invite(org *models.Organization, by *models.Member, email string, role models.Role) string {
	a.t.Helper()
	who := models.Actor{Kind: models.Person, ID: by.ID, Label: by.Label()}
	_, secret, err := a.db.Invite(a.t.Context(), who, models.Owner, org.ID, email, "", role)
	if err != nil {
		a.t.Fatal(err)
	}
	return "/invitation?token=" + secret
}

func (a *app) memberOf(org *models.Organization, email string) *models.Member {
	a.t.Helper()
	m, err := a.db.Member(a.t.Context(), org.ID, a.memberID(org, email))
	if err != nil {
		a.t.Fatal(err)
	}
	return m
}

func TestAnInvitationOfSomebodyNew(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		link := a.invite(acme, a.memberOf(acme, "ana@acme.com"), "bo@acme.com", models.Admin)
		b := a.browser()
		p := b.get(link).wantStatus(http.StatusOK).wantText("h1", "Join Acme").wantText("form", "Ana invited bo@acme.com")
		p = p.form("/invitation").set("password", "acme").submit().wantStatus(http.StatusUnprocessableEntity)
		p = p.wantFieldError("first_name", "Enter your name").wantFieldError("password", "at least 12")
		p.form("/invitation").set("first_name", "Bo").set("last_name", "Lind").set("password", otherPassword).submit().wantRedirect("/").
			follow().wantText("h1", "Bo Lind").wantText(".note", "Welcome to Acme.").wantText(".facts", "Password")
		if m := a.memberOf(acme, "bo@acme.com"); m.Status != models.Active || m.Role != models.Admin || m.GivenName != "Bo" || m.FamilyName != "Lind" {
			t.Errorf("the member is %+v", m)
		}
		b.get(link).wantStatus(http.StatusGone).wantText("main", "send it again")
		p.form("/invitation").set("first_name", "Evil").set("password", password).submit().wantStatus(http.StatusGone)
	})
}

func TestAnInvitationOfSomebodyWithAnAccount(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme, initech := a.organization("Acme", "ana@acme.com"), a.organization("Initech", "cy@initech.com")
		link := a.invite(acme, a.memberOf(acme, "ana@acme.com"), "cy@initech.com", models.RoleMember)
		b := a.browser()
		p := b.get(link).wantStatus(http.StatusOK).wantText("form", "You have an account already").wantNone("[name=first_name]")
		p.form("/invitation").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "Enter your password")
		p.form("/invitation").set("password", otherPassword).submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "This is not the password of cy@initech.com")
		if m := a.memberOf(acme, "cy@initech.com"); m.Status != models.Invited {
			t.Fatalf("a wrong password made the member %s", m.Status)
		}
		p = p.form("/invitation").set("password", password).submit().wantRedirect("/").follow().wantText("h1", "Cy").wantText(".orgs", "Initech")
		p.form("/organization").submit("organization", initech.ID).wantRedirect("/").follow().wantText(".note", "You are in Initech now.")
		b.post("/organization", "organization", "org_of_others").wantStatus(http.StatusNotFound)
		b.post("/organization", "organization", acme.ID).wantRedirect("/")
	})
}

func TestAnInvitationWhereSingleSignOnIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		yes := true
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.memberOf(acme, "ana@acme.com")
		a.verifiedDomain(acme, "acme.com")
		a.ssoOn(acme, models.Switches{Enabled: &yes, Required: &yes})
		p := a.browser().get(a.invite(acme, ana, "bo@acme.com", models.RoleMember)).wantStatus(http.StatusOK).
			wantText("form", "you need no password here").wantNone("[name=password]")
		p.form("/invitation").submit().wantRedirect("/saml/" + acme.ID + "/login?login_hint=bo%40acme.com")
		if m := a.memberOf(acme, "bo@acme.com"); m.Status != models.Invited {
			t.Errorf("the member is %s before the identity provider said a word", m.Status)
		}
	})
}

func TestAnInvitationEnds(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.memberOf(acme, "ana@acme.com")
		link := a.invite(acme, ana, "bo@acme.com", models.RoleMember)
		a.clock.Advance(7*24*time.Hour + time.Second)
		a.browser().get(link).wantStatus(http.StatusGone)
		link = a.invite(acme, ana, "cy@acme.com", models.RoleMember)
		if err := a.db.RevokeInvitation(t.Context(), operator, acme.ID, a.memberID(acme, "cy@acme.com")); err != nil {
			t.Fatal(err)
		}
		a.browser().get(link).wantStatus(http.StatusGone)
		a.browser().get("/invitation").wantStatus(http.StatusGone)
	})
}
