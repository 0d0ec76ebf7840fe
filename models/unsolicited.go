package models

import (
	"context"
	"encoding/json"
	"time"
)

// unsolicitedWindow is for how long responses that answer nothing count in one row, if they say the same about themselves.
const unsolicitedWindow = time.Hour

// ReasonUnsolicited is the reason of a response that answers no request of ours, as in the protocol's catalogue.
const ReasonUnsolicited = "unsolicited"

// Unsolicited is a response that answers no request of ours, by what it says about itself: nothing of it is proven.
type Unsolicited struct {
	Issuer, CertificateSHA1 string
	// Sentence and FixAt are for the admins.
	Sentence, FixAt string
}

// RecordUnsolicited writes into the activity that a response which answers nothing led its person into a fresh sign-in. The same again
// counts in the same row for an hour. From one network not more are taken than of other stray responses; the rest leaves nothing.
func (db *DB) RecordUnsolicited(ctx context.Context, client Client, orgID string, u Unsolicited) error {
	switch err := db.limit(ctx, "stray-response:ip:"+NetworkOf(client.IP), strayResponsesByIP); {
	case IsKind(err, TooMany):
		return nil
	case err != nil:
		return err
	}
	n := NewActivity{
		OrgID: orgID, Kind: ActivitySignIn, Reason: ReasonUnsolicited, Sentence: u.Sentence, Reference: NewReference(), Who: u.Issuer, Client: client,
		Detail: Facts{"led_on": true, "fix_at": u.FixAt, "claimed_issuer": truncate(u.Issuer, 400), "claimed_certificate_sha1": truncate(u.CertificateSHA1, 100)},
	}
	detail, err := json.Marshal(n.Detail)
	if err != nil {
		return err
	}
	return db.touch(ctx, func(tx *Tx) error {
		tx.org = orgID
		r := tx.Exec(`update activity set times = times + 1, last_at = ? where id = (
			select id from activity where org_id = ? and reason = 'unsolicited' and id >= ? and detail = ? order by id desc limit 1)`,
			tx.now, orgID, idAt("act_", tx.now.Add(-unsolicitedWindow)), storable(string(detail)))
		if r.Error != nil || r.RowsAffected > 0 {
			return r.Error
		}
		_, err := tx.recordActivity(n)
		return err
	})
}
