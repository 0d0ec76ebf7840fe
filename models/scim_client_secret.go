package models

import (
	"context"
	"strings"
	"time"
)

// SCIMClientSecret is a secret of the OAuth 2.0 client that an organization's directory is; the client id is the organization's id. The
// secret is shown once; only its hash is here.
type SCIMClientSecret struct {
	ID           string `gorm:"primaryKey"`
	OrgID        string
	Name         string
	SecretHash   string
	CreatedBy    string
	CreatedAt    time.Time
	ExpiresAt    time.Time
	RevokedAt    *time.Time
	RevokedBy    *string
	LastUsedAt   *time.Time // exchanged for an access token
	LastUsedFrom string
	// LastCallAt is when one of its access tokens was last used, as far as they are still here; only SCIMClientSecrets reads it.
	LastCallAt *time.Time `gorm:"->;-:migration"`
}

// TableName is the table of client secrets.
func (SCIMClientSecret) TableName() string { return "scim_client_secrets" }

// Live tells whether the secret works at that time.
func (s *SCIMClientSecret) Live(now time.Time) bool {
	return s.RevokedAt == nil && now.Before(s.ExpiresAt)
}

func (s *SCIMClientSecret) target() Target { return Target{"scim_client_secret", s.ID, s.Name} }

const (
	clientSecretPrefix = "scimcs_"
	maxClientSecrets   = 20
	// MaxClientSecretLife is the longest a client secret may live; Entra asks for one to three years.
	MaxClientSecretLife = 3 * 366 * 24 * time.Hour
	// AccessTokenLife is how long the token lives that a client secret is exchanged for.
	AccessTokenLife = time.Hour
)

// accessTokens bounds how often one secret is exchanged. A directory does so once an hour.
var accessTokens = RateLimit{Every: time.Second, Burst: 60}

// CreateSCIMClientSecret makes a secret that lives for life and returns its text, "scimcs_<id>_<secret>": the only time anybody sees it.
// Invalid, field name or expires.
func (db *DB) CreateSCIMClientSecret(ctx context.Context, actor Actor, orgID, name string, life time.Duration) (*SCIMClientSecret, string, error) {
	name, err := cleanName("name", name, "a name for the secret, such as “Entra”")
	if err != nil {
		return nil, "", err
	}
	if life <= 0 || life > MaxClientSecretLife {
		return nil, "", invalid("expires", "A client secret lives for a day at least and three years at most.")
	}
	if _, err := db.Organization(ctx, orgID); err != nil {
		return nil, "", err
	}
	now, secret := db.Now(), newSecret()
	s := &SCIMClientSecret{ID: newID("", now), OrgID: orgID, Name: name, SecretHash: hashSecret(secret), CreatedBy: actor.Label, CreatedAt: now, ExpiresAt: now.Add(life)}
	err = db.write(ctx, actor, orgID, func(tx *Tx) error {
		var live []string
		if err := tx.Raw("select id from scim_client_secrets where org_id = ? and revoked_at is null limit ?", orgID, maxClientSecrets).Scan(&live).Error; err != nil {
			return err
		}
		if len(live) >= maxClientSecrets {
			return conflict("There are %d client secrets, which is the most. Revoke one that is no longer used.", maxClientSecrets)
		}
		if err := tx.Create(s).Error; err != nil {
			return err
		}
		tx.record("scim_client_secret.created", s.target(), nil, Facts{"name": name, "expires_at": s.ExpiresAt})
		return nil
	})
	return s, clientSecretPrefix + s.ID + "_" + secret, err
}

// RevokeSCIMClientSecret ends a secret and the access tokens it was exchanged for; both are refused from the next request on, on every
// instance. NotFound.
func (db *DB) RevokeSCIMClientSecret(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		var s SCIMClientSecret
		// The lock keeps an exchange from slipping a new access token in behind the revocation.
		if err := tx.Locked().Where("id = ?", id).Take(&s).Error; err != nil {
			return found(err, "client secret")
		}
		if s.RevokedAt != nil {
			return errNoChange
		}
		revoked := map[string]any{"revoked_at": tx.now, "revoked_by": actor.Label}
		if err := tx.Model(&SCIMClientSecret{}).Where("org_id = ? and id = ?", orgID, id).UpdateColumns(revoked).Error; err != nil {
			return err
		}
		tokens := tx.Model(&SCIMToken{}).Where("org_id = ? and client_secret_id = ? and revoked_at is null", orgID, id).UpdateColumns(revoked)
		if tokens.Error != nil {
			return tokens.Error
		}
		tx.record("scim_client_secret.revoked", s.target(), Facts{"name": s.Name}, Facts{"access_tokens_ended": tokens.RowsAffected})
		return nil
	})
}

// SCIMClientSecrets are an organization's client secrets, the newest first, revoked ones last.
func (db *DB) SCIMClientSecrets(ctx context.Context, orgID string) ([]SCIMClientSecret, error) {
	var list []SCIMClientSecret
	err := db.read(ctx).Where("org_id = ?", orgID).Order("revoked_at is not null, created_at desc, id desc").Limit(100).Find(&list).Error
	if err != nil || len(list) == 0 {
		return list, err
	}
	var calls []SCIMToken
	err = db.read(ctx).Where("org_id = ? and client_secret_id is not null and last_used_at is not null", orgID).Order("last_used_at desc").Limit(1000).Find(&calls).Error
	for i := range list {
		for j := range calls {
			if *calls[j].ClientSecretID == list[i].ID {
				list[i].LastCallAt = calls[j].LastUsedAt
				break
			}
		}
	}
	return list, err
}

// IssueSCIMAccessToken exchanges a client secret for an access token (RFC 6749 §4.4) and returns its text and how long it lives.
// Unauthenticated if client and secret do not belong together or the secret does not work; TooMany.
func (db *DB) IssueSCIMAccessToken(ctx context.Context, client Client, clientID, clientSecret string) (string, time.Duration, error) {
	id, secret, ok := strings.Cut(strings.TrimPrefix(clientSecret, clientSecretPrefix), "_")
	if !ok || !strings.HasPrefix(clientSecret, clientSecretPrefix) || len(clientSecret) > 200 || strings.ContainsFunc(id, func(r rune) bool { return !isAlphanumeric(r) }) {
		return "", 0, refusedToken("This is not a Gatehouse client secret. Paste it again from Access Security, SCIM.")
	}
	var rows []SCIMClientSecret
	if err := db.read(ctx).Where("id = ?", id).Limit(1).Find(&rows).Error; err != nil {
		return "", 0, err
	}
	if len(rows) == 0 || !sameHash(rows[0].SecretHash, hashSecret(secret)) || rows[0].OrgID != clientID {
		return "", 0, refusedToken("The client id or the client secret is wrong. Paste both again from Access Security, SCIM.")
	}
	if err := db.limit(ctx, "oauth:"+id, accessTokens); err != nil {
		return "", 0, err
	}
	actor := Actor{Kind: SCIM, ID: id, Label: rows[0].Name, IP: client.IP}
	text, life := "", AccessTokenLife
	err := db.write(ctx, actor, clientID, func(tx *Tx) error {
		var s SCIMClientSecret
		if err := tx.Locked().Where("id = ?", id).Take(&s).Error; err != nil {
			return found(err, "client secret")
		}
		switch {
		case s.RevokedAt != nil:
			return refusedToken("The client secret was revoked. Make a new one under Access Security, SCIM.")
		case !s.Live(tx.now):
			return refusedToken("The client secret has expired. Make a new one under Access Security, SCIM.")
		}
		life = min(life, s.ExpiresAt.Sub(tx.now))
		secret, end := newSecret(), tx.now.Add(life)
		t := &SCIMToken{ID: newID("", tx.now), OrgID: s.OrgID, Name: s.Name, SecretHash: hashSecret(secret), CreatedBy: s.Name, CreatedAt: tx.now, ExpiresAt: &end, ClientSecretID: &s.ID}
		// Those that ran out have nothing more to tell.
		if err := tx.Exec("delete from scim_tokens where client_secret_id = ? and expires_at <= ?", s.ID, tx.now).Error; err != nil {
			return err
		}
		if err := tx.Create(t).Error; err != nil {
			return err
		}
		used := map[string]any{"last_used_at": tx.now, "last_used_from": client.IP}
		if err := tx.Model(&SCIMClientSecret{}).Where("org_id = ? and id = ?", s.OrgID, s.ID).UpdateColumns(used).Error; err != nil {
			return err
		}
		tx.record("scim_client_secret.exchanged", s.target(), nil, Facts{"token": t.ID, "expires_at": end})
		text = scimTokenPrefix + t.ID + "_" + secret
		return nil
	})
	return text, life, err
}
