package models

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// The usual sign-in is one about which nothing is to be decided: every identifier it carries is on record for one active member with a
// proven account, was so before, and no safety window waits for it. It is read in one query and written without another look. On
// PostgreSQL the writes are one statement that checks everything again under locks. Whatever is not usual is left to completion.run,
// which knows every rule.

// usualLogin is what is on record about the person of a usual sign-in, and about where they sign in.
type usualLogin struct {
	Member       Member       `gorm:"embedded;embeddedPrefix:m_"`
	Organization Organization `gorm:"embedded;embeddedPrefix:o_"`
	IdentityID   string
	identities   []string
	// CertificateUsedAt is when the certificate last signed.
	CertificateUsedAt *time.Time
}

// usualSQL has one row for each identifier that is on record for somebody who may sign in. Its last condition is keysSQL's.
var usualSQL = `select i.id as identity_id, k.last_used_at as certificate_used_at, ` + columns("o", "o_", "id,name,session_idle_minutes,session_absolute_minutes") +
	`, ` + columns("m", "m_", "id,org_id,account_id,role,status,email,user_name,display_name,given_name,family_name,version") + `
	from identities i
	join members m on m.org_id = i.org_id and m.id = i.member_id and m.status = 'active' and m.held_reason is null
		and (m.scim_managed or m.display_name <> '' or m.given_name <> '' or m.family_name <> '')
	join accounts a on a.id = m.account_id and a.proven_by is not null
	join organizations o on o.id = i.org_id
	join sso_connections c on c.org_id = i.org_id and c.enabled and c.version = ? and c.issuer = i.issuer and c.required_until is null
	join sso_certificates k on k.org_id = i.org_id and k.sha256 = ?
	join domains d on d.org_id = i.org_id and d.domain = ? and d.status <> 'waiting'
	where `

// keysSQL finds the identities of an organization that a sign-in carries.
func (i *LoginIdentity) keysSQL(orgID string) (sql string, args []any) {
	or := make([]string, len(i.Keys))
	args = []any{orgID, i.Issuer}
	for n, k := range i.Keys {
		or[n] = "(i.kind = ? and i.format = ? and i.value = ?)"
		args = append(args, k.Kind, k.Format, k.Value)
	}
	return "i.org_id = ? and i.issuer = ? and (" + strings.Join(or, " or ") + ")", args
}

// usual reads what a usual sign-in needs; nil if this one is not.
func (l *completion) usual(g *gorm.DB, orgID string) (*usualLogin, error) {
	if len(l.identity.Keys) == 0 {
		return nil, errors.New("models: a sign-in without keys")
	}
	where, args := l.identity.keysSQL(orgID)
	args = append([]any{l.pending.ConnectionVersion, l.identity.CertificateSHA256, DomainOf(l.identity.Email)}, args...)
	var rows []usualLogin
	if err := g.Raw(usualSQL+where, args...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	// An identifier that is new, or on record for somebody else, is for the rules to judge.
	if len(rows) != len(l.identity.Keys) {
		return nil, nil
	}
	u := rows[0]
	for _, row := range rows {
		if row.Member.ID != u.Member.ID {
			return nil, nil
		}
		u.identities = append(u.identities, row.IdentityID)
	}
	return &u, nil
}

// openUsual writes a usual sign-in in the transaction that has read it.
func (l *completion) openUsual(u *usualLogin) (*LoginDone, error) {
	if err := l.rememberAssertion(); err != nil {
		return nil, err
	}
	if err := l.certificateUsed(u.CertificateUsedAt); err != nil {
		return nil, err
	}
	if err := l.tx.Model(&Identity{}).Where("org_id = ? and id in ?", l.tx.org, u.identities).UpdateColumn("last_seen_at", l.tx.now).Error; err != nil {
		return nil, err
	}
	l.org = &u.Organization
	return l.open(&u.Member, false)
}

// usualLocks takes the member before usualWrite looks: what somebody was about to change about them has then been changed.
const usualLocks = `select 1 from members where org_id = $1 and id = $2 for no key update`

// usualWrite writes a usual sign-in if nothing has changed since it was read, and returns whether it has. Every write depends on the
// insertion of the assertion, so that one which was used before changes nothing.
const usualWrite = `with ok as (
		select p.id from pending_logins p
		join sso_connections c on c.org_id = p.org_id and c.enabled and c.version = $4 and c.issuer = $5
		join members m on m.org_id = p.org_id and m.id = $2 and m.version = $6 and m.status = 'active' and m.held_reason is null and m.account_id = $7
		where p.org_id = $1 and p.id = $3 and p.consumed_at is null
		and exists (select 1 from sso_certificates k where k.org_id = p.org_id and k.sha256 = $8)
		and exists (select 1 from domains d where d.org_id = p.org_id and d.domain = $9 and d.status <> 'waiting')
		and (select count(*) from identities i where i.org_id = p.org_id and i.member_id = $2 and i.id = any($10)) = cardinality($10)
		for no key update of p for share of c),
	a as (insert into used_assertions (org_id, assertion_id, used_at, expires_at)
		select $1, $11, cast($12 as timestamptz), cast($13 as timestamptz) from ok on conflict do nothing returning 1),
	p as (update pending_logins set consumed_at = $12, outcome = null, evidence = null where id = $3 and exists (select 1 from a)),
	i as (update identities set last_seen_at = $12 where id = any($10) and exists (select 1 from a)),
	k as (update sso_certificates set last_used_at = $12 where org_id = $1 and sha256 = $8 and (last_used_at is null or last_used_at < $14) and exists (select 1 from a)),
	m as (update members set last_active_at = $12 where org_id = $1 and id = $2 and exists (select 1 from a)),
	s as (insert into sessions (id, secret_hash, account_id, org_id, member_id, method, issuer, name_id, session_index, created_at, last_seen_at, idle_expires_at, expires_at, ip, user_agent)
		select $15, $16, $7, $1, $2, 'sso', $5, $17, $18, cast($12 as timestamptz), cast($12 as timestamptz), cast($19 as timestamptz), cast($20 as timestamptz), $21, $22 from a),
	e as (insert into audit_events ` + auditColumns + `
		select $23, $1, cast($12 as timestamptz), $24, $25, $26, $27, $28, $29, $30, $31, $32, $33 from a),
	v as (insert into activity (id, org_id, at, kind, ok, reference, reason, sentence, who, member_id, detail, ip, user_agent)
		select $34, $1, cast($12 as timestamptz), $35, true, $36, $37, $38, $39, $2, $40, $21, $22 from a)
	select count(*) from a`

// hotCompleteLogin is CompleteLogin for a usual sign-in on PostgreSQL, in three round trips. errUncommon if it is not usual, or is refused.
func (db *DB) hotCompleteLogin(ctx context.Context, client Client, orgID, code, browser string) (*LoginDone, error) {
	tx := &Tx{DB: db.read(ctx), db: db, org: orgID, now: db.Now()}
	l := completion{tx: tx, client: client}
	err := tx.Org().Where("code_hash = ?", hashSecret(code)).Take(&l.pending).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound) || isNoText(err):
		return nil, errUncommon
	case err != nil:
		return nil, err
	}
	if l.pending.Evidence != nil || l.judgeRequest(browser, LoginToSignIn) != nil {
		return nil, errUncommon
	}
	u, err := l.usual(tx.DB, orgID)
	if err != nil || u == nil {
		return nil, errors.Join(err, errUncommon)
	}
	return l.writeUsual(ctx, u)
}

func (l *completion) writeUsual(ctx context.Context, u *usualLogin) (*LoginDone, error) {
	tx, m := l.tx, &u.Member
	l.org, tx.actor = &u.Organization, l.person(m)
	s, secret := tx.newSession(m, l.org, l.session())
	a, err := tx.newActivity(l.signedIn(m, false))
	if err != nil {
		return nil, err
	}
	e := &tx.audit[0]
	batch := &pgx.Batch{}
	batch.Queue(usualLocks, tx.org, m.ID)
	batch.Queue(usualWrite, tx.org, m.ID, l.pending.ID, l.pending.ConnectionVersion, l.identity.Issuer, m.Version, *m.AccountID, l.identity.CertificateSHA256, // $8
		DomainOf(l.identity.Email), u.identities, l.identity.AssertionID, tx.now, l.assertionUntil(), tx.now.Add(-certificateUseEvery), // $14
		s.ID, s.SecretHash, s.NameID, s.SessionIndex, s.IdleExpiresAt, s.ExpiresAt, s.IP, s.UserAgent, // $22
		e.ID, e.Action, e.ActorKind, e.ActorID, e.ActorLabel, e.ActorIP, e.TargetKind, e.TargetID, e.TargetLabel, e.Before, e.After, // $33
		a.ID, a.Kind, a.Reference, a.Reason, a.Sentence, a.Who, a.Detail)
	results := tx.db.pool.SendBatch(ctx, batch)
	written := 0
	if _, err = results.Exec(); err == nil {
		err = results.QueryRow().Scan(&written)
	}
	if closed := results.Close(); err == nil {
		err = closed // the commit
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && (isOrphan(err) || isTransient(err)), err == nil && written == 0:
		return nil, errUncommon
	case err != nil:
		return nil, translate(err)
	}
	return &LoginDone{Token: s.ID + "." + secret, ReturnTo: l.pending.ReturnTo, MemberID: m.ID}, nil
}
