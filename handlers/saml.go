package handlers

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
)

// A single sign-on, by address:
//
//	GET  /saml/ORG/login    a request is made, kept and bound to this browser; 303 to the identity provider
//	POST /saml/ORG/acs      the response arrives from another site, so without cookies: verified, claimed; 303
//	GET  /saml/ORG/finish   the browser brings code and cookie; one transaction to the session; 303 to where the person was going

const (
	maxResponseBody = 512 << 10 // 512 KiB: 256 KiB of XML in base64, percent-encoded
	loginCookieLife = 15 * time.Minute
	// againCookie marks a browser that was just sent through a fresh sign-in, so that an identity provider that never names our
	// request cannot send it round for ever.
	againCookie     = "gatehouse_again"
	againCookieLife = time.Minute

	// stepUpParam tells the second half of a confirmation from that of a sign-in. It only chooses the way: the request knows its purpose.
	stepUpParam = "for=" + models.LoginToStepUp
)

// samlRoutes are the addresses of an organization's service provider. The ACS reads no cookie, so it loads no session.
func (s *Server) samlRoutes(g *echo.Group) {
	g.GET("/:org/login", s.samlLogin, s.loadSession)
	g.POST("/:org/acs", s.samlACS)
	g.GET("/:org/finish", s.samlFinish, s.loadSession)
	g.GET("/:org/metadata", s.samlMetadata)
	g.GET("/:org/step-up", s.samlStepUp, s.loadSession)
	g.GET("/:org/logout", s.samlLogout)
	g.GET("/:org/certificate", s.requestCertificate)
	s.testRoutes(g)
}

// The addresses an identity provider is told (PRODUCT.md §2: a contract).

func (s *Server) samlEntityID(orgID string) string    { return s.origin + "/saml/" + orgID }
func (s *Server) samlACSURL(orgID string) string      { return s.samlEntityID(orgID) + "/acs" }
func (s *Server) samlSignOnURL(orgID string) string   { return s.samlEntityID(orgID) + "/login" }
func (s *Server) samlMetadataURL(orgID string) string { return s.samlEntityID(orgID) + "/metadata" }

// samlLoginPath begins a sign-in with hints for it; both may be empty.
func samlLoginPath(orgID, returnTo, loginHint string) string {
	q := url.Values{}
	if returnTo != "" && returnTo != "/" {
		q.Set("return_to", returnTo)
	}
	if loginHint != "" {
		q.Set("login_hint", loginHint)
	}
	path := "/saml/" + orgID + "/login"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

// samlConnection is the protocol's view of an organization's connection.
func (s *Server) samlConnection(c *models.SSO) (sso.Connection, error) {
	connection := sso.Connection{EntityID: s.samlEntityID(c.OrgID), ACSURL: s.samlACSURL(c.OrgID), Issuer: c.Issuer, SignInURL: c.SignInURL}
	for _, stored := range c.Certificates {
		block, _ := pem.Decode([]byte(stored.PEM))
		if block == nil {
			return sso.Connection{}, errors.New("certificate " + stored.ID + " is not PEM")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return sso.Connection{}, err
		}
		connection.Certificates = append(connection.Certificates, certificate)
	}
	return connection, nil
}

// samlLogin begins a sign-in.
func (s *Server) samlLogin(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	connection, err := s.db.SSO(ctx, org)
	if err != nil {
		return err
	}
	if !connection.Enabled {
		return s.refuseSAML(c, org, "", connection.Off())
	}
	if done, err := s.againStep(c, org); done || err != nil {
		return err
	}
	hint, err := models.CleanAddress(c.QueryParam("login_hint"))
	if err != nil {
		hint = ""
	}
	return s.beginLogin(c, connection, models.LoginToSignIn, sso.RequestOptions{LoginHint: hint})
}

// beginLogin makes a request for that purpose, keeps it bound to this browser, and sends the person to the identity provider.
func (s *Server) beginLogin(c echo.Context, connection *models.SSO, purpose string, options sso.RequestOptions) error {
	org := connection.OrgID
	protocol, err := s.samlConnection(connection)
	if err != nil {
		return err
	}
	request, err := s.newRequest(c, protocol, connection, options)
	if err != nil {
		return err
	}
	browser, err := s.db.BeginLogin(c.Request().Context(), client(c), models.NewLogin{
		OrgID: org, RequestID: request.ID, ConnectionVersion: connection.Version, Purpose: purpose,
		ReturnTo: localPath(c.QueryParam("return_to")), Browser: s.cookie(c, loginCookie),
	})
	if isRefusal(err) {
		return s.refuseSAML(c, org, "", err)
	}
	if err != nil {
		return err
	}
	s.setCookie(c, loginCookie, browser, loginCookieLife)
	return c.Redirect(http.StatusSeeOther, request.URL)
}

// samlACS is the Assertion Consumer Service: what another site's page posts. It reads no cookie and opens no session.
func (s *Server) samlACS(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	response, err := samlResponse(c)
	if relayState := c.Request().PostForm.Get("RelayState"); isTestID(relayState) {
		switch test, failed := s.testOf(c, org, relayState, response); {
		case failed != nil:
			return failed
		case test != nil:
			return s.finishTest(c, test, response, err)
		}
	}
	id := ""
	if err == nil {
		id, err = sso.InResponseTo(response)
	}
	var pending *models.PendingLogin
	var connection *models.SSO
	if err == nil {
		pending, connection, err = s.db.PendingLogin(ctx, org, id)
	}
	if _, ok := asSSOError(err); ok || isUnknownRequest(err) {
		// A known request is proof enough that there is such an organization.
		if _, missing := s.db.Organization(ctx, org); missing != nil {
			return missing
		}
	}
	if _, ok := asSSOError(err); ok {
		return s.refuseSAML(c, org, "", err)
	}
	if isUnknownRequest(err) {
		return s.leadAgain(c, org, response)
	}
	if isRefusal(err) {
		return s.refuseSAML(c, org, id, err)
	}
	if err != nil {
		return err
	}
	if pending.Purpose == models.LoginToTest {
		// Its RelayState was lost on the way.
		test, err := s.db.FindTest(ctx, org, "", id)
		if err != nil || test == nil {
			return errors.Join(err, echo.ErrNotFound)
		}
		return s.finishTest(c, test, response, nil)
	}
	protocol, err := s.samlConnection(connection)
	if err != nil {
		return err
	}
	request, now := sso.PendingRequest{ID: pending.ID, IssuedAt: pending.CreatedAt, ForceAuthn: pending.Purpose == models.LoginToStepUp}, s.db.Now()
	verification := sso.NewVerification(protocol, response, request, now)
	identity, err := verification.Verify()
	if e, ok := asSSOError(err); ok {
		return s.refuseResponse(c, org, id, e, verification.Inspect(), response)
	}
	if err != nil {
		return err
	}
	code, known, err := s.db.ClaimLogin(ctx, org, id, loginIdentity(identity))
	if isRefusal(err) {
		return s.refuseSAML(c, org, id, err)
	}
	if err == nil && !known {
		evidence := models.LoginEvidence{Trace: traceOf(verification.Inspect()), Raw: sso.Redact(response)}
		err = s.db.KeepEvidence(ctx, org, id, evidence)
	}
	if err != nil {
		return err
	}
	to := "/saml/" + org + "/finish?code=" + url.QueryEscape(code)
	if pending.Purpose == models.LoginToStepUp {
		to += "&" + stepUpParam
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// samlResponse is the one SAMLResponse of the posted form.
func samlResponse(c echo.Context) ([]byte, error) {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxResponseBody)
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, &sso.Error{Reason: sso.ReasonResponseTooLarge, Err: err}
		}
		return nil, &sso.Error{Reason: sso.ReasonResponseEncoding, Err: err}
	}
	values := r.PostForm["SAMLResponse"]
	if len(values) > 1 {
		return nil, &sso.Error{Reason: sso.ReasonResponseUnsafe, Got: "several SAMLResponse fields"}
	}
	if len(values) == 0 {
		return nil, &sso.Error{Reason: sso.ReasonResponseEmpty}
	}
	return sso.DecodeResponse(values[0])
}

// loginIdentity is a verified identity as the models keep it.
func loginIdentity(i *sso.Identity) models.LoginIdentity {
	login := models.LoginIdentity{
		Issuer: i.Issuer, AssertionID: i.AssertionID, AssertionExpires: i.NotOnOrAfter, CertificateSHA256: i.CertificateSHA256,
		Email: i.Email.Value, FirstName: i.FirstName.Value, LastName: i.LastName.Value, DisplayName: i.DisplayName.Value,
		NameID: i.NameID, SessionIndex: i.SessionIndex, SessionEnds: i.SessionNotOnOrAfter,
	}
	for _, k := range i.Keys() {
		login.Keys = append(login.Keys, models.LoginKey{Kind: string(k.Kind), Format: k.Format, Value: k.Value})
	}
	login.Detail = models.Facts{
		"email": i.Email.Value, "email_from": sso.Printable(i.Email.Source), "first_name_from": sso.Printable(i.FirstName.Source), "last_name_from": sso.Printable(i.LastName.Source),
		"issuer": i.Issuer, "name_id": sso.Printable(i.NameID), "name_id_format": sso.Printable(i.NameIDFormat), "object_id": sso.Printable(i.ObjectID),
		"second_factor": i.MFA, "certificate_sha256": i.CertificateSHA256,
		// Every check has passed, so only the claims say anything.
		"trace": models.LoginTrace{Claims: briefClaims(i)},
	}
	return login
}

// samlFinish is the second half, in the browser that began it.
func (s *Server) samlFinish(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	if c.QueryParam("code") == "" {
		return s.finishOpened(c, org)
	}
	if c.QueryParam("for") != "" {
		return s.samlStepUpFinish(c)
	}
	done, err := s.db.CompleteLogin(ctx, client(c), org, c.QueryParam("code"), s.cookie(c, loginCookie))
	if isRefusal(err) {
		return s.answerSAMLRefusal(c, org, err)
	}
	if err != nil {
		return err
	}
	// The new session replaces the one this browser had.
	if token := s.sessionToken(c); token != "" {
		if err := s.db.SignOut(ctx, client(c), token); err != nil {
			return err
		}
	}
	s.setCookie(c, againCookie, "", -1)
	s.startSession(c, done.Token)
	return c.Redirect(http.StatusSeeOther, localPath(done.ReturnTo))
}

// samlMetadata is the file that Entra's "Upload metadata file" takes.
func (s *Server) samlMetadata(c echo.Context) error {
	org, err := s.db.Organization(c.Request().Context(), c.Param("org"))
	if err != nil {
		return err
	}
	file, err := s.serviceMetadata(c.Request().Context(), org.ID)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="gatehouse-`+org.ID+`-metadata.xml"`)
	return c.Blob(http.StatusOK, "application/samlmetadata+xml", file)
}
