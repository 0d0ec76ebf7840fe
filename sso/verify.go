package sso

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// PendingRequest is the request that a response is verified against: one that this
// application sent and that nobody has used yet.
type PendingRequest struct {
	ID         string
	IssuedAt   time.Time
	ForceAuthn bool // a fresh authentication was asked for, and is then required
}

// Verify decides whether response proves that the identity provider of c has just
// authenticated somebody for req, and who that is. It is a pure function of its
// arguments. A refusal is an *Error. In this order it requires that
//
//  1. the bytes pass the hygiene gate (size, depth, elements, no DOCTYPE, …);
//  2. the root is a samlp:Response of version 2.0;
//  3. its status is success;
//  4. nothing in it is encrypted, and there is exactly one assertion, its child;
//  5. every signature stands on the response or on the assertion, at most one on
//     each, at least one in all, and each verifies against one pinned certificate
//     within its validity, with allowed algorithms and transforms;
//  6. from here on only verified bytes are read (unless the assertion alone is
//     signed: then the response around it may only make us refuse);
//  7. the response's Destination, InResponseTo and Issuer, where present, are right;
//  8. the assertion has ID, version 2.0, our issuer, and was made after the request
//     and no more than five minutes ago;
//  9. its subject has exactly one NameID and exactly one bearer confirmation, with
//     our ACS as Recipient, the request as InResponseTo, and an end that is not past;
//  10. its conditions hold now, are all known, and name exactly one audience, ours;
//  11. it states an authentication, fresh if that was asked for;
//  12. its claims give exactly one plain e-mail address.
//
// The clock may be three minutes off. The caller remembers the assertion's ID and
// consumes the request; replay and the browser are not visible here.
func Verify(c Connection, response []byte, req PendingRequest, now time.Time) (identity *Identity, err error) {
	defer func() {
		// The XML libraries have panicked on hostile input before.
		if p := recover(); p != nil {
			identity, err = nil, &Error{Reason: ReasonInternal, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	if req.ID == "" {
		return nil, &Error{Reason: ReasonUnsolicited, Err: errors.New("no pending request")}
	}
	v := &verification{c: c, req: req, now: now.UTC(), identity: &Identity{}}
	root, e := parseXML(response, maxResponseSize, maxResponseElements) // 1
	if e != nil {
		return nil, e
	}
	v.response = root
	for _, step := range []func() *Error{
		v.checkVersion,    // 2
		v.checkStatus,     // 3
		v.findAssertion,   // 4
		v.checkSignatures, // 5, 6
		v.checkResponse,   // 7
		v.checkAssertion,  // 8
		v.checkSubject,    // 9
		v.checkConditions, // 10
		v.checkStatement,  // 11
		v.readClaims,      // 12
	} {
		if e := step(); e != nil {
			return nil, e
		}
	}
	return v.identity, nil
}

// verification is one response on its way through the steps of Verify. Until step 5
// response and assertion are what came; after it, what is verified.
type verification struct {
	c   Connection
	req PendingRequest
	now time.Time

	response  *etree.Element
	assertion *etree.Element
	identity  *Identity
}

func (v *verification) checkVersion() *Error {
	if !is(v.response, nsProtocol, "Response") {
		return &Error{Reason: ReasonNotAResponse, Got: shown(v.response.Tag), Want: "samlp:Response"}
	}
	if version := attribute(v.response, "Version"); version != "2.0" {
		return &Error{Reason: ReasonIncomplete, Got: "Version " + shown(version), Want: "Version 2.0 on the Response"}
	}
	return nil
}

// statusReasons maps the codes of SAML Core §3.2.2.2 that say something of their own;
// the most specific one in a status decides.
var statusReasons = map[string]Reason{
	"Requester":           ReasonStatusRequester,
	"Responder":           ReasonStatusResponder,
	"VersionMismatch":     ReasonStatusVersionMismatch,
	"AuthnFailed":         ReasonStatusAuthnFailed,
	"RequestDenied":       ReasonStatusRequestDenied,
	"NoAuthnContext":      ReasonStatusNoAuthnContext,
	"InvalidNameIDPolicy": ReasonStatusNameIDPolicy,
}

func (v *verification) checkStatus() *Error {
	status, e := one(v.response, nsProtocol, "Status")
	if e != nil {
		return e
	}
	code, e := one(status, nsProtocol, "StatusCode")
	if e != nil {
		return e
	}
	if attribute(code, "Value") == statusSuccess {
		return nil
	}
	failure := &Error{Reason: ReasonStatusOther, Want: statusSuccess}
	var got []string
	for c := code; c != nil; {
		value := attribute(c, "Value")
		got = append(got, strings.TrimPrefix(value, "urn:oasis:names:tc:SAML:2.0:status:"))
		if r, ok := statusReasons[got[len(got)-1]]; ok {
			failure.Reason = r
		}
		inner := children(c, nsProtocol, "StatusCode")
		if len(inner) == 0 {
			break
		}
		c = inner[0]
	}
	for _, m := range children(status, nsProtocol, "StatusMessage") {
		if message, _ := text(m); message != "" {
			got = append(got, message)
		}
	}
	failure.Got = shown(strings.Join(got, ": "))
	return failure
}

// findAssertion counts by local name in any namespace and at any depth, so that no
// wrapped copy of a genuine assertion or response can hide.
func (v *verification) findAssertion() *Error {
	var assertions, responses, encrypted int
	walk(v.response, func(el *etree.Element) {
		switch lowerASCII(el.Tag) {
		case "assertion":
			assertions++
		case "response":
			responses++
		case "encryptedassertion", "encryptedid", "encryptedattribute", "encrypteddata", "encryptedkey", "newencryptedid":
			encrypted++
		}
	})
	switch {
	case encrypted > 0:
		return &Error{Reason: ReasonEncrypted}
	case assertions > 1 || responses > 1:
		return &Error{Reason: ReasonAssertionsSeveral, Got: fmt.Sprintf("%d assertions in %d responses", assertions, responses), Want: "one"}
	}
	found := children(v.response, nsAssertion, "Assertion")
	if len(found) != 1 {
		return &Error{Reason: ReasonAssertionMissing, Want: "one saml:Assertion in the Response"}
	}
	v.assertion = found[0]
	return nil
}

// checkSignatures verifies every signature there is and replaces response and
// assertion by their verified selves.
func (v *verification) checkSignatures() *Error {
	total := 0
	walk(v.response, func(el *etree.Element) {
		if lowerASCII(el.Tag) == "signature" {
			total++
		}
	})
	onResponse := children(v.response, nsSignature, "Signature")
	onAssertion := children(v.assertion, nsSignature, "Signature")
	switch {
	case total == 0:
		return &Error{Reason: ReasonSignatureMissing}
	case len(onResponse) > 1 || len(onAssertion) > 1 || total != len(onResponse)+len(onAssertion):
		return &Error{Reason: ReasonSignatureMisplaced, Got: fmt.Sprintf("%d signatures", total), Want: "one on the Response, one on the Assertion, or one on each"}
	}
	response, assertion := v.response, v.assertion
	var signer *x509.Certificate
	if len(onAssertion) == 1 {
		verified, cert, e := verifySignature(v.assertion, onAssertion[0], v.c.Certificates, v.now)
		if e != nil {
			return e
		}
		assertion, signer = verified, cert
	}
	if len(onResponse) == 1 {
		verified, cert, e := verifySignature(v.response, onResponse[0], v.c.Certificates, v.now)
		if e != nil {
			return e
		}
		response = verified
		if len(onAssertion) == 0 {
			found := children(verified, nsAssertion, "Assertion")
			if len(found) != 1 {
				return &Error{Reason: ReasonAssertionMissing, Want: "one saml:Assertion in the verified Response"}
			}
			assertion, signer = found[0], cert
		}
	}
	if !is(response, nsProtocol, "Response") || !is(assertion, nsAssertion, "Assertion") {
		return &Error{Reason: ReasonSignatureInvalid, Err: errors.New("verified bytes are another element")}
	}
	v.response, v.assertion = response, assertion
	v.identity.CertificateSHA256 = SHA256(signer)
	return nil
}

func (v *verification) checkResponse() *Error {
	if got := attribute(v.response, "Destination"); got != "" && got != v.c.ACSURL {
		return &Error{Reason: ReasonDestinationMismatch, Got: shown(got), Want: v.c.ACSURL}
	}
	switch got := attribute(v.response, "InResponseTo"); got {
	case v.req.ID:
	case "":
		return &Error{Reason: ReasonUnsolicited, Want: v.req.ID}
	default:
		return &Error{Reason: ReasonRequestMismatch, Got: shown(got), Want: v.req.ID}
	}
	// SAML Profiles §4.1.4.2: the response's Issuer may be omitted.
	if issuers := children(v.response, nsAssertion, "Issuer"); len(issuers) > 0 {
		return v.checkIssuer(v.response)
	}
	return nil
}

func (v *verification) checkIssuer(el *etree.Element) *Error {
	issuer, e := one(el, nsAssertion, "Issuer")
	if e != nil {
		return e
	}
	if format := attribute(issuer, "Format"); format != "" && format != formatEntity {
		return &Error{Reason: ReasonIssuerMismatch, Got: "Issuer of format " + shown(format), Want: formatEntity}
	}
	value, ok := text(issuer)
	if !ok || value != v.c.Issuer {
		return &Error{Reason: ReasonIssuerMismatch, Got: shown(value), Want: v.c.Issuer}
	}
	return nil
}

func (v *verification) checkAssertion() *Error {
	id := attribute(v.assertion, "ID")
	if !isNCName(id) || len(id) > 256 {
		return &Error{Reason: ReasonIncomplete, Got: shown(id), Want: "an ID on the Assertion"}
	}
	if version := attribute(v.assertion, "Version"); version != "2.0" {
		return &Error{Reason: ReasonIncomplete, Got: "Version " + shown(version), Want: "Version 2.0 on the Assertion"}
	}
	if e := v.checkIssuer(v.assertion); e != nil {
		return e
	}
	issued, ok, e := timeOf(v.assertion, "IssueInstant")
	switch {
	case e != nil:
		return e
	case !ok:
		return &Error{Reason: ReasonIncomplete, Want: "IssueInstant on the Assertion"}
	case issued.After(v.now.Add(clockSkew)):
		return v.timeError(ReasonIssuedInFuture, issued)
	case issued.Before(v.now.Add(-maxIssueAge - clockSkew)):
		return v.timeError(ReasonTooLate, issued)
	case issued.Before(v.req.IssuedAt.Add(-clockSkew)):
		return &Error{Reason: ReasonIssuedBeforeRequest, Got: issued.Format(time.RFC3339), Want: "after the request of " + v.req.IssuedAt.UTC().Format(time.RFC3339)}
	}
	v.identity.AssertionID = id
	v.identity.Issuer = v.c.Issuer
	return nil
}

func (v *verification) checkSubject() *Error {
	subject, e := one(v.assertion, nsAssertion, "Subject")
	if e != nil {
		return e
	}
	nameIDs := children(subject, nsAssertion, "NameID")
	if len(nameIDs) != 1 {
		return &Error{Reason: ReasonNameIDMissing, Got: fmt.Sprintf("%d NameIDs", len(nameIDs)), Want: "one"}
	}
	nameID, ok := text(nameIDs[0])
	if !ok || nameID == "" || len(nameID) > maxNameIDLength {
		return &Error{Reason: ReasonNameIDMissing, Got: shown(nameID), Want: "plain text of at most 512 bytes"}
	}
	v.identity.NameID = nameID
	v.identity.NameIDFormat = attribute(nameIDs[0], "Format")
	if v.identity.NameIDFormat == "" {
		v.identity.NameIDFormat = formatUnspecified // SAML Core §8.3.1
	}

	confirmations := children(subject, nsAssertion, "SubjectConfirmation")
	switch {
	case len(confirmations) == 0:
		return &Error{Reason: ReasonConfirmationMissing, Want: "one SubjectConfirmation"}
	case len(confirmations) > 1:
		return &Error{Reason: ReasonConfirmationsSeveral, Got: fmt.Sprintf("%d", len(confirmations)), Want: "one"}
	}
	if method := attribute(confirmations[0], "Method"); method != methodBearer {
		return &Error{Reason: ReasonConfirmationMethod, Got: shown(method), Want: methodBearer}
	}
	datas := children(confirmations[0], nsAssertion, "SubjectConfirmationData")
	if len(datas) != 1 {
		return &Error{Reason: ReasonConfirmationMissing, Want: "one SubjectConfirmationData"}
	}
	return v.checkConfirmation(datas[0])
}

// checkConfirmation checks SubjectConfirmationData by SAML Profiles §4.1.4.3.
func (v *verification) checkConfirmation(data *etree.Element) *Error {
	switch got := attribute(data, "Recipient"); got {
	case v.c.ACSURL:
	case "":
		return &Error{Reason: ReasonConfirmationMissing, Want: "Recipient in SubjectConfirmationData"}
	default:
		return &Error{Reason: ReasonRecipientMismatch, Got: shown(got), Want: v.c.ACSURL}
	}
	switch got := attribute(data, "InResponseTo"); got {
	case v.req.ID:
	case "":
		return &Error{Reason: ReasonConfirmationMissing, Want: "InResponseTo in SubjectConfirmationData"}
	default:
		return &Error{Reason: ReasonRequestMismatch, Got: shown(got), Want: v.req.ID}
	}
	end, ok, e := timeOf(data, "NotOnOrAfter")
	if e != nil {
		return e
	}
	if !ok {
		return &Error{Reason: ReasonConfirmationMissing, Want: "NotOnOrAfter in SubjectConfirmationData"}
	}
	v.identity.NotOnOrAfter = end
	return v.checkWindow(data)
}

// checkWindow checks NotBefore and NotOnOrAfter, where given.
func (v *verification) checkWindow(el *etree.Element) *Error {
	begin, ok, e := timeOf(el, "NotBefore")
	if e != nil {
		return e
	}
	if ok && v.now.Add(clockSkew).Before(begin) {
		return v.timeError(ReasonNotYetValid, begin)
	}
	end, ok, e := timeOf(el, "NotOnOrAfter")
	if e != nil {
		return e
	}
	if ok && !v.now.Add(-clockSkew).Before(end) {
		return v.timeError(ReasonExpired, end)
	}
	return nil
}

func (v *verification) checkConditions() *Error {
	conditions, e := one(v.assertion, nsAssertion, "Conditions")
	if e != nil {
		return e
	}
	if e := v.checkWindow(conditions); e != nil {
		return e
	}
	for _, c := range conditions.ChildElements() {
		// SAML Core §2.5.1.1: an assertion with a condition not understood is invalid.
		if !is(c, nsAssertion, "AudienceRestriction") && !is(c, nsAssertion, "OneTimeUse") && !is(c, nsAssertion, "ProxyRestriction") {
			return &Error{Reason: ReasonConditionUnknown, Got: shown(c.Tag)}
		}
	}
	restrictions := children(conditions, nsAssertion, "AudienceRestriction")
	if len(restrictions) == 0 {
		return &Error{Reason: ReasonAudienceMissing, Want: v.c.EntityID}
	}
	var audiences []*etree.Element
	for _, r := range restrictions {
		audiences = append(audiences, children(r, nsAssertion, "Audience")...)
	}
	var got []string
	for _, a := range audiences {
		value, _ := text(a)
		got = append(got, value)
	}
	switch {
	case len(got) == 0:
		return &Error{Reason: ReasonAudienceMissing, Want: v.c.EntityID}
	case len(got) > 1 || len(restrictions) > 1 || got[0] != v.c.EntityID:
		return &Error{Reason: ReasonAudienceMismatch, Got: shown(strings.Join(got, ", ")), Want: v.c.EntityID}
	}
	return nil
}

func (v *verification) checkStatement() *Error {
	statements := children(v.assertion, nsAssertion, "AuthnStatement")
	if len(statements) == 0 {
		return &Error{Reason: ReasonIncomplete, Want: "an AuthnStatement"}
	}
	statement := statements[0]
	instant, ok, e := timeOf(statement, "AuthnInstant")
	switch {
	case e != nil:
		return e
	case !ok:
		return &Error{Reason: ReasonIncomplete, Want: "AuthnInstant on the AuthnStatement"}
	case instant.After(v.now.Add(clockSkew)):
		return v.timeError(ReasonIssuedInFuture, instant)
	}
	// Its age says nothing at an ordinary sign-in: Entra's sessions last for months.
	if v.req.ForceAuthn && instant.Before(v.req.IssuedAt.Add(-clockSkew)) {
		return &Error{Reason: ReasonNotFresh, Got: instant.Format(time.RFC3339), Want: "after " + v.req.IssuedAt.UTC().Format(time.RFC3339)}
	}
	end, ok, e := timeOf(statement, "SessionNotOnOrAfter")
	if e != nil {
		return e
	}
	if ok {
		if !v.now.Add(-clockSkew).Before(end) {
			return v.timeError(ReasonExpired, end)
		}
		v.identity.SessionNotOnOrAfter = end
	}
	v.identity.AuthnInstant = instant
	if index := attribute(statement, "SessionIndex"); len(index) <= maxNameIDLength {
		v.identity.SessionIndex = index
	}
	return nil
}

func (v *verification) timeError(r Reason, got time.Time) *Error {
	return &Error{Reason: r, Got: got.Format(time.RFC3339), Want: "within three minutes of " + v.now.Format(time.RFC3339)}
}

// one returns the only child of that name.
func one(el *etree.Element, ns, tag string) (*etree.Element, *Error) {
	found := children(el, ns, tag)
	if len(found) != 1 {
		return nil, &Error{Reason: ReasonIncomplete, Got: fmt.Sprintf("%d %s elements", len(found), tag), Want: "one " + tag + " in " + el.Tag}
	}
	return found[0], nil
}

// timeOf reads an xs:dateTime attribute; ok is false when it is absent. Times without
// a zone are UTC (SAML Core §1.3.3).
func timeOf(el *etree.Element, name string) (t time.Time, ok bool, failure *Error) {
	value := strings.TrimSpace(attribute(el, name))
	if value == "" {
		return time.Time{}, false, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC(), true, nil
		}
	}
	return time.Time{}, false, &Error{Reason: ReasonIncomplete, Got: shown(value), Want: "a time in " + name}
}

func walk(el *etree.Element, visit func(*etree.Element)) {
	visit(el)
	for _, token := range el.Child {
		if c, ok := token.(*etree.Element); ok {
			walk(c, visit)
		}
	}
}
