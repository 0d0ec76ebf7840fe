package models_test

import (
	"slices"
	"testing"

	"gatehouse/models"
)

func TestDirectoryPeopleAreFoundByWhatBothSidesKnow(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		provision := func(userName, externalID string) string {
			t.Helper()
			r := user(t, person(userName))
			if externalID != "" {
				r.SetText("externalId", externalID)
			}
			m, err := f.CreateSCIMMember(ctx, f.directoryCall(f.org.ID), r)
			must(t, err)
			return m.ID
		}
		bo := f.add("bo", models.RoleMember)
		cy, di := provision("cy@"+f.domain, "5b1c0e7e-aaaa"), provision("Di@"+f.domain, "")
		for name, c := range map[string]struct {
			keys models.DirectoryKeys
			want []string
		}{
			"nothing":                          {models.DirectoryKeys{}, nil},
			"a member nobody provisioned":      {models.DirectoryKeys{MemberID: bo.ID}, []string{bo.ID}},
			"an object id in other letters":    {models.DirectoryKeys{ObjectID: "5B1C0E7E-AAAA"}, []string{cy}},
			"a userName in other letters":      {models.DirectoryKeys{Names: []string{"", "dI@" + f.domain}}, []string{di}},
			"the name of who is not managed":   {models.DirectoryKeys{Names: []string{bo.Address()}}, nil},
			"the member, the object, the name": {models.DirectoryKeys{MemberID: bo.ID, ObjectID: "5b1c0e7e-aaaa", Names: []string{"di@" + f.domain}}, []string{bo.ID, cy, di}},
			"bytes that are no text":           {models.DirectoryKeys{ObjectID: "\xff\x00", Names: []string{"a\x00"}}, nil},
		} {
			list, err := f.DirectoryPeople(ctx, f.org.ID, c.keys)
			must(t, err)
			var got []string
			for i := range list {
				got = append(got, list[i].ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
			if list, err := f.DirectoryPeople(ctx, f.other.ID, c.keys); err != nil || len(list) != 0 {
				t.Errorf("%s: %d people of another organization, %v", name, len(list), err)
			}
		}
	})
}
