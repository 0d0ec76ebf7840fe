package scim

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// BulkCall is one single request that a bulk request comes to, its references resolved.
type BulkCall struct {
	Operation *BulkOperation
	Method    string
	Path      string
	Version   string // If-Match, "" for none
	Body      []byte // nil for DELETE
}

// Run carries the operations out by do, in their order, except that an operation which refers to a POST further on by its bulkId waits
// for that one (RFC 7644 §3.7: the sequence may change as long as the outcome is what the client meant). Where POSTs refer to each
// other in a circle, they are made without those references first and then replaced as they were meant (§3.7.1). The results are in
// the order of the request; after FailOnErrors failures what is left is not done and has none.
func (b *Bulk) Run(do func(BulkCall) BulkResult) []BulkResult {
	r := &bulkRun{bulk: b, do: do, posts: map[string]int{}, state: make([]bulkState, len(b.Operations)), results: make([]BulkResult, len(b.Operations))}
	for i := range b.Operations {
		if o := &b.Operations[i]; o.Method == http.MethodPost && o.BulkID != "" {
			r.posts[o.BulkID] = i
		}
	}
	for i := range b.Operations {
		r.run(i)
		r.closeCircles()
	}
	var results []BulkResult
	for i := range r.results {
		if r.state[i] == bulkDone {
			results = append(results, r.results[i])
		}
	}
	return results
}

type bulkState int

const (
	bulkWaiting bulkState = iota
	bulkRunning           // its references are being made
	bulkDone
)

type bulkRun struct {
	bulk     *Bulk
	do       func(BulkCall) BulkResult
	posts    map[string]int // operations by bulkId
	state    []bulkState
	results  []BulkResult
	failures int
	circles  []int // POSTs that lack references to what is made after them
}

func (r *bulkRun) stopped() bool {
	return r.bulk.FailOnErrors > 0 && r.failures >= r.bulk.FailOnErrors
}

func (r *bulkRun) finish(i int, result BulkResult) {
	result.Operation = &r.bulk.Operations[i]
	if result.Err != nil {
		result.Status = result.Err.Status
		r.failures++
	}
	r.state[i], r.results[i] = bulkDone, result
}

// run carries out operation i after those it refers to.
func (r *bulkRun) run(i int) {
	o := &r.bulk.Operations[i]
	if r.stopped() || r.state[i] != bulkWaiting {
		return
	}
	if o.problem != nil {
		r.finish(i, BulkResult{Err: o.problem})
		return
	}
	r.state[i] = bulkRunning
	circular, problem := r.prepare(i)
	switch {
	case problem != nil:
		r.finish(i, BulkResult{Err: problem})
		return
	case r.stopped():
		r.state[i] = bulkWaiting // never begun
		return
	}
	r.finish(i, r.do(r.call(o, o.Method, r.resolve(o.Path), circular)))
	if circular && r.results[i].Err == nil {
		r.circles = append(r.circles, i)
	}
}

// prepare makes what operation i refers to. circular tells that some of it can only be made afterwards.
func (r *bulkRun) prepare(i int) (circular bool, problem *Error) {
	o := &r.bulk.Operations[i]
	for _, id := range r.references(o.Path, o.data) {
		j, known := r.posts[id]
		if !known {
			return false, bad(TypeInvalidValue, "the reference bulkId:%s names no POST of this request", excerpt(id))
		}
		r.run(j)
		switch {
		case r.state[j] == bulkRunning && strings.Contains(o.Path, "bulkId:"+id):
			return false, unresolved(id)
		case r.state[j] == bulkRunning:
			circular = true
		case r.state[j] == bulkDone && r.results[j].Err != nil:
			return false, unresolved(id)
		}
	}
	return circular, nil
}

func unresolved(id string) *Error {
	return &Error{Status: http.StatusConflict, Detail: "the reference bulkId:" + excerpt(id) + " cannot be resolved, because that resource was not made"}
}

// closeCircles replaces the resources that were made without some of their references.
func (r *bulkRun) closeCircles() {
	open := r.circles
	r.circles = nil
	for _, i := range open {
		o := &r.bulk.Operations[i]
		for _, id := range r.references(o.data) {
			if r.results[r.posts[id]].ID == "" {
				made := r.results[i]
				made.Err = unresolved(id).within("the resource was made without one of its references")
				r.finish(i, made)
				break
			}
		}
		if r.results[i].Err != nil {
			continue
		}
		path, query, _ := strings.Cut(o.Path, "?")
		if query != "" {
			query = "?" + query
		}
		again := r.do(r.call(o, http.MethodPut, strings.TrimSuffix(path, "/")+"/"+r.results[i].ID+query, false))
		made := r.results[i]
		if made.Err = again.Err; again.Err == nil {
			made.Version = again.Version
		}
		r.finish(i, made)
	}
}

// call is the single request for an operation. With without, references that are not resolved yet are left out.
func (r *bulkRun) call(o *BulkOperation, method, path string, without bool) BulkCall {
	c := BulkCall{Operation: o, Method: method, Path: path}
	if o.Method != http.MethodPost {
		c.Version = o.Version
	}
	if o.data == nil {
		return c
	}
	data, _ := r.substitute(o.data, without)
	body, err := json.Marshal(data)
	if err != nil { // decoded JSON always encodes; an empty body is refused by the operation itself
		return c
	}
	c.Body = body
	return c
}

// substitute puts ids in the place of references; keep is false for what consists of an unresolved one.
func (r *bulkRun) substitute(value any, without bool) (out any, keep bool) {
	switch v := value.(type) {
	case string:
		if without {
			for _, id := range r.references(v) {
				if r.results[r.posts[id]].ID == "" {
					return nil, false
				}
			}
		}
		return r.resolve(v), true
	case []any:
		list := make([]any, 0, len(v))
		for _, item := range v {
			if item, keep := r.substitute(item, without); keep {
				list = append(list, item)
			}
		}
		return list, true
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			item, keep := r.substitute(item, without)
			if !keep && strings.EqualFold(key, "value") {
				return nil, false // a member, a manager: nothing is left of it
			}
			if keep {
				object[key] = item
			}
		}
		return object, true
	}
	return value, true
}

// reference finds bulkId:X as a whole text, behind the last slash of an address, and quoted inside a filter.
var reference = regexp.MustCompile(`(^|/|")bulkId:([^"/?\s\]]+)`)

// references are the bulkIds that values refer to, each once, in their order. One that names no POST is the last: it cannot be resolved,
// and there may be a hundred thousand of its kind.
func (r *bulkRun) references(values ...any) []string {
	var ids []string
	seen := map[string]bool{}
	for _, value := range values {
		if !r.collect(value, seen, &ids) {
			break
		}
	}
	return ids
}

// collect adds what value refers to; false after one that names no POST.
func (r *bulkRun) collect(value any, seen map[string]bool, ids *[]string) bool {
	switch v := value.(type) {
	case string:
		if !strings.Contains(v, "bulkId:") {
			return true
		}
		for _, m := range reference.FindAllStringSubmatch(v, -1) {
			if seen[m[2]] {
				continue
			}
			seen[m[2]] = true
			*ids = append(*ids, m[2])
			if _, known := r.posts[m[2]]; !known {
				return false
			}
		}
	case []any:
		for _, item := range v {
			if !r.collect(item, seen, ids) {
				return false
			}
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if !r.collect(v[key], seen, ids) {
				return false
			}
		}
	}
	return true
}

// resolve replaces the references in a text by ids, as far as they are known.
func (r *bulkRun) resolve(text string) string {
	if !strings.Contains(text, "bulkId:") {
		return text
	}
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		m := reference.FindStringSubmatch(found)
		j, known := r.posts[m[2]]
		if !known || r.results[j].ID == "" {
			return found
		}
		return m[1] + r.results[j].ID
	})
}
