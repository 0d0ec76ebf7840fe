package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// burst reads and locks an open burst with its people. NotFound; Conflict if it was decided already.
func (tx *Tx) burst(id string) (*Burst, []departure, error) {
	if err := tx.lockOrganization(); err != nil {
		return nil, nil, err
	}
	var b Burst
	if err := tx.Locked().Where("id = ?", id).Take(&b).Error; err != nil {
		return nil, nil, found(err, "mass deactivation")
	}
	if b.DecidedAt != nil {
		return nil, nil, conflict("This mass deactivation was decided already, by %s.", b.DecidedBy)
	}
	var rows []departure
	err := tx.Org().Where("burst_id = ?", id).Order("at, id").Find(&rows).Error
	return &b, rows, err
}

func (tx *Tx) decide(b *Burst, undone bool, outcome []string) error {
	if outcome == nil {
		outcome = []string{}
	}
	text, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	b.DecidedAt, b.DecidedBy, b.Undone, b.Outcome = &tx.now, tx.actor.Label, undone, string(text)
	return tx.Model(&Burst{}).Where("id = ?", b.ID).
		UpdateColumns(map[string]any{"decided_at": tx.now, "decided_by": b.DecidedBy, "undone": undone, "outcome": b.Outcome}).Error
}

// UndoBurst brings the people of a burst back, with their roles and teams, in one step, and says what it could not restore. Deleted people
// come back under a new id, which the directory finds by their userName. NotFound; Conflict if it was decided already.
func (db *DB) UndoBurst(ctx context.Context, actor Actor, orgID, id string) (*Burst, error) {
	var b *Burst
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		var rows []departure
		var err error
		if b, rows, err = tx.burst(id); err != nil {
			return err
		}
		restored := 0
		var not []string
		last := map[string]int{} // the row of each person that says how they left in the end
		for i := range rows {
			last[rows[i].MemberID] = i
		}
		for i := range rows {
			d := &rows[i]
			if last[d.MemberID] != i {
				continue
			}
			var reason string
			if d.Kind == "deleted" {
				reason, err = tx.remake(d)
			} else {
				reason, err = tx.bringBack(d)
			}
			if err != nil {
				return err
			}
			if reason != "" {
				not = append(not, reason)
			} else {
				restored++
			}
		}
		if err := tx.decide(b, true, not); err != nil {
			return err
		}
		tx.record("deactivation_burst.undone", b.target(), nil, Facts{"restored": restored, "not_restored": len(not)})
		return nil
	})
	return b, err
}

// bringBack makes a deactivated or held person active; the reason, if it cannot. Who came back meanwhile and left again left for another
// reason than the burst.
func (tx *Tx) bringBack(d *departure) (string, error) {
	m, err := tx.member(d.MemberID)
	switch {
	case IsKind(err, NotFound):
		return d.Label + " was removed meanwhile.", nil
	case err != nil:
		return "", err
	case m.LeavingAt != nil && m.Status != Inactive:
		if !m.LeavingAt.Equal(d.At) {
			return leftAgain(d, *m.LeavingAt), nil
		}
		m.LeavingAt = nil
		if err := tx.change(m, map[string]any{"leaving_at": nil}); err != nil {
			return "", err
		}
		tx.record("member.reactivated", m.target(), nil, Facts{"status": m.Status})
		return "", nil
	case m.Status != Inactive:
		return "", nil // somebody brought them back already
	case *m.DeactivatedBy != BySCIM:
		if m.LeavingAt != nil && m.LeavingAt.Equal(d.At) {
			if err := tx.wishInactive(m, nil); err != nil {
				return "", err
			}
		}
		return d.Label + " was deactivated by an admin as well, and stays so.", nil
	case !m.DeactivatedAt.Equal(d.At):
		return leftAgain(d, *m.DeactivatedAt), nil
	}
	if err := tx.reactivate(m); err != nil {
		return "", err
	}
	if m.Held() != "" {
		return d.Label + " is back, but cannot sign in: see Users, Held.", nil
	}
	return "", nil
}

func leftAgain(d *departure, at time.Time) string {
	return d.Label + " was back meanwhile and left again on " + at.Format("2 January 2006") + ", and stays so."
}

// returned tells why a deleted person cannot be made anew, "" if nothing is in the way: their tombstone must be there, which goes when the
// directory makes the person anew, and be the latest of that userName and address.
func (tx *Tx) returned(d *departure, was *deletedMember) (string, error) {
	var stones []struct {
		MemberID  string
		DeletedAt time.Time
	}
	err := tx.Raw("select member_id, deleted_at from member_tombstones where org_id = ? and (user_name_key = ? or email = ?) order by deleted_at desc, member_id desc limit 100",
		tx.org, was.UserNameKey, was.Email).Scan(&stones).Error
	if err != nil {
		return "", err
	}
	if len(stones) > 0 && stones[0].MemberID == d.MemberID {
		return "", nil
	}
	var living []string
	err = tx.Raw("select id from members where org_id = ? and (user_name_key = ? or "+atAddress+") limit 1", tx.org, was.UserNameKey, was.Email, was.Email).Scan(&living).Error
	switch {
	case err != nil:
		return "", err
	case len(living) > 0:
		return d.Label + " exists again already, made anew by the directory; roles and teams were not restored.", nil
	case len(stones) > 0:
		return leftAgain(d, stones[0].DeletedAt), nil
	}
	return d.Label + " was back meanwhile and was removed again, and stays so.", nil
}

// remake makes a deleted person anew; the reason, if it cannot.
func (tx *Tx) remake(d *departure) (string, error) {
	var was deletedMember
	if err := json.Unmarshal([]byte(d.Data), &was); err != nil {
		return d.Label + " was deleted and could not be read back.", nil
	}
	if reason, err := tx.returned(d, &was); err != nil || reason != "" {
		return reason, err
	}
	m := &Member{
		ID: newID("mem_", tx.now), OrgID: tx.org, Role: was.Role, Status: Active, Source: SourceSCIM, SCIMManaged: was.SCIMManaged, Email: was.Email,
		UserName: was.UserName, UserNameKey: was.UserNameKey, ExternalID: was.ExternalID, WorkEmail: was.WorkEmail, DisplayName: was.DisplayName,
		GivenName: was.GivenName, FamilyName: was.FamilyName, Attributes: was.Attributes, Version: 1, CreatedAt: tx.now, UpdatedAt: tx.now,
	}
	if err := tx.linkOrHold(m); err != nil {
		return "", err
	}
	fresh, err := tx.insertNew(m)
	if err != nil {
		return "", err
	}
	if !fresh {
		return d.Label + " exists again already, made anew by the directory; roles and teams were not restored.", nil
	}
	if err := tx.count(1); err != nil {
		return "", err
	}
	if err := tx.Exec("delete from member_tombstones where org_id = ? and member_id = ?", tx.org, d.MemberID).Error; err != nil {
		return "", err
	}
	tx.record("member.added", m.target(), nil, m.addedFacts())
	lost := 0
	for _, team := range was.Teams {
		r := tx.Exec(`insert into team_members (org_id, team_id, member_id, added_at) select org_id, id, ?, ? from teams where org_id = ? and id = ? on conflict do nothing`,
			m.ID, tx.now, tx.org, team)
		if r.Error != nil {
			return "", r.Error
		}
		if r.RowsAffected == 0 {
			lost++
		}
	}
	switch {
	case m.Held() != "":
		return d.Label + " is back, but cannot sign in: see Users, Held.", nil
	case lost > 0:
		return fmt.Sprintf("%s is back, but %d of their teams are gone.", d.Label, lost), nil
	}
	return "", nil
}

// SettleBurst says that a burst was right: who is held is deactivated now. NotFound; Conflict if it was decided already, or if nobody could
// manage the organization afterwards.
func (db *DB) SettleBurst(ctx context.Context, actor Actor, orgID, id string) (*Burst, error) {
	var b *Burst
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		var rows []departure
		var err error
		if b, rows, err = tx.burst(id); err != nil {
			return err
		}
		carried := 0
		for i := range rows {
			m, err := tx.member(rows[i].MemberID)
			if IsKind(err, NotFound) || err == nil && (m.LeavingAt == nil || m.Status == Inactive) {
				continue
			}
			if err != nil {
				return err
			}
			if err := tx.deactivate(m, BySCIM); err != nil {
				return err
			}
			carried++
		}
		if err := tx.decide(b, false, nil); err != nil {
			return err
		}
		tx.record("deactivation_burst.settled", b.target(), nil, Facts{"deactivated": carried})
		return nil
	})
	return b, err
}
