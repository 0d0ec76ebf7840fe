package scim

import (
	"encoding/json"
	"strings"
)

// ParseSearch reads the body of a POST to /.search (RFC 7644 §3.4.3) into the parameters that a GET would have carried, their names in
// lower case. Empty and unknown members are left out, except an empty cursor, which asks for the first page (RFC 9865), and an empty
// filter, which is as wrong here as there.
//
// Errors: invalidSyntax for a body of another shape.
func ParseSearch(body []byte) (map[string]string, error) {
	object, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	parameters := map[string]string{}
	for _, name := range []string{"attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor"} {
		value, given := lookup(object, name)
		if !given || value == nil {
			continue
		}
		text := ""
		if _, isText := value.(string); name == "filter" && !isText {
			return nil, bad(TypeInvalidSyntax, "filter must be a string")
		}
		switch v := value.(type) {
		case string:
			text = v
		case json.Number:
			text = v.String()
		case []any:
			var names []string
			for _, item := range v {
				s, ok := item.(string)
				if !ok {
					return nil, bad(TypeInvalidSyntax, "%s must be a list of names", name)
				}
				names = append(names, s)
			}
			text = strings.Join(names, ",")
		default:
			return nil, bad(TypeInvalidSyntax, "%s must be a string, a number or a list of names", name)
		}
		if text != "" || name == "cursor" || name == "filter" {
			parameters[strings.ToLower(name)] = text
		}
	}
	return parameters, nil
}

// ParseSort reads sortBy and sortOrder (RFC 7644 §3.4.2.3); path is nil without sortBy. A multi-valued attribute is sorted by the
// "value" of its primary value, else of its first.
//
// Errors: invalidValue for what is no attribute or cannot be ordered, and for another sortOrder than ascending or descending.
func ParseSort(rt *ResourceType, by, order string) (path *AttrPath, descending bool, err error) {
	switch {
	case strings.EqualFold(order, "descending"):
		descending = true
	case order != "" && !strings.EqualFold(order, "ascending"):
		return nil, false, bad(TypeInvalidValue, "sortOrder must be ascending or descending")
	}
	if by = strings.TrimSpace(by); by == "" {
		return nil, descending, nil
	}
	p, ok := rt.resolve(by)
	if !ok {
		return nil, false, bad(TypeInvalidValue, "sortBy: %q is not an attribute of a %s; /Schemas lists those that are", excerpt(by), rt.Name)
	}
	if p.Sub == nil && p.Attr.Type == Complex {
		if p.Sub = p.Attr.Sub("value"); p.Sub == nil {
			return nil, false, bad(TypeInvalidValue, "sortBy: %s cannot be ordered as a whole; name one of its parts, such as %s.%s", p, p, p.Attr.SubAttributes[0].Name)
		}
	}
	return &p, descending, nil
}

// ParseRootFilter reads a filter over all resources (RFC 7644 §3.4.2.1), once for each type. What only the other type has counts as an
// attribute without value.
func ParseRootFilter(text string) (users, groups *Filter, err error) {
	for _, side := range []struct {
		own, other *ResourceType
		to         **Filter
	}{{UserType, GroupType, &users}, {GroupType, UserType, &groups}} {
		p := &filterParser{rt: side.own, other: side.other, text: text, scimType: TypeInvalidFilter}
		f, problem := p.parse()
		if problem != nil {
			return nil, nil, problem
		}
		*side.to = f
	}
	return users, groups, nil
}
