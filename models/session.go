package models

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Client is where a request came from.
type Client struct{ IP, UserAgent string }

// The ways a session can begin.
const (
	MethodPassword = "password"
	MethodSSO      = "sso"
)

// Session is one signed-in browser. An SSO session opens only the organization it was earned for.
type Session struct {
	ID         string `gorm:"primaryKey"`
	SecretHash string
	AccountID  string
	OrgID      string
	MemberID   string
	Method     string
	// Recovery marks a password sign-in under Require SSO.
	Recovery                                        bool
	Issuer, NameID, SessionIndex                    string
	CreatedAt, LastSeenAt, IdleExpiresAt, ExpiresAt time.Time
	// SteppedUpAt is when the password was last entered in this session.
	SteppedUpAt *time.Time
	IP          string
	UserAgent   string
}

const (
	// StepUpLife is how long an entered password counts for changes that ask for it again.
	StepUpLife = 10 * time.Minute
	// seenEvery bounds how often a session's activity is written.
	seenEvery = time.Minute
)

// SignedIn is everything a request of a signed-in person needs to know.
type SignedIn struct {
	Session      Session
	Account      Account
	Member       Member
	Organization Organization
	// Role is the member's own or, where higher, the one a team of theirs carries.
	Role Role
}

// Actor is the person as the actor of a change.
func (s *SignedIn) Actor(ip string) Actor {
	return Actor{Kind: Person, ID: s.Member.ID, Label: s.Member.Label(), IP: ip}
}

// CanManage tells whether the person may change the organization's settings.
func (s *SignedIn) CanManage() bool { return s.Role == Owner || s.Role == Admin }

// SteppedUp tells whether the password was entered lately enough for a change that asks for it.
func (s *SignedIn) SteppedUp(now time.Time) bool {
	return s.Session.SteppedUpAt != nil && now.Sub(*s.Session.SteppedUpAt) < StepUpLife
}

type newSession struct {
	method                       string
	client                       Client
	steppedUp, recovery          bool
	issuer, nameID, sessionIndex string
	endsBy                       time.Time // set by the identity provider; zero if it sets no end
}

// limits are when a session begun at that time ends, if nothing happens in it after now, and at the latest.
func (o *Organization) limits(now, begun time.Time) (idle, ends time.Time) {
	return now.Add(time.Duration(o.SessionIdleMinutes) * time.Minute), begun.Add(time.Duration(o.SessionAbsoluteMinutes) * time.Minute)
}

// startSession makes a session row and returns its token, "id.secret". Every sign-in makes a new one: tokens are never carried over.
func (tx *Tx) startSession(m *Member, o *Organization, n newSession) (string, error) {
	secret := newSecret()
	s := Session{
		ID: newID("ses_", tx.now), SecretHash: hashSecret(secret), AccountID: *m.AccountID, OrgID: m.OrgID, MemberID: m.ID,
		Method: n.method, Recovery: n.recovery, Issuer: n.issuer, NameID: n.nameID, SessionIndex: n.sessionIndex,
		CreatedAt: tx.now, LastSeenAt: tx.now, IP: n.client.IP, UserAgent: truncate(n.client.UserAgent, 400),
	}
	s.IdleExpiresAt, s.ExpiresAt = o.limits(tx.now, tx.now)
	if n.steppedUp {
		s.SteppedUpAt = &tx.now
	}
	if ends := n.endsBy.UTC().Truncate(time.Microsecond); !n.endsBy.IsZero() && ends.Before(s.ExpiresAt) {
		s.ExpiresAt = ends
	}
	if err := tx.Create(&s).Error; err != nil {
		return "", err
	}
	if err := tx.Model(&Member{}).Where("id = ?", m.ID).UpdateColumn("last_active_at", tx.now).Error; err != nil {
		return "", err
	}
	tx.record("session.started", m.target(), nil, sessionFacts(n.method, n.recovery))
	return s.ID + "." + secret, nil
}

func sessionFacts(method string, recovery bool) Facts {
	return Facts{"signed_in_by": method, "recovery": recovery}
}

// SessionByToken is who is signed in with a token: the session is neither idle nor too old, the member is active now, and it did not begin
// with a password where single sign-on is required of the member by now. Unauthenticated otherwise. Everything is read in one statement, so that a deactivation holds for the next request on every instance.
func (db *DB) SessionByToken(ctx context.Context, token string) (*SignedIn, error) {
	nobody := &Error{Kind: Unauthenticated, Message: "You are not signed in. Sign in and try again."}
	id, secret, ok := strings.Cut(token, ".")
	if !ok || len(token) > 200 {
		return nil, nobody
	}
	var row struct {
		Session      Session      `gorm:"embedded;embeddedPrefix:s_"`
		Account      Account      `gorm:"embedded;embeddedPrefix:a_"`
		Member       Member       `gorm:"embedded;embeddedPrefix:m_"`
		Organization Organization `gorm:"embedded;embeddedPrefix:o_"`
		TeamAdmin    bool
	}
	now := db.Now()
	r := db.read(ctx).Raw(sessionSQL, id, now, now, now).Scan(&row)
	if r.Error != nil && !isNoText(r.Error) {
		return nil, r.Error
	}
	if r.RowsAffected == 0 || !sameHash(row.Session.SecretHash, hashSecret(secret)) {
		return nil, nobody
	}
	s := &SignedIn{Session: row.Session, Account: row.Account, Member: row.Member, Organization: row.Organization, Role: row.Member.Role}
	if row.TeamAdmin && s.Role == RoleMember {
		s.Role = Admin
	}
	if now.Sub(s.Session.LastSeenAt) >= seenEvery {
		if err := db.seen(ctx, s, now); err != nil {
			return nil, err
		}
	}
	return s, nil
}

var sessionSQL = `select ` + columns("s", "s_", "id,secret_hash,account_id,org_id,member_id,method,recovery,issuer,name_id,session_index,created_at,last_seen_at,idle_expires_at,expires_at,stepped_up_at,ip,user_agent") +
	`, ` + columns("a", "a_", "id,email,name,password_hash,proven_by,proven_at,created_at,updated_at") +
	`, ` + columns("m", "m_", "id,org_id,account_id,role,status,source,email,user_name,user_name_key,external_id,display_name,given_name,family_name,scim_managed,version,created_at,updated_at,last_active_at") +
	`, ` + columns("o", "o_", "id,name,session_idle_minutes,session_absolute_minutes,created_at") + `,
	exists (select 1 from team_members tm join teams t on t.id = tm.team_id where tm.member_id = m.id and t.role = 'admin') as team_admin
	from sessions s
	join members m on m.id = s.member_id and m.org_id = s.org_id and m.account_id = s.account_id and m.status = 'active'
	join accounts a on a.id = s.account_id
	join organizations o on o.id = s.org_id
	where s.id = ? and s.idle_expires_at > ? and s.expires_at > ?
	and (s.method <> 'password' or m.role <> 'member' or not exists (select 1 from sso_connections c where c.org_id = s.org_id and ` + requiredSQL + `))`

// columns is a select list of a table's columns under a prefix.
func columns(table, prefix, names string) string {
	list := strings.Split(names, ",")
	for i, n := range list {
		list[i] = table + "." + n + " as " + prefix + n
	}
	return strings.Join(list, ", ")
}

// seen notes activity, which puts the idle limit off.
func (db *DB) seen(ctx context.Context, s *SignedIn, now time.Time) error {
	s.Session.LastSeenAt, s.Session.IdleExpiresAt = now, now.Add(time.Duration(s.Organization.SessionIdleMinutes)*time.Minute)
	return db.touch(ctx, func(tx *Tx) error {
		err := tx.Model(&Session{}).Where("id = ?", s.Session.ID).
			UpdateColumns(map[string]any{"last_seen_at": s.Session.LastSeenAt, "idle_expires_at": s.Session.IdleExpiresAt}).Error
		if err != nil {
			return err
		}
		return tx.Model(&Member{}).Where("id = ?", s.Member.ID).UpdateColumn("last_active_at", now).Error
	})
}

// SignOut ends the session of a token. A token of no session is no error: the person is signed out.
func (db *DB) SignOut(ctx context.Context, client Client, token string) error {
	s, err := db.SessionByToken(ctx, token)
	if IsKind(err, Unauthenticated) {
		return nil
	}
	if err != nil {
		return err
	}
	err = db.EndSession(ctx, s.Actor(client.IP), s.Organization.ID, s.Member.ID, s.Session.ID)
	if IsKind(err, NotFound) {
		return nil // it ended meanwhile
	}
	return err
}

// Sessions are a member's sessions, the latest first.
func (db *DB) Sessions(ctx context.Context, orgID, memberID string) ([]Session, error) {
	var list []Session
	now := db.Now()
	err := db.read(ctx).Where("org_id = ? and member_id = ? and idle_expires_at > ? and expires_at > ?", orgID, memberID, now, now).
		Order("last_seen_at desc, id desc").Limit(200).Find(&list).Error
	return list, translate(err)
}

// EndSession ends one session of a member. NotFound if it is not that member's in that organization.
func (db *DB) EndSession(ctx context.Context, actor Actor, orgID, memberID, sessionID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		r := tx.Org().Where("member_id = ? and id = ?", memberID, sessionID).Delete(&Session{})
		if r.Error != nil {
			return found(r.Error, "session")
		}
		if r.RowsAffected == 0 {
			return notFound("session")
		}
		tx.record("session.ended", m.target(), Facts{"session": sessionID}, nil)
		return nil
	})
}

// EndSessions ends all sessions of a member but the one named (empty for all) and returns how many there were.
func (db *DB) EndSessions(ctx context.Context, actor Actor, orgID, memberID, except string) (int, error) {
	ended := 0
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		r := tx.Org().Where("member_id = ? and id <> ?", memberID, except).Delete(&Session{})
		if r.Error != nil {
			return r.Error
		}
		if ended = int(r.RowsAffected); ended == 0 {
			return errNoChange
		}
		tx.record("session.ended", m.target(), Facts{"sessions": ended}, nil)
		return nil
	})
	return ended, err
}

// endSessions ends all sessions of a member inside another operation, which audits it.
func (tx *Tx) endSessions(memberID string) (int, error) {
	r := tx.Where("member_id = ?", memberID).Delete(&Session{})
	return int(r.RowsAffected), r.Error
}

// StepUp notes that the person entered their password again; the session gets a new secret (ASVS 7.2.4) and its token is returned.
// Forbidden in an SSO session of somebody without a password.
func (db *DB) StepUp(ctx context.Context, s *SignedIn, client Client, password string) (string, error) {
	if !s.Account.HasPassword() {
		return "", forbidden("This change asks for your password, and you have none. Get one by “Forgotten password” on the sign-in page: the link goes to %s.", s.Account.Email)
	}
	if err := db.checkPassword(ctx, &s.Account, s.Account.Email, password, client.IP); err != nil {
		var e *Error
		if errors.As(err, &e) && e.Kind == Unauthenticated {
			return "", invalid("password", "This is not your password. Check for caps lock.")
		}
		return "", err
	}
	secret := newSecret()
	err := db.write(ctx, s.Actor(client.IP), s.Organization.ID, func(tx *Tx) error {
		r := tx.Model(&Session{}).Where("id = ?", s.Session.ID).UpdateColumns(map[string]any{"stepped_up_at": tx.now, "secret_hash": hashSecret(secret)})
		if r.Error != nil {
			return r.Error
		}
		if r.RowsAffected == 0 {
			return &Error{Kind: Unauthenticated, Message: "Your session ended meanwhile. Sign in again."}
		}
		s.Session.SteppedUpAt = &tx.now
		tx.record("session.stepped_up", s.Member.target(), nil, nil)
		return nil
	})
	return s.Session.ID + "." + secret, err
}

// SwitchableOrganizations are the organizations a session may go to: for a password session all in which the account is an active member
// and may use its password; for an SSO session only its own.
func (db *DB) SwitchableOrganizations(ctx context.Context, s *SignedIn) ([]Organization, error) {
	if s.Session.Method != MethodPassword {
		return []Organization{s.Organization}, nil
	}
	doors, err := db.passwordDoors(ctx, s.Account.ID)
	if err != nil {
		return nil, err
	}
	list := []Organization{}
	for _, d := range doors {
		if d.Organization.ID == s.Organization.ID || d.open {
			list = append(list, d.Organization)
		}
	}
	return list, nil
}

// SwitchOrganization puts a password session into another organization of the account. Forbidden if that one does not let it in.
func (db *DB) SwitchOrganization(ctx context.Context, s *SignedIn, client Client, orgID string) error {
	if s.Session.Method != MethodPassword {
		return forbidden("You are signed in with single sign-on, which opens only %s. Sign in again for the other organization.", s.Organization.Name)
	}
	doors, err := db.passwordDoors(ctx, s.Account.ID)
	if err != nil {
		return err
	}
	for _, d := range doors {
		if d.Organization.ID != orgID {
			continue
		}
		if !d.open {
			return forbidden("%s asks for single sign-on. Sign in there with it.", d.Organization.Name)
		}
		return db.write(ctx, Actor{Kind: Person, ID: d.Member.ID, Label: d.Member.Label(), IP: client.IP}, orgID, func(tx *Tx) error {
			// Read again under lock: a deactivation or a switch between the look at the doors and here wins.
			if err := tx.shareOrganization(); err != nil {
				return err
			}
			m, err := tx.member(d.Member.ID)
			if err != nil {
				return err
			}
			open, err := passwordDoorOf(tx, m)
			if err != nil {
				return err
			}
			if !open || m.Status != Active || !same(m.AccountID, &s.Account.ID) {
				return conflict("Your access to %s changed just now. Try again.", d.Organization.Name)
			}
			idle, ends := d.Organization.limits(tx.now, s.Session.CreatedAt)
			if s.Session.ExpiresAt.Before(ends) {
				ends = s.Session.ExpiresAt
			}
			r := tx.Model(&Session{}).Where("id = ? and account_id = ?", s.Session.ID, s.Account.ID).
				UpdateColumns(map[string]any{"org_id": orgID, "member_id": d.Member.ID, "stepped_up_at": nil, "recovery": false, "idle_expires_at": idle, "expires_at": ends})
			if r.Error != nil {
				return r.Error
			}
			if r.RowsAffected == 0 {
				return &Error{Kind: Unauthenticated, Message: "Your session ended meanwhile. Sign in again."}
			}
			tx.record("session.started", d.Member.target(), nil, Facts{"signed_in_by": MethodPassword, "switched_from": s.Organization.ID})
			return nil
		})
	}
	return notFound("organization of yours")
}

// truncate makes text from outside fit for a column: at most n bytes, nothing PostgreSQL refuses. A User-Agent may hold any byte.
func truncate(s string, n int) string {
	if s = storable(s); len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
