package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// A response that answers no request of ours signs nobody in: its person is sent through a fresh sign-in.
//
//	POST …/acs               it is noted by what it says about itself; 303 to …/login?again=1
//	GET  …/login?again=1     this browser was not here within a minute: it gets a mark and is sent to …/login?again=2
//	GET  …/login?again=2     it has the mark: to the identity provider. It has none: it keeps no cookies, and would go round for ever

// The steps of a browser that is sent through a fresh sign-in.
const (
	againBegin  = "1"
	againMarked = "2"
)

// leadAgain notes a response that answers nothing and sends its person through a fresh sign-in.
func (s *Server) leadAgain(c echo.Context, orgID string, response []byte) error {
	e, _ := sso.Lookup(sso.ReasonUnsolicited)
	claimed := sso.ClaimedBy(response)
	err := s.db.RecordUnsolicited(c.Request().Context(), client(c), orgID, models.Unsolicited{
		Issuer: claimed.Issuer, CertificateSHA1: claimed.SHA1, FixAt: e.FixAt,
		Sentence: "A response that answers no request of ours arrived, and its person was sent through a fresh sign-in. Whoever clicks a tile there makes this detour while the Sign on URL is not filled in; anybody else can post such a response too, and nobody is signed in by it.",
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/saml/"+orgID+"/login?again="+againBegin)
}

// againStep takes a browser one step further on its way through a fresh sign-in. done tells that it is answered; otherwise the sign-in
// begins.
func (s *Server) againStep(c echo.Context, orgID string) (done bool, err error) {
	marked := s.cookie(c, againCookie) != ""
	switch step := c.QueryParam("again"); {
	case step == "" || step == againMarked && marked:
		return false, nil
	case step == againMarked:
		return true, s.refuseSAML(c, orgID, "", models.Refuse(models.RefusedCookiesBlocked))
	case marked:
		return true, s.refuseSAML(c, orgID, "", &sso.Error{Reason: sso.ReasonUnsolicited})
	}
	s.setCookie(c, againCookie, "1", againCookieLife)
	return true, c.Redirect(http.StatusSeeOther, "/saml/"+orgID+"/login?again="+againMarked)
}

// tellUnsolicited says in the activity what became of a response that answers nothing.
func tellUnsolicited(e *views.ActivityEntry, a *models.Activity, detail models.Facts) {
	if a.Reason != models.ReasonUnsolicited || detail["led_on"] != true {
		return
	}
	e.Icon, e.Tone, e.Result = "rotate-ccw", views.ToneWarn, views.Pill{Text: "Led on", Tone: views.ToneWarn}
	e.Sentence = "A response that answers no request of ours arrived"
	if issuer, _ := detail["claimed_issuer"].(string); issuer != "" {
		e.Sentence += ", by its own word from " + issuer
	}
	if a.Times > 1 {
		e.Times, e.Since = a.Times-1, clockTime(a.At)
		e.Facts = append(e.Facts, views.Fact{Label: "How often", Value: strconv.Itoa(a.Times) + " times within an hour"})
		if a.LastAt != nil {
			e.Time = clockTime(*a.LastAt)
		}
	}
}
