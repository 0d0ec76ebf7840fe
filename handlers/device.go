package handlers

import "strings"

// device is what people call the browser behind a User-Agent, "Firefox on Linux", and whether it is a phone or tablet. It is a guess for
// recognising one's own sessions, never the reason for a decision.
func device(userAgent string) (name string, mobile bool) {
	browser := firstWord(userAgent, browserMarks)
	system := firstWord(userAgent, systemMarks)
	mobile = system == "iPhone" || system == "iPad" || system == "Android"
	switch {
	case browser != "" && system != "":
		return browser + " on " + system, mobile
	case browser != "":
		return browser, mobile
	case system != "":
		return "A browser on " + system, mobile
	case userAgent == "":
		return "Unknown device", false
	}
	// A program names itself before the first slash: "curl/8.5.0".
	program, _, _ := strings.Cut(userAgent, "/")
	if program != "" && len(program) <= 40 && !strings.ContainsFunc(program, func(r rune) bool { return r < ' ' || r > '~' }) {
		return program, false
	}
	return "Unknown device", false
}

// mark is a part of a User-Agent and what it stands for.
type mark struct{ part, word string }

// Nearly every browser also claims to be its ancestors, so the order decides: descendants first.
var browserMarks = []mark{
	{"Edg/", "Edge"},
	{"EdgA/", "Edge"},
	{"EdgiOS/", "Edge"},
	{"OPR/", "Opera"},
	{"Vivaldi/", "Vivaldi"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"FxiOS/", "Firefox"},
	{"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"HeadlessChrome/", "Chrome"},
	{"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
}

var systemMarks = []mark{
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Android", "Android"},
	{"CrOS", "ChromeOS"},
	{"Windows", "Windows"},
	{"Mac OS X", "macOS"},
	{"Macintosh", "macOS"},
	{"Linux", "Linux"},
	{"X11", "Linux"},
}

func firstWord(userAgent string, marks []mark) string {
	for _, m := range marks {
		if strings.Contains(userAgent, m.part) {
			return m.word
		}
	}
	return ""
}
