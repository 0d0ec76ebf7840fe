package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// profile is the person's own page as the database has it.
func (s *Server) profile(c echo.Context) (views.ProfilePage, error) {
	ctx, who, now := c.Request().Context(), signedIn(c), s.db.Now()
	var p views.ProfilePage
	var err error
	if p.Shell, err = s.shell(c, views.NavProfile); err != nil {
		return p, err
	}
	sessions, err := s.db.Sessions(ctx, who.Organization.ID, who.Member.ID)
	if err != nil {
		return p, err
	}
	identities, err := s.db.Identities(ctx, who.Organization.ID, who.Member.ID)
	if err != nil {
		return p, err
	}
	connection, err := s.db.SSO(ctx, who.Organization.ID)
	if err != nil {
		return p, err
	}
	p.Name.Value = who.Member.Label()
	if who.Member.SCIMManaged {
		p.NameLocked = "Your name comes from your company’s directory and follows it. Ask for the change there."
	}
	p.Password.Has = who.Account.HasPassword()
	if p.Password.Has && who.Session.Method != models.MethodPassword {
		p.Password.Locked = "You are signed in with single sign-on. Your password can be changed only after signing in with it, or by “Forgotten password” on the sign-in page."
	}
	p.Identities = linkedIdentities(now, identities, connection, who.Organization.Name)
	p.Sessions = sessionViews(now, sessions, who.Session.ID, who.Organization.Name)
	p.Limits = "They end after " + length(minutes(who.Organization.SessionIdleMinutes)) + " without activity, and " +
		length(minutes(who.Organization.SessionAbsoluteMinutes)) + " after signing in at the latest."
	return p, nil
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// linkedIdentities folds the keys of each identity provider into one line; the address stands for them where there is one.
func linkedIdentities(now time.Time, keys []models.Identity, connection *models.SSO, organization string) []views.LinkedIdentity {
	type linked struct {
		issuer, shown string
		since, used   time.Time
	}
	var order []*linked
	byIssuer := map[string]*linked{}
	for _, k := range keys {
		l := byIssuer[k.Issuer]
		if l == nil {
			l = &linked{issuer: k.Issuer, shown: k.Value, since: k.FirstSeenAt, used: k.LastSeenAt}
			byIssuer[k.Issuer] = l
			order = append(order, l)
		}
		if k.Kind == "email" {
			l.shown = k.Value
		}
		if k.FirstSeenAt.Before(l.since) {
			l.since = k.FirstSeenAt
		}
		if k.LastSeenAt.After(l.used) {
			l.used = k.LastSeenAt
		}
	}
	list := []views.LinkedIdentity{}
	for _, l := range order {
		v := views.LinkedIdentity{
			Title:  organization + " SSO",
			Detail: l.shown + " · linked on " + date(l.since) + " · last used " + agoExact(now, l.used),
			State:  views.Pill{Text: "In use", Tone: views.ToneOK},
		}
		if l.issuer != connection.Issuer {
			v.Title, v.State = "An earlier identity provider", views.Pill{Text: "Not used any more"}
		} else if !connection.Enabled {
			v.State = views.Pill{Text: "Single sign-on is off"}
		}
		list = append(list, v)
	}
	return list
}
