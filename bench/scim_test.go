package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/config"
	"gatehouse/handlers"
	"gatehouse/models"
	"gatehouse/models/modelstest"
)

const clients = 8

// target is one of the two servers.
type target struct {
	base, token string
	people      []string // ids
	group       string
	made        atomic.Int64
}

// pair are the product and its floor, on one PostgreSQL.
type pair struct {
	tb     testing.TB
	url    string
	client *http.Client
	ours   *target
	quiet  *target // the product without its activity, on the same database
	floor  *target

	mu         sync.Mutex
	trips      map[int64]bool
	statements []statement
}

// statement is what the product sent to the database.
type statement struct {
	sql  string
	args []any
}

func (p *pair) trace(trip int64, sql string, args []any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trips[trip] = true
	p.statements = append(p.statements, statement{sql, args})
}

// traced runs fn and returns the statements it sent and in how many round trips. Jobs do not run here.
func (p *pair) traced(fn func()) (statements []statement, trips int) {
	p.mu.Lock()
	p.statements, p.trips = nil, map[int64]bool{}
	p.mu.Unlock()
	fn()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.statements), len(p.trips)
}

// newPair starts both with that many people each. With trace, statements are recorded, which costs time.
func newPair(tb testing.TB, people int, trace bool) *pair {
	tb.Helper()
	p := &pair{tb: tb, url: modelstest.URL(tb, modelstest.Postgres), trips: map[int64]bool{}}
	p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * clients}, Timeout: time.Minute}
	o := models.Options{URL: p.url, SecretKey: []byte(modelstest.SecretKey), SkipMigrations: true, NoRateLimits: true}
	if trace {
		o.Trace = p.trace
	}
	db, err := models.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	by := models.Actor{Kind: models.Operator, Label: "bench"}
	org, err := db.CreateOrganization(tb.Context(), by, "Acme", models.NewOwner{Email: "ana@acme.com", Name: "Ana"})
	if err != nil {
		tb.Fatal(err)
	}
	d, err := db.ClaimDomain(tb.Context(), by, org.ID, "acme.com", "token")
	if err == nil {
		err = db.VouchForDomain(tb.Context(), by, org.ID, d.ID)
	}
	if err != nil {
		tb.Fatal(err)
	}
	_, bearer, err := db.CreateSCIMToken(tb.Context(), by, org.ID, "bench", 0)
	if err != nil {
		tb.Fatal(err)
	}
	cfg, err := config.Load([]string{"BASE_URL=http://127.0.0.1:8080", "RATE_LIMITS=off"})
	if err != nil {
		tb.Fatal(err)
	}
	serve := func(withoutActivity bool) *target {
		server := handlers.New(handlers.Options{
			Config: cfg, DB: db, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "bench", NoProvisioningActivity: withoutActivity,
		})
		web := httptest.NewServer(server)
		tb.Cleanup(func() { web.Close(); server.Wait() })
		return &target{base: web.URL + "/api/app/scim/v2", token: bearer}
	}
	low := httptest.NewServer(newFloor(tb, p.url))
	tb.Cleanup(low.Close)
	p.ours, p.quiet = serve(false), serve(true)
	p.floor = &target{base: low.URL, token: floorToken}
	for _, t := range []*target{p.ours, p.floor} {
		p.do(t, http.MethodPost, "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Everybody"}`, &t.group)
		t.people = make([]string, people)
		p.spread(people, func(i int) { p.create(t, &t.people[i]) })
	}
	p.quiet.people, p.quiet.group = p.ours.people, p.ours.group
	p.quiet.made.Store(1 << 30) // names of its own
	return p
}

// spread runs n requests with as many at once as there are clients.
func (p *pair) spread(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

// do sends one request; id gets the id of the answer if it is not nil.
func (p *pair) do(t *target, method, path, body string, id *string) {
	r, err := http.NewRequest(method, t.base+path, strings.NewReader(body))
	if err != nil {
		p.tb.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+t.token)
	r.Header.Set("Content-Type", "application/scim+json")
	answer, err := p.client.Do(r)
	if err != nil {
		p.tb.Error(err)
		return
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		p.tb.Errorf("%s %s: %d %s, %v", method, path, answer.StatusCode, bytes.TrimSpace(b), err)
		return
	}
	if id != nil {
		var v struct{ ID string }
		if err := json.Unmarshal(b, &v); err != nil || v.ID == "" {
			p.tb.Errorf("%s %s: no id in %s", method, path, b)
		}
		*id = v.ID
	}
}

func (p *pair) create(t *target, id *string) {
	n := t.made.Add(1)
	p.do(t, http.MethodPost, "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId":"e%d","userName":"u%d@acme.com","active":true,"displayName":"Person %d","emails":[{"primary":true,"type":"work","value":"u%d@acme.com"}],
		"name":{"givenName":"Person","familyName":"Number%d"},"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","employeeNumber":"%d"}}`,
		n, n, n, n, n, n), id)
}

// phase is one kind of request; i counts up over all rounds.
type phase struct {
	name string
	do   func(p *pair, t *target, i int)
}

func patch(op, path, value string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"` + op + `","path":"` + path + `","value":` + value + `}]}`
}

var phases = []phase{
	{"create", func(p *pair, t *target, _ int) { p.create(t, nil) }},
	{"find", func(p *pair, t *target, i int) {
		p.do(t, http.MethodGet, "/Users?filter="+url.QueryEscape(fmt.Sprintf(`userName eq "u%d@acme.com"`, 1+i%len(t.people))), "", nil)
	}},
	{"miss", func(p *pair, t *target, i int) {
		p.do(t, http.MethodGet, "/Users?filter="+url.QueryEscape(fmt.Sprintf(`userName eq "nobody%d@acme.com"`, i)), "", nil)
	}},
	{"get", func(p *pair, t *target, i int) { p.do(t, http.MethodGet, "/Users/"+t.people[i%len(t.people)], "", nil) }},
	{"patch_name", func(p *pair, t *target, i int) {
		p.do(t, http.MethodPatch, "/Users/"+t.people[i%len(t.people)], patch("Replace", "displayName", fmt.Sprintf(`"Renamed %d"`, i)), nil)
	}},
	{"patch_active", func(p *pair, t *target, i int) {
		n := len(t.people)
		p.do(t, http.MethodPatch, "/Users/"+t.people[i%n], patch("Replace", "active", fmt.Sprint(i/n%2 == 1)), nil)
	}},
	{"first_page", func(p *pair, t *target, _ int) { p.do(t, http.MethodGet, "/Users?startIndex=1&count=100", "", nil) }},
	{"add_member", func(p *pair, t *target, i int) {
		p.do(t, http.MethodPatch, "/Groups/"+t.group, patch("Add", "members", `[{"value":"`+t.people[i%len(t.people)]+`"}]`), nil)
	}},
	{"group", func(p *pair, t *target, _ int) {
		p.do(t, http.MethodGet, "/Groups/"+t.group+"?excludedAttributes=members", "", nil)
	}},
	{"delete", func(p *pair, t *target, i int) {
		if i < len(t.people) {
			p.do(t, http.MethodDelete, "/Users/"+t.people[i], "", nil)
		}
	}},
}

const roundSize = 400

// BenchmarkSCIM runs the same requests at the product and at its floor in turns, and reports the ratio: 1 is as fast as the floor.
func BenchmarkSCIM(b *testing.B) {
	for _, ph := range phases {
		b.Run(ph.name, func(b *testing.B) {
			rounds := max(b.N, 1)
			if ph.name == "delete" {
				rounds = min(rounds, 20)
			}
			p := newPair(b, max(1000, map[bool]int{true: rounds * roundSize}[ph.name == "delete" || ph.name == "add_member"]), false)
			took := map[*target]time.Duration{}
			allocated := map[*target]uint64{}
			var ratios []float64
			b.ResetTimer()
			for round := range rounds {
				order := []*target{p.floor, p.ours}
				if round%2 == 1 {
					slices.Reverse(order)
				}
				var spent [2]time.Duration
				for _, t := range order {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					start := time.Now()
					p.spread(roundSize, func(i int) { ph.do(p, t, round*roundSize+i) })
					d := time.Since(start)
					runtime.ReadMemStats(&after)
					took[t] += d
					allocated[t] += after.Mallocs - before.Mallocs
					spent[map[bool]int{true: 1}[t == p.ours]] = d
				}
				ratios = append(ratios, float64(spent[0])/float64(spent[1]))
			}
			slices.Sort(ratios)
			n := float64(rounds * roundSize)
			b.ReportMetric(ratios[len(ratios)/2], "x-floor")
			b.ReportMetric(float64(took[p.ours].Microseconds())/n, "µs/request")
			b.ReportMetric(float64(allocated[p.ours])/n, "allocs/request")
			b.ReportMetric(float64(allocated[p.floor])/n, "floor-allocs/request")
			b.ReportMetric(0, "ns/op")
		})
	}
}
