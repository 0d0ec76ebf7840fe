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
	hotGroups = `array(select g.id || ' ' || g.directory_name from team_members tm join teams g on g.id = tm.team_id where tm.member_id = m.id and g.managed)`

	hotMembers = `array(select m.id || ' ' || coalesce(nullif(m.display_name, ''), m.email, m.user_name)
		from team_members tm join members m on m.id = tm.member_id where tm.team_id = g.id)`
	noRefs = `cast(null as text[])`
)

// memberTargets are where the columns of scimMemberSQL go.
func memberTargets(m *Member) []any {
	return []any{
		&m.ID, &m.OrgID, &m.AccountID, (*string)(&m.Role), (*string)(&m.Status), (*string)(&m.Source), &m.Email, &m.HeldReason, &m.UserName, &m.UserNameKey,
		&m.ExternalID, &m.WorkEmail, &m.DisplayName, &m.GivenName, &m.FamilyName, &m.SCIMManaged, &m.Attributes, &m.DeactivatedBy, &m.DeactivatedAt, &m.Version,
		&m.CreatedAt, &m.UpdatedAt, &m.LeavingAt,
	}
}

// teamTargets are where the columns of scimTeamSQL go.
func teamTargets(t *Team) []any {
	return []any{&t.ID, &t.OrgID, &t.Name, &t.Role, &t.Managed, &t.DirectoryName, &t.DirectoryKey, &t.NameEdited, &t.ExternalID, &t.Version, &t.CreatedAt, &t.UpdatedAt}
}

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

// hotFind reads the token and the few rows that are joined to it. Every row begins with hotTokenColumns and then the row's id, null in
// the outer join's row of a token without such rows; targets prepares the place for the next row, and taken hands it over and says how
// large it is. errLargePage if all together are too large for one page.
func (db *DB) hotFind(ctx context.Context, c *SCIMCall, sql string, args []any, targets func() []any, taken func() int) error {
	rows, err := db.pool.Query(ctx, placeholders(sql), args...)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	token := SCIMToken{ID: c.id}
	first, taking, bytes := true, 0, 0
	for rows.Next() {
		head := make([]any, 6)
		if first {
			head = tokenTargets(&token)
		}
		empty := rows.RawValues()[6] == nil
		var to []any
		if empty {
			to = make([]any, len(rows.FieldDescriptions())-6) // nil targets are skipped
		} else {
			to = targets()
		}
		if err := rows.Scan(append(head, to...)...); err != nil {
			return err
		}
		if first {
			if err := c.accept(token, true); err != nil {
				return err
			}
			first = false
		}
		if empty {
			continue
		}
		taking++
		if bytes += taken(); bytes > maxPageBytes && taking > 1 {
			return errLargePage
		}
	}
	if err := rows.Err(); err != nil {
		return translate(err)
	}
	if first {
		return c.accept(SCIMToken{}, false)
	}
	return nil
}

// around puts the token's id before and behind the arguments of a condition.
func around(id string, args []any) []any {
	return append(append([]any{id}, args...), id)
}

// hotFindMembers is findMembers on PostgreSQL.
func (db *DB) hotFindMembers(ctx context.Context, c *SCIMCall, condition string, args []any, groups bool) ([]SCIMMember, error) {
	groupsOf := noRefs
	if groups {
		groupsOf = hotGroups
	}
	sql := "select " + hotTokenColumns + ", " + scimMemberSQL + ", " + groupsOf +
		" from scim_tokens t left join members m on m.org_id = (select org_id from scim_tokens where id = ?) and " + condition +
		" where t.id = ? limit " + strconv.Itoa(scim.MaxPage+1)
	var list []SCIMMember
	var m SCIMMember
	var refs []string
	err := db.hotFind(ctx, c, sql, around(c.id, args), func() []any {
		m, refs = SCIMMember{}, nil
		return append(memberTargets(&m.Member), &refs)
	}, func() int {
		m.Groups = related(refs, byName)
		list = append(list, m)
		return 256 + lengthOf(m.Attributes)
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
	sql := "select " + hotTokenColumns + ", " + scimTeamSQL + ", " + membersOf +
		" from scim_tokens t left join teams g on g.org_id = (select org_id from scim_tokens where id = ?) and g.managed and " + condition +
		" where t.id = ? limit " + strconv.Itoa(scim.MaxPage+1)
	var list []SCIMTeam
	var t SCIMTeam
	var refs []string
	err := db.hotFind(ctx, c, sql, around(c.id, args), func() []any {
		t, refs = SCIMTeam{MembersKnown: members}, nil
		return append(teamTargets(&t.Team), &refs)
	}, func() int {
		t.Members = related(refs, byID)
		list = append(list, t)
		return 256 + 64*len(refs)
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
	const org = "(select org_id from scim_tokens where id = $1)"
	offset := q.StartIndex - 1
	after := db.pages.after(c.id, offset)
	batch := &pgx.Batch{}
	batch.Queue("select "+hotTokenColumns+", (select coalesce(sum(n), 0) from member_counts k where k.org_id = t.org_id) from scim_tokens t where t.id = $1", c.id)
	switch {
	case q.Count == 0:
	case after != "":
		batch.Queue("select "+scimMemberSQL+", "+groupsOf+" from members m where m.org_id = "+org+" and m.id > $2 order by m.id limit $3", c.id, after, q.Count)
	case offset == 0:
		batch.Queue("select "+scimMemberSQL+", "+groupsOf+" from members m where m.org_id = "+org+" order by m.id limit $2", c.id, q.Count)
	default:
		// The keys first, from the index alone: rows that are skipped are not read.
		batch.Queue("select "+scimMemberSQL+", "+groupsOf+" from members m where m.id = any (array(select id from members where org_id = "+org+
			" order by id offset $2 limit $3)) order by m.id", c.id, offset, q.Count)
	}
	results := db.pool.SendBatch(ctx, batch)
	defer results.Close()
	token, total := SCIMToken{ID: c.id}, 0
	err := results.QueryRow().Scan(append(tokenTargets(&token), &total)...)
	if err == pgx.ErrNoRows {
		return nil, 0, c.accept(SCIMToken{}, false)
	}
	if err != nil {
		return nil, 0, translate(err)
	}
	if err := c.accept(token, true); err != nil || q.Count == 0 {
		return nil, total, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, 0, translate(err)
	}
	defer rows.Close()
	list, bytes := make([]SCIMMember, 0, min(q.Count, 128)), 0
	for rows.Next() {
		list = append(list, SCIMMember{})
		m := &list[len(list)-1]
		var refs []string
		if err := rows.Scan(append(memberTargets(&m.Member), &refs)...); err != nil {
			return nil, 0, err
		}
		m.Groups = related(refs, byName)
		if bytes += 256 + lengthOf(m.Attributes); bytes > maxPageBytes && len(list) > 1 {
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
