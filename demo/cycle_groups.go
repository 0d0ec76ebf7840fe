package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// noMembers is asked for with every group that is read: Entra does not want members back.
var noMembers = [2]string{"excludedAttributes", "members"}

// group brings one group's counterpart into step, then its members. The members who are not over there yet follow when
// they are.
func (r *run) group(ctx context.Context, g group) (*logEntry, error) {
	e := r.begin("Group", g.Name)
	e.step("Import group", fmt.Sprintf("Read from this directory: %d members", len(g.Members)))
	before := r.requests
	err := r.provisionGroup(ctx, e, g)
	if err == nil && r.requests == before && e.Result == "" {
		return e, nil // nothing changed since the last run: nothing asked, nothing to log
	}
	return r.finish(e, err)
}

func (r *run) provisionGroup(ctx context.Context, e *logEntry, g group) error {
	link, linked := r.groups[g.ID]
	switch {
	case !linked:
		if err := r.createOrMatchGroup(ctx, e, g); err != nil {
			return err
		}
	case link.Name != g.Name:
		if err := r.rename(ctx, e, g, link); err != nil {
			return err
		}
	}
	return r.members(ctx, e, g)
}

func (r *run) createOrMatchGroup(ctx context.Context, e *logEntry, g group) error {
	const title = "Match group between source and target"
	filter := `displayName eq "` + filterLiteral(g.Name) + `"`
	answer, err := r.call(ctx, e, "Look for a group with this displayName", http.MethodGet, "/Groups",
		[][2]string{noMembers, {"filter", filter}}, nil)
	if err != nil {
		return err
	}
	found, err := oneOf(answer)
	if err != nil {
		return e.fail("Match", title, err.Error())
	}
	if found != nil {
		id, _ := found["id"].(string)
		e.step(title, fmt.Sprintf("GET /Groups?filter=%s: %s", filter, id))
		link := groupLink{ScimID: id, Name: g.Name, Members: map[string]string{}}
		if targetValue(found, "externalId") != g.ID {
			op := "Replace"
			if targetValue(found, "externalId") == "" {
				op = "Add"
			}
			answer, err := r.call(ctx, e, "Update the group's externalId", http.MethodPatch, "/Groups/"+escapeID(id), nil,
				patchUser([]change{{op, "externalId", g.ID}}, r.client.creds.Flagged))
			if err != nil {
				return err
			}
			if !answer.ok() {
				return e.fail("Update", "Perform action", answer.refusal())
			}
		}
		r.groups[g.ID] = link
		e.done("Update", "Found over there by its name")
		return nil
	}
	e.step(title, "GET /Groups?filter="+filter+": none")
	answer, err = r.call(ctx, e, "Create the group", http.MethodPost, "/Groups", nil, createGroup(g))
	if err != nil {
		return err
	}
	if !answer.ok() || answer.id() == "" {
		return e.fail("Create", "Perform action", answer.refusal())
	}
	r.groups[g.ID] = groupLink{ScimID: answer.id(), Name: g.Name, Members: map[string]string{}}
	e.done("Create", fmt.Sprintf("POST /Groups: %d, id %s", answer.Status, answer.id()))
	return nil
}

func (r *run) rename(ctx context.Context, e *logEntry, g group, link groupLink) error {
	path := "/Groups/" + escapeID(link.ScimID)
	answer, err := r.call(ctx, e, "Read the group as Gatehouse has it", http.MethodGet, path, [][2]string{noMembers}, nil)
	if err != nil {
		return err
	}
	if answer.Status == http.StatusNotFound {
		delete(r.groups, g.ID)
		return r.createOrMatchGroup(ctx, e, g)
	}
	if !answer.ok() {
		return e.fail("Update", "Match group between source and target", answer.refusal())
	}
	answer, err = r.call(ctx, e, "Rename the group", http.MethodPatch, path, nil,
		patchUser([]change{{"Replace", "displayName", g.Name}}, r.client.creds.Flagged))
	if err != nil {
		return err
	}
	if !answer.ok() {
		return e.fail("Update", "Perform action", answer.refusal())
	}
	e.done("Update", "displayName changed from "+link.Name)
	link.Name = g.Name
	r.groups[g.ID] = link
	return nil
}

// members sends who came and who left. Somebody who was merely disabled keeps the membership over there.
func (r *run) members(ctx context.Context, e *logEntry, g group) error {
	link := r.groups[g.ID]
	var add, remove []string // object ids
	for _, id := range g.Members {
		if user := r.users[id]; user.Active && link.Members[id] != user.ScimID {
			add = append(add, id)
		}
	}
	for id := range link.Members {
		if slices.Contains(g.Members, id) {
			continue
		}
		if _, there := r.users[id]; !there {
			delete(link.Members, id) // went with the user
			continue
		}
		remove = append(remove, id)
	}
	slices.Sort(remove)
	path := "/Groups/" + escapeID(link.ScimID)
	if len(add) > 0 {
		answer, err := r.call(ctx, e, fmt.Sprintf("Add %s", count(len(add), "member")), http.MethodPatch, path, nil,
			addMembers(r.scimIDs(add), r.client.creds.Flagged))
		if err != nil {
			return err
		}
		if !answer.ok() {
			return r.groupRefused(e, g, answer)
		}
		for _, id := range add {
			link.Members[id] = r.users[id].ScimID
		}
		e.done(actionOr(e, "Update"), count(len(add), "member")+" added")
	}
	if len(remove) > 0 {
		var ids []string
		for _, id := range remove {
			ids = append(ids, link.Members[id])
		}
		answer, err := r.call(ctx, e, fmt.Sprintf("Remove %s", count(len(remove), "member")), http.MethodPatch, path, nil,
			removeMembers(ids, r.client.creds.Flagged))
		if err != nil {
			return err
		}
		if !answer.ok() {
			return r.groupRefused(e, g, answer)
		}
		for _, id := range remove {
			delete(link.Members, id)
		}
		e.done(actionOr(e, "Update"), count(len(remove), "member")+" removed")
	}
	r.groups[g.ID] = link
	return nil
}

// groupRefused ends a group's entry; a group that vanished over there is matched anew in the next cycle.
func (r *run) groupRefused(e *logEntry, g group, answer scimAnswer) error {
	if answer.Status == http.StatusNotFound {
		delete(r.groups, g.ID)
	}
	return e.fail("Update", "Perform action", answer.refusal())
}

// groupsOutOfScope deletes groups that are no longer assigned or no longer there: a group cannot be disabled.
func (r *run) groupsOutOfScope(ctx context.Context) error {
	var ids []string
	for id := range r.groups {
		if g := r.dir.group(id); g == nil || !g.Assigned {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		link := r.groups[id]
		e := r.begin("Group", link.Name)
		e.step("Determine if group is in scope", "Not assigned to the application")
		_, err := r.finish(e, func() error {
			answer, err := r.call(ctx, e, "Delete the group", http.MethodDelete, "/Groups/"+escapeID(link.ScimID), nil, nil)
			if err != nil {
				return err
			}
			if !answer.ok() && answer.Status != http.StatusNotFound {
				return e.fail("Delete", "Perform action", answer.refusal())
			}
			delete(r.groups, id)
			e.done("Delete", "Not assigned to the application")
			return nil
		}())
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) scimIDs(objectIDs []string) []string {
	var ids []string
	for _, id := range objectIDs {
		ids = append(ids, r.users[id].ScimID)
	}
	return ids
}

// actionOr keeps the action that an entry already has, such as Create.
func actionOr(e *logEntry, action string) string {
	if e.Action != "" {
		return e.Action
	}
	return action
}

// count is a number with its noun: 1 member, 2 members.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
