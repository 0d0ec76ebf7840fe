package models

// Accept the write, hold the effect (PRODUCT.md §8): a member whose address this organization has not proven is kept as sent, without
// an account. These functions decide that, in one place for every way a member comes or changes.

// linkOrHold sets m.AccountID or m.HeldReason by m's address, without saving m.
func (tx *Tx) linkOrHold(m *Member) error {
	hold := func(r HeldReason) error {
		m.AccountID, m.HeldReason = nil, &r
		return nil
	}
	if m.Email == nil || !isAddress(*m.Email) {
		m.Email = nil
		return hold(HeldNoAddress)
	}
	// Somebody an admin invited or the operator added was let in by a person; only what a directory says needs a proven domain.
	if m.Source == SourceSCIM || m.SCIMManaged {
		ok, err := tx.domainVerified(DomainOf(*m.Email))
		if err != nil {
			return err
		}
		if !ok {
			return hold(HeldDomainUnverified)
		}
	}
	var others []string
	err := tx.Raw("select id from members where org_id = ? and email = ? and held_reason is null and id <> ? limit 1", tx.org, *m.Email, m.ID).Scan(&others).Error
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return hold(HeldAddressTaken)
	}
	a, err := tx.accountFor(*m.Email, m.DisplayName)
	if err != nil {
		return err
	}
	m.AccountID, m.HeldReason = &a.ID, nil
	return nil
}

// domainVerified tells whether this organization has proven the domain lately enough for new people on it.
func (tx *Tx) domainVerified(domain string) (bool, error) {
	var ids []string
	err := tx.Raw("select id from domains where org_id = ? and domain = ? and status in ('verified', 'lapsing')", tx.org, domain).Scan(&ids).Error
	return len(ids) > 0, err
}

// releaseDomain ends the hold of everybody on a domain that was just verified, and returns how many.
func (tx *Tx) releaseDomain(domain string) (int, error) {
	var held []Member
	err := tx.Locked().Where("held_reason = ? and email like ? escape '!'", HeldDomainUnverified, "%"+likeEscapes.Replace("@"+domain)).
		Order("id").Find(&held).Error
	if err != nil {
		return 0, err
	}
	return tx.release(held)
}

// releaseAddress gives an address that became free to the member who has waited for it longest.
func (tx *Tx) releaseAddress(address string) error {
	var held []Member
	err := tx.Locked().Where("held_reason = ? and email = ?", HeldAddressTaken, address).Order("id").Limit(1).Find(&held).Error
	if err != nil {
		return err
	}
	_, err = tx.release(held)
	return err
}

func (tx *Tx) release(held []Member) (int, error) {
	released := 0
	for i := range held {
		m := &held[i]
		before := m.Held()
		if err := tx.linkOrHold(m); err != nil {
			return released, err
		}
		if m.Held() == before {
			continue
		}
		if err := tx.change(m, map[string]any{"account_id": m.AccountID, "held_reason": m.HeldReason}); err != nil {
			return released, err
		}
		if m.Held() == "" {
			released++
		}
		tx.record("member.released", m.target(), Facts{"held": before}, Facts{"held": m.Held()})
	}
	return released, nil
}
