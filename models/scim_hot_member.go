package models

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"gatehouse/scim"
)

// The common writes about people on PostgreSQL. Each has the conditions under which it is common in its SQL.

// hotCreate is common if the domain is verified and nobody, living or deleted, has the userName, the address or the account. The unique
// indexes tell about the living: the statement fails, and is undone. It does not ask them first, nor takes a conflict for nothing to do: both
// cost as much as the audit row, and a plan that is older than the table may look for people by the wrong index.
const hotCreate = `with ok as (select t.name, t.last_used_at from scim_tokens t where ` + hotToken + `
		and exists (select 1 from domains d where d.org_id = $2 and d.domain = $5 and d.status in ('verified', 'lapsing'))
		and not exists (select 1 from member_tombstones b where b.org_id = $2 and b.user_name_key = $6)
		and not exists (select 1 from member_tombstones b where b.org_id = $2 and b.email = $7)),
	m as (insert into members (id, org_id, account_id, role, status, source, email, user_name, user_name_key, external_id, work_email, display_name, given_name,
			family_name, scim_managed, attributes, deactivated_by, deactivated_at, version, created_at, updated_at)
		select $10, $2, $8, 'member', $11, 'scim', $7, $12, $6, $13, $14, $9, $15, $16, true, $17, $18, cast($19 as timestamptz), 1, $4, $4 from ok returning 1),
	a as (insert into accounts (id, email, name, created_at, updated_at) select $8, $7, $9, $4, $4 from m),
	n as (insert into member_counts (org_id, n) select $2, 1 from m),
	e as (insert into audit_events ` + auditColumns + `
		select $20, $2, $4, 'member.added', 'scim', $1, ok.name, $21, 'member', $10, $22, '', $23 from ok, m)
	select ok.name, ok.last_used_at from ok, m`

// hotCreateMember is createFromDirectory in one statement; errUncommon for everybody else's case.
func (db *DB) hotCreateMember(ctx context.Context, c *SCIMCall, r *scim.Resource, d directoryData) (*SCIMMember, error) {
	if d.email == nil || !isAddress(*d.email) {
		return nil, errUncommon
	}
	now := db.Now()
	account := newID("acc_", now)
	m := newFromDirectory(r, d, now)
	m.AccountID = &account
	target, after := m.target(), m.addedFacts().json()
	err := db.writeOne(ctx, c, now, nil, hotStatement{sql: hotCreate, args: []any{
		DomainOf(*d.email), d.userNameKey, *d.email, account, d.displayName, m.ID, string(m.Status), d.userName, d.externalID, d.workEmail, d.givenName,
		d.familyName, d.attributes, (*string)(m.DeactivatedBy), m.DeactivatedAt, newID("evt_", now), c.Client.IP, target.Label, after,
	}})
	if err != nil {
		return nil, err
	}
	m.OrgID = c.Token.OrgID
	c.changed("member.added", target, "", after)
	db.recent.remember(c.id, m)
	return &SCIMMember{Member: *m}, nil
}

// hotData is which data a change has: most have names and nothing else that is in a column of its own.
type hotData int

const (
	noData hotData = iota
	onlyNames
	allData
)

// hotStatus is what a change makes of a person.
type hotStatus int

const (
	sameStatus hotStatus = iota
	reactivated
	deactivated
)

// hotChanges are the statements of every kind of change, by data and status; the last one answers the groups and how many sessions ended.
// A change is common if the member is still at the version that was read, and one that deactivates also if mass deactivations are not held.
var hotChanges = func() (all [3][3][]string) {
	for _, data := range []hotData{noData, onlyNames, allData} {
		for _, status := range []hotStatus{sameStatus, reactivated} {
			events, n := hotEvents(data, status)
			all[data][status] = []string{"with m as (" + hotUpdate(data, status, n) + " returning t.name, t.last_used_at)" + events}
		}
		events, _ := hotEvents(data, deactivated)
		all[data][deactivated] = []string{
			hotUpdate(data, deactivated, 7) + " and not exists (select 1 from organizations where id = $2 and hold_deactivations)",
			hotMeanwhile + events,
		}
	}
	return all
}()

// hotUpdate changes the member $5 at version $6. The data begin with parameter n.
func hotUpdate(data hotData, status hotStatus, n int) string {
	sql := "update members m set version = m.version + 1, updated_at = $4"
	for _, column := range dataColumns[data] {
		sql += ", " + column + " = $" + strconv.Itoa(n)
		n++
	}
	switch status {
	case reactivated:
		sql += ", status = 'active', deactivated_by = null, deactivated_at = null"
	case deactivated:
		sql += ", status = 'inactive', deactivated_by = 'scim', deactivated_at = $4"
	}
	return sql + " from scim_tokens t where " + hotToken + " and m.org_id = $2 and m.id = $5 and m.version = $6"
}

// dataColumns are in the order of directoryData.hot.
var dataColumns = [3][]string{
	onlyNames: {"display_name", "given_name", "family_name", "attributes"},
	allData:   {"display_name", "given_name", "family_name", "attributes", "user_name", "external_id", "work_email"},
}

func (d *directoryData) hot(data hotData) []any {
	all := []any{d.displayName, d.givenName, d.familyName, d.attributes, d.userName, d.externalID, d.workEmail}
	return all[:len(dataColumns[data])]
}

// hotMeanwhile follows the update of somebody who is deactivated, which has waited for whoever was changing them or starting a session. It
// sees the sessions that were started meanwhile, and finds the member only if the update of this transaction has changed them.
const hotMeanwhile = `with m as (select t.name, t.last_used_at from members m, scim_tokens t where ` + hotToken + ` and m.org_id = $2 and m.id = $5
		and m.version = cast($6 as bigint) + 1 and m.xmin = cast(pg_current_xact_id_if_assigned() as xid)),
	s as (delete from sessions where member_id = $5 and exists (select 1 from m) returning 1),
	l as (delete from links where member_id = $5 and exists (select 1 from m)),
	v as (insert into directory_deactivations (id, org_id, member_id, label, kind, at) select 'dep_' || substr($9, 5), $2, $5, $8, 'deactivated', $4 from m)`

// hotEvents goes on behind the CTE m of a change with its audit events: $7 is the client's address and $8 the label; then comes the id of
// the event about the status, if that changes, and id, before and after of the one about the data, if they do. n is the parameter behind.
func hotEvents(data hotData, status hotStatus) (sql string, n int) {
	n = 9
	parameter := func() string { n++; return "$" + strconv.Itoa(n-1) }
	event := func(name, id, action, before, after string) {
		sql += ", " + name + " as (insert into audit_events " + auditColumns + " select " + id + ", $2, $4, '" + action + "', 'scim', $1, m.name, $7, 'member', $5, $8, " +
			before + ", " + after + " from m)"
	}
	ended := "cast(0 as bigint)"
	switch status {
	case reactivated:
		event("e", parameter(), "member.reactivated", "'"+wasInactive+"'", "'"+wasActive+"'")
	case deactivated:
		ended = "(select count(*) from s)"
		event("e", parameter(), "member.deactivated", "'"+wasActive+"'", `'{"by":"scim","sessions_ended":' || `+ended+` || ',"status":"inactive"}'`)
	}
	if data != noData {
		event("c", parameter(), "member.changed", parameter(), parameter())
	}
	return sql + " select m.name, m.last_used_at, " + hotGroupsOf + "$5), " + ended + " from m", n
}

// wasActive and wasInactive are the facts of a status.
const (
	wasActive   = `{"status":"active"}`
	wasInactive = `{"status":"inactive"}`
)

// hotAttempts bounds how often a change is read again because somebody was faster.
const hotAttempts = 3

// hotChangeMember is changeFromDirectory in one versioned statement, or two in one round trip, and a read before it unless the directory has
// just read or written the person; errUncommon for adoption, other addresses and names to sign in by, owners who leave, and people without
// an account who come back.
func (db *DB) hotChangeMember(ctx context.Context, c *SCIMCall, id string, change func(*scim.Resource) (*scim.Resource, error)) (*SCIMMember, error) {
	if c.IfMatch != "" {
		return nil, errUncommon
	}
	for range hotAttempts {
		m, after, guessed := db.guess(c, id, change)
		if !guessed {
			read, err := db.SCIMMember(ctx, c, id, true)
			if err != nil {
				return nil, err
			}
			before, err := read.resource()
			if err != nil {
				return nil, err
			}
			if after, err = change(before); err != nil {
				return nil, err
			}
			copied := *read // the one that was read is remembered
			m = &copied
		}
		done, err := db.hotApply(ctx, c, m, after)
		switch {
		case done || err != nil && !errors.Is(err, errFaster):
			return m, err
		case err == nil && !guessed:
			return m, nil // nothing changes
		}
		db.recent.forget(id)
	}
	return nil, errUncommon
}

// errFaster is a change of somebody who is not any more as they were read.
var errFaster = errors.New("somebody else was faster")

// hotApply makes a member what the directory says, and tells whether that was a change.
func (db *DB) hotApply(ctx context.Context, c *SCIMCall, m *SCIMMember, after *scim.Resource) (bool, error) {
	d := directoryDataOf(after)
	diff := diffData(&m.Member, d)
	if diff.adopted || diff.moved || m.LeavingAt != nil || m.Status == Invited || d.userNameKey != m.UserNameKey {
		return false, errUncommon
	}
	now := db.Now()
	data, status := diff.hot(), sameStatus
	switch active, sent := after.Active(); {
	case sent && !active && m.Status != Inactive:
		if m.Role == Owner {
			return false, errUncommon
		}
		status = deactivated
	case sent && !active && *m.DeactivatedBy != BySCIM:
		return false, errUncommon
	case sent && active && m.Status == Inactive && *m.DeactivatedBy == BySCIM:
		if m.AccountID == nil {
			return false, errUncommon
		}
		status = reactivated
	case data == noData:
		return false, nil
	}
	m.UserName, m.ExternalID, m.WorkEmail = d.userName, d.externalID, d.workEmail
	m.DisplayName, m.GivenName, m.FamilyName, m.Attributes = d.displayName, d.givenName, d.familyName, &d.attributes
	switch status {
	case deactivated:
		by := BySCIM
		m.Status, m.DeactivatedBy, m.DeactivatedAt = Inactive, &by, &now
	case reactivated:
		m.Status, m.DeactivatedBy, m.DeactivatedAt = Active, nil, nil
	}
	ids := [2]string{newID("evt_", now), newID("evt_", now)}
	slices.Sort(ids[:]) // the log is read by id
	target := m.target()
	args := []any{m.ID, m.Version, c.Client.IP, target.Label}
	if status != sameStatus {
		args = append(args, ids[1])
	}
	var oldData, newData string
	if data != noData {
		diff.describe()
		oldData, newData = diff.before.json(), diff.after.json()
		args = append(args, ids[0], oldData, newData)
	}
	sqls := hotChanges[data][status]
	var statements []hotStatement
	if status == deactivated {
		statements = []hotStatement{{sql: sqls[0], args: append([]any{m.ID, m.Version}, d.hot(data)...)}, {sql: sqls[1], args: args}}
	} else {
		statements = []hotStatement{{sql: sqls[0], args: append(args, d.hot(data)...)}}
	}
	var groups []string
	ended := 0
	err := db.writeOne(ctx, c, now, func(row *hotRow) { groups, ended = row.texts(), int(row.int()) }, statements...)
	if errors.Is(err, errUncommon) {
		return false, errFaster
	}
	if err != nil {
		return false, err
	}
	m.Version, m.UpdatedAt, m.Groups = m.Version+1, now, related(groups, byName)
	db.recent.remember(c.id, &m.Member)
	if data != noData {
		c.changed("member.changed", target, oldData, newData)
	}
	switch status {
	case deactivated:
		c.changed("member.deactivated", target, wasActive, `{"by":"scim","sessions_ended":`+strconv.Itoa(ended)+`,"status":"inactive"}`)
	case reactivated:
		c.changed("member.reactivated", target, wasInactive, wasActive)
	}
	return true, nil
}

// hot is which data differ.
func (c *dataChange) hot() hotData {
	data := noData
	for column := range c.columns {
		if !slices.Contains(dataColumns[onlyNames], column) {
			return allData
		}
		data = onlyNames
	}
	return data
}

// hotLockMember waits for whoever is changing the member or starting a session, so that the next statement sees what they did.
const hotLockMember = `select 1 from members where org_id = $1 and id = $2 for update`

// hotDelete is common if the person is no owner, nobody waits for their address, and mass deactivations are not held.
const hotDelete = `with d as (delete from members m using scim_tokens t where ` + hotToken + ` and m.org_id = $2 and m.id = $5 and m.role <> 'owner'
		and not exists (select 1 from members h where h.org_id = $2 and h.email = m.email and h.held_reason = 'address_taken')
		and not exists (select 1 from organizations where id = $2 and hold_deactivations)
		returning m.role, m.status, m.email, m.user_name, m.user_name_key, m.external_id, m.work_email, m.display_name, m.given_name, m.family_name, m.scim_managed,
			m.attributes, t.name, t.last_used_at, ` + hotLabel + ` as label, (select count(*) from sessions where member_id = $5) as ended),
	n as (insert into member_counts (org_id, n) select $2, -1 from d),
	v as (insert into directory_deactivations (id, org_id, member_id, label, kind, at, data)
		select 'dep_' || substr($6, 5), $2, $5, label, 'deleted', $4, json_build_object('role', role, 'email', email, 'user_name', user_name,
			'user_name_key', user_name_key, 'external_id', external_id, 'work_email', work_email, 'display_name', display_name, 'given_name', given_name,
			'family_name', family_name, 'scim_managed', scim_managed, 'attributes', attributes,
			'teams', array(select team_id from team_members where member_id = $5 order by team_id)) from d),
	b as (insert into member_tombstones (org_id, member_id, user_name_key, email, deleted_at) select $2, $5, user_name_key, email, $4 from d),
	e as (insert into audit_events ` + auditColumns + `
		select $6, $2, $4, 'member.deleted', 'scim', $1, name, $7, 'member', $5, label,
			'{"email":' || to_json(coalesce(email, '')) || ',"role":"' || role || '","status":"' || status || '","user_name":' || to_json(user_name) || '}',
			'{"sessions_ended":' || ended || '}' from d)
	select name, last_used_at, label, ended from d`

// hotDeleteMember is DeleteSCIMMember in one round trip; errUncommon for owners, people for whose address somebody waits, and where mass
// deactivations are held.
func (db *DB) hotDeleteMember(ctx context.Context, c *SCIMCall, id string) error {
	if c.IfMatch != "" {
		return errUncommon
	}
	now := db.Now()
	label, ended := "", 0
	err := db.writeOne(ctx, c, now, func(row *hotRow) { label, ended = row.string(), int(row.int()) },
		hotStatement{sql: hotLockMember, args: []any{id}, lock: true}, hotStatement{sql: hotDelete, args: []any{id, newID("evt_", now), c.Client.IP}})
	if err != nil {
		return err
	}
	db.recent.forget(id)
	c.changed("member.deleted", Target{"member", id, label}, "", `{"sessions_ended":`+strconv.Itoa(ended)+"}")
	return nil
}
