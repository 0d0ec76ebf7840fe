package models_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
	"gatehouse/scim"
)

// operation is one exported operation of models that changes something an admin would ask about.
type operation struct {
	method string
	// records are the audit events it writes into the organization, by action.
	records []string
	// anonymous operations do not act for the actor they are given.
	anonymous bool
	// prepare makes what the operation works on in the fixture's organization and returns the call, to be made with an organization's id.
	prepare func(f *fixture) func(ctx context.Context, orgID string) error
	// unscoped operations name nothing inside an organization, so that there is nothing of another to name.
	unscoped bool
}

var operations = []operation{
	{method: "CreateOrganization", unscoped: true, records: nil, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, _ string) error {
			_, err := f.CreateOrganization(ctx, f.actor, "Third", models.NewOwner{Email: "third@" + f.domain})
			return err
		}
	}},
	{method: "AddMember", records: []string{"member.added"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			_, err := f.AddMember(ctx, f.actor, orgID, "new@"+f.domain, "New", "One", models.Admin, "")
			return err
		}
	}},
	{method: "Invite", records: []string{"member.added"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			_, _, err := f.Invite(ctx, f.actor, models.Owner, orgID, "new@"+f.domain, "New", models.RoleMember)
			return err
		}
	}},
	{method: "ResendInvitation", records: []string{"invitation.sent"}, prepare: func(f *fixture) func(context.Context, string) error {
		m, _, err := f.Invite(f.t.Context(), f.actor, models.Owner, f.org.ID, "new@"+f.domain, "New", models.RoleMember)
		must(f.t, err)
		return func(ctx context.Context, orgID string) error {
			_, _, err := f.ResendInvitation(ctx, f.actor, orgID, m.ID)
			return err
		}
	}},
	{method: "RevokeInvitation", records: []string{"invitation.revoked"}, prepare: func(f *fixture) func(context.Context, string) error {
		m, _, err := f.Invite(f.t.Context(), f.actor, models.Owner, f.org.ID, "new@"+f.domain, "New", models.RoleMember)
		must(f.t, err)
		return func(ctx context.Context, orgID string) error { return f.RevokeInvitation(ctx, f.actor, orgID, m.ID) }
	}},
	{method: "RenameMember", records: []string{"member.renamed"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		return func(ctx context.Context, orgID string) error {
			return f.RenameMember(ctx, f.actor, orgID, m.ID, "Bo", "Berg")
		}
	}},
	{method: "ChangeRole", records: []string{"member.role_changed"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		return func(ctx context.Context, orgID string) error {
			return f.ChangeRole(ctx, f.actor, models.Owner, orgID, m.ID, models.Admin)
		}
	}},
	{method: "DeactivateMember", records: []string{"member.deactivated"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		return func(ctx context.Context, orgID string) error {
			return f.DeactivateMember(ctx, f.actor, models.Owner, orgID, m.ID)
		}
	}},
	{method: "ReactivateMember", records: []string{"member.reactivated"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		must(f.t, f.DeactivateMember(f.t.Context(), f.actor, models.Owner, f.org.ID, m.ID))
		return func(ctx context.Context, orgID string) error {
			return f.ReactivateMember(ctx, f.actor, models.Owner, orgID, m.ID)
		}
	}},
	{method: "ForgetIdentities", records: []string{"identity.forgotten"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		f.Execute(f.t, `insert into identities (id, org_id, member_id, issuer, kind, value, first_seen_at, last_seen_at) values (?, ?, ?, 'iss', 'email', ?, ?, ?)`,
			models.NewID("idn_", f.Now()), f.org.ID, m.ID, m.Address(), f.Now(), f.Now())
		return func(ctx context.Context, orgID string) error {
			return f.ForgetIdentities(ctx, f.actor, models.Owner, orgID, m.ID)
		}
	}},
	{method: "EndSession", records: []string{"session.ended"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		id := f.session(m, models.MethodSSO)
		return func(ctx context.Context, orgID string) error { return f.EndSession(ctx, f.actor, orgID, m.ID, id) }
	}},
	{method: "EndSessions", records: []string{"session.ended"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		f.session(m, models.MethodSSO)
		f.session(m, models.MethodSSO)
		return func(ctx context.Context, orgID string) error {
			_, err := f.EndSessions(ctx, f.actor, orgID, m.ID, "")
			return err
		}
	}},
	{method: "CreateTeam", records: []string{"team.created"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			_, err := f.CreateTeam(ctx, f.actor, orgID, "Ops")
			return err
		}
	}},
	{method: "RenameTeam", records: []string{"team.renamed"}, prepare: func(f *fixture) func(context.Context, string) error {
		team := f.team("Ops")
		return func(ctx context.Context, orgID string) error {
			return f.RenameTeam(ctx, f.actor, orgID, team.ID, "Operations")
		}
	}},
	{method: "SetTeamRole", records: []string{"team.role_changed"}, prepare: func(f *fixture) func(context.Context, string) error {
		team := f.team("Ops")
		return func(ctx context.Context, orgID string) error {
			return f.SetTeamRole(ctx, f.actor, models.Owner, orgID, team.ID, ptr(models.Admin))
		}
	}},
	{method: "AddToTeam", records: []string{"team.member_added"}, prepare: func(f *fixture) func(context.Context, string) error {
		team, m := f.team("Ops"), f.add("bo", models.RoleMember)
		return func(ctx context.Context, orgID string) error {
			return f.AddToTeam(ctx, f.actor, orgID, team.ID, m.ID)
		}
	}},
	{method: "RemoveFromTeam", records: []string{"team.member_removed"}, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		team := f.team("Ops", m)
		return func(ctx context.Context, orgID string) error {
			return f.RemoveFromTeam(ctx, f.actor, orgID, team.ID, m.ID)
		}
	}},
	{method: "DeleteTeam", records: []string{"team.deleted"}, prepare: func(f *fixture) func(context.Context, string) error {
		team := f.team("Ops", f.add("bo", models.RoleMember))
		return func(ctx context.Context, orgID string) error { return f.DeleteTeam(ctx, f.actor, orgID, team.ID) }
	}},
	{method: "ClaimDomain", records: []string{"domain.claimed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			_, err := f.ClaimDomain(ctx, f.actor, orgID, "new."+f.domain, "token")
			return err
		}
	}},
	{method: "VouchForDomain", records: []string{"domain.verified"}, prepare: func(f *fixture) func(context.Context, string) error {
		d, err := f.ClaimDomain(f.t.Context(), f.actor, f.org.ID, f.domain, "token")
		must(f.t, err)
		return func(ctx context.Context, orgID string) error { return f.VouchForDomain(ctx, f.actor, orgID, d.ID) }
	}},
	{method: "RecordDomainCheck", records: []string{"domain.verified"}, prepare: func(f *fixture) func(context.Context, string) error {
		d, err := f.ClaimDomain(f.t.Context(), f.actor, f.org.ID, f.domain, "token")
		must(f.t, err)
		return func(ctx context.Context, orgID string) error {
			_, err := f.RecordDomainCheck(ctx, f.actor, orgID, d.ID, models.DomainCheck{Verified: true, Next: f.Now().Add(time.Hour)})
			return err
		}
	}},
	{method: "RemoveDomain", records: []string{"domain.removed"}, prepare: func(f *fixture) func(context.Context, string) error {
		d := f.verify(f.org.ID, f.domain)
		return func(ctx context.Context, orgID string) error { return f.RemoveDomain(ctx, f.actor, orgID, d.ID) }
	}},
	{method: "SaveConnection", records: []string{"sso_certificate.added", "sso_connection.changed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			return f.SaveConnection(ctx, f.actor, orgID, "https://idp.example/", "https://idp.example/sign-in", []models.NewCertificate{f.newCertificate("one")})
		}
	}},
	{method: "ConfigureSSO", records: []string{"sso_certificate.added", "sso_connection.changed", "sso_connection.switched"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.verify(f.org.ID, f.domain)
		return func(ctx context.Context, orgID string) error {
			return f.ConfigureSSO(ctx, f.actor, orgID, "https://idp.example/", "https://idp.example/sign-in", []models.NewCertificate{f.newCertificate("one")}, models.Switches{Enabled: ptr(true)})
		}
	}},
	{method: "RemoveCertificate", records: []string{"sso_certificate.removed"}, prepare: func(f *fixture) func(context.Context, string) error {
		c := f.certificate("one")
		return func(ctx context.Context, orgID string) error { return f.RemoveCertificate(ctx, f.actor, orgID, c.ID) }
	}},
	{method: "DisownCertificate", records: []string{"sso_certificate.removed"}, prepare: func(f *fixture) func(context.Context, string) error {
		c := f.certificate("one")
		return func(ctx context.Context, orgID string) error { return f.DisownCertificate(ctx, f.actor, orgID, c.ID) }
	}},
	{method: "SetSwitches", records: []string{"sso_connection.switched"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.verify(f.org.ID, f.domain)
		f.configure()
		modelstest.PassTest(f.t, f.DB, f.org.ID)
		return func(ctx context.Context, orgID string) error {
			return f.SetSwitches(ctx, f.actor, orgID, models.Switches{Enabled: ptr(true), IDPManaged: ptr(true)})
		}
	}},
	{method: "RemoveSSO", records: []string{"sso_connection.removed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.configure()
		return func(ctx context.Context, orgID string) error { return f.RemoveSSO(ctx, f.actor, orgID) }
	}},
	{method: "FollowMetadata", records: []string{"sso_connection.changed", "sso_metadata.followed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			return f.FollowMetadata(ctx, f.actor, orgID, "https://idp.example/metadata", models.IdPMetadata{Issuer: "https://idp.example/", SignInURL: "https://idp.example/sign-in"})
		}
	}},
	{method: "UnfollowMetadata", records: []string{"sso_metadata.unfollowed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		must(f.t, f.FollowMetadata(f.t.Context(), f.actor, f.org.ID, "https://idp.example/metadata", models.IdPMetadata{Issuer: "i", SignInURL: "s"}))
		return func(ctx context.Context, orgID string) error { return f.UnfollowMetadata(ctx, f.actor, orgID) }
	}},
	{method: "RecordMetadata", records: []string{"sso_certificate.found", "sso_metadata.changed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		must(f.t, f.FollowMetadata(f.t.Context(), f.actor, f.org.ID, "https://idp.example/metadata", models.IdPMetadata{Issuer: "i", SignInURL: "s"}))
		m := &models.IdPMetadata{Issuer: "other", SignInURL: "s", Certificates: []models.NewCertificate{f.newCertificate("found")}}
		return func(ctx context.Context, orgID string) error {
			return f.RecordMetadata(ctx, f.actor, orgID, "https://idp.example/metadata", m, "")
		}
	}},
	{method: "TakeOverMetadata", records: []string{"sso_connection.changed", "sso_metadata.taken_over"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.otherAddresses("other", "s")
		return func(ctx context.Context, orgID string) error {
			return f.TakeOverMetadata(ctx, f.actor, orgID, "other", "s", "https://idp.example/logout-of-other")
		}
	}},
	{method: "DismissMetadata", records: []string{"sso_metadata.dismissed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.otherAddresses("i", "other")
		return func(ctx context.Context, orgID string) error {
			return f.DismissMetadata(ctx, f.actor, orgID, "i", "other")
		}
	}},
	{method: "FindCertificate", records: []string{"sso_certificate.found"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			return f.FindCertificate(ctx, f.actor, orgID, models.FoundInTest, f.newCertificate("found"))
		}
	}},
	{method: "ApproveCertificate", records: []string{"sso_certificate.added", "sso_certificate.approved"}, prepare: func(f *fixture) func(context.Context, string) error {
		c := f.pending()
		return func(ctx context.Context, orgID string) error {
			return f.ApproveCertificate(ctx, f.actor, orgID, c.ID, c.SHA1)
		}
	}},
	{method: "MakeRequestKey", records: []string{"sso_request_key.made"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			return f.MakeRequestKey(ctx, f.actor, orgID, requestKey(f.t), "certificate")
		}
	}},
	{method: "SetSignRequests", records: []string{"sso_connection.signing_changed"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		must(f.t, f.MakeRequestKey(f.t.Context(), f.actor, f.org.ID, requestKey(f.t), "certificate"))
		return func(ctx context.Context, orgID string) error { return f.SetSignRequests(ctx, f.actor, orgID, true) }
	}},
	{method: "DismissCertificate", records: []string{"sso_certificate.dismissed"}, prepare: func(f *fixture) func(context.Context, string) error {
		c := f.pending()
		return func(ctx context.Context, orgID string) error { return f.DismissCertificate(ctx, f.actor, orgID, c.ID) }
	}},
	{method: "CreateTestLink", records: []string{"sso_test.link_created"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			_, err := f.CreateTestLink(ctx, f.actor, orgID)
			return err
		}
	}},
	{method: "ViewRaw", records: []string{"activity.raw_viewed"}, prepare: func(f *fixture) func(context.Context, string) error {
		_, err := f.RefuseLogin(f.t.Context(), someClient, f.org.ID, "", models.LoginRefusal{Admin: "No.", Raw: "<Response/>"})
		must(f.t, err)
		rows, err := f.Activities(f.t.Context(), f.org.ID, models.ActivityFilter{Limit: 1})
		must(f.t, err)
		return func(ctx context.Context, orgID string) error {
			_, _, err := f.ViewRaw(ctx, f.actor, orgID, rows[0].ID)
			return err
		}
	}},
	{method: "CreateDiagnosticLink", records: []string{"diagnostic_link.created"}, prepare: func(f *fixture) func(context.Context, string) error {
		id := f.refusedSignIn()
		return func(ctx context.Context, orgID string) error {
			_, err := f.CreateDiagnosticLink(ctx, f.actor, orgID, id)
			return err
		}
	}},
	{method: "RevokeDiagnosticLink", records: []string{"diagnostic_link.revoked"}, prepare: func(f *fixture) func(context.Context, string) error {
		l, _ := f.diagnosticLink()
		return func(ctx context.Context, orgID string) error {
			return f.RevokeDiagnosticLink(ctx, f.actor, orgID, l.ID)
		}
	}},
	{method: "OpenDiagnosticLink", records: []string{"diagnostic_link.opened"}, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		_, secret := f.diagnosticLink()
		return func(ctx context.Context, orgID string) error {
			_, _, err := f.OpenDiagnosticLink(ctx, someClient, orgID, secret)
			return err
		}
	}},
	{method: "CreateSCIMToken", records: []string{"scim_token.created"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			_, _, err := f.CreateSCIMToken(ctx, f.actor, orgID, "Entra", time.Hour*24)
			return err
		}
	}},
	{method: "RevokeSCIMToken", records: []string{"scim_token.revoked"}, prepare: func(f *fixture) func(context.Context, string) error {
		token, _, err := f.CreateSCIMToken(f.t.Context(), f.actor, f.org.ID, "Entra", 0)
		must(f.t, err)
		return func(ctx context.Context, orgID string) error { return f.RevokeSCIMToken(ctx, f.actor, orgID, token.ID) }
	}},
	{method: "ReplaceSCIMToken", records: []string{"scim_token.created", "scim_token.replaced"}, prepare: func(f *fixture) func(context.Context, string) error {
		token, _, err := f.CreateSCIMToken(f.t.Context(), f.actor, f.org.ID, "Entra", 0)
		must(f.t, err)
		return func(ctx context.Context, orgID string) error {
			_, _, err := f.ReplaceSCIMToken(ctx, f.actor, orgID, token.ID, time.Hour)
			return err
		}
	}},
	{method: "CreateSCIMClientSecret", records: []string{"scim_client_secret.created"}, unscoped: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, orgID string) error {
			_, _, err := f.CreateSCIMClientSecret(ctx, f.actor, orgID, "Entra", time.Hour)
			return err
		}
	}},
	{method: "RevokeSCIMClientSecret", records: []string{"scim_client_secret.revoked"}, prepare: func(f *fixture) func(context.Context, string) error {
		secret, _, err := f.CreateSCIMClientSecret(f.t.Context(), f.actor, f.org.ID, "Entra", time.Hour)
		must(f.t, err)
		return func(ctx context.Context, orgID string) error {
			return f.RevokeSCIMClientSecret(ctx, f.actor, orgID, secret.ID)
		}
	}},
	{method: "CreateSCIMMember", records: []string{"member.added"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		call := f.directoryCall(f.org.ID)
		return func(ctx context.Context, orgID string) error {
			_, err := f.CreateSCIMMember(ctx, call, user(f.t, person("cy@"+f.domain)))
			return err
		}
	}},
	{method: "ChangeSCIMMember", records: []string{"member.adopted"}, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		calls := f.directoryCalls()
		return func(ctx context.Context, orgID string) error {
			_, err := f.ChangeSCIMMember(ctx, calls[orgID], m.ID, func(r *scim.Resource) (*scim.Resource, error) { r.SetText("displayName", "Bo B"); return r, nil })
			return err
		}
	}},
	{method: "DeleteSCIMMember", records: []string{"member.deleted"}, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		m := f.add("bo", models.RoleMember)
		calls := f.directoryCalls()
		return func(ctx context.Context, orgID string) error { return f.DeleteSCIMMember(ctx, calls[orgID], m.ID) }
	}},
	{method: "CreateSCIMTeam", records: []string{"team.created"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		call := f.directoryCall(f.org.ID)
		return func(ctx context.Context, orgID string) error {
			_, err := f.CreateSCIMTeam(ctx, call, aGroup(f.t, "Ops"), scim.MemberChanges{})
			return err
		}
	}},
	{method: "ChangeSCIMTeam", records: []string{"team.changed"}, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		calls := f.directoryCalls()
		g, err := f.CreateSCIMTeam(f.t.Context(), calls[f.org.ID], aGroup(f.t, "Ops"), scim.MemberChanges{})
		must(f.t, err)
		return func(ctx context.Context, orgID string) error {
			_, err := f.ChangeSCIMTeam(ctx, calls[orgID], g.ID, false, false, func(r *scim.Resource) (models.TeamChange, error) {
				r.SetText("displayName", "Operations")
				return models.TeamChange{Resource: r}, nil
			})
			return err
		}
	}},
	{method: "DeleteSCIMTeam", records: []string{"team.released"}, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		calls := f.directoryCalls()
		g, err := f.CreateSCIMTeam(f.t.Context(), calls[f.org.ID], aGroup(f.t, "Ops"), scim.MemberChanges{})
		must(f.t, err)
		return func(ctx context.Context, orgID string) error { return f.DeleteSCIMTeam(ctx, calls[orgID], g.ID) }
	}},
	{method: "SwitchOrganization", records: []string{"session.started"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.givePassword(f.owner)
		third, _ := f.organization("Third", f.owner.Address())
		f.clock.Advance(time.Second)
		s := f.signedIn(f.signIn(f.owner))
		from := f.org.ID
		if s.Organization.ID == from {
			must(f.t, f.SwitchOrganization(f.t.Context(), s, someClient, third.ID))
		}
		s.Organization.ID = third.ID
		return func(ctx context.Context, _ string) error { return f.SwitchOrganization(ctx, s, someClient, from) }
	}},
	{method: "RenameAccount", records: []string{"account.renamed"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.givePassword(f.owner)
		s := f.signedIn(f.signIn(f.owner))
		return func(ctx context.Context, _ string) error { return f.RenameAccount(ctx, s, someClient, "Olga II") }
	}},
	{method: "ChangePassword", records: []string{"account.password_changed"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.givePassword(f.owner)
		s := f.signedIn(f.signIn(f.owner))
		return func(ctx context.Context, _ string) error {
			return f.ChangePassword(ctx, s, someClient, goodPassword, "nine blue herons sing")
		}
	}},
	{method: "StepUp", records: []string{"session.stepped_up"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.givePassword(f.owner)
		s := f.signedIn(f.signIn(f.owner))
		return func(ctx context.Context, _ string) error {
			_, err := f.StepUp(ctx, s, someClient, goodPassword)
			return err
		}
	}},
	{method: "SignOut", records: []string{"session.ended"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.givePassword(f.owner)
		token := f.signIn(f.owner)
		return func(ctx context.Context, _ string) error { return f.SignOut(ctx, someClient, token) }
	}},
	{method: "PasswordSignIn", records: []string{"session.started"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		f.givePassword(f.owner)
		return func(ctx context.Context, _ string) error {
			_, err := f.PasswordSignIn(ctx, someClient, f.owner.Address(), goodPassword, false)
			return err
		}
	}},
	{method: "PasswordLink", records: []string{"account.password_link_sent"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		return func(ctx context.Context, _ string) error {
			_, err := f.PasswordLink(ctx, someClient, f.owner.Address())
			return err
		}
	}},
	{method: "ResetPassword", records: []string{"account.password_reset"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		secret, err := f.PasswordLink(f.t.Context(), someClient, f.owner.Address())
		must(f.t, err)
		return func(ctx context.Context, _ string) error {
			return f.ResetPassword(ctx, someClient, secret, goodPassword)
		}
	}},
	{method: "AcceptInvitation", records: []string{"invitation.accepted", "session.started"}, unscoped: true, anonymous: true, prepare: func(f *fixture) func(context.Context, string) error {
		_, secret, err := f.Invite(f.t.Context(), f.actor, models.Owner, f.org.ID, "new@"+f.domain, "New", models.RoleMember)
		must(f.t, err)
		return func(ctx context.Context, _ string) error {
			_, err := f.AcceptInvitation(ctx, someClient, secret, "New", "One", goodPassword)
			return err
		}
	}},
}

// elsewhere are the exported methods that are no operations of the table above: what they are instead, and where they are tested.
var elsewhere = map[string]string{
	"Close": "no change", "Now": "no change", "Ready": "no change", "SCIMCall": "no change",
	// Set-up and sign-up make organizations of their own.
	"CompleteSetup": "link_test", "CompleteSignup": "link_test", "OpenSetup": "link_test", "CheckSetup": "link_test", "NeedsSetup": "link_test", "SignupLink": "link_test", "Signup": "link_test",
	// Single sign-on.
	"BeginLogin": "login_test", "PendingLogin": "login_test", "ClaimLogin": "login_test", "CompleteLogin": "login_test", "RefuseLogin": "login_test", "LoginPolicy": "login_test",
	"BeginTest": "test_sign_in_test", "FindTest": "test_sign_in_test", "FinishTest": "test_sign_in_test", "NewTestID": "test_sign_in_test", "PreviewLogin": "test_sign_in_test",
	"TestLink": "by secret",
	"KeepForm": "kept_form_test", "KeptForm": "kept_form_test", "DropForm": "kept_form_test",
	"RecordUnsolicited": "handlers: saml_unsolicited_test", "TrustedElsewhere": "certificate_test: of other organizations on purpose",
	"KeepEvidence": "login_evidence_test", "CompleteStepUp": "handlers: saml_step_up_test", "LogoutByIdP": "handlers: saml_logout_test",
	// Bookkeeping that no admin asks about.
	"Sweep": "sweep_test", "ClaimUnmailedNotices": "notice_test", "UnclaimNotice": "notice_test", "DueDomains": "domain_test", "NoteSCIMCall": "scim_test", "CompactMemberCounts": "member_count_test", "RecordProvisioning": "activity_batch_test", "ProvisioningRhythm": "provisioning_rhythm_test", "EndSafetyWindows": "require_window_test", "OpenWindow": "require_window_test", "NoteBursts": "burst_test", "Bursts": "burst_test", "HoldsDeactivations": "burst_test", "HoldDeactivations": "burst_test", "UndoBurst": "burst_test", "SettleBurst": "burst_test", "Adoption": "team_adoption_test", "FreshenStatistics": "statistics_test", "ConfirmAdoption": "team_adoption_test",
	"AllowLink": "rate_limit_test", "AllowInvitation": "rate_limit_test", "AllowMetadataRead": "rate_limit_test", "DueMetadata": "metadata_test",
	// By a secret, a session or the operator, in no organization that the caller names.
	"Invitation": "by secret", "PasswordLinkEmail": "by secret", "SessionByToken": "by secret", "AuthenticateSCIM": "by secret", "IssueSCIMAccessToken": "by secret", "SwitchableOrganizations": "by session", "Organizations": "operator",
}

// pending makes a certificate wait for approval.
func (f *fixture) pending() models.PendingCertificate {
	f.t.Helper()
	n := f.newCertificate("found")
	n.SHA1 = strings.Repeat("AB:", 19) + "AB"
	must(f.t, f.FindCertificate(f.t.Context(), byOperator, f.org.ID, models.FoundInTest, n))
	list, err := f.PendingCertificates(f.t.Context(), f.org.ID)
	must(f.t, err)
	return list[0]
}

// directoryCall is a request with a fresh SCIM token of an organization.
func (f *fixture) directoryCall(orgID string) *models.SCIMCall {
	f.t.Helper()
	_, bearer, err := f.CreateSCIMToken(f.t.Context(), byOperator, orgID, "Entra", 0)
	must(f.t, err)
	c, err := f.SCIMCall(someClient, bearer)
	must(f.t, err)
	return c
}

// directoryCalls are requests of both organizations' directories.
func (f *fixture) directoryCalls() map[string]*models.SCIMCall {
	f.t.Helper()
	return map[string]*models.SCIMCall{f.org.ID: f.directoryCall(f.org.ID), f.other.ID: f.directoryCall(f.other.ID)}
}

func aGroup(t *testing.T, name string) *scim.Resource {
	t.Helper()
	r := scim.NewResource(scim.GroupType)
	r.SetText("displayName", name)
	return r
}

// eachOperation runs fn for every operation in a fresh fixture of one database.
func eachOperation(t *testing.T, fn func(t *testing.T, f *fixture, o operation)) {
	t.Helper()
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			clock := modelstest.NewClock()
			db := modelstest.New(t, dialect, modelstest.WithNow(clock.Now))
			for _, o := range operations {
				t.Run(o.method, func(t *testing.T) { fn(t, newFixture(t, db, clock), o) })
			}
		})
	}
}

func TestEveryOperationWritesItsAuditEventsAndNoSecret(t *testing.T) {
	eachOperation(t, func(t *testing.T, f *fixture, o operation) {
		call := o.prepare(f)
		before := f.mark()
		must(t, call(t.Context(), f.org.ID))
		events := f.events(before)
		if got := actions(events); !slices.Equal(got, o.records) && len(got)+len(o.records) > 0 {
			t.Errorf("audit events %v, want %v", got, o.records)
		}
		for _, e := range events {
			if !o.anonymous && (e.ActorKind != f.actor.Kind || e.ActorID != f.actor.ID || e.ActorLabel != f.actor.Label || e.ActorIP != f.actor.IP) {
				t.Errorf("%s: the actor is %s %s %s %s", e.Action, e.ActorKind, e.ActorID, e.ActorLabel, e.ActorIP)
			}
			if o.anonymous && (e.ActorKind == "" || e.ActorIP == "") {
				t.Errorf("%s: nobody acts: %+v", e.Action, e)
			}
			if e.TargetKind == "" || e.TargetID == "" || e.TargetLabel == "" || !e.At.Equal(f.Now()) {
				t.Errorf("%s: target %q %q %q at %v", e.Action, e.TargetKind, e.TargetID, e.TargetLabel, e.At)
			}
			facts(t, e.Before)
			facts(t, e.After)
			for _, word := range []string{"argon2id", "secret", "password_hash", "pem of", "token-"} {
				if strings.Contains(e.Before+e.After, word) {
					t.Errorf("%s says %q: %s %s", e.Action, word, e.Before, e.After)
				}
			}
		}
	})
}

func TestAnotherOrganizationsIDIsNotFoundAndChangesNothing(t *testing.T) {
	eachOperation(t, func(t *testing.T, f *fixture, o operation) {
		if o.unscoped {
			t.Skip("names nothing inside an organization")
		}
		call := o.prepare(f)
		before := f.Dump(t)
		f.wantKind(call(t.Context(), f.other.ID), models.NotFound)
		if after := f.Dump(t); after != before {
			t.Errorf("something changed:\n%s", firstDifference(before, after))
		}
	})
}

func TestAnOrganizationThatDoesNotExistIsNotFound(t *testing.T) {
	eachOperation(t, func(t *testing.T, f *fixture, o operation) {
		if o.anonymous {
			t.Skip("takes its organization from a token or session")
		}
		call := o.prepare(f)
		before := f.Dump(t)
		f.wantKind(call(t.Context(), "org_nowhere"), models.NotFound)
		if after := f.Dump(t); after != before {
			t.Errorf("something changed:\n%s", firstDifference(before, after))
		}
	})
}

// An id comes from an address bar: it may hold any bytes.
func TestAnIDOfStrangeBytesIsNotFound(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		for _, id := range []string{"", "%", "mem_%", "a\x00b", "\xff\xfe", strings.Repeat("x", 1<<16), "' or 1=1 --"} {
			_, err := f.Member(t.Context(), f.org.ID, id)
			f.wantKind(err, models.NotFound)
			_, err = f.Team(t.Context(), f.org.ID, id)
			f.wantKind(err, models.NotFound)
			_, err = f.Domain(t.Context(), f.org.ID, id)
			f.wantKind(err, models.NotFound)
			f.wantKind(f.RevokeSCIMToken(t.Context(), f.actor, f.org.ID, id), models.NotFound)
			f.wantKind(f.RemoveCertificate(t.Context(), f.actor, f.org.ID, id), models.NotFound)
			f.wantKind(f.DisownCertificate(t.Context(), f.actor, f.org.ID, id), models.NotFound)
			f.wantKind(f.ChangeRole(t.Context(), f.actor, models.Owner, f.org.ID, id, models.Admin), models.NotFound)
			f.wantKind(f.EndSession(t.Context(), f.actor, f.org.ID, f.owner.ID, id), models.NotFound)
		}
	})
}

// readers return one thing of an organization by its id, or a list that is empty for another organization's id.
var readers = map[string]func(f *fixture, ctx context.Context, orgID string, w *things) (int, error){
	"Member": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.Member(ctx, org, w.member.ID))
	},
	"Team": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.Team(ctx, org, w.team.ID))
	},
	"Domain": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.Domain(ctx, org, w.domain.ID))
	},
	"TeamsOf": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.TeamsOf(ctx, org, w.member.ID))
	},
	"Teams": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.Teams(ctx, org, "", "", "", 10))
	},
	"Sessions": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.Sessions(ctx, org, w.member.ID))
	},
	"Identities": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.Identities(ctx, org, w.member.ID))
	},
	"Domains": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.Domains(ctx, org))
	},
	"SCIMTokens": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.SCIMTokens(ctx, org))
	},
	"Notices": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.Notices(ctx, org, 10))
	},
	"MemberByAddress": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.MemberByAddress(ctx, org, w.member.Address()))
	},
	"People": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.People(ctx, org, models.MemberFilter{TeamID: w.team.ID}))
	},
	"CountMatching": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return f.CountMatching(ctx, org, models.MemberFilter{TeamID: w.team.ID})
	},
	"CountSSOPeople": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return f.CountSSOPeople(ctx, org)
	},
	"AuditEvents": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.AuditEvents(ctx, org, models.AuditFilter{MemberID: w.member.ID}))
	},
	"CountAuditEvents": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return f.CountAuditEvents(ctx, org, models.AuditFilter{MemberID: w.member.ID})
	},
	"AuditActors": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.AuditActors(ctx, org, 10))
	},
	"Activities": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.Activities(ctx, org, models.ActivityFilter{}))
	},
	"Activity": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.Activity(ctx, org, w.activity.ID))
	},
	"HasRaw": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		has, err := f.HasRaw(ctx, org, []string{w.activity.ID})
		return len(has), err
	},
	"Preflight": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		p, err := f.Preflight(ctx, org)
		return map[bool]int{true: 1}[p.Test != nil], err
	},
	"Tested": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		tested, err := f.Tested(ctx, org)
		return map[bool]int{true: 1}[tested], err
	},
	"TestSignIns": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.TestSignIns(ctx, org, 10))
	},
	"TestSignIn": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.TestSignIn(ctx, org, w.test.ID))
	},
	"Readinesses": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		list, err := f.Readinesses(ctx, org, 100)
		return count(list, func(r models.Readiness) bool { return r.OrgID == f.org.ID }), err
	},
	"Managers": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		list, err := f.Managers(ctx, org)
		return count(list, func(m models.Member) bool { return m.ID == f.owner.ID }), err
	},
	"CountPeople": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		c, err := f.CountPeople(ctx, org)
		return c.All - 1, err // but for the owner each organization has
	},
	"SSO": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		s, err := f.SSO(ctx, org)
		if err != nil {
			return 0, err
		}
		return len(s.Certificates), nil
	},
	"EnableMissing": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		missing, err := f.EnableMissing(ctx, org)
		return 5 - len(missing), err
	},
	"DirectoryPeople": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.DirectoryPeople(ctx, org, models.DirectoryKeys{MemberID: w.member.ID, Names: []string{"BO@" + f.domain}}))
	},
	"DiagnosticLinks": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		l, _ := f.diagnosticLink()
		return many(f.DiagnosticLinks(ctx, org, l.ActivityID))
	},
	"PendingCertificates": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.PendingCertificates(ctx, org))
	},
	"RequestKey": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		must(f.t, f.MakeRequestKey(ctx, f.actor, f.org.ID, requestKey(f.t), "certificate"))
		_, certificate, err := f.RequestKey(ctx, org)
		return len(certificate), err
	},
	"Metadata": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		m, err := f.Metadata(ctx, org)
		return len(m.URL), err
	},
	"Organization": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		o, err := f.Organization(ctx, org)
		if err != nil || o.ID != f.org.ID {
			return 0, err
		}
		return 1, nil
	},
	"SCIMMember": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.SCIMMember(ctx, w.calls[org], w.member.ID, true))
	},
	"SCIMTeam": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return one(f.SCIMTeam(ctx, w.calls[org], w.group.ID, true))
	},
	"SCIMMembers": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		list, _, err := f.SCIMMembers(ctx, w.calls[org], models.SCIMQuery{StartIndex: 1, Count: 10})
		return count(list, func(m models.SCIMMember) bool { return m.OrgID == f.org.ID }), err
	},
	"SCIMClientSecrets": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		return many(f.SCIMClientSecrets(ctx, org))
	},
	"WalkSCIMMembers": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		list, _, _, err := f.WalkSCIMMembers(ctx, w.calls[org], models.SCIMWalk{SCIMQuery: models.SCIMQuery{StartIndex: 1, Count: 10}, Total: -1})
		return count(list, func(m models.SCIMMember) bool { return m.OrgID == f.org.ID }), err
	},
	"WalkSCIMTeams": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		list, _, _, err := f.WalkSCIMTeams(ctx, w.calls[org], models.SCIMWalk{SCIMQuery: models.SCIMQuery{StartIndex: 1, Count: 10}, Total: -1})
		return len(list), err
	},
	"SCIMTeams": func(f *fixture, ctx context.Context, org string, w *things) (int, error) {
		list, _, err := f.SCIMTeams(ctx, w.calls[org], models.SCIMQuery{StartIndex: 1, Count: 10})
		return len(list), err
	},
}

// things are one of everything an organization can have.
type things struct {
	member *models.Member
	team   *models.Team
	domain *models.Domain
	group  *models.SCIMTeam
	calls  map[string]*models.SCIMCall
	// activity has a message, test has passed.
	activity *models.Activity
	test     *models.TestSignIn
}

func one[T any](v *T, err error) (int, error) {
	if v == nil {
		return 0, err
	}
	return 1, err
}

func many[T any](v []T, err error) (int, error) { return len(v), err }

func count[T any](list []T, is func(T) bool) int {
	n := 0
	for _, v := range list {
		if is(v) {
			n++
		}
	}
	return n
}

func TestEveryReaderSeesItsOrganizationAndNoOther(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		w := &things{member: f.add("bo", models.RoleMember), domain: f.turnOn(false, false), calls: f.directoryCalls()}
		w.team = f.team("Ops", w.member)
		f.pending()
		f.Execute(t, "update sso_connections set metadata_url = 'https://idp.example/metadata' where org_id = ?", f.org.ID)
		f.session(w.member, models.MethodSSO)
		f.Execute(t, `insert into identities (id, org_id, member_id, issuer, kind, value, first_seen_at, last_seen_at) values ('idn_1', ?, ?, 'iss', 'email', 'x', ?, ?)`,
			f.org.ID, w.member.ID, f.Now(), f.Now())
		refused, err := f.RefuseLogin(t.Context(), someClient, f.org.ID, "", models.LoginRefusal{Admin: "No.", Raw: "<Response/>"})
		must(t, err)
		rows, err := f.Activities(t.Context(), f.org.ID, models.ActivityFilter{Text: refused.Reference})
		must(t, err)
		tests, err := f.TestSignIns(t.Context(), f.org.ID, 1)
		must(t, err)
		w.activity, w.test = &rows[0], &tests[0]
		_, _, err = f.CreateSCIMClientSecret(t.Context(), f.actor, f.org.ID, "Entra", time.Hour)
		must(t, err)
		w.group, err = f.CreateSCIMTeam(t.Context(), w.calls[f.org.ID], aGroup(t, "Group"), scim.MemberChanges{})
		must(t, err)
		// The other organization has nothing but its owner and its token.
		f.Execute(t, "delete from scim_tokens where org_id = ? and id <> ?", f.other.ID, w.calls[f.other.ID].TokenID())
		for name, read := range readers {
			if n, err := read(f, t.Context(), f.org.ID, w); err != nil || n == 0 {
				t.Errorf("%s finds %d, %v in its own organization", name, n, err)
			}
			n, err := read(f, t.Context(), f.other.ID, w)
			if name == "SCIMTokens" {
				n--
			}
			if n != 0 || err != nil && !models.IsKind(err, models.NotFound) {
				t.Errorf("%s finds %d, %v from another organization", name, n, err)
			}
		}
	})
}

func TestNoExportedOperationIsForgotten(t *testing.T) {
	known := map[string]bool{}
	for _, o := range operations {
		known[o.method] = true
	}
	for name := range readers {
		known[name] = true
	}
	for name := range elsewhere {
		known[name] = true
	}
	db := reflect.TypeFor[*models.DB]()
	for i := range db.NumMethod() {
		switch name := db.Method(i).Name; {
		case name == "Execute" || name == "Write" || name == "ReadModifyWrite" || name == "Limit" || name == "Hash" || name == "PasswordMatches" || name == "Dump" || name == "Count" || name == "MemberCount" || name == "HoldWriter":
			// of these tests
		case !known[name]:
			t.Errorf("%s is not in the table of operations or readers", name)
		default:
			delete(known, name)
		}
	}
	for name := range known {
		t.Errorf("%s is in a table and does not exist", name)
	}
}

// firstDifference is the first line that is in one dump only, for the message.
func firstDifference(before, after string) string {
	had := map[string]bool{}
	for line := range strings.Lines(before) {
		had[line] = true
	}
	for line := range strings.Lines(after) {
		if !had[line] {
			return "new: " + line
		}
	}
	return "rows are gone"
}
