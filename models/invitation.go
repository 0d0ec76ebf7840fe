package models

import (
	"context"
	"errors"
	"strings"
)

// Invite asks somebody by mail to become a member and returns the secret of the link. Conflict if they are a member already, or if the
// directory says who belongs on their domain (IdP Managed Access).
func (db *DB) Invite(ctx context.Context, actor Actor, by Role, orgID, email, name string, role Role) (*Member, string, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return nil, "", err
	}
	if err := errors.Join(role.check(), checkOptionalName("name", name)); err != nil {
		return nil, "", err
	}
	if role == Owner && by != Owner {
		return nil, "", forbidden("Only an owner can invite an owner.")
	}
	var m *Member
	var secret string
	err = db.write(ctx, actor, orgID, func(tx *Tx) error {
		if err := tx.shareOrganization(); err != nil {
			return err
		}
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

// ResendInvitation makes a new link for somebody who was invited; the old one stops working. Forbidden for an owner's invitation unless an
// owner asks, because whoever holds the link becomes one; Conflict if the directory says by now who belongs on their domain.
func (db *DB) ResendInvitation(ctx context.Context, actor Actor, orgID, memberID string) (*Member, string, error) {
	var m *Member
	var secret string
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		var err error
		if m, err = tx.invited(memberID); err != nil {
			return err
		}
		if err := tx.openToInvitations(m.Address()); err != nil {
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
		if err := tx.count(-1); err != nil {
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
	if m.Role != Owner || tx.actor.Kind != Person {
		return m, nil
	}
	var owners []string
	err = tx.Raw("select id from members where org_id = ? and id = ? and role = 'owner' and status = 'active'", tx.org, tx.actor.ID).Scan(&owners).Error
	if err == nil && len(owners) == 0 {
		err = forbidden("Only an owner can send or take back the invitation of an owner.")
	}
	return m, err
}

// Invitation is what the page behind an invitation link shows.
type Invitation struct {
	OrgID, Organization, Email string
	Role                       Role
	// InvitedBy is the name of the person who sent it, empty if that is not known.
	InvitedBy string
	// NeedsPassword is false for somebody who has a proven account with a password: they accept by that.
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
	m, err := db.Member(ctx, *l.OrgID, *l.MemberID)
	if err != nil {
		return nil, errDeadLink
	}
	a, err := db.accountByEmail(ctx, l.Email)
	if err != nil {
		return nil, err
	}
	inv := &Invitation{OrgID: org.ID, Organization: org.Name, Email: l.Email, Role: m.Role, NeedsPassword: a.needsPassword()}
	err = db.read(ctx).Raw(`select actor_label from audit_events where org_id = ? and target_id = ? and action in ('member.added', 'invitation.sent')
		and actor_kind = 'person' order by id desc limit 1`, org.ID, m.ID).Scan(&inv.InvitedBy).Error
	return inv, err
}

// needsPassword tells whether the holder of a mailed link chooses a password, or proves the one there is. Credentials of an account that
// nothing has proven do not count (PRODUCT.md §6).
func (a *Account) needsPassword() bool { return a == nil || !a.HasPassword() || a.ProvenBy == nil }

// AcceptInvitation makes the invited person an active member and signs them in: the session's token is returned, or an empty one if the
// organization asks for single sign-on. Somebody without a password chooses one; somebody who has one proves it (Unauthenticated if it
// is wrong), because a link alone opens no account that has a password.
func (db *DB) AcceptInvitation(ctx context.Context, client Client, secret, firstName, lastName, password string) (string, error) {
	inv, err := db.Invitation(ctx, secret)
	if err != nil {
		return "", err
	}
	firstName, lastName = strings.TrimSpace(firstName), strings.TrimSpace(lastName)
	name := strings.TrimSpace(firstName + " " + lastName)
	proof, err := db.proofByLink(ctx, client, inv.Email, inv.NeedsPassword, password, inv.Organization)
	if err != nil {
		return "", err
	}
	if proof.chosen != "" || name != "" {
		if err := CheckName("first_name", name, "your name"); err != nil {
			return "", err
		}
	}
	org, err := db.Organization(ctx, inv.OrgID)
	if err != nil {
		return "", err
	}
	token := ""
	err = db.write(ctx, Actor{Kind: Anonymous, Label: inv.Email, IP: client.IP}, org.ID, func(tx *Tx) error {
		if err := tx.shareOrganization(); err != nil {
			return err
		}
		l, err := tx.useLink("invitation", secret)
		if err != nil {
			return err
		}
		m, err := tx.invited(*l.MemberID)
		if err != nil {
			return err
		}
		if err := tx.openToInvitations(m.Address()); err != nil {
			if IsKind(err, Conflict) {
				return conflict("%s no longer needs this invitation: its identity provider says who belongs. Sign in with single sign-on.", org.Name)
			}
			return err
		}
		a, err := tx.accountFor(inv.Email, name)
		if err != nil {
			return err
		}
		if err := tx.settleProof(a, proof); err != nil {
			return err
		}
		m.AccountID, m.Status = &a.ID, Active
		columns := map[string]any{"account_id": a.ID, "status": Active}
		if name == "" {
			name = a.Name
		}
		if m.DisplayName == "" && name != "" {
			m.DisplayName, m.GivenName, m.FamilyName = name, firstName, lastName
			columns["display_name"], columns["given_name"], columns["family_name"] = name, firstName, lastName
		}
		if err := tx.change(m, columns); err != nil {
			return err
		}
		tx.actor = Actor{Kind: Person, ID: m.ID, Label: m.Label(), IP: client.IP}
		tx.record("invitation.accepted", m.target(), Facts{"status": Invited}, Facts{"status": Active})
		open, err := passwordDoorOf(tx, m)
		if err != nil || !open {
			return err
		}
		token, err = tx.startSession(m, org, newSession{method: MethodPassword, client: client, steppedUp: true})
		return err
	})
	return token, err
}

// linkProof is what the holder of a mailed link shows besides it: the hash of a password they chose, or of the one they proved.
type linkProof struct{ chosen, proved string }

// proofByLink checks the password that came with a mailed link; needsPassword says whether it is a new one. others are words it must not be.
func (db *DB) proofByLink(ctx context.Context, client Client, email string, needsPassword bool, password string, others ...string) (linkProof, error) {
	if needsPassword {
		hash, err := db.hashPassword(ctx, password, append(others, email)...)
		return linkProof{chosen: hash}, err
	}
	a, err := db.accountByEmail(ctx, email)
	if err != nil {
		return linkProof{}, err
	}
	if err := db.checkPassword(ctx, a, email, password, client.IP); err != nil {
		if IsKind(err, Unauthenticated) {
			return linkProof{}, &Error{Kind: Unauthenticated, Field: "password", Message: "This is not the password of " + email + ". Check for caps lock, or get a new password by mail."}
		}
		return linkProof{}, err
	}
	return linkProof{proved: *a.PasswordHash}, nil
}

// settleProof stores a chosen password and notes that the link has proven the address. The account must still be as it was when the
// proof was checked: a password that came or changed meanwhile is somebody's, and a link does not replace it.
func (tx *Tx) settleProof(a *Account, p linkProof) error {
	has := ""
	if a.PasswordHash != nil {
		has = *a.PasswordHash
	}
	if has != p.proved {
		return conflict("The password of %s was changed just now. Open the link again.", a.Email)
	}
	if p.chosen != "" {
		if err := tx.Model(&Account{}).Where("id = ?", a.ID).Updates(map[string]any{"password_hash": p.chosen}).Error; err != nil {
			return err
		}
		a.PasswordHash = &p.chosen
	}
	return tx.prove(a, "link")
}

// passwordDoorOf tells whether a member's password opens their organization.
func passwordDoorOf(tx *Tx, m *Member) (bool, error) {
	var closed []string
	err := tx.Raw(`select c.org_id from sso_connections c where c.org_id = ? and c.enabled = ? and (`+requiredSQL+` or c.idp_managed = ? and
		exists (select 1 from domains d where d.org_id = c.org_id and d.status <> 'waiting' and d.domain = ?))`, m.OrgID, true, tx.now, true, DomainOf(m.Address())).Scan(&closed).Error
	return len(closed) == 0, err
}
