package scim

// MemberChanges says what happens to the members of a group, as a recipe that needs no list of present members: adding
// one person costs the same whatever the group's size. The zero value changes nothing.
type MemberChanges struct {
	Replace bool     // drop everybody who is not in Add
	Add     []string // member ids in the order sent, each once; those already in the group stay
	Remove  []string // member ids, each once, none of them in Add; those not in the group are no error
}

// memberRecipe collects operations in their order; the last word on an id counts.
type memberRecipe struct {
	replaced bool
	order    []string
	state    map[string]bool // true: added, false: removed
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
	*m = memberRecipe{replaced: true}
	m.mark(ids, true)
}

func (m *memberRecipe) changes() MemberChanges {
	c := MemberChanges{Replace: m.replaced}
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

// memberIDs reads the "value" of normalized members.
func memberIDs(normal any) []string {
	list, _ := normal.([]any)
	var ids []string
	for _, item := range list {
		object, _ := item.(map[string]any)
		if id, _ := object["value"].(string); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// selectedIDs reads the ids that a filter over members names: value eq "a", several joined by or. ok is false for any
// other filter.
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
	case And:
		// members[type eq "User" and value eq "a"]: all members are people.
		for _, part := range f.Parts {
			if part.Kind == Comparison && part.Op == Eq && part.Path.Leaf().Name == "type" {
				continue
			}
			more, ok := selectedIDs(part)
			if !ok || ids != nil {
				return nil, false
			}
			ids = more
		}
		return ids, ids != nil
	}
	return nil, false
}
