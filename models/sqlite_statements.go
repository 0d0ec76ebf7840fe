package models

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"slices"

	"github.com/ncruces/go-sqlite3/driver"
)

// keptStatements is how many prepared statements a connection keeps. The hot ones are some dozens; lists with filters make many more.
const keptStatements = 200

// maxKeptQuery is the length in bytes of a statement that is kept. Those that write or look for hundreds of rows at once have as many forms
// as there are numbers of rows, and one of them takes hundreds of kilobytes: a directory could have every connection hold 75 MB of them.
const maxKeptQuery = 4 << 10

// openSQLitePool opens connections that keep their prepared statements, as pgx does on PostgreSQL: parsing and planning a statement takes
// SQLite longer than running it. database/sql cannot do it, because it prepares anew in each transaction.
func openSQLitePool(dsn string) (*sql.DB, error) {
	connector, err := (&driver.SQLite{}).OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(keepingConnector{connector}), nil
}

type keepingConnector struct{ sqldriver.Connector }

// Connect opens a connection and sets it up.
func (k keepingConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn := &keepingConn{Conn: c.(driver.Conn), kept: map[string]*keptStatement{}}
	if err := prepareSQLite(conn.Raw()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return conn, nil
}

// keepingConn is one connection; database/sql uses it from one goroutine at a time.
type keepingConn struct {
	driver.Conn
	kept   map[string]*keptStatement
	oldest []string // queries in the order in which they were last asked for
}

// PrepareContext gives out the kept statement of a query. One that is still being read from is left alone, and another is prepared.
func (c *keepingConn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	if len(query) > maxKeptQuery {
		return c.Conn.PrepareContext(ctx, query)
	}
	if s := c.kept[query]; s != nil {
		if s.lent {
			return c.Conn.PrepareContext(ctx, query)
		}
		s.lent = true
		c.last(query)
		return s, nil
	}
	prepared, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &keptStatement{statement: prepared.(statement), lent: true}
	c.kept[query] = s
	c.oldest = append(c.oldest, query)
	return s, c.forget()
}

// last makes a query the youngest.
func (c *keepingConn) last(query string) {
	// Those in use are near the end.
	for i := len(c.oldest) - 1; i >= 0; i-- {
		if c.oldest[i] == query {
			c.oldest = append(slices.Delete(c.oldest, i, i+1), query)
			return
		}
	}
}

// forget ends statements beyond the limit, the oldest first, but none that is lent.
func (c *keepingConn) forget() error {
	for i := 0; len(c.oldest) > keptStatements && i < len(c.oldest); {
		query := c.oldest[i]
		s := c.kept[query]
		if s.lent {
			i++
			continue
		}
		c.oldest = slices.Delete(c.oldest, i, i+1)
		delete(c.kept, query)
		if err := s.statement.Close(); err != nil {
			return err
		}
	}
	return nil
}

// ExecContext runs statements without parameters, such as those of transactions.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	return c.Conn.(sqldriver.ExecerContext).ExecContext(ctx, query, args)
}

// CheckNamedValue leaves the parameters to the statement.
func (c *keepingConn) CheckNamedValue(v *sqldriver.NamedValue) error {
	return c.Conn.(sqldriver.NamedValueChecker).CheckNamedValue(v)
}

// Close ends what is kept, then the connection.
func (c *keepingConn) Close() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.statement.Close())
	}
	clear(c.kept)
	return errors.Join(append(errs, c.Conn.Close())...)
}

// statement is what SQLite's prepared statements can do.
type statement interface {
	sqldriver.Stmt
	sqldriver.StmtExecContext
	sqldriver.StmtQueryContext
	sqldriver.NamedValueChecker
}

// keptStatement goes back to its connection when it is closed. Its rows, which are closed before it, have reset it.
type keptStatement struct {
	statement
	lent bool
}

// Close gives the statement back.
func (s *keptStatement) Close() error {
	s.lent = false
	return nil
}
