package models

import (
	"context"
	"errors"

	"gorm.io/gorm"
)

// LoginPreview is what a sign-in would do for a person.
type LoginPreview struct {
	MemberID string
	Name     string
	Role     Role
	// Created: the person would become a member. Accepted: would take up an open invitation.
	Created, Accepted bool
	// WaitingDomain is the person's domain if it is claimed but not verified yet; everything else is as if it were.
	WaitingDomain string
	// Managed tells that the directory manages the member.
	Managed bool
	// Refusal is why the person would not be let in, nil if they would.
	Refusal *LoginRefusal
}

// errPreview ends a preview's transaction, so that nothing of it is kept.
var errPreview = errors.New("preview")

// PreviewLogin finds out what a verified sign-in would do, with or without single sign-on being on. It does what the sign-in does, in a
// transaction that is rolled back: nobody is created, bound or told.
func (db *DB) PreviewLogin(ctx context.Context, orgID string, identity LoginIdentity) (LoginPreview, error) {
	var p LoginPreview
	err := db.transaction(ctx, func(g *gorm.DB) error {
		p = LoginPreview{Name: identity.name()}
		tx := &Tx{DB: g, db: db, org: orgID, actor: Actor{Kind: IdP, Label: identity.Issuer}, now: db.Now()}
		l := completion{tx: tx, identity: identity}
		if err := tx.lockOrganization(); err != nil {
			return err
		}
		var err error
		if l.sso, err = loadSSO(tx.DB, orgID); err != nil {
			return err
		}
		if p.WaitingDomain, err = tx.assumeDomain(identity.Email); err != nil {
			return err
		}
		m, created, err := l.findMember()
		var r *LoginRefusal
		if errors.As(err, &r) {
			if r.MemberID != "" {
				p.MemberID, p.Name = r.MemberID, r.Who
			}
			p.Refusal = r
			return errPreview
		}
		if err != nil {
			return err
		}
		p.MemberID, p.Name, p.Role, p.Created, p.Managed = m.ID, m.Label(), m.Role, created, m.SCIMManaged
		if created {
			p.MemberID = ""
		}
		for _, e := range tx.audit {
			p.Accepted = p.Accepted || e.Action == "invitation.accepted"
		}
		return errPreview
	})
	if errors.Is(err, errPreview) {
		err = nil
	}
	return p, err
}

// assumeDomain treats the domain of an address as verified if this organization has claimed it and nobody else has it, and returns it
// then. A connection can be tested while DNS takes its time; it cannot be turned on.
func (tx *Tx) assumeDomain(email string) (string, error) {
	domain := DomainOf(email)
	r := tx.Exec(`update domains set status = 'verified', verified_by = 'dns', verified_at = ? where org_id = ? and domain = ? and status = 'waiting'
		and not exists (select 1 from domains other where other.domain = ? and other.status in ('verified', 'lapsing'))`, tx.now, tx.org, domain, domain)
	if r.Error != nil || r.RowsAffected == 0 {
		return "", r.Error
	}
	return domain, nil
}
