package handlers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// exchangeForm sends a token request; basic, when not empty, is "id:secret".
func (a *app) exchangeForm(basic string, fields ...string) *page {
	a.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := a.request(http.MethodPost, "/oauth/token", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id, secret, ok := strings.Cut(basic, ":"); ok {
		r.SetBasicAuth(id, secret)
	}
	return a.do(r)
}

// accessTokenOf reads the answer of RFC 6749 §5.1.
func accessTokenOf(t *testing.T, p *page) string {
	t.Helper()
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(p.body), &answer); err != nil || p.status != http.StatusOK || answer.TokenType != "Bearer" || answer.ExpiresIn != 3600 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if got := p.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	return answer.AccessToken
}

// calls is the status of a SCIM request with a token.
func (a *app) calls(token string) int {
	a.t.Helper()
	r := a.request(http.MethodGet, scimPrefix+"/Users?count=1", "")
	r.Header.Set("Authorization", "Bearer "+token)
	return a.do(r).status
}

func TestAClientSecretIsExchangedForAccessTokens(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		globex := a.organization("Globex", "gil@globex.com")
		ana := a.signIn("ana@acme.com")
		p := ana.get(scimPath).wantStatus(http.StatusOK)
		if p.attr("#client-id", "value") != acme.ID || p.attr("#token-endpoint", "value") != a.url+"/oauth/token" {
			t.Error("client id or token endpoint is wrong")
		}
		p = p.form(scimPath+"/secrets").set("name", "Gallery").submit().wantStatus(http.StatusOK)
		secret := p.attr("#new-secret", "value")
		if p.attr("#new-client-id", "value") != acme.ID || !strings.HasPrefix(secret, "scimcs_") {
			t.Fatalf("the secret is %q", secret)
		}
		p = ana.get(scimPath).wantNone("#new-secret").wantText("table", "Gallery")
		if strings.Contains(p.body, secret) {
			t.Error("the secret is shown again")
		}

		inBody := accessTokenOf(t, a.exchangeForm("", "grant_type", "client_credentials", "client_id", acme.ID, "client_secret", secret))
		basic := accessTokenOf(t, a.exchangeForm(acme.ID+":"+secret, "grant_type", "client_credentials", "scope", "anything"))
		for _, token := range []string{inBody, basic} {
			if got := a.calls(token); got != http.StatusOK {
				t.Errorf("an access token is answered %d", got)
			}
		}
		ana.get(scimPath).wantText(".chips", "Last call just now").wantText("main", "No token yet")

		a.clock.Advance(models.AccessTokenLife)
		if got := a.calls(inBody); got != http.StatusUnauthorized {
			t.Errorf("after an hour: %d", got)
		}

		for _, c := range []struct {
			name   string
			basic  string
			fields []string
			status int
			code   string
		}{
			{"no grant", "", []string{"client_id", acme.ID, "client_secret", secret}, 400, "invalid_request"},
			{"another grant", "", []string{"grant_type", "password", "client_id", acme.ID, "client_secret", secret}, 400, "unsupported_grant_type"},
			{"another organization's id", "", []string{"grant_type", "client_credentials", "client_id", globex.ID, "client_secret", secret}, 401, "invalid_client"},
			{"a wrong secret", acme.ID + ":" + secret + "x", []string{"grant_type", "client_credentials"}, 401, "invalid_client"},
			{"a SCIM token as secret", acme.ID + ":" + basic, []string{"grant_type", "client_credentials"}, 401, "invalid_client"},
			{"bytes no database holds", acme.ID + ":scimcs_\x00_\xff", []string{"grant_type", "client_credentials"}, 401, "invalid_client"},
			{"no secret", "", []string{"grant_type", "client_credentials", "client_id", acme.ID}, 401, "invalid_client"},
			{"twice", acme.ID + ":" + secret, []string{"grant_type", "client_credentials", "client_id", acme.ID, "client_secret", secret}, 400, "invalid_request"},
			{"one name twice", "", []string{"grant_type", "client_credentials", "client_id", acme.ID, "client_id", acme.ID, "client_secret", secret}, 400, "invalid_request"},
		} {
			p := a.exchangeForm(c.basic, c.fields...)
			var answer map[string]string
			if err := json.Unmarshal([]byte(p.body), &answer); err != nil || p.status != c.status || answer["error"] != c.code || p.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %s", c.name, p.status, p.body)
			}
			if c.status == 401 && !strings.HasPrefix(p.header.Get("WWW-Authenticate"), "Basic") {
				t.Errorf("%s: no challenge", c.name)
			}
		}
		if got := a.do(a.request(http.MethodGet, "/oauth/token", "")); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
			t.Errorf("GET is answered %d, Allow %q", got.status, got.header.Get("Allow"))
		}
		r := a.request(http.MethodPost, "/oauth/token", `{"grant_type":"client_credentials"}`)
		r.Header.Set("Content-Type", "application/json")
		if got := a.do(r); got.status != http.StatusBadRequest || !strings.Contains(got.body, "invalid_request") {
			t.Errorf("JSON is answered %d %s", got.status, got.body)
		}
	})
}

func TestRevokingAClientSecretEndsItsAccessTokensAtOnce(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		other := startApp(t, a.db, a.clock) // a second instance
		first, secret, err := a.db.CreateSCIMClientSecret(t.Context(), operator, acme.ID, "First", 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		_, second, err := a.db.CreateSCIMClientSecret(t.Context(), operator, acme.ID, "Second", 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		token := accessTokenOf(t, a.exchangeForm(acme.ID+":"+secret, "grant_type", "client_credentials"))
		kept := accessTokenOf(t, other.exchangeForm(acme.ID+":"+second, "grant_type", "client_credentials"))
		ana := a.signIn("ana@acme.com")
		ana.post(scimPath+"/secrets/"+first.ID+"/revoke", "org", acme.ID).wantRedirect(scimPath).follow().wantText("table", "Revoked 24 Nov 2026 by Ana")
		if got := other.calls(token); got != http.StatusUnauthorized {
			t.Errorf("the other instance answers %d", got)
		}
		if p := other.exchangeForm(acme.ID+":"+secret, "grant_type", "client_credentials"); p.status != 401 || !strings.Contains(p.body, "revoked") {
			t.Errorf("%d %s", p.status, p.body)
		}
		if got := other.calls(kept); got != http.StatusOK {
			t.Errorf("the second secret's token is answered %d", got)
		}
		a.clock.Advance(24 * time.Hour)
		if p := a.exchangeForm(acme.ID+":"+second, "grant_type", "client_credentials"); p.status != 401 || !strings.Contains(p.body, "expired") {
			t.Errorf("an expired secret: %d %s", p.status, p.body)
		}
		actions := strings.Join(a.auditActions(acme), " ")
		for _, action := range []string{"scim_client_secret.created", "scim_client_secret.exchanged", "scim_client_secret.revoked"} {
			if !strings.Contains(actions, action) {
				t.Errorf("%s is not in the audit log", action)
			}
		}
	})
}

func TestAReplacedTokenWorksForAWeekAndItsCallsAreCounted(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		old, oldToken, err := a.db.CreateSCIMToken(t.Context(), operator, acme.ID, "Entra", 90*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		a.calls(oldToken)
		ana := a.signIn("ana@acme.com")
		a.clock.Advance(models.StepUpLife + time.Second)
		replace := scimPath + "/tokens/" + old.ID + "/replace"
		p := ana.post(replace, "org", acme.ID).wantStatus(http.StatusUnprocessableEntity).wantText("h1", "Replace the token?")
		p = p.form(replace).set("password", password).submit().wantStatus(http.StatusOK)
		fresh := p.attr("#new-token", "value")
		if fresh == "" || fresh == oldToken {
			t.Fatalf("the new token is %q", fresh)
		}
		p.wantText("table", "Replaced 24 Nov 2026; 0 calls since")
		for range 3 {
			a.clock.Advance(time.Second)
			if got := a.calls(oldToken); got != http.StatusOK {
				t.Fatalf("the old token is answered %d", got)
			}
		}
		if got := a.calls(fresh); got != http.StatusOK {
			t.Fatalf("the new token is answered %d", got)
		}
		ana.get(scimPath).wantText("table", "3 calls since")
		ana.post(replace, "org", acme.ID).wantStatus(http.StatusConflict)
		a.clock.Advance(tokenOverlap)
		if got := a.calls(oldToken); got != http.StatusUnauthorized {
			t.Errorf("after a week the old token is answered %d", got)
		}
		if got := a.calls(fresh); got != http.StatusOK {
			t.Errorf("after a week the new token is answered %d", got)
		}
	})
}

func TestAClientSecretFormWithEveryFieldWrongComesBack(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.post(scimPath+"/secrets", "org", acme.ID, "name", " ", "expires", "never").wantStatus(http.StatusUnprocessableEntity)
		p.wantText("main", "Enter a name for the client secret").wantText("main", "Choose how long the client secret lives").wantNone("#new-secret")
		a.clock.Advance(models.StepUpLife + time.Second)
		p = ana.post(scimPath+"/secrets", "org", acme.ID, "name", "Entra", "expires", "730d").wantStatus(http.StatusUnprocessableEntity)
		p.form(scimPath+"/secrets").set("password", password).submit().wantStatus(http.StatusOK).wantText(".once", "23 Nov 2028")
	})
}
