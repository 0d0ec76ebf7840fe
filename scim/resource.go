package scim

import (
	"encoding/json"
	"strings"
)

// Resource holds the attributes of a User or Group as the client sent them, under the names of the schema. What the
// server owns (id, meta, schemas, the groups of a person, the members of a group) is not in it.
type Resource struct {
	rt         *ResourceType
	attributes map[string]any // core attributes by name, extensions as objects by URN
}

// NewResource is a resource without attributes.
func NewResource(rt *ResourceType) *Resource {
	return &Resource{rt: rt, attributes: map[string]any{}}
}

// LoadResource reads what Resource.JSON wrote.
func LoadResource(rt *ResourceType, stored []byte) (*Resource, error) {
	r := NewResource(rt)
	if len(stored) == 0 {
		return r, nil
	}
	attributes, err := decodeLimited(stored, MaxBody, "1 MiB", maxValuesInBulk)
	if err != nil {
		return nil, err
	}
	r.attributes = attributes
	return r, nil
}

// ParseResource reads the body of a POST or PUT. Unknown attributes and schemas are ignored, null is absent, id, meta and
// groups belong to the server. For a group, members has what the body says about them: nil if it says nothing.
//
// Errors: invalidSyntax for what is no JSON object, invalidValue for a value its attribute cannot take or a required
// attribute that is missing.
func ParseResource(rt *ResourceType, body []byte) (r *Resource, members *MemberChanges, err error) {
	object, err := decodeObject(body)
	if err != nil {
		return nil, nil, err
	}
	r = NewResource(rt)
	for _, key := range sortedKeys(object) {
		changes, problem := r.take(key, object[key])
		if problem != nil {
			return nil, nil, problem
		}
		if changes != nil {
			members = changes
		}
	}
	for _, a := range rt.Schema.Attributes {
		if a.Required && blank(r.attributes[a.Name]) {
			return nil, nil, bad(TypeInvalidValue, "%s is missing; it is required for a %s", a.Name, strings.ToLower(rt.Name))
		}
	}
	// What was sent short, a bare value for an object, is kept longer.
	if len(body) > maxResource/4 && len(r.JSON()) > maxResource {
		return nil, nil, errLargeResource
	}
	return r, members, nil
}

// blank tells whether a value is none, or text of spaces alone: RFC 7643 §4.1.1 wants a userName that is not empty.
func blank(value any) bool {
	text, isText := value.(string)
	return value == nil || isText && strings.TrimSpace(text) == ""
}

// take stores one top-level attribute of a body.
func (r *Resource) take(key string, value any) (*MemberChanges, *Error) {
	schema, rest, known := r.rt.schemaOf(key)
	if !known {
		return nil, nil
	}
	if rest == "" { // a schema URN with its attributes below it
		object, ok := value.(map[string]any)
		if value != nil && !ok {
			return nil, bad(TypeInvalidValue, "%s must be an object", schema.URN)
		}
		for _, name := range sortedKeys(object) {
			if a := schema.Attribute(name); a != nil {
				if _, err := r.assign(schema, a, object[name]); err != nil {
					return nil, err
				}
			}
		}
		return nil, nil
	}
	a := schema.Attribute(rest)
	if a == nil {
		return nil, nil // unknown, or a common attribute, which is the server's
	}
	return r.assign(schema, a, value)
}

// assign replaces an attribute by a client's value.
func (r *Resource) assign(schema *Schema, a *Attribute, value any) (*MemberChanges, *Error) {
	if a.readOnly() || a.ignored {
		return nil, nil
	}
	normal, err := a.normalize(value)
	if err != nil {
		return nil, err
	}
	if a.apart {
		if value == nil {
			return nil, nil
		}
		ids, err := memberIDs(normal)
		if err != nil {
			return nil, err
		}
		changes := &MemberChanges{}
		changes.replace(ids)
		return changes, nil
	}
	if list, ok := normal.([]any); ok {
		onePrimary(list, nil)
	}
	r.set(schema, a, normal)
	return nil, nil
}

// get reads an attribute; nil if it has no value.
func (r *Resource) get(schema *Schema, a *Attribute) any {
	if schema == r.rt.Schema {
		return r.attributes[a.Name]
	}
	extension, _ := r.attributes[schema.URN].(map[string]any)
	return extension[a.Name]
}

// set writes an attribute; nil removes it, and with its last attribute an extension goes too.
func (r *Resource) set(schema *Schema, a *Attribute, value any) {
	target := r.attributes
	if schema != r.rt.Schema {
		extension, ok := r.attributes[schema.URN].(map[string]any)
		if !ok {
			extension = map[string]any{}
			r.attributes[schema.URN] = extension
		}
		target = extension
	}
	if value != nil {
		target[a.Name] = value
		return
	}
	delete(target, a.Name)
	if schema != r.rt.Schema && len(target) == 0 {
		delete(r.attributes, schema.URN)
	}
}

// Clone is a copy that shares nothing with r.
func (r *Resource) Clone() *Resource {
	return &Resource{rt: r.rt, attributes: cloneObject(r.attributes)}
}

// Equal reports that both have the same attributes with the same values.
func (r *Resource) Equal(other *Resource) bool {
	return r.rt == other.rt && equal(r.attributes, other.attributes)
}

// Text is the value of a singular core attribute, or of one of its parts as in "name.givenName"; "" if it has none.
func (r *Resource) Text(name string) string {
	top, sub, nested := strings.Cut(name, ".")
	value := r.attributes[top]
	if nested {
		object, _ := value.(map[string]any)
		value = object[sub]
	}
	s, _ := value.(string)
	return s
}

// SetText sets a singular core attribute; "" removes it.
func (r *Resource) SetText(name, value string) {
	if value == "" {
		delete(r.attributes, name)
		return
	}
	r.attributes[name] = value
}

// Active is the value of active; sent is false if the resource has none.
func (r *Resource) Active() (active, sent bool) {
	active, sent = r.attributes["active"].(bool)
	return active, sent
}

// SetActive sets active.
func (r *Resource) SetActive(active bool) { r.attributes["active"] = active }

// Without is a copy that lacks the named core attributes: those that the caller keeps in columns.
func (r *Resource) Without(names ...string) *Resource {
	rest := &Resource{rt: r.rt, attributes: make(map[string]any, len(r.attributes))}
	for key, value := range r.attributes {
		rest.attributes[key] = value
	}
	for _, name := range names {
		delete(rest.attributes, name)
	}
	return rest
}

// Email is one value of emails.
type Email struct {
	Value   string
	Type    string // as sent, "" if it has none
	Primary bool
}

// Emails are the e-mail addresses in the order in which they were sent, entries without a value left out.
func (r *Resource) Emails() []Email {
	list, _ := r.attributes["emails"].([]any)
	var emails []Email
	for _, item := range list {
		object, _ := item.(map[string]any)
		value, _ := object["value"].(string)
		if value == "" {
			continue
		}
		kind, _ := object["type"].(string)
		primary, _ := object["primary"].(bool)
		emails = append(emails, Email{Value: value, Type: kind, Primary: primary})
	}
	return emails
}

// Address is the member's e-mail as PRODUCT defines it: the primary e-mail, else the work one, else the first, else
// userName if it looks like an address, else "". It is returned as sent.
func (r *Resource) Address() string {
	emails := r.Emails()
	for _, e := range emails {
		if e.Primary {
			return e.Value
		}
	}
	for _, e := range emails {
		if strings.EqualFold(e.Type, "work") {
			return e.Value
		}
	}
	if len(emails) > 0 {
		return emails[0].Value
	}
	if userName := r.Text("userName"); strings.Contains(userName, "@") {
		return userName
	}
	return ""
}

// JSON is the resource for storage: its attributes in the order of the schema.
func (r *Resource) JSON() []byte {
	dst := append(make([]byte, 0, 512), '{')
	dst = r.appendAttributes(dst, nil)
	return append(dst, '}')
}

// appendAttributes writes all attributes that p lets through, each with a comma before it unless dst ends in '{'.
func (r *Resource) appendAttributes(dst []byte, p *Projection) []byte {
	dst = appendKnown(dst, r.rt.Schema.Attributes, r.attributes, p)
	for _, extension := range r.rt.Extensions {
		object, _ := r.attributes[extension.URN].(map[string]any)
		if len(object) == 0 {
			continue
		}
		mark := len(dst)
		dst = append(appendKey(dst, extension.URN), '{')
		start := len(dst)
		dst = appendKnown(dst, extension.Attributes, object, p)
		if len(dst) == start {
			dst = dst[:mark]
			continue
		}
		dst = append(dst, '}')
	}
	return dst
}

func appendKnown(dst []byte, attributes []*Attribute, values map[string]any, p *Projection) []byte {
	for _, a := range attributes {
		value, ok := values[a.Name]
		if !ok || value == nil {
			continue
		}
		only, wanted := p.wants(a)
		if !wanted {
			continue
		}
		mark := len(dst)
		dst = appendKey(dst, a.Name)
		start := len(dst)
		if dst = appendValue(dst, a, value, only); len(dst) == start {
			dst = dst[:mark]
		}
	}
	return dst
}

// appendKey writes a member name, with a comma before it unless it is the first.
func appendKey(dst []byte, name string) []byte {
	return append(appendString(appendComma(dst), name), ':')
}

// appendComma goes on in an object, unless nothing is in it yet.
func appendComma(dst []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return dst
}

// appendValue writes a value of a; only selects sub-attributes and may be nil for all. Nothing is written for a complex
// value of which nothing is left.
func appendValue(dst []byte, a *Attribute, value any, only *subSelection) []byte {
	switch v := value.(type) {
	case []any:
		dst = append(dst, '[')
		start := len(dst)
		for _, item := range v {
			mark := len(dst)
			if len(dst) > start {
				dst = append(dst, ',')
			}
			before := len(dst)
			if dst = appendValue(dst, a, item, only); len(dst) == before {
				dst = dst[:mark]
			}
		}
		if len(dst) == start && only != nil {
			return dst[:start-1]
		}
		return append(dst, ']')
	case map[string]any:
		dst = append(dst, '{')
		start := len(dst)
		for _, sub := range a.SubAttributes {
			part, ok := v[sub.Name]
			if !ok || part == nil || !only.wants(sub) {
				continue
			}
			dst = appendValue(appendKey(dst, sub.Name), sub, part, nil)
		}
		if len(dst) == start {
			return dst[:start-1]
		}
		return append(dst, '}')
	case json.Number, string, bool:
		return appendScalar(dst, v)
	}
	return append(dst, "null"...)
}

// onePrimary keeps primary true on one value (RFC 7643 §2.4): the first of those that fresh names, else the first. The
// others become false.
func onePrimary(list []any, fresh func(i int) bool) {
	isPrimary := func(i int) bool {
		object, _ := list[i].(map[string]any)
		primary, _ := object["primary"].(bool)
		return primary
	}
	chosen := -1
	for i := range list {
		if isPrimary(i) && (chosen < 0 || fresh != nil && fresh(i) && !fresh(chosen)) {
			chosen = i
		}
	}
	for i := range list {
		if i != chosen && isPrimary(i) {
			list[i].(map[string]any)["primary"] = false
		}
	}
}

// NewUser is the resource of a person no client has written yet. Empty parts are left out; the address becomes the primary
// work e-mail, so that every filter a client matches people by finds it.
func NewUser(displayName, givenName, familyName, address string) *Resource {
	r := NewResource(UserType)
	r.SetText("displayName", displayName)
	name := map[string]any{}
	for part, value := range map[string]string{"givenName": givenName, "familyName": familyName} {
		if value != "" {
			name[part] = value
		}
	}
	if len(name) > 0 {
		r.attributes["name"] = name
	}
	if address != "" {
		r.attributes["emails"] = []any{map[string]any{"value": address, "type": "work", "primary": true}}
	}
	return r
}
