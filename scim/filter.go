package scim

import (
	"encoding/json"
	"strings"
	"time"
)

// Kind says what a node of a filter is.
type Kind int

// The kinds of nodes.
const (
	And        Kind = iota // all Parts
	Or                     // any of Parts
	Not                    // the one part does not hold
	Comparison             // Path Op Value
	SomeValue              // some value of the multi-valued Path fulfils the one part, whose paths name its sub-attributes
	Never                  // holds for nothing
)

// Operator compares an attribute with a value (RFC 7644 §3.4.2.2, table 3).
type Operator string

// The operators.
const (
	Eq Operator = "eq"
	Ne Operator = "ne"
	Co Operator = "co"
	Sw Operator = "sw"
	Ew Operator = "ew"
	Gt Operator = "gt"
	Ge Operator = "ge"
	Lt Operator = "lt"
	Le Operator = "le"
	Pr Operator = "pr" // has a value
)

// Filter is a node of a parsed filter. All attributes in it are resolved against the schema, so whoever compiles it
// never sees a name that came from outside.
type Filter struct {
	Kind  Kind
	Parts []*Filter // And, Or: two or more; Not, SomeValue: one
	Path  AttrPath  // Comparison, SomeValue
	Op    Operator  // Comparison
	// Value is a string, a bool (of boolean attributes), a time.Time (of dateTime attributes) or nil for null. A
	// comparison with a complex attribute is one with its "value".
	Value any
}

// AttrPath names an attribute or sub-attribute of a resource type.
type AttrPath struct {
	Schema *Schema
	Attr   *Attribute
	Sub    *Attribute // nil for the attribute itself
}

// String is the path in the schema's spelling: "userName", "name.givenName", "urn:…:User:manager.value". Core attributes
// have no prefix.
func (p AttrPath) String() string {
	s := p.Attr.Name
	if p.Schema != nil && p.Schema.URN != UserURN && p.Schema.URN != GroupURN {
		s = p.Schema.URN + ":" + s
	}
	if p.Sub != nil {
		s += "." + p.Sub.Name
	}
	return s
}

// Leaf is the attribute whose value is compared.
func (p AttrPath) Leaf() *Attribute {
	if p.Sub != nil {
		return p.Sub
	}
	return p.Attr
}

// resolve finds the attribute that a name with optional URN and sub-attribute stands for; ok is false if there is none. A name without
// URN that the core schema has not is looked for in the extensions: Entra's documented requests say manager where RFC 7644 §3.10 wants
// the URN before it, in filters (id eq "1" and manager eq "2") as in paths ("path":"manager").
func (rt *ResourceType) resolve(name string) (path AttrPath, ok bool) {
	schema, rest, known := rt.schemaOf(name)
	if !known || rest == "" {
		return AttrPath{}, false
	}
	if path, ok = rt.resolveIn(schema, rest); ok || schema != rt.Schema || rest != name {
		return path, ok
	}
	for _, extension := range rt.Extensions {
		if path, ok = rt.resolveIn(extension, rest); ok {
			return path, true
		}
	}
	return AttrPath{}, false
}

// resolveIn finds attribute or attribute.sub of one schema.
func (rt *ResourceType) resolveIn(schema *Schema, rest string) (path AttrPath, ok bool) {
	top, sub, nested := strings.Cut(rest, ".")
	path.Schema = schema
	if schema == rt.Schema {
		path.Attr = rt.attribute(top)
	} else {
		path.Attr = schema.Attribute(top)
	}
	if path.Attr == nil {
		return AttrPath{}, false
	}
	if nested {
		if path.Sub = path.Attr.Sub(sub); path.Sub == nil {
			return AttrPath{}, false
		}
	}
	return path, true
}

// comparisons is how many there are in the filter.
func (f *Filter) comparisons() int {
	n := 0
	for _, part := range f.Parts {
		n += part.comparisons()
	}
	return max(n, 1)
}

// matchValue decides a filter over the sub-attributes of one complex value, as in emails[type eq "work"].
func (f *Filter) matchValue(object map[string]any) bool {
	switch f.Kind {
	case And:
		for _, part := range f.Parts {
			if !part.matchValue(object) {
				return false
			}
		}
		return true
	case Or:
		for _, part := range f.Parts {
			if part.matchValue(object) {
				return true
			}
		}
		return false
	case Not:
		return !f.Parts[0].matchValue(object)
	case Comparison:
		return f.compare(object[f.Path.Leaf().Name])
	}
	return false
}

// Match decides the filter for the attributes of r; id, meta and what else is not in r count as unassigned. It is the
// reference that compiled filters are tested against.
func (f *Filter) Match(r *Resource) bool {
	switch f.Kind {
	case And:
		for _, part := range f.Parts {
			if !part.Match(r) {
				return false
			}
		}
		return true
	case Or:
		for _, part := range f.Parts {
			if part.Match(r) {
				return true
			}
		}
		return false
	case Not:
		return !f.Parts[0].Match(r)
	case Never:
		return false
	}
	value := r.get(f.Path.Schema, f.Path.Attr)
	if list, ok := value.([]any); ok {
		if f.Kind == Comparison {
			return f.Op == Pr
		}
		for _, item := range list {
			object, _ := item.(map[string]any)
			if f.Parts[0].matchValue(object) {
				return true
			}
		}
		return false
	}
	if f.Kind == SomeValue {
		object, ok := value.(map[string]any)
		return ok && f.Parts[0].matchValue(object)
	}
	if f.Path.Sub != nil {
		object, _ := value.(map[string]any)
		value = object[f.Path.Sub.Name]
	}
	return f.compare(value)
}

// compare decides one comparison. An unassigned attribute fulfils only ne and eq null.
func (f *Filter) compare(value any) bool {
	if f.Op == Pr {
		return value != nil
	}
	if f.Value == nil {
		return (value == nil) == (f.Op == Eq)
	}
	if value == nil {
		return f.Op == Ne
	}
	switch want := f.Value.(type) {
	case bool:
		got, _ := value.(bool)
		return (got == want) == (f.Op == Eq)
	case time.Time:
		text, _ := value.(string)
		got, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return f.Op == Ne
		}
		return ordered(f.Op, got.Compare(want))
	case string:
		got := scalarText(value)
		if !f.Path.Leaf().CaseExact {
			got, want = Fold(got), Fold(want)
		}
		switch f.Op {
		case Co:
			return strings.Contains(got, want)
		case Sw:
			return strings.HasPrefix(got, want)
		case Ew:
			return strings.HasSuffix(got, want)
		}
		return ordered(f.Op, strings.Compare(got, want))
	}
	return false
}

func ordered(op Operator, comparison int) bool {
	switch op {
	case Eq:
		return comparison == 0
	case Ne:
		return comparison != 0
	case Gt:
		return comparison > 0
	case Ge:
		return comparison >= 0
	case Lt:
		return comparison < 0
	case Le:
		return comparison <= 0
	}
	return false
}

func scalarText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

// Fold brings text into the form in which attributes that are not caseExact are compared.
func Fold(s string) string { return strings.ToLower(s) }
