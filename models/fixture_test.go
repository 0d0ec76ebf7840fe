package models_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// goodPassword is the password of everybody in these tests who has one.
const goodPassword = "seven grey geese fly"

var (
	someClient = models.Client{IP: "203.0.113.9", UserAgent: "Firefox"}
	// knownHash is of goodPassword: hashing it once keeps the suite fast.
	knownHash struct {
		sync.Once
		phc string
	}
)

// fixture is one organization, its owner, and another organization that must never see any of it.
type fixture struct {
	*models.DB
	t          *testing.T
	clock      *modelstest.Clock
	org, other *models.Organization
	owner      *models.Member
	domain     string // of the owner's address; not claimed yet
	actor      models.Actor
}

// newFixture makes the two organizations. Many fixtures can share one database.
func newFixture(t *testing.T, db *models.DB, clock *modelstest.Clock) *fixture {
	t.Helper()
	orgs, err := db.Organizations(t.Context())
	must(t, err)
	f := &fixture{DB: db, t: t, clock: clock, domain: fmt.Sprintf("acme%d.example", len(orgs))}
	f.org, f.owner = f.organization("Acme", "olga@"+f.domain)
	f.other, _ = f.organization("Globex", "gus@globex-"+f.domain)
	f.actor = models.Actor{Kind: models.Person, ID: f.owner.ID, Label: "Olga Owner", IP: "198.51.100.4"}
	return f
}

// eachCase runs fn on both databases for every name, each with a fresh fixture of one database.
func eachCase(t *testing.T, names []string, fn func(t *testing.T, f *fixture, name string)) {
	t.Helper()
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			clock := modelstest.NewClock()
			db := modelstest.New(t, dialect, modelstest.WithNow(clock.Now))
			for _, name := range names {
				t.Run(name, func(t *testing.T) { fn(t, newFixture(t, db, clock), name) })
			}
		})
	}
}

// eachFixture runs fn on both databases with a clock that stands still.
func eachFixture(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			clock := modelstest.NewClock()
			fn(t, newFixture(t, modelstest.New(t, dialect, modelstest.WithNow(clock.Now)), clock))
		})
	}
}

func (f *fixture) organization(name, owner string) (*models.Organization, *models.Member) {
	f.t.Helper()
	org, err := f.CreateOrganization(f.t.Context(), byOperator, name, models.NewOwner{Email: owner, Name: "Olga Owner"})
	must(f.t, err)
	m, err := f.MemberByAddress(f.t.Context(), org.ID, owner)
	must(f.t, err)
	return org, m
}

// add adds a member of the organization.
func (f *fixture) add(local string, role models.Role) *models.Member {
	f.t.Helper()
	return f.addTo(f.org.ID, local+"@"+f.domain, role)
}

func (f *fixture) addTo(orgID, email string, role models.Role) *models.Member {
	f.t.Helper()
	m, err := f.AddMember(f.t.Context(), byOperator, orgID, email, "", "", role, "")
	must(f.t, err)
	return m
}

// again reads a member anew.
func (f *fixture) again(m *models.Member) *models.Member {
	f.t.Helper()
	m, err := f.Member(f.t.Context(), m.OrgID, m.ID)
	must(f.t, err)
	return m
}

// givePassword gives the member's account goodPassword.
func (f *fixture) givePassword(m *models.Member) {
	f.t.Helper()
	knownHash.Do(func() { knownHash.phc = f.Hash(f.t, goodPassword) })
	f.Execute(f.t, "update accounts set password_hash = ? where id = ?", knownHash.phc, *f.again(m).AccountID)
}

// signIn signs a member with a password in and returns the token.
func (f *fixture) signIn(m *models.Member) string {
	f.t.Helper()
	token, err := f.PasswordSignIn(f.t.Context(), someClient, m.Address(), goodPassword, false)
	must(f.t, err)
	return token
}

// session makes a session past the doors, which costs no hashing.
func (f *fixture) session(m *models.Member, method string) (id string) {
	f.t.Helper()
	now := f.Now()
	id = models.NewID("ses_", now)
	f.Execute(f.t, `insert into sessions (id, secret_hash, account_id, org_id, member_id, method, created_at, last_seen_at, idle_expires_at, expires_at)
		values (?, 'none', ?, ?, ?, ?, ?, ?, ?, ?)`, id, *m.AccountID, m.OrgID, m.ID, method, now, now, now.Add(8*time.Hour), now.Add(24*time.Hour))
	return id
}

// signedIn is who a token belongs to.
func (f *fixture) signedIn(token string) *models.SignedIn {
	f.t.Helper()
	s, err := f.SessionByToken(f.t.Context(), token)
	must(f.t, err)
	return s
}

func (f *fixture) isSignedOut(token string) {
	f.t.Helper()
	_, err := f.SessionByToken(f.t.Context(), token)
	f.wantKind(err, models.Unauthenticated)
}

// countSessions counts the sessions of a member that are not over.
func (f *fixture) countSessions(m *models.Member) int {
	f.t.Helper()
	list, err := f.Sessions(f.t.Context(), m.OrgID, m.ID)
	must(f.t, err)
	return len(list)
}

// verify claims a domain for an organization and vouches for it.
func (f *fixture) verify(orgID, domain string) *models.Domain {
	f.t.Helper()
	d, err := f.ClaimDomain(f.t.Context(), byOperator, orgID, domain, "token-"+orgID)
	must(f.t, err)
	must(f.t, f.VouchForDomain(f.t.Context(), byOperator, orgID, d.ID))
	d, err = f.Domain(f.t.Context(), orgID, d.ID)
	must(f.t, err)
	return d
}

// configure fills the connection in and adds one valid certificate.
func (f *fixture) configure() *models.SSOCertificate {
	f.t.Helper()
	must(f.t, f.SaveConnection(f.t.Context(), byOperator, f.org.ID, "https://idp.example/issuer", "https://idp.example/sign-in", nil))
	return f.certificate("first")
}

// certificate adds a certificate that is valid for a year around now.
func (f *fixture) certificate(name string) *models.SSOCertificate {
	f.t.Helper()
	return trust(f.t, f.DB, byOperator, f.org.ID, f.newCertificate(name))
}

// trust saves an organization's connection as it is with one more certificate, as the page does, and returns that certificate.
func trust(t *testing.T, db *models.DB, actor models.Actor, orgID string, n models.NewCertificate) *models.SSOCertificate {
	t.Helper()
	s, err := db.SSO(t.Context(), orgID)
	must(t, err)
	must(t, db.SaveConnection(t.Context(), actor, orgID, s.Issuer, s.SignInURL, []models.NewCertificate{n}))
	s, err = db.SSO(t.Context(), orgID)
	must(t, err)
	for i := range s.Certificates {
		if s.Certificates[i].SHA256 == n.SHA256 {
			return &s.Certificates[i]
		}
	}
	t.Fatalf("%s is not trusted", n.Subject)
	return nil
}

func (f *fixture) newCertificate(name string) models.NewCertificate {
	return models.NewCertificate{
		PEM: "pem of " + name, Subject: "CN=" + name, SHA1: "SHA1 " + name, SHA256: "SHA256 " + name, KeyKind: "RSA 2048",
		NotBefore: f.Now().AddDate(0, -6, 0), NotAfter: f.Now().AddDate(0, 6, 0),
	}
}

// turnOn verifies the owner's domain, configures the connection and sets the switches.
func (f *fixture) turnOn(required, managed bool) *models.Domain {
	f.t.Helper()
	d := f.verify(f.org.ID, f.domain)
	f.configure()
	modelstest.PassTest(f.t, f.DB, f.org.ID)
	must(f.t, f.SetSwitches(f.t.Context(), f.actor, f.org.ID, models.Switches{Enabled: ptr(true), Required: &required, IDPManaged: &managed}))
	return d
}

// team makes a team of the organization with these members.
func (f *fixture) team(name string, members ...*models.Member) *models.Team {
	f.t.Helper()
	team, err := f.CreateTeam(f.t.Context(), byOperator, f.org.ID, name)
	must(f.t, err)
	for _, m := range members {
		must(f.t, f.AddToTeam(f.t.Context(), byOperator, f.org.ID, team.ID, m.ID))
	}
	return team
}

// held adds a member the directory sent who is held for that reason, past the doors.
func (f *fixture) held(email string, reason models.HeldReason) *models.Member {
	f.t.Helper()
	now := f.Now()
	id := models.NewID("mem_", now)
	var address any
	if email != "" {
		address = email
	}
	f.Execute(f.t, `insert into members (id, org_id, role, status, source, email, held_reason, user_name, user_name_key, scim_managed, created_at, updated_at)
		values (?, ?, 'member', 'active', 'scim', ?, ?, ?, ?, ?, ?, ?)`, id, f.org.ID, address, reason, id, id, true, now, now)
	m, err := f.Member(f.t.Context(), f.org.ID, id)
	must(f.t, err)
	return m
}

func (f *fixture) wantKind(err error, kind models.Kind) {
	f.t.Helper()
	if !models.IsKind(err, kind) {
		f.t.Fatalf("error = %v, want kind %d", err, kind)
	}
}

// refuses checks a refusal of that kind whose sentence contains words.
func (f *fixture) refuses(err error, kind models.Kind, words string) {
	f.t.Helper()
	f.wantKind(err, kind)
	if !strings.Contains(err.Error(), words) {
		f.t.Errorf("the refusal says %q, want %q in it", err, words)
	}
}

// events are the organization's audit events since the mark, in the order of their actions.
func (f *fixture) events(since map[string]bool) []models.AuditEvent {
	f.t.Helper()
	all, err := f.AuditEvents(f.t.Context(), f.org.ID, models.AuditFilter{})
	must(f.t, err)
	var fresh []models.AuditEvent
	for _, e := range all {
		if !since[e.ID] {
			fresh = append(fresh, e)
		}
	}
	slices.SortFunc(fresh, func(a, b models.AuditEvent) int { return strings.Compare(a.Action, b.Action) })
	return fresh
}

// mark remembers the audit events there are.
func (f *fixture) mark() map[string]bool {
	seen := map[string]bool{}
	for _, e := range f.events(nil) {
		seen[e.ID] = true
	}
	return seen
}

func actions(events []models.AuditEvent) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.Action)
	}
	return list
}

// event is the only event of that action since the mark.
func (f *fixture) event(since map[string]bool, action string) models.AuditEvent {
	f.t.Helper()
	var of []models.AuditEvent
	for _, e := range f.events(since) {
		if e.Action == action {
			of = append(of, e)
		}
	}
	if len(of) != 1 {
		f.t.Fatalf("%d events %s, want one", len(of), action)
	}
	return of[0]
}

// facts reads before or after of an audit event.
func facts(t *testing.T, s string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if s != "" {
		must(t, json.Unmarshal([]byte(s), &m))
	}
	return m
}

// notices are the subjects of the organization's notices, newest first.
func (f *fixture) notices() []string {
	f.t.Helper()
	list, err := f.Notices(f.t.Context(), f.org.ID, 100)
	must(f.t, err)
	subjects := []string{}
	for _, n := range list {
		subjects = append(subjects, n.Subject)
	}
	return subjects
}

// race runs n calls of fn at once and returns their errors by index.
func race(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func succeeded(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}
