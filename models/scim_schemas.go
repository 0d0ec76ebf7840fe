package models

import "gatehouse/scim"

// schemaOf is one URN that a resource may name in its schemas.
type schemaOf struct {
	urn     string
	present string // a condition; "" for always
}

// memberSchemas are the URNs of people: the extension is named while it has attributes.
func (db *DB) memberSchemas() []schemaOf {
	present := "cast(m.attributes as jsonb)->'" + scim.EnterpriseUserURN + "' is not null"
	if db.dialect == "sqlite" {
		present = "m.attributes -> '" + jsonPath([]string{scim.EnterpriseUserURN}) + "' is not null"
	}
	return []schemaOf{{urn: scim.UserURN}, {scim.EnterpriseUserURN, present}}
}

var teamSchemas = []schemaOf{{urn: scim.GroupURN}}

// schemasCondition compares schemas, as in RFC 7644 §3.4.2.2, figure 2: some URN fulfils the comparison; with ne none is equal.
func (c *compiler) schemasCondition(f *scim.Filter) (string, error) {
	if f.Op == scim.Pr {
		return "1 = 1", nil
	}
	if err := c.look(); err != nil {
		return "", err
	}
	one := *f
	if f.Op == scim.Ne {
		one.Op = scim.Eq
	}
	any := ""
	for _, s := range c.schemas {
		sql, err := c.comparison(&one, column{sql: "cast('" + s.urn + "' as text)"})
		if err != nil {
			return "", err
		}
		if s.present != "" {
			sql = "(" + s.present + " and " + sql + ")"
		}
		if any != "" {
			any += " or "
		}
		any += sql
	}
	if f.Op == scim.Ne {
		return "not (" + any + ")", nil
	}
	return "(" + any + ")", nil
}
