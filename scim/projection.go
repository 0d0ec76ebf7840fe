package scim

import "strings"

// Projection says which attributes an answer contains (RFC 7644 §3.9). A nil *Projection contains all.
type Projection struct {
	only    bool // named attributes are the only ones, else the ones left out
	members map[*Attribute]*subSelection
}

// subSelection chooses among the sub-attributes of one attribute; nil chooses all.
type subSelection struct {
	only  bool
	names map[*Attribute]bool
}

func (s *subSelection) wants(sub *Attribute) bool {
	return s == nil || s.names[sub] == s.only
}

// ParseProjection reads the parameters attributes and excludedAttributes, lists separated by commas. Unknown names are
// ignored. With attributes given, excludedAttributes does not count.
func ParseProjection(rt *ResourceType, attributes, excluded string) *Projection {
	p := &Projection{members: map[*Attribute]*subSelection{}}
	list := excluded
	if strings.TrimSpace(attributes) != "" {
		p.only, list = true, attributes
	}
	if strings.TrimSpace(list) == "" {
		return nil
	}
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		if schema, rest, known := rt.schemaOf(name); known && rest == "" && name != "" {
			for _, a := range schema.Attributes {
				p.members[a] = nil
			}
			continue
		}
		path, ok := rt.resolve(name)
		if !ok {
			continue
		}
		selection, seen := p.members[path.Attr]
		switch {
		case path.Sub == nil:
			p.members[path.Attr] = nil
		case !seen:
			p.members[path.Attr] = &subSelection{only: p.only, names: map[*Attribute]bool{path.Sub: true}}
		case selection != nil:
			selection.names[path.Sub] = true
		}
	}
	return p
}

// wants tells whether an answer contains attribute a, and which of its parts.
func (p *Projection) wants(a *Attribute) (*subSelection, bool) {
	if p == nil || a.Returned == "always" {
		return nil, true
	}
	selection, named := p.members[a]
	if p.only {
		return selection, named
	}
	if named && selection == nil {
		return nil, false
	}
	return selection, true
}

// Wants reports whether an answer contains a core attribute at all, so that what is not wanted need not be loaded.
func (p *Projection) Wants(rt *ResourceType, name string) bool {
	a := rt.attribute(name)
	if a == nil {
		return false
	}
	_, wanted := p.wants(a)
	return wanted
}
