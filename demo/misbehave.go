package demo

import (
	"fmt"
	"strings"
	"time"
)

// The ways to answer a request, chosen on the sign-in page. Everything but answerOK is a mistake to look at.
const (
	answerOK          = "ok"
	answerUnsolicited = "unsolicited"
	answerReplay      = "replay"

	answerExpired = "expired"
	answerEarly   = "early"
	answerLate    = "late"
	answerClock   = "clock"

	answerAudience  = "audience"
	answerRecipient = "recipient"
	answerIssuer    = "issuer"
	answerTenant    = "tenant"

	answerUnsigned  = "unsigned"
	answerKey       = "key"
	answerSHA1      = "sha1"
	answerEncrypted = "encrypted"
	answerStatus    = "status"

	answerNamespace = "namespace"
	answerNoMail    = "nomail"
	answerEmptyMail = "emptymail"
	answerGuest     = "guest"
	answerSeveral   = "several"
)

const (
	// expiredFor is how long ago an expired assertion stopped being valid.
	expiredFor = 2 * time.Hour
	// clockOff is how far a wrong clock runs ahead, how early an assertion is and how late an answer.
	clockOff = 10 * time.Minute
	// otherTenant is a directory that has nothing to do with this one.
	otherTenant = "https://sts.windows.net/00000000-5b43-4e0f-9a77-2d6be1c0a934/"
)

var answerOptions = []option{
	{answerOK, "Correctly"},
	{answerUnsolicited, "Unsolicited: it answers no request"},
	{answerReplay, "Replay the last response"},
	{answerExpired, "With an expired assertion"},
	{answerEarly, "With an assertion that is not valid yet"},
	{answerLate, "10 minutes too late"},
	{answerClock, "With the clock 10 minutes off"},
	{answerAudience, "For the wrong audience"},
	{answerRecipient, "For the wrong recipient"},
	{answerIssuer, "With an issuer that lacks its slash"},
	{answerTenant, "From another tenant"},
	{answerUnsigned, "Unsigned"},
	{answerKey, "Signed with another key"},
	{answerSHA1, "Signed with SHA-1"},
	{answerEncrypted, "Encrypted"},
	{answerStatus, "With an error: AADSTS50105"},
	{answerNamespace, "Claims with a namespace"},
	{answerNoMail, "Without an e-mail"},
	{answerEmptyMail, "With an empty e-mail"},
	{answerGuest, "As a guest without an address"},
	{answerSeveral, "With several e-mails"},
}

// misbehave changes an answer before it is signed.
func (a *answer) misbehave(how string) error {
	switch how {
	case answerUnsolicited:
		a.requestID = ""
	case answerExpired:
		a.validUntil = a.now.Add(-expiredFor)
		a.validFrom = a.validUntil.Add(-validFor)
	case answerEarly:
		a.validFrom = a.now.Add(clockOff)
	case answerLate:
		a.shift(-clockOff)
	case answerClock:
		a.shift(clockOff)
	case answerAudience:
		a.audience = "https://another.example/saml/org_elsewhere"
	case answerRecipient:
		a.recipient = "https://another.example/saml/org_elsewhere/acs"
	case answerIssuer:
		a.issuer = strings.TrimSuffix(a.issuer, "/")
	case answerTenant:
		a.issuer = otherTenant
	case answerUnsigned:
		a.signing = signNothing
	case answerKey:
		// The same names and dates as the real certificate, another key: a thumbprint tells them apart, a look does not.
		other, err := newCertificate(a.certificate.x509.NotBefore)
		if err != nil {
			return fmt.Errorf("make another key: %w", err)
		}
		a.certificate = other
	case answerSHA1:
		a.algorithm = algorithmSHA1
	case answerEncrypted:
		a.encrypted = true
	case answerStatus:
		a.refusal = "AADSTS50105: The signed in user is not assigned to a role for the application. Trace ID: " + newGUID() + " Timestamp: " + a.now.Format("2006-01-02 15:04:05Z")
	case answerNamespace:
		for i, at := range a.attributes {
			if !strings.Contains(at.name, "/") {
				a.attributes[i].name = claimsNamespace + "/" + at.name
			}
		}
	case answerNoMail:
		a.withoutMail()
	case answerEmptyMail:
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{"email", []string{""}})
	case answerGuest:
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{claimsNamespace + "/name", []string{"guest_fabrikam.com#EXT#@" + tenantDomain}})
	case answerSeveral:
		mail := "first@acme.com"
		for _, at := range a.attributes {
			if isMail(at) {
				mail = at.values[0]
			}
		}
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{"email", []string{mail, "second." + mail}})
	}
	return nil
}

// shift moves every time of the answer.
func (a *answer) shift(d time.Duration) {
	a.now, a.validFrom, a.validUntil, a.authnInstant = a.now.Add(d), a.validFrom.Add(d), a.validUntil.Add(d), a.authnInstant.Add(d)
}

// withoutMail leaves out every claim that holds an address, and names the person by an opaque id.
func (a *answer) withoutMail() {
	var kept []attribute
	for _, at := range a.attributes {
		if !isMail(at) {
			kept = append(kept, at)
		}
	}
	a.attributes = kept
	a.nameIDFormat, a.nameID = nameIDPersistent, pairwiseID(a.nameID, a.audience)
}

func isMail(at attribute) bool { return len(at.values) == 1 && strings.Contains(at.values[0], "@") }
