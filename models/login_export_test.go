package models

import (
	"context"
	"testing"
)

// Execute runs one statement past the doors, for states that no operation leads to any more.
func (db *DB) Execute(t *testing.T, sql string, args ...any) {
	t.Helper()
	if err := db.writer.WithContext(context.Background()).Exec(sql, args...).Error; err != nil {
		t.Fatal(err)
	}
}
