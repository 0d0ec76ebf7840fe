package scim

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	validator "github.com/elimity-com/scim/filter"
	"github.com/elimity-com/scim/schema"
	oracle "github.com/scim2/filter-parser/v2"
	"pgregory.net/rapid"
)

// Two independent libraries judge the filter parser, the comparison and the schema documents. They serve in tests only. Where they and we
// differ, and why:
//
//   - filter-parser knows no schema: it takes attributes nobody has, and a boolean or a date compared with anything. We refuse those.
//   - It knows nothing of attr[filter].sub, which Entra sends and no RFC has.
//   - It takes no white space but single spaces; we take runs of spaces and tabs, and none before a quoted value.
//   - Between brackets it takes one "and" or "or" and no parentheses but behind "not"; the grammar allows both.
//   - It reads numbers as Go numbers; to us they are text until the attribute says otherwise.
//   - elimity's comparison takes an attribute without value to fulfil nothing; with us it fulfils ne and eq null, as "not equal to any
//     value" suggests (RFC 7644 §3.4.2.2 is silent).
//   - It cannot compare a part of a multi-valued attribute without brackets (emails.type eq "work"), nor a complex attribute by its value.
//   - It compares boolean values given as text by their letters.
//
// The generators below stay where both have an opinion.

// filterText draws a filter over User from the grammar of RFC 7644 §3.4.2.2, in any case and with any precedence. inside restricts it to
// the parts of emails.
func filterText(t *rapid.T, depth int, inside bool) string {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	switch {
	case depth > 0 && kind < 3:
		word := rapid.SampledFrom([]string{"and", "or", "AND", "Or"}).Draw(t, "word")
		return filterText(t, depth-1, inside) + " " + word + " " + filterText(t, depth-1, inside)
	case depth > 0 && kind == 3 && !inside:
		return "(" + filterText(t, depth-1, inside) + ")"
	case depth > 0 && kind == 4:
		return rapid.SampledFrom([]string{"not ", "NOT ", "not"}).Draw(t, "not") + "(" + filterText(t, depth-1, inside) + ")"
	case depth > 0 && kind == 5 && !inside:
		return rapid.SampledFrom([]string{"emails", "EMAILS", UserURN + ":emails"}).Draw(t, "list") + "[" + filterText(t, min(depth-1, 1), true) + "]"
	}
	names := []string{"userName", "username", "displayName", "name.givenName", "Name.familyName", "title", "externalId", UserURN + ":nickName", EnterpriseUserURN + ":department"}
	if inside {
		names = []string{"value", "type", "TYPE", "display"}
	}
	name := rapid.SampledFrom(names).Draw(t, "name")
	op := rapid.SampledFrom([]string{"eq", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ", "Co", "pr", "PR"}).Draw(t, "op")
	if strings.EqualFold(op, "pr") {
		return name + " " + op
	}
	return name + " " + op + " " + filterValue(t)
}

// filterValue is a JSON string of few letters, so that matches happen, with what needs care now and then.
func filterValue(t *rapid.T) string {
	text := rapid.StringOfN(rapid.SampledFrom([]rune(`abAB1 %_'é`)), 0, 3, -1).Draw(t, "value")
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// fromOracle makes our tree of the oracle's.
func fromOracle(t *rapid.T, p *filterParser, e oracle.Expression) *Filter {
	switch e := e.(type) {
	case *oracle.LogicalExpression:
		kind := And
		if e.Operator == oracle.OR {
			kind = Or
		}
		return &Filter{Kind: kind, Parts: []*Filter{fromOracle(t, p, e.Left), fromOracle(t, p, e.Right)}}
	case *oracle.NotExpression:
		return &Filter{Kind: Not, Parts: []*Filter{fromOracle(t, p, e.Expression)}}
	case *oracle.ValuePath:
		path, problem := p.path(e.AttributePath.String())
		if problem != nil {
			t.Fatal(problem)
		}
		inner := &filterParser{rt: p.rt, inside: &path, scimType: TypeInvalidFilter}
		return &Filter{Kind: SomeValue, Path: path, Parts: []*Filter{fromOracle(t, inner, e.ValueFilter)}}
	case *oracle.AttributeExpression:
		path, problem := p.path(e.AttributePath.String())
		if problem != nil {
			t.Fatal(problem)
		}
		f, problem := p.node(path, Operator(strings.ToLower(string(e.Operator))), e.CompareValue)
		if problem != nil {
			t.Fatal(problem)
		}
		return f
	}
	t.Fatalf("unknown %T", e)
	return nil
}

// shape writes a tree down; parentheses that change nothing are gone.
func shape(f *Filter) string {
	switch f.Kind {
	case And, Or:
		word := map[Kind]string{And: "and", Or: "or"}[f.Kind]
		var parts []string
		var add func(f *Filter, kind Kind)
		add = func(part *Filter, kind Kind) {
			if part.Kind == kind {
				for _, p := range part.Parts {
					add(p, kind)
				}
				return
			}
			parts = append(parts, shape(part))
		}
		add(f, f.Kind)
		return "(" + word + " " + strings.Join(parts, " ") + ")"
	case Not:
		return "(not " + shape(f.Parts[0]) + ")"
	case SomeValue:
		return "(some " + f.Path.String() + " " + shape(f.Parts[0]) + ")"
	}
	value, _ := json.Marshal(f.Value)
	return "(" + string(f.Op) + " " + f.Path.String() + " " + string(value) + ")"
}

func TestFiltersParseAsTheOracleParsesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := filterText(t, 4, false)
		theirs, err := oracle.ParseFilter([]byte(text))
		if err != nil {
			t.Fatalf("the oracle refuses %s: %v", text, err)
		}
		ours, err := ParseFilter(UserType, text)
		if err != nil {
			t.Fatalf("we refuse %s: %v", text, err)
		}
		want := fromOracle(t, &filterParser{rt: UserType, scimType: TypeInvalidFilter}, theirs)
		if got, want := shape(ours), shape(want); got != want {
			t.Errorf("%s\nours   %s\ntheirs %s", text, got, want)
		}
	})
}

func TestBrokenFiltersAreRefusedByBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []rune(filterText(t, 3, false))
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			text = append(text[:at:at], text[at+1:]...)
		case 1:
			text = append(append(text[:at:at], rapid.SampledFrom([]rune(`()[]"\x`)).Draw(t, "rune")), text[at:]...)
		case 2:
			text = text[:at]
		}
		broken := string(text)
		_, theirs := oracle.ParseFilter([]byte(broken))
		_, ours := ParseFilter(UserType, broken)
		if ours == nil && theirs != nil && !weAreLenient(broken) {
			t.Errorf("we take %q, the oracle: %v", broken, theirs)
		}
		var refusal *Error
		if e, ok := ours.(*Error); ok {
			refusal = e
		}
		known := ours == nil || gluedWord.MatchString(broken)
		for _, about := range []string{"is not an attribute", "is not a part", "brackets"} { // the schema, which it does not know
			known = known || strings.Contains(refusal.Detail, about)
		}
		if !known && theirs == nil {
			t.Errorf("we refuse %q: %v; the oracle takes it", broken, ours)
		}
	})
}

// gluedWord is what the oracle takes for two words: "andvalue".
var gluedWord = regexp.MustCompile(`(?i)[ )\]](and|or)[^ ]`)

// weAreLenient names what we take beyond the grammar: white space that is missing or too much.
func weAreLenient(text string) bool {
	for _, word := range []string{"eq", "co", "sw", "ew", "gt", "ge", "lt", "le"} {
		if strings.Contains(strings.ToLower(text), word+`"`) {
			return true // no space before a value
		}
	}
	outside := inQuotes.Replace(text)
	quoted := false
	for i := 0; i < len(outside); i++ {
		switch c := outside[i]; {
		case c == '"':
			quoted = !quoted
			if !quoted && i+1 < len(outside) && strings.IndexByte(" )]", outside[i+1]) < 0 {
				return true // no space behind a value
			}
		case quoted:
		case c == ' ' && (i == 0 || i == len(outside)-1 || strings.IndexByte(" ([)]", outside[i+1]) >= 0 || strings.IndexByte("([", outside[i-1]) >= 0):
			return true
		case c == ')' && i+1 < len(outside) && strings.IndexByte(" )]", outside[i+1]) < 0:
			return true
		case c == '(' && i > 0 && strings.IndexByte(" ([t", outside[i-1]|0x20) < 0 && outside[i-1] != '(' && outside[i-1] != '[':
			return true
		case c == ']' && i+1 < len(outside) && strings.IndexByte(" )", outside[i+1]) < 0:
			return true
		}
	}
	return false
}

var inQuotes = strings.NewReplacer(`\\`, "__", `\"`, "__")

// oracleSchema reads one of our schema documents with elimity's reader, which checks it on the way.
func oracleSchema(t testing.TB, urn string) schema.Schema {
	t.Helper()
	var s schema.Schema
	if err := json.Unmarshal(Schemas("https://acme.example/scim", urn), &s); err != nil {
		t.Fatalf("%s: %v", urn, err)
	}
	return s
}

func TestSchemaDocumentsAreReadByTheOracle(t *testing.T) {
	for _, urn := range []string{UserURN, GroupURN, EnterpriseUserURN} {
		s := oracleSchema(t, urn)
		if s.ID != urn || len(s.Attributes) == 0 {
			t.Errorf("%s: read as %s with %d attributes", urn, s.ID, len(s.Attributes))
		}
	}
	// What we answer is valid by our own schema, as the oracle understands it.
	r := mustResource(t, UserType, ana)
	v := View{Type: UserType, ID: "mem_1", UserName: r.Text("userName"), Active: true, Stored: r.Without("userName", "active").JSON()}
	var answered map[string]any
	if err := json.Unmarshal(v.Append(nil, nil), &answered); err != nil {
		t.Fatal(err)
	}
	if _, problem := oracleSchema(t, UserURN).Validate(answered); problem != nil {
		t.Errorf("%v", problem)
	}
}

func TestFiltersMatchAsTheOracleMatches(t *testing.T) {
	user, enterprise := oracleSchema(t, UserURN), oracleSchema(t, EnterpriseUserURN)
	rapid.Check(t, func(t *rapid.T) {
		r := drawResource(t)
		text := filterText(t, 3, false)
		ours, err := ParseFilter(UserType, text)
		if err != nil {
			t.Fatal(err)
		}
		v, err := validator.NewValidator(text, user, enterprise)
		if err != nil {
			t.Fatal(err)
		}
		theirs := v.PassesFilter(forOracle(t, r)) == nil
		if got := ours.Match(r); got != theirs {
			t.Errorf("%s\non %s\nours %v, theirs %v", text, r.JSON(), got, theirs)
		}
	})
}

// forOracle is a resource as elimity wants it: extension attributes beside the others, under their URN.
func forOracle(t *rapid.T, r *Resource) map[string]any {
	var object map[string]any
	if err := json.Unmarshal(r.JSON(), &object); err != nil {
		t.Fatal(err)
	}
	if extension, ok := object[EnterpriseUserURN].(map[string]any); ok {
		for name, value := range extension {
			object[EnterpriseUserURN+":"+name] = value
		}
	}
	return object
}

// drawResource draws a user whose values are of the same few letters as those of the filters.
func drawResource(t *rapid.T) *Resource {
	text := func(name string) string {
		return rapid.StringOfN(rapid.SampledFrom([]rune(`abAB1 %_'é`)), 0, 3, -1).Draw(t, name)
	}
	object := map[string]any{
		"userName": "x" + text("userName"), "externalId": text("externalId"), "displayName": text("displayName"), "title": text("title"), "nickName": text("nickName"),
		"name":            map[string]any{"givenName": text("givenName"), "familyName": text("familyName")},
		EnterpriseUserURN: map[string]any{"department": text("department")},
	}
	var emails []any
	for range rapid.IntRange(0, 3).Draw(t, "emails") {
		emails = append(emails, map[string]any{"value": text("value"), "type": rapid.SampledFrom([]string{"work", "home", "a"}).Draw(t, "type"), "display": text("display")})
	}
	object["emails"] = emails
	body, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := ParseResource(UserType, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
