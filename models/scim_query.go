package models

import (
	"context"
	"encoding/json"
	"strings"

	"gatehouse/scim"
)

// SCIMQuery is a page of a list.
type SCIMQuery struct {
	Filter     *scim.Filter // nil for all
	StartIndex int          // counted from 1
	Count      int          // at most this many; 0 only counts
	// Related asks for the groups of people, or the members of groups.
	Related bool
}

// whole tells that the page is of everybody in the order in which they came.
func (q SCIMQuery) whole() bool { return q.Filter == nil }

// memberColumn is the allow-list of what people can be filtered by. The columns of the table come first because they have indexes;
// the rest of the schema is looked for in the stored resource.
func (db *DB) memberColumn(p scim.AttrPath) (column, bool) {
	pg := db.dialect == "postgres"
	switch p.String() {
	case "id":
		return column{sql: "m.id"}, true
	case "userName":
		return column{sql: "m.user_name_key", folded: true}, true
	case "externalId":
		return column{sql: "m.external_id"}, true
	case "displayName":
		return column{sql: "nullif(m.display_name, '')"}, true
	case "name.givenName":
		return column{sql: "nullif(m.given_name, '')"}, true
	case "name.familyName":
		return column{sql: "nullif(m.family_name, '')"}, true
	case "active":
		return column{sql: "m.status <> 'inactive' and m.leaving_at is null", kind: boolColumn}, true
	case "meta.created":
		return column{sql: "m.created_at", kind: timeColumn}, true
	case "meta.lastModified":
		return column{sql: "m.updated_at", kind: timeColumn}, true
	case "meta.resourceType":
		return column{sql: "'User'"}, true
	case "groups":
		return column{sql: "exists (" + groupsOfMember + ")", kind: presence}, true
	}
	if p.Schema == nil || p.Attr.Name == "meta" || p.Attr.Name == "schemas" || p.Attr.Name == "groups" {
		return column{}, false
	}
	base := "m.attributes"
	if pg {
		base = "cast(m.attributes as jsonb)"
	}
	var keys []string
	if p.Schema.URN != scim.UserURN {
		keys = append(keys, p.Schema.URN)
	}
	keys = append(keys, p.Attr.Name)
	col := column{}
	switch {
	case p.Sub != nil:
		col = jsonLeaf(pg, base, p.Sub, append(keys, p.Sub.Name)...)
	case p.Attr.Name == "emails":
		col = column{sql: "(" + jsonText(pg, base, "emails") + " is not null or m.attributes is null and m.email is not null)", kind: presence}
	case p.Attr.Name == "name":
		col = column{sql: "(" + jsonText(pg, base, "name") + " is not null or m.given_name <> '' or m.family_name <> '')", kind: presence}
	case p.Attr.Type == scim.Complex:
		col = column{sql: jsonText(pg, base, keys...) + " is not null", kind: presence}
	default:
		col = jsonLeaf(pg, base, p.Attr, keys...)
	}
	col.stored = true
	return col, true
}

const groupsOfMember = "select 1 from team_members tm join teams g on g.id = tm.team_id where tm.member_id = m.id and g.managed"

// memberSome asks about one value of a multi-valued attribute of people.
func (db *DB) memberSome(p scim.AttrPath) (some, bool) {
	pg := db.dialect == "postgres"
	if p.Attr.Name == "groups" {
		return some{from: "exists (" + groupsOfMember, leaf: func(p scim.AttrPath) (column, bool) {
			switch p.Leaf().Name {
			case "value":
				return column{sql: "tm.team_id"}, true
			case "display":
				return column{sql: "g.directory_name"}, true
			case "type":
				return column{sql: "'direct'"}, true
			}
			return column{}, false
		}}, true
	}
	if p.Attr.Type != scim.Complex || p.Attr.Name == "meta" {
		return some{}, false
	}
	keys := []string{p.Attr.Name}
	if p.Schema.URN != scim.UserURN {
		keys = []string{p.Schema.URN, p.Attr.Name}
	}
	return some{from: db.elements(p.Attr, keys), leaf: func(p scim.AttrPath) (column, bool) {
		if pg {
			return jsonLeaf(true, "e.value", p.Leaf(), p.Leaf().Name), true
		}
		return jsonLeaf(false, "e.value", p.Leaf(), p.Leaf().Name), true
	}}, true
}

// elements begins an exists over the values of a complex attribute in the stored resource; a singular one counts as a list of one. For
// somebody no directory wrote, the address is the one e-mail, as in the answer they get.
func (db *DB) elements(a *scim.Attribute, keys []string) string {
	if db.dialect == "postgres" {
		at := "cast(m.attributes as jsonb)->'" + strings.Join(keys, "'->'") + "'"
		switch {
		case a.Name == "emails":
			at = "coalesce(" + at + `, case when m.attributes is null and m.email is not null
				then jsonb_build_array(jsonb_build_object('value', m.email, 'type', 'work', 'primary', true)) end)`
		case !a.MultiValued:
			at = "jsonb_build_array(" + at + ")"
		}
		return "exists (select 1 from jsonb_array_elements(coalesce(" + at + ", '[]')) as e(value) where true"
	}
	at := "(m.attributes -> '" + jsonPath(keys) + "')"
	switch {
	case a.Name == "emails":
		at = "coalesce(" + at + `, case when m.attributes is null and m.email is not null
			then json_array(json_object('value', m.email, 'type', 'work', 'primary', json('true'))) end)`
	case !a.MultiValued:
		at = "'[' || " + at + " || ']'"
	}
	return "exists (select 1 from json_each(coalesce(" + at + ", '[]')) as e where true"
}

// workEmail recognises emails[type eq "work"].value eq "x", the form in which Entra matches by address, which an index serves.
func workEmail(f *scim.Filter) (string, bool) {
	if f.Kind != scim.SomeValue || f.Path.Attr.Name != "emails" || f.Parts[0].Kind != scim.And || len(f.Parts[0].Parts) != 2 {
		return "", false
	}
	found := map[string]string{}
	for _, part := range f.Parts[0].Parts {
		value, text := part.Value.(string)
		if part.Kind != scim.Comparison || part.Op != scim.Eq || !text {
			return "", false
		}
		found[part.Path.Leaf().Name] = value
	}
	return found["value"], len(found) == 2 && scim.Fold(found["type"]) == "work" && found["value"] != ""
}

// indexed tells whether the filter finds at most a handful of rows by an index.
func indexed(f *scim.Filter) bool {
	if f == nil {
		return false
	}
	if _, ok := workEmail(f); ok {
		return true
	}
	switch f.Kind {
	case scim.And:
		for _, part := range f.Parts {
			if indexed(part) {
				return true
			}
		}
	case scim.Comparison:
		if f.Op != scim.Eq || f.Value == nil {
			return false
		}
		switch f.Path.String() {
		case "id", "userName", "externalId":
			return true
		case "displayName":
			return f.Path.Schema.URN == scim.GroupURN
		}
	}
	return false
}

// memberCondition compiles a filter on people over alias m.
func (db *DB) memberCondition(f *scim.Filter) (string, []any, error) {
	if f == nil {
		return "true", nil, nil
	}
	if value, ok := workEmail(f); ok {
		return "m.work_email = ?", []any{LowerASCII(value)}, nil
	}
	c := &compiler{postgres: db.dialect == "postgres", column: db.memberColumn, some: db.memberSome, schemas: db.memberSchemas()}
	sql, err := c.compile(f)
	return sql, c.args, err
}

// teamCondition compiles a filter on groups over alias g.
func (db *DB) teamCondition(f *scim.Filter) (string, []any, error) {
	if f == nil {
		return "true", nil, nil
	}
	c := &compiler{postgres: db.dialect == "postgres", column: teamColumn, some: teamSome, schemas: teamSchemas}
	sql, err := c.compile(f)
	return sql, c.args, err
}

// teamColumn is the allow-list of what groups can be filtered by.
func teamColumn(p scim.AttrPath) (column, bool) {
	switch p.String() {
	case "id":
		return column{sql: "g.id"}, true
	case "externalId":
		return column{sql: "g.external_id"}, true
	case "displayName":
		return column{sql: "g.directory_key", folded: true}, true
	case "meta.created":
		return column{sql: "g.created_at", kind: timeColumn}, true
	case "meta.lastModified":
		return column{sql: "g.updated_at", kind: timeColumn}, true
	case "meta.resourceType":
		return column{sql: "'Group'"}, true
	case "members":
		return column{sql: "exists (" + membersOfTeam + ")", kind: presence}, true
	}
	return column{}, false
}

const membersOfTeam = "select 1 from team_members tm join members m on m.id = tm.member_id where tm.team_id = g.id"

func teamSome(p scim.AttrPath) (some, bool) {
	if p.Attr.Name != "members" {
		return some{}, false
	}
	return some{from: "exists (" + membersOfTeam, leaf: func(p scim.AttrPath) (column, bool) {
		switch p.Leaf().Name {
		case "value":
			return column{sql: "tm.member_id"}, true
		case "display":
			return column{sql: "nullif(m.display_name, '')"}, true
		case "type":
			return column{sql: "'User'"}, true
		}
		return column{}, false
	}}, true
}

// refs reads the pairs of id and name that refsSQL makes in one column.
func refs(text *string) ([]scim.Ref, error) {
	if text == nil || *text == "" || *text == "[]" {
		return nil, nil
	}
	var pairs [][2]string
	if err := json.Unmarshal([]byte(*text), &pairs); err != nil {
		return nil, err
	}
	list := make([]scim.Ref, len(pairs))
	for i, pair := range pairs {
		list[i] = scim.Ref{ID: pair[0], Display: pair[1]}
	}
	return list, nil
}

// refsSQL is a subselect that makes a JSON array of pairs in one column, so that related rows need no statement of their own.
func (db *DB) refsSQL(id, name, from, order string) string {
	if db.dialect == "postgres" {
		return "coalesce((select cast(json_agg(json_build_array(" + id + ", " + name + ") order by " + order + ") as text) from " + from + "), '[]')"
	}
	return "(select json_group_array(json_array(" + id + ", " + name + ") order by " + order + ") from " + from + ")"
}

// scimPage runs a list: the token, the rows, and their number where the rows do not tell it. rows tells how many rows it read, and
// whether it left some out.
func (db *DB) scimPage(ctx context.Context, c *SCIMCall, q SCIMQuery, table, condition string, args []any, rows func(ctx context.Context, sql string, args []any) (int, bool, error)) (total int, err error) {
	if err := db.AuthenticateSCIM(ctx, c); err != nil {
		return 0, err
	}
	if q.Filter != nil {
		err = db.search(ctx, c, func(ctx context.Context) (err error) {
			total, err = db.rowsAndTotal(ctx, c, q, table, condition, args, rows)
			return err
		})
		return total, err
	}
	return db.rowsAndTotal(ctx, c, q, table, condition, args, rows)
}

func (db *DB) rowsAndTotal(ctx context.Context, c *SCIMCall, q SCIMQuery, table, condition string, args []any, rows func(ctx context.Context, sql string, args []any) (int, bool, error)) (int, error) {
	where := " from " + table + " where " + condition
	args = append([]any{c.Token.OrgID}, args...)
	n, cut := 0, false
	if q.Count > 0 {
		var err error
		n, cut, err = rows(ctx, where, append(append([]any{}, args...), q.Count, q.StartIndex-1))
		if err != nil {
			return 0, err
		}
	}
	if n > 0 && n < q.Count && !cut {
		return q.StartIndex - 1 + n, nil
	}
	var totals []int
	if err := db.read(ctx).Raw("select count(*)"+where, args...).Scan(&totals).Error; err != nil {
		return 0, err
	}
	return totals[0], nil
}
