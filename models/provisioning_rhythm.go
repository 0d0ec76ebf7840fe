package models

import (
	"context"
	"sync"
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
	err = db.read(ctx).Select("id", "sentence").Where("org_id = ? and id >= ? and kind = 'provisioning' and ok = false", orgID, idAt("act_", now.Add(-24*time.Hour))).
		Order("id desc").Limit(1000).Find(&refused).Error
	if len(refused) > 0 {
		r.Refused, r.LastRefusal = len(refused), refused[0].Sentence
	}
	return r, err
}

// hoursOfCalls are the hours since then in which there were calls, the oldest first.
func (db *DB) hoursOfCalls(ctx context.Context, orgID string, since time.Time) ([]time.Time, error) {
	var rows []struct{ Hour time.Time }
	err := db.read(ctx).Raw("select hour from provisioning_hours where org_id = ? and hour >= ? order by hour limit 1000", orgID, since.Truncate(time.Hour)).Scan(&rows).Error
	hours := make([]time.Time, len(rows))
	for i := range rows {
		hours[i] = rows[i].Hour.UTC()
	}
	return hours, err
}

// calledHour is an hour in which a directory called.
type calledHour struct {
	org  string
	hour time.Time
}

// hourMemory knows which hours were noted already, so that each is written once by each instance.
type hourMemory struct {
	mu     sync.Mutex
	latest map[string]time.Time // by organization
}

// maxHourMemory bounds the memory; who is forgotten is written once more.
const maxHourMemory = 10_000

// fresh are the hours of requests that were not noted yet.
func (h *hourMemory) fresh(rows []Activity) []calledHour {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []calledHour
	seen := map[calledHour]bool{}
	for i := range rows {
		if rows[i].OrgID == nil {
			continue
		}
		at := calledHour{*rows[i].OrgID, rows[i].At.UTC().Truncate(time.Hour)}
		if !seen[at] && !h.latest[at.org].Equal(at.hour) {
			seen[at] = true
			list = append(list, at)
		}
	}
	return list
}

func (h *hourMemory) noted(list []calledHour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.latest == nil || len(h.latest) >= maxHourMemory {
		h.latest = map[string]time.Time{}
	}
	for _, at := range list {
		h.latest[at.org] = at.hour
	}
}
