package demo

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxShownEntries = 60
	// runTimeout bounds one run. A run goes on when the browser leaves, because half a run would be worse than none.
	runTimeout = 5 * time.Minute
)

func (a *Azure) showProvisioning(w http.ResponseWriter, r *http.Request) {
	a.renderProvisioning(w, r, http.StatusOK, "", "", "", "")
}

// renderProvisioning shows the page; typed and the refusals are those of a credentials form that came back.
func (a *Azure) renderProvisioning(w http.ResponseWriter, r *http.Request, status int, typedURL, urlRefusal, tokenRefusal, typedDialect string) {
	p := provisioningPage{Frame: a.frame(w, r, "provisioning")}
	a.mu.Lock()
	prov, dir := a.prov.clone(), a.dir.clone()
	a.mu.Unlock()

	p.TenantURL = field{prov.creds.TenantURL, urlRefusal}
	p.Dialect, p.ExternalID, p.SendManager = "default", "mailNickname", prov.settings.SendManager
	if prov.creds.Flagged {
		p.Dialect = flag
	}
	if prov.settings.ExternalIDFromObjectID {
		p.ExternalID = "objectId"
	}
	if status != http.StatusOK {
		p.TenantURL.Value, p.Dialect = typedURL, typedDialect
		p.SendManager, p.ExternalID = formValue(r, "send_manager") == "on", formValue(r, "external_id")
	}
	p.Token, p.HasToken = field{Error: tokenRefusal}, prov.creds.Token != ""
	p.Saved = "Not saved yet"
	if !prov.savedAt.IsZero() {
		p.Saved = "Saved " + dateTime(prov.savedAt)
	}
	if t := prov.test; t != nil {
		text := t.text
		if t.ok {
			text = "Gatehouse answered in " + milliseconds(t.took) + " and takes the token."
		}
		p.Tested = &notice{t.ok, text + " Tested at " + clock(t.at) + " UTC."}
	}
	p.strip(&prov, &dir)
	for _, m := range userMappings {
		p.Mappings = append(p.Mappings, mappingRow{m.source, m.path})
	}
	if prov.settings.SendManager {
		p.Mappings = append(p.Mappings, mappingRow{"manager", pathManager})
	}
	for _, person := range dir.people {
		p.People = append(p.People, option{"user:" + person.ID, person.DisplayName + ", " + person.address()})
	}
	for _, g := range dir.groups {
		p.Groups = append(p.Groups, option{"group:" + g.ID, g.Name})
	}
	if e, ok := prov.entry(prov.demand); ok {
		p.Demand = &entryView{Title: e.Name + ": " + e.Result, URL: entryURL(e), Steps: e.Steps}
	}
	for _, e := range prov.entries[:min(len(prov.entries), maxShownEntries)] {
		p.Log = append(p.Log, entryRow{URL: entryURL(e), Name: e.Name, Kind: e.Kind, Action: e.Action, Result: e.Result, Why: e.Why, When: clock(e.At)})
	}
	a.render(w, r, status, provisioningView(p))
}

// strip fills in where things stand.
func (p *provisioningPage) strip(prov *provisioning, dir *directory) {
	p.Cycle, p.LastCycle = "None yet", "Never"
	p.LogNote = "Nothing was sent yet. Test Connection makes the first two requests."
	if len(prov.entries) > 0 {
		p.LogNote = "The newest first. Each line opens its requests and answers."
	}
	if s := prov.last; s != nil {
		kind := "Incremental"
		if s.initial {
			kind = "Initial"
		}
		p.Cycle, p.LastCycle = kind+", done", dateTime(s.at)
		if s.failures > 0 {
			p.Cycle = kind + ", " + count(s.failures, "failure")
		}
		if s.stopped != "" {
			p.Cycle = kind + ", stopped"
		}
		p.LogNote = fmt.Sprintf("The last cycle: %s in %s.", count(s.requests, "request"), milliseconds(s.took))
	}
	want, there := 0, 0
	for _, person := range dir.people {
		if dir.inScope(person.ID) {
			want++
			if prov.users[person.ID].Active {
				there++
			}
		}
	}
	p.UsersInStep = fmt.Sprintf("%d of %d", there, want)
	want, there = 0, 0
	for _, g := range dir.groups {
		if g.Assigned {
			want++
			if _, ok := prov.groups[g.ID]; ok {
				there++
			}
		}
	}
	p.GroupsThere = fmt.Sprintf("%d of %d", there, want)
}

func entryURL(e logEntry) string { return "/provisioning/log/" + strconv.Itoa(e.ID) }

// takeCredentials keeps what was typed, or shows the form again. Test Connection keeps it too, so that nothing is typed
// twice.
func (a *Azure) takeCredentials(w http.ResponseWriter, r *http.Request) bool {
	typedURL, token, dialect := formValue(r, "tenant_url"), formValue(r, "secret_token"), formValue(r, "dialect")
	tenantURL, flagged, err := parseTenantURL(typedURL)
	urlRefusal, tokenRefusal := "", ""
	if err != nil {
		urlRefusal = sentence(err)
	}
	a.mu.Lock()
	stored := a.prov.creds.Token
	a.mu.Unlock()
	switch {
	case token == "" && stored == "":
		tokenRefusal = "Paste the Secret Token that Gatehouse showed once."
	case strings.ContainsAny(token, " \t\n"):
		tokenRefusal = "A token holds no spaces. Paste it alone, without Bearer before it."
	}
	if urlRefusal != "" || tokenRefusal != "" {
		a.renderProvisioning(w, r, http.StatusUnprocessableEntity, typedURL, urlRefusal, tokenRefusal, dialect)
		return false
	}
	a.saveCredentials(
		credentials{TenantURL: tenantURL, Token: token, Flagged: flagged || dialect == flag},
		provisionSettings{SendManager: formValue(r, "send_manager") == "on", ExternalIDFromObjectID: formValue(r, "external_id") == "objectId"},
		a.now())
	return true
}

// detached lets a run end by itself even when the browser does not wait for it.
func detached(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), runTimeout)
}

func (a *Azure) postCredentials(w http.ResponseWriter, r *http.Request) {
	if !a.takeCredentials(w, r) {
		return
	}
	ctx, cancel := detached(r)
	defer cancel()
	a.redirect(w, r, "/provisioning", a.readSchemas(ctx))
}

func (a *Azure) postTest(w http.ResponseWriter, r *http.Request) {
	if !a.takeCredentials(w, r) {
		return
	}
	ctx, cancel := detached(r)
	defer cancel()
	a.redirect(w, r, "/provisioning", a.testConnection(ctx))
}

func (a *Azure) postDemand(w http.ResponseWriter, r *http.Request) {
	kind, id, _ := strings.Cut(formValue(r, "who"), ":")
	ctx, cancel := detached(r)
	defer cancel()
	a.redirect(w, r, "/provisioning#demand", a.provisionOnDemand(ctx, kind, id))
}

func (a *Azure) postCycle(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := detached(r)
	defer cancel()
	a.redirect(w, r, "/provisioning", a.runCycle(ctx))
}

func (a *Azure) postRestart(w http.ResponseWriter, r *http.Request) {
	a.cycle.Lock()
	a.mu.Lock()
	a.prov.restart()
	a.mu.Unlock()
	a.cycle.Unlock()
	a.redirect(w, r, "/provisioning", good("Everything about Gatehouse’s users and groups is forgotten here. The next cycle matches them anew."))
}

func (a *Azure) showEntry(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id")) // no number is no entry
	a.mu.Lock()
	e, ok := a.prov.entry(id)
	a.mu.Unlock()
	if !ok {
		a.notFound(w, r)
		return
	}
	p := entryPage{Frame: a.frame(w, r, "provisioning"), Title: e.Action + ": " + e.Name, Result: e.Result, Why: e.Why, When: dateTime(e.At), Steps: e.Steps}
	if e.Kind == "Connection" {
		p.Title, p.Steps = e.Name, nil // its requests are its steps
	}
	for _, x := range e.Exchanges {
		v := exchangeView{
			Words: x.Words, Line: x.Method + " " + x.URL, Took: milliseconds(x.Took), Request: x.Request, Response: x.Response,
			OK: x.Status >= 200 && x.Status < 300, Status: "No answer",
		}
		if x.Status != 0 {
			v.Status = strings.TrimSpace(strconv.Itoa(x.Status) + " " + http.StatusText(x.Status))
		}
		p.Exchanges = append(p.Exchanges, v)
	}
	a.render(w, r, http.StatusOK, entryDetail(p))
}
