package handlers

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/views"
)

// The cookies, without the prefix they carry over https.
const (
	sessionCookie = "gatehouse_session" // the session's token
	loginCookie   = "gatehouse_login"   // binds SAML requests to this browser
	flashCookie   = "gatehouse_flash"   // one sentence for the next page
)

const flashLife = time.Minute

// cookieName carries the __Host- prefix over https: the browser then refuses the cookie from any other host, path or plain connection.
func (s *Server) cookieName(name string) string {
	if s.config.SecureCookies() {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie of this host; life 0 keeps it until the browser closes, below 0 removes it.
func (s *Server) setCookie(c echo.Context, name, value string, life time.Duration) {
	cookie := &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", Secure: s.config.SecureCookies(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	switch {
	case life > 0:
		cookie.MaxAge = int(life / time.Second)
	case life < 0:
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}

// cookie is the value of a cookie, empty if there is none.
func (s *Server) cookie(c echo.Context, name string) string {
	cookie, err := c.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *Server) sessionToken(c echo.Context) string { return s.cookie(c, sessionCookie) }

// startSession puts a new session into the browser. The absolute limit is the server's; the cookie only must not outlive the browser's use.
func (s *Server) startSession(c echo.Context, token string) { s.setCookie(c, sessionCookie, token, 0) }

func (s *Server) clearSession(c echo.Context) { s.setCookie(c, sessionCookie, "", -1) }

// flash keeps one sentence for the page after the redirect.
func (s *Server) flash(c echo.Context, tone views.Tone, text string) {
	b, err := json.Marshal(views.Flash{Tone: tone, Text: text})
	if err == nil {
		s.setCookie(c, flashCookie, base64.RawURLEncoding.EncodeToString(b), flashLife)
	}
}

// takeFlash is the sentence that the request before left, once.
func (s *Server) takeFlash(c echo.Context) *views.Flash {
	value := s.cookie(c, flashCookie)
	if value == "" {
		return nil
	}
	s.setCookie(c, flashCookie, "", -1)
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	var f views.Flash
	if json.Unmarshal(b, &f) != nil {
		return nil
	}
	return &f
}

// done redirects after a change, with the sentence that says so.
func (s *Server) done(c echo.Context, to, sentence string) error {
	s.flash(c, views.ToneOK, sentence)
	return c.Redirect(http.StatusSeeOther, to)
}

// refused redirects back to a page with the reason why nothing was done, for buttons that have no field to put it beside.
func (s *Server) refused(c echo.Context, to string, err error) error {
	_, message, ok := refusal(err)
	if !ok {
		return err
	}
	s.flash(c, views.ToneBad, message)
	return c.Redirect(http.StatusSeeOther, to)
}
