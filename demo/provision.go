package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// startRun takes the copies that a run works on. The caller holds a.cycle.
func (a *Azure) startRun() *run {
	a.mu.Lock()
	defer a.mu.Unlock()
	copied := a.prov.clone()
	return &run{
		client:   scimClient{http: a.client, creds: copied.creds, now: a.now},
		settings: copied.settings, dir: a.dir.clone(),
		users: copied.users, groups: copied.groups, purged: copied.purged, now: a.now,
	}
}

// finishRun puts links and log entries back and returns the number of the last entry. People purged while the run was
// talking are kept for the next one. a.mu is held.
func (a *Azure) finishRun(r *run, purgedBefore int) (lastEntry int) {
	added := a.prov.purged[purgedBefore:]
	a.prov.users, a.prov.groups = r.users, r.groups
	for _, p := range added {
		delete(a.prov.users, p.ID)
	}
	a.prov.purged = append(r.purged, added...)
	for _, e := range r.entries {
		lastEntry = a.prov.record(e)
	}
	return lastEntry
}

// runCycle goes through everything once and says in a sentence what came of it.
func (a *Azure) runCycle(ctx context.Context) notice {
	a.cycle.Lock()
	defer a.cycle.Unlock()
	r := a.startRun()
	if r.client.creds.TenantURL == "" || r.client.creds.Token == "" {
		return bad("Enter Tenant URL and Secret Token first and save them.")
	}
	purgedBefore := len(r.purged)
	initial := len(r.users)+len(r.groups) == 0
	begun := a.now()
	err := r.cycle(ctx)

	a.mu.Lock()
	defer a.mu.Unlock()
	a.finishRun(r, purgedBefore)
	summary := &cycleSummary{at: begun, initial: initial, requests: r.requests, took: a.now().Sub(begun)}
	for _, e := range r.entries {
		if e.Result == resultFailure {
			summary.failures++
		}
	}
	if err != nil {
		summary.stopped = err.Error()
	}
	a.prov.last = summary
	switch {
	case err != nil:
		return bad("The cycle stopped: " + err.Error())
	case summary.failures > 0:
		return bad(fmt.Sprintf("Cycle done with %s. The log says why; the next cycle tries again.", count(summary.failures, "failure")))
	case r.requests == 0:
		return good("Cycle done. Nothing has changed since the last one.")
	}
	return good(fmt.Sprintf("Cycle done: %s.", count(r.requests, "request")))
}

// provisionOnDemand brings one person or group into step at once. The flag of the newer dialect does not act here, as in
// Entra.
func (a *Azure) provisionOnDemand(ctx context.Context, kind, id string) notice {
	a.cycle.Lock()
	defer a.cycle.Unlock()
	r := a.startRun()
	if r.client.creds.TenantURL == "" || r.client.creds.Token == "" {
		return bad("Enter Tenant URL and Secret Token first and save them.")
	}
	r.client.creds.Flagged = false
	purgedBefore := len(r.purged)
	entry, err := r.onDemand(ctx, kind, id)
	if entry == nil {
		return bad("Choose a user or a group that is still in the directory.")
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	a.prov.demand = a.finishRun(r, purgedBefore)
	switch {
	case err != nil || entry.Result == resultFailure:
		return bad(entry.Name + " could not be provisioned: " + entry.Why)
	case entry.Result == resultSkipped:
		return bad(entry.Name + " was skipped: " + entry.Why + ".")
	}
	return good(entry.Name + " is provisioned.")
}

// onDemand runs one object and writes it down even when there was nothing to do. A nil entry means there is no such object.
func (r *run) onDemand(ctx context.Context, kind, id string) (*logEntry, error) {
	if kind == "group" {
		g := r.dir.group(id)
		if g == nil {
			return nil, nil
		}
		if !g.Assigned {
			e := r.begin("Group", g.Name)
			e.step("Import group", fmt.Sprintf("Read from this directory: %s", count(len(g.Members), "member")))
			e.step("Determine if group is in scope", "Not assigned to the application")
			e.skipped("Not assigned to the application")
			return r.finish(e, nil)
		}
		e, err := r.group(ctx, *g)
		if e.Result == "" {
			e.skipped("Nothing has changed since the last run")
			return r.finish(e, err)
		}
		return e, err
	}
	p := r.dir.person(id)
	if p == nil {
		return nil, nil
	}
	return r.user(ctx, *p)
}

// testConnection asks what Entra asks: for a user and a group that cannot exist.
func (a *Azure) testConnection(ctx context.Context) notice {
	a.cycle.Lock()
	defer a.cycle.Unlock()
	r := a.startRun()
	e := r.begin("Connection", "Test Connection")
	begun := a.now()
	_, err := r.finish(e, r.probe(ctx, e))
	took := a.now().Sub(begun)

	a.mu.Lock()
	defer a.mu.Unlock()
	a.finishRun(r, len(r.purged))
	result := &testResult{at: begun, ok: err == nil && e.Result == resultSuccess, text: e.Why, took: took}
	a.prov.test = result
	if !result.ok {
		return bad("Test Connection failed: " + e.Why)
	}
	return good("Connected. Gatehouse takes the supplied credentials.")
}

func (r *run) probe(ctx context.Context, e *logEntry) error {
	e.Action = "Test"
	nobody := newGUID()
	answer, err := r.call(ctx, e, "Look for a user that cannot exist", http.MethodGet, "/Users",
		[][2]string{{"filter", `userName eq "` + nobody + `"`}}, nil)
	if err != nil {
		return err
	}
	if _, err := oneOf(answer); err != nil {
		return err
	}
	answer, err = r.call(ctx, e, "Look for a group that cannot exist", http.MethodGet, "/Groups",
		[][2]string{noMembers, {"filter", `displayName eq "` + nobody + `"`}}, nil)
	if err != nil {
		return err
	}
	if _, err := oneOf(answer); err != nil {
		return err
	}
	e.done("Test", "Gatehouse answered both questions and takes the token")
	return nil
}

// readSchemas is what Entra does when provisioning is saved: it reads which attributes the target knows.
func (a *Azure) readSchemas(ctx context.Context) notice {
	a.cycle.Lock()
	defer a.cycle.Unlock()
	r := a.startRun()
	e := r.begin("Connection", "Save credentials")
	_, err := r.finish(e, func() error {
		e.Action = "Schema"
		answer, err := r.call(ctx, e, "Which attributes does Gatehouse know?", http.MethodGet, "/Schemas", nil, nil)
		if err != nil {
			return err
		}
		if !answer.ok() {
			return fmt.Errorf("GET /Schemas: %s", answer.refusal())
		}
		for _, want := range []string{schemaUser, schemaGroup, schemaEnterprise} {
			if !listsSchema(answer.Resource, want) {
				return fmt.Errorf("GET /Schemas does not list %s", want)
			}
		}
		e.done("Schema", "User, Group and the enterprise extension are there")
		return nil
	}())

	a.mu.Lock()
	defer a.mu.Unlock()
	a.finishRun(r, len(r.purged))
	if err != nil || e.Result == resultFailure {
		return bad("Saved, but Gatehouse's schema could not be read: " + e.Why)
	}
	return good("Credentials saved. Gatehouse's schema was read.")
}

func listsSchema(list map[string]any, id string) bool {
	resources, _ := list["Resources"].([]any)
	for _, r := range resources {
		if schema, _ := r.(map[string]any); schema["id"] == id {
			return true
		}
	}
	return false
}

// saveCredentials keeps what was typed. An empty token keeps the one that is there.
func (a *Azure) saveCredentials(c credentials, s provisionSettings, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.Token == "" {
		c.Token = a.prov.creds.Token
	}
	a.prov.creds, a.prov.settings, a.prov.savedAt = c, s, now
}
