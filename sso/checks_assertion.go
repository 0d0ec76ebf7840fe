package sso

import (
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// What is checked of the assertion: steps 8 to 11 of Verify. The claims are in
// identity.go.

func (v *Verification) checkAssertionID() *Error {
	id := attribute(v.assertion, "ID")
	if !isNCName(id) || len(id) > 256 {
		return &Error{Reason: ReasonIncomplete, Got: shown(id), Want: "an ID on the Assertion"}
	}
	if version := attribute(v.assertion, "Version"); version != "2.0" {
		return &Error{Reason: ReasonIncomplete, Got: "Version " + shown(version), Want: "Version 2.0 on the Assertion"}
	}
	v.identity.AssertionID = id
	return nil
}

func (v *Verification) checkAssertionIssuer() *Error {
	if e := v.checkIssuer(v.assertion); e != nil {
		return e
	}
	v.identity.Issuer = v.c.Issuer
	return nil
}

func (v *Verification) checkIssueInstant() *Error {
	issued, ok, e := timeOf(v.assertion, "IssueInstant")
	switch {
	case e != nil:
		return e
	case !ok:
		return &Error{Reason: ReasonIncomplete, Want: "IssueInstant on the Assertion"}
	case issued.After(v.now.Add(clockSkew)):
		return v.timeError(ReasonIssuedInFuture, issued)
	case v.clockBehind():
		// Before its age: however old it is, nobody has waited that long.
		return v.timeError(ReasonIssuedBeforeRequest, issued)
	case issued.Before(v.now.Add(-maxIssueAge - clockSkew)):
		return v.timeError(ReasonTooLate, issued)
	}
	return nil
}

// clockBehind reports whether the assertion says that it was made before the request that
// it answers. As that cannot be, the clock it was made by is behind ours.
func (v *Verification) clockBehind() bool {
	issued, ok, e := timeOf(v.assertion, "IssueInstant")
	return e == nil && ok && issued.Before(v.req.IssuedAt.Add(-clockSkew))
}

func (v *Verification) checkNameID() *Error {
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
	return nil
}

// checkConfirmation finds the only confirmation, which must be a bearer's. What its
// data must say is SAML Profiles §4.1.4.3.
func (v *Verification) checkConfirmation() *Error {
	subject, e := one(v.assertion, nsAssertion, "Subject")
	if e != nil {
		return e
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
	v.confirmation = datas[0]
	return nil
}

func (v *Verification) checkRecipient() *Error {
	switch got := attribute(v.confirmation, "Recipient"); got {
	case v.c.ACSURL:
		return nil
	case "":
		return &Error{Reason: ReasonConfirmationMissing, Want: "Recipient in SubjectConfirmationData"}
	default:
		return &Error{Reason: ReasonRecipientMismatch, Got: shown(got), Want: v.c.ACSURL}
	}
}

func (v *Verification) checkConfirmedRequest() *Error {
	switch got := attribute(v.confirmation, "InResponseTo"); got {
	case "":
		return &Error{Reason: ReasonConfirmationMissing, Want: "InResponseTo in SubjectConfirmationData"}
	case v.req.ID:
		return nil
	default:
		return &Error{Reason: ReasonRequestMismatch, Got: shown(got), Want: v.req.ID}
	}
}

func (v *Verification) checkConfirmationTime() *Error {
	end, ok, e := timeOf(v.confirmation, "NotOnOrAfter")
	if e != nil {
		return e
	}
	if !ok {
		return &Error{Reason: ReasonConfirmationMissing, Want: "NotOnOrAfter in SubjectConfirmationData"}
	}
	v.identity.NotOnOrAfter = end
	return v.checkWindow(v.confirmation)
}

// checkWindow checks NotBefore and NotOnOrAfter, where given.
func (v *Verification) checkWindow(el *etree.Element) *Error {
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
		return v.overError(end)
	}
	return nil
}

// overError says whose fault it is that something has ended: of the person who waited
// only if it ended after the request was sent.
func (v *Verification) overError(end time.Time) *Error {
	if v.clockBehind() {
		issued, _, _ := timeOf(v.assertion, "IssueInstant")
		return v.timeError(ReasonIssuedBeforeRequest, issued)
	}
	e := v.timeError(ReasonExpired, end)
	if !end.After(v.req.IssuedAt) {
		e.says = &overBeforeItBegan
	}
	return e
}

func (v *Verification) checkConditions() *Error {
	conditions, e := one(v.assertion, nsAssertion, "Conditions")
	if e != nil {
		return e
	}
	v.conditions = conditions
	for _, c := range conditions.ChildElements() {
		// SAML Core §2.5.1.1: an assertion with a condition not understood is invalid.
		if !is(c, nsAssertion, "AudienceRestriction") && !is(c, nsAssertion, "OneTimeUse") && !is(c, nsAssertion, "ProxyRestriction") {
			return &Error{Reason: ReasonConditionUnknown, Got: shown(c.Tag)}
		}
	}
	return nil
}

func (v *Verification) checkConditionsTime() *Error { return v.checkWindow(v.conditions) }

// checkAudience wants exactly one audience in one restriction: several restrictions
// would all have to hold, several audiences in one would be alternatives, and readers
// have confused the two.
func (v *Verification) checkAudience() *Error {
	got := v.audiences()
	switch {
	case len(got) == 0:
		return &Error{Reason: ReasonAudienceMissing, Want: v.c.EntityID}
	case len(got) > 1 || got[0] != v.c.EntityID || len(children(v.conditions, nsAssertion, "AudienceRestriction")) > 1:
		return &Error{Reason: ReasonAudienceMismatch, Got: shown(strings.Join(got, ", ")), Want: v.c.EntityID}
	}
	return nil
}

func (v *Verification) audiences() []string {
	var got []string
	for _, r := range children(v.conditions, nsAssertion, "AudienceRestriction") {
		for _, a := range children(r, nsAssertion, "Audience") {
			value, _ := text(a)
			got = append(got, value)
		}
	}
	return got
}

func (v *Verification) checkStatement() *Error {
	statements := children(v.assertion, nsAssertion, "AuthnStatement")
	if len(statements) == 0 {
		return &Error{Reason: ReasonIncomplete, Want: "an AuthnStatement"}
	}
	instant, ok, e := timeOf(statements[0], "AuthnInstant")
	switch {
	case e != nil:
		return e
	case !ok:
		return &Error{Reason: ReasonIncomplete, Want: "AuthnInstant on the AuthnStatement"}
	case instant.After(v.now.Add(clockSkew)):
		return v.timeError(ReasonIssuedInFuture, instant)
	}
	v.statement, v.identity.AuthnInstant = statements[0], instant
	return nil
}

// checkFreshness is for step-up only: at an ordinary sign-in the age of an
// authentication says nothing, as Entra's sessions last for months.
func (v *Verification) checkFreshness() *Error {
	instant := v.identity.AuthnInstant
	if v.req.ForceAuthn && instant.Before(v.req.IssuedAt.Add(-clockSkew)) {
		return &Error{Reason: ReasonNotFresh, Got: instant.Format(time.RFC3339), Want: "after " + v.req.IssuedAt.UTC().Format(time.RFC3339)}
	}
	return nil
}

func (v *Verification) checkSession() *Error {
	end, ok, e := timeOf(v.statement, "SessionNotOnOrAfter")
	if e != nil {
		return e
	}
	if ok {
		if !v.now.Add(-clockSkew).Before(end) {
			return v.overError(end)
		}
		v.identity.SessionNotOnOrAfter = end
	}
	if index := attribute(v.statement, "SessionIndex"); len(index) <= maxNameIDLength {
		v.identity.SessionIndex = index
	}
	return nil
}

func (v *Verification) timeError(r Reason, got time.Time) *Error {
	return timeError(r, got, v.now)
}

// timeError shows a time beside our clock, as the difference decides what to do.
func timeError(r Reason, got, now time.Time) *Error {
	difference, where := now.Sub(got), "behind our clock"
	switch {
	case r == ReasonExpired || r == ReasonTooLate:
		where = "ago"
	case difference < 0:
		difference, where = -difference, "ahead of our clock"
	}
	return &Error{
		Reason: r, Got: got.Format(time.RFC3339) + ", " + minutes(difference) + " " + where,
		Want: "within three minutes of our clock, " + now.Format(time.RFC3339),
	}
}

// minutes is a duration in the unit that says enough: "40 seconds", "4 minutes", "3 hours".
func minutes(d time.Duration) string {
	n, unit := int64(d/time.Second), "second"
	switch {
	case d >= 48*time.Hour:
		n, unit = int64(d/(24*time.Hour)), "day"
	case d >= 2*time.Hour:
		n, unit = int64(d/time.Hour), "hour"
	case d >= time.Minute:
		n, unit = int64(d/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
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
