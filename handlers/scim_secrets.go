package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// secretLives are how long a client secret may live: one to three years is what Entra asks for.
var secretLives = []tokenLife{
	{"365d", "1 year", 365 * day}, {"730d", "2 years", 730 * day}, {"1095d", "3 years", 1095 * day},
}

// tokenOverlap is how long a replaced token works beside the new one.
const tokenOverlap = 7 * day

// clientCard is the card of the OAuth 2.0 client.
func (s *Server) clientCard(c echo.Context, a *access, form views.TokenForm, made *views.NewToken) views.SCIMClient {
	for _, l := range secretLives {
		form.Options = append(form.Options, views.Option{Value: l.value, Text: l.text})
	}
	card := views.SCIMClient{TokenEndpoint: s.origin + oauthTokenPath, ClientID: orgID(c), Form: form, New: made}
	for i := range a.secrets {
		card.Secrets = append(card.Secrets, a.secretRow(&a.secrets[i]))
	}
	return card
}

// secretRow shows a client secret as a token: it is used when it is exchanged and when its access tokens are.
func (a *access) secretRow(s *models.SCIMClientSecret) views.SCIMToken {
	last := s.LastUsedAt
	if s.LastCallAt != nil && (last == nil || s.LastCallAt.After(*last)) {
		last = s.LastCallAt
	}
	row := a.tokenRow(&models.SCIMToken{
		ID: s.ID, Name: s.Name, CreatedBy: s.CreatedBy, CreatedAt: s.CreatedAt, ExpiresAt: &s.ExpiresAt,
		RevokedAt: s.RevokedAt, RevokedBy: s.RevokedBy, LastUsedAt: last, LastUsedFrom: s.LastUsedFrom,
	})
	row.Hint, row.CanBe = "scimcs_"+s.ID+"_…", false
	return row
}

// lifeOf finds how long was chosen; 0 for what is no choice.
func lifeOf(lives []tokenLife, value string) time.Duration {
	for _, l := range lives {
		if l.value == value {
			return l.life
		}
	}
	return 0
}

// createSCIMSecret makes a client secret. Its text is in this answer and nowhere else.
func (s *Server) createSCIMSecret(c echo.Context) error {
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	page := scimForms{token: s.newTokenForm(step), secret: views.TokenForm{Name: views.Field{Value: c.FormValue("name")}, Expires: views.Field{Value: c.FormValue("expires")}, StepUp: step}}
	form := &page.secret
	life := lifeOf(secretLives, form.Expires.Value)
	if life == 0 {
		form.Expires = views.Field{Value: defaultTokenLife, Error: "Choose how long the client secret lives."}
	}
	if strings.TrimSpace(form.Name.Value) == "" {
		form.Name.Error = "Enter a name for the client secret, such as “Entra gallery app”."
	}
	if form.Name.Error != "" || form.Expires.Error != "" {
		return s.renderSCIM(c, http.StatusUnprocessableEntity, page)
	}
	if step.Needed {
		form.StepUp = inline(step)
		return s.renderSCIM(c, http.StatusUnprocessableEntity, page)
	}
	secret, text, err := s.db.CreateSCIMClientSecret(c.Request().Context(), actor(c), orgID(c), form.Name.Value, life)
	if err != nil {
		if !refuseForm(form, err) {
			return err
		}
		return s.renderSCIM(c, http.StatusUnprocessableEntity, page)
	}
	page.secret = s.newTokenForm(step)
	page.madeSecret = &views.NewToken{Name: secret.Name, Secret: text, Expires: date(secret.ExpiresAt)}
	return s.renderSCIM(c, http.StatusOK, page)
}

// revokeSCIMSecret ends a client secret and its access tokens, for the next request on every instance.
func (s *Server) revokeSCIMSecret(c echo.Context) error {
	ctx := c.Request().Context()
	secrets, err := s.db.SCIMClientSecrets(ctx, orgID(c))
	if err != nil {
		return err
	}
	name := ""
	for i := range secrets {
		if secrets[i].ID == c.Param("id") {
			name = secrets[i].Name
		}
	}
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed && name != "" {
		return s.askPassword(c, views.NavAccessSecurity, step, views.StepUpPage{
			Title: "Revoke the client secret “" + name + "”?", Confirm: "Revoke the client secret", Danger: true, CancelURL: scimPath,
			Sentence: "The directory that uses it is refused from the next request on, with the access tokens it has.",
			Effects:  []string{"Nobody is created, updated or deactivated by that directory until it has another secret.", "The people it made stay as they are."},
		})
	}
	if err := s.db.RevokeSCIMClientSecret(ctx, actor(c), orgID(c), c.Param("id")); err != nil {
		return err
	}
	return s.done(c, scimPath, "The client secret “"+name+"” is revoked. It and its access tokens are refused from the next request on.")
}

// replaceSCIMToken makes a new token in the place of one that goes on working for a while.
func (s *Server) replaceSCIMToken(c echo.Context) error {
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed {
		return s.askPassword(c, views.NavAccessSecurity, step, views.StepUpPage{
			Title: "Replace the token?", Confirm: "Replace the token", CancelURL: scimPath,
			Sentence: "A new token is shown once. Give it to the directory; the old one works for seven more days.",
			Effects:  []string{"The list counts the calls that still come with the old token."},
		})
	}
	t, text, err := s.db.ReplaceSCIMToken(c.Request().Context(), actor(c), orgID(c), c.Param("id"), tokenOverlap)
	if err != nil {
		return err
	}
	page := scimForms{token: s.newTokenForm(step), secret: s.newTokenForm(step), made: &views.NewToken{Name: t.Name, Secret: text}}
	if t.ExpiresAt != nil {
		page.made.Expires = date(*t.ExpiresAt)
	}
	return s.renderSCIM(c, http.StatusOK, page)
}
