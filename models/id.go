package models

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// idAlphabet is Crockford's base 32 in lower case: no i, l, o, u, and sorted as its values are.
var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID is prefix, then 48 bits of milliseconds and 80 random bits: unique anywhere, and in order of creation, so that an index on
// it is a page order. Ids are no secrets.
func newID(prefix string, now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:])
	return prefix + idAlphabet.EncodeToString(b[:])
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
