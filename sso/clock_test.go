package sso

import (
	"errors"
	"testing"
	"time"
)

// Whether a person was slow or a clock is wrong is decided by when the request was sent: an answer cannot be older than its question.
func TestWhoseFaultTheTimeIs(t *testing.T) {
	const minute = time.Minute
	for _, test := range []struct {
		name          string
		asked, issued time.Duration // before now
		ends          time.Duration // after now
		want          Reason
		side          Side
		got           string
	}{
		{"the clock there is four minutes behind", minute / 3, 4 * minute, 60 * minute, ReasonIssuedBeforeRequest, SideIdP, "2026-11-24T09:26:00Z, 4 minutes behind our clock"},
		{"an hour behind, and everything is over by it", minute / 3, 60 * minute, -5 * minute, ReasonIssuedBeforeRequest, SideIdP, "2026-11-24T08:30:00Z, 60 minutes behind our clock"},
		{"two days behind", minute / 3, 49 * 60 * minute, -48 * 60 * minute, ReasonIssuedBeforeRequest, SideIdP, "2026-11-22T08:30:00Z, 2 days behind our clock"},
		{"it is behind and the person was slow", 9 * minute, 13 * minute, 60 * minute, ReasonIssuedBeforeRequest, SideIdP, "2026-11-24T09:17:00Z, 13 minutes behind our clock"},
		{"the person waited with the answer in hand", 9*minute + minute/2, 9 * minute, 60 * minute, ReasonTooLate, SidePerson, "2026-11-24T09:21:00Z, 9 minutes ago"},
		{"the person waited longer than the answer is valid", 7 * minute, 6 * minute, -4 * minute, ReasonExpired, SidePerson, "2026-11-24T09:26:00Z, 4 minutes ago"},
		{"the answer was over before it was asked for", minute / 3, 0, -4 * minute, ReasonExpired, SideIdP, "2026-11-24T09:26:00Z, 4 minutes ago"},
		{"the clock there is ten minutes ahead", minute / 3, -10 * minute, 60 * minute, ReasonIssuedInFuture, SideIdP, "2026-11-24T09:40:00Z, 10 minutes ahead of our clock"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := change(func(m *message) {
				m.issued, m.notAfter, m.notBefore = testNow.Add(-test.issued), testNow.Add(test.ends), testNow.Add(-72*60*minute)
			})
			pending := PendingRequest{ID: testRequest, IssuedAt: testNow.Add(-test.asked)}
			_, err := Verify(testConnection(), m.build(t), pending, testNow)
			var e *Error
			if !errors.As(err, &e) || e.Reason != test.want || e.Side() != test.side || e.Got != test.got || e.Want != "within three minutes of our clock, 2026-11-24T09:30:00Z" {
				t.Fatalf("%v, side %s; want %s, %s, %q", err, e.Side(), test.want, test.side, test.got)
			}
			// No check of the same message blames anybody else.
			for _, c := range Inspect(testConnection(), m.build(t), pending, testNow).Checks {
				if c.Err != nil && c.Err.Side() != test.side && test.want == ReasonIssuedBeforeRequest {
					t.Errorf("%s blames %s: %v", c.Name, c.Err.Side(), c.Err)
				}
			}
		})
	}
}

func TestMinutes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 seconds", time.Second: "1 second", 59 * time.Second: "59 seconds", time.Minute: "1 minute", 119 * time.Minute: "119 minutes", 2 * time.Hour: "2 hours", 47 * time.Hour: "47 hours", 72 * time.Hour: "3 days",
	} {
		if got := minutes(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
