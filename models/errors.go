package models

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"
)

// Kind says what sort of refusal an Error is; handlers turn it into a status.
type Kind int

// The kinds of refusal.
const (
	Invalid         Kind = iota + 1 // the input is wrong: 422, or 400 for machines
	NotFound                        // no such thing in this organization: 404
	Conflict                        // the input is right and the state forbids it: 409
	Forbidden                       // this person may not: 403
	Unauthenticated                 // nobody is signed in, or the proof was wrong: 401
	TooMany                         // come back later: 429
)

// Error is a refusal that a person or a peer may read.
type Error struct {
	Kind Kind
	// Field names the form field the sentence belongs beside; empty for the whole.
	Field string
	// Message is a sentence that says what is wrong and what to do.
	Message string
	// Err is the private cause, for the log only.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Message, e.Err)
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// IsKind tells whether err is an *Error of that kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

func invalid(field, message string, args ...any) error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(message, args...)}
}

func conflict(message string, args ...any) error {
	return &Error{Kind: Conflict, Message: fmt.Sprintf(message, args...)}
}

func forbidden(message string, args ...any) error {
	return &Error{Kind: Forbidden, Message: fmt.Sprintf(message, args...)}
}

func notFound(what string) error {
	return &Error{Kind: NotFound, Message: "There is no such " + what + " in this organization. It may have been removed meanwhile."}
}

// found turns gorm's "no record" into NotFound for that thing, and leaves other errors as they are. An id that is no text is nobody's.
func found(err error, what string) error {
	if errors.Is(err, gorm.ErrRecordNotFound) || isNoText(err) {
		return notFound(what)
	}
	return err
}

// translate gives what the schema refused the shape of an *Error. Operations look before they write, so this is what a race leaves.
func translate(err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) || errors.Is(err, errNoChange) {
		return err
	}
	switch {
	case isDuplicate(err):
		return &Error{Kind: Conflict, Message: "Somebody else just saved the same thing. Reload the page and look.", Err: err}
	case isOrphan(err):
		return &Error{Kind: NotFound, Message: "What this belongs to does not exist. It may have been removed meanwhile.", Err: err}
	case isNoText(err):
		return &Error{Kind: Invalid, Message: "This holds characters that cannot be stored. Use ordinary text.", Err: err}
	}
	return err
}

// isDuplicate tells whether a unique index refused the row.
func isDuplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	return errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) || errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY) || errors.Is(err, gorm.ErrDuplicatedKey)
}

// isOrphan tells whether the row that a new one refers to does not exist.
func isOrphan(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23503"
	}
	return errors.Is(err, sqlite3.CONSTRAINT_FOREIGNKEY)
}

// isNoText tells whether PostgreSQL refused a parameter because it holds a NUL or is not UTF-8. SQLite takes any bytes.
func isNoText(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "22021"
}
