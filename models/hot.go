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

// Every hot statement reads the row of the token, and names the organization as a value that was remembered: a join with the token's row
// costs more, and a table that was never analyzed could be joined by the second column of an index alone, which reads all of it. Parameters
// begin with the token's id and the organization; hotToken is the condition for the token t of those that change something, which go on
// with the hash of its secret and the time. Where it does not hold, nothing happens.
const hotToken = `t.id = $1 and t.org_id = $2 and t.secret_hash = $3 and t.revoked_at is null and (t.expires_at is null or t.expires_at > $4)`

// hotTokenColumns are what hotRow.token reads.
const (
	hotTokenColumns = `t.org_id, t.name, t.secret_hash, t.expires_at, t.revoked_at, t.last_used_at`
	tokenColumns    = 6
)

// organizationOf is the organization of the call's token: which one that is never changes, so it is read once. Whether the token is accepted
// is read with every request.
func (db *DB) organizationOf(ctx context.Context, c *SCIMCall) (string, error) {
	if org, ok := db.tokenOrgs.recall(c.id); ok {
		return org, nil
	}
	if err := db.AuthenticateSCIM(ctx, c); err != nil {
		return "", err
	}
	db.tokenOrgs.remember(c.id, c.Token.OrgID)
	return c.Token.OrgID, nil
}

// auditColumns are the columns of an audit row in the order of auditValues.
const auditColumns = `(id, org_id, at, action, actor_kind, actor_id, actor_label, actor_ip, target_kind, target_id, target_label, before, after)`

// hotStatement is one statement with its parameters behind the first four, or behind the organization alone if it is a lock: that changes
// nothing, and the statement behind it asks for the token.
type hotStatement struct {
	sql  string
	args []any
	lock bool
}

// writeOne runs one statement that changes rows and contains its own audit rows, or several in the same implicit transaction and the same
// round trip: each then sees what those committed whom the one before it waited for. The last one answers one row if the change was made:
// the token's name and last use, then what read reads; or none. The token's conditions are in the statements: where nothing was changed
// the token is read again, to tell whether it was that. Unauthenticated if the token is not accepted; errUncommon if somebody else was
// faster, and where nothing was changed.
func (db *DB) writeOne(ctx context.Context, c *SCIMCall, now time.Time, read func(*hotRow), statements ...hotStatement) error {
	org, err := db.organizationOf(ctx, c)
	if err != nil {
		return err
	}
	for i := range statements {
		first := []any{c.id, org, c.secretHash, now}
		if statements[i].lock {
			first = []any{org}
		}
		statements[i].args = append(first, statements[i].args...)
	}
	made, err := db.runHot(ctx, c, org, read, statements)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && (isDuplicate(err) || isOrphan(err) || isTransient(err)):
		return errUncommon
	case err != nil:
		return translate(err)
	case made:
		return nil
	}
	c.Token = nil
	if err := db.AuthenticateSCIM(ctx, c); err != nil {
		db.tokenOrgs.forget(c.id)
		return err
	}
	return errUncommon
}

// runHot runs the statements of writeOne and tells whether the last one answered a row.
func (db *DB) runHot(ctx context.Context, c *SCIMCall, org string, read func(*hotRow), statements []hotStatement) (made bool, err error) {
	last := statements[len(statements)-1]
	var rows pgx.Rows
	if len(statements) == 1 {
		rows, err = db.pool.Query(ctx, last.sql, last.args...)
	} else {
		batch := &pgx.Batch{}
		for _, s := range statements {
			batch.Queue(s.sql, s.args...)
		}
		results := db.pool.SendBatch(ctx, batch)
		defer func() {
			if closed := results.Close(); err == nil {
				err = closed // the commit
			}
		}()
		for range len(statements) - 1 {
			if _, err = results.Exec(); err != nil {
				return false, err
			}
		}
		rows, err = results.Query()
	}
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if made = rows.Next(); made {
		row := newHotRow(rows)
		row.load()
		token := SCIMToken{ID: c.id, OrgID: org, Name: row.string(), SecretHash: c.secretHash, LastUsedAt: row.optionalTime()}
		if read != nil {
			read(row)
		}
		if row.err != nil {
			return false, row.err
		}
		if err := c.accept(token, true); err != nil {
			return false, err
		}
	}
	rows.Close()
	return made, rows.Err()
}

// placeholders writes "?" as PostgreSQL's numbered parameters, beginning with n.
func placeholders(sql string, n int) string {
	if n < 10 && strings.Count(sql, "?") == 1 { // nearly always
		return strings.Replace(sql, "?", "$"+string(rune('0'+n)), 1)
	}
	var b strings.Builder
	b.Grow(len(sql) + 16)
	for ; ; n++ {
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
func (c *SCIMCall) changed(action string, target Target, before, after string) {
	c.Events = append(c.Events, AuditEvent{Action: action, TargetKind: target.Kind, TargetID: target.ID, TargetLabel: target.Label, Before: before, After: after})
}
