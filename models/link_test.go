package models_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// eachEmpty runs fn on both databases before any organization exists.
func eachEmpty(t *testing.T, fn func(t *testing.T, db *models.DB, clock *modelstest.Clock)) {
	t.Helper()
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			clock := modelstest.NewClock()
			fn(t, modelstest.New(t, dialect, modelstest.WithNow(clock.Now)), clock)
		})
	}
}

func firstOwner(n int) models.NewOwner {
	return models.NewOwner{Email: fmt.Sprintf("olga%d@acme.com", n), FirstName: "Olga", LastName: "Owner", Password: goodPassword}
}

func TestTheSetUpLinkMakesTheFirstOrganization(t *testing.T) {
	eachEmpty(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		ctx := t.Context()
		f := &fixture{DB: db, t: t, clock: clock}
		if needed, err := db.NeedsSetup(ctx); !needed || err != nil {
			t.Fatalf("needs set-up: %v, %v", needed, err)
		}
		stale, err := db.OpenSetup(ctx)
		must(t, err)
		clock.Advance(24 * time.Hour)
		f.wantKind(db.CheckSetup(ctx, stale), models.NotFound)
		secret, err := db.OpenSetup(ctx)
		must(t, err)
		second, err := db.OpenSetup(ctx) // the server was started again: the first link on the console still works
		must(t, err)
		must(t, db.CheckSetup(ctx, secret))
		f.wantKind(db.CheckSetup(ctx, "guessed"), models.NotFound)
		// A form with a mistake uses nothing up.
		for _, bad := range []func() (string, error){
			func() (string, error) { return db.CompleteSetup(ctx, someClient, secret, "", firstOwner(1)) },
			func() (string, error) {
				return db.CompleteSetup(ctx, someClient, secret, "Acme", models.NewOwner{Email: "x", Name: "X", Password: goodPassword})
			},
			func() (string, error) {
				return db.CompleteSetup(ctx, someClient, secret, "Acme", models.NewOwner{Email: "x@y.example", Name: "X"})
			},
			func() (string, error) {
				return db.CompleteSetup(ctx, someClient, secret, "Acme", models.NewOwner{Email: "x@y.example", Password: goodPassword})
			},
		} {
			_, err := bad()
			f.wantKind(err, models.Invalid)
		}
		token, err := db.CompleteSetup(ctx, someClient, secret, "Acme", firstOwner(1))
		must(t, err)
		s, err := db.SessionByToken(ctx, token)
		must(t, err)
		if s.Role != models.Owner || s.Organization.Name != "Acme" || s.Account.ProvenBy == nil || !s.SteppedUp(db.Now()) {
			t.Errorf("signed in as %+v", s)
		}
		for _, dead := range []string{secret, second} {
			f.wantKind(db.CheckSetup(ctx, dead), models.NotFound)
			_, err = db.CompleteSetup(ctx, someClient, dead, "Other", firstOwner(2))
			f.wantKind(err, models.NotFound)
		}
		if again, err := db.OpenSetup(ctx); again != "" || err != nil {
			t.Errorf("a set-up link beside an organization: %q, %v", again, err)
		}
		if n, err := db.CountAuditEvents(ctx, s.Organization.ID, models.AuditFilter{}); n != 3 || err != nil {
			t.Errorf("%d events, %v", n, err)
		}
	})
}

func TestSetUpHappensOnceInARace(t *testing.T) {
	eachEmpty(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		ctx := t.Context()
		secrets := make([]string, 3)
		for i := range secrets {
			var err error
			secrets[i], err = db.OpenSetup(ctx)
			must(t, err)
		}
		errs := race(6, func(i int) error {
			_, err := db.CompleteSetup(ctx, someClient, secrets[i%len(secrets)], "Acme", firstOwner(i))
			return err
		})
		orgs, err := db.Organizations(ctx)
		must(t, err)
		if succeeded(errs) != 1 || len(orgs) != 1 {
			t.Errorf("%d organizations: %v", len(orgs), errs)
		}
		for _, err := range errs {
			if err != nil && !models.IsKind(err, models.NotFound) {
				t.Errorf("a loser hears %v", err)
			}
		}
	})
}

func TestSigningUpByMailedLink(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.givePassword(f.owner)
		link := func(email string) string {
			secret, err := f.SignupLink(ctx, email)
			must(t, err)
			return secret
		}
		_, err := f.SignupLink(ctx, "no address")
		f.wantKind(err, models.Invalid)
		// Somebody new chooses a password.
		secret := link("New@new.example")
		up, err := f.Signup(ctx, secret)
		must(t, err)
		if up.Email != "new@new.example" || !up.NeedsPassword {
			t.Errorf("the page shows %+v", up)
		}
		token, err := f.CompleteSignup(ctx, someClient, secret, "New", "Ned", "New", goodPassword)
		must(t, err)
		if s := f.signedIn(token); s.Role != models.Owner || s.Organization.Name != "New" || *s.Account.ProvenBy != "link" || s.Member.GivenName != "Ned" {
			t.Errorf("signed in as %+v", s.Member)
		}
		_, err = f.CompleteSignup(ctx, someClient, secret, "New", "Ned", "New", goodPassword)
		f.wantKind(err, models.NotFound)
		// Somebody with a password proves it; the link alone is not enough.
		secret = link(f.owner.Address())
		_, err = f.CompleteSignup(ctx, someClient, secret, "Second", "Olga", "", "nine blue herons sing")
		f.wantKind(err, models.Unauthenticated)
		token, err = f.CompleteSignup(ctx, someClient, secret, "Second", "Olga", "", goodPassword)
		must(t, err)
		if s := f.signedIn(token); s.Account.ID != *f.owner.AccountID || s.Organization.ID == f.org.ID {
			t.Errorf("signed in as %+v", s.Member)
		}
		// An account nobody proved is taken over by who reads its mail.
		squatter, old := f.squat("victim@" + f.domain)
		secret = link(squatter.Address())
		if up, err := f.Signup(ctx, secret); err != nil || !up.NeedsPassword {
			t.Errorf("the page shows %+v, %v", up, err)
		}
		_, err = f.CompleteSignup(ctx, someClient, secret, "Mine", "Vic", "Tim", "nine blue herons sing")
		must(t, err)
		f.isSignedOut(old)
		late := link("late@new.example")
		f.clock.Advance(models.SignupLinkLife)
		_, err = f.Signup(ctx, late)
		f.wantKind(err, models.NotFound)
	})
}

// The links are one table: none may be used as another.
func TestALinkIsOfOneKind(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, invitation := f.invite("bo@" + f.domain)
		password, err := f.PasswordLink(ctx, someClient, f.owner.Address())
		must(t, err)
		signup, err := f.SignupLink(ctx, "new@"+f.domain)
		must(t, err)
		uses := map[string]func(ctx context.Context, secret string) error{
			"invitation": func(ctx context.Context, secret string) error {
				_, err := f.AcceptInvitation(ctx, someClient, secret, "A", "B", goodPassword)
				return err
			},
			"password": func(ctx context.Context, secret string) error {
				return f.ResetPassword(ctx, someClient, secret, goodPassword)
			},
			"signup": func(ctx context.Context, secret string) error {
				_, err := f.CompleteSignup(ctx, someClient, secret, "Org", "A", "B", goodPassword)
				return err
			},
			"setup": func(ctx context.Context, secret string) error { return f.CheckSetup(ctx, secret) },
		}
		for kind, secret := range map[string]string{"invitation": invitation, "password": password, "signup": signup} {
			if strings.Contains(f.Dump(t), secret) {
				t.Errorf("the secret of the %s link is in the database", kind)
			}
			for use, call := range uses {
				if use == kind {
					continue
				}
				if err := call(ctx, secret); !models.IsKind(err, models.NotFound) {
					t.Errorf("the %s link as a %s link: %v", kind, use, err)
				}
			}
		}
	})
}
