package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/fetch"
	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

const metadataPath = ssoPath + "/metadata"

func (s *Server) metadataRoutes(managers *echo.Group) {
	managers.GET("/access-security/sso/metadata", s.metadataPage)
	managers.POST("/access-security/sso/metadata", s.readMetadata)
	managers.POST("/access-security/sso/metadata/follow", s.followMetadata)
	managers.POST("/access-security/sso/metadata/stop", s.unfollowMetadata)
	managers.POST("/access-security/sso/metadata/take-over", s.takeOverMetadata)
	managers.POST("/access-security/sso/metadata/dismiss", s.dismissMetadata)
	managers.POST("/access-security/sso/certificates/:id/approve", s.approveCertificate)
	managers.POST("/access-security/sso/certificates/:id/dismiss", s.dismissCertificate)
}

// ReadMetadata reads and checks the metadata at an address. problem is a sentence for the admin if that fails; m is nil then. The daily
// job calls it too.
func (s *Server) ReadMetadata(ctx context.Context, address string) (m *models.IdPMetadata, problem string) {
	if err := sso.CheckMetadataURL(address); err != nil {
		return nil, sentenceFor(err)
	}
	document, err := s.fetcher().Get(ctx, address)
	if err != nil {
		var refused *fetch.Error
		if errors.As(err, &refused) {
			return nil, refused.Sentence
		}
		return nil, "The address could not be read."
	}
	parsed, err := sso.ParseMetadata(document, s.db.Now())
	if err != nil {
		return nil, sentenceFor(err)
	}
	m = &models.IdPMetadata{LogoutURL: parsed.LogoutURL}
	if m.Issuer, err = sso.CheckIssuer(parsed.EntityID); err != nil {
		return nil, "The metadata's entity ID cannot be the Issuer URL: " + sentenceFor(err)
	}
	if m.SignInURL, err = sso.CheckSignInURL(parsed.SignInURL, s.config.Loopback()); err != nil {
		return nil, "The metadata's sign-in address cannot be used: " + sentenceFor(err)
	}
	// Not what this is about: sign-ins work without.
	m.LogoutURL, _ = sso.CheckLogoutURL(m.LogoutURL, s.config.Loopback())
	for _, c := range parsed.Certificates[:min(len(parsed.Certificates), maxCertificateFiles)] {
		m.Certificates = append(m.Certificates, newCertificate(c))
	}
	return m, ""
}

func (s *Server) fetcher() *fetch.Fetcher {
	return &fetch.Fetcher{Allow: s.config.MetadataAllow, AllowHTTP: s.config.MetadataAllowHTTP}
}

func (s *Server) metadataPage(c echo.Context) error {
	p, _, err := s.metadataView(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.MetadataSettings(p))
}

// metadataView is the page as it stands without anything posted.
func (s *Server) metadataView(c echo.Context) (views.MetadataPage, *access, error) {
	ctx := c.Request().Context()
	a, err := s.access(ctx, orgID(c))
	if err != nil {
		return views.MetadataPage{}, nil, err
	}
	p := views.MetadataPage{}
	if p.Shell, p.Access, err = s.frame(c, a, metadataPath); err != nil {
		return p, nil, err
	}
	state, err := s.db.Metadata(ctx, orgID(c))
	if err != nil {
		return p, nil, err
	}
	p.URL.Value, p.Following, p.Problem = state.URL, state.URL != "", state.Problem
	if state.CheckedAt != nil {
		p.Read = "Last read " + ago(a.now, *state.CheckedAt) + "."
	}
	if p.Signing, err = s.signingCard(ctx, a.sso); err != nil {
		return p, nil, err
	}
	waiting, err := s.db.PendingCertificates(ctx, orgID(c))
	if err != nil {
		return p, nil, err
	}
	step := s.stepUpNeeded(c)
	p.StepUp, p.Other = step, otherAddresses(a, state, waiting, step)
	if p.Other == nil && (state.DismissedIssuer != "" || state.DismissedSignInURL != "") {
		p.Read += " It names other addresses, which were dismissed; “Read it now” shows them."
	}
	for i := range waiting {
		w := &waiting[i]
		card := certificateCard(a.now, w.Subject, w.SHA1, w.SHA256, w.KeyKind, w.NotBefore, w.NotAfter)
		card.ID = w.ID
		where := "Found in the metadata "
		if w.Source == models.FoundInTest {
			where = "Found in a test sign-in "
		}
		found := []views.Certificate{card}
		if err := s.warnElsewhere(c, found); err != nil {
			return p, nil, err
		}
		p.Waiting = append(p.Waiting, views.WaitingCertificate{Certificate: found[0], Found: where + ago(a.now, w.FoundAt), StepUp: step})
	}
	return p, a, nil
}

// addressChanges are the differences between the connection and two addresses.
func addressChanges(c *models.SSO, issuer, signInURL string) []views.Change {
	var list []views.Change
	if c.SignInURL != signInURL {
		list = append(list, views.Change{Field: "Identity Provider Sign-in URL", Before: c.SignInURL, After: signInURL})
	}
	if c.Issuer != issuer {
		list = append(list, views.Change{Field: "Issuer URL", Before: c.Issuer, After: issuer})
	}
	return list
}

// logoutChange is what comes with both addresses: where whoever signs out at the identity provider is sent.
func logoutChange(c *models.SSO, logoutURL string) []views.Change {
	if c.LogoutURL == logoutURL {
		return nil
	}
	return []views.Change{{Field: "Where sign-outs are answered", Before: c.LogoutURL, After: logoutURL}}
}

// readMetadata fetches the address once and shows what it says. Nothing is kept.
func (s *Server) readMetadata(c echo.Context) error {
	ctx := c.Request().Context()
	p, a, err := s.metadataView(c)
	if err != nil {
		return err
	}
	p.URL = views.Field{Value: strings.TrimSpace(c.FormValue("metadata_url"))}
	address, err := s.fetcher().CheckAddress(p.URL.Value)
	var m *models.IdPMetadata
	if err == nil {
		p.URL.Value = address
		if err := s.db.AllowMetadataRead(ctx, orgID(c)); err != nil {
			return err
		}
		m, p.URL.Error = s.ReadMetadata(ctx, address)
		if m != nil {
			if m, p.URL.Error, err = s.notOwnMetadata(ctx, orgID(c), m); err != nil {
				return err
			}
		}
	} else {
		var refused *fetch.Error
		errors.As(err, &refused)
		p.URL.Error = refused.Sentence
	}
	if m == nil {
		return render(c, http.StatusUnprocessableEntity, views.MetadataSettings(p))
	}
	p.Found = s.foundMetadata(a, address, m)
	if err := s.warnElsewhere(c, p.Found.Certificates); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.MetadataSettings(p))
}

func (s *Server) foundMetadata(a *access, address string, m *models.IdPMetadata) *views.FoundMetadata {
	f := &views.FoundMetadata{URL: address, Issuer: m.Issuer, SignInURL: m.SignInURL, LogoutURL: m.LogoutURL, Changes: append(addressChanges(a.sso, m.Issuer, m.SignInURL), logoutChange(a.sso, m.LogoutURL)...)}
	for _, n := range m.Certificates {
		f.PEM += n.PEM
		if !trusted(a.sso, n.SHA256) {
			f.Certificates = append(f.Certificates, certificateCard(a.now, n.Subject, n.SHA1, n.SHA256, n.KeyKind, n.NotBefore, n.NotAfter))
		}
	}
	switch {
	case a.sso.Issuer != "" && a.sso.Issuer != m.Issuer:
		f.Effect = "The new Issuer URL ends sessions that began with single sign-on, and sign-ins under way."
	case a.sso.SignInURL != "" && a.sso.SignInURL != m.SignInURL:
		f.Effect = "The new sign-in URL ends sign-ins under way."
	}
	return f
}

// followMetadata takes over what was shown, as confirmed, and reads the address daily from now on. It fetches nothing: what the admin has
// seen is what is saved, and it passes the same checks as a form filled in by hand.
func (s *Server) followMetadata(c echo.Context) error {
	ctx := c.Request().Context()
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	p, a, err := s.metadataView(c)
	if err != nil {
		return err
	}
	address, err := s.fetcher().CheckAddress(c.FormValue("metadata_url"))
	if err != nil {
		return s.refused(c, metadataPath, &models.Error{Kind: models.Invalid, Message: "The address of the metadata is not valid any more. Read it again."})
	}
	m, problem, err := s.confirmedMetadata(c)
	if err != nil {
		return err
	}
	if err := sso.CheckMetadataURL(address); err != nil {
		problem = sentenceFor(err)
	}
	if problem != "" {
		return s.refused(c, metadataPath, &models.Error{Kind: models.Invalid, Message: problem})
	}
	again := func(failure string) error {
		p.URL.Value, p.Found, p.StepUp = address, s.foundMetadata(a, address, m), step
		p.Found.Error = failure
		return render(c, http.StatusUnprocessableEntity, views.MetadataSettings(p))
	}
	if step.Needed {
		step = inline(step)
		return again("")
	}
	if err := s.db.FollowMetadata(ctx, actor(c), orgID(c), address, *m); err != nil {
		_, message, ok := refusal(err)
		if !ok {
			return err
		}
		return again(message)
	}
	return s.done(c, metadataPath, "The metadata is taken over and read once a day from now on.")
}

// confirmedMetadata reads what the confirmation carries.
func (s *Server) confirmedMetadata(c echo.Context) (*models.IdPMetadata, string, error) {
	m := &models.IdPMetadata{}
	var err error
	if m.Issuer, err = sso.CheckIssuer(c.FormValue("issuer")); err != nil {
		return nil, sentenceFor(err), nil
	}
	if m.SignInURL, err = sso.CheckSignInURL(c.FormValue("sign_in_url"), s.config.Loopback()); err != nil {
		return nil, sentenceFor(err), nil
	}
	m.LogoutURL, _ = sso.CheckLogoutURL(c.FormValue("logout_url"), s.config.Loopback())
	ours, err := s.ownCertificates(c.Request().Context(), orgID(c))
	if err != nil {
		return nil, "", err
	}
	kept, problems := s.parseKept(c.FormValue("pem"), ours)
	if len(problems) > 0 {
		return nil, strings.Join(problems, " "), nil
	}
	for _, parsed := range kept {
		m.Certificates = append(m.Certificates, newCertificate(parsed))
	}
	return m, "", nil
}

func (s *Server) unfollowMetadata(c echo.Context) error {
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed {
		return s.askPassword(c, views.NavAccessSecurity, step, views.StepUpPage{
			Title: "Stop reading the metadata?", Confirm: "Stop reading it", CancelURL: metadataPath,
			Sentence: "What was taken over stays.",
			Effects:  []string{"A new certificate of the identity provider must then be uploaded by hand.", "Certificates from the metadata that wait for approval are forgotten."},
		})
	}
	if err := s.db.UnfollowMetadata(c.Request().Context(), actor(c), orgID(c)); err != nil {
		return s.refused(c, metadataPath, err)
	}
	return s.done(c, metadataPath, "The metadata is not read any more.")
}

// approveCertificate trusts a certificate that waits, once the admin has typed its thumbprint and the password.
func (s *Server) approveCertificate(c echo.Context) error {
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	failure := ""
	if !step.Needed {
		err = s.db.ApproveCertificate(c.Request().Context(), actor(c), orgID(c), c.Param("id"), c.FormValue("thumbprint"))
		if err == nil {
			return s.done(c, metadataPath, "The certificate is trusted from now on, beside the others.")
		}
		field, message, ok := refusal(err)
		if !ok || models.IsKind(err, models.NotFound) {
			return err
		}
		if field != "thumbprint" {
			return s.refused(c, metadataPath, err)
		}
		failure = message
	}
	p, _, err := s.metadataView(c)
	if err != nil {
		return err
	}
	for i := range p.Waiting {
		if w := &p.Waiting[i]; w.Certificate.ID == c.Param("id") {
			w.Thumbprint = views.Field{Value: c.FormValue("thumbprint"), Error: failure}
			w.StepUp = inline(step)
			return render(c, http.StatusUnprocessableEntity, views.MetadataSettings(p))
		}
	}
	return &models.Error{Kind: models.NotFound, Message: "This certificate does not wait any more: another admin has approved or dismissed it."}
}

func (s *Server) dismissCertificate(c echo.Context) error {
	if err := s.db.DismissCertificate(c.Request().Context(), actor(c), orgID(c), c.Param("id")); err != nil {
		return s.refused(c, metadataPath, err)
	}
	return s.done(c, metadataPath, "The certificate is dismissed. It stays untrusted.")
}
