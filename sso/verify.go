package sso

import (
	"crypto/x509"
	"errors"
	"fmt"
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
//     each, at least one in all, is built the one allowed way with allowed algorithms,
//     and verifies against one pinned certificate within its validity;
//  6. from here on only verified bytes are read (unless the assertion alone is
//     signed: then the response around it may only make us refuse);
//  7. the response's InResponseTo is right, and its Issuer and Destination where present;
//     one that is signed has a Destination;
//  8. the assertion has ID, version 2.0, our issuer, and was made after the request
//     and no more than five minutes ago;
//  9. its subject has exactly one NameID and exactly one bearer confirmation, with
//     our ACS as Recipient, the request as InResponseTo, and an end that is not past;
//  10. its conditions hold now, are all known, and name exactly one audience, ours;
//  11. it states an authentication, fresh if that was asked for, in a session that is
//     not over;
//  12. its claims give exactly one plain e-mail address.
//
// The steps are the table in steps.go; Inspect runs the same ones without stopping.
// The clock may be three minutes off. The caller remembers the assertion's ID and
// consumes the request; replay and the browser are not visible here.
func Verify(c Connection, response []byte, req PendingRequest, now time.Time) (*Identity, error) {
	return NewVerification(c, response, req, now).Verify()
}

// Verification is one response on its way through the steps, for a caller that wants to
// show how it went: Inspect goes on where Verify stopped, so that nothing is done twice.
// Until the signatures are verified, response and assertion are what came; after it, what
// is verified.
type Verification struct {
	c   Connection
	raw []byte
	req PendingRequest
	now time.Time

	response     *etree.Element
	assertion    *etree.Element
	onResponse   *etree.Element // its Signature, nil if it has none
	onAssertion  *etree.Element
	shaped       bool // both are built the allowed way
	verified     bool // every signature there is has been verified
	certificate  *x509.Certificate
	unknown      *x509.Certificate // not pinned, but what signed
	confirmation *etree.Element    // SubjectConfirmationData
	conditions   *etree.Element
	statement    *etree.Element
	attributes   []attr
	identity     *Identity

	asked       bool // Verify has been called
	passed      int  // how many steps passed before the first that failed
	signedSince int  // how many of them came before the one that verified the signatures
	failure     *Error
	inspection  *Inspection
}

// NewVerification prepares what Verify decides. Nothing is looked at yet.
func NewVerification(c Connection, response []byte, req PendingRequest, now time.Time) *Verification {
	return &Verification{c: c, raw: response, req: req, now: now.UTC(), identity: &Identity{}}
}

// Verify is the function Verify on what NewVerification was given. Asked again it says
// the same.
func (v *Verification) Verify() (*Identity, error) {
	if !v.asked {
		v.asked = true
		v.failure = v.run()
	}
	if v.failure != nil {
		return nil, v.failure
	}
	return v.identity, nil
}

func (v *Verification) run() (e *Error) {
	defer func() {
		// The XML libraries have panicked on hostile input before.
		if p := recover(); p != nil {
			e = &Error{Reason: ReasonInternal, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	if v.req.ID == "" {
		return &Error{Reason: ReasonUnsolicited, Err: errors.New("no pending request")}
	}
	for _, s := range steps {
		if !s.possible(v) {
			return &Error{Reason: ReasonInternal, Err: fmt.Errorf("step %s without what it checks", s.name)}
		}
		if e := s.check(v); e != nil {
			return e
		}
		if !v.verified {
			v.signedSince++
		}
		v.passed++
	}
	return nil
}
