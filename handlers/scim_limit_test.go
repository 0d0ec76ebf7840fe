package handlers

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

func TestTheSCIMLimitNeverBitesBelowAHundredASecond(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := newSCIMLimiter(func() time.Time { return now })
	for range 100 * 60 { // a minute, evenly
		now = now.Add(10 * time.Millisecond)
		if !l.allow("a") {
			t.Fatal("refused at 100 a second")
		}
	}
	for range 60 { // a minute, each second's hundred at once
		now = now.Add(time.Second)
		for range 100 {
			if !l.allow("b") {
				t.Fatal("refused at 100 a second in bursts")
			}
		}
	}
	refused := 0
	for range 2 * scimBurst {
		if !l.allow("c") {
			refused++
		}
	}
	if refused != scimBurst {
		t.Errorf("%d of %d at once were refused", refused, 2*scimBurst)
	}
	if !l.allow("d") {
		t.Error("one token uses up another's allowance")
	}
	now = now.Add(time.Second)
	if !l.allow("c") {
		t.Error("refused after the second that Retry-After names")
	}
	for l.allow("loop") { // until it is refused
	}
	for i := range 3 * maxBuckets {
		l.allow(strconv.Itoa(i))
	}
	if l.allow("loop") {
		t.Error("made-up tokens let go of what a real one has used up")
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("%d buckets", len(l.buckets))
	}
}

func TestTooManySCIMRequestsAreToldToWait(t *testing.T) {
	a := newApp(t, "sqlite")
	acme := a.organization("Acme", "ana@acme.com")
	_, token, err := a.db.CreateSCIMToken(t.Context(), operator, acme.ID, "Entra", 0)
	if err != nil {
		t.Fatal(err)
	}
	still := time.Now()
	a.server.scimLimit.now = func() time.Time { return still }
	for range scimBurst {
		a.server.scimLimit.allow(token)
	}
	r := a.request(http.MethodGet, scimPrefix+"/Users", "")
	r.Header.Set("Authorization", "Bearer "+token)
	p := a.do(r).wantStatus(http.StatusTooManyRequests)
	if p.header.Get("Retry-After") != "1" || p.header.Get("Content-Type") != "application/scim+json" {
		t.Errorf("%v", p.header)
	}
	if newApp(t, "sqlite", "RATE_LIMITS=off").server.scimLimit != nil {
		t.Error("RATE_LIMITS=off limits")
	}
}
