package sso

import (
	"regexp"
	"strings"
)

// A signature's value, or an encrypted one, up to its end tag or the end of what came.
var secretValue = regexp.MustCompile(`(?is)(<(?:[\w.-]+:)?(SignatureValue|CipherValue)\b[^>]*>).*?(</(?:[\w.-]+:)?(?:SignatureValue|CipherValue)|$)`)

// Redact returns a response as text for an admin to read: without signature values, so
// that nothing can be done with it, and without bytes that are no text. It reads the
// bytes as they are, so it works on what is not XML, too.
func Redact(response []byte) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(response), "\uFFFD"))
	return secretValue.ReplaceAllString(text, "${1}removed${3}")
}
