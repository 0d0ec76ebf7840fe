package models

import (
	"fmt"
	"strconv"
	"strings"

	"gatehouse/scim"
)

const (
	memberBatch = 1000 // ids in one statement
	// maxNamedMembers is up to how many people a change of members names in the audit log, one event each; above it counts them.
	maxNamedMembers = 100
	// maxNamedMissing is how many of those who do not exist a refusal names.
	maxNamedMissing = 5
)

// changeTeamMembers carries out what happens to the members of a managed team. Adding somebody twice and removing somebody who is not
// in it are no errors. Somebody who was deleted here is left out: Entra remembers ids, would send this one for ever, and all the others with
// it. Invalid, field members, for somebody who never existed in the organization.
func (tx *Tx) changeTeamMembers(t *Team, c scim.MemberChanges) error {
	for _, selected := range c.Selected {
		var present []string
		err := tx.Raw("select member_id from team_members where team_id = ? and member_id in ? limit 1", t.ID, selected).Scan(&present).Error
		if err != nil {
			return err
		}
		if len(present) == 0 {
			return scim.NoSuchMember(selected)
		}
	}
	known, err := tx.peopleByID(c.Add)
	if err != nil {
		return err
	}
	if len(known) < len(c.Add) {
		if c.Add, err = tx.leaveOutDeleted(c.Add, known); err != nil {
			return err
		}
	}
	remove := c.Remove
	if c.Replace {
		if remove, err = tx.othersIn(t, known); err != nil {
			return err
		}
	}
	removed, err := tx.deleteMemberships(t, remove)
	if err != nil {
		return err
	}
	added, err := tx.insertMemberships(t, c.Add)
	if err != nil {
		return err
	}
	return tx.recordMemberships(t, known, added, removed)
}

// leaveOutDeleted are those of the ids who are known; the others must have been deleted here.
func (tx *Tx) leaveOutDeleted(ids []string, known map[string]string) ([]string, error) {
	var kept, missing []string
	for _, id := range ids {
		if _, ok := known[id]; ok {
			kept = append(kept, id)
		} else {
			missing = append(missing, id)
		}
	}
	deleted := map[string]bool{}
	for batch := range batches(missing) {
		var found []string
		if err := tx.Raw("select member_id from member_tombstones where org_id = ? and member_id in ?", tx.org, batch).Scan(&found).Error; err != nil {
			return nil, err
		}
		for _, id := range found {
			deleted[id] = true
		}
	}
	var unknown []string
	for _, id := range missing {
		if !deleted[id] && len(unknown) < maxNamedMissing {
			unknown = append(unknown, fmt.Sprintf("%q", truncate(id, 100)))
		}
	}
	if len(unknown) > 0 {
		more := ""
		if n := len(missing) - len(deleted) - len(unknown); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		return nil, invalid("members", "There is no user with the id %s%s. Create the user first, then add it to the group.", strings.Join(unknown, ", "), more)
	}
	tx.leftOut = append(tx.leftOut, missing...)
	return kept, nil
}

// peopleByID are the labels of those of the ids who are members of the organization. Their rows stay until the transaction ends.
func (tx *Tx) peopleByID(ids []string) (map[string]string, error) {
	known := make(map[string]string, len(ids))
	lock := ""
	if tx.db.dialect == "postgres" {
		lock = " for key share"
	}
	for batch := range batches(ids) {
		var people []Member
		err := tx.Raw("select id, display_name, given_name, family_name, email, user_name from members where org_id = ? and id in ? order by id"+lock, tx.org, batch).Scan(&people).Error
		if err != nil {
			return nil, err
		}
		for i := range people {
			known[people[i].ID] = people[i].Label()
		}
	}
	return known, nil
}

// othersIn are the members of the team who are not among keep.
func (tx *Tx) othersIn(t *Team, keep map[string]string) ([]string, error) {
	var ids, others []string
	if err := tx.Raw("select member_id from team_members where team_id = ? order by member_id", t.ID).Scan(&ids).Error; err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, ok := keep[id]; !ok {
			others = append(others, id)
		}
	}
	return others, nil
}

// insertMemberships adds people and returns those who were not in the team yet.
func (tx *Tx) insertMemberships(t *Team, ids []string) ([]string, error) {
	var added []string
	for batch := range batches(ids) {
		var fresh []string
		err := tx.Raw(`insert into team_members (org_id, team_id, member_id, added_at)
			select org_id, ?, id, ? from members where org_id = ? and id in ? on conflict do nothing returning member_id`,
			t.ID, tx.now, tx.org, batch).Scan(&fresh).Error
		if err != nil {
			return nil, err
		}
		added = append(added, fresh...)
	}
	return added, nil
}

// deleteMemberships removes people and returns those who were in the team.
func (tx *Tx) deleteMemberships(t *Team, ids []string) ([]string, error) {
	var removed []string
	for batch := range batches(ids) {
		var gone []string
		err := tx.Raw("delete from team_members where org_id = ? and team_id = ? and member_id in ? returning member_id", tx.org, t.ID, batch).Scan(&gone).Error
		if err != nil {
			return nil, err
		}
		removed = append(removed, gone...)
	}
	return removed, nil
}

// recordMemberships audits a change of members.
func (tx *Tx) recordMemberships(t *Team, known map[string]string, added, removed []string) error {
	if len(added)+len(removed) > maxNamedMembers {
		tx.record("team.members_changed", t.target(), nil, Facts{"added": len(added), "removed": len(removed)})
		return nil
	}
	gone, err := tx.peopleByID(removed)
	if err != nil {
		return err
	}
	for _, id := range added {
		tx.record("team.member_added", t.target(), nil, Facts{"member": id, "name": known[id]})
	}
	for _, id := range removed {
		tx.record("team.member_removed", t.target(), Facts{"member": id, "name": gone[id]}, nil)
	}
	return nil
}

// batches cuts ids into pieces that fit into one statement.
func batches(ids []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(ids) > 0 {
			n := min(len(ids), memberBatch)
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

// numbered is a name with a number behind it, as in "Ops (2)".
func numbered(name string, n int) string {
	suffix := " (" + strconv.Itoa(n) + ")"
	if runes := []rune(name); len(runes)+len(suffix) > 200 {
		name = string(runes[:200-len(suffix)])
	}
	return fmt.Sprint(name, suffix)
}
