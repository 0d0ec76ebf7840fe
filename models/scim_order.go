package models

import (
	"context"
	"time"

	"gatehouse/scim"
)

// SCIMOrder is the order of a list: by an attribute and then by id, or by id alone, which is the order in which the resources came.
type SCIMOrder struct {
	By         *scim.AttrPath // nil for none
	Descending bool
}

// SCIMPosition is a place in an ordered list: that of its last resource so far. Key is its value of the attribute ordered by, nil for
// none; times are in RFC 3339.
type SCIMPosition struct {
	ID  string
	Key *string
}

// SCIMWalk is a page of a list in some order. With After it begins behind that place, at the same cost wherever that is, and StartIndex
// does not count.
type SCIMWalk struct {
	SCIMQuery
	Order SCIMOrder
	After *SCIMPosition
	// Total, when it is not negative, is the number of all resources, known from an earlier page; it is not counted again.
	Total int
}

// sortKey is what rows are ordered by.
type sortKey struct {
	sql  string // "" for the id alone
	time bool
	desc bool
}

// memberSortKey is the allow-list of what people can be sorted by: the singular attributes they can be filtered by, and the first or
// primary value of a multi-valued one (RFC 7644 §3.4.2.3).
func (db *DB) memberSortKey(o SCIMOrder) (sortKey, error) {
	if o.By == nil {
		return sortKey{}, nil
	}
	p := *o.By
	if p.Attr.MultiValued && p.Attr.Type == scim.Complex && p.Attr.Name != "groups" && p.Sub != nil && p.Sub.Type != scim.Boolean {
		return sortKey{sql: db.orderedText(db.primaryValue(p), p.Leaf()), desc: o.Descending}, nil
	}
	col, ok := db.memberColumn(p)
	return db.columnSortKey(o, col, ok && !p.Attr.MultiValued)
}

func (db *DB) teamSortKey(o SCIMOrder) (sortKey, error) {
	if o.By == nil {
		return sortKey{}, nil
	}
	col, ok := teamColumn(*o.By)
	return db.columnSortKey(o, col, ok && !o.By.Attr.MultiValued)
}

func (db *DB) columnSortKey(o SCIMOrder, col column, ok bool) (sortKey, error) {
	key := sortKey{sql: col.sql, desc: o.Descending}
	switch {
	case !ok || col.kind == presence:
		return key, &scim.Error{Status: 400, Type: scim.TypeInvalidValue, Detail: "sorting by " + o.By.String() + " is not supported"}
	case col.kind == timeColumn:
		key.time = true
	case col.kind == boolColumn:
		key.sql = "case when (" + col.sql + ") then '1' when not (" + col.sql + ") then '0' end"
	case col.folded:
		key.sql = db.orderedText(col.sql, &scim.Attribute{CaseExact: true})
	default:
		key.sql = db.orderedText(col.sql, o.By.Leaf())
	}
	return key, nil
}

// orderedText compares text in byte order on both databases, without regard to case unless the attribute has one.
func (db *DB) orderedText(sql string, leaf *scim.Attribute) string {
	if !leaf.CaseExact {
		sql = "lower(" + sql + ")"
	}
	if db.dialect == "postgres" {
		return "(" + sql + `) collate "C"`
	}
	return sql
}

// primaryValue is a part of the primary value of a multi-valued attribute of people, else of the first.
func (db *DB) primaryValue(p scim.AttrPath) string {
	keys := []string{p.Attr.Name}
	if p.Schema.URN != scim.UserURN {
		keys = []string{p.Schema.URN, p.Attr.Name}
	}
	if db.dialect == "postgres" {
		return "(select e.value->>'" + p.Sub.Name + "' from jsonb_array_elements(coalesce(cast(m.attributes as jsonb)->'" + jsonArrow(keys) +
			"', '[]')) with ordinality as e(value, n) order by coalesce(e.value->>'primary', 'false') desc, e.n limit 1)"
	}
	return "(select e.value ->> '" + jsonPath([]string{p.Sub.Name}) + "' from json_each(coalesce(m.attributes -> '" + jsonPath(keys) +
		"', '[]')) as e order by coalesce(e.value ->> '$.primary', 0) desc, e.key limit 1)"
}

func jsonArrow(keys []string) string {
	path := keys[0]
	for _, key := range keys[1:] {
		path += "'->'" + key
	}
	return path
}

// behind is the condition for rows behind a place; id is the id column.
func (k sortKey) behind(after *SCIMPosition, id string) (string, []any, error) {
	switch {
	case after == nil:
		return "", nil, nil
	case k.sql == "":
		return " and " + id + " > ?", []any{after.ID}, nil
	// RFC 7644 §3.4.2.3: what has no value comes last when ascending and first when descending.
	case after.Key == nil && k.desc:
		return " and (" + k.sql + " is null and " + id + " > ? or " + k.sql + " is not null)", []any{after.ID}, nil
	case after.Key == nil:
		return " and " + k.sql + " is null and " + id + " > ?", []any{after.ID}, nil
	}
	var value any = *after.Key
	bound := "cast(? as text)"
	if k.time {
		at, err := time.Parse(time.RFC3339Nano, *after.Key)
		if err != nil {
			return "", nil, err
		}
		value, bound = at, "?"
	}
	args := []any{value, value, after.ID}
	if k.desc {
		return " and (" + k.sql + " < " + bound + " or " + k.sql + " = " + bound + " and " + id + " > ?)", args, nil
	}
	return " and (" + k.sql + " > " + bound + " or " + k.sql + " = " + bound + " and " + id + " > ? or " + k.sql + " is null)", args, nil
}

// column is the key in the select list, as text. Times are read from the row itself.
func (k sortKey) column() string {
	if k.sql == "" || k.time {
		return "cast(null as text) as sort_key"
	}
	return "cast(" + k.sql + " as text) as sort_key"
}

func (k sortKey) orderBy(id string) string {
	switch {
	case k.sql == "":
		return " order by " + id
	case k.desc:
		return " order by " + k.sql + " desc nulls first, " + id
	}
	return " order by " + k.sql + " asc nulls last, " + id
}

// walk is one page in order: how many rows there are in all, and whether some follow. rows runs the statement that ends in the given
// text, reads at most w.Count rows and tells whether there were more.
func (db *DB) walk(ctx context.Context, c *SCIMCall, w SCIMWalk, k sortKey, table, id, condition string, args []any, rows func(ctx context.Context, tail string, args []any) (bool, error)) (total int, more bool, err error) {
	if err := db.AuthenticateSCIM(ctx, c); err != nil {
		return 0, false, err
	}
	page := func(ctx context.Context) (err error) {
		total, more, err = db.walkPage(ctx, c, w, k, table, id, condition, args, rows)
		return err
	}
	if w.Filter != nil || w.Order.By != nil {
		err = db.search(ctx, c, page)
	} else {
		err = page(ctx)
	}
	return total, more, err
}

func (db *DB) walkPage(ctx context.Context, c *SCIMCall, w SCIMWalk, k sortKey, table, id, condition string, args []any, rows func(ctx context.Context, tail string, args []any) (bool, error)) (total int, more bool, err error) {
	where := " from " + table + " where " + condition
	args = append([]any{c.Token.OrgID}, args...)
	total = w.Total
	if total < 0 {
		if err := db.read(ctx).Raw("select count(*)"+where, args...).Scan(&total).Error; err != nil {
			return 0, false, err
		}
	}
	if w.Count == 0 {
		return total, false, nil
	}
	behind, place, err := k.behind(w.After, id)
	if err != nil {
		return 0, false, err
	}
	tail := where + behind + k.orderBy(id) + " limit ?"
	args = append(append(append([]any{}, args...), place...), w.Count+1)
	if w.After == nil && w.StartIndex > 1 {
		tail += " offset ?"
		args = append(args, w.StartIndex-1)
	}
	more, err = rows(ctx, tail, args)
	return total, more, err
}

// walkRows reads the rows of a page in order. columns are those of a row of table without its key, id the column of its id.
func walkRows[T any](ctx context.Context, db *DB, c *SCIMCall, w SCIMWalk, k sortKey, columns, table, id, tail string, args []any, idOf func(*T) string, size func(*T) int) (list []T, keys map[string]*string, more bool, err error) {
	if k.sql == "" {
		list, cut, err := scanPage(db.read(ctx), "select "+columns+tail, args, size)
		if len(list) > w.Count {
			return list[:w.Count], nil, true, err
		}
		return list, nil, cut, err
	}
	var sorted []sortedRow
	if err := db.read(ctx).Raw("select "+id+" as id, "+k.column()+tail, args...).Scan(&sorted).Error; err != nil {
		return nil, nil, false, err
	}
	if more = len(sorted) > w.Count; more {
		sorted = sorted[:w.Count]
	}
	list, cut, err := readSorted(sorted, idOf, size, func(ids []string) ([]T, error) {
		var rows []T
		err := db.read(ctx).Raw("select "+columns+" from "+table+" where "+id[:1]+".org_id = ? and "+id+" in ?", c.Token.OrgID, ids).Scan(&rows).Error
		return rows, err
	})
	keys = make(map[string]*string, len(sorted))
	for i := range sorted {
		keys[sorted[i].ID] = sorted[i].SortKey
	}
	return list, keys, more || cut, err
}

// place is where a list stands behind a row.
func (k sortKey) place(id string, key *string, created, updated time.Time, by *scim.AttrPath) *SCIMPosition {
	if k.time {
		at := created
		if by.Leaf().Name == "lastModified" {
			at = updated
		}
		text := at.UTC().Format(time.RFC3339Nano)
		key = &text
	}
	return &SCIMPosition{ID: id, Key: key}
}

// WalkSCIMMembers is a page of the people a filter finds in the order asked for, their number, and where the next page begins: nil after
// the last. An *scim.Error for a filter or an order that is not supported.
func (db *DB) WalkSCIMMembers(ctx context.Context, c *SCIMCall, w SCIMWalk) ([]SCIMMember, int, *SCIMPosition, error) {
	condition, args, err := db.memberCondition(w.Filter)
	if err != nil {
		return nil, 0, nil, err
	}
	key, err := db.memberSortKey(w.Order)
	if err != nil {
		return nil, 0, nil, err
	}
	var rows []scimMemberRow
	var keys map[string]*string
	total, more, err := db.walk(ctx, c, w, key, "members m", "m.id", "m.org_id = ? and "+condition, args, func(ctx context.Context, tail string, args []any) (more bool, err error) {
		rows, keys, more, err = walkRows(ctx, db, c, w, key, scimMemberSQL+", "+db.memberGroups(w.Related), "members m", "m.id", tail, args,
			func(r *scimMemberRow) string { return r.Member.ID }, (*scimMemberRow).size)
		return more, err
	})
	if err != nil {
		return nil, 0, nil, err
	}
	var next *SCIMPosition
	if more && len(rows) > 0 {
		last := &rows[len(rows)-1].Member
		next = key.place(last.ID, keys[last.ID], last.CreatedAt, last.UpdatedAt, w.Order.By)
	}
	list := make([]SCIMMember, len(rows))
	for i := range rows {
		if list[i], err = rows[i].member(); err != nil {
			return nil, 0, nil, err
		}
	}
	return list, total, next, nil
}

// WalkSCIMTeams is WalkSCIMMembers for groups.
func (db *DB) WalkSCIMTeams(ctx context.Context, c *SCIMCall, w SCIMWalk) ([]SCIMTeam, int, *SCIMPosition, error) {
	condition, args, err := db.teamCondition(w.Filter)
	if err != nil {
		return nil, 0, nil, err
	}
	key, err := db.teamSortKey(w.Order)
	if err != nil {
		return nil, 0, nil, err
	}
	var rows []scimTeamRow
	var keys map[string]*string
	total, more, err := db.walk(ctx, c, w, key, "teams g", "g.id", "g.org_id = ? and g.managed and "+condition, args, func(ctx context.Context, tail string, args []any) (more bool, err error) {
		rows, keys, more, err = walkRows(ctx, db, c, w, key, scimTeamSQL+", "+db.membersOf(w.Related), "teams g", "g.id", tail, args,
			func(r *scimTeamRow) string { return r.Team.ID }, (*scimTeamRow).size)
		return more, err
	})
	if err != nil {
		return nil, 0, nil, err
	}
	var next *SCIMPosition
	if more && len(rows) > 0 {
		last := &rows[len(rows)-1].Team
		next = key.place(last.ID, keys[last.ID], last.CreatedAt, last.UpdatedAt, w.Order.By)
	}
	list := make([]SCIMTeam, len(rows))
	for i := range rows {
		if list[i], err = rows[i].team(); err != nil {
			return nil, 0, nil, err
		}
	}
	return list, total, next, nil
}
