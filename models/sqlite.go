package models

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
)

const (
	sqliteReaders  = 8
	sqlitePatience = 10 * time.Second // with a file that other processes use, as busy_timeout
	// sqliteTime is fixed in width, so that times compare as text.
	sqliteTime = "2006-01-02T15:04:05.000000Z"
)

func (db *DB) openSQLite(ctx context.Context, path string) error {
	db.dialect = "sqlite"
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	// Made here, because SQLite would make them for everybody to read. The log beside them, which holds the same rows, takes the
	// database's mode (modeof).
	for _, name := range []string{path, path + "-shm"} {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
			return err
		}
	}
	// A new file is switched to the write-ahead log under a lock for which SQLite does not wait by itself.
	patience := time.Now().Add(sqlitePatience)
	open := func(connections int) (*gorm.DB, error) {
		for {
			pool, err := openSQLitePool(sqliteDSN(path, sqliteTime))
			if err != nil {
				return nil, err
			}
			pool.SetMaxOpenConns(connections)
			pool.SetMaxIdleConns(connections)
			if err = pool.PingContext(ctx); err == nil {
				return gorm.Open(gormlite.OpenDB(pool), db.quiet())
			}
			pool.Close()
			if !isTransient(err) || time.Now().After(patience) {
				return nil, err
			}
			time.Sleep(time.Duration(1+rand.IntN(20)) * time.Millisecond)
		}
	}
	var err error
	if db.writer, err = open(1); err != nil {
		return err
	}
	db.reader, err = open(sqliteReaders)
	return err
}

// prepareSQLite sets up one connection. With stable plans a prepared statement stays prepared: otherwise each new value of a parameter
// that a plan might depend on (partial indexes, LIKE) made SQLite parse and plan it again, which was more than half of a query's time.
func prepareSQLite(c *sqlite3.Conn) error {
	if _, err := c.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true); err != nil {
		return err
	}
	return lowerAll(c)
}

// lowerAll gives SQLite a lower() that knows more than ASCII, like PostgreSQL's and strings.ToLower.
func lowerAll(c *sqlite3.Conn) error {
	return c.CreateFunction("lower", 1, sqlite3.DETERMINISTIC|sqlite3.INNOCUOUS, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		if arg[0].Type() != sqlite3.NULL {
			ctx.ResultText(strings.ToLower(arg[0].Text()))
		}
	})
}

func sqliteDSN(path, timeFormat string) string {
	q := url.Values{"_txlock": {"immediate"}, "_timefmt": {timeFormat}, "modeof": {path}}
	// synchronous=FULL: an answered change survives power loss (PRODUCT.md §11).
	for _, p := range []string{"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)"} {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}).String()
}
