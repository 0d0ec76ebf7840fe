package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// tokenLife is one choice of how long a SCIM token lives.
type tokenLife struct {
	value, text string
	life        time.Duration
}

const day = 24 * time.Hour

var tokenLives = []tokenLife{
	{"90d", "90 days", 90 * day}, {"180d", "180 days", 180 * day}, {"365d", "1 year", 365 * day}, {"730d", "2 years", 730 * day},
}

const defaultTokenLife = "365d"

// scimForms are the forms of the page, and what one of them has just made.
type scimForms struct {
	token, secret    views.TokenForm
	made, madeSecret *views.NewToken
}

// newTokenForm is a form nobody has filled in.
func (s *Server) newTokenForm(step views.StepUp) views.TokenForm {
	return views.TokenForm{Expires: views.Field{Value: defaultTokenLife}, StepUp: step}
}

// refuseForm puts a refusal beside its field; false for an error that is none.
func refuseForm(form *views.TokenForm, err error) bool {
	field, message, ok := refusal(err)
	switch {
	case !ok:
		return false
	case field == "name":
		form.Name.Error = message
	case field == "expires":
		form.Expires.Error = message
	default:
		form.Error = message
	}
	return true
}

func (s *Server) scimPage(c echo.Context) error {
	form := s.newTokenForm(s.stepUpNeeded(c))
	return s.renderSCIM(c, http.StatusOK, scimForms{token: form, secret: form})
}

// renderSCIM is the page of provisioning.
func (s *Server) renderSCIM(c echo.Context, status int, forms scimForms) error {
	ctx := c.Request().Context()
	a, err := s.access(ctx, orgID(c))
	if err != nil {
		return err
	}
	shell, head, err := s.frame(c, a, scimPath)
	if err != nil {
		return err
	}
	for _, l := range tokenLives {
		forms.token.Options = append(forms.token.Options, views.Option{Value: l.value, Text: l.text})
	}
	p := views.SCIMPage{Shell: shell, Access: head, TenantURL: s.tenantURL(), Form: forms.token, NewToken: forms.made, Client: s.clientCard(c, a, forms.secret, forms.madeSecret)}
	for i := range a.tokens {
		p.Tokens = append(p.Tokens, a.tokenRow(&a.tokens[i]))
	}
	p.Status, err = s.scimStatus(c, a)
	if err == nil {
		err = s.massDeactivation(c, a, &p)
	}
	if err != nil {
		return err
	}
	return render(c, status, views.SCIM(p))
}

// scimStatus is how the directory is doing: whether it has called, provisioned anybody, been refused or fallen silent.
func (s *Server) scimStatus(c echo.Context, a *access) ([]views.Fact, error) {
	last := a.lastCall()
	if last == nil {
		if a.lastLive() == nil {
			return nil, nil
		}
		return []views.Fact{{Label: "State", Value: "Waiting for the first call", Note: "In Entra: Provisioning, Admin Credentials, Test Connection."}}, nil
	}
	ctx := c.Request().Context()
	counted := map[models.Status]int{}
	for _, status := range []models.Status{models.Active, models.Inactive} {
		n, err := s.db.CountMatching(ctx, orgID(c), models.MemberFilter{Managed: true, Status: status})
		if err != nil {
			return nil, err
		}
		counted[status] = n
	}
	held, err := s.db.CountMatching(ctx, orgID(c), models.MemberFilter{Held: true})
	if err != nil {
		return nil, err
	}
	rhythm, err := s.db.ProvisioningRhythm(ctx, orgID(c))
	if err != nil {
		return nil, err
	}
	facts := []views.Fact{provisioningState(a.now, *last, counted[models.Active]+counted[models.Inactive], rhythm)}
	facts = append(facts, views.Fact{Label: "People", Value: thousands(counted[models.Active]) + " active, " + thousands(counted[models.Inactive]) + " deactivated"})
	if held > 0 {
		facts = append(facts, views.Fact{Label: "Held", Value: count(held, "person", "people"), Note: "They cannot sign in yet: see Users, Held."})
	}
	if rhythm.Refused > 0 {
		facts = append(facts, views.Fact{Label: "Refused", Value: count(rhythm.Refused, "request", "requests") + " within a day", Note: rhythm.LastRefusal + ". See Activity, Provisioning."})
	}
	return append(facts, views.Fact{Label: "Last call", Value: upperFirst(ago(a.now, *last)), Note: dateTime(*last)}), nil
}

// leastSilence is how long a directory may be silent before anybody is told; Entra calls every 40 minutes.
const leastSilence = 3 * time.Hour

// provisioningState compares the silence since the last call with the longest one that was usual.
func provisioningState(now, last time.Time, managed int, rhythm models.Rhythm) views.Fact {
	silent := now.Sub(last)
	switch {
	case managed == 0:
		return views.Fact{Label: "State", Value: "Connection tested", Note: "Nobody has been provisioned yet. In Entra: Provisioning, Start provisioning."}
	case silent < max(leastSilence, 2*rhythm.Longest):
		return views.Fact{Label: "State", Value: "Working"}
	case rhythm.Longest == 0:
		return views.Fact{Label: "State", Value: "Silent for " + hours(silent), Note: "In Entra: Provisioning, Overview shows whether the job still runs."}
	}
	return views.Fact{Label: "State", Value: "Silent for " + hours(silent), Note: "It was never silent for longer than " + hours(rhythm.Longest) +
		" within the last week. In Entra: Provisioning, Overview shows whether the job still runs or is in quarantine."}
}

func hours(d time.Duration) string {
	if d >= 48*time.Hour {
		return count(int(d/(24*time.Hour)), "day", "days")
	}
	return count(int(d/time.Hour), "hour", "hours")
}

func (a *access) tokenRow(t *models.SCIMToken) views.SCIMToken {
	row := views.SCIMToken{
		ID: t.ID, Name: t.Name, Hint: tokenHint(t.ID), Created: date(t.CreatedAt), By: t.CreatedBy, Expires: "Never", LastUsed: "Never", From: t.LastUsedFrom,
	}
	if t.LastUsedAt != nil {
		row.LastUsed = upperFirst(ago(a.now, *t.LastUsedAt))
	}
	if t.ExpiresAt != nil {
		row.Expires = date(*t.ExpiresAt)
		switch {
		case !t.ExpiresAt.After(a.now):
			row.Left = views.Pill{Text: "Expired", Tone: views.ToneBad}
		case t.ExpiresAt.Sub(a.now) < expirySoon:
			row.Left = views.Pill{Text: count(daysBetween(a.now, *t.ExpiresAt), "day", "days") + " left", Tone: views.ToneWarn}
		default:
			row.Left = views.Pill{Text: left(a.now, *t.ExpiresAt)}
		}
	}
	row.CanBe = t.Live(a.now) && t.ReplacedAt == nil
	if t.ReplacedAt != nil {
		row.Replaced = "Replaced " + date(*t.ReplacedAt) + "; " + count(int(t.LateCalls), "call", "calls") + " since"
		if t.LateCallAt != nil {
			row.LastUsed = upperFirst(ago(a.now, *t.LateCallAt))
		}
	}
	if t.RevokedAt != nil {
		row.Left = views.Pill{}
		row.Revoked = "Revoked " + date(*t.RevokedAt)
		if t.RevokedBy != nil && *t.RevokedBy != "" {
			row.Revoked += " by " + *t.RevokedBy
		}
	}
	return row
}

// tokenHint is the public beginning of a token, by which its owner recognises it.
func tokenHint(id string) string { return "scim_" + id + "_…" }

// createSCIMToken makes a token. Its text is in this answer and nowhere else, so the answer is the page and not a redirect.
func (s *Server) createSCIMToken(c echo.Context) error {
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	page := scimForms{secret: s.newTokenForm(step), token: views.TokenForm{Name: views.Field{Value: c.FormValue("name")}, Expires: views.Field{Value: c.FormValue("expires")}, StepUp: step}}
	form := &page.token
	life := lifeOf(tokenLives, form.Expires.Value)
	if life == 0 {
		form.Expires = views.Field{Value: defaultTokenLife, Error: "Choose how long the token lives."}
	}
	if strings.TrimSpace(form.Name.Value) == "" {
		form.Name.Error = "Enter a name for the token, such as “Entra production”."
	}
	if form.Name.Error != "" || form.Expires.Error != "" {
		return s.renderSCIM(c, http.StatusUnprocessableEntity, page)
	}
	if step.Needed {
		form.StepUp = inline(step)
		return s.renderSCIM(c, http.StatusUnprocessableEntity, page)
	}
	t, secret, err := s.db.CreateSCIMToken(c.Request().Context(), actor(c), orgID(c), form.Name.Value, life)
	if err != nil {
		if !refuseForm(form, err) {
			return err
		}
		return s.renderSCIM(c, http.StatusUnprocessableEntity, page)
	}
	page.token, page.made = s.newTokenForm(step), &views.NewToken{Name: t.Name, Secret: secret}
	if t.ExpiresAt != nil {
		page.made.Expires = date(*t.ExpiresAt)
	}
	return s.renderSCIM(c, http.StatusOK, page)
}

// revokeSCIMToken ends a token, for the next request on every instance.
func (s *Server) revokeSCIMToken(c echo.Context) error {
	ctx := c.Request().Context()
	tokens, err := s.db.SCIMTokens(ctx, orgID(c))
	if err != nil {
		return err
	}
	name := ""
	for i := range tokens {
		if tokens[i].ID == c.Param("id") {
			name = tokens[i].Name
		}
	}
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed && name != "" {
		return s.askPassword(c, views.NavAccessSecurity, step, views.StepUpPage{
			Title: "Revoke the token “" + name + "”?", Confirm: "Revoke the token", Danger: true, CancelURL: scimPath,
			Sentence: "The directory that uses it is refused from the next request on.",
			Effects:  []string{"Nobody is created, updated or deactivated by that directory until it has another token.", "The people it made stay as they are."},
		})
	}
	if err := s.db.RevokeSCIMToken(ctx, actor(c), orgID(c), c.Param("id")); err != nil {
		return err
	}
	return s.done(c, scimPath, "The token “"+name+"” is revoked. It is refused from the next request on.")
}
