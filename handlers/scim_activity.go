package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/models"
	"gatehouse/scim"
)

// Every request of a directory becomes a line of the activity log, refused ones included. Lines wait in memory and are written many at
// once, after the answer: they never slow or fail one. What does not fit is counted, and the count is a line of its own. A crash loses
// what came in the last second; the audit log, which is written with the change, loses nothing.
const (
	provisioningEvery = time.Second
	provisioningBatch = 500      // lines in one write; that many are written at once without waiting
	maxProvisioning   = 5000     // lines that may wait
	maxWaitingBytes   = 16 << 20 // of messages that may wait
	maxRawPart        = 8 << 10  // of a request's body, and of its answer
	maxKeptOperation  = 2 << 10  // of an operation in a bulk request, or nothing of it
	maxKeptPath       = 4 << 10  // of an address and of a filter
	provisioningTime  = 20 * time.Second
	strangersEvery    = time.Minute
)

// exchange is one request and what came of it, as it waits to be told.
type exchange struct {
	at             time.Time
	took           time.Duration
	client         models.Client
	orgID, token   string // whose; the name of the token
	method, path   string
	endpoint, id   string
	filter         string
	read, answered []byte // bodies; answered is nil for successful reads
	status         int
	refused        *scim.Error
	events         []models.AuditEvent
	found          string // what people call the one resource in the answer
	count, total   int    // of a list, -1 if it is none
	leftOut        int    // members who were deleted here
	correlation    string // by which the directory's own log knows the request
	part           string // which operation of a bulk request it is, "" for none
}

// bytes is what an exchange keeps in memory.
func (x *exchange) bytes() int {
	n := len(x.read) + len(x.answered) + len(x.path) + len(x.filter) + len(x.found)
	for i := range x.events {
		n += len(x.events[i].Before) + len(x.events[i].After)
	}
	return n
}

// kept is as much of a message as the activity may keep, without holding on to the rest.
func kept(body []byte) []byte {
	if len(body) <= maxRawPart && cap(body) <= 2*maxRawPart {
		return body
	}
	return slices.Clone(body[:min(len(body), maxRawPart)])
}

// legible makes what came from outside fit to be stored and read.
func legible(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// correlationHeaders are where directories say under which id their own log has the request. Entra's comes first.
var correlationHeaders = []string{"Client-Request-Id", "X-Ms-Client-Request-Id", "X-Ms-Correlation-Request-Id", "X-Ms-Correlation-Id", "X-Ms-Request-Id", "X-Correlation-Id", "X-Request-Id"}

func correlationOf(h http.Header) string {
	for _, name := range correlationHeaders {
		if list := h[name]; len(list) > 0 && list[0] != "" {
			return legible(list[0], 100)
		}
	}
	return ""
}

// provisioningLog is where exchanges wait. A goroutine runs only while some do.
type provisioningLog struct {
	s         *Server
	off       bool
	mu        sync.Mutex
	waiting   []exchange
	bytes     int
	lost      map[string]int // by organization
	running   bool
	flushing  bool          // the process ends: nothing waits for company
	wake      chan struct{} // asks the goroutine not to wait any longer
	strangers int           // requests with tokens of nobody since they were last reported
	reported  time.Time
}

// add puts an exchange into the queue. It never blocks.
func (l *provisioningLog) add(x exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.orgID == "" {
		l.stranger(x)
		return
	}
	if l.off {
		return
	}
	if len(l.waiting) >= maxProvisioning || l.bytes+x.bytes() > maxWaitingBytes {
		if l.lost == nil {
			l.lost = map[string]int{}
		}
		l.lost[x.orgID]++
		return
	}
	l.waiting = append(l.waiting, x)
	l.bytes += x.bytes()
	switch {
	case !l.running:
		l.running = true
		l.wake = make(chan struct{}, 1)
		l.s.background.Go(l.write)
	case len(l.waiting) == provisioningBatch:
		l.hurry()
	}
}

// stranger counts requests whose token belongs to no organization, and tells the operator once a minute.
func (l *provisioningLog) stranger(x exchange) {
	l.strangers++
	if x.at.Sub(l.reported) < strangersEvery {
		return
	}
	l.s.log.Warn("SCIM requests with a token of no organization were refused", "requests", l.strangers, "last_from", x.client.IP)
	l.strangers, l.reported = 0, x.at
}

// hurry makes the goroutine write what waits. The caller holds the lock.
func (l *provisioningLog) hurry() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// flush makes everything that waits be written soon, for the end of the process.
func (l *provisioningLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running {
		l.flushing = true
		l.hurry()
	}
}

// write takes what waits, a batch at a time, until nothing does. Under load it waits for a whole batch, or a second: many small ones would
// each cost a commit.
func (l *provisioningLog) write() {
	for {
		select {
		case <-l.wake:
		case <-time.After(provisioningEvery):
		}
		l.mu.Lock()
		n := min(len(l.waiting), provisioningBatch)
		batch := l.waiting[:n:n]
		l.waiting = append(make([]exchange, 0, provisioningBatch), l.waiting[n:]...)
		l.bytes = 0
		for i := range l.waiting {
			l.bytes += l.waiting[i].bytes()
		}
		lost := l.lost
		l.lost = nil
		l.mu.Unlock()

		written := l.record(batch, lost)

		l.mu.Lock()
		if !written {
			l.lose(batch, lost)
		}
		if !written || len(l.waiting) == 0 {
			l.running, l.flushing = false, false // the next request begins anew
			l.mu.Unlock()
			return
		}
		if l.flushing || len(l.waiting) >= provisioningBatch {
			l.hurry()
		}
		l.mu.Unlock()
	}
}

// lose counts what could not be written. The caller holds the lock.
func (l *provisioningLog) lose(batch []exchange, lost map[string]int) {
	if l.lost == nil {
		l.lost = map[string]int{}
	}
	for i := range batch {
		l.lost[batch[i].orgID]++
	}
	for org, n := range lost {
		l.lost[org] += n
	}
}

// record writes one batch, and tells whether it did.
func (l *provisioningLog) record(batch []exchange, lost map[string]int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), provisioningTime)
	defer cancel()
	list := make([]models.Provisioned, 0, len(batch)+len(lost))
	for i := range batch {
		list = append(list, batch[i].told())
	}
	now := l.s.db.Now()
	for org, n := range lost {
		list = append(list, models.Provisioned{At: now, NewActivity: models.NewActivity{
			OrgID: org, Reason: "not_recorded", Reference: models.NewReference(),
			Sentence: count(n, "request", "requests") + " of the directory are not in this list: they were answered, but came faster than it could be written.",
		}})
	}
	err := l.s.db.RecordProvisioning(ctx, list)
	if err != nil {
		l.s.log.Error("requests of directories were answered but not recorded in the activity", "requests", len(list), "error", err)
	}
	return err == nil
}

// noteExchange queues what came of a request.
func (r *scimRequest) noteExchange(start time.Time, answer *scimAnswer, refused *scim.Error) {
	org, token := r.call.Claimed()
	if r.call.Token == nil && (refused == nil || refused.Status != 401) {
		return
	}
	x := r.exchange(r.c.Request().Method, strings.TrimPrefix(r.c.Request().URL.Path, scimPrefix))
	x.at, x.took, x.orgID, x.token, x.read, x.refused = start, r.db.Now().Sub(start), strings.Clone(org), strings.Clone(token), r.sent, refused
	if refused != nil {
		x.status, x.answered = refused.Status, refused.Append(nil)
	} else {
		x.status = answer.status
		if !x.reads() {
			x.answered = kept(answer.body)
		} else {
			x.read = nil
		}
	}
	r.provisioning.add(x)
}

// exchange is what is known of a request before its outcome. Texts out of the database are copied: they may be pieces of a whole row.
func (r *scimRequest) exchange(method, path string) exchange {
	x := exchange{
		client: r.call.Client, method: method, path: legible(path, maxKeptPath), endpoint: r.endpoint, id: legible(r.id, 100),
		filter: legible(r.query["filter"], maxKeptPath), events: r.call.Events, count: r.listed, total: r.total, leftOut: len(r.call.LeftOut), correlation: correlationOf(r.c.Request().Header),
	}
	if r.seen != nil {
		x.found = strings.Clone(resourceName(r.seen))
	}
	for i := range x.events {
		x.events[i].TargetLabel = strings.Clone(x.events[i].TargetLabel)
	}
	return x
}

// noteOperation queues what came of one operation of a bulk request, so that the person it was about has a line of their own. The request
// has one as well, with its message; that of an operation is kept while it is short.
func (r *scimRequest) noteOperation(op scim.BulkCall, part string, answer *scimAnswer, refused *scim.Error) {
	org, token := r.call.Claimed()
	x := r.exchange(op.Method, op.Path)
	x.at, x.orgID, x.token, x.refused, x.part = r.db.Now(), strings.Clone(org), strings.Clone(token), refused, part
	if len(op.Body) <= maxKeptOperation {
		x.read = op.Body
	}
	if refused != nil {
		x.status, x.answered = refused.Status, refused.Append(nil)
	} else {
		x.status = answer.status
	}
	r.provisioning.add(x)
}

// reads tells a request that changes nothing.
func (x *exchange) reads() bool {
	return x.method == "GET" || x.method == "HEAD" || strings.HasSuffix(x.path, "/.search") || x.endpoint == "Me"
}
