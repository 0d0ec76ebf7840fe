// The harness: the whole server over HTTP, on a real database of both kinds, with fakes only for the world outside.
//
//	func TestSomething(t *testing.T) {
//		each(t, func(t *testing.T, a *app) {
//			acme := a.organization("Acme", "ana@acme.com")             // an organization and its owner, whose password is `password`
//			bo := a.member(acme, "bo@acme.com", models.RoleMember)     // an active member with the same password
//			b := a.signIn("ana@acme.com")                              // a browser that is signed in (cookie jar)
//			p := b.get("/settings/users")                              // redirects are NOT followed: p.wantStatus, p.wantRedirect, p.follow
//			p = p.wantStatus(200).form("/settings/users/invite").set("emails", "x@acme.com").submit()   // as a browser: hidden fields included
//			p = b.post("/settings/teams", "org", acme.ID, "name", "Ops")                                 // or field by field
//			p.wantRedirect("/settings/teams").follow().wantText("h1", "Teams")
//			a.clock.Advance(9 * time.Hour)                             // the server's only clock
//			a.dns.txt("acme.com", "gatehouse-domain-verify=…")         // what the fake resolver answers
//			m := a.mails.to("bo@acme.com")                             // the last mail to an address, waiting for it; m.link() is its link
//		})
//	}
//
// Options: each(t, fn, "SIGNUP=open") sets an environment variable of the configuration. HTML is looked at by selector (page_test.go).
// For requests that are not a browser's (SCIM, an identity provider's POST): a.do(request), or b.do(request) with that browser's cookies.
package handlers

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/config"
	"gatehouse/domains"
	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// password is everybody's who was made by the harness.
const password = "nine blue herons"

// operator is who makes what the tests begin with.
var operator = models.Actor{Kind: models.Operator, Label: "test"}

// app is one running server.
type app struct {
	t      *testing.T
	db     *models.DB
	clock  *modelstest.Clock
	dns    *fakeDNS
	mails  *mailbox
	log    *logBuffer
	server *Server
	// url is BASE_URL: http://127.0.0.1:PORT.
	url string
}

// each runs fn as the subtests "sqlite" and "postgres", each with a server on a fresh database. environment are lines NAME=VALUE.
func each(t *testing.T, fn func(t *testing.T, a *app), environment ...string) {
	t.Helper()
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) { fn(t, newApp(t, dialect, environment...)) })
	}
}

// newApp starts a server that ends with the test.
func newApp(t *testing.T, dialect string, environment ...string) *app {
	t.Helper()
	clock := modelstest.NewClock()
	unlimited := func(o *models.Options) { o.NoRateLimits = slices.Contains(environment, "RATE_LIMITS=off") }
	return startApp(t, modelstest.New(t, dialect, modelstest.WithNow(clock.Now), unlimited), clock, environment...)
}

// startApp starts a server on a database; call it twice with one database to stand for two instances.
func startApp(t *testing.T, db *models.DB, clock *modelstest.Clock, environment ...string) *app {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, db: db, clock: clock, dns: &fakeDNS{}, mails: &mailbox{t: t}, log: &logBuffer{}, url: "http://" + listener.Addr().String()}
	cfg, err := config.Load(append([]string{"BASE_URL=" + a.url}, environment...))
	if err != nil {
		t.Fatal(err)
	}
	a.server = New(Options{
		Config: cfg, DB: db, Resolver: a.dns, Mail: a.mails.send, Version: "test",
		Logger: slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	a.mails.settle = a.server.Wait
	web := &httptest.Server{Listener: listener, Config: a.server.HTTPServer()}
	web.Start()
	t.Cleanup(func() {
		web.Close()
		a.server.Wait()
		if t.Failed() {
			t.Logf("the server's log:\n%s", a.log)
		}
	})
	return a
}

// organization makes an organization with an owner whose password is `password`.
func (a *app) organization(name, ownerEmail string) *models.Organization {
	a.t.Helper()
	org, err := a.db.CreateOrganization(a.t.Context(), operator, name, models.NewOwner{Email: ownerEmail, Name: nameOf(ownerEmail), Password: password})
	if err != nil {
		a.t.Fatalf("make the organization %s: %v", name, err)
	}
	return org
}

// member adds an active member whose password is `password`.
func (a *app) member(org *models.Organization, email string, role models.Role) *models.Member {
	a.t.Helper()
	m, err := a.db.AddMember(a.t.Context(), operator, org.ID, email, nameOf(email), "Test", role, password)
	if err != nil {
		a.t.Fatalf("add %s: %v", email, err)
	}
	return m
}

// memberID is the id of somebody in an organization.
func (a *app) memberID(org *models.Organization, email string) string {
	a.t.Helper()
	rows, err := a.db.People(a.t.Context(), org.ID, models.MemberFilter{Text: email})
	if err != nil || len(rows) != 1 {
		a.t.Fatalf("find %s: %d people, %v", email, len(rows), err)
	}
	return rows[0].ID
}

// verifiedDomain claims a domain for an organization and vouches for it.
func (a *app) verifiedDomain(org *models.Organization, domain string) *models.Domain {
	a.t.Helper()
	d, err := a.db.ClaimDomain(a.t.Context(), operator, org.ID, domain, "token-of-"+domain)
	if err == nil {
		err = a.db.VouchForDomain(a.t.Context(), operator, org.ID, d.ID)
	}
	if err != nil {
		a.t.Fatalf("claim %s: %v", domain, err)
	}
	return d
}

// auditActions are the actions in an organization's audit log, the oldest first.
func (a *app) auditActions(org *models.Organization) []string {
	a.t.Helper()
	events, err := a.db.AuditEvents(a.t.Context(), org.ID, models.AuditFilter{})
	if err != nil {
		a.t.Fatal(err)
	}
	actions := make([]string, len(events))
	for i, e := range events {
		actions[len(events)-1-i] = e.Action
	}
	return actions
}

// do sends a request that is not a browser's: no cookies, no redirects followed. A path is completed with the server's address.
func (a *app) do(r *http.Request) *page { return a.browser().do(r) }

// request is a request to the server; body may be empty.
func (a *app) request(method, path, body string) *http.Request {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.absolute(path), strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	return r
}

func (a *app) absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return a.url + path
	}
	return path
}

// nameOf makes "Ana" of "ana@acme.com".
func nameOf(email string) string {
	local, _, _ := strings.Cut(email, "@")
	return strings.ToUpper(local[:1]) + local[1:]
}

// browser keeps cookies and does what a browser does with forms. It follows no redirect by itself, so that tests see each step.
type browser struct {
	app    *app
	t      *testing.T
	client *http.Client
	// userAgent is what it calls itself.
	userAgent string
}

// browser opens one that is not signed in.
func (a *app) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return &browser{app: a, t: a.t, userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signIn opens a browser and signs somebody in whose password is `password`.
func (a *app) signIn(email string) *browser {
	a.t.Helper()
	b := a.browser()
	b.signIn(email)
	return b
}

func (b *browser) signIn(email string) {
	b.t.Helper()
	p := b.post("/login", "step", "password", "email", email, "password", password)
	if p.status != http.StatusSeeOther {
		b.t.Fatalf("sign in as %s: status %d\n%s", email, p.status, p.body)
	}
}

// get asks for a page.
func (b *browser) get(path string) *page {
	b.t.Helper()
	r := b.app.request(http.MethodGet, path, "")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// post sends a form of names and values that take turns.
func (b *browser) post(path string, fields ...string) *page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.postForm(path, form)
}

func (b *browser) postForm(path string, form url.Values) *page {
	b.t.Helper()
	r := b.app.request(http.MethodPost, path, form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.app.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// do sends a request with this browser's cookies.
func (b *browser) do(r *http.Request) *page {
	b.t.Helper()
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", b.userAgent)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return &page{t: b.t, browser: b, request: r, status: answer.StatusCode, header: answer.Header, body: string(body)}
}

// cookie is the value of a cookie this browser holds for the server, empty if it holds none.
func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.app.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// setCookie puts a cookie into the browser.
func (b *browser) setCookie(name, value string) {
	u, err := url.Parse(b.app.url)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// mailbox keeps what would have been mailed.
type mailbox struct {
	t      *testing.T
	mu     sync.Mutex
	mails  []Mail
	settle func() // waits for what is being sent
}

func (m *mailbox) send(_ context.Context, mail Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, mail)
	return nil
}

// all are the mails so far, the oldest first.
func (m *mailbox) all() []Mail {
	m.settle()
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Mail{}, m.mails...)
}

// to is the last mail to an address; the test ends if there is none.
func (m *mailbox) to(address string) Mail {
	m.t.Helper()
	all := m.all()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].To == address {
			return all[i]
		}
	}
	m.t.Fatalf("no mail to %s; there are %+v", address, all)
	return Mail{}
}

var linkInMail = regexp.MustCompile(`https?://\S+`)

// link is the first address in a mail, empty if there is none.
func (m Mail) link() string { return linkInMail.FindString(m.Body) }

// fakeDNS answers what it was told; everything else does not exist. The values stand on the domain's own name server too.
type fakeDNS struct {
	mu     sync.Mutex
	values map[string][]string
	fails  error
}

var _ domains.Resolver = (*fakeDNS)(nil)

// txt sets the TXT values at a name; none leaves a name without records.
func (f *fakeDNS) txt(name string, values ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.values == nil {
		f.values = map[string][]string{}
	}
	f.values[name] = values
}

// fail makes every question fail with err; nil ends that.
func (f *fakeDNS) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = err
}

// TXT implements domains.Resolver.
func (f *fakeDNS) TXT(_ context.Context, name string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return nil, f.fails
	}
	values, ok := f.values[strings.TrimSuffix(name, ".")]
	if !ok {
		return nil, domains.ErrNoSuchName
	}
	return values, nil
}

// TXTAt implements domains.Resolver.
func (f *fakeDNS) TXTAt(ctx context.Context, _, name string) ([]string, error) {
	return f.TXT(ctx, name)
}

// CNAME implements domains.Resolver: there are no aliases.
func (f *fakeDNS) CNAME(context.Context, string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return "", f.fails
}

// NS implements domains.Resolver.
func (f *fakeDNS) NS(_ context.Context, name string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.values[strings.TrimSuffix(name, ".")]; ok && f.fails == nil {
		return []string{"ns.example.net"}, nil
	}
	return nil, f.fails
}

// logBuffer keeps the server's log for a failing test and for tests about what must not be logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
