package scim

import (
	"fmt"
	"strings"
)

// maxOperations bounds one PATCH; a body of 1 MiB may hold thousands of members in one operation.
const maxOperations = 1000

// Patch is a parsed PATCH body (RFC 7644 §3.5.2).
type Patch struct {
	rt         *ResourceType
	operations []operation
}

type operation struct {
	index int    // counted from 1, for people
	op    string // "add", "replace" or "remove"
	path  *path  // nil: the value is an object of attributes
	value any
	given bool // there was a value, if only null
}

// where names the operation in a detail.
func (o *operation) where() string {
	if o.path == nil {
		return fmt.Sprintf("operation %d (%s)", o.index, o.op)
	}
	return fmt.Sprintf("operation %d (%s %s)", o.index, o.op, excerpt(o.path.text))
}

// ParsePatch reads a PATCH body. Operation names match without regard to case (Entra writes Add, Replace, Remove), and
// so do the names op, path, value and Operations. A missing schemas is forgiven.
//
// Errors: invalidSyntax for a body of another shape, invalidPath for a path that cannot be read, noTarget for a remove
// without path; their detail names the operation by its number.
func ParsePatch(rt *ResourceType, body []byte) (*Patch, error) {
	object, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	value, _ := lookup(object, "Operations")
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return nil, bad(TypeInvalidSyntax, "Operations is missing; a PATCH holds a list of at least one operation")
	}
	if len(list) > maxOperations {
		return nil, &Error{Status: 413, Detail: fmt.Sprintf("the PATCH holds %d operations, more than %d; send fewer at once", len(list), maxOperations)}
	}
	patch := &Patch{rt: rt, operations: make([]operation, len(list))}
	for i, item := range list {
		o := &patch.operations[i]
		o.index = i + 1
		if err := o.parse(rt, item); err != nil {
			return nil, err
		}
	}
	return patch, nil
}

func (o *operation) parse(rt *ResourceType, item any) *Error {
	where := fmt.Sprintf("operation %d", o.index)
	object, ok := item.(map[string]any)
	if !ok {
		return bad(TypeInvalidSyntax, "%s must be an object with op, path and value", where)
	}
	name, _ := lookup(object, "op")
	op, _ := name.(string)
	switch o.op = strings.ToLower(strings.TrimSpace(op)); o.op {
	case "add", "replace", "remove":
	case "":
		return bad(TypeInvalidSyntax, "%s has no op; it must be add, replace or remove", where)
	default:
		return bad(TypeInvalidSyntax, "%s: op %q is none of add, replace, remove", where, excerpt(op))
	}
	o.value, o.given = lookup(object, "value")
	target, given := lookup(object, "path")
	text, isText := target.(string)
	switch {
	case target != nil && !isText:
		return bad(TypeInvalidPath, "%s: path must be a string", where)
	case given && strings.TrimSpace(text) != "":
		p, err := parsePath(rt, text)
		if err != nil {
			return err.within(where)
		}
		o.path = &p
	case o.op == "remove":
		// RFC 7644 §3.5.2.2
		return bad(TypeNoTarget, "%s: remove needs a path that says what to remove", where)
	}
	if o.op != "remove" && !o.given {
		return bad(TypeInvalidValue, "%s: %s needs a value", where, o.op)
	}
	if o.path == nil {
		if _, ok := o.value.(map[string]any); !ok {
			return bad(TypeInvalidValue, "%s: without a path the value must be an object of attributes", where)
		}
	}
	return nil
}

// Outcome is what a PATCH comes to.
type Outcome struct {
	Resource *Resource     // the changed copy; equal to the original if only members change, or nothing
	Changed  bool          // Resource differs from the original
	Members  MemberChanges // of a group
}

// Apply works on a copy of r: all operations in their order, or an error and nothing. It reads and changes no members of
// a group, but returns what has to happen to them.
//
// Errors: invalidValue, mutability for what belongs to the server or is required, noTarget for a filter that selects
// nothing; their detail names the operation. 413 for more comparisons, or a larger resource, than one request may ask for.
func (patch *Patch) Apply(r *Resource) (*Outcome, error) {
	a := &applier{r: r.Clone()}
	for i := range patch.operations {
		o := &patch.operations[i]
		if err := a.apply(o); err != nil {
			return nil, err.within(o.where())
		}
	}
	changed := !a.r.Equal(r)
	if changed { // what is larger already may only shrink
		if size := len(a.r.JSON()); size > maxResource && size > len(r.JSON()) {
			return nil, errLargeResource
		}
	}
	return &Outcome{Resource: a.r, Changed: changed, Members: a.members.changes()}, nil
}
