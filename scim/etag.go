package scim

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// ETag is the weak entity tag of RFC 7644 §3.14: W/"n" with the version of the row. Members of a group are rows of their own whose
// changes do not touch the group's row, or adding one person would queue behind every other change of the group; so the tag of a
// group whose members are in the answer also carries a digest of who they are: W/"n-digest".
func (v *View) ETag() string {
	tag := v.attributesTag()
	if v.Type == GroupType && v.MembersKnown {
		digest := fnv.New64a()
		for _, ref := range v.Members {
			_, _ = digest.Write([]byte(ref.ID))
			_, _ = digest.Write([]byte{0})
		}
		tag += "-" + strconv.FormatUint(digest.Sum64(), 36)
	}
	return `W/"` + tag + `"`
}

// attributesTag is the part of the tag that tells versions of the resource without its members apart.
func (v *View) attributesTag() string { return strconv.FormatInt(v.Version, 10) }

// Matches decides If-Match: the header names the resource as it stands. A tag that was got with excludedAttributes=members speaks of
// the other attributes only, and matches as long as those stand. Weak tags match here although RFC 9110 §13.1.1 would have them never
// match, because RFC 7644 §3.14 uses them so.
func (v *View) Matches(ifMatch string) bool {
	for _, tag := range entityTags(ifMatch) {
		if tag == "*" || tag == v.attributesTag() || `W/"`+tag+`"` == v.ETag() {
			return true
		}
	}
	return false
}

// Unchanged decides If-None-Match: the client has this representation already.
func (v *View) Unchanged(ifNoneMatch string) bool {
	for _, tag := range entityTags(ifNoneMatch) {
		if tag == "*" || `W/"`+tag+`"` == v.ETag() {
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
