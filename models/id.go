package models

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"strings"
	"sync"
	"time"
)

// idAlphabet is Crockford's base 32 in lower case: no i, l, o, u, and sorted as its values are.
var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID is prefix, then 48 bits of milliseconds and 80 random bits: unique anywhere, and in order of creation, so that an index on
// it is a page order. Of one millisecond, too, what a process makes later is greater: the random part counts up, in steps that nobody can
// guess. Ids are no secrets.
func newID(prefix string, now time.Time) string {
	var random [10]byte
	rand.Read(random[:])
	ms := now.UnixMilli()
	high, low := idsMade.next(ms, binary.BigEndian.Uint16(random[:]), binary.BigEndian.Uint64(random[2:]))
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(ms)<<16|uint64(high))
	binary.BigEndian.PutUint64(b[8:], low)
	return prefix + idAlphabet.EncodeToString(b[:])
}

// idsMade is the process's, not a database's: who shares a database is told apart by the random part.
var idsMade lastIDs

// lastIDs remembers the last random part of the milliseconds in which ids were made lately, so of more than one: activity is written in
// batches, a second after it happened.
type lastIDs struct {
	mu   sync.Mutex
	last [1024]struct {
		ms   int64
		high uint16
		low  uint64
	}
}

// maxIDStep is the greatest step between two ids of one millisecond: 2^39 of them fit in before the random part is full.
const maxIDStep = 1 << 40

// next is the random part of the next id of a millisecond: the one given, or a step beyond the last.
func (l *lastIDs) next(ms int64, high uint16, low uint64) (uint16, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := &l.last[uint64(ms)%uint64(len(l.last))]
	if last.ms == ms {
		sum, carry := bits.Add64(last.low, low%maxIDStep+1, 0)
		last.high, last.low = last.high+uint16(carry), sum
	} else {
		last.ms, last.high, last.low = ms, high>>1, low // the highest bit is left to count into
	}
	return last.high, last.low
}

// idAt is below every id of that prefix that is made at that time or later, and above those made before.
func idAt(prefix string, at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	return prefix + idAlphabet.EncodeToString(b[:])
}

// newSecret is 256 random bits in URL-safe text.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashSecret is what is stored of a random secret. A plain hash is enough: 256 random bits cannot be guessed.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// NewReference is the short code a person reads to an admin: eight characters without look-alikes, in two groups.
func NewReference() string {
	var b [5]byte
	rand.Read(b[:])
	s := strings.ToUpper(idAlphabet.EncodeToString(b[:]))
	return s[:4] + "-" + s[4:]
}
