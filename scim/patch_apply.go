package scim

import "strings"

// applier carries out operations on its own copy of a resource.
type applier struct {
	r       *Resource
	members memberRecipe
	work    int // comparisons made so far
}

// maxWork bounds the comparisons of one PATCH, counted in texts of up to 64 bytes: about a fifth of a second. A directory sends a few
// operations on a few values; a body of 1 MiB can ask for a hundred million comparisons, and other organizations wait meanwhile.
const maxWork = 2_000_000

// textsPerKey is what it costs to write a value out for a set, in comparisons.
const textsPerKey = 10

// spend counts every value of list as compared n times.
func (a *applier) spend(list []any, n int) *Error {
	if a.work += weight(list) * n; a.work > maxWork {
		return &Error{Status: 413, Detail: "this and the operations before it compare too many values; send fewer operations or values at once"}
	}
	return nil
}

// weight is how much there is to compare in a value.
func weight(value any) int {
	n := 1
	switch v := value.(type) {
	case string:
		n += len(v) / 64
	case []any:
		for _, item := range v {
			n += weight(item)
		}
	case map[string]any:
		for _, part := range v {
			n += weight(part) - 1
		}
	}
	return n
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
	if normal == nil && attr.Required {
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

// selected applies to attr[filter] and attr[filter].sub.
func (a *applier) selected(op string, p path, value any, given bool) *Error {
	old := a.r.get(p.schema, p.attr)
	list, isList := old.([]any)
	if !isList && old != nil {
		list = []any{old} // brackets on a singular complex attribute
	}
	if err := a.spend(list, p.filter.comparisons()); err != nil {
		return err
	}
	matched, found := make([]bool, len(list)), false
	for i := range list {
		object, _ := list[i].(map[string]any)
		matched[i] = object != nil && p.filter.matchValue(object)
		found = found || matched[i]
	}
	target := p.attr
	if p.sub != nil {
		target = p.sub
	}
	var normal any
	if op != "remove" {
		var err *Error
		if normal, err = normalizeSelected(p, target, value); err != nil {
			return err
		}
	}
	if !found {
		if normal == nil {
			return nil // nothing there to clear
		}
		object, err := selectorValue(p)
		if err != nil {
			return err
		}
		list, matched = append(list, object), append(matched, true)
	}
	if len(list) > maxValues {
		return bad(TypeInvalidValue, "%s would hold %d values, more than %d", p.attr.Name, len(list), maxValues)
	}
	if p.sub != nil {
		a.setParts(p, list, matched, normal)
		return nil
	}
	a.setSelected(op, p, list, matched, found, normal, value)
	return nil
}

// normalizeSelected reads the value for one selected entry, whose attribute as a whole is multi-valued.
func normalizeSelected(p path, target *Attribute, value any) (any, *Error) {
	if target == p.attr {
		return target.normalizeOne(value)
	}
	return target.normalize(value)
}

// setSelected replaces, merges or removes whole entries.
func (a *applier) setSelected(op string, p path, list []any, matched []bool, existed bool, normal, sent any) {
	var rest []any
	fresh := map[int]bool{}
	for i, item := range list {
		if !matched[i] {
			rest = append(rest, item)
			continue
		}
		if normal == nil {
			continue // removed, or replaced by nothing
		}
		object := item.(map[string]any)
		if op == "replace" && existed {
			object = cloneObject(normal.(map[string]any)) // RFC 7644 §3.5.2.3: the selected values are replaced
		} else {
			mergeParts(p.attr, object, normal.(map[string]any), sent)
		}
		fresh[len(rest)] = true
		rest = append(rest, object)
	}
	onePrimary(rest, func(i int) bool { return fresh[i] })
	a.setList(p.schema, p.attr, rest)
}

// setParts sets one part of the matched entries. An entry of which only its kind is left goes.
func (a *applier) setParts(p path, list []any, matched []bool, normal any) {
	var rest []any
	fresh := map[int]bool{}
	for i, item := range list {
		object, _ := item.(map[string]any)
		if matched[i] && object != nil {
			setPart(object, p.sub, normal)
			if normal == nil && hollow(object) {
				continue
			}
			fresh[len(rest)] = true
		}
		rest = append(rest, item)
	}
	if p.sub.Name == "primary" {
		onePrimary(rest, func(i int) bool { return fresh[i] })
	} else {
		onePrimary(rest, nil)
	}
	a.setList(p.schema, p.attr, rest)
}

func setPart(object map[string]any, sub *Attribute, normal any) {
	if normal == nil {
		delete(object, sub.Name)
	} else {
		object[sub.Name] = normal
	}
}

// hollow reports an entry that says what kind of value it is, but has none.
func hollow(object map[string]any) bool {
	for key := range object {
		if key != "type" && key != "primary" {
			return false
		}
	}
	return true
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

// selectorValue makes the entry that a filter without match asks for. RFC 7644 §3.5.2.3 wants noTarget; Entra expects
// phoneNumbers[type eq "mobile"].value to create the number. Both are right: an entry is created when the filter names
// a canonical type of the attribute or the primary entry, otherwise there is no target.
func selectorValue(p path) (map[string]any, *Error) {
	object := map[string]any{}
	canonical := false
	terms := []*Filter{p.filter}
	if p.filter.Kind == And {
		terms = p.filter.Parts
	}
	for _, term := range terms {
		if term.Kind != Comparison || term.Op != Eq || term.Value == nil {
			canonical = false
			break
		}
		leaf := term.Path.Leaf()
		object[leaf.Name] = term.Value
		switch v := term.Value.(type) {
		case bool:
			canonical = canonical || leaf.Name == "primary" && v
		case string:
			for _, known := range leaf.CanonicalValues {
				canonical = canonical || strings.EqualFold(known, v)
			}
		}
	}
	if !canonical {
		return nil, bad(TypeNoTarget, "no value of %s matches the filter, and one cannot be made from it", p.attr.Name)
	}
	return object, nil
}

// memberChange records what an operation does to the members of a group.
func (a *applier) memberChange(op string, p path, value any, given bool) *Error {
	if p.filter != nil {
		return a.selectedMembers(op, p, value)
	}
	if p.sub != nil && p.sub.Name != "value" {
		return nil
	}
	normal, err := p.attr.normalize(value)
	if err != nil {
		return err
	}
	ids, err := memberIDs(normal)
	if err != nil {
		return err
	}
	switch {
	case op == "add":
		a.members.mark(ids, true)
	case op == "replace":
		a.members.replace(ids)
	case given:
		// Entra's remove with a value array means these people, not all (RFC 7644 knows no value here). An empty array names nobody, and
		// neither does null, which Entra's older dialect writes for what it has not.
		a.members.mark(ids, false)
	default:
		a.members.replace(nil)
	}
	return nil
}

// selectedMembers records what happens to the members that a filter names by their ids.
func (a *applier) selectedMembers(op string, p path, value any) *Error {
	ids, ok := selectedIDs(p.filter)
	switch {
	case !ok:
		return bad(TypeInvalidPath, "members can only be selected by value eq \"id\"")
	case op == "remove":
		a.members.mark(ids, false)
		return nil
	case p.sub != nil && p.sub.Name != "value":
		return nil // members[value eq "x"].display: names of members are the server's
	case p.sub != nil:
		return bad(TypeMutability, "the value of a member cannot be changed; remove the member and add another one")
	case op == "add":
		return bad(TypeInvalidPath, "people are added with the path members and their ids in the value, not with a filter")
	}
	one, err := p.attr.normalize(value)
	if err != nil {
		return err
	}
	by, err := memberIDs(one)
	if err != nil {
		return err
	}
	if !a.members.replaceSelected(ids, by) {
		return noSuchMember(ids)
	}
	return nil
}

// noSuchMember refuses to replace somebody who is not there (RFC 7644 §3.5.2.3).
func noSuchMember(ids []string) *Error {
	return bad(TypeNoTarget, "no member of the group has the id %q", excerpt(strings.Join(ids, " or ")))
}

// NoSuchMember refuses a change whose Selected names nobody in the group.
func NoSuchMember(ids []string) error { return noSuchMember(ids) }
