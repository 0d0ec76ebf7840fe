package handlers

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/models"
	"gatehouse/sso"
)

// hidden stands where a value was that is the person's.
const hidden = "(hidden)"

var (
	addressInText = regexp.MustCompile(`[^\s<>"'(),;:|/]+@([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)`)
	quotedInText  = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	machineValue  = regexp.MustCompile(`^(?i:https?://.*|urn:.*|api://.*|spn:.*|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)
)

// anonymous is a trace for a reader who has no account here. What the two systems say about each other stays as it is: issuers, audiences,
// times, thumbprints. What they say about the person goes: of an address its domain stays, of claims their names.
func anonymous(t models.LoginTrace, a *models.Activity) models.LoginTrace {
	own := ownValues(t, a)
	refusals := map[string]bool{} // about the person: what was expected may be another person's
	for _, r := range models.Refusals() {
		// Who deactivated them and why they are held is about the mend.
		refusals[string(r.Reason)] = r.Reason != models.RefusedDeactivated && r.Reason != models.RefusedHeld
	}
	hide := func(text string, reason string) string {
		switch {
		case text == "":
			return ""
		case strings.HasPrefix(reason, "status_"): // Microsoft puts names between quotes
			text = quotedInText.ReplaceAllStringFunc(text, func(q string) string {
				if machineValue.MatchString(q[1 : len(q)-1]) {
					return q
				}
				return q[:1] + "…" + q[:1]
			})
		case refusals[reason] && !strings.Contains(text, "@"):
			return hidden
		}
		for _, v := range own {
			text = replaceWord(text, v)
		}
		return addressInText.ReplaceAllString(text, "…@$1")
	}
	anon := models.LoginTrace{ClockMillis: t.ClockMillis}
	for _, c := range t.Checks {
		c.Got, c.Want, c.Problem = hide(c.Got, c.Reason), hide(c.Want, c.Reason), addressInText.ReplaceAllString(c.Problem, "…@$1")
		anon.Checks = append(anon.Checks, c)
	}
	for _, c := range t.Claims {
		c.Values = nil
		anon.Claims = append(anon.Claims, c)
	}
	return anon
}

// ownValues are what is known about the person, the longest first: a name may be part of an address.
func ownValues(t models.LoginTrace, a *models.Activity) []string {
	var own []string
	add := func(v string) {
		if v = strings.TrimSpace(v); v != "" && !machineName(v) && !slices.Contains(own, v) {
			own = append(own, v)
		}
	}
	add(a.Who)
	detail := a.Facts()
	for _, name := range []string{"email", "name_id", "object_id"} {
		v, _ := detail[name].(string)
		add(v)
	}
	for _, c := range t.Checks {
		// A response that is refused for something else has named the person all the same.
		if c.Title != sso.NameIDTitle {
			continue
		}
		if i := strings.LastIndex(c.Got, " ("); i >= 0 && c.State == models.CheckPassed {
			add(c.Got[:i]) // its format stays
		} else if !strings.HasSuffix(c.Got, " NameIDs") {
			add(c.Got)
		}
	}
	for _, c := range t.Claims {
		if c.UsedFor == "" {
			continue
		}
		for _, v := range c.Values {
			add(v)
		}
	}
	slices.SortFunc(own, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return own
}

// machineName tells a value that names a thing, such as a way to authenticate, from one that names a person.
func machineName(v string) bool {
	return strings.HasPrefix(v, "http://schemas.") || strings.HasPrefix(v, "urn:")
}

// replaceWord hides a value wherever it stands by itself; of an address the domain stays. Short names inside longer words are no names.
func replaceWord(text, value string) string {
	instead := hidden
	if _, domain, ok := strings.Cut(value, "@"); ok && domain != "" && !strings.ContainsAny(domain, "@ ") {
		instead = "…@" + domain
	}
	var b strings.Builder
	for {
		i := strings.Index(text, value)
		if i < 0 {
			return b.String() + text
		}
		before, _ := utf8.DecodeLastRuneInString(b.String() + text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(value):])
		b.WriteString(text[:i])
		if wordRune(before) || wordRune(after) {
			b.WriteString(value)
		} else {
			b.WriteString(instead)
		}
		text = text[i+len(value):]
	}
}

func wordRune(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
