package handlers

import (
	"testing"
	"time"

	"gatehouse/models"
)

func TestTheStateOfProvisioningIsToldAgainstItsOwnRhythm(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		silent, longest time.Duration
		managed         int
		want            string
	}{
		"nobody is provisioned yet":              {time.Hour, time.Hour, 0, "Connection tested"},
		"it called lately":                       {time.Hour, time.Hour, 5, "Working"},
		"it calls once a day and is not late":    {26 * time.Hour, 24 * time.Hour, 5, "Working"},
		"it calls every hour and has stopped":    {5 * time.Hour, time.Hour, 5, "Silent for 5 hours"},
		"it stopped before its rhythm was known": {72 * time.Hour, 0, 5, "Silent for 3 days"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := provisioningState(now, now.Add(-row.silent), row.managed, models.Rhythm{Longest: row.longest}); got.Value != row.want {
				t.Errorf("%q, want %q", got.Value, row.want)
			}
		})
	}
}

func TestTheStatusCardFollowsTheDirectory(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		page := func(want string) {
			t.Helper()
			a.server.Wait()
			a.signIn("ana@acme.com").get(scimPath).wantStatus(200).wantText("main", want)
		}
		page("Waiting for the first call")
		v.ask("GET", `/Users?filter=userName+eq+"x"`, "")
		page("Connection tested")
		v.ask("POST", "/Users", `{"userName":"eve@acme.com"}`)
		page("Working")
		v.ask("POST", "/Users", `{"userName":"eve@acme.com"}`)
		page("1 request within a day")
		for range 4 {
			a.clock.Advance(time.Hour)
			v.ask("GET", `/Users?filter=userName+eq+"x"`, "")
		}
		a.clock.Advance(5 * time.Hour)
		page("It was never silent for longer than 1 hour")
	})
}
