package models_test

import (
	"fmt"
	"testing"

	"gatehouse/models"
)

// One customer of an IPv6 network has 2^64 addresses: a new one for each guess must not be a new allowance.
func TestGuessesFromOneIPv6NetworkAreCountedTogether(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		guess := func(ip string) error {
			_, err := f.PasswordSignIn(t.Context(), models.Client{IP: ip}, f.owner.Address(), "wrong horse battery", false)
			return err
		}
		for i := range 10 {
			f.wantKind(guess(fmt.Sprintf("2001:db8:1:2::%x", i+1)), models.Unauthenticated)
		}
		f.wantKind(guess("2001:db8:1:2:ffff::1"), models.TooMany)
		f.wantKind(guess("2001:db8:1:3::1"), models.Unauthenticated)
		// IPv4 addresses are people's own.
		f.wantKind(guess("198.51.100.7"), models.Unauthenticated)
		f.wantKind(guess("::ffff:198.51.100.8"), models.Unauthenticated)
		for i := range 20 {
			err := f.AllowLink(t.Context(), models.Client{IP: fmt.Sprintf("2001:db8:9::%x", i+1)}, fmt.Sprintf("somebody%d@%s", i, f.domain))
			must(t, err)
		}
		f.wantKind(f.AllowLink(t.Context(), models.Client{IP: "2001:db8:9::ffff"}, "another@"+f.domain), models.TooMany)
	})
}
