package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const (
	activityPath = accessPath + "/activity"
	activityRows = 25
)

func activityURL(id string) string { return activityPath + "/" + url.PathEscape(id) }

// The values of the filter.
const (
	activityTests    = "test"
	activityProblems = "problems"
)

func activityKinds() []views.Option {
	return []views.Option{{Text: "Everything"}, {Value: models.ActivitySignIn, Text: "Sign-ins"}, {Value: activityTests, Text: "Test sign-ins"}, {Value: models.ActivityProvisioning, Text: "Provisioning"}}
}

// activityPage lists every attempt, newest first.
func (s *Server) activityPage(c echo.Context) error {
	ctx := c.Request().Context()
	p, err := s.activityFrame(c)
	if err != nil {
		return err
	}
	p.Filter = views.ActivityFilter{
		Query: strings.TrimSpace(c.QueryParam("q")), Kinds: activityKinds(), Results: []views.Option{{Text: "Any result"}, {Value: activityProblems, Text: "Problems only"}},
	}
	p.Filter.Kind, p.Filter.Result = choice(p.Filter.Kinds, c.QueryParam("kind")), choice(p.Filter.Results, c.QueryParam("result"))
	if err := s.narrowActivity(c, &p.Filter); err != nil {
		return err
	}
	p.Filter.Active = p.Filter.Member != "" || p.Filter.Token != "" || p.Filter.When != "" || p.Filter.Query != "" || p.Filter.Kind != "" || p.Filter.Result != ""
	f := models.ActivityFilter{Text: p.Filter.Query, Problems: p.Filter.Result == activityProblems, After: c.QueryParam("after"), Before: c.QueryParam("before"), Limit: activityRows + 1}
	f.MemberID, f.Token, f.From = p.Filter.Member, p.Filter.Token, activitySince(s.db.Now(), p.Filter.When)
	f.Folded = f.Text == "" // a reference finds its own entry, even if a newer one counts it
	switch p.Filter.Kind {
	case activityTests:
		f.Tests = true
	default:
		f.Kind = p.Filter.Kind
	}
	if f.After != "" {
		f.Before = ""
	}
	rows, err := s.db.Activities(ctx, orgID(c), f)
	if err != nil {
		return err
	}
	more := len(rows) > activityRows
	switch {
	case more && f.Before != "":
		rows = rows[1:]
	case more:
		rows = rows[:activityRows]
	}
	page := func(name, id string) string {
		v := url.Values{name: {id}}
		for key, value := range map[string]string{"q": p.Filter.Query, "kind": p.Filter.Kind, "result": p.Filter.Result, "when": p.Filter.When, "token": p.Filter.Token, "member": p.Filter.Member} {
			if value != "" {
				v.Set(key, value)
			}
		}
		return activityPath + "?" + v.Encode()
	}
	p.Pager.Summary = "Kept for " + length(models.ActivityLife)
	if len(rows) > 0 {
		if f.After != "" || f.Before != "" && more {
			p.Pager.PreviousURL = page("before", rows[0].ID)
		}
		if f.Before != "" || more {
			p.Pager.NextURL = page("after", rows[len(rows)-1].ID)
		}
	}
	if p.Days, err = s.activityDays(c, p.Shell.Organization.Name, rows); err != nil {
		return err
	}
	if more && !p.Filter.Active && f.After == "" && f.Before == "" {
		if err := s.pinProblems(c, &p, rows[len(rows)-1].ID); err != nil {
			return err
		}
	}
	// A reference finds one entry: it is what the reader came for.
	if len(rows) == 1 && p.Filter.Query != "" {
		p.Days[0].Entries[0].Open = true
	}
	return render(c, http.StatusOK, views.Activity(p))
}

// pinnedProblems is how many problems of the last week are shown before everything else if they would be further down.
const pinnedProblems = 5

// pinProblems puts the latest problems behind an entry on top: a busy directory pushes them off the first page within minutes.
func (s *Server) pinProblems(c echo.Context, p *views.ActivityPage, after string) error {
	now := s.db.Now()
	rows, err := s.db.Activities(c.Request().Context(), orgID(c), models.ActivityFilter{Problems: true, Folded: true, From: now.Add(-7 * day), After: after, Limit: pinnedProblems})
	if err != nil || len(rows) == 0 {
		return err
	}
	days, err := s.activityDays(c, p.Shell.Organization.Name, rows)
	if err != nil {
		return err
	}
	pinned := views.ActivityDay{Title: "Problems further down, of the last 7 days"}
	at := map[string]time.Time{}
	for i := range rows {
		at[rows[i].ID] = rows[i].At
	}
	for _, d := range days {
		for _, e := range d.Entries {
			e.Time = sinceWords(now, at[e.ID])
			pinned.Entries = append(pinned.Entries, e)
		}
	}
	p.Days = append([]views.ActivityDay{pinned}, p.Days...)
	return nil
}

// activityEntryPage is one attempt under its own address.
func (s *Server) activityEntryPage(c echo.Context) error {
	a, err := s.db.Activity(c.Request().Context(), orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.renderEntry(c, a, "")
}

// activityRaw shows the message behind an attempt; that somebody looked is audited.
func (s *Server) activityRaw(c echo.Context) error {
	a, raw, err := s.db.ViewRaw(c.Request().Context(), actor(c), orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.renderEntry(c, a, raw)
}

func (s *Server) renderEntry(c echo.Context, a *models.Activity, raw string) error {
	p, err := s.activityFrame(c)
	if err != nil {
		return err
	}
	p.Single = true
	if p.Days, err = s.activityDays(c, p.Shell.Organization.Name, []models.Activity{*a}); err != nil {
		return err
	}
	p.Days[0].Entries[0].Open, p.Days[0].Entries[0].Raw = true, raw
	return render(c, http.StatusOK, views.Activity(p))
}

func (s *Server) activityFrame(c echo.Context) (views.ActivityPage, error) {
	a, err := s.access(c.Request().Context(), orgID(c))
	if err != nil {
		return views.ActivityPage{}, err
	}
	shell, head, err := s.frame(c, a, activityPath)
	return views.ActivityPage{Shell: shell, Access: head}, err
}

// activityDays puts attempts, newest first, under their days.
func (s *Server) activityDays(c echo.Context, org string, rows []models.Activity) ([]views.ActivityDay, error) {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	var has map[string]bool
	if len(ids) > 0 {
		var err error
		if has, err = s.db.HasRaw(c.Request().Context(), orgID(c), ids); err != nil {
			return nil, err
		}
	}
	now := s.db.Now()
	var days []views.ActivityDay
	title := ""
	seen := map[string]int{} // where the repetitions of a failure are counted, on this day
	for i := range rows {
		if t := dayTitle(now, rows[i].At); t != title {
			title = t
			clear(seen)
			days = append(days, views.ActivityDay{Title: t})
		}
		last := &days[len(days)-1]
		same := repetition(&rows[i])
		if at, ok := seen[same]; ok && same != "" {
			fold(now, &last.Entries[at], &rows[i])
			continue
		}
		seen[same] = len(last.Entries)
		entry := activityEntry(now, org, &rows[i])
		entry.HasRaw = has[rows[i].ID]
		last.Entries = append(last.Entries, entry)
	}
	return days, nil
}

// activityEntry tells one attempt in words.
func activityEntry(now time.Time, org string, a *models.Activity) views.ActivityEntry {
	if a.Kind == models.ActivityProvisioning {
		return provisioningEntry(now, org, a)
	}
	detail := a.Facts()
	_, test := detail["test"]
	trace := a.LoginTrace()
	e := views.ActivityEntry{
		ID: a.ID, Icon: "log-in", Tone: views.ToneOK, Sentence: strings.TrimSuffix(a.Sentence, "."), Result: views.Pill{Text: "Done", Tone: views.ToneOK},
		Time: clockTime(a.At), Trace: viewTrace(trace), Reference: a.Reference,
	}
	browser, _ := device(a.UserAgent)
	e.Detail = strings.Join([]string{"Sign-in", browser, a.IP}, ", ")
	if test {
		e.Icon, e.Result.Text = "flask-conical", "Test passed"
		e.Detail = strings.Join([]string{"Test sign-in", browser, a.IP}, ", ")
	}
	if !a.OK {
		e.Icon, e.Tone, e.Result = "x", views.ToneBad, views.Pill{Text: "Refused", Tone: views.ToneBad}
		who := a.Who
		if who == "" {
			who = "Somebody"
		}
		did := " could not sign in: "
		if test {
			did, e.Result.Text = " would not get in: ", "Test failed"
		}
		e.Sentence = who + did + lowerStart(strings.TrimSuffix(firstSentence(a.Sentence), "."))
		if len(e.Trace.Problems) == 0 {
			// Refused after every check of the response: what stands against the person or the request.
			if len(e.Trace.Steps) > 0 {
				e.Trace.Steps = append(e.Trace.Steps, personStep(false, a.Reason, a.Sentence))
			}
			place, _ := detail["fix_at"].(string)
			side, _ := detail["side"].(string)
			if side == "" {
				side = sideOf(place)
			}
			got, _ := detail["received"].(string)
			want, _ := detail["expected"].(string)
			e.Trace.Problems = []views.TraceProblem{{Sentence: a.Sentence, Expected: want, Received: got, Who: sideWords(side), Where: place}}
		}
		e.ForIT = forIT(org, a.Reference, a.At, e.Trace.Problems)
		if canShare(a) {
			e.ShareURL = shareURL(a.ID)
		}
	}
	if a.OK && !test && a.Reason == models.MethodSSO {
		if len(trace.Checks) == 0 {
			e.Trace.Steps = allPassed()
		}
		e.Trace.Steps = append(e.Trace.Steps, personStep(true, "", ""))
	}
	if trace.Outcome != "" && a.OK {
		e.Explanation = trace.Outcome + "."
	}
	e.Facts = append(activityFacts(detail), views.Fact{Label: "When", Value: agoExact(now, a.At)})
	if a.Reason != "" {
		e.Facts = append(e.Facts, views.Fact{Label: "Reason", Value: a.Reason, Mono: true})
	}
	tellUnsolicited(&e, a, detail)
	tellSignOut(&e, a, detail)
	return e
}

// factLabels name what is kept about a sign-in.
var factLabels = map[string]string{
	"email": "E-mail", "email_from": "E-mail from the claim", "first_name_from": "First name from the claim", "last_name_from": "Last name from the claim", "issuer": "Issuer",
	"name_id": "NameID", "name_id_format": "NameID format", "object_id": "Object ID", "second_factor": "Second factor used there", "certificate_sha256": "Certificate (SHA-256)",
	"claimed_issuer": "Issuer, as claimed", "claimed_certificate_sha1": "Certificate (SHA-1), as claimed",
}

func activityFacts(detail models.Facts) []views.Fact {
	var list []views.Fact
	for name, label := range factLabels {
		value := factText(detail[name])
		if b, ok := detail[name].(bool); ok {
			value = map[bool]string{true: "Yes", false: "No"}[b]
		}
		if many, ok := detail[name].([]any); ok {
			words := make([]string, len(many))
			for i, w := range many {
				words[i] = fmt.Sprint(w)
			}
			value = strings.Join(words, ", ")
		}
		if value != "" {
			list = append(list, views.Fact{Label: label, Value: value, Mono: strings.ContainsAny(value, ":/")})
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Label < list[j].Label })
	return list
}

// lowerStart lets a sentence go on after a colon. Abbreviations and names keep their capitals.
func lowerStart(s string) string {
	for _, word := range []string{"The ", "A ", "An ", "Another ", "No ", "Nobody ", "Somebody ", "What ", "There ", "This "} {
		if strings.HasPrefix(s, word) {
			return strings.ToLower(s[:1]) + s[1:]
		}
	}
	return s
}
