package sso

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reason names one thing that can go wrong, in snake_case: stable, searchable, stored.
type Reason string

// Side is who has to change something.
type Side string

// The sides.
const (
	SideIdP    Side = "identity_provider" // an admin of Entra, Okta, …
	SideHere   Side = "here"              // an admin of this organization, on the SSO page
	SidePerson Side = "person"            // the person signing in, by trying again
)

// Error is a refusal. Got and Want are for signed-in admins only: they come from the
// message and from the connection. Neither holds more than a short, printable excerpt.
type Error struct {
	Reason Reason
	Got    string // what came, "" if that says nothing
	Want   string // what was expected
	FixAt  string // the place to change, overriding the catalogue's
	Err    error  // private cause, for the log
	says   *entry // one of alsoSays, where more is known than the reason; nil for the reason's own
}

// Error describes the refusal for the log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("sso: ")
	b.WriteString(string(e.Reason))
	if e.Want != "" || e.Got != "" {
		fmt.Fprintf(&b, " (expected %q, got %q)", e.Want, e.Got)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(shown(e.Err.Error()))
	}
	return b.String()
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Err }

// Employee is one plain sentence for the person signing in. It holds nothing from the
// message.
func (e *Error) Employee() string { return e.entry().employee }

// Admin is one plain sentence for an admin: what is wrong and which side must change it.
func (e *Error) Admin() string { return e.entry().admin }

// Side says who has to change something.
func (e *Error) Side() Side { return e.entry().side }

// Place is where to change it: FixAt, else the catalogue's place in Entra or here, else "".
func (e *Error) Place() string {
	if e.FixAt != "" {
		return e.FixAt
	}
	return e.entry().fixAt
}

func (e *Error) entry() entry {
	if e.says != nil {
		return *e.says
	}
	if entry, ok := catalogue[e.Reason]; ok {
		return entry
	}
	return catalogue[ReasonInternal]
}

// Entry is one row of the catalogue, for documentation and for an admin looking a
// reason up.
type Entry struct {
	Reason                 Reason
	Side                   Side
	Employee, Admin, FixAt string
	// Also is what is said in its place where more is known than the reason.
	Also []Entry
}

// Lookup returns what the catalogue says about a reason.
func Lookup(r Reason) (Entry, bool) {
	e, ok := catalogue[r]
	shown := e.shown(r)
	for _, other := range alsoSays[r] {
		shown.Also = append(shown.Also, other.shown(r))
	}
	return shown, ok
}

func (e entry) shown(r Reason) Entry {
	return Entry{Reason: r, Side: e.side, Employee: e.employee, Admin: e.admin, FixAt: e.fixAt}
}

// shown makes a received value safe and short enough to be kept and displayed: control
// and format characters (line breaks of any kind, bidirectional overrides) become spaces.
func shown(s string) string {
	truncated := len(s) > maxShownValue
	if truncated {
		s = s[:maxShownValue]
		for len(s) > 0 && !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	s = strings.Map(func(r rune) rune {
		if steersDisplay(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	if truncated {
		s += "…"
	}
	return s
}

// Printable is a received value, such as a claim's, fit to be displayed in full: what would
// break or turn its line becomes spaces, the joiners that some scripts need stay.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\u200c' && r != '\u200d' && steersDisplay(r) {
			return ' '
		}
		return r
	}, s)
}

// steersDisplay reports whether a character is not seen itself but changes how others are.
func steersDisplay(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
