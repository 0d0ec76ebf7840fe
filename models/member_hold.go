package models

import (
	"maps"
	"slices"
)

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
	// The lock makes us wait for somebody who is just giving the address up, and them for us: then one of both sees the other.
	var others []string
	err := tx.Raw("select id from members where org_id = ? and email = ? and held_reason is null and id <> ? limit 1"+tx.forShare(), tx.org, *m.Email, m.ID).Scan(&others).Error
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
	const claim = "select status from domains where org_id = ? and domain = ?"
	var status []DomainStatus
	counts := func(err error) (bool, error) {
		return len(status) == 1 && (status[0] == DomainVerified || status[0] == DomainLapsing), err
	}
	ok, err := counts(tx.Raw(claim, tx.org, domain).Scan(&status).Error)
	if ok || err != nil {
		return ok, err
	}
	// Whoever verifies it at this moment releases those who are held already, not us: wait for them, or make them wait.
	status = nil
	return counts(tx.Raw(claim+tx.forShare(), tx.org, domain).Scan(&status).Error)
}

// forUpdate ends a query whose rows this transaction changes.
func (tx *Tx) forUpdate() string {
	if tx.db.dialect == "sqlite" {
		return ""
	}
	return " for update"
}

// forShare ends a query whose rows must not change until the transaction ends. SQLite has one writer at a time and needs no lock.
func (tx *Tx) forShare() string {
	if tx.db.dialect == "sqlite" {
		return ""
	}
	return " for share"
}

// atAddress finds whoever has an address, held or not: there is an index for each. It takes the address twice.
const atAddress = "email = ? and held_reason is null or email = ? and held_reason is not null"

// emailDomain is the SQL of the part of an address after its @, in both dialects: what is left of it when its end is cut back to the @.
const emailDomain = "substr(m.email, 1 + length(rtrim(m.email, replace(m.email, '@', ''))))"

// releaseDomain ends the hold of everybody on a domain that was just verified, who came first before who came later, and returns how
// many were released. A whole company may have waited: it takes a few statements for rowsAtOnce of them.
func (tx *Tx) releaseDomain(domain string) (int, error) {
	released, after := 0, ""
	for {
		var held []Member
		err := tx.Raw("select m.* from members m where m.org_id = ? and m.held_reason = ? and m.id > ? and "+emailDomain+" = ? order by m.id limit ?"+tx.forUpdate(),
			tx.org, HeldDomainUnverified, after, domain, rowsAtOnce).Scan(&held).Error
		if err != nil || len(held) == 0 {
			return released, err
		}
		n, err := tx.releaseAll(held)
		if err != nil {
			return released, err
		}
		released, after = released+n, held[len(held)-1].ID
	}
}

// releaseAll does for many what linkOrHold does for one, when the domain is known to be verified: it links those whose address is free
// to its account, and holds the others because the address is taken.
func (tx *Tx) releaseAll(held []Member) (int, error) {
	names := map[string]string{}
	for i := range held {
		names[held[i].Address()] = held[i].DisplayName
	}
	var inUse []string
	err := tx.Raw("select email from members where org_id = ? and held_reason is null and email in ?"+tx.forShare(), tx.org, slices.Sorted(maps.Keys(names))).Scan(&inUse).Error
	if err != nil {
		return 0, err
	}
	taken := map[string]bool{}
	for _, email := range inUse {
		taken[email] = true
		delete(names, email)
	}
	if err := tx.accountsFor(names); err != nil {
		return 0, err
	}
	var free, waiting []string
	for i := range held {
		m := &held[i]
		after := HeldAddressTaken
		if taken[m.Address()] {
			waiting = append(waiting, m.ID)
		} else {
			taken[m.Address()] = true
			free, after = append(free, m.ID), ""
		}
		tx.record("member.released", m.target(), Facts{"held": m.Held()}, Facts{"held": after})
	}
	if len(free) > 0 {
		err := tx.Exec(`update members set account_id = (select a.id from accounts a where a.email = members.email), held_reason = null,
			version = version + 1, updated_at = ? where org_id = ? and id in ?`, tx.now, tx.org, free).Error
		if err != nil {
			return 0, err
		}
	}
	if len(waiting) > 0 {
		err := tx.Exec("update members set held_reason = ?, version = version + 1, updated_at = ? where org_id = ? and id in ?", HeldAddressTaken, tx.now, tx.org, waiting).Error
		if err != nil {
			return 0, err
		}
	}
	return len(free), nil
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
