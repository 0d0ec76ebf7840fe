package models_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

const metadataAddress = "https://idp.example/metadata"

// otherAddresses lets the organization follow metadata that named "i" and "s", and names these now.
func (f *fixture) otherAddresses(issuer, signInURL string) {
	f.t.Helper()
	must(f.t, f.FollowMetadata(f.t.Context(), f.actor, f.org.ID, metadataAddress, models.IdPMetadata{Issuer: "i", SignInURL: "s"}))
	f.readMetadata(issuer, signInURL)
}

// readMetadata is the daily look at the metadata.
func (f *fixture) readMetadata(issuer, signInURL string) {
	f.t.Helper()
	m := &models.IdPMetadata{Issuer: issuer, SignInURL: signInURL, LogoutURL: "https://idp.example/logout-of-" + issuer}
	must(f.t, f.RecordMetadata(f.t.Context(), models.Actor{Kind: models.System, Label: "Gatehouse"}, f.org.ID, metadataAddress, m, ""))
}

// waits is what waits: issuer and sign-in URL.
func (f *fixture) waits() string {
	f.t.Helper()
	m, err := f.Metadata(f.t.Context(), f.org.ID)
	must(f.t, err)
	return m.Issuer + "|" + m.SignInURL
}

func TestOtherAddressesAreTakenOverAsTheyWereSeen(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		refused := func(issuer, signInURL string) {
			t.Helper()
			f.refuses(f.TakeOverMetadata(ctx, f.actor, f.org.ID, issuer, signInURL, "https://idp.example/logout-of-"+issuer), models.Conflict, "Look at the page again")
			f.refuses(f.DismissMetadata(ctx, f.actor, f.org.ID, issuer, signInURL), models.Conflict, "Look at the page again")
		}
		refused("i", "s")
		f.otherAddresses("other", "s")
		bo := f.add("bo", models.RoleMember)
		f.session(bo, models.MethodSSO)
		// Only what was shown: not what the metadata says since, not a half of it.
		refused("i", "s")
		refused("other", "")
		refused("elsewhere", "s")
		f.readMetadata("newest", "s")
		refused("other", "s")
		f.refuses(f.TakeOverMetadata(ctx, f.actor, f.org.ID, "newest", "s", "https://idp.example/logout-of-other"), models.Conflict, "Look at the page again")
		must(t, f.TakeOverMetadata(ctx, f.actor, f.org.ID, "newest", "s", "https://idp.example/logout-of-newest"))
		s, err := f.SSO(ctx, f.org.ID)
		if err != nil || s.Issuer != "newest" || s.SignInURL != "s" || s.LogoutURL != "https://idp.example/logout-of-newest" {
			t.Errorf("%+v, %v", s, err)
		}
		if f.countSessions(bo) != 0 {
			t.Error("sessions of the old issuer go on")
		}
		if f.waits() != "|" {
			t.Errorf("waits still: %s", f.waits())
		}
		refused("newest", "s")
		// It is still read, and what it says now is nothing new.
		mark := f.mark()
		f.readMetadata("newest", "s")
		if len(f.events(mark)) != 0 || f.waits() != "|" {
			t.Errorf("%v, %s", actions(f.events(mark)), f.waits())
		}
	})
}

func TestDismissedAddressesDoNotComeUpAgain(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		notices := func() int {
			t.Helper()
			list, err := f.Notices(ctx, f.org.ID, 100)
			must(t, err)
			return count(list, func(n models.Notice) bool { return strings.Contains(n.Subject, "metadata has changed") })
		}
		look := func(issuer, signInURL, want string, told int) {
			t.Helper()
			f.clock.Advance(24 * time.Hour)
			f.readMetadata(issuer, signInURL)
			if got := f.waits(); got != want || notices() != told {
				t.Errorf("%s, %s: waits %q, want %q; told %d times, want %d", issuer, signInURL, got, want, notices(), told)
			}
		}
		f.otherAddresses("i", "other")
		look("i", "other", "|other", 1)
		must(t, f.DismissMetadata(ctx, f.actor, f.org.ID, "i", "other"))
		if s, err := f.SSO(ctx, f.org.ID); err != nil || s.SignInURL != "s" {
			t.Errorf("dismissing changes the connection: %+v, %v", s, err)
		}
		look("i", "other", "|", 1)
		look("i", "other", "|", 1)
		// Something else comes up, and so does what was dismissed once the metadata was right meanwhile.
		look("new", "other", "new|other", 2)
		look("i", "s", "|", 2)
		look("i", "other", "|other", 3)
		// Following anew begins anew.
		must(t, f.DismissMetadata(ctx, f.actor, f.org.ID, "i", "other"))
		must(t, f.UnfollowMetadata(ctx, f.actor, f.org.ID))
		f.otherAddresses("i", "other")
		if f.waits() != "|other" {
			t.Errorf("waits %s", f.waits())
		}
	})
}

// Where sign-outs are answered belongs to the provider: it does not survive another one, nor the removal of the configuration.
func TestTheLogoutAddressGoesWithItsProvider(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		want := func(logoutURL, why string) {
			t.Helper()
			s, err := f.SSO(ctx, f.org.ID)
			must(t, err)
			if s.LogoutURL != logoutURL {
				t.Errorf("%s: %q, want %q", why, s.LogoutURL, logoutURL)
			}
		}
		okta := models.IdPMetadata{Issuer: "okta", SignInURL: "s", LogoutURL: "https://okta.example/logout"}
		follow := func() { t.Helper(); must(t, f.FollowMetadata(ctx, f.actor, f.org.ID, metadataAddress, okta)) }
		follow()
		want("https://okta.example/logout", "followed")

		// Only that address is another one.
		mark := f.mark()
		okta.LogoutURL = "https://okta.example/slo"
		follow()
		want("https://okta.example/slo", "only the logout address changed")
		if e := f.events(mark); len(e) != 1 || e[0].Action != "sso_metadata.followed" || !strings.Contains(e[0].Before+e[0].After, "okta.example/slo") {
			t.Errorf("audited: %+v", e)
		}
		mark = f.mark()
		follow()
		if e := f.events(mark); len(e) != 0 {
			t.Errorf("nothing changed, but %v", actions(e))
		}

		must(t, f.SaveConnection(ctx, f.actor, f.org.ID, "okta", "another", nil))
		want("https://okta.example/slo", "another sign-in URL of the same provider")
		mark = f.mark()
		must(t, f.SaveConnection(ctx, f.actor, f.org.ID, "entra", "s", nil))
		want("", "another issuer")
		if e := f.events(mark); len(e) != 1 || !strings.Contains(e[0].Before, "okta.example/slo") {
			t.Errorf("audited: %+v", e)
		}

		follow()
		must(t, f.ConfigureSSO(ctx, f.actor, f.org.ID, "by hand", "s", nil, models.Switches{}))
		want("", "another issuer by the operator")

		follow()
		must(t, f.MakeRequestKey(ctx, f.actor, f.org.ID, []byte("key"), "certificate"))
		must(t, f.SetSignRequests(ctx, f.actor, f.org.ID, true))
		must(t, f.RemoveSSO(ctx, f.actor, f.org.ID))
		want("", "removed")
		if s, err := f.SSO(ctx, f.org.ID); err != nil || s.SignRequests {
			t.Errorf("requests are still to be signed: %v", err)
		}
	})
}
