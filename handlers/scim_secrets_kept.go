package handlers

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Messages of directories are kept for 30 days and read by admins. What nobody may read is removed before anything is stored: from
// messages, and from filters and refusals, which stand in the sentences.

const secretNames = `password|passwd|pwd|passphrase|passcode|secret|token|credential`

// secretName finds what nobody may read, in names of attributes, in paths and in filters.
var secretName = regexp.MustCompile(`(?i)` + secretNames + `|pin\b|pincode`)

// secretValue finds a member of that name and its value in text that is no valid JSON, such as what was cut off.
var secretValue = regexp.MustCompile(`(?i)"([^"]*(?:` + secretNames + `|pin|pincode)[^"]*)"\s*:\s*("(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|\{[^}]*\}?|[^\s",\]}]+)`)

const (
	blotted       = "[removed]"
	blottedFilter = "[removed, as it names a secret]"
)

// removeSecrets takes secrets out of what the sentence is made of.
func (x *exchange) removeSecrets() {
	named := namesSecret(x.filter)
	if named {
		x.filter = blottedFilter
	}
	if x.refused == nil || !named && !(strings.Contains(x.refused.Detail, `"`) && secretName.MatchString(x.refused.Detail)) {
		return
	}
	refused := *x.refused
	refused.Detail = "the request cannot be read; what is wrong with it is not kept, because it names a secret"
	x.refused, x.answered = &refused, refused.Append(nil)
}

// namesSecret is secretName's match, at the price of a quick look for what names none.
func namesSecret(text string) bool {
	beyondASCII := strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
	return (beyondASCII || mayHoldSecrets(text)) && secretName.MatchString(text)
}

// blot removes the values of secrets from decoded JSON, wherever they are and however their names were escaped.
func blot(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			text, _ := inner.(string)
			switch {
			case secretName.MatchString(key):
				v[key] = blotted
			case strings.EqualFold(key, "filter") && secretName.MatchString(text):
				v[key] = blottedFilter
			case strings.EqualFold(key, "path") && secretName.MatchString(text):
				if strings.Contains(text, `"`) {
					v[key] = blottedFilter
				}
				for other := range v {
					if strings.EqualFold(other, "value") {
						v[other] = blotted
					}
				}
			case strings.EqualFold(key, "detail") && strings.Contains(text, `"`) && secretName.MatchString(text):
				v[key] = blotted
			default:
				blot(inner)
			}
		}
	case []any:
		for _, inner := range v {
			blot(inner)
		}
	}
}

// mayHoldSecrets is a quick look at what almost never holds any: a word that names a secret, or an escape that could spell one.
func mayHoldSecrets(text string) bool {
	if strings.Contains(text, `\u`) {
		return true
	}
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf { // the lower case of some letters beyond ASCII is one of these
			lower := strings.ToLower(text)
			return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(lower, word) })
		}
		switch text[i] | 0x20 { // in lower case
		case 'p', 's', 't', 'c':
		default:
			continue
		}
		for _, word := range secretWords {
			if text[i]|0x20 == word[0] && len(text)-i >= len(word) && text[i+1]|0x20 == word[1] && strings.EqualFold(text[i:i+len(word)], word) {
				return true
			}
		}
	}
	return false
}

var secretWords = []string{"passw", "pwd", "passphrase", "passcode", "pin", "secret", "token", "credential"}

// withoutSecrets makes a body fit to be kept: at most 8 KiB, secrets removed. Where there could be any, what is kept is written anew from
// what was understood: in {"x":{"password":"S"},"x":1} the first x is not among that, but in the text.
func withoutSecrets(body []byte) string {
	text := strings.ToValidUTF8(string(body[:min(len(body), maxRawPart)]), "\uFFFD")
	if len(body) < maxRawPart && !mayHoldSecrets(text) {
		return text
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err == nil && !decoder.More() {
		blot(value)
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(value) != nil {
			return blotted
		}
		return strings.TrimSuffix(b.String(), "\n")
	}
	lower := strings.ToLower(text)
	if strings.Contains(text, `\u00`) || secretName.MatchString(text) && (strings.Contains(lower, `"path"`) || strings.Contains(lower, `"filter"`)) {
		return "[not kept: it may set a password]"
	}
	text = secretValue.ReplaceAllString(text, `"$1":"`+blotted+`"`)
	if len(body) >= maxRawPart {
		text += "\n[cut off after 8 KiB]"
	}
	return text
}
