package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
)

// People without a password confirm a serious change at the identity provider: a request with ForceAuthn goes there, and the answer must
// say that they have just authenticated. Password and e-mail of an account never change this way.

// samlStepUpPath is where the signed-in person confirms, and goes on to back.
func samlStepUpPath(orgID, back string) string {
	return "/saml/" + url.PathEscape(orgID) + "/step-up?return_to=" + url.QueryEscape(back)
}

// samlStepUp sends the person to the identity provider to authenticate anew.
func (s *Server) samlStepUp(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	who := signedIn(c)
	if who == nil || who.Organization.ID != org {
		return c.Redirect(http.StatusSeeOther, samlLoginPath(org, localPath(c.QueryParam("return_to")), ""))
	}
	if !who.MayStepUpBySSO() {
		return &models.Error{Kind: models.Forbidden, Message: "This change asks for your password."}
	}
	connection, err := s.db.SSO(ctx, org)
	if err != nil {
		return err
	}
	if !connection.Enabled {
		return s.refuseSAML(c, org, "", connection.Off())
	}
	return s.beginLogin(c, connection, models.LoginToStepUp, sso.RequestOptions{LoginHint: who.Account.Email, ForceAuthn: true})
}

// samlStepUpFinish is the second half of a step-up, in the browser and the session that began it.
func (s *Server) samlStepUpFinish(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	who := signedIn(c)
	if who == nil || who.Organization.ID != org {
		return c.Redirect(http.StatusSeeOther, samlLoginPath(org, "", ""))
	}
	done, err := s.db.CompleteStepUp(ctx, who, client(c), c.QueryParam("code"), s.cookie(c, loginCookie))
	if isRefusal(err) {
		return s.answerSAMLRefusal(c, org, err)
	}
	if err != nil {
		return err
	}
	s.startSession(c, done.Token)
	return s.done(c, localPath(done.ReturnTo), "Confirmed. Now make the change.")
}
