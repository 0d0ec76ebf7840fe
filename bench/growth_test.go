package bench

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// growTo is how large the large organization is. A million takes some minutes to make.
var growTo = flag.Int("people", 100_000, "how many people BenchmarkGrowth compares with 1,000")

// morePeople makes an organization large without the requests it would take.
const morePeople = `with o as (select id from organizations limit 1), n as (select * from generate_series($1::int, $2::int) i),
	a as (insert into accounts (id, email, name, created_at, updated_at) select 'acc_s' || i, 's' || i || '@acme.com', 'S', now(), now() from n),
	m as (insert into members (id, org_id, account_id, role, status, source, email, user_name, user_name_key, external_id, work_email, display_name, scim_managed, attributes,
		version, created_at, updated_at) select 'mem_s' || lpad(i::text, 9, '0'), o.id, 'acc_s' || i, 'member', 'active', 'scim', 's' || i || '@acme.com', 's' || i || '@acme.com',
		's' || i || '@acme.com', 'x' || i, 's' || i || '@acme.com', 'S' || i, true, '{"displayName":"S' || i || '"}', 1, now(), now() from n, o)
	insert into member_counts (org_id, n) select id, $2::int - $1::int + 1 from o`

// BenchmarkGrowth counts what noise cannot blur: the round trips and statements of each request, and the pages of the database that its
// statements touch in an organization of 1,000 people and of a large one.
func BenchmarkGrowth(b *testing.B) {
	p := newPair(b, 200, true)
	db, err := pgx.Connect(b.Context(), p.url)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close(context.Background())
	buffers, statements, trips := map[string][2]int{}, map[string]int{}, map[string]int{}
	next := 0
	for size, people := range [][2]int{{1, 800}, {801, *growTo - 200}} {
		if _, err := db.Exec(b.Context(), morePeople, people[0], people[1]); err != nil {
			b.Fatal(err)
		}
		if _, err := db.Exec(b.Context(), "vacuum analyze"); err != nil {
			b.Fatal(err)
		}
		for _, ph := range phases {
			ph.do(p, p.ours, next) // the first one notes the use of the token, and prepares
			next++
			list, n := p.traced(func() { ph.do(p, p.ours, next) })
			next++
			seen := 0
			for _, s := range list {
				seen += pages(b, db, s)
			}
			v := buffers[ph.name]
			v[size] = seen
			buffers[ph.name], statements[ph.name], trips[ph.name] = v, len(list), n
		}
		p.drain()
	}
	for _, ph := range phases {
		b.Run(ph.name, func(b *testing.B) {
			b.ReportMetric(float64(trips[ph.name]), "trips")
			b.ReportMetric(float64(statements[ph.name]), "statements")
			b.ReportMetric(float64(buffers[ph.name][0]), "buffers@1000")
			b.ReportMetric(float64(buffers[ph.name][1]), fmt.Sprintf("buffers@%d", *growTo))
			b.ReportMetric(0, "ns/op")
		})
	}
}

// drain asks once more, so that the activity's own statements do not fall into the next count.
func (p *pair) drain() { p.do(p.ours, http.MethodGet, "/Schemas", "", nil) }

// idsIn are the ids among the parameters of a statement.
func idsIn(args []any) (ids []string) {
	for _, arg := range args {
		if id, ok := arg.(string); ok && (strings.HasPrefix(id, "mem_") || strings.HasPrefix(id, "acc_") || strings.HasPrefix(id, "evt_")) {
			ids = append(ids, id)
		}
	}
	return ids
}

// pages is how many pages of the database a statement touches when it is run again; what it changes is rolled back.
func pages(b *testing.B, db *pgx.Conn, s statement) int {
	b.Helper()
	if strings.Contains(s.sql, "into activity") {
		return 0 // of many requests at once
	}
	tx, err := db.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if strings.Contains(s.sql, "insert into members") { // whom it made is there already
		for _, rows := range []string{"members where id = any($1)", "accounts where id = any($1)", "audit_events where id = any($1)"} {
			if _, err := tx.Exec(b.Context(), "delete from "+rows, idsIn(s.args)); err != nil {
				b.Fatal(err)
			}
		}
	}
	var text string
	if err := tx.QueryRow(b.Context(), "explain (analyze, buffers, format json) "+s.sql, s.args...).Scan(&text); err != nil {
		return 0 // such as "begin"
	}
	var plans []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) != 1 {
		b.Fatalf("%v: %s", err, text)
	}
	return plans[0].Plan.Hit + plans[0].Plan.Read
}
