package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
		a.Fold = foldOf(&a)
		rows = append(rows, a)
		if p.Raw != "" && p.OrgID != "" {
			raws = append(raws, ActivityRaw{ActivityID: a.ID, OrgID: p.OrgID, Raw: truncate(p.Raw, maxRaw)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	for attempt := 1; ; attempt++ {
		err := db.recordProvisioning(ctx, rows, raws)
		if !isTransient(err) || attempt == transactionAttempts { // two instances that count the same failures may get into each other's way
			return err
		}
	}
}

func (db *DB) recordProvisioning(ctx context.Context, rows []Activity, raws []ActivityRaw) error {
	fresh := db.hours.fresh(rows)
	var err error
	if db.hot() {
		err = db.hotRecordProvisioning(ctx, rows, raws, fresh)
	} else {
		err = db.touch(ctx, func(tx *Tx) error {
			if err := tx.CreateInBatches(rows, 100).Error; err != nil {
				return err
			}
			if len(raws) > 0 {
				if err := tx.CreateInBatches(raws, 100).Error; err != nil {
					return err
				}
			}
			for _, h := range fresh {
				if err := tx.Exec("insert into provisioning_hours (org_id, hour) values (?, ?) on conflict do nothing", h.org, h.hour).Error; err != nil {
					return err
				}
			}
			heads, folds := newestOfEach(rows)
			if len(heads) == 0 {
				return nil
			}
			if err := tx.Exec(countRepeated("in ?", "not in ?", "in ?"), folds, heads, heads).Error; err != nil {
				return err
			}
			return tx.Exec(markRepeated("in ?", "not in ?"), folds, heads).Error
		})
	}
	if err == nil {
		db.hours.noted(fresh)
	}
	return err
}

// foldOf is equal for failures of the same person, with the same sentence. What was not recorded is none.
func foldOf(a *Activity) *string {
	if a.OK || a.OrgID == nil || a.Reason == notRecorded {
		return nil
	}
	sum := sha256.Sum256([]byte(*a.OrgID + "\x00" + a.MemberID + "\x00" + a.Sentence))
	fold := hex.EncodeToString(sum[:16])
	return &fold
}

// notRecorded is the reason of the line that counts requests which are not in the activity.
const notRecorded = "not_recorded"

// newestOfEach are the ids of the newest of those failures that are the same, and what they have in common.
func newestOfEach(rows []Activity) (heads, folds []string) {
	newest := map[string]string{}
	for i := range rows {
		if f := rows[i].Fold; f != nil && newest[*f] < rows[i].ID {
			newest[*f] = rows[i].ID
		}
	}
	for fold, id := range newest {
		heads, folds = append(heads, id), append(folds, fold)
	}
	return heads, folds
}

// countRepeated lets the newest of failures that are the same count the others, and markRepeated leaves the others to it. The parameters are
// how the dialect asks whether a fold is one of those, and an id none or one of the newest.
func countRepeated(in, out, heads string) string {
	return `update activity set times = activity.times + o.times, since = o.since
		from (select fold, sum(times) as times, min(coalesce(since, at)) as since from activity where fold ` + in + ` and repeated = false and id ` + out + ` group by fold) as o
		where activity.id ` + heads + ` and activity.fold = o.fold`
}

func markRepeated(in, out string) string {
	return `update activity set repeated = true where fold ` + in + ` and repeated = false and id ` + out
}

func (db *DB) hotRecordProvisioning(ctx context.Context, rows []Activity, raws []ActivityRaw, fresh []calledHour) error {
	n := len(rows)
	ids, orgs, folds, at, ok := make([]string, n), make([]*string, n), make([]*string, n), make([]time.Time, n), make([]bool, n)
	texts := make([][]string, 8)
	for i := range texts {
		texts[i] = make([]string, n)
	}
	for i := range rows {
		a := &rows[i]
		ids[i], orgs[i], folds[i], at[i], ok[i] = a.ID, a.OrgID, a.Fold, a.At, a.OK
		for j, text := range []string{a.Reference, a.Reason, a.Sentence, a.Who, a.MemberID, a.Detail, a.IP, a.UserAgent} {
			texts[j][i] = text
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into activity (id, org_id, at, ok, kind, reference, reason, sentence, who, member_id, detail, ip, user_agent, fold)
		select id, org_id, at, ok, 'provisioning', reference, reason, sentence, who, member_id, detail, ip, user_agent, fold
		from unnest(cast($1 as text[]), cast($2 as text[]), cast($3 as timestamptz[]), cast($4 as boolean[]), cast($5 as text[]), cast($6 as text[]), cast($7 as text[]),
			cast($8 as text[]), cast($9 as text[]), cast($10 as text[]), cast($11 as text[]), cast($12 as text[]), cast($13 as text[]))
		as p(id, org_id, at, ok, reference, reason, sentence, who, member_id, detail, ip, user_agent, fold)`,
		ids, orgs, at, ok, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6], texts[7], folds)
	if len(raws) > 0 {
		of, org, raw := make([]string, len(raws)), make([]string, len(raws)), make([]string, len(raws))
		for i := range raws {
			of[i], org[i], raw[i] = raws[i].ActivityID, raws[i].OrgID, raws[i].Raw
		}
		batch.Queue(`insert into activity_raw (activity_id, org_id, raw) select * from unnest(cast($1 as text[]), cast($2 as text[]), cast($3 as text[]))`, of, org, raw)
	}
	for _, h := range fresh {
		batch.Queue("insert into provisioning_hours (org_id, hour) values ($1, $2) on conflict do nothing", h.org, h.hour)
	}
	if heads, same := newestOfEach(rows); len(heads) > 0 {
		batch.Queue(countRepeated("= any (cast($1 as text[]))", "<> all (cast($2 as text[]))", "= any (cast($2 as text[]))"), same, heads)
		batch.Queue(markRepeated("= any (cast($1 as text[]))", "<> all (cast($2 as text[]))"), same, heads)
	}
	return translate(db.pool.SendBatch(ctx, batch).Close())
}
