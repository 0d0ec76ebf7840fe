package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// runBulk carries a bulk request out and tells the calls it came to and the statuses by bulkId. Paths with "fail" fail.
func runBulk(t *testing.T, body string) (calls []string, statuses string) {
	t.Helper()
	b, err := ParseBulk([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	results := b.Run(func(c BulkCall) BulkResult {
		calls = append(calls, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Method, c.Path, c.Body)))
		if strings.Contains(c.Path, "fail") {
			return BulkResult{Err: bad(TypeInvalidValue, "no")}
		}
		return BulkResult{Status: http.StatusOK, ID: "<" + c.Operation.BulkID + ">"}
	})
	var list []string
	for _, r := range results {
		list = append(list, fmt.Sprintf("%s=%d", r.Operation.BulkID, r.Status))
	}
	return calls, strings.Join(list, " ")
}

func TestBulkResolvesReferences(t *testing.T) {
	for _, test := range []struct {
		name, body   string
		want         []string
		wantStatuses string
	}{
		{
			"back", `{"Operations":[{"method":"POST","path":"/U","bulkId":"a","data":{"x":1}},{"method":"PUT","path":"/U/bulkId:a","bulkId":"b","data":{"m":[{"value":"bulkId:a"}]}}]}`,
			[]string{`POST /U {"x":1}`, `PUT /U/<a> {"m":[{"value":"\u003ca\u003e"}]}`},
			"a=200 b=200",
		},
		{
			"forward: what is referred to comes first", `{"Operations":[{"method":"POST","path":"/G","bulkId":"g","data":{"value":"bulkId:u"}},{"method":"POST","path":"/U","bulkId":"u","data":{}}]}`,
			[]string{`POST /U {}`, `POST /G {"value":"\u003cu\u003e"}`},
			"g=200 u=200",
		},
		{
			"in a circle: without the reference first, then replaced", `{"Operations":[{"method":"POST","path":"/U","bulkId":"a","data":{"n":"a","manager":{"value":"bulkId:b"}}},{"method":"POST","path":"/U","bulkId":"b","data":{"n":"b","manager":"bulkId:a"}}]}`,
			[]string{`POST /U {"n":"b"}`, `POST /U {"manager":{"value":"\u003cb\u003e"},"n":"a"}`, `PUT /U/<b> {"manager":"\u003ca\u003e","n":"b"}`},
			"a=200 b=200",
		},
		{
			"to itself", `{"Operations":[{"method":"POST","path":"/U","bulkId":"a","data":{"manager":"bulkId:a"}}]}`,
			[]string{`POST /U {}`, `PUT /U/<a> {"manager":"\u003ca\u003e"}`},
			"a=200",
		},
		{
			"what refers to a failure is not done", `{"Operations":[{"method":"POST","path":"/fail","bulkId":"a","data":{}},{"method":"DELETE","path":"/U/bulkId:a","bulkId":"b"},{"method":"DELETE","path":"/U/1","bulkId":"c"}]}`,
			[]string{`POST /fail {}`, `DELETE /U/1`},
			"a=400 b=409 c=200",
		},
		{
			"a circle with a failure in it", `{"Operations":[{"method":"POST","path":"/fail","bulkId":"a","data":{"value":"bulkId:b"}},{"method":"POST","path":"/U","bulkId":"b","data":{"m":[{"value":"bulkId:a"}]}}]}`,
			[]string{`POST /U {"m":[]}`, `POST /fail {"value":"\u003cb\u003e"}`},
			"a=400 b=409",
		},
		{
			"failOnErrors stops", `{"failOnErrors":1,"Operations":[{"method":"POST","path":"/fail","bulkId":"a","data":{}},{"method":"DELETE","path":"/U/1","bulkId":"b"}]}`,
			[]string{`POST /fail {}`},
			"a=400",
		},
		{"a reference to nothing", `{"Operations":[{"method":"POST","path":"/U","bulkId":"a","data":{"value":"bulkId:z"}}]}`, nil, "a=400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls, statuses := runBulk(t, test.body)
			if diff := cmp.Diff(test.want, calls); diff != "" {
				t.Error(diff)
			}
			if statuses != test.wantStatuses {
				t.Errorf("statuses %q, want %q", statuses, test.wantStatuses)
			}
		})
	}
}

func TestALongChainOfReferencesIsFollowed(t *testing.T) {
	var list []string
	for i := range MaxBulkOperations {
		list = append(list, fmt.Sprintf(`{"method":"POST","path":"/U","bulkId":"%d","data":{"value":"bulkId:%d"}}`, i, (i+1)%MaxBulkOperations))
	}
	calls, _ := runBulk(t, `{"Operations":[`+strings.Join(list, ",")+`]}`)
	if len(calls) != MaxBulkOperations+1 {
		t.Errorf("%d calls", len(calls))
	}
}

// A hundred thousand references in one value took half a minute to tell apart.
func TestManyReferencesAreReadOnce(t *testing.T) {
	many := func(format string) string {
		list := make([]string, 150_000)
		for i := range list {
			list[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(list, ",")
	}
	post := func(id, path, members string) string {
		return `{"method":"POST","path":"` + path + `","bulkId":"` + id + `","data":{"displayName":"g","members":[` + members + `]}}`
	}
	for name, c := range map[string]struct{ operations, want string }{
		"that name nothing":    {post("g", "/Groups", many(`"bulkId:%d"`)), "400"},
		"that name one person": {post("u", "/Users", "") + "," + post("g", "/Groups", strings.TrimSuffix(strings.Repeat(`"bulkId:u",`, 150_000), ",")), ""},
	} {
		body := `{"Operations":[` + c.operations + `]}`
		if len(body) > MaxBulkBody {
			t.Fatalf("%s: %d bytes", name, len(body))
		}
		start := time.Now()
		_, statuses := runBulk(t, body)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if c.want != "" && !strings.Contains(statuses, c.want) {
			t.Errorf("%s: %s", name, statuses)
		}
	}
}

func TestTooMuchBulkIsRefusedWhole(t *testing.T) {
	var list []string
	for range MaxBulkOperations + 1 {
		list = append(list, `{"method":"DELETE","path":"/U/1"}`)
	}
	for _, body := range []string{`{"Operations":[` + strings.Join(list, ",") + `]}`, `{"Operations":[{"method":"POST","path":"` + strings.Repeat("x", MaxBulkBody) + `"}]}`, `{"Operations":[{"zz":[` + strings.Repeat("{},", 1_300_000) + `1]}]}`} {
		_, err := ParseBulk([]byte(body))
		if e, ok := err.(*Error); !ok || e.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d bytes: %v", len(body), err)
		}
	}
}

func TestRootFiltersTreatWhatOnlyTheOtherTypeHasAsUnassigned(t *testing.T) {
	for _, test := range []struct {
		filter      string
		user, group bool
	}{
		{`userName eq "ana@acme.com"`, true, false},
		{`members eq "x"`, false, false},
		{`userName ne "x"`, true, true},
		{`userName eq null`, false, true},
		{`not (userName pr)`, false, true},
		{`displayName co "n"`, true, true},
		{`emails[type eq "work"].value co "acme" or displayName eq "Ops on"`, true, true},
		{`displayName pr and not (members[value eq "x"])`, true, true},
	} {
		users, groups, err := ParseRootFilter(test.filter)
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		u, g := mustResource(t, UserType, ana), mustResource(t, GroupType, `{"displayName":"Ops on"}`)
		if users.Match(u) != test.user || groups.Match(g) != test.group {
			t.Errorf("%s: users %v, groups %v", test.filter, users.Match(u), groups.Match(g))
		}
	}
	if _, _, err := ParseRootFilter(`shoeSize eq 44`); err == nil {
		t.Error("an attribute nobody has is taken")
	}
}

func TestEntityTagsMatch(t *testing.T) {
	group := View{Type: GroupType, Version: 3, MembersKnown: true, Members: []Ref{{ID: "a"}, {ID: "b"}}}
	alone := View{Type: GroupType, Version: 3}
	other := View{Type: GroupType, Version: 3, MembersKnown: true, Members: []Ref{{ID: "ab"}}}
	without := ParseProjection(GroupType, "", "members")
	if group.ETag(nil) == other.ETag(nil) || alone.ETag(without) != `W/"3"` {
		t.Errorf("%s %s %s", group.ETag(nil), other.ETag(nil), alone.ETag(without))
	}
	for header, want := range map[string]bool{
		"*": true, `W/"3"`: true, `"3"`: true, `3`: true, `W/"2"`: false, `W/"2", W/"3"`: true, "": false, group.ETag(nil): true, other.ETag(nil): false, `W/"3.x"`: true, `W/"33"`: false,
	} {
		if got := group.Matches(header); got != want {
			t.Errorf("If-Match %s: %v", header, got)
		}
	}
	if group.Unchanged(`W/"3"`, nil) || !group.Unchanged(group.ETag(nil), nil) || !alone.Unchanged(`W/"3"`, without) || group.Unchanged("", nil) {
		t.Error("If-None-Match is decided wrongly")
	}
}

// A 304 says that the client has this very answer.
func TestEntityTagsTellAnswersApart(t *testing.T) {
	person := func(groups ...Ref) View { return View{Type: UserType, Version: 1, Groups: groups} }
	only := func(names string) *Projection { return ParseProjection(UserType, names, "") }
	nobody, one, renamed := person(), person(Ref{"g", "G"}), person(Ref{"g", "H"})
	tags := map[string]string{}
	for name, tag := range map[string]string{
		"without groups": nobody.ETag(nil), "in a group": one.ETag(nil), "in the group under another name": renamed.ETag(nil), "the id": nobody.ETag(only("id")), "the title": nobody.ETag(only("title")),
		"a part of the name": nobody.ETag(only("name.givenName")), "the name": nobody.ETag(only("name")), "all but the name": nobody.ETag(ParseProjection(UserType, "", "name")),
		"the name of the manager": nobody.ETag(only("manager.displayName")), "the displayName": nobody.ETag(only("displayName")),
	} {
		if other := tags[tag]; other != "" {
			t.Errorf("%s and %s have the tag %s", name, other, tag)
		}
		tags[tag] = name
		if !one.Matches(tag) { // If-Match speaks of the person, of whom groups are no part
			t.Errorf("If-Match %s of %s fails", tag, name)
		}
	}
	if first, second := nobody.ETag(only("title,name,id")), nobody.ETag(only("id, name, title")); first != second {
		t.Errorf("the order of attributes counts: %s %s", first, second)
	}
}
