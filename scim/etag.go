package scim

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// ETag is the weak entity tag of RFC 7644 §3.14 for an answer with the attributes of p: W/"n" with the version of the row. What is in the
// answer and no part of the row has digests of its own behind that. Members of a group and groups of a person are rows of their own whose
// changes do not touch this one, or adding one person would queue behind every other change of the group: W/"n-digest". An answer that
// leaves attributes out is not the whole resource: W/"n.digest". A group without its members needs none, as the whole always has the other.
func (v *View) ETag(p *Projection) string {
	tag := strconv.FormatInt(v.Version, 10)
	if part := p.digest(); part != "" {
		tag += "." + part
	}
	if p.Wants(v.Type, v.relatedName()) {
		if related := v.relatedDigest(); related != "" {
			tag += "-" + related
		}
	}
	return `W/"` + tag + `"`
}

func (v *View) relatedName() string {
	if v.Type == GroupType {
		return "members"
	}
	return "groups"
}

// relatedDigest is of the members or groups in the answer; "" for a person without groups and a group whose members were not asked for.
func (v *View) relatedDigest() string {
	refs := v.Groups
	if v.Type == GroupType {
		refs = v.Members
	}
	if len(refs) == 0 && !(v.Type == GroupType && v.MembersKnown) {
		return ""
	}
	digest := fnv.New64a()
	for _, ref := range refs {
		for _, text := range []string{ref.ID, ref.Display} {
			_, _ = digest.Write([]byte(text))
			_, _ = digest.Write([]byte{0})
		}
	}
	return strconv.FormatUint(digest.Sum64(), 36)
}

// digest tells projections apart; "" for everything, and for everything but what is kept beside the resource.
func (p *Projection) digest() string {
	if p == nil {
		return ""
	}
	var names []string
	apart := true
	for a, selection := range p.members {
		apart = apart && a.apart && selection == nil
		// Two schemas may have an attribute of the same name, but not with the same description.
		name := a.Name + "\x00" + a.Description
		if selection == nil {
			names = append(names, name)
			continue
		}
		for sub := range selection.names {
			names = append(names, name+"\x00"+sub.Name)
		}
	}
	if !p.only && apart {
		return ""
	}
	slices.SortFunc(names, cmp.Compare)
	digest := fnv.New64a()
	_, _ = digest.Write([]byte(strconv.FormatBool(p.only) + strings.Join(names, "\x01")))
	return strconv.FormatUint(digest.Sum64(), 36)
}

// Matches decides If-Match: the header names the resource as it stands, whatever part of it the client was answered with. A tag that was
// got without members speaks of the other attributes only, and so does that of a person, whose groups are no part of them. Weak tags
// match here although RFC 9110 §13.1.1 would have them never match, because RFC 7644 §3.14 uses them so.
func (v *View) Matches(ifMatch string) bool {
	version := strconv.FormatInt(v.Version, 10)
	for _, tag := range entityTags(ifMatch) {
		if tag == "*" {
			return true
		}
		tag, related, withRelated := strings.Cut(tag, "-")
		tag, _, _ = strings.Cut(tag, ".")
		if tag == version && (!withRelated || v.Type == UserType || related == v.relatedDigest()) {
			return true
		}
	}
	return false
}

// Unchanged decides If-None-Match: the client has this representation, with the attributes of p, already.
func (v *View) Unchanged(ifNoneMatch string, p *Projection) bool {
	for _, tag := range entityTags(ifNoneMatch) {
		if tag == "*" || `W/"`+tag+`"` == v.ETag(p) {
			return true
		}
	}
	return false
}

// entityTags reads a list of entity tags; of each only what is inside the quotation marks, which some clients leave out.
func entityTags(header string) []string {
	var tags []string
	for _, tag := range strings.Split(header, ",") {
		tag = strings.TrimSpace(tag)
		tag = strings.TrimPrefix(strings.TrimPrefix(tag, "W/"), "w/")
		if tag = strings.Trim(tag, `"`); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}
