package handlers

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestADomainIsClaimedCleanedAndVerified(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		ana.get(domainsPath).wantText("main", "No domain claimed yet").form(domainsPath)
		p := ana.post(domainsPath, "org", acme.ID, "domain", "https://www.Acme.com/").wantStatus(http.StatusSeeOther).follow().wantStatus(http.StatusOK)
		p.wantText("main .note", "We made acme.com of “https://www.Acme.com/”.").wantText("#record-title", "Record for acme.com").wantText("#record", "Waiting for DNS")
		p.wantText("#record-name", "@").wantText("#record-full", "acme.com")
		value := p.text("#record-value")
		list, err := a.db.Domains(t.Context(), acme.ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("claims: %+v, %v", list, err)
		}
		check := domainsPath + "/" + list[0].ID + "/check"

		a.dns.txt("acme.com", "v=spf1 -all")
		p = p.form(check).submit().wantRedirect(domainURL(list[0].ID)).follow()
		p.wantText("#record .note", "There is a TXT record at acme.com, but it is not ours.").wantText("table", "No record of ours is there yet.").wantText(".seen", "v=spf1 -all").wantText(".seen", "Not ours").wantText("#record footer", "Checked just now. We look again by ourselves in 1 minute")
		a.dns.txt("acme.com", `"`+value+`"`)
		p = p.form(check).submit().follow().wantText("table", "The value has quotes or spaces in it.").wantText(".seen", "Right token, with something around it")
		a.dns.txt("acme.com")
		a.dns.txt("acme.com.acme.com", value)
		p = p.form(check).submit().follow().wantText("table", "The record is one level too deep.").wantText(".seen", "Right value, wrong name").wantText("#record .note", "acme.com.acme.com")
		a.dns.fail(errors.New("no answer"))
		p = p.form(check).submit().follow().wantText("table", "DNS did not answer.")
		a.dns.fail(nil)
		a.dns.txt("acme.com", value)
		p.form(check).submit().follow().wantText("main .note", "acme.com is verified").wantText("#record", "The record is in place.").wantText("table", "Verified")

		if flash := ana.post(domainsPath, "org", acme.ID, "domain", "acme.com").flash(); !strings.Contains(flash, "was claimed already") {
			t.Errorf("claiming it again says %q", flash)
		}
		ana.post(domainsPath+"/"+list[0].ID+"/remove", "org", acme.ID).wantRedirect(domainsPath).follow().wantText("main", "No domain claimed yet")
	})
}

func TestASubdomainIsNamedByItsOwnLabel(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.post(domainsPath, "org", acme.ID, "domain", "eu.acme.com").follow()
		p.wantText("#record-name", "eu").wantText("#record-full", "eu.acme.com")
	})
}

func TestDomainsThatCannotBeClaimedComeBackWithTheReason(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		for typed, want := range map[string]string{
			"gmail.com": "public mail provider", "co.uk": "public suffix", "": "Enter the domain", "localhost": "has no dot", "192.0.2.1": "is an IP address",
			"contoso.onmicrosoft.com": "belongs to Microsoft",
		} {
			ana.post(domainsPath, "org", acme.ID, "domain", typed).wantStatus(http.StatusUnprocessableEntity).wantFieldError("domain", want).wantValue("domain", typed)
		}
	})
}

func TestClaimingADomainAsksForThePasswordAgain(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		a.clock.Advance(models.StepUpLife + time.Second)
		p := ana.post(domainsPath, "org", acme.ID, "domain", "acme.com").wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("password", "Enter your password").wantValue("domain", "acme.com")
		p = p.form(domainsPath).set("password", "not it, surely").submit().wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "This is not your password")
		p.form(domainsPath).set("password", password).submit().wantStatus(http.StatusSeeOther).follow().wantText("#record-title", "acme.com")
	})
}

func TestADomainOfAnotherOrganizationSaysSo(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme, umbrella := a.organization("Acme", "ana@acme.com"), a.organization("Umbrella", "eve@umbrella.com")
		a.verifiedDomain(umbrella, "shared.com")
		ana := a.signIn("ana@acme.com")
		p := ana.post(domainsPath, "org", acme.ID, "domain", "shared.com").follow()
		a.dns.txt("shared.com", p.text("#record-value"))
		list, err := a.db.Domains(t.Context(), acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		p = ana.post(domainsPath+"/"+list[0].ID+"/check", "org", acme.ID).wantRedirect(domainURL(list[0].ID)).follow()
		p.wantText("main .note", "Another organization on this server has verified shared.com").wantText("table", "Claimed by another organization")
	})
}

func TestTheLastVerifiedDomainStaysWhileSingleSignOnIsOn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.enabled()
		ana := a.signIn("ana@acme.com")
		list, err := a.db.Domains(t.Context(), acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		ana.get(domainsPath).wantText("#why-"+list[0].ID, "The last verified domain while single sign-on is on").wantText("table", "The operator of this server vouched for it")
		if flash := ana.post(domainsPath+"/"+list[0].ID+"/remove", "org", acme.ID).flash(); !strings.Contains(flash, "is the last verified domain") {
			t.Errorf("removing it says %q", flash)
		}
	})
}
