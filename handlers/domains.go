package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/domains"
	"gatehouse/models"
	"gatehouse/views"
)

// domainURL is the page of the domains with the record of one of them.
func domainURL(id string) string { return domainsPath + "?domain=" + url.QueryEscape(id) }

// claimURL is the page of the domains with the form filled in.
func claimURL(domain string) string { return domainsPath + "?claim=" + url.QueryEscape(domain) }

func (s *Server) domainsPage(c echo.Context) error {
	form := views.ClaimForm{Domain: views.Field{Value: c.QueryParam("claim")}, StepUp: s.stepUpNeeded(c)}
	if form.Domain.Value == "" {
		suggestion, err := s.firstDomain(c)
		if err != nil {
			return err
		}
		form.Domain.Value = suggestion
	}
	return s.renderDomains(c, http.StatusOK, form, c.QueryParam("domain"))
}

// firstDomain is the domain of the person's own address while nothing is claimed yet, empty where it could not be claimed.
func (s *Server) firstDomain(c echo.Context) (string, error) {
	claimed, err := s.db.Domains(c.Request().Context(), orgID(c))
	if err != nil || len(claimed) > 0 {
		return "", err
	}
	_, own, _ := strings.Cut(signedIn(c).Member.Address(), "@")
	if own, _, err = domains.Normalize(own); err != nil {
		return "", nil
	}
	return own, nil
}

// renderDomains is the page of the domains; shown is the id of the one whose record is open, if any.
func (s *Server) renderDomains(c echo.Context, status int, form views.ClaimForm, shown string) error {
	a, err := s.access(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	shell, head, err := s.frame(c, a, domainsPath)
	if err != nil {
		return err
	}
	p := views.DomainsPage{Shell: shell, Access: head, Claim: form}
	for i := range a.domains {
		d := &a.domains[i]
		p.Domains = append(p.Domains, a.domainRow(d))
		if d.ID == shown {
			record := a.domainRecord(d)
			p.Record = &record
		}
	}
	if shown != "" && p.Record == nil {
		return &models.Error{Kind: models.NotFound, Message: "There is no such domain in this organization. It may have been removed meanwhile."}
	}
	return render(c, status, views.Domains(p))
}

func lapseEnd(d *models.Domain) time.Time { return d.LapsingSince.Add(models.LapseGrace) }

func (a *access) domainState(d *models.Domain) views.Pill {
	switch {
	case d.ClaimedElsewhere:
		return views.Pill{Text: "Claimed by another organization", Tone: views.ToneBad}
	case d.Status == models.DomainVerified:
		return views.Pill{Text: "Verified", Tone: views.ToneOK}
	case d.Status == models.DomainLapsing:
		return views.Pill{Text: "Lapsing, " + count(max(daysBetween(a.now, lapseEnd(d)), 0), "day", "days") + " left", Tone: views.ToneWarn}
	case d.Status == models.DomainLapsed:
		return views.Pill{Text: "Lapsed", Tone: views.ToneBad}
	}
	return views.Pill{Text: "Waiting for DNS", Tone: views.ToneInfo}
}

func (a *access) domainRow(d *models.Domain) views.Domain {
	row := views.Domain{ID: d.ID, Name: d.Domain, State: a.domainState(d), Used: count(d.Members, "member", "members"), Checked: "Not yet"}
	if d.Held > 0 {
		row.Used += ", " + thousands(d.Held) + " held"
	}
	if d.CheckedAt != nil {
		row.Checked = upperFirst(ago(a.now, *d.CheckedAt))
	}
	switch {
	case d.ClaimedElsewhere:
		row.Reason = "Another organization on this server has verified it. Its owner must remove it there first."
	case vouched(d):
		row.Reason = "The operator of this server vouched for it; no record is needed."
	case d.Status == models.DomainLapsing:
		row.Reason = "The record is gone. Put it back by " + date(lapseEnd(d)) + "; until then nothing changes."
	case d.Status == models.DomainLapsed:
		row.Reason = "The record is gone. People who signed in before still can; new ones cannot."
	case d.Status == models.DomainWaiting:
		row.Reason = waitingFor(d.Reason)
	}
	if a.sso.Enabled && d.Counts() && len(a.verified()) == 1 {
		row.Removal = "The last verified domain while single sign-on is on. Turn single sign-on off first, or verify another domain."
	}
	return row
}

func vouched(d *models.Domain) bool {
	return d.Status == models.DomainVerified && d.VerifiedBy != nil && *d.VerifiedBy == "operator"
}

// waitingFor is the reason of the last look in a few words; the record card has the whole sentence.
func waitingFor(reason string) string {
	switch reason {
	case "":
		return "Not looked at yet."
	case domains.ReasonNothingFound:
		return "No record of ours is there yet."
	case domains.ReasonDoubledName:
		return "The record is one level too deep."
	case domains.ReasonOtherToken:
		return "There is a record of ours, with another token."
	case domains.ReasonQuotesOrSpaces:
		return "The value has quotes or spaces in it."
	case domains.ReasonHiddenByCNAME:
		return "A CNAME hides the record."
	case domains.ReasonServersDisagree:
		return "The domain’s name servers do not all have the record yet."
	case domains.ReasonNoSuchZone:
		return "This domain does not exist in DNS."
	case domains.ReasonResolverNoAnswer:
		return "DNS did not answer."
	}
	return "Not verified yet."
}

func (a *access) domainRecord(d *models.Domain) views.DomainRecord {
	record := domains.NewRecord(d.Domain, d.Token)
	r := views.DomainRecord{
		ID: d.ID, Domain: d.Domain, State: a.domainState(d), Short: record.Short, Value: record.Value,
		Verified: d.Status == models.DomainVerified, Checked: "Not looked at yet.",
	}
	if d.CheckedAt != nil {
		r.Checked = "Checked " + ago(a.now, *d.CheckedAt) + "."
	}
	if d.NextCheckAt != nil && d.NextCheckAt.After(a.now) {
		r.Checked += " We look again by ourselves " + within(d.NextCheckAt.Sub(a.now)) + "."
	}
	switch {
	case vouched(d):
		r.Hint = "The operator of this server vouched for this domain; no record is needed."
	case !r.Verified && d.Reason != "":
		r.Reason, r.Fix = "Not verified yet.", d.Sentence
	}
	for _, value := range d.SeenValues() {
		r.Seen = append(r.Seen, views.SeenRecord{Text: "TXT “" + value + "”", Verdict: verdict(d, record.Value, value)})
	}
	return r
}

// verdict says what one value that was seen is to us.
func verdict(d *models.Domain, want, value string) views.Pill {
	prefix, _, _ := strings.Cut(want, "=")
	switch {
	case value != want && value != d.Token && strings.Contains(value, d.Token):
		return views.Pill{Text: "Right token, with something around it", Tone: views.ToneWarn}
	case value == want || value == d.Token:
		if d.Reason == domains.ReasonDoubledName {
			return views.Pill{Text: "Right value, wrong name", Tone: views.ToneWarn}
		}
		return views.Pill{Text: "The right value", Tone: views.ToneOK}
	case strings.Contains(strings.ToLower(value), prefix+"="):
		return views.Pill{Text: "Made for another claim", Tone: views.ToneWarn}
	}
	return views.Pill{Text: "Not ours"}
}

// within is "in 40 seconds", "in 25 minutes", "in 6 hours".
func within(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "within a minute"
	case d < 2*time.Hour:
		return "in " + count(int(d/time.Minute), "minute", "minutes")
	}
	return "in " + count(int(d/time.Hour), "hour", "hours")
}

// claimDomain claims a domain as it was pasted, cleaned.
func (s *Server) claimDomain(c echo.Context) error {
	typed := c.FormValue("domain")
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	form := views.ClaimForm{Domain: views.Field{Value: typed}, StepUp: step}
	domain, note, err := domains.Normalize(typed)
	if err != nil {
		form.Domain.Error = err.Error()
		var refused *domains.RefusedError
		if !errors.As(err, &refused) {
			return err
		}
		return s.renderDomains(c, http.StatusUnprocessableEntity, form, "")
	}
	if step.Needed {
		form.StepUp = inline(step)
		return s.renderDomains(c, http.StatusUnprocessableEntity, form, "")
	}
	d, err := s.db.ClaimDomain(c.Request().Context(), actor(c), orgID(c), domain, domains.NewToken())
	if err != nil {
		_, message, ok := refusal(err)
		if !ok {
			return err
		}
		form.Domain.Error = message
		return s.renderDomains(c, http.StatusUnprocessableEntity, form, "")
	}
	sentence := domain + " is claimed. Now add the record below where its DNS is managed."
	if d.Status != models.DomainWaiting || d.CheckedAt != nil {
		sentence = domain + " was claimed already."
	}
	if note != "" {
		sentence = note + " " + sentence
	}
	return s.done(c, domainURL(d.ID), sentence)
}

// checkDomain looks at DNS now.
func (s *Server) checkDomain(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := s.db.Domain(ctx, orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	d, err = s.lookUpDomain(ctx, actor(c), d)
	if err != nil {
		return s.refused(c, domainURL(c.Param("id")), err)
	}
	switch {
	case vouched(d):
		return s.done(c, domainURL(d.ID), d.Domain+" is verified: the operator vouched for it.")
	case d.Status == models.DomainVerified && d.Reason != domains.ReasonResolverNoAnswer:
		return s.done(c, domainURL(d.ID), d.Domain+" is verified. The record is in place.")
	}
	s.flash(c, views.ToneWarn, "We looked for the record of "+d.Domain+" just now. "+waitingFor(d.Reason))
	return c.Redirect(http.StatusSeeOther, domainURL(d.ID))
}

// lookUpDomain asks DNS, outside any transaction, and keeps what it found.
func (s *Server) lookUpDomain(ctx context.Context, actor models.Actor, d *models.Domain) (*models.Domain, error) {
	found := domains.Verify(ctx, s.resolver, d.Domain, d.Token)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.db.RecordDomainCheck(ctx, actor, d.OrgID, d.ID, models.DomainCheck{
		Verified: found.Verified, Reason: found.Reason, Sentence: found.Sentence, Seen: found.Seen,
		Unreachable: found.Reason == domains.ReasonResolverNoAnswer, Next: domains.NextCheck(d.CreatedAt, s.db.Now()),
	})
}

// removeDomain gives a claim up.
func (s *Server) removeDomain(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := s.db.Domain(ctx, orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	if err := s.db.RemoveDomain(ctx, actor(c), orgID(c), d.ID); err != nil {
		return s.refused(c, domainsPath, err)
	}
	return s.done(c, domainsPath, d.Domain+" is removed, and sessions of people on it that began with single sign-on have ended. Its DNS record can be deleted.")
}
