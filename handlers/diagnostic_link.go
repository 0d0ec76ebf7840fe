package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// Diagnostic links show what is wrong with one attempt to sign in to somebody who has no account here: the IT person who mends it.
//
//	GET  /settings/access-security/activity/ID/share     what a link shows, and the links there are
//	POST /settings/access-security/activity/ID/share     makes one; the answer shows it, once
//	POST /settings/access-security/diagnostics/ID/revoke ends one
//	GET  /saml/ORG/diagnostic?link=…                     what whoever holds it sees

const diagnosticsPath = accessPath + "/diagnostics"

func shareURL(activityID string) string { return activityURL(activityID) + "/share" }

func (s *Server) diagnosticRoutes(managers *echo.Group) {
	managers.GET("/access-security/activity/:id/share", s.sharePage)
	managers.POST("/access-security/activity/:id/share", s.shareAttempt)
	managers.POST("/access-security/diagnostics/:id/revoke", s.revokeDiagnosticLink)
}

// canShare tells whether there is anything to show: something is wrong with the attempt.
func canShare(a *models.Activity) bool { return a.Kind == models.ActivitySignIn && !a.OK }

// sharePage says what a link shows and to whom, before one is made.
func (s *Server) sharePage(c echo.Context) error {
	p, err := s.sharing(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Share(p))
}

// shareAttempt makes a link. It is in this answer and nowhere else, so the answer is the page and not a redirect.
func (s *Server) shareAttempt(c echo.Context) error {
	secret, err := s.db.CreateDiagnosticLink(c.Request().Context(), actor(c), orgID(c), c.Param("id"))
	if models.IsKind(err, models.Conflict) {
		return s.refused(c, shareURL(c.Param("id")), err)
	}
	if err != nil {
		return err
	}
	p, err := s.sharing(c)
	if err != nil {
		return err
	}
	p.Link = s.samlEntityID(orgID(c)) + "/diagnostic?link=" + url.QueryEscape(secret)
	return render(c, http.StatusOK, views.Share(p))
}

func (s *Server) sharing(c echo.Context) (views.SharePage, error) {
	ctx, now := c.Request().Context(), s.db.Now()
	p := views.SharePage{ActivityURL: activityURL(c.Param("id")), Action: shareURL(c.Param("id")), RevokePath: diagnosticsPath, Life: length(models.DiagnosticLinkLife)}
	a, err := s.db.Activity(ctx, orgID(c), c.Param("id"))
	if err != nil {
		return p, err
	}
	if p.Shell, err = s.shell(c, views.NavAccessSecurity); err != nil {
		return p, err
	}
	if !canShare(a) {
		p.Blocked = "Nothing is wrong with this attempt, so there is nothing to show to anybody."
	}
	p.Preview = s.diagnostic(orgID(c), p.Shell.Organization.Name, a)
	links, err := s.db.DiagnosticLinks(ctx, orgID(c), a.ID)
	for i := range links {
		l := &links[i]
		row := views.DiagnosticLink{ID: l.ID, Made: date(l.CreatedAt) + " by " + l.CreatedBy, Live: l.Live(now), Opened: "Not yet"}
		switch {
		case l.RevokedAt != nil:
			row.State = views.Pill{Text: "Revoked " + date(*l.RevokedAt)}
		case !row.Live:
			row.State = views.Pill{Text: "Expired"}
		default:
			row.State = views.Pill{Text: "Works until " + until(now, l.ExpiresAt), Tone: views.ToneOK}
		}
		if l.OpenedAt != nil {
			row.Opened = count(int(l.Opened), "time", "times") + ", last " + agoExact(now, *l.OpenedAt)
		}
		p.Links = append(p.Links, row)
	}
	return p, err
}

// revokeDiagnosticLink ends a link for the next opening on.
func (s *Server) revokeDiagnosticLink(c echo.Context) error {
	if err := s.db.RevokeDiagnosticLink(c.Request().Context(), actor(c), orgID(c), c.Param("id")); err != nil {
		return err
	}
	return s.done(c, formPage(c), "The link is revoked. It shows nothing any more.")
}

// diagnosticPage is what whoever holds a link sees. Search engines are kept out, should somebody publish it.
func (s *Server) diagnosticPage(c echo.Context) error {
	c.Response().Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	ctx, org := c.Request().Context(), c.Param("org")
	o, err := s.db.Organization(ctx, org)
	if err != nil {
		return err
	}
	link, a, err := s.db.OpenDiagnosticLink(ctx, client(c), org, c.QueryParam("link"))
	if e, ok := asModelError(err); ok && e.Kind == models.NotFound {
		return render(c, http.StatusGone, views.Message(views.MessagePage{Status: http.StatusGone, Title: "This link shows nothing any more", Sentence: e.Message}))
	}
	if err != nil {
		return err
	}
	p := s.diagnostic(org, o.Name, a)
	p.SharedBy, p.Expires = link.CreatedBy, dateTime(link.ExpiresAt)
	return render(c, http.StatusOK, views.Diagnostic(p))
}

// diagnostic is what a link shows of an attempt: what is wrong, on which side and where, how far the checks came, and which claims there
// were. It says about the person only what the mend needs (anonymous.go).
func (s *Server) diagnostic(orgID, orgName string, a *models.Activity) views.DiagnosticPage {
	trace := anonymous(attemptTrace(a), a)
	p := views.DiagnosticPage{
		Organization: orgName, What: "Sign-in", When: dateTime(a.At), Reference: a.Reference, Trace: viewTrace(trace),
		EntityID: s.samlEntityID(orgID), ReplyURL: s.samlACSURL(orgID), SignOnURL: s.samlSignOnURL(orgID),
	}
	if _, test := a.Facts()["test"]; test {
		p.What = "Test sign-in"
	}
	for i, c := range trace.Failed() {
		p.Trace.Problems[i].Who = sideWordsOutside(orgName, c.Side)
	}
	// The checks of an attempt that was refused before any was made are of no use to anybody.
	if len(attemptTrace(a).Checks) == 1 && len(a.LoginTrace().Checks) == 0 {
		p.Trace.Steps = nil
	}
	p.ForIT = forIT(orgName, a.Reference, a.At, p.Trace.Problems)
	return p
}

// attemptTrace is the trace of an attempt. One that was refused without or after all checks of a response has its refusal as a check.
func attemptTrace(a *models.Activity) models.LoginTrace {
	trace := a.LoginTrace()
	if a.OK || len(trace.Failed()) > 0 {
		return trace
	}
	detail := a.Facts()
	text := func(name string) string { v, _ := detail[name].(string); return v }
	check := models.LoginCheck{
		Title: "The person may come in", State: models.CheckFailed, Reason: a.Reason, Problem: a.Sentence,
		Got: text("received"), Want: text("expected"), FixAt: text("fix_at"), Side: text("side"),
	}
	if check.Side == "" {
		check.Side = sideOf(check.FixAt)
	}
	trace.Checks = append(trace.Checks, check)
	return trace
}

// sideWordsOutside name the side for a reader who has no account here.
func sideWordsOutside(organization, side string) string {
	switch sso.Side(side) {
	case sso.SideIdP:
		return "You, at the identity provider"
	case sso.SideHere:
		return "The admin of " + organization + ", in Gatehouse"
	}
	return "The person, by trying again"
}
