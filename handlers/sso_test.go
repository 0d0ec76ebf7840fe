package handlers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

const (
	entraSignIn = "https://login.microsoftonline.com/72f988bf/saml2"
	entraIssuer = "https://sts.windows.net/72f988bf/"
)

// certificateOf makes a certificate that is valid from a time for a year.
func certificateOf(t *testing.T, key crypto.Signer, name string, from time.Time) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// goodCertificate is valid for eleven months from the harness's clock.
func (a *app) goodCertificate(name string) []byte {
	return certificateOf(a.t, ecKey(a.t), name, a.clock.Now().AddDate(0, -1, 0))
}

func metadataOf(certificate []byte) []byte {
	block, _ := pem.Decode(certificate)
	return []byte(`<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entraIssuer + `">
		<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">
		<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(block.Bytes) + `</X509Certificate></X509Data></KeyInfo>
		</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + entraSignIn + `"/></IDPSSODescriptor></EntityDescriptor>`)
}

// connected is an organization whose connection is complete.
func (a *app) connected(name, owner string) *models.Organization {
	a.t.Helper()
	org := a.organization(name, owner)
	err := a.db.SaveConnection(a.t.Context(), operator, org.ID, entraIssuer, entraSignIn, []models.NewCertificate{{
		PEM: string(a.goodCertificate("First")), Subject: "CN=First", SHA1: "AA", SHA256: "AA", KeyKind: "ECDSA P-256",
		NotBefore: a.clock.Now().AddDate(0, -1, 0), NotAfter: a.clock.Now().AddDate(0, 11, 0),
	}})
	if err != nil {
		a.t.Fatal(err)
	}
	return org
}

// enabled is an organization on acme.com whose single sign-on is on.
func (a *app) enabled() *models.Organization {
	a.t.Helper()
	org, on := a.connected("Acme", "ana@acme.com"), true
	a.verifiedDomain(org, "acme.com")
	modelstest.PassTest(a.t, a.db, org.ID)
	if err := a.db.SetSwitches(a.t.Context(), operator, org.ID, models.Switches{Enabled: &on}); err != nil {
		a.t.Fatal(err)
	}
	return org
}

func TestTheConnectionIsSavedWithItsCertificate(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.get(ssoPath).wantStatus(http.StatusOK)
		p.wantText("main", "Let your people sign in with your identity provider")
		for id, want := range map[string]string{"entity-id": "", "reply-url": "/acs", "sign-on-url": "/login"} {
			if got := p.attr("#"+id, "value"); got != a.url+"/saml/"+acme.ID+want {
				t.Errorf("%s is %q", id, got)
			}
		}
		certificate := a.goodCertificate("Microsoft Azure Federated SSO Certificate")
		p = ana.postFiles(ssoPath, []file{{"Acme.cer", certificate}, {"", nil}}, "org", acme.ID, "sign_in_url", " "+entraSignIn+"\n", "issuer", entraIssuer, "certificate_pem", "")
		p = p.wantRedirect(ssoPath + "#connection").follow()
		p.wantValue("sign_in_url", entraSignIn).wantValue("issuer", entraIssuer)
		p.wantText("article.cert h4", "Microsoft Azure Federated SSO Certificate").wantText("article.cert", "Not used yet").wantText("article.cert .sub", "by Ana")
		if got := a.auditActions(acme); !slices.Contains(got, "sso_connection.changed") || !slices.Contains(got, "sso_certificate.added") {
			t.Errorf("the audit log has %v", got)
		}
		if flash := ana.postFiles(ssoPath, []file{{"Acme.cer", certificate}}, "org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer).flash(); !strings.Contains(flash, "Nothing was changed") {
			t.Errorf("saving the same again says %q", flash)
		}
	})
}

func TestEveryWrongFileHasItsOwnSentenceAndNothingTypedIsLost(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	key := ecKey(t)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := asn1.Marshal(struct {
		Version  int
		AuthSafe []int
	}{3, []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		now := a.clock.Now()
		good, other := a.goodCertificate("One"), a.goodCertificate("Two")
		for _, c := range []struct {
			name    string
			content []byte
			want    string
		}{
			{"a private key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), "This is a private key, and we have not kept it."},
			{"a certificate with its key", append(slices.Clone(good), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), "This is a private key, and we have not kept it."},
			{"a PFX", pfx, "This is a PFX file, which carries a private key"},
			{"a web page", []byte("<!DOCTYPE html><html><body>Sign in</body></html>"), "This is a web page that was saved under the name of a certificate"},
			{"an expired certificate", certificateOf(t, key, "Old", now.AddDate(-2, 0, 0)), "This certificate has expired. Create a new one at the identity provider and upload that. It ended on 24 November 2025."},
			{"a certificate of next year", certificateOf(t, key, "Next", now.AddDate(1, 0, 0)), "This certificate is not valid yet."},
			{"a weak key", certificateOf(t, weak, "Weak", now.AddDate(0, -1, 0)), "This certificate's key cannot be used"},
			{"several certificates", append(slices.Clone(good), other...), "This file holds several certificates."},
			{"something else", []byte("hello"), "This is not a certificate."},
			{"nothing", nil, "The file is empty."},
			{"another XML file", []byte("<note/>"), "This is an XML file, not a certificate."},
			{"metadata without an identity provider", []byte(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"/>`), "This metadata describes no SAML 2.0 identity provider."},
		} {
			p := ana.postFiles(ssoPath, []file{{"file.cer", c.content}}, "org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer)
			if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.fieldError("certificate"), c.want) {
				t.Errorf("%s: status %d, %q, want %q", c.name, p.status, p.fieldError("certificate"), c.want)
				continue
			}
			p.wantValue("sign_in_url", entraSignIn).wantValue("issuer", entraIssuer)
		}
		p := ana.postFiles(ssoPath, []file{{"good.cer", good}, {"page.cer", []byte("<html></html>")}}, "org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer)
		p.wantStatus(http.StatusUnprocessableEntity).wantFieldError("certificate", "“page.cer”: This is a web page").wantText("article.cert", "Not saved yet")
		if connection, err := a.db.SSO(t.Context(), acme.ID); err != nil || connection.Issuer != "" || len(connection.Certificates) != 0 {
			t.Errorf("something was saved: %+v, %v", connection, err)
		}
		// What was read of the good file is carried by the form: sending it again needs no file.
		p.form(ssoPath).submit().wantRedirect(ssoPath+"#connection").follow().wantText("article.cert h4", "One")
	})
}

func TestMetadataIsRecognisedAndFillsInAllThreeFields(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		metadata := metadataOf(a.goodCertificate("From metadata"))
		p := ana.postFiles(ssoPath, []file{{"Acme.xml", metadata}}, "org", acme.ID, "sign_in_url", "", "issuer", "typed by hand")
		p.wantStatus(http.StatusUnprocessableEntity).wantFieldError("certificate", "This is the metadata file, not the certificate").wantValue("issuer", "typed by hand")
		p.wantText(".offer", "This is the metadata file, not the certificate").wantText(".offer button", "Fill in all three fields from it")
		p = p.form(ssoPath).submit("use", "metadata").wantStatus(http.StatusOK)
		p.wantValue("sign_in_url", entraSignIn).wantValue("issuer", entraIssuer).wantText("article.cert h4", "From metadata").wantText("article.cert", "Not saved yet").wantNone(".offer")
		if connection, err := a.db.SSO(t.Context(), acme.ID); err != nil || connection.Issuer != "" {
			t.Fatalf("the metadata was saved before anybody said so: %+v, %v", connection, err)
		}
		p = p.form(ssoPath).submit().wantRedirect(ssoPath + "#connection").follow()
		p.wantValue("issuer", entraIssuer).wantText("article.cert .sub", "Added 24 Nov 2026 by Ana")
	})
}

func TestAConnectionWithEveryFieldWrongComesBackAsItWasTyped(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		p := ana.postFiles(ssoPath, []file{{"x.cer", []byte("<html></html>")}}, "org", acme.ID, "sign_in_url", entraIssuer, "issuer", entraSignIn)
		p.wantStatus(http.StatusUnprocessableEntity).wantValue("sign_in_url", entraIssuer).wantValue("issuer", entraSignIn)
		p.wantFieldError("sign_in_url", "This is the issuer").wantFieldError("issuer", "This is the sign-in URL").wantFieldError("certificate", "web page")
		p = ana.postFiles(ssoPath, nil, "org", acme.ID, "sign_in_url", "", "issuer", "https://sts.windows.net/72f988bf").wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("sign_in_url", "Enter the Identity Provider Sign-in URL").wantFieldError("issuer", "Yours is https://sts.windows.net/72f988bf/").wantFieldError("certificate", "Choose the SAML Certificate")
	})
}

func TestALateChangeOfTheConnectionAsksForThePasswordAndKeepsTheCertificate(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		ana.get(ssoPath).wantNone("input[name=password]")
		a.clock.Advance(models.StepUpLife + time.Minute)
		ana.get(ssoPath).wantText("label[for=sso-password]", "Your password")
		before := ana.cookie("gatehouse_session")
		p := ana.postFiles(ssoPath, []file{{"a.cer", a.goodCertificate("Kept")}}, "org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer)
		p.wantStatus(http.StatusUnprocessableEntity).wantFieldError("password", "Enter your password").wantText("article.cert h4", "Kept")
		p = p.form(ssoPath).set("password", "not my password").submit().wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("password", "This is not your password").wantText("article.cert h4", "Kept").wantValue("issuer", entraIssuer)
		p.form(ssoPath).set("password", password).submit().wantRedirect(ssoPath+"#connection").follow().wantText("article.cert h4", "Kept").wantNone("input[name=password]")
		if ana.cookie("gatehouse_session") == before {
			t.Error("the session kept its token after the password was entered")
		}
	})
}

func TestRemovingCertificatesAndTheConfiguration(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.enabled()
		ana := a.signIn("ana@acme.com")
		connection, err := a.db.SSO(t.Context(), acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		only := ssoPath + "/certificates/" + connection.Certificates[0].ID + "/remove"
		p := ana.get(ssoPath)
		p.wantText("article.cert .why", "The only valid certificate while single sign-on is on").wantText("#remove-why", "Turn Single Sign-On off first")
		if flash := ana.post(only, "org", acme.ID).flash(); !strings.Contains(flash, "This is the only valid certificate") {
			t.Errorf("removing the only certificate says %q", flash)
		}
		if flash := ana.post(ssoPath+"/remove", "org", acme.ID).flash(); !strings.Contains(flash, "Turn it off before you remove") {
			t.Errorf("removing the configuration says %q", flash)
		}
		ana.postFiles(ssoPath, []file{{"b.cer", a.goodCertificate("Second")}}, "org", acme.ID, "sign_in_url", entraSignIn, "issuer", entraIssuer).wantStatus(http.StatusSeeOther)
		if flash := ana.post(only, "org", acme.ID).flash(); !strings.Contains(flash, "with no other since") {
			t.Errorf("removing the one that signs says %q", flash)
		}
		a.clock.Advance(models.CertificateInUse)
		ana = a.signIn("ana@acme.com")
		a.clock.Advance(models.StepUpLife + time.Minute)
		p = ana.post(only, "org", acme.ID).wantStatus(http.StatusUnprocessableEntity).wantText("h1", "Remove this certificate?")
		p.form(only).set("password", password).submit().wantRedirect(ssoPath+"#certificate-row").follow().wantText("article.cert h4", "Second")
		ana.post(ssoPath+"/enabled", "org", acme.ID, "value", "off").wantRedirect(ssoPath)
		ana.post(ssoPath+"/remove", "org", acme.ID).wantRedirect(ssoPath).follow().wantText("main .note", "The SSO configuration is removed").wantNone("article.cert").wantValue("issuer", "")
	})
}
