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
	// ClientSecretID makes it an access token: one that a client secret was exchanged for.
	ClientSecretID *string
	// ReplacedAt is when another token took its place. Until it expires it works, and calls with it are counted.
	ReplacedAt *time.Time
	LateCalls  int64
	LateCallAt *time.Time
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
		if err := tx.roomForToken(); err != nil {
			return err
		}
		if err := tx.Create(t).Error; err != nil {
			return err
		}
		tx.record("scim_token.created", t.target(), nil, Facts{"name": name, "expires_at": t.ExpiresAt})
		return nil
	})
	return t, scimTokenPrefix + t.ID + "_" + secret, err
}

// roomForToken refuses more tokens than anybody can keep an eye on.
func (tx *Tx) roomForToken() error {
	var live []string
	err := tx.Raw("select id from scim_tokens where org_id = ? and revoked_at is null and client_secret_id is null limit ?", tx.org, maxSCIMTokens).Scan(&live).Error
	if err == nil && len(live) >= maxSCIMTokens {
		err = conflict("There are %d tokens, which is the most. Revoke one that is no longer used.", maxSCIMTokens)
	}
	return err
}

// ReplaceSCIMToken makes a token in the place of another, with its name and as long a life, and returns its text. The old one works for
// overlap, not longer than it would have, so that the directory can be given the new one meanwhile; calls with the old one are counted.
// NotFound; Conflict for a token that does not work any more or was replaced already.
func (db *DB) ReplaceSCIMToken(ctx context.Context, actor Actor, orgID, id string, overlap time.Duration) (*SCIMToken, string, error) {
	var fresh *SCIMToken
	secret := newSecret()
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		var old SCIMToken
		if err := tx.Locked().Where("id = ? and client_secret_id is null", id).Take(&old).Error; err != nil {
			return found(err, "token")
		}
		switch {
		case !old.Live(tx.now):
			return conflict("The token “%s” does not work any more. Generate a new one instead.", old.Name)
		case old.ReplacedAt != nil:
			return conflict("The token “%s” was replaced already. Replace the newer one.", old.Name)
		}
		if err := tx.roomForToken(); err != nil {
			return err
		}
		fresh = &SCIMToken{ID: newID("", tx.now), OrgID: orgID, Name: old.Name, SecretHash: hashSecret(secret), CreatedBy: actor.Label, CreatedAt: tx.now}
		end := tx.now.Add(overlap)
		if old.ExpiresAt != nil {
			life := tx.now.Add(old.ExpiresAt.Sub(old.CreatedAt))
			fresh.ExpiresAt = &life
			if old.ExpiresAt.Before(end) {
				end = *old.ExpiresAt
			}
		}
		if err := tx.Create(fresh).Error; err != nil {
			return err
		}
		err := tx.Model(&SCIMToken{}).Where("org_id = ? and id = ?", orgID, id).UpdateColumns(map[string]any{
			"replaced_at": tx.now, "expires_at": end, "late_call_at": old.LastUsedAt, "last_used_at": nil,
		}).Error
		if err != nil {
			return err
		}
		tx.record("scim_token.replaced", old.target(), Facts{"expires_at": old.ExpiresAt}, Facts{"by": fresh.ID, "expires_at": end})
		tx.record("scim_token.created", fresh.target(), nil, Facts{"name": fresh.Name, "expires_at": fresh.ExpiresAt})
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return fresh, scimTokenPrefix + fresh.ID + "_" + secret, nil
}

// RevokeSCIMToken ends a token; it is refused from the next request on, on every instance.
func (db *DB) RevokeSCIMToken(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		var t SCIMToken
		if err := tx.Locked().Where("id = ? and client_secret_id is null", id).Take(&t).Error; err != nil {
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

// SCIMTokens are an organization's tokens, the newest first, revoked ones last; access tokens are not among them.
func (db *DB) SCIMTokens(ctx context.Context, orgID string) ([]SCIMToken, error) {
	var list []SCIMToken
	return list, db.read(ctx).Where("org_id = ? and client_secret_id is null", orgID).Order("revoked_at is not null, created_at desc, id desc").Limit(100).Find(&list).Error
}

// Actor is the directory behind the token as the actor of a change.
func (t *SCIMToken) Actor(ip string) Actor {
	return Actor{Kind: SCIM, ID: t.ID, Label: t.Name, IP: ip}
}
