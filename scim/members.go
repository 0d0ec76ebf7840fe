package scim

import "strings"

// MemberChanges says what happens to the members of a group, as a recipe that needs no list of present members: adding
// one person costs the same whatever the group's size. The zero value changes nothing.
type MemberChanges struct {
	Replace bool     // drop everybody who is not in Add
	Add     []string // member ids in the order sent, each once; those already in the group stay
	Remove  []string // member ids, each once, none of them in Add; those not in the group are no error
	// Selected are ids of each of which at least one must be in the group before the change: what a replace has selected.
	Selected [][]string
}

// memberRecipe collects operations in their order; the last word on an id counts.
type memberRecipe struct {
	replaced bool
	order    []string
	state    map[string]bool // true: added, false: removed
	selected [][]string
}

func (m *memberRecipe) mark(ids []string, added bool) {
	if m.state == nil {
		m.state = map[string]bool{}
	}
	for _, id := range ids {
		if _, seen := m.state[id]; !seen {
			m.order = append(m.order, id)
		}
		m.state[id] = added
	}
}

func (m *memberRecipe) replace(ids []string) {
	*m = memberRecipe{replaced: true, selected: m.selected}
	m.mark(ids, true)
}

// replaceSelected puts people in the place of those who were selected (RFC 7644 §3.5.2.3); false if nobody selected can be a member.
func (m *memberRecipe) replaceSelected(selected, by []string) bool {
	var open []string
	present := false
	for _, id := range selected {
		added, seen := m.state[id]
		present = present || added
		if !seen && !m.replaced {
			open = append(open, id)
		}
	}
	if !present && len(open) == 0 {
		return false
	}
	if !present {
		m.selected = append(m.selected, open)
	}
	m.mark(selected, false)
	m.mark(by, true)
	return true
}

func (m *memberRecipe) changes() MemberChanges {
	c := MemberChanges{Replace: m.replaced, Selected: m.selected}
	for _, id := range m.order {
		if m.state[id] {
			c.Add = append(c.Add, id)
		} else if !m.replaced {
			c.Remove = append(c.Remove, id)
		}
	}
	return c
}

// replace makes c the list of ids, each once.
func (c *MemberChanges) replace(ids []string) {
	var recipe memberRecipe
	recipe.replace(ids)
	*c = recipe.changes()
}

// memberIDs reads the ids of normalized members: their "value", or the end of the address in "$ref".
//
// Errors: invalidValue for a member who has neither, because a directory would take them for added.
func memberIDs(normal any) ([]string, *Error) {
	list, _ := normal.([]any)
	var ids []string
	for _, item := range list {
		object, _ := item.(map[string]any)
		id, _ := object["value"].(string)
		if id == "" {
			ref, _ := object["$ref"].(string)
			id = idInReference(ref)
		}
		if id == "" {
			return nil, bad(TypeInvalidValue, "a member has no value; send the id of the user as its value")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// idInReference is the id at the end of the address of a person, "" for another address.
func idInReference(ref string) string {
	_, id, found := strings.Cut(ref, UserType.Endpoint+"/")
	if !found || strings.ContainsAny(id, "/?#") {
		return ""
	}
	return id
}

// selectedIDs reads the ids that a filter over members names: value eq "a", several joined by or. All members are people: with another
// type it names nobody. ok is false for any other filter.
func selectedIDs(f *Filter) (ids []string, ok bool) {
	switch f.Kind {
	case Comparison:
		id, text := f.Value.(string)
		if f.Op == Eq && f.Path.Leaf().Name == "value" && text {
			return []string{id}, true
		}
	case Or:
		for _, part := range f.Parts {
			more, ok := selectedIDs(part)
			if !ok {
				return nil, false
			}
			ids = append(ids, more...)
		}
		return ids, true
	case And: // members[type eq "User" and value eq "a"]
		people, named := true, false
		for _, part := range f.Parts {
			if part.Kind == Comparison && part.Op == Eq && part.Path.Leaf().Name == "type" {
				kind, _ := part.Value.(string)
				people = people && strings.EqualFold(kind, UserType.Name)
				continue
			}
			more, ok := selectedIDs(part)
			if !ok || named {
				return nil, false
			}
			ids, named = more, true
		}
		if !people {
			ids = nil
		}
		return ids, named
	}
	return nil, false
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
