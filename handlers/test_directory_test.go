package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

const (
	boObject    = "5b1c0e7e-2f4a-4f1e-9a53-0c6d1e88b3f2"
	otherObject = "9d0a77aa-1111-4222-8333-444455556666"
)

// scim sends a request of the directory.
func (a *app) scim(bearer, method, path, body string, want int) {
	a.t.Helper()
	r := a.request(method, scimPrefix+path, body)
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/scim+json")
	a.do(r).wantStatus(want)
}

func TestATestShowsWhatProvisioningSaysAboutTheSamePerson(t *testing.T) {
	for _, test := range []struct {
		name string
		// prepare provisions whom the test with bo@acme.com and boObject then finds.
		prepare func(a *app, org *models.Organization)
		want    []string
		never   string
	}{
		{
			"nobody was provisioned yet", func(a *app, org *models.Organization) { a.provision(org, `"userName":"cy@acme.com"`) },
			[]string{"Not provisioned", "Entra has not provisioned this person yet", "Provision on demand"},
			"Last provisioning write",
		},
		{
			"everything agrees", func(a *app, org *models.Organization) {
				a.provision(org, `"userName":"bo@acme.com","externalId":"`+strings.ToUpper(boObject)+`","displayName":"Bo Berg","name":{"givenName":"Bo","familyName":"Berg"},"active":true`)
			},
			[]string{"Managed by Entra, active", "It says the same as the claims", "userNamebo@acme.com", "The same as the objectidentifier claim", "Addressbo@acme.com", "TeamsNone", "provisioned Bo Berg"},
			"provisioning says",
		},
		{
			"another name", func(a *app, org *models.Organization) {
				a.provision(org, `"userName":"bo@acme.com","displayName":"Robert Berg"`)
			},
			[]string{"The sign-in calls them Bo Berg, provisioning Robert Berg", "Robert Berg is shown here", "externalIdNone"},
			"It says the same",
		},
		{
			"the usual externalId of Entra is no contradiction", func(a *app, org *models.Organization) {
				a.provision(org, `"userName":"bo@acme.com","externalId":"bo.berg","displayName":"Bo Berg"`)
			},
			[]string{"externalIdbo.berg", "mailNickname", "It says the same as the claims"},
			"two accounts",
		},
		{
			"another account in Entra", func(a *app, org *models.Organization) {
				a.provision(org, `"userName":"bo@acme.com","externalId":"`+otherObject+`"`)
			},
			[]string{"The claim objectidentifier is " + boObject + ", externalId is " + otherObject, "two accounts in Entra"},
			"It says the same",
		},
		{
			"another address, found by the object alone", func(a *app, org *models.Organization) {
				a.provision(org, `"userName":"bberg@acme.com","externalId":"`+boObject+`","displayName":"Bo Berg","emails":[{"type":"work","primary":true,"value":"b.berg@acme.com"}]`)
			},
			[]string{"The sign-in has found nobody, but Entra has provisioned somebody", "The sign-in says bo@acme.com, provisioning says b.berg@acme.com", "it does not find this one"},
			"not provisioned this person yet",
		},
		{
			"the address is one person's and the object another's", func(a *app, org *models.Organization) {
				a.member(org, "bo@acme.com", models.RoleMember)
				a.provision(org, `"userName":"cy@acme.com","externalId":"`+boObject+`","displayName":"Cy Low"`)
			},
			[]string{"Not managed by Entra", "who came by the operator", "Provisioning has this objectidentifier as externalId for somebody else: Cy Low", "Open Cy Low"},
			"userNamecy@acme.com",
		},
		{
			"deactivated by the directory", func(a *app, org *models.Organization) {
				bearer, id := a.provision(org, `"userName":"bo@acme.com","displayName":"Bo Berg"`)
				a.clock.Advance(time.Minute)
				a.scim(bearer, http.MethodPatch, "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`, http.StatusOK)
			},
			[]string{"Deactivated", "No, deactivated by the directory", "assign them again", "deactivated Bo Berg"},
			"reactivate them here",
		},
		{
			"deactivated by an admin", func(a *app, org *models.Organization) {
				_, id := a.provision(org, `"userName":"bo@acme.com","displayName":"Bo Berg"`)
				if err := a.db.DeactivateMember(a.t.Context(), models.Actor{Kind: models.Person, ID: "x", Label: "Ana"}, models.Owner, org.ID, id); err != nil {
					a.t.Fatal(err)
				}
			},
			[]string{"No, deactivated by an admin", "Provisioning does not bring them back"},
			"assign them again",
		},
		{
			"held", func(a *app, org *models.Organization) {
				a.provision(org, `"userName":"bo@acme.com","externalId":"`+boObject+`","displayName":"Bo Berg","emails":[{"type":"work","primary":true,"value":"bo@unclaimed.example"}]`)
			},
			[]string{"Held", "unclaimed.example is not verified by this organization", "Claim unclaimed.example", "provisioning says bo@unclaimed.example"},
			"It says the same",
		},
		{
			"deleted by the directory", func(a *app, org *models.Organization) {
				bearer, id := a.provision(org, `"userName":"bo@acme.com"`)
				a.scim(bearer, http.MethodDelete, "/Users/"+id, "", http.StatusNoContent)
			},
			[]string{"Not provisioned", "Entra has deleted this person here"},
			"not provisioned this person yet",
		},
		{
			"in teams", func(a *app, org *models.Organization) {
				bearer, id := a.provision(org, `"userName":"bo@acme.com","displayName":"Bo Berg"`)
				a.scim(bearer, http.MethodPost, "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"SG-Analytics","members":[{"value":"`+id+`"}]}`, http.StatusCreated)
			},
			[]string{"TeamsSG-Analytics (from Entra)"},
			"TeamsNone",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp, ana := testedApp(a)
				test.prepare(a, org)
				to := ana.beginTest(org)
				p := ana.result(a.postRelayed(org, to, idp.answer(to, "bo@acme.com", withObjectID(boObject)))).follow().wantStatus(http.StatusOK)
				for _, want := range test.want {
					p.wantText("#directory", want)
				}
				if got := p.text("#directory"); strings.Contains(got, test.never) {
					t.Errorf("it says %q: %s", test.never, got)
				}
			})
		})
	}
}

// Nothing is said where provisioning is not used, nothing of another organization, and nothing about somebody who was not verified.
func TestATestIsSilentAboutProvisioningWhereThatSaysNothing(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		other := a.organization("Contoso", "cy@contoso.com")
		a.provision(other, `"userName":"bo@acme.com","externalId":"`+boObject+`","displayName":"Contoso Bo"`)
		run := func(edits ...func(*assertion)) *page {
			to := ana.beginTest(org)
			return ana.result(a.postRelayed(org, to, idp.answer(to, "bo@acme.com", append(edits, withObjectID(boObject))...))).follow().wantStatus(http.StatusOK)
		}
		run().wantNone("#directory")
		a.provision(org, `"userName":"eve@acme.com"`)
		p := run().wantText("#directory", "not provisioned this person yet")
		if strings.Contains(p.body, "Contoso Bo") {
			t.Error("it shows another organization's person")
		}
		run(func(x *assertion) { x.unsigned = true }).wantNone("#directory")
		// Once the claims are forgotten, so is the comparison.
		a.clock.Advance(models.ActivityLife + time.Hour)
		if err := a.db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.signIn("ana@acme.com").get(testPath).wantStatus(http.StatusOK).wantNone("#directory")
	})
}
