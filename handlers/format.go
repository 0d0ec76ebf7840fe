package handlers

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Times are shown in UTC and say so. Expiries are a date and the days left; the past is relative with the absolute time beside it.

// date is "24 Nov 2026".
func date(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// dateTime is "24 Nov 2026, 16:41 UTC".
func dateTime(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// clockTime is "16:41".
func clockTime(t time.Time) string { return t.UTC().Format("15:04") }

// ago is how long t is past: "just now", "2 minutes ago", "3 hours ago", "yesterday", "12 days ago", then the date.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute", "minutes") + " ago"
	case d < 24*time.Hour:
		return count(int(d/time.Hour), "hour", "hours") + " ago"
	}
	switch days := daysBetween(t, now); {
	case days <= 1:
		return "yesterday"
	case days <= 30:
		return strconv.Itoa(days) + " days ago"
	}
	return "on " + date(t)
}

// agoExact is ago with the absolute time: "2 hours ago (24 Nov 2026, 14:41 UTC)".
func agoExact(now, t time.Time) string {
	relative := ago(now, t)
	if strings.HasPrefix(relative, "on ") {
		return relative
	}
	return relative + " (" + dateTime(t) + ")"
}

// left is how long t is ahead: "today", "tomorrow", "in 23 days"; "expired" when it is past.
func left(now, t time.Time) string {
	if !t.After(now) {
		return "expired"
	}
	switch days := daysBetween(now, t); days {
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	default:
		return "in " + strconv.Itoa(days) + " days"
	}
}

// until is an expiry as a date and the days left: "1 Mar 2028, 463 days left", "1 Mar 2026, 12 days ago".
func until(now, t time.Time) string {
	days := daysBetween(now, t)
	switch {
	case !t.After(now) && days == 0:
		return date(t) + ", earlier today"
	case !t.After(now):
		return date(t) + ", " + count(-days, "day", "days") + " ago"
	case days == 0:
		return date(t) + ", today"
	}
	return date(t) + ", " + count(days, "day", "days") + " left"
}

// daysBetween counts midnights (UTC) from a to b, negative if b is before a.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
	return int(day(b).Sub(day(a)) / (24 * time.Hour))
}

// length is a length of time in its largest whole unit: "8 hours", "90 minutes", "7 days".
func length(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return count(int(d/day), "day", "days")
	case d >= time.Hour && d%time.Hour == 0:
		return count(int(d/time.Hour), "hour", "hours")
	}
	return count(int(d/time.Minute), "minute", "minutes")
}

// count is a number with its noun: "1 person", "1,284 people".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands is "1,284".
func thousands(n int) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// list is "Ana", "Ana and Bo", "Ana, Bo and Cy".
func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
