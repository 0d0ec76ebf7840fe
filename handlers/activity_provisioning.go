package handlers

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// provisioningEntry tells one request of a directory.
func provisioningEntry(now time.Time, org string, a *models.Activity) views.ActivityEntry {
	detail := a.Facts()
	text := func(name string) string {
		s, _ := detail[name].(string)
		return s
	}
	number := func(name string) string {
		n, ok := detail[name].(float64)
		if !ok {
			return ""
		}
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	e := views.ActivityEntry{
		ID: a.ID, Icon: "refresh-cw", Tone: views.ToneOK, Sentence: strings.TrimSuffix(a.Sentence, "."), Result: views.Pill{Text: "Done", Tone: views.ToneOK},
		Time: clockTime(a.At), Reference: a.Reference, Detail: strings.Join(nonEmpty("Provisioning", text("token"), a.IP), ", "),
	}
	if a.Times > 1 {
		e.Times = a.Times - 1
		if a.Since != nil {
			e.Since = sinceWords(now, *a.Since)
		}
	}
	if !a.OK {
		e.Icon, e.Tone, e.Result = "x", views.ToneBad, views.Pill{Text: "Refused", Tone: views.ToneBad}
		side, where := "Your Entra admin", text("hint")
		if strings.HasPrefix(where, "Nothing to change") {
			side = "Nobody"
		}
		if a.Reason == "not_recorded" {
			e.Result, side = views.Pill{Text: "Not recorded", Tone: views.ToneWarn}, "Nobody"
		}
		e.Trace.Problems = []views.TraceProblem{{Sentence: a.Sentence, Who: side, Where: where}}
		e.ForIT = forIT(org, a.Reference, a.At, e.Trace.Problems)
	}
	for _, f := range []views.Fact{
		{Label: "Request", Value: strings.TrimSpace(text("method") + " " + text("path")), Mono: true},
		{Label: "Filter", Value: text("filter"), Mono: true},
		{Label: "Part of a bulk request", Value: text("part")},
		{Label: "Id in the directory's log", Value: text("correlation"), Mono: true},
		{Label: "Answer", Value: number("status"), Mono: true},
		{Label: "Took", Value: number("ms")},
		{Label: "Reason", Value: a.Reason, Mono: true},
		{Label: "When", Value: agoExact(now, a.At)},
	} {
		if f.Label == "Took" && f.Value != "" {
			f.Value += " ms"
		}
		if f.Value != "" {
			e.Facts = append(e.Facts, f)
		}
	}
	if a.MemberID != "" {
		e.Links = append(e.Links, views.Link{Text: "Open " + cmp.Or(a.Who, "the person"), URL: "/settings/users/" + url.PathEscape(a.MemberID)},
			views.Link{Text: "Everything about them", URL: activityPath + "?member=" + url.QueryEscape(a.MemberID)})
	}
	if team := text("team"); team != "" {
		e.Links = append(e.Links, views.Link{Text: "Open the team", URL: "/settings/teams/" + url.PathEscape(team)})
	}
	return e
}

func nonEmpty(words ...string) []string {
	var list []string
	for _, w := range words {
		if w != "" {
			list = append(list, w)
		}
	}
	return list
}

// repetition is the same for failures that are the same again, as directories send them every cycle until somebody mends the cause; ""
// for everything else.
func repetition(a *models.Activity) string {
	if a.Kind != models.ActivityProvisioning || a.OK || a.Reason == "not_recorded" {
		return ""
	}
	return a.MemberID + "\x00" + a.Sentence
}

// fold counts an older repetition in the entry of the newest.
func fold(now time.Time, e *views.ActivityEntry, older *models.Activity) {
	e.Times += max(older.Times, 1)
	since := older.At
	if older.Since != nil {
		since = *older.Since
	}
	e.Since = sinceWords(now, since)
}

// sinceWords is a time of the last days as people say it.
func sinceWords(now, t time.Time) string {
	switch days := daysBetween(t, now); {
	case days == 0:
		return clockTime(t)
	case days < 7:
		return t.UTC().Format("Monday, 15:04")
	}
	return t.UTC().Format("2 January")
}

// The values of the filter by time.
const (
	activityDay  = "day"
	activityWeek = "week"
)

func activityWhens() []views.Option {
	return []views.Option{{Text: "Any time"}, {Value: activityDay, Text: "Last 24 hours"}, {Value: activityWeek, Text: "Last 7 days"}}
}

func activitySince(now time.Time, when string) time.Time {
	switch when {
	case activityDay:
		return now.Add(-day)
	case activityWeek:
		return now.Add(-7 * day)
	}
	return time.Time{}
}

// narrowActivity reads the filters by time, token and person, and what there is to choose from.
func (s *Server) narrowActivity(c echo.Context, f *views.ActivityFilter) error {
	ctx := c.Request().Context()
	f.Whens = activityWhens()
	f.When = choice(f.Whens, c.QueryParam("when"))
	tokens, err := s.db.SCIMTokens(ctx, orgID(c))
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := range tokens {
		if name := tokens[i].Name; !seen[name] {
			seen[name] = true
			f.Tokens = append(f.Tokens, views.Option{Value: name, Text: name})
		}
	}
	if len(f.Tokens) > 0 {
		f.Tokens = append([]views.Option{{Text: "Any token"}}, f.Tokens...)
		f.Token = choice(f.Tokens, c.QueryParam("token"))
	}
	id := c.QueryParam("member")
	if id == "" {
		return nil
	}
	m, err := s.db.Member(ctx, orgID(c), id)
	switch {
	case models.IsKind(err, models.NotFound): // deleted since: what is told about them stays
		f.Member, f.Person = id, "this person"
	case err != nil:
		return err
	default:
		f.Member, f.Person = id, m.Label()
	}
	return nil
}
