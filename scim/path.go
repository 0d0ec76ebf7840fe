package scim

import "strings"

// path is the target of a PATCH operation (RFC 7644 §3.5.2).
type path struct {
	text   string
	schema *Schema    // nil for an attribute this server does not know
	attr   *Attribute // nil for an extension as a whole
	filter *Filter    // over the sub-attributes, or nil
	sub    *Attribute
}

// unknown reports that the path is well formed, but names nothing here. Such operations are accepted and change nothing,
// like unknown attributes of a body: an admin maps attributes in the client without asking which ones are kept.
func (p path) unknown() bool { return p.schema == nil }

// parsePath reads attr, attr.sub, attr[filter], attr[filter].sub, each with or without schema URN, or an extension's URN.
func parsePath(rt *ResourceType, text string) (path, *Error) {
	p := path{text: text}
	text = strings.TrimSpace(text)
	if len(text) > maxFilter {
		return p, bad(TypeInvalidPath, "the path is longer than %d bytes", maxFilter)
	}
	name, brackets := text, ""
	if open := strings.IndexByte(text, '['); open >= 0 {
		name, brackets = text[:open], text[open:]
	}
	if !wellFormedName(name) {
		return p, bad(TypeInvalidPath, "%q is not a path; expected attribute, attribute.part or attribute[filter].part", excerpt(text))
	}
	schema, rest, known := rt.schemaOf(name)
	if known && rest == "" {
		if brackets != "" {
			return p, bad(TypeInvalidPath, "brackets may not follow a schema")
		}
		p.schema = schema
		return p, nil
	}
	target, ok := rt.resolve(name)
	if brackets == "" {
		if ok {
			p.schema, p.attr, p.sub = target.Schema, target.Attr, target.Sub
		}
		return p, nil
	}
	if !ok {
		if !strings.Contains(brackets, "]") {
			return p, bad(TypeInvalidPath, "the bracket of %q is not closed", excerpt(text))
		}
		return p, nil
	}
	if target.Sub != nil || target.Attr.Type != Complex {
		return p, bad(TypeInvalidPath, "brackets may only follow a complex attribute, and %s is none", target)
	}
	reader := &filterParser{rt: rt, text: brackets, scimType: TypeInvalidPath}
	filter, err := reader.brackets(target)
	if err != nil {
		return p, err
	}
	p.schema, p.attr, p.filter = target.Schema, target.Attr, filter
	switch behind := strings.TrimSpace(brackets[reader.pos:]); {
	case behind == "":
	case behind[0] == '.' && target.Attr.Sub(behind[1:]) != nil:
		p.sub = target.Attr.Sub(behind[1:])
	case behind[0] == '.' && wellFormedName(behind[1:]):
		return path{text: p.text}, nil
	default:
		return p, bad(TypeInvalidPath, "expected .part behind the bracket of %q", excerpt(text))
	}
	return p, nil
}

// wellFormedName checks the characters of an attribute name with optional URN and sub-attribute.
func wellFormedName(name string) bool {
	if name == "" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return false
	}
	for i := 0; i < len(name); i++ {
		if !isWordByte(name[i]) && name[i] != '/' && name[i] != '#' {
			return false
		}
	}
	return true
}
