package models

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm"
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

// maxLabel is how many bytes of a name the audit log keeps. Directories may send longer ones.
const maxLabel = 400

// record adds an audit event to the transaction. It is written just before the commit.
func (tx *Tx) record(action string, target Target, before, after Facts) {
	e := AuditEvent{
		ID: newID("evt_", tx.now), At: tx.now, Action: action,
		ActorKind: tx.actor.Kind, ActorID: tx.actor.ID, ActorLabel: truncate(tx.actor.Label, maxLabel), ActorIP: tx.actor.IP,
		TargetKind: target.Kind, TargetID: target.ID, TargetLabel: truncate(target.Label, maxLabel),
		Before: before.json(), After: after.json(),
	}
	if tx.org != "" {
		org := tx.org
		e.OrgID = &org
	}
	tx.audit = append(tx.audit, e)
}

// orderAudit gives the events of one transaction, which have one time, ids in the order they were recorded: the log is read by id.
func (tx *Tx) orderAudit() {
	ids := make([]string, len(tx.audit))
	for i := range tx.audit {
		ids[i] = tx.audit[i].ID
	}
	slices.Sort(ids)
	for i := range tx.audit {
		tx.audit[i].ID = ids[i]
	}
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
	// Text is looked for in the labels of actor and target and in the actor's address.
	Text string
	// MemberID keeps a person's history: what was done to them, and what they did.
	MemberID string
	// ActorKind and ActorID keep what one actor did; ActorID alone does not narrow.
	ActorKind ActorKind
	ActorID   string
	From, To  time.Time
	// After is the id of the last event of the page before; events come newest first. Before is the first of the page after.
	After, Before string
	Limit         int
}

// MaxAuditPage is the most events one call returns.
const MaxAuditPage = 1000

// AuditEvents are an organization's events, newest first.
func (db *DB) AuditEvents(ctx context.Context, orgID string, f AuditFilter) ([]AuditEvent, error) {
	q := f.apply(db.read(ctx), orgID)
	if f.Limit <= 0 || f.Limit > MaxAuditPage {
		f.Limit = MaxAuditPage
	}
	order := "id desc"
	switch {
	case f.After != "":
		q = q.Where("id < ?", f.After)
	case f.Before != "":
		q, order = q.Where("id > ?", f.Before), "id"
	}
	var events []AuditEvent
	err := q.Order(order).Limit(f.Limit).Find(&events).Error
	if order == "id" {
		slices.Reverse(events)
	}
	return events, translate(err)
}

// CountAuditEvents counts the events a filter keeps, on all pages.
func (db *DB) CountAuditEvents(ctx context.Context, orgID string, f AuditFilter) (int, error) {
	var n int64
	err := f.apply(db.read(ctx).Model(&AuditEvent{}), orgID).Count(&n).Error
	return int(n), translate(err)
}

// apply narrows a query of events, but for the page.
func (f AuditFilter) apply(q *gorm.DB, orgID string) *gorm.DB {
	q = q.Where("org_id = ?", orgID)
	if f.Action != "" {
		q = q.Where("(action = ? or action like ? escape '!')", f.Action, likePrefix(f.Action+"."))
	}
	if f.Text != "" {
		like := likeContains(f.Text)
		q = q.Where("(lower(actor_label) like ? escape '!' or lower(target_label) like ? escape '!' or actor_ip like ? escape '!' or id = ?)", like, like, like, storable(f.Text))
	}
	if f.MemberID != "" {
		// Two indexed lookups. One condition with "or" reads the whole log backwards when a person has few events in it.
		q = q.Where(`id in (select id from audit_events where org_id = ? and target_id = ?
			union select id from audit_events where org_id = ? and actor_kind = 'person' and actor_id = ?)`, orgID, f.MemberID, orgID, f.MemberID)
	}
	if f.ActorKind != "" {
		q = q.Where("actor_kind = ?", f.ActorKind)
		if f.ActorID != "" {
			q = q.Where("actor_id = ?", f.ActorID)
		}
	}
	if !f.From.IsZero() {
		q = q.Where("at >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q = q.Where("at < ?", f.To.UTC())
	}
	return q
}

// AuditActor is somebody who appears in the audit log.
type AuditActor struct {
	Kind      ActorKind
	ID, Label string
}

// AuditActors are the people and directories behind an organization's latest changes, by label, at most limit.
func (db *DB) AuditActors(ctx context.Context, orgID string, limit int) ([]AuditActor, error) {
	var list []AuditActor
	// The latest events name the actors a reader looks for, and bound the work however long the log is.
	err := db.read(ctx).Raw(`select actor_kind as kind, actor_id as id, max(actor_label) as label
		from (select actor_kind, actor_id, actor_label from audit_events where org_id = ? order by id desc limit 5000) latest
		where actor_kind in ('person', 'scim') and actor_id <> '' group by actor_kind, actor_id order by max(actor_label), actor_id limit ?`,
		orgID, limit).Scan(&list).Error
	return list, err
}
