package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
)

// Link is a one-time link. Only the hash of its secret is stored.
type Link struct {
	ID         string `gorm:"primaryKey"`
	SecretHash string
	Kind       string // setup, signup, password, invitation
	AccountID  *string
	OrgID      *string
	MemberID   *string
	Email      string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	UsedAt     *time.Time
}

const (
	setupLinkLife      = 24 * time.Hour
	invitationLinkLife = 7 * 24 * time.Hour

	// PasswordLinkLife and SignupLinkLife are how long those links work.
	PasswordLinkLife = time.Hour
	SignupLinkLife   = 24 * time.Hour
)

// newLink stores a link and returns its secret.
func (tx *Tx) newLink(l Link, life time.Duration) (string, error) {
	secret := newSecret()
	l.ID, l.SecretHash, l.CreatedAt, l.ExpiresAt = newID("lnk_", tx.now), hashSecret(secret), tx.now, tx.now.Add(life)
	return secret, tx.Create(&l).Error
}

var errDeadLink = &Error{Kind: NotFound, Message: "This link was used already, has expired, or was replaced by a newer one. Ask for a new one."}

// link is a link that can still be used. NotFound, with a sentence for its holder, otherwise.
func (db *DB) link(g *gorm.DB, kind, secret string) (*Link, error) {
	var l Link
	err := g.Where("secret_hash = ? and kind = ? and used_at is null and expires_at > ?", hashSecret(secret), kind, db.Now()).Take(&l).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, errDeadLink
	}
	return &l, err
}

// useLink consumes a link: of any number of racing calls exactly one goes on.
func (tx *Tx) useLink(kind, secret string) (*Link, error) {
	l, err := tx.db.link(tx.DB, kind, secret)
	if err != nil {
		return nil, err
	}
	r := tx.Model(&Link{}).Where("id = ? and used_at is null", l.ID).Updates(map[string]any{"used_at": tx.now})
	if r.Error != nil {
		return nil, r.Error
	}
	if r.RowsAffected != 1 {
		return nil, errDeadLink
	}
	return l, nil
}

// AllowLink counts a request for a link to be mailed to an address: TooMany when there were too many for that address or from that client,
// Invalid (field "email") if it is no address. It looks at no account, so the answer is the same for every address.
func (db *DB) AllowLink(ctx context.Context, client Client, email string) error {
	email, err := CleanAddress(email)
	if err != nil {
		return err
	}
	if err := db.limit(ctx, "link:ip:"+NetworkOf(client.IP), mailedLinksByIP); err != nil {
		return err
	}
	return db.limit(ctx, "link:"+hashSecret(email), mailedLinks)
}

// AllowInvitation counts an invitation to be mailed to an address on behalf of an organization: TooMany when it mailed too many, to that
// address or altogether. Where everybody may make an organization, its invitations would else be mails to anybody, without end.
func (db *DB) AllowInvitation(ctx context.Context, orgID, email string) error {
	email, err := CleanAddress(email)
	if err != nil {
		return err
	}
	err = db.limit(ctx, "invite:"+orgID, invitationsByOrg)
	if err == nil {
		err = db.limit(ctx, "invite:"+orgID+":"+hashSecret(email), invitations)
	}
	if IsKind(err, TooMany) {
		return &Error{Kind: TooMany, Field: "email", Message: "Too many invitations were mailed lately. Wait ten minutes, then send it again."}
	}
	return err
}

// PasswordLink makes a link by which the person with that address sets a password, and returns its secret; empty if nobody has the
// address. Whoever asks is counted by AllowLink before; the caller mails the link and answers the same in both cases, without waiting.
func (db *DB) PasswordLink(ctx context.Context, client Client, email string) (string, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return "", err
	}
	a, err := db.accountByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	if a == nil {
		return "", db.leaveNothing(ctx, "link:unknown:"+NetworkOf(client.IP))
	}
	var secret string
	err = db.write(ctx, Actor{Kind: Anonymous, IP: client.IP}, "", func(tx *Tx) error {
		if err := tx.Where("account_id = ? and kind = 'password' and used_at is null", a.ID).Delete(&Link{}).Error; err != nil {
			return err
		}
		if secret, err = tx.newLink(Link{Kind: "password", AccountID: &a.ID, Email: email}, PasswordLinkLife); err != nil {
			return err
		}
		return tx.recordForAccount(a, "account.password_link_sent")
	})
	return secret, err
}

// PasswordLinkEmail is the address a password link was made for, for the page behind it. NotFound if the link is dead.
func (db *DB) PasswordLinkEmail(ctx context.Context, secret string) (string, error) {
	l, err := db.link(db.read(ctx), "password", secret)
	if err != nil {
		return "", err
	}
	return l.Email, nil
}

// ResetPassword sets a password by a mailed link, which also proves the address. All sessions of the account end.
func (db *DB) ResetPassword(ctx context.Context, client Client, secret, password string) error {
	l, err := db.link(db.read(ctx), "password", secret)
	if err != nil {
		return err
	}
	hash, err := db.hashPassword(ctx, password, l.Email)
	if err != nil {
		return err
	}
	return db.write(ctx, Actor{Kind: Anonymous, Label: l.Email, IP: client.IP}, "", func(tx *Tx) error {
		l, err := tx.useLink("password", secret)
		if err != nil {
			return err
		}
		var a Account
		if err := tx.Where("id = ?", *l.AccountID).Take(&a).Error; err != nil {
			return err
		}
		// The link was mailed to l.Email; an account whose address changed meanwhile is not the one it was made for.
		if a.Email != l.Email {
			return errDeadLink
		}
		if err := tx.disarm(&a); err != nil {
			return err
		}
		if err := tx.Model(&Account{}).Where("id = ?", a.ID).Updates(map[string]any{"password_hash": hash}).Error; err != nil {
			return err
		}
		if err := tx.prove(&a, "link"); err != nil {
			return err
		}
		return tx.recordForAccount(&a, "account.password_reset")
	})
}

// OpenSetup makes a set-up link while no organization exists and returns its secret; empty when one does.
func (db *DB) OpenSetup(ctx context.Context) (string, error) {
	needed, err := db.NeedsSetup(ctx)
	if err != nil || !needed {
		return "", err
	}
	var secret string
	err = db.touch(ctx, func(tx *Tx) error {
		secret, err = tx.newLink(Link{Kind: "setup"}, setupLinkLife)
		return err
	})
	return secret, err
}

// NeedsSetup tells whether no organization exists yet.
func (db *DB) NeedsSetup(ctx context.Context) (bool, error) {
	var some []string
	err := db.read(ctx).Raw("select id from organizations limit 1").Scan(&some).Error
	return len(some) == 0, err
}

// CheckSetup tells whether a set-up link can still be used. NotFound if not.
func (db *DB) CheckSetup(ctx context.Context, secret string) error {
	if needed, err := db.NeedsSetup(ctx); err != nil {
		return err
	} else if !needed {
		return errDeadLink
	}
	_, err := db.link(db.read(ctx), "setup", secret)
	return err
}

// CompleteSetup makes the first organization and its owner by the set-up link, signs the owner in and returns the session's token.
func (db *DB) CompleteSetup(ctx context.Context, client Client, secret, organization string, owner NewOwner) (string, error) {
	if err := db.CheckSetup(ctx, secret); err != nil {
		return "", err
	}
	if err := CheckPassword(owner.Password); err != nil {
		return "", err
	}
	if err := CheckName("first_name", owner.Name+owner.FirstName+owner.LastName, "your name"); err != nil {
		return "", err
	}
	p, err := db.prepareOrganization(ctx, organization, owner)
	if err != nil {
		return "", err
	}
	var token string
	err = db.write(ctx, Actor{Kind: Anonymous, Label: "set-up link", IP: client.IP}, p.org.ID, func(tx *Tx) error {
		if _, err := tx.useLink("setup", secret); err != nil {
			return err
		}
		// Any other set-up link dies with the first use of one; the row locks make two of them take turns.
		if err := tx.Where("kind = 'setup'").Delete(&Link{}).Error; err != nil {
			return err
		}
		var some []string
		if err := tx.Raw("select id from organizations limit 1").Scan(&some).Error; err != nil {
			return err
		}
		if len(some) != 0 {
			return errDeadLink
		}
		m, err := tx.createOrganization(p)
		if err != nil {
			return err
		}
		token, err = tx.startSession(m, p.org, newSession{method: MethodPassword, client: client, steppedUp: true})
		return err
	})
	return token, err
}
