package models

import (
	"context"

	"gatehouse/scim"
)

// A group of the directory whose name is that of a team without a role adopts the team by itself. A team that carries a role is handed over
// only by an owner, or whoever may name groups in the directory would give the role away; until then the group stands beside it.

// Adoption is a team with a role and the group that could take it over.
type Adoption struct {
	Group *Team
	// Gain are the people who would get the role, Lose those of the team who are not in the group.
	Gain, Lose int
}

const adoptableSQL = "org_id = ? and managed = ? and role is null and directory_key = ?"

// Adoption is the group that could take over a team; nil if there is none.
func (db *DB) Adoption(ctx context.Context, orgID, teamID string) (*Adoption, error) {
	t, err := db.Team(ctx, orgID, teamID)
	if err != nil || t.Managed || t.Role == nil {
		return nil, err
	}
	var groups []Team
	if err := db.read(ctx).Where(adoptableSQL, orgID, true, scim.Fold(t.Name)).Limit(1).Find(&groups).Error; err != nil || len(groups) == 0 {
		return nil, err
	}
	a := &Adoption{Group: &groups[0]}
	const others = `select count(*) from team_members x where x.org_id = ? and x.team_id = ? and not exists
		(select 1 from team_members y where y.team_id = ? and y.member_id = x.member_id)`
	if err := db.read(ctx).Raw(others, orgID, a.Group.ID, t.ID).Scan(&a.Gain).Error; err != nil {
		return nil, err
	}
	return a, db.read(ctx).Raw(others, orgID, t.ID, a.Group.ID).Scan(&a.Lose).Error
}

// ConfirmAdoption hands a team with a role over to the group of the directory that has its name: the group gets the role, its members are
// the directory's, and the team is no more. Forbidden for all but owners; Conflict if no group has the name any more.
func (db *DB) ConfirmAdoption(ctx context.Context, actor Actor, by Role, orgID, teamID string) (*Team, error) {
	if by != Owner {
		return nil, forbidden("Only an owner can let the directory decide who gets the role of a team.")
	}
	var group Team
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		t, err := tx.team(teamID)
		if err != nil {
			return err
		}
		if t.Managed || t.Role == nil {
			return conflict("This team has no role to hand over, or is managed by the directory already.")
		}
		var groups []Team
		if err := tx.lock(tx.Where(adoptableSQL, orgID, true, scim.Fold(t.Name))).Limit(1).Find(&groups).Error; err != nil {
			return err
		}
		if len(groups) == 0 {
			return conflict("The directory has no group named %s that could take this team over.", t.Name)
		}
		group = groups[0]
		var left []string
		err = tx.Raw(`select x.member_id from team_members x where x.org_id = ? and x.team_id = ? and not exists
			(select 1 from team_members y where y.team_id = ? and y.member_id = x.member_id) order by x.member_id limit ?`, orgID, t.ID, group.ID, maxNamedMembers).Scan(&left).Error
		if err != nil {
			return err
		}
		if err := tx.Org().Where("id = ?", t.ID).Delete(&Team{}).Error; err != nil {
			return err
		}
		if err := tx.changeTeam(&group, map[string]any{"role": t.Role, "name": t.Name, "name_key": t.NameKey}); err != nil {
			return err
		}
		tx.record("team.adopted", group.target(), Facts{"team": t.ID, "name": t.Name, "role": nil}, Facts{"role": t.Role, "confirmed": true, "left": left})
		group.Role, group.Name = t.Role, t.Name
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &group, nil
}
