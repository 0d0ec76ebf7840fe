package handlers

import (
	"strings"
	"testing"

	"gatehouse/models"
	"gatehouse/sso"
)

func TestAdviceNeverSendsPeopleRoundInACircle(t *testing.T) {
	for _, test := range []struct {
		name   string
		reason models.RefusalReason
		want   string // title of the first advice
		again  bool   // trying again can help
	}{
		{"no membership: an invitation helps", models.RefusedNoMembership, "Ask an admin of Acme for an invitation", false},
		{"deactivated: only an admin helps", models.RefusedDeactivated, "Is this a mistake? Ask an admin of Acme", false},
		{"held: only an admin helps", models.RefusedHeld, "Ask an admin of Acme", false},
		{"SSO off: the password helps", models.RefusedSSOOff, "Use your password", false},
		{"another domain: the work account helps", models.RefusedDomainUnverified, "Use your work account", false},
		{"unsigned: the admin first", models.RefusalReason(sso.ReasonSignatureMissing), "Ask your IT admin", false},
		{"too slow: again", models.RefusedRequestExpired, "Sign in again", true},
		{"no cookies: allow them", models.RefusedCookiesBlocked, "Allow cookies for this site", false},
		{"removed: the password helps", models.RefusedConnectionRemoved, "Use your password", false},
		{"another browser: begin here", models.RefusedOtherBrowser, "Start again in this window", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			advice := refusalAdvice(&models.LoginRefusal{Reason: test.reason, Reference: "ABCD-EFGH"}, "Acme")
			if advice[0].Title != test.want {
				t.Errorf("first advice %q, want %q", advice[0].Title, test.want)
			}
			if again := strings.Contains(strings.ToLower(advice[0].Title), "again"); again != test.again {
				t.Errorf("advises to try again: %t, want %t", again, test.again)
			}
		})
	}
	for _, a := range refusalAdvice(&models.LoginRefusal{Reason: models.RefusedUnknownRequest}, "Acme") {
		if strings.Contains(a.Text, "reference") {
			t.Errorf("speaks of a reference where there is none: %q", a.Text)
		}
	}
}
