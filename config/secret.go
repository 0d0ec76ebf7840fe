package config

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every printed Secret shows.
const redacted = "[redacted]"

// Secret is a value that must not reach a log, an error or an answer: it prints as [redacted] in fmt (every verb),
// slog, JSON and every other encoder that asks for text. The zero value is a secret that was never set.
type Secret struct {
	// A pointer, because fmt cannot call methods on a field it reaches through an unexported one and would print a
	// plain string there; of a nested pointer it prints the address only.
	value *string
}

// NewSecret wraps value. An empty value gives the zero Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the value itself, empty if none was set. Every call is a place to look at in a review.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Bytes returns the value as a fresh slice, for key derivation.
func (s Secret) Bytes() []byte { return []byte(s.Reveal()) }

// IsZero reports whether no value was set.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns [redacted], or nothing for the zero Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format prints String for every verb, so that neither %x nor %#v shows the value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue makes slog print String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText makes JSON and every other encoder print String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
