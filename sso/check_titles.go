package sso

// NameIDTitle is the title of the check whose values are the person's own.
const NameIDTitle = "Names the person (NameID)"

// CheckTitles are the titles of all checks, in order.
func CheckTitles() []string {
	titles := make([]string, len(steps))
	for i, s := range steps {
		titles[i] = s.title
	}
	return titles
}
