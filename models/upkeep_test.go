package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestRateLimitsAreExact(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		limit := models.RateLimit{Every: 10 * time.Second, Burst: 5}
		try := func(key string, n int) (allowed int) {
			t.Helper()
			errs := race(n, func(int) error { return f.Limit(ctx, key, limit) })
			for _, err := range errs {
				if err != nil {
					f.refuses(err, models.TooMany, "Too many attempts")
				}
			}
			return succeeded(errs)
		}
		for _, step := range []struct {
			wait    time.Duration
			allowed int
		}{
			{0, 5},
			{0, 0},
			{9999 * time.Millisecond, 0},
			{time.Millisecond, 1},
			{0, 0},
			{25 * time.Second, 2},
			{4999 * time.Millisecond, 0},
			{time.Millisecond, 1},
			{time.Hour, 5},
			{50 * time.Second, 5},
			{50*time.Second - time.Millisecond, 4},
		} {
			f.clock.Advance(step.wait)
			if got := try("one", 20); got != step.allowed {
				t.Errorf("after %v: %d of 20 calls at once were allowed, want %d", step.wait, got, step.allowed)
			}
		}
		if got := try("another", 20); got != 5 {
			t.Errorf("another key: %d allowed", got)
		}
	})
}

func TestRateLimitsCanBeTurnedOff(t *testing.T) {
	db := modelstest.New(t, modelstest.SQLite, func(o *models.Options) { o.NoRateLimits = true })
	for range 20 {
		must(t, db.Limit(t.Context(), "key", models.RateLimit{Every: time.Hour, Burst: 1}))
	}
}

func TestMailedLinksAreLimitedForEveryAddressAlike(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		for i, email := range []string{f.owner.Address(), "stranger@" + f.domain} {
			client := models.Client{IP: fmt.Sprint("192.0.2.", i)}
			for range 5 {
				must(t, f.AllowLink(t.Context(), client, strings.ToUpper(email)))
			}
			f.wantKind(f.AllowLink(t.Context(), client, email), models.TooMany)
			// From elsewhere too: the mailbox is to be kept from a flood.
			f.wantKind(f.AllowLink(t.Context(), models.Client{IP: "198.51.100.1"}, email), models.TooMany)
		}
		f.wantKind(f.AllowLink(t.Context(), someClient, "no address"), models.Invalid)
	})
}

func TestSCIMTokensEndAndAreCounted(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		use := func(bearer string) error {
			c, err := f.SCIMCall(someClient, bearer)
			if err != nil {
				return err
			}
			return f.AuthenticateSCIM(ctx, c)
		}
		token, bearer, err := f.CreateSCIMToken(ctx, f.actor, f.org.ID, "Entra", 24*time.Hour)
		must(t, err)
		if !strings.HasPrefix(bearer, "scim_"+token.ID+"_") || strings.Contains(f.Dump(t), strings.TrimPrefix(bearer, "scim_"+token.ID+"_")) {
			t.Errorf("the token is %q, or its secret is stored", bearer)
		}
		must(t, use(bearer))
		for name, bad := range map[string]string{
			"no token": "", "another scheme": "Basic abc", "no secret": "scim_" + token.ID, "an empty secret": "scim_" + token.ID + "_", "a wrong secret": bearer + "x",
			"an unknown id": "scim_x" + strings.TrimPrefix(bearer, "scim_"), "very long": "scim_" + strings.Repeat("x", 300) + "_y", "the hash as secret": "scim_" + token.ID + "_" + token.SecretHash,
			"a NUL": "scim_a\x00_b", "no text": "scim_\xff_b",
		} {
			if err := use(bad); !models.IsKind(err, models.Unauthenticated) {
				t.Errorf("%s: %v", name, err)
			}
		}
		f.clock.Advance(24*time.Hour - time.Microsecond)
		must(t, use(bearer))
		f.clock.Advance(time.Microsecond)
		f.refuses(use(bearer), models.Unauthenticated, "expired")
		forever, bearer, err := f.CreateSCIMToken(ctx, f.actor, f.org.ID, "Okta", 0)
		must(t, err)
		f.clock.Advance(1000 * 24 * time.Hour)
		must(t, use(bearer))
		must(t, f.RevokeSCIMToken(ctx, f.actor, f.org.ID, forever.ID))
		f.refuses(use(bearer), models.Unauthenticated, "revoked")
		mark := f.mark()
		must(t, f.RevokeSCIMToken(ctx, f.actor, f.org.ID, forever.ID))
		if len(f.events(mark)) != 0 {
			t.Error("revoking twice is audited")
		}
		for _, life := range []time.Duration{-time.Second, models.MaxSCIMTokenLife + 1} {
			_, _, err := f.CreateSCIMToken(ctx, f.actor, f.org.ID, "x", life)
			f.wantKind(err, models.Invalid)
		}
		list, err := f.SCIMTokens(ctx, f.org.ID)
		must(t, err)
		if len(list) != 2 || list[0].ID != token.ID || list[1].RevokedBy == nil || *list[1].RevokedBy != f.actor.Label {
			t.Errorf("listed %+v", list)
		}
		for i := range 19 {
			_, _, err := f.CreateSCIMToken(ctx, f.actor, f.org.ID, fmt.Sprint(i), 0)
			must(t, err)
		}
		_, _, err = f.CreateSCIMToken(ctx, f.actor, f.org.ID, "one too many", 0)
		f.refuses(err, models.Conflict, "the most")
	})
}

func TestANoticeIsMailedByOneWorker(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.add("second", models.Owner)
		gone := f.add("gone", models.Owner)
		must(t, f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, gone.ID))
		f.add("admin", models.Admin)
		f.turnOn(false, false)
		for i := range 8 {
			f.certificate(fmt.Sprint(i))
		}
		before := len(f.notices())
		claimed := make([][]models.UnmailedNotice, 4)
		errs := race(len(claimed), func(i int) (err error) {
			claimed[i], err = f.ClaimUnmailedNotices(ctx, 3)
			return err
		})
		rest, err := f.ClaimUnmailedNotices(ctx, 100)
		must(t, err)
		if succeeded(errs) != len(errs) {
			t.Fatal(errs)
		}
		once := map[string]bool{}
		for _, list := range append(claimed, rest) {
			for _, n := range list {
				if once[n.ID] {
					t.Errorf("%s was claimed twice", n.Subject)
				}
				once[n.ID] = true
				slices.Sort(n.Owners)
				if n.Organization != "Acme" || !slices.Equal(n.Owners, []string{f.owner.Address(), "second@" + f.domain}) {
					t.Errorf("for %s, %v", n.Organization, n.Owners)
				}
			}
		}
		if len(once) != before {
			t.Errorf("%d of %d notices were claimed", len(once), before)
		}
		// One that could not be mailed comes again.
		for id := range once {
			must(t, f.UnclaimNotice(ctx, id))
			break
		}
		if again, err := f.ClaimUnmailedNotices(ctx, 100); len(again) != 1 || err != nil {
			t.Errorf("%d again, %v", len(again), err)
		}
	})
}

func TestSweepingTakesWhatHasOutlivedItsUse(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.session(f.owner, models.MethodSSO)
		must(t, f.Limit(ctx, "old", models.RateLimit{Every: time.Second, Burst: 1}))
		_, err := f.PasswordLink(ctx, someClient, f.owner.Address())
		must(t, err)
		f.invite("bo@" + f.domain)
		_, err = f.RefuseLogin(ctx, someClient, f.org.ID, "", models.LoginRefusal{Admin: "Old."})
		must(t, err)
		f.Execute(t, `insert into used_assertions (org_id, assertion_id, used_at, expires_at) values (?, 'old', ?, ?)`, f.org.ID, f.Now(), f.Now().Add(time.Hour))
		f.Execute(t, `insert into pending_logins (id, org_id, connection_version, purpose, browser_hash, created_at, expires_at) values ('old', ?, 1, 'sign_in', 'x', ?, ?)`, f.org.ID, f.Now(), f.Now().Add(time.Hour))
		count := func(table string) int { return f.Count(t, table) }
		before := f.Dump(t)
		must(t, f.Sweep(ctx))
		if f.Dump(t) != before {
			t.Error("what is still of use was swept")
		}
		f.clock.Advance(8 * 24 * time.Hour) // an invitation lives for seven days, and is kept for one more
		f.session(f.owner, models.MethodSSO)
		must(t, f.Sweep(ctx))
		for table, want := range map[string]int{"sessions": 1, "links": 1, "pending_logins": 0, "used_assertions": 0, "activity": 1, "members": 3} {
			if got := count(table); got != want {
				t.Errorf("%d rows of %s are left, want %d", got, table, want)
			}
		}
		f.clock.Advance(models.ActivityLife)
		events := count("audit_events")
		must(t, f.Sweep(ctx))
		for table, want := range map[string]int{"sessions": 0, "links": 0, "activity": 0, "rate_limits": 0, "members": 3, "audit_events": events} {
			if got := count(table); got != want {
				t.Errorf("%d rows of %s are left, want %d", got, table, want)
			}
		}
	})
}
