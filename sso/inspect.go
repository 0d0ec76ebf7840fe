package sso

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/beevik/etree"
)

// Inspection is everything that a test sign-in shows about a response.
type Inspection struct {
	Checks []Check
	// Identity is set only if everything passed: it is what Verify returned.
	Identity *Identity
	// Err is what Verify says, nil if everything passed.
	Err *Error
	// Verified tells that every signature was verified. If not, everything behind the
	// signature's check was read from bytes that anyone may have written.
	Verified bool
	// Claims are the claims as received, even if the response is refused.
	Claims []Claim
	// Email is the address that the claims give, even if the response is refused.
	Email Value
	// Certificate is the one that signed, or, if that is not trusted here, the one
	// that the message names; nil if there is none.
	Certificate *x509.Certificate
	// Unknown is a certificate that is not trusted here and has signed, by its key and
	// over what came, where a trusted one had to. nil if there is none.
	Unknown *x509.Certificate
	// ClockDifference is how far the identity provider's clock is ahead of ours, as
	// well as one message can tell; 0 if it gives no time.
	ClockDifference time.Duration
}

// Check is one step of Verify as it went.
type Check struct {
	Name      string // stable, snake_case
	Title     string // what is right when it passes
	Reached   bool   // false: it could not be looked at, because an earlier one failed
	OK        bool
	Verified  bool   // what it looked at is signed, and the signature is verified
	Got, Want string // for signed-in admins; both may be empty
	Err       *Error // why it failed
}

// Inspect runs all checks of Verify without stopping at the first that fails, so that
// an admin sees everything that has to be changed at once. Checks behind a failed
// signature read unverified bytes and say so. Only Verify decides who somebody is.
func Inspect(c Connection, response []byte, req PendingRequest, now time.Time) Inspection {
	return NewVerification(c, response, req, now).Inspect()
}

// Inspect is the function Inspect on what NewVerification was given. What Verify has
// done is not done again.
func (v *Verification) Inspect() Inspection {
	if v.inspection != nil {
		return *v.inspection
	}
	var i Inspection
	i.Identity, _ = v.Verify()
	i.Err = v.failure
	ended := false
	for n, s := range steps {
		check := Check{Name: s.name, Title: s.title}
		switch {
		case n < v.passed:
			check.Reached, check.OK, check.Verified = true, true, n >= v.signedSince && s.covered(v)
			s.show(v, &check)
		case ended:
		case n == v.passed && v.req.ID != "":
			// The step that ended Verify.
			check.Reached, check.Err, check.Verified = true, v.failure, v.verified && s.covered(v)
			check.Got, check.Want = v.failure.Got, v.failure.Want
		default:
			s.inspect(v, &check)
		}
		ended = ended || s.ends && !check.OK
		i.Checks = append(i.Checks, check)
	}
	i.Verified, i.Claims, i.Email = v.verified, v.identity.Claims, v.identity.Email
	i.Certificate, i.Unknown = v.certificate, v.unknown
	for _, sig := range []*etree.Element{v.onAssertion, v.onResponse} {
		if i.Certificate == nil && sig != nil {
			i.Certificate = namedCertificate(sig)
		}
	}
	if v.response != nil {
		if issued, ok, e := timeOf(v.response, "IssueInstant"); ok && e == nil {
			i.ClockDifference = issued.Sub(v.now)
		}
	}
	v.inspection = &i
	return i
}

// inspect runs one step and writes down how it went.
func (s step) inspect(v *Verification, check *Check) {
	defer func() {
		if p := recover(); p != nil {
			check.OK, check.Err = false, &Error{Reason: ReasonInternal, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	if !s.possible(v) {
		return
	}
	check.Reached = true
	check.Err = s.check(v)
	check.OK = check.Err == nil
	check.Verified = v.verified && s.covered(v)
	if check.Err != nil {
		check.Got, check.Want = check.Err.Got, check.Err.Want
		return
	}
	s.show(v, check)
}

// show fills in what came and what was expected, of a step that passed.
func (s step) show(v *Verification, check *Check) {
	defer func() {
		if p := recover(); p != nil {
			check.OK, check.Err = false, &Error{Reason: ReasonInternal, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	if s.shows != nil {
		check.Got, check.Want = s.shows(v)
	}
}
