package models

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
)

// PendingCertificate is a certificate that was found and that nobody has approved: it is trusted for nothing.
type PendingCertificate struct {
	ID                  string `gorm:"primaryKey"`
	OrgID               string
	PEM                 string `gorm:"column:pem"`
	Subject             string
	SHA1                string `gorm:"column:sha1"`
	SHA256              string `gorm:"column:sha256"`
	KeyKind             string
	NotBefore, NotAfter time.Time
	// Source is where it was found: FoundInMetadata or FoundInTest.
	Source      string
	FoundAt     time.Time
	DismissedAt *time.Time
}

// TableName is the table of certificates that wait.
func (PendingCertificate) TableName() string { return "sso_pending_certificates" }

// Where a pending certificate may come from. Anyone can post a self-made response, so those found in ordinary sign-ins are never kept.
const (
	FoundInMetadata = "metadata" // at the configured address
	FoundInTest     = "test"     // in a test sign-in that a signed-in admin began
)

// maxPendingCertificates bounds what a metadata document can make wait.
const maxPendingCertificates = 10

func (c *PendingCertificate) target() Target { return Target{"sso_certificate", c.ID, c.Subject} }

// PendingCertificates are those that wait for approval, the oldest first.
func (db *DB) PendingCertificates(ctx context.Context, orgID string) ([]PendingCertificate, error) {
	return pendingCertificates(db.read(ctx), orgID)
}

func pendingCertificates(g *gorm.DB, orgID string) ([]PendingCertificate, error) {
	var list []PendingCertificate
	return list, g.Where("org_id = ? and dismissed_at is null", orgID).Order("id").Limit(maxPendingCertificates).Find(&list).Error
}

// FindCertificate keeps a certificate for approval, and tells the owners, unless it is trusted, waits or was dismissed already. It never
// makes anything trusted.
func (db *DB) FindCertificate(ctx context.Context, actor Actor, orgID, source string, n NewCertificate) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		fresh, err := tx.findCertificate(s, source, n)
		if err == nil && !fresh {
			return errNoChange
		}
		return err
	})
}

func (tx *Tx) findCertificate(s *SSO, source string, n NewCertificate) (fresh bool, err error) {
	if s.trusts(n.SHA256) {
		return false, nil
	}
	if ours, err := tx.isOurs(n); err != nil || ours {
		return false, err // nobody should be asked to approve it
	}
	waiting, err := pendingCertificates(tx.DB, tx.org)
	if err != nil || len(waiting) >= maxPendingCertificates {
		return false, err
	}
	c := &PendingCertificate{
		ID: newID("crt_", tx.now), OrgID: tx.org, PEM: n.PEM, Subject: n.Subject, SHA1: n.SHA1, SHA256: n.SHA256, KeyKind: n.KeyKind,
		NotBefore: n.NotBefore.UTC(), NotAfter: n.NotAfter.UTC(), Source: source, FoundAt: tx.now,
	}
	if fresh, err = tx.insertNew(c); err != nil || !fresh {
		return false, err
	}
	where := "in your identity provider's metadata"
	if source == FoundInTest {
		where = "in a test sign-in"
	}
	tx.record("sso_certificate.found", c.target(), nil, Facts{"subject": c.Subject, "sha256": c.SHA256, "source": source})
	return true, tx.notify("sso", "A new SAML certificate waits for approval",
		"The certificate "+c.Subject+" (SHA-1 "+c.SHA1+") was found "+where+". It is not trusted until an admin approves it: compare its thumbprint with the one Entra shows, and type it in under Access Security → SSO → Metadata.")
}

// ApproveCertificate trusts a pending certificate. thumbprint is its SHA-1 as the admin has read and typed it: a wrong one is Invalid, so
// that nobody approves by clicking alone. Adding ends nothing. NotFound if none of that id waits.
func (db *DB) ApproveCertificate(ctx context.Context, actor Actor, orgID, id, thumbprint string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		c, err := tx.pendingCertificate(id)
		if err != nil {
			return err
		}
		switch typed := hexDigits(thumbprint); {
		case typed == "":
			return invalid("thumbprint", "Type the thumbprint that Entra shows for the new certificate.")
		case typed == hexDigits(c.SHA256):
		case len(typed) != 40:
			return invalid("thumbprint", "A thumbprint has 40 digits and letters from A to F. Copy all of it from Entra.")
		case typed != hexDigits(c.SHA1):
			return invalid("thumbprint", "This is another certificate's thumbprint. If Entra shows this one, the certificate that waits here is not Entra's: do not approve it.")
		}
		if !tx.now.Before(c.NotAfter) {
			return conflict("This certificate has expired. Dismiss it, and make a new one at the identity provider.")
		}
		if err := tx.Org().Where("id = ?", id).Delete(&PendingCertificate{}).Error; err != nil {
			return err
		}
		if s.trusts(c.SHA256) {
			tx.record("sso_certificate.approved", c.target(), nil, Facts{"sha256": c.SHA256, "source": c.Source})
			return nil
		}
		added, err := tx.addCertificate(s, NewCertificate{
			PEM: c.PEM, Subject: c.Subject, SHA1: c.SHA1, SHA256: c.SHA256, KeyKind: c.KeyKind, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		})
		if err != nil {
			return err
		}
		tx.record("sso_certificate.approved", added.target(), nil, Facts{"sha256": c.SHA256, "source": c.Source})
		return nil
	})
}

// DismissCertificate stops a certificate from waiting; it does not come up again. NotFound if none of that id waits.
func (db *DB) DismissCertificate(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		c, err := tx.pendingCertificate(id)
		if err != nil {
			return err
		}
		if err := tx.Org().Model(&PendingCertificate{}).Where("id = ?", id).UpdateColumn("dismissed_at", tx.now).Error; err != nil {
			return err
		}
		tx.record("sso_certificate.dismissed", c.target(), Facts{"subject": c.Subject, "sha256": c.SHA256}, nil)
		return nil
	})
}

func (tx *Tx) pendingCertificate(id string) (*PendingCertificate, error) {
	var c PendingCertificate
	if err := tx.Locked().Where("id = ? and dismissed_at is null", id).Take(&c).Error; err != nil {
		return nil, found(err, "certificate waiting for approval")
	}
	return &c, nil
}

// hexDigits keeps the hexadecimal digits of a thumbprint, however it is grouped: people copy it with colons, spaces and invisible marks.
func hexDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9' || 'A' <= r && r <= 'F':
			return r
		case 'a' <= r && r <= 'f':
			return r - 'a' + 'A'
		case r == ':' || r == ' ' || r == '-' || r == '\t' || r == '\n' || r == '\r' || r == '\u200e' || r == '\u200f' || r == '\u00a0' || r == '\ufeff':
			return -1
		}
		return 'x' // anything else makes it no thumbprint
	}, s)
}
