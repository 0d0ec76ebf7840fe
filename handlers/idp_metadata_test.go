package handlers

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beevik/etree"

	"gatehouse/models"
	"gatehouse/sso"
)

// metadataSite publishes an identity provider's metadata on this machine, as the demo does.
type metadataSite struct {
	*httptest.Server
	document atomic.Value
	asked    atomic.Int32
}

func newMetadataSite(t *testing.T) *metadataSite {
	t.Helper()
	m := &metadataSite{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		m.asked.Add(1)
		w.Write([]byte(m.document.Load().(string)))
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *metadataSite) publish(issuer, signInURL string, idps ...*identityProvider) {
	var keys strings.Builder
	for _, idp := range idps {
		fmt.Fprintf(&keys, `<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`, base64.StdEncoding.EncodeToString(idp.cert.Raw))
	}
	m.document.Store(fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">%s<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.example/logout"/><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="%s"/></IDPSSODescriptor></EntityDescriptor>`, issuer, keys.String(), signInURL))
}

// allowSite lets the server read the site, which no environment variable can.
func (a *app) allowSite(m *metadataSite) {
	a.server.config.MetadataAllowHTTP = []string{strings.TrimPrefix(m.URL, "http://")}
}

func TestMetadataByAddress(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		old, next := newIdP(a, 0), newIdP(a, 1)
		site := newMetadataSite(t)
		site.publish(old.issuer, "https://login.example/saml2", old)
		b := a.signIn("ana@acme.com")

		// Not before the operator allows it: it is no public address.
		p := b.post(metadataPath, "org", acme.ID, "metadata_url", strings.Replace(site.URL, "http:", "https:", 1)).wantStatus(http.StatusUnprocessableEntity)
		p.wantText("#metadata_url-error", "METADATA_ALLOW")
		b.post(metadataPath, "org", acme.ID, "metadata_url", site.URL).wantStatus(http.StatusUnprocessableEntity).wantText("#metadata_url-error", "https://")
		if site.asked.Load() != 0 {
			t.Fatal("the site was asked")
		}

		// Read, shown, and nothing kept; then confirmed.
		a.allowSite(site)
		p = b.post(metadataPath, "org", acme.ID, "metadata_url", site.URL).wantStatus(http.StatusOK)
		p.wantText("#found", "https://login.example/saml2").wantText("#found", old.issuer)
		if connection, err := a.db.SSO(t.Context(), acme.ID); err != nil || connection.Issuer != "" {
			t.Fatalf("kept before it was confirmed: %+v, %v", connection, err)
		}
		a.clock.Advance(models.StepUpLife + time.Second)
		p.form(metadataPath+"/follow").submit().wantStatus(http.StatusUnprocessableEntity).form(metadataPath+"/follow").set("password", password).submit().wantRedirect(metadataPath)
		connection, err := a.db.SSO(t.Context(), acme.ID)
		if err != nil || connection.Issuer != old.issuer || connection.SignInURL != "https://login.example/saml2" || len(connection.Certificates) != 1 {
			t.Fatalf("%+v, %v", connection, err)
		}

		// A day later a second certificate and another sign-in URL are there: they wait.
		site.publish(old.issuer, "https://login.example/other", old, next)
		a.readDueMetadata(25 * time.Hour)
		connection, err = a.db.SSO(t.Context(), acme.ID)
		if err != nil || connection.SignInURL != "https://login.example/saml2" || len(connection.Certificates) != 1 {
			t.Fatalf("taken over by itself: %+v, %v", connection, err)
		}
		b = a.signIn("ana@acme.com")
		p = b.get(metadataPath).wantStatus(http.StatusOK).wantText("#other", "https://login.example/other").wantText("main", "A new certificate waits for approval")
		waiting, err := a.db.PendingCertificates(t.Context(), acme.ID)
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%d wait, %v", len(waiting), err)
		}
		approve := ssoPath + "/certificates/" + waiting[0].ID + "/approve"

		// Only by its own thumbprint.
		for typed, sentence := range map[string]string{"": "Type the thumbprint", "12:34": "40 digits", strings.Repeat("A", 40): "another certificate's"} {
			p.form(approve).set("thumbprint", typed).submit().wantStatus(http.StatusUnprocessableEntity).wantText("#thumbprint-"+waiting[0].ID+"-error", sentence)
		}
		p.form(approve).set("thumbprint", " "+strings.ToLower(strings.ReplaceAll(waiting[0].SHA1, ":", " "))+"\u200e").submit().wantRedirect(metadataPath)
		connection, err = a.db.SSO(t.Context(), acme.ID)
		if err != nil || len(connection.Certificates) != 2 || connection.Certificates[1].SHA256 != waiting[0].SHA256 {
			t.Fatalf("%+v, %v", connection, err)
		}

		// The same again brings nothing up.
		a.readDueMetadata(25 * time.Hour)
		if waiting, err = a.db.PendingCertificates(t.Context(), acme.ID); err != nil || len(waiting) != 0 {
			t.Errorf("%d wait, %v", len(waiting), err)
		}
		for _, action := range []string{"sso_metadata.followed", "sso_certificate.found", "sso_metadata.changed", "sso_certificate.approved", "sso_certificate.added"} {
			if !slices.Contains(a.auditActions(acme), action) {
				t.Errorf("no %s in the audit log", action)
			}
		}
	})
}

// readDueMetadata moves the clock and does what the daily job does.
func (a *app) readDueMetadata(later time.Duration) {
	a.t.Helper()
	a.clock.Advance(later)
	due, err := a.db.DueMetadata(a.t.Context(), 10, time.Minute)
	if err != nil || len(due) != 1 {
		a.t.Fatalf("%d due, %v", len(due), err)
	}
	if again, err := a.db.DueMetadata(a.t.Context(), 10, time.Minute); err != nil || len(again) != 0 {
		a.t.Fatalf("claimed twice: %v, %v", again, err)
	}
	m, problem := a.server.ReadMetadata(a.t.Context(), due[0].URL)
	if err := a.db.RecordMetadata(a.t.Context(), models.Actor{Kind: models.System, Label: "Gatehouse"}, due[0].OrgID, due[0].URL, m, problem); err != nil {
		a.t.Fatal(err)
	}
}

func TestMetadataThatFails(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		idp := newIdP(a, 0)
		site := newMetadataSite(t)
		site.publish(idp.issuer, "https://login.example/saml2", idp)
		a.allowSite(site)
		m, problem := a.server.ReadMetadata(t.Context(), site.URL)
		if problem != "" {
			t.Fatal(problem)
		}
		if err := a.db.FollowMetadata(t.Context(), operator, acme.ID, site.URL, *m); err != nil {
			t.Fatal(err)
		}
		site.document.Store("<html>Sign in</html>")
		a.readDueMetadata(25 * time.Hour)
		for range 36 { // every two hours
			a.readDueMetadata(2*time.Hour + time.Minute)
		}
		b := a.signIn("ana@acme.com")
		b.get(metadataPath).wantText("#address", "The last look failed")
		notices, err := a.db.Notices(t.Context(), acme.ID, 100)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, n := range notices {
			if strings.Contains(n.Subject, "cannot be read") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
		// Stopping forgets the address, not what is trusted.
		b.post(metadataPath+"/stop", "org", acme.ID).wantRedirect(metadataPath)
		connection, err := a.db.SSO(t.Context(), acme.ID)
		if err != nil || len(connection.Certificates) != 1 {
			t.Errorf("%+v, %v", connection, err)
		}
	})
}

// Certificates of strangers, of members and of another organization's admins do not get in.
func TestPendingCertificatesAreTheAdminsOwn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme, contoso := a.organization("Acme", "ana@acme.com"), a.organization("Contoso", "cy@contoso.com")
		a.member(acme, "bo@acme.com", models.RoleMember)
		idp := newIdP(a, 0)
		n := models.NewCertificate{PEM: "x", Subject: "CN=x", SHA1: strings.Repeat("AB:", 19) + "AB", SHA256: "1", KeyKind: "RSA 2048", NotBefore: idp.cert.NotBefore, NotAfter: idp.cert.NotAfter}
		if err := a.db.FindCertificate(t.Context(), operator, acme.ID, models.FoundInTest, n); err != nil {
			t.Fatal(err)
		}
		waiting, err := a.db.PendingCertificates(t.Context(), acme.ID)
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%d wait, %v", len(waiting), err)
		}
		approve := ssoPath + "/certificates/" + waiting[0].ID + "/approve"
		a.signIn("bo@acme.com").post(approve, "org", acme.ID, "thumbprint", n.SHA1).wantStatus(http.StatusForbidden)
		a.signIn("cy@contoso.com").post(approve, "org", contoso.ID, "thumbprint", n.SHA1).wantStatus(http.StatusNotFound)
		a.signIn("cy@contoso.com").post(ssoPath+"/certificates/"+waiting[0].ID+"/dismiss", "org", contoso.ID)
		b := a.signIn("ana@acme.com")
		b.post(ssoPath+"/certificates/"+waiting[0].ID+"/dismiss", "org", acme.ID).wantRedirect(metadataPath)
		if err := a.db.FindCertificate(t.Context(), operator, acme.ID, models.FoundInTest, n); err != nil {
			t.Fatal(err)
		}
		if waiting, err = a.db.PendingCertificates(t.Context(), acme.ID); err != nil || len(waiting) != 0 {
			t.Errorf("a dismissed one waits again: %d, %v", len(waiting), err)
		}
	})
}

// The key of a test that an admin began waits for approval; that of an ordinary sign-in, of a test by link, and of an answer to no request
// are only written down.
func TestAnUnknownKeyWaitsOnlyAfterAnAdminsTest(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		stranger := newIdP(a, 1)
		stranger.issuer = idp.issuer
		waiting := func(want int) []models.PendingCertificate {
			t.Helper()
			list, err := a.db.PendingCertificates(t.Context(), org.ID)
			if err != nil || len(list) != want {
				t.Fatalf("%d certificates wait, want %d, %v", len(list), want, err)
			}
			return list
		}
		to := ana.beginTest(org)
		a.postRelayed(org, to, stranger.answer(to, "ana@acme.com", func(x *assertion) { x.request = "" })).wantStatus(http.StatusSeeOther)
		waiting(0)
		on := true
		if err := a.db.ConfigureSSO(t.Context(), operator, org.ID, idp.issuer, "https://login.example/saml2?tenant=1", []models.NewCertificate{newCertificateOf(t, idp)}, models.Switches{Enabled: &on}); err != nil {
			t.Fatal(err)
		}
		a.postACS(org, stranger.answer(a.browser().beginSAML(org, ""), "ana@acme.com")).wantStatus(http.StatusForbidden)
		waiting(0)
		// A certificate that is only named, somebody else's, is that of no key that has signed.
		block, _ := pem.Decode(certificateOf(t, ecKey(t), "Somebody else", a.clock.Now().AddDate(0, -1, 0)))
		named := after(func(doc *etree.Document) {
			element(doc, "X509Certificate").SetText(base64.StdEncoding.EncodeToString(block.Bytes))
		})
		to = ana.beginTest(org)
		done := a.postACS(org, stranger.answer(to, "ana@acme.com", named)).wantStatus(http.StatusSeeOther)
		ana.result(done).follow().wantText("#live", "signed with another key than its certificate says")
		waiting(0)
		to = ana.beginTest(org)
		a.postACS(org, stranger.answer(to, "ana@acme.com")).wantStatus(http.StatusSeeOther)
		list := waiting(1)
		ana.get(metadataPath).wantText("main", "Found in a test sign-in")
		ana.post(ssoPath+"/certificates/"+list[0].ID+"/approve", "org", org.ID, "thumbprint", list[0].SHA1).wantRedirect(metadataPath)
		to = ana.beginTest(org)
		ana.result(a.postACS(org, stranger.answer(to, "ana@acme.com"))).follow().wantText("#live h2", "Passed")
	})
}

func newCertificateOf(t *testing.T, idp *identityProvider) models.NewCertificate {
	t.Helper()
	parsed, err := sso.ParseCertificate(idp.cert.Raw, idp.app.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return newCertificate(parsed)
}

// Entra's document of the whole tenant names another certificate than the application's: it is refused by its address, before it is read.
func TestTheTenantsMetadataIsRefusedByItsAddress(t *testing.T) {
	const tenant = "https://login.microsoftonline.com/72f988bf/federationmetadata/2007-06/federationmetadata.xml"
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		entry, _ := sso.Lookup(sso.ReasonMetadataTenantWide)
		p := ana.post(metadataPath, "org", acme.ID, "metadata_url", tenant).wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("metadata_url", entry.Admin).wantValue("metadata_url", tenant)
		// Neither does the daily reading take it, where one is followed already, nor a confirmation that was sent by hand.
		if m, problem := a.server.ReadMetadata(t.Context(), tenant+"?x=1"); m != nil || problem != entry.Admin {
			t.Errorf("read: %v, %q", m, problem)
		}
		p = ana.post(metadataPath+"/follow", "org", acme.ID, "metadata_url", tenant, "issuer", entraIssuer, "sign_in_url", entraSignIn, "pem", string(a.goodCertificate("One")))
		p.wantRedirect(metadataPath).follow().wantText("main", entry.Admin)
	})
}
