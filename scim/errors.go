package scim

import (
	"fmt"
	"net/http"
)

// Error types of RFC 7644 §3.12, table 9.
const (
	TypeInvalidFilter = "invalidFilter"
	TypeTooMany       = "tooMany"
	TypeUniqueness    = "uniqueness"
	TypeMutability    = "mutability"
	TypeInvalidSyntax = "invalidSyntax"
	TypeInvalidPath   = "invalidPath"
	TypeNoTarget      = "noTarget"
	TypeInvalidValue  = "invalidValue"
	TypeInvalidVers   = "invalidVers"
	TypeSensitive     = "sensitive"
)

// Error types of RFC 9865 §2.1.
const (
	TypeInvalidCursor = "invalidCursor"
	TypeExpiredCursor = "expiredCursor"
	TypeInvalidCount  = "invalidCount"
)

// Error is a refusal in SCIM's own words.
type Error struct {
	Status int    // HTTP status
	Type   string // scimType; empty where RFC 7644 names none
	Detail string // shown to the admin in the client's provisioning log: what is wrong and what to do
	Field  string // what it is about, for those who tell of it; not part of the message
}

func (e *Error) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("scim: %d: %s", e.Status, e.Detail)
	}
	return fmt.Sprintf("scim: %d %s: %s", e.Status, e.Type, e.Detail)
}

// bad is a 400 of the given scimType.
func bad(scimType, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: scimType, Detail: fmt.Sprintf(format, args...)}
}

// within puts where before the detail, keeping status and type.
func (e *Error) within(where string) *Error {
	return &Error{Status: e.Status, Type: e.Type, Detail: where + ": " + e.Detail, Field: e.Field}
}

// excerpt shortens text that came from outside before it is quoted in a detail.
func excerpt(s string) string {
	const maxQuoted = 80 // bytes
	if len(s) <= maxQuoted {
		return s
	}
	cut := maxQuoted
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not inside a character
		cut--
	}
	return s[:cut] + "…"
}
