package handlers

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

const (
	signingPath = ssoPath + "/signing"

	testAgain = "Before single sign-on is turned on or required the next time, a new test sign-in is needed."
)

func (s *Server) signingRoutes(managers *echo.Group) {
	managers.POST("/access-security/sso/signing", s.switchSigning)
}

// switchSigning turns the signing of requests on or off; the first time, and when the key was sealed with another SECRET_KEY, it makes the
// organization's key.
func (s *Server) switchSigning(c echo.Context) error {
	ctx := c.Request().Context()
	on := c.FormValue("value") == "on"
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed {
		page := views.StepUpPage{
			Title: "Sign requests?", Confirm: "Sign requests", CancelURL: metadataPath + "#signing",
			Sentence: "Every request to your identity provider then carries a signature of a key that is made for this organization.",
			Effects: []string{
				"Nobody’s sign-in changes until Entra is told to verify requests.", "For that, download our certificate afterwards and upload it there.",
				testAgain,
			},
		}
		if !on {
			page.Title, page.Confirm, page.Danger = "Stop signing requests?", "Stop signing", true
			page.Sentence = "Requests to your identity provider then carry no signature."
			page.Effects = []string{"If Entra is set to require verification certificates, nobody gets in any more: turn that off there first.", testAgain}
		}
		return s.askPassword(c, views.NavAccessSecurity, step, page)
	}
	if on {
		key, _, err := s.db.RequestKey(ctx, orgID(c))
		if err != nil {
			return err
		}
		if key == nil {
			der, certificate, err := sso.NewRequestKey(s.samlEntityID(orgID(c)), s.db.Now())
			if err != nil {
				return err
			}
			if err := s.db.MakeRequestKey(ctx, actor(c), orgID(c), der, certificate); err != nil {
				return err
			}
		}
	}
	if err := s.db.SetSignRequests(ctx, actor(c), orgID(c), on); err != nil {
		return s.refused(c, metadataPath+"#signing", err)
	}
	if on {
		return s.done(c, metadataPath+"#signing", "Requests are signed from now on. Our certificate is below.")
	}
	return s.done(c, metadataPath+"#signing", "Requests are not signed any more.")
}

// requestCertificate is the certificate of the key that signs requests. It is public, as our metadata is.
func (s *Server) requestCertificate(c echo.Context) error {
	org, err := s.db.Organization(c.Request().Context(), c.Param("org"))
	if err != nil {
		return err
	}
	_, certificate, err := s.db.RequestKey(c.Request().Context(), org.ID)
	if err != nil {
		return err
	}
	if certificate == "" {
		return &models.Error{Kind: models.NotFound, Message: "This organization signs no requests, so there is no certificate."}
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="gatehouse-`+org.ID+`.cer"`)
	return c.Blob(http.StatusOK, "application/x-x509-ca-cert", []byte(certificate))
}

// serviceMetadata is the file that Entra's "Upload metadata file" takes.
func (s *Server) serviceMetadata(ctx context.Context, orgID string) ([]byte, error) {
	provider := sso.ServiceProvider{EntityID: s.samlEntityID(orgID), ACSURL: s.samlACSURL(orgID), LogoutURL: s.samlLogoutURL(orgID)}
	connection, err := s.db.SSO(ctx, orgID)
	if err != nil {
		return nil, err
	}
	if connection.SignRequests {
		_, certificate, err := s.db.RequestKey(ctx, orgID)
		if err != nil {
			return nil, err
		}
		if block, _ := pem.Decode([]byte(certificate)); block != nil {
			if provider.Certificate, err = x509.ParseCertificate(block.Bytes); err != nil {
				return nil, err
			}
			provider.SignsRequests = true
		}
	}
	return sso.SPMetadata(provider)
}

// signingCard is how the signing of requests stands.
func (s *Server) signingCard(ctx context.Context, connection *models.SSO) (views.SigningCard, error) {
	v := views.SigningCard{On: connection.SignRequests, LogoutURL: s.samlLogoutURL(connection.OrgID)}
	key, certificate, err := s.db.RequestKey(ctx, connection.OrgID)
	if err == nil && certificate != "" {
		v.CertificateURL = s.samlEntityID(connection.OrgID) + "/certificate"
		v.KeyLost = key == nil
	}
	return v, err
}
