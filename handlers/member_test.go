package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestAMembersPageShowsAccessAndHistory(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		ana := a.signIn("ana@acme.com")
		a.signIn("bo@acme.com")
		p := ana.get(memberURL(bo.ID)).wantStatus(http.StatusOK).wantText("h1", "Bo Test").wantText("h1", "Active")
		p.wantText("#access", "Password").wantText("#methods", "Firefox on Linux").wantText("#history", "Bo Test signed in with a password").wantText("#history", "The operator added Bo Test")
		ana.get(p.attr("#history a", "href")).wantStatus(http.StatusOK).wantText("select[name=actor]", "By or about Bo Test").wantText("ol.events", "Bo Test signed in with a password")
	})
}

func TestRolesAreChangedAndOwnersOnlyByOwners(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo, adam := a.member(acme, "bo@acme.com", models.RoleMember), a.member(acme, "adam@acme.com", models.Admin)
		ana, asAdam := a.signIn("ana@acme.com"), a.signIn("adam@acme.com")
		ana.get(memberURL(bo.ID)).form(memberURL(bo.ID)+"/role").set("role", "admin").submit().wantRedirect(memberURL(bo.ID)).follow().
			wantText("main .note", "Bo Test has the role Admin.").wantText("#access", "Given by Ana on 24 Nov 2026.")
		if flash := asAdam.post(memberURL(bo.ID)+"/role", "org", acme.ID, "role", "owner").flash(); !strings.Contains(flash, "Only an owner can make somebody an owner") {
			t.Errorf("an admin making an owner is told %q", flash)
		}
		asAdam.get(memberURL(a.memberID(acme, "ana@acme.com"))).wantNone("form[action="+memberURL(a.memberID(acme, "ana@acme.com"))+"/role]").wantText("#access", "Only an owner can change an owner’s role.")
		if flash := ana.post(memberURL(a.memberID(acme, "ana@acme.com"))+"/role", "org", acme.ID, "role", "member").flash(); !strings.Contains(flash, "is the last owner who can sign in") {
			t.Errorf("the last owner stepping down is told %q", flash)
		}
		if flash := ana.post(memberURL(bo.ID)+"/role", "org", acme.ID, "role", "emperor").flash(); !strings.Contains(flash, "Choose a role") {
			t.Errorf("an unknown role is told %q", flash)
		}
		a.clock.Advance(models.StepUpLife + time.Second)
		p := ana.post(memberURL(adam.ID)+"/role", "org", acme.ID, "role", "owner").wantStatus(http.StatusUnprocessableEntity).wantText("h1", "Make Adam Test an owner?").wantText("table", "Owner")
		p.form(memberURL(adam.ID)+"/role").set("password", password).submit().wantRedirect(memberURL(adam.ID)).follow().wantText("main .note", "has the role Owner")
		ana.post(memberURL(a.memberID(acme, "ana@acme.com"))+"/role", "org", acme.ID, "role", "member").wantRedirect("/")
	})
}

func TestADeactivatedPersonIsSignedOutAndComesBackByAnAdmin(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		ana, asBo := a.signIn("ana@acme.com"), a.signIn("bo@acme.com")
		asBo.get(ssoPath).wantStatus(http.StatusOK)
		p := ana.get(memberURL(bo.ID)).form(memberURL(bo.ID) + "/deactivate").submit().wantRedirect(memberURL(bo.ID)).follow()
		p.wantText("h1", "Deactivated").wantText("main .hello", "by an admin").wantNone("form[action=" + memberURL(bo.ID) + "/deactivate]")
		asBo.get(ssoPath).wantStatus(http.StatusSeeOther)
		p.form(memberURL(bo.ID)+"/reactivate").submit().wantRedirect(memberURL(bo.ID)).follow().wantText("h1", "Active")
		me := memberURL(a.memberID(acme, "ana@acme.com"))
		ana.get(me).wantText("#deactivate-why", "You cannot deactivate yourself")
		if flash := ana.post(me+"/deactivate", "org", acme.ID).flash(); !strings.Contains(flash, "You cannot deactivate yourself") {
			t.Errorf("deactivating oneself says %q", flash)
		}
	})
}

func TestSessionsOfAMemberAreEndedOneByOneOrAll(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		ana, one, two := a.signIn("ana@acme.com"), a.signIn("bo@acme.com"), a.signIn("bo@acme.com")
		open, err := a.db.Sessions(t.Context(), acme.ID, bo.ID)
		if err != nil || len(open) != 2 {
			t.Fatal(open, err)
		}
		ana.get(memberURL(bo.ID)).wantText("#methods", "End all 2 sessions")
		ana.post(memberURL(bo.ID)+"/sessions/"+open[0].ID+"/end", "org", acme.ID).wantRedirect(memberURL(bo.ID)+"#methods").follow().wantText("main .note", "The session has ended.")
		ana.post(memberURL(bo.ID)+"/sessions/end-all", "org", acme.ID).wantRedirect(memberURL(bo.ID)+"#methods").follow().wantText("main .note", "1 session has ended.").wantText("#methods", "Not signed in")
		for _, b := range []*browser{one, two} {
			b.get(ssoPath).wantStatus(http.StatusSeeOther)
		}
	})
}

func TestTheNameOfAMemberIsChangedUnlessTheDirectoryManagesIt(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		bo := a.member(acme, "bo@acme.com", models.RoleMember)
		ana := a.signIn("ana@acme.com")
		ana.get(memberURL(bo.ID)).form(memberURL(bo.ID)+"/name").set("first_name", "Bo").set("last_name", "Berg").submit().wantRedirect(memberURL(bo.ID)).follow().wantText("h1", "Bo Berg")
		ana.post(memberURL(bo.ID)+"/name", "org", acme.ID, "first_name", " ", "last_name", "").wantStatus(http.StatusUnprocessableEntity).wantFieldError("first_name", "Enter a name")
		long := strings.Repeat("x", 300)
		ana.post(memberURL(bo.ID)+"/name", "org", acme.ID, "first_name", long, "last_name", "y").wantStatus(http.StatusUnprocessableEntity).wantValue("first_name", long).wantFieldError("first_name", "at most 200")
	})
}

func TestAnInvitationIsSentAgainAndRevoked(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		ana.post(usersPath+"/invite", "org", acme.ID, "emails", "di@acme.com", "role", "member").wantStatus(http.StatusSeeOther)
		first := a.mails.to("di@acme.com").link()
		di := memberURL(a.memberID(acme, "di@acme.com"))
		p := ana.get(di).wantText("main .banner", "Invited by Ana on 24 Nov 2026. The link works until 1 Dec 2026, 7 days left.")
		p.form(di+"/resend").submit().wantRedirect(di).follow().wantText("main .note", "A new link is on its way to di@acme.com")
		second := a.mails.to("di@acme.com").link()
		if first == second {
			t.Error("the link is the old one")
		}
		if got := a.browser().get(first).status; got == http.StatusOK {
			t.Error("the old link still works")
		}
		if flash := ana.post(di+"/deactivate", "org", acme.ID).flash(); !strings.Contains(flash, "Revoke the invitation instead") {
			t.Errorf("deactivating somebody invited says %q", flash)
		}
		ana.post(di+"/revoke", "org", acme.ID).wantRedirect(usersPath).follow().wantText("main .note", "The invitation of di@acme.com is revoked")
		if got := a.browser().get(second).status; got == http.StatusOK {
			t.Error("the revoked link still works")
		}
		ana.get(di).wantStatus(http.StatusNotFound)
	})
}

func TestALinkedIdentityIsShownAndForgotten(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		bo := a.browser()
		bo.finish(a.postACS(org, idp.answer(bo.beginSAML(org, "/"), "bo@acme.com"))).wantStatus(http.StatusSeeOther)
		ana := a.browser()
		ana.post("/login/recovery", "email", "ana@acme.com", "password", password).wantStatus(http.StatusSeeOther)
		member := memberURL(a.memberID(org, "bo@acme.com"))
		p := ana.get(member).wantText("#methods", idp.issuer).wantText("#methods", "Acme SSO").wantText("#access", "Single sign-on only").wantText("#history", "Bo Berg became a member at the first sign-in")
		p.form(member+"/identities/forget").submit().wantRedirect(member+"#methods").follow().wantText("main .note", "The identity is forgotten").wantText("#methods", "has not signed in with SSO yet")
		bo.get("/").wantStatus(http.StatusSeeOther)
		ana.get(ssoPath).wantText("main", "Recovery sign-in was used")
	})
}

func TestADirectorysPersonIsReadOnlyAndHeldWithTheReason(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		a.verifiedDomain(acme, "acme.com")
		_, token, err := a.db.CreateSCIMToken(t.Context(), operator, acme.ID, "Entra", 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{"bo@acme.com", "tobias@acme-labs.io"} {
			r := a.request(http.MethodPost, "/api/app/scim/v2/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`+address+`","externalId":"x-`+address+`","active":true,
				"displayName":"Somebody","emails":[{"type":"work","value":"`+address+`","primary":true}]}`)
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/scim+json")
			a.do(r).wantStatus(http.StatusCreated)
		}
		ana := a.signIn("ana@acme.com")
		bo, tobias := memberURL(a.memberID(acme, "bo@acme.com")), memberURL(a.memberID(acme, "tobias@acme-labs.io"))
		p := ana.get(bo).wantText("#directory", "x-bo@acme.com").wantText("#directory", "As the directory last sent it, just now").wantText("#access", "The directory manages the profile").wantNone("input[name=first_name]")
		p.wantText("#history", "Entra (token “Entra”) provisioned Somebody")
		if flash := ana.post(bo+"/name", "org", acme.ID, "first_name", "X", "last_name", "Y").flash(); !strings.Contains(flash, "comes from the directory") {
			t.Errorf("renaming says %q", flash)
		}
		p = ana.get(tobias).wantText("#held", "cannot sign in yet").wantText("main .banner", "acme-labs.io is not verified by this organization")
		ana.get(p.attr("main .banner a", "href")).wantStatus(http.StatusOK).wantValue("domain", "acme-labs.io")
		ana.get(usersPath+"?status=held").wantText("table", "acme-labs.io is not verified").wantText("table", "Entra (SCIM)").wantText(".presets", "Held 1")
	})
}
