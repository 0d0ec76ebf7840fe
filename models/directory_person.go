package models

import (
	"context"
	"strings"

	"gatehouse/scim"
)

// DirectoryKeys are what an identity provider and a directory may have in common about a person.
type DirectoryKeys struct {
	// MemberID is who the sign-in has found, empty for nobody. That member is always among the people, managed by the directory or not.
	MemberID string
	// ObjectID is compared with externalId, Names with userName. Both may be empty.
	ObjectID string
	Names    []string
}

// maxDirectoryPeople is how many people one set of keys may mean: a few, or something is very wrong.
const maxDirectoryPeople = 5

// DirectoryPeople are the members of an organization that those keys mean: the member the sign-in has found first, then those whom the
// directory knows by the object id, then those by a name.
func (db *DB) DirectoryPeople(ctx context.Context, orgID string, k DirectoryKeys) ([]Member, error) {
	var or []string
	var args []any
	if k.MemberID != "" {
		or, args = append(or, "id = ?"), append(args, k.MemberID)
	}
	objectIDs := []string{storable(k.ObjectID), strings.ToLower(storable(k.ObjectID)), strings.ToUpper(storable(k.ObjectID))}
	if k.ObjectID != "" {
		or, args = append(or, "scim_managed = ? and external_id in ?"), append(args, true, objectIDs)
	}
	var names []string
	for _, n := range k.Names {
		if n = scim.Fold(storable(n)); n != "" {
			names = append(names, n)
		}
	}
	if len(names) > 0 {
		or, args = append(or, "scim_managed = ? and user_name_key in ?"), append(args, true, names)
	}
	if len(or) == 0 {
		return nil, nil
	}
	sql := "select * from members where org_id = ? and ((" + strings.Join(or, ") or (") + ")) order by case when id = ? then 0 when external_id in ? then 1 else 2 end, id limit ?"
	var list []Member
	args = append(append([]any{orgID}, args...), k.MemberID, objectIDs, maxDirectoryPeople)
	return list, translate(db.read(ctx).Raw(sql, args...).Scan(&list).Error)
}
