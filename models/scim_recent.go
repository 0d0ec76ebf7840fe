package models

import (
	"sync"

	"gatehouse/scim"
)

// recent is a bounded memory of this process: the newer and the older half, which is forgotten first.
type recent[K comparable, V any] struct {
	mu   sync.Mutex
	kept [2]map[K]V
}

// put remembers at least the last n and up to twice as many.
func (r *recent[K, V]) put(n int, key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept[0] == nil || len(r.kept[0]) >= n {
		r.kept[0], r.kept[1] = make(map[K]V, min(n, 64)), r.kept[0]
	}
	r.kept[0][key] = value
}

func (r *recent[K, V]) get(key K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.kept[0][key]; ok {
		return v, true
	}
	v, ok := r.kept[1][key]
	return v, ok
}

func (r *recent[K, V]) drop(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept[0], key)
	delete(r.kept[1], key)
}

// tokenOrgs remembers which organizations accepted tokens are of.
type tokenOrgs struct{ recent[string, string] }

// maxTokenOrgs is for how many tokens.
const maxTokenOrgs = 4096

func (r *tokenOrgs) remember(tokenID, orgID string)       { r.put(maxTokenOrgs, tokenID, orgID) }
func (r *tokenOrgs) recall(tokenID string) (string, bool) { return r.get(tokenID) }
func (r *tokenOrgs) forget(tokenID string)                { r.drop(tokenID) }

// recentMembers keeps the people a directory has just read or written, so that the change which usually follows needs no read of its own.
// It is a hint and nothing more: the change is made only if the row still has the version that is remembered, in the statement that also
// checks the token; where it does not, or where nothing would change, the row is read. What is remembered here is never answered.
type recentMembers struct{ recent[string, recentMember] }

// recentMember is a person with the token that read or wrote them. The person must not be changed any more.
type recentMember struct {
	tokenID string
	member  *Member
}

// maxRecent is how many people are remembered at least, of about 1.5 KiB each, and up to twice as many.
const maxRecent = 4096

// maxRecentBytes is from which size on a resource is not remembered.
const maxRecentBytes = 8 << 10

func (r *recentMembers) remember(tokenID string, m *Member) {
	if m.Attributes == nil || len(*m.Attributes) > maxRecentBytes {
		return
	}
	r.put(maxRecent, m.ID, recentMember{tokenID, m})
}

// recall is a copy of the person.
func (r *recentMembers) recall(tokenID, memberID string) (Member, bool) {
	kept, ok := r.get(memberID)
	if !ok || kept.tokenID != tokenID {
		return Member{}, false
	}
	return *kept.member, true
}

func (r *recentMembers) forget(memberID string) { r.drop(memberID) }

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
