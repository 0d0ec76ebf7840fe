// Package models owns the rows, the rules, the transactions and the audit log of Gatehouse.
//
// Every change is an operation with a name (ClaimDomain, DeactivateMember) that takes an explicit Actor, runs in one transaction and
// writes its audit rows there; the doors write and touch see to that and are not exported. Readers are nouns (Member, Domains).
// It knows neither HTTP nor SAML nor DNS: handlers hand it what those found.
package models

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"gatehouse/migrations"
)

// Options says which database to open and where time comes from.
type Options struct {
	// URL is "sqlite:PATH" or "postgres://…".
	URL string
	// SecretKey is the master key from which keys for single purposes are derived; at least 32 bytes.
	SecretKey []byte
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// SkipMigrations opens a database that is known to be up to date.
	SkipMigrations bool
	// NoRateLimits lets anybody try as often as they like; for load tests only.
	NoRateLimits bool
	// CheapPasswords hashes new passwords so that a guess costs nothing; for tests only, which hash thousands.
	CheapPasswords bool
	// SearchTime is how long one search of a directory may take; 10 seconds when zero.
	SearchTime time.Duration
	// Trace is told of every statement on PostgreSQL; for tests and benchmarks.
	Trace Trace
}

// DB is the one door to the database.
type DB struct {
	reader *gorm.DB
	writer *gorm.DB // the reader itself on PostgreSQL; a single connection on SQLite, so that writers queue without polling
	// pool is what reader and writer draw from on PostgreSQL, for statements that go without gorm; nil on SQLite.
	pool    *pgxpool.Pool
	dialect string
	now     func() time.Time
	hashing chan struct{}
	// passwordCost is what new passwords are hashed with.
	passwordCost argonCost
	pages        pageMemory
	recent       recentMembers
	hours        hourMemory
	// tokenOrgs saves the hot SCIM paths a join.
	tokenOrgs tokenOrgs
	// searches bounds searches, each of which ends after searchTime.
	searches   searchGate
	searchTime time.Duration
	// noLimits turns rate limits off, for load tests.
	noLimits bool
	// secretKey is the master key; keys for single purposes are derived from it.
	secretKey []byte
}

const (
	postgresConnections = 10 // for two cores; database/sql's default of two idle ones opens connections under load
	maxParallelHashes   = 4  // of 19 MiB each
	transactionAttempts = 5
	rowsAtOnce          = 500 // in one insert: PostgreSQL takes 65,535 parameters, SQLite 32,766
)

const lockSuffix = ".migrate-lock"

// Open connects, applies what migrations are missing, and returns the database.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := &DB{now: o.Now, noLimits: o.NoRateLimits, secretKey: o.SecretKey, hashing: make(chan struct{}, maxParallelHashes), passwordCost: dearPasswords, searchTime: searchTime}
	if o.CheapPasswords {
		db.passwordCost = cheapPasswords
	}
	if o.SearchTime > 0 {
		db.searchTime = o.SearchTime
	}
	if db.now == nil {
		db.now = time.Now
	}
	db.pages.now = db.now
	lockPath := ""
	var err error
	switch {
	case strings.HasPrefix(o.URL, "sqlite:"):
		path := strings.TrimPrefix(o.URL, "sqlite:")
		lockPath = path + lockSuffix
		err = db.openSQLite(ctx, path)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		err = db.openPostgres(ctx, o.URL, o.Trace)
	default:
		return nil, errors.New("DATABASE_URL: expected sqlite:PATH or postgres://…")
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if !o.SkipMigrations {
		if err := db.migrate(ctx, lockPath); err != nil {
			db.Close()
			return nil, fmt.Errorf("migrate the database: %w", err)
		}
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context, lockPath string) error {
	pool, err := db.writer.DB()
	if err != nil {
		return err
	}
	if db.dialect == "sqlite" {
		// goose reads back times that SQLite itself wrote, which are not in our fixed layout.
		if pool, err = driver.Open(sqliteDSN(strings.TrimSuffix(lockPath, lockSuffix), "auto")); err != nil {
			return err
		}
		defer pool.Close()
	}
	_, err = migrations.Apply(ctx, pool, db.dialect, lockPath)
	return err
}

// quiet turns gorm's own defaults off: no implicit transactions, no log of its own, one UTC clock. Prepared statements are kept below it,
// by pgx and by keptStatements: what gorm keeps is prepared again in each transaction.
func (db *DB) quiet() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		Logger:                 logger.Discard,
		NowFunc:                db.Now,
	}
}

func (db *DB) openPostgres(ctx context.Context, dsn string, trace Trace) error {
	db.dialect = "postgres"
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	if trace != nil {
		config.ConnConfig.Tracer = &tracer{trace: trace}
	}
	config.MaxConns = postgresConnections
	config.MaxConnLifetime, config.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	if db.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: stdlib.OpenDBFromPool(db.pool)}), db.quiet())
	if err != nil {
		db.pool.Close()
		return err
	}
	db.reader, db.writer = g, g
	return nil
}

// Close ends all connections.
func (db *DB) Close() error {
	var errs []error
	for _, g := range []*gorm.DB{db.reader, db.writer} {
		if g == nil {
			continue
		}
		if pool, err := g.DB(); err == nil {
			errs = append(errs, pool.Close())
		}
	}
	if db.pool != nil {
		db.pool.Close()
	}
	return errors.Join(errs...)
}

// Now is the time in UTC at the microseconds both databases keep.
func (db *DB) Now() time.Time { return db.now().UTC().Truncate(time.Microsecond) }

// Ready tells whether the database answers and has every migration.
func (db *DB) Ready(ctx context.Context) error {
	newest, err := migrations.Newest()
	if err != nil {
		return err
	}
	var applied int64
	if err := db.read(ctx).Raw("select max(version_id) from goose_db_version").Scan(&applied).Error; err != nil {
		return err
	}
	if applied < newest {
		return fmt.Errorf("the database is at migration %d, this version needs %d", applied, newest)
	}
	return nil
}

// read is a query outside any transaction.
func (db *DB) read(ctx context.Context) *gorm.DB { return db.reader.WithContext(ctx) }

// Tx is one transaction of one operation on one organization.
type Tx struct {
	*gorm.DB
	db    *DB
	org   string
	actor Actor
	now   time.Time
	audit []AuditEvent
	// leftOut are members whom a directory named and who were deleted.
	leftOut []string
}

// write runs fn in one transaction on behalf of actor. It refuses to commit unless fn recorded at least one audit event or returned
// errNoChange, which commits nothing and is no error. orgID is empty for what concerns no single organization.
func (db *DB) write(ctx context.Context, actor Actor, orgID string, fn func(tx *Tx) error) error {
	err := db.transaction(ctx, func(g *gorm.DB) error {
		tx := &Tx{DB: g, db: db, org: orgID, actor: actor, now: db.Now()}
		if err := fn(tx); err != nil {
			return err
		}
		if len(tx.audit) == 0 {
			return errors.New("models: a change without an audit event was not committed")
		}
		tx.orderAudit()
		return tx.CreateInBatches(&tx.audit, rowsAtOnce).Error
	})
	if errors.Is(err, errNoChange) {
		return nil
	}
	return err
}

// touch is for bookkeeping no admin would ask about: last-seen times, sweeps, requests under way.
func (db *DB) touch(ctx context.Context, fn func(tx *Tx) error) error {
	err := db.transaction(ctx, func(g *gorm.DB) error {
		return fn(&Tx{DB: g, db: db, now: db.Now()})
	})
	if errors.Is(err, errNoChange) {
		return nil
	}
	return err
}

// errNoChange ends an operation that found nothing to do: rolled back, not audited, not an error.
var errNoChange = errors.New("nothing to change")

// transaction runs fn again when the database chose it as the victim of a deadlock or was too busy.
func (db *DB) transaction(ctx context.Context, fn func(g *gorm.DB) error) error {
	var err error
	for attempt := range transactionAttempts {
		err = db.writer.WithContext(ctx).Transaction(fn)
		if err == nil || !isTransient(err) {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(1+rand.IntN(10<<attempt)) * time.Millisecond):
		}
	}
	return translate(err)
}

// atMost is how many rows a list reads: what was asked for, if that is sensible.
func atMost(limit, most int) int {
	if limit <= 0 || limit > most {
		return most
	}
	return limit
}

// Org is a query already scoped to the organization. Name the model: tx.Org().Model(&Member{}).
func (tx *Tx) Org() *gorm.DB { return tx.Where("org_id = ?", tx.org) }

// Locked is Org with the rows locked until the transaction ends. SQLite has one writer at a time and needs no lock.
func (tx *Tx) Locked() *gorm.DB { return tx.lock(tx.Org()) }

func (tx *Tx) lock(q *gorm.DB) *gorm.DB {
	if tx.db.dialect == "sqlite" {
		return q
	}
	return q.Clauses(clause.Locking{Strength: "UPDATE"})
}

// insertNew inserts row unless a unique index has it already, and tells whether it did. The transaction stays usable either way.
func (tx *Tx) insertNew(row any) (bool, error) {
	r := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	return r.RowsAffected == 1, r.Error
}

func isTransient(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40P01" || pg.Code == "40001"
	}
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED)
}

// IsUnavailable tells an outage of the database from a bug: the caller may answer 503 and let the client try again.
func IsUnavailable(err error) bool {
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	var network *net.OpError
	switch {
	case err == nil:
		return false
	case errors.As(err, &connect), errors.Is(err, sql.ErrConnDone), errors.Is(err, context.DeadlineExceeded):
		return true
	case errors.As(err, &pg):
		// Class 08 connection, 53 resources, 57 operator intervention.
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57")
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, sqldriver.ErrBadConn): // broken in the middle
		return true
	case errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.FULL), errors.Is(err, sqlite3.CANTOPEN):
		return true
	}
	return isTransient(err) || pgconn.SafeToRetry(err)
}
