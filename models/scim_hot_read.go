package models

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/scim"
)

// Reads of the SCIM endpoint on PostgreSQL: the token and the rows in one round trip, scanned without reflection over gorm's models.

// hotGroups and hotMembers select the related rows as an array of texts, an id, a space and a name each: no order and no aggregate, which
// cost PostgreSQL more to set up than the rows.
const (
	hotGroupsOf = `array(select g.id || ' ' || g.directory_name from team_members tm join teams g on g.id = tm.team_id and g.managed where tm.member_id = `
	hotGroups   = hotGroupsOf + `m.id)`

	hotMembers = `array(select m.id || ' ' || coalesce(nullif(m.display_name, ''), m.email, m.user_name)
		from team_members tm join members m on m.id = tm.member_id where tm.team_id = g.id)`
	noRefs = `cast(null as text[])`
)

// related reads what hotGroups and hotMembers select, in the order that by gives.
func related(list []string, by func(a, b scim.Ref) int) []scim.Ref {
	if len(list) == 0 {
		return nil
	}
	refs := make([]scim.Ref, len(list))
	for i, text := range list {
		refs[i].ID, refs[i].Display, _ = strings.Cut(text, " ")
	}
	slices.SortFunc(refs, by)
	return refs
}

func byID(a, b scim.Ref) int { return strings.Compare(a.ID, b.ID) }

// byName is the order of the column directory_key, then of ids.
func byName(a, b scim.Ref) int {
	return cmp.Or(strings.Compare(scim.Fold(a.Display), scim.Fold(b.Display)), byID(a, b))
}

// hotFind reads the token and the few rows that are joined to it. Each row begins with hotTokenColumns and then the row's id, null in the
// outer join's row of a token without such rows; take reads the rest and says how large it is. The first two parameters are the token's id
// and the organization. errLargePage if all rows together are too large for one page.
func (db *DB) hotFind(ctx context.Context, c *SCIMCall, sql string, args []any, take func(*hotRow) int) error {
	org, err := db.organizationOf(ctx, c)
	if err != nil {
		return err
	}
	rows, err := db.pool.Query(ctx, sql, append([]any{c.id, org}, args...)...)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	row := newHotRow(rows)
	first, taken, bytes := true, 0, 0
	for rows.Next() {
		row.load()
		if first {
			if err := c.accept(row.token(c.id), true); err != nil {
				return err
			}
			first = false
		} else {
			row.skip(tokenColumns)
		}
		if row.null() {
			continue
		}
		taken++
		bytes += take(row)
		if row.err != nil {
			return row.err
		}
		if bytes > maxPageBytes && taken > 1 {
			return errLargePage
		}
	}
	if err := rows.Err(); err != nil {
		return translate(err)
	}
	if first {
		db.tokenOrgs.forget(c.id)
		return c.accept(SCIMToken{}, false)
	}
	return nil
}

const (
	// findLimit is one row more than a page has: so many are not few.
	findLimit = scim.MaxPage + 1

	findMembersSQL = "select " + hotTokenColumns + ", " + scimMemberSQL + ", "
	findTeamsSQL   = "select " + hotTokenColumns + ", " + scimTeamSQL + ", "
	ofMembers      = " from scim_tokens t left join members m on m.org_id = $2 and "
	ofTeams        = " from scim_tokens t left join teams g on g.org_id = $2 and g.managed and "
)

// ofToken ends a statement that reads rows with the token.
var ofToken = " where t.id = $1 and t.org_id = $2 limit " + strconv.Itoa(findLimit)

// hotFindMembers is findMembers on PostgreSQL.
func (db *DB) hotFindMembers(ctx context.Context, c *SCIMCall, condition string, args []any, groups bool) ([]SCIMMember, error) {
	groupsOf := noRefs
	if groups {
		groupsOf = hotGroups
	}
	var list []SCIMMember
	err := db.hotFind(ctx, c, findMembersSQL+groupsOf+ofMembers+placeholders(condition, 3)+ofToken, args, func(row *hotRow) int {
		list = append(list, SCIMMember{Member: row.member(), Groups: related(row.texts(), byName)})
		return 256 + lengthOf(list[len(list)-1].Attributes)
	})
	slices.SortFunc(list, func(a, b SCIMMember) int { return strings.Compare(a.ID, b.ID) })
	if err == nil && len(list) == 1 {
		db.recent.remember(c.id, &list[0].Member)
	}
	return list, err
}

// hotFindTeams is findTeams on PostgreSQL.
func (db *DB) hotFindTeams(ctx context.Context, c *SCIMCall, condition string, args []any, members bool) ([]SCIMTeam, error) {
	membersOf := noRefs
	if members {
		membersOf = hotMembers
	}
	var list []SCIMTeam
	err := db.hotFind(ctx, c, findTeamsSQL+membersOf+ofTeams+placeholders(condition, 3)+ofToken, args, func(row *hotRow) int {
		list = append(list, SCIMTeam{Team: row.team(), Members: related(row.texts(), byID), MembersKnown: members})
		return 256 + 64*len(list[len(list)-1].Members)
	})
	slices.SortFunc(list, func(a, b SCIMTeam) int { return strings.Compare(a.ID, b.ID) })
	return list, err
}

// hotPage is a page of all people in the order in which they came: the token with the total, and the rows, in one round trip.
func (db *DB) hotPage(ctx context.Context, c *SCIMCall, q SCIMQuery) ([]SCIMMember, int, error) {
	groupsOf := noRefs
	if q.Related {
		groupsOf = hotGroups
	}
	org, err := db.organizationOf(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	offset := q.StartIndex - 1
	after := db.pages.after(c.id, offset)
	rowsSQL := "select " + scimMemberSQL + ", " + groupsOf + " from members m where "
	batch := &pgx.Batch{}
	batch.Queue(pageTotalSQL, c.id, org)
	switch {
	case q.Count == 0:
	case after != "":
		batch.Queue(rowsSQL+"m.org_id = $1 and m.id > $2 order by m.id limit $3", org, after, q.Count)
	case offset == 0:
		batch.Queue(rowsSQL+"m.org_id = $1 order by m.id limit $2", org, q.Count)
	default:
		// The keys first, from the index alone: rows that are skipped are not read.
		batch.Queue(rowsSQL+"m.id = any (array(select id from members where org_id = $1 order by id offset $2 limit $3)) order by m.id", org, offset, q.Count)
	}
	results := db.pool.SendBatch(ctx, batch)
	defer results.Close()
	total, err := db.hotTotal(c, results)
	if err != nil || q.Count == 0 {
		return nil, total, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, 0, translate(err)
	}
	defer rows.Close()
	list, bytes := make([]SCIMMember, 0, min(q.Count, 128)), 0
	row := newHotRow(rows)
	for rows.Next() {
		row.load()
		list = append(list, SCIMMember{Member: row.member(), Groups: related(row.texts(), byName)})
		if row.err != nil {
			return nil, 0, row.err
		}
		if bytes += 256 + lengthOf(list[len(list)-1].Attributes); bytes > maxPageBytes && len(list) > 1 {
			list = list[:len(list)-1]
			break
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, translate(err)
	}
	if len(list) > 0 {
		db.pages.ended(c.id, offset+len(list), list[len(list)-1].ID)
	}
	return list, total, nil
}

// pageTotalSQL is the token with how many people its organization has.
const pageTotalSQL = "select " + hotTokenColumns + `, (select cast(coalesce(sum(n), 0) as bigint) from member_counts k where k.org_id = $2)
	from scim_tokens t where t.id = $1 and t.org_id = $2`

// hotTotal reads what pageTotalSQL answers.
func (db *DB) hotTotal(c *SCIMCall, results pgx.BatchResults) (int, error) {
	rows, err := results.Query()
	if err != nil {
		return 0, translate(err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return 0, translate(err)
		}
		db.tokenOrgs.forget(c.id)
		return 0, c.accept(SCIMToken{}, false)
	}
	row := newHotRow(rows)
	row.load()
	if err := c.accept(row.token(c.id), true); err != nil {
		return 0, err
	}
	total := row.int()
	return int(total), row.err
}
