package demo

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// newGUID makes a random version 4 UUID, the shape of every id in Entra.
func newGUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return formatGUID(b)
}

// fixedGUID makes the same UUID of the same name every time, for the people and groups that are there from the start.
func fixedGUID(name string) string {
	sum := sha256.Sum256([]byte("pretend azure " + name))
	b := [16]byte(sum[:16])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return formatGUID(b)
}

func formatGUID(b [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// pairwiseID is the opaque persistent NameID: the same person gets another one in every application.
func pairwiseID(objectID, audience string) string {
	sum := sha256.Sum256([]byte(TenantID + "|" + audience + "|" + objectID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
