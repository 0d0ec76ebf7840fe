package models

import (
	"context"
	"time"
)

// SCIMToken is a bearer token of one organization. The secret is shown once; only its hash is here.
type SCIMToken struct {
	ID            string `gorm:"primaryKey"`
	OrgID         string
	Name          string
	SecretHash    string
	CreatedBy     string
	CreatedAt     time.Time
	ExpiresAt     *time.Time
	RevokedAt     *time.Time
	RevokedBy     *string
	LastUsedAt    *time.Time
	LastUsedFrom  string
	LastUsedAgent string
}

// TableName is the table of SCIM tokens.
func (SCIMToken) TableName() string { return "scim_tokens" }

// Live tells whether the token works at that time.
func (t *SCIMToken) Live(now time.Time) bool {
	return t.RevokedAt == nil && (t.ExpiresAt == nil || now.Before(*t.ExpiresAt))
}

func (t *SCIMToken) target() Target { return Target{"scim_token", t.ID, t.Name} }

const (
	scimTokenPrefix = "scim_"
	maxSCIMTokens   = 20
	// MaxSCIMTokenLife is the longest a token may live.
	MaxSCIMTokenLife = 2 * 366 * 24 * time.Hour
)

// CreateSCIMToken makes a token that lives for life (0: without an end) and returns the text to hand to the directory, "scim_<id>_<secret>":
// the only time anybody sees it.
func (db *DB) CreateSCIMToken(ctx context.Context, actor Actor, orgID, name string, life time.Duration) (*SCIMToken, string, error) {
	name, err := cleanName("name", name, "a name for the token, such as “Entra”")
	if err != nil {
		return nil, "", err
	}
	if life < 0 || life > MaxSCIMTokenLife {
		return nil, "", invalid("expires", "A token lives for a day at least and two years at most.")
	}
	if _, err := db.Organization(ctx, orgID); err != nil {
		return nil, "", err
	}
	now := db.Now()
	secret := newSecret()
	t := &SCIMToken{ID: newID("", now), OrgID: orgID, Name: name, SecretHash: hashSecret(secret), CreatedBy: actor.Label, CreatedAt: now}
	if life > 0 {
		end := now.Add(life)
		t.ExpiresAt = &end
	}
	err = db.write(ctx, actor, orgID, func(tx *Tx) error {
		var live []string
		if err := tx.Raw("select id from scim_tokens where org_id = ? and revoked_at is null limit ?", orgID, maxSCIMTokens).Scan(&live).Error; err != nil {
			return err
		}
		if len(live) >= maxSCIMTokens {
			return conflict("There are %d tokens, which is the most. Revoke one that is no longer used.", maxSCIMTokens)
		}
		if err := tx.Create(t).Error; err != nil {
			return err
		}
		tx.record("scim_token.created", t.target(), nil, Facts{"name": name, "expires_at": t.ExpiresAt})
		return nil
	})
	return t, scimTokenPrefix + t.ID + "_" + secret, err
}

// RevokeSCIMToken ends a token; it is refused from the next request on, on every instance.
func (db *DB) RevokeSCIMToken(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		var t SCIMToken
		if err := tx.Locked().Where("id = ?", id).Take(&t).Error; err != nil {
			return found(err, "token")
		}
		if t.RevokedAt != nil {
			return errNoChange
		}
		if err := tx.Model(&SCIMToken{}).Where("org_id = ? and id = ?", orgID, id).UpdateColumns(map[string]any{"revoked_at": tx.now, "revoked_by": actor.Label}).Error; err != nil {
			return err
		}
		tx.record("scim_token.revoked", t.target(), Facts{"name": t.Name}, nil)
		return nil
	})
}

// SCIMTokens are an organization's tokens, the newest first, revoked ones last.
func (db *DB) SCIMTokens(ctx context.Context, orgID string) ([]SCIMToken, error) {
	var list []SCIMToken
	return list, db.read(ctx).Where("org_id = ?", orgID).Order("revoked_at is not null, created_at desc, id desc").Limit(100).Find(&list).Error
}

// Actor is the directory behind the token as the actor of a change.
func (t *SCIMToken) Actor(ip string) Actor {
	return Actor{Kind: SCIM, ID: t.ID, Label: t.Name, IP: ip}
}
