package scim

import "strings"

// applier carries out operations on its own copy of a resource.
type applier struct {
	r       *Resource
	members memberRecipe
	work    int // comparisons made so far
}

func (a *applier) apply(o *operation) *Error {
	if o.path != nil {
		return a.at(o.op, *o.path, o.value, o.given)
	}
	return a.pathless(o.op, o.value.(map[string]any))
}

// pathless applies an object whose keys are paths: {"displayName":…, "name.givenName":…, "urn:…:User:department":…} is
// what Entra sends with aadOptscim062020. Keys the server owns are ignored: Okta echoes id with every rename.
func (a *applier) pathless(op string, object map[string]any) *Error {
	for _, key := range sortedKeys(object) {
		p, err := parsePath(a.r.rt, key)
		if err != nil || p.unknown() || p.attr != nil && (p.attr.readOnly() || p.attr.ignored) {
			continue
		}
		if err := a.at(op, p, object[key], true); err != nil {
			return err.within(excerpt(key))
		}
	}
	return nil
}

// at applies one operation at its path.
func (a *applier) at(op string, p path, value any, given bool) *Error {
	switch {
	case p.unknown():
		return nil
	case p.attr == nil:
		return a.wholeSchema(op, p.schema, value)
	case p.attr.readOnly() || p.attr.Name == "id":
		return bad(TypeMutability, "%s belongs to the server and cannot be changed", p.attr.Name)
	case p.attr.ignored:
		return nil
	case p.attr.apart:
		return a.memberChange(op, p, value, given)
	case p.filter != nil:
		return a.selected(op, p, value, given)
	case p.sub != nil:
		return a.part(op, p, value)
	}
	return a.whole(op, p.schema, p.attr, value, given)
}

// wholeSchema applies to an extension named by its URN: an object merges into it, remove empties it.
func (a *applier) wholeSchema(op string, schema *Schema, value any) *Error {
	object, ok := value.(map[string]any)
	if op == "remove" || value == nil {
		if schema == a.r.rt.Schema {
			return bad(TypeMutability, "the core schema cannot be removed")
		}
		delete(a.r.attributes, schema.URN)
		return nil
	}
	if !ok {
		return bad(TypeInvalidValue, "the value of a schema must be an object of attributes")
	}
	for _, key := range sortedKeys(object) {
		name := key
		if schema != a.r.rt.Schema && !strings.HasPrefix(strings.ToLower(key), "urn:") {
			name = schema.URN + ":" + key
		}
		p, err := parsePath(a.r.rt, name)
		if err != nil || p.unknown() || p.attr == nil || p.attr.readOnly() {
			continue
		}
		if err := a.at(op, p, object[key], true); err != nil {
			return err
		}
	}
	return nil
}

// whole applies to an attribute without filter and part.
func (a *applier) whole(op string, schema *Schema, attr *Attribute, value any, given bool) *Error {
	old := a.r.get(schema, attr)
	if op == "remove" {
		if list, ok := old.([]any); ok && given && value != nil {
			return a.removeValues(schema, attr, list, value)
		}
		if attr.Required {
			return bad(TypeMutability, "%s is required and cannot be removed", attr.Name)
		}
		a.r.set(schema, attr, nil)
		return nil
	}
	normal, err := attr.normalize(value)
	if err != nil {
		return err
	}
	if normal == nil && op == "add" && attr.MultiValued {
		return nil // adding nothing
	}
	if attr.Required && blank(normal) {
		return bad(TypeInvalidValue, "%s is required and cannot be empty", attr.Name)
	}
	if list, ok := normal.([]any); ok {
		values, _ := old.([]any)
		if op == "replace" {
			values = nil
		}
		return a.union(schema, attr, values, list)
	}
	// RFC 7644 §3.5.2.1 and §3.5.2.3: parts that are not named stay. A part sent empty is removed, except that a manager
	// with an empty value is no manager at all.
	object, _ := value.(map[string]any)
	merged, _ := old.(map[string]any)
	parts, _ := normal.(map[string]any)
	if attr.Sub("$ref") != nil && parts["$ref"] != nil && parts["value"] == nil {
		merged = nil // another manager, named by the address alone: the old one's id and name say nothing about them
	}
	if _, whole := lookup(object, "value"); object != nil && merged != nil && !(whole && normal == nil) {
		mergeParts(attr, merged, parts, object)
		if normal = merged; len(merged) == 0 {
			normal = nil
		}
	}
	a.r.set(schema, attr, normal)
	return nil
}

// mergeParts copies normalized parts into target and deletes those which the client sent as null or "".
func mergeParts(attr *Attribute, target, normal map[string]any, sent any) {
	if object, ok := sent.(map[string]any); ok {
		for key := range object {
			if sub := attr.Sub(key); sub != nil && normal[sub.Name] == nil {
				delete(target, sub.Name)
			}
		}
	}
	for key, value := range normal {
		target[key] = value
	}
}

// union appends the values that are not there yet (RFC 7644 §3.5.2.1) and keeps one primary, the new one first.
func (a *applier) union(schema *Schema, attr *Attribute, list, more []any) *Error {
	for _, values := range [][]any{list, more} {
		if err := a.spend(values, textsPerKey); err != nil {
			return err
		}
	}
	known := len(list)
	seen := make(map[string]bool, len(list)+len(more))
	var key []byte
	for _, value := range list {
		key = appendValue(key[:0], attr, value, nil)
		seen[string(key)] = true
	}
	for _, value := range more {
		if key = appendValue(key[:0], attr, value, nil); !seen[string(key)] {
			seen[string(key)] = true
			list = append(list, value)
		}
	}
	if len(list) > maxValues {
		return bad(TypeInvalidValue, "%s would hold %d values, more than %d", attr.Name, len(list), maxValues)
	}
	onePrimary(list, func(i int) bool { return i >= known })
	a.r.set(schema, attr, list)
	return nil
}

// removeValues removes only the named values: Entra's remove with a value array. A value names those that agree with all
// of its parts.
func (a *applier) removeValues(schema *Schema, attr *Attribute, list []any, value any) *Error {
	normal, err := attr.normalize(value)
	if err != nil {
		return err
	}
	gone, _ := normal.([]any)
	if err := a.spend(list, len(gone)); err != nil {
		return err
	}
	var rest []any
	for _, item := range list {
		keep := true
		for _, g := range gone {
			keep = keep && !agrees(item, g)
		}
		if keep {
			rest = append(rest, item)
		}
	}
	a.setList(schema, attr, rest)
	return nil
}

// agrees reports that item has every part of pattern.
func agrees(item, pattern any) bool {
	object, ok := item.(map[string]any)
	parts, both := pattern.(map[string]any)
	if !ok || !both {
		return equal(item, pattern)
	}
	for key, value := range parts {
		if !equal(object[key], value) {
			return false
		}
	}
	return true
}

// part applies to attr.sub. On a multi-valued attribute that means every value.
func (a *applier) part(op string, p path, value any) *Error {
	normal, err := p.sub.normalize(value)
	if err != nil {
		return err
	}
	if op == "remove" {
		normal = nil
	}
	old := a.r.get(p.schema, p.attr)
	if !p.attr.MultiValued {
		object, _ := old.(map[string]any)
		if object == nil {
			object = map[string]any{}
		}
		setPart(object, p.sub, normal)
		if len(object) == 0 {
			a.r.set(p.schema, p.attr, nil)
		} else {
			a.r.set(p.schema, p.attr, object)
		}
		return nil
	}
	list, _ := old.([]any)
	if err := a.spend(list, 1); err != nil {
		return err
	}
	if len(list) == 0 && normal != nil {
		list = []any{map[string]any{}}
	}
	all := make([]bool, len(list))
	for i := range list {
		all[i] = true
	}
	a.setParts(p, list, all, normal)
	return nil
}

func (a *applier) setList(schema *Schema, attr *Attribute, list []any) {
	switch {
	case len(list) == 0:
		a.r.set(schema, attr, nil)
	case !attr.MultiValued:
		a.r.set(schema, attr, list[0])
	default:
		a.r.set(schema, attr, list)
	}
}
