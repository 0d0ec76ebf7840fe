package demo

import (
	"maps"
	"slices"
	"time"
)

const maxLogEntries = 500

// The results of the provisioning log, in Entra's words.
const (
	resultSuccess = "Success"
	resultFailure = "Failure"
	resultSkipped = "Skipped"
)

// provisioning is the SCIM half of the enterprise application.
type provisioning struct {
	creds    credentials
	settings provisionSettings
	savedAt  time.Time
	test     *testResult // of the last Test Connection
	users    map[string]userLink
	groups   map[string]groupLink
	purged   []purgedUser
	entries  []logEntry // newest first
	lastID   int
	last     *cycleSummary
	demand   int // id of the entry that the last provision on demand made, 0 for none
}

// provisionSettings are the parts of the attribute mapping that can be changed.
type provisionSettings struct {
	SendManager            bool
	ExternalIDFromObjectID bool // else mailNickname, Entra's default
}

// testResult is what Test Connection found.
type testResult struct {
	at   time.Time
	ok   bool
	text string
	took time.Duration
}

// userLink is what Entra remembers about a person in the target. The target's id is remembered for ever and used for
// every later call.
type userLink struct {
	ScimID     string
	Sent       map[string]string // the values last sent, by SCIM path
	Active     bool
	Unassigned bool   // was disabled because the assignment went; such a person is never deleted later
	Manager    string // the manager's scim id last sent
}

// groupLink is what Entra remembers about a group. It never reads members back.
type groupLink struct {
	ScimID  string
	Name    string            // displayName last sent
	Members map[string]string // object id → scim id last sent
}

// purgedUser is somebody gone from the directory whom the target still has.
type purgedUser struct {
	Name   string
	ID     string
	ScimID string
}

// logEntry is one line of the provisioning log.
type logEntry struct {
	ID        int
	At        time.Time
	Kind      string // User, Group or Connection
	Name      string
	Action    string // Create, Update, Disable, Delete, …; empty while nothing was done
	Result    string
	Why       string
	Steps     []step
	Exchanges []exchange
}

// step is one step of provisioning one object, as Provision on demand shows it.
type step struct {
	Title  string
	Detail string
	Failed bool
}

// cycleSummary is the strip above the log.
type cycleSummary struct {
	at       time.Time
	initial  bool
	requests int
	took     time.Duration
	failures int
	stopped  string // why it ended early, or empty
}

func newProvisioning() provisioning {
	return provisioning{users: map[string]userLink{}, groups: map[string]groupLink{}}
}

// clone copies what a run works on, so that the run needs no lock.
func (p *provisioning) clone() provisioning {
	c := *p
	c.users = map[string]userLink{}
	for id, l := range p.users {
		l.Sent = maps.Clone(l.Sent)
		c.users[id] = l
	}
	c.groups = map[string]groupLink{}
	for id, l := range p.groups {
		l.Members = maps.Clone(l.Members)
		c.groups[id] = l
	}
	c.purged = slices.Clone(p.purged)
	c.entries = slices.Clone(p.entries)
	return c
}

// record puts an entry on top of the log and returns its number.
func (p *provisioning) record(e logEntry) int {
	p.lastID++
	e.ID = p.lastID
	p.entries = append([]logEntry{e}, p.entries...)
	if len(p.entries) > maxLogEntries {
		p.entries = p.entries[:maxLogEntries]
	}
	return e.ID
}

// entry finds a line of the log.
func (p *provisioning) entry(id int) (logEntry, bool) {
	for _, e := range p.entries {
		if e.ID == id {
			return e, true
		}
	}
	return logEntry{}, false
}

// restart forgets every link, so that the next cycle matches everybody anew. Those who are disabled or gone stay as the
// target has them.
func (p *provisioning) restart() {
	p.users, p.groups, p.purged, p.last, p.demand = map[string]userLink{}, map[string]groupLink{}, nil, nil, 0
}
