package handlers

import (
	"errors"
	"strconv"
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
	t.Claims = traceClaims(i.Claims, i.Identity)
	return t
}

// traceClaims are claims with what each is used for, then the NameID of an identity that was verified.
func traceClaims(claims []sso.Claim, identity *sso.Identity) []models.LoginClaim {
	list := make([]models.LoginClaim, 0, len(claims)+1)
	for _, c := range claims {
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = sso.Printable(v)
		}
		list = append(list, models.LoginClaim{Name: sso.Printable(c.Name), Values: values, UsedFor: sso.UseOf(c.Name).Use})
	}
	if identity != nil && identity.NameID != "" {
		list = append(list, models.LoginClaim{Name: "NameID (" + sso.Printable(sso.ShortName(identity.NameIDFormat)) + ")", Values: []string{sso.Printable(identity.NameID)}, UsedFor: "Another way to recognise the person"})
	}
	return list
}

// maxBriefValue and maxBriefClaims bound what is kept of each sign-in that succeeds: of many groups, some and their number.
const (
	maxBriefClaims = 30
	maxBriefValues = 5
	maxBriefValue  = 200
)

// briefClaims are the claims of a sign-in that succeeds.
func briefClaims(i *sso.Identity) []models.LoginClaim {
	list := traceClaims(i.Claims[:min(len(i.Claims), maxBriefClaims)], i)
	for n := range list {
		values := list[n].Values
		brief := make([]string, 0, min(len(values), maxBriefValues+1))
		for _, v := range values[:min(len(values), maxBriefValues)] {
			if len(v) > maxBriefValue {
				v = strings.ToValidUTF8(v[:maxBriefValue], "") + "…"
			}
			brief = append(brief, v)
		}
		if more := len(values) - len(brief); more > 0 {
			brief = append(brief, "and "+strconv.Itoa(more)+" more")
		}
		list[n].Values = brief
	}
	return list
}

// allPassed are the checks of a response that passed them all.
func allPassed() []views.TraceStep {
	titles := sso.CheckTitles()
	steps := make([]views.TraceStep, len(titles))
	for i, title := range titles {
		steps[i] = views.TraceStep{State: views.StepOK, Title: title}
	}
	return steps
}

// personStep is the check on the person after those of the response: of the one who got in, or of why somebody did not.
func personStep(ok bool, reason, problem string) views.TraceStep {
	title := "The person may come in"
	switch models.RefusalReason(reason) {
	case models.RefusedDomainUnverified, models.RefusedDomainLapsed:
		title = "The domain is claimed here"
	case models.RefusedOtherBrowser, models.RefusedCookiesBlocked, models.RefusedReplayed, models.RefusedCodeExpired, models.RefusedUnknownRequest:
		title = "Brought once, in time, by the browser that began it"
	case models.RefusedSSOOff, models.RefusedConnectionRemoved, models.RefusedConnectionChanged:
		title = "The connection was not changed meanwhile"
	}
	if ok {
		return views.TraceStep{State: views.StepOK, Title: title}
	}
	return views.TraceStep{State: views.StepBad, Title: title, Detail: firstSentence(problem)}
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
		claim := views.TraceClaim{Name: sso.ShortName(c.Name), Value: claimValue(c.Values), Use: c.UsedFor, Source: sso.UseOf(c.Name).Source}
		if strings.HasPrefix(c.Name, "NameID (") {
			claim.Name = c.Name
		}
		if claim.Name != c.Name {
			claim.Full = c.Name
		}
		if claim.Source == "" {
			claim.Source = "–"
		}
		v.Claims = append(v.Claims, claim)
	}
	return v
}

// maxClaimText is how much of a claim's values stands in the table.
const maxClaimText = 500

// claimValue is a claim as it is shown: of many values, as groups have, how many there are and the first few.
func claimValue(values []string) string {
	before, after := "", ""
	if len(values) > maxBriefValues+1 {
		before, after = strconv.Itoa(len(values))+" values: ", " and "+strconv.Itoa(len(values)-maxBriefValues)+" more"
		values = values[:maxBriefValues]
	}
	text := strings.Join(values, ", ")
	if len(text) > maxClaimText {
		text = strings.ToValidUTF8(text[:maxClaimText], "") + "…"
	}
	return before + text + after
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
