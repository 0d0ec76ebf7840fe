package models

import (
	"strings"
	"time"
)

// The usual sign-in is one about which nothing is to be decided: every identifier it carries is on record for one active member with a
// proven account, was so before, and no safety window waits for it. It is read in one query and written without another look; on
// PostgreSQL one statement does both (login_hot.go). Whatever is not usual is left to completion.run, which knows every rule.

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
var usualSQL = `select i.id as identity_id, k.last_used_at as certificate_used_at, ` + columns("o", "o_", "session_idle_minutes,session_absolute_minutes") +
	`, ` + columns("m", "m_", "id,org_id,account_id,email,user_name,display_name,given_name,family_name") + `
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
func (l *completion) usual() (*usualLogin, error) {
	where, args := l.identity.keysSQL(l.tx.org) // ClaimLogin lets none without keys through
	args = append([]any{l.pending.ConnectionVersion, l.identity.CertificateSHA256, DomainOf(l.identity.Email)}, args...)
	var rows []usualLogin
	if err := l.tx.Raw(usualSQL+where, args...).Scan(&rows).Error; err != nil {
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
