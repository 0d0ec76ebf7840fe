package handlers

import (
	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// removeCertificate stops trusting one certificate.
func (s *Server) removeCertificate(c echo.Context) error {
	ctx := c.Request().Context()
	connection, err := s.db.SSO(ctx, orgID(c))
	if err != nil {
		return err
	}
	certificate := certificateByID(connection, c.Param("id"))
	if certificate == nil {
		return &models.Error{Kind: models.NotFound, Message: "There is no such certificate in this organization. It may have been removed meanwhile."}
	}
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed {
		return s.askPassword(c, views.NavAccessSecurity, step, views.StepUpPage{
			Title: "Remove this certificate?", Confirm: "Remove the certificate", Danger: true, CancelURL: ssoPath + "#certificate-row",
			Sentence: commonName(certificate.Subject) + ", thumbprint " + thumbprint(certificate.SHA1),
			Effects:  []string{"Sign-ins that are under way at the identity provider end.", "Whatever is signed with this certificate is refused from now on."},
		})
	}
	if err := s.db.RemoveCertificate(ctx, actor(c), orgID(c), certificate.ID); err != nil {
		return s.refused(c, ssoPath+"#certificate-row", err)
	}
	return s.done(c, ssoPath+"#certificate-row", "The certificate is removed. What is signed with it is refused from now on.")
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
