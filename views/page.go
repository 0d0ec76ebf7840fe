// Package views turns page structs into HTML. Every page has one struct with display-ready values and one templ component
// of the same name without "Page" (LoginPage is rendered by Login). Nothing here knows the database or HTTP: handlers fill
// a struct, so a secret column cannot reach the markup, and every state of a page is a literal in a test.
//
// Every form value is a Field, so a form that failed comes back with what was typed and the reason beside it. Forms below
// the Shell carry a hidden field "org" with the organization's public id; the handlers refuse a form sent for another one.
package views

import (
	"hash/fnv"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tone colours a state. It is never the only carrier of the state: a word always stands beside it.
type Tone string

// The tones. The zero value is neutral.
const (
	ToneOK   Tone = "ok"
	ToneWarn Tone = "warn"
	ToneBad  Tone = "bad"
	ToneInfo Tone = "info"
)

// Pill is a state in one or a few words, such as "Verified" or "Expires in 23 days".
type Pill struct {
	Text string
	Tone Tone
}

// Field is one form value: what was typed (or stands in the database) and, after a refusal, a sentence that says what is
// wrong and what to do. An empty Error means the field is fine. Values of password fields are never sent back.
type Field struct {
	Value string
	Error string
}

// Option is one choice of a select.
type Option struct {
	Value string
	Text  string
}

// Fact is one labelled value. Mono sets machine values in a fixed-width face.
type Fact struct {
	Label string
	Value string
	Note  string
	Mono  bool
}

// Link is a place to go, with a sentence-like text.
type Link struct {
	Text string
	URL  string
}

// StepUp is the password asked for again inside a form that changes something serious.
type StepUp struct {
	Needed bool   // show the field "password"
	Error  string // "That is not your password." after a wrong one
	// BySSO: the person has no password and confirms with single sign-on instead. The form is sent first; it comes back with SSO, where they
	// do that.
	BySSO bool
	SSO   string
	Kept  bool // what was typed comes back filled in afterwards
	// Confirmed: they are back, and the form is filled in; its button makes the change.
	Confirmed bool
}

// Blocked says why something cannot be done right now, in a sentence that says what to do first. Empty: it can be done.
type Blocked string

// Organization is the tenant on whose behalf a page is shown.
type Organization struct {
	ID   string // public id, org_…
	Name string
}

// Person is somebody shown with avatar, name and address.
type Person struct {
	Name  string
	Email string
}

// Nav names the current entry of the navigation.
type Nav string

// The entries of the navigation. The zero value marks none.
const (
	NavHome           Nav = "home"
	NavProfile        Nav = "profile"
	NavUsers          Nav = "users"
	NavTeams          Nav = "teams"
	NavAccessSecurity Nav = "access-security"
	NavAuditLog       Nav = "audit-log"
)

// Flash is the one sentence about what was just done, shown on the page after the redirect.
type Flash struct {
	Tone Tone // ToneOK when done, ToneBad when refused
	Text string
}

// Notice is a banner that stays until its cause is gone: what, when, who is affected, one button.
type Notice struct {
	Tone   Tone
	Title  string
	Text   string
	Action Link // optional
}

// Shell is what surrounds every page of a signed-in person: navigation, person, flash and notices.
type Shell struct {
	Organization  Organization
	Organizations []Organization // the others this session may switch to; usually empty
	Person        Person         // the signed-in person
	Role          string         // "Owner", "Admin" or "Member"
	Admin         bool           // owners and admins: show Users, Teams and the audit log
	Nav           Nav
	Flash         *Flash
	Notices       []Notice
}

// Crumb is one step of the path above a page's title. The last one carries no URL.
type Crumb = Link

// Pager says where in a list the page is. Empty URLs mean that there is nothing in that direction.
type Pager struct {
	Summary     string // "25 of 271 people, by name"
	PreviousURL string
	NextURL     string
}

// Session is one open session of a person.
type Session struct {
	ID      string
	Device  string // "Firefox on Linux"
	Mobile  bool
	Detail  string // "Acme SSO · 203.0.113.9 · active 2 hours ago"
	Current bool   // the session that asks
}

// Change is one field of an audit entry or of a pending change. Empty means there was or will be nothing.
type Change struct {
	Field  string
	Before string
	After  string
}

// Initials are at most two letters for an avatar: of the first and the last word of the name, else of the address.
func Initials(name, email string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' })
	if len(words) == 0 {
		local, _, _ := strings.Cut(email, "@")
		words = strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	if len(words) == 0 {
		return "?"
	}
	initials := first(words[0])
	if len(words) > 1 {
		initials += first(words[len(words)-1])
	}
	return strings.ToUpper(initials)
}

func first(word string) string {
	r, _ := utf8.DecodeRuneInString(word)
	return string(r)
}

// display is the name, or the address of somebody without one.
func (p Person) display() string {
	if strings.TrimSpace(p.Name) == "" {
		return p.Email
	}
	return p.Name
}

// firstName is what buttons call somebody: "Deactivate Amara".
func (p Person) firstName() string {
	name, _, _ := strings.Cut(strings.TrimSpace(p.Name), " ")
	if name == "" {
		return p.Email
	}
	return name
}

// hue picks one of five avatar tints, always the same for the same person.
func (p Person) hue() string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(p.Email + p.Name)))
	return string(rune('1' + h.Sum32()%5))
}

// at is a local address below a constant prefix; the elements (ids) are escaped.
func at(prefix string, elements ...string) string {
	var b strings.Builder
	b.WriteString(prefix)
	for _, e := range elements {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(e))
	}
	return b.String()
}

// letter is the first letter of an organization's name, for its mark.
func letter(name string) string {
	return first(Initials(name, ""))
}

// withQuery adds one query parameter to a local address.
func withQuery(path, name, value string) string {
	return path + "?" + url.Values{name: {value}}.Encode()
}

// lowerFirst makes "In Entra" fit into the middle of a sentence.
func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToLower(r)) + s[size:]
}
