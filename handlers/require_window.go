package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// While the safety window of Require Single Sign-On is open, every page of an owner or admin says so, with the sign-in that keeps it on.

// windowNotice is that banner, nil while no window is open.
func (s *Server) windowNotice(c echo.Context, who *models.SignedIn) (*views.Notice, error) {
	if !who.CanManage() {
		return nil, nil
	}
	connection, err := s.db.OpenWindow(c.Request().Context(), who.Organization.ID)
	if err != nil || connection == nil {
		return nil, err
	}
	return &views.Notice{
		Tone: views.ToneWarn, Title: "Confirm that single sign-on works",
		Text:   "Required since " + utc(*connection.RequiredAt) + ". Sign in with single sign-on once to keep it, otherwise it turns itself off at " + utc(*connection.RequiredUntil) + ".",
		Action: views.Link{Text: "Sign in with single sign-on", URL: samlLoginPath(who.Organization.ID, ssoPath, who.Member.Address())},
	}, nil
}

// utc is a time of day: "14:32 UTC".
func utc(t time.Time) string { return clockTime(t) + " UTC" }

// requireSwitch is Require Single Sign-On in words.
func (a *access) requireSwitch() views.Switch {
	const recovery = "Passwords do not open this organization any more, but for owners and admins by recovery sign-in: their password alone is enough for it until second factors exist here."
	c := &a.sso.SSOConnection
	sw := views.Switch{On: c.Requires(a.now), State: views.Pill{Text: "Off"}}
	switch {
	case c.OnTrial(a.now):
		sw.State = views.Pill{Text: "On trial until " + utc(*c.RequiredUntil), Tone: views.ToneWarn}
		sw.Sentence = "It stays on once an owner or admin has signed in with single sign-on. " + recovery
	case sw.On:
		sw.State, sw.Sentence = views.Pill{Text: "On", Tone: views.ToneOK}, recovery
		if c.RequiredAt != nil {
			sw.State.Text = "On since " + date(*c.RequiredAt)
		}
		if c.RequiredKeptAt != nil {
			sw.Sentence = "It stays on: " + c.RequiredKeptBy + " signed in with single sign-on on " + dateTime(*c.RequiredKeptAt) + ". " + recovery
		}
	}
	return sw
}

// revertedNotice says that Require Single Sign-On turned itself off, for a week or until somebody turns a switch.
func (a *access) revertedNotice(n *models.Notice) *views.Notice {
	if n.Kind != models.NoticeReverted || a.now.Sub(n.CreatedAt) >= noticeLife || !a.sso.Enabled || a.sso.Requires(a.now) {
		return nil
	}
	return &views.Notice{Tone: views.ToneWarn, Title: n.Subject, Text: n.Body, Action: views.Link{Text: "Turn it on again", URL: ssoPath + "/require"}}
}
