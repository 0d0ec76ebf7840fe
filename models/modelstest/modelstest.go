// Package modelstest gives tests real databases: a fresh, migrated SQLite file or PostgreSQL database each, the same suite
// on both. Tests never skip PostgreSQL; where it is missing they fail and say what to install.
//
// Tests inside package models itself cannot import this package; they are written as package models_test.
package modelstest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest/pgcluster"
)

// The dialects: what both a test and its databases are called.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// SecretKey is the master key of every test database.
const SecretKey = "0123456789abcdef0123456789abcdef"

// Option changes how a test database is opened.
type Option func(*models.Options)

// WithNow sets the clock.
func WithNow(now func() time.Time) Option {
	return func(o *models.Options) { o.Now = now }
}

// Each runs fn as the subtests "sqlite" and "postgres", each with a fresh database.
func Each(t *testing.T, fn func(t *testing.T, db *models.DB), options ...Option) {
	t.Helper()
	for _, dialect := range []string{SQLite, Postgres} {
		t.Run(dialect, func(t *testing.T) { fn(t, New(t, dialect, options...)) })
	}
}

// New opens a fresh, migrated database that is closed and removed when the test ends.
func New(t *testing.T, dialect string, options ...Option) *models.DB {
	t.Helper()
	return Open(t, URL(t, dialect), options...)
}

// Open opens the database at url, as URL returned it; more than once to stand for several processes. Passwords are cheap.
func Open(t *testing.T, url string, options ...Option) *models.DB {
	t.Helper()
	o := models.Options{URL: url, SecretKey: []byte(SecretKey), SkipMigrations: true, CheapPasswords: true}
	for _, option := range options {
		option(&o)
	}
	db, err := models.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return db
}

// URL makes a fresh, migrated database and returns its address, in the form of DATABASE_URL.
func URL(t testing.TB, dialect string) string {
	t.Helper()
	switch dialect {
	case SQLite:
		template, err := sqliteTemplate()
		if err != nil {
			t.Fatalf("make the SQLite template: %v", err)
		}
		path := filepath.Join(scratch(t), "gatehouse.db")
		if err := os.WriteFile(path, template, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	case Postgres:
		return postgresCopy(t, true)
	}
	t.Fatalf("unknown dialect %q", dialect)
	return ""
}

// EmptyURL returns the address of a database without tables, for tests of migrating.
func EmptyURL(t *testing.T, dialect string) string {
	t.Helper()
	if dialect == SQLite {
		return "sqlite:" + filepath.Join(scratch(t), "gatehouse.db")
	}
	return postgresCopy(t, false)
}

// scratch is a folder that is removed when the test ends.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(pgcluster.Scratch(), "gatehouse-sqlite-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// sqliteTemplate migrates one database per process and returns the file's bytes.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp(pgcluster.Scratch(), "gatehouse-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // closing the last connection moved the write-ahead log into it
})

// postgresServer is the cluster of this process and its migrated template, made when first needed. The cluster ends with
// the process.
type postgresServer struct {
	cluster  *pgcluster.Cluster
	template string
}

var startPostgres = sync.OnceValues(func() (postgresServer, error) {
	cluster, err := pgcluster.Start()
	if err != nil {
		return postgresServer{}, err
	}
	template, err := cluster.Create(context.Background(), "")
	if err != nil {
		return postgresServer{}, err
	}
	return postgresServer{cluster, template}, migrate(cluster.URL(template))
})

func postgresCopy(t testing.TB, migrated bool) string {
	t.Helper()
	server, err := startPostgres()
	if err != nil {
		t.Fatalf("PostgreSQL for the tests: %v", err)
	}
	template := ""
	if migrated {
		template = server.template
	}
	name, err := server.cluster.Create(t.Context(), template)
	if err != nil {
		t.Fatalf("make a PostgreSQL database: %v", err)
	}
	t.Cleanup(func() {
		if err := server.cluster.Drop(context.Background(), name); err != nil {
			t.Errorf("remove the PostgreSQL database: %v", err)
		}
	})
	return server.cluster.URL(name)
}

func migrate(url string) error {
	db, err := models.Open(context.Background(), models.Options{URL: url, SecretKey: []byte(SecretKey)})
	if err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	return db.Close()
}
