package models

import (
	"context"
	"errors"
	"time"
)

// Require Single Sign-On begins with a safety window (PRODUCT.md §7): it turns itself off again unless an owner or admin shows in time
// that they can sign in with single sign-on. The row of the connection holds all of it, so any number of instances agree:
//
//	off    required is false
//	trial  required, and required_until is ahead
//	over   required, and required_until has passed: counts as off from that moment on everywhere (requiredSQL, Requires), whether or not
//	       the sweep has come by
//	kept   required without required_until
//
// and how one becomes another:
//
//	off   → trial       SetSwitches, after the pre-flight; the password sessions of those affected end
//	off   → kept        ConfigureSSO: the operator does without pre-flight and window, which is audited
//	trial → kept        CompleteLogin of an active owner or admin whose request was begun after required_at (confirmRequire); or
//	                    ConfigureSSO, if the operator requires it meanwhile
//	trial → over        time alone; nothing is written
//	over  → off         EndSafetyWindows, audited as Gatehouse itself, with a notice to the owners; or any change of the switches, which
//	                    does the same first, in its own transaction
//	trial, kept → off   SetSwitches turns Require or Single Sign-On off: the window is gone with it, and nothing more is told about it
//
// Tests, step-ups and requests that were begun before keep nothing: they are no sign-in with what is switched on now. A change of the
// connection meanwhile moves no end. As it ends outstanding requests where it matters, only a sign-in through the connection as it is by
// then can keep what it might have broken.
//
// A sign-in and the end of the window in the same moment: both change the row only if the window is still there once the row is theirs, so
// that the later one finds it gone and does nothing. The sign-in itself goes on either way. Two instances that both see a window over end
// it once, for the same reason.

// SafetyWindow is how long Require Single Sign-On waits for a sign-in of an owner or admin.
const SafetyWindow = 30 * time.Minute

// RequireWindow is the part of a connection that tells since when and how surely single sign-on is required.
type RequireWindow struct {
	RequiredAt     *time.Time // nil where it was turned on before there were windows
	RequiredUntil  *time.Time // nil without an open window
	RequiredKeptAt *time.Time // when a sign-in kept it; nil where none had to
	RequiredKeptBy string
}

// requiredSQL is true while the connection c requires single sign-on. Its parameter is the time.
const requiredSQL = "c.required and (c.required_until is null or c.required_until > ?)"

// Requires tells whether single sign-on is required at that time: switched on, and not in a window that has passed.
func (c *SSOConnection) Requires(now time.Time) bool {
	return c.Required && (c.RequiredUntil == nil || now.Before(*c.RequiredUntil))
}

// OnTrial tells whether single sign-on is required at that time only until RequiredUntil.
func (c *SSOConnection) OnTrial(now time.Time) bool {
	return c.RequiredUntil != nil && c.Requires(now)
}

// over tells whether a window has passed that nobody has ended yet.
func (c *SSOConnection) over(now time.Time) bool { return c.Required && !c.Requires(now) }

// requireColumns are those of the switch in a new position; window is zero for none.
func requireColumns(on bool, now time.Time, window time.Duration) map[string]any {
	columns := map[string]any{"required": on, "required_at": nil, "required_until": nil, "required_kept_at": nil, "required_kept_by": ""}
	if on {
		columns["required_at"] = now
	}
	if on && window > 0 {
		columns["required_until"] = now.Add(window)
	}
	return columns
}

// confirmRequire keeps Require Single Sign-On on if this sign-in is what its safety window waits for: m, who is active and just signing in,
// is an owner or admin, and begun, when the request was sent, is after the switch. c is the connection as the sign-in has read it in
// this transaction; without an open window there is no statement.
func (tx *Tx) confirmRequire(c *SSOConnection, begun time.Time, m *Member) error {
	if !c.OnTrial(tx.now) || c.RequiredAt == nil || !begun.After(*c.RequiredAt) {
		return nil
	}
	if manages, err := tx.manages(m); err != nil || !manages {
		return err
	}
	// Two sign-ins that share the row's lock can make PostgreSQL choose one of them as the victim of a deadlock. It runs again, and finds
	// nothing left to keep.
	r := tx.Model(&SSOConnection{}).Where("org_id = ? and required and required_at = ? and required_until > ?", tx.org, *c.RequiredAt, tx.now).
		UpdateColumns(map[string]any{"required_until": nil, "required_kept_at": tx.now, "required_kept_by": truncate(m.Label(), maxLabel), "updated_at": tx.now})
	if r.Error != nil || r.RowsAffected == 0 { // it ended, was kept or was turned off in this moment
		return r.Error
	}
	tx.record("sso_connection.require_kept", tx.ssoTarget(), Facts{"required_until": *c.RequiredUntil}, Facts{"required_since": *c.RequiredAt})
	return nil
}

// manages tells whether a member is an owner or admin by their own role or by that of a team.
func (tx *Tx) manages(m *Member) (bool, error) {
	if m.Role == Owner || m.Role == Admin {
		return true, nil
	}
	var teams []string
	err := tx.Raw(`select t.id from team_members tm join teams t on t.id = tm.team_id where tm.org_id = ? and tm.member_id = ? and t.role = 'admin' limit 1`,
		tx.org, m.ID).Scan(&teams).Error
	return len(teams) > 0, err
}

// keepRequire ends an open window in favour of Require Single Sign-On, for the operator. errNoChange if none is open.
func (tx *Tx) keepRequire(s *SSO) error {
	if !s.OnTrial(tx.now) {
		return errNoChange
	}
	until := *s.RequiredUntil
	if err := tx.changeSSO(s, map[string]any{"required_until": nil, "required_kept_at": tx.now, "required_kept_by": truncate(tx.actor.Label, maxLabel)}); err != nil {
		return err
	}
	s.RequiredUntil = nil
	tx.record("sso_connection.require_kept", tx.ssoTarget(), Facts{"required_until": until}, Facts{"safety_window": "skipped"})
	return nil
}

// EndSafetyWindows turns Require Single Sign-On off where its window has passed without the sign-in it waits for, tells the owners, and
// returns in how many organizations.
func (db *DB) EndSafetyWindows(ctx context.Context) (int, error) {
	var orgs []string
	err := db.read(ctx).Raw("select org_id from sso_connections where required_until <= ? and required order by required_until, org_id limit 1000", db.Now()).Scan(&orgs).Error
	if err != nil {
		return 0, err
	}
	ended := 0
	var failed error
	for _, org := range orgs { // one that fails does not keep the others waiting
		over := false
		err := db.write(ctx, system, org, func(tx *Tx) error {
			s, err := tx.lockedSSO()
			if err != nil {
				return err
			}
			if err := tx.lockConnection(s); err != nil {
				return err
			}
			if over = s.over(tx.now); !over { // another instance was faster, or somebody kept it or turned it off
				return errNoChange
			}
			return tx.endWindow(s)
		})
		switch {
		case err != nil:
			failed = errors.Join(failed, err)
		case over:
			ended++
		}
	}
	return ended, failed
}

// system is who acts when nobody does.
var system = Actor{Kind: System, Label: "Gatehouse"}

// lockConnection reads the connection again with its row locked. The organization's lock, which the caller holds, does not keep a sign-in
// from keeping Require Single Sign-On on.
func (tx *Tx) lockConnection(s *SSO) error {
	var row SSOConnection
	if err := tx.Locked().Take(&row).Error; err != nil {
		return err
	}
	s.SSOConnection = row
	return nil
}

// endWindow turns Require Single Sign-On off whose window has passed; the caller has locked the connection. It is Gatehouse's own doing,
// even where somebody's change of the switches brings it about.
func (tx *Tx) endWindow(s *SSO) error {
	if err := tx.changeSSO(s, requireColumns(false, tx.now, 0)); err != nil {
		return err
	}
	since, until := s.RequiredAt, *s.RequiredUntil
	s.Required, s.RequireWindow = false, RequireWindow{}
	actor := tx.actor
	tx.actor = system
	defer func() { tx.actor = actor }()
	before, began := Facts{"required": true, "required_until": until}, ""
	if since != nil {
		before["required_since"] = *since
		began = " at " + clockWords(*since)
	}
	tx.record("sso_connection.require_reverted", tx.ssoTarget(), before, Facts{"required": false})
	return tx.notify(NoticeReverted, "Require Single Sign-On turned itself off", "After it was turned on"+began+", no owner or admin signed in with single sign-on until "+
		clockWords(until)+" on "+until.UTC().Format("2 Jan 2006")+". So it turned itself off, and passwords work again. Sign in with single sign-on once to see what is wrong, then turn it on again.")
}

// Kinds of notices that a banner is made of.
const (
	NoticeReverted = "require_reverted" // Require Single Sign-On turned itself off
	NoticeSwitched = "sso_switched"     // somebody turned a switch
)

// clockWords is a time of day for people: "14:32 UTC".
func clockWords(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// OpenWindow is the connection whose safety window is open now, nil if none is.
func (db *DB) OpenWindow(ctx context.Context, orgID string) (*SSOConnection, error) {
	var list []SSOConnection
	err := db.read(ctx).Where("org_id = ? and required and required_until > ?", orgID, db.Now()).Limit(1).Find(&list).Error
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}
