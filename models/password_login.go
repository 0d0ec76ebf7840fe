package models

import (
	"context"
	"errors"
)

// door is one organization an account is an active member of, and whether its password opens it.
type door struct {
	Member                     Member       `gorm:"embedded;embeddedPrefix:m_"`
	Organization               Organization `gorm:"embedded;embeddedPrefix:o_"`
	Enabled, Required, Claimed bool
	IDPManaged                 bool `gorm:"column:idp_managed"`
	open                       bool
	recovery                   bool // closed, but this owner or admin may use Recovery sign-in
}

var doorsSQL = `select ` + columns("m", "m_", "id,org_id,account_id,role,status,source,email,user_name,display_name,given_name,family_name,scim_managed,version,last_active_at") +
	`, ` + columns("o", "o_", "id,name,session_idle_minutes,session_absolute_minutes,created_at") + `,
	coalesce(c.enabled, false) as enabled, coalesce(` + requiredSQL + `, false) as required, coalesce(c.idp_managed, false) as idp_managed,
	exists (select 1 from domains d where d.org_id = m.org_id and d.status <> 'waiting' and d.domain = ` + emailDomain + `) as claimed
	from members m join organizations o on o.id = m.org_id left join sso_connections c on c.org_id = m.org_id
	where m.account_id = ? and m.status = 'active'
	order by m.last_active_at is null, m.last_active_at desc, m.id limit 200`

// passwordDoors are the organizations of an account, the one last used first.
func (db *DB) passwordDoors(ctx context.Context, accountID string) ([]door, error) {
	var doors []door
	if err := db.read(ctx).Raw(doorsSQL, db.Now(), accountID).Scan(&doors).Error; err != nil {
		return nil, err
	}
	for i := range doors {
		d := &doors[i]
		d.open = !d.Enabled || !d.Required && (!d.IDPManaged || !d.Claimed)
		d.recovery = !d.open && (d.Member.Role == Owner || d.Member.Role == Admin)
	}
	return doors, nil
}

// PasswordSignIn signs a person in by e-mail and password and returns the session's token. recovery is the quiet link for owners and
// admins under Require SSO; its use is audited and told to the owners. Unauthenticated if the two do not match (whatever the
// reason: nothing tells whether an account exists), Forbidden if they do and single sign-on is asked for.
func (db *DB) PasswordSignIn(ctx context.Context, client Client, email, password string, recovery bool) (string, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return "", err
	}
	a, err := db.accountByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	if err := db.checkPassword(ctx, a, email, password, client.IP); err != nil {
		if IsKind(err, Unauthenticated) {
			if failed := db.recordFailedPassword(ctx, a, client); failed != nil {
				return "", errors.Join(err, failed)
			}
		}
		return "", err
	}
	doors, err := db.passwordDoors(ctx, a.ID)
	if err != nil {
		return "", err
	}
	var through *door
	closed := ""
	for i := range doors {
		d := &doors[i]
		if d.open || recovery && d.recovery {
			through = d
			break
		}
		closed = d.Organization.Name
	}
	switch {
	case through == nil && closed != "" && recovery:
		return "", forbidden("%s asks for single sign-on, and recovery sign-in is for its owners and admins only. Sign in with single sign-on.", closed)
	case through == nil && closed != "":
		return "", forbidden("%s asks for single sign-on. Enter your e-mail on the sign-in page and continue with it.", closed)
	case through == nil:
		return "", forbidden("You are not an active member of any organization here. Ask an admin of your company for an invitation.")
	}
	var token string
	usedRecovery := !through.open
	actor := Actor{Kind: Person, ID: through.Member.ID, Label: through.Member.Label(), IP: client.IP}
	err = db.write(ctx, actor, through.Organization.ID, func(tx *Tx) error {
		// Read again under lock: a deactivation, a new password or a switch between the look at them and here wins, and one that comes
		// later sees this session and ends it.
		if err := tx.shareOrganization(); err != nil {
			return err
		}
		var now Account
		if err := tx.Raw("select * from accounts where id = ?"+tx.forShare(), a.ID).Scan(&now).Error; err != nil {
			return err
		}
		m, err := tx.member(through.Member.ID)
		if err != nil {
			return err
		}
		open, err := passwordDoorOf(tx, m)
		if err != nil {
			return err
		}
		if !open && !usedRecovery {
			return conflict("%s has just begun to ask for single sign-on. Sign in with it.", through.Organization.Name)
		}
		if m.Status != Active || m.AccountID == nil || *m.AccountID != a.ID || now.PasswordHash == nil || *now.PasswordHash != *a.PasswordHash {
			return &Error{Kind: Unauthenticated, Field: "password", Message: "Your access changed just now. Try again."}
		}
		token, err = tx.startSession(m, &through.Organization, newSession{method: MethodPassword, client: client, steppedUp: true, recovery: usedRecovery})
		if err != nil {
			return err
		}
		_, err = tx.recordActivity(NewActivity{
			OrgID: tx.org, Kind: ActivitySignIn, OK: true, Reference: NewReference(), Reason: "password", MemberID: m.ID, Who: m.Label(),
			Sentence: m.Label() + " signed in with a password.", Client: client,
		})
		if err != nil || !usedRecovery {
			return err
		}
		tx.record("session.recovery_used", m.target(), nil, nil)
		return tx.notify("recovery", "Recovery sign-in was used", m.Label()+" signed in by recovery sign-in, although single sign-on is required. If this was not planned, end the session and change the password.")
	})
	return token, err
}

// recordFailedPassword tells the organizations of an account that somebody tried a wrong password. For an address that nobody has (a is
// nil) it writes as durably and leaves nothing: the time an answer takes must not tell the two apart.
func (db *DB) recordFailedPassword(ctx context.Context, a *Account, client Client) error {
	if a == nil {
		return db.touch(ctx, func(tx *Tx) error {
			return tx.Exec(`insert into rate_limits (key, arrival_at) values (?, ?) on conflict (key) do update set arrival_at = excluded.arrival_at`,
				"password:unknown:"+client.IP, tx.now).Error
		})
	}
	return db.write(ctx, Actor{Kind: Anonymous, Label: a.Email, IP: client.IP}, "", func(tx *Tx) error {
		return tx.recordForAccount(a, "session.login_failed")
	})
}
