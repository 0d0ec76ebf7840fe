package models

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// boundKeys are the identities on record that a sign-in carries, in the order of its keys.
func (tx *Tx) boundKeys(identity LoginIdentity) ([]Identity, error) {
	if len(identity.Keys) == 0 {
		return nil, errors.New("models: a sign-in without keys")
	}
	where, args := identity.keysSQL(tx.org)
	var rows []Identity
	err := tx.Table("identities i").Where(where, args...).Order("i.id").Limit(len(identity.Keys)).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	sorted := make([]Identity, 0, len(rows))
	for _, k := range identity.Keys {
		for _, row := range rows {
			if row.is(k) {
				sorted = append(sorted, row)
			}
		}
	}
	return sorted, nil
}

func (i *Identity) is(k LoginKey) bool {
	return i.Kind == k.Kind && i.Format == k.Format && i.Value == k.Value
}

// findMember finds who signs in: by the strongest key on record, else by the address, else by making a member (IdP Managed Access).
// What the identity provider says counts only for addresses on domains that this organization has verified.
func (l *completion) findMember() (m *Member, created bool, err error) {
	domain, err := l.checkDomain()
	if err != nil {
		return nil, false, err
	}
	keys, err := l.tx.boundKeys(l.identity)
	if err != nil {
		return nil, false, err
	}
	bound := len(keys) > 0
	switch {
	case bound:
		m, err = l.tx.member(keys[0].MemberID)
	case domain == DomainLapsed:
		// PRODUCT.md §4: only identities already bound keep signing in.
		return nil, false, refuse(RefusedDomainLapsed)
	default:
		m, err = l.tx.memberByAddress(l.identity.Email)
	}
	if err != nil {
		return nil, false, err
	}
	if m == nil {
		if m, err = l.create(); err != nil {
			return nil, false, err
		}
		created = true
	} else if err := l.tx.admit(m); err != nil {
		return nil, false, err
	}
	if !created {
		if err := l.checkContradiction(m, keys); err != nil {
			return nil, false, err
		}
	}
	if err := l.settle(m, domain); err != nil {
		return nil, false, err
	}
	return m, created, l.bind(m, bound)
}

// checkDomain refuses addresses on domains that this organization never verified, whoever vouches for them.
func (l *completion) checkDomain() (DomainStatus, error) {
	domain, err := l.tx.loginDomain(l.identity.Email)
	if err == nil && domain == "" {
		r := refuse(RefusedDomainUnverified)
		r.Got = l.identity.Email
		return "", r
	}
	return domain, err
}

// loginDomain is how the domain of an address stands in this organization; empty if it is not claimed or was never verified.
func (tx *Tx) loginDomain(email string) (DomainStatus, error) {
	var status []DomainStatus
	err := tx.Raw("select status from domains where org_id = ? and domain = ? and status <> 'waiting'", tx.org, DomainOf(email)).Scan(&status).Error
	if err != nil || len(status) == 0 {
		return "", err
	}
	return status[0], nil
}

// memberByAddress is the member an address belongs to here, nil if nobody has it. One that is held is found too, to be refused by name.
func (tx *Tx) memberByAddress(email string) (*Member, error) {
	var m Member
	err := tx.Locked().Where("("+atAddress+")", email, email).Order("held_reason is not null, id").Limit(1).Take(&m).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &m, err
}

// admit refuses members who may not sign in, whoever vouches for them.
func (tx *Tx) admit(m *Member) error {
	switch {
	case m.Status == Inactive:
		return refuseDeactivated(m)
	case m.Held() != "":
		r := refuse(RefusedHeld).about(m)
		r.Got = string(m.Held())
		return r
	}
	return nil
}

// checkContradiction compares the keys that are stronger than the one the member was found by with what is on record for that member:
// another value of the same kind means that the weaker key, such as an address, has been given to somebody else.
func (l *completion) checkContradiction(m *Member, matched []Identity) error {
	var record []Identity
	err := l.tx.Org().Where("member_id = ? and issuer = ?", m.ID, l.identity.Issuer).Order("id").Limit(1000).Find(&record).Error
	if err != nil {
		return err
	}
	for _, k := range l.identity.Keys {
		if k.Kind == "email" || len(matched) > 0 && matched[0].is(k) {
			return nil
		}
		other := ""
		for _, r := range record {
			if r.is(k) {
				other = ""
				break
			}
			if r.Kind == k.Kind && r.Format == k.Format {
				other = r.Value
			}
		}
		if other != "" {
			r := refuse(RefusedIdentityMismatch).about(m)
			r.Got, r.Want = k.Kind+" "+k.Value, k.Kind+" "+other
			return r
		}
	}
	return nil
}

// settle makes the member active and its account the person's own. An account that nothing had proven before loses whatever credentials
// and sessions somebody may have put there: this sign-in is the first proof.
func (l *completion) settle(m *Member, domain DomainStatus) error {
	tx := l.tx
	var a *Account
	if m.AccountID == nil {
		var err error
		if a, err = tx.accountFor(m.Address(), l.identity.name()); err != nil {
			return err
		}
	} else {
		a = &Account{}
		if err := tx.lock(tx.DB).Where("id = ?", *m.AccountID).Take(a).Error; err != nil {
			return err
		}
	}
	if a.ProvenBy == nil && a.Email == l.identity.Email && domain != DomainLapsed {
		if err := tx.disarm(a); err != nil {
			return err
		}
		if err := tx.prove(a, "sso"); err != nil {
			return err
		}
	}
	columns := map[string]any{}
	if m.AccountID == nil {
		m.AccountID = &a.ID
		columns["account_id"] = a.ID
	}
	if m.Status == Invited {
		// The identity provider of the organization that sent the invitation says that this is the person.
		m.Status = Active
		columns["status"] = Active
		if err := tx.Where("member_id = ? and kind = 'invitation'", m.ID).Delete(&Link{}).Error; err != nil {
			return err
		}
		tx.record("invitation.accepted", m.target(), Facts{"status": Invited}, Facts{"status": Active, "by": "sso"})
	}
	if m.DisplayName == "" && m.GivenName == "" && m.FamilyName == "" && !m.SCIMManaged {
		m.DisplayName, m.GivenName, m.FamilyName = l.identity.name(), l.identity.FirstName, l.identity.LastName
		columns["display_name"], columns["given_name"], columns["family_name"] = m.DisplayName, m.GivenName, m.FamilyName
	}
	if len(columns) == 0 {
		return nil
	}
	return tx.change(m, columns)
}

// bind remembers every key the sign-in carried. A key on record for another member stays there: the stronger one has decided.
func (l *completion) bind(m *Member, bound bool) error {
	tx := l.tx
	rows := make([]Identity, len(l.identity.Keys))
	for i, k := range l.identity.Keys {
		rows[i] = Identity{
			ID: newID("idn_", tx.now), OrgID: tx.org, MemberID: m.ID, Issuer: l.identity.Issuer,
			Kind: k.Kind, Format: k.Format, Value: k.Value, FirstSeenAt: tx.now, LastSeenAt: tx.now,
		}
	}
	err := tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "org_id"}, {Name: "issuer"}, {Name: "kind"}, {Name: "format"}, {Name: "value"}},
		DoUpdates: clause.AssignmentColumns([]string{"last_seen_at"}),
		Where:     clause.Where{Exprs: []clause.Expression{gorm.Expr("identities.member_id = excluded.member_id")}},
	}).Create(&rows).Error
	if err != nil {
		return err
	}
	if !bound {
		kinds := make([]string, len(rows))
		for i := range rows {
			kinds[i] = rows[i].Kind
		}
		tx.record("identity.bound", m.target(), nil, Facts{"issuer": l.identity.Issuer, "keys": kinds})
	}
	return nil
}

// create makes a member just in time, if the identity provider says who belongs here.
func (l *completion) create() (*Member, error) {
	tx := l.tx
	// What the directory deleted stays away, whatever the switches say.
	var deleted []string
	err := tx.Raw("select member_id from member_tombstones where org_id = ? and (email = ? or user_name_key = ?) limit 1", tx.org, l.identity.Email, l.identity.Email).Scan(&deleted).Error
	if err != nil {
		return nil, err
	}
	if len(deleted) > 0 {
		return nil, refuse(RefusedDeleted)
	}
	if !l.sso.IDPManaged {
		return nil, refuse(RefusedNoMembership)
	}
	m, err := tx.addMember(newMember{
		email: l.identity.Email, name: l.identity.name(), firstName: l.identity.FirstName, lastName: l.identity.LastName,
		role: RoleMember, source: SourceSSO, proven: "sso",
	})
	if IsKind(err, Conflict) {
		return nil, refuse(RefusedUserNameTaken)
	}
	return m, err
}

// ForgetIdentities removes what identity providers have told about a member, so that the next sign-in binds anew: for an address that was
// given to somebody else, or a person whose directory account was made again.
func (db *DB) ForgetIdentities(ctx context.Context, actor Actor, by Role, orgID, memberID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		if m.Role == Owner && by != Owner {
			return forbidden("Only an owner can forget an owner's identities.")
		}
		r := tx.Org().Where("member_id = ?", m.ID).Delete(&Identity{})
		if r.Error != nil {
			return r.Error
		}
		if r.RowsAffected == 0 {
			return errNoChange
		}
		ended := tx.Org().Where("member_id = ? and method = ?", m.ID, MethodSSO).Delete(&Session{})
		if ended.Error != nil {
			return ended.Error
		}
		tx.record("identity.forgotten", m.target(), Facts{"identities": r.RowsAffected}, Facts{"sessions_ended": ended.RowsAffected})
		return nil
	})
}
