package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const (
	auditPage   = 50
	auditActors = 200 // offered to choose from
	auditDate   = "2006-01-02"
)

// auditAreas are the objects of actions, in the words of the filter.
func auditAreas() []views.Option {
	return []views.Option{
		{Text: "All actions"},
		{Value: "session", Text: "Sign-ins"},
		{Value: "account", Text: "Passwords and names"},
		{Value: "member", Text: "Users"},
		{Value: "invitation", Text: "Invitations"},
		{Value: "identity", Text: "Linked identities"},
		{Value: "team", Text: "Teams"},
		{Value: "sso_connection", Text: "SSO connection"},
		{Value: "sso_certificate", Text: "Certificates"},
		{Value: "sso_metadata", Text: "Metadata address"},
		{Value: "sso_request_key", Text: "Request signing"},
		{Value: "sso_test", Text: "Test sign-ins"},
		{Value: "diagnostic_link", Text: "Diagnostic links"},
		{Value: "activity", Text: "Messages looked at"},
		{Value: "domain", Text: "Domains"},
		{Value: "deactivation_burst", Text: "Mass deactivations"},
		{Value: "scim_token", Text: "SCIM tokens"},
		{Value: "scim_client_secret", Text: "SCIM client secrets"},
		{Value: "organization", Text: "Organization"},
	}
}

// auditQuery is what the address asks of the log, once for the page and once for the export.
type auditQuery struct {
	filter models.AuditFilter
	view   views.AuditFilter
	about  string // the member whose history it is
}

// auditQuery reads the filter; ok is false when a date cannot be read, which stands beside it.
func readAuditQuery(c echo.Context) (q auditQuery, ok bool) {
	q.view = views.AuditFilter{
		Query: c.QueryParam("q"), Areas: auditAreas(), Actor: c.QueryParam("actor"),
		From: views.Field{Value: c.QueryParam("from")}, To: views.Field{Value: c.QueryParam("to")},
	}
	q.view.Area = choice(q.view.Areas, c.QueryParam("area"))
	q.filter = models.AuditFilter{Text: strings.TrimSpace(q.view.Query), Action: q.view.Area}
	switch kind, id, _ := strings.Cut(q.view.Actor, ":"); models.ActorKind(kind) {
	case "about":
		q.about, q.filter.MemberID = id, id
	case models.Person, models.SCIM, models.Operator, models.System, models.IdP, models.Anonymous:
		q.filter.ActorKind, q.filter.ActorID = models.ActorKind(kind), id
	default:
		q.view.Actor = ""
	}
	ok = true
	for _, f := range []*views.Field{&q.view.From, &q.view.To} {
		if f.Value == "" {
			continue
		}
		at, err := time.Parse(auditDate, f.Value)
		switch {
		case err != nil:
			f.Error, ok = "Write the date as 2026-11-24.", false
		case f == &q.view.From:
			q.filter.From = at
		default:
			q.filter.To = at.AddDate(0, 0, 1) // the day itself counts
		}
	}
	if ok && !q.filter.From.IsZero() && !q.filter.To.IsZero() && !q.filter.From.Before(q.filter.To) {
		q.view.To.Error, ok = "This is before the first day.", false
	}
	q.view.Active = q.view.Query != "" || q.view.Area != "" || q.view.Actor != "" || q.view.From.Value != "" || q.view.To.Value != ""
	return q, ok
}

// values is the filter as the query of an address.
func (q auditQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"q": q.view.Query, "area": q.view.Area, "actor": q.view.Actor, "from": q.view.From.Value, "to": q.view.To.Value} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

func (q auditQuery) url(path, name, value string) string {
	v := q.values()
	v.Set(name, value)
	return path + "?" + v.Encode()
}

func (s *Server) auditLogPage(c echo.Context) error {
	ctx := c.Request().Context()
	q, ok := readAuditQuery(c)
	shell, err := s.shell(c, views.NavAuditLog)
	if err != nil {
		return err
	}
	p := views.AuditLogPage{Shell: shell, Filter: q.view, ExportCSV: q.url(auditPath+"/export", "format", "csv"), ExportND: q.url(auditPath+"/export", "format", "ndjson")}
	if p.Filter.Actors, err = s.actorOptions(c, q); err != nil {
		return err
	}
	if !ok {
		return render(c, http.StatusUnprocessableEntity, views.AuditLog(p))
	}
	total, err := s.db.CountAuditEvents(ctx, orgID(c), q.filter)
	if err != nil {
		return err
	}
	p.Total = count(total, "event", "events")
	if q.view.Active {
		p.Total = count(total, "event matches", "events match")
	}
	f := q.filter
	f.After, f.Before, f.Limit = c.QueryParam("after"), c.QueryParam("before"), auditPage+1
	if f.After != "" {
		f.Before = ""
	}
	events, err := s.db.AuditEvents(ctx, orgID(c), f)
	if err != nil {
		return err
	}
	more := len(events) > auditPage
	switch {
	case more && f.Before != "":
		events = events[1:]
	case more:
		events = events[:auditPage]
	}
	if len(events) > 0 {
		if f.After != "" || f.Before != "" && more {
			p.Pager.PreviousURL = q.url(auditPath, "before", events[0].ID)
		}
		if f.Before != "" || more {
			p.Pager.NextURL = q.url(auditPath, "after", events[len(events)-1].ID)
		}
	}
	p.Days = auditDays(s.db.Now(), events)
	return render(c, http.StatusOK, views.AuditLog(p))
}

// actorOptions are who can be chosen: people and directories that appear in the log, the kinds that have no name, and whom the page is about.
func (s *Server) actorOptions(c echo.Context, q auditQuery) ([]views.Option, error) {
	ctx := c.Request().Context()
	options := []views.Option{{Text: "Any actor"}}
	if q.about != "" {
		text := "About one person"
		m, err := s.db.Member(ctx, orgID(c), q.about)
		switch {
		case err == nil:
			text = "By or about " + m.Label()
		case !models.IsKind(err, models.NotFound): // somebody deleted still has a history
			return nil, err
		}
		options = append(options, views.Option{Value: q.view.Actor, Text: text})
	}
	actors, err := s.db.AuditActors(ctx, orgID(c), auditActors)
	for _, a := range actors {
		text := a.Label
		if a.Kind == models.SCIM {
			text = "Entra (token “" + a.Label + "”)"
		}
		options = append(options, views.Option{Value: string(a.Kind) + ":" + a.ID, Text: text})
	}
	return append(options, views.Option{Value: string(models.IdP), Text: "The identity provider"}, views.Option{Value: string(models.Operator), Text: "The operator"},
		views.Option{Value: string(models.System), Text: "Gatehouse"}, views.Option{Value: string(models.Anonymous), Text: "Nobody signed in"}), err
}

// auditDays puts events, newest first, under their days.
func auditDays(now time.Time, events []models.AuditEvent) []views.AuditDay {
	var days []views.AuditDay
	title := ""
	for i := range events {
		e := &events[i]
		if t := dayTitle(now, e.At); t != title {
			title = t
			days = append(days, views.AuditDay{Title: t})
		}
		last := &days[len(days)-1]
		last.Events = append(last.Events, auditRow(e))
	}
	return days
}

func dayTitle(now, t time.Time) string {
	text := t.UTC().Format("2 January")
	if t.UTC().Year() != now.UTC().Year() {
		text = t.UTC().Format("2 January 2006")
	}
	switch daysBetween(t, now) {
	case 0:
		return "Today, " + text
	case 1:
		return "Yesterday, " + text
	}
	return t.UTC().Format("Monday, ") + text
}

func auditRow(e *models.AuditEvent) views.AuditEvent {
	told := sayEvent(e)
	changes, single := eventDetails(e)
	row := views.AuditEvent{ID: e.ID, Icon: told.icon, Tone: told.tone, Sentence: told.sentence, Area: areaWord(e.Action), Time: clockTime(e.At), Changes: changes, Facts: single}
	var detail []string
	if len(changes) > 0 {
		detail = append(detail, count(len(changes), "field", "fields"))
	}
	if e.ActorIP != "" {
		detail = append(detail, e.ActorIP)
	}
	row.Detail = strings.Join(detail, ", ")
	row.Facts = append(row.Facts, views.Fact{Label: "Actor", Value: actorName(e)}, views.Fact{Label: "At", Value: e.At.UTC().Format("2 Jan 2006, 15:04:05 UTC")})
	if e.ActorIP != "" {
		row.Facts = append(row.Facts, views.Fact{Label: "From", Value: e.ActorIP, Mono: true})
	}
	row.Facts = append(row.Facts, views.Fact{Label: "Action", Value: e.Action, Mono: true}, views.Fact{Label: "Event", Value: e.ID, Mono: true})
	return row
}

func areaWord(action string) string {
	object, _, _ := strings.Cut(action, ".")
	for _, o := range auditAreas() {
		if o.Value == object {
			return o.Text
		}
	}
	return ""
}
