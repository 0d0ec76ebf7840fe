package models

import (
	"context"
	"encoding/json"
	"time"
)

// DomainStatus is how a claimed domain stands.
type DomainStatus string

// The states of a claimed domain. "Claimed elsewhere" is not stored: see Domain.ClaimedElsewhere.
const (
	DomainWaiting  DomainStatus = "waiting"
	DomainVerified DomainStatus = "verified"
	DomainLapsing  DomainStatus = "lapsing" // the record is gone; seven days' grace
	DomainLapsed   DomainStatus = "lapsed"
)

// LapseGrace is how long a verified domain keeps counting after its record is gone.
const LapseGrace = 7 * 24 * time.Hour

// Domain is a claim of an organization on a domain.
type Domain struct {
	ID           string `gorm:"primaryKey"`
	OrgID        string
	Domain       string // ASCII, lower-cased
	Token        string
	Status       DomainStatus
	VerifiedBy   *string // dns, operator
	VerifiedAt   *time.Time
	LapsingSince *time.Time
	// Reason, Sentence and Seen (a JSON array) are from the last look at DNS.
	Reason, Sentence, Seen string
	Attempts               int
	CheckedAt, NextCheckAt *time.Time
	CreatedAt              time.Time
	// ClaimedElsewhere tells that another organization has verified the domain.
	ClaimedElsewhere bool `gorm:"->"`
	// Members is how many members have an address on it, Held how many of them wait for its verification.
	Members, Held int `gorm:"->"`
}

// Counts tells whether the domain lets new people in: verified, or lapsing within its grace.
func (d *Domain) Counts() bool { return d.Status == DomainVerified || d.Status == DomainLapsing }

// SeenValues are the raw values of the last look.
func (d *Domain) SeenValues() []string {
	var v []string
	_ = json.Unmarshal([]byte(d.Seen), &v)
	return v
}

func (d *Domain) target() Target { return Target{"domain", d.ID, d.Domain} }

// domainsSQL takes the organization twice.
const domainsSQL = `select d.*, coalesce(c.members, 0) as members, coalesce(c.held, 0) as held,
	d.status not in ('verified', 'lapsing') and exists (select 1 from domains o where o.domain = d.domain and o.org_id <> d.org_id and o.status in ('verified', 'lapsing')) as claimed_elsewhere
	from domains d left join (select ` + emailDomain + ` as domain, count(*) as members, sum(case when m.held_reason = 'domain_unverified' then 1 else 0 end) as held
		from members m where m.org_id = ? group by 1) c on c.domain = d.domain
	where d.org_id = ?`

// Domains are an organization's claims by name.
func (db *DB) Domains(ctx context.Context, orgID string) ([]Domain, error) {
	var list []Domain
	err := db.read(ctx).Raw(domainsSQL+" order by d.domain limit 1000", orgID, orgID).Scan(&list).Error
	return list, err
}

// Domain is one claim. NotFound if the organization has none with that id.
func (db *DB) Domain(ctx context.Context, orgID, id string) (*Domain, error) {
	var list []Domain
	if err := db.read(ctx).Raw(domainsSQL+" and d.id = ?", orgID, orgID, id).Scan(&list).Error; err != nil {
		return nil, found(err, "domain")
	}
	if len(list) == 0 {
		return nil, notFound("domain")
	}
	return &list[0], nil
}

const maxDomains = 200

// ClaimDomain claims a domain (already normalised by the caller) with the token its record must carry. Claiming it again returns the
// claim there is. next is when to look at DNS first.
func (db *DB) ClaimDomain(ctx context.Context, actor Actor, orgID, domain, token string) (*Domain, error) {
	now := db.Now()
	d := &Domain{ID: newID("dom_", now), OrgID: orgID, Domain: domain, Token: token, Status: DomainWaiting, Seen: "[]", NextCheckAt: &now, CreatedAt: now}
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		var ids []string
		if err := tx.Raw("select id from domains where org_id = ? limit ?", orgID, maxDomains).Scan(&ids).Error; err != nil {
			return err
		}
		if len(ids) >= maxDomains {
			return conflict("This organization has %d domains, which is the most it can claim.", maxDomains)
		}
		fresh, err := tx.insertNew(d)
		if err != nil {
			return err
		}
		if !fresh {
			d = &Domain{}
			if err := tx.Org().Where("domain = ?", domain).Take(d).Error; err != nil {
				return err
			}
			return errNoChange
		}
		tx.record("domain.claimed", d.target(), nil, Facts{"domain": domain})
		return nil
	})
	return d, err
}

// VouchForDomain verifies a claim on the operator's word. Conflict if another organization has verified the domain.
func (db *DB) VouchForDomain(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		d, err := tx.domain(id)
		if err != nil {
			return err
		}
		if d.Status == DomainVerified {
			return errNoChange
		}
		return tx.verifyDomain(d, "operator")
	})
}

func (tx *Tx) domain(id string) (*Domain, error) {
	var d Domain
	if err := tx.Locked().Where("id = ?", id).Take(&d).Error; err != nil {
		return nil, found(err, "domain")
	}
	return &d, nil
}

// verifyDomain makes a claim count and releases who waited for it. A lapsed claim of another organization ends with it.
func (tx *Tx) verifyDomain(d *Domain, by string) error {
	var owners []string
	err := tx.Raw("select org_id from domains where domain = ? and org_id <> ? and status in ('verified', 'lapsing')", d.Domain, tx.org).Scan(&owners).Error
	if err != nil {
		return err
	}
	if len(owners) > 0 {
		return conflict("Another organization on this server has verified %s. A domain belongs to one organization only: its owner must remove it there first.", d.Domain)
	}
	if err := tx.endLapsedClaims(d.Domain); err != nil {
		return err
	}
	before := d.Status
	d.Status, d.VerifiedBy, d.VerifiedAt, d.LapsingSince = DomainVerified, &by, &tx.now, nil
	err = tx.Model(&Domain{}).Where("org_id = ? and id = ?", tx.org, d.ID).
		UpdateColumns(map[string]any{"status": d.Status, "verified_by": by, "verified_at": tx.now, "lapsing_since": nil}).Error
	if err != nil {
		if isDuplicate(err) {
			return conflict("Another organization on this server has just verified %s.", d.Domain)
		}
		return err
	}
	released, err := tx.releaseDomain(d.Domain)
	if err != nil {
		return err
	}
	tx.record("domain.verified", d.target(), Facts{"status": before}, Facts{"status": d.Status, "by": by, "people_released": released})
	return nil
}

// endLapsedClaims ends the claims of other organizations on a domain that this one verifies. They read it in their own audit log, and not
// who has the domain now.
func (tx *Tx) endLapsedClaims(domain string) error {
	var lapsed []Domain
	err := tx.lock(tx.DB).Where("domain = ? and org_id <> ? and status = 'lapsed'", domain, tx.org).Order("id").Limit(rowsAtOnce).Find(&lapsed).Error
	if err != nil {
		return err
	}
	org, actor := tx.org, tx.actor
	defer func() { tx.org, tx.actor = org, actor }()
	for _, d := range lapsed {
		err := tx.Model(&Domain{}).Where("id = ?", d.ID).
			UpdateColumns(map[string]any{"status": DomainWaiting, "lapsing_since": nil, "verified_by": nil, "verified_at": nil}).Error
		if err != nil {
			return err
		}
		tx.org, tx.actor = d.OrgID, Actor{Kind: System, Label: "Gatehouse"}
		ended, err := tx.endDomainSessions(&d)
		if err != nil {
			return err
		}
		tx.record("domain.lost", d.target(), Facts{"status": d.Status}, Facts{"status": DomainWaiting, "sessions_ended": ended})
		err = tx.notify("domain", d.Domain+": claimed elsewhere",
			"Your claim on "+d.Domain+" had lapsed, and another organization on this server has verified the domain. People on it can no longer sign in here with single sign-on.")
		if err != nil {
			return err
		}
	}
	return nil
}

// DomainCheck is what a look at DNS found.
type DomainCheck struct {
	Verified bool
	// Reason is a code, Sentence says it to the admin, Seen are the raw values.
	Reason, Sentence string
	Seen             []string
	// Unreachable means that the resolver did not answer: it changes nothing about a verified domain.
	Unreachable bool
	Next        time.Time
}

// RecordDomainCheck keeps what a look at DNS found, moves the claim to the state that follows, and returns it.
// Conflict if the record is there but another organization has verified the domain.
func (db *DB) RecordDomainCheck(ctx context.Context, actor Actor, orgID, id string, c DomainCheck) (*Domain, error) {
	seen, err := json.Marshal(append([]string{}, c.Seen...))
	if err != nil {
		return nil, err
	}
	note := map[string]any{"reason": c.Reason, "sentence": c.Sentence, "seen": string(seen), "checked_at": db.Now(), "next_check_at": c.Next}
	var changes bool
	err = db.write(ctx, actor, orgID, func(tx *Tx) error {
		d, err := tx.domain(id)
		if err != nil {
			return err
		}
		note["attempts"] = d.Attempts + 1
		changes, err = tx.moveDomain(d, c)
		if err != nil {
			return err
		}
		if !changes {
			return errNoChange
		}
		return tx.Model(&Domain{}).Where("org_id = ? and id = ?", orgID, id).UpdateColumns(note).Error
	})
	refused := err
	if refused != nil && !IsKind(refused, Conflict) {
		return nil, refused
	}
	if !changes || refused != nil {
		// Nothing an admin would ask about has changed: only when we looked and what we saw.
		if refused != nil {
			note["reason"], note["sentence"] = "claimed_elsewhere", refused.(*Error).Message
		}
		err = db.touch(ctx, func(tx *Tx) error {
			return tx.Model(&Domain{}).Where("org_id = ? and id = ?", orgID, id).UpdateColumns(note).Error
		})
		if err != nil {
			return nil, err
		}
	}
	d, err := db.Domain(ctx, orgID, id)
	if err != nil {
		return nil, err
	}
	return d, refused
}

// moveDomain applies a look at DNS to the claim's state and tells whether that changed it.
func (tx *Tx) moveDomain(d *Domain, c DomainCheck) (bool, error) {
	if d.VerifiedBy != nil && *d.VerifiedBy == "operator" && !c.Verified && d.Status == DomainVerified {
		return false, nil // the operator vouched: no record is expected
	}
	switch {
	case c.Verified && d.Status != DomainVerified:
		return true, tx.verifyDomain(d, "dns")
	case c.Verified || c.Unreachable:
		return false, nil
	case d.Status == DomainVerified:
		return true, tx.setDomainStatus(d, DomainLapsing, &tx.now, "domain.lapsing")
	case d.Status == DomainLapsing && tx.now.Sub(*d.LapsingSince) >= LapseGrace:
		return true, tx.setDomainStatus(d, DomainLapsed, d.LapsingSince, "domain.lapsed")
	}
	return false, nil
}

func (tx *Tx) setDomainStatus(d *Domain, s DomainStatus, since *time.Time, action string) error {
	before := d.Status
	err := tx.Model(&Domain{}).Where("org_id = ? and id = ?", tx.org, d.ID).UpdateColumns(map[string]any{"status": s, "lapsing_since": since}).Error
	if err != nil {
		return err
	}
	tx.record(action, d.target(), Facts{"status": before}, Facts{"status": s})
	return tx.notify("domain", d.Domain+": "+string(s),
		"The DNS record that proves "+d.Domain+" is gone. People who signed in before keep signing in; new ones are not let in once the seven days' grace is over. Put the TXT record back.")
}

// RemoveDomain gives a claim up: the organization no longer speaks for people on it, so their sessions of single sign-on end. Conflict for the last verified domain while single sign-on is on.
func (db *DB) RemoveDomain(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		if err := tx.lockOrganization(); err != nil {
			return err
		}
		d, err := tx.domain(id)
		if err != nil {
			return err
		}
		if d.Counts() {
			var left []string
			err := tx.Raw(`select d.id from domains d where d.org_id = ? and d.id <> ? and d.status in ('verified', 'lapsing')
				union all select 'off' where not exists (select 1 from sso_connections c where c.org_id = ? and c.enabled = ?) limit 1`, orgID, id, orgID, true).Scan(&left).Error
			if err != nil {
				return err
			}
			if len(left) == 0 {
				return conflict("%s is the last verified domain, and single sign-on is on. Turn single sign-on off first, or verify another domain.", d.Domain)
			}
		}
		if err := tx.Org().Where("id = ?", id).Delete(&Domain{}).Error; err != nil {
			return err
		}
		ended, err := tx.endDomainSessions(d)
		if err != nil {
			return err
		}
		tx.record("domain.removed", d.target(), Facts{"domain": d.Domain, "status": d.Status}, Facts{"sessions_ended": ended})
		return nil
	})
}

// endDomainSessions ends the sessions of single sign-on of members on a domain that the organization has given up or lost. One that only
// lapsed goes on letting people in who signed in before.
func (tx *Tx) endDomainSessions(d *Domain) (int64, error) {
	// Sign-ins under way share the connection until their session is there: those that have looked at the domain end first, and their
	// sessions here; those that come later look again.
	if err := tx.Locked().Limit(1).Find(&[]SSOConnection{}).Error; err != nil {
		return 0, err
	}
	r := tx.Exec("delete from sessions where org_id = ? and method = ? and member_id in (select m.id from members m where m.org_id = ? and "+emailDomain+" = ?)",
		tx.org, MethodSSO, tx.org, d.Domain)
	return r.RowsAffected, r.Error
}

// DueDomain is a claim of any organization whose next look is due.
type DueDomain struct {
	ID, OrgID, Domain, Token string
	Status                   DomainStatus
	Attempts                 int
	CreatedAt                time.Time
}

// DueDomains are the claims to look at now, at most limit. Each is put off by lease, so that two instances do not both look.
func (db *DB) DueDomains(ctx context.Context, limit int, lease time.Duration) ([]DueDomain, error) {
	var due []DueDomain
	err := db.touch(ctx, func(tx *Tx) error {
		q := tx.lock(tx.DB.Model(&Domain{})).Where("next_check_at <= ?", tx.now).Order("next_check_at").Limit(limit)
		if err := q.Find(&due).Error; err != nil {
			return err
		}
		for _, d := range due {
			if err := tx.Model(&Domain{}).Where("id = ?", d.ID).UpdateColumn("next_check_at", tx.now.Add(lease)).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return due, err
}
