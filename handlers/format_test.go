package handlers

import (
	"testing"
	"time"
)

func TestTimesAreSaidInWords(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name      string
		got, want string
	}{
		{"seconds ago", ago(now, now.Add(-59*time.Second)), "just now"},
		{"a clock that runs ahead", ago(now, now.Add(time.Minute)), "just now"},
		{"one minute", ago(now, now.Add(-time.Minute)), "1 minute ago"},
		{"hours", ago(now, now.Add(-23*time.Hour)), "23 hours ago"},
		{"a day", ago(now, now.Add(-25*time.Hour)), "yesterday"},
		{"days", ago(now, now.AddDate(0, 0, -12)), "12 days ago"},
		{"long ago is a date", ago(now, now.AddDate(-1, 0, 0)), "on 24 Nov 2025"},
		{"relative and absolute", agoExact(now, now.Add(-2*time.Hour)), "2 hours ago (24 Nov 2026, 07:00 UTC)"},
		{"an expiry with days left", until(now, now.AddDate(0, 0, 90)), "22 Feb 2027, 90 days left"},
		{"an expiry of today", until(now, now.Add(time.Hour)), "24 Nov 2026, today"},
		{"an expiry that is past", until(now, now.AddDate(0, 0, -1)), "23 Nov 2026, 1 day ago"},
		{"another zone is shown in UTC", dateTime(time.Date(2026, 11, 24, 1, 0, 0, 0, time.FixedZone("", 2*3600))), "23 Nov 2026, 23:00 UTC"},
		{"tomorrow", left(now, now.AddDate(0, 0, 1)), "tomorrow"},
		{"in days", left(now, now.AddDate(0, 0, 23)), "in 23 days"},
		{"whole hours", length(8 * time.Hour), "8 hours"},
		{"24 hours stay hours", length(24 * time.Hour), "24 hours"},
		{"whole days", length(7 * 24 * time.Hour), "7 days"},
		{"odd minutes", length(90 * time.Minute), "90 minutes"},
		{"thousands", count(1284, "event", "events"), "1,284 events"},
		{"one", count(1, "person", "people"), "1 person"},
		{"a list", list([]string{"Ana", "Bo", "Cy"}), "Ana, Bo and Cy"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestDevicesAreNamedAsPeopleCallThem(t *testing.T) {
	for _, c := range []struct {
		agent, want string
		mobile      bool
	}{
		{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux", false},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge on Windows", false},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", "Safari on macOS", false},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone", true},
		{"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome on Android", true},
		{"curl/8.5.0", "curl", false},
		{"\x01\x02/1", "Unknown device", false},
		{"", "Unknown device", false},
	} {
		if got, mobile := device(c.agent); got != c.want || mobile != c.mobile {
			t.Errorf("%q: got %q, mobile %v, want %q, %v", c.agent, got, mobile, c.want, c.mobile)
		}
	}
}
