package models_test

import (
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// An admin makes a token, and with it moves an owner to a second address of the admin's own. The directory says who has which address;
// what role a person has is said here, so it stays behind (PRODUCT.md §8: roles are never set from the SCIM body).
func TestTheDirectoryHandsNobodysRoleToAnotherAccount(t *testing.T) {
	const move = `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"mallory@acme.com"}]`
	for _, c := range []struct {
		name string
		make func(t *testing.T, d *directory) string
	}{
		{"an owner by PATCH", func(t *testing.T, d *directory) string {
			m := d.join(t, "own@acme.com", models.Owner)
			d.patch(m.ID, move)
			return m.ID
		}},
		{"an admin by POST with the userName", func(t *testing.T, d *directory) string {
			m := d.join(t, "adm@acme.com", models.Admin)
			d.create(`{"userName":"adm@acme.com","emails":[{"value":"mallory@acme.com","type":"work","primary":true}]}`)
			return m.ID
		}},
		{"an admin by way of a domain that is verified later", func(t *testing.T, d *directory) string {
			m := d.join(t, "adm@acme.com", models.Admin)
			d.patch(m.ID, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"mallory@contoso.com"}]`)
			d.verify("contoso.com")
			return m.ID
		}},
		{"somebody invited as an admin", func(t *testing.T, d *directory) string {
			m, _, err := d.db.Invite(t.Context(), console, models.Owner, d.org.ID, "guest@acme.com", "", models.Admin)
			if err != nil {
				t.Fatal(err)
			}
			d.patch(m.ID, move)
			return m.ID
		}},
		{"a member who is an admin by a team", func(t *testing.T, d *directory) string {
			m := d.join(t, "bo@acme.com", models.RoleMember)
			team, err := d.db.CreateTeam(t.Context(), console, d.org.ID, "Ops")
			if err != nil {
				t.Fatal(err)
			}
			admin := models.Admin
			if err := d.db.SetTeamRole(t.Context(), console, models.Owner, d.org.ID, team.ID, &admin); err != nil {
				t.Fatal(err)
			}
			if err := d.db.AddToTeam(t.Context(), console, d.org.ID, team.ID, m.ID); err != nil {
				t.Fatal(err)
			}
			d.patch(m.ID, move)
			if teams, err := d.db.TeamsOf(t.Context(), d.org.ID, m.ID); err != nil || len(teams) != 0 {
				t.Errorf("still in %d teams that make an admin, %v", len(teams), err)
			}
			return m.ID
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			modelstest.Each(t, func(t *testing.T, db *models.DB) {
				d := newDirectory(t, db)
				id := c.make(t, d)
				m, err := db.Member(t.Context(), d.org.ID, id)
				if err != nil {
					t.Fatal(err)
				}
				if m.Address() != "mallory@acme.com" && m.Address() != "mallory@contoso.com" || m.Held() != "" {
					t.Errorf("the address is %q, held %q: the write itself must be accepted", m.Address(), m.Held())
				}
				if m.Role != models.RoleMember {
					t.Errorf("%s has the role %s", m.Address(), m.Role)
				}
				if notices, err := db.Notices(t.Context(), d.org.ID, 10); err != nil || len(notices) == 0 {
					t.Errorf("the owners were not told: %v", err)
				}
			})
		})
	}
}

func (d *directory) join(t *testing.T, email string, role models.Role) *models.Member {
	t.Helper()
	m, err := d.db.AddMember(t.Context(), console, d.org.ID, email, "", "", role, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}
