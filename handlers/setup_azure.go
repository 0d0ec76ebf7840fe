package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/views"
)

// setupAzure is the guide "Set up with Azure", with this organization's values and the steps that are seen to be done.
func (s *Server) setupAzure(c echo.Context) error {
	a, err := s.access(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	shell, head, err := s.frame(c, a, "")
	if err != nil {
		return err
	}
	tested, err := s.db.Tested(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.SetupAzure(views.SetupAzurePage{
		Shell: shell, Access: head, Service: s.service(orgID(c)), TenantURL: s.tenantURL(), SSOURL: ssoPath + "#connection",
		Done: views.SetupDone{
			Domain:       len(a.verified()) > 0,
			Connection:   a.sso.Issuer != "" && a.sso.SignInURL != "" && a.lastValid() != nil,
			Test:         tested,
			SSO:          a.sso.Enabled,
			Provisioning: a.lastCall() != nil,
		},
	}))
}
