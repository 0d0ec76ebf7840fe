package sso

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// What is checked of the response, up to the signatures: steps 1 to 7 of Verify.

func (v *Verification) parse() *Error {
	root, e := parseXML(v.raw, maxResponseSize, maxResponseElements)
	if e != nil {
		return e
	}
	v.response = root
	return nil
}

func (v *Verification) checkVersion() *Error {
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

func (v *Verification) checkStatus() *Error {
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
func (v *Verification) findAssertion() *Error {
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

// findSignatures counts by local name in any namespace and at any depth.
func (v *Verification) findSignatures() *Error {
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
		return &Error{Reason: ReasonSignatureMissing, Want: "a signature on the assertion, on the response, or on both"}
	case len(onResponse) > 1 || len(onAssertion) > 1 || total != len(onResponse)+len(onAssertion):
		got := "one signature, somewhere else"
		if total > 1 {
			got = fmt.Sprintf("%d signatures", total)
		}
		return &Error{Reason: ReasonSignatureMisplaced, Got: got, Want: "one on the Response, one on the Assertion, or one on each"}
	}
	if len(onResponse) == 1 {
		v.onResponse = onResponse[0]
	}
	if len(onAssertion) == 1 {
		v.onAssertion = onAssertion[0]
	}
	return nil
}

func (v *Verification) checkShapes() *Error {
	if v.onAssertion != nil {
		if e := checkSignatureShape(v.assertion, v.onAssertion); e != nil {
			return e
		}
	}
	if v.onResponse != nil {
		if e := checkSignatureShape(v.response, v.onResponse); e != nil {
			return e
		}
	}
	v.shaped = true
	return nil
}

// checkSignatures verifies every signature there is and replaces response and
// assertion by their verified selves.
func (v *Verification) checkSignatures() *Error {
	response, assertion := v.response, v.assertion
	if v.onAssertion != nil {
		verified, cert, unknown, e := verifySignature(v.assertion, v.onAssertion, v.c.Certificates, v.now)
		if e != nil {
			v.unknown = unknown
			return e
		}
		assertion, v.certificate = verified, cert
	}
	if v.onResponse != nil {
		verified, cert, unknown, e := verifySignature(v.response, v.onResponse, v.c.Certificates, v.now)
		if e != nil {
			v.unknown = unknown
			return e
		}
		response = verified
		if v.onAssertion == nil {
			found := children(verified, nsAssertion, "Assertion")
			if len(found) != 1 {
				return &Error{Reason: ReasonAssertionMissing, Want: "one saml:Assertion in the verified Response"}
			}
			assertion, v.certificate = found[0], cert
		}
	}
	if !is(response, nsProtocol, "Response") || !is(assertion, nsAssertion, "Assertion") {
		return &Error{Reason: ReasonSignatureInvalid, Err: errors.New("verified bytes are another element")}
	}
	v.response, v.assertion, v.verified = response, assertion, true
	v.identity.CertificateSHA256 = SHA256(v.certificate)
	return nil
}

// checkDestination: SAML Bindings §3.5.5.2, a signed message must say where it was sent.
func (v *Verification) checkDestination() *Error {
	got := attribute(v.response, "Destination")
	if got == v.c.ACSURL || got == "" && v.onResponse == nil {
		return nil
	}
	return &Error{Reason: ReasonDestinationMismatch, Got: shown(cmp.Or(got, "not stated, on a signed response")), Want: v.c.ACSURL}
}

func (v *Verification) checkInResponseTo() *Error {
	switch got := attribute(v.response, "InResponseTo"); got {
	case "":
		return &Error{Reason: ReasonUnsolicited, Want: v.req.ID}
	case v.req.ID:
		return nil
	default:
		return &Error{Reason: ReasonRequestMismatch, Got: shown(got), Want: v.req.ID}
	}
}

func (v *Verification) checkResponseIssuer() *Error {
	// SAML Profiles §4.1.4.2: the response's Issuer may be omitted.
	if len(children(v.response, nsAssertion, "Issuer")) == 0 {
		return nil
	}
	return v.checkIssuer(v.response)
}

func (v *Verification) checkIssuer(el *etree.Element) *Error {
	issuer, e := one(el, nsAssertion, "Issuer")
	if e != nil {
		return e
	}
	if format := attribute(issuer, "Format"); format != "" && format != formatEntity {
		return &Error{Reason: ReasonIssuerMismatch, Got: "Issuer of format " + shown(format), Want: formatEntity}
	}
	value, ok := text(issuer)
	if !ok || value != v.c.Issuer {
		return &Error{Reason: ReasonIssuerMismatch, Got: shown(value), Want: v.c.Issuer, says: issuerSays(value, v.c.Issuer)}
	}
	return nil
}

// one returns the only child of that name.
func one(el *etree.Element, ns, tag string) (*etree.Element, *Error) {
	found := children(el, ns, tag)
	if len(found) != 1 {
		return nil, &Error{Reason: ReasonIncomplete, Got: fmt.Sprintf("%d %s elements", len(found), tag), Want: "one " + tag + " in " + el.Tag}
	}
	return found[0], nil
}

func walk(el *etree.Element, visit func(*etree.Element)) {
	visit(el)
	for _, token := range el.Child {
		if c, ok := token.(*etree.Element); ok {
			walk(c, visit)
		}
	}
}
