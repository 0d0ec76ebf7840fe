package models

import (
	"context"
	"errors"

	"gatehouse/scim"
)

// SCIMMember is a person as the directory sees them.
type SCIMMember struct {
	Member
	Groups []scim.Ref // the groups of the directory the person is in, by name
}

// View is the person ready to be answered. base is the SCIM address.
func (m *SCIMMember) View(base string) scim.View {
	v := scim.View{
		Type: scim.UserType, ID: m.ID, UserName: m.UserName, Label: m.DisplayName, Active: m.wantedActive(), Groups: m.Groups,
		Created: m.CreatedAt, Modified: m.UpdatedAt, Version: m.Version, Base: base,
	}
	if m.ExternalID != nil {
		v.ExternalID = *m.ExternalID
	}
	if m.Attributes != nil {
		v.Stored = []byte(*m.Attributes)
	} else {
		v.Stored = m.own().JSON()
	}
	return v
}

// own is the resource of somebody no directory wrote: what the organization itself knows.
func (m *Member) own() *scim.Resource {
	return scim.NewUser(m.DisplayName, m.GivenName, m.FamilyName, m.Address())
}

// inColumns are the attributes that are not kept in Member.Attributes.
var inColumns = []string{"userName", "externalId", "active"}

// resource is the whole SCIM resource of a member.
func (m *Member) resource() (*scim.Resource, error) {
	r := m.own()
	if m.Attributes != nil {
		var err error
		if r, err = scim.LoadResource(scim.UserType, []byte(*m.Attributes)); err != nil {
			return nil, err
		}
	}
	r.SetText("userName", m.UserName)
	if m.ExternalID != nil {
		r.SetText("externalId", *m.ExternalID)
	}
	// Whom we deactivated ourselves the directory has said nothing about: if there is an active afterwards, it has.
	if m.Status != Inactive || *m.DeactivatedBy == BySCIM {
		r.SetActive(m.wantedActive())
	}
	return r, nil
}

// directoryData is what the columns of a member hold of a resource.
type directoryData struct {
	userName, userNameKey              string
	externalID, email, workEmail       *string
	displayName, givenName, familyName string
	attributes                         string
}

func directoryDataOf(r *scim.Resource) directoryData {
	d := directoryData{
		userName: r.Text("userName"), userNameKey: scim.Fold(r.Text("userName")), externalID: optional(r.Text("externalId")),
		displayName: r.Text("displayName"), givenName: r.Text("name.givenName"), familyName: r.Text("name.familyName"),
		attributes: string(r.Without(inColumns...).JSON()),
	}
	if address, err := CleanAddress(r.Address()); err == nil {
		d.email = &address
	}
	for _, e := range r.Emails() {
		if scim.Fold(e.Type) == "work" {
			d.workEmail = optional(LowerASCII(truncate(e.Value, 512)))
			break
		}
	}
	return d
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

const scimMemberSQL = `m.id, m.org_id, m.account_id, m.role, m.status, m.source, m.email, m.held_reason, m.user_name, m.user_name_key, m.external_id,
	m.work_email, m.display_name, m.given_name, m.family_name, m.scim_managed, m.attributes, m.deactivated_by, m.deactivated_at, m.version,
	m.created_at, m.updated_at, m.leaving_at`

// memberGroups is the column with the groups of member m.
func (db *DB) memberGroups(wanted bool) string {
	if !wanted {
		return "null as refs"
	}
	return db.refsSQL("g.id", "g.directory_name", "team_members tm join teams g on g.id = tm.team_id where tm.member_id = m.id and g.managed", "g.directory_key, g.id") + " as refs"
}

type scimMemberRow struct {
	Member `gorm:"embedded"`
	Refs   *string
}

func (r *scimMemberRow) member() (SCIMMember, error) {
	groups, err := refs(r.Refs)
	return SCIMMember{Member: r.Member, Groups: groups}, err
}

// size is how much the row holds.
func (r *scimMemberRow) size() int { return 256 + lengthOf(r.Attributes, r.Refs) }

// SCIMMember is one person, however they came, in one statement with the token. NotFound if the organization has none with that id.
func (db *DB) SCIMMember(ctx context.Context, c *SCIMCall, id string, groups bool) (*SCIMMember, error) {
	list, err := db.findMembers(ctx, c, "m.id = ?", []any{id}, groups)
	if err != nil {
		return nil, found(err, "person")
	}
	if len(list) == 0 {
		return nil, notFound("person")
	}
	return &list[0], nil
}

// findMembers reads the token and the few people of a condition in one statement.
func (db *DB) findMembers(ctx context.Context, c *SCIMCall, condition string, args []any, groups bool) ([]SCIMMember, error) {
	if db.hot() {
		return db.hotFindMembers(ctx, c, condition, args, groups)
	}
	type found struct {
		Token SCIMToken     `gorm:"embedded;embeddedPrefix:t_"`
		Row   scimMemberRow `gorm:"embedded"`
	}
	sql := "select " + scimTokenColumns + ", " + scimMemberSQL + ", " + db.memberGroups(groups) +
		" from scim_tokens t left join members m on m.org_id = t.org_id and " + condition + " where t.id = ? order by m.id limit ?"
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
	var list []SCIMMember
	for i := range rows {
		if rows[i].Row.Member.ID == "" {
			break // the outer join's row of a token without such people
		}
		m, err := rows[i].Row.member()
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// SCIMMembers are the people a filter finds, in the order in which they came, and their number. An *scim.Error for a filter that is
// not supported.
func (db *DB) SCIMMembers(ctx context.Context, c *SCIMCall, q SCIMQuery) ([]SCIMMember, int, error) {
	condition, args, err := db.memberCondition(q.Filter)
	if err != nil {
		return nil, 0, err
	}
	if indexed(q.Filter) {
		limited, stop := db.lookup(ctx, q.Filter)
		list, err := db.findMembers(limited, c, condition, args, q.Related)
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
	if db.hot() && q.whole() {
		return db.hotPage(ctx, c, q)
	}
	var list []SCIMMember
	total, err := db.scimPage(ctx, c, q, "members m", "m.org_id = ? and "+condition, args, func(ctx context.Context, where string, args []any) (int, bool, error) {
		sql := "select " + scimMemberSQL + ", " + db.memberGroups(q.Related) + where + " order by m.id limit ? offset ?"
		rows, cut, err := scanPage(db.read(ctx), sql, args, (*scimMemberRow).size)
		if err != nil {
			return 0, false, err
		}
		for i := range rows {
			m, err := rows[i].member()
			if err != nil {
				return 0, false, err
			}
			list = append(list, m)
		}
		return len(list), cut, nil
	})
	return list, total, err
}

// reread is the person as the transaction leaves them.
func (tx *Tx) reread(id string) (*SCIMMember, error) {
	var rows []scimMemberRow
	sql := "select " + scimMemberSQL + ", " + tx.db.memberGroups(true) + " from members m where m.org_id = ? and m.id = ?"
	if err := tx.Raw(sql, tx.org, id).Scan(&rows).Error; err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound("person")
	}
	m, err := rows[0].member()
	return &m, err
}
