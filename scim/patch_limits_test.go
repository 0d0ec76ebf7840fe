package scim

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Bodies that are small enough and ask for more work than a request may cost everybody else.
func TestAPatchThatComparesWithoutEndIsRefused(t *testing.T) {
	digits := make([]string, 1000)
	for i := range digits {
		digits[i] = fmt.Sprintf(`"%d"`, i)
	}
	all := "[" + strings.Join(digits, ",") + "]"
	numbers := strings.ReplaceAll(all, `"`, "")
	add := `{"op":"add","path":"phoneNumbers","value":` + all + `}`
	full := applied(t, NewResource(UserType), add)
	many := func(operation string, n int) string { return strings.TrimSuffix(strings.Repeat(operation+",", n), ",") }
	terms := make([]string, 90)
	for i := range terms {
		terms[i] = fmt.Sprintf(`value co \"x%d\"`, i)
	}
	for name, operations := range map[string]string{
		"adding what is there":    many(add, 170),
		"removing what is not":    many(`{"op":"remove","path":"phoneNumbers","value":`+strings.ReplaceAll(all, `,"`, `,"-`)+`}`, 140),
		"replacing all each time": many(`{"op":"replace","path":"phoneNumbers","value":`+numbers+`}`, 250),
		"filling what is empty":   many(`{"op":"remove","path":"phoneNumbers"},{"op":"add","path":"phoneNumbers","value":`+numbers+`}`, 240),
		"filters of many terms":   many(`{"op":"remove","path":"phoneNumbers[`+strings.Join(terms, " or ")+`]"}`, 400),
		"paths inside one value":  `{"op":"replace","value":{` + keys(2500) + `}}`,
	} {
		body := `{"Operations":[` + operations + `]}`
		if len(body) > MaxBody {
			t.Fatalf("%s: the body of %d bytes would be refused by its size", name, len(body))
		}
		start := time.Now()
		patch, err := ParsePatch(UserType, []byte(body))
		if err == nil {
			_, err = patch.Apply(full)
		}
		var e *Error
		if !errors.As(err, &e) || e.Status != 413 {
			t.Errorf("%s: %v, want 413", name, err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	// One operation on as many values as an attribute takes is an ordinary one.
	applied(t, full, add)
	applied(t, full, strings.Replace(add, "add", "replace", 1))
	applied(t, full, `{"op":"remove","path":"phoneNumbers","value":`+all+`}`)
}

// keys are n paths with a filter each.
func keys(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"phoneNumbers[value eq%s\"%d\"].type":"work"`, strings.Repeat(" ", 1+i/1000), i%1000)
	}
	return strings.Join(list, ",")
}

// What is stored is read back before the next change: a resource that grew beyond that limit could not even be deactivated. And a search
// may read every resource of an organization.
func TestAPatchMakesNoResourceThatIsTooLarge(t *testing.T) {
	r := NewResource(UserType)
	long := strings.Repeat("x", 60_000)
	for i := range 40 {
		patch, err := ParsePatch(UserType, fmt.Appendf(nil, `{"Operations":[{"op":"add","path":"x509Certificates","value":[{"value":"%s%d"}]}]}`, long, i))
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := patch.Apply(r)
		var e *Error
		if errors.As(err, &e) && e.Status == 413 {
			if _, err := LoadResource(UserType, r.JSON()); err != nil {
				t.Errorf("what was accepted before cannot be read back: %v", err)
			}
			if n := len(r.JSON()); n > maxResource {
				t.Errorf("a resource of %d bytes was accepted", n)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		r = outcome.Resource
	}
	t.Errorf("a resource of %d bytes was accepted", len(r.JSON()))
}

func TestABodyMakesNoResourceThatIsTooLarge(t *testing.T) {
	photo := `{"value":"` + strings.Repeat("x", 65_000) + `"}`
	body := func(n int) []byte {
		return []byte(`{"userName":"a@x","photos":[` + strings.TrimSuffix(strings.Repeat(photo+",", n), ",") + `]}`)
	}
	if _, _, err := ParseResource(UserType, body(4)); err != nil {
		t.Errorf("four pictures: %v", err)
	}
	_, _, err := ParseResource(UserType, body(5))
	var e *Error
	if !errors.As(err, &e) || e.Status != 413 {
		t.Errorf("five pictures: %v, want 413", err)
	}
}

func applied(t *testing.T, r *Resource, operations string) *Resource {
	t.Helper()
	patch, err := ParsePatch(UserType, []byte(`{"Operations":[`+operations+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := patch.Apply(r)
	if err != nil {
		t.Fatal(err)
	}
	return outcome.Resource
}
