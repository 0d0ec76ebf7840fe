package handlers

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"gatehouse/models"
	"gatehouse/sso"
)

// ownCertificate lets the organization sign its requests and returns the file that its identity provider is given.
func (b *browser) ownCertificate(org *models.Organization) []byte {
	b.t.Helper()
	b.post(signingPath, "org", org.ID, "value", "on").wantRedirect(metadataPath + "#signing")
	return []byte(b.app.browser().get("/saml/" + org.ID + "/certificate").wantStatus(http.StatusOK).body)
}

// Entra asks for our certificate in the step before the one that hands out its own: whoever mixes the two up is told, wherever it is given,
// and what we sign never counts as the identity provider's.
func TestOurOwnCertificateIsNotTheIdentityProviders(t *testing.T) {
	e, _ := sso.Lookup(sso.ReasonFileIsOurs)
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		ours := ana.ownCertificate(acme)
		block, _ := pem.Decode(ours)
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		fields := []string{"org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer}
		page := func(name string, p *page) {
			t.Helper()
			p.wantStatus(http.StatusUnprocessableEntity)
			if !strings.Contains(p.text("main"), e.Admin) {
				t.Errorf("%s: %q", name, p.text("main"))
			}
		}
		page("a file", ana.postFiles(ssoPath, []file{{"ours.cer", ours}}, fields...))
		page("DER", ana.postFiles(ssoPath, []file{{"ours.cer", block.Bytes}}, fields...))
		page("kept from an attempt before", ana.postFiles(ssoPath, nil, append(fields, "certificate_pem", string(ours))...))
		page("metadata", ana.postFiles(ssoPath, []file{{"metadata.xml", metadataOf(ours)}}, fields...))
		if p := ana.postFiles(ssoPath, nil, "org", acme.ID, "use", "metadata", "metadata_sign_in_url", entraSignIn, "metadata_issuer", entraIssuer, "metadata_pem", string(ours)); !strings.Contains(p.text("main"), e.Admin) {
			t.Errorf("filled in from metadata: %q", p.text("main"))
		}

		site, idp := newMetadataSite(t), newIdP(a, 0)
		idp.cert = parsed
		site.publish(entraIssuer, entraSignIn, idp)
		a.allowSite(site)
		page("metadata by address", ana.post(metadataPath, "org", acme.ID, "metadata_url", site.URL))
		ana.post(metadataPath+"/follow", "org", acme.ID, "metadata_url", site.URL, "issuer", entraIssuer, "sign_in_url", entraSignIn, "pem", string(ours)).
			wantRedirect(metadataPath).follow().wantText("main", e.Admin)

		// Below the pages too: at the command line, and what the daily look at the metadata finds.
		n := models.NewCertificate{PEM: string(ours), Subject: "CN=ours", SHA1: "AA", SHA256: sso.SHA256(parsed), KeyKind: "RSA 2048", NotBefore: parsed.NotBefore, NotAfter: parsed.NotAfter}
		if err := a.db.ConfigureSSO(t.Context(), operator, acme.ID, entraIssuer, entraSignIn, []models.NewCertificate{n}, models.Switches{}); !models.IsKind(err, models.Invalid) || !strings.Contains(err.Error(), e.Admin) {
			t.Errorf("the operator: %v", err)
		}
		for _, source := range []string{models.FoundInMetadata, models.FoundInTest} {
			if err := a.db.FindCertificate(t.Context(), operator, acme.ID, source, n); err != nil {
				t.Error(err)
			}
		}
		if waiting, err := a.db.PendingCertificates(t.Context(), acme.ID); err != nil || len(waiting) != 0 {
			t.Errorf("waits for approval: %+v, %v", waiting, err)
		}
		connection, err := a.db.SSO(t.Context(), acme.ID)
		if err != nil || len(connection.Certificates) != 0 || connection.Issuer != "" {
			t.Errorf("%+v, %v", connection, err)
		}
	})
}
