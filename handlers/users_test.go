package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// rowNames are the names or addresses in the table of users.
func rowNames(p *page) []string {
	var names []string
	for _, n := range p.all("table tbody .person b") {
		names = append(names, textOf(n))
	}
	return names
}

func TestUsersAreSearchedAndFiltered(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		a.member(acme, "bo@acme.com", models.RoleMember)
		cy := a.member(acme, "cy@acme.com", models.Admin)
		if err := a.db.DeactivateMember(t.Context(), operator, models.Owner, acme.ID, cy.ID); err != nil {
			t.Fatal(err)
		}
		ana := a.signIn("ana@acme.com")
		ana.post(usersPath+"/invite", "org", acme.ID, "emails", "di@acme.com", "role", "member").wantRedirect(usersPath)
		p := ana.get(usersPath).wantStatus(http.StatusOK).wantText(".presets", "Everyone 4Active 2Invited 1Deactivated 1").wantText(".pager", "4 people")
		if got := rowNames(p); !slices.Equal(got, []string{"Ana", "Bo Test", "Cy Test", "di@acme.com"}) {
			t.Errorf("the list is %v", got)
		}
		p.wantText("table", "Expires in 7 days")
		for query, want := range map[string][]string{
			"q=bo%40": {"Bo Test"}, "role=owner": {"Ana"}, "status=invited": {"di@acme.com"}, "status=deactivated": {"Cy Test"}, "source=invitation": {"di@acme.com"},
			"sign_in=password&status=active": {"Ana", "Bo Test"}, "q=nobody": nil, "role=emperor": {"Ana", "Bo Test", "Cy Test", "di@acme.com"}, "q=100%25": nil,
		} {
			if got := rowNames(ana.get(usersPath + "?" + query).wantStatus(http.StatusOK)); !slices.Equal(got, want) {
				t.Errorf("%s keeps %v, want %v", query, got, want)
			}
		}
		ana.get(usersPath+"?q=nobody").wantText("main", "Nobody matches")
	})
}

func TestUsersArePagedBothWays(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		for i := range peoplePage + 10 {
			if _, err := a.db.AddMember(t.Context(), operator, acme.ID, fmt.Sprintf("p%03d@acme.com", i), fmt.Sprintf("P%03d", i), "", models.RoleMember, ""); err != nil {
				t.Fatal(err)
			}
		}
		ana := a.signIn("ana@acme.com")
		first := ana.get(usersPath + "?status=active")
		first.wantText(".pager", "50 of 61 people, by name").wantNone("a[rel=prev]")
		second := ana.get(first.attr("a[rel=next]", "href")).wantNone("a[rel=next]")
		if got := rowNames(second); len(got) != 11 || got[10] != "P059" {
			t.Fatalf("the second page is %v", got)
		}
		back := ana.get(second.attr("a[rel=prev]", "href"))
		if !slices.Equal(rowNames(back), rowNames(first)) {
			t.Errorf("back leads to %v", rowNames(back))
		}
		back.wantNone("a[rel=prev]")
	})
}

func TestManyAreInvitedAtOnceAndMailed(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.get(usersPath).form(usersPath+"/invite").set("emails", "Bo Berg <bo@acme.com>, CY@acme.com\r\nbo@acme.com\n").set("role", "admin").submit()
		p.wantRedirect(usersPath).follow().wantText("main .note", "Invited 2 people.").wantText("main .note", "server’s log")
		mail := a.mails.to("bo@acme.com")
		if !strings.HasPrefix(mail.link(), a.url+"/invitation?token=") || mail.Subject != "Ana invites you to Acme" {
			t.Errorf("the mail is %+v", mail)
		}
		a.mails.to("cy@acme.com")
		a.browser().get(mail.link()).wantStatus(http.StatusOK)
	})
}

func TestAnInvitationThatCannotBeSentComesBackWithTheReason(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		a.member(acme, "adam@acme.com", models.Admin)
		ana, adam := a.signIn("ana@acme.com"), a.signIn("adam@acme.com")
		invite := func(b *browser, emails, role string) *page {
			return b.post(usersPath+"/invite", "org", acme.ID, "emails", emails, "role", role).wantStatus(http.StatusUnprocessableEntity)
		}
		p := invite(ana, "bo@acme.com, not an address", "emperor").wantFieldError("emails", "“not an address” is not an e-mail address").wantValue("emails", "bo@acme.com, not an address")
		if n, err := a.db.CountPeople(t.Context(), acme.ID); err != nil || n.All != 2 {
			t.Errorf("somebody was invited all the same: %+v, %v", n, err)
		}
		p.wantText("#invite-role-error", "The role is owner, admin or member.")
		invite(ana, " ,\n", "member").wantFieldError("emails", "Enter at least one")
		invite(adam, "bo@acme.com", "owner").wantText("#invite-role-error", "Only an owner can invite an owner.")
		p = invite(ana, "bo@acme.com\nadam@acme.com", "member").wantFieldError("emails", "Invited: bo@acme.com.").wantFieldError("emails", "adam@acme.com is a member of this organization already")
		p.wantValue("emails", "adam@acme.com")
		a.clock.Advance(models.StepUpLife + time.Second)
		p = ana.post(usersPath+"/invite", "org", acme.ID, "emails", "olga@acme.com", "role", "owner").wantStatus(http.StatusUnprocessableEntity).wantText("h1", "Invite 1 owner?")
		p.form(usersPath+"/invite").set("password", password).submit().wantRedirect(usersPath)
		a.mails.to("olga@acme.com")
	})
}

func TestInvitationsAreClosedWhereTheProviderDecides(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme, on := a.enabled(), true
		ana := a.signIn("ana@acme.com")
		if err := a.db.SetSwitches(t.Context(), operator, acme.ID, models.Switches{IDPManaged: &on}); err != nil {
			t.Fatal(err)
		}
		ana.get(usersPath).wantText("#invite .note", "your identity provider says who on claimed domains belongs")
		p := ana.post(usersPath+"/invite", "org", acme.ID, "emails", "bo@acme.com\ncy@elsewhere.com", "role", "member").wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("emails", "Invited: cy@elsewhere.com.").wantFieldError("emails", "Assign the person there instead").wantValue("emails", "bo@acme.com")
	})
}
