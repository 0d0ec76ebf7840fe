package models_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// passes is a test sign-in that somebody passes; memberID is empty for somebody new.
func (w *windowWorld) passes(memberID string) {
	w.t.Helper()
	must(w.t, w.FinishTest(w.t.Context(), aBrowser, w.org.ID, w.test(), models.TestResult{State: models.TestPassed, Who: "Somebody", MemberID: memberID, CertificateSHA256: idpCert, Sentence: "Yes."}))
}

func TestRequiringSSOHasAPreFlight(t *testing.T) {
	const byManager = "Run a test sign-in as an owner or admin"
	for _, c := range []struct {
		name    string
		prepare func(w *windowWorld) // no test has been passed yet
		missing string               // the beginning of the only sentence; empty if nothing is
	}{
		{"an owner has passed a test", func(w *windowWorld) { w.passes(w.owner.ID) }, ""},
		{"an admin has", func(w *windowWorld) { w.passes(w.admin.ID) }, ""},
		{"an admin by the role of a team has", func(w *windowWorld) {
			team := w.f.team("Keepers", w.member)
			must(w.t, w.SetTeamRole(w.t.Context(), w.f.actor, models.Owner, w.org.ID, team.ID, ptr(models.Admin)))
			w.passes(w.member.ID)
		}, ""},
		{"nobody has", func(*windowWorld) {}, byManager},
		{"only a colleague with the link has", func(w *windowWorld) { w.passes(w.member.ID) }, byManager},
		{"only somebody who would be new has", func(w *windowWorld) { w.passes("") }, byManager},
		{"only a member of a team without a role has", func(w *windowWorld) { w.f.team("Ops", w.member); w.passes(w.member.ID) }, byManager},
		{"a colleague has after an owner", func(w *windowWorld) { w.passes(w.owner.ID); w.clock.Advance(time.Hour); w.passes(w.member.ID) }, ""},
		{"the admin was demoted since", func(w *windowWorld) {
			w.passes(w.admin.ID)
			must(w.t, w.ChangeRole(w.t.Context(), w.f.actor, models.Owner, w.org.ID, w.admin.ID, models.RoleMember))
		}, byManager},
		{"the admin was deactivated since", func(w *windowWorld) {
			w.passes(w.admin.ID)
			must(w.t, w.DeactivateMember(w.t.Context(), w.f.actor, models.Owner, w.org.ID, w.admin.ID))
		}, byManager},
		{"the admin was deleted since", func(w *windowWorld) {
			w.passes(w.admin.ID)
			must(w.t, w.DeleteSCIMMember(w.t.Context(), w.f.directoryCall(w.org.ID), w.admin.ID))
		}, byManager},
		{"the admin left the team that made them one", func(w *windowWorld) {
			team := w.f.team("Keepers", w.member)
			must(w.t, w.SetTeamRole(w.t.Context(), w.f.actor, models.Owner, w.org.ID, team.ID, ptr(models.Admin)))
			w.passes(w.member.ID)
			must(w.t, w.RemoveFromTeam(w.t.Context(), w.f.actor, w.org.ID, team.ID, w.member.ID))
		}, byManager},
		{"an owner who has only been invited has", func(w *windowWorld) {
			m, _, err := w.Invite(w.t.Context(), w.f.actor, models.Owner, w.org.ID, "new@"+w.domain.Domain, "New", models.Owner)
			must(w.t, err)
			w.passes(m.ID)
		}, byManager},
		{"the owner's failed", func(w *windowWorld) {
			must(w.t, w.FinishTest(w.t.Context(), aBrowser, w.org.ID, w.test(), models.TestResult{State: models.TestFailed, MemberID: w.owner.ID, CertificateSHA256: idpCert, Sentence: "No."}))
		}, byManager},
		{"the sign-in URL was changed since", func(w *windowWorld) {
			w.passes(w.owner.ID)
			must(w.t, w.SaveConnection(w.t.Context(), w.f.actor, w.org.ID, entra, "https://login.example/other", nil))
		}, byManager},
		{"a certificate was added since", func(w *windowWorld) { w.passes(w.owner.ID); addCertificate(w.t, w.DB, w.org.ID, "CC:DD") }, ""},
		{"it was seven days ago", func(w *windowWorld) { w.passes(w.owner.ID); w.clock.Advance(models.RequireTestAge) }, ""},
		{"it was more than seven days ago", func(w *windowWorld) { w.passes(w.owner.ID); w.clock.Advance(models.RequireTestAge + time.Microsecond) }, "Run a test sign-in again"},
		{"the certificate is valid for 14 days", func(w *windowWorld) { w.passes(w.owner.ID); w.certificateFor(models.RequireCertificateLife) }, ""},
		{"the certificate expires before that", func(w *windowWorld) {
			w.passes(w.owner.ID)
			w.certificateFor(models.RequireCertificateLife - time.Microsecond)
		}, "Upload the next SAML Certificate"},
		{"the certificate expires, and the next one is there", func(w *windowWorld) {
			w.passes(w.owner.ID)
			w.certificateFor(time.Hour)
			addCertificate(w.t, w.DB, w.org.ID, "CC:DD")
		}, ""},
		{"no owner has a password", func(w *windowWorld) {
			w.passes(w.owner.ID)
			w.f.Execute(w.t, "update accounts set password_hash = null")
			w.f.givePassword(w.admin)
		}, "No owner has a password"},
		{"the domain is lapsing", func(w *windowWorld) {
			w.passes(w.owner.ID)
			w.f.Execute(w.t, "update domains set status = 'lapsing', lapsing_since = ?", w.Now())
		}, ""},
		{"the domain has lapsed", func(w *windowWorld) {
			w.passes(w.owner.ID)
			w.f.Execute(w.t, "update domains set status = 'lapsed', lapsing_since = ?", w.Now())
		}, "Verify a domain"},
		{"single sign-on is off", func(w *windowWorld) { w.passes(w.owner.ID); w.switches(models.Switches{Enabled: ptr(false)}) }, "Turn single sign-on on first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachLogin(t, func(lw *loginWorld) {
				ctx := lw.t.Context()
				w := newWindowWorld(lw)
				w.f.Execute(w.t, "delete from test_sign_ins")
				c.prepare(w)
				p, err := w.Preflight(ctx, w.org.ID)
				must(w.t, err)
				missing := p.Missing()
				if c.missing == "" && len(missing) > 0 || c.missing != "" && (len(missing) != 1 || !strings.HasPrefix(missing[0], c.missing)) {
					w.t.Errorf("missing %q, want %q", missing, c.missing)
				}
				before := w.Dump(w.t)
				err = w.SetSwitches(ctx, w.f.actor, w.org.ID, models.Switches{Required: ptr(true)})
				if c.missing == "" {
					must(w.t, err)
					return
				}
				w.f.refuses(err, models.Conflict, c.missing)
				if w.Dump(w.t) != before {
					w.t.Error("the refusal changed something")
				}
			})
		})
	}
}

// certificateFor lets the certificate of the test expire after so long.
func (w *windowWorld) certificateFor(d time.Duration) {
	w.t.Helper()
	w.f.Execute(w.t, "update sso_certificates set not_after = ? where org_id = ?", w.Now().Add(d), w.org.ID)
}
