package models_test

import (
	"strings"
	"testing"

	"gatehouse/models"
)

func TestTeams(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		team := f.team(" Ops ", bo)
		if team.Name != "Ops" || team.Managed {
			t.Errorf("made as %+v", team)
		}
		_, err := f.CreateTeam(ctx, f.actor, f.org.ID, "OPS")
		f.refuses(err, models.Conflict, "this name already")
		other := f.team("Dev")
		f.refuses(f.RenameTeam(ctx, f.actor, f.org.ID, other.ID, "ops"), models.Conflict, "this name already")
		must(t, f.RenameTeam(ctx, f.actor, f.org.ID, other.ID, "dev")) // only the capitals
		errs := race(6, func(int) error {
			_, err := f.CreateTeam(ctx, f.actor, f.org.ID, "Racing")
			return err
		})
		if succeeded(errs) != 1 {
			t.Errorf("%d of 6 made a team of one name: %v", succeeded(errs), errs)
		}
		// Twice changes nothing and says nothing.
		mark := f.mark()
		must(t, f.AddToTeam(ctx, f.actor, f.org.ID, team.ID, bo.ID))
		must(t, f.RemoveFromTeam(ctx, f.actor, f.org.ID, team.ID, f.owner.ID))
		must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, nil))
		must(t, f.RenameTeam(ctx, f.actor, f.org.ID, team.ID, "Ops"))
		if got := f.events(mark); len(got) != 0 {
			t.Errorf("audited %v", actions(got))
		}
		// A member of another organization is nobody here.
		gus := f.addTo(f.other.ID, "gus2@"+f.domain, models.RoleMember)
		f.wantKind(f.AddToTeam(ctx, f.actor, f.org.ID, team.ID, gus.ID), models.NotFound)
		f.wantKind(f.RemoveFromTeam(ctx, f.actor, f.org.ID, team.ID, gus.ID), models.NotFound)
		must(t, f.DeleteTeam(ctx, f.actor, f.org.ID, team.ID))
		if teams, err := f.TeamsOf(ctx, f.org.ID, bo.ID); len(teams) != 0 || err != nil {
			t.Errorf("bo is in %v, %v", teams, err)
		}
		f.again(bo)
	})
}

func TestOnlyOwnersGiveTeamsARole(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		team := f.team("Ops")
		f.wantKind(f.SetTeamRole(ctx, f.actor, models.Admin, f.org.ID, team.ID, ptr(models.RoleMember)), models.Forbidden)
		f.refuses(f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Owner)), models.Invalid, "owners")
		f.wantKind(f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Role("king"))), models.Invalid)
		mark := f.mark()
		must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Admin)))
		must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Admin)))
		e := f.event(mark, "team.role_changed")
		if e.Before != `{"role":null}` || e.After != `{"role":"admin"}` {
			t.Errorf("audited from %s to %s", e.Before, e.After)
		}
	})
}

func TestTheDirectorysTeamsAreLeftToIt(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		team := f.team("Group")
		f.Execute(t, "update teams set managed = ?, directory_name = 'Group', directory_key = 'group' where id = ?", true, team.ID)
		for name, err := range map[string]error{
			"adding":   f.AddToTeam(ctx, f.actor, f.org.ID, team.ID, bo.ID),
			"removing": f.RemoveFromTeam(ctx, f.actor, f.org.ID, team.ID, bo.ID),
			"deleting": f.DeleteTeam(ctx, f.actor, f.org.ID, team.ID),
		} {
			if !models.IsKind(err, models.Conflict) || !strings.Contains(err.Error(), "managed by the directory") {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Its shown name and role are ours.
		must(t, f.RenameTeam(ctx, f.actor, f.org.ID, team.ID, "Our name"))
		must(t, f.SetTeamRole(ctx, f.actor, models.Owner, f.org.ID, team.ID, ptr(models.Admin)))
		now, err := f.Team(ctx, f.org.ID, team.ID)
		must(t, err)
		if !now.NameEdited || *now.DirectoryName != "Group" || now.Version != team.Version+2 {
			t.Errorf("now %+v", now)
		}
	})
}

// Whoever is being deactivated, renamed and put into teams by several admins at once: nobody waits in a circle for long.
func TestManyChangesOfOnePersonAtOnceAllArrive(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		f.givePassword(bo)
		team, d := f.team("Ops"), f.claim(f.org.ID, f.domain)
		errs := race(16, func(i int) error {
			switch i % 8 {
			case 0:
				return f.DeactivateMember(ctx, f.actor, models.Owner, f.org.ID, bo.ID)
			case 1:
				return f.ReactivateMember(ctx, f.actor, models.Owner, f.org.ID, bo.ID)
			case 2:
				return f.RenameMember(ctx, f.actor, f.org.ID, bo.ID, "Bo", string(rune('A'+i)))
			case 3:
				return f.AddToTeam(ctx, f.actor, f.org.ID, team.ID, bo.ID)
			case 4:
				return f.ChangeRole(ctx, f.actor, models.Owner, f.org.ID, bo.ID, []models.Role{models.Admin, models.RoleMember}[i/8])
			case 5:
				_, err := f.EndSessions(ctx, f.actor, f.org.ID, bo.ID, "")
				return err
			case 6:
				_, err := f.look(d, []models.DomainCheck{recordThere, recordGone}[i/8])
				return err
			default:
				return f.SaveConnection(ctx, f.actor, f.org.ID, "issuer", string(rune('a'+i)), nil)
			}
		})
		if succeeded(errs) != len(errs) {
			t.Errorf("%d of %d arrived: %v", succeeded(errs), len(errs), errs)
		}
	})
}
