package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const (
	maxReadiness  = 10000 // people counted on the page before Require Single Sign-On
	shownInGroups = 12    // of them named in each group
)

// switchValue reads the button of a switch.
func switchValue(c echo.Context) (on bool, err error) {
	switch c.FormValue("value") {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, &models.Error{Kind: models.Invalid, Message: "The switch was sent without a position. Open the page again and press it once more."}
}

// switchSSO turns Single Sign-On on or off.
func (s *Server) switchSSO(c echo.Context) error {
	on, err := switchValue(c)
	if err != nil {
		return err
	}
	a, err := s.access(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	if on == a.sso.Enabled {
		return s.done(c, ssoPath, "Single sign-on is "+onOff(on)+" already.")
	}
	if on {
		if refusal, err := s.cannotEnable(c); err != nil || refusal != nil {
			if err != nil {
				return err
			}
			return s.refused(c, ssoPath+"#switches", refusal)
		}
	}
	page := views.StepUpPage{
		Title: "Turn off single sign-on?", Confirm: "Turn off single sign-on", Danger: true, CancelURL: ssoPath,
		Sentence: "Nobody can sign in with the identity provider until it is on again.",
		Effects:  []string{"Sign-ins that are under way at the identity provider end; open sessions stay.", "Everybody who has a password signs in with it; others need one by “Forgotten password”."},
	}
	if a.sso.Requires(a.now) {
		page.Effects = append(page.Effects, "Require Single Sign-On turns off too.")
	}
	done := "Single sign-on is off. People sign in with their passwords."
	if on {
		page = views.StepUpPage{
			Title: "Turn on single sign-on?", Confirm: "Turn on single sign-on", CancelURL: ssoPath,
			Sentence: "People on " + list(a.verified()) + " can then sign in with your identity provider.",
			Effects:  []string{"Passwords still work.", "Nobody is signed out."},
		}
		if a.sso.IDPManaged {
			page.Effects = []string{"IdP Managed Access is on: people on " + list(a.verified()) + " are sent to the identity provider, and new ones become members at their first sign-in.", "Nobody is signed out."}
		}
		done = "Single sign-on is on. Sign in with it once in a private window before you require it."
	}
	return s.setSwitch(c, page, models.Switches{Enabled: &on}, done)
}

// cannotEnable is why Single Sign-On cannot be turned on yet, nil if it can.
func (s *Server) cannotEnable(c echo.Context) (refusal, err error) {
	missing, err := s.db.EnableMissing(c.Request().Context(), orgID(c))
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	text := "Single sign-on cannot be turned on yet."
	for _, m := range missing {
		text += " " + m
	}
	return &models.Error{Kind: models.Conflict, Message: text}, nil
}

// switchIdPManaged turns IdP Managed Access on or off.
func (s *Server) switchIdPManaged(c echo.Context) error {
	on, err := switchValue(c)
	if err != nil {
		return err
	}
	a, err := s.access(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	if on == a.sso.IDPManaged {
		return s.done(c, ssoPath, "IdP Managed Access is "+onOff(on)+" already.")
	}
	if on && !a.sso.Enabled {
		return s.refused(c, ssoPath+"#switches", &models.Error{Kind: models.Conflict, Message: "Turn single sign-on on first."})
	}
	page := views.StepUpPage{
		Title: "Turn off IdP Managed Access?", Confirm: "Turn off IdP Managed Access", CancelURL: ssoPath,
		Sentence: "You decide here who belongs.",
		Effects:  []string{"People who are no members are not created at their first sign-in: they need an invitation.", "Everybody can be invited again."},
	}
	done := "IdP Managed Access is off. People join by invitation."
	if on {
		where := list(a.verified())
		page = views.StepUpPage{
			Title: "Turn on IdP Managed Access?", Confirm: "Turn on IdP Managed Access", CancelURL: ssoPath,
			Sentence: "Your identity provider then says who on " + where + " belongs.",
			Effects: []string{
				"Everyone on " + where + " is sent to the identity provider, whether a member or not.",
				"Whoever it lets in and is no member becomes one, with the role Member.",
				"Nobody on " + where + " is invited any more; assign people at the identity provider instead.",
			},
		}
		done = "IdP Managed Access is on. Your identity provider says who belongs."
	}
	return s.setSwitch(c, page, models.Switches{IDPManaged: &on}, done)
}

// setSwitch asks for the password if it must, then sets the switch.
func (s *Server) setSwitch(c echo.Context, page views.StepUpPage, w models.Switches, done string) error {
	page.Effects = append(page.Effects, "The owners are told.")
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	if step.Needed {
		return s.askPassword(c, views.NavAccessSecurity, step, page)
	}
	if err := s.db.SetSwitches(c.Request().Context(), actor(c), orgID(c), w); err != nil {
		return s.refused(c, ssoPath+"#switches", err)
	}
	return s.done(c, ssoPath, done)
}

// switchRequireSSO turns Require Single Sign-On off, or on after the page that says for whom it means what.
func (s *Server) switchRequireSSO(c echo.Context) error {
	on, err := switchValue(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	a, err := s.access(ctx, orgID(c))
	switch {
	case err != nil:
		return err
	case on == a.sso.Requires(a.now):
		return s.done(c, ssoPath, "Require Single Sign-On is "+onOff(on)+" already.")
	case !on:
		return s.setSwitch(c, views.StepUpPage{
			Title: "Turn off Require Single Sign-On?", Confirm: "Turn off Require Single Sign-On", CancelURL: ssoPath,
			Sentence: "Passwords open " + signedIn(c).Organization.Name + " again.",
			Effects:  []string{"Single sign-on stays on: people can use either.", "Nobody is signed out."},
		}, models.Switches{Required: &on}, "Require Single Sign-On is off. Passwords work again.")
	case c.FormValue("confirmed") != "yes":
		return c.Redirect(http.StatusSeeOther, ssoPath+"/require")
	}
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	p, err := s.requirePage(c, a)
	if err != nil {
		return err
	}
	if p.Blocked == "" && !step.Needed {
		err := s.db.SetSwitches(ctx, actor(c), orgID(c), models.Switches{Required: &on})
		if err == nil {
			return s.done(c, ssoPath, "Require Single Sign-On is on. Passwords no longer open "+signedIn(c).Organization.Name+"; owners and admins keep recovery sign-in.")
		}
		_, message, ok := refusal(err)
		if !ok {
			return err
		}
		p.Error = message
	}
	p.StepUp = inline(step)
	return render(c, http.StatusUnprocessableEntity, views.RequireSSO(p))
}

func (s *Server) requireSSOPage(c echo.Context) error {
	a, err := s.access(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	if a.sso.Requires(a.now) {
		return s.done(c, ssoPath, "Require Single Sign-On is on already.")
	}
	p, err := s.requirePage(c, a)
	if err != nil {
		return err
	}
	p.StepUp = s.stepUpNeeded(c)
	return render(c, http.StatusOK, views.RequireSSO(p))
}

// requirePage is the pre-flight of Require Single Sign-On: everybody in exactly one group, and the conditions.
func (s *Server) requirePage(c echo.Context, a *access) (views.RequireSSOPage, error) {
	p := views.RequireSSOPage{Domains: list(a.verified()), SafetyWindow: length(models.SafetyWindow)}
	if p.Domains == "" {
		p.Domains = "claimed domains"
	}
	shell, err := s.shell(c, views.NavAccessSecurity)
	if err != nil {
		return p, err
	}
	p.Shell = shell
	people, err := s.db.Readinesses(c.Request().Context(), orgID(c), maxReadiness)
	if err != nil {
		return p, err
	}
	for i := range people {
		r := &people[i]
		person := views.PersonNote{Person: views.Person{Name: r.Label(), Email: r.Address()}}
		switch manages := r.Role == models.Owner || r.Role == models.Admin; {
		case manages && r.HasPassword:
			person.Note = roleWord(r.Role) + ", never used SSO"
			if r.UsedSSO {
				person.Note = roleWord(r.Role) + ", has used SSO"
			}
			addTo(&p.Recovery, person)
		case !r.Claimed:
			addTo(&p.Outside, person)
		case r.UsedSSO:
			addTo(&p.Ready, person)
		default:
			addTo(&p.NeverUsed, person)
		}
	}
	for _, g := range []*views.PeopleGroup{&p.Ready, &p.NeverUsed, &p.Outside, &p.Recovery} {
		if more := g.Count - len(g.People); more > 0 {
			g.More = "and " + thousands(more) + " more"
		}
	}
	preflight, err := s.db.Preflight(c.Request().Context(), orgID(c))
	if err != nil {
		return p, err
	}
	p.Conditions = a.requireConditions(preflight, s.config.SMTP != nil)
	for _, condition := range p.Conditions {
		if !condition.OK {
			p.Blocked = "First meet the conditions above that are not met."
		}
	}
	return p, nil
}

func addTo(g *views.PeopleGroup, p views.PersonNote) {
	g.Count++
	if len(g.People) < shownInGroups {
		g.People = append(g.People, p)
	}
}

// requireConditions keep people from locking everybody out; mailed tells whether notices reach the owners by mail.
func (a *access) requireConditions(p *models.Preflight, mailed bool) []views.Check {
	on := views.Check{OK: p.Enabled, Text: "Single Sign-On is on", Detail: "People can already use it."}
	if !on.OK {
		on.Detail, on.Action = "Turn it on first.", views.Link{Text: "Go to the switches", URL: ssoPath + "#switches"}
	}
	domain := views.Check{OK: p.Domain, Text: "A verified domain", Detail: list(a.verified())}
	if !domain.OK {
		domain.Detail, domain.Action = "Nobody could sign in without one.", views.Link{Text: "Claim a domain", URL: domainsPath}
	}
	return []views.Check{on, domain, a.certificateCondition(p), a.testCondition(p), recoveryCondition(p, mailed)}
}

func (a *access) certificateCondition(p *models.Preflight) views.Check {
	check := views.Check{OK: p.CertificateLasts(), Text: "A SAML certificate that is valid for 14 days or more", Action: views.Link{Text: "Upload", URL: ssoPath + "#certificate-row"}}
	switch {
	case check.OK:
		check.Detail, check.Action = "Until "+until(a.now, p.CertificateUntil)+".", views.Link{}
	case p.CertificateUntil.IsZero():
		check.Detail = "Upload the one your identity provider signs with."
	default:
		check.Detail = "It expires " + left(a.now, p.CertificateUntil) + ", on " + date(p.CertificateUntil) + ", and then nobody could sign in. Create the next one at the identity provider and upload it here: both are trusted meanwhile."
	}
	return check
}

func (a *access) testCondition(p *models.Preflight) views.Check {
	check := views.Check{OK: p.Tested(), Text: "A test sign-in of the last seven days, passed by an owner or admin", Action: views.Link{Text: "Run a test sign-in", URL: testPath}}
	switch t := p.Test; {
	case check.OK:
		check.Detail, check.Action = t.Who+", "+agoExact(a.now, t.At)+".", views.Link{}
	case t == nil:
		check.Detail = "Nobody has passed one since the last change of the connection. Run one yourself: it signs nobody in and changes nothing."
	case t.Manages:
		check.Detail = "The last one is older: " + t.Who + ", " + agoExact(a.now, t.At) + ". Run it again."
	default:
		check.Detail = t.Who + " has passed one, but is no active owner or admin. Whoever could turn this off again must have got in: run one yourself."
	}
	return check
}

func recoveryCondition(p *models.Preflight, mailed bool) views.Check {
	check := views.Check{OK: len(p.RecoveryOwners) > 0, Text: "An owner with a password, for recovery"}
	if !check.OK {
		check.Detail = "No owner has a password, so nobody could get in if single sign-on failed. An owner gets one by “Forgotten password” on the sign-in page."
		return check
	}
	told := "Every use is audited, mailed to the owners and shown on their home page."
	if !mailed {
		told = "Every use is audited and shown to the owners on their home page; it is not mailed, because SMTP_URL is not set on this server."
	}
	check.Detail = list(p.RecoveryOwners) + " can still get in by recovery sign-in. "
	if len(p.RecoveryOwners) == 1 {
		check.Detail += "Two owners are better. "
	}
	check.Detail += "Until second factors exist here the password alone is enough for it. " + told
	return check
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
