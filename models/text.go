package models

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// LowerASCII folds A to Z only. strings.ToLower would fold U+212A KELVIN SIGN to k and make two addresses one.
func LowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

const maxAddress = 254 // RFC 5321 §4.5.3.1.3

// CleanAddress is an e-mail address as it is stored: one ASCII addr-spec, lower-cased. Invalid if it is anything else.
func CleanAddress(s string) (string, error) {
	s = LowerASCII(strings.TrimSpace(s))
	if s == "" {
		return "", invalid("email", "Enter an e-mail address, such as ana@acme.com.")
	}
	if !isAddress(s) {
		return "", invalid("email", "This is not an e-mail address we can use. It should look like ana@acme.com.")
	}
	return s, nil
}

// isAddress accepts the dot-atom form of RFC 5321 in ASCII with a domain of at least two labels.
func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > maxAddress || local == "" || len(local) > 64 || strings.Contains(domain, "@") {
		return false
	}
	for _, atom := range strings.Split(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
		}) {
			return false
		}
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.ContainsFunc(l, func(r rune) bool { return !isAlphanumeric(r) && r != '-' }) {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// DomainOf is the part of an address after its @.
func DomainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}

// CheckName tells whether a name of a person, team or organization can be used; what it is called in the sentence is what. Invalid
// (that field) if it cannot.
func CheckName(field, name, what string) error {
	_, err := cleanName(field, name, what)
	return err
}

// cleanName is a name of a person, team or organization: trimmed, one line, no control or direction-changing characters.
func cleanName(field, s, what string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", invalid(field, "Enter %s.", what)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
	}):
		return "", invalid(field, "Use one line of ordinary characters for %s.", what)
	case !strings.ContainsFunc(s, isVisible):
		return "", invalid(field, "Use characters that can be seen for %s.", what)
	case utf8.RuneCountInString(s) > 200:
		return "", invalid(field, "Use at most 200 characters for %s.", what)
	}
	return s, nil
}

// isVisible tells whether a character leaves something on the page: joiners and Hangul fillers do not.
func isVisible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Mn) && r != '\u2800'
}

// checkOptionalName is CheckName for a name that may be left out.
func checkOptionalName(field, name string) error {
	if strings.TrimSpace(name) == "" {
		return nil
	}
	return CheckName(field, name, "the name")
}

var likeEscapes = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// likePrefix and likeContains are LIKE patterns of literal text, for "like ? escape '!'" on a lower-cased column.
func likePrefix(s string) string { return likeEscapes.Replace(s) + "%" }

func likeContains(s string) string {
	return "%" + likeEscapes.Replace(strings.ToLower(storable(s))) + "%"
}

// storable is s without what PostgreSQL does not take as text: bytes that are not UTF-8, and NUL.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
