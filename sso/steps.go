package sso

import (
	"fmt"
	"strings"
	"time"
)

// step is one check of a response.
type step struct {
	name  string // stable
	title string // what is right when it passes, for an admin
	check func(*Verification) *Error
	// shows says what came and what is right, for an admin; called only by Inspect,
	// after the check.
	shows func(*Verification) (got, want string)
	// needs is what an earlier step must have found for this one to make sense; nil
	// for nothing.
	needs func(*Verification) bool
	// outer is set where what is read stands outside the assertion, so that only a
	// signature on the response covers it.
	outer bool
	// ends is set where nothing can be said about the rest once this has failed.
	ends bool
}

func (s step) possible(v *Verification) bool { return s.needs == nil || s.needs(v) }

// covered reports whether a verified signature covers what the step reads.
func (s step) covered(v *Verification) bool { return !s.outer || v.onResponse != nil }

// steps are the acceptance rules, in the order that the comment of Verify gives.
var steps = []step{
	{name: "xml", title: "Well-formed, safe XML of reasonable size", check: (*Verification).parse, shows: showSize, ends: true},                                 // 1
	{name: "response", title: "A SAML 2.0 response", check: (*Verification).checkVersion, shows: showVersion, ends: true},                                       // 2
	{name: "status", title: "The identity provider reports success", check: (*Verification).checkStatus, shows: showStatus, ends: true},                         // 3
	{name: "assertion", title: "Exactly one assertion, not encrypted", check: (*Verification).findAssertion, ends: true},                                        // 4
	{name: "signature_place", title: "Signed, on the assertion or the response", check: (*Verification).findSignatures, shows: showPlace},                       // 5
	{name: "signature_method", title: "Signed with SHA-256 or better, the way SAML asks", check: (*Verification).checkShapes, shows: showMethod, needs: signed}, // 5
	{name: "signature", title: "Signed by a certificate trusted here and valid now", check: (*Verification).checkSignatures, shows: showSigner, needs: shaped},  // 5, 6
	{name: "destination", title: "Sent to our Reply URL", check: (*Verification).checkDestination, shows: showDestination, outer: true},                         // 7
	{name: "in_response_to", title: "Answers our request", check: (*Verification).checkInResponseTo, shows: showInResponseTo, outer: true},
	{name: "response_issuer", title: "The response comes from the Issuer URL set here", check: (*Verification).checkResponseIssuer, shows: showResponseIssuer, outer: true},
	{name: "assertion_id", title: "The assertion has an ID and version 2.0", check: (*Verification).checkAssertionID, shows: showAssertionID}, // 8
	{name: "issuer", title: "The assertion comes from the Issuer URL set here", check: (*Verification).checkAssertionIssuer, shows: showIssuer},
	{name: "issued", title: "Made just now, by a clock like ours", check: (*Verification).checkIssueInstant, shows: showIssued},
	{name: "name_id", title: NameIDTitle, check: (*Verification).checkNameID, shows: showNameID}, // 9
	{name: "confirmation", title: "Meant for whoever brings it (bearer confirmation)", check: (*Verification).checkConfirmation},
	{name: "recipient", title: "Meant for our Reply URL", check: (*Verification).checkRecipient, shows: showRecipient, needs: confirmed},
	{name: "confirmation_request", title: "Confirmed for our request", check: (*Verification).checkConfirmedRequest, shows: showConfirmedRequest, needs: confirmed},
	{name: "confirmation_time", title: "The confirmation is valid now", check: (*Verification).checkConfirmationTime, shows: showConfirmationTime, needs: confirmed},
	{name: "conditions", title: "Sets conditions that we understand", check: (*Verification).checkConditions}, // 10
	{name: "conditions_time", title: "The assertion is valid now", check: (*Verification).checkConditionsTime, shows: showConditionsTime, needs: conditioned},
	{name: "audience", title: "Meant for our Identifier (Entity ID)", check: (*Verification).checkAudience, shows: showAudience, needs: conditioned},
	{name: "authentication", title: "Says when the person signed in", check: (*Verification).checkStatement, shows: showAuthentication}, // 11
	{name: "fresh", title: "Signed in anew, if that was asked for", check: (*Verification).checkFreshness, shows: showFreshness, needs: stated},
	{name: "session", title: "The session there is not over", check: (*Verification).checkSession, needs: stated},
	{name: "claims", title: "One object identifier at most", check: (*Verification).readClaims, shows: showClaims}, // 12
	{name: "email", title: "One plain e-mail address", check: (*Verification).readEmail, shows: showEmail},
}

func signed(v *Verification) bool      { return v.onResponse != nil || v.onAssertion != nil }
func shaped(v *Verification) bool      { return v.shaped }
func confirmed(v *Verification) bool   { return v.confirmation != nil }
func conditioned(v *Verification) bool { return v.conditions != nil }
func stated(v *Verification) bool      { return v.statement != nil }

func showSize(v *Verification) (got, want string) {
	return fmt.Sprintf("%d bytes", len(v.raw)), fmt.Sprintf("at most %d bytes", maxResponseSize)
}

func showVersion(v *Verification) (got, want string) {
	return "Version " + attribute(v.response, "Version"), "Version 2.0"
}

func showStatus(*Verification) (got, want string) { return "Success", "Success" }

func showPlace(v *Verification) (got, want string) {
	want = "on the assertion, on the response, or on both"
	switch {
	case v.onAssertion != nil && v.onResponse != nil:
		return "on both", want
	case v.onAssertion != nil:
		return "on the assertion", want
	case v.onResponse != nil:
		return "on the response", want
	}
	return "nowhere", want
}

func showMethod(v *Verification) (got, want string) {
	sig := v.onAssertion
	if sig == nil {
		sig = v.onResponse
	}
	for _, info := range children(sig, nsSignature, "SignedInfo") {
		for _, method := range children(info, nsSignature, "SignatureMethod") {
			got = attribute(method, "Algorithm")
		}
	}
	return shown(got[strings.LastIndex(got, "#")+1:]), "rsa-sha256 or stronger"
}

func showSigner(v *Verification) (got, want string) {
	if v.certificate != nil {
		got = thumbprint(v.certificate)
	}
	return got, thumbprints(v.c.Certificates)
}

func showDestination(v *Verification) (got, want string) {
	if got = attribute(v.response, "Destination"); got == "" {
		got = "not stated"
	}
	return shown(got), v.c.ACSURL
}

func showInResponseTo(v *Verification) (got, want string) {
	return shown(attribute(v.response, "InResponseTo")), v.req.ID
}

func showResponseIssuer(v *Verification) (got, want string) {
	for _, issuer := range children(v.response, nsAssertion, "Issuer") {
		got, _ = text(issuer)
		return shown(got), v.c.Issuer
	}
	return "not stated", v.c.Issuer
}

func showAssertionID(v *Verification) (got, want string) {
	return shown(attribute(v.assertion, "ID")), "any, used once"
}

func showIssuer(v *Verification) (got, want string) {
	for _, issuer := range children(v.assertion, nsAssertion, "Issuer") {
		got, _ = text(issuer)
	}
	return shown(got), v.c.Issuer
}

func showIssued(v *Verification) (got, want string) {
	return shown(attribute(v.assertion, "IssueInstant")), "within three minutes of " + v.now.Format(time.RFC3339)
}

func showNameID(v *Verification) (got, want string) {
	return shown(v.identity.NameID) + " (" + shown(lastSegment(v.identity.NameIDFormat)) + ")", "one"
}

func showRecipient(v *Verification) (got, want string) {
	return shown(attribute(v.confirmation, "Recipient")), v.c.ACSURL
}

func showConfirmedRequest(v *Verification) (got, want string) {
	return shown(attribute(v.confirmation, "InResponseTo")), v.req.ID
}

func showConfirmationTime(v *Verification) (got, want string) {
	return "until " + shown(attribute(v.confirmation, "NotOnOrAfter")), "now, " + v.now.Format(time.RFC3339)
}

func showConditionsTime(v *Verification) (got, want string) {
	begin, end := attribute(v.conditions, "NotBefore"), attribute(v.conditions, "NotOnOrAfter")
	switch {
	case begin != "" && end != "":
		got = "from " + begin + " until " + end
	case begin != "":
		got = "from " + begin
	case end != "":
		got = "until " + end
	default:
		got = "always"
	}
	return shown(got), "now, " + v.now.Format(time.RFC3339)
}

func showAudience(v *Verification) (got, want string) {
	return shown(strings.Join(v.audiences(), ", ")), v.c.EntityID
}

func showAuthentication(v *Verification) (got, want string) {
	if !v.identity.AuthnInstant.IsZero() {
		got = v.identity.AuthnInstant.Format(time.RFC3339)
	}
	return got, "any time before now"
}

func showFreshness(v *Verification) (got, want string) {
	if !v.req.ForceAuthn {
		return "", "not asked for"
	}
	return v.identity.AuthnInstant.Format(time.RFC3339), "after " + v.req.IssuedAt.UTC().Format(time.RFC3339)
}

func showClaims(v *Verification) (got, want string) {
	return shown(claimNames(v.attributes)), "email; firstName and lastName are optional"
}

func showEmail(v *Verification) (got, want string) {
	if v.identity.Email.Value != "" {
		got = v.identity.Email.Value + " from " + shown(v.identity.Email.Source)
	}
	return got, "one address"
}
