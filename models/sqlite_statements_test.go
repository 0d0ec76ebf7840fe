package models

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func keepingPool(t *testing.T) *sql.DB {
	t.Helper()
	pool, err := openSQLitePool(sqliteDSN(filepath.Join(t.TempDir(), "kept.db"), sqliteTime))
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("close with kept statements: %v", err)
		}
	})
	if _, err := pool.Exec("create table words (n integer primary key, word text unique)"); err != nil {
		t.Fatal(err)
	}
	return pool
}

func TestAKeptStatementTakesNewValuesEachTime(t *testing.T) {
	pool := keepingPool(t)
	for i := range 20 {
		tx, err := pool.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("insert into words (n, word) values (?, ?)", i, fmt.Sprint("word ", i)); err != nil {
			t.Fatal(err)
		}
		// One that fails leaves the statement usable.
		if _, err := tx.Exec("insert into words (n, word) values (?, ?)", i+100, fmt.Sprint("word ", i)); err == nil {
			t.Error("the same word twice")
		}
		var word string
		if err := tx.QueryRow("select word from words where n = ?", i).Scan(&word); err != nil || word != fmt.Sprint("word ", i) {
			t.Errorf("%d is %q, %v", i, word, err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStatementMayRunWhileItIsRead(t *testing.T) {
	pool := keepingPool(t)
	tx, err := pool.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const three = "select value from (select 1 as value union select 2 union select 3) where value > ?"
	outer, err := tx.Query(three, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer outer.Close()
	seen := 0
	for outer.Next() {
		inner, err := tx.Query(three, 1)
		if err != nil {
			t.Fatal(err)
		}
		for inner.Next() {
			seen++
		}
		inner.Close()
	}
	if seen != 6 {
		t.Errorf("%d rows inside, want 6", seen)
	}
}

func TestOnlySoManyStatementsAreKept(t *testing.T) {
	pool := keepingPool(t)
	for round := range 2 {
		for i := range 2 * keptStatements {
			var got int
			if err := pool.QueryRow(fmt.Sprintf("select %d + ?", i), round).Scan(&got); err != nil || got != i+round {
				t.Fatalf("%d + %d = %d, %v", i, round, got, err)
			}
		}
	}
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		if kept := c.(*keepingConn); len(kept.kept) > keptStatements || len(kept.kept) != len(kept.oldest) {
			t.Errorf("%d statements are kept, %d listed; want at most %d", len(kept.kept), len(kept.oldest), keptStatements)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeptStatementsSeeANewSchema(t *testing.T) {
	pool := keepingPool(t)
	count := func() (n int) {
		t.Helper()
		if err := pool.QueryRow("select count(*) from words where word <> ?", "x").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	count()
	for _, change := range []string{"drop table words", "create table words (word text, more text)", "insert into words values ('y', '')"} {
		if _, err := pool.Exec(change); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 1 {
		t.Errorf("%d words, want 1", n)
	}
}

// A directory chooses how many rows a statement writes, and so how long it is: the long ones are not held.
func TestLongStatementsAreNotKept(t *testing.T) {
	pool := keepingPool(t)
	for rows := 600; rows < 610; rows++ {
		args := make([]any, 0, 2*rows)
		for i := range rows {
			args = append(args, rows*1000+i, fmt.Sprint(rows, i))
		}
		if _, err := pool.Exec("insert into words (n, word) values (?, ?)"+strings.Repeat(", (?, ?)", rows-1), args...); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	length := 0
	err = conn.Raw(func(c any) error {
		for query := range c.(*keepingConn).kept {
			length += len(query)
		}
		return nil
	})
	if err != nil || length > maxKeptQuery {
		t.Errorf("%d bytes of statements are kept, %v", length, err)
	}
}
