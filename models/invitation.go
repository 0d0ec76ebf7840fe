package models

import (
	"context"
	"strings"
)

// Invite asks somebody by mail to become a member and returns the secret of the link. Conflict if they are a member already, or if the
// directory says who belongs on their domain (IdP Managed Access).
func (db *DB) Invite(ctx context.Context, actor Actor, by Role, orgID, email, name string, role Role) (*Member, string, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return nil, "", err
	}
	if role == Owner && by != Owner {
		return nil, "", forbidden("Only an owner can invite an owner.")
	}
	var m *Member
	var secret string
	err = db.write(ctx, actor, orgID, func(tx *Tx) error {
		if err := tx.openToInvitations(email); err != nil {
			return err
		}
		if m, err = tx.addMember(newMember{email: email, name: strings.TrimSpace(name), role: role, source: SourceInvitation, invited: true}); err != nil {
			return err
		}
		secret, err = tx.newLink(Link{Kind: "invitation", OrgID: &m.OrgID, MemberID: &m.ID, Email: email}, invitationLinkLife)
		return err
	})
	return m, secret, err
}

func (tx *Tx) openToInvitations(email string) error {
	var closed []string
	err := tx.Raw(`select d.domain from domains d join sso_connections c on c.org_id = d.org_id
		where d.org_id = ? and d.domain = ? and d.status <> 'waiting' and c.enabled = ? and c.idp_managed = ?`, tx.org, DomainOf(email), true, true).Scan(&closed).Error
	if err == nil && len(closed) > 0 {
		return &Error{Kind: Conflict, Field: "email", Message: "IdP Managed Access is on: your identity provider says who on " + closed[0] + " belongs. Assign the person there instead."}
	}
	return err
}

// ResendInvitation makes a new link for somebody who was invited; the old one stops working.
func (db *DB) ResendInvitation(ctx context.Context, actor Actor, orgID, memberID string) (*Member, string, error) {
	var m *Member
	var secret string
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		var err error
		if m, err = tx.invited(memberID); err != nil {
			return err
		}
		if err := tx.Where("member_id = ?", m.ID).Delete(&Link{}).Error; err != nil {
			return err
		}
		if secret, err = tx.newLink(Link{Kind: "invitation", OrgID: &m.OrgID, MemberID: &m.ID, Email: m.Address()}, invitationLinkLife); err != nil {
			return err
		}
		tx.record("invitation.sent", m.target(), nil, Facts{"email": m.Address()})
		return nil
	})
	return m, secret, err
}

// RevokeInvitation takes an invitation back.
func (db *DB) RevokeInvitation(ctx context.Context, actor Actor, orgID, memberID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		m, err := tx.invited(memberID)
		if err != nil {
			return err
		}
		if err := tx.Org().Where("id = ?", m.ID).Delete(&Member{}).Error; err != nil {
			return err
		}
		tx.record("invitation.revoked", m.target(), Facts{"email": m.Address()}, nil)
		return tx.releaseAddress(m.Address())
	})
}

func (tx *Tx) invited(memberID string) (*Member, error) {
	m, err := tx.member(memberID)
	if err != nil {
		return nil, err
	}
	if m.Status != Invited {
		return nil, conflict("%s has accepted the invitation already, or was never invited.", m.Label())
	}
	return m, nil
}

// Invitation is what the page behind an invitation link shows.
type Invitation struct {
	Organization, Email string
	// NeedsPassword is false for somebody who has a proven account with a password: they sign in with it.
	NeedsPassword bool
}

// Invitation is an invitation by its link's secret. NotFound if the link is dead.
func (db *DB) Invitation(ctx context.Context, secret string) (*Invitation, error) {
	l, err := db.link(db.read(ctx), "invitation", secret)
	if err != nil {
		return nil, err
	}
	org, err := db.Organization(ctx, *l.OrgID)
	if err != nil {
		return nil, err
	}
	a, err := db.accountByEmail(ctx, l.Email)
	if err != nil {
		return nil, err
	}
	return &Invitation{Organization: org.Name, Email: l.Email, NeedsPassword: a == nil || !a.HasPassword() || a.ProvenBy == nil}, nil
}

// AcceptInvitation makes the invited person an active member. Somebody without a password chooses one and is signed in: the token of the
// session is returned. Somebody who has one gets no session by a link alone: the token is empty and they sign in.
func (db *DB) AcceptInvitation(ctx context.Context, client Client, secret, name, password string) (string, error) {
	inv, err := db.Invitation(ctx, secret)
	if err != nil {
		return "", err
	}
	hash := ""
	if inv.NeedsPassword {
		if name, err = cleanName("name", name, "your name"); err != nil {
			return "", err
		}
		if password == "" {
			return "", invalid("password", "Choose a password of at least %d characters.", MinPassword)
		}
		if hash, err = db.hashPassword(ctx, password, inv.Email, inv.Organization); err != nil {
			return "", err
		}
	}
	l, err := db.link(db.read(ctx), "invitation", secret)
	if err != nil {
		return "", err
	}
	org, err := db.Organization(ctx, *l.OrgID)
	if err != nil {
		return "", err
	}
	token := ""
	err = db.write(ctx, Actor{Kind: Anonymous, Label: inv.Email, IP: client.IP}, *l.OrgID, func(tx *Tx) error {
		if _, err := tx.useLink("invitation", secret); err != nil {
			return err
		}
		m, err := tx.invited(*l.MemberID)
		if err != nil {
			return err
		}
		a, err := tx.accountFor(inv.Email, name)
		if err != nil {
			return err
		}
		if a.PasswordHash == nil && hash != "" {
			if err := tx.Model(&Account{}).Where("id = ?", a.ID).Updates(map[string]any{"password_hash": hash}).Error; err != nil {
				return err
			}
		}
		if err := tx.prove(a, "link"); err != nil {
			return err
		}
		m.AccountID, m.Status = &a.ID, Active
		if m.DisplayName == "" {
			m.DisplayName = name
		}
		if err := tx.change(m, map[string]any{"account_id": a.ID, "status": Active, "display_name": m.DisplayName}); err != nil {
			return err
		}
		tx.actor = Actor{Kind: Person, ID: m.ID, Label: m.Label(), IP: client.IP}
		tx.record("invitation.accepted", m.target(), Facts{"status": Invited}, Facts{"status": Active})
		if hash == "" || a.PasswordHash != nil {
			return nil
		}
		doors, err := passwordDoorOf(tx, m)
		if err != nil || !doors {
			return err
		}
		token, err = tx.startSession(m, org, newSession{method: MethodPassword, client: client, steppedUp: true})
		return err
	})
	return token, err
}

// passwordDoorOf tells whether a member's password opens their organization.
func passwordDoorOf(tx *Tx, m *Member) (bool, error) {
	var closed []string
	err := tx.Raw(`select c.org_id from sso_connections c where c.org_id = ? and c.enabled = ? and (c.required = ? or c.idp_managed = ? and
		exists (select 1 from domains d where d.org_id = c.org_id and d.status <> 'waiting' and d.domain = ?))`, m.OrgID, true, true, true, DomainOf(m.Address())).Scan(&closed).Error
	return len(closed) == 0, err
}
