package models

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// hotLoginLock takes the member and the connection before hotLogin looks: what somebody was about to change about them, or about a domain,
// has then been changed. (A domain is given up with the connection locked, see endDomainSessions.)
const hotLoginLock = `select 1 from pending_logins p join members m on m.org_id = p.org_id and m.id = p.member_id join sso_connections c on c.org_id = p.org_id
	where p.org_id = $1 and p.code_hash = $2 for no key update of m for share of c`

// hotLogin is CompleteLogin for a usual sign-in (login_usual.go says which are), or changes nothing. It reads the outcome that ClaimLogin
// has kept, o as JSON. ok has a row only if every rule is kept; every write depends on the insertion of the assertion, a, so that an
// assertion that was used before changes nothing.
const hotLogin = `with p as (
		select id, org_id, connection_version, return_to, member_id, cast(outcome as json) as o from pending_logins
		where org_id = $1 and code_hash = $2 and browser_hash = $3 and purpose = 'sign_in' and consumed_at is null and outcome is not null
		and evidence is null and code_expires_at > $4 for no key update),
	ok as (
		select p.id, p.return_to, m.id as member_id, m.account_id, ` + hotLabel + ` as label, c.issuer, p.o,
			cast($4 as timestamptz) + g.session_idle_minutes * interval '1 minute' as idle_expires_at,
			cast($4 as timestamptz) + g.session_absolute_minutes * interval '1 minute' as expires_at,
			cast(p.o ->> 'SessionEnds' as timestamptz) as ends
		from p
		join sso_connections c on c.org_id = p.org_id and c.enabled and c.version = p.connection_version and c.issuer = p.o ->> 'Issuer' and c.required_until is null
		join members m on m.org_id = p.org_id and m.id = p.member_id and m.status = 'active' and m.held_reason is null
			and (m.scim_managed or m.display_name <> '' or m.given_name <> '' or m.family_name <> '')
		join accounts a on a.id = m.account_id and a.proven_by is not null
		join organizations g on g.id = p.org_id
		where exists (select 1 from sso_certificates k where k.org_id = p.org_id and k.sha256 = p.o ->> 'CertificateSHA256')
		and exists (select 1 from domains d where d.org_id = p.org_id and d.domain = p.o ->> 'Domain' and d.status <> 'waiting')
		and (select count(*) from json_to_recordset(p.o -> 'Keys') as k("Kind" text, "Format" text, "Value" text)
			join identities i on i.org_id = p.org_id and i.issuer = c.issuer and i.kind = k."Kind" and i.format = k."Format" and i.value = k."Value" and i.member_id = m.id)
			= json_array_length(p.o -> 'Keys')
		and octet_length(` + hotLabel + `) <= $5
		for share of c),
	a as (insert into used_assertions (org_id, assertion_id, used_at, expires_at)
		select $1, o ->> 'AssertionID', cast($4 as timestamptz), greatest(cast($6 as timestamptz), least(cast($7 as timestamptz), cast(o ->> 'AssertionExpires' as timestamptz)))
		from ok on conflict do nothing returning 1),
	done as (select ok.* from ok, a),
	p2 as (update pending_logins p set consumed_at = $4, outcome = null from done where p.id = done.id),
	i2 as (update identities i set last_seen_at = $4 from done, json_to_recordset(done.o -> 'Keys') as k("Kind" text, "Format" text, "Value" text)
		where i.org_id = $1 and i.issuer = done.issuer and i.kind = k."Kind" and i.format = k."Format" and i.value = k."Value"),
	k2 as (update sso_certificates k set last_used_at = $4 from done
		where k.org_id = $1 and k.sha256 = done.o ->> 'CertificateSHA256' and (k.last_used_at is null or k.last_used_at < $8)),
	m2 as (update members m set last_active_at = $4 from done where m.org_id = $1 and m.id = done.member_id),
	s as (insert into sessions (id, secret_hash, account_id, org_id, member_id, method, issuer, name_id, session_index, created_at, last_seen_at, idle_expires_at, expires_at, ip, user_agent)
		select $9, $10, account_id, $1, member_id, 'sso', issuer, o ->> 'NameID', o ->> 'SessionIndex', cast($4 as timestamptz), cast($4 as timestamptz), idle_expires_at,
			case when ends > '1900-01-01' then least(expires_at, ends) else expires_at end, $11, $12 from done),
	e as (insert into audit_events ` + auditColumns + `
		select $13, $1, cast($4 as timestamptz), $14, 'person', member_id, label, $11, 'member', member_id, label, '', $15 from done),
	v as (insert into activity (id, org_id, at, kind, ok, reference, reason, sentence, who, member_id, detail, ip, user_agent)
		select $16, $1, cast($4 as timestamptz), $17, true, $18, 'sso', label || $19, label, member_id, coalesce(cast(o -> 'Detail' as text), '{}'), $11, $12 from done)
	select return_to, member_id from done`

// hotCompleteLogin is CompleteLogin for a usual sign-in on PostgreSQL, in one round trip. errUncommon if it is not usual, or refused.
func (db *DB) hotCompleteLogin(ctx context.Context, client Client, orgID, code, browser string) (*LoginDone, error) {
	now, secret := db.Now(), newSecret()
	id, codeHash, userAgent := newID("ses_", now), hashSecret(code), truncate(client.UserAgent, 400)
	batch := &pgx.Batch{}
	batch.Queue(hotLoginLock, storable(orgID), codeHash)
	batch.Queue(hotLogin, storable(orgID), codeHash, hashSecret(browser), now, maxLabel, now.Add(assertionMemoryMin), now.Add(assertionMemoryMax), now.Add(-certificateUseEvery), // $8
		id, hashSecret(secret), client.IP, userAgent, newID("evt_", now), "session.started", sessionFacts(MethodSSO, false).json(), // $15
		newID("act_", now), ActivitySignIn, NewReference(), signedInSentence)
	done := &LoginDone{Token: id + "." + secret}
	results := db.pool.SendBatch(ctx, batch)
	_, err := results.Exec()
	if err == nil {
		err = results.QueryRow().Scan(&done.ReturnTo, &done.MemberID)
	}
	if closed := results.Close(); err == nil {
		err = closed // the commit
	}
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows), errors.As(err, &pg) && (isOrphan(err) || isTransient(err)):
		return nil, errUncommon
	case err != nil:
		return nil, translate(err)
	}
	return done, nil
}
