package scim

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

const enterprise = EnterpriseUserURN

// patched applies operations to a user and returns the attributes as JSON.
func patched(t *testing.T, before, operations string) (*Outcome, error) {
	t.Helper()
	r := mustResource(t, UserType, before)
	p, err := ParsePatch(UserType, []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`+operations+`}`))
	if err != nil {
		return nil, err
	}
	return p.Apply(r)
}

func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("not JSON: %s", got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("test is wrong: %v in %s", err, want)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPatch(t *testing.T) {
	const two = `{"userName":"a","emails":[{"type":"work","value":"w@x","primary":true},{"type":"home","value":"h@x"}]}`
	tests := []struct {
		name, before, operations, want string
	}{
		{
			"Entra's classic dialect, operations in their order", `{"userName":"a","active":true,"nickName":"N"}`,
			`[{"op":"Replace","path":"displayName","value":"P"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n@x"},
			  {"op":"Replace","path":"name.familyName","value":"Q"},{"op":"Replace","path":"` + enterprise + `:employeeNumber","value":"7"},
			  {"op":"Add","path":"nickName","value":"B"},{"op":"Replace","path":"active","value":"False"}]`,
			`{"userName":"a","active":false,"nickName":"B","displayName":"P","name":{"familyName":"Q"},"emails":[{"type":"work","value":"n@x"}],"` + enterprise + `":{"employeeNumber":"7"}}`,
		},
		{
			"Entra's flagged dialect, dotted and URN keys", `{"userName":"a","name":{"givenName":"G","familyName":"F"},"` + enterprise + `":{"department":"D"}}`,
			`[{"op":"replace","value":{"displayName":"P","name.givenName":"H","` + enterprise + `:employeeNumber":"7","active":true}}]`,
			`{"userName":"a","displayName":"P","active":true,"name":{"givenName":"H","familyName":"F"},"` + enterprise + `":{"department":"D","employeeNumber":"7"}}`,
		},
		{"Okta deactivates without a path", `{"userName":"a","active":true}`, `[{"op":"replace","value":{"active":false}}]`, `{"userName":"a","active":false}`},
		{
			"a pathless extension object merges", `{"userName":"a","` + enterprise + `":{"department":"D","division":"V"}}`,
			`[{"op":"replace","value":{"` + enterprise + `":{"department":"E"}}}]`, `{"userName":"a","` + enterprise + `":{"department":"E","division":"V"}}`,
		},
		{
			"a pathless complex attribute merges", `{"userName":"a","name":{"givenName":"G","familyName":"F"}}`,
			`[{"op":"replace","value":{"name":{"givenName":"H"}}}]`, `{"userName":"a","name":{"givenName":"H","familyName":"F"}}`,
		},
		{
			"a part sent empty in an object is cleared", `{"userName":"a","name":{"givenName":"G","familyName":"F"}}`,
			`[{"op":"replace","path":"name","value":{"givenName":""}}]`, `{"userName":"a","name":{"familyName":"F"}}`,
		},
		{"id and meta in a pathless value are ignored", `{"userName":"a"}`, `[{"op":"replace","value":{"id":"g","meta":{},"groups":[],"schemas":[],"title":"T"}}]`, `{"userName":"a","title":"T"}`},
		{"names match in any case", `{"userName":"a"}`, `[{"OP":"REPLACE","Path":"DISPLAYNAME","Value":"P"}]`, `{"userName":"a","displayName":"P"}`},
		{"displayName True stays text", `{"userName":"a"}`, `[{"op":"Replace","path":"displayName","value":"True"}]`, `{"userName":"a","displayName":"True"}`},
		{"a wrapped scalar of the 2017 dialect", `{"userName":"a"}`, `[{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"X"}]},{"op":"Replace","path":"active","value":[{"value":"False"}]}]`, `{"userName":"a","displayName":"X","active":false}`},

		{"replace creates a phone number of a canonical type", `{"userName":"a"}`, `[{"op":"Replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}]`, `{"userName":"a","phoneNumbers":[{"type":"mobile","value":"1"}]}`},
		{"add creates an address of a canonical type", `{"userName":"a"}`, `[{"op":"Add","path":"addresses[type eq \"work\"].country","value":"Sierra Leone"}]`, `{"userName":"a","addresses":[{"type":"work","country":"Sierra Leone"}]}`},
		{"primary eq \"True\" creates a role", `{"userName":"a"}`, `[{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Admin"}]`, `{"userName":"a","roles":[{"primary":true,"value":"Admin"}]}`},
		{"a new primary unsets the old one", two, `[{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}]`, `{"userName":"a","emails":[{"type":"work","value":"w@x","primary":false},{"type":"home","value":"h@x","primary":true}]}`},
		{
			"an added primary unsets the old one", two, `[{"op":"add","path":"emails","value":[{"type":"other","value":"o@x","primary":"True"}]}]`,
			`{"userName":"a","emails":[{"type":"work","value":"w@x","primary":false},{"type":"home","value":"h@x"},{"type":"other","value":"o@x","primary":true}]}`,
		},
		{"add unions and does not duplicate", two, `[{"op":"add","path":"emails","value":[{"type":"home","value":"h@x"}]}]`, two},
		{"replace of a multi-valued attribute replaces all", two, `[{"op":"replace","path":"emails","value":[{"value":"n@x"}]}]`, `{"userName":"a","emails":[{"value":"n@x"}]}`},
		{"replace of a selected value replaces it as a whole", two, `[{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n@x"}}]`, `{"userName":"a","emails":[{"value":"n@x"},{"type":"home","value":"h@x"}]}`},
		{"add to a selected value merges", two, `[{"op":"add","path":"emails[type eq \"home\"]","value":{"display":"H"}}]`, `{"userName":"a","emails":[{"type":"work","value":"w@x","primary":true},{"type":"home","value":"h@x","display":"H"}]}`},
		{"remove by filter", two, `[{"op":"remove","path":"emails[type eq \"work\"]"}]`, `{"userName":"a","emails":[{"type":"home","value":"h@x"}]}`},
		{"remove with a value array removes only those", two, `[{"op":"Remove","path":"emails","value":[{"value":"w@x"}]}]`, `{"userName":"a","emails":[{"type":"home","value":"h@x"}]}`},
		{"remove without value removes all", two, `[{"op":"remove","path":"emails"}]`, `{"userName":"a"}`},
		{"remove of a filter without match is done already", two, `[{"op":"remove","path":"emails[type eq \"other\"]"}]`, two},

		{"manager as a bare string", `{"userName":"a"}`, `[{"op":"Add","path":"` + enterprise + `:manager","value":"m1"}]`, `{"userName":"a","` + enterprise + `":{"manager":{"value":"m1"}}}`},
		{"manager as an object", `{"userName":"a"}`, `[{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"m1"}}]`, `{"userName":"a","` + enterprise + `":{"manager":{"value":"m1"}}}`},
		{"manager in an array", `{"userName":"a"}`, `[{"op":"replace","path":"` + enterprise + `:manager","value":[{"value":"m1"}]}]`, `{"userName":"a","` + enterprise + `":{"manager":{"value":"m1"}}}`},
		{"manager cleared by an empty string", `{"userName":"a","` + enterprise + `":{"manager":{"value":"m1"}}}`, `[{"op":"replace","path":"` + enterprise + `:manager","value":""}]`, `{"userName":"a"}`},
		{"manager cleared by an empty value", `{"userName":"a","` + enterprise + `":{"manager":{"value":"m1"}}}`, `[{"op":"replace","path":"` + enterprise + `:manager","value":{"value":""}}]`, `{"userName":"a"}`},
		{"manager removed", `{"userName":"a","` + enterprise + `":{"manager":{"value":"m1"},"department":"D"}}`, `[{"op":"Remove","path":"` + enterprise + `:manager"}]`, `{"userName":"a","` + enterprise + `":{"department":"D"}}`},

		{"an empty string clears", `{"userName":"a","title":"T"}`, `[{"op":"replace","path":"title","value":""}]`, `{"userName":"a"}`},
		{"null clears", `{"userName":"a","title":"T"}`, `[{"op":"replace","path":"title","value":null}]`, `{"userName":"a"}`},
		{"clearing what is not there is no error", `{"userName":"a"}`, `[{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":null},{"op":"replace","path":"` + enterprise + `:department","value":""}]`, `{"userName":"a"}`},
		{"an empty value of a selected entry removes the entry", two, `[{"op":"replace","path":"emails[type eq \"home\"].value","value":""}]`, `{"userName":"a","emails":[{"type":"work","value":"w@x","primary":true}]}`},
		{"an unknown attribute is ignored", `{"userName":"a"}`, `[{"op":"add","path":"urn:example:custom:2.0:User:tag","value":"x"},{"op":"add","path":"shoeSize","value":"44"}]`, `{"userName":"a"}`},
		{"the 2.0 of the core URN is no dot of the path", `{"userName":"a"}`, `[{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User:name.givenName","value":"G"}]`, `{"userName":"a","name":{"givenName":"G"}}`},
		{"an extension named by its URN merges", `{"userName":"a","` + enterprise + `":{"division":"V"}}`, `[{"op":"add","path":"` + enterprise + `","value":{"department":"D"}}]`, `{"userName":"a","` + enterprise + `":{"division":"V","department":"D"}}`},
		{"a part of every value", two, `[{"op":"replace","path":"emails.display","value":"D"}]`, `{"userName":"a","emails":[{"type":"work","value":"w@x","primary":true,"display":"D"},{"type":"home","value":"h@x","display":"D"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := patched(t, tt.before, tt.operations)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, out.Resource.JSON(), tt.want)
			before := mustResource(t, UserType, tt.before)
			if out.Changed == out.Resource.Equal(before) {
				t.Errorf("Changed is %v", out.Changed)
			}
			again, err := LoadResource(UserType, out.Resource.JSON())
			if err != nil || !again.Equal(out.Resource) {
				t.Errorf("does not survive storage: %v", err)
			}
		})
	}
}

func TestPatchRefuses(t *testing.T) {
	tests := []struct {
		name, operations, wantType, wantDetail string
		wantStatus                             int
	}{
		{"a filter without match and without canonical type", `[{"op":"replace","path":"emails[type eq \"nonexistent\"].value","value":"x"}]`, TypeNoTarget, "operation 1 (replace emails", 400},
		{"the second operation", `[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"active","value":"maybe"}]`, TypeInvalidValue, "operation 2 (replace active)", 400},
		{"an unknown op", `[{"op":"delete","path":"title"}]`, TypeInvalidSyntax, "operation 1", 400},
		{"no op", `[{"path":"title"}]`, TypeInvalidSyntax, "operation 1", 400},
		{"an operation that is no object", `["x"]`, TypeInvalidSyntax, "operation 1", 400},
		{"no operation", `[]`, TypeInvalidSyntax, "Operations", 400},
		{"remove without path", `[{"op":"remove"}]`, TypeNoTarget, "operation 1", 400},
		{"add without value", `[{"op":"add","path":"title"}]`, TypeInvalidValue, "operation 1", 400},
		{"a pathless value that is no object", `[{"op":"replace","value":"x"}]`, TypeInvalidValue, "operation 1", 400},
		{"a broken path", `[{"op":"replace","path":"emails[type eq","value":"x"}]`, TypeInvalidPath, "operation 1", 400},
		{"a path with spaces", `[{"op":"replace","path":"display name","value":"x"}]`, TypeInvalidPath, "operation 1", 400},
		{"the id", `[{"op":"replace","path":"id","value":"x"}]`, TypeMutability, "id", 400},
		{"groups", `[{"op":"add","path":"groups","value":[{"value":"x"}]}]`, TypeMutability, "groups", 400},
		{"removing userName", `[{"op":"remove","path":"userName"}]`, TypeMutability, "userName", 400},
		{"emptying userName", `[{"op":"replace","path":"userName","value":""}]`, TypeInvalidValue, "userName", 400},
		{"an object for a string", `[{"op":"replace","path":"title","value":{"a":1}}]`, TypeInvalidValue, "title", 400},
		{"two values for one", `[{"op":"replace","path":"title","value":["a","b"]}]`, TypeInvalidValue, "title", 400},
		{"a NUL", `[{"op":"replace","path":"title","value":"\u0000"}]`, TypeInvalidValue, "NUL", 400},
		{"a userName no index holds", `[{"op":"replace","path":"userName","value":"` + strings.Repeat("x", 600) + `"}]`, TypeInvalidValue, "512", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := patched(t, ana, tt.operations)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.Status != tt.wantStatus || e.Type != tt.wantType || !strings.Contains(e.Detail, tt.wantDetail) {
				t.Errorf("got %v, want %d %s with %q", e, tt.wantStatus, tt.wantType, tt.wantDetail)
			}
		})
	}
}

func TestPatchChangesNothingOfTheOriginal(t *testing.T) {
	r := mustResource(t, UserType, ana)
	before := string(r.JSON())
	p, err := ParsePatch(UserType, []byte(`{"Operations":[{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"},{"op":"remove","path":"name"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Apply(r); err != nil {
		t.Fatal(err)
	}
	if string(r.JSON()) != before {
		t.Errorf("the original became %s", r.JSON())
	}
}

func TestMemberChanges(t *testing.T) {
	tests := []struct {
		name, operations string
		want             MemberChanges
	}{
		{"Entra adds", `[{"op":"Add","path":"members","value":[{"$ref":null,"value":"a"},{"value":"b"},{"value":"a"}]}]`, MemberChanges{Add: []string{"a", "b"}}},
		{"Entra removes by value array", `[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"a"}]}]`, MemberChanges{Remove: []string{"a"}}},
		{"Entra's flagged dialect removes by path", `[{"op":"remove","path":"members[value eq \"a\"]"}]`, MemberChanges{Remove: []string{"a"}}},
		{"several in one path", `[{"op":"remove","path":"members[value eq \"a\" or value eq \"b\"]"}]`, MemberChanges{Remove: []string{"a", "b"}}},
		{"Okta removes and adds", `[{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"b","display":"B"}]}]`, MemberChanges{Remove: []string{"a"}, Add: []string{"b"}}},
		{"Okta replaces", `[{"op":"replace","path":"members","value":[{"value":"b"}]}]`, MemberChanges{Replace: true, Add: []string{"b"}}},
		{"Okta pushes an empty group", `[{"op":"replace","path":"members","value":[]}]`, MemberChanges{Replace: true}},
		{"remove without value empties", `[{"op":"remove","path":"members"}]`, MemberChanges{Replace: true}},
		{"remove with an empty array removes nobody", `[{"op":"remove","path":"members","value":[]}]`, MemberChanges{}},
		{"pathless add", `[{"op":"add","value":{"members":[{"value":"a"}]}}]`, MemberChanges{Add: []string{"a"}}},
		{"the last word counts", `[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"remove","path":"members[value eq \"a\"]"}]`, MemberChanges{Remove: []string{"a"}}},
		{"remove after replace", `[{"op":"replace","path":"members","value":["a","b"]},{"op":"remove","path":"members","value":[{"value":"a"}]}]`, MemberChanges{Replace: true, Add: []string{"b"}}},
		{"remove with null removes nobody", `[{"op":"remove","path":"members","value":null}]`, MemberChanges{}},
		{"remove of another type of member", `[{"op":"remove","path":"members[type eq \"Group\" and value eq \"a\"]"}]`, MemberChanges{}},
		{"remove of a person", `[{"op":"remove","path":"members[type eq \"user\" and value eq \"a\"]"}]`, MemberChanges{Remove: []string{"a"}}},
		{"members named by their address", `[{"op":"add","path":"members","value":[{"$ref":"https://x/api/app/scim/v2/Users/a"},{"$ref":"../Users/b","value":"c"}]}]`, MemberChanges{Add: []string{"a", "c"}}},
		{"replace of a selected member", `[{"op":"replace","path":"members[value eq \"b\"]","value":[{"value":"c"}]}]`, MemberChanges{Remove: []string{"b"}, Add: []string{"c"}, Selected: [][]string{{"b"}}}},
		{"replace of one just added", `[{"op":"add","path":"members","value":["b"]},{"op":"replace","path":"members[value eq \"b\"]","value":{"value":"c"}}]`, MemberChanges{Remove: []string{"b"}, Add: []string{"c"}}},
		{"replace by the same", `[{"op":"replace","path":"members[value eq \"b\"]","value":"b"}]`, MemberChanges{Add: []string{"b"}, Selected: [][]string{{"b"}}}},
		{"a rename changes no members", `[{"op":"replace","value":{"id":"g","displayName":"N"}}]`, MemberChanges{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePatch(GroupType, []byte(`{"Operations":`+tt.operations+`}`))
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Apply(mustResource(t, GroupType, `{"displayName":"G"}`))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(out.Members, tt.want) {
				t.Errorf("got %+v, want %+v", out.Members, tt.want)
			}
		})
	}
}

func TestMemberChangesThatAreRefused(t *testing.T) {
	for operations, want := range map[string]string{
		`[{"op":"add","path":"members[value eq \"b\"]","value":[{"value":"c"}]}]`:                                         TypeInvalidPath,
		`[{"op":"replace","path":"members[value eq \"b\"].value","value":"c"}]`:                                           TypeMutability,
		`[{"op":"remove","path":"members[display eq \"b\"]"}]`:                                                            TypeInvalidPath,
		`[{"op":"add","path":"members","value":[{"display":"c"}]}]`:                                                       TypeInvalidValue,
		`[{"op":"add","path":"members","value":[{"$ref":"https://x/Groups/c"}]}]`:                                         TypeInvalidValue,
		`[{"op":"replace","path":"members","value":["a"]},{"op":"replace","path":"members[value eq \"b\"]","value":"c"}]`: TypeNoTarget,
		`[{"op":"remove","path":"members","value":["b"]},{"op":"replace","path":"members[value eq \"b\"]","value":"c"}]`:  TypeNoTarget,
		`[{"op":"replace","path":"members[type eq \"Group\" and value eq \"b\"]","value":"c"}]`:                           TypeNoTarget,
	} {
		p, err := ParsePatch(GroupType, []byte(`{"Operations":`+operations+`}`))
		if err == nil {
			_, err = p.Apply(mustResource(t, GroupType, `{"displayName":"G"}`))
		}
		var e *Error
		if !errors.As(err, &e) || e.Type != want {
			t.Errorf("%s: %v, want %s", operations, err, want)
		}
	}
}

// Entra's documented requests name the attributes of the extension without its URN.
func TestExtensionAttributesByTheirBareNames(t *testing.T) {
	r := mustResource(t, UserType, `{"userName":"a"}`)
	r = applied(t, r, `{"op":"Add","path":"manager","value":[{"$ref":"https://x/Users/m1","value":"m1"}]},{"op":"replace","path":"employeeNumber","value":"7"},{"op":"replace","value":{"department":"D","costCenter":""}}`)
	const want = `{"userName":"a","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7","department":"D","manager":{"value":"m1","$ref":"https://x/Users/m1"}}}`
	if got := string(r.JSON()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	moved := applied(t, r, `{"op":"replace","path":"manager","value":{"$ref":"https://x/Users/m3"}}`)
	if got := string(moved.JSON()); !strings.Contains(got, `"manager":{"$ref":"https://x/Users/m3"}`) {
		t.Errorf("another manager by address: %s", got)
	}
	gone := applied(t, r, `{"op":"remove","path":"manager"},{"op":"remove","path":"department"},{"op":"remove","path":"employeeNumber"}`)
	if got := string(gone.JSON()); got != `{"userName":"a"}` {
		t.Errorf("removed: %s", got)
	}
	if got := string(r.appendAttributes([]byte("{"), ParseProjection(UserType, "department,manager.value", ""))); !strings.HasSuffix(got, `{"department":"D","manager":{"value":"m1"}}`) {
		t.Errorf("projected: %s", got)
	}
	if p, _, err := ParseSort(UserType, "department", ""); err != nil || p.Schema != enterpriseSchema {
		t.Errorf("sorted by %v, %v", p, err)
	}
	for _, name := range []string{UserURN + ":department", "urn:x:department"} {
		if _, ok := UserType.resolve(name); ok {
			t.Errorf("%s is taken for the extension's", name)
		}
	}
}

func FuzzParsePatch(f *testing.F) {
	f.Add([]byte(`{"Operations":[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"},{"op":"add","value":{"name.givenName":"A"}}]}`))
	f.Add([]byte(`{"Operations":[{"op":"remove","path":"emails","value":[{"type":"home"}]},{"op":"replace","path":"emails[primary eq true]","value":{"primary":"True"}}]}`))
	r := mustResource(f, UserType, ana)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParsePatch(UserType, body)
		if err != nil {
			return
		}
		out, err := p.Apply(r)
		if err != nil {
			return
		}
		again, err := LoadResource(UserType, out.Resource.JSON())
		if err != nil || !again.Equal(out.Resource) {
			t.Fatalf("does not survive storage: %v %s", err, out.Resource.JSON())
		}
	})
}
