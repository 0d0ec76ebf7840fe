package scim

import (
	"errors"
	"strings"
	"testing"
)

// ana is what the filters below are asked about.
const ana = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
 "userName":"ana@acme.com","externalId":"E-1","active":"True","displayName":"Ana \"the\" Pérez",
 "name":{"givenName":"Ana","familyName":"Pérez"},
 "emails":[{"value":"ana@acme.com","type":"work","primary":true},{"value":"ana@home.org","type":"home"}],
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Ops","manager":"mem_1"}}`

func mustResource(t testing.TB, rt *ResourceType, body string) *Resource {
	t.Helper()
	r, _, err := ParseResource(rt, []byte(body))
	if err != nil {
		t.Fatalf("ParseResource: %v", err)
	}
	return r
}

func TestFilterMatches(t *testing.T) {
	const ext = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	r := mustResource(t, UserType, ana)
	tests := []struct {
		filter string
		want   bool
	}{
		{`userName eq "ana@acme.com"`, true},
		{`userName eq "ANA@ACME.COM"`, true},
		{`USERNAME EQ "ana@acme.com"`, true},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ana"`, true},
		{`externalId eq "e-1"`, false}, // caseExact
		{`externalId eq "E-1"`, true},
		{`active eq true`, true},
		{`active eq "True"`, true},
		{`active ne False`, true},
		{`displayName eq "Ana \"the\" P\u00e9rez"`, true},
		{`name.familyName co "ére"`, true},
		{`name pr`, true},
		{`title pr`, false},
		{`not (title pr)`, true},
		{`title ne "x"`, true},
		{`title eq null`, true},
		{`userName ne null`, true},
		{`emails pr`, true},
		{`phoneNumbers pr`, false},
		{`emails ne null`, true},
		{`photos eq null`, true},
		{`emails co "home.org"`, true},
		{`emails eq "ana@home.org"`, true},
		{`emails.type eq "work"`, true},
		{`emails[type eq "work"].value eq "ana@acme.com"`, true},
		{`emails[type eq "work"].value eq "ana@home.org"`, false}, // both must hold for one value
		{`emails[type eq "work" and value co "@acme.com"]`, true},
		{`emails[primary eq "True"].value sw "ana"`, true},
		{`emails[not (type eq "work")]`, true},
		{`phoneNumbers[type eq "work"].value pr`, false},
		{ext + `department eq "ops"`, true},
		{ext + `manager eq "mem_1"`, true},
		{`manager eq "mem_1"`, true}, // without its URN, as Entra's reference probe has it
		{ext + `manager.value eq "mem_2"`, false},
		{`userName eq "x" or active eq true and name.givenName eq "Ana"`, true},
		{`(userName eq "x" or active eq true) and name.givenName eq "Eve"`, false},
		{`userName gt "a" and userName lt "b"`, true},
		{`userName eq "ana%"`, false},
		{`userName   eq   "ana@acme.com"  `, true},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			f, err := ParseFilter(UserType, tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Match(r); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// The examples of RFC 7644 §3.4.2.2, figure 2.
func TestFilterReadsTheExamplesOfTheRFC(t *testing.T) {
	for _, filter := range []string{
		`userName Eq "john"`,
		`Username eq "john"`,
		`userName eq "bjensen"`,
		`name.familyName co "O'Malley"`,
		`userName sw "J"`,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`,
		`title pr`,
		`meta.lastModified gt "2011-05-13T04:42:34Z"`,
		`meta.lastModified ge "2011-05-13T04:42:34Z"`,
		`meta.lastModified lt "2011-05-13T04:42:34Z"`,
		`meta.lastModified le "2011-05-13T04:42:34Z"`,
		`title pr and userType eq "Employee"`,
		`title pr or userType eq "Intern"`,
		`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`,
		`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`,
		`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`,
		`userType eq "Employee" and (emails.type eq "work")`,
		`userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`,
		`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`,
	} {
		if _, err := ParseFilter(UserType, filter); err != nil {
			t.Errorf("%s: %v", filter, err)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":                       ``,
		"an unknown attribute":          `shoeSize eq "44"`,
		"an unknown schema":             `urn:example:Thing:size eq "44"`,
		"an unknown part":               `name.shoe eq "44"`,
		"an unknown operator":           `userName is "x"`,
		"a missing value":               `userName eq`,
		"a bare word as value":          `userName eq ana`,
		"a value of the next operator":  `userName eq and active eq true`,
		"an open quotation mark":        `userName eq "ana`,
		"a bad escape":                  `userName eq "\q"`,
		"an open parenthesis":           `(userName eq "x"`,
		"a closing parenthesis":         `userName eq "x")`,
		"an open bracket":               `emails[type eq "work"`,
		"brackets on a simple one":      `userName[type eq "x"]`,
		"brackets in brackets":          `emails[emails[type eq "x"]]`,
		"an unknown part in brackets":   `emails[size eq "x"]`,
		"nothing behind the dot":        `emails[type eq "x"]. eq "y"`,
		"not without parentheses":       `not userName eq "x"`,
		"an ordered boolean":            `active gt true`,
		"a boolean compared with text":  `active eq "yes"`,
		"an ordered null":               `title gt null`,
		"a date that is none":           `meta.created gt "yesterday"`,
		"part of a date":                `meta.created co "2026-01-01T00:00:00Z"`,
		"a complex attribute as value":  `name eq "x"`,
		"two filters side by side":      `userName eq "x" userName eq "y"`,
		"a NUL":                         `userName eq "\u0000"`,
		"a password":                    `password eq "x"`,
		"too many parentheses":          strings.Repeat("(", 50) + `title pr` + strings.Repeat(")", 50),
		"too many comparisons":          strings.Repeat(`title pr or `, 150) + `title pr`,
		"more text than a filter needs": `userName eq "` + strings.Repeat("x", 5000) + `"`,
	}
	for name, filter := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseFilter(UserType, filter)
			var e *Error
			if !errors.As(err, &e) || e.Status != 400 || e.Type != TypeInvalidFilter {
				t.Fatalf("got %v, want 400 invalidFilter", err)
			}
			if len(e.Detail) > 300 {
				t.Errorf("the detail quotes too much: %d bytes", len(e.Detail))
			}
		})
	}
}

func FuzzParseFilter(f *testing.F) {
	f.Add(`userName eq "ana" and not (emails[type eq "work"].value co "x" or active eq True)`)
	f.Add(`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "1"`)
	r := mustResource(f, UserType, ana)
	f.Fuzz(func(t *testing.T, text string) {
		if filter, err := ParseFilter(UserType, text); err == nil {
			filter.Match(r)
		}
	})
}
