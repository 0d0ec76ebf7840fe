package demo

import (
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sp "gatehouse/sso" // the page of that name is sso
)

// wantReason is how the service provider takes each way to answer; empty is acceptance.
var wantReason = map[string]sp.Reason{
	answerOK: "", answerNamespace: "", answerGroups: "",

	answerNoMail: sp.ReasonEmailMissing, answerEmptyMail: sp.ReasonEmailMissing, answerBadMail: sp.ReasonEmailInvalid, answerSeveral: sp.ReasonEmailSeveral,
	answerForeignMail: "", answerGuest: sp.ReasonEmailGuest, answerNoNameID: sp.ReasonNameIDMissing, answerTransient: sp.ReasonEmailMissing,
	answerOtherID: "", answerTwoIDs: sp.ReasonIdentityAmbiguous,

	answerUnsigned: sp.ReasonSignatureMissing, answerKey: sp.ReasonUnknownKey, answerTenantKey: sp.ReasonUnknownKey, answerExpiredCert: sp.ReasonCertExpired, answerSHA1: sp.ReasonSignatureSHA1,
	answerAlgorithm: sp.ReasonSignatureAlgorithm, answerChanged: sp.ReasonSignatureInvalid, answerMisplaced: sp.ReasonSignatureMisplaced,
	answerUnusual: sp.ReasonSignatureMalformed, answerEncrypted: sp.ReasonEncrypted,

	answerBehind: sp.ReasonIssuedBeforeRequest, answerClock: sp.ReasonIssuedInFuture, answerEarly: sp.ReasonNotYetValid, answerExpired: sp.ReasonExpired,
	answerShort: sp.ReasonExpired, answerLate: sp.ReasonTooLate, answerStale: "",

	answerAudience: sp.ReasonAudienceMismatch, answerNoAudience: sp.ReasonAudienceMissing, answerRecipient: sp.ReasonRecipientMismatch,
	answerDestination: sp.ReasonDestinationMismatch, answerRequest: sp.ReasonRequestMismatch, answerUnsolicited: sp.ReasonUnsolicited,
	answerReplay: sp.ReasonUnsolicited, // as the one before it
	answerIssuer: sp.ReasonIssuerMismatch, answerLoginIssuer: sp.ReasonIssuerMismatch, answerAppIssuer: sp.ReasonIssuerMismatch, answerTenant: sp.ReasonIssuerMismatch,

	answerTwoAssertions: sp.ReasonAssertionsSeveral, answerNoAssertion: sp.ReasonAssertionMissing, answerNoStatement: sp.ReasonIncomplete,
	answerNoConfirmation: sp.ReasonConfirmationMissing, answerTwoConfirmations: sp.ReasonConfirmationsSeveral, answerMethod: sp.ReasonConfirmationMethod,
	answerCondition: sp.ReasonConditionUnknown, answerMany: sp.ReasonResponseTooComplex, answerLarge: sp.ReasonResponseTooLarge,
	answerDoctype: sp.ReasonResponseUnsafe, answerCut: sp.ReasonResponseMalformed, answerNotBase64: sp.ReasonResponseEncoding, answerEmpty: sp.ReasonResponseEmpty,
	answerLogout: sp.ReasonNotAResponse,

	answerStatus75011: sp.ReasonStatusNoAuthnContext, answerStatus75006: sp.ReasonStatusRequester, answerStatusFailed: sp.ReasonStatusAuthnFailed,
	answerStatusDenied: sp.ReasonStatusRequestDenied, answerStatusNameID: sp.ReasonStatusNameIDPolicy, answerStatusServer: sp.ReasonStatusResponder,
	answerStatusVersion: sp.ReasonStatusVersionMismatch, answerStatusSomething: sp.ReasonStatusOther,
}

// answered picks Amara with a way to answer and returns the page that this ends on.
func (s *site) answered(t *testing.T, how string) (status int, page string) {
	t.Helper()
	return s.post(t, "/"+TenantID+"/saml2", url.Values{"query": {query(t, requestXML)}, "as": {fixedGUID("amara@acme.com")}, "how": {how}})
}

// connection is the service provider that trusts every certificate here.
func (s *site) connection() sp.Connection {
	c := sp.Connection{EntityID: "http://localhost:8080/saml/org_1", ACSURL: "http://localhost:8080/saml/org_1/acs", Issuer: issuer(), SignInURL: s.loginURL()}
	for _, cert := range s.app.certs {
		c.Certificates = append(c.Certificates, cert.x509)
	}
	return c
}

// taken is what the service provider says to the response that a page posts, after so long.
func (s *site) taken(t *testing.T, page string, forceAuthn bool, later time.Duration) (*sp.Identity, sp.Reason) {
	t.Helper()
	message, err := sp.DecodeResponse(hidden(t, page, "SAMLResponse"))
	if err != nil {
		return nil, err.(*sp.Error).Reason
	}
	now := s.clock.now()
	identity, err := sp.Verify(s.connection(), message, sp.PendingRequest{ID: "id-5f2c", IssuedAt: now.Add(-20 * time.Second), ForceAuthn: forceAuthn}, now.Add(later))
	if err != nil {
		return nil, err.(*sp.Error).Reason
	}
	return identity, ""
}

// Each way to answer is taken as it is meant: by the code that Gatehouse takes it with.
func TestEveryWayToAnswerIsTheMistakeItSays(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	s.post(t, "/sso/claims", url.Values{"name": {"email"}, "source": {"user.mail"}})
	s.post(t, "/sso/certificates", url.Values{"life": {lifeMinute}})
	s.clock.at = s.clock.at.Add(2 * time.Minute)
	for _, group := range wayGroups {
		for _, way := range group.Ways {
			status, page := s.answered(t, way.Value)
			if strings.HasPrefix(way.Value, "aadsts") {
				continue
			}
			want, known := wantReason[way.Value]
			if !known {
				t.Errorf("%s: nobody says how it is taken", way.Value)
				continue
			}
			if status != http.StatusOK {
				t.Errorf("%s: answered %d", way.Value, status)
				continue
			}
			later := map[string]time.Duration{answerShort: waitToExpire, answerLate: waitToBeLate}[way.Value]
			if held := strings.Contains(page, "Wait before you go on"); held != (later > 0) || held == strings.Contains(page, "data-auto-submit") {
				t.Errorf("%s: held back is %v", way.Value, held)
			}
			if _, got := s.taken(t, page, false, later); got != want {
				t.Errorf("%s: %q, want %q", way.Value, got, want)
			}
			if later > 0 {
				if _, got := s.taken(t, page, false, 0); got != "" {
					t.Errorf("%s, posted at once: %q, want acceptance", way.Value, got)
				}
			}
		}
	}
}

// What is right as a message and wrong only for the application that reads it.
func TestWaysThatOnlyTheApplicationCanRefuse(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	s.post(t, "/sso/claims", url.Values{"name": {"email"}, "source": {"user.mail"}})
	identity := func(how string) *sp.Identity {
		_, page := s.answered(t, how)
		i, reason := s.taken(t, page, false, 0)
		if i == nil {
			t.Fatalf("%s: %s", how, reason)
		}
		return i
	}
	first := identity(answerOK)
	if other := identity(answerOtherID); other.Email.Value != first.Email.Value || other.ObjectID == first.ObjectID || other.ObjectID == "" {
		t.Errorf("another objectidentifier: %s %s, first %s %s", other.Email.Value, other.ObjectID, first.Email.Value, first.ObjectID)
	}
	if foreign := identity(answerForeignMail); foreign.Email.Value != "amara@elsewhere.example" || foreign.ObjectID != first.ObjectID {
		t.Errorf("a foreign e-mail: %s", foreign.Email.Value)
	}
	groups := identity(answerGroups)
	if last := groups.Claims[len(groups.Claims)-1]; last.Name != groupsLink || groups.Email.Value != first.Email.Value {
		t.Errorf("groups: the last claim is %v", last)
	}
	for how, want := range map[string]sp.Reason{answerOK: sp.ReasonNotFresh, answerStale: sp.ReasonNotFresh} {
		_, page := s.answered(t, how)
		if _, got := s.taken(t, page, true, 0); got != want {
			t.Errorf("%s where a fresh authentication was asked for: %q, want %q", how, got, want)
		}
	}
	xml := strings.Replace(requestXML, `Version="2.0"`, `Version="2.0" ForceAuthn="true"`, 1)
	for how, want := range map[string]sp.Reason{answerOK: "", answerStale: sp.ReasonNotFresh} {
		_, page := s.post(t, "/"+TenantID+"/saml2", url.Values{"query": {query(t, xml)}, "as": {fixedGUID("amara@acme.com")}, "how": {how}})
		if _, got := s.taken(t, page, true, 0); got != want {
			t.Errorf("%s to ForceAuthn: %q, want %q", how, got, want)
		}
	}
	_, page := s.answered(t, answerOK)
	_, again := s.answered(t, answerReplay)
	if hidden(t, page, "SAMLResponse") != hidden(t, again, "SAMLResponse") {
		t.Error("a replay must be the same message")
	}
}

// Microsoft's pages are explained by the code to which an admin gives them, each with a code it knows.
func TestPagesAtMicrosoftEndHereWithATextToCopy(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	for _, p := range microsoftPages {
		status, page := s.answered(t, p.how)
		code := strings.ToUpper(p.how)
		if status != http.StatusBadRequest || !strings.Contains(page, "<b>"+code+"</b>") || !strings.Contains(page, `data-copy="aadsts"`) || strings.Contains(page, "SAMLResponse") {
			t.Errorf("%s: %d %s", p.how, status, page)
		}
		if !strings.HasPrefix(p.text, code+": ") {
			t.Errorf("%s is called %q", p.how, p.text)
		}
		checkPage(t, page)
		said := p.says(&s.app, *s.dir.person(fixedGUID("amara@acme.com")))
		answers := sp.ExplainMicrosoft(said.Error(), s.connection())
		if len(answers) != 1 || !answers[0].Known || "AADSTS"+answers[0].Code != code {
			t.Errorf("%s: explained as %+v", p.how, answers)
		}
	}
	// Whom pretend Azure itself does not let in is a natural one of them: no button is needed.
	_, natural := s.post(t, "/"+TenantID+"/saml2", url.Values{"query": {query(t, requestXML)}, "as": {fixedGUID("kofi@acme.com")}})
	if !strings.Contains(natural, "AADSTS50105") {
		t.Error("somebody who is not assigned is let in")
	}
}

func TestACertificateThatHasExpiredMustHaveBeenTrusted(t *testing.T) {
	s := newSite(t)
	s.configure(t)
	status, page := s.answered(t, answerExpiredCert)
	if status != http.StatusConflict || !strings.Contains(page, "No certificate has expired yet") {
		t.Errorf("without one: %d %s", status, page)
	}
	checkPage(t, page)
	s.post(t, "/sso/certificates", url.Values{"life": {lifeMinute}})
	if file, err := sp.ParseCertificate(s.app.certs[1].pem(), s.clock.now()); err != nil {
		t.Errorf("it cannot be uploaded while it is valid: %v %v", file, err)
	}
	s.post(t, "/sso/certificates", url.Values{"life": {lifeTomorrow}})
	if _, err := sp.ParseCertificate(s.app.certs[2].pem(), s.clock.now()); err == nil || err.(*sp.Error).Reason != sp.ReasonFileNotYetValid {
		t.Errorf("one that is not valid yet: %v", err)
	}
	if got := s.app.signer(s.clock.now()); got != s.app.certs[0] {
		t.Error("an inactive certificate signs")
	}
	_, page = s.get(t, "/sso")
	if !strings.Contains(page, "Not valid yet") {
		t.Error("the page does not say that a certificate is not valid yet")
	}
	s.clock.at = s.clock.at.Add(2 * time.Minute)
	if _, page = s.get(t, "/sso"); !strings.Contains(page, "Expired") {
		t.Error("the page does not say that a certificate has expired")
	}
	_, page = s.answered(t, answerExpiredCert)
	raw, err := base64.StdEncoding.DecodeString(hidden(t, page, "SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	named := parse(t, raw).FindElement("//X509Certificate")
	der, err := base64.StdEncoding.DecodeString(named.Text())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := x509.ParseCertificate(der); err != nil || !c.NotAfter.Before(s.clock.now()) {
		t.Errorf("signed with %v, %v", c, err)
	}
}

// What is downloaded in place of the application's own is recognised for what it is.
func TestTheTenantHasACertificateOfItsOwn(t *testing.T) {
	s := newSite(t)
	_, file := s.get(t, "/sso/tenant-certificate.cer")
	if _, err := sp.ParseCertificate([]byte(file), s.clock.now()); err == nil || err.(*sp.Error).Reason != sp.ReasonFileTenantWide {
		t.Errorf("its certificate: %v", err)
	}
	_, metadata := s.get(t, strings.TrimPrefix(s.tenantMetadataURL(), s.baseURL))
	if _, err := sp.ParseMetadata([]byte(metadata), s.clock.now()); err == nil || err.(*sp.Error).Reason != sp.ReasonMetadataTenantWide {
		t.Errorf("its metadata: %v", err)
	}
	_, metadata = s.get(t, strings.TrimPrefix(s.metadataURL(), s.baseURL))
	if m, err := sp.ParseMetadata([]byte(metadata), s.clock.now()); err != nil || len(m.Certificates) != 1 {
		t.Errorf("the application's metadata: %v", err)
	}
}
