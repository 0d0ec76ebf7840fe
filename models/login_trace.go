package models

import (
	"encoding/json"
	"slices"
)

// LoginTrace is how a response went through the checks, for signed-in admins. The handlers fill it from what the protocol found.
type LoginTrace struct {
	Checks []LoginCheck `json:"checks,omitempty"`
	Claims []LoginClaim `json:"claims,omitempty"`
	// ClockMillis is how far the identity provider's clock is ahead of ours.
	ClockMillis int64 `json:"clock_ms,omitempty"`
	// Outcome says what would have happened to the person, Note what else there is to know about that; for tests only.
	Outcome string `json:"outcome,omitempty"`
	Note    string `json:"note,omitempty"`
}

// The states of a check.
const (
	CheckPassed     = "passed"
	CheckFailed     = "failed"
	CheckNotReached = "not_reached"
)

// LoginCheck is one check of a response.
type LoginCheck struct {
	Title string `json:"title"`
	State string `json:"state"`
	// Unverified is set when what it looked at is not covered by a verified signature.
	Unverified bool   `json:"unverified,omitempty"`
	Got        string `json:"got,omitempty"`
	Want       string `json:"want,omitempty"`
	// Reason, Problem, Side and FixAt say what to do about one that failed.
	Reason  string `json:"reason,omitempty"`
	Problem string `json:"problem,omitempty"`
	Side    string `json:"side,omitempty"`
	FixAt   string `json:"fix_at,omitempty"`
}

// LoginClaim is one claim as it was received, and what it is used for; UsedFor is empty if for nothing.
type LoginClaim struct {
	Name    string   `json:"name"`
	Values  []string `json:"values"`
	UsedFor string   `json:"used_for,omitempty"`
}

// Failed are the checks that failed, each fault once: a wrong issuer is wrong in the response and in the assertion.
func (t LoginTrace) Failed() []LoginCheck {
	var list []LoginCheck
	for _, c := range t.Checks {
		if c.State == CheckFailed && !slices.ContainsFunc(list, func(had LoginCheck) bool { return had.sameFault(c) }) {
			list = append(list, c)
		}
	}
	return list
}

func (c LoginCheck) sameFault(other LoginCheck) bool {
	return c.Reason == other.Reason && c.Got == other.Got && c.Want == other.Want
}

// readTrace reads a stored trace; one that cannot be read is empty.
func readTrace(stored string) LoginTrace {
	var t LoginTrace
	if json.Unmarshal([]byte(stored), &t) != nil {
		return LoginTrace{}
	}
	return t
}

// text is the trace as it is stored.
func (t LoginTrace) text() (string, error) {
	b, err := json.Marshal(t)
	return string(b), err
}
