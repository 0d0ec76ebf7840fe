package models_test

import (
	"testing"
	"time"

	"gatehouse/models"
)

// The certificate that the identity provider signs with is held back from being removed, until another one has signed or a day is over.
func TestACertificateThatSignsIsHeldBack(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.turnOn(false, false)
		s, err := f.SSO(ctx, f.org.ID)
		must(t, err)
		old := s.Certificates[0]
		next := f.certificate("second")
		signed := func(id string) {
			t.Helper()
			f.clock.Advance(time.Minute)
			f.Execute(t, "update sso_certificates set last_used_at = ? where id = ?", f.Now(), id)
		}
		remove := func(id string) error { return f.RemoveCertificate(ctx, f.actor, f.org.ID, id) }
		signed(old.ID)
		f.refuses(remove(old.ID), models.Conflict, "signed with this certificate less than 24 hours ago")
		must(t, remove(next.ID)) // never signed
		next = f.certificate("second")
		signed(next.ID)
		f.refuses(remove(next.ID), models.Conflict, "less than 24 hours ago")
		must(t, remove(old.ID)) // rolled over

		third := f.certificate("third")
		f.clock.Advance(models.CertificateInUse)
		must(t, remove(next.ID)) // a day later
		signed(third.ID)
		must(t, f.SetSwitches(ctx, f.actor, f.org.ID, models.Switches{Enabled: ptr(false)}))
		must(t, remove(third.ID)) // nobody signs in with it
	})
}

// Whoever has a stolen key could sign with it after each signature of the new one.
func TestACertificateWithAStolenKeyGoesAtOnce(t *testing.T) {
	eachLogin(t, func(w *loginWorld) {
		ctx := w.t.Context()
		stolen := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
		sso, err := w.SSO(ctx, w.org.ID)
		must(w.t, err)
		id := sso.Certificates[0].ID
		if err := w.DisownCertificate(ctx, byOperator, w.org.ID, id); !models.IsKind(err, models.Conflict) {
			w.t.Errorf("the only one: %v", err)
		}
		if _, err := w.SessionByToken(ctx, stolen.Token); err != nil {
			w.t.Errorf("what is refused ends nothing: %v", err)
		}
		addCertificate(w.t, w.DB, w.org.ID, "CC:DD")
		request, browser := w.begin()
		code := w.claim(request, loginOf("oid-1", "ana@acme.com"))
		must(w.t, w.DisownCertificate(ctx, byOperator, w.org.ID, id))
		if _, err := w.SessionByToken(ctx, stolen.Token); !models.IsKind(err, models.Unauthenticated) {
			w.t.Errorf("its session lives on: %v", err)
		}
		_, err = w.CompleteLogin(ctx, aBrowser, w.org.ID, code, browser)
		w.refused(err, models.RefusedConnectionChanged)
	})
}

func TestACertificateOfAnotherOrganizationIsKnown(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.configure()
		shared, own := f.newCertificate("shared"), f.newCertificate("own")
		trust(t, f.DB, f.actor, f.org.ID, shared)
		trust(t, f.DB, f.actor, f.org.ID, own)
		trust(t, f.DB, byOperator, f.other.ID, shared)
		for orgID, want := range map[string]int{f.org.ID: 1, f.other.ID: 2, "org_third": 2} {
			got, err := f.TrustedElsewhere(ctx, orgID, []string{shared.SHA256, own.SHA256, "unknown"})
			must(t, err)
			if got["unknown"] || !got[shared.SHA256] || len(got) != want {
				t.Errorf("%s: %v", orgID, got)
			}
		}
		if got, err := f.TrustedElsewhere(ctx, f.org.ID, nil); err != nil || len(got) != 0 {
			t.Errorf("of none: %v, %v", got, err)
		}
	})
}
