package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/scim"
)

// What the directory writes about people (PRODUCT.md §8): the write is accepted, its effect may be held. linkOrHold decides that; the
// operations here decide who is meant, what changes, and what the directory may not do.

// lastOwner is a change the directory may not make, because nobody could manage the organization afterwards. It is audited, although
// the transaction that found it is rolled back.
type lastOwner struct {
	target Target
	err    error
}

func (e *lastOwner) Error() string { return e.err.Error() }
func (e *lastOwner) Unwrap() error { return e.err }

// attemptsAtAddress bounds how often a write starts again because another member got the address meanwhile: the second time it sees
// that member, and holds.
const attemptsAtAddress = 3

// scimMemberWrite runs a write about a person. id may be empty for one who does not exist yet; otherwise fact is the role.
func (db *DB) scimMemberWrite(ctx context.Context, c *SCIMCall, id string, fn func(tx *Tx) error) error {
	what, args := "", []any(nil)
	if id != "" {
		what, args = "select m.role from members m where m.org_id = t.org_id and m.id = ?", []any{id}
	}
	var err error
	for range attemptsAtAddress {
		err = db.writeSCIM(ctx, c, what, args, func(tx *Tx, role *string) error {
			if id != "" && role == nil {
				return notFound("person")
			}
			if role != nil && Role(*role) == Owner { // before the member's own row: the order in which everybody locks
				if err := tx.lockOrganization(); err != nil {
					return err
				}
			}
			return fn(tx)
		})
		if !isDuplicate(err) {
			break
		}
	}
	var refused *lastOwner
	if errors.As(err, &refused) {
		audit := db.write(ctx, c.Token.Actor(c.Client.IP), c.Token.OrgID, func(tx *Tx) error {
			tx.record("member.change_refused", refused.target, nil, Facts{"reason": refused.Error()})
			return nil
		})
		return errors.Join(refused.err, audit)
	}
	return err
}

// CreateSCIMMember is a POST: a new person, or somebody who came by invitation or sign-in and whom the directory manages from now on.
// Conflict, field userName, for somebody it manages already.
func (db *DB) CreateSCIMMember(ctx context.Context, c *SCIMCall, r *scim.Resource) (*SCIMMember, error) {
	data := directoryDataOf(r)
	if db.hot() {
		if m, err := db.hotCreateMember(ctx, c, r, data); !errors.Is(err, errUncommon) {
			return m, err
		}
	}
	var m *SCIMMember
	err := db.scimMemberWrite(ctx, c, "", func(tx *Tx) error {
		id, err := tx.adoptable(data)
		if err != nil {
			return err
		}
		if id == "" {
			if id, err = tx.createFromDirectory(r, data); err != nil {
				return err
			}
		} else if err := tx.changeFromDirectory(id, func(*scim.Resource) (*scim.Resource, error) { return r, nil }); err != nil {
			return err
		}
		if err := tx.forgetTombstones(data); err != nil {
			return err
		}
		m, err = tx.reread(id)
		return err
	})
	return m, err
}

var errUserNameTaken = &Error{Kind: Conflict, Field: "userName", Message: "A user with this userName exists already. Look it up with a filter on userName and change it by its id."}

// adoptable finds the member whom a POST is about, "" if it is about nobody here. The caller's lock on the organization comes first if
// that member is an owner.
func (tx *Tx) adoptable(d directoryData) (string, error) {
	var found []struct {
		ID          string
		SCIMManaged bool `gorm:"column:scim_managed"`
		Role        Role
		UserNameKey string
	}
	err := tx.Raw(`select id, scim_managed, role, user_name_key from members where org_id = ? and
		(user_name_key = ? or email = ? and scim_managed = ? and held_reason is null) limit 10`, tx.org, d.userNameKey, d.email, false).Scan(&found).Error
	if err != nil {
		return "", err
	}
	id, role := "", RoleMember
	for _, f := range found {
		named := f.UserNameKey == d.userNameKey
		if named && f.SCIMManaged {
			return "", errUserNameTaken
		}
		if named || id == "" {
			id, role = f.ID, f.Role
		}
	}
	if role == Owner {
		return id, tx.lockOrganization()
	}
	return id, nil
}

// newFromDirectory is a member as the directory wants them, before it is decided whose account they have.
func newFromDirectory(r *scim.Resource, d directoryData, now time.Time) *Member {
	m := &Member{
		ID: newID("mem_", now), Role: RoleMember, Status: Active, Source: SourceSCIM, SCIMManaged: true, Email: d.email,
		UserName: d.userName, UserNameKey: d.userNameKey, ExternalID: d.externalID, WorkEmail: d.workEmail, DisplayName: d.displayName,
		GivenName: d.givenName, FamilyName: d.familyName, Attributes: &d.attributes, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if active, sent := r.Active(); sent && !active {
		by := BySCIM
		m.Status, m.DeactivatedBy, m.DeactivatedAt = Inactive, &by, &now
	}
	return m
}

// addedFacts are what the audit log says about a new member of the directory.
func (m *Member) addedFacts() Facts {
	return Facts{"user_name": m.UserName, "email": m.Address(), "role": m.Role, "source": m.Source, "status": m.Status, "held": m.Held()}
}

// createFromDirectory inserts a new member.
func (tx *Tx) createFromDirectory(r *scim.Resource, d directoryData) (string, error) {
	m := newFromDirectory(r, d, tx.now)
	m.OrgID = tx.org
	if err := tx.linkOrHold(m); err != nil {
		return "", err
	}
	fresh, err := tx.insertNew(m)
	if err == nil && !fresh {
		// A race: somebody inserted the userName, or the address, after we looked. Who has the userName has it.
		var id string
		if id, err = tx.adoptable(d); err == nil && id == "" {
			held := HeldAddressTaken
			m.AccountID, m.HeldReason = nil, &held
			fresh, err = tx.insertNew(m)
		}
		if err == nil && !fresh {
			err = errUserNameTaken
		}
	}
	if err != nil {
		return "", err
	}
	if err := tx.count(1); err != nil {
		return "", err
	}
	tx.record("member.added", m.target(), nil, m.addedFacts())
	return m.ID, nil
}

// forgetTombstones ends what kept just-in-time creation away: the directory says again that the person belongs.
func (tx *Tx) forgetTombstones(d directoryData) error {
	return tx.Exec("delete from member_tombstones where org_id = ? and (user_name_key = ? or email = ?)", tx.org, d.userNameKey, d.email).Error
}

// ChangeSCIMMember is a PATCH or PUT: change gets the person's resource and returns what it shall be. It may run more than once. A
// change that comes to nothing writes nothing. NotFound; Conflict with field userName for another's userName, without field for the
// last active owner; what change returns.
func (db *DB) ChangeSCIMMember(ctx context.Context, c *SCIMCall, id string, change func(*scim.Resource) (*scim.Resource, error)) (*SCIMMember, error) {
	if db.hot() {
		if m, err := db.hotChangeMember(ctx, c, id, change); !errors.Is(err, errUncommon) {
			return m, err
		}
	}
	var m *SCIMMember
	change, err := db.foreseen(ctx, c, id, change)
	if err != nil {
		return nil, err
	}
	err = db.scimMemberWrite(ctx, c, id, func(tx *Tx) error {
		if err := tx.matchMember(c, id); err != nil {
			return err
		}
		err := tx.changeFromDirectory(id, change)
		if err != nil && !errors.Is(err, errNoChange) {
			return err
		}
		var problem error
		if m, problem = tx.reread(id); problem != nil {
			return problem
		}
		return err
	})
	return m, err
}

// foreseen carries a change out before the transaction, on the person as they stand, and returns one that knows the outcome if they still
// stand so. SQLite has one writer for all organizations: what a directory asks to be computed must not happen while others wait for it.
func (db *DB) foreseen(ctx context.Context, c *SCIMCall, id string, change func(*scim.Resource) (*scim.Resource, error)) (func(*scim.Resource) (*scim.Resource, error), error) {
	if db.dialect != "sqlite" || c.IfMatch != "" { // with If-Match, 412 comes before what is wrong with the change
		return change, nil
	}
	m, err := db.SCIMMember(ctx, c, id, false)
	if err != nil {
		return nil, err
	}
	before, err := m.resource()
	if err != nil {
		return nil, err
	}
	after, err := change(before)
	if err != nil {
		return nil, err
	}
	return func(now *scim.Resource) (*scim.Resource, error) {
		if now.Equal(before) {
			return after, nil
		}
		return change(now)
	}, nil
}

// changeFromDirectory applies a resource to a member in the steps of PRODUCT.md §8: adoption, data, address, activity. errNoChange if
// nothing changes.
func (tx *Tx) changeFromDirectory(id string, change func(*scim.Resource) (*scim.Resource, error)) error {
	m, err := tx.member(id)
	if err != nil {
		return err
	}
	before, err := m.resource()
	if err != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return err
	}
	if err := tx.applyData(m, directoryDataOf(after)); err != nil {
		return err
	}
	active, sent := after.Active()
	switch {
	case sent && !active && m.wantedActive():
		if err := tx.lastOwnerCheck(m); err != nil {
			return err
		}
		if held, err := tx.holds(); err != nil {
			return err
		} else if held {
			return tx.hold(m)
		}
		if err := tx.deactivate(m, BySCIM); err != nil {
			return err
		}
		return tx.departed(m, "deactivated", "")
	case sent && !active && m.Status == Inactive && *m.DeactivatedBy != BySCIM && m.LeavingAt == nil:
		// Deactivated here already: what the directory wants is kept for the day on which somebody brings them back here.
		return tx.wishInactive(m, &tx.now)
	case sent && active && m.Status == Inactive && m.LeavingAt != nil:
		return tx.wishInactive(m, nil)
	case sent && active && m.LeavingAt != nil:
		m.LeavingAt = nil
		if err := tx.change(m, map[string]any{"leaving_at": nil}); err != nil {
			return err
		}
		tx.record("member.reactivated", m.target(), nil, Facts{"status": m.Status})
		return tx.Exec("delete from directory_deactivations where org_id = ? and member_id = ? and kind = 'held'", tx.org, m.ID).Error
	case sent && active && m.Status == Inactive && *m.DeactivatedBy == BySCIM:
		// Whom an admin or the operator deactivated, only they bring back.
		return tx.reactivate(m)
	}
	if len(tx.audit) == 0 {
		return errNoChange
	}
	return nil
}

// wishInactive keeps that the directory wants somebody inactive who is so already, or does not any more. It will not say so again: a
// directory sends what has changed there.
func (tx *Tx) wishInactive(m *Member, at *time.Time) error {
	wished := func(at *time.Time) string {
		if at != nil {
			return "inactive"
		}
		return "active"
	}
	before := m.LeavingAt
	m.LeavingAt = at
	if err := tx.change(m, map[string]any{"leaving_at": at}); err != nil {
		return err
	}
	tx.record("member.directory_wish", m.target(), Facts{"directory": wished(before)}, Facts{"directory": wished(at), "status": m.Status})
	return nil
}

// lastOwnerCheck refuses what would leave the organization without an owner.
func (tx *Tx) lastOwnerCheck(m *Member) error {
	if m.Role != Owner {
		return nil
	}
	err := tx.keepAnOwner(m)
	if IsKind(err, Conflict) {
		return &lastOwner{target: m.target(), err: err}
	}
	return err
}

// dataChange is what differs between a member and what the directory says.
type dataChange struct {
	columns       map[string]any
	before, after Facts
	// adopted members are written by the directory for the first time; moved ones get another address.
	adopted, moved bool
}

func diffData(m *Member, d directoryData) *dataChange {
	c := &dataChange{columns: map[string]any{}, before: Facts{}, after: Facts{}, adopted: !m.SCIMManaged, moved: !same(d.email, m.Email)}
	set := func(name string, changed bool, value any) {
		if changed {
			c.columns[name] = value
		}
	}
	fact := func(name, old, new string) {
		if old != new {
			c.before[name], c.after[name] = old, new
		}
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	set("scim_managed", c.adopted, true)
	set("user_name", d.userName != m.UserName, d.userName)
	set("user_name_key", d.userNameKey != m.UserNameKey, d.userNameKey)
	set("external_id", !same(d.externalID, m.ExternalID), d.externalID)
	set("work_email", !same(d.workEmail, m.WorkEmail), d.workEmail)
	set("display_name", d.displayName != m.DisplayName, d.displayName)
	set("given_name", d.givenName != m.GivenName, d.givenName)
	set("family_name", d.familyName != m.FamilyName, d.familyName)
	set("attributes", !same(&d.attributes, m.Attributes), d.attributes)
	fact("user_name", m.UserName, d.userName)
	fact("external_id", text(m.ExternalID), text(d.externalID))
	fact("display_name", m.DisplayName, d.displayName)
	fact("given_name", m.GivenName, d.givenName)
	fact("family_name", m.FamilyName, d.familyName)
	fact("email", m.Address(), text(d.email))
	return c
}

// describe says that there was a change where no fact does.
func (c *dataChange) describe() {
	if len(c.after) == 0 && !c.adopted {
		c.after["attributes"] = "changed"
	}
}

// applyData writes the columns that differ. The first write of the directory adopts the member.
func (tx *Tx) applyData(m *Member, d directoryData) error {
	if d.userNameKey != m.UserNameKey {
		var others []string
		if err := tx.Raw("select id from members where org_id = ? and user_name_key = ? and id <> ?", tx.org, d.userNameKey, m.ID).Scan(&others).Error; err != nil {
			return err
		}
		if len(others) > 0 {
			return errUserNameTaken
		}
	}
	diff := diffData(m, d)
	columns, before, after := diff.columns, diff.before, diff.after
	if len(columns) == 0 && !diff.moved {
		return nil
	}
	oldAddress, moved, adopted := m.Email, diff.moved, diff.adopted
	m.SCIMManaged, m.UserName, m.DisplayName, m.GivenName, m.FamilyName = true, d.userName, d.displayName, d.givenName, d.familyName
	if err := tx.place(m, d.email, moved, columns); err != nil {
		return err
	}
	if err := tx.change(m, columns); err != nil {
		if isDuplicate(err) {
			return fmt.Errorf("another member got the userName or the address: %w", err)
		}
		return err
	}
	diff.describe()
	action := "member.changed"
	if adopted {
		action = "member.adopted"
		after["source"], after["status"] = m.Source, m.Status
	}
	if moved {
		after["held"] = m.Held()
	}
	tx.record(action, m.target(), before, after)
	if moved && oldAddress != nil {
		return tx.leaveAddress(m, *oldAddress)
	}
	return nil
}

// place decides anew whose account the member is when the address changes, or when the directory confirms somebody who was invited.
func (tx *Tx) place(m *Member, email *string, moved bool, columns map[string]any) error {
	confirmed := false
	if m.Status == Invited && !moved {
		// The invitation stands until the domain is proven: what the directory says about other domains has no effect.
		ok, err := tx.domainVerified(DomainOf(m.Address()))
		if err != nil || !ok {
			return err
		}
		confirmed = true
	}
	if !moved && !confirmed {
		return nil
	}
	if moved {
		if err := tx.leaveRole(m, columns); err != nil {
			return err
		}
	}
	m.Email, m.AccountID, m.HeldReason = email, nil, nil
	if err := tx.linkOrHold(m); err != nil {
		return err
	}
	columns["email"], columns["account_id"], columns["held_reason"] = m.Email, m.AccountID, m.HeldReason
	if m.Status == Invited {
		m.Status = Active
		columns["status"] = Active
	}
	return nil
}

// leaveRole takes back what people here gave to whoever had the old address: the role, and the places in teams of ours that carry admin.
// Another address is another account, and the directory, or an admin with a token of it, would otherwise hand an owner's powers to an
// account of its choice. The last owner stays as they are.
func (tx *Tx) leaveRole(m *Member, columns map[string]any) error {
	if err := tx.lastOwnerCheck(m); err != nil {
		return err
	}
	var carrying []Team
	err := tx.Raw(`select t.* from teams t join team_members tm on tm.team_id = t.id
		where t.org_id = ? and tm.member_id = ? and t.role = ? and t.managed = ? order by t.id`, tx.org, m.ID, Admin, false).Scan(&carrying).Error
	if err != nil {
		return err
	}
	for i := range carrying {
		if err := tx.Org().Where("team_id = ? and member_id = ?", carrying[i].ID, m.ID).Delete(&TeamMember{}).Error; err != nil {
			return err
		}
		tx.record("team.member_removed", carrying[i].target(), Facts{"member": m.ID, "name": m.Label()}, nil)
	}
	if m.Role == RoleMember && len(carrying) == 0 {
		return nil
	}
	if m.Role != RoleMember {
		tx.record("member.role_changed", m.target(), Facts{"role": m.Role}, Facts{"role": RoleMember})
		m.Role, columns["role"] = RoleMember, RoleMember
	}
	return tx.notify("role", "The directory moved an owner or admin to another address",
		m.Label()+" had the address "+m.Address()+" and was an owner or admin. Another address is another account, so the member has the role Member now. If it is the same person, give the role back under Users.")
}

// leaveAddress ends what the old address gave: sessions of the old account, invitations mailed there, keys of the identity provider
// that were the address itself. Whoever waited for the address gets it.
func (tx *Tx) leaveAddress(m *Member, old string) error {
	if _, err := tx.endSessions(m.ID); err != nil {
		return err
	}
	if err := tx.Where("member_id = ?", m.ID).Delete(&Link{}).Error; err != nil {
		return err
	}
	err := tx.Exec("delete from identities where org_id = ? and member_id = ? and (kind = 'email' or kind = 'nameid' and lower(value) = ?)", tx.org, m.ID, old).Error
	if err != nil {
		return err
	}
	return tx.releaseAddress(old)
}

// DeleteSCIMMember removes a person: sessions end in the same transaction, a tombstone keeps just-in-time creation away, and the same
// userName may come again with a new id. NotFound; Conflict for the last active owner.
func (db *DB) DeleteSCIMMember(ctx context.Context, c *SCIMCall, id string) error {
	if db.hot() {
		if err := db.hotDeleteMember(ctx, c, id); !errors.Is(err, errUncommon) {
			return err
		}
	}
	return db.scimMemberWrite(ctx, c, id, func(tx *Tx) error {
		if err := tx.matchMember(c, id); err != nil {
			return err
		}
		m, err := tx.member(id)
		if err != nil {
			return err
		}
		if err := tx.lastOwnerCheck(m); err != nil {
			return err
		}
		if held, err := tx.holds(); err != nil {
			return err
		} else if held {
			return tx.hold(m)
		}
		if err := tx.departedForGood(m); err != nil {
			return err
		}
		ended, err := tx.endSessions(m.ID)
		if err != nil {
			return err
		}
		if err := tx.Where("member_id = ?", m.ID).Delete(&Link{}).Error; err != nil {
			return err
		}
		err = tx.Exec("insert into member_tombstones (org_id, member_id, user_name_key, email, deleted_at) values (?, ?, ?, ?, ?)",
			tx.org, m.ID, m.UserNameKey, m.Email, tx.now).Error
		if err != nil {
			return err
		}
		if err := tx.Org().Where("id = ?", m.ID).Delete(&Member{}).Error; err != nil {
			return err
		}
		if err := tx.count(-1); err != nil {
			return err
		}
		tx.record("member.deleted", m.target(), Facts{"user_name": m.UserName, "email": m.Address(), "role": m.Role, "status": m.Status}, Facts{"sessions_ended": ended})
		if m.Email != nil {
			return tx.releaseAddress(*m.Email)
		}
		return nil
	})
}
