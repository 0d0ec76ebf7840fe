package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const (
	askAgain   = "Enter your password: this changes who can sign in."
	noPassword = "You sign in with single sign-on and have no password. This change asks for one, so that an open browser alone cannot make it."
)

// stepUpNeeded tells a page whether its form asks for the password: it was not entered in this session within models.StepUpLife.
func (s *Server) stepUpNeeded(c echo.Context) views.StepUp {
	who := signedIn(c)
	step := views.StepUp{Needed: !who.SteppedUp(s.db.Now())}
	if step.Needed && who.MayStepUpBySSO() {
		step.BySSO = true
		return step
	}
	if step.Needed && !who.Account.HasPassword() {
		step.Error = noPassword + " Get one by “Forgotten password” on the sign-in page."
	}
	return step
}

// stepUp takes the password that a form carries. When it is right the session has a new token afterwards and nothing more is needed for
// models.StepUpLife. Needed tells that the form must be shown again; Error is empty if no password was typed. What somebody without a
// password typed is kept while they confirm at the identity provider; when they are back, the form must be shown once more.
func (s *Server) stepUp(c echo.Context) (views.StepUp, error) {
	step := s.stepUpNeeded(c)
	password := c.FormValue("password")
	switch {
	case step.BySSO:
		return s.keepForm(c, step, nil)
	case isDraft(c):
		return views.StepUp{Needed: true, BySSO: true, Confirmed: true}, nil
	case !step.Needed && signedIn(c).MayStepUpBySSO():
		return step, s.db.DropForm(c.Request().Context(), signedIn(c), c.Request().URL.Path)
	case !step.Needed || password == "":
		return step, nil
	}
	token, err := s.db.StepUp(c.Request().Context(), signedIn(c), client(c), password)
	if err != nil {
		_, message, ok := refusal(err)
		if !ok || models.IsKind(err, models.Unauthenticated) {
			return step, err
		}
		step.Error = message
		return step, nil
	}
	s.startSession(c, token)
	return views.StepUp{}, nil
}

// inline is a step-up as a field of the form that was sent: it says why the field is there.
func inline(step views.StepUp) views.StepUp {
	if step.Needed && step.Error == "" && !step.Confirmed {
		step.Error = askAgain
	}
	return step
}

// ownerStepUp asks an owner for the password before a change that owners alone may make. An admin who sets up the identity provider could
// come by it as an owner, but does not know an owner's password. When asked is true, the page that asks for it was sent.
func (s *Server) ownerStepUp(c echo.Context, nav views.Nav, p views.StepUpPage) (asked bool, err error) {
	if signedIn(c).Role != models.Owner {
		return false, nil // the models refuse it by name
	}
	step, err := s.stepUp(c)
	if err != nil || !step.Needed {
		return false, err
	}
	return true, s.askPassword(c, nav, step, p)
}

// askPassword answers a form that has no room for the password with a page that asks for it and sends everything again.
func (s *Server) askPassword(c echo.Context, nav views.Nav, step views.StepUp, p views.StepUpPage) error {
	shell, err := s.shell(c, nav)
	if err != nil {
		return err
	}
	p.Shell, p.Action, p.Error, p.StepUp = shell, c.Request().URL.Path, step.Error, step
	if !step.BySSO && !signedIn(c).Account.HasPassword() {
		p.Error, p.NoPassword = "", noPassword
	}
	for name, values := range c.Request().PostForm {
		if name == "org" || name == "password" || name == "username" {
			continue
		}
		for _, v := range values {
			p.Fields = append(p.Fields, views.Hidden{Name: name, Value: v})
		}
	}
	return render(c, http.StatusUnprocessableEntity, views.StepUpForm(p))
}
