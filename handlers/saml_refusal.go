package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

func isRefusal(err error) bool {
	var r *models.LoginRefusal
	return errors.As(err, &r)
}

func isUnknownRequest(err error) bool {
	var r *models.LoginRefusal
	return errors.As(err, &r) && r.Reason == models.RefusedUnknownRequest
}

// logReference begins a reference that only the operator's log has.
const logReference = "log-"

// refuseSAML consumes the request, writes the refusal down under a reference and answers with its page. requestID is empty where no
// request of ours is known.
func (s *Server) refuseSAML(c echo.Context, orgID, requestID string, err error) error {
	refusal, ok := s.loginRefusal(err)
	if !ok {
		return err
	}
	written, failed := s.db.RefuseLogin(c.Request().Context(), client(c), orgID, requestID, refusal)
	if failed != nil {
		return failed
	}
	if written.Reference == "" {
		// Too many came from there to be written into the activity. The page has a reference all the same: the log has it.
		written.Reference = logReference + models.NewReference()
		s.log.Warn("a refused SAML message was not written into the activity: too many from this network", "reference", written.Reference, "reason", refusal.Reason, "organization", orgID, "ip", client(c).IP)
	}
	if refusal.Reason == models.RefusalReason(sso.ReasonInternal) {
		s.log.Error("a SAML response could not be processed", "reference", written.Reference, "error", err)
	}
	return s.answerSAMLRefusal(c, orgID, written)
}

// refuseResponse is refuseSAML for a response that could be looked at: how it went through all checks is kept for the admins, and the
// message without its signature values.
func (s *Server) refuseResponse(c echo.Context, orgID, requestID string, e *sso.Error, i sso.Inspection, response []byte) error {
	refusal, _ := s.loginRefusal(e)
	refusal.Who, refusal.Raw = i.Email.Value, sso.Redact(response)
	refusal.Detail["trace"] = traceOf(i)
	return s.refuseSAML(c, orgID, requestID, &refusal)
}

// loginRefusal gives the protocol's refusals the shape of the models'; ok is false for anything else.
func (s *Server) loginRefusal(err error) (refusal models.LoginRefusal, ok bool) {
	var r *models.LoginRefusal
	if errors.As(err, &r) {
		return *r, true
	}
	var e *sso.Error
	if !errors.As(err, &e) {
		return refusal, false
	}
	refusal = models.LoginRefusal{
		Reason: models.RefusalReason(e.Reason), Employee: e.Employee(), Admin: e.Admin(), Got: e.Got, Want: e.Want, FixAt: e.Place(),
		Detail: models.Facts{"side": string(e.Side())},
	}
	if m, ok := microsoftStatus(e); ok {
		refusal.Employee, refusal.Admin, refusal.FixAt, refusal.Detail["side"] = m.Employee, m.Admin, m.FixAt, string(m.Side)
	}
	return refusal, true
}

// microsoftStatus is what Microsoft's own code says, where an error status carries one.
func microsoftStatus(e *sso.Error) (sso.MicrosoftEntry, bool) {
	if !strings.HasPrefix(string(e.Reason), "status_") {
		return sso.MicrosoftEntry{}, false
	}
	return sso.InStatus(e.Got)
}

// answerSAMLRefusal is the page after a refused sign-in. What was expected and received is for signed-in managers of this organization
// only; at the ACS nobody is signed in, and they find it in the activity under the reference.
func (s *Server) answerSAMLRefusal(c echo.Context, orgID string, err error) error {
	var r *models.LoginRefusal
	if !errors.As(err, &r) {
		return err
	}
	org, err := s.db.Organization(c.Request().Context(), orgID)
	if err != nil {
		return err
	}
	page := views.SAMLErrorPage{
		Title: refusalTitle(r, org.Name), Sentence: refusalSentence(r), Organization: org.Name, Advice: refusalAdvice(r, org.Name),
		Reference: r.Reference, When: s.db.Now().Format("2 Jan 2006, 15:04 UTC"), StartURL: samlLoginPath(orgID, "", ""),
	}
	if isSignOut(r) {
		page.StartURL, page.StartText = "/", "Go to your home page"
	}
	switch r.Reason {
	case models.RefusedSSOOff, models.RefusedConnectionRemoved, models.RefusedDeactivated, models.RefusedDeleted, models.RefusedHeld, models.RefusedNoMembership:
		// Another round at the identity provider would end here again.
		page.StartURL, page.StartText = "/login", "Go to the sign-in page"
	}
	if who := signedIn(c); who != nil && who.Organization.ID == orgID && who.CanManage() {
		page.Details = refusalDetails(r)
	}
	return render(c, http.StatusForbidden, views.SAMLError(page))
}

func refusalDetails(r *models.LoginRefusal) *views.SAMLErrorDetails {
	d := &views.SAMLErrorDetails{
		What: refusedAt[r.Reason], Expected: r.Want, Received: r.Got, Where: r.FixAt,
		Facts: []views.Fact{{Label: "What happened", Value: r.Admin}},
	}
	if trace, ok := r.Detail["trace"].(models.LoginTrace); ok {
		if failed := trace.Failed(); len(failed) > 0 {
			d.What = failed[0].Title
		}
	}
	if r.Reason == models.RefusedDomainUnverified && d.Expected == "" {
		d.Expected = "an address on a domain that is claimed here"
	}
	switch {
	case strings.HasPrefix(r.FixAt, "Entra"):
		d.Side = "In Entra"
	case r.FixAt != "":
		d.Side = "Here"
	}
	if r.Who != "" {
		d.Facts = append(d.Facts, views.Fact{Label: "Who", Value: r.Who})
	}
	return d
}

// refusedAt names the check that a person or a request did not pass, in the words of a test sign-in.
var refusedAt = map[models.RefusalReason]string{
	models.RefusedDomainUnverified: "The domain is claimed here", models.RefusedDomainLapsed: "The domain is claimed here",
	models.RefusedIdentityMismatch: "The person may come in", models.RefusedNoMembership: "The person may come in", models.RefusedUserNameTaken: "The person may come in",
	models.RefusedDeactivated: "The person may come in", models.RefusedDeleted: "The person may come in", models.RefusedHeld: "The person may come in",
	models.RefusedOtherPerson: "The same person confirms", models.RefusedConnectionChanged: "The connection was not changed meanwhile",
	models.RefusedRequestExpired: "Answered within ten minutes",
}

// isPersons is false where the protocol's refusal is somebody else's to mend, although its reason is usually that the person waited.
func isPersons(r *models.LoginRefusal) bool {
	switch r.Reason {
	case models.RefusalReason(sso.ReasonExpired), models.RefusalReason(sso.ReasonTooLate):
		return r.Detail["side"] == string(sso.SidePerson)
	}
	return true
}

// refusalTitle is the heading above the sentence.
func refusalTitle(r *models.LoginRefusal, organization string) string {
	if !isPersons(r) {
		return "You could not be signed in to " + organization
	}
	switch r.Reason {
	case models.RefusedUnknownRequest, models.RefusedOtherBrowser, models.RefusalReason(sso.ReasonUnsolicited):
		return "Start again here"
	case models.RefusedCookiesBlocked:
		return "Allow cookies, then start again"
	case models.RefusedReplayed, models.RefusalReason(sso.ReasonRequestMismatch):
		return "This sign-in was already used"
	case models.RefusedLogoutReplayed:
		return "This sign-out was carried out already"
	case models.RefusedLogoutUnsigned, models.RefusedLogoutSignature, models.RefusedLogoutAlgorithm, models.RefusedLogoutCertificate, models.RefusedLogoutTime,
		models.RefusedLogoutIssuer, models.RefusedLogoutDestination, models.RefusedLogoutUnreadable:
		return "You were not signed out of " + organization
	case models.RefusedRequestExpired, models.RefusedCodeExpired, models.RefusalReason(sso.ReasonExpired), models.RefusalReason(sso.ReasonTooLate):
		return "This sign-in took too long"
	case models.RefusedSSOOff:
		return "Single sign-on is off for " + organization
	case models.RefusedConnectionRemoved:
		return "There is no single sign-on for " + organization
	case models.RefusedDomainUnverified:
		return "You came with an address that is not " + organization + "’s"
	case models.RefusedDeactivated, models.RefusedDeleted:
		return "You are no longer a member of " + organization
	case models.RefusedNoMembership:
		return "You are not a member of " + organization + " yet"
	}
	return "You could not be signed in to " + organization
}
