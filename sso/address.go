package sso

import (
	"fmt"
	"strings"
)

// ASCIIAddress checks that s is exactly one plain e-mail address and returns it with
// A–Z lower-cased. Only ASCII passes: strings.ToLower turns the Kelvin sign into "k"
// and EqualFold takes "ſ" for "s", which would let one person become another. Quoted
// local parts, comments, address literals and host names without a dot are refused,
// as no directory issues them and every reader reads them differently.
func ASCIIAddress(s string) (string, error) {
	if len(s) > 254 { // RFC 5321 §4.5.3.1.3
		return "", fmt.Errorf("e-mail address is longer than 254 characters")
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return "", fmt.Errorf("e-mail address contains a space, a control character or a letter outside ASCII")
		}
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") {
		return "", fmt.Errorf("e-mail address must contain one @ between a name and a domain")
	}
	if len(local) > 64 || !isDotAtom(local) {
		return "", fmt.Errorf("the part before the @ is not a plain e-mail name")
	}
	if !isHostName(domain) {
		return "", fmt.Errorf("the part after the @ is not a domain name")
	}
	return lowerASCII(s), nil
}

// isDotAtom reports whether s is an RFC 5322 dot-atom.
func isDotAtom(s string) bool {
	previous := byte('.')
	for i := 0; i < len(s); i++ {
		b := s[i]
		switch {
		case b == '.':
			if previous == '.' {
				return false
			}
		case isAlphanumeric(b), strings.IndexByte("!#$%&'*+-/=?^_`{|}~", b) >= 0:
		default:
			return false
		}
		previous = b
	}
	return previous != '.'
}

// isHostName reports whether s is a domain name of at least two labels whose last
// one is not a number (so that 192.0.2.1 is none).
func isHostName(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			if !isAlphanumeric(label[i]) && label[i] != '-' {
				return false
			}
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// lowerASCII lower-cases A–Z and leaves every other byte as it is.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
