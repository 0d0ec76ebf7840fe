package demo

import (
	"fmt"
	"strings"
	"time"
)

// The ways to answer a request, chosen on the sign-in page. Everything but answerOK is a mistake to look at.
const (
	answerOK        = "ok"
	answerExpired   = "expired"
	answerAudience  = "audience"
	answerUnsigned  = "unsigned"
	answerKey       = "key"
	answerReplay    = "replay"
	answerClock     = "clock"
	answerNamespace = "namespace"
	answerNoMail    = "nomail"
)

const (
	// expiredFor is how long ago an expired assertion stopped being valid.
	expiredFor = 2 * time.Hour
	// clockOff is how far a wrong clock runs ahead.
	clockOff = 10 * time.Minute
)

var answerOptions = []option{
	{answerOK, "Correctly"},
	{answerExpired, "With an expired assertion"},
	{answerAudience, "For the wrong audience"},
	{answerUnsigned, "Unsigned"},
	{answerKey, "Signed with another key"},
	{answerReplay, "Replay the last response"},
	{answerClock, "With the clock 10 minutes off"},
	{answerNamespace, "Claims with a namespace"},
	{answerNoMail, "Without an e-mail"},
}

// misbehave changes an answer before it is signed.
func (a *answer) misbehave(how string) error {
	switch how {
	case answerExpired:
		a.now = a.now.Add(-validFor - expiredFor)
		a.authnInstant = a.authnInstant.Add(-validFor - expiredFor)
	case answerAudience:
		a.audience = "https://another.example/saml/org_elsewhere"
	case answerUnsigned:
		a.signing = signNothing
	case answerKey:
		// The same names and dates as the real certificate, another key: a thumbprint tells them apart, a look does not.
		other, err := newCertificate(a.certificate.x509.NotBefore)
		if err != nil {
			return fmt.Errorf("make another key: %w", err)
		}
		a.certificate = other
	case answerClock:
		a.now = a.now.Add(clockOff)
	case answerNamespace:
		for i, at := range a.attributes {
			if !strings.Contains(at.name, "/") {
				a.attributes[i].name = claimsNamespace + "/" + at.name
			}
		}
	case answerNoMail:
		var kept []attribute
		for _, at := range a.attributes {
			if len(at.values) != 1 || !strings.Contains(at.values[0], "@") {
				kept = append(kept, at)
			}
		}
		a.attributes = kept
		a.nameIDFormat, a.nameID = nameIDPersistent, pairwiseID(a.nameID, a.audience)
	}
	return nil
}
