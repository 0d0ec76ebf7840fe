package models

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Team is a group of members; a SCIM Group when the directory manages it.
type Team struct {
	ID    string `gorm:"primaryKey"`
	OrgID string
	// Name is what is shown, NameKey what it is found by.
	Name, NameKey string
	// Role is carried by the team to its members: admin or member, never owner; nil for none.
	Role *Role
	// Managed teams have their membership and DirectoryName from the directory.
	Managed                     bool
	DirectoryName, DirectoryKey *string
	// NameEdited keeps a name that was edited here when the directory renames the group.
	NameEdited           bool
	ExternalID           *string
	Attributes           *string
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// TeamMember is one membership.
type TeamMember struct {
	OrgID    string
	TeamID   string `gorm:"primaryKey"`
	MemberID string `gorm:"primaryKey"`
	AddedAt  time.Time
}

func (t *Team) target() Target { return Target{"team", t.ID, t.Name} }

// TeamRow is a team in a list.
type TeamRow struct {
	Team    `gorm:"embedded"`
	Members int
}

// maxTeamPage is the most teams one call returns.
const maxTeamPage = 1000

// Teams are an organization's teams by name, at most limit after the one named by key and id.
func (db *DB) Teams(ctx context.Context, orgID, text, afterKey, afterID string, limit int) ([]TeamRow, error) {
	q := `select t.*, (select count(*) from team_members tm where tm.team_id = t.id) as members from teams t where t.org_id = ?`
	args := []any{orgID}
	if text != "" {
		q += " and t.name_key like ? escape '!'"
		args = append(args, likeContains(text))
	}
	if afterID != "" {
		q += " and (t.name_key > ? or (t.name_key = ? and t.id > ?))"
		args = append(args, afterKey, afterKey, afterID)
	}
	var rows []TeamRow
	err := db.read(ctx).Raw(q+" order by t.name_key, t.id limit ?", append(args, atMost(limit, maxTeamPage))...).Scan(&rows).Error
	return rows, translate(err)
}

// TeamsOf are the teams of one member by name.
func (db *DB) TeamsOf(ctx context.Context, orgID, memberID string) ([]TeamRow, error) {
	var rows []TeamRow
	err := db.read(ctx).Raw(`select t.*, (select count(*) from team_members x where x.team_id = t.id) as members
		from teams t join team_members tm on tm.team_id = t.id where t.org_id = ? and tm.member_id = ? order by t.name_key, t.id limit 1000`,
		orgID, memberID).Scan(&rows).Error
	return rows, translate(err)
}

// Team is one team. NotFound if the organization has none with that id.
func (db *DB) Team(ctx context.Context, orgID, id string) (*Team, error) {
	var t Team
	if err := db.read(ctx).Where("org_id = ? and id = ?", orgID, id).Take(&t).Error; err != nil {
		return nil, found(err, "team")
	}
	return &t, nil
}

func (tx *Tx) team(id string) (*Team, error) {
	var t Team
	if err := tx.Locked().Where("id = ?", id).Take(&t).Error; err != nil {
		return nil, found(err, "team")
	}
	return &t, nil
}

// CreateTeam makes a team that is managed here. Conflict if one has that name.
func (db *DB) CreateTeam(ctx context.Context, actor Actor, orgID, name string) (*Team, error) {
	name, err := cleanName("name", name, "a name for the team")
	if err != nil {
		return nil, err
	}
	now := db.Now()
	t := &Team{ID: newID("team_", now), OrgID: orgID, Name: name, NameKey: strings.ToLower(name), NameEdited: true, Version: 1, CreatedAt: now, UpdatedAt: now}
	err = db.write(ctx, actor, orgID, func(tx *Tx) error {
		fresh, err := tx.insertNew(t)
		if err != nil {
			return err
		}
		if !fresh {
			return &Error{Kind: Conflict, Field: "name", Message: "There is a team with this name already. Choose another name."}
		}
		tx.record("team.created", t.target(), nil, Facts{"name": name})
		return nil
	})
	return t, err
}

// RenameTeam changes the shown name; a directory that renames the group later leaves it.
func (db *DB) RenameTeam(ctx context.Context, actor Actor, orgID, id, name string) error {
	name, err := cleanName("name", name, "a name for the team")
	if err != nil {
		return err
	}
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		t, err := tx.team(id)
		if err != nil {
			return err
		}
		if t.Name == name {
			return errNoChange
		}
		var others []string
		if err := tx.Raw("select id from teams where org_id = ? and name_key = ? and managed = ? and id <> ?", orgID, strings.ToLower(name), false, id).Scan(&others).Error; err != nil {
			return err
		}
		if len(others) > 0 && !t.Managed {
			return &Error{Kind: Conflict, Field: "name", Message: "There is a team with this name already. Choose another name."}
		}
		if err := tx.changeTeam(t, map[string]any{"name": name, "name_key": strings.ToLower(name), "name_edited": true}); err != nil {
			return err
		}
		tx.record("team.renamed", t.target(), Facts{"name": t.Name}, Facts{"name": name})
		return nil
	})
}

func (tx *Tx) changeTeam(t *Team, columns map[string]any) error {
	columns["version"], columns["updated_at"] = gorm.Expr("version + 1"), tx.now
	return tx.Model(&Team{}).Where("org_id = ? and id = ?", tx.org, t.ID).UpdateColumns(columns).Error
}

// SetTeamRole gives a team a role for its members; nil takes it away. Only owners do that. Never owner.
func (db *DB) SetTeamRole(ctx context.Context, actor Actor, by Role, orgID, id string, role *Role) error {
	if by != Owner {
		return forbidden("Only an owner can give a team a role.")
	}
	if role != nil && role.check() != nil {
		return errUnknownRole
	}
	if role != nil && *role == Owner {
		return invalid("role", "A team cannot make its members owners.")
	}
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		t, err := tx.team(id)
		if err != nil {
			return err
		}
		if t.Role == role || t.Role != nil && role != nil && *t.Role == *role {
			return errNoChange
		}
		if err := tx.changeTeam(t, map[string]any{"role": role}); err != nil {
			return err
		}
		tx.record("team.role_changed", t.target(), Facts{"role": t.Role}, Facts{"role": role})
		return nil
	})
}

var errManagedTeam = conflict("This team is managed by the directory. Change its members there.")

// AddToTeam adds a member to a team that is managed here. Adding somebody twice changes nothing.
func (db *DB) AddToTeam(ctx context.Context, actor Actor, orgID, teamID, memberID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		t, err := tx.team(teamID)
		if err != nil {
			return err
		}
		if t.Managed {
			return errManagedTeam
		}
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		fresh, err := tx.insertNew(&TeamMember{OrgID: orgID, TeamID: t.ID, MemberID: m.ID, AddedAt: tx.now})
		if err != nil {
			return err
		}
		if !fresh {
			return errNoChange
		}
		tx.record("team.member_added", t.target(), nil, Facts{"member": m.ID, "name": m.Label()})
		return nil
	})
}

// RemoveFromTeam takes a member out of a team that is managed here.
func (db *DB) RemoveFromTeam(ctx context.Context, actor Actor, orgID, teamID, memberID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		t, err := tx.team(teamID)
		if err != nil {
			return err
		}
		if t.Managed {
			return errManagedTeam
		}
		m, err := tx.member(memberID)
		if err != nil {
			return err
		}
		r := tx.Org().Where("team_id = ? and member_id = ?", teamID, memberID).Delete(&TeamMember{})
		if r.Error != nil {
			return r.Error
		}
		if r.RowsAffected == 0 {
			return errNoChange
		}
		tx.record("team.member_removed", t.target(), Facts{"member": m.ID, "name": m.Label()}, nil)
		return nil
	})
}

// DeleteTeam removes a team that is managed here.
func (db *DB) DeleteTeam(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		t, err := tx.team(id)
		if err != nil {
			return err
		}
		if t.Managed {
			return conflict("This team is managed by the directory. Remove the group from provisioning there.")
		}
		if err := tx.Org().Where("id = ?", id).Delete(&Team{}).Error; err != nil {
			return err
		}
		tx.record("team.deleted", t.target(), Facts{"name": t.Name}, nil)
		return nil
	})
}
