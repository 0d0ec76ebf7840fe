package scim

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"
)

// mustBeRefusal holds an error to be a refusal that a client can read.
func mustBeRefusal(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Status < 400 || e.Status >= 500 || e.Detail == "" {
		t.Fatalf("not a refusal: %v", err)
	}
	if !json.Valid(e.Append(nil)) {
		t.Fatalf("the refusal is no JSON: %s", e.Append(nil))
	}
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{
		"userName", "name.givenName", `emails[type eq "work"].value`, `emails[type eq "work"]`, UserURN + ":name.familyName", EnterpriseUserURN + ":manager",
		EnterpriseUserURN, "a..b", "[", "]", `emails[type eq "]"].value`, `urn:x:y[z pr]`, `members[value eq "a" or value eq "b"]`, " userName ", "emails[", "emails[].x", "é",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, rt := range []*ResourceType{UserType, GroupType} {
			p, problem := parsePath(rt, text)
			if problem != nil {
				mustBeRefusal(t, problem)
				continue
			}
			if p.sub != nil && p.attr == nil || p.attr != nil && p.schema == nil || p.filter != nil && p.attr == nil {
				t.Fatalf("%q: %+v", text, p)
			}
		}
	})
}

// FuzzPatchApply holds what a PATCH comes to: it can be stored and read back, applying it again is possible, and what it started from
// stands unchanged.
func FuzzPatchApply(f *testing.F) {
	for _, seed := range []string{
		`{"Operations":[{"op":"add","path":"emails","value":[{"value":"a@x","primary":true}]}]}`,
		`{"Operations":[{"op":"Replace","path":"emails[type eq \"home\"].value","value":"b@x"},{"op":"remove","path":"name"}]}`,
		`{"Operations":[{"op":"replace","value":{"name.givenName":"X","active":"False","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager":""}}]}`,
		`{"Operations":[{"op":"remove","path":"emails[not (type eq \"work\")]"}]}`,
		`{"Operations":[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"department":null}}]}`,
		`{"Operations":[{"op":"Remove","path":"members","value":[{"value":"u"}]},{"op":"add","path":"members","value":[{"value":"v"}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	user, _, err := ParseResource(UserType, []byte(ana))
	if err != nil {
		f.Fatal(err)
	}
	group, _, err := ParseResource(GroupType, []byte(`{"displayName":"G"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, before := range []*Resource{user, group} {
			kept := before.JSON()
			patch, err := ParsePatch(before.rt, body)
			if err != nil {
				mustBeRefusal(t, err)
				continue
			}
			outcome, err := patch.Apply(before)
			if string(before.JSON()) != string(kept) {
				t.Fatalf("the original was changed to %s", before.JSON())
			}
			if err != nil {
				mustBeRefusal(t, err)
				continue
			}
			stored := outcome.Resource.JSON()
			again, err := LoadResource(before.rt, stored)
			if err != nil || string(again.JSON()) != string(stored) {
				t.Fatalf("stored %s, read %s, %v", stored, again.JSON(), err)
			}
			if outcome.Changed != !outcome.Resource.Equal(before) {
				t.Fatal("Changed lies")
			}
			if primaries(outcome.Resource) > 1 {
				t.Fatalf("several primary values: %s", stored)
			}
			v := View{Type: before.rt, ID: "x", Stored: stored, MembersKnown: true}
			for _, p := range []*Projection{nil, ParseProjection(before.rt, "emails.value,name", "")} {
				if !json.Valid(v.Append(nil, p)) {
					t.Fatalf("answered as %s", v.Append(nil, p))
				}
			}
		}
	})
}

func primaries(r *Resource) int {
	list, _ := r.attributes["emails"].([]any)
	n := 0
	for _, item := range list {
		object, _ := item.(map[string]any)
		if object["primary"] == true {
			n++
		}
	}
	return n
}

// FuzzBulk carries out whatever can be read with an executor that makes everything but what says "fail".
func FuzzBulk(f *testing.F) {
	for _, seed := range []string{
		`{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"bulkId:b"}},{"method":"POST","path":"/Users","bulkId":"b","data":{"manager":{"value":"bulkId:a"}}}]}`,
		`{"failOnErrors":1,"Operations":[{"method":"POST","path":"/fail","bulkId":"a","data":{}},{"method":"PUT","path":"/Users/bulkId:a","data":{}},{"method":"DELETE","path":"/Users/1"}]}`,
		`{"Operations":[{"method":"POST","path":"/Groups","bulkId":"a","data":{"members":["bulkId:0","bulkId:1","bulkId:a"]}}]}`,
		`{"Operations":[{"method":"POST","path":"/Users/bulkId:a","bulkId":"a","data":{}},{"method":"PATCH","path":"/Groups/1","data":{"Operations":[{"path":"members[value eq \"bulkId:a\"]"}]}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := ParseBulk(body)
		if err != nil {
			mustBeRefusal(t, err)
			return
		}
		calls := 0
		results := b.Run(func(c BulkCall) BulkResult {
			calls++
			if c.Method != "DELETE" && !json.Valid(c.Body) {
				t.Fatalf("%s %s with %q", c.Method, c.Path, c.Body)
			}
			if c.Path == "/fail" {
				return BulkResult{Err: bad(TypeInvalidValue, "fail")}
			}
			return BulkResult{Status: 200, ID: "id" + strconv.Itoa(calls), Location: "l"}
		})
		if calls > 2*len(b.Operations) || len(results) > len(b.Operations) {
			t.Fatalf("%d calls and %d results for %d operations", calls, len(results), len(b.Operations))
		}
		if b.FailOnErrors == 0 && len(results) != len(b.Operations) {
			t.Fatalf("%d results for %d operations", len(results), len(b.Operations))
		}
		if !json.Valid(AppendBulkResponse(nil, results)) {
			t.Fatalf("%s", AppendBulkResponse(nil, results))
		}
	})
}

func FuzzParseSearch(f *testing.F) {
	f.Add([]byte(`{"attributes":["a","b"],"filter":"x","count":1,"cursor":"","startIndex":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		parameters, err := ParseSearch(body)
		if err != nil {
			mustBeRefusal(t, err)
			return
		}
		if _, _, err := ParseSort(UserType, parameters["sortby"], parameters["sortorder"]); err != nil {
			mustBeRefusal(t, err)
		}
		if _, _, err := ParseRootFilter(parameters["filter"]); err != nil {
			mustBeRefusal(t, err)
		}
	})
}
