package sso

import (
	"fmt"
	"regexp"
	"strings"
)

// A signature's value, or an encrypted one, up to its end tag or the end of what came.
var secretValue = regexp.MustCompile(`(?is)(<(?:[\w.-]+:)?(SignatureValue|CipherValue)\b[^>]*>).*?(</(?:[\w.-]+:)?(?:SignatureValue|CipherValue)|$)`)

// Redact returns a response as text for an admin to read: without signature values, so
// that nothing can be done with it, and without bytes that are no text; characters that
// would turn or break a line are written as references. It reads the bytes as they are,
// so it works on what is not XML, too.
func Redact(response []byte) string {
	var text strings.Builder
	text.Grow(len(response))
	for _, r := range strings.ToValidUTF8(string(response), "\uFFFD") {
		switch {
		case r == '\n' || r == '\t' || !steersDisplay(r):
			text.WriteRune(r)
		case r >= ' ':
			fmt.Fprintf(&text, "&#x%X;", r)
		}
	}
	return secretValue.ReplaceAllString(text.String(), "${1}removed${3}")
}
