package handlers

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// When the daily look finds other addresses in the metadata than those set here, nothing changes until an admin has decided on them:
//
//	POST …/sso/metadata/take-over   the addresses as they were shown, with the password
//	POST …/sso/metadata/dismiss     they do not come up again while the metadata names them

// otherAddresses is what waits for that decision, nil if nothing does. waiting are the certificates that wait as well.
func otherAddresses(a *access, state *models.MetadataState, waiting []models.PendingCertificate, step views.StepUp) *views.OtherAddresses {
	o := &views.OtherAddresses{Issuer: cmp.Or(state.Issuer, a.sso.Issuer), SignInURL: cmp.Or(state.SignInURL, a.sso.SignInURL), LogoutURL: state.LogoutURL, StepUp: step}
	// Somebody may have typed in by hand meanwhile what the metadata says.
	o.Changes = addressChanges(a.sso, o.Issuer, o.SignInURL)
	if !state.Waits() || len(o.Changes) == 0 {
		return nil
	}
	o.Changes = append(o.Changes, logoutChange(a.sso, state.LogoutURL)...)
	o.Found = "Found in the metadata"
	if state.CheckedAt != nil {
		o.Found += ", last " + ago(a.now, *state.CheckedAt)
	}
	if a.sso.Issuer != o.Issuer {
		o.Effects = append(o.Effects, "The new Issuer URL ends all sessions that began with single sign-on, and sign-ins under way. People are recognised anew at their next sign-in, by their address.")
	} else {
		o.Effects = append(o.Effects, "The new sign-in URL ends sign-ins under way; sessions go on.")
	}
	if a.sso.Enabled {
		o.Effects = append(o.Effects, "Single sign-on is on, so the next sign-in goes to the new address. The owners are told.")
	} else {
		o.Effects = append(o.Effects, "A test sign-in with the new addresses is needed before single sign-on can be turned on.")
	}
	certificates := 0
	for i := range waiting {
		if waiting[i].Source == models.FoundInMetadata {
			certificates++
		}
	}
	if certificates > 0 {
		o.Effects = append(o.Effects, "The metadata has "+count(certificates, "certificate", "certificates")+" that nobody has approved yet: see below. Approve first, or sign-ins at the new address may be refused.")
	}
	return o
}

// metadataNotice is the banner about what the identity provider has changed and an admin is to decide on, nil if there is nothing, and on
// the page where it is decided.
func (s *Server) metadataNotice(c echo.Context, a *access) (*views.Notice, error) {
	if strings.HasPrefix(c.Request().URL.Path, metadataPath) {
		return nil, nil
	}
	ctx := c.Request().Context()
	waiting, err := s.db.PendingCertificates(ctx, orgID(c))
	if err != nil {
		return nil, err
	}
	state, err := s.db.Metadata(ctx, orgID(c))
	if err != nil {
		return nil, err
	}
	other := otherAddresses(a, state, waiting, views.StepUp{}) != nil
	n := &views.Notice{Tone: views.ToneWarn, Action: views.Link{Text: "Look", URL: metadataPath}}
	switch {
	case len(waiting) == 0 && !other:
		return nil, nil
	case len(waiting) == 0:
		n.Title, n.Text = "Your identity provider’s metadata names other addresses", "Nothing was changed. Take them over or dismiss them."
	default:
		n.Title = count(len(waiting), "certificate waits", "certificates wait") + " for approval"
		n.Text = "Found " + ago(a.now, waiting[0].FoundAt) + ", and not trusted until you approve by the thumbprint; if Entra signs with it already, sign-ins are refused meanwhile."
		if other {
			n.Text += " The metadata names other addresses, too."
		}
	}
	return n, nil
}

// takeOverMetadata changes the connection to the addresses that were shown.
func (s *Server) takeOverMetadata(c echo.Context) error {
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	failure := ""
	if !step.Needed {
		err := s.db.TakeOverMetadata(c.Request().Context(), actor(c), orgID(c), c.FormValue("issuer"), c.FormValue("sign_in_url"), c.FormValue("logout_url"))
		if err == nil {
			return s.done(c, metadataPath, "The addresses of the metadata are taken over.")
		}
		_, message, ok := refusal(err)
		if !ok {
			return err
		}
		failure = message
	}
	p, _, err := s.metadataView(c)
	if err != nil {
		return err
	}
	if p.Other == nil { // another admin has decided
		return s.refused(c, metadataPath, &models.Error{Kind: models.Conflict, Message: cmp.Or(failure, "Nothing of the metadata waits any more: another admin has decided.")})
	}
	p.Other.Error = failure
	if step.Needed {
		p.Other.StepUp = inline(step)
	}
	return render(c, http.StatusUnprocessableEntity, views.MetadataSettings(p))
}

// dismissMetadata leaves the connection as it is.
func (s *Server) dismissMetadata(c echo.Context) error {
	if err := s.db.DismissMetadata(c.Request().Context(), actor(c), orgID(c), c.FormValue("issuer"), c.FormValue("sign_in_url")); err != nil {
		return s.refused(c, metadataPath, err)
	}
	return s.done(c, metadataPath, "The addresses are dismissed. Those set here stay.")
}
