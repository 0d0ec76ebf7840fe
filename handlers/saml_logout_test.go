package handlers

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// logout is the query with which an identity provider asks to end sessions.
func (idp *identityProvider) logout(org *models.Organization, nameID string, sessionIndexes ...string) string {
	a := idp.app
	a.t.Helper()
	var indexes strings.Builder
	for _, index := range sessionIndexes {
		indexes.WriteString("<samlp:SessionIndex>" + index + "</samlp:SessionIndex>")
	}
	now := a.clock.Now().UTC()
	idp.n++
	xml := `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_logout` + strconv.Itoa(idp.n) + `" Version="2.0" IssueInstant="` + now.Format(time.RFC3339) + `" Destination="` + a.url + "/saml/" + org.ID + `/logout">` +
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">` + idp.issuer + `</Issuer><NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">` + nameID + `</NameID>` + indexes.String() + `</samlp:LogoutRequest>`
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestSpeed)
	if err == nil {
		_, err = io.WriteString(w, xml)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		a.t.Fatal(err)
	}
	query := "SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(deflated.Bytes())) + "&RelayState=r1&SigAlg=" + url.QueryEscape("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
	sum := sha256.Sum256([]byte(query))
	signature, err := rsa.SignPKCS1v15(rand.Reader, idp.key, crypto.SHA256, sum[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return query + "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
}

// requestXML is the AuthnRequest in an address.
func requestXML(t *testing.T, u *url.URL) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	xml, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return string(xml)
}

func TestIdPSentLogoutEndsSessions(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		signIn := func(email, id string) *browser {
			b := a.browser()
			b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), email, func(x *assertion) { x.id = id }))).wantRedirect("/")
			return b
		}
		in := func(b *browser, want bool) {
			t.Helper()
			if status := b.get("/api/me").status; (status == http.StatusOK) != want {
				t.Errorf("signed in: status %d, want signed in %v", status, want)
			}
		}
		first, second, other := signIn("bo@acme.com", "_first"), signIn("bo@acme.com", "_second"), signIn("cy@acme.com", "_other")
		path := "/saml/" + org.ID + "/logout?"

		// A stranger's request ends nothing.
		stranger := newIdP(a, 1)
		stranger.issuer = idp.issuer
		a.browser().get(path + stranger.logout(org, "bo@acme.com")).wantStatus(http.StatusForbidden)
		a.browser().get(path + strings.Replace(idp.logout(org, "bo@acme.com"), "RelayState=r1", "RelayState=r2", 1)).wantStatus(http.StatusForbidden)
		in(first, true)

		// One session by its index; it comes in any browser, without our cookies.
		p := a.browser().get(path + idp.logout(org, "bo@acme.com", "_first")).wantStatus(http.StatusSeeOther)
		u, err := url.Parse(p.header.Get("Location"))
		if err != nil || u.Host != "login.example" || u.Query().Get("tenant") != "1" || u.Query().Get("SAMLResponse") == "" || u.Query().Get("RelayState") != "r1" {
			t.Errorf("answered at %s", p.header.Get("Location"))
		}
		in(first, false)
		in(second, true)

		// All sessions of a person; nobody else's, and again is no error.
		for range 2 {
			a.browser().get(path + idp.logout(org, "bo@acme.com")).wantStatus(http.StatusSeeOther)
		}
		in(second, false)
		in(other, true)

		// Too old a request ends nothing.
		query := idp.logout(org, "cy@acme.com")
		a.clock.Advance(time.Hour)
		a.browser().get(path + query).wantStatus(http.StatusForbidden)
		in(other, true)
	})
}

// A LogoutRequest works once, for as long as it would be accepted: what somebody recorded does not end a session that began later.
func TestALogoutRequestIsCarriedOutOnce(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		other := a.organization("Contoso", "cy@contoso.com")
		path := "/saml/" + org.ID + "/logout?"
		signIn := func() *browser {
			b := a.browser()
			b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com"))).wantRedirect("/")
			return b
		}
		in := func(b *browser, want int) {
			t.Helper()
			if status := b.get("/api/me").status; status != want {
				t.Errorf("signed in: status %d, want %d", status, want)
			}
		}
		first := signIn()
		used, ofNobody := idp.logout(org, "bo@acme.com"), idp.logout(org, "nobody@acme.com")
		a.browser().get(path + used).wantStatus(http.StatusSeeOther)
		in(first, http.StatusUnauthorized)
		later := signIn()
		p := a.browser().get(path+used).wantStatus(http.StatusForbidden).wantText("h1", "carried out already").wantText("main", "This sign-out was carried out already")
		if p.find("#reference") == nil {
			t.Error("no reference for the admin")
		}
		in(later, http.StatusOK)
		// One that ended nothing is used up as well.
		a.browser().get(path + ofNobody).wantStatus(http.StatusSeeOther)
		a.browser().get(path + ofNobody).wantStatus(http.StatusForbidden)
		// Until the last moment at which it would be accepted, and whatever the sweep does.
		a.clock.Advance(7 * time.Minute)
		if err := a.db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.browser().get(path+used).wantStatus(http.StatusForbidden).wantText("h1", "carried out already")
		in(later, http.StatusOK)
		// Another one of the same person works, and another organization may see the same ID.
		a.browser().get(path + idp.logout(org, "bo@acme.com")).wantStatus(http.StatusSeeOther)
		in(later, http.StatusUnauthorized)
		l := models.IdPLogout{ID: "_same", Issuer: idp.issuer, NameID: "x", AcceptedUntil: a.clock.Now()}
		for _, o := range []*models.Organization{org, other} {
			if _, err := a.db.LogoutByIdP(t.Context(), models.Client{}, o.ID, l); err != nil {
				t.Errorf("%s: %v", o.Name, err)
			}
		}
		// What is too old to be accepted is forgotten.
		a.clock.Advance(2 * time.Hour)
		if err := a.db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.db.LogoutByIdP(t.Context(), models.Client{}, org.ID, l); err != nil {
			t.Errorf("still remembered: %v", err)
		}
	})
}

// Sign-outs at the identity provider are in the activity as such, those that were refused too.
func TestSignOutsAreInTheActivity(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		path := "/saml/" + org.ID + "/logout?"
		for range 2 {
			b := a.browser()
			b.finish(a.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com"))).wantRedirect("/")
		}
		a.browser().get(path + idp.logout(org, "bo@acme.com")).wantStatus(http.StatusSeeOther)
		a.browser().get(path + idp.logout(org, "nobody@acme.com")).wantStatus(http.StatusSeeOther)
		a.browser().get(path+"SAMLRequest=x").wantStatus(http.StatusForbidden).wantText("h1", "You were not signed out of Acme").
			wantText("main", "Sign out here yourself").wantText("main", "close this window")
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		p := ana.get(activityPath).wantText("main", "The identity provider signed Bo Berg out, which ended 2 sessions here").
			wantText("main", "The identity provider signed nobody@acme.com out; no session of theirs was open here").
			wantText("main", "A sign-out request without a signature was refused").wantText("main", "Sign-out, Firefox")
		if strings.Contains(p.text("main"), "could not sign in") {
			t.Errorf("a refused sign-out reads as a sign-in: %s", p.text("main"))
		}
	})
}

func TestSignedRequests(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		a.clock.Advance(models.StepUpLife + time.Second)
		certificatePath := "/saml/" + org.ID + "/certificate"
		a.browser().get(certificatePath).wantStatus(http.StatusNotFound)
		ana.get(metadataPath).form(signingPath).submit().wantStatus(http.StatusUnprocessableEntity)
		ana.post(signingPath, "org", org.ID, "value", "on", "password", password).wantRedirect(metadataPath+"#signing").follow().wantText("#signing", "Download our certificate")

		file := a.browser().get(certificatePath).wantStatus(http.StatusOK)
		block, _ := pem.Decode([]byte(file.body))
		if block == nil {
			t.Fatalf("no certificate: %s", file.body)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		metadata := a.browser().get("/saml/" + org.ID + "/metadata").body
		if !strings.Contains(metadata, `AuthnRequestsSigned="true"`) || !strings.Contains(metadata, base64.StdEncoding.EncodeToString(certificate.Raw)) || !strings.Contains(metadata, "/logout") {
			t.Errorf("metadata: %s", metadata)
		}

		b := a.browser()
		to := b.beginSAML(org, "")
		// A test sign-in is asked for as a sign-in is: an identity provider that verifies requests would fail it otherwise.
		for name, sent := range map[string]string{"a sign-in": to, "a test sign-in": ana.beginTest(org)} {
			u, err := url.Parse(sent)
			if err != nil {
				t.Fatal(err)
			}
			begin, end := strings.Index(u.RawQuery, "SAMLRequest="), strings.Index(u.RawQuery, "&Signature=")
			if begin < 0 || end < begin {
				t.Fatalf("%s is unsigned: %s", name, sent)
			}
			signature, err := base64.StdEncoding.DecodeString(u.Query().Get("Signature"))
			if err != nil {
				t.Fatal(err)
			}
			if err := certificate.CheckSignature(x509.SHA256WithRSA, []byte(u.RawQuery[begin:end]), signature); err != nil {
				t.Errorf("signature of %s: %v", name, err)
			}
		}
		b.finish(a.postACS(org, idp.answer(to, "bo@acme.com"))).wantRedirect("/")

		// Answers to a LogoutRequest are signed by it as well, and turning it off keeps the key.
		p := b.get("/saml/" + org.ID + "/logout?" + idp.logout(org, "bo@acme.com")).wantStatus(http.StatusSeeOther)
		if !strings.Contains(p.header.Get("Location"), "Signature=") {
			t.Error("the LogoutResponse is not signed")
		}
		ana.post(signingPath, "org", org.ID, "value", "off").wantRedirect(metadataPath + "#signing")
		if to := a.browser().beginSAML(org, ""); strings.Contains(to, "Signature=") {
			t.Errorf("still signed: %s", to)
		}
		if again := a.browser().get(certificatePath).wantStatus(http.StatusOK); again.body != file.body {
			t.Error("another key")
		}
	})
}
