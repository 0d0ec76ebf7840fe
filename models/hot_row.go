package models

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// hotRow reads the columns of one row of PostgreSQL's answer one after the other. pgx's Scan plans every column of every statement anew
// and copies each text by itself, which costs as much as the rest of a lookup; this copies the row once and takes the formats in which
// pgx asks for columns. What comes in another one, as with the simple protocol, is left to pgx.
type hotRow struct {
	rows   pgx.Rows
	fields []pgconn.FieldDescription
	values [][]byte
	text   string // all values, one behind the other
	column int
	from   int // where the column begins in text
	err    error
}

func newHotRow(rows pgx.Rows) *hotRow { return &hotRow{rows: rows, fields: rows.FieldDescriptions()} }

// load takes the row the answer stands at.
func (r *hotRow) load() {
	r.values = r.rows.RawValues()
	size := 0
	for _, value := range r.values {
		size += len(value)
	}
	var b strings.Builder
	b.Grow(size)
	for _, value := range r.values {
		b.Write(value)
	}
	r.text, r.column, r.from = b.String(), 0, 0
}

// null tells whether the next column is; it stays the next one.
func (r *hotRow) null() bool { return r.values[r.column] == nil }

// skip leaves out columns.
func (r *hotRow) skip(n int) {
	for range n {
		r.next()
	}
}

// next is the value of the next column, nil if it is null, with its text.
func (r *hotRow) next() (value []byte, text string) {
	value = r.values[r.column]
	text = r.text[r.from : r.from+len(value)]
	r.column++
	r.from += len(value)
	return value, text
}

// is tells whether the column just read has the binary format of that size.
func (r *hotRow) is(size int, value []byte) bool {
	return r.fields[r.column-1].Format == pgtype.BinaryFormatCode && len(value) == size
}

// other lets pgx read the column just read.
func (r *hotRow) other(value []byte, to any) {
	f := r.fields[r.column-1]
	types := pgtype.NewMap()
	if conn := r.rows.Conn(); conn != nil {
		types = conn.TypeMap()
	}
	if err := types.Scan(f.DataTypeOID, f.Format, value, to); err != nil && r.err == nil {
		r.err = err
	}
}

// string is a column of texts; "" where it is null. Both formats of text are the text.
func (r *hotRow) string() string {
	_, text := r.next()
	return text
}

func (r *hotRow) optional() *string {
	value, text := r.next()
	if value == nil {
		return nil
	}
	return &text
}

func (r *hotRow) bool() bool {
	value, _ := r.next()
	if r.is(1, value) {
		return value[0] != 0
	}
	var b bool
	r.other(value, &b)
	return b
}

// int is a column of bigint.
func (r *hotRow) int() int64 {
	value, _ := r.next()
	if r.is(8, value) {
		return int64(binary.BigEndian.Uint64(value))
	}
	var n int64
	r.other(value, &n)
	return n
}

// postgresEpoch is what PostgreSQL counts microseconds from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func (r *hotRow) time() time.Time {
	if at := r.optionalTime(); at != nil {
		return *at
	}
	return time.Time{}
}

func (r *hotRow) optionalTime() *time.Time {
	value, _ := r.next()
	if value == nil {
		return nil
	}
	var at time.Time
	if r.is(8, value) {
		at = time.UnixMicro(postgresEpoch + int64(binary.BigEndian.Uint64(value))).UTC()
	} else {
		r.other(value, &at)
		at = at.UTC()
	}
	return &at
}

// texts is a column of text[] without nulls.
func (r *hotRow) texts() []string {
	value, text := r.next()
	if value == nil {
		return nil
	}
	if list, ok := binaryTexts(value, text, r.fields[r.column-1].Format); ok {
		return list
	}
	var list []string
	r.other(value, &list)
	return list
}

// binaryTexts reads the binary format of an array with one dimension: how many dimensions, whether there are nulls, the type of the elements,
// how many there are and where they begin; then the length of each, and the element.
func binaryTexts(value []byte, text string, format int16) ([]string, bool) {
	const head = 20
	if format != pgtype.BinaryFormatCode || len(value) < 12 || binary.BigEndian.Uint32(value[4:]) != 0 {
		return nil, false
	}
	switch dimensions := binary.BigEndian.Uint32(value); {
	case dimensions == 0:
		return nil, true
	case dimensions != 1 || len(value) < head:
		return nil, false
	}
	n := int(binary.BigEndian.Uint32(value[12:]))
	list := make([]string, 0, min(n, len(value)/4))
	at := head
	for range n {
		if at+4 > len(value) {
			return nil, false
		}
		length := int(binary.BigEndian.Uint32(value[at:]))
		at += 4
		if length > len(value)-at {
			return nil, false
		}
		list = append(list, text[at:at+length])
		at += length
	}
	return list, true
}

// token reads hotTokenColumns.
func (r *hotRow) token(id string) SCIMToken {
	return SCIMToken{
		ID: id, OrgID: r.string(), Name: r.string(), SecretHash: r.string(), ExpiresAt: r.optionalTime(), RevokedAt: r.optionalTime(),
		LastUsedAt: r.optionalTime(),
	}
}

// member reads the columns of scimMemberSQL.
func (r *hotRow) member() Member {
	m := Member{
		ID: r.string(), OrgID: r.string(), AccountID: r.optional(), Role: Role(r.string()), Status: Status(r.string()), Source: Source(r.string()),
		Email: r.optional(), HeldReason: (*HeldReason)(r.optional()), UserName: r.string(), UserNameKey: r.string(), ExternalID: r.optional(),
		WorkEmail: r.optional(), DisplayName: r.string(), GivenName: r.string(), FamilyName: r.string(), SCIMManaged: r.bool(),
		Attributes: r.optional(), DeactivatedBy: (*DeactivatedBy)(r.optional()), DeactivatedAt: r.optionalTime(), Version: r.int(),
		CreatedAt: r.time(), UpdatedAt: r.time(), LeavingAt: r.optionalTime(),
	}
	return m
}

// team reads the columns of scimTeamSQL.
func (r *hotRow) team() Team {
	return Team{
		ID: r.string(), OrgID: r.string(), Name: r.string(), Role: (*Role)(r.optional()), Managed: r.bool(), DirectoryName: r.optional(),
		DirectoryKey: r.optional(), NameEdited: r.bool(), ExternalID: r.optional(), Version: r.int(), CreatedAt: r.time(), UpdatedAt: r.time(),
	}
}
