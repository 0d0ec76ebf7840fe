package models_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// What a usual sign-in leaves behind is what the first one, which goes through all the rules, has left.
func TestAUsualSignInLeavesWhatAnyDoes(t *testing.T) {
	for _, ends := range []time.Duration{0, time.Hour} {
		t.Run(fmt.Sprint("the session there ends after ", ends), func(t *testing.T) {
			eachLogin(t, func(w *loginWorld) {
				ctx := w.t.Context()
				login := loginOf("oid-1", "ana@acme.com")
				login.SessionIndex, login.AssertionExpires = "_index", w.Now().Add(2*time.Hour)
				login.Detail = models.Facts{"email_from": "email", "trace": models.LoginTrace{Claims: []models.LoginClaim{{Name: "email", Values: []string{"ana@acme.com"}}}}}
				var traces []string
				for range 3 {
					if ends > 0 {
						login.SessionEnds = w.Now().Add(ends)
					}
					done := w.mustSignIn(login)
					who, err := w.SessionByToken(ctx, done.Token)
					must(w.t, err)
					s := who.Session
					events, err := w.AuditEvents(ctx, w.org.ID, models.AuditFilter{Action: "session.started", Limit: 1})
					must(w.t, err)
					rows, err := w.Activities(ctx, w.org.ID, models.ActivityFilter{Kind: models.ActivitySignIn, Limit: 1})
					must(w.t, err)
					keys, err := w.Identities(ctx, w.org.ID, done.MemberID)
					must(w.t, err)
					a, e, now := rows[0], events[0], w.Now()
					if *a.OrgID != w.org.ID || len(a.Reference) != 9 || !a.At.Equal(now) || !e.At.Equal(now) || !keys[0].LastSeenAt.Equal(now) {
						w.t.Errorf("activity %+v, event %+v, identity %+v", a, e, keys[0])
					}
					if first := w.Now().Add(-time.Hour); who.Member.LastActiveAt == nil || who.Member.LastActiveAt.Before(first) {
						w.t.Error("the member was not active")
					}
					traces = append(traces, fmt.Sprint(done.ReturnTo, done.MemberID, s.AccountID, s.MemberID, s.Method, s.Recovery, s.Issuer, s.NameID, s.SessionIndex, s.IP, s.UserAgent,
						s.CreatedAt.Sub(now), s.LastSeenAt.Sub(now), s.IdleExpiresAt.Sub(now), s.ExpiresAt.Sub(now), s.SteppedUpAt,
						e.ActorKind, e.ActorID, e.ActorLabel, e.ActorIP, e.TargetKind, e.TargetID, e.TargetLabel, e.Before, e.After,
						a.OK, a.Reason, strings.TrimSuffix(strings.Replace(a.Sentence, " for the first time and became a member", "", 1), "."), a.Who, a.MemberID, a.Detail, a.IP, a.UserAgent))
					w.clock.Advance(2 * time.Minute)
				}
				if traces[0] != traces[1] || traces[1] != traces[2] {
					w.t.Errorf("three sign-ins left\n%s", strings.Join(traces, "\n"))
				}
				// The sign-ins of two minutes later are the certificate's latest.
				sso, err := w.SSO(ctx, w.org.ID)
				must(w.t, err)
				if last := sso.Certificates[0].LastUsedAt; last == nil || !last.Equal(w.Now().Add(-2*time.Minute)) {
					w.t.Errorf("the certificate was last used at %v", last)
				}
			})
		})
	}
}

func TestWhatChangesBeforeAUsualSignInCountsForIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(w *loginWorld, ana string)
		want   models.RefusalReason // empty: signed in
	}{
		{"deactivated", func(w *loginWorld, ana string) {
			must(w.t, w.DeactivateMember(w.t.Context(), byOperator, models.Owner, w.org.ID, ana))
		}, models.RefusedDeactivated},
		{"turned off", func(w *loginWorld, _ string) { w.switches(models.Switches{Enabled: ptr(false)}) }, models.RefusedSSOOff},
		{"another issuer", func(w *loginWorld, _ string) {
			must(w.t, w.SaveConnection(w.t.Context(), byOperator, w.org.ID, entra+"x/", "https://login.example/saml2", nil))
		}, models.RefusedConnectionChanged},
		{"the domain lapsed", func(w *loginWorld, _ string) {
			w.Execute(w.t, "update domains set status = 'lapsed', lapsing_since = ? where id = ?", w.Now(), w.domain.ID)
		}, ""},
		{"the domain given up", func(w *loginWorld, _ string) {
			w.Execute(w.t, "update domains set status = 'waiting' where id = ?", w.domain.ID)
		}, models.RefusedDomainUnverified},
		{"the identities forgotten", func(w *loginWorld, ana string) {
			must(w.t, w.ForgetIdentities(w.t.Context(), byOperator, models.Owner, w.org.ID, ana))
		}, ""},
		{"renamed", func(w *loginWorld, ana string) {
			w.Execute(w.t, "update members set display_name = ?, version = version + 1 where id = ?", strings.Repeat("n", 600), ana)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachLogin(t, func(w *loginWorld) {
				login := loginOf("oid-1", "ana@acme.com")
				ana := w.mustSignIn(login).MemberID
				request, browser := w.begin()
				code := w.claim(request, login)
				c.change(w, ana)
				done, err := w.CompleteLogin(w.t.Context(), aBrowser, w.org.ID, code, browser)
				if c.want != "" {
					w.refused(err, c.want)
					return
				}
				must(w.t, err)
				if done.MemberID != ana || done.Created {
					w.t.Errorf("done = %+v", done)
				}
			})
		})
	}
}

func TestAUsualSignInTakesThreeRoundTrips(t *testing.T) {
	var trips atomic.Int64
	clock := modelstest.NewClock()
	trace := func(o *models.Options) { o.Trace = func(trip int64, _ string, _ []any) { trips.Store(trip) } }
	w := newLoginWorld(t, modelstest.New(t, modelstest.Postgres, modelstest.WithNow(clock.Now), trace), clock, "acme.com")
	login := loginOf("oid-1", "ana@acme.com")
	w.mustSignIn(login)
	request, browser := w.begin()
	begun := trips.Load()
	_, _, err := w.PendingLogin(t.Context(), w.org.ID, request)
	must(t, err)
	_, err = w.CompleteLogin(t.Context(), aBrowser, w.org.ID, w.claim(request, login), browser)
	must(t, err)
	if n := trips.Load() - begun; n != 3 {
		t.Errorf("%d round trips, want 3", n)
	}
}

// A sign-in on a domain that is given up in the same moment ends with the others: it waits for the one who gives it up, or is ended by them.
func TestASignInDoesNotOutliveADomainThatIsGivenUpMeanwhile(t *testing.T) {
	for name, known := range map[string]bool{"a usual one": true, "a first one": false} {
		t.Run(name, func(t *testing.T) {
			var armed atomic.Bool
			var during func()
			clock := modelstest.NewClock()
			trace := func(o *models.Options) {
				o.Trace = func(_ int64, sql string, _ []any) {
					// The sessions have ended; it is about to be written down.
					if strings.HasPrefix(sql, `INSERT INTO "audit_events"`) && armed.CompareAndSwap(true, false) {
						during()
					}
				}
			}
			w := newLoginWorld(t, modelstest.New(t, modelstest.Postgres, modelstest.WithNow(clock.Now), trace), clock, "acme.com")
			other, err := w.ClaimDomain(t.Context(), byOperator, w.org.ID, "acme.org", "token")
			must(t, err)
			must(t, w.VouchForDomain(t.Context(), byOperator, w.org.ID, other.ID))
			login := loginOf("oid-1", "ana@acme.com")
			if known {
				w.mustSignIn(login)
			}
			request, browser := w.begin()
			code := w.claim(request, login)
			var done *models.LoginDone
			var refused error
			ended := make(chan struct{})
			during = func() {
				go func() {
					defer close(ended)
					done, refused = w.CompleteLogin(t.Context(), aBrowser, w.org.ID, code, browser)
				}()
				select {
				case <-ended:
				case <-time.After(300 * time.Millisecond): // it waits
				}
			}
			armed.Store(true)
			must(t, w.RemoveDomain(t.Context(), byOperator, w.org.ID, w.domain.ID))
			<-ended
			if refused == nil {
				if _, err := w.SessionByToken(t.Context(), done.Token); err == nil {
					t.Fatal("a session of single sign-on on a domain that was given up")
				}
				return
			}
			w.refused(refused, models.RefusedDomainUnverified)
		})
	}
}
