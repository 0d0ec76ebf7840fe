// Package migrations holds the schema as SQL files in PostgreSQL's dialect and applies them, in order, forward only, on both databases.
//
// The files are the one source: for SQLite the few types that it reads differently are replaced while the files are read, and what is
// about PostgreSQL alone is left out.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// forSQLite replaces what SQLite reads differently. A column declared timestamp is read back as a time in the driver's fixed-width layout;
// one declared timestamptz would come back as text.
var forSQLite = strings.NewReplacer(
	" timestamptz", " timestamp",
	// What speaks of PostgreSQL's pages and row locks, which SQLite does not have.
	"alter table members set (fillfactor = 80);", "",
	"alter table members drop constraint members_org_id_fkey;", "",
	"alter table audit_events drop constraint audit_events_org_id_fkey;", "",
	"alter table activity drop constraint activity_org_id_fkey;", "",
	"alter table activity_raw drop constraint activity_raw_org_id_fkey;", "",
)

// Apply brings db to the newest version and returns how many files it applied. dialect is "sqlite" or "postgres".
// Several processes may call it at once: on PostgreSQL they queue on an advisory lock, on SQLite on the file lockPath
// (ignored for PostgreSQL; empty for a database that no other process sees).
func Apply(ctx context.Context, db *sql.DB, dialect, lockPath string) (int, error) {
	switch dialect {
	case "postgres":
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600)) // asks every second, for ten minutes
		if err != nil {
			return 0, fmt.Errorf("migration lock: %w", err)
		}
		return up(ctx, goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	case "sqlite":
		unlock, err := lockFile(lockPath)
		if err != nil {
			return 0, fmt.Errorf("migration lock: %w", err)
		}
		defer unlock()
		return up(ctx, goose.DialectSQLite3, db, rendered{files, forSQLite})
	}
	return 0, fmt.Errorf("unknown dialect %q", dialect)
}

// Newest is the version of the last file. A database whose goose_db_version is at it has every migration.
func Newest() (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

func up(ctx context.Context, d goose.Dialect, db *sql.DB, fsys fs.FS, o ...goose.ProviderOption) (int, error) {
	p, err := goose.NewProvider(d, db, fsys, append(o, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return 0, err
	}
	results, err := p.Up(ctx)
	return len(results), err
}

// rendered is the embedded files with PostgreSQL's types replaced.
type rendered struct {
	embed.FS
	types *strings.Replacer
}

// Open opens a migration with its types replaced, or the folder.
func (r rendered) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return &file{strings.NewReader(r.types.Replace(withoutPostgres(string(text)))), info}, nil
}

// A file may hold a part for PostgreSQL alone between these two lines.
const (
	postgresOnly = "-- PostgreSQL only:\n"
	bothAgain    = "-- Both again.\n"
)

func withoutPostgres(text string) string {
	for {
		before, rest, found := strings.Cut(text, postgresOnly)
		if !found {
			return text
		}
		_, after, _ := strings.Cut(rest, bothAgain)
		text = before + after
	}
}

// ReadFile keeps fs.ReadFile from going around Open.
func (r rendered) ReadFile(name string) ([]byte, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

type file struct {
	*strings.Reader
	info fs.FileInfo
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// lockFile takes an exclusive lock on a file beside the database, because SQLite has no lock that spans a whole migration.
func lockFile(name string) (unlock func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
