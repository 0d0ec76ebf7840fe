package handlers

import (
	"errors"
	"strings"
	"time"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// maxStepEnd is how long a value may be to stand beside its check; longer ones stand below.
const maxStepEnd = 64

// traceOf is an inspection as it is kept: every check, and every claim with what it is used for.
func traceOf(i sso.Inspection) models.LoginTrace {
	t := models.LoginTrace{ClockMillis: i.ClockDifference.Milliseconds()}
	for _, c := range i.Checks {
		check := models.LoginCheck{Title: c.Title, State: models.CheckNotReached, Got: c.Got, Want: c.Want}
		switch {
		case c.OK:
			check.State, check.Unverified = models.CheckPassed, !c.Verified
		case c.Reached:
			check.State, check.Unverified = models.CheckFailed, !c.Verified
			if c.Err != nil {
				blame(&check, c.Err)
			}
		}
		t.Checks = append(t.Checks, check)
	}
	for _, c := range i.Claims {
		t.Claims = append(t.Claims, models.LoginClaim{Name: c.Name, Values: c.Values, UsedFor: sso.UseOf(c.Name).Use})
	}
	if i.Identity != nil && i.Identity.NameID != "" {
		t.Claims = append(t.Claims, models.LoginClaim{Name: "NameID (" + sso.ShortName(i.Identity.NameIDFormat) + ")", Values: []string{i.Identity.NameID}, UsedFor: "Another way to recognise the person"})
	}
	return t
}

// blame says about a check why it failed and who changes what. An error status often carries Microsoft's own code, which says more.
func blame(check *models.LoginCheck, e *sso.Error) {
	check.State, check.Reason, check.Got, check.Want = models.CheckFailed, string(e.Reason), e.Got, e.Want
	check.Problem, check.Side, check.FixAt = e.Admin(), string(e.Side()), e.Place()
	if m, ok := microsoftStatus(e); ok {
		check.Problem, check.Side, check.FixAt = m.Admin, string(m.Side), m.FixAt
	}
}

// refusedCheck is a check that was made here, on a person or a request.
func refusedCheck(title string, r *models.LoginRefusal) models.LoginCheck {
	return models.LoginCheck{
		Title: title, State: models.CheckFailed, Reason: string(r.Reason), Problem: r.Admin, Got: r.Got, Want: r.Want, FixAt: r.FixAt, Side: sideOf(r.FixAt),
	}
}

// sideOf reads the side off the place.
func sideOf(place string) string {
	switch {
	case strings.HasPrefix(place, "Entra"):
		return string(sso.SideIdP)
	case place == "":
		return string(sso.SidePerson)
	}
	return string(sso.SideHere)
}

// sideWords name the side for a reader who is an admin here.
func sideWords(side string) string {
	switch sso.Side(side) {
	case sso.SideIdP:
		return "Your Entra admin"
	case sso.SideHere:
		return "You, here"
	}
	return "The person, by trying again"
}

// viewTrace is a kept trace as it is shown.
func viewTrace(t models.LoginTrace) views.Trace {
	var v views.Trace
	unverified := false
	for _, c := range t.Checks {
		step := views.TraceStep{State: views.StepOff, Title: c.Title, End: "Not checked"}
		switch c.State {
		case models.CheckPassed:
			step.State, step.End = views.StepOK, c.Got
			if len(c.Got) > maxStepEnd {
				step.End, step.Detail = "", c.Got
			}
			if c.Unverified && unverified {
				step.Detail = "Not covered by a valid signature."
			}
		case models.CheckFailed:
			step.State, step.End, step.Detail = views.StepBad, "", firstSentence(c.Problem)
			unverified = unverified || strings.HasPrefix(c.Reason, "signature") || strings.HasPrefix(c.Reason, "certificate")
		}
		v.Steps = append(v.Steps, step)
	}
	for _, c := range t.Failed() {
		v.Problems = append(v.Problems, views.TraceProblem{Title: c.Title, Sentence: c.Problem, Expected: c.Want, Received: c.Got, Who: sideWords(c.Side), Where: c.FixAt})
	}
	for _, c := range t.Claims {
		claim := views.TraceClaim{Name: sso.ShortName(c.Name), Value: strings.Join(c.Values, ", "), Use: c.UsedFor, Source: sso.UseOf(c.Name).Source}
		if strings.HasPrefix(c.Name, "NameID (") {
			claim.Name = c.Name
		}
		if claim.Name != c.Name {
			claim.Full = c.Name
		}
		if len(claim.Value) > 500 {
			claim.Value = strings.ToValidUTF8(claim.Value[:500], "") + "…"
		}
		if claim.Source == "" {
			claim.Source = "–"
		}
		v.Claims = append(v.Claims, claim)
	}
	return v
}

// clockWords is how the two clocks differ, empty if nothing is known.
func clockWords(t models.LoginTrace) string {
	d := time.Duration(t.ClockMillis) * time.Millisecond
	switch {
	case len(t.Checks) == 0 || t.ClockMillis == 0:
		return ""
	case d.Abs() < time.Second:
		return "The clocks agree."
	case d > 0:
		return "Its clock is " + d.Round(time.Second).String() + " ahead of ours."
	}
	return "Its clock is " + (-d).Round(time.Second).String() + " behind ours, or the response was under way that long."
}

// firstSentence is a text up to its first full stop.
func firstSentence(text string) string {
	if before, _, ok := strings.Cut(text, ". "); ok {
		return before + "."
	}
	return text
}

// forIT is a problem as text, to be pasted into a mail or ticket.
func forIT(org, reference string, at time.Time, problems []views.TraceProblem) string {
	if len(problems) == 0 {
		return ""
	}
	text := org + ", " + dateTime(at) + ", reference " + reference + "."
	for _, p := range problems {
		text += "\n\n" + p.Sentence
		if p.Expected != "" {
			text += "\nExpected: " + p.Expected
		}
		if p.Received != "" {
			text += "\nReceived: " + p.Received
		}
		text += "\nWho fixes it: " + p.Who
		if p.Where != "" {
			text += "\nWhere: " + p.Where
		}
	}
	return text
}

// asSSOError is a refusal of the protocol.
func asSSOError(err error) (*sso.Error, bool) {
	var e *sso.Error
	return e, errors.As(err, &e)
}
