package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

const (
	testHistory = 50
	// Seconds between two looks of the page at itself: while a test runs, and otherwise.
	liveSoon, liveLater = "2", "5"
)

// testPage shows the latest test and those before it.
func (s *Server) testPage(c echo.Context) error {
	p, err := s.testSignInPage(c, "")
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.TestSignIn(p))
}

// testRunPage shows one test.
func (s *Server) testRunPage(c echo.Context) error {
	p, err := s.testSignInPage(c, c.Param("id"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.TestSignIn(p))
}

// createTestLink makes a link for a colleague and shows it, once.
func (s *Server) createTestLink(c echo.Context) error {
	ctx := c.Request().Context()
	connection, err := s.db.SSO(ctx, orgID(c))
	if err != nil {
		return err
	}
	if blocked := testBlocked(connection); blocked != "" {
		return s.refused(c, testPath, &models.Error{Kind: models.Conflict, Message: string(blocked)})
	}
	secret, err := s.db.CreateTestLink(ctx, actor(c), orgID(c))
	if err != nil {
		return err
	}
	p, err := s.testSignInPage(c, "")
	if err != nil {
		return err
	}
	p.Live, p.Link = "", s.origin+"/saml/"+orgID(c)+"/test?link="+url.QueryEscape(secret)
	return render(c, http.StatusOK, views.TestSignIn(p))
}

// explainMicrosoft answers a text or code pasted from a page of Microsoft.
func (s *Server) explainMicrosoft(c echo.Context) error {
	p, err := s.testSignInPage(c, "")
	if err != nil {
		return err
	}
	connection, err := s.db.SSO(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	protocol := sso.Connection{EntityID: s.samlEntityID(orgID(c)), ACSURL: s.samlACSURL(orgID(c)), Issuer: connection.Issuer, SignInURL: connection.SignInURL}
	message := strings.TrimSpace(c.FormValue("message"))
	p.Live, p.Box.Message.Value = "", message
	for _, a := range sso.ExplainMicrosoft(message, protocol) {
		p.Box.Answers = append(p.Box.Answers, views.MicrosoftAnswer{
			Code: "AADSTS" + a.Code, Title: a.Reason, Employee: a.Employee,
			Problem: views.TraceProblem{Sentence: a.Admin, Expected: a.Want, Received: a.Got, Who: sideWords(string(a.Side)), Where: a.FixAt},
		})
	}
	status := http.StatusOK
	if len(p.Box.Answers) == 0 {
		status = http.StatusUnprocessableEntity
		p.Box.Message.Error = "There is no code in it. Microsoft’s errors begin with AADSTS and a number, such as AADSTS50105: copy the whole text of the page, or type the number."
	}
	return render(c, status, views.TestSignIn(p))
}

// testSignInPage fills the page; id chooses one test, empty the latest.
func (s *Server) testSignInPage(c echo.Context, id string) (views.TestSignInPage, error) {
	var p views.TestSignInPage
	ctx := c.Request().Context()
	shell, err := s.shell(c, views.NavAccessSecurity)
	if err != nil {
		return p, err
	}
	connection, err := s.db.SSO(ctx, orgID(c))
	if err != nil {
		return p, err
	}
	tests, err := s.db.TestSignIns(ctx, orgID(c), testHistory)
	if err != nil {
		return p, err
	}
	now := s.db.Now()
	p.Shell, p.Blocked, p.Single, p.Live = shell, testBlocked(connection), id != "", liveLater
	var chosen *models.TestSignIn
	switch {
	case id != "":
		if chosen, err = s.db.TestSignIn(ctx, orgID(c), id); err != nil {
			return p, err
		}
		p.Live = ""
	case len(tests) > 0:
		chosen = &tests[0]
	}
	if chosen != nil {
		run := s.testRun(now, shell.Organization.Name, chosen)
		if run.Directory, err = s.testDirectory(c, chosen); err != nil {
			return p, err
		}
		p.Run = &run
		p.Box.Silent = chosen.Silent(now)
		if run.Waiting {
			p.Live = liveSoon
		}
	}
	for i := range tests {
		if t := &tests[i]; chosen == nil || t.ID != chosen.ID {
			p.History = append(p.History, testRow(now, t))
		}
	}
	if !connection.Enabled {
		missing, err := s.db.EnableMissing(ctx, orgID(c))
		if err != nil {
			return p, err
		}
		p.Gate = "Nothing is missing any more to turn on single sign-on."
		if len(missing) > 0 {
			p.Gate = "To turn on single sign-on: " + strings.Join(missing, " ")
		}
	}
	s.allowIdPForm(c)
	return p, nil
}

// testRun is one test as it stands now.
func (s *Server) testRun(now time.Time, org string, t *models.TestSignIn) views.TestRun {
	sent := views.TraceStep{State: views.StepOK, Title: "Request sent", End: t.CreatedAt.UTC().Format("15:04:05 UTC")}
	run := views.TestRun{ID: t.ID, Title: testTitle(now, t), State: testPill(now, t), Waiting: t.State == models.TestWaiting, Reference: t.Reference}
	if run.Waiting {
		run.Summary = "The answer of the identity provider has not arrived yet. Reload the page to look again."
		run.Trace.Steps = []views.TraceStep{sent, {State: views.StepWaiting, Title: "Response received", Detail: "Waiting since " + clockTime(t.CreatedAt) + " UTC."}}
		if t.Silent(now) {
			run.Outcome = "We never heard back"
			run.Note = "The person probably stopped on a page of Microsoft’s, which never tells us. Ask which message it shows, and paste it into the box below."
		}
		return run
	}
	trace := t.LoginTrace()
	run.Trace = viewTrace(trace)
	run.Good, run.Outcome, run.Note = t.State == models.TestPassed, trace.Outcome, trace.Note
	took := t.AnsweredAt.Sub(t.CreatedAt)
	received := views.TraceStep{State: views.StepOK, Title: "Response received", End: tookWords(took), Detail: clockWords(trace)}
	switch failed := len(trace.Failed()); {
	case len(trace.Checks) == 0:
		run.Summary, run.Outcome = "What was checked and received is kept for 30 days only.", t.Sentence
	case failed == 0:
		run.Summary = "All " + count(len(trace.Checks), "check", "checks") + " passed."
	default:
		run.Summary = count(failed, "check", "checks") + " failed, " + count(passedChecks(trace), "check", "checks") + " passed."
	}
	run.Trace.Steps = append([]views.TraceStep{sent, received}, run.Trace.Steps...)
	if t.ActivityID != "" && now.Sub(t.CreatedAt) < models.ActivityLife {
		run.Activity = activityURL(t.ActivityID)
		if !run.Good {
			run.Share = shareURL(t.ActivityID)
		}
	}
	run.ForIT = forIT(org, t.Reference, *t.AnsweredAt, run.Trace.Problems)
	return run
}

// tookWords is how long an answer took: "at once", "1.4 s later", "2m5s later".
func tookWords(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return "at once"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s later"
	}
	return d.Round(time.Second).String() + " later"
}

func passedChecks(t models.LoginTrace) int {
	n := 0
	for _, c := range t.Checks {
		if c.State == models.CheckPassed {
			n++
		}
	}
	return n
}

func testTitle(now time.Time, t *models.TestSignIn) string {
	who := t.Who
	if who == "" {
		who = "A test by " + t.BegunBy
		if t.ByLink {
			who = "A test by the link of " + t.BegunBy
		}
	}
	return who + ", " + ago(now, t.CreatedAt)
}

func testPill(now time.Time, t *models.TestSignIn) views.Pill {
	switch {
	case t.State == models.TestPassed:
		return views.Pill{Text: "Passed", Tone: views.ToneOK}
	case t.State == models.TestRefused:
		return views.Pill{Text: "Would be refused", Tone: views.ToneWarn}
	case t.State == models.TestFailed:
		return views.Pill{Text: "Failed", Tone: views.ToneBad}
	case t.Silent(now):
		return views.Pill{Text: "Nothing came back", Tone: views.ToneWarn}
	}
	return views.Pill{Text: "Waiting", Tone: views.ToneInfo}
}

func testRow(now time.Time, t *models.TestSignIn) views.TestRow {
	row := views.TestRow{URL: testURL(t.ID), Who: t.Who, By: t.BegunBy, Result: testPill(now, t), When: agoExact(now, t.CreatedAt)}
	if row.Who == "" {
		row.Who = "Unknown"
	}
	if t.ByLink {
		row.By = "The link of " + t.BegunBy
	}
	if t.State == models.TestFailed || t.State == models.TestRefused {
		row.Why = firstSentence(t.Sentence)
	}
	return row
}

// testCard is the state of testing on the page of the connection, nil while there is nothing to test.
func (s *Server) testCard(c echo.Context, a *access, missing []string) (*views.TestCard, error) {
	if a.sso.Issuer == "" && a.sso.SignInURL == "" {
		return nil, nil
	}
	card := &views.TestCard{State: views.Pill{Text: "Not tested"}, Sentence: "A real sign-in that creates nobody and leaves your own session alone.", Blocked: testBlocked(a.sso)}
	tests, err := s.db.TestSignIns(c.Request().Context(), orgID(c), 1)
	if err != nil {
		return nil, err
	}
	if len(tests) > 0 {
		t := &tests[0]
		card.State = testPill(a.now, t)
		card.Sentence = "The last test: " + testTitle(a.now, t) + "."
		if t.State == models.TestFailed || t.State == models.TestRefused {
			card.Sentence += " " + firstSentence(t.Sentence)
		}
	}
	if !a.sso.Enabled && len(missing) > 0 {
		card.Sentence += " One that passes is needed before single sign-on can be turned on."
	}
	return card, nil
}
