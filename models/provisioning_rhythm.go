package models

import (
	"context"
	"slices"
	"time"
)

// Rhythm is how a directory has called lately.
type Rhythm struct {
	// Longest is the longest time without a call in the last week, in whole hours, without the silence that lasts now; 0 until it can be
	// told.
	Longest time.Duration
	// Refused is how many requests were refused within the last day, and LastRefusal why.
	Refused     int
	LastRefusal string
}

const rhythmWindow = 7 * 24 * time.Hour

// ProvisioningRhythm looks at the hours of the last week in which an organization's directory called.
func (db *DB) ProvisioningRhythm(ctx context.Context, orgID string) (Rhythm, error) {
	var r Rhythm
	now := db.Now()
	hours, err := db.hoursOfCalls(ctx, orgID, now.Add(-rhythmWindow))
	if err != nil {
		return r, err
	}
	for i := 1; i < len(hours); i++ {
		r.Longest = max(r.Longest, hours[i].Sub(hours[i-1]))
	}
	if len(hours) < 3 {
		r.Longest = 0
	}
	var refused []Activity
	err = db.read(ctx).Select("id", "sentence").Where("org_id = ? and id >= ? and kind = 'provisioning' and ok = ?", orgID, idAt("act_", now.Add(-24*time.Hour)), false).
		Order("id desc").Limit(1000).Find(&refused).Error
	if len(refused) > 0 {
		r.Refused, r.LastRefusal = len(refused), refused[0].Sentence
	}
	return r, err
}

// hoursOfCalls are the hours since then in which there were calls, the oldest first.
func (db *DB) hoursOfCalls(ctx context.Context, orgID string, since time.Time) ([]time.Time, error) {
	hour := "strftime('%Y-%m-%dT%H:00:00Z', at)"
	if db.dialect == "postgres" {
		hour = `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24":00:00Z"')`
	}
	var texts []string
	err := db.read(ctx).Raw("select distinct "+hour+" from activity where org_id = ? and id >= ? and kind = 'provisioning'", orgID, idAt("act_", since)).Scan(&texts).Error
	if err != nil {
		return nil, err
	}
	hours := make([]time.Time, 0, len(texts))
	for _, text := range texts {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			hours = append(hours, t)
		}
	}
	slices.SortFunc(hours, time.Time.Compare)
	return hours, nil
}
