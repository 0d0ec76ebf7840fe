package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// A directory that deactivates many people at once may be right, or misconfigured. Each deactivation acts at once, always; a burst of them
// raises a notice and can be undone in one step. An owner may choose that a burst is held instead: sessions end, the rest waits.

const (
	// burstPercent of the organization, and at least burstLeast people, within burstWindow are a burst.
	burstPercent = 20
	burstLeast   = 10
	burstWindow  = time.Hour
)

// Burst is many deactivations by the directory within an hour.
type Burst struct {
	ID, OrgID       string
	BeganAt, LastAt time.Time
	People          int
	DecidedAt       *time.Time
	DecidedBy       string
	Undone          bool
	// Outcome are sentences about what could not be restored, JSON.
	Outcome string
}

// TableName is the table of bursts.
func (Burst) TableName() string { return "deactivation_bursts" }

func (b *Burst) target() Target {
	return Target{"deactivation_burst", b.ID, fmt.Sprintf("%d people", b.People)}
}

// NotRestored are the sentences about what an undone burst could not bring back.
func (b *Burst) NotRestored() []string {
	var list []string
	_ = json.Unmarshal([]byte(b.Outcome), &list)
	return list
}

// departure is one person of a burst, or one of whom a burst may still be made.
type departure struct {
	ID, OrgID, MemberID, Label string
	Kind                       string // deactivated, held, deleted
	At                         time.Time
	Data                       string
	BurstID                    *string
}

func (departure) TableName() string { return "directory_deactivations" }

// deletedMember is what it takes to make a deleted person anew.
type deletedMember struct {
	Role        Role     `json:"role"`
	Email       *string  `json:"email"`
	UserName    string   `json:"user_name"`
	UserNameKey string   `json:"user_name_key"`
	ExternalID  *string  `json:"external_id"`
	WorkEmail   *string  `json:"work_email"`
	DisplayName string   `json:"display_name"`
	GivenName   string   `json:"given_name"`
	FamilyName  string   `json:"family_name"`
	SCIMManaged bool     `json:"scim_managed"`
	Attributes  *string  `json:"attributes"`
	Teams       []string `json:"teams"`
}

// departed notes a deactivation by the directory beside the audit event that was recorded last.
func (tx *Tx) departed(m *Member, kind, data string) error {
	return tx.Create(&departure{ID: newID("dep_", tx.now), OrgID: tx.org, MemberID: m.ID, Label: truncate(m.Label(), 400), Kind: kind, At: tx.now, Data: data}).Error
}

// departedForGood is departed for somebody who is about to be deleted.
func (tx *Tx) departedForGood(m *Member) error {
	d := deletedMember{m.Role, m.Email, m.UserName, m.UserNameKey, m.ExternalID, m.WorkEmail, m.DisplayName, m.GivenName, m.FamilyName, m.SCIMManaged, m.Attributes, nil}
	if err := tx.Raw("select team_id from team_members where org_id = ? and member_id = ? order by team_id", tx.org, m.ID).Scan(&d.Teams).Error; err != nil {
		return err
	}
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return tx.departed(m, "deleted", string(b))
}

// least is how many deactivations of an organization are a burst, gone of whom are counted already.
func (tx *Tx) burstThreshold(gone int) (int, error) {
	var active int
	if err := tx.Raw("select count(*) from members where org_id = ? and status = 'active'", tx.org).Scan(&active).Error; err != nil {
		return 0, err
	}
	return max(burstLeast, ((active+gone)*burstPercent+99)/100), nil
}

// holds tells whether a deactivation that comes now is part of a burst which the organization wants held.
func (tx *Tx) holds() (bool, error) {
	var on []bool
	if err := tx.Raw("select hold_deactivations from organizations where id = ?", tx.org).Scan(&on).Error; err != nil || len(on) == 0 || !on[0] {
		return false, err
	}
	var before int
	err := tx.Raw(`select count(*) from directory_deactivations d left join deactivation_bursts b on b.id = d.burst_id
		where d.org_id = ? and d.at > ? and b.decided_at is null`, tx.org, tx.now.Add(-burstWindow)).Scan(&before).Error
	if err != nil || before+1 < burstLeast {
		return false, err
	}
	least, err := tx.burstThreshold(before)
	return before+1 >= least, err
}

// hold keeps a deactivation waiting: the sessions end, the person stays a member until somebody decides.
func (tx *Tx) hold(m *Member) error {
	if m.LeavingAt != nil {
		return errNoChange
	}
	m.LeavingAt = &tx.now
	if err := tx.change(m, map[string]any{"leaving_at": tx.now}); err != nil {
		return err
	}
	ended, err := tx.endSessions(m.ID)
	if err != nil {
		return err
	}
	tx.record("member.deactivation_held", m.target(), Facts{"status": m.Status}, Facts{"sessions_ended": ended})
	return tx.departed(m, "held", "")
}

// NoteBursts looks for bursts, tells the owners about new ones and returns how many there were.
func (db *DB) NoteBursts(ctx context.Context) (int, error) {
	since := db.Now().Add(-burstWindow)
	var orgs []string
	err := db.read(ctx).Raw("select org_id from directory_deactivations where at > ? and burst_id is null group by org_id order by org_id limit 1000", since).Scan(&orgs).Error
	if err != nil {
		return 0, err
	}
	found := 0
	for _, org := range orgs {
		err := db.write(ctx, Actor{Kind: System, Label: "Gatehouse"}, org, func(tx *Tx) error {
			fresh, err := tx.noteBurst()
			if fresh {
				found++
			}
			return err
		})
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// noteBurst puts an organization's latest deactivations into its open burst, or makes one if they are many.
func (tx *Tx) noteBurst() (fresh bool, err error) {
	if err := tx.lockOrganization(); err != nil { // of several instances one finds it
		return false, err
	}
	since := tx.now.Add(-burstWindow)
	var rows []departure
	if err := tx.Org().Where("at > ? and burst_id is null", since).Order("at, id").Find(&rows).Error; err != nil || len(rows) == 0 {
		return false, orNoChange(err)
	}
	var open []Burst
	if err := tx.Org().Where("decided_at is null and last_at > ?", since).Order("id desc").Limit(1).Find(&open).Error; err != nil {
		return false, err
	}
	last := rows[len(rows)-1].At
	if len(open) == 0 {
		least, err := tx.burstThreshold(len(rows))
		if err != nil {
			return false, err
		}
		if len(rows) < least {
			return false, errNoChange
		}
		b := Burst{ID: newID("bur_", tx.now), OrgID: tx.org, BeganAt: rows[0].At, LastAt: last, People: len(rows), Outcome: "[]"}
		if err := tx.Create(&b).Error; err != nil {
			return false, err
		}
		open = []Burst{b}
		tx.record("deactivation_burst.noticed", b.target(), nil, Facts{"people": b.People, "began_at": b.BeganAt})
		err = tx.notify("burst", fmt.Sprintf("The directory deactivated %d people", b.People), fmt.Sprintf(
			"%d people were deactivated or removed by the directory within an hour. If that was not meant, mend the assignment in the directory, then undo it in one step under Access Security, SCIM.", b.People))
		if err != nil {
			return false, err
		}
		fresh = true
	} else {
		b := &open[0]
		b.People += len(rows)
		if err := tx.Model(&Burst{}).Where("id = ?", b.ID).UpdateColumns(map[string]any{"people": b.People, "last_at": last}).Error; err != nil {
			return false, err
		}
		tx.record("deactivation_burst.grew", b.target(), nil, Facts{"people": b.People})
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	for batch := range batches(ids) {
		if err := tx.Exec("update directory_deactivations set burst_id = ? where org_id = ? and id in ?", open[0].ID, tx.org, batch).Error; err != nil {
			return false, err
		}
	}
	return fresh, nil
}

func orNoChange(err error) error {
	if err == nil {
		return errNoChange
	}
	return err
}

// BurstInfo is a burst with some of its people.
type BurstInfo struct {
	Burst
	// Names are the first of the people; Held is how many wait for a decision.
	Names []string
	Held  int
}

// Bursts are an organization's bursts of the last 30 days, the latest first: those that wait for a decision and those that were undone.
func (db *DB) Bursts(ctx context.Context, orgID string) ([]BurstInfo, error) {
	var list []Burst
	err := db.read(ctx).Where("org_id = ? and id >= ?", orgID, idAt("bur_", db.Now().Add(-ActivityLife))).Order("id desc").Limit(10).Find(&list).Error
	if err != nil {
		return nil, err
	}
	infos := make([]BurstInfo, len(list))
	for i := range list {
		infos[i].Burst = list[i]
		err := db.read(ctx).Raw("select label from directory_deactivations where org_id = ? and burst_id = ? order by at, id limit 12", orgID, list[i].ID).Scan(&infos[i].Names).Error
		if err != nil {
			return nil, err
		}
		err = db.read(ctx).Raw("select count(*) from directory_deactivations where org_id = ? and burst_id = ? and kind = 'held'", orgID, list[i].ID).Scan(&infos[i].Held).Error
		if err != nil {
			return nil, err
		}
	}
	return infos, nil
}

// HoldsDeactivations tells whether bursts are held.
func (db *DB) HoldsDeactivations(ctx context.Context, orgID string) (bool, error) {
	var on bool
	return on, db.read(ctx).Raw("select hold_deactivations from organizations where id = ?", orgID).Scan(&on).Error
}

// HoldDeactivations chooses whether the people of a burst stay members until somebody decides. Forbidden for all but owners.
func (db *DB) HoldDeactivations(ctx context.Context, actor Actor, by Role, orgID string, on bool) error {
	if by != Owner {
		return forbidden("Only an owner can choose whether mass deactivations are held.")
	}
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		if err := tx.lockOrganization(); err != nil {
			return err
		}
		r := tx.Exec("update organizations set hold_deactivations = ? where id = ? and hold_deactivations <> ?", on, orgID, on)
		if r.Error != nil {
			return r.Error
		}
		if r.RowsAffected == 0 {
			return errNoChange
		}
		tx.record("organization.hold_deactivations_changed", Target{"organization", orgID, ""}, Facts{"on": !on}, Facts{"on": on})
		return nil
	})
}
