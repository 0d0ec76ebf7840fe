package scim

import "strings"

// Schema and message URNs of RFC 7643 §8.7 and RFC 7644 §8.2.
const (
	UserURN           = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURN          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUserURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

	listResponseURN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	errorURN        = "urn:ietf:params:scim:api:messages:2.0:Error"
	schemaURN       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	resourceTypeURN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	providerURN     = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
)

// Type is the data type of an attribute (RFC 7643 §2.3), spelled as in the Schemas document.
type Type string

// The data types in use.
const (
	String    Type = "string"
	Boolean   Type = "boolean"
	DateTime  Type = "dateTime"
	Reference Type = "reference"
	Binary    Type = "binary"
	Complex   Type = "complex"
)

// Attribute is one attribute with its characteristics (RFC 7643 §7). Zero values mean the defaults of §2.2: singular,
// optional, not caseExact, readWrite, returned by default, no uniqueness.
type Attribute struct {
	Name            string
	Type            Type
	Description     string
	MultiValued     bool
	Required        bool
	CaseExact       bool
	CanonicalValues []string
	Mutability      string // "" is readWrite
	Returned        string // "" is default
	Uniqueness      string // "" is none
	ReferenceTypes  []string
	SubAttributes   []*Attribute

	apart   bool // kept beside the resource: the members of a group are rows of their own
	ignored bool // taken from clients without complaint and not kept
}

// Sub finds a sub-attribute by name without regard to case, or nil.
func (a *Attribute) Sub(name string) *Attribute { return findAttribute(a.SubAttributes, name) }

// readOnly reports that clients cannot change the attribute.
func (a *Attribute) readOnly() bool { return a.Mutability == "readOnly" }

// textual reports that values are JSON strings.
func (a *Attribute) textual() bool { return a.Type != Boolean && a.Type != Complex }

// Schema is a named set of attributes.
type Schema struct {
	URN         string
	Name        string
	Description string
	Attributes  []*Attribute
}

// Attribute finds an attribute by name without regard to case, or nil.
func (s *Schema) Attribute(name string) *Attribute { return findAttribute(s.Attributes, name) }

// ResourceType is a kind of resource (RFC 7643 §6).
type ResourceType struct {
	Name        string // "User"
	Endpoint    string // "/Users"
	Description string
	Schema      *Schema
	Extensions  []*Schema
}

// attribute finds a core or common attribute by name without regard to case, or nil.
func (rt *ResourceType) attribute(name string) *Attribute {
	if a := rt.Schema.Attribute(name); a != nil {
		return a
	}
	return findAttribute(commonAttributes, name)
}

// schemaOf splits a name that begins with a schema URN into that schema and the rest behind the colon. The dot of
// "2.0:User" is part of the URN, so known URNs are matched as a whole, without regard to case, the longest first.
// known is false for a URN that belongs to no schema here; without a URN, schema is the core schema and rest is name.
func (rt *ResourceType) schemaOf(name string) (schema *Schema, rest string, known bool) {
	if len(name) < 4 || !strings.EqualFold(name[:4], "urn:") {
		return rt.Schema, name, true
	}
	best := 0
	for _, s := range append([]*Schema{rt.Schema}, rt.Extensions...) {
		n := len(s.URN)
		if n > best && len(name) >= n && strings.EqualFold(name[:n], s.URN) && (len(name) == n || name[n] == ':') {
			schema, best = s, n
		}
	}
	if schema == nil {
		return nil, "", false
	}
	if len(name) == best {
		return schema, "", true
	}
	return schema, name[best+1:], true
}

func findAttribute(attributes []*Attribute, name string) *Attribute {
	for _, a := range attributes {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

// commonAttributes belong to every resource (RFC 7643 §3.1) and to no schema document.
var commonAttributes = []*Attribute{
	{Name: "schemas", Type: Reference, MultiValued: true, CaseExact: true, Returned: "always", ignored: true},
	{Name: "meta", Type: Complex, Mutability: "readOnly", SubAttributes: []*Attribute{
		{Name: "resourceType", Type: String, CaseExact: true, Mutability: "readOnly"},
		{Name: "created", Type: DateTime, Mutability: "readOnly"},
		{Name: "lastModified", Type: DateTime, Mutability: "readOnly"},
		{Name: "location", Type: Reference, CaseExact: true, Mutability: "readOnly"},
		{Name: "version", Type: String, CaseExact: true, Mutability: "readOnly"},
	}},
}
