package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
)

// DiagnosticLinkLife is how long a link shows what is wrong with an attempt, if the attempt itself is kept that long.
const DiagnosticLinkLife = 7 * 24 * time.Hour

// maxDiagnosticLinks is how many links of one attempt work at the same time.
const maxDiagnosticLinks = 10

var (
	// diagnosticsByIP bounds the guessing of secrets, of which there are 2²⁵⁶.
	diagnosticsByIP = RateLimit{Every: 2 * time.Second, Burst: 30}
	// diagnosticsByLink bounds what the holder of a link can write into the audit log.
	diagnosticsByLink = RateLimit{Every: time.Minute, Burst: 30}
)

// DiagnosticLink shows what is wrong with one attempt to sign in to whoever holds it, without an account. Only the hash of its secret is
// stored.
type DiagnosticLink struct {
	ID, OrgID, ActivityID string
	SecretHash            string
	CreatedBy             string
	// MemberID made it, or nobody who could lose the right to.
	MemberID             string
	CreatedAt, ExpiresAt time.Time
	RevokedAt            *time.Time
	RevokedBy            string
	Opened               int64 // how often
	OpenedAt             *time.Time
}

// TableName is the table of links.
func (DiagnosticLink) TableName() string { return "diagnostic_links" }

// Live tells whether the link works.
func (l *DiagnosticLink) Live(now time.Time) bool {
	return l.RevokedAt == nil && now.Before(l.ExpiresAt)
}

// diagnosticTarget names an attempt in the audit log.
func diagnosticTarget(id string, a *Activity) Target {
	label := "Reference " + a.Reference
	if a.Who != "" {
		label = a.Who + ", reference " + a.Reference
	}
	return Target{"diagnostic_link", id, label}
}

// CreateDiagnosticLink makes a link to a refused sign-in or a failed test and returns its secret. NotFound if there is no such attempt;
// Conflict if nothing is wrong with it, or if it has very many links.
func (db *DB) CreateDiagnosticLink(ctx context.Context, actor Actor, orgID, activityID string) (string, error) {
	secret := newSecret()
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		a, err := tx.attempt(activityID)
		if err != nil {
			return err
		}
		if a.Kind != ActivitySignIn || a.OK {
			return conflict("Nothing is wrong with this attempt, so there is nothing to show to anybody.")
		}
		var live int64
		err = tx.Org().Model(&DiagnosticLink{}).Where("activity_id = ? and revoked_at is null and expires_at > ?", activityID, tx.now).Count(&live).Error
		if err != nil {
			return err
		}
		if live >= maxDiagnosticLinks {
			return conflict("There are %d links to this already. Revoke one first.", live)
		}
		l := &DiagnosticLink{
			ID: newID("dlk_", tx.now), OrgID: orgID, ActivityID: activityID, SecretHash: hashSecret(secret), CreatedBy: truncate(actor.Label, maxLabel),
			CreatedAt: tx.now, ExpiresAt: tx.now.Add(DiagnosticLinkLife),
		}
		if actor.Kind == Person {
			l.MemberID = actor.ID
		}
		// What is shown is forgotten with the attempt.
		if forgotten := a.At.Add(ActivityLife); forgotten.Before(l.ExpiresAt) {
			l.ExpiresAt = forgotten
		}
		tx.record("diagnostic_link.created", diagnosticTarget(l.ID, a), nil, Facts{"reference": a.Reference, "expires_at": l.ExpiresAt})
		return tx.Create(l).Error
	})
	return secret, err
}

// RevokeDiagnosticLink ends a link: it shows nothing from the next opening on. NotFound if the organization has none with that id.
func (db *DB) RevokeDiagnosticLink(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		var l DiagnosticLink
		if err := tx.Locked().Where("id = ?", id).Take(&l).Error; err != nil {
			return found(err, "diagnostic link")
		}
		if !l.Live(tx.now) {
			return errNoChange
		}
		a, err := tx.attempt(l.ActivityID)
		if err != nil {
			return err
		}
		err = tx.Org().Model(&DiagnosticLink{}).Where("id = ?", id).
			UpdateColumns(map[string]any{"revoked_at": tx.now, "revoked_by": truncate(actor.Label, maxLabel)}).Error
		if err != nil {
			return err
		}
		tx.record("diagnostic_link.revoked", diagnosticTarget(l.ID, a), nil, Facts{"reference": a.Reference})
		return nil
	})
}

// DiagnosticLinks are the links to one attempt, newest first.
func (db *DB) DiagnosticLinks(ctx context.Context, orgID, activityID string) ([]DiagnosticLink, error) {
	var list []DiagnosticLink
	return list, db.read(ctx).Where("org_id = ? and activity_id = ?", orgID, activityID).Order("id desc").Limit(5 * maxDiagnosticLinks).Find(&list).Error
}

// OpenDiagnosticLink is what a link shows, to whoever holds its secret. That it was opened is audited. NotFound, with a sentence for its
// holder, if it does not work any more; TooMany when it was opened very often.
func (db *DB) OpenDiagnosticLink(ctx context.Context, client Client, orgID, secret string) (*DiagnosticLink, *Activity, error) {
	if err := db.limit(ctx, "diagnostic:ip:"+NetworkOf(client.IP), diagnosticsByIP); err != nil {
		return nil, nil, err
	}
	dead := &Error{Kind: NotFound, Message: "It works for seven days, until it is revoked, and only while the person who sent it is an admin. Ask an admin for a new one."}
	var l DiagnosticLink
	err := db.read(ctx).Where("org_id = ? and secret_hash = ? and revoked_at is null and expires_at > ? and "+madeByManager("diagnostic_links"), orgID, hashSecret(secret), db.Now()).Take(&l).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil, dead
	}
	if err != nil {
		return nil, nil, err
	}
	if err := db.limit(ctx, "diagnostic:link:"+l.ID, diagnosticsByLink); err != nil {
		return nil, nil, err
	}
	var a *Activity
	err = db.write(ctx, Actor{Kind: Anonymous, Label: "diagnostic link", IP: client.IP}, orgID, func(tx *Tx) error {
		// Read again under lock: one that is revoked meanwhile shows nothing.
		var again DiagnosticLink
		if err := tx.Locked().Where("id = ? and revoked_at is null", l.ID).Take(&again).Error; err != nil {
			if errors.Is(err, gorm.ErrRecordNotFound) {
				return dead
			}
			return err
		}
		l = again
		var err error
		if a, err = tx.attempt(l.ActivityID); err != nil {
			return err
		}
		l.Opened, l.OpenedAt = l.Opened+1, &tx.now
		tx.record("diagnostic_link.opened", diagnosticTarget(l.ID, a), nil, Facts{"reference": a.Reference, "link_by": l.CreatedBy})
		return tx.Org().Model(&DiagnosticLink{}).Where("id = ?", l.ID).UpdateColumns(map[string]any{"opened": l.Opened, "opened_at": tx.now}).Error
	})
	return &l, a, err
}

// attempt reads one attempt of the transaction's organization.
func (tx *Tx) attempt(id string) (*Activity, error) {
	var a Activity
	if err := tx.Org().Where("id = ?", id).Take(&a).Error; err != nil {
		return nil, found(err, "entry")
	}
	return &a, nil
}
