package models

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Role is what a member may do. Every organization keeps at least one active owner.
type Role string

// The roles, strongest first.
const (
	Owner      Role = "owner"
	Admin      Role = "admin"
	RoleMember Role = "member"
)

// ParseRole is a role by its word; empty is member. Invalid otherwise.
func ParseRole(s string) (Role, error) {
	switch r := Role(LowerASCII(strings.TrimSpace(s))); r {
	case Owner, Admin, RoleMember:
		return r, nil
	case "":
		return RoleMember, nil
	}
	return "", errUnknownRole
}

var errUnknownRole = invalid("role", "The role is owner, admin or member.")

// check refuses a role that is none.
func (r Role) check() error {
	if r == Owner || r == Admin || r == RoleMember {
		return nil
	}
	return errUnknownRole
}

// Status says whether a member may sign in.
type Status string

// The statuses of a member.
const (
	Invited  Status = "invited"  // asked by mail, has not come yet
	Active   Status = "active"   // may sign in, unless held
	Inactive Status = "inactive" // deactivated
)

// Source says how a member came.
type Source string

// The sources of a member.
const (
	SourceInvitation Source = "invitation"
	SourceSSO        Source = "sso"
	SourceSCIM       Source = "scim"
	SourceOperator   Source = "operator"
)

// HeldReason says why a member has no account.
type HeldReason string

// The reasons to hold a member.
const (
	HeldDomainUnverified HeldReason = "domain_unverified" // the address is on no verified domain of this organization
	HeldNoAddress        HeldReason = "no_address"        // the directory sent no usable address
	HeldAddressTaken     HeldReason = "address_taken"     // another member has the address
)

// DeactivatedBy says who deactivated a member: only the same side, or an admin, brings somebody back.
type DeactivatedBy string

// The sides that deactivate.
const (
	ByAdmin    DeactivatedBy = "admin"
	BySCIM     DeactivatedBy = "scim"
	ByOperator DeactivatedBy = "operator"
)

// Member is a person in one organization. Its id is the SCIM id.
type Member struct {
	ID    string `gorm:"primaryKey"`
	OrgID string
	// AccountID is nil for held members and for those invited.
	AccountID *string
	Role      Role
	Status    Status
	Source    Source
	// Email is the address (PRODUCT.md §1), lower-cased ASCII; nil when the directory sent none.
	Email      *string
	HeldReason *HeldReason
	// UserName is as the directory sent it, or the address; UserNameKey is what it is compared by.
	UserName, UserNameKey string
	ExternalID            *string
	// WorkEmail is emails[type eq "work"].value, lower-cased.
	WorkEmail                          *string
	DisplayName, GivenName, FamilyName string
	// SCIMManaged members have their profile fields from the directory.
	SCIMManaged bool `gorm:"column:scim_managed"`
	// Attributes is the SCIM resource as it was sent, JSON without id, meta and groups; nil for members no directory wrote.
	Attributes    *string
	DeactivatedBy *DeactivatedBy
	DeactivatedAt *time.Time
	// Version grows by one with every change a SCIM client can see.
	Version              int64
	CreatedAt, UpdatedAt time.Time
	LastActiveAt         *time.Time
	// LeavingAt is since when the directory wants the member inactive while that waits for a decision (burst.go), or while they are
	// deactivated by somebody else (wishInactive).
	LeavingAt *time.Time
}

// wantedActive is what the directory last said, and what it is answered.
func (m *Member) wantedActive() bool { return m.Status != Inactive && m.LeavingAt == nil }

// Address is the member's e-mail address, empty if there is none.
func (m *Member) Address() string {
	if m.Email == nil {
		return ""
	}
	return *m.Email
}

// Held is the reason the member is held, empty if not.
func (m *Member) Held() HeldReason {
	if m.HeldReason == nil {
		return ""
	}
	return *m.HeldReason
}

// Label is what people read for the member: the name, else the address, else the userName.
func (m *Member) Label() string {
	for _, s := range []string{m.DisplayName, strings.TrimSpace(m.GivenName + " " + m.FamilyName), m.Address(), m.UserName} {
		if s != "" {
			return s
		}
	}
	return m.ID
}

func (m *Member) target() Target { return Target{"member", m.ID, m.Label()} }

// newMember is somebody who comes by any way but SCIM.
type newMember struct {
	email                     string // clean
	name, firstName, lastName string
	role                      Role
	source                    Source
	hash                      string // of a password the operator or the person chose
	proven                    string // what shows that the address is the person's own; empty if nothing does
	invited                   bool
}

// addMember makes a member and links it to the account of its address. Conflict if the organization has that address already.
func (tx *Tx) addMember(n newMember) (*Member, error) {
	m := &Member{
		ID: newID("mem_", tx.now), OrgID: tx.org, Role: n.role, Status: Active, Source: n.source, Email: &n.email,
		UserName: n.email, UserNameKey: n.email, WorkEmail: &n.email, DisplayName: strings.TrimSpace(n.name), GivenName: n.firstName, FamilyName: n.lastName,
		Version: 1, CreatedAt: tx.now, UpdatedAt: tx.now,
	}
	if m.DisplayName == "" {
		m.DisplayName = strings.TrimSpace(n.firstName + " " + n.lastName)
	}
	if n.invited {
		m.Status = Invited
	} else {
		a, err := tx.accountFor(n.email, m.DisplayName)
		if err != nil {
			return nil, err
		}
		if n.hash != "" && a.HasPassword() {
			return nil, invalid("password", "%s has a password already, which stays. Leave the password out.", n.email)
		}
		if n.hash != "" {
			if err := tx.Model(&Account{}).Where("id = ?", a.ID).Updates(map[string]any{"password_hash": n.hash}).Error; err != nil {
				return nil, err
			}
		}
		if n.proven != "" {
			if err := tx.prove(a, n.proven); err != nil {
				return nil, err
			}
		}
		m.AccountID = &a.ID
	}
	fresh, err := tx.insertNew(m)
	if err != nil {
		return nil, err
	}
	if !fresh {
		return nil, conflict("%s is a member of this organization already.", n.email)
	}
	if err := tx.count(1); err != nil {
		return nil, err
	}
	tx.record("member.added", m.target(), nil, Facts{"email": n.email, "role": m.Role, "source": m.Source, "status": m.Status})
	return m, nil
}

// AddMember adds somebody the operator vouches for. password may be empty: they then use single sign-on or a mailed link.
func (db *DB) AddMember(ctx context.Context, actor Actor, orgID string, email, firstName, lastName string, role Role, password string) (*Member, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(role.check(), checkOptionalName("first_name", firstName), checkOptionalName("last_name", lastName)); err != nil {
		return nil, err
	}
	org, err := db.Organization(ctx, orgID)
	if err != nil {
		return nil, err
	}
	hash := ""
	if password != "" {
		if hash, err = db.hashPassword(ctx, password, email, org.Name); err != nil {
			return nil, err
		}
	}
	var m *Member
	err = db.write(ctx, actor, orgID, func(tx *Tx) error {
		m, err = tx.addMember(newMember{
			email: email, firstName: strings.TrimSpace(firstName), lastName: strings.TrimSpace(lastName), role: role,
			source: SourceOperator, hash: hash, proven: "operator",
		})
		return err
	})
	return m, err
}

// member reads one member of the transaction's organization and locks its row. NotFound if it is of another.
func (tx *Tx) member(id string) (*Member, error) {
	var m Member
	if err := tx.Locked().Where("id = ?", id).Take(&m).Error; err != nil {
		return nil, found(err, "person")
	}
	return &m, nil
}

// Member is one member. NotFound if the organization has none with that id.
func (db *DB) Member(ctx context.Context, orgID, id string) (*Member, error) {
	var m Member
	if err := db.read(ctx).Where("org_id = ? and id = ?", orgID, id).Take(&m).Error; err != nil {
		return nil, found(err, "person")
	}
	return &m, nil
}

// change updates columns of a member and counts the version up.
func (tx *Tx) change(m *Member, columns map[string]any) error {
	columns["version"], columns["updated_at"] = gorm.Expr("version + 1"), tx.now
	if err := tx.Model(&Member{}).Where("org_id = ? and id = ?", tx.org, m.ID).UpdateColumns(columns).Error; err != nil {
		return err
	}
	m.Version, m.UpdatedAt = m.Version+1, tx.now
	return nil
}

// RenameMember changes the name a member is shown by. Forbidden for members whose profile comes from the directory.
func (db *DB) RenameMember(ctx context.Context, actor Actor, orgID, memberID, firstName, lastName string) error {
	first, last := strings.TrimSpace(firstName), strings.TrimSpace(lastName)
	name, err := cleanName("first_name", first+" "+last, "a name")
	if err != nil {
		return err
	}
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		if m.SCIMManaged {
			return forbidden("The name of %s comes from the directory. Change it there.", m.Label())
		}
		if m.DisplayName == name && m.GivenName == first && m.FamilyName == last {
			return errNoChange
		}
		before := m.Label()
		if err := tx.change(m, map[string]any{"display_name": name, "given_name": first, "family_name": last}); err != nil {
			return err
		}
		m.DisplayName, m.GivenName, m.FamilyName = name, first, last
		tx.record("member.renamed", m.target(), Facts{"name": before}, Facts{"name": name})
		return nil
	})
}

// ChangeRole gives a member another role. Only owners make or unmake owners; the last active owner keeps the role.
func (db *DB) ChangeRole(ctx context.Context, actor Actor, by Role, orgID, memberID string, role Role) error {
	if err := role.check(); err != nil {
		return err
	}
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		if err := tx.lockOrganization(); err != nil {
			return err
		}
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		if m.Role == role {
			return errNoChange
		}
		if by != Owner && (m.Role == Owner || role == Owner) {
			return forbidden("Only an owner can make somebody an owner, or change an owner's role.")
		}
		if m.Role == Owner {
			if err := tx.keepAnOwner(m); err != nil {
				return err
			}
		}
		before := m.Role
		if err := tx.change(m, map[string]any{"role": role}); err != nil {
			return err
		}
		tx.record("member.role_changed", m.target(), Facts{"role": before}, Facts{"role": role})
		return nil
	})
}

// keepAnOwner refuses when m is the organization's last active owner. While single sign-on is required, only owners with a password
// count, because they are the way back in. Held and invited ones never count. The caller holds the organization's lock.
func (tx *Tx) keepAnOwner(m *Member) error {
	if m.Role != Owner || m.Status != Active || m.Held() != "" {
		return nil
	}
	var others []string
	err := tx.Raw(`select m.id from members m join accounts a on a.id = m.account_id
		where m.org_id = ? and m.id <> ? and m.role = 'owner' and m.status = 'active'
		and (a.password_hash is not null or not exists (select 1 from sso_connections c where c.org_id = m.org_id and `+requiredSQL+`)) limit 1`,
		tx.org, m.ID, tx.now).Scan(&others).Error
	if err != nil {
		return err
	}
	if len(others) == 0 {
		return conflict("%s is the last owner who can sign in. Make somebody else an owner first.", m.Label())
	}
	return nil
}

// DeactivateMember ends a member's access: sessions end in the same transaction, just-in-time creation does not bring them back.
// Conflict for the last active owner.
func (db *DB) DeactivateMember(ctx context.Context, actor Actor, by Role, orgID, memberID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		if err := tx.lockOrganization(); err != nil {
			return err
		}
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		if m.Role == Owner && by != Owner {
			return forbidden("Only an owner can deactivate an owner.")
		}
		side := ByAdmin
		if actor.Kind == Operator {
			side = ByOperator
		}
		return tx.deactivate(m, side)
	})
}

// deactivate is the one way a member becomes inactive. The caller has locked the organization if m is an owner.
func (tx *Tx) deactivate(m *Member, by DeactivatedBy) error {
	if m.Status == Inactive {
		return errNoChange
	}
	if err := tx.keepAnOwner(m); err != nil {
		return err
	}
	before := m.Status
	m.Status, m.DeactivatedBy, m.DeactivatedAt = Inactive, &by, &tx.now
	if by == BySCIM {
		m.LeavingAt = nil // otherwise the directory's wish outlives our own
	}
	if err := tx.change(m, map[string]any{"status": Inactive, "deactivated_by": by, "deactivated_at": tx.now, "leaving_at": m.LeavingAt}); err != nil {
		return err
	}
	ended, err := tx.endSessions(m.ID)
	if err != nil {
		return err
	}
	if err := tx.Where("member_id = ?", m.ID).Delete(&Link{}).Error; err != nil {
		return err
	}
	tx.record("member.deactivated", m.target(), Facts{"status": before}, Facts{"status": Inactive, "by": by, "sessions_ended": ended})
	return nil
}

// ReactivateMember brings a deactivated member back, with the teams they were in. Whom the directory wants inactive as well stays so: that
// ends what kept them away here, and Conflict says that the directory still does. Once more brings them back all the same, as anybody whom
// only the directory has deactivated.
func (db *DB) ReactivateMember(ctx context.Context, actor Actor, by Role, orgID, memberID string) error {
	var stays error
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		stays = nil
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		if m.Role == Owner && by != Owner {
			return forbidden("Only an owner can bring an owner back.")
		}
		if m.Status == Invited {
			return conflict("%s was invited and has not come yet. Send the invitation again instead.", m.Label())
		}
		if m.Status == Inactive && m.LeavingAt != nil {
			stays = conflict("%s is no longer deactivated here, but the directory has set them inactive, so they stay so. Assign them there, or reactivate them once more to let them in until the directory changes them again.", m.Label())
			return tx.leaveToDirectory(m)
		}
		return tx.reactivate(m)
	})
	if err != nil {
		return err
	}
	return stays
}

// leaveToDirectory ends a deactivation of our own where the directory wants one, too.
func (tx *Tx) leaveToDirectory(m *Member) error {
	before, by := *m.DeactivatedBy, BySCIM
	m.DeactivatedBy, m.LeavingAt = &by, nil
	if err := tx.change(m, map[string]any{"deactivated_by": by, "leaving_at": nil}); err != nil {
		return err
	}
	tx.record("member.left_to_directory", m.target(), Facts{"by": before}, Facts{"by": by, "status": m.Status})
	return nil
}

// reactivate is the one way an inactive member becomes active. Somebody without an account is linked or held anew.
func (tx *Tx) reactivate(m *Member) error {
	if m.Status == Active {
		return errNoChange
	}
	before := m.Status
	m.Status, m.DeactivatedBy, m.DeactivatedAt, m.LeavingAt = Active, nil, nil, nil
	if m.AccountID == nil {
		if err := tx.linkOrHold(m); err != nil {
			return err
		}
	}
	err := tx.change(m, map[string]any{"status": Active, "deactivated_by": nil, "deactivated_at": nil, "leaving_at": nil, "account_id": m.AccountID, "held_reason": m.HeldReason})
	if err != nil {
		return err
	}
	tx.record("member.reactivated", m.target(), Facts{"status": before}, Facts{"status": Active})
	return nil
}
