package sso

// CheckTitles are the titles of all checks, in order.
func CheckTitles() []string {
	titles := make([]string, len(steps))
	for i, s := range steps {
		titles[i] = s.title
	}
	return titles
}
