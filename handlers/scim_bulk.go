package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"gatehouse/scim"
)

// bulk carries out many operations, each by the same code as the single request (RFC 7644 §3.7). They are transactions of their own:
// one that fails undoes no other.
func (r *scimRequest) bulk() (*scimAnswer, error) {
	if err := r.authenticate(); err != nil { // before four megabytes are read
		return nil, err
	}
	body, err := r.readUpTo(scim.MaxBulkBody)
	if err != nil {
		return nil, err
	}
	job, err := scim.ParseBulk(body)
	if err != nil {
		return nil, err
	}
	parts, told := map[*scim.BulkOperation]string{}, map[*scim.BulkOperation]bool{}
	for i := range job.Operations {
		parts[&job.Operations[i]] = fmt.Sprintf("%d of %d", i+1, len(job.Operations))
	}
	results := job.Run(func(op scim.BulkCall) scim.BulkResult {
		told[op.Operation] = true
		return r.bulkOperation(op, parts[op.Operation])
	})
	for i := range results {
		if op := results[i].Operation; !told[op] { // refused before anything was asked for
			call := *r.call
			call.Events = nil
			one := &scimRequest{Server: r.Server, c: r.c, ctx: r.ctx, call: &call, inner: true, listed: -1}
			one.noteOperation(scim.BulkCall{Operation: op, Method: op.Method, Path: op.Path}, parts[op], nil, results[i].Err)
		}
	}
	r.listed, r.total = 0, len(results)
	for i := range results {
		if results[i].Err == nil {
			r.listed++
		}
	}
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	return &scimAnswer{status: http.StatusOK, body: scim.AppendBulkResponse(make([]byte, 0, 256*len(results)), results)}, nil
}

// bulkOperation answers one operation. part says which one it is.
func (r *scimRequest) bulkOperation(op scim.BulkCall, part string) scim.BulkResult {
	call := *r.call
	call.IfMatch, call.Events = op.Version, nil
	one := &scimRequest{Server: r.Server, c: r.c, ctx: r.ctx, call: &call, inner: true, listed: -1, body: func() ([]byte, error) { return op.Body, nil }}
	path, query, _ := strings.Cut(strings.TrimPrefix(op.Path, r.base()), "?")
	answer, err := one.dispatchInner(op.Method, path, query)
	if err != nil {
		result := scim.BulkResult{Err: r.scimError(r.c, err)}
		one.noteOperation(op, part, nil, result.Err)
		if op.Method != http.MethodPost {
			result.Location = r.base() + "/" + strings.Trim(path, "/")
		}
		return result
	}
	one.noteOperation(op, part, answer, nil)
	return scim.BulkResult{Status: answer.status, ID: answer.id, Location: answer.location, Version: answer.etag}
}

// dispatchInner is dispatch for what a bulk request may hold: changes of users and groups.
func (r *scimRequest) dispatchInner(method, path, rawQuery string) (*scimAnswer, error) {
	endpoint, _, _ := strings.Cut(strings.Trim(path, "/"), "/")
	if endpoint != "Users" && endpoint != "Groups" || strings.HasSuffix(path, "/.search") {
		return nil, &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeInvalidValue, Detail: "A bulk request changes resources at /Users and /Groups only."}
	}
	return r.dispatch(method, path, rawQuery)
}
