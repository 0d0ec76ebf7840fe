package models

import (
	"sync"

	"gatehouse/scim"
)

// recentMembers keeps the people a directory has just read or written, so that the change which usually follows needs no read of its own.
// It is a hint and nothing more: the change is made only if the row still has the version that is remembered, in the statement that also
// checks the token; where it does not, or where nothing would change, the row is read. What is remembered here is never answered.
type recentMembers struct {
	mu   sync.Mutex
	kept [2]map[recentKey]Member // the second is the older half, which is forgotten first
}

type recentKey struct{ tokenID, memberID string }

// maxRecent is how many people are remembered at least, of about 1.5 KiB each, and up to twice as many.
const maxRecent = 4096

// maxRecentBytes is from which size on a resource is not remembered.
const maxRecentBytes = 8 << 10

func (r *recentMembers) remember(tokenID string, m *Member) {
	if m.Attributes == nil || len(*m.Attributes) > maxRecentBytes {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept[0] == nil || len(r.kept[0]) >= maxRecent {
		r.kept[0], r.kept[1] = make(map[recentKey]Member, maxRecent/4), r.kept[0]
	}
	r.kept[0][recentKey{tokenID, m.ID}] = *m
}

func (r *recentMembers) recall(tokenID, memberID string) (Member, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := recentKey{tokenID, memberID}
	if m, ok := r.kept[0][key]; ok {
		return m, true
	}
	m, ok := r.kept[1][key]
	return m, ok
}

func (r *recentMembers) forget(tokenID, memberID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := recentKey{tokenID, memberID}
	delete(r.kept[0], key)
	delete(r.kept[1], key)
}

// guess is a remembered person on whom the change does something; ok is false where the row has to be read. A change that is refused is
// tried on the row, too: a guess must not decide what a client is told.
func (db *DB) guess(c *SCIMCall, id string, change func(*scim.Resource) (*scim.Resource, error)) (m *SCIMMember, after *scim.Resource, ok bool) {
	member, ok := db.recent.recall(c.id, id)
	if !ok {
		return nil, nil, false
	}
	before, err := member.resource()
	if err != nil {
		return nil, nil, false
	}
	if after, err = change(before); err != nil || after.Equal(before) {
		return nil, nil, false
	}
	return &SCIMMember{Member: member}, after, true
}
