package models_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
	"gatehouse/scim"
)

// directory is an organization with a verified domain acme.com, its owner ana@acme.com, and the SCIM token of its directory.
type directory struct {
	t      *testing.T
	db     *models.DB
	org    *models.Organization
	bearer string
	token  *models.SCIMToken
}

var console = models.Actor{Kind: models.Operator, Label: "test"}

func newDirectory(t *testing.T, db *models.DB) *directory {
	t.Helper()
	return directoryOf(t, db, "Acme", "acme.com")
}

func directoryOf(t *testing.T, db *models.DB, name, domain string) *directory {
	t.Helper()
	org, err := db.CreateOrganization(t.Context(), console, name, models.NewOwner{Email: "ana@" + domain, Name: "Ana Owner"})
	if err != nil {
		t.Fatal(err)
	}
	d := &directory{t: t, db: db, org: org}
	d.verify(domain)
	if d.token, d.bearer, err = db.CreateSCIMToken(t.Context(), console, org.ID, "Entra", 0); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *directory) verify(domain string) {
	d.t.Helper()
	claim, err := d.db.ClaimDomain(d.t.Context(), console, d.org.ID, domain, "token")
	if err == nil {
		err = d.db.VouchForDomain(d.t.Context(), console, d.org.ID, claim.ID)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *directory) call() *models.SCIMCall {
	d.t.Helper()
	c, err := d.db.SCIMCall(models.Client{IP: "192.0.2.1", UserAgent: "Entra"}, d.bearer)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func user(t *testing.T, body string) *scim.Resource {
	t.Helper()
	r, _, err := scim.ParseResource(scim.UserType, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (d *directory) tryCreate(body string) (*models.SCIMMember, error) {
	d.t.Helper()
	return d.db.CreateSCIMMember(d.t.Context(), d.call(), user(d.t, body))
}

func (d *directory) create(body string) *models.SCIMMember {
	d.t.Helper()
	m, err := d.tryCreate(body)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// person is the body of somebody with userName and work e-mail alike.
func person(address string) string {
	return fmt.Sprintf(`{"userName":%q,"active":true,"displayName":"P","emails":[{"type":"work","value":%q,"primary":true}]}`, address, address)
}

func (d *directory) tryPatch(id, operations string) (*models.SCIMMember, error) {
	d.t.Helper()
	p, err := scim.ParsePatch(scim.UserType, []byte(`{"Operations":`+operations+`}`))
	if err != nil {
		d.t.Fatal(err)
	}
	return d.db.ChangeSCIMMember(d.t.Context(), d.call(), id, func(r *scim.Resource) (*scim.Resource, error) {
		out, err := p.Apply(r)
		if err != nil {
			return nil, err
		}
		return out.Resource, nil
	})
}

func (d *directory) patch(id, operations string) *models.SCIMMember {
	d.t.Helper()
	m, err := d.tryPatch(id, operations)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

const (
	activate   = `[{"op":"Replace","path":"active","value":"True"}]`
	deactivate = `[{"op":"Replace","path":"active","value":"False"}]`
)

func (d *directory) find(filter string) []models.SCIMMember {
	d.t.Helper()
	f, err := scim.ParseFilter(scim.UserType, filter)
	if err != nil {
		d.t.Fatal(err)
	}
	list, total, err := d.db.SCIMMembers(d.t.Context(), d.call(), models.SCIMQuery{Filter: f, StartIndex: 1, Count: 100})
	if err != nil {
		d.t.Fatalf("%s: %v", filter, err)
	}
	if total != len(list) {
		d.t.Errorf("%s: total %d of %d", filter, total, len(list))
	}
	return list
}

func (d *directory) audited(action string) int {
	d.t.Helper()
	events, err := d.db.AuditEvents(d.t.Context(), d.org.ID, models.AuditFilter{Action: action})
	if err != nil {
		d.t.Fatal(err)
	}
	return len(events)
}

func wantKind(t *testing.T, err error, kind models.Kind) {
	t.Helper()
	if !models.IsKind(err, kind) {
		t.Errorf("got %v, want an error of kind %d", err, kind)
	}
}

func TestSCIMTokenIsReadWithEveryOperation(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		m := d.create(person("p@acme.com"))
		operations := map[string]func(c *models.SCIMCall) error{
			"get": func(c *models.SCIMCall) error { _, err := db.SCIMMember(t.Context(), c, m.ID, true); return err },
			"find": func(c *models.SCIMCall) error {
				_, _, err := db.SCIMMembers(t.Context(), c, models.SCIMQuery{StartIndex: 1, Count: 1})
				return err
			},
			"create": func(c *models.SCIMCall) error {
				_, err := db.CreateSCIMMember(t.Context(), c, user(t, person("q@acme.com")))
				return err
			},
			"delete":       func(c *models.SCIMCall) error { return db.DeleteSCIMMember(t.Context(), c, m.ID) },
			"delete group": func(c *models.SCIMCall) error { return db.DeleteSCIMTeam(t.Context(), c, "team_x") },
			"groups": func(c *models.SCIMCall) error {
				_, _, err := db.SCIMTeams(t.Context(), c, models.SCIMQuery{StartIndex: 1, Count: 1})
				return err
			},
		}
		refused := func(what, bearer string) {
			for name, operation := range operations {
				c, err := db.SCIMCall(models.Client{}, bearer)
				if err == nil {
					err = operation(c)
				}
				if !models.IsKind(err, models.Unauthenticated) {
					t.Errorf("%s with %s: %v", name, what, err)
				}
			}
		}
		refused("no token of ours", "ghp_x")
		refused("a wrong secret", d.bearer[:len(d.bearer)-1]+"_")
		refused("an unknown id", "scim_none_x")
		_, expiring, err := db.CreateSCIMToken(t.Context(), console, d.org.ID, "short", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Hour)
		refused("an expired token", expiring)
		if err := db.RevokeSCIMToken(t.Context(), console, d.org.ID, d.token.ID); err != nil {
			t.Fatal(err)
		}
		refused("a revoked token", d.bearer)
	}, modelstest.WithNow(clock.Now))
}

func TestSCIMTokenRemembersItsLastUseOnceAMinute(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		use := func() time.Time {
			c := d.call()
			if err := db.AuthenticateSCIM(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if err := db.NoteSCIMCall(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			tokens, err := db.SCIMTokens(t.Context(), d.org.ID)
			if err != nil || tokens[0].LastUsedAt == nil || tokens[0].LastUsedFrom != "192.0.2.1" {
				t.Fatalf("%+v, %v", tokens, err)
			}
			return *tokens[0].LastUsedAt
		}
		first := use()
		clock.Advance(30 * time.Second)
		if !use().Equal(first) {
			t.Error("written again within a minute")
		}
		clock.Advance(31 * time.Second)
		if use().Equal(first) {
			t.Error("not written after a minute")
		}
	}, modelstest.WithNow(clock.Now))
}

func TestSCIMCreatesPeople(t *testing.T) {
	tests := []struct {
		name, body  string
		wantHeld    models.HeldReason
		wantAccount bool
		wantEmail   string
	}{
		{"on a verified domain with an account", person("Eve@Acme.com"), "", true, "eve@acme.com"},
		{"on an unproven domain held", person("eve@contoso.com"), models.HeldDomainUnverified, false, "eve@contoso.com"},
		{"without an address held", `{"userName":"eve"}`, models.HeldNoAddress, false, ""},
		{"with an address we cannot use held", `{"userName":"eve","emails":[{"value":"not an address"}]}`, models.HeldNoAddress, false, ""},
		{"with another member's address held", `{"userName":"other","emails":[{"value":"taken@acme.com"}]}`, models.HeldAddressTaken, false, "taken@acme.com"},
		{"by userName where there is no e-mail", `{"userName":"eve@acme.com"}`, "", true, "eve@acme.com"},
	}
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		d.create(person("taken@acme.com"))
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				m := d.create(tt.body)
				if m.Held() != tt.wantHeld || (m.AccountID != nil) != tt.wantAccount || m.Address() != tt.wantEmail {
					t.Errorf("held %q, account %v, address %q", m.Held(), m.AccountID != nil, m.Address())
				}
				if m.Role != models.RoleMember || m.Source != models.SourceSCIM || !m.SCIMManaged || m.Status != models.Active {
					t.Errorf("%+v", m.Member)
				}
				if err := db.DeleteSCIMMember(t.Context(), d.call(), m.ID); err != nil {
					t.Fatal(err)
				}
			})
		}
		if d.audited("member.added") != len(tests)+2 || d.audited("member.deleted") != len(tests) {
			t.Errorf("%d and %d audit events", d.audited("member.added"), d.audited("member.deleted"))
		}
	})
}

func TestSCIMUserNamesAreUnique(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		m := d.create(person("p@acme.com"))
		_, err := d.tryCreate(`{"userName":"P@ACME.com"}`)
		wantKind(t, err, models.Conflict)
		q := d.create(person("q@acme.com"))
		_, err = d.tryPatch(q.ID, `[{"op":"replace","path":"userName","value":"P@acme.com"}]`)
		wantKind(t, err, models.Conflict)
		var e *models.Error
		if !errors.As(err, &e) || e.Field != "userName" {
			t.Errorf("the error names field %+v", e)
		}
		if d.patch(m.ID, `[{"op":"replace","path":"userName","value":"P@Acme.com"}]`).UserName != "P@Acme.com" {
			t.Error("its own userName in another case was refused")
		}
	})
}

func TestSCIMRacesHaveOneWinner(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		const n = 8
		race := func(body func(i int) string) (won, conflicts int) {
			var wg sync.WaitGroup
			errs := make([]error, n)
			for i := range n {
				r := user(t, body(i))
				wg.Go(func() { _, errs[i] = db.CreateSCIMMember(t.Context(), d.call(), r) })
			}
			wg.Wait()
			for _, err := range errs {
				switch {
				case err == nil:
					won++
				case models.IsKind(err, models.Conflict):
					conflicts++
				default:
					t.Errorf("%v", err)
				}
			}
			return won, conflicts
		}
		if won, conflicts := race(func(int) string { return person("race@acme.com") }); won != 1 || conflicts != n-1 {
			t.Errorf("same userName: %d created, %d conflicts", won, conflicts)
		}
		won, _ := race(func(i int) string {
			return fmt.Sprintf(`{"userName":"u%d","emails":[{"value":"shared@acme.com"}]}`, i)
		})
		linked := 0
		for _, m := range d.find(`emails eq "shared@acme.com"`) {
			if m.Held() == "" {
				linked++
			} else if m.Held() != models.HeldAddressTaken {
				t.Errorf("held for %s", m.Held())
			}
		}
		if won != n || linked != 1 {
			t.Errorf("same address: %d created, %d with an account", won, linked)
		}
	})
}

// Whoever is created at the moment the domain is verified, or the address given up, must not stay held for ever.
func TestSCIMHoldsNobodyByARace(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		for round := range 8 {
			domain := fmt.Sprintf("d%d.com", round)
			claim, err := db.ClaimDomain(t.Context(), console, d.org.ID, domain, "token")
			if err != nil {
				t.Fatal(err)
			}
			first := d.create(person(fmt.Sprintf("a%d@acme.com", round)))
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := db.VouchForDomain(t.Context(), console, d.org.ID, claim.ID); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if err := db.DeleteSCIMMember(t.Context(), d.call(), first.ID); err != nil {
					t.Error(err)
				}
			})
			for i, body := range []string{person("p@" + domain), person("q@" + domain), fmt.Sprintf(`{"userName":"r%d","emails":[{"value":"a%d@acme.com"}]}`, round, round)} {
				r := user(t, body)
				wg.Go(func() {
					if _, err := db.CreateSCIMMember(t.Context(), d.call(), r); err != nil {
						t.Errorf("%d: %v", i, err)
					}
				})
			}
			wg.Wait()
		}
		counts, err := db.CountPeople(t.Context(), d.org.ID)
		if err != nil || counts.Held != 0 {
			t.Errorf("%d people stay held, %v", counts.Held, err)
		}
	})
}

func TestSCIMParallelPatchesLoseNothing(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		m := d.create(person("p@acme.com"))
		attributes := []string{"title", "nickName", "userType", "locale", "timezone", "preferredLanguage", "profileUrl", "displayName"}
		var wg sync.WaitGroup
		for _, name := range attributes {
			wg.Go(func() {
				if _, err := d.tryPatch(m.ID, `[{"op":"replace","path":"`+name+`","value":"v"}]`); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, name := range attributes {
			if len(d.find(name+` eq "v"`)) != 1 {
				t.Errorf("%s was lost", name)
			}
		}
	})
}

func TestSCIMAdopts(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		added, err := db.AddMember(t.Context(), console, d.org.ID, "bo@acme.com", "Bo", "Old", models.Admin, "")
		if err != nil {
			t.Fatal(err)
		}
		if found := d.find(`emails[type eq "work"].value eq "Bo@acme.com"`); len(found) != 1 || found[0].ID != added.ID {
			t.Fatalf("a lookup by e-mail finds %d", len(found))
		}
		m := d.create(person("Bo@acme.com"))
		if m.ID != added.ID || !m.SCIMManaged || m.Role != models.Admin || m.Source != models.SourceOperator || m.AccountID == nil || *m.AccountID != *added.AccountID {
			t.Errorf("POST did not adopt: %+v", m.Member)
		}
		_, err = d.tryCreate(person("bo@acme.com"))
		wantKind(t, err, models.Conflict)

		// By address, where the directory names people otherwise.
		cy, err := db.AddMember(t.Context(), console, d.org.ID, "cy@acme.com", "Cy", "", models.RoleMember, "")
		if err != nil {
			t.Fatal(err)
		}
		if m := d.create(`{"userName":"cyrus","emails":[{"value":"cy@acme.com"}]}`); m.ID != cy.ID || m.UserName != "cyrus" {
			t.Errorf("POST with the address of a member made %s", m.ID)
		}

		// PATCH adopts too, and somebody who was invited becomes active without the mail.
		invited, _, err := db.Invite(t.Context(), console, models.Owner, d.org.ID, "di@acme.com", "Di", models.Admin)
		if err != nil {
			t.Fatal(err)
		}
		if m := d.patch(invited.ID, `[{"op":"Replace","path":"displayName","value":"Di Directory"}]`); !m.SCIMManaged || m.Status != models.Active || m.AccountID == nil || m.Role != models.Admin {
			t.Errorf("PATCH did not adopt the invited: %+v", m.Member)
		}
		// On a domain nobody proved, the invitation stands as it is.
		elsewhere, _, err := db.Invite(t.Context(), console, models.Owner, d.org.ID, "ed@contoso.com", "Ed", models.RoleMember)
		if err != nil {
			t.Fatal(err)
		}
		if m := d.create(person("ed@contoso.com")); m.ID != elsewhere.ID || m.Status != models.Invited || m.AccountID != nil {
			t.Errorf("an invitation elsewhere became %+v", m.Member)
		}
		if n := d.audited("member.adopted"); n != 4 {
			t.Errorf("%d adoptions audited, want 4", n)
		}
	})
}

func TestSCIMNeverReactivatesWhomAnAdminDeactivated(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		bo, err := db.AddMember(t.Context(), console, d.org.ID, "bo@acme.com", "Bo", "", models.RoleMember, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.DeactivateMember(t.Context(), models.Actor{Kind: models.Person}, models.Owner, d.org.ID, bo.ID); err != nil {
			t.Fatal(err)
		}
		if m := d.create(person("bo@acme.com")); m.ID != bo.ID || m.Status != models.Inactive {
			t.Errorf("POST: %s", m.Status)
		}
		if m := d.patch(bo.ID, activate); m.Status != models.Inactive {
			t.Errorf("PATCH: %s", m.Status)
		}
	})
}

func TestSCIMDeactivationEndsSessionsAndKeepsTeams(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		member, err := db.AddMember(t.Context(), console, d.org.ID, "bo@acme.com", "Bo", "", models.RoleMember, "correct horse battery")
		if err != nil {
			t.Fatal(err)
		}
		m := d.create(person("bo@acme.com"))
		group := d.group(`{"displayName":"Ops","members":[{"value":"` + member.ID + `"}]}`)
		signIn := func() string {
			t.Helper()
			token, err := db.PasswordSignIn(t.Context(), models.Client{IP: "192.0.2.9"}, "bo@acme.com", "correct horse battery", false)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		token := signIn()
		if d.patch(m.ID, deactivate).Status != models.Inactive {
			t.Error("still active")
		}
		_, err = db.SessionByToken(t.Context(), token)
		wantKind(t, err, models.Unauthenticated)
		if list, err := db.Sessions(t.Context(), d.org.ID, m.ID); err != nil || len(list) != 0 {
			t.Errorf("%d sessions left, %v", len(list), err)
		}
		if found := d.find(`userName eq "bo@acme.com"`); len(found) != 1 || found[0].Status != models.Inactive {
			t.Error("the deactivated person is not found any more")
		}
		before := d.patch(m.ID, deactivate)
		if again := d.patch(m.ID, deactivate); again.Version != before.Version {
			t.Error("a PATCH without change made a new version")
		}
		back := d.patch(m.ID, activate)
		if back.Status != models.Active || len(back.Groups) != 1 || back.Groups[0].ID != group.ID {
			t.Errorf("back as %s with groups %v", back.Status, back.Groups)
		}
		token = signIn()
		if err := db.DeleteSCIMMember(t.Context(), d.call(), m.ID); err != nil {
			t.Fatal(err)
		}
		_, err = db.SessionByToken(t.Context(), token)
		wantKind(t, err, models.Unauthenticated)
		_, err = db.SCIMMember(t.Context(), d.call(), m.ID, false)
		wantKind(t, err, models.NotFound)
		wantKind(t, db.DeleteSCIMMember(t.Context(), d.call(), m.ID), models.NotFound)
		if g, err := db.SCIMTeam(t.Context(), d.call(), group.ID, true); err != nil || len(g.Members) != 0 {
			t.Errorf("a ghost stays in the group: %v, %v", g, err)
		}
		if again := d.create(person("bo@acme.com")); again.ID == m.ID {
			t.Error("the id was given twice")
		}
	})
}

func TestSCIMCannotTakeTheLastOwner(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		owner := d.find(`userName eq "ana@acme.com"`)[0]
		_, err := d.tryPatch(owner.ID, deactivate)
		wantKind(t, err, models.Conflict)
		wantKind(t, db.DeleteSCIMMember(t.Context(), d.call(), owner.ID), models.Conflict)
		_, err = d.tryPatch(owner.ID, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"ana@nowhere.org"}]`)
		wantKind(t, err, models.Conflict)
		if n := d.audited("member.change_refused"); n != 3 {
			t.Errorf("%d refusals audited, want 3", n)
		}
		if m := d.find(`userName eq "ana@acme.com"`)[0]; m.Status != models.Active || m.SCIMManaged || m.Address() != "ana@acme.com" {
			t.Errorf("a refused change left %+v", m.Member)
		}
		if _, err := db.AddMember(t.Context(), console, d.org.ID, "bo@acme.com", "Bo", "", models.Owner, ""); err != nil {
			t.Fatal(err)
		}
		if d.patch(owner.ID, deactivate).Status != models.Inactive {
			t.Error("with a second owner the first can go")
		}
	})
}

func TestSCIMChangesAddresses(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		first := d.create(person("first@acme.com"))
		waiting := d.create(`{"userName":"second","emails":[{"value":"first@acme.com"}]}`)
		if waiting.Held() != models.HeldAddressTaken {
			t.Fatalf("held %q", waiting.Held())
		}
		move := func(id, address string) *models.SCIMMember {
			t.Helper()
			return d.patch(id, `[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"`+address+`"}]`)
		}
		moved := move(first.ID, "new@acme.com")
		if moved.AccountID == nil || *moved.AccountID == *first.AccountID || moved.Address() != "new@acme.com" {
			t.Errorf("the member was not linked anew: %+v", moved.Member)
		}
		released, err := db.SCIMMember(t.Context(), d.call(), waiting.ID, false)
		if err != nil || released.Held() != "" || *released.AccountID != *first.AccountID {
			t.Errorf("who waited for the address: %+v, %v", released, err)
		}
		if away := move(first.ID, "new@contoso.com"); away.Held() != models.HeldDomainUnverified || away.AccountID != nil {
			t.Errorf("moved to an unproven domain: held %q", away.Held())
		}
		d.verify("contoso.com")
		if back, err := db.SCIMMember(t.Context(), d.call(), first.ID, false); err != nil || back.Held() != "" || back.AccountID == nil {
			t.Errorf("the verified domain released nobody: %+v, %v", back, err)
		}
	})
}

// An account that somebody registered in advance with another's address gives them nothing (PRODUCT.md §6).
func TestSCIMLinksToAForeignAccountWithoutTakeover(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		globex := directoryOf(t, db, "Globex", "globex.com")
		d := newDirectory(t, db)
		// Proven elsewhere: the account keeps its password and gets a second membership.
		proven, err := db.AddMember(t.Context(), console, globex.org.ID, "pro@acme.com", "Pro", "", models.RoleMember, "correct horse battery")
		if err != nil {
			t.Fatal(err)
		}
		m := d.create(person("pro@acme.com"))
		if m.AccountID == nil || *m.AccountID != *proven.AccountID || m.ID == proven.ID {
			t.Errorf("%+v", m.Member)
		}
		if _, err := db.PasswordSignIn(t.Context(), models.Client{}, "pro@acme.com", "correct horse battery", false); err != nil {
			t.Errorf("a proven account lost its password: %v", err)
		}
		// The other directory cannot see or touch the member.
		_, err = db.SCIMMember(t.Context(), globex.call(), m.ID, false)
		wantKind(t, err, models.NotFound)
		_, err = globex.tryPatch(m.ID, deactivate)
		wantKind(t, err, models.NotFound)
		wantKind(t, db.DeleteSCIMMember(t.Context(), globex.call(), m.ID), models.NotFound)
	})
}

func TestSCIMPagesAreStable(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		for i := range 11 {
			d.create(person(fmt.Sprintf("p%02d@acme.com", i)))
		}
		seen := map[string]bool{}
		for start := 1; start <= 12; start += 5 {
			list, total, err := db.SCIMMembers(t.Context(), d.call(), models.SCIMQuery{StartIndex: start, Count: 5})
			if err != nil || total != 12 {
				t.Fatalf("total %d, %v", total, err)
			}
			for _, m := range list {
				seen[m.ID] = true
			}
		}
		if len(seen) != 12 {
			t.Errorf("%d people on all pages, want 12", len(seen))
		}
		for _, q := range []models.SCIMQuery{{StartIndex: 100, Count: 5}, {StartIndex: 1, Count: 0}} {
			if list, total, err := db.SCIMMembers(t.Context(), d.call(), q); err != nil || total != 12 || len(list) != 0 {
				t.Errorf("%+v: %d of %d, %v", q, len(list), total, err)
			}
		}
	})
}

func TestSCIMFiltersAgreeWithTheReference(t *testing.T) {
	const ext = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	filters := []string{
		`userName eq "EVE@acme.com"`, `userName sw "e"`, `userName co "CME"`, `userName ew ".com"`, `userName ne "eve@acme.com"`, `userName gt "f"`,
		`userName eq "100%_sure@acme.com"`, `userName co "%"`, `userName co "_"`, `userName co ""`, `not (userName sw "e")`,
		`externalId eq "E-1"`, `externalId eq "e-1"`, `externalId pr`, `externalId ne "E-1"`, `externalId eq null`,
		`displayName eq "eve ÉTÉ"`, `displayName co "Eve É"`, `displayName pr`, `displayName ge "g"`, `displayName eq "say \"hi\" \\ there"`,
		`name.givenName eq "eve"`, `name.familyName sw "S"`, `name.middleName eq "x"`, `name.middleName pr`, `name pr`, `not (name pr)`,
		`active eq true`, `active eq "False"`, `active ne true`, `title eq "boss"`, `title pr`, `title ne "boss"`, `not (title eq "boss")`, `title lt "c"`,
		`emails pr`, `not (emails pr)`, `emails eq "eve@acme.com"`, `emails.value co "HOME"`, `emails[type eq "work"].value eq "eve@acme.com"`,
		`emails[type eq "home"].value eq "eve@acme.com"`, `emails[type eq "home" and value co "home"]`, `emails[primary eq true]`, `emails[primary eq "True" and type eq "work"].value sw "eve"`,
		`emails[not (type eq "work")]`, `emails[primary ne true]`, `emails[display pr]`, `phoneNumbers[type eq "mobile"].value eq "+1 (555) 0100"`, `phoneNumbers.type pr`,
		`roles[primary eq "True"].value eq "Admin"`, ext + `department eq "OPS"`, ext + `department pr`, ext + `manager eq "m1"`, ext + `manager.value pr`, ext + `manager pr`,
		`userName eq "eve@acme.com" and active eq true`, `title eq "boss" or externalId eq "F-2" and active eq false`, `(title eq "boss" or externalId eq "F-2") and active eq false`,
		`emails eq "eve@acme.com" and ` + ext + `department eq "ops"`, `addresses[country eq "Sierra Leone"]`, `addresses.country pr`,
	}
	bodies := []string{
		`{"userName":"eve@acme.com","externalId":"E-1","active":true,"displayName":"Eve ÉTÉ","title":"Boss","name":{"givenName":"Eve","familyName":"Smith"},
			"emails":[{"value":"eve@acme.com","type":"work","primary":true},{"value":"eve@home.org","type":"home"}],"phoneNumbers":[{"type":"mobile","value":"+1 (555) 0100"}],
			"` + scim.EnterpriseUserURN + `":{"department":"Ops","manager":"m1"}}`,
		`{"userName":"fay@acme.com","externalId":"F-2","active":false,"displayName":"fay","emails":[{"value":"Fay@Home.org","type":"home","display":"d"}],"roles":[{"primary":"True","value":"Admin"}]}`,
		`{"userName":"100%_sure@acme.com","displayName":"say \"hi\" \\ there","title":"aide","name":{"middleName":"X"},"addresses":[{"country":"Sierra Leone","type":"work"}]}`,
		`{"userName":"gus"}`,
	}
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		owner := d.find(`userName eq "ana@acme.com"`)[0]
		resources := map[string]*scim.Resource{owner.ID: user(t, `{"userName":"ana@acme.com","active":true,"displayName":"Ana Owner","emails":[{"value":"ana@acme.com","type":"work","primary":true}]}`)}
		for _, body := range bodies {
			r := user(t, body)
			if _, sent := r.Active(); !sent {
				r.SetActive(true)
			}
			resources[d.create(body).ID] = r
		}
		for _, filter := range filters {
			f, err := scim.ParseFilter(scim.UserType, filter)
			if err != nil {
				t.Fatal(err)
			}
			want, got := map[string]bool{}, map[string]bool{}
			for id, r := range resources {
				if f.Match(r) {
					want[id] = true
				}
			}
			for _, m := range d.find(filter) {
				got[m.ID] = true
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: the database finds %v, the reference %v", filter, got, want)
			}
		}
		for filter, want := range map[string]int{
			`id eq "` + owner.ID + `"`: 1, `id eq "x"`: 0, `meta.created gt "2000-01-01T00:00:00Z"`: 5, `meta.lastModified lt "2000-01-01T00:00:00Z"`: 0,
			`id eq "` + owner.ID + `" and ` + ext + `manager eq "m1"`: 0, `meta.resourceType eq "user"`: 0, `meta.resourceType eq "User"`: 5,
		} {
			if got := len(d.find(filter)); got != want {
				t.Errorf("%s: %d, want %d", filter, got, want)
			}
		}
		f, err := scim.ParseFilter(scim.UserType, `meta.location eq "x"`)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = db.SCIMMembers(t.Context(), d.call(), models.SCIMQuery{Filter: f, StartIndex: 1, Count: 1})
		var e *scim.Error
		if !errors.As(err, &e) || e.Type != scim.TypeInvalidFilter {
			t.Errorf("an attribute that cannot be searched: %v", err)
		}
	})
}

func (d *directory) tryGroup(body string) (*models.SCIMTeam, error) {
	d.t.Helper()
	r, members, err := scim.ParseResource(scim.GroupType, []byte(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if members == nil {
		members = &scim.MemberChanges{}
	}
	return d.db.CreateSCIMTeam(d.t.Context(), d.call(), r, *members)
}

func (d *directory) group(body string) *models.SCIMTeam {
	d.t.Helper()
	g, err := d.tryGroup(body)
	if err != nil {
		d.t.Fatal(err)
	}
	return g
}

func (d *directory) tryPatchGroup(id, operations string) (*models.SCIMTeam, error) {
	d.t.Helper()
	p, err := scim.ParsePatch(scim.GroupType, []byte(`{"Operations":`+operations+`}`))
	if err != nil {
		d.t.Fatal(err)
	}
	return d.db.ChangeSCIMTeam(d.t.Context(), d.call(), id, true, true, func(r *scim.Resource) (models.TeamChange, error) {
		out, err := p.Apply(r)
		if err != nil {
			return models.TeamChange{}, err
		}
		return models.TeamChange{Resource: out.Resource, Members: out.Members}, nil
	})
}

func TestSCIMGroups(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		globex := directoryOf(t, db, "Globex", "globex.com")
		a, b := d.create(person("a@acme.com")), d.create(person("b@acme.com"))
		foreign := globex.create(person("x@globex.com"))
		g := d.group(`{"externalId":"O","displayName":"Ops"}`)
		patch := func(operations string, want ...string) {
			t.Helper()
			got, err := d.tryPatchGroup(g.ID, operations)
			if err != nil {
				t.Fatalf("%s: %v", operations, err)
			}
			ids := map[string]bool{}
			for _, m := range got.Members {
				ids[m.ID] = true
			}
			for _, id := range want {
				if !ids[id] {
					t.Errorf("%s: %s is missing", operations, id)
				}
			}
			if len(ids) != len(want) {
				t.Errorf("%s: %d members, want %d", operations, len(ids), len(want))
			}
		}
		member := func(ids ...string) string {
			return `[{"value":"` + strings.Join(ids, `"},{"value":"`) + `"}]`
		}
		patch(`[{"op":"Add","path":"members","value":`+member(a.ID)+`}]`, a.ID)
		patch(`[{"op":"Add","path":"members","value":`+member(a.ID, b.ID)+`}]`, a.ID, b.ID)
		patch(`[{"op":"Remove","path":"members","value":`+member(a.ID)+`}]`, b.ID)
		patch(`[{"op":"remove","path":"members[value eq \"`+a.ID+`\"]"}]`, b.ID)
		patch(`[{"op":"replace","path":"members","value":`+member(a.ID)+`}]`, a.ID)
		patch(`[{"op":"replace","path":"members","value":[]}]`)
		patch(`[{"op":"Add","path":"members","value":`+member(a.ID, b.ID)+`},{"op":"replace","value":{"id":"`+g.ID+`","displayName":"Operations"}}]`, a.ID, b.ID)
		_, err := d.tryPatchGroup(g.ID, `[{"op":"Add","path":"members","value":`+member(foreign.ID)+`}]`)
		wantKind(t, err, models.Invalid)
		_, err = globex.tryPatchGroup(g.ID, `[{"op":"Add","path":"members","value":`+member(foreign.ID)+`}]`)
		wantKind(t, err, models.NotFound)

		_, err = d.tryGroup(`{"displayName":"OPERATIONS"}`)
		wantKind(t, err, models.Conflict)
		other := d.group(`{"displayName":"Other"}`)
		_, err = d.tryPatchGroup(other.ID, `[{"op":"replace","path":"displayName","value":"operations"}]`)
		wantKind(t, err, models.Conflict)

		find := func(filter string) []models.SCIMTeam {
			f, err := scim.ParseFilter(scim.GroupType, filter)
			if err != nil {
				t.Fatal(err)
			}
			list, _, err := db.SCIMTeams(t.Context(), d.call(), models.SCIMQuery{Filter: f, StartIndex: 1, Count: 10})
			if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			return list
		}
		for filter, want := range map[string]int{
			`displayName eq "operations"`: 1, `displayName eq "operation"`: 0, `displayName co "o"`: 2, `externalId eq "O"`: 1, `members eq "` + a.ID + `"`: 1,
			`id eq "` + g.ID + `" and members eq "` + b.ID + `"`: 1, `id eq "` + g.ID + `" and members eq "x"`: 0, `not (members pr)`: 1, `members[display eq "p"]`: 1,
		} {
			if got := find(filter); len(got) != want {
				t.Errorf("%s: %d, want %d", filter, len(got), want)
			}
		}
		if err := db.DeleteSCIMTeam(t.Context(), d.call(), g.ID); err != nil {
			t.Fatal(err)
		}
		_, err = db.SCIMTeam(t.Context(), d.call(), g.ID, false)
		wantKind(t, err, models.NotFound)
		wantKind(t, db.DeleteSCIMTeam(t.Context(), d.call(), g.ID), models.NotFound)
		if d.group(`{"displayName":"Operations"}`).ID == g.ID {
			t.Error("the id of a deleted group was given again")
		}
	})
}

func TestSCIMGroupsAdoptTeamsWithoutARole(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		owner := models.Actor{Kind: models.Person, Label: "Ana"}
		plain, err := db.CreateTeam(t.Context(), owner, d.org.ID, "Ops")
		if err != nil {
			t.Fatal(err)
		}
		powerful, err := db.CreateTeam(t.Context(), owner, d.org.ID, "Admins")
		if err != nil {
			t.Fatal(err)
		}
		role := models.Admin
		if err := db.SetTeamRole(t.Context(), owner, models.Owner, d.org.ID, powerful.ID, &role); err != nil {
			t.Fatal(err)
		}
		if g := d.group(`{"displayName":"ops"}`); g.ID != plain.ID || !g.Managed {
			t.Errorf("the team without a role was not adopted: %+v", g.Team)
		}
		g := d.group(`{"displayName":"Admins"}`)
		if g.ID == powerful.ID || g.Role != nil {
			t.Errorf("a team with a role was adopted: %+v", g.Team)
		}
		// An owner gives the group a role; when the directory deletes the group, the team stays without it.
		if err := db.SetTeamRole(t.Context(), owner, models.Owner, d.org.ID, g.ID, &role); err != nil {
			t.Fatal(err)
		}
		if err := db.DeleteSCIMTeam(t.Context(), d.call(), g.ID); err != nil {
			t.Fatal(err)
		}
		teams, err := db.Teams(t.Context(), d.org.ID, "admins", "", "", 10)
		if err != nil || len(teams) != 2 {
			t.Fatalf("%d teams, %v", len(teams), err)
		}
		for _, team := range teams {
			if team.Managed || (team.Role != nil) != (team.ID == powerful.ID) {
				t.Errorf("%+v", team.Team)
			}
		}
	})
}

func TestSCIMMembershipSurvivesParallelPatches(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		g := d.group(`{"displayName":"Ops"}`)
		const n = 12
		ids := make([]string, n)
		for i := range n {
			ids[i] = d.create(person(fmt.Sprintf("p%d@acme.com", i))).ID
		}
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if _, err := d.tryPatchGroup(g.ID, `[{"op":"add","path":"members","value":[{"value":"`+ids[i]+`"}]}]`); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, err := db.SCIMTeam(t.Context(), d.call(), g.ID, true); err != nil || len(got.Members) != n {
			t.Errorf("%d members, want %d, %v", len(got.Members), n, err)
		}
		if got := d.audited("team.member_added"); got != n {
			t.Errorf("%d additions audited, want %d", got, n)
		}
	})
}
