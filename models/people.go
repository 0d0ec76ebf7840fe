package models

import (
	"context"
	"slices"
	"strings"
	"time"
)

// MemberFilter narrows the list of people; empty fields do not.
type MemberFilter struct {
	// ID keeps only the member with that id.
	ID string
	// Text is looked for in names, addresses and userNames.
	Text   string
	Role   Role
	Status Status
	Source Source
	// Held keeps only held members.
	Held bool
	// Managed keeps only members whose profile comes from the directory.
	Managed bool
	// SignIn keeps only those who have used single sign-on ("sso"), who have a password ("password"), or neither ("none").
	SignIn string
	// TeamID keeps only the members of a team.
	TeamID string
	// AfterName and AfterID are the key of the last row of the page before (PersonRow.SortKey, ID).
	AfterName, AfterID string
	// Before turns that around: the key is of the first row of the page after, and the rows that stand before it are wanted.
	Before bool
	Limit  int
}

// PersonRow is a member in a list.
type PersonRow struct {
	Member  `gorm:"embedded"`
	SortKey string
	// Teams is how many teams the person is in.
	Teams int
	// HasPassword and SSOAt say how the person signs in: SSOAt is the last single sign-on.
	HasPassword bool
	SSOAt       *time.Time
	// InvitedUntil is when the link of an invitation ends.
	InvitedUntil *time.Time
	// TeamSince is when the person came into the team the list is of.
	TeamSince *time.Time
}

// MaxPeoplePage is the most people one call returns.
const MaxPeoplePage = 500

// personKey is what people are sorted by: the name, or the address of those without one.
const personKey = "lower(case when m.display_name <> '' then m.display_name else coalesce(m.email, m.user_name) end)"

// People are the members of an organization by name, a page at a time.
func (db *DB) People(ctx context.Context, orgID string, f MemberFilter) ([]PersonRow, error) {
	// "order by … limit 1" and not max(): an aggregate has no type that SQLite could read a time back by.
	sql := []string{`select m.*, ` + personKey + ` as sort_key,
		(select count(*) from team_members tm where tm.member_id = m.id) as teams,
		a.password_hash is not null as has_password,
		(select i.last_seen_at from identities i where i.member_id = m.id order by i.last_seen_at desc limit 1) as sso_at,
		(select l.expires_at from links l where l.member_id = m.id and l.kind = 'invitation' and l.used_at is null order by l.expires_at desc limit 1) as invited_until,
		(select tm.added_at from team_members tm where tm.member_id = m.id and tm.team_id = ?) as team_since`}
	cond, args := f.conditions(orgID)
	sql, args = append(sql, cond...), append([]any{f.TeamID}, args...)
	direction, compare := "asc", ">"
	if f.Before {
		direction, compare = "desc", "<"
	}
	if f.AfterID != "" {
		sql = append(sql, "and ("+personKey+" "+compare+" ? or ("+personKey+" = ? and m.id "+compare+" ?))")
		args = append(args, f.AfterName, f.AfterName, f.AfterID)
	}
	if f.Limit <= 0 || f.Limit > MaxPeoplePage {
		f.Limit = MaxPeoplePage
	}
	sql = append(sql, "order by sort_key "+direction+", m.id "+direction+" limit ?")
	args = append(args, f.Limit)
	var rows []PersonRow
	err := db.read(ctx).Raw(strings.Join(sql, " "), args...).Scan(&rows).Error
	if f.Before {
		slices.Reverse(rows)
	}
	return rows, translate(err)
}

// CountMatching counts the members a filter keeps, on all pages.
func (db *DB) CountMatching(ctx context.Context, orgID string, f MemberFilter) (int, error) {
	cond, args := f.conditions(orgID)
	var n int
	err := db.read(ctx).Raw("select count(*) "+strings.Join(cond, " "), args...).Scan(&n).Error
	return n, translate(err)
}

// conditions are the tables of the list and what the filter asks of their rows, but for the page.
func (f MemberFilter) conditions(orgID string) ([]string, []any) {
	sql := []string{"from members m left join accounts a on a.id = m.account_id where m.org_id = ?"}
	args := []any{orgID}
	and := func(cond string, a ...any) {
		sql = append(sql, "and "+cond)
		args = append(args, a...)
	}
	if f.ID != "" {
		and("m.id = ?", f.ID)
	}
	if f.Managed {
		and("m.scim_managed = ?", true)
	}
	if f.Text != "" {
		like := likeContains(f.Text)
		and("(lower(m.display_name) like ? escape '!' or m.email like ? escape '!' or m.user_name_key like ? escape '!' or lower(m.given_name || ' ' || m.family_name) like ? escape '!')", like, like, like, like)
	}
	if f.Role != "" {
		and("m.role = ?", f.Role)
	}
	if f.Status != "" {
		and("m.status = ?", f.Status)
	}
	if f.Source != "" {
		and("m.source = ?", f.Source)
	}
	if f.Held {
		and("m.held_reason is not null")
	}
	if f.TeamID != "" {
		and("exists (select 1 from team_members tm where tm.member_id = m.id and tm.team_id = ?)", f.TeamID)
	}
	const usedSSO = "exists (select 1 from identities i where i.member_id = m.id)"
	switch f.SignIn {
	case "sso":
		and(usedSSO)
	case "password":
		and("a.password_hash is not null")
	case "none":
		and("a.password_hash is null and not " + usedSSO)
	}
	return sql, args
}

// PeopleCounts are the numbers above the list.
type PeopleCounts struct{ All, Active, Invited, Inactive, Held int }

// CountPeople counts an organization's members by status.
func (db *DB) CountPeople(ctx context.Context, orgID string) (PeopleCounts, error) {
	var rows []struct {
		Status Status
		Held   bool
		N      int
	}
	err := db.read(ctx).Raw(`select status, held_reason is not null as held, count(*) as n from members where org_id = ? group by 1, 2`, orgID).Scan(&rows).Error
	var c PeopleCounts
	for _, r := range rows {
		c.All += r.N
		switch {
		case r.Status == Inactive:
			c.Inactive += r.N
		case r.Held:
			c.Held += r.N
		case r.Status == Invited:
			c.Invited += r.N
		default:
			c.Active += r.N
		}
	}
	return c, err
}

// Managers are the active owners, for "Ask an owner: Ana, Bo".
func (db *DB) Managers(ctx context.Context, orgID string) ([]Member, error) {
	var list []Member
	err := db.read(ctx).Where("org_id = ? and status = 'active' and held_reason is null and role = 'owner'", orgID).Order("display_name, id").Limit(10).Find(&list).Error
	return list, err
}

// MemberByAddress is the member with an address, not held. NotFound if there is none.
func (db *DB) MemberByAddress(ctx context.Context, orgID, email string) (*Member, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return nil, err
	}
	var m Member
	if err := db.read(ctx).Where("org_id = ? and email = ? and held_reason is null", orgID, email).Take(&m).Error; err != nil {
		return nil, found(err, "person")
	}
	return &m, nil
}

// CountSSOPeople counts the active members who have signed in with single sign-on.
func (db *DB) CountSSOPeople(ctx context.Context, orgID string) (int, error) {
	var n int
	err := db.read(ctx).Raw(`select count(*) from members m where m.org_id = ? and m.status = 'active'
		and exists (select 1 from identities i where i.member_id = m.id)`, orgID).Scan(&n).Error
	return n, err
}

// Identity is one key by which an identity provider knows a member.
type Identity struct {
	ID, OrgID, MemberID     string
	Issuer                  string
	Kind                    string // objectid, persistent, nameid, email
	Format, Value           string
	FirstSeenAt, LastSeenAt time.Time
}

// TableName is the table of identities.
func (Identity) TableName() string { return "identities" }

// Identities are the keys a member's sign-ins carried, the strongest first.
func (db *DB) Identities(ctx context.Context, orgID, memberID string) ([]Identity, error) {
	var list []Identity
	err := db.read(ctx).Where("org_id = ? and member_id = ?", orgID, memberID).
		Order("case kind when 'objectid' then 0 when 'persistent' then 1 when 'nameid' then 2 else 3 end, last_seen_at desc").Limit(100).Find(&list).Error
	return list, translate(err)
}

// Readiness is how one member stands towards Require Single Sign-On.
type Readiness struct {
	Member `gorm:"embedded"`
	// UsedSSO tells whether the person signed in by SSO in the last 30 days, Claimed whether the address is on a verified domain.
	UsedSSO, Claimed, HasPassword bool
}

const maxReadinesses = 10000

// Readinesses are the active members with how they stand towards Require Single Sign-On, at most limit.
func (db *DB) Readinesses(ctx context.Context, orgID string, limit int) ([]Readiness, error) {
	since := db.Now().AddDate(0, 0, -30)
	var list []Readiness
	err := db.read(ctx).Raw(`select m.*, a.password_hash is not null as has_password,
		exists (select 1 from identities i where i.member_id = m.id and i.last_seen_at > ?) as used_sso,
		exists (select 1 from domains d where d.org_id = m.org_id and d.status in ('verified', 'lapsing') and d.domain = `+emailDomain+`) as claimed
		from members m join accounts a on a.id = m.account_id
		where m.org_id = ? and m.status = 'active' order by m.display_name, m.id limit ?`, since, orgID, atMost(limit, maxReadinesses)).Scan(&list).Error
	return list, err
}
