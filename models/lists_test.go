package models_test

import (
	"slices"
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

var byTest = models.Actor{Kind: models.Operator, Label: "test"}

// acme is an organization of five: the owner Olga, Ana, Bo and Cy with passwords, and Di, who was invited.
func acme(t *testing.T, db *models.DB) (*models.Organization, map[string]*models.Member) {
	t.Helper()
	org, err := db.CreateOrganization(t.Context(), byTest, "Acme", models.NewOwner{Email: "olga@acme.com", Name: "Olga", Password: "nine blue herons"})
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]*models.Member{}
	for _, name := range []string{"Ana", "Bo", "Cy"} {
		m, err := db.AddMember(t.Context(), byTest, org.ID, name+"@acme.com", name, "", models.RoleMember, "nine blue herons")
		if err != nil {
			t.Fatal(err)
		}
		people[name] = m
	}
	m, _, err := db.Invite(t.Context(), byTest, models.Owner, org.ID, "di@acme.com", "Di", models.RoleMember)
	if err != nil {
		t.Fatal(err)
	}
	people["Di"] = m
	return org, people
}

func names(rows []models.PersonRow) []string {
	var list []string
	for _, r := range rows {
		list = append(list, r.Label())
	}
	return list
}

func TestPeopleAreReadAPageAtATimeInBothDirections(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		org, _ := acme(t, db)
		first, err := db.People(t.Context(), org.ID, models.MemberFilter{Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(first); !slices.Equal(got, []string{"Ana", "Bo"}) {
			t.Fatalf("the first page is %v", got)
		}
		second, err := db.People(t.Context(), org.ID, models.MemberFilter{AfterName: first[1].SortKey, AfterID: first[1].ID, Limit: 2})
		if err != nil || !slices.Equal(names(second), []string{"Cy", "Di"}) {
			t.Fatalf("the second page is %v, %v", names(second), err)
		}
		back, err := db.People(t.Context(), org.ID, models.MemberFilter{AfterName: second[0].SortKey, AfterID: second[0].ID, Before: true, Limit: 2})
		if err != nil || !slices.Equal(names(back), []string{"Ana", "Bo"}) {
			t.Fatalf("back leads to %v, %v", names(back), err)
		}
		if second[1].InvitedUntil == nil || !second[1].InvitedUntil.After(db.Now()) {
			t.Errorf("the invitation of Di ends at %v", second[1].InvitedUntil)
		}
		for filter, want := range map[models.MemberFilter]int{
			{}: 5, {Text: "CY@"}: 1, {Role: models.Owner}: 1, {Status: models.Invited}: 1, {SignIn: "password"}: 4, {SignIn: "none"}: 1, {SignIn: "sso"}: 0,
		} {
			if n, err := db.CountMatching(t.Context(), org.ID, filter); err != nil || n != want {
				t.Errorf("%+v keeps %d, want %d, %v", filter, n, want, err)
			}
		}
	})
}

func TestATeamsPeopleSayWhenTheyCame(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		org, people := acme(t, db)
		team, err := db.CreateTeam(t.Context(), byTest, org.ID, "Platform")
		if err == nil {
			err = db.AddToTeam(t.Context(), byTest, org.ID, team.ID, people["Ana"].ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.People(t.Context(), org.ID, models.MemberFilter{TeamID: team.ID})
		if err != nil || len(rows) != 1 || rows[0].TeamSince == nil || rows[0].Teams != 1 {
			t.Fatalf("the team's people are %+v, %v", rows, err)
		}
	})
}

func TestAnInvitedPersonIsNotReactivated(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		org, people := acme(t, db)
		err := db.ReactivateMember(t.Context(), byTest, models.Owner, org.ID, people["Di"].ID)
		if !models.IsKind(err, models.Conflict) {
			t.Errorf("reactivating somebody invited: %v, want a conflict", err)
		}
	})
}

func TestRenamingAMemberIsAuditedAndStaysInTheOrganization(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		org, people := acme(t, db)
		other, err := db.CreateOrganization(t.Context(), byTest, "Umbrella", models.NewOwner{Email: "eve@umbrella.com"})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.RenameMember(t.Context(), byTest, other.ID, people["Ana"].ID, "Eve", "Was here"); !models.IsKind(err, models.NotFound) {
			t.Errorf("renaming another organization's member: %v, want not found", err)
		}
		if err := db.RenameMember(t.Context(), byTest, org.ID, people["Ana"].ID, " ", ""); !models.IsKind(err, models.Invalid) {
			t.Errorf("an empty name: %v, want invalid", err)
		}
		if err := db.RenameMember(t.Context(), byTest, org.ID, people["Ana"].ID, "Ana", "Novak"); err != nil {
			t.Fatal(err)
		}
		m, err := db.Member(t.Context(), org.ID, people["Ana"].ID)
		if err != nil || m.Label() != "Ana Novak" || m.GivenName != "Ana" || m.FamilyName != "Novak" {
			t.Errorf("the member is %+v, %v", m, err)
		}
		events, err := db.AuditEvents(t.Context(), org.ID, models.AuditFilter{Limit: 1})
		if err != nil || events[0].Action != "member.renamed" || events[0].TargetLabel != "Ana Novak" {
			t.Errorf("the last event is %+v, %v", events, err)
		}
	})
}

func TestAuditEventsAreNarrowedCountedAndPaged(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		org, people := acme(t, db)
		ana := models.Actor{Kind: models.Person, ID: people["Ana"].ID, Label: "Ana", IP: "192.0.2.7"}
		for _, name := range []string{"One", "Two", "Three"} {
			if _, err := db.CreateTeam(t.Context(), ana, org.ID, name); err != nil {
				t.Fatal(err)
			}
		}
		for filter, want := range map[models.AuditFilter]int{
			{Action: "team"}: 3, {Action: "team.created"}: 3, {Action: "tea"}: 0, {Text: "three"}: 1, {Text: "192.0.2.7"}: 3,
			{ActorKind: models.Person, ActorID: ana.ID}: 3, {ActorKind: models.Operator, Action: "team"}: 0, {From: db.Now().AddDate(0, 0, 1)}: 0,
		} {
			if n, err := db.CountAuditEvents(t.Context(), org.ID, filter); err != nil || n != want {
				t.Errorf("%+v keeps %d, want %d, %v", filter, n, want, err)
			}
		}
		all, err := db.AuditEvents(t.Context(), org.ID, models.AuditFilter{})
		if err != nil {
			t.Fatal(err)
		}
		next, err := db.AuditEvents(t.Context(), org.ID, models.AuditFilter{After: all[1].ID, Limit: 2})
		if err != nil || next[0].ID != all[2].ID || next[1].ID != all[3].ID {
			t.Errorf("the page after is %+v, %v", next, err)
		}
		back, err := db.AuditEvents(t.Context(), org.ID, models.AuditFilter{Before: all[2].ID, Limit: 2})
		if err != nil || back[0].ID != all[0].ID || back[1].ID != all[1].ID {
			t.Errorf("the page before is %+v, %v", back, err)
		}
		actors, err := db.AuditActors(t.Context(), org.ID, 10)
		if err != nil || len(actors) != 1 || actors[0].Label != "Ana" {
			t.Errorf("the actors are %+v, %v", actors, err)
		}
	})
}

func TestTheFormOfTheConnectionIsSavedAsAWhole(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		org, _ := acme(t, db)
		now := db.Now()
		certificate := models.NewCertificate{PEM: "-----BEGIN…", Subject: "CN=IdP", SHA1: "AA", SHA256: "BB", KeyKind: "RSA 2048", NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)}
		save := func(issuer string) error {
			return db.SaveConnection(t.Context(), byTest, org.ID, issuer, "https://idp.example/saml2", []models.NewCertificate{certificate})
		}
		if err := save("urn:one"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := save("urn:two"); err != nil {
				t.Fatal(err)
			}
		}
		s, err := db.SSO(t.Context(), org.ID)
		if err != nil || s.Issuer != "urn:two" || len(s.Certificates) != 1 {
			t.Fatalf("the connection is %+v, %v", s, err)
		}
		n, err := db.CountAuditEvents(t.Context(), org.ID, models.AuditFilter{Action: "sso_connection.changed"})
		if err != nil || n != 2 {
			t.Errorf("there are %d changes in the log, want 2: saving the same again is none, %v", n, err)
		}
	})
}

func TestEventsOfOneChangeStandInTheOrderTheyHappened(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		for range 8 {
			org, err := db.CreateOrganization(t.Context(), byTest, "Acme", models.NewOwner{Email: "olga@acme.com", Name: "Olga"})
			if err != nil {
				t.Fatal(err)
			}
			events, err := db.AuditEvents(t.Context(), org.ID, models.AuditFilter{})
			if err != nil || len(events) != 2 || events[1].Action != "organization.created" || events[0].Action != "member.added" {
				t.Fatalf("the log is %+v, %v", events, err)
			}
		}
	})
}
