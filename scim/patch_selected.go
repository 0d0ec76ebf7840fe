package scim

import "strings"

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
