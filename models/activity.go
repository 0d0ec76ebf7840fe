package models

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
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
	// Times is how often it came, LastAt when last if more than once.
	Times  int        `gorm:"->"`
	LastAt *time.Time `gorm:"->"`
	// Fold is equal for failures of a directory that are the same again. The newest of them counts the others, which are Repeated, since
	// Since.
	Fold     *string
	Since    *time.Time `gorm:"->"`
	Repeated bool       `gorm:"->"`
}

// TableName is the table of activity.
func (Activity) TableName() string { return "activity" }

// ActivityLife is how long activity is kept.
const ActivityLife = 30 * 24 * time.Hour

// maxRaw is how much of a message is kept: 64 KiB, some hundred groups.
const maxRaw = 64 << 10

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
	// Raw is the message that came, without signature values; empty keeps none.
	Raw string
}

// recordActivity writes one attempt in the transaction of the change it led to, and returns its id.
func (tx *Tx) recordActivity(n NewActivity) (string, error) {
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
			return "", err
		}
		a.Detail = string(b)
	}
	if err := tx.Create(&a).Error; err != nil || n.Raw == "" || n.OrgID == "" {
		return a.ID, err
	}
	return a.ID, tx.Create(&ActivityRaw{ActivityID: a.ID, OrgID: n.OrgID, Raw: truncate(n.Raw, maxRaw)}).Error
}

// ActivityFilter narrows the activity; empty fields do not.
type ActivityFilter struct {
	Kind     string
	Problems bool
	Tests    bool   // test sign-ins only
	Text     string // in who, the sentence, the reference or the address, or the id in the directory's own log
	MemberID string
	// Token is the name of the token that a directory called with.
	Token string
	// Folded leaves out failures that a newer one counts.
	Folded bool
	// From is the earliest time, zero for any.
	From time.Time
	// After is the id of the last row of the page before; rows come newest first. Before is the first of the page after.
	After, Before string
	Limit         int
}

// MaxActivityPage is the most rows that one call returns.
const MaxActivityPage = 500

// Activities are an organization's attempts, newest first.
func (db *DB) Activities(ctx context.Context, orgID string, f ActivityFilter) ([]Activity, error) {
	q := f.apply(db.read(ctx), orgID)
	if f.Limit <= 0 || f.Limit > MaxActivityPage {
		f.Limit = 100
	}
	order := "id desc"
	switch {
	case f.After != "":
		q = q.Where("id < ?", f.After)
	case f.Before != "":
		q, order = q.Where("id > ?", f.Before), "id"
	}
	var list []Activity
	err := q.Order(order).Limit(f.Limit).Find(&list).Error
	if order == "id" {
		slices.Reverse(list)
	}
	return list, translate(err)
}

// apply narrows a query of activity, but for the page.
func (f ActivityFilter) apply(q *gorm.DB, orgID string) *gorm.DB {
	q = q.Where("org_id = ?", orgID)
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Problems {
		q = q.Where("ok = false") // as the index says it
	}
	if f.Tests {
		q = q.Where("kind = ? and detail like ? escape '!'", ActivitySignIn, `%"test":"tst!_%`)
	}
	if f.Text != "" {
		like := likeContains(f.Text)
		q = q.Where("(lower(who) like ? escape '!' or lower(reference) like ? escape '!' or lower(sentence) like ? escape '!' or ip like ? escape '!' or lower(detail) like ? escape '!')",
			like, like, like, like, `%"correlation":"`+strings.TrimPrefix(like, "%"))
	}
	if f.MemberID != "" {
		q = q.Where("member_id = ?", f.MemberID)
	}
	if f.Token != "" {
		name, _ := json.Marshal(storable(f.Token))
		q = q.Where("kind = ? and detail like ? escape '!'", ActivityProvisioning, `%"token":`+likeEscapes.Replace(string(name))+`}`)
	}
	if f.Folded {
		q = q.Where("repeated = false")
	}
	if !f.From.IsZero() {
		q = q.Where("id >= ?", idAt("act_", f.From))
	}
	return q
}

// Activity is one attempt of an organization.
func (db *DB) Activity(ctx context.Context, orgID, id string) (*Activity, error) {
	var a Activity
	err := db.read(ctx).Where("org_id = ? and id = ?", orgID, id).Take(&a).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, notFound("entry")
	}
	return &a, err
}

// Facts are the stored details; what cannot be read is left out.
func (a *Activity) Facts() Facts {
	var f Facts
	if json.Unmarshal([]byte(a.Detail), &f) != nil {
		return Facts{}
	}
	return f
}

// LoginTrace is how the response went through the checks, empty if there was none.
func (a *Activity) LoginTrace() LoginTrace {
	var d struct {
		Trace LoginTrace `json:"trace"`
	}
	if json.Unmarshal([]byte(a.Detail), &d) != nil {
		return LoginTrace{}
	}
	return d.Trace
}

// ActivityRaw is the message behind an attempt. It goes with it.
type ActivityRaw struct {
	ActivityID string `gorm:"primaryKey"`
	OrgID      string
	Raw        string
}

// TableName is the table of messages.
func (ActivityRaw) TableName() string { return "activity_raw" }

// HasRaw are those of the given attempts whose message was kept.
func (db *DB) HasRaw(ctx context.Context, orgID string, ids []string) (map[string]bool, error) {
	var found []string
	err := db.read(ctx).Raw("select activity_id from activity_raw where org_id = ? and activity_id in ?", orgID, ids).Scan(&found).Error
	has := map[string]bool{}
	for _, id := range found {
		has[id] = true
	}
	return has, err
}

// ViewRaw is the message behind an attempt. That somebody looked is audited. NotFound if none was kept.
func (db *DB) ViewRaw(ctx context.Context, actor Actor, orgID, id string) (*Activity, string, error) {
	var a Activity
	var raw ActivityRaw
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		for _, row := range []struct {
			column string
			into   any
		}{{"id", &a}, {"activity_id", &raw}} {
			err := tx.Org().Where(row.column+" = ?", id).Take(row.into).Error
			if errors.Is(err, gorm.ErrRecordNotFound) {
				return notFound("message")
			}
			if err != nil {
				return err
			}
		}
		label := "Reference " + a.Reference
		if a.Who != "" {
			label = a.Who + ", reference " + a.Reference
		}
		tx.record("activity.raw_viewed", Target{"activity", a.ID, label}, nil, Facts{"reference": a.Reference})
		return nil
	})
	return &a, raw.Raw, err
}

// Sweep removes what has outlived its use: old activity, requests, codes, assertions, links, sessions and rate limits.
func (db *DB) Sweep(ctx context.Context) error {
	return db.touch(ctx, func(tx *Tx) error {
		day := tx.now.Add(-24 * time.Hour)
		for _, q := range []*gorm.DB{
			tx.Where("id < ?", idAt("act_", tx.now.Add(-ActivityLife))).Delete(&Activity{}),
			tx.Exec("update test_sign_ins set trace = '{}' where created_at < ? and trace <> '{}'", tx.now.Add(-ActivityLife)),
			tx.Exec("delete from test_sign_in_links where expires_at < ?", day),
			tx.Where("expires_at < ? or idle_expires_at < ?", tx.now, tx.now).Delete(&Session{}),
			tx.Where("expires_at < ?", day).Delete(&Link{}),
			tx.Exec("delete from scim_tokens where client_secret_id is not null and expires_at < ?", day), // access tokens
			tx.Exec("delete from directory_deactivations where at < ? and (burst_id is null or at < ?)", tx.now.Add(-2*burstWindow), tx.now.Add(-ActivityLife)),
			tx.Exec("delete from pending_logins where expires_at < ?", day),
			tx.Exec("delete from used_assertions where expires_at < ?", tx.now),
			tx.Exec("delete from used_logout_requests where expires_at < ?", tx.now),
			tx.Exec("delete from kept_forms where expires_at < ?", tx.now),
			tx.Exec("delete from diagnostic_links where expires_at < ?", day),
			tx.Exec("delete from provisioning_hours where hour < ?", tx.now.Add(-2*rhythmWindow)),
			tx.Exec("delete from rate_limits where arrival_at < ?", tx.now),
		} {
			if q.Error != nil {
				return q.Error
			}
		}
		return nil
	})
}
