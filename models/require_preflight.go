package models

import (
	"context"
	"strings"
	"time"
)

const (
	// RequireTestAge is how old the test sign-in may be on which requiring single sign-on rests.
	RequireTestAge = 7 * 24 * time.Hour
	// RequireCertificateLife is how long a trusted certificate must still be valid then.
	RequireCertificateLife = 14 * 24 * time.Hour
)

// Preflight is what stands for and against requiring single sign-on (PRODUCT.md §7), as things are now.
type Preflight struct {
	// Enabled: people can already use it. Domain: at least one is verified.
	Enabled, Domain bool
	// CertificateUntil is until when a certificate is valid that is trusted and valid now: the one that lasts longest. Zero if none is.
	CertificateUntil time.Time
	// Test is the latest test sign-in that passed since the last change of the connection, of somebody who is an owner or admin now; if
	// none of them has, of anybody else. Nil if nobody has.
	Test *PassedTest
	// RecoveryOwners are the active owners with a password, by name.
	RecoveryOwners []string
	now            time.Time
}

// PassedTest is a test sign-in that passed.
type PassedTest struct {
	Who string
	At  time.Time
	// Manages: the person whom the identity provider named is an active owner or admin now.
	Manages bool
}

// CertificateLasts tells whether a certificate is valid for long enough.
func (p *Preflight) CertificateLasts() bool {
	return p.CertificateUntil.Sub(p.now) >= RequireCertificateLife
}

// Tested tells whether the test is the right person's and recent enough.
func (p *Preflight) Tested() bool {
	return p.Test != nil && p.Test.Manages && p.now.Sub(p.Test.At) <= RequireTestAge
}

// Missing says what stands against it and how to mend that, a sentence each; empty if nothing.
func (p *Preflight) Missing() []string {
	var missing []string
	if !p.Enabled {
		missing = append(missing, "Turn single sign-on on first.")
	}
	if !p.Domain {
		missing = append(missing, "Verify a domain under Domain Claiming.")
	}
	switch {
	case p.CertificateUntil.IsZero():
		missing = append(missing, "Upload a SAML Certificate that is valid today.")
	case !p.CertificateLasts():
		missing = append(missing, "Upload the next SAML Certificate: the one here expires in less than 14 days.")
	}
	switch {
	case p.Tested():
	case p.Test != nil && p.Test.Manages:
		missing = append(missing, "Run a test sign-in again: the last one that an owner or admin passed is more than seven days old.")
	default:
		missing = append(missing, "Run a test sign-in as an owner or admin: one that passes is needed since the last change of the connection.")
	}
	if len(p.RecoveryOwners) == 0 {
		missing = append(missing, "No owner has a password, so nobody could get in if single sign-on failed. Let an owner get one by “Forgotten password”.")
	}
	return missing
}

// Preflight looks at everything that requiring single sign-on rests on.
func (db *DB) Preflight(ctx context.Context, orgID string) (*Preflight, error) {
	s, err := loadSSO(db.read(ctx), orgID)
	if err != nil {
		return nil, err
	}
	tx := &Tx{DB: db.read(ctx), db: db, org: orgID, now: db.Now()}
	return tx.preflight(s, s.Enabled)
}

// requirePreflight refuses to require what would lock people out; enabled is whether single sign-on is about to be on. The caller holds
// the organization's lock, so that nobody is demoted meanwhile.
func (tx *Tx) requirePreflight(s *SSO, enabled bool) error {
	p, err := tx.preflight(s, enabled)
	if err != nil {
		return err
	}
	if missing := p.Missing(); len(missing) > 0 {
		return conflict("Single sign-on cannot be required yet. %s", strings.Join(missing, " "))
	}
	return nil
}

func (tx *Tx) preflight(s *SSO, enabled bool) (*Preflight, error) {
	p := &Preflight{Enabled: enabled, now: tx.now}
	valid := []string{}
	for i := range s.Certificates {
		if c := &s.Certificates[i]; c.Valid(tx.now) {
			valid = append(valid, c.SHA256)
			if c.NotAfter.After(p.CertificateUntil) {
				p.CertificateUntil = c.NotAfter
			}
		}
	}
	var err error
	if p.Domain, err = tx.hasVerifiedDomain(); err != nil {
		return nil, err
	}
	if p.Test, err = tx.passedTest(s, valid); err != nil {
		return nil, err
	}
	var owners []Member
	err = tx.Raw(`select m.* from members m join accounts a on a.id = m.account_id
		where m.org_id = ? and m.role = 'owner' and m.status = 'active' and m.held_reason is null and a.password_hash is not null
		order by m.display_name, m.id limit 10`, tx.org).Scan(&owners).Error
	for i := range owners {
		p.RecoveryOwners = append(p.RecoveryOwners, owners[i].Label())
	}
	return p, err
}

// passedTest is the test sign-in for the pre-flight: of the connection as it is now, signed by one of the valid certificates. What the
// person is counts as of now: somebody who was demoted, deactivated or deleted since is nobody.
func (tx *Tx) passedTest(s *SSO, valid []string) (*PassedTest, error) {
	if len(valid) == 0 {
		return nil, nil
	}
	signedWith, err := tx.signsWith(s)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Who, MemberID string
		AnsweredAt    time.Time
	}
	err = tx.Raw(`select t.who, coalesce(m.id, '') as member_id, t.answered_at
		from test_sign_ins t left join members m on m.id = t.member_id and m.org_id = t.org_id and m.status = 'active' and m.held_reason is null
			and (m.role in ('owner', 'admin') or exists (select 1 from team_members tm join teams on teams.id = tm.team_id where tm.member_id = m.id and teams.role = 'admin'))
		where t.org_id = ? and t.state = ? and t.issuer = ? and t.sign_in_url = ? and t.certificate_sha256 in ? and t.signed_with = ?
		order by case when m.id is null then 1 else 0 end, t.answered_at desc, t.id desc limit 1`,
		tx.org, TestPassed, s.Issuer, s.SignInURL, valid, signedWith).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &PassedTest{Who: rows[0].Who, At: rows[0].AnsweredAt, Manages: rows[0].MemberID != ""}, nil
}
