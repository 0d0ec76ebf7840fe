package demo

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// initials are at most two letters for an avatar.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	text := string(first)
	if len(words) > 1 {
		last, _ := utf8.DecodeRuneInString(words[len(words)-1])
		text += string(last)
	}
	return strings.ToUpper(text)
}

// hue picks one of five avatar tints, always the same for the same person.
func hue(id string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash does not fail
	return string(rune('1' + h.Sum32()%5))
}

func dateTime(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }
func clock(t time.Time) string    { return t.UTC().Format("15:04:05") }

// expiry is a date with what is left until then: "23 Nov 2029, in 3 years".
func expiry(until, now time.Time) string {
	days := int(until.Sub(now).Hours() / 24)
	date := until.UTC().Format("2 Jan 2006")
	switch {
	case until.Before(now):
		return date + ", expired"
	case days < 1:
		return date + ", today"
	case days < 60:
		return date + ", in " + count(days, "day")
	case days < 700:
		return fmt.Sprintf("%s, in %d months", date, days/30)
	}
	return fmt.Sprintf("%s, in %d years", date, (days+30)/365)
}

// milliseconds is a duration for people: "14 ms".
func milliseconds(d time.Duration) string {
	if d < time.Millisecond {
		return "under 1 ms"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// people is a count of persons.
func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// sentence makes an error's text a sentence for a page.
func sentence(err error) string {
	text := err.Error()
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
