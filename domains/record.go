package domains

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// recordPrefix begins the value of every TXT record we ask for.
const recordPrefix = "gatehouse-domain-verify="

// tokenBytes is the randomness in a token: 160 bits make 32 characters of base32 without padding.
const tokenBytes = 20

// Record is the TXT record an admin publishes.
type Record struct {
	Type  string // TXT
	Name  string // the full name, acme.com
	Short string // what most DNS panels want in the field Name: @ for acme.com, eu for eu.acme.com
	Value string // gatehouse-domain-verify=<token>
}

// NewToken returns a fresh token: 32 lower-case letters and digits, without any that a DNS panel could change.
func NewToken() string {
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the process instead
	return strings.ToLower(base32.StdEncoding.EncodeToString(random))
}

// NewRecord returns the record that proves control of domain (as Normalize returned it) with token.
func NewRecord(domain, token string) Record {
	short := strings.TrimSuffix(strings.TrimSuffix(domain, registrable(domain)), ".")
	if short == "" {
		short = "@"
	}
	return Record{Type: "TXT", Name: domain, Short: short, Value: recordPrefix + token}
}

// match is how a TXT value relates to the token we look for; a greater one says more.
type match int

const (
	matchNone   match = iota
	matchOther        // our prefix with another token
	matchQuoted       // it would match without quotes or spaces
	matchToken        // the value, or the bare token
)

// compare says how value relates to token. The prefix is compared without case, the token exactly.
func compare(value, token string) match {
	if token == "" {
		return matchNone
	}
	if value == token || hasPrefixFold(value, recordPrefix) && value[len(recordPrefix):] == token {
		return matchToken
	}
	cleaned := strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"'`“”„‘’«»", r) || r <= ' ' || r == '\u00a0' || r == '\u200b' || r == '\ufeff' {
			return -1
		}
		return r
	}, value)
	if cleaned == token || hasPrefixFold(cleaned, recordPrefix) && cleaned[len(recordPrefix):] == token {
		return matchQuoted
	}
	if hasPrefixFold(cleaned, recordPrefix) {
		return matchOther
	}
	return matchNone
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
