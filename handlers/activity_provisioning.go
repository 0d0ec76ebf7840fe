package handlers

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

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
		e.Links = append(e.Links, views.Link{Text: "Open " + cmp.Or(a.Who, "the person"), URL: "/settings/users/" + url.PathEscape(a.MemberID)})
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
func fold(e *views.ActivityEntry, older *models.Activity) {
	e.Times++
	e.Since = clockTime(older.At)
}
