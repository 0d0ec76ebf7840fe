package scim

import (
	"strconv"
	"time"
)

// MaxPage is the greatest number of resources in one answer, DefaultPage what comes without count.
const (
	MaxPage     = 1000
	DefaultPage = 100
)

// CursorLife is how long the cursor of a next page works.
const CursorLife = time.Hour

// ServiceProviderConfig is the document of RFC 7643 §5 with the pagination of RFC 9865 §4. It tells what this server really does. base is
// the SCIM address without slash at its end.
func ServiceProviderConfig(base string) []byte {
	dst := []byte(`{"schemas":["` + providerURN + `"],` +
		`"patch":{"supported":true},` +
		`"bulk":{"supported":true,"maxOperations":` + strconv.Itoa(MaxBulkOperations) + `,"maxPayloadSize":` + strconv.Itoa(MaxBulkBody) + `},` +
		`"filter":{"supported":true,"maxResults":` + strconv.Itoa(MaxPage) + `},` +
		`"changePassword":{"supported":false},` +
		`"sort":{"supported":true},` +
		`"etag":{"supported":true},` +
		`"pagination":{"cursor":true,"index":true,"defaultPaginationMethod":"index","defaultPageSize":` + strconv.Itoa(DefaultPage) +
		`,"maxPageSize":` + strconv.Itoa(MaxPage) + `,"cursorTimeout":` + strconv.Itoa(int(CursorLife/time.Second)) + `},` +
		`"authenticationSchemes":[{"type":"oauthbearertoken","name":"OAuth Bearer Token",` +
		`"description":"A SCIM token made under Access Security, sent as Authorization: Bearer","specUri":"https://www.rfc-editor.org/info/rfc6750","primary":true},` +
		`{"type":"oauth2","name":"OAuth 2.0 client credentials",` +
		`"description":"An access token of one hour for a client secret made under Access Security, sent as Authorization: Bearer","specUri":"https://www.rfc-editor.org/info/rfc6749"}],` +
		`"meta":{"resourceType":"ServiceProviderConfig","location":`)
	dst = appendString(dst, base+"/ServiceProviderConfig")
	return append(dst, "}}"...)
}

// ResourceTypes is the list of RFC 7643 §6; with a name only that one, or nil if there is none of that name.
func ResourceTypes(base, name string) []byte {
	types := []*ResourceType{UserType, GroupType}
	if name != "" {
		for _, rt := range types {
			if rt.Name == name {
				return appendResourceType(nil, base, rt)
			}
		}
		return nil
	}
	dst := appendListHead(nil, len(types), 1, len(types))
	for i, rt := range types {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendResourceType(dst, base, rt)
	}
	return append(dst, "]}"...)
}

func appendResourceType(dst []byte, base string, rt *ResourceType) []byte {
	dst = append(dst, `{"schemas":["`+resourceTypeURN+`"]`...)
	dst = appendString(appendKey(dst, "id"), rt.Name)
	dst = appendString(appendKey(dst, "name"), rt.Name)
	dst = appendString(appendKey(dst, "endpoint"), rt.Endpoint)
	dst = appendString(appendKey(dst, "description"), rt.Description)
	dst = appendString(appendKey(dst, "schema"), rt.Schema.URN)
	dst = append(appendKey(dst, "schemaExtensions"), '[')
	for i, extension := range rt.Extensions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"schema":`...)
		dst = append(appendString(dst, extension.URN), `,"required":false}`...)
	}
	dst = append(dst, `],"meta":{"resourceType":"ResourceType","location":`...)
	dst = appendString(dst, base+"/ResourceTypes/"+rt.Name)
	return append(dst, "}}"...)
}

// Schemas is the list of RFC 7643 §7; with a URN only that one, or nil if there is none of that URN.
func Schemas(base, urn string) []byte {
	schemas := []*Schema{userSchema, enterpriseSchema, groupSchema}
	if urn != "" {
		for _, s := range schemas {
			if s.URN == urn {
				return appendSchema(nil, base, s)
			}
		}
		return nil
	}
	dst := appendListHead(nil, len(schemas), 1, len(schemas))
	for i, s := range schemas {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendSchema(dst, base, s)
	}
	return append(dst, "]}"...)
}

func appendSchema(dst []byte, base string, s *Schema) []byte {
	dst = append(dst, `{"schemas":["`+schemaURN+`"]`...)
	dst = appendString(appendKey(dst, "id"), s.URN)
	dst = appendString(appendKey(dst, "name"), s.Name)
	dst = appendString(appendKey(dst, "description"), s.Description)
	dst = appendDefinitions(appendKey(dst, "attributes"), s.Attributes)
	dst = append(dst, `,"meta":{"resourceType":"Schema","location":`...)
	dst = appendString(dst, base+"/Schemas/"+s.URN)
	return append(dst, "}}"...)
}

// appendDefinitions writes every characteristic of every attribute, never null: Entra's reader stumbles over null.
func appendDefinitions(dst []byte, attributes []*Attribute) []byte {
	dst = append(dst, '[')
	for i, a := range attributes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(appendKey(append(dst, '{'), "name"), a.Name)
		dst = appendString(appendKey(dst, "type"), string(a.Type))
		dst = appendScalar(appendKey(dst, "multiValued"), a.MultiValued)
		dst = appendString(appendKey(dst, "description"), a.Description)
		dst = appendScalar(appendKey(dst, "required"), a.Required)
		if a.textual() {
			dst = appendScalar(appendKey(dst, "caseExact"), a.CaseExact)
		}
		dst = appendStrings(dst, "canonicalValues", a.CanonicalValues)
		dst = appendString(appendKey(dst, "mutability"), or(a.Mutability, "readWrite"))
		dst = appendString(appendKey(dst, "returned"), or(a.Returned, "default"))
		dst = appendString(appendKey(dst, "uniqueness"), or(a.Uniqueness, "none"))
		dst = appendStrings(dst, "referenceTypes", a.ReferenceTypes)
		if a.SubAttributes != nil {
			dst = appendDefinitions(appendKey(dst, "subAttributes"), a.SubAttributes)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendStrings(dst []byte, key string, values []string) []byte {
	if len(values) == 0 {
		return dst
	}
	dst = append(appendKey(dst, key), '[')
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, value)
	}
	return append(dst, ']')
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
