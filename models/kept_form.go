package models

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm/clause"
)

// People without a password confirm a change at the identity provider, which takes the browser away from the form they were at. What they
// typed is kept meanwhile:
//
//	KeepForm     the form came back because the confirmation is missing
//	KeptForm     the person is back: the form is shown again, filled in
//	DropForm     it was sent again
const (
	// KeptFormLife is how long it is kept.
	KeptFormLife = 10 * time.Minute
	// maxKeptForm is how much of it, as JSON: more than any form of ours is, certificates included.
	maxKeptForm = 256 << 10
)

// KeptForm is a form as it was typed, for one session and one address. Fields are sealed.
type KeptForm struct {
	ID, SessionID     string
	Path              string
	Fields            string
	KeptAt, ExpiresAt time.Time
}

// TableName is the table of forms.
func (KeptForm) TableName() string { return "kept_forms" }

// neverKept tells what stays out: passwords, by the field's name, and private keys, by their looks.
func neverKept(name, value string) bool {
	return strings.Contains(strings.ToLower(name), "password") || strings.Contains(value, "PRIVATE KEY-----")
}

// KeepForm keeps the fields of a form that the person of a session sent to path, instead of those kept before, and returns the id under
// which they are found again; empty for a form that is too large to be kept. Passwords and private keys are never kept.
func (db *DB) KeepForm(ctx context.Context, s *SignedIn, path string, fields map[string][]string) (string, error) {
	kept := map[string][]string{}
	for name, values := range fields {
		for _, v := range values {
			if !neverKept(name, v) {
				kept[name] = append(kept[name], v)
			}
		}
	}
	plain, err := json.Marshal(kept)
	if err != nil || len(plain) > maxKeptForm {
		return "", err
	}
	f := KeptForm{ID: newID("frm_", db.Now()), SessionID: s.Session.ID, Path: path}
	if f.Fields, err = db.seal(plain, f.place()); err != nil {
		return "", err
	}
	return f.ID, db.touch(ctx, func(tx *Tx) error {
		f.KeptAt, f.ExpiresAt = tx.now, tx.now.Add(KeptFormLife)
		return tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "session_id"}, {Name: "path"}},
			DoUpdates: clause.AssignmentColumns([]string{"id", "fields", "kept_at", "expires_at"}),
		}).Create(&f).Error
	})
}

// place is what the seal is bound to: it opens for this form of this session and address only.
func (f *KeptForm) place() string {
	return "kept_forms.fields:" + f.ID + ":" + f.SessionID + ":" + f.Path
}

// KeptForm is the address and the fields of a form that was kept for this session. NotFound if there is none of that id, or it is too old.
func (db *DB) KeptForm(ctx context.Context, s *SignedIn, id string) (path string, fields map[string][]string, err error) {
	var f KeptForm
	err = db.read(ctx).Where("id = ? and session_id = ? and expires_at > ?", id, s.Session.ID, db.Now()).Take(&f).Error
	if err != nil {
		return "", nil, found(err, "form that was kept for you")
	}
	plain, err := db.open(f.Fields, f.place())
	if err != nil { // sealed with another SECRET_KEY, or moved: nobody's
		return "", nil, notFound("form that was kept for you")
	}
	return f.Path, fields, json.Unmarshal(plain, &fields)
}

// DropForm forgets what was kept of a form of this session.
func (db *DB) DropForm(ctx context.Context, s *SignedIn, path string) error {
	return db.touch(ctx, func(tx *Tx) error {
		return tx.Where("session_id = ? and path = ?", s.Session.ID, path).Delete(&KeptForm{}).Error
	})
}
