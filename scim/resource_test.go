package scim

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseResource(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{
			"as Entra creates", `{"schemas":["` + UserURN + `","` + enterprise + `"],"externalId":"E","userName":"a@x","active":true,"displayName":"A",
			"emails":[{"primary":true,"type":"work","value":"a@x"}],"meta":{"resourceType":"User"},"name":{"givenName":"A","familyName":"B"},"roles":[],
			"` + enterprise + `":{"department":"D"}}`,
			`{"externalId":"E","userName":"a@x","active":true,"displayName":"A","emails":[{"primary":true,"type":"work","value":"a@x"}],"name":{"givenName":"A","familyName":"B"},"` + enterprise + `":{"department":"D"}}`,
		},
		{"null is absent, unknown names are ignored", `{"userName":"a","addresses":null,"department":null,"manager":null,"shoeSize":44}`, `{"userName":"a"}`},
		{"id, meta, groups and password are not the client's", `{"userName":"a","id":"x","meta":{"created":"x"},"groups":[{"value":"g"}],"password":"p"}`, `{"userName":"a"}`},
		{"names in any case get the schema's spelling", `{"USERNAME":"a","Name":{"GIVENNAME":"G"},"EMAILS":[{"Value":"v","TYPE":"Work"}]}`, `{"userName":"a","name":{"givenName":"G"},"emails":[{"value":"v","type":"Work"}]}`},
		{"booleans as text", `{"userName":"a","active":"True","roles":[{"value":"r","primary":"True"}]}`, `{"userName":"a","active":true,"roles":[{"value":"r","primary":true}]}`},
		{"manager as a bare string", `{"userName":"a","` + enterprise + `":{"manager":"m"}}`, `{"userName":"a","` + enterprise + `":{"manager":{"value":"m"}}}`},
		{
			"values keep their form", `{"userName":"Ana@Acme.COM","phoneNumbers":[{"value":"+1 (555) 0100","type":"work"}],"timezone":"not/a zone","locale":"ZZ"}`,
			`{"userName":"Ana@Acme.COM","phoneNumbers":[{"value":"+1 (555) 0100","type":"work"}],"timezone":"not/a zone","locale":"ZZ"}`,
		},
		{"OneLogin's foreign schema", `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"a"}`, `{"userName":"a"}`},
		{"one value without its array", `{"userName":"a","emails":{"value":"v"}}`, `{"userName":"a","emails":[{"value":"v"}]}`},
		{"addresses as bare strings", `{"userName":"a","emails":["v","w"]}`, `{"userName":"a","emails":[{"value":"v"},{"value":"w"}]}`},
		{"a number where text belongs", `{"userName":"a","` + enterprise + `":{"employeeNumber":701984}}`, `{"userName":"a","` + enterprise + `":{"employeeNumber":"701984"}}`},
		{"two primaries leave one", `{"userName":"a","emails":[{"value":"v","primary":true},{"value":"w","primary":true}]}`, `{"userName":"a","emails":[{"value":"v","primary":true},{"value":"w","primary":false}]}`},
		{"qualified names", `{"` + UserURN + `:userName":"a","` + enterprise + `:department":"D"}`, `{"userName":"a","` + enterprise + `":{"department":"D"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sameJSON(t, mustResource(t, UserType, tt.body).JSON(), tt.want)
		})
	}
}

func TestParseResourceRefuses(t *testing.T) {
	tests := []struct {
		name, body, wantType string
		wantStatus           int
	}{
		{"nothing", ``, TypeInvalidSyntax, 400},
		{"broken JSON", `{"userName":`, TypeInvalidSyntax, 400},
		{"an array", `[]`, TypeInvalidSyntax, 400},
		{"two values", `{"userName":"a"}{}`, TypeInvalidSyntax, 400},
		{"bad UTF-8", "{\"userName\":\"\xff\"}", TypeInvalidSyntax, 400},
		{"deep nesting", `{"userName":"a","x":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`, TypeInvalidSyntax, 400},
		{"no userName", `{"displayName":"A"}`, TypeInvalidValue, 400},
		{"an empty userName", `{"userName":""}`, TypeInvalidValue, 400},
		{"active that is no boolean", `{"userName":"a","active":"yes"}`, TypeInvalidValue, 400},
		{"a name that is no object", `{"userName":"a","name":"A"}`, TypeInvalidValue, 400},
		{"more values than anybody has", `{"userName":"a","emails":[` + strings.Repeat(`"x",`, 2000) + `"x"]}`, TypeInvalidValue, 400},
		{"a body too large", `{"userName":"` + strings.Repeat("x", MaxBody) + `"}`, "", 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := ParseResource(UserType, []byte(tt.body))
			var e *Error
			if !errors.As(err, &e) || e.Status != tt.wantStatus || e.Type != tt.wantType {
				t.Fatalf("got %v, want %d %s", err, tt.wantStatus, tt.wantType)
			}
		})
	}
}

func TestMembersOfAGroupBody(t *testing.T) {
	_, members, err := ParseResource(GroupType, []byte(`{"schemas":["`+GroupURN+`","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"displayName":"G","members":[{"value":"a"},{"value":"a"}]}`))
	if err != nil || !reflect.DeepEqual(members, &MemberChanges{Replace: true, Add: []string{"a"}}) {
		t.Errorf("got %+v, %v", members, err)
	}
	_, members, err = ParseResource(GroupType, []byte(`{"displayName":"G"}`))
	if err != nil || members != nil {
		t.Errorf("a body that is silent about members: %+v, %v", members, err)
	}
}

func TestAddress(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"the primary one", `{"userName":"u@x","emails":[{"value":"w","type":"work"},{"value":"p","primary":true}]}`, "p"},
		{"else the work one", `{"userName":"u@x","emails":[{"value":"h","type":"home"},{"value":"w","type":"Work"}]}`, "w"},
		{"else the first", `{"userName":"u@x","emails":[{"value":"a"},{"value":"b"}]}`, "a"},
		{"else userName", `{"userName":"u@x"}`, "u@x"},
		{"else none", `{"userName":"u"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mustResource(t, UserType, tt.body).Address(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestViewAppliesTheProjection(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 5000, time.UTC)
	r := mustResource(t, UserType, ana)
	v := View{
		Type: UserType, ID: "mem_1", ExternalID: "E-1", UserName: "ana@acme.com", Active: true,
		Stored: r.Without("userName", "externalId", "active").JSON(), Groups: []Ref{{ID: "team_1", Display: "Ops"}},
		Created: at, Modified: at, Version: 3, Base: "https://g.example/api/app/scim/v2",
	}
	keys := func(attributes, excluded string) []string {
		var object map[string]any
		if err := json.Unmarshal(v.Append(nil, ParseProjection(UserType, attributes, excluded)), &object); err != nil {
			t.Fatal(err)
		}
		return sortedKeys(object)
	}
	tests := []struct {
		name, attributes, excluded string
		want                       []string
	}{
		{"everything", "", "", []string{"active", "displayName", "emails", "externalId", "groups", "id", "meta", "name", "schemas", enterprise, "userName"}},
		{"only some", "userName, NAME.givenName", "", []string{"id", "name", "schemas", "userName"}},
		{"id alone", "id", "", []string{"id", "schemas"}},
		{"all but some", "", "groups,emails,meta,id," + enterprise, []string{"active", "displayName", "externalId", "id", "name", "schemas", "userName"}},
		{"a part of an extension", enterprise + ":manager.value", "", []string{"id", "schemas", enterprise}},
		{"unknown names", "shoeSize", "", []string{"id", "schemas"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := keys(tt.attributes, tt.excluded); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	sameJSON(t, v.Append(nil, ParseProjection(UserType, "emails.value,meta.version", "")),
		`{"schemas":["`+UserURN+`","`+enterprise+`"],"id":"mem_1","emails":[{"value":"ana@acme.com"},{"value":"ana@home.org"}],"meta":{"version":"W/\"3.1dzbeo0wcxiz2\""}}`)
	sameJSON(t, v.Append(nil, ParseProjection(UserType, "meta,groups", "")),
		`{"schemas":["`+UserURN+`","`+enterprise+`"],"id":"mem_1","groups":[{"value":"team_1","$ref":"https://g.example/api/app/scim/v2/Groups/team_1","display":"Ops","type":"direct"}],
		"meta":{"resourceType":"User","created":"2026-01-31T12:00:00.000005Z","lastModified":"2026-01-31T12:00:00.000005Z","location":"https://g.example/api/app/scim/v2/Users/mem_1","version":"W/\"3.1zpqyhfj6n07p-n78wzx8ctwjw\""}}`)
}

func TestEmptyPageHasResources(t *testing.T) {
	got := string((&Page{StartIndex: 1}).AppendEach(nil, nil))
	want := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`
	if got != want {
		t.Errorf("got %s", got)
	}
}

func TestErrorMessage(t *testing.T) {
	sameJSON(t, (&Error{Status: 409, Type: TypeUniqueness, Detail: "x \"y\""}).Append(nil),
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"x \"y\""}`)
}

// Entra's gallery flattens /Schemas and looks for every attribute it maps.
func TestDiscoveryDocumentsAreWholeAndHoldNoNull(t *testing.T) {
	documents := map[string][]byte{
		"ServiceProviderConfig": ServiceProviderConfig("https://g.example/scim"), "ResourceTypes": ResourceTypes("https://g.example/scim", ""),
		"Schemas": Schemas("https://g.example/scim", ""), "one schema": Schemas("https://g.example/scim", GroupURN), "one type": ResourceTypes("https://g.example/scim", "User"),
	}
	for name, document := range documents {
		if !json.Valid(document) || strings.Contains(string(document), "null") || strings.Contains(string(document), `""`) {
			t.Errorf("%s: %s", name, document)
		}
	}
	var list struct {
		TotalResults int
		Resources    []struct {
			ID         string
			Attributes []struct {
				Name          string
				SubAttributes []struct {
					Name            string
					CanonicalValues []string
				}
			}
		}
	}
	if err := json.Unmarshal(documents["Schemas"], &list); err != nil || list.TotalResults != 3 || len(list.Resources) != 3 {
		t.Fatalf("got %d schemas, %v", len(list.Resources), err)
	}
	canonical := 0
	for _, a := range list.Resources[0].Attributes {
		for _, sub := range a.SubAttributes {
			if (a.Name == "emails" || a.Name == "phoneNumbers" || a.Name == "addresses") && sub.Name == "type" && len(sub.CanonicalValues) > 2 {
				canonical++
			}
		}
	}
	if canonical != 3 {
		t.Errorf("%d attributes with canonical types, want 3", canonical)
	}
	if Schemas("x", "urn:nothing") != nil || ResourceTypes("x", "Thing") != nil {
		t.Error("what does not exist has a document")
	}
}

func FuzzParseResource(f *testing.F) {
	f.Add([]byte(ana))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, _, err := ParseResource(UserType, body)
		if err != nil {
			return
		}
		again, err := LoadResource(UserType, r.JSON())
		if err != nil || !again.Equal(r) {
			t.Fatalf("does not survive storage: %v %s", err, r.JSON())
		}
	})
}
