package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// run is one pass over copies of the directory and the links. It holds no lock; the caller takes the copies before and
// puts the links back afterwards.
type run struct {
	client   scimClient
	settings provisionSettings
	dir      directory
	users    map[string]userLink
	groups   map[string]groupLink
	purged   []purgedUser
	entries  []logEntry // in the order in which they happened
	requests int
	now      func() time.Time
}

// cycle goes through everything in Entra's order. A *stopError means that the rest was not tried.
func (r *run) cycle(ctx context.Context) error {
	for _, p := range r.dir.people {
		if r.dir.inScope(p.ID) && !r.unchanged(p) {
			if _, err := r.user(ctx, p); err != nil {
				return err
			}
		}
	}
	for _, g := range r.dir.groups {
		if g.Assigned {
			if _, err := r.group(ctx, g); err != nil {
				return err
			}
		}
	}
	if r.settings.SendManager {
		for _, p := range r.dir.people {
			if err := r.manager(ctx, p); err != nil {
				return err
			}
		}
	}
	for _, p := range r.dir.people {
		if !r.dir.inScope(p.ID) && r.users[p.ID].Active {
			if _, err := r.user(ctx, p); err != nil {
				return err
			}
		}
	}
	if err := r.groupsOutOfScope(ctx); err != nil {
		return err
	}
	return r.purge(ctx)
}

// call sends a request on behalf of an entry and keeps the exchange in it.
func (r *run) call(ctx context.Context, e *logEntry, words, method, path string, query [][2]string, body any) (scimAnswer, error) {
	answer, x, err := r.client.call(ctx, words, method, path, query, body)
	r.requests++
	e.Exchanges = append(e.Exchanges, x)
	return answer, err
}

func (r *run) begin(kind, name string) *logEntry {
	return &logEntry{At: r.now(), Kind: kind, Name: name}
}

// finish writes an entry down. A *stopError goes on to the caller; every other failure stays with this object and is
// tried again in the next cycle.
func (r *run) finish(e *logEntry, err error) (*logEntry, error) {
	if err != nil {
		e.Result = resultFailure
		e.Why = err.Error()
		if e.Action == "" {
			e.Action = "Match"
		}
	}
	r.entries = append(r.entries, *e)
	stop := new(stopError)
	if errors.As(err, &stop) {
		return e, err
	}
	return e, nil
}

func (e *logEntry) step(title, detail string) {
	e.Steps = append(e.Steps, step{Title: title, Detail: detail})
}

func (e *logEntry) done(action, why string) {
	e.Action, e.Result, e.Why = action, resultSuccess, why
	e.step("Perform action", why)
}

func (e *logEntry) skipped(why string) {
	e.Action, e.Result, e.Why = "None", resultSkipped, why
}

// fail ends an entry with a failed step.
func (e *logEntry) fail(action, title, why string) error {
	e.Action = action
	e.Steps = append(e.Steps, step{Title: title, Detail: why, Failed: true})
	return failure(why)
}

// user brings one person's counterpart into step: matched, created, updated or disabled.
func (r *run) user(ctx context.Context, p person) (*logEntry, error) {
	e := r.begin("User", p.DisplayName)
	e.step("Import user", "Read from this directory: "+p.UPN)
	return r.finish(e, r.provisionUser(ctx, e, p))
}

func (r *run) provisionUser(ctx context.Context, e *logEntry, p person) error {
	link, linked := r.users[p.ID]
	if !r.dir.inScope(p.ID) {
		e.step("Determine if user is in scope", outOfScope(&r.dir, p))
		if !linked || !link.Active {
			e.skipped(outOfScope(&r.dir, p))
			return nil
		}
		return r.disable(ctx, e, p, link)
	}
	e.step("Determine if user is in scope", inScopeWords(&r.dir, p.ID))
	want := desired(p, r.settings)
	var target map[string]any
	if linked && link.Active {
		answer, err := r.call(ctx, e, "Read "+p.DisplayName+" as Gatehouse has them", http.MethodGet, "/Users/"+escapeID(link.ScimID), nil, nil)
		if err != nil {
			return err
		}
		if answer.ok() {
			target = answer.Resource
			e.step("Match user between source and target", "Known since an earlier run: "+link.ScimID)
		} else if answer.Status != http.StatusNotFound {
			return e.fail("Update", "Match user between source and target", answer.refusal())
		}
	}
	if target == nil {
		// New, back in scope, or gone over there: look it up by the matching attribute.
		found, err := r.match(ctx, e, p)
		if err != nil {
			return err
		}
		if found == nil {
			return r.create(ctx, e, p, want)
		}
		target = found
		link.ScimID, _ = found["id"].(string)
	}
	changes := differences(target, want, link.Sent)
	if len(changes) > 0 {
		answer, err := r.call(ctx, e, "Update "+p.DisplayName+": "+namesOf(changes), http.MethodPatch,
			"/Users/"+escapeID(link.ScimID), nil, patchUser(changes, r.client.creds.Flagged))
		if err != nil {
			return err
		}
		if !answer.ok() {
			return e.fail("Update", "Perform action", answer.refusal())
		}
		e.done("Update", namesOf(changes)+" changed")
	} else {
		e.done("Update", "Nothing to change, the values are the same")
	}
	link.Sent, link.Active, link.Unassigned = want, true, false
	r.users[p.ID] = link
	return nil
}

// unchanged reports whether nothing happened to a person since the last successful run, so that a cycle asks nothing.
func (r *run) unchanged(p person) bool {
	link, ok := r.users[p.ID]
	if !ok || !link.Active {
		return false
	}
	for path, value := range desired(p, r.settings) {
		if link.Sent[path] != value {
			return false
		}
	}
	return true
}

// match looks a person up by userName; nil means nobody. Two matches are a failure, as in Entra.
func (r *run) match(ctx context.Context, e *logEntry, p person) (map[string]any, error) {
	const title = "Match user between source and target"
	filter := `userName eq "` + filterLiteral(p.UPN) + `"`
	answer, err := r.call(ctx, e, "Look for a user with this userName", http.MethodGet, "/Users", [][2]string{{"filter", filter}}, nil)
	if err != nil {
		return nil, err
	}
	found, err := oneOf(answer)
	if err != nil {
		return nil, e.fail("Match", title, err.Error())
	}
	if found == nil {
		e.step(title, "GET /Users?filter="+filter+": nobody")
		return nil, nil
	}
	e.step(title, fmt.Sprintf("GET /Users?filter=%s: %v", filter, found["id"]))
	return found, nil
}

// failure is a sentence for the provisioning log: why one object could not be brought into step.
type failure string

func (f failure) Error() string { return string(f) }

// oneOf takes the only resource out of a ListResponse, or nil when there is none.
func oneOf(answer scimAnswer) (map[string]any, error) {
	if !answer.ok() {
		return nil, failure(answer.refusal())
	}
	resources, isList := answer.Resource["Resources"].([]any)
	switch {
	case !isList:
		return nil, failure("The answer is not a SCIM ListResponse with Resources. Is the Tenant URL complete?")
	case len(resources) == 0:
		return nil, nil
	case len(resources) > 1:
		return nil, failure("Multiple entries were found for the matching attribute. Two objects over there have the same value.")
	}
	found, _ := resources[0].(map[string]any)
	if id, _ := found["id"].(string); id == "" {
		return nil, failure("The resource found has no id.")
	}
	return found, nil
}

func (r *run) create(ctx context.Context, e *logEntry, p person, want map[string]string) error {
	answer, err := r.call(ctx, e, "Create "+p.DisplayName, http.MethodPost, "/Users", nil, createUser(p, r.settings))
	if err != nil {
		return err
	}
	if !answer.ok() {
		delete(r.users, p.ID)
		return e.fail("Create", "Perform action", answer.refusal())
	}
	if answer.id() == "" {
		return e.fail("Create", "Perform action", "Gatehouse answered "+http.StatusText(answer.Status)+" without an id.")
	}
	e.done("Create", fmt.Sprintf("POST /Users: %d, id %s", answer.Status, answer.id()))
	r.users[p.ID] = userLink{ScimID: answer.id(), Sent: want, Active: true}
	return nil
}

// disable sends active false to somebody who is no longer in scope. Group memberships stay as they are over there.
func (r *run) disable(ctx context.Context, e *logEntry, p person, link userLink) error {
	off := []change{{"Replace", "active", "False"}}
	answer, err := r.call(ctx, e, "Disable "+p.DisplayName, http.MethodPatch, "/Users/"+escapeID(link.ScimID), nil,
		patchUser(off, r.client.creds.Flagged))
	if err != nil {
		return err
	}
	if answer.Status == http.StatusNotFound {
		delete(r.users, p.ID)
		e.done("Disable", "Already gone over there")
		return nil
	}
	if !answer.ok() {
		return e.fail("Disable", "Perform action", answer.refusal())
	}
	link.Active, link.Unassigned = false, !r.dir.assigned(p.ID)
	r.users[p.ID] = link
	e.done("Disable", outOfScope(&r.dir, p))
	return nil
}

// manager links a person to their manager once both are over there. The lookup before the write is Entra's own; a server
// that cannot answer it gets the write.
func (r *run) manager(ctx context.Context, p person) error {
	link := r.users[p.ID]
	want := r.users[p.ManagerID]
	if !link.Active || link.Manager == want.ScimID || want.ScimID != "" && !want.Active {
		return nil
	}
	e := r.begin("User", p.DisplayName)
	_, err := r.finish(e, func() error {
		body := removeManager(r.client.creds.Flagged)
		words := "Take the manager away"
		if want.ScimID != "" {
			filter := fmt.Sprintf(`id eq "%s" and manager eq "%s"`, filterLiteral(link.ScimID), filterLiteral(want.ScimID))
			probe, err := r.call(ctx, e, "Is the manager set already?", http.MethodGet, "/Users",
				[][2]string{{"filter", filter}, {"attributes", "id"}}, nil)
			if err != nil {
				return err
			}
			if found, err := oneOf(probe); err == nil && found != nil {
				link.Manager = want.ScimID
				r.users[p.ID] = link
				e.done("Update", "The manager is set already")
				return nil
			}
			body = onePatch(map[string]any{"op": opName("Add", r.client.creds.Flagged), "path": pathManager, "value": want.ScimID})
			words = "Set the manager"
		}
		answer, err := r.call(ctx, e, words, http.MethodPatch, "/Users/"+escapeID(link.ScimID), nil, body)
		if err != nil {
			return err
		}
		if !answer.ok() {
			return e.fail("Update", "Perform action", answer.refusal())
		}
		link.Manager = want.ScimID
		r.users[p.ID] = link
		e.done("Update", words)
		return nil
	}())
	return err
}

// purge deletes people who were removed from the directory for good.
func (r *run) purge(ctx context.Context) error {
	for len(r.purged) > 0 {
		gone := r.purged[0]
		e := r.begin("User", gone.Name)
		e.step("Import user", "Purged from this directory")
		_, err := r.finish(e, func() error {
			answer, err := r.call(ctx, e, "Delete "+gone.Name, http.MethodDelete, "/Users/"+escapeID(gone.ScimID), nil, nil)
			if err != nil {
				return err
			}
			if !answer.ok() && answer.Status != http.StatusNotFound {
				return e.fail("Delete", "Perform action", answer.refusal())
			}
			e.done("Delete", "Purged from the directory")
			return nil
		}())
		if err != nil {
			return err
		}
		if e.Result != resultSuccess {
			return nil // the next cycle tries again, beginning with this one
		}
		r.purged = r.purged[1:]
	}
	return nil
}

// outOfScope says why provisioning does not keep a person active.
func outOfScope(d *directory, p person) string {
	switch {
	case p.deleted():
		return "Deleted in the directory"
	case !p.Enabled:
		return "The account is disabled"
	case !d.assigned(p.ID):
		return "Not assigned to the application"
	}
	return "Out of scope"
}

// inScopeWords says through what a person is in scope.
func inScopeWords(d *directory, id string) string {
	direct, groups := d.assignedBy(id)
	if direct {
		return "Assigned directly"
	}
	return "Assigned through " + strings.Join(groups, ", ")
}

// namesOf lists the attributes of changes, short.
func namesOf(changes []change) string {
	var names []string
	for _, c := range changes {
		name := strings.TrimPrefix(c.path, schemaEnterprise+":")
		if name == pathWorkMail {
			name = "work e-mail"
		}
		names = append(names, name)
	}
	return strings.Join(slices.Compact(names), ", ")
}

// escapeID makes an id safe inside a path; ids are the target's to choose.
func escapeID(id string) string {
	return strings.NewReplacer("%", "%25", "/", "%2F", "?", "%3F", "#", "%23", " ", "%20").Replace(id)
}
