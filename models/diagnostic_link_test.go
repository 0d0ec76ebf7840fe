package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// refusedSignIn is the id of a sign-in that was refused.
func (f *fixture) refusedSignIn() string {
	f.t.Helper()
	r, err := f.RefuseLogin(f.t.Context(), someClient, f.org.ID, "", models.LoginRefusal{Reason: "audience_mismatch", Admin: "Another audience.", Who: "bo@" + f.domain})
	must(f.t, err)
	rows, err := f.Activities(f.t.Context(), f.org.ID, models.ActivityFilter{Text: r.Reference})
	must(f.t, err)
	return rows[0].ID
}

// diagnosticLink is a link to a refused sign-in, and its secret.
func (f *fixture) diagnosticLink() (models.DiagnosticLink, string) {
	f.t.Helper()
	id := f.refusedSignIn()
	secret, err := f.CreateDiagnosticLink(f.t.Context(), f.actor, f.org.ID, id)
	must(f.t, err)
	list, err := f.DiagnosticLinks(f.t.Context(), f.org.ID, id)
	must(f.t, err)
	return list[0], secret
}

func TestADiagnosticLinkShowsOneAttemptForAWeek(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		l, secret := f.diagnosticLink()
		if strings.Contains(f.Dump(t), secret) {
			t.Error("the secret is stored")
		}
		open := func(secret string) error {
			opened, a, err := f.OpenDiagnosticLink(ctx, someClient, f.org.ID, secret)
			if err == nil && (opened.ID != l.ID || a.ID != l.ActivityID) {
				t.Errorf("opened %s of %s", opened.ID, a.ID)
			}
			return err
		}
		must(t, open(secret))
		f.clock.Advance(models.DiagnosticLinkLife - time.Microsecond)
		must(t, open(secret))
		list, err := f.DiagnosticLinks(ctx, f.org.ID, l.ActivityID)
		must(t, err)
		if list[0].Opened != 2 || list[0].OpenedAt == nil || !list[0].OpenedAt.Equal(f.Now()) {
			t.Errorf("opened %d times, at %v", list[0].Opened, list[0].OpenedAt)
		}
		f.clock.Advance(time.Microsecond)
		f.refuses(open(secret), models.NotFound, "seven days")

		// Not of another organization, not with another secret, not once it is revoked.
		l, secret = f.diagnosticLink()
		_, _, err = f.OpenDiagnosticLink(ctx, someClient, f.other.ID, secret)
		f.wantKind(err, models.NotFound)
		for _, wrong := range []string{"", secret + "x", l.SecretHash, l.ID, "\xff", "a\x00"} {
			f.wantKind(open(wrong), models.NotFound)
		}
		must(t, f.RevokeDiagnosticLink(ctx, f.actor, f.org.ID, l.ID))
		f.wantKind(open(secret), models.NotFound)
		mark := f.mark()
		must(t, f.RevokeDiagnosticLink(ctx, f.actor, f.org.ID, l.ID))
		if len(f.events(mark)) != 0 {
			t.Error("revoking twice is audited")
		}
	})
}

func TestADiagnosticLinkDiesWithItsMakersRights(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id, admin, lead := f.refusedSignIn(), f.add("adam", models.Admin), f.add("lena", models.RoleMember)
		team := f.team("IT", lead)
		must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Admin)))
		link := func(m *models.Member) string {
			t.Helper()
			secret, err := f.CreateDiagnosticLink(ctx, models.Actor{Kind: models.Person, ID: m.ID, Label: m.Label()}, f.org.ID, id)
			must(t, err)
			_, _, err = f.OpenDiagnosticLink(ctx, someClient, f.org.ID, secret)
			must(t, err)
			return secret
		}
		byAdmin, byTeam := link(admin), link(lead)
		must(t, f.ChangeRole(ctx, f.actor, models.Owner, f.org.ID, admin.ID, models.RoleMember))
		must(t, f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, lead.ID))
		for _, secret := range []string{byAdmin, byTeam} {
			_, _, err := f.OpenDiagnosticLink(ctx, someClient, f.org.ID, secret)
			f.refuses(err, models.NotFound, "Ask an admin")
		}
	})
}

func TestADiagnosticLinkEndsWithWhatItShows(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id := f.refusedSignIn()
		f.clock.Advance(models.ActivityLife - 24*time.Hour)
		secret, err := f.CreateDiagnosticLink(ctx, f.actor, f.org.ID, id)
		must(t, err)
		list, err := f.DiagnosticLinks(ctx, f.org.ID, id)
		must(t, err)
		if life := list[0].ExpiresAt.Sub(f.Now()); life != 24*time.Hour {
			t.Errorf("it works for %v", life)
		}
		f.clock.Advance(25 * time.Hour)
		must(t, f.Sweep(ctx))
		_, _, err = f.OpenDiagnosticLink(ctx, someClient, f.org.ID, secret)
		f.wantKind(err, models.NotFound)
		if n := f.Count(t, "diagnostic_links"); n != 0 {
			t.Error("the link is still there")
		}
	})
}

func TestDiagnosticLinksAreLimited(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		// Only to what is wrong.
		test := f.NewTestID()
		f.configure()
		must(t, f.BeginTest(ctx, someClient, models.NewTest{OrgID: f.org.ID, ID: test, RequestID: "id-1", ConnectionVersion: f.version(), By: "Olga"}))
		must(t, f.FinishTest(ctx, someClient, f.org.ID, test, models.TestResult{State: models.TestPassed, Sentence: "Fine."}))
		passed, err := f.TestSignIn(ctx, f.org.ID, test)
		must(t, err)
		_, err = f.CreateDiagnosticLink(ctx, f.actor, f.org.ID, passed.ActivityID)
		f.refuses(err, models.Conflict, "Nothing is wrong")
		// Ten at a time.
		id := f.refusedSignIn()
		for range 10 {
			_, err := f.CreateDiagnosticLink(ctx, f.actor, f.org.ID, id)
			must(t, err)
		}
		_, err = f.CreateDiagnosticLink(ctx, f.actor, f.org.ID, id)
		f.refuses(err, models.Conflict, "Revoke one first")
		// The holder writes only so much into the audit log, from however many places; a guesser is slowed down.
		_, secret := f.diagnosticLink()
		for i := range 30 {
			_, _, err := f.OpenDiagnosticLink(ctx, models.Client{IP: fmt.Sprint("192.0.2.", i)}, f.org.ID, secret)
			must(t, err)
		}
		_, _, err = f.OpenDiagnosticLink(ctx, models.Client{IP: "198.51.100.7"}, f.org.ID, secret)
		f.wantKind(err, models.TooMany)
		for range 30 {
			_, _, err := f.OpenDiagnosticLink(ctx, models.Client{IP: "198.51.100.8"}, f.org.ID, "guess")
			f.wantKind(err, models.NotFound)
		}
		_, _, err = f.OpenDiagnosticLink(ctx, models.Client{IP: "198.51.100.8"}, f.org.ID, "guess")
		f.wantKind(err, models.TooMany)
	})
}

// version is that of the connection.
func (f *fixture) version() int64 {
	f.t.Helper()
	s, err := f.SSO(f.t.Context(), f.org.ID)
	must(f.t, err)
	return s.Version
}
