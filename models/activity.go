package models

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"
)

// Activity is one attempt to sign in or to provision, refused ones included. It is kept ActivityLife; the audit log holds changes.
type Activity struct {
	ID    string `gorm:"primaryKey"`
	OrgID *string
	At    time.Time
	Kind  string // sign_in, provisioning
	OK    bool   `gorm:"column:ok"`
	// Reference is what the person was shown; Reason a code; Sentence says it to the admin.
	Reference, Reason, Sentence string
	Who                         string // name or address, as claimed
	MemberID                    string
	// Detail is a JSON object: expected, received, steps. Never secrets.
	Detail        string
	IP, UserAgent string
}

// TableName is the table of activity.
func (Activity) TableName() string { return "activity" }

// ActivityLife is how long activity is kept.
const ActivityLife = 30 * 24 * time.Hour

// The kinds of activity.
const (
	ActivitySignIn       = "sign_in"
	ActivityProvisioning = "provisioning"
)

// NewActivity is what is known about an attempt.
type NewActivity struct {
	OrgID                       string // empty if it belongs to none
	Kind                        string
	OK                          bool
	Reference, Reason, Sentence string
	Who, MemberID               string
	Detail                      Facts
	Client                      Client
}

// RecordActivity writes one attempt outside any change, such as a refused sign-in. Without a reference it makes one; it returns it.
func (db *DB) RecordActivity(ctx context.Context, n NewActivity) (string, error) {
	if n.Reference == "" {
		n.Reference = NewReference()
	}
	err := db.touch(ctx, func(tx *Tx) error { return tx.recordActivity(n) })
	return n.Reference, err
}

// recordActivity writes one attempt in the transaction of the change it led to.
func (tx *Tx) recordActivity(n NewActivity) error {
	a := Activity{
		ID: newID("act_", tx.now), At: tx.now, Kind: n.Kind, OK: n.OK, Reference: n.Reference, Reason: n.Reason, Sentence: truncate(n.Sentence, 2000),
		Who: truncate(n.Who, 400), MemberID: n.MemberID, Detail: "{}", IP: n.Client.IP, UserAgent: truncate(n.Client.UserAgent, 400),
	}
	if n.OrgID != "" {
		a.OrgID = &n.OrgID
	}
	if len(n.Detail) > 0 {
		b, err := json.Marshal(n.Detail)
		if err != nil {
			return err
		}
		a.Detail = string(b)
	}
	return tx.Create(&a).Error
}

// ActivityFilter narrows the activity; empty fields do not.
type ActivityFilter struct {
	Kind     string
	Problems bool
	Text     string // in who or the reference
	MemberID string
	After    string // id of the last row of the page before
	Limit    int
}

// Activities are an organization's attempts, newest first.
func (db *DB) Activities(ctx context.Context, orgID string, f ActivityFilter) ([]Activity, error) {
	q := db.read(ctx).Where("org_id = ?", orgID)
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Problems {
		q = q.Where("ok = ?", false)
	}
	if f.Text != "" {
		q = q.Where("(lower(who) like ? escape '!' or lower(reference) like ? escape '!')", likeContains(f.Text), likeContains(f.Text))
	}
	if f.MemberID != "" {
		q = q.Where("member_id = ?", f.MemberID)
	}
	if f.After != "" {
		q = q.Where("id < ?", f.After)
	}
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 100
	}
	var list []Activity
	return list, q.Order("id desc").Limit(f.Limit).Find(&list).Error
}

// Sweep removes what has outlived its use: old activity, requests, codes, assertions, links, sessions and rate limits.
func (db *DB) Sweep(ctx context.Context) error {
	return db.touch(ctx, func(tx *Tx) error {
		day := tx.now.Add(-24 * time.Hour)
		for _, q := range []*gorm.DB{
			tx.Where("at < ?", tx.now.Add(-ActivityLife)).Delete(&Activity{}),
			tx.Where("expires_at < ? or idle_expires_at < ?", tx.now, tx.now).Delete(&Session{}),
			tx.Where("expires_at < ?", day).Delete(&Link{}),
			tx.Exec("delete from pending_logins where expires_at < ?", day),
			tx.Exec("delete from used_assertions where expires_at < ?", tx.now),
			tx.Exec("delete from rate_limits where arrival_at < ?", tx.now),
		} {
			if q.Error != nil {
				return q.Error
			}
		}
		return nil
	})
}
