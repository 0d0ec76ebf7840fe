package models

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
)

// SCIMCall is one request of a directory. The token it carries is not looked up by itself: every operation reads it in its own first
// statement, so a revoked token is refused from the next request on, whatever instance gets it, and a read costs one round trip.
type SCIMCall struct {
	Client Client
	// Token is set by the first operation that accepted it.
	Token *SCIMToken
	// IfMatch is that header (RFC 7644 §3.14), "" without one: a change or deletion of a resource that is not as it says ends with 412.
	IfMatch string
	// Events are what the call changed, as the audit log has it; set by the operation that committed.
	Events []AuditEvent

	// LeftOut are the ids of those whom a change of members named and who were deleted here; set by the operation that committed.
	LeftOut []string

	// known is the row of the token's id, whether its secret was right or not.
	known          *SCIMToken
	id, secretHash string
	now            time.Time
}

func refusedToken(message string) error { return &Error{Kind: Unauthenticated, Message: message} }

// SCIMCall reads the text of a bearer token, "scim_<id>_<secret>". Unauthenticated if it is not one.
func (db *DB) SCIMCall(client Client, bearer string) (*SCIMCall, error) {
	id, secret, ok := strings.Cut(strings.TrimPrefix(bearer, scimTokenPrefix), "_")
	if !strings.HasPrefix(bearer, scimTokenPrefix) || !ok || len(bearer) > 200 || strings.ContainsFunc(id, func(r rune) bool { return !isAlphanumeric(r) }) {
		return nil, refusedToken("This is not a Gatehouse SCIM token. Paste the Secret Token from Access Security, SCIM.")
	}
	return &SCIMCall{Client: client, id: id, secretHash: hashSecret(secret), now: db.Now()}, nil
}

// TokenID is the public part of the token, whether it is accepted or not.
func (c *SCIMCall) TokenID() string { return c.id }

// Claimed is the organization and the name of the token whose id the call carries, even if it was refused; empty if there is none.
func (c *SCIMCall) Claimed() (orgID, name string) {
	if c.known == nil {
		return "", ""
	}
	return c.known.OrgID, c.known.Name
}

// accept compares the token with the row found for its id; found is false if there was none.
func (c *SCIMCall) accept(t SCIMToken, found bool) error {
	if found {
		c.known = &t
	}
	switch {
	case !found || !sameHash(t.SecretHash, c.secretHash):
		return refusedToken("The SCIM token is unknown. Paste the Secret Token again, or generate a new one under Access Security, SCIM.")
	case t.RevokedAt != nil:
		return refusedToken("The SCIM token was revoked. Generate a new one under Access Security, SCIM.")
	case !t.Live(c.now):
		return refusedToken("The SCIM token has expired. Generate a new one under Access Security, SCIM.")
	}
	c.Token = &t
	return nil
}

// AuthenticateSCIM looks the token up by itself, for requests that no operation answered. Unauthenticated, with the reason, if it does
// not work.
func (db *DB) AuthenticateSCIM(ctx context.Context, c *SCIMCall) error {
	if c.Token != nil {
		return nil
	}
	var list []SCIMToken
	if err := db.read(ctx).Where("id = ?", c.id).Limit(1).Find(&list).Error; err != nil {
		return err
	}
	return c.accept(append(list, SCIMToken{})[0], len(list) == 1)
}

// NoteSCIMCall keeps when and from where an accepted token was last used, at most once a minute.
func (db *DB) NoteSCIMCall(ctx context.Context, c *SCIMCall) error {
	t := c.Token
	if t == nil || t.LastUsedAt != nil && c.now.Sub(*t.LastUsedAt) < seenEvery {
		return nil
	}
	used := map[string]any{"last_used_at": c.now, "last_used_from": c.Client.IP, "last_used_agent": truncate(strings.ToValidUTF8(c.Client.UserAgent, "?"), 200)}
	return db.touch(ctx, func(tx *Tx) error {
		// The condition keeps parallel requests from writing the same minute twice.
		r := tx.Model(&SCIMToken{}).Where("id = ? and replaced_at is null and (last_used_at is null or last_used_at <= ?)", t.ID, c.now.Add(-seenEvery)).UpdateColumns(used)
		if r.Error != nil || r.RowsAffected > 0 || t.LastUsedAt != nil {
			return r.Error
		}
		// A replaced token never has a last use, so each of its calls comes here.
		delete(used, "last_used_at")
		used["late_calls"], used["late_call_at"] = gorm.Expr("late_calls + 1"), c.now
		return tx.Model(&SCIMToken{}).Where("id = ? and replaced_at is not null", t.ID).UpdateColumns(used).Error
	})
}

// scimTokenColumns are the columns accept needs, for statements that join the token.
const scimTokenColumns = `t.id as t_id, t.org_id as t_org_id, t.name as t_name, t.secret_hash as t_secret_hash, t.expires_at as t_expires_at,
	t.revoked_at as t_revoked_at, t.last_used_at as t_last_used_at`

// writeSCIM is the door write on behalf of the directory: fn runs with the organization of the accepted token. what selects one value
// about the resource in the statement that reads the token (nil if there is no such resource); it may be "".
func (db *DB) writeSCIM(ctx context.Context, c *SCIMCall, what string, args []any, fn func(tx *Tx, fact *string) error) error {
	if what == "" {
		what = "null"
	}
	return db.write(ctx, Actor{}, "", func(tx *Tx) error {
		var rows []struct {
			Token SCIMToken `gorm:"embedded;embeddedPrefix:t_"`
			Fact  *string
		}
		err := tx.Raw("select "+scimTokenColumns+", ("+what+") as fact from scim_tokens t where t.id = ?", append(append([]any{}, args...), c.id)...).Scan(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return c.accept(SCIMToken{}, false)
		}
		if err := c.accept(rows[0].Token, true); err != nil {
			return err
		}
		tx.org, tx.actor = c.Token.OrgID, c.Token.Actor(c.Client.IP)
		err = fn(tx, rows[0].Fact)
		c.Events, c.LeftOut = nil, nil
		if err == nil {
			c.Events = tx.audit
		}
		if err == nil || errors.Is(err, errNoChange) {
			c.LeftOut = tx.leftOut
		}
		return err
	})
}
