package models

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The hot SCIM paths on PostgreSQL take one round trip: one statement reads the token, checks in SQL that the case is the common one,
// makes the change and writes its audit row. Whatever is not the common case changes nothing there and is left to the transaction,
// which knows every rule; SQLite, which has no round trips to save, always takes the transaction. What the fast path answers is what
// the transaction would have answered: the suites of this package run on both databases and compare.

// errUncommon hands a write over to the transaction.
var errUncommon = errors.New("not the common case")

// hot tells whether there are fast paths.
func (db *DB) hot() bool { return db.pool != nil }

// hotToken begins a hot statement: t is the row of the token, ok the same row if the token is accepted. The parameters are its id, the
// hash of its secret and the time. Conditions name the organization as a value, hotOrg, and not by a join with ok: a table that was never
// analyzed could be joined by the second column of an index alone, which reads all of it.
const hotToken = `with t as (select id, org_id, name, secret_hash, expires_at, revoked_at, last_used_at from scim_tokens where id = $1),
	ok as (select id, org_id, name from t where secret_hash = $2 and revoked_at is null and (expires_at is null or expires_at > $3)), `

const hotOrg = `(select org_id from ok)`

// hotTokenColumns are what hotRow scans first.
const hotTokenColumns = `t.org_id, t.name, t.secret_hash, t.expires_at, t.revoked_at, t.last_used_at`

// tokenTargets are where the columns of the token go.
func tokenTargets(t *SCIMToken) []any {
	return []any{&t.OrgID, &t.Name, &t.SecretHash, &t.ExpiresAt, &t.RevokedAt, &t.LastUsedAt}
}

// auditColumns are the columns of an audit row in the order of auditValues.
const auditColumns = `(id, org_id, at, action, actor_kind, actor_id, actor_label, actor_ip, target_kind, target_id, target_label, before, after)`

// writeOne runs one statement that changes rows and contains its own audit rows. It begins with hotToken, and args with its three
// parameters; it returns one row: hotTokenColumns, then what goes to targets. With lock, that statement runs first in the same
// implicit transaction and the same round trip: the second one then sees what those committed whom the lock waited for.
// Unauthenticated if the token is not accepted; errUncommon if somebody else was faster.
func (db *DB) writeOne(ctx context.Context, c *SCIMCall, lock string, lockArgs []any, sql string, args []any, targets ...any) error {
	token := SCIMToken{ID: c.id}
	targets = append(tokenTargets(&token), targets...)
	var err error
	if lock == "" {
		err = db.pool.QueryRow(ctx, sql, args...).Scan(targets...)
	} else {
		batch := &pgx.Batch{}
		batch.Queue(lock, lockArgs...)
		batch.Queue(sql, args...)
		results := db.pool.SendBatch(ctx, batch)
		if _, err = results.Exec(); err == nil {
			err = results.QueryRow().Scan(targets...)
		}
		if closed := results.Close(); err == nil {
			err = closed // the commit
		}
	}
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return c.accept(SCIMToken{}, false)
	case errors.As(err, &pg) && (isDuplicate(err) || isOrphan(err) || isTransient(err)):
		return errUncommon
	case err != nil:
		return translate(err)
	}
	return c.accept(token, true)
}

// hotAudit makes one audit row. The statement takes org_id, actor_id and actor_label from ok.
type hotAudit struct {
	action        string
	before, after Facts
}

// placeholders writes "?" as PostgreSQL's numbered parameters.
func placeholders(sql string) string {
	var b strings.Builder
	b.Grow(len(sql) + 16)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(sql, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		sql = after
	}
}

// changed notes what a hot statement did, as writeSCIM does for transactions.
func (c *SCIMCall) changed(action string, target Target, before, after Facts) {
	c.Events = append(c.Events, AuditEvent{Action: action, TargetKind: target.Kind, TargetID: target.ID, TargetLabel: target.Label, Before: before.json(), After: after.json()})
}

// hotArgs are the three parameters of hotToken, then the rest.
func (c *SCIMCall) hotArgs(now time.Time, rest ...any) []any {
	return append([]any{c.id, c.secretHash, now}, rest...)
}
