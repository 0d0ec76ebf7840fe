package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// Signing in, by address. Nothing on these pages tells whether an account exists: what they do depends on the domain of the address and,
// after the password, on both being right.
//
//	GET  /login            which address; somebody who is signed in goes on
//	POST /login            step=email: to the password, to the choice, or straight to the identity provider
//	                       step=choice, step=sso: where the person wants to go
//	                       step=password: the session
//	GET, POST /login/recovery   owners and admins, when single sign-on does not work
//	POST /logout           ends the session

// signInRoutes are the pages that nobody needs to be signed in for.
func (s *Server) signInRoutes(g *echo.Group) {
	g.GET("/login", s.loginPage)
	g.POST("/login", s.login)
	g.GET("/login/recovery", s.recoveryPage)
	g.POST("/login/recovery", s.recover)
	g.POST("/logout", s.logout)
	g.GET("/password/forgot", s.forgotPage)
	g.POST("/password/forgot", s.forgot)
	g.GET("/password/reset", s.resetPage)
	g.POST("/password/reset", s.reset)
	g.GET("/setup", s.setupPage)
	g.POST("/setup", s.setup)
	g.GET("/signup", s.signupPage)
	g.POST("/signup", s.signup)
	g.GET("/invitation", s.invitationPage)
	g.POST("/invitation", s.invitation)
}

func (s *Server) loginPage(c echo.Context) error {
	returnTo := returnTo(c)
	if signedIn(c) != nil {
		return c.Redirect(http.StatusSeeOther, returnTo)
	}
	return s.showLogin(c, http.StatusOK, views.LoginPage{Step: views.LoginEmail, ReturnTo: returnTo, Flash: s.takeFlash(c)})
}

// returnTo is the checked path to go back to. A proxy that cannot escape writes a whole path with its query there (docs/forward-auth.md);
// its unescaped slash tells it from our own links, and everything after it belongs to the path.
func returnTo(c echo.Context) string {
	if rest, raw := strings.CutPrefix(c.Request().URL.RawQuery, "return_to=/"); raw {
		return localPath("/" + rest)
	}
	return localPath(c.QueryParam("return_to"))
}

func (s *Server) showLogin(c echo.Context, status int, p views.LoginPage) error {
	p.SignupOpen = s.config.Signup
	s.allowIdPForm(c)
	retryAfter(c, status)
	return render(c, status, views.Login(p))
}

func (s *Server) login(c echo.Context) error {
	if err := parseForm(c); err != nil {
		return err
	}
	p := views.LoginPage{Email: views.Field{Value: c.FormValue("email")}, ReturnTo: localPath(c.FormValue("return_to"))}
	step := views.LoginStep(c.FormValue("step"))
	if step == views.LoginPassword {
		return s.loginByPassword(c, p)
	}
	policy, err := s.db.LoginPolicy(c.Request().Context(), p.Email.Value)
	if err != nil {
		return s.loginRefused(c, p, err)
	}
	p.Organization = policy.Organization
	asked := step == views.LoginSSO || step == views.LoginChoice && c.FormValue("with") == "sso"
	switch {
	case policy.Way == models.WaySSO, policy.Way == models.WayChoice && asked:
		return c.Redirect(http.StatusSeeOther, ssoStart(policy.OrgID, p.Email.Value, p.ReturnTo))
	case policy.Way == models.WayChoice && step != views.LoginChoice:
		p.Step = views.LoginChoice
	default:
		p.Step = views.LoginPassword
	}
	return s.showLogin(c, http.StatusOK, p)
}

// ssoStart is where a single sign-on of an organization begins.
func ssoStart(orgID, email, returnTo string) string {
	q := url.Values{"login_hint": {email}}
	if returnTo != "/" {
		q.Set("return_to", returnTo)
	}
	return "/saml/" + orgID + "/login?" + q.Encode()
}

func (s *Server) loginByPassword(c echo.Context, p views.LoginPage) error {
	p.Step = views.LoginPassword
	secret := c.FormValue("password")
	if secret == "" {
		p.Password.Error = "Enter your password."
		return s.showLogin(c, http.StatusUnprocessableEntity, p)
	}
	token, err := s.db.PasswordSignIn(c.Request().Context(), client(c), p.Email.Value, secret, false)
	if err != nil {
		return s.loginRefused(c, p, err)
	}
	return s.begin(c, token, p.ReturnTo)
}

// loginRefused shows the step at which the person can do something about it.
func (s *Server) loginRefused(c echo.Context, p views.LoginPage, err error) error {
	field, sentence, ok := refusal(err)
	if !ok {
		return err
	}
	switch status := formStatus(err); {
	case status == http.StatusForbidden:
		// The password was right, and the organization asks for something else.
		p.Step, p.Flash = views.LoginEmail, &views.Flash{Tone: views.ToneBad, Text: sentence}
		policy, err := s.db.LoginPolicy(c.Request().Context(), p.Email.Value)
		if err != nil {
			return err
		}
		if policy.Way != models.WayPassword {
			p.Step, p.Organization = views.LoginSSO, policy.Organization
		}
		return s.showLogin(c, status, p)
	case field == "email":
		p.Step, p.Email.Error = views.LoginEmail, sentence
		return s.showLogin(c, status, p)
	default:
		p.Password.Error = sentence
		return s.showLogin(c, status, p)
	}
}

// begin puts a new session into the browser and goes on. Whatever session it had before ends: tokens are never carried over a sign-in.
func (s *Server) begin(c echo.Context, token, to string) error {
	if signedIn(c) != nil {
		if err := s.db.SignOut(c.Request().Context(), client(c), s.sessionToken(c)); err != nil {
			return err
		}
	}
	s.startSession(c, token)
	return c.Redirect(http.StatusSeeOther, to)
}

func (s *Server) recoveryPage(c echo.Context) error {
	if signedIn(c) != nil {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	return render(c, http.StatusOK, views.Recovery(views.RecoveryPage{}))
}

func (s *Server) recover(c echo.Context) error {
	if err := parseForm(c); err != nil {
		return err
	}
	email, secret := c.FormValue("email"), c.FormValue("password")
	var f formProblems
	_, badAddress := models.CleanAddress(email)
	if err := f.note(badAddress, "email"); err != nil {
		return err
	}
	if secret == "" {
		f.say("password", "Enter your password.")
	}
	if !f.any() {
		token, err := s.db.PasswordSignIn(c.Request().Context(), client(c), email, secret, true)
		if err == nil {
			return s.begin(c, token, "/")
		}
		if err := f.note(err, "password", "email"); err != nil {
			return err
		}
	}
	return f.render(c, views.Recovery(views.RecoveryPage{Email: f.field(c, "email"), Password: f.secret("password")}))
}

func (s *Server) logout(c echo.Context) error {
	if err := s.db.SignOut(c.Request().Context(), client(c), s.sessionToken(c)); err != nil {
		return err
	}
	s.clearSession(c)
	return s.done(c, "/login", "You are signed out.")
}
