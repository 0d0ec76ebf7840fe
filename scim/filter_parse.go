package scim

import (
	"encoding/json"
	"strings"
	"time"
)

// Limits on filters.
const (
	maxFilter      = 4096 // bytes
	maxFilterDepth = 20   // parentheses and brackets inside each other
	maxComparisons = 100
)

// ParseFilter reads the filter parameter of a query on rt: the grammar of RFC 7644 §3.4.2.2, and a sub-attribute behind
// the bracket, as in emails[type eq "work"].value eq "a@x", which Entra sends. Keywords and names match without regard to
// case. Every error is a 400 invalidFilter.
func ParseFilter(rt *ResourceType, text string) (*Filter, error) {
	p := &filterParser{rt: rt, text: text, scimType: TypeInvalidFilter}
	f, err := p.parse()
	if err != nil {
		return nil, err
	}
	return f, nil
}

type filterParser struct {
	rt          *ResourceType
	text        string
	pos         int
	depth       int
	comparisons int
	inside      *AttrPath     // the attribute whose brackets we are in
	other       *ResourceType // its attributes are known too, and have no value here; nil for none
	scimType    string
}

func (p *filterParser) parse() (*Filter, *Error) {
	if len(p.text) > maxFilter {
		return nil, bad(p.scimType, "the filter is longer than %d bytes", maxFilter)
	}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skipSpace(); p.pos < len(p.text) {
		return nil, p.fail("expected 'and', 'or' or the end")
	}
	return f, nil
}

func (p *filterParser) fail(what string) *Error {
	rest := p.text[p.pos:]
	if rest == "" {
		return bad(p.scimType, "the filter is not complete: %s at its end", what)
	}
	return bad(p.scimType, "the filter cannot be read at character %d: %s, got %q", p.pos+1, what, excerpt(rest))
}

func (p *filterParser) skipSpace() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

// word reads a run of the characters that names, operators and unquoted values consist of.
func (p *filterParser) word() string {
	start := p.pos
	for p.pos < len(p.text) && isWordByte(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-$.:+", c) >= 0
}

// keyword consumes the given word if it comes next and stands alone.
func (p *filterParser) keyword(word string) bool {
	p.skipSpace()
	start := p.pos
	if strings.EqualFold(p.word(), word) {
		return true
	}
	p.pos = start
	return false
}

func (p *filterParser) symbol(c byte) bool {
	p.skipSpace()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *filterParser) enter() *Error {
	if p.depth++; p.depth > maxFilterDepth {
		return bad(p.scimType, "the filter is nested more than %d levels deep", maxFilterDepth)
	}
	return nil
}

func (p *filterParser) or() (*Filter, *Error) {
	return p.chain(Or, "or", func() (*Filter, *Error) { return p.chain(And, "and", p.term) })
}

// chain reads parts joined by a keyword; "and" binds stronger than "or".
func (p *filterParser) chain(kind Kind, keyword string, part func() (*Filter, *Error)) (*Filter, *Error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	parts := []*Filter{first}
	for p.keyword(keyword) {
		next, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, next)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return &Filter{Kind: kind, Parts: parts}, nil
}

func (p *filterParser) term() (*Filter, *Error) {
	start := p.pos
	if p.keyword("not") {
		if p.symbol('(') {
			inner, err := p.group()
			if err != nil {
				return nil, err
			}
			return &Filter{Kind: Not, Parts: []*Filter{inner}}, nil
		}
		p.pos = start
	}
	if p.symbol('(') {
		return p.group()
	}
	return p.comparison()
}

// group reads to the closing parenthesis.
func (p *filterParser) group() (*Filter, *Error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.symbol(')') {
		return nil, p.fail("expected ')'")
	}
	p.depth--
	return inner, nil
}

func (p *filterParser) comparison() (*Filter, *Error) {
	p.skipSpace()
	start := p.pos
	name := p.word()
	if name == "" {
		return nil, p.fail("expected an attribute")
	}
	path, err := p.path(name)
	if err != nil && p.other != nil && p.inside == nil {
		return p.comparisonElsewhere(start, err)
	}
	if err != nil {
		p.pos = start
		return nil, err
	}
	if p.pos < len(p.text) && p.text[p.pos] == '[' {
		return p.someValue(path)
	}
	return p.compare(path)
}

// comparisonElsewhere reads a comparison with an attribute that only resources of the other type have. err is what to answer if they do
// not have it either.
func (p *filterParser) comparisonElsewhere(start int, err *Error) (*Filter, *Error) {
	own, other := p.rt, p.other
	defer func() { p.rt, p.other = own, other }()
	p.rt, p.other, p.pos = other, nil, start
	if _, unknown := p.path(p.word()); unknown != nil {
		p.pos = start
		return nil, err
	}
	p.pos = start
	f, err := p.comparison()
	if err != nil {
		return nil, err
	}
	never := &Filter{Kind: Never}
	if f.Match(NewResource(other)) { // as with ne: what has no value differs from every value
		return &Filter{Kind: Not, Parts: []*Filter{never}}, nil
	}
	return never, nil
}

// path resolves a name, inside brackets as a sub-attribute.
func (p *filterParser) path(name string) (AttrPath, *Error) {
	if p.inside != nil {
		if sub := p.inside.Attr.Sub(name); sub != nil {
			return AttrPath{Schema: p.inside.Schema, Attr: p.inside.Attr, Sub: sub}, nil
		}
		return AttrPath{}, bad(p.scimType, "%q is not a part of %s", excerpt(name), p.inside.Attr.Name)
	}
	path, ok := p.rt.resolve(name)
	if !ok {
		return AttrPath{}, bad(p.scimType, "%q is not an attribute of a %s; /Schemas lists those that are",
			excerpt(name), p.rt.Name)
	}
	return path, nil
}

// someValue reads attr[filter] and, behind the bracket, .sub with an operator: emails[A].value eq "x" asks for some
// value that fulfils both.
func (p *filterParser) someValue(path AttrPath) (*Filter, *Error) {
	if p.inside != nil || path.Sub != nil || path.Attr.Type != Complex {
		return nil, p.fail("brackets may only follow a complex attribute")
	}
	inner, err := p.brackets(path)
	if err != nil {
		return nil, err
	}
	if p.pos < len(p.text) && p.text[p.pos] == '.' {
		p.pos++
		sub := path.Attr.Sub(p.word())
		if sub == nil {
			return nil, p.fail("expected a part of " + path.Attr.Name + " behind the bracket")
		}
		second, err := p.compare(AttrPath{Schema: path.Schema, Attr: path.Attr, Sub: sub})
		if err != nil {
			return nil, err
		}
		if second.Kind == SomeValue {
			second = second.Parts[0]
		}
		inner = &Filter{Kind: And, Parts: []*Filter{inner, second}}
	}
	return &Filter{Kind: SomeValue, Path: path, Parts: []*Filter{inner}}, nil
}

// brackets reads [filter] over the sub-attributes of path.
func (p *filterParser) brackets(path AttrPath) (*Filter, *Error) {
	p.pos++ // the opening bracket
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.inside = &path
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.symbol(']') {
		return nil, p.fail("expected ']'")
	}
	p.inside = nil
	p.depth--
	return inner, nil
}

// compare reads the operator and the value behind an attribute.
func (p *filterParser) compare(path AttrPath) (*Filter, *Error) {
	if p.comparisons++; p.comparisons > maxComparisons {
		return nil, bad(p.scimType, "the filter has more than %d comparisons", maxComparisons)
	}
	p.skipSpace()
	start := p.pos
	op := Operator(strings.ToLower(p.word()))
	switch op {
	case Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le, Pr:
	default:
		p.pos = start
		return nil, p.fail("expected an operator such as 'eq'")
	}
	var value any
	if op != Pr {
		if p.pos >= len(p.text) || p.text[p.pos] != ' ' && p.text[p.pos] != '"' {
			return nil, p.fail("expected a value behind the operator")
		}
		var err *Error
		if value, err = p.value(); err != nil {
			return nil, err
		}
	}
	return p.node(path, op, value)
}

// value reads a JSON string, number, boolean or null.
func (p *filterParser) value() (any, *Error) {
	p.skipSpace()
	start := p.pos
	if p.pos < len(p.text) && p.text[p.pos] == '"' {
		for p.pos++; p.pos < len(p.text) && p.text[p.pos] != '"'; p.pos++ {
			if p.text[p.pos] == '\\' {
				p.pos++
			}
		}
		if p.pos >= len(p.text) {
			p.pos = start
			return nil, p.fail("the quotation mark is not closed")
		}
		p.pos++
		var s string
		if err := json.Unmarshal([]byte(p.text[start:p.pos]), &s); err != nil {
			p.pos = start
			return nil, p.fail("expected a JSON string")
		}
		return s, nil
	}
	switch word := p.word(); strings.ToLower(word) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	default:
		if word != "" && json.Valid([]byte(word)) {
			return json.Number(word), nil
		}
	}
	p.pos = start
	return nil, p.fail("expected a value in quotation marks")
}

// node builds a comparison whose value has the type of its attribute.
func (p *filterParser) node(path AttrPath, op Operator, value any) (*Filter, *Error) {
	leaf := path.Leaf()
	if leaf.Type == Complex && value == nil && (op == Eq || op == Ne) { // null: the attribute has no value at all
		present := &Filter{Kind: Comparison, Path: path, Op: Pr}
		if op == Ne {
			return present, nil
		}
		return &Filter{Kind: Not, Parts: []*Filter{present}}, nil
	}
	if leaf.Type == Complex && op != Pr {
		sub := leaf.Sub("value")
		if sub == nil {
			return nil, bad(p.scimType, "%s cannot be compared as a whole; name one of its parts, such as %s.%s",
				path, path, leaf.SubAttributes[0].Name)
		}
		path.Sub, leaf = sub, sub
	}
	f := &Filter{Kind: Comparison, Path: path, Op: op}
	if op != Pr && value != nil {
		var err *Error
		if f.Value, err = p.coerce(path, op, value); err != nil {
			return nil, err
		}
	} else if op != Pr && op != Eq && op != Ne {
		return nil, bad(p.scimType, "%s %s null means nothing; use eq, ne or pr", path, op)
	}
	if p.inside == nil && path.Attr.MultiValued && path.Attr.Type == Complex {
		if path.Sub == nil { // emails pr: there is some value
			return f, nil
		}
		return &Filter{Kind: SomeValue, Path: AttrPath{Schema: path.Schema, Attr: path.Attr}, Parts: []*Filter{f}}, nil
	}
	return f, nil
}

func (p *filterParser) coerce(path AttrPath, op Operator, value any) (any, *Error) {
	switch path.Leaf().Type {
	case Boolean:
		// RFC 7644 §3.4.2.2: boolean attributes cannot be ordered. Entra quotes them: [primary eq "True"].
		if op != Eq && op != Ne {
			return nil, bad(p.scimType, "%s is a boolean; compare it with eq or ne", path)
		}
		switch v := value.(type) {
		case bool:
			return v, nil
		case string:
			if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
				return strings.EqualFold(v, "true"), nil
			}
		}
		return nil, bad(p.scimType, "%s is a boolean; compare it with true or false", path)
	case DateTime:
		text, _ := value.(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || op == Co || op == Sw || op == Ew {
			return nil, bad(p.scimType, "%s is a date; compare it with eq, ne, gt, ge, lt or le and a value like \"2026-01-31T12:00:00Z\"", path)
		}
		return at.UTC(), nil
	}
	s := scalarText(value)
	if strings.IndexByte(s, 0) >= 0 {
		return nil, bad(p.scimType, "the value compared with %s contains a NUL character", path)
	}
	return s, nil
}
