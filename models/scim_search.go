package models

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"gorm.io/gorm"

	"gatehouse/scim"
)

// Searches that no index serves read every row of an organization. What one of them may cost everybody else is bounded three ways: it
// ends after some time, an organization has a few at once, and a page ends where it would fill the memory.
const (
	// searchTime is how long the database may look for the answer to one search.
	searchTime = 10 * time.Second
	// maxSearches is how many searches of one organization run at once on this instance; more wait, within their time.
	maxSearches = 3
	// maxPageBytes of stored resources are in one page at most, but at least one resource. RFC 7644 §3.4.2.4 and RFC 9865 §2 allow fewer
	// resources than count asks for; the client goes on behind the last one.
	maxPageBytes = 4 << 20
)

// errLongSearch ends a search that takes too long. 400 and not 5xx: sent again, it would take as long again.
var errLongSearch = &scim.Error{
	Status: http.StatusBadRequest, Type: scim.TypeTooMany,
	Detail: "The search was stopped after 10 seconds. Ask for userName, externalId or id with eq, which are indexed, or for less at once.",
}

// errLargePage tells that what was thought to be a handful of rows is a page of its own.
var errLargePage = errors.New("more than a page")

// searchGate lets a few searches of each organization through at once.
type searchGate struct {
	mu   sync.Mutex
	orgs map[string]*searchTurns
}

type searchTurns struct {
	turns chan struct{}
	users int // who run or wait
}

// enter waits for a turn. The caller calls leave if there is no error.
func (g *searchGate) enter(ctx context.Context, orgID string) (leave func(), err error) {
	g.mu.Lock()
	if g.orgs == nil {
		g.orgs = map[string]*searchTurns{}
	}
	t := g.orgs[orgID]
	if t == nil {
		t = &searchTurns{turns: make(chan struct{}, maxSearches)}
		g.orgs[orgID] = t
	}
	t.users++
	g.mu.Unlock()
	gone := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(g.orgs, orgID)
		}
	}
	select {
	case t.turns <- struct{}{}:
		return func() { <-t.turns; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}

// search runs what may read every row of an organization, for a token that was accepted.
func (db *DB) search(ctx context.Context, c *SCIMCall, fn func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, db.searchTime)
	defer cancel()
	leave, err := db.searches.enter(limited, c.Token.OrgID)
	if err == nil {
		defer leave()
		err = fn(limited)
	}
	return stopped(ctx, limited, err)
}

// lookup is the context for what an index finds. It has time to spare unless the filter asks for more than what is indexed, of each of the
// rows found.
func (db *DB) lookup(ctx context.Context, f *scim.Filter) (context.Context, context.CancelFunc) {
	if f.Kind != scim.And {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, db.searchTime)
}

// stopped is the error of what ran under limited, a context with a deadline of its own inside ctx.
func stopped(ctx, limited context.Context, err error) error {
	var refused *scim.Error
	if err == nil || errors.As(err, &refused) || limited.Err() == nil || ctx.Err() != nil {
		return err
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return errLongSearch
}

// scanPage reads rows one after the other until they are a page; cut tells that some were left out. size is how much a row holds.
func scanPage[T any](db *gorm.DB, sql string, args []any, size func(*T) int) (list []T, cut bool, err error) {
	rows, err := db.Raw(sql, args...).Rows()
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	bytes := 0
	for rows.Next() {
		var one T
		if err := db.ScanRows(rows, &one); err != nil {
			return nil, false, err
		}
		if bytes += size(&one); bytes > maxPageBytes && len(list) > 0 {
			return list, true, nil
		}
		list = append(list, one)
	}
	return list, false, rows.Err()
}

func lengthOf(texts ...*string) int {
	n := 0
	for _, s := range texts {
		if s != nil {
			n += len(*s)
		}
	}
	return n
}

// sortedRow is a row of an ordered list before it is read whole.
type sortedRow struct {
	ID      string
	SortKey *string
}

// readSorted reads the rows of an ordered list in their order, some at a time, until they are a page: a database that sorts whole rows
// would hold all of them. read gets ids and returns their rows in any order; cut tells that some were left out.
func readSorted[T any](keys []sortedRow, id func(*T) string, size func(*T) int, read func(ids []string) ([]T, error)) (list []T, cut bool, err error) {
	bytes, step := 0, 25
	for len(keys) > 0 {
		some := keys[:min(step, len(keys))]
		keys = keys[len(some):]
		ids := make([]string, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		rows, err := read(ids)
		if err != nil {
			return nil, false, err
		}
		found := make(map[string]*T, len(rows))
		for i := range rows {
			found[id(&rows[i])] = &rows[i]
		}
		for _, key := range ids {
			row := found[key]
			if row == nil {
				continue // gone since
			}
			if bytes += size(row); bytes > maxPageBytes && len(list) > 0 {
				return list, true, nil
			}
			list = append(list, *row)
		}
		if bytes < maxPageBytes/16 {
			step = 250
		}
	}
	return list, false, nil
}
