package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

func certificateURL(id string) string {
	return ssoPath + "/certificates/" + url.PathEscape(id) + "/download"
}

// downloadCertificate gives a trusted certificate out as it was uploaded, to be compared with what the identity provider has.
func (s *Server) downloadCertificate(c echo.Context) error {
	connection, err := s.db.SSO(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	certificate := certificateByID(connection, c.Param("id"))
	if certificate == nil {
		return errNoCertificate
	}
	name := thumbprint(certificate.SHA1)
	c.Response().Header().Set("Content-Disposition", `attachment; filename="saml-certificate-`+name[:min(len(name), 8)]+`.cer"`)
	return c.Blob(http.StatusOK, "application/x-x509-ca-cert", []byte(certificate.PEM))
}

var errNoCertificate = &models.Error{Kind: models.NotFound, Message: "There is no such certificate in this organization. It may have been removed meanwhile."}

// warnElsewhere says on certificates that another organization on this server trusts them too, never which one: two organizations may share an
// application in Entra, but more often one of them has the wrong file.
func (s *Server) warnElsewhere(c echo.Context, lists ...[]views.Certificate) error {
	if who := signedIn(c); who == nil || !who.CanManage() {
		return nil
	}
	var sha256 []string
	for _, list := range lists {
		for i := range list {
			sha256 = append(sha256, list[i].SHA256)
		}
	}
	elsewhere, err := s.db.TrustedElsewhere(c.Request().Context(), orgID(c), sha256)
	if err != nil {
		return err
	}
	for _, list := range lists {
		for i := range list {
			if elsewhere[list[i].SHA256] {
				list[i].Warning = "Another organization on this server trusts this certificate too. That is right if both use one application in Entra; otherwise check that this is the certificate of your own."
			}
		}
	}
	return nil
}

// removeCertificate stops trusting one certificate; with the field "stolen" also where it still signs, and with the sessions it may have begun.
func (s *Server) removeCertificate(c echo.Context) error {
	ctx := c.Request().Context()
	connection, err := s.db.SSO(ctx, orgID(c))
	if err != nil {
		return err
	}
	certificate := certificateByID(connection, c.Param("id"))
	if certificate == nil {
		return errNoCertificate
	}
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	remove, effects := s.db.RemoveCertificate, []string{"Sign-ins that are under way at the identity provider end.", "Whatever is signed with this certificate is refused from now on."}
	done := "The certificate is removed. What is signed with it is refused from now on."
	if c.FormValue("stolen") != "" {
		remove, effects = s.db.DisownCertificate, append(effects, "Everybody who is signed in with single sign-on is signed out.", "While your identity provider signs with it, nobody can sign in: let it sign with the new one.")
		done += " Everybody who was signed in with single sign-on is signed out."
	}
	if step.Needed {
		return s.askPassword(c, views.NavAccessSecurity, step, views.StepUpPage{
			Title: "Remove this certificate?", Confirm: "Remove the certificate", Danger: true, CancelURL: ssoPath + "#certificate-row",
			Sentence: commonName(certificate.Subject) + ", thumbprint " + thumbprint(certificate.SHA1), Effects: effects,
		})
	}
	if err := remove(ctx, actor(c), orgID(c), certificate.ID); err != nil {
		return s.refused(c, ssoPath+"#certificate-row", err)
	}
	return s.done(c, ssoPath+"#certificate-row", done)
}

func certificateByID(s *models.SSO, id string) *models.SSOCertificate {
	for i := range s.Certificates {
		if s.Certificates[i].ID == id {
			return &s.Certificates[i]
		}
	}
	return nil
}

// removeSSO clears the whole configuration.
func (s *Server) removeSSO(c echo.Context) error {
	ctx := c.Request().Context()
	connection, err := s.db.SSO(ctx, orgID(c))
	if err != nil {
		return err
	}
	if connection.Enabled {
		return s.refused(c, ssoPath, &models.Error{Kind: models.Conflict, Message: "Single sign-on is on. Turn it off before you remove its configuration."})
	}
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed {
		return s.askPassword(c, views.NavAccessSecurity, step, views.StepUpPage{
			Title: "Remove the SSO configuration?", Confirm: "Remove SSO configuration", Danger: true, CancelURL: ssoPath,
			Sentence: "Both addresses and all certificates are cleared.",
			Effects:  []string{"Sessions that began with single sign-on end.", "Members, teams and claimed domains stay."},
		})
	}
	if err := s.db.RemoveSSO(ctx, actor(c), orgID(c)); err != nil {
		return s.refused(c, ssoPath, err)
	}
	return s.done(c, ssoPath, "The SSO configuration is removed.")
}
