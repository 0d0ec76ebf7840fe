package models

import (
	"strings"
	"time"

	"gatehouse/scim"
)

// A SCIM filter becomes SQL here. Every piece of SQL is written in this package and chosen by the schema's own attributes; what came
// from outside is only ever bound as a parameter. The kinds of values:
type column struct {
	sql string // an expression; null when the attribute has no value
	// folded columns hold what scim.Fold or LowerASCII made of the value, by an index.
	folded bool
	// stored is looked for in the stored resource.
	stored bool
	kind   columnKind
}

type columnKind int

const (
	textColumn columnKind = iota
	boolColumn            // sql is a condition
	timeColumn
	presence // sql is a condition that tells whether there is a value; only pr works
)

// some says how to ask whether one of several values fulfils a condition: from and the alias's columns.
type some struct {
	from string // "exists (select 1 from … where …" without the closing parenthesis
	leaf func(scim.AttrPath) (column, bool)
}

// compiler turns one filter into one condition.
type compiler struct {
	postgres bool
	column   func(scim.AttrPath) (column, bool)
	some     func(scim.AttrPath) (some, bool)
	schemas  []schemaOf
	args     []any
	looks    int // into stored resources so far
}

// maxLooks bounds how often one filter looks into a stored resource. A database reads the resource anew each time; a directory asks for
// one or two of its attributes.
const maxLooks = 20

// look counts one.
func (c *compiler) look() error {
	if c.looks++; c.looks > maxLooks {
		return &scim.Error{Status: 400, Type: scim.TypeTooMany, Detail: "the filter asks for more than 20 attributes that are not indexed; ask for fewer at once, or for userName, externalId or id"}
	}
	return nil
}

// joined makes one question of those alternatives that ask about some value of the same attribute: whether one of its values fulfils
// any of them.
func joined(f *scim.Filter) []*scim.Filter {
	if f.Kind != scim.Or {
		return f.Parts
	}
	var parts []*scim.Filter
	first := map[*scim.Attribute]int{}
	for _, part := range f.Parts {
		at, seen := first[part.Path.Attr]
		switch {
		case part.Kind != scim.SomeValue:
			parts = append(parts, part)
		case !seen:
			first[part.Path.Attr] = len(parts)
			parts = append(parts, part)
		default:
			inner := []*scim.Filter{parts[at].Parts[0], part.Parts[0]}
			if inner[0].Kind == scim.Or {
				inner = append(append([]*scim.Filter{}, inner[0].Parts...), part.Parts[0])
			}
			parts[at] = &scim.Filter{Kind: scim.SomeValue, Path: part.Path, Parts: []*scim.Filter{{Kind: scim.Or, Parts: inner}}}
		}
	}
	return parts
}

func unsupported(p scim.AttrPath) error {
	return &scim.Error{Status: 400, Type: scim.TypeInvalidFilter, Detail: "filtering by " + p.String() + " is not supported"}
}

func (c *compiler) compile(f *scim.Filter) (string, error) {
	switch f.Kind {
	case scim.And, scim.Or:
		word := " and "
		if f.Kind == scim.Or {
			word = " or "
		}
		list := joined(f)
		parts := make([]string, len(list))
		for i, part := range list {
			sql, err := c.compile(part)
			if err != nil {
				return "", err
			}
			parts[i] = sql
		}
		return "(" + strings.Join(parts, word) + ")", nil
	case scim.Not:
		sql, err := c.compile(f.Parts[0])
		if err != nil {
			return "", err
		}
		return "not coalesce(" + sql + ", false)", nil
	case scim.Never:
		return "1 = 0", nil
	case scim.SomeValue:
		s, ok := c.some(f.Path)
		if !ok {
			return "", unsupported(f.Path)
		}
		if err := c.look(); err != nil {
			return "", err
		}
		inner := &compiler{postgres: c.postgres, column: s.leaf, some: func(scim.AttrPath) (some, bool) { return some{}, false }}
		sql, err := inner.compile(f.Parts[0])
		if err != nil {
			return "", err
		}
		c.args = append(c.args, inner.args...)
		return s.from + " and " + sql + ")", nil
	}
	if f.Path.Attr.Name == "schemas" {
		return c.schemasCondition(f)
	}
	col, ok := c.column(f.Path)
	if !ok {
		return "", unsupported(f.Path)
	}
	if col.stored {
		if err := c.look(); err != nil {
			return "", err
		}
	}
	return c.comparison(f, col)
}

func (c *compiler) comparison(f *scim.Filter, col column) (string, error) {
	switch {
	case col.kind == presence && f.Op == scim.Pr:
		return col.sql, nil
	case col.kind == presence:
		return "", unsupported(f.Path)
	case f.Op == scim.Pr || f.Value == nil && f.Op == scim.Ne:
		return "(" + col.sql + ") is not null", nil
	case f.Value == nil:
		return "(" + col.sql + ") is null", nil
	}
	switch v := f.Value.(type) {
	case bool:
		if col.kind != boolColumn {
			return "", unsupported(f.Path)
		}
		c.args = append(c.args, v)
		if f.Op == scim.Ne {
			return "coalesce((" + col.sql + ") <> ?, true)", nil
		}
		return "(" + col.sql + ") = ?", nil
	case time.Time:
		if col.kind != timeColumn {
			return "", unsupported(f.Path)
		}
		c.args = append(c.args, v)
		return col.sql + sqlOperators[f.Op] + "?", nil
	case string:
		if col.kind != textColumn {
			return "", unsupported(f.Path)
		}
		return c.text(f, col, v), nil
	}
	return "", unsupported(f.Path)
}

var sqlOperators = map[scim.Operator]string{
	scim.Eq: " = ", scim.Ne: " <> ", scim.Gt: " > ", scim.Ge: " >= ", scim.Lt: " < ", scim.Le: " <= ",
}

// text compares text. No LIKE: percent signs and underscores mean themselves, and SQLite's LIKE knows no case.
func (c *compiler) text(f *scim.Filter, col column, value string) string {
	sql, arg := col.sql, "cast(? as text)"
	switch {
	case col.folded:
		value = scim.Fold(value)
	case !f.Path.Leaf().CaseExact:
		sql, arg = "lower("+sql+")", "lower(cast(? as text))"
	}
	bind := func(n int) {
		for range n {
			c.args = append(c.args, value)
		}
	}
	switch f.Op {
	case scim.Eq:
		bind(1)
		if col.folded || f.Path.Leaf().CaseExact {
			return sql + " = ?" // bare, so that an index serves
		}
		return sql + " = " + arg
	case scim.Ne:
		bind(1)
		return "coalesce(" + sql + " <> " + arg + ", true)"
	case scim.Co:
		bind(1)
		if c.postgres {
			return "strpos(" + sql + ", " + arg + ") > 0"
		}
		return "instr(" + sql + ", " + arg + ") > 0"
	case scim.Sw:
		bind(2)
		return "substr(" + sql + ", 1, length(" + arg + ")) = " + arg
	case scim.Ew:
		bind(3)
		return "(length(" + sql + ") >= length(" + arg + ") and substr(" + sql + ", length(" + sql + ") - length(" + arg + ") + 1) = " + arg + ")"
	}
	bind(1)
	if c.postgres { // byte order, as on SQLite and in scim.Filter.Match
		sql += ` collate "C"`
	}
	return sql + sqlOperators[f.Op] + arg
}

// jsonText is the text at a path of keys inside a JSON column. Keys are the schema's.
func jsonText(postgres bool, base string, keys ...string) string {
	if postgres {
		sql := base
		for i, key := range keys {
			arrow := "->"
			if i == len(keys)-1 {
				arrow = "->>"
			}
			sql += arrow + "'" + key + "'"
		}
		return sql
	}
	return "(" + base + " ->> '" + jsonPath(keys) + "')"
}

// jsonBool is the boolean at such a path.
func jsonBool(postgres bool, base string, keys ...string) string {
	if postgres {
		return "cast(" + jsonText(true, base, keys...) + " as boolean)"
	}
	return jsonText(false, base, keys...) // SQLite's booleans are the 0 and 1 that it makes of JSON's
}

// jsonPath is SQLite's path to a key, each part quoted: URNs contain dots, and $ref a dollar sign.
func jsonPath(keys []string) string {
	return `$."` + strings.Join(keys, `"."`) + `"`
}

// jsonLeaf is a column over an attribute inside JSON.
func jsonLeaf(postgres bool, base string, leaf *scim.Attribute, keys ...string) column {
	if leaf.Type == scim.Boolean {
		return column{sql: jsonBool(postgres, base, keys...), kind: boolColumn}
	}
	return column{sql: jsonText(postgres, base, keys...)}
}
