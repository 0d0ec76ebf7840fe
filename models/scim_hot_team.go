package models

import (
	"context"
	"strings"

	"gatehouse/scim"
)

// The common writes about groups on PostgreSQL: people who are added or removed, and groups that are new.

// hotAdd is common if the group and all people exist; $5 are their ids and $6 the ids of the audit rows.
const hotAdd = hotToken + `
	g as (select id, org_id, name from teams where org_id = ` + hotOrg + ` and id = $4 and managed),
	w as (select * from unnest(cast($5 as text[]), cast($6 as text[])) as w(id, event)),
	p as (select m.id, (select w.event from w where w.id = m.id) as event, ` + hotLabel + ` as label
		from members m where m.org_id = ` + hotOrg + ` and m.id = any (cast($5 as text[]))),
	x as (insert into team_members (org_id, team_id, member_id, added_at) select g.org_id, g.id, p.id, $3 from g, p
		where (select count(*) from p) = cardinality(cast($5 as text[])) on conflict do nothing returning member_id),
	e as (insert into audit_events ` + auditColumns + `
		select p.event, ok.org_id, $3, 'team.member_added', 'scim', ok.id, ok.name, $7, 'team', g.id, g.name, '', ` + hotMembership + `
		from ok, g, x, p where p.id = x.member_id)
	select ` + hotTokenColumns + `, (select count(*) from g where (select count(*) from p) = cardinality(cast($5 as text[]))),
		coalesce((select name from g), ''), array(select p.id from x, p where p.id = x.member_id), array(select p.label from x, p where p.id = x.member_id) from t`

// hotRemove is common if the group exists.
const hotRemove = hotToken + `
	g as (select id, org_id, name from teams where org_id = ` + hotOrg + ` and id = $4 and managed),
	x as (delete from team_members where team_id = (select id from g) and member_id = any (cast($5 as text[])) returning member_id),
	w as (select * from unnest(cast($5 as text[]), cast($6 as text[])) as w(id, event)),
	p as (select m.id, (select w.event from w where w.id = m.id) as event, ` + hotLabel + ` as label
		from members m where m.org_id = ` + hotOrg + ` and m.id = any (array(select member_id from x))),
	e as (insert into audit_events ` + auditColumns + `
		select p.event, ok.org_id, $3, 'team.member_removed', 'scim', ok.id, ok.name, $7, 'team', g.id, g.name, ` + hotMembership + `, ''
		from ok, g, p)
	select ` + hotTokenColumns + `, (select count(*) from g), coalesce((select name from g), ''), array(select id from p), array(select label from p) from t`

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
	if m.Replace || len(m.Add)+len(m.Remove) == 0 || len(m.Add) > 0 && len(m.Remove) > 0 || len(m.Add)+len(m.Remove) > maxHotMembers {
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
	done, name := 0, ""
	var people, labels []string
	err = db.writeOne(ctx, c, "", nil, sql, c.hotArgs(now, id, ids, events, c.Client.IP), &done, &name, &people, &labels)
	switch {
	case err != nil:
		return err
	case done == 0:
		return errUncommon
	}
	for i := range people {
		person := Facts{"member": people[i], "name": labels[i]}
		if len(m.Add) > 0 {
			c.changed(action, Target{"team", id, name}, nil, person)
		} else {
			c.changed(action, Target{"team", id, name}, person, nil)
		}
	}
	return nil
}

// hotCreateGroup is common if no group has the name and no team is there to be adopted.
const hotCreateGroup = hotToken + `
	g as (insert into teams (id, org_id, name, name_key, managed, directory_name, directory_key, name_edited, external_id, version, created_at, updated_at)
		select $4, ok.org_id, $5, $6, true, $7, $8, false, $9, 1, $3, $3 from ok
		where not exists (select 1 from teams o where o.org_id = ` + hotOrg + ` and o.managed = false and o.name_key = $6)
		on conflict do nothing returning id, name),
	e as (insert into audit_events ` + auditColumns + `
		select $10, ok.org_id, $3, 'team.created', 'scim', ok.id, ok.name, $11, 'team', g.id, g.name, '', $12 from ok, g)
	select ` + hotTokenColumns + `, (select count(*) from g) from t`

// hotCreateTeam is CreateSCIMTeam for a group without members; errUncommon for all others.
func (db *DB) hotCreateTeam(ctx context.Context, c *SCIMCall, r *scim.Resource) (*SCIMTeam, error) {
	now, name := db.Now(), r.Text("displayName")
	key := scim.Fold(name)
	t := Team{
		ID: newID("team_", now), Name: shownName(name), Managed: true, DirectoryName: &name, DirectoryKey: &key,
		ExternalID: optional(r.Text("externalId")), Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	t.NameKey = strings.ToLower(t.Name)
	made := 0
	err := db.writeOne(ctx, c, "", nil, hotCreateGroup, c.hotArgs(now, t.ID, t.Name, t.NameKey, name, key, t.ExternalID, newID("evt_", now), c.Client.IP,
		Facts{"name": name, "source": SourceSCIM}.json()), &made)
	switch {
	case err != nil:
		return nil, err
	case made == 0:
		return nil, errUncommon
	}
	t.OrgID = c.Token.OrgID
	c.changed("team.created", t.target(), nil, Facts{"name": name})
	return &SCIMTeam{Team: t, MembersKnown: true}, nil
}
