package models

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Provisioned is one request of a directory, as activity: what is known about it and when it came.
type Provisioned struct {
	At time.Time
	NewActivity
	Detail ProvisioningDetail
}

// ProvisioningDetail is the detail of a request. It is a struct and no map because there are thousands a second.
type ProvisioningDetail struct {
	Correlation  string `json:"correlation,omitempty"` // the id under which the directory's own log has the request
	Filter       string `json:"filter,omitempty"`
	Hint         string `json:"hint,omitempty"` // how to mend it
	Method       string `json:"method"`
	Milliseconds int64  `json:"ms,omitempty"`
	Part         string `json:"part,omitempty"` // which operation of a bulk request
	Path         string `json:"path"`
	Status       int    `json:"status"`
	Team         string `json:"team,omitempty"`
	Token        string `json:"token"`
}

// RecordProvisioning writes what directories asked for, many at once: two statements in one round trip however many there are. Raw
// messages must be free of secrets. Successful requests carry no reference.
func (db *DB) RecordProvisioning(ctx context.Context, list []Provisioned) error {
	rows := make([]Activity, 0, len(list))
	var raws []ActivityRaw
	for _, p := range list {
		a := Activity{
			ID: newID("act_", p.At), At: p.At, Kind: ActivityProvisioning, OK: p.OK, Reference: p.Reference, Reason: truncate(p.Reason, 100),
			Sentence: truncate(p.Sentence, 2000), Who: truncate(p.Who, 400), MemberID: truncate(p.MemberID, 100), Detail: "{}",
			IP: truncate(p.Client.IP, 100), UserAgent: truncate(p.Client.UserAgent, 400),
		}
		if p.OrgID != "" {
			a.OrgID = &p.OrgID
		}
		if b, err := json.Marshal(p.Detail); err == nil && p.Detail != (ProvisioningDetail{}) {
			a.Detail = strings.ReplaceAll(storable(string(b)), `\u0000`, "")
		}
		rows = append(rows, a)
		if p.Raw != "" && p.OrgID != "" {
			raws = append(raws, ActivityRaw{ActivityID: a.ID, OrgID: p.OrgID, Raw: truncate(p.Raw, maxRaw)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if db.hot() {
		return db.hotRecordProvisioning(ctx, rows, raws)
	}
	return db.touch(ctx, func(tx *Tx) error {
		if err := tx.CreateInBatches(rows, 100).Error; err != nil || len(raws) == 0 {
			return err
		}
		return tx.CreateInBatches(raws, 100).Error
	})
}

func (db *DB) hotRecordProvisioning(ctx context.Context, rows []Activity, raws []ActivityRaw) error {
	n := len(rows)
	ids, orgs, at, ok := make([]string, n), make([]*string, n), make([]time.Time, n), make([]bool, n)
	texts := make([][]string, 8)
	for i := range texts {
		texts[i] = make([]string, n)
	}
	for i := range rows {
		a := &rows[i]
		ids[i], orgs[i], at[i], ok[i] = a.ID, a.OrgID, a.At, a.OK
		for j, text := range []string{a.Reference, a.Reason, a.Sentence, a.Who, a.MemberID, a.Detail, a.IP, a.UserAgent} {
			texts[j][i] = text
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into activity (id, org_id, at, ok, kind, reference, reason, sentence, who, member_id, detail, ip, user_agent)
		select id, org_id, at, ok, 'provisioning', reference, reason, sentence, who, member_id, detail, ip, user_agent
		from unnest(cast($1 as text[]), cast($2 as text[]), cast($3 as timestamptz[]), cast($4 as boolean[]), cast($5 as text[]), cast($6 as text[]), cast($7 as text[]),
			cast($8 as text[]), cast($9 as text[]), cast($10 as text[]), cast($11 as text[]), cast($12 as text[]))
		as p(id, org_id, at, ok, reference, reason, sentence, who, member_id, detail, ip, user_agent)`,
		ids, orgs, at, ok, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6], texts[7])
	if len(raws) > 0 {
		of, org, raw := make([]string, len(raws)), make([]string, len(raws)), make([]string, len(raws))
		for i := range raws {
			of[i], org[i], raw[i] = raws[i].ActivityID, raws[i].OrgID, raws[i].Raw
		}
		batch.Queue(`insert into activity_raw (activity_id, org_id, raw) select * from unnest(cast($1 as text[]), cast($2 as text[]), cast($3 as text[]))`, of, org, raw)
	}
	return translate(db.pool.SendBatch(ctx, batch).Close())
}
