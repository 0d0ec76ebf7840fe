package models

import (
	"context"
	"strings"

	"gatehouse/scim"
)

// The common writes about groups on PostgreSQL: people who are added or removed, and groups that are new.

// hotAdd is common if the group and all people exist; $6 are their ids and $7 the ids of the audit rows.
const hotAdd = `with g as (select g.name, t.name as token, t.last_used_at from teams g, scim_tokens t where ` + hotToken + ` and g.org_id = $2 and g.id = $5 and g.managed),
	p as (select m.id, (cast($7 as text[]))[array_position(cast($6 as text[]), m.id)] as event, ` + hotLabel + ` as label
		from members m where m.org_id = $2 and m.id = any (cast($6 as text[]))),
	x as (insert into team_members (org_id, team_id, member_id, added_at) select $2, $5, p.id, $4 from g, p
		where (select count(*) from p) = cardinality(cast($6 as text[])) on conflict do nothing returning member_id),
	e as (insert into audit_events ` + auditColumns + `
		select p.event, $2, $4, 'team.member_added', 'scim', $1, g.token, $8, 'team', $5, g.name, '', ` + hotMembership + ` from g, x, p where p.id = x.member_id)
	select g.token, g.last_used_at, g.name, array(select p.id from x, p where p.id = x.member_id), array(select p.label from x, p where p.id = x.member_id)
	from g where (select count(*) from p) = cardinality(cast($6 as text[]))`

// hotRemove is common if the group exists.
const hotRemove = `with g as (select g.name, t.name as token, t.last_used_at from teams g, scim_tokens t where ` + hotToken + ` and g.org_id = $2 and g.id = $5 and g.managed),
	x as (delete from team_members where team_id = $5 and member_id = any (cast($6 as text[])) and exists (select 1 from g) returning member_id),
	p as (select m.id, (cast($7 as text[]))[array_position(cast($6 as text[]), m.id)] as event, ` + hotLabel + ` as label
		from members m where m.org_id = $2 and m.id = any (array(select member_id from x))),
	e as (insert into audit_events ` + auditColumns + `
		select p.event, $2, $4, 'team.member_removed', 'scim', $1, g.token, $8, 'team', $5, g.name, ` + hotMembership + `, '' from g, p)
	select g.token, g.last_used_at, g.name, array(select id from p), array(select label from p) from g`

const (
	// hotLabel is Member.Label.
	hotLabel = `coalesce(nullif(m.display_name, ''), nullif(btrim(m.given_name || ' ' || m.family_name), ''), m.email, m.user_name)`
	// hotMembership are the facts of a membership.
	hotMembership = `'{"member":' || to_json(p.id) || ',"name":' || to_json(p.label) || '}'`
	// maxHotMembers is up to how many people the fast path takes; it names each in the audit log, as the transaction does.
	maxHotMembers = maxNamedMembers
)

// probe is a group to try a change on: one that leaves it alone and only adds or only removes members is the common one.
func probe() *scim.Resource {
	r := scim.NewResource(scim.GroupType)
	secret := newSecret()
	r.SetText("displayName", secret)
	r.SetText("externalId", secret)
	return r
}

// hotChangeMembers is ChangeSCIMTeam for the change of members alone, in one round trip; errUncommon for all other changes.
func (db *DB) hotChangeMembers(ctx context.Context, c *SCIMCall, id string, change func(*scim.Resource) (TeamChange, error)) error {
	if c.IfMatch != "" {
		return errUncommon
	}
	before := probe()
	wanted, err := change(before)
	if err != nil || !wanted.Resource.Equal(before) {
		return errUncommon
	}
	m := wanted.Members
	if m.Replace || len(m.Selected) > 0 || len(m.Add)+len(m.Remove) == 0 || len(m.Add) > 0 && len(m.Remove) > 0 || len(m.Add)+len(m.Remove) > maxHotMembers {
		return errUncommon
	}
	sql, ids, action := hotAdd, m.Add, "team.member_added"
	if len(m.Remove) > 0 {
		sql, ids, action = hotRemove, m.Remove, "team.member_removed"
	}
	now := db.Now()
	events := make([]string, len(ids))
	for i := range events {
		events[i] = newID("evt_", now)
	}
	name := ""
	var people, labels []string
	err = db.writeOne(ctx, c, now, func(row *hotRow) { name, people, labels = row.string(), row.texts(), row.texts() },
		hotStatement{sql: sql, args: []any{id, ids, events, c.Client.IP}})
	if err != nil {
		return err
	}
	for i := range people {
		person := Facts{"member": people[i], "name": labels[i]}.json()
		if len(m.Add) > 0 {
			c.changed(action, Target{"team", id, name}, "", person)
		} else {
			c.changed(action, Target{"team", id, name}, person, "")
		}
	}
	return nil
}

// hotCreateGroup is common if no group has the name and no team is there to be adopted.
const hotCreateGroup = `with ok as (select t.name, t.last_used_at from scim_tokens t where ` + hotToken + `
		and not exists (select 1 from teams o where o.org_id = $2 and o.managed = false and o.name_key = $7)),
	g as (insert into teams (id, org_id, name, name_key, managed, directory_name, directory_key, name_edited, external_id, version, created_at, updated_at)
		select $5, $2, $6, $7, true, $8, $9, false, $10, 1, $4, $4 from ok on conflict do nothing returning name),
	e as (insert into audit_events ` + auditColumns + ` select $11, $2, $4, 'team.created', 'scim', $1, ok.name, $12, 'team', $5, g.name, '', $13 from ok, g)
	select ok.name, ok.last_used_at from ok, g`

// hotCreateTeam is CreateSCIMTeam for a group without members; errUncommon for all others.
func (db *DB) hotCreateTeam(ctx context.Context, c *SCIMCall, r *scim.Resource) (*SCIMTeam, error) {
	now, name := db.Now(), r.Text("displayName")
	key := scim.Fold(name)
	t := Team{
		ID: newID("team_", now), Name: shownName(name), Managed: true, DirectoryName: &name, DirectoryKey: &key,
		ExternalID: optional(r.Text("externalId")), Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	t.NameKey = strings.ToLower(t.Name)
	err := db.writeOne(ctx, c, now, nil, hotStatement{sql: hotCreateGroup, args: []any{
		t.ID, t.Name, t.NameKey, name, key, t.ExternalID, newID("evt_", now), c.Client.IP, Facts{"name": name, "source": SourceSCIM}.json(),
	}})
	if err != nil {
		return nil, err
	}
	t.OrgID = c.Token.OrgID
	c.changed("team.created", t.target(), "", Facts{"name": name}.json())
	return &SCIMTeam{Team: t, MembersKnown: true}, nil
}
