package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

func (s *Server) ssoPage(c echo.Context) error {
	a, err := s.access(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	return s.renderSSO(c, http.StatusOK, a, views.SSOForm{
		SignInURL: views.Field{Value: a.sso.SignInURL}, Issuer: views.Field{Value: a.sso.Issuer}, StepUp: s.stepUpNeeded(c),
	})
}

// renderSSO is the page of the connection around a form in any state.
func (s *Server) renderSSO(c echo.Context, status int, a *access, form views.SSOForm) error {
	ctx := c.Request().Context()
	shell, head, err := s.frame(c, a, ssoPath)
	if err != nil {
		return err
	}
	p := views.SSOPage{Shell: shell, Access: head, Service: s.service(orgID(c)), Form: form}
	p.FirstVisit = a.sso.Issuer == "" && a.sso.SignInURL == "" && len(a.sso.Certificates) == 0 && len(a.domains) == 0
	for i := range a.sso.Certificates {
		p.Certificates = append(p.Certificates, a.certificate(&a.sso.Certificates[i]))
	}
	if err := s.warnElsewhere(c, p.Certificates, p.Form.Unsaved); err != nil {
		return err
	}
	missing, err := s.db.EnableMissing(ctx, orgID(c))
	if err != nil {
		return err
	}
	p.SSO, p.Require, p.IdPManaged = a.switches(missing)
	if p.Test, err = s.testCard(c, a, missing); err != nil {
		return err
	}
	s.allowIdPForm(c)
	p.Remove = a.removal()
	if p.Changed, err = s.lastChange(c, "sso_connection"); err != nil {
		return err
	}
	if a.sso.Enabled {
		n, err := s.db.CountSSOPeople(ctx, orgID(c))
		if err != nil {
			return err
		}
		used := "nobody has signed in through it yet"
		if n > 0 {
			used = count(n, "person signs", "people sign") + " in through it"
		}
		p.Form.Effect = strings.TrimSpace(p.Form.Effect + " The connection is live: " + used + ". A new Issuer URL ends sessions that began with it; adding a certificate ends nothing.")
	}
	return render(c, status, views.SSO(p))
}

// lastChange is "Last changed 20 Nov 2026 by Dana Reyes" for the things of one kind in the audit log, empty if nothing happened yet.
func (s *Server) lastChange(c echo.Context, object string) (string, error) {
	events, err := s.db.AuditEvents(c.Request().Context(), orgID(c), models.AuditFilter{Action: object, Limit: 1})
	if err != nil || len(events) == 0 {
		return "", err
	}
	return "Last changed " + date(events[0].At) + " by " + byActor(&events[0]), nil
}

// certificate describes a trusted certificate.
func (a *access) certificate(c *models.SSOCertificate) views.Certificate {
	v := certificateCard(a.now, c.Subject, c.SHA1, c.SHA256, c.KeyKind, c.NotBefore, c.NotAfter)
	v.ID, v.Added, v.DownloadURL = c.ID, "Added "+date(c.AddedAt)+" by "+c.AddedBy, certificateURL(c.ID)
	if c.LastUsedAt != nil {
		v.Badges = append([]views.Pill{{Text: "In use (last signature " + ago(a.now, *c.LastUsedAt) + ")", Tone: views.ToneOK}}, v.Badges...)
	} else {
		v.Badges = append([]views.Pill{{Text: "Not used yet"}}, v.Badges...)
	}
	switch {
	case a.sso.Enabled && c.Valid(a.now) && a.validCertificates() == 1:
		v.Removal = "The only valid certificate while single sign-on is on. Add the new one first, or turn single sign-on off."
	case a.sso.Enabled && a.sso.SignsStill(c, a.now):
		v.Removal, v.Disown = "It signed less than 24 hours ago, and no other has since. Let your identity provider sign with the new one first.", true
	}
	return v
}

func (a *access) validCertificates() int {
	n := 0
	for i := range a.sso.Certificates {
		if a.sso.Certificates[i].Valid(a.now) {
			n++
		}
	}
	return n
}

// certificateCard is what is known about any certificate, saved or not.
func certificateCard(now time.Time, subject, sha1, sha256, key string, notBefore, notAfter time.Time) views.Certificate {
	v := views.Certificate{Subject: commonName(subject), SHA1: thumbprint(sha1), SHA256: sha256, Key: key, Valid: date(notBefore) + " – " + date(notAfter)}
	switch days := daysBetween(now, notAfter); {
	case !now.Before(notAfter):
		v.Left = "expired " + ago(now, notAfter)
		v.Badges = append(v.Badges, views.Pill{Text: "Expired", Tone: views.ToneBad})
	case now.Before(notBefore):
		v.Left = "valid from " + date(notBefore)
		v.Badges = append(v.Badges, views.Pill{Text: "Not valid yet", Tone: views.ToneWarn})
	default:
		v.Left = count(days, "day", "days") + " left"
		if notAfter.Sub(now) < expirySoon {
			v.Badges = append(v.Badges, views.Pill{Text: "Expires " + left(now, notAfter), Tone: views.ToneWarn})
		}
	}
	return v
}

// thumbprint is a SHA-1 as Entra shows it, so that an admin can compare the two at a glance or search for one.
func thumbprint(sha1 string) string { return strings.ReplaceAll(sha1, ":", "") }

// commonName drops the attribute's name from a subject that has nothing else: "CN=Microsoft Azure Federated SSO Certificate".
func commonName(subject string) string {
	name, is := strings.CutPrefix(subject, "CN=")
	if !is || name == "" || strings.ContainsAny(name, `,+=\`) {
		return subject
	}
	return name
}

// switches are the three switches in words, with what stands against each.
func (a *access) switches(missing []string) (sso, require, managed views.Switch) {
	on, off := views.Pill{Text: "On", Tone: views.ToneOK}, views.Pill{Text: "Off"}
	sso = views.Switch{On: a.sso.Enabled, State: off}
	require = a.requireSwitch()
	managed = views.Switch{On: a.sso.IDPManaged, State: off}
	where := list(a.verified())
	if where == "" {
		where = "claimed domains"
	}
	const first = "Turn on Single Sign-On first."
	if a.sso.Enabled {
		sso.State = on
		if a.sso.EnabledAt != nil {
			sso.State.Text = "On since " + date(*a.sso.EnabledAt)
		}
		switch {
		case a.sso.Requires(a.now):
			sso.Meaning = "People on " + where + " sign in with your identity provider. Turning this off turns off Require Single Sign-On too."
		case a.sso.IDPManaged:
			sso.Meaning = "People on " + where + " sign in with your identity provider. Passwords still work for everybody else."
		default:
			sso.Meaning = "People on " + where + " can sign in with your identity provider. Passwords still work."
		}
	} else {
		if len(missing) > 0 {
			sso.Blocked = views.Blocked("Before it can be turned on: " + strings.Join(missing, " "))
		}
		require.Blocked = first
		if !a.sso.IDPManaged {
			managed.Blocked = first
		}
	}
	if a.sso.IDPManaged {
		managed.State = on
		managed.Sentence = "Whoever your identity provider lets in on " + where + " becomes a member at the first sign-in."
		if !a.sso.Enabled {
			managed.Sentence = "It has no effect while Single Sign-On is off."
		}
	}
	return sso, require, managed
}

func (a *access) removal() views.RemoveSSO {
	r := views.RemoveSSO{Offer: a.sso.Issuer != "" || a.sso.SignInURL != "" || len(a.sso.Certificates) > 0}
	if a.sso.Enabled {
		r.Blocked = "Turn Single Sign-On off first."
	}
	return r
}
