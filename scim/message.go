package scim

import (
	"bytes"
	"strconv"
	"time"
)

// MediaType is the content type of every answer, without parameters: some clients compare the whole value.
const MediaType = "application/scim+json"

const timeFormat = "2006-01-02T15:04:05.000000Z" // UTC, as exact as the databases keep it

// Ref points to a person in a group or to a group of a person.
type Ref struct {
	ID      string
	Display string
}

// View is a resource ready to be answered: the attributes that are kept in columns, the rest as stored, and what the
// server adds. Empty strings are left out.
type View struct {
	Type        *ResourceType
	ID          string
	ExternalID  string
	UserName    string // users
	DisplayName string // groups; that of a user is among the stored attributes
	Label       string // what people call a user, for those who tell of the answer; not part of it
	Active      bool   // users
	Stored      []byte // JSON object of the other attributes as Resource.JSON wrote it; may be nil
	Groups      []Ref  // users
	Members     []Ref  // groups
	// MembersKnown tells a group without members from one whose members were not loaded.
	MembersKnown bool
	Created      time.Time
	Modified     time.Time
	Version      int64  // of the row; becomes a weak entity tag, 0 for none
	Base         string // the SCIM address without slash at its end, for absolute locations
}

// Location is the absolute address of the resource.
func (v *View) Location() string { return v.Base + v.Type.Endpoint + "/" + v.ID }

// Append writes the resource with the attributes that p lets through; nil means all of them.
func (v *View) Append(dst []byte, p *Projection) []byte {
	dst = append(dst, `{"schemas":[`...)
	dst = appendString(dst, v.Type.Schema.URN)
	for _, extension := range v.Type.Extensions {
		// Inside a stored string the quotation marks would be escaped, so this is the key.
		if bytes.Contains(v.Stored, []byte(`"`+extension.URN+`":`)) {
			dst = appendString(append(dst, ','), extension.URN)
		}
	}
	dst = append(dst, ']')
	dst = appendString(appendKey(dst, "id"), v.ID)
	if v.ExternalID != "" && p.Wants(v.Type, "externalId") {
		dst = appendString(appendKey(dst, "externalId"), v.ExternalID)
	}
	if v.UserName != "" && p.Wants(v.Type, "userName") {
		dst = appendString(appendKey(dst, "userName"), v.UserName)
	}
	if v.DisplayName != "" && p.Wants(v.Type, "displayName") {
		dst = appendString(appendKey(dst, "displayName"), v.DisplayName)
	}
	if v.Type == UserType && p.Wants(v.Type, "active") {
		dst = appendScalar(appendKey(dst, "active"), v.Active)
	}
	dst = v.appendStored(dst, p)
	dst = v.appendRefs(dst, "groups", v.Groups, GroupType, p)
	dst = v.appendRefs(dst, "members", v.Members, UserType, p)
	dst = v.appendMeta(dst, p)
	return append(dst, '}')
}

// appendStored splices the stored attributes as bytes; only a projection makes it necessary to read them.
func (v *View) appendStored(dst []byte, p *Projection) []byte {
	inner := bytes.TrimSpace(v.Stored)
	if len(inner) <= 2 {
		return dst
	}
	if p == nil {
		return append(append(dst, ','), inner[1:len(inner)-1]...)
	}
	r, err := LoadResource(v.Type, inner)
	if err != nil {
		return dst // not written by this package; the rest of the answer is still true
	}
	return r.appendAttributes(dst, p)
}

func (v *View) appendRefs(dst []byte, name string, refs []Ref, of *ResourceType, p *Projection) []byte {
	if len(refs) == 0 && v.Type == UserType {
		return dst
	}
	a := v.Type.Schema.Attribute(name)
	if a == nil {
		return dst
	}
	only, wanted := p.wants(a)
	if !wanted {
		return dst
	}
	kind := "direct"
	if of == UserType {
		kind = "User"
	}
	// What is the same for all of them is found out once: there may be ten thousand.
	value, reference, display, typed := only.wants(a.Sub("value")), only.wants(a.Sub("$ref")), only.wants(a.Sub("display")), only.wants(a.Sub("type"))
	below, kind := v.Base+of.Endpoint+"/", `"type":"`+kind+`"`
	dst = append(appendKey(dst, name), '[')
	for i, ref := range refs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		if value {
			dst = appendString(append(dst, `"value":`...), ref.ID)
		}
		if reference {
			dst = appendString(append(appendComma(dst), `"$ref":`...), below)
			dst = append(append(dst[:len(dst)-1], ref.ID...), '"') // our own ids need no escapes
		}
		if display && ref.Display != "" {
			dst = appendString(append(appendComma(dst), `"display":`...), ref.Display)
		}
		if typed {
			dst = append(appendComma(dst), kind...)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func (v *View) appendMeta(dst []byte, p *Projection) []byte {
	meta := v.Type.attribute("meta")
	only, wanted := p.wants(meta)
	if !wanted {
		return dst
	}
	mark := len(dst)
	dst = append(appendKey(dst, "meta"), '{')
	start := len(dst)
	for _, sub := range meta.SubAttributes { // in the order of the schema, like everything else
		if !only.wants(sub) {
			continue
		}
		switch sub.Name {
		case "resourceType":
			dst = appendString(appendKey(dst, sub.Name), v.Type.Name)
		case "created":
			dst = appendTime(appendKey(dst, sub.Name), v.Created)
		case "lastModified":
			dst = appendTime(appendKey(dst, sub.Name), v.Modified)
		case "location":
			dst = appendString(appendKey(dst, sub.Name), v.Location())
		case "version":
			if v.Version > 0 {
				dst = appendString(appendKey(dst, sub.Name), v.ETag(p))
			}
		}
	}
	if len(dst) == start {
		return dst[:mark]
	}
	return append(dst, '}')
}

// appendTime writes a time in timeFormat.
func appendTime(dst []byte, at time.Time) []byte {
	return append(at.UTC().AppendFormat(append(dst, '"'), timeFormat), '"')
}

// Page is a ListResponse (RFC 7644 §3.4.2).
type Page struct {
	Total      int
	StartIndex int // counted from 1
	Views      []View
	// Cursor says that the client pages by cursor: no startIndex, and NextCursor unless this is the last page (RFC 9865 §2).
	Cursor     bool
	NextCursor string
}

// AppendEach writes the page, each type of resource with its own projection. Resources is there even when it is empty: Entra takes its
// absence for a failure.
func (page *Page) AppendEach(dst []byte, projection func(*ResourceType) *Projection) []byte {
	if page.Cursor {
		dst = page.appendCursorHead(dst)
	} else {
		dst = appendListHead(dst, page.Total, page.StartIndex, len(page.Views))
	}
	for i := range page.Views {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = page.Views[i].Append(dst, projection(page.Views[i].Type))
	}
	return append(dst, "]}"...)
}

func (page *Page) appendCursorHead(dst []byte) []byte {
	dst = append(dst, `{"schemas":["`+listResponseURN+`"],"totalResults":`...)
	dst = strconv.AppendInt(dst, int64(page.Total), 10)
	dst = append(dst, `,"itemsPerPage":`...)
	dst = strconv.AppendInt(dst, int64(len(page.Views)), 10)
	if page.NextCursor != "" {
		dst = appendString(appendKey(dst, "nextCursor"), page.NextCursor)
	}
	return append(dst, `,"Resources":[`...)
}

func appendListHead(dst []byte, total, startIndex, items int) []byte {
	dst = append(dst, `{"schemas":["`+listResponseURN+`"],"totalResults":`...)
	dst = strconv.AppendInt(dst, int64(total), 10)
	dst = append(dst, `,"startIndex":`...)
	dst = strconv.AppendInt(dst, int64(startIndex), 10)
	dst = append(dst, `,"itemsPerPage":`...)
	dst = strconv.AppendInt(dst, int64(items), 10)
	return append(dst, `,"Resources":[`...)
}

// Append writes the error message of RFC 7644 §3.12, and nothing beyond it: strict clients refuse other members. status
// is a string.
func (e *Error) Append(dst []byte) []byte {
	dst = append(dst, `{"schemas":["`+errorURN+`"],"status":"`...)
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	dst = append(dst, '"')
	if e.Type != "" {
		dst = appendString(appendKey(dst, "scimType"), e.Type)
	}
	if e.Detail != "" {
		dst = appendString(appendKey(dst, "detail"), e.Detail)
	}
	return append(dst, '}')
}
