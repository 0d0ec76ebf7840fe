package models

import (
	"context"
	"fmt"

	"gatehouse/scim"
)

// The common writes about people on PostgreSQL. Each has the conditions under which it is common in its SQL.

// hotCreate is common if the domain is verified and nobody, living or deleted, has the userName or the address. The unique indexes tell about
// the living: the member goes first and refers to the account that is made after it, and whoever has an account already fails on that
// reference at the end of the statement, which undoes it.
const hotCreate = hotToken + `
	free as (select org_id, id, name from ok where
		exists (select 1 from domains d where d.org_id = ` + hotOrg + ` and d.domain = $4 and d.status in ('verified', 'lapsing'))
		and not exists (select 1 from member_tombstones b where b.org_id = ` + hotOrg + ` and b.user_name_key = $5)
		and not exists (select 1 from member_tombstones b where b.org_id = ` + hotOrg + ` and b.email = $6)),
	m as (insert into members (id, org_id, account_id, role, status, source, email, user_name, user_name_key, external_id, work_email, display_name, given_name,
			family_name, scim_managed, attributes, deactivated_by, deactivated_at, version, created_at, updated_at)
		select $9, org_id, $7, 'member', $10, 'scim', $6, $11, $5, $12, $13, $8, $14, $15, true, $16, $17, cast($18 as timestamptz), 1, $3, $3 from free
		on conflict do nothing returning id, org_id),
	a as (insert into accounts (id, email, name, created_at, updated_at) select $7, $6, $8, $3, $3 from m on conflict do nothing),
	n as (insert into member_counts (org_id, n) select org_id, 1 from m),
	e as (insert into audit_events ` + auditColumns + `
		select $19, m.org_id, $3, 'member.added', 'scim', ok.id, ok.name, $20, 'member', m.id, $21, '', $22 from ok, m)
	select ` + hotTokenColumns + `, (select count(*) from m) from t`

// hotCreateMember is createFromDirectory in one statement; errUncommon for everybody else's case.
func (db *DB) hotCreateMember(ctx context.Context, c *SCIMCall, r *scim.Resource, d directoryData) (*SCIMMember, error) {
	if d.email == nil || !isAddress(*d.email) {
		return nil, errUncommon
	}
	now := db.Now()
	account := newID("acc_", now)
	m := newFromDirectory(r, d, now)
	m.AccountID = &account
	facts := m.addedFacts()
	made := 0
	err := db.writeOne(ctx, c, "", nil, hotCreate, c.hotArgs(now, DomainOf(*d.email), d.userNameKey, *d.email, account, d.displayName,
		m.ID, string(m.Status), d.userName, d.externalID, d.workEmail, d.givenName, d.familyName, d.attributes, (*string)(m.DeactivatedBy), m.DeactivatedAt,
		newID("evt_", now), c.Client.IP, m.Label(), facts.json()), &made)
	switch {
	case err != nil:
		return nil, err
	case made == 0:
		return nil, errUncommon
	}
	m.OrgID = c.Token.OrgID
	c.changed("member.added", m.target(), nil, facts)
	db.recent.remember(c.id, m)
	return &SCIMMember{Member: *m}, nil
}

// hotChange is common if the member is still at the version that was read.
const hotChange = hotToken + `
	m as (update members m set user_name = $5, external_id = $6, work_email = $7, display_name = $8, given_name = $9, family_name = $10, attributes = $11,
			status = $12, deactivated_by = $13, deactivated_at = cast($14 as timestamptz), version = m.version + 1, updated_at = $3
		where m.org_id = ` + hotOrg + ` and m.id = $4 and m.version = $15 %s returning m.id),
	%s
	e as (insert into audit_events ` + auditColumns + `
		select w.id, ok.org_id, $3, w.action, 'scim', ok.id, ok.name, $16, 'member', m.id, $17, w.before, %s
		from ok, m, unnest(cast($18 as text[]), cast($19 as text[]), cast($20 as text[]), cast($21 as text[])) as w(id, action, before, after))
	select ` + hotTokenColumns + `, (select count(*) from m), %s, array(select g.id || ' ' || g.directory_name
		from team_members tm join teams g on g.id = tm.team_id where tm.member_id = $4 and g.managed) from t`

// hotChangeData changes data, and hotDeactivate also ends sessions and links; how many sessions is in the audit row.
var (
	hotChangeData = fmt.Sprintf(hotChange, "", "", "w.after", "0")
	hotDeactivate = fmt.Sprintf(hotChange, `and not exists (select 1 from organizations where id = `+hotOrg+` and hold_deactivations)`, `v as (insert into directory_deactivations (id, org_id, member_id, label, kind, at)
		select 'dep_' || substr((cast($18 as text[]))[1], 5), ok.org_id, m.id, $17, 'deactivated', $3 from ok, m),
	s as (delete from sessions where member_id = (select id from m) returning id),
	l as (delete from links where member_id = (select id from m)),`, `replace(w.after, '"sessions_ended":0', '"sessions_ended":' || (select count(*) from s))`, "(select count(*) from s)")
)

// hotLockMember waits for whoever is changing the member or starting a session, so that the next statement sees what they did.
const hotLockMember = `select 1 from members where org_id = (select org_id from scim_tokens where id = $1) and id = $2 for update`

// hotAttempts bounds how often a change is read again because somebody was faster.
const hotAttempts = 3

// hotChangeMember is changeFromDirectory in one versioned statement, and a read before it unless the directory has just read or written the
// person; errUncommon for adoption, other addresses and names to
// sign in by, owners who leave, and people without an account who come back.
func (db *DB) hotChangeMember(ctx context.Context, c *SCIMCall, id string, change func(*scim.Resource) (*scim.Resource, error)) (*SCIMMember, error) {
	if c.IfMatch != "" {
		return nil, errUncommon
	}
	for range hotAttempts {
		m, after, guessed := db.guess(c, id, change)
		if !guessed {
			var err error
			if m, err = db.SCIMMember(ctx, c, id, true); err != nil {
				return nil, err
			}
			before, err := m.resource()
			if err != nil {
				return nil, err
			}
			if after, err = change(before); err != nil {
				return nil, err
			}
		}
		d := directoryDataOf(after)
		diff := diffData(&m.Member, d)
		if diff.adopted || diff.moved || m.LeavingAt != nil || m.Status == Invited || d.userNameKey != m.UserNameKey {
			return nil, errUncommon
		}
		now := db.Now()
		sql, lock := hotChangeData, ""
		var events []hotAudit
		version := m.Version
		if len(diff.columns) > 0 {
			diff.describe()
			events = append(events, hotAudit{"member.changed", diff.before, diff.after})
		}
		m.UserName, m.ExternalID, m.WorkEmail = d.userName, d.externalID, d.workEmail
		m.DisplayName, m.GivenName, m.FamilyName, m.Attributes = d.displayName, d.givenName, d.familyName, &d.attributes
		active, sent := after.Active()
		switch {
		case sent && !active && m.Status != Inactive:
			if m.Role == Owner {
				return nil, errUncommon
			}
			by := BySCIM
			events = append(events, hotAudit{"member.deactivated", Facts{"status": m.Status}, Facts{"status": Inactive, "by": by, "sessions_ended": 0}})
			m.Status, m.DeactivatedBy, m.DeactivatedAt = Inactive, &by, &now
			sql, lock = hotDeactivate, hotLockMember
		case sent && active && m.Status == Inactive && *m.DeactivatedBy == BySCIM:
			if m.AccountID == nil {
				return nil, errUncommon
			}
			events = append(events, hotAudit{"member.reactivated", Facts{"status": m.Status}, Facts{"status": Active}})
			m.Status, m.DeactivatedBy, m.DeactivatedAt = Active, nil, nil
		}
		if len(events) == 0 && guessed {
			db.recent.forget(c.id, id)
			continue
		}
		if len(events) == 0 {
			return m, nil
		}
		ids, actions, befores, afters := make([]string, len(events)), make([]string, len(events)), make([]string, len(events)), make([]string, len(events))
		for i, e := range events {
			ids[i], actions[i], befores[i], afters[i] = newID("evt_", now), e.action, e.before.json(), e.after.json()
		}
		if len(ids) == 2 && ids[0] > ids[1] {
			ids[0], ids[1] = ids[1], ids[0]
		}
		changed, ended := 0, 0
		var groups []string
		err := db.writeOne(ctx, c, lock, []any{c.id, id}, sql, c.hotArgs(now, id, m.UserName, m.ExternalID, m.WorkEmail, m.DisplayName, m.GivenName, m.FamilyName,
			m.Attributes, string(m.Status), (*string)(m.DeactivatedBy), m.DeactivatedAt, version, c.Client.IP, m.Label(), ids, actions, befores, afters), &changed, &ended, &groups)
		if err != nil {
			return nil, err
		}
		if changed == 1 {
			m.Version, m.UpdatedAt, m.Groups = version+1, now, related(groups, byName)
			db.recent.remember(c.id, &m.Member)
			for _, e := range events {
				if _, ok := e.after["sessions_ended"]; ok {
					e.after["sessions_ended"] = ended
				}
				c.changed(e.action, m.target(), e.before, e.after)
			}
			return m, nil
		}
		db.recent.forget(c.id, id)
	}
	return nil, errUncommon
}

// hotDelete is common if the person is no owner, nobody waits for their address, and mass deactivations are not held.
const hotDelete = hotToken + `
	teams as (select coalesce(jsonb_agg(team_id order by team_id), '[]') as list from team_members where org_id = ` + hotOrg + ` and member_id = $4),
	d as (delete from members m where m.org_id = ` + hotOrg + ` and m.id = $4 and m.role <> 'owner'
		and not exists (select 1 from members h where h.org_id = ` + hotOrg + ` and h.email = m.email and h.held_reason = 'address_taken')
		and not exists (select 1 from organizations where id = ` + hotOrg + ` and hold_deactivations)
		returning m.*,
			coalesce(nullif(m.display_name, ''), nullif(btrim(m.given_name || ' ' || m.family_name), ''), m.email, m.user_name) as label),
	n as (insert into member_counts (org_id, n) select org_id, -1 from d),
	v as (insert into directory_deactivations (id, org_id, member_id, label, kind, at, data)
		select 'dep_' || substr($5, 5), d.org_id, d.id, d.label, 'deleted', $3, jsonb_build_object('role', d.role, 'email', d.email, 'user_name', d.user_name,
			'user_name_key', d.user_name_key, 'external_id', d.external_id, 'work_email', d.work_email, 'display_name', d.display_name, 'given_name', d.given_name,
			'family_name', d.family_name, 'scim_managed', d.scim_managed, 'attributes', d.attributes, 'teams', teams.list) from d, teams),
	b as (insert into member_tombstones (org_id, member_id, user_name_key, email, deleted_at) select org_id, id, user_name_key, email, $3 from d),
	e as (insert into audit_events ` + auditColumns + `
		select $5, ok.org_id, $3, 'member.deleted', 'scim', ok.id, ok.name, $6, 'member', d.id, d.label,
			'{"email":' || to_json(coalesce(d.email, '')) || ',"role":"' || d.role || '","status":"' || d.status || '","user_name":' || to_json(d.user_name) || '}',
			'{"sessions_ended":' || (select count(*) from sessions s where s.member_id = d.id) || '}'
		from ok, d)
	select ` + hotTokenColumns + `, (select count(*) from d), coalesce((select label from d), ''), (select count(*) from sessions s where s.member_id = $4) from t`

// hotDeleteMember is DeleteSCIMMember in one round trip; errUncommon for owners people for whose address somebody waits, and where mass deactivations are held.
func (db *DB) hotDeleteMember(ctx context.Context, c *SCIMCall, id string) error {
	if c.IfMatch != "" {
		return errUncommon
	}
	now := db.Now()
	gone, label, ended := 0, "", 0
	err := db.writeOne(ctx, c, hotLockMember, []any{c.id, id}, hotDelete, c.hotArgs(now, id, newID("evt_", now), c.Client.IP), &gone, &label, &ended)
	switch {
	case err != nil:
		return err
	case gone == 0:
		return errUncommon
	}
	c.changed("member.deleted", Target{"member", id, label}, nil, Facts{"sessions_ended": ended})
	return nil
}
