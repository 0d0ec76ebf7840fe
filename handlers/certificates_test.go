package handlers

import (
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"gatehouse/models"
)

// The card of a certificate: it can be downloaded, and is held back from being removed while the identity provider signs with it alone.
func TestTheCardOfACertificate(t *testing.T) {
	const held = "It signed less than 24 hours ago"
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		other := a.organization("Contoso", "cy@contoso.com")
		a.member(org, "bo@acme.com", models.RoleMember)
		signIn := func(idp *identityProvider) {
			t.Helper()
			b := a.browser()
			b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", func(x *assertion) { x.id += idp.cert.SerialNumber.String() }))).wantRedirect("/")
		}
		certificates := func() []models.SSOCertificate {
			t.Helper()
			connection, err := a.db.SSO(t.Context(), org.ID)
			if err != nil {
				t.Fatal(err)
			}
			return connection.Certificates
		}
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		old := certificates()[0]
		given := ana.get(certificateURL(old.ID)).wantStatus(http.StatusOK)
		if given.body != old.PEM || !strings.Contains(given.header.Get("Content-Disposition"), ".cer") {
			t.Errorf("downloaded %q, %s", given.body, given.header.Get("Content-Disposition"))
		}
		cy := a.signIn("cy@contoso.com")
		cy.get(certificateURL(old.ID)).wantStatus(http.StatusNotFound)
		a.browser().get(certificateURL(old.ID)).wantStatus(http.StatusSeeOther)

		next := newIdP(a, 1)
		next.issuer = idp.issuer
		ana.postFiles(ssoPath, []file{{"next.cer", next.pem()}}, "org", org.ID, "sign_in_url", "https://login.example/saml2?tenant=1", "issuer", idp.issuer).wantStatus(http.StatusSeeOther)
		signIn(idp)
		ana.get(ssoPath).wantText("#certificate-row", held).wantText("#certificate-row", "Download")
		ana.post(ssoPath+"/certificates/"+old.ID+"/remove", "org", org.ID).wantRedirect(ssoPath+"#certificate-row").follow().wantText("main", "with no other since")
		if len(certificates()) != 2 {
			t.Fatal("it was removed")
		}
		// Rolled over: the old one can go at once.
		a.clock.Advance(2 * models.LoginCodeLife)
		signIn(next)
		ana.post(ssoPath+"/certificates/"+old.ID+"/remove", "org", org.ID).wantRedirect(ssoPath + "#certificate-row")
		if left := certificates(); len(left) != 1 || left[0].ID == old.ID {
			t.Fatalf("left: %+v", left)
		}

		// Another organization with the same certificate: both are warned, and neither learns of whom.
		const shared = "Another organization on this server trusts this certificate too"
		p := ana.get(ssoPath)
		if strings.Contains(p.body, shared) {
			t.Error("warned for nothing")
		}
		p = cy.postFiles(ssoPath, []file{{"next.cer", next.pem()}}, "org", other.ID, "sign_in_url", "nowhere", "issuer", idp.issuer).wantStatus(http.StatusUnprocessableEntity).wantText("#connection", shared)
		if strings.Contains(p.body, "Acme") || strings.Contains(p.body, org.ID) {
			t.Error("says which organization")
		}
		next.save(other)
		cy.get(ssoPath).wantText("#certificate-row", shared)
		p = ana.get(ssoPath).wantText("#certificate-row", shared)
		if strings.Contains(p.body, "Contoso") || strings.Contains(p.body, other.ID) {
			t.Error("says which organization")
		}
	})
}

// pem is the identity provider's certificate as a file.
func (idp *identityProvider) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: idp.cert.Raw})
}

func TestACertificateWhoseKeyWasStolenIsRemovedFromItsCard(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		a.member(org, "bo@acme.com", models.RoleMember)
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		next := newIdP(a, 1)
		next.issuer = idp.issuer
		ana.postFiles(ssoPath, []file{{"next.cer", next.pem()}}, "org", org.ID, "sign_in_url", "https://login.example/saml2?tenant=1", "issuer", idp.issuer).wantStatus(http.StatusSeeOther)
		bo := a.browser()
		bo.finish(a.postACS(org, idp.answer(bo.beginSAML(org, ""), "bo@acme.com"))).wantRedirect("/")

		connection, err := a.db.SSO(t.Context(), org.ID)
		if err != nil {
			t.Fatal(err)
		}
		p := ana.get(ssoPath).wantText("#certificate-row", "Its key was stolen")
		p.form(p.attr("#disown-"+connection.Certificates[0].ID, "action")).submit().wantRedirect(ssoPath+"#certificate-row").follow().wantText("main", "Everybody who was signed in with single sign-on is signed out")
		connection, err = a.db.SSO(t.Context(), org.ID)
		if err != nil || len(connection.Certificates) != 1 || connection.Certificates[0].Subject != next.cert.Subject.String() {
			t.Fatalf("left: %+v, %v", connection, err)
		}
		bo.get("/").wantStatus(http.StatusSeeOther)
		ana.get("/").wantStatus(http.StatusOK) // by password
	})
}
