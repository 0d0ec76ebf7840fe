package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
)

func (s *Server) samlLogoutURL(orgID string) string { return s.samlEntityID(orgID) + "/logout" }

// samlLogout takes an identity provider's LogoutRequest by HTTP-Redirect: Entra sends the browser of whoever signs out there, in a frame,
// so often without our cookies. What counts is the signature; the sessions are found by NameID and SessionIndex. The answer goes back as
// a LogoutResponse. It works while single sign-on is off as well: ending sessions needs no leave.
func (s *Server) samlLogout(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	connection, err := s.db.SSO(ctx, org)
	if err != nil {
		return err
	}
	protocol, err := s.samlConnection(connection)
	if err != nil {
		return err
	}
	now := s.db.Now()
	request, err := sso.ParseLogoutRequest(protocol, s.samlLogoutURL(org), c.Request().URL.RawQuery, now)
	if err != nil {
		return s.refuseLogout(c, org, err)
	}
	_, err = s.db.LogoutByIdP(ctx, client(c), org, models.IdPLogout{
		ID: request.ID, Issuer: connection.Issuer, NameID: request.NameID, SessionIndexes: request.SessionIndexes, AcceptedUntil: request.AcceptedUntil,
	})
	if isRefusal(err) {
		return s.refuseLogout(c, org, err)
	}
	if err != nil {
		return err
	}
	to := connection.LogoutURL
	if to == "" {
		to = connection.SignInURL // Entra answers both at one address
	}
	key, _, err := s.db.RequestKey(ctx, org)
	if err != nil {
		return err
	}
	answer, err := sso.LogoutResponse(to, s.samlEntityID(org), request, key, now)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, answer)
}

// newRequest makes an AuthnRequest, signed where the organization wants it.
func (s *Server) newRequest(c echo.Context, protocol sso.Connection, connection *models.SSO, o sso.RequestOptions) (sso.Request, error) {
	if connection.SignRequests {
		key, _, err := s.db.RequestKey(c.Request().Context(), connection.OrgID)
		if err != nil {
			return sso.Request{}, err
		}
		o.SignWith = key
	}
	return sso.NewRequest(protocol, o, s.db.Now())
}
