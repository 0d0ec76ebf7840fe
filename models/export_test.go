package models

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Write is the door for changes, for tests of the door itself. record asks fn's stand-in to write an audit event.
func (db *DB) Write(t *testing.T, orgID, team string, record bool) error {
	t.Helper()
	return db.write(t.Context(), Actor{Kind: Operator}, orgID, func(tx *Tx) error {
		row := &Team{ID: newID("team_", tx.now), OrgID: orgID, Name: team, NameKey: team, Version: 1, CreatedAt: tx.now, UpdatedAt: tx.now}
		if err := tx.Create(row).Error; err != nil {
			return err
		}
		if record {
			tx.record("team.created", row.target(), nil, nil)
		}
		return nil
	})
}

// ReadModifyWrite adds one to a team's version the long way: read under lock, compute, write.
func (db *DB) ReadModifyWrite(ctx context.Context, orgID, teamID string) error {
	return db.write(ctx, Actor{Kind: Operator}, orgID, func(tx *Tx) error {
		team, err := tx.team(teamID)
		if err != nil {
			return err
		}
		tx.record("team.renamed", team.target(), nil, nil)
		return tx.Model(&Team{}).Where("id = ?", teamID).UpdateColumn("version", team.Version+1).Error
	})
}

// Limit takes one call of a rate limit.
func (db *DB) Limit(ctx context.Context, key string, l RateLimit) error { return db.limit(ctx, key, l) }

// Hash hashes a password the way a sign-up does.
func (db *DB) Hash(t *testing.T, password string) string {
	t.Helper()
	hash, err := db.hashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// PasswordMatches tells whether a password is the one of a stored hash.
func (db *DB) PasswordMatches(t *testing.T, hash, password string) (bool, error) {
	t.Helper()
	return db.passwordMatches(t.Context(), &hash, password)
}

// Dump is every row of every table as text, to see that nothing changed. Rate limits count what was refused, too, and are left out.
func (db *DB) Dump(t *testing.T) string {
	t.Helper()
	catalogue := "select table_name from information_schema.tables where table_schema = 'public'"
	if db.dialect == "sqlite" {
		catalogue = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
	}
	var tables []string
	if err := db.reader.Raw(catalogue + " order by 1").Scan(&tables).Error; err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, table := range tables {
		if table == "rate_limits" {
			continue
		}
		var rows []map[string]any
		if err := db.reader.Raw("select * from " + table).Scan(&rows).Error; err != nil {
			t.Fatal(err)
		}
		lines := make([]string, len(rows))
		for i, row := range rows {
			lines[i] = fmt.Sprint(table, row)
		}
		slices.Sort(lines)
		out.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return out.String()
}

// NewID, LikeContains and CleanName are the unexported functions of those names.
var (
	NewID        = newID
	LikeContains = likeContains
	CleanName    = cleanName
	Truncate     = truncate
)

// MemberCount is how many members an organization has by the rows that count them.
func (db *DB) MemberCount(t *testing.T, orgID string) int {
	t.Helper()
	var n int
	if err := db.reader.Raw("select cast(coalesce(sum(n), 0) as bigint) from member_counts where org_id = ?", orgID).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// Count is how many rows a table has.
func (db *DB) Count(t *testing.T, table string) int {
	t.Helper()
	var n int
	if err := db.reader.Raw("select count(*) from " + table).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// HoldWriter begins a transaction that writes, as a slow process would, and returns what ends it.
func (db *DB) HoldWriter(t *testing.T) (release func()) {
	t.Helper()
	tx := db.writer.Begin()
	if tx.Error != nil {
		t.Fatal(tx.Error)
	}
	return func() { tx.Rollback() }
}
