package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// A test sign-in, by address:
//
//	POST /settings/access-security/sso/test   an owner or admin begins one, in a new tab; 303 to the identity provider
//	POST /saml/ORG/test                       or a colleague does, with the link of one
//	POST /saml/ORG/acs                        the response: everything is checked, nobody is signed in; 303
//	GET  /saml/ORG/tested                     the result for an admin, or a word of thanks for anybody else

const testPath = ssoPath + "/test"

// testRoutes are the addresses that need no session.
func (s *Server) testRoutes(g *echo.Group) {
	g.GET("/:org/test", s.testLinkPage)
	g.POST("/:org/test", s.beginTestByLink)
	g.GET("/:org/tested", s.testDone, s.loadSession)
	g.GET("/:org/diagnostic", s.diagnosticPage)
}

// beginTest begins a test for the signed-in admin.
func (s *Server) beginTest(c echo.Context) error {
	return s.sendTest(c, orgID(c), models.NewTest{By: signedIn(c).Member.Label()})
}

// beginTestByLink begins one for whoever holds a link.
func (s *Server) beginTestByLink(c echo.Context) error {
	secret := c.FormValue("link")
	if _, err := s.db.TestLink(c.Request().Context(), c.Param("org"), secret); err != nil {
		return err
	}
	return s.sendTest(c, c.Param("org"), models.NewTest{LinkSecret: secret})
}

// sendTest keeps a request and sends the browser to the identity provider with it.
func (s *Server) sendTest(c echo.Context, org string, n models.NewTest) error {
	ctx := c.Request().Context()
	connection, err := s.db.SSO(ctx, org)
	if err != nil {
		return err
	}
	if blocked := testBlocked(connection); blocked != "" {
		return &models.Error{Kind: models.Conflict, Message: string(blocked)}
	}
	protocol, err := s.samlConnection(connection)
	if err != nil {
		return err
	}
	n.OrgID, n.ID, n.ConnectionVersion = org, s.db.NewTestID(), connection.Version
	// Signed as a sign-in's is: otherwise an identity provider that verifies requests would fail every test.
	request, err := s.newRequest(c, protocol, connection, sso.RequestOptions{RelayState: n.ID})
	if err != nil {
		return err
	}
	n.RequestID = request.ID
	if err := s.db.BeginTest(ctx, client(c), n); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, request.URL)
}

// testBlocked is what a connection lacks to be tested.
func testBlocked(connection *models.SSO) views.Blocked {
	if !connection.Configured() {
		return "First save the Identity Provider Sign-in URL, the Issuer URL and a SAML Certificate."
	}
	return ""
}

// isTestID tells whether a RelayState can be a test's; sign-ins send none.
func isTestID(relayState string) bool {
	return strings.HasPrefix(relayState, "tst_") && readable(relayState)
}

// testOf is the test that a posted response belongs to, nil if it belongs to none.
func (s *Server) testOf(c echo.Context, org, relayState string, response []byte) (*models.TestSignIn, error) {
	id, err := sso.InResponseTo(response)
	if err != nil {
		id = ""
	}
	return s.db.FindTest(c.Request().Context(), org, relayState, id)
}

// finishTest checks a response in every way and writes the result down. problem is why it could not even be read, if so.
func (s *Server) finishTest(c echo.Context, test *models.TestSignIn, response []byte, problem error) error {
	ctx := c.Request().Context()
	connection, err := s.db.SSO(ctx, test.OrgID)
	if err != nil {
		return err
	}
	result, err := s.testResult(c, test, connection, response, problem)
	if err != nil {
		return err
	}
	if err := s.db.FinishTest(ctx, client(c), test.OrgID, test.ID, result); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/saml/"+test.OrgID+"/tested?test="+url.QueryEscape(test.ID))
}

func (s *Server) testResult(c echo.Context, test *models.TestSignIn, connection *models.SSO, response []byte, problem error) (models.TestResult, error) {
	r := models.TestResult{State: models.TestFailed}
	if e, ok := asSSOError(problem); ok {
		check := models.LoginCheck{Title: "A response that can be read"}
		blame(&check, e)
		r.Trace.Checks = []models.LoginCheck{check}
		return finishResult(r, nil), nil
	}
	if problem != nil {
		return r, problem
	}
	protocol, err := s.samlConnection(connection)
	if err != nil {
		return r, err
	}
	now := s.db.Now()
	i := sso.Inspect(protocol, response, sso.PendingRequest{ID: test.RequestID, IssuedAt: test.CreatedAt}, now)
	r.Trace, r.Raw, r.Who = traceOf(i), sso.Redact(response), i.Email.Value
	if i.Err != nil && i.Err.Reason == sso.ReasonInternal {
		s.log.Error("a SAML response could not be processed", "test", test.ID, "error", i.Err)
	}
	if err := s.keepUnknownCertificate(c, test, i); err != nil {
		return r, err
	}
	if now.Sub(test.CreatedAt) >= models.PendingLoginLife {
		r.Trace.Checks = append(r.Trace.Checks, refusedCheck("Answered within ten minutes", models.Refuse(models.RefusedRequestExpired)))
	}
	if connection.Issuer != test.Issuer || connection.SignInURL != test.SignInURL {
		r.Trace.Checks = append(r.Trace.Checks, refusedCheck("The connection was not changed meanwhile", models.Refuse(models.RefusedConnectionChanged)))
	}
	domain, member := models.LoginCheck{Title: "The domain is claimed here", State: models.CheckNotReached}, models.LoginCheck{Title: "The person may come in", State: models.CheckNotReached}
	if i.Identity == nil {
		r.Trace.Checks = append(r.Trace.Checks, domain, member)
		return finishResult(r, nil), nil
	}
	r.CertificateSHA256 = i.Identity.CertificateSHA256
	identity := loginIdentity(i.Identity)
	r.Detail = identity.Detail
	preview, err := s.db.PreviewLogin(c.Request().Context(), test.OrgID, identity)
	if err != nil {
		return r, err
	}
	r.Who, r.MemberID = preview.Name, preview.MemberID
	domain.State, domain.Got = models.CheckPassed, models.DomainOf(identity.Email)
	if preview.WaitingDomain != "" {
		domain.Got += ", waiting for DNS"
	}
	switch refusal := preview.Refusal; {
	case refusal == nil:
		member.State, member.Got = models.CheckPassed, memberWords(preview)
	case refusal.Reason == models.RefusedDomainUnverified || refusal.Reason == models.RefusedDomainLapsed:
		domain = refusedCheck(domain.Title, refusal)
	default:
		member = refusedCheck(member.Title, refusal)
	}
	r.Trace.Checks = append(r.Trace.Checks, domain, member)
	return finishResult(r, &preview), nil
}

// finishResult draws the conclusion: what is wrong first, and what would happen to the person.
func finishResult(r models.TestResult, preview *models.LoginPreview) models.TestResult {
	failed := r.Trace.Failed()
	who := r.Who
	if who == "" {
		who = "This person"
	}
	if len(failed) == 0 && preview != nil {
		r.State, r.Reason, r.Sentence = models.TestPassed, "test", "A test sign-in of "+who+" passed."
		r.Trace.Outcome, r.Trace.Note = outcomeOf(*preview)
		return r
	}
	r.Reason, r.Sentence = failed[0].Reason, failed[0].Problem
	r.Trace.Outcome = who + " would not get in"
	switch {
	case preview != nil && preview.Refusal != nil && len(failed) == 1:
		r.State = models.TestRefused
		r.Trace.Note = "The connection works: every check of the response passed."
	case len(failed) > 1:
		r.Trace.Note = count(len(failed), "thing is", "things are") + " wrong. Everything was checked, so that all can be mended at once."
	}
	return r
}

// outcomeOf says what would happen to a person who gets in, and what else is to know about it.
func outcomeOf(p models.LoginPreview) (outcome, note string) {
	switch {
	case p.Created:
		outcome = "Would become a member as " + p.Name
		note = "IdP Managed Access is on: people on claimed domains become members at their first sign-in."
	case p.Accepted:
		outcome = "Would take up the invitation and sign in as " + p.Name + ", " + roleWord(p.Role)
	default:
		outcome = "Would sign in as " + p.Name + ", " + memberWords(p)
	}
	if p.Managed {
		note = "Entra manages this member by provisioning, and has them active."
	}
	if p.WaitingDomain != "" {
		note = "As soon as " + p.WaitingDomain + " is verified: its DNS record has not been found yet. " + note
	}
	return outcome, note
}

func memberWords(p models.LoginPreview) string {
	switch {
	case p.Created:
		return "new here, would become a member"
	case p.Accepted:
		return "invited as " + roleWord(p.Role)
	}
	return "existing member, " + roleWord(p.Role)
}

// testDone ends the tab that ran the test.
func (s *Server) testDone(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	test, err := s.db.TestSignIn(ctx, org, c.QueryParam("test"))
	if err != nil {
		return err
	}
	if who := signedIn(c); who != nil && who.Organization.ID == org && who.CanManage() {
		return c.Redirect(http.StatusSeeOther, testURL(test.ID))
	}
	o, err := s.db.Organization(ctx, org)
	if err != nil {
		return err
	}
	page := views.TestDonePage{Organization: o.Name, Title: "The test did not pass", Reference: test.Reference}
	if test.AnsweredAt != nil {
		page.When = dateTime(*test.AnsweredAt)
	}
	switch test.State {
	case models.TestPassed:
		page.Good, page.Title, page.Sentence = true, "Thank you: it works", "Your company’s sign-in service told "+o.Name+" who you are. You were not signed in: this was a test."
	case models.TestWaiting:
		page.Title, page.Sentence = "The test is not over yet", "No answer of your company’s sign-in service has arrived."
	default:
		page.Sentence = employeeSentence(test.Reason)
	}
	return render(c, http.StatusOK, views.TestDone(page))
}

// employeeSentence is what a reason means to the person it happened to.
func employeeSentence(reason string) string {
	if e, ok := sso.Lookup(sso.Reason(reason)); ok {
		return e.Employee
	}
	if r := models.Refuse(models.RefusalReason(reason)); r.Employee != "" {
		return r.Employee
	}
	return (&sso.Error{Reason: sso.ReasonInternal}).Employee()
}

func testURL(id string) string { return testPath + "/" + url.PathEscape(id) }

// testLinkPage is what a colleague finds behind a link.
func (s *Server) testLinkPage(c echo.Context) error {
	ctx, org := c.Request().Context(), c.Param("org")
	o, err := s.db.Organization(ctx, org)
	if err != nil {
		return err
	}
	secret := c.QueryParam("link")
	link, err := s.db.TestLink(ctx, org, secret)
	var e *models.Error
	if errors.As(err, &e) && e.Kind == models.NotFound {
		return render(c, http.StatusGone, views.Message(views.MessagePage{Status: http.StatusGone, Title: "This link does not work any more", Sentence: e.Message}))
	}
	if err != nil {
		return err
	}
	s.allowIdPForm(c)
	return render(c, http.StatusOK, views.TestLink(views.TestLinkPage{
		Organization: o.Name, AskedBy: link.CreatedBy, Action: "/saml/" + org + "/test", Secret: secret, Expires: "until " + clockTime(link.ExpiresAt) + " UTC",
	}))
}
