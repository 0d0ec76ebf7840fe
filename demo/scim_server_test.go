package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// wireRequest is one request as it came over the wire.
type wireRequest struct {
	line   string // GET /Users?filter=…
	body   string // compact JSON with sorted keys, or empty
	header http.Header
}

// tinySCIM is a SCIM server that is just good enough to be provisioned into, and remembers what it was asked.
type tinySCIM struct {
	url string

	mu       sync.Mutex
	requests []wireRequest
	users    []map[string]any
	groups   []map[string]any
	refuse   map[string]int // "POST /Users" → status
	next     int
}

func newTinySCIM(t *testing.T) *tinySCIM {
	t.Helper()
	s := &tinySCIM{refuse: map[string]int{}}
	server := httptest.NewServer(http.StripPrefix("/scim/v2", http.HandlerFunc(s.serve)))
	t.Cleanup(server.Close)
	s.url = server.URL + "/scim/v2"
	return s
}

// take returns the requests since the last call.
func (s *tinySCIM) take() []wireRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.requests
	s.requests = nil
	return taken
}

func (s *tinySCIM) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	var body map[string]any
	compact := ""
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		sorted, _ := json.Marshal(body)
		compact = string(sorted)
	}
	line := r.Method + " " + r.URL.Path
	if r.URL.RawQuery != "" {
		line += "?" + r.URL.RawQuery
	}
	s.requests = append(s.requests, wireRequest{line, compact, r.Header.Clone()})

	w.Header().Set("Content-Type", "application/scim+json")
	answer := func(status int, v any) {
		w.WriteHeader(status)
		if v != nil {
			_ = json.NewEncoder(w).Encode(v)
		}
	}
	fail := func(status int, detail string) {
		answer(status, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": fmt.Sprint(status), "detail": detail})
	}
	if r.Header.Get("Authorization") != "Bearer scim_01_secret" {
		fail(http.StatusUnauthorized, "the token is unknown")
		return
	}
	if status, ok := s.refuse[r.Method+" "+r.URL.Path]; ok {
		fail(status, "refused by the test")
		return
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if kind == "Schemas" {
		answer(http.StatusOK, list(map[string]any{"id": schemaUser}, map[string]any{"id": schemaGroup}, map[string]any{"id": schemaEnterprise}))
		return
	}
	store := &s.users
	if kind == "Groups" {
		store = &s.groups
	}
	at := slices.IndexFunc(*store, func(m map[string]any) bool { return m["id"] == id })
	switch {
	case r.Method == http.MethodGet && id == "":
		answer(http.StatusOK, list(filtered(*store, r.URL.Query().Get("filter"))...))
	case r.Method == http.MethodPost:
		s.next++
		body["id"] = fmt.Sprintf("%s%d", map[string]string{"Users": "u", "Groups": "g"}[kind], s.next)
		*store = append(*store, body)
		answer(http.StatusCreated, body)
	case at < 0:
		fail(http.StatusNotFound, "there is no such resource")
	case r.Method == http.MethodGet:
		answer(http.StatusOK, (*store)[at])
	case r.Method == http.MethodDelete:
		*store = slices.Delete(*store, at, at+1)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPatch:
		patchTiny((*store)[at], body)
		answer(http.StatusOK, (*store)[at])
	}
}

func list(resources ...map[string]any) map[string]any {
	if resources == nil {
		resources = []map[string]any{}
	}
	return map[string]any{"schemas": []string{schemaList}, "totalResults": len(resources), "Resources": resources}
}

// filtered understands attribute eq "value".
func filtered(store []map[string]any, filter string) []map[string]any {
	name, value, ok := strings.Cut(filter, " eq ")
	if !ok || strings.Contains(value, " and ") {
		return nil
	}
	var want string
	_ = json.Unmarshal([]byte(value), &want)
	var found []map[string]any
	for _, m := range store {
		if got, _ := m[name].(string); strings.EqualFold(got, want) {
			found = append(found, m)
		}
	}
	return found
}

// patchTiny understands replaced and added top-level attributes and active.
func patchTiny(resource, patch map[string]any) {
	ops, _ := patch["Operations"].([]any)
	for _, o := range ops {
		op, _ := o.(map[string]any)
		values, _ := op["value"].(map[string]any)
		if path, _ := op["path"].(string); path != "" {
			values = map[string]any{path: op["value"]}
		}
		for path, v := range values {
			if path == "active" {
				v = v == true || v == "True"
			}
			if path != "members" && !strings.ContainsAny(path, "[.") {
				resource[path] = v
			}
		}
	}
}
