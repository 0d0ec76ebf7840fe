package handlers

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"
	"time"

	"gatehouse/models"
)

// file is one file of a form.
type file struct {
	name    string
	content []byte
}

// postFiles sends a multipart form as a browser does: fields by name and value, then the files of the field certificate.
func (b *browser) postFiles(path string, files []file, fields ...string) *page {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile("certificate", f.name)
		if err == nil {
			_, err = part.Write(f.content)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := b.app.request(http.MethodPost, path, body.String())
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", b.app.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// flash follows a redirect and returns the sentence on the page it leads to.
func (p *page) flash() string {
	p.t.Helper()
	return p.wantStatus(http.StatusSeeOther).follow().text("main .note")
}

func TestMembersLookAtAccessSecurityAndOwnersAreNamed(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		a.member(acme, "bo@acme.com", models.RoleMember)
		bo := a.signIn("bo@acme.com")
		bo.get("/settings/access-security").wantRedirect(ssoPath)
		for _, path := range []string{ssoPath, ssoPath + "/azure", domainsPath, scimPath} {
			p := bo.get(path).wantStatus(http.StatusOK)
			p.wantNone("input[name=certificate_pem]").wantNone("form[action=" + domainsPath + "]").wantNone("form[action=" + scimPath + "/tokens]")
			if path != ssoPath+"/azure" {
				p.wantText("main .note", "Ask an owner: Ana")
			}
		}
	})
}

func TestMembersChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		a.member(acme, "bo@acme.com", models.RoleMember)
		bo := a.signIn("bo@acme.com")
		for _, path := range []string{
			ssoPath, ssoPath + "/enabled", ssoPath + "/require", ssoPath + "/idp-managed", ssoPath + "/remove", domainsPath,
			scimPath + "/tokens", usersPath + "/invite", teamsPath, usersPath + "/mem_x/role", teamsPath + "/team_x/delete",
		} {
			bo.post(path, "org", acme.ID).wantStatus(http.StatusForbidden).wantText("main", "Only owners and admins of Acme can do this")
		}
		for _, path := range []string{usersPath, teamsPath, auditPath, auditPath + "/export?format=csv", usersPath + "/" + a.memberID(acme, "ana@acme.com"), ssoPath + "/require", testPath, activityPath} {
			bo.get(path).wantStatus(http.StatusForbidden).wantText("main", "Only owners and admins of Acme can do this")
		}
	})
}

func TestAFormOfAnotherOrganizationIsRefusedWithASentence(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		a.organization("Acme", "ana@acme.com")
		umbrella := a.organization("Umbrella", "eve@umbrella.com")
		ana := a.signIn("ana@acme.com")
		for _, org := range []string{umbrella.ID, "", "org_nobody"} {
			ana.post(teamsPath, "org", org, "name", "Ops").wantStatus(http.StatusConflict).
				wantText("main", "This form was opened for another organization than the one you are in now, Acme. Nothing was changed.")
			ana.postFiles(ssoPath, nil, "org", org).wantStatus(http.StatusConflict)
		}
	})
}

func TestIdsOfAnotherOrganizationAreNotFound(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme, umbrella := a.organization("Acme", "ana@acme.com"), a.organization("Umbrella", "eve@umbrella.com")
		eve := a.memberID(umbrella, "eve@umbrella.com")
		domain := a.verifiedDomain(umbrella, "umbrella.com")
		team, err := a.db.CreateTeam(t.Context(), operator, umbrella.ID, "Their team")
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := a.db.CreateSCIMToken(t.Context(), operator, umbrella.ID, "Theirs", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		err = a.db.SaveConnection(t.Context(), operator, umbrella.ID, "", "", []models.NewCertificate{{Subject: "CN=x", SHA1: "A", SHA256: "B", PEM: "x", KeyKind: "x", NotBefore: a.clock.Now(), NotAfter: a.clock.Now().Add(time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := a.db.SSO(t.Context(), umbrella.ID)
		if err != nil {
			t.Fatal(err)
		}
		ana := a.signIn("ana@acme.com")
		mine := a.memberID(acme, "ana@acme.com")
		ours, err := a.db.CreateTeam(t.Context(), operator, acme.ID, "Our team")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{
			ssoPath + "/certificates/" + theirs.Certificates[0].ID + "/remove", domainsPath + "/" + domain.ID + "/check", domainsPath + "/" + domain.ID + "/remove",
			scimPath + "/tokens/" + token.ID + "/revoke", usersPath + "/" + eve + "/role", usersPath + "/" + eve + "/name", usersPath + "/" + eve + "/deactivate",
			usersPath + "/" + eve + "/reactivate", usersPath + "/" + eve + "/resend", usersPath + "/" + eve + "/revoke", usersPath + "/" + eve + "/sessions/ses_x/end",
			usersPath + "/" + mine + "/sessions/ses_x/end", usersPath + "/" + eve + "/sessions/end-all", teamsPath + "/" + team.ID, teamsPath + "/" + team.ID + "/members",
			teamsPath + "/" + team.ID + "/members/" + mine + "/remove", teamsPath + "/" + ours.ID + "/members/" + eve + "/remove", teamsPath + "/" + team.ID + "/delete",
		} {
			ana.post(path, "org", acme.ID, "role", "admin", "first_name", "X", "name", "X", "email", "ana@acme.com").wantStatus(http.StatusNotFound)
		}
		for _, path := range []string{domainURL(domain.ID), memberURL(eve), teamURL(team.ID), "/settings/nothing"} {
			ana.get(path).wantStatus(http.StatusNotFound)
		}
	})
}
