package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestATokenIsShownOnceThenListedAndRevoked(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.get(scimPath).wantStatus(http.StatusOK).wantText("main", "No token yet")
		if got := p.attr("#tenant-url", "value"); got != a.url+"/api/app/scim/v2" {
			t.Errorf("the Tenant URL is %q", got)
		}
		p = p.form(scimPath+"/tokens").set("name", "Entra production").submit().wantStatus(http.StatusOK)
		secret := p.attr("#new-token", "value")
		if !strings.HasPrefix(secret, "scim_") {
			t.Fatalf("the token is %q", secret)
		}
		p.wantText(".once", "It expires on 24 Nov 2027").wantText("table", "Entra production").wantText("table", "in 365 days").wantText("table", "Never")
		p = ana.get(scimPath).wantNone("#new-token")
		if strings.Contains(p.body, secret) {
			t.Error("the token is shown again")
		}
		r := a.request(http.MethodGet, "/api/app/scim/v2/Users?count=1", "")
		r.Header.Set("Authorization", "Bearer "+secret)
		a.do(r).wantStatus(http.StatusOK)
		ana.get(scimPath).wantText("table", "Just now").wantText("main", "0 active, 0 deactivated").wantText(".chips", "Last call just now")

		list, err := a.db.SCIMTokens(t.Context(), acme.ID)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		revoke := scimPath + "/tokens/" + list[0].ID + "/revoke"
		a.clock.Advance(models.StepUpLife + time.Second)
		p = ana.post(revoke, "org", acme.ID).wantStatus(http.StatusUnprocessableEntity).wantText("h1", "Revoke the token “Entra production”?")
		p.form(revoke).set("password", password).submit().wantRedirect(scimPath).follow().wantText("table", "Revoked 24 Nov 2026 by Ana")
		r = a.request(http.MethodGet, "/api/app/scim/v2/Users?count=1", "")
		r.Header.Set("Authorization", "Bearer "+secret)
		a.do(r).wantStatus(http.StatusUnauthorized)
		ana.get(scimPath).wantText("main", "No SCIM token works any more")
	})
}

func TestATokenFormWithEveryFieldWrongComesBack(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.post(scimPath+"/tokens", "org", acme.ID, "name", "  ", "expires", "never").wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("name", "Enter a name for the token").wantFieldError("expires", "Choose how long the token lives")
		long := strings.Repeat("x", 300)
		ana.post(scimPath+"/tokens", "org", acme.ID, "name", long, "expires", "365d").wantStatus(http.StatusUnprocessableEntity).wantFieldError("name", "at most 200").wantValue("name", long)
		a.clock.Advance(models.StepUpLife + time.Second)
		p = ana.post(scimPath+"/tokens", "org", acme.ID, "name", "Entra", "expires", "90d").wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("password", "Enter your password").wantValue("name", "Entra").wantValue("expires", "90d").wantNone("#new-token")
		p.form(scimPath+"/tokens").set("password", password).submit().wantStatus(http.StatusOK).wantText(".once", "22 Feb 2027")
	})
}
