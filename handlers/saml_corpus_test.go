package handlers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
	"gatehouse/sso"
)

// What the corpus in sso/testdata is about: this base address, this organization, this identity provider.
const (
	corpusBase   = "https://app.example"
	corpusOrg    = "org_corpus"
	corpusIssuer = "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"
	corpusData   = "../sso/testdata"
)

// corpusCase is one directory of the corpus.
type corpusCase struct {
	name         string
	response     []byte
	Now          time.Time
	Request      string
	RequestedAt  time.Time `json:"requested_at"`
	Certificates []string
	Issuer       string
	Email        string
	FirstName    *string `json:"first_name"`
	Reasons      []string
	Elsewhere    string
	Unclaimed    bool
	Grow         []struct {
		At, Text, End string
		Times         int
	}
}

// corpusConnection is what the connection must be for a case.
type corpusConnection struct{ certificates, issuer string }

// corpus reads all cases, by the connections they need.
func corpus(t *testing.T) map[corpusConnection][]corpusCase {
	t.Helper()
	dirs, err := filepath.Glob(corpusData + "/*/*/case.json")
	if err != nil || len(dirs) < 1500 {
		t.Fatalf("%d cases, %v", len(dirs), err)
	}
	cases := map[corpusConnection][]corpusCase{}
	for _, path := range dirs {
		dir := filepath.Dir(path)
		c := corpusCase{name: filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir)}
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &c)
		}
		if err == nil {
			c.response, err = os.ReadFile(filepath.Join(dir, "response.xml"))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range c.Grow {
			var grown strings.Builder
			for n := range g.Times {
				grown.WriteString(strings.ReplaceAll(g.Text, "{n}", strconv.Itoa(n)))
			}
			grown.WriteString(strings.Repeat(g.End, g.Times))
			c.response = bytes.Replace(c.response, []byte(g.At), []byte(grown.String()), 1)
		}
		group := corpusConnection{strings.Join(c.Certificates, " "), cmp.Or(c.Issuer, corpusIssuer)}
		cases[group] = append(cases[group], c)
	}
	return cases
}

// corpusApp is a server at corpusBase with the organization of the corpus: its id is given, so it is not made by the models.
func corpusApp(t *testing.T, dialect string) *app {
	t.Helper()
	clock := modelstest.NewClock()
	address := modelstest.URL(t, dialect)
	raw, err := openRaw(dialect, address)
	if err != nil {
		t.Fatal(err)
	}
	statement := "insert into organizations (id, name, created_at) values ($1, 'Corpus', $2)"
	if _, err := raw.ExecContext(t.Context(), statement, corpusOrg, clock.Now().Format("2006-01-02T15:04:05.000000Z")); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db := modelstest.Open(t, address, modelstest.WithNow(clock.Now), func(o *models.Options) { o.NoRateLimits = true })
	a := startApp(t, db, clock, "BASE_URL="+corpusBase, "RATE_LIMITS=off", "SECRET_KEY="+base64.StdEncoding.EncodeToString([]byte(modelstest.SecretKey)))
	org := &models.Organization{ID: corpusOrg}
	a.verifiedDomain(org, "acme.example")
	a.verifiedDomain(org, "fabrikam.example")
	return a
}

func openRaw(dialect, address string) (*sql.DB, error) {
	if dialect == modelstest.SQLite {
		return sql.Open("sqlite3", "file:"+strings.TrimPrefix(address, "sqlite:"))
	}
	return sql.Open("pgx", address)
}

// trustCorpus pins certificates, at a time at which the connection may be turned on with them.
func (a *app) trustCorpus(c corpusConnection) {
	a.t.Helper()
	names := c.certificates
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	var certificates []models.NewCertificate
	for _, name := range strings.Fields(names) {
		b, err := os.ReadFile(filepath.Join(corpusData, "keys", name+".pem"))
		if err != nil {
			a.t.Fatal(err)
		}
		block, _ := pem.Decode(b)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			a.t.Fatal(err)
		}
		certificates = append(certificates, models.NewCertificate{
			PEM: string(pem.EncodeToMemory(block)), Subject: cert.Subject.String(), SHA1: name, SHA256: sso.SHA256(cert), KeyKind: "test",
			NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
		})
		if len(strings.Fields(names)) == 1 && (at.Before(cert.NotBefore) || at.After(cert.NotAfter)) {
			at = cert.NotBefore.AddDate(0, 0, 1)
		}
	}
	a.clock.Advance(at.Sub(a.clock.Now()))
	on := true
	err := a.db.ConfigureSSO(a.t.Context(), operator, corpusOrg, c.issuer, "https://login.example/saml2", certificates, models.Switches{Enabled: &on, IDPManaged: &on})
	if err != nil {
		a.t.Fatal(err)
	}
}

// largeResponse is from where on a case is posted in one signing mode only: what a large message costs over HTTP does not depend on the mode,
// and sso verifies all of them.
const largeResponse = 64 << 10

// TestCorpusOverHTTP posts every case of the corpus to the ACS, in answer to a request of that id, and brings what is accepted to its end.
// Nothing in any of them makes the server look up a name.
func TestCorpusOverHTTP(t *testing.T) {
	cases, looked := corpus(t), lookups(t)
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			a, refused := corpusApp(t, dialect), corpusRefusals{}
			for group, list := range cases {
				a.t = t
				a.trustCorpus(group)
				for _, c := range list {
					if len(c.response) > largeResponse && !strings.HasSuffix(c.name, "-assertion") {
						continue
					}
					t.Run(c.name, func(t *testing.T) {
						a.t = t
						a.judge(c, refused)
					})
				}
			}
			a.t = t
			a.wantRefusals(refused)
			if log := a.log.String(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") {
				t.Errorf("the log: %.2000s", log)
			}
		})
	}
	if n := looked.Load(); n != 0 {
		t.Errorf("%d lookups of names", n)
	}
}

// lookups counts what names this process looks up until the test ends; none is found.
func lookups(t *testing.T) *atomic.Int64 {
	t.Helper()
	var n atomic.Int64
	resolver := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = resolver })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		n.Add(1)
		return nil, errors.New("no names are looked up in this test")
	}}
	if _, err := net.LookupHost("canary.example"); err == nil || n.Load() == 0 {
		t.Fatalf("lookups are not heard: %d, %v", n.Load(), err)
	}
	n.Store(0)
	return &n
}

// Every case that names an address is posted with the address of somebody who listens instead: nobody comes.
func TestNothingIsFetchedOverHTTP(t *testing.T) {
	var connections atomic.Int64
	canary := httptest.NewUnstartedServer(http.NotFoundHandler())
	canary.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	canary.Start()
	t.Cleanup(canary.Close)
	if answer, err := http.Get(canary.URL); err != nil || connections.Load() != 1 {
		t.Fatalf("the canary does not hear: %v", err)
	} else {
		answer.Body.Close()
	}
	connections.Store(0)
	cases := corpus(t)[corpusConnection{"idp", corpusIssuer}]
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			a := corpusApp(t, dialect)
			a.trustCorpus(corpusConnection{"idp", corpusIssuer})
			posted := 0
			for _, c := range cases {
				if !bytes.Contains(c.response, []byte("https://canary.example")) {
					continue
				}
				posted++
				live := bytes.ReplaceAll(c.response, []byte("https://canary.example"), []byte(canary.URL))
				a.beginCorpus(c)
				if p := a.postCorpus(live); p.status != http.StatusSeeOther && p.status != http.StatusForbidden {
					t.Errorf("%s: status %d", c.name, p.status)
				}
			}
			if posted < 50 {
				t.Errorf("only %d cases name the canary", posted)
			}
		})
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections to the canary", n)
	}
}

// beginCorpus makes the request that a case answers, and returns the cookie of the browser that has begun it.
func (a *app) beginCorpus(c corpusCase) (browser string) {
	a.t.Helper()
	a.clock.Advance(c.RequestedAt.Sub(a.clock.Now()))
	connection, err := a.db.SSO(a.t.Context(), corpusOrg)
	if err != nil {
		a.t.Fatal(err)
	}
	browser, err = a.db.BeginLogin(a.t.Context(), models.Client{IP: "192.0.2.1"}, models.NewLogin{
		OrgID: corpusOrg, RequestID: c.Request, ConnectionVersion: connection.Version, Purpose: models.LoginToSignIn, ReturnTo: "/teams",
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.clock.Advance(c.Now.Sub(a.clock.Now()))
	return browser
}

// postCorpus posts a response as the identity provider's page does.
func (a *app) postCorpus(response []byte) *page {
	a.t.Helper()
	r := a.request(http.MethodPost, "/saml/"+corpusOrg+"/acs", url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(response)}}.Encode())
	r.Host = "app.example"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://login.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return a.do(r)
}

func (a *app) judge(c corpusCase, refused corpusRefusals) {
	t := a.t
	t.Helper()
	browser := a.beginCorpus(c)
	start := time.Now()
	p := a.postCorpus(c.response)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	if p.status >= 500 || len(p.header.Values("Set-Cookie")) > 0 {
		t.Fatalf("the ACS answers %d and sets cookies %v", p.status, p.header.Values("Set-Cookie"))
	}
	to := p.header.Get("Location")
	switch {
	case c.Elsewhere != "":
		if p.status != http.StatusSeeOther || !strings.HasSuffix(to, "/saml/"+corpusOrg+"/login?again=1") {
			t.Errorf("%s, but the ACS answers %d to %q", c.Elsewhere, p.status, to)
		}
		return
	case len(c.Reasons) > 0:
		refused.expect(p, c, c.Reasons...)
		return
	}
	if p.status != http.StatusSeeOther || !strings.Contains(to, "/finish?code=") {
		t.Fatalf("status %d to %q\n%s", p.status, to, p.body)
	}
	finish := a.request(http.MethodGet, a.url+to, "")
	finish.Host = "app.example"
	finish.Header.Set("Cookie", "__Host-"+loginCookie+"="+browser)
	done := a.do(finish)
	if c.Unclaimed {
		refused.expect(done, c, "domain_unverified")
		return
	}
	if done.status != http.StatusSeeOther || done.header.Get("Location") != "/teams" || !strings.Contains(strings.Join(done.header.Values("Set-Cookie"), "\n"), "__Host-"+sessionCookie+"=") {
		t.Fatalf("the second half answers %d to %q\n%s", done.status, done.header.Get("Location"), done.body)
	}
	people, err := a.db.People(t.Context(), corpusOrg, models.MemberFilter{Text: c.Email})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range people {
		if m.Email == nil || *m.Email != c.Email {
			continue
		}
		if c.FirstName != nil && m.GivenName != *c.FirstName {
			t.Errorf("first name %q, want %q", m.GivenName, *c.FirstName)
		}
		return
	}
	t.Errorf("%s is not a member", c.Email)
}

var referenceOnPage = regexp.MustCompile(`\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)

// corpusRefusals are the cases that were refused, by the reference on the page. They are looked up together at the end: a search for one goes
// through the activity of all.
type corpusRefusals map[string]corpusCase

// expect notes the refusal on a page, with the reasons that it may have.
func (r corpusRefusals) expect(p *page, c corpusCase, reasons ...string) {
	p.t.Helper()
	reference := referenceOnPage.FindString(p.wantStatus(http.StatusForbidden).body)
	if _, twice := r[reference]; twice || reference == "" {
		p.t.Fatalf("the reference is %q\n%s", reference, p.visible())
	}
	c.Reasons = reasons
	r[reference] = c
}

// wantRefusals finds each refusal in the activity under its reference, once.
func (a *app) wantRefusals(refused corpusRefusals) {
	a.t.Helper()
	found := map[string]int{}
	f := models.ActivityFilter{Kind: models.ActivitySignIn, Problems: true, Limit: models.MaxActivityPage}
	for {
		rows, err := a.db.Activities(a.t.Context(), corpusOrg, f)
		if err != nil {
			a.t.Fatal(err)
		}
		for _, row := range rows {
			c, known := refused[row.Reference]
			found[row.Reference]++
			if known && !slices.Contains(c.Reasons, row.Reason) {
				a.t.Errorf("%s: refused by %s (%s), want %v", c.name, row.Reason, row.Sentence, c.Reasons)
			}
		}
		if len(rows) < f.Limit {
			break
		}
		f.After = rows[len(rows)-1].ID
	}
	for reference, c := range refused {
		if found[reference] != 1 {
			a.t.Errorf("%s: %d refusals in the activity under %q", c.name, found[reference], reference)
		}
	}
}
