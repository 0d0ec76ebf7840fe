package handlers

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/sso"
)

// notInASignIn are the entries that no real sign-in can meet.
var notInASignIn = map[sso.Reason]string{
	sso.ReasonInternal:           "a bug by definition; sso's fuzz targets look for one",
	sso.ReasonCertificateMissing: "single sign-on cannot be on without a certificate; a test sign-in meets it",
}

// Every entry of the catalogue that a test sign-in shows is met in a real one too: the person reads its sentence and a reference, and the
// admins find under that reference what is wrong and where to mend it.
func TestEveryRefusalOfAResponseIsExplainedInASignIn(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		ana := a.browser()
		ana.asPassword("ana@acme.com")
		answered := func(edits ...func(*assertion)) *page {
			return a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com", edits...))
		}
		provoked := map[sso.Reason]func() *page{}
		for reason, edit := range provokedResponses() {
			provoked[reason] = func() *page { return answered(edit) }
		}
		for reason, response := range postedResponses {
			provoked[reason] = func() *page { return a.postACS(org, response) }
		}
		provoked[sso.ReasonResponseMalformed] = func() *page { return a.postACS(org, base64.StdEncoding.EncodeToString([]byte("<Response"))) }
		for reason, wait := range lateResponses {
			provoked[reason] = func() *page {
				ends := a.clock.Now().Add(time.Minute).UTC().Format(time.RFC3339)
				response := idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com", before(set("Conditions", "NotOnOrAfter", ends)))
				a.clock.Advance(wait)
				return a.postACS(org, response)
			}
		}
		// An answer that names another request, or none, is led into a fresh sign-in first.
		provoked[sso.ReasonUnsolicited] = func() *page {
			b := a.browser()
			for range 2 {
				answered(unsolicited).wantStatus(http.StatusSeeOther)
				if p := b.again(org); p.status != http.StatusSeeOther {
					return p
				}
			}
			t.Fatal("led on twice")
			return nil
		}
		provoked[sso.ReasonRequestMismatch] = func() *page {
			return answered(before(set("SubjectConfirmationData", "InResponseTo", "id-of-another")))
		}
		provoked[sso.ReasonNotFresh] = func() *page {
			b := ssoAdmin(a, org, idp)
			to := b.get(samlStepUpPath(org.ID, "/profile")).wantStatus(http.StatusSeeOther).header.Get("Location")
			return a.postACS(org, idp.answer(to, "bo@acme.com", authenticatedAt(a.clock.Now().Add(-time.Hour))))
		}
		provoked[sso.ReasonUnknownKey] = func() *page {
			stranger := withIssuer(newIdP(a, 1), idp.issuer)
			return a.postACS(org, stranger.answer(a.browser().beginSAML(org, ""), "bo@acme.com"))
		}
		provoked[sso.ReasonCertExpired] = func() *page {
			short := withIssuer(newIdP(a, 1), idp.issuer)
			short.certify(a.clock.Now().AddDate(0, 0, -1), a.clock.Now().Add(time.Minute))
			short.trustToo(org)
			a.clock.Advance(2 * time.Minute)
			return a.postACS(org, short.answer(a.browser().beginSAML(org, ""), "bo@acme.com"))
		}
		provoked[sso.ReasonCertNotYetValid] = func() *page {
			early := withIssuer(newIdP(a, 1), idp.issuer)
			var err error
			if early.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil { // the others' certificates are trusted already
				t.Fatal(err)
			}
			early.certify(a.clock.Now().Add(time.Hour), a.clock.Now().AddDate(1, 0, 0))
			early.trustToo(org)
			return a.postACS(org, early.answer(a.browser().beginSAML(org, ""), "bo@acme.com"))
		}
		for _, e := range sso.Entries()[sso.ChapterResponse] {
			if notInASignIn[e.Reason] != "" {
				continue
			}
			if provoked[e.Reason] == nil {
				t.Errorf("%s is provoked nowhere", e.Reason)
				continue
			}
			p := provoked[e.Reason]()
			reference, _, _ := strings.Cut(p.attr("#reference", "value"), " ")
			if got := p.text("main"); p.status != http.StatusForbidden || !strings.Contains(got, e.Employee) || reference == "" || strings.HasPrefix(reference, logReference) {
				t.Errorf("%s: status %d, reference %q, the person reads %q, want %q", e.Reason, p.status, reference, got, e.Employee)
				continue
			}
			admin := func(got string) bool {
				said := strings.Contains(got, e.Admin)
				for _, also := range e.Also {
					said = said || strings.Contains(got, also.Admin)
				}
				return said
			}
			entry := ana.get(activityPath + "?q=" + url.QueryEscape(reference)).wantStatus(http.StatusOK)
			if got := entry.text("details.event[open]"); !admin(got) || !strings.Contains(got, string(e.Reason)) {
				t.Errorf("%s: the admin reads %q, want %q", e.Reason, got, e.Admin)
			}
			if steps := strings.Split(e.FixAt, " → "); e.FixAt != "" && !strings.Contains(entry.text("details.event[open] ol.path"), steps[len(steps)-1]) {
				t.Errorf("%s: no way to %q", e.Reason, e.FixAt)
			}
			a.clock.Advance(30 * time.Second) // strangers' answers are few
		}
	})
}

// trustToo lets the organization trust the identity provider's certificate beside those it trusts.
func (idp *identityProvider) trustToo(org *models.Organization) {
	t := idp.app.t
	t.Helper()
	connection, err := idp.app.db.SSO(t.Context(), org.ID)
	if err == nil {
		err = idp.app.db.SaveConnection(t.Context(), operator, org.ID, connection.Issuer, connection.SignInURL, []models.NewCertificate{idp.asNew()})
	}
	if err != nil {
		t.Fatal(err)
	}
}
