package models

import (
	"context"
	"encoding/json"
	"time"
)

// ActorKind says what sort of somebody made a change.
type ActorKind string

// The kinds of actor.
const (
	Person    ActorKind = "person"    // a signed-in member
	SCIM      ActorKind = "scim"      // a directory, by its token
	IdP       ActorKind = "idp"       // the identity provider, by a verified sign-in
	Operator  ActorKind = "operator"  // the command line
	System    ActorKind = "system"    // Gatehouse itself
	Anonymous ActorKind = "anonymous" // nobody is signed in yet
)

// Actor is who makes a change. It is a parameter of every operation, never in a context.
type Actor struct {
	Kind ActorKind
	// ID is a member id (Person), a token id (SCIM), empty otherwise.
	ID string
	// Label is what people read: a name, a token's name, an issuer.
	Label string
	IP    string
}

// AuditEvent is one row of the audit log.
type AuditEvent struct {
	ID    string  `gorm:"primaryKey"`
	OrgID *string // nil for what concerns no single organization
	At    time.Time
	// Action is object.past_tense: "domain.verified".
	Action                            string
	ActorKind                         ActorKind
	ActorID, ActorLabel               string
	ActorIP                           string `gorm:"column:actor_ip"`
	TargetKind, TargetID, TargetLabel string
	// Before and After are JSON objects of what changed, empty where there is nothing to compare. Never secrets.
	Before, After string
}

// Target is what a change was made to.
type Target struct{ Kind, ID, Label string }

// Facts are the before or after of a change, by name.
type Facts map[string]any

// record adds an audit event to the transaction. It is written just before the commit.
func (tx *Tx) record(action string, target Target, before, after Facts) {
	e := AuditEvent{
		ID: newID("evt_", tx.now), At: tx.now, Action: action,
		ActorKind: tx.actor.Kind, ActorID: tx.actor.ID, ActorLabel: tx.actor.Label, ActorIP: tx.actor.IP,
		TargetKind: target.Kind, TargetID: target.ID, TargetLabel: target.Label,
		Before: before.json(), After: after.json(),
	}
	if tx.org != "" {
		org := tx.org
		e.OrgID = &org
	}
	tx.audit = append(tx.audit, e)
}

func (f Facts) json() string {
	if len(f) == 0 {
		return ""
	}
	b, err := json.Marshal(f)
	if err != nil {
		return ""
	}
	return string(b)
}

// AuditFilter narrows the audit log; empty fields do not.
type AuditFilter struct {
	// Action is a whole action or an object ("domain" finds "domain.verified").
	Action string
	// Text is looked for in the labels of actor and target.
	Text string
	// TargetID or ActorID of a member, for a person's history.
	MemberID string
	From, To time.Time
	// After is the id of the last event of the page before; events come newest first.
	After string
	Limit int
}

// MaxAuditPage is the most events one call returns.
const MaxAuditPage = 1000

// AuditEvents are an organization's events, newest first.
func (db *DB) AuditEvents(ctx context.Context, orgID string, f AuditFilter) ([]AuditEvent, error) {
	q := db.read(ctx).Where("org_id = ?", orgID)
	if f.Action != "" {
		q = q.Where("(action = ? or action like ? escape '!')", f.Action, likePrefix(f.Action+"."))
	}
	if f.Text != "" {
		like := likeContains(f.Text)
		q = q.Where("(lower(actor_label) like ? escape '!' or lower(target_label) like ? escape '!')", like, like)
	}
	if f.MemberID != "" {
		q = q.Where("(target_id = ? or actor_id = ?)", f.MemberID, f.MemberID)
	}
	if !f.From.IsZero() {
		q = q.Where("at >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q = q.Where("at < ?", f.To.UTC())
	}
	if f.After != "" {
		q = q.Where("id < ?", f.After)
	}
	if f.Limit <= 0 || f.Limit > MaxAuditPage {
		f.Limit = MaxAuditPage
	}
	var events []AuditEvent
	err := q.Order("id desc").Limit(f.Limit).Find(&events).Error
	return events, err
}
