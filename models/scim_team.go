package models

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"gatehouse/scim"
)

// SCIMTeam is a group as the directory sees it. Only managed teams are groups; the others are invisible to it until it adopts one.
type SCIMTeam struct {
	Team
	Members []scim.Ref // by name; only if asked for
	// MembersKnown tells that they were asked for.
	MembersKnown bool
}

// View is the group ready to be answered. base is the SCIM address.
func (t *SCIMTeam) View(base string) scim.View {
	v := scim.View{
		Type: scim.GroupType, ID: t.ID, Members: t.Members, MembersKnown: t.MembersKnown,
		Created: t.CreatedAt, Modified: t.UpdatedAt, Version: t.Version, Base: base,
	}
	if t.DirectoryName != nil {
		v.DisplayName = *t.DirectoryName
	}
	if t.ExternalID != nil {
		v.ExternalID = *t.ExternalID
	}
	return v
}

// resource is the whole SCIM resource of a managed team, without members.
func (t *Team) resource() *scim.Resource {
	r := scim.NewResource(scim.GroupType)
	if t.DirectoryName != nil {
		r.SetText("displayName", *t.DirectoryName)
	}
	if t.ExternalID != nil {
		r.SetText("externalId", *t.ExternalID)
	}
	return r
}

// membersOf is the column with the members of group g.
func (db *DB) membersOf(wanted bool) string {
	if !wanted {
		return "null as refs"
	}
	return db.refsSQL("m.id", "coalesce(nullif(m.display_name, ''), m.email, m.user_name)",
		"team_members tm join members m on m.id = tm.member_id where tm.team_id = g.id", "tm.member_id") + " as refs"
}

const scimTeamSQL = `g.id, g.org_id, g.name, g.role, g.managed, g.directory_name, g.directory_key, g.name_edited, g.external_id, g.version, g.created_at, g.updated_at`

type scimTeamRow struct {
	Team `gorm:"embedded"`
	Refs *string
}

func (r *scimTeamRow) team() (SCIMTeam, error) {
	members, err := refs(r.Refs)
	return SCIMTeam{Team: r.Team, Members: members, MembersKnown: r.Refs != nil}, err
}

// size is how much the row holds.
func (r *scimTeamRow) size() int { return 256 + lengthOf(r.Refs) }

// SCIMTeam is one group, in one statement with the token. Without members it costs the same whatever the group's size. NotFound if
// the organization has no group with that id.
func (db *DB) SCIMTeam(ctx context.Context, c *SCIMCall, id string, members bool) (*SCIMTeam, error) {
	list, err := db.findTeams(ctx, c, "g.id = ?", []any{id}, members)
	if err != nil {
		return nil, found(err, "group")
	}
	if len(list) == 0 {
		return nil, notFound("group")
	}
	return &list[0], nil
}

func (db *DB) findTeams(ctx context.Context, c *SCIMCall, condition string, args []any, members bool) ([]SCIMTeam, error) {
	if db.hot() {
		return db.hotFindTeams(ctx, c, condition, args, members)
	}
	type found struct {
		Token SCIMToken   `gorm:"embedded;embeddedPrefix:t_"`
		Row   scimTeamRow `gorm:"embedded"`
	}
	sql := "select " + scimTokenColumns + ", " + scimTeamSQL + ", " + db.membersOf(members) +
		" from scim_tokens t left join teams g on g.org_id = t.org_id and g.managed and " + condition + " where t.id = ? order by g.id limit ?"
	rows, cut, err := scanPage(db.read(ctx), sql, append(append([]any{}, args...), c.id, scim.MaxPage+1), func(f *found) int { return f.Row.size() })
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, c.accept(SCIMToken{}, false)
	}
	if err := c.accept(rows[0].Token, true); err != nil {
		return nil, err
	}
	if cut {
		return nil, errLargePage
	}
	var list []SCIMTeam
	for i := range rows {
		if rows[i].Row.Team.ID == "" {
			break
		}
		t, err := rows[i].Row.team()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// SCIMTeams are the groups a filter finds, in the order in which they came, and their number. An *scim.Error for a filter that is not
// supported.
func (db *DB) SCIMTeams(ctx context.Context, c *SCIMCall, q SCIMQuery) ([]SCIMTeam, int, error) {
	condition, args, err := db.teamCondition(q.Filter)
	if err != nil {
		return nil, 0, err
	}
	if indexed(q.Filter) {
		limited, stop := db.lookup(ctx, q.Filter)
		list, err := db.findTeams(limited, c, condition, args, q.Related)
		err = stopped(ctx, limited, err)
		stop()
		if err != nil && !errors.Is(err, errLargePage) {
			return nil, 0, err
		}
		if total := len(list); err == nil && total <= scim.MaxPage {
			from, to := min(q.StartIndex-1, total), min(q.StartIndex-1+q.Count, total)
			return list[from:to], total, nil
		}
	}
	var list []SCIMTeam
	total, err := db.scimPage(ctx, c, q, "teams g", "g.org_id = ? and g.managed and "+condition, args, func(ctx context.Context, where string, args []any) (int, bool, error) {
		sql := "select " + scimTeamSQL + ", " + db.membersOf(q.Related) + where + " order by g.id limit ? offset ?"
		rows, cut, err := scanPage(db.read(ctx), sql, args, (*scimTeamRow).size)
		if err != nil {
			return 0, false, err
		}
		for i := range rows {
			t, err := rows[i].team()
			if err != nil {
				return 0, false, err
			}
			list = append(list, t)
		}
		return len(list), cut, nil
	})
	return list, total, err
}

var errGroupNameTaken = &Error{Kind: Conflict, Field: "displayName", Message: "A group with this displayName exists already. Look it up with a filter on displayName and change it by its id."}

// shownName makes one line for our pages of a name the directory sent, which is kept as sent beside it.
func shownName(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s))
	if runes := []rune(s); len(runes) > 200 {
		s = string(runes[:200])
	}
	if s == "" {
		return "Group"
	}
	return s
}

// CreateSCIMTeam is a POST: a new team, or an unmanaged one of that name without a role, which the directory manages from now on with
// the members it sends. Conflict, field displayName, if a group has the name.
func (db *DB) CreateSCIMTeam(ctx context.Context, c *SCIMCall, r *scim.Resource, members scim.MemberChanges) (*SCIMTeam, error) {
	var created *SCIMTeam
	name := r.Text("displayName")
	key := scim.Fold(name)
	members.Replace = true
	if db.hot() && len(members.Add) == 0 {
		if t, err := db.hotCreateTeam(ctx, c, r); !errors.Is(err, errUncommon) {
			return t, err
		}
	}
	err := db.writeSCIM(ctx, c, "", nil, func(tx *Tx, _ *string) error {
		t := &Team{
			ID: newID("team_", tx.now), OrgID: tx.org, Name: shownName(name), Managed: true, DirectoryName: &name, DirectoryKey: &key,
			ExternalID: optional(r.Text("externalId")), Version: 1, CreatedAt: tx.now, UpdatedAt: tx.now,
		}
		t.NameKey = strings.ToLower(t.Name)
		var taken []string
		if err := tx.Raw("select id from teams where org_id = ? and directory_key = ?", tx.org, key).Scan(&taken).Error; err != nil {
			return err
		}
		if len(taken) > 0 {
			return errGroupNameTaken
		}
		// A team with a role is not adopted: whoever may name groups in the directory would give the role away.
		var local []Team
		if err := tx.Locked().Where("managed = ? and role is null and name_key = ?", false, t.NameKey).Limit(1).Find(&local).Error; err != nil {
			return err
		}
		if len(local) == 1 {
			t.ID, t.CreatedAt, t.Version = local[0].ID, local[0].CreatedAt, local[0].Version+1
			err := tx.changeTeam(t, map[string]any{"managed": true, "directory_name": name, "directory_key": key, "name_edited": false, "external_id": t.ExternalID})
			if isDuplicate(err) {
				return errGroupNameTaken
			}
			if err != nil {
				return err
			}
			tx.record("team.adopted", t.target(), nil, Facts{"name": name})
		} else {
			fresh, err := tx.insertNew(t)
			if err != nil {
				return err
			}
			if !fresh {
				return errGroupNameTaken
			}
			tx.record("team.created", t.target(), nil, Facts{"name": name, "source": SourceSCIM})
		}
		if err := tx.changeTeamMembers(t, members); err != nil {
			return err
		}
		var err error
		created, err = tx.rereadTeam(t.ID, true)
		return err
	})
	return created, err
}

func (tx *Tx) rereadTeam(id string, members bool) (*SCIMTeam, error) {
	var rows []scimTeamRow
	sql := "select " + scimTeamSQL + ", " + tx.db.membersOf(members) + " from teams g where g.org_id = ? and g.id = ? and g.managed"
	if err := tx.Raw(sql, tx.org, id).Scan(&rows).Error; err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound("group")
	}
	t, err := rows[0].team()
	return &t, err
}

// TeamChange is what a PATCH or PUT comes to.
type TeamChange struct {
	Resource *scim.Resource
	Members  scim.MemberChanges
}

// ChangeSCIMTeam is a PATCH or PUT: change gets the group's resource and returns what it shall be and what happens to its members. It
// may run more than once. Members are rows, added and removed by themselves: parallel changes lose nothing, and one costs the same
// whatever the group's size. answer asks for the group as it is afterwards, with its members if members is set; otherwise the result
// is nil. NotFound; Conflict with field displayName for the name of another group; Invalid for a member who does not exist.
func (db *DB) ChangeSCIMTeam(ctx context.Context, c *SCIMCall, id string, answer, members bool, change func(*scim.Resource) (TeamChange, error)) (*SCIMTeam, error) {
	if db.hot() && !answer {
		if err := db.hotChangeMembers(ctx, c, id, change); !errors.Is(err, errUncommon) {
			return nil, err
		}
	}
	var changed *SCIMTeam
	change, err := db.foreseenTeam(ctx, c, id, change)
	if err != nil {
		return nil, err
	}
	err = db.writeSCIM(ctx, c, "", nil, func(tx *Tx, _ *string) error {
		if err := tx.matchTeam(c, id); err != nil {
			return err
		}
		var t Team
		// Without a lock: most changes are of members, and they need none.
		if err := tx.Org().Where("id = ? and managed = ?", id, true).Take(&t).Error; err != nil {
			return found(err, "group")
		}
		wanted, err := change(t.resource())
		if err != nil {
			return err
		}
		if !wanted.Resource.Equal(t.resource()) || wanted.Members.Replace {
			if err := tx.Locked().Where("id = ? and managed = ?", id, true).Take(&t).Error; err != nil {
				return found(err, "group")
			}
			if wanted, err = change(t.resource()); err != nil {
				return err
			}
			if err := tx.applyTeam(&t, wanted.Resource); err != nil {
				return err
			}
		}
		if err := tx.changeTeamMembers(&t, wanted.Members); err != nil {
			return err
		}
		if answer {
			if changed, err = tx.rereadTeam(id, members); err != nil {
				return err
			}
		}
		if len(tx.audit) == 0 {
			return errNoChange
		}
		return nil
	})
	return changed, err
}

// foreseenTeam is foreseen for a group.
func (db *DB) foreseenTeam(ctx context.Context, c *SCIMCall, id string, change func(*scim.Resource) (TeamChange, error)) (func(*scim.Resource) (TeamChange, error), error) {
	if db.dialect != "sqlite" || c.IfMatch != "" {
		return change, nil
	}
	t, err := db.SCIMTeam(ctx, c, id, false)
	if err != nil {
		return nil, err
	}
	before := t.resource()
	outcome, err := change(before)
	if err != nil {
		return nil, err
	}
	return func(now *scim.Resource) (TeamChange, error) {
		if now.Equal(before) {
			return outcome, nil
		}
		return change(now)
	}, nil
}

// applyTeam writes the name and the externalId. The shown name follows the directory's unless somebody edited it here.
func (tx *Tx) applyTeam(t *Team, r *scim.Resource) error {
	name, externalID := r.Text("displayName"), optional(r.Text("externalId"))
	columns, before, after := map[string]any{}, Facts{}, Facts{}
	if t.DirectoryName == nil || name != *t.DirectoryName {
		columns["directory_name"], columns["directory_key"] = name, scim.Fold(name)
		before["name"], after["name"] = t.DirectoryName, name
		if !t.NameEdited {
			t.Name = shownName(name)
			columns["name"], columns["name_key"] = t.Name, strings.ToLower(t.Name)
		}
		var taken []string
		err := tx.Raw("select id from teams where org_id = ? and directory_key = ? and id <> ?", tx.org, scim.Fold(name), t.ID).Scan(&taken).Error
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return errGroupNameTaken
		}
	}
	if !same(externalID, t.ExternalID) {
		columns["external_id"] = externalID
		before["external_id"], after["external_id"] = t.ExternalID, externalID
	}
	if len(columns) == 0 {
		return nil
	}
	if err := tx.changeTeam(t, columns); err != nil {
		if isDuplicate(err) {
			return errGroupNameTaken
		}
		return err
	}
	tx.record("team.changed", t.target(), before, after)
	return nil
}

// DeleteSCIMTeam ends a group. Its team stays with its people, but loses its role and is managed here from now on, under a new id:
// the id of a group is never given to another (RFC 7643 §3.1). NotFound if there is no such group.
func (db *DB) DeleteSCIMTeam(ctx context.Context, c *SCIMCall, id string) error {
	return db.writeSCIM(ctx, c, "", nil, func(tx *Tx, _ *string) error {
		if err := tx.matchTeam(c, id); err != nil {
			return err
		}
		var t Team
		if err := tx.Locked().Where("id = ? and managed = ?", id, true).Take(&t).Error; err != nil {
			return found(err, "group")
		}
		local := &Team{
			ID: newID("team_", tx.now), OrgID: tx.org, Name: t.Name, NameKey: strings.ToLower(t.Name), NameEdited: true,
			Version: 1, CreatedAt: t.CreatedAt, UpdatedAt: tx.now,
		}
		for n := 2; ; n++ {
			fresh, err := tx.insertNew(local)
			if err != nil {
				return err
			}
			if fresh {
				break
			}
			local.Name = numbered(t.Name, n)
			local.NameKey = strings.ToLower(local.Name)
		}
		err := tx.Exec("insert into team_members (org_id, team_id, member_id, added_at) select org_id, ?, member_id, added_at from team_members where team_id = ?", local.ID, t.ID).Error
		if err != nil {
			return err
		}
		if err := tx.Org().Where("id = ?", t.ID).Delete(&Team{}).Error; err != nil {
			return err
		}
		tx.record("team.released", t.target(), Facts{"name": t.DirectoryName, "role": t.Role}, Facts{"team": local.ID, "name": local.Name, "role": nil})
		return nil
	})
}
