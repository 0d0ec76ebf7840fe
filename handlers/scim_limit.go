package handlers

import (
	"hash/maphash"
	"net/http"
	"sync"
	"time"

	"gatehouse/scim"
)

// A directory is slowed down far above what directories send (Entra asks for 25 requests a second): so that a loop gone wild at one
// organization leaves room for the others. Each instance counts for itself, in memory, because a counter in the database would cost
// every request a round trip; behind a balancer the limit is therefore this times the instances. RATE_LIMITS=off turns it off.
const (
	scimRate  = 200 // requests a second for one token, for as long as it likes
	scimBurst = 400 // and this many more at once
	// maxBuckets bounds the memory that made-up tokens can take.
	maxBuckets = 10_000
)

// limiter is a leaky bucket for each key. For SCIM the key is the whole token and not its public id, so that somebody who saw the id
// cannot use up the owner's allowance.
type limiter struct {
	rate    float64 // requests a second, for as long as one likes
	burst   float64 // and this many at once
	now     func() time.Time
	seed    maphash.Seed
	mu      sync.Mutex
	buckets map[uint64]bucket
}

type bucket struct {
	level float64 // requests not leaked yet
	at    time.Time
}

func newLimiter(rate, burst float64, now func() time.Time) *limiter {
	return &limiter{rate: rate, burst: burst, now: now, seed: maphash.MakeSeed(), buckets: map[uint64]bucket{}}
}

func newSCIMLimiter(now func() time.Time) *limiter { return newLimiter(scimRate, scimBurst, now) }

// allow takes one request from the allowance of a token or a network. A nil limiter allows everything.
func (l *limiter) allow(whose string) bool {
	if l == nil {
		return true
	}
	key, now := maphash.String(l.seed, whose), l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	b.level = max(0, b.level-now.Sub(b.at).Seconds()*l.rate)
	b.at = now
	if b.level+1 > l.burst {
		return false
	}
	b.level++
	if len(l.buckets) >= maxBuckets {
		l.forget(now)
	}
	l.buckets[key] = b
	return true
}

// forget drops buckets that have run empty, then those that almost have: of tokens that were made up to be used once. What a real one has
// used up is forgotten only where thousands of others have used as much.
func (l *limiter) forget(now time.Time) {
	for _, least := range []float64{0, min(2, l.burst/2), l.burst / 2} {
		for key, b := range l.buckets {
			if b.level-now.Sub(b.at).Seconds()*l.rate <= least {
				delete(l.buckets, key)
			}
		}
		if len(l.buckets) < maxBuckets/2 {
			return
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}

// errTooFast asks the directory to wait a second (RFC 6585 §4).
var errTooFast = &scim.Error{Status: http.StatusTooManyRequests, Detail: "More than 200 requests a second came with this token. Wait a second, then go on."}
