package models

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Account is a person's global sign-in: one address, members of any number of organizations.
type Account struct {
	ID    string `gorm:"primaryKey"`
	Email string
	Name  string
	// PasswordHash is a PHC string of argon2id; nil without a password.
	PasswordHash *string
	// ProvenBy is "link", "sso" or "operator" when something has shown that the address is the person's own.
	ProvenBy             *string
	ProvenAt             *time.Time
	CreatedAt, UpdatedAt time.Time
}

// HasPassword tells whether the account can sign in by password at all.
func (a *Account) HasPassword() bool { return a.PasswordHash != nil }

// accountFor finds the account of an address, or makes one without credentials. An account whose address nothing ever proved
// belongs to nobody yet: linking a member to it deletes its credentials and sessions, so that who registered somebody else's
// address in advance gets nothing (PRODUCT.md §6).
func (tx *Tx) accountFor(email, name string) (*Account, error) {
	a := &Account{ID: newID("acc_", tx.now), Email: email, Name: name, CreatedAt: tx.now, UpdatedAt: tx.now}
	fresh, err := tx.insertNew(a)
	if err != nil || fresh {
		return a, err
	}
	a = &Account{}
	if err := tx.lock(tx.DB).Where("email = ?", email).Take(a).Error; err != nil {
		return nil, err
	}
	if a.ProvenBy == nil {
		if err := tx.disarm(a); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// accountsFor is accountFor for many: afterwards every address has an account. names are by address.
func (tx *Tx) accountsFor(names map[string]string) error {
	// In the order of the addresses, so that two of these do not wait for each other in a circle.
	addresses := slices.Sorted(maps.Keys(names))
	if len(addresses) == 0 {
		return nil
	}
	rows := make([]Account, len(addresses))
	made := map[string]bool{}
	for i, email := range addresses {
		rows[i] = Account{ID: newID("acc_", tx.now), Email: email, Name: names[email], CreatedAt: tx.now, UpdatedAt: tx.now}
		made[rows[i].ID] = true
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return err
	}
	var unproven []Account
	err := tx.lock(tx.DB).Where("email in ? and proven_by is null", addresses).Order("email").Find(&unproven).Error
	if err != nil {
		return err
	}
	for i := range unproven {
		if made[unproven[i].ID] {
			continue
		}
		if err := tx.disarm(&unproven[i]); err != nil {
			return err
		}
	}
	return nil
}

// disarm removes an account's credentials, one-time links and sessions.
func (tx *Tx) disarm(a *Account) error {
	if a.PasswordHash != nil {
		if err := tx.Model(a).Updates(map[string]any{"password_hash": nil}).Error; err != nil {
			return err
		}
		a.PasswordHash = nil
	}
	if err := tx.Where("account_id = ? and kind = 'password'", a.ID).Delete(&Link{}).Error; err != nil {
		return err
	}
	return tx.Where("account_id = ?", a.ID).Delete(&Session{}).Error
}

// prove notes what has shown that the address is the person's own. The first proof stays.
func (tx *Tx) prove(a *Account, by string) error {
	if a.ProvenBy != nil {
		return nil
	}
	a.ProvenBy, a.ProvenAt = &by, &tx.now
	return tx.Model(&Account{}).Where("id = ?", a.ID).Updates(map[string]any{"proven_by": by, "proven_at": tx.now}).Error
}

// ChangePassword replaces the password in a session that proved it. Forbidden in an SSO session, Unauthenticated if current is wrong.
// Every other session of the account ends.
func (db *DB) ChangePassword(ctx context.Context, s *SignedIn, client Client, current, password string) error {
	if s.Session.Method != MethodPassword {
		return forbidden("Your password can be changed only after signing in with it, or by the link under “Forgotten password”. You are signed in with single sign-on.")
	}
	if err := db.checkPassword(ctx, &s.Account, s.Account.Email, current, client.IP); err != nil {
		if IsKind(err, Unauthenticated) {
			return &Error{Kind: Unauthenticated, Field: "password", Message: "This is not your password. Check for caps lock."}
		}
		return err
	}
	hash, err := db.hashPassword(ctx, password, s.Account.Email, s.Organization.Name)
	if err != nil {
		return err
	}
	return db.write(ctx, s.Actor(client.IP), s.Organization.ID, func(tx *Tx) error {
		if err := tx.Model(&Account{}).Where("id = ?", s.Account.ID).Updates(map[string]any{"password_hash": hash}).Error; err != nil {
			return err
		}
		if err := tx.Where("account_id = ? and id <> ?", s.Account.ID, s.Session.ID).Delete(&Session{}).Error; err != nil {
			return err
		}
		// A link that was mailed before is for whoever still reads that mail.
		if err := tx.Where("account_id = ? and kind = 'password'", s.Account.ID).Delete(&Link{}).Error; err != nil {
			return err
		}
		return tx.recordForAccount(&s.Account, "account.password_changed")
	})
}

// RenameAccount changes the name a person is shown by, in all their organizations where no directory manages it; in an SSO session only
// in the one it opens. Forbidden if the directory of the current one does.
func (db *DB) RenameAccount(ctx context.Context, s *SignedIn, client Client, name string) error {
	name, err := cleanName("name", name, "your name")
	if err != nil {
		return err
	}
	if s.Member.SCIMManaged {
		return forbidden("Your name comes from your company’s directory. Ask for the change there.")
	}
	everywhere := s.Session.Method == MethodPassword
	return db.write(ctx, s.Actor(client.IP), s.Organization.ID, func(tx *Tx) error {
		if everywhere {
			if err := tx.Model(&Account{}).Where("id = ?", s.Account.ID).Updates(map[string]any{"name": name}).Error; err != nil {
				return err
			}
		}
		var members []Member
		if err := tx.lock(tx.DB).Where("account_id = ? and scim_managed = ?", s.Account.ID, false).Order("id").Limit(1000).Find(&members).Error; err != nil {
			return err
		}
		changed := false
		for i := range members {
			m := &members[i]
			if m.DisplayName == name || !everywhere && m.ID != s.Member.ID {
				continue
			}
			before := m.Label()
			tx.org, changed = m.OrgID, true
			if err := tx.change(m, map[string]any{"display_name": name, "given_name": "", "family_name": ""}); err != nil {
				return err
			}
			m.DisplayName = name
			tx.record("account.renamed", m.target(), Facts{"name": before}, Facts{"name": name})
		}
		if !changed {
			return errNoChange
		}
		return nil
	})
}

// recordForAccount audits a change of an account in every organization it is a member of.
func (tx *Tx) recordForAccount(a *Account, action string) error {
	var members []Member
	if err := tx.Where("account_id = ?", a.ID).Order("id").Limit(1000).Find(&members).Error; err != nil {
		return err
	}
	org := tx.org
	defer func() { tx.org = org }()
	for _, m := range members {
		tx.org = m.OrgID
		tx.record(action, m.target(), nil, nil)
	}
	if len(members) == 0 {
		tx.org = ""
		tx.record(action, Target{"account", a.ID, a.Email}, nil, nil)
	}
	return nil
}

// accountByEmail is nil without an error if nobody has that address.
func (db *DB) accountByEmail(ctx context.Context, email string) (*Account, error) {
	var a Account
	err := db.read(ctx).Where("email = ?", email).Take(&a).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &a, err
}
