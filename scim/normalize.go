package scim

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Limits on values. Keys are what indexes hold: PostgreSQL refuses index rows above 2,704 bytes.
const (
	maxKey    = 512   // characters of userName, externalId and displayName
	maxString = 8192  // bytes of any other text, except certificates and pictures
	maxBinary = 65536 // bytes of binary values and references
	maxValues = 1000  // values of one multi-valued attribute, except the members of a group
)

// normalize brings a client's value into the form of its attribute: known names in the schema's spelling, unknown ones
// dropped, booleans read from "True" and "False", single values wrapped or unwrapped. It returns nil for what is
// unassigned: null, "", [] and an object without any known part (RFC 7643 §2.5 makes them one).
func (a *Attribute) normalize(value any) (any, *Error) {
	if value == nil {
		return nil, nil
	}
	if !a.MultiValued {
		return a.normalizeOne(value)
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value} // Entra sends one value bare
	}
	if len(list) > maxValues && !a.apart {
		return nil, bad(TypeInvalidValue, "%s holds %d values, more than %d", a.Name, len(list), maxValues)
	}
	var values []any
	for _, item := range list {
		if inner, ok := item.([]any); ok && len(inner) == 1 {
			item = inner[0]
		}
		one, err := a.normalizeOne(item)
		if err != nil {
			return nil, err
		}
		if one != nil {
			values = append(values, one)
		}
	}
	if len(values) == 0 {
		return nil, nil
	}
	return values, nil
}

// normalizeOne is normalize for a single value.
func (a *Attribute) normalizeOne(value any) (any, *Error) {
	if list, ok := value.([]any); ok {
		// The array-wrapped scalar of Entra's 2017 dialect, and its array-wrapped manager.
		if len(list) == 0 {
			return nil, nil
		}
		if len(list) > 1 {
			return nil, bad(TypeInvalidValue, "%s takes one value, not %d", a.Name, len(list))
		}
		value = list[0]
	}
	if value == nil {
		return nil, nil
	}
	switch a.Type {
	case Complex:
		return a.normalizeComplex(value)
	case Boolean:
		return a.normalizeBoolean(value)
	}
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil, nil
		}
		return v, a.checkText(v)
	case json.Number:
		return v.String(), a.checkText(v.String())
	case bool:
		if v {
			return "true", nil
		}
		return "false", nil
	case map[string]any:
		// {"$ref":null,"value":"X"} where X was meant: Entra's 2017 dialect.
		if inner, ok := lookup(v, "value"); ok {
			if _, nested := inner.(map[string]any); !nested {
				return a.normalizeOne(inner)
			}
		}
	}
	return nil, bad(TypeInvalidValue, "%s must be a string", a.Name)
}

func (a *Attribute) normalizeBoolean(value any) (any, *Error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		switch {
		case strings.EqualFold(v, "true"):
			return true, nil
		case strings.EqualFold(v, "false"):
			return false, nil
		case v == "":
			return nil, nil
		}
	case map[string]any:
		if inner, ok := lookup(v, "value"); ok {
			if _, nested := inner.(map[string]any); !nested {
				return a.normalizeOne(inner)
			}
		}
	}
	return nil, bad(TypeInvalidValue, "%s must be true or false", a.Name)
}

func (a *Attribute) normalizeComplex(value any) (any, *Error) {
	object, ok := value.(map[string]any)
	if !ok {
		// A manager as a bare id, an e-mail address as a bare string.
		valueOf := a.Sub("value")
		if valueOf == nil {
			return nil, bad(TypeInvalidValue, "%s must be an object", a.Name)
		}
		object = map[string]any{valueOf.Name: value}
	}
	known := map[string]any{}
	for _, key := range sortedKeys(object) {
		sub := a.Sub(key)
		if sub == nil {
			continue
		}
		one, err := sub.normalize(object[key])
		if err != nil {
			return nil, err.within(a.Name)
		}
		if one != nil {
			known[sub.Name] = one
		}
	}
	if len(known) == 0 {
		return nil, nil
	}
	return known, nil
}

// checkText refuses what the databases cannot hold.
func (a *Attribute) checkText(s string) *Error {
	if strings.IndexByte(s, 0) >= 0 {
		return bad(TypeInvalidValue, "%s contains a NUL character", a.Name)
	}
	switch {
	case a.isKey():
		if utf8.RuneCountInString(s) > maxKey {
			return bad(TypeInvalidValue, "%s is longer than %d characters", a.Name, maxKey)
		}
	case a.Type == Binary || a.Type == Reference:
		if len(s) > maxBinary {
			return bad(TypeInvalidValue, "%s is longer than %d bytes", a.Name, maxBinary)
		}
	case len(s) > maxString:
		return bad(TypeInvalidValue, "%s is longer than %d bytes", a.Name, maxString)
	}
	return nil
}

// isKey reports that values are looked up through an index.
func (a *Attribute) isKey() bool {
	switch a.Name {
	case "userName", "externalId", "displayName":
		return a.Type == String
	}
	return false
}

// lookup reads a key of a decoded object without regard to case.
func lookup(object map[string]any, name string) (any, bool) {
	if value, ok := object[name]; ok {
		return value, true
	}
	for _, key := range sortedKeys(object) {
		if strings.EqualFold(key, name) {
			return object[key], true
		}
	}
	return nil, false
}
