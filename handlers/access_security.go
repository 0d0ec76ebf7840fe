package handlers

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const (
	// expirySoon is from when on a certificate or token asks to be renewed.
	expirySoon = 60 * 24 * time.Hour
	// noticeLife is how long a banner tells what happened once.
	noticeLife = 7 * 24 * time.Hour
)

func (s *Server) accessSecurity(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, ssoPath)
}

// access is what all pages of Access Security show, read once.
type access struct {
	now     time.Time
	sso     *models.SSO
	domains []models.Domain
	tokens  []models.SCIMToken
	secrets []models.SCIMClientSecret
}

func (s *Server) access(ctx context.Context, orgID string) (*access, error) {
	a := &access{now: s.db.Now()}
	var err error
	if a.sso, err = s.db.SSO(ctx, orgID); err != nil {
		return nil, err
	}
	if a.domains, err = s.db.Domains(ctx, orgID); err != nil {
		return nil, err
	}
	if a.tokens, err = s.db.SCIMTokens(ctx, orgID); err != nil {
		return nil, err
	}
	a.secrets, err = s.db.SCIMClientSecrets(ctx, orgID)
	return a, err
}

// frame is the shell and the head of a page of Access Security; current is the address of its tab.
func (s *Server) frame(c echo.Context, a *access, current string) (views.Shell, views.Access, error) {
	shell, err := s.shell(c, views.NavAccessSecurity)
	if err != nil {
		return shell, views.Access{}, err
	}
	head := views.Access{
		Tabs: []views.Tab{
			{Text: "2FA & SSO", URL: ssoPath, Current: current == ssoPath},
			{Text: "Domain Claiming", URL: domainsPath, Current: current == domainsPath},
			{Text: "SCIM", URL: scimPath, Current: current == scimPath},
		},
		Chips: []views.Chip{a.domainsChip(), a.connectionChip(), a.certificateChip(), a.requireChip(), a.scimChip()},
	}
	if signedIn(c).CanManage() {
		head.Tabs = append(head.Tabs, views.Tab{Text: "Activity", URL: activityPath, Current: current == activityPath})
		notices, err := s.accessNotices(c, a)
		shell.Notices = append(shell.Notices, notices...)
		return shell, head, err
	}
	head.ReadOnly = "You can look at these settings, but only owners and admins change them."
	owners, err := s.db.Managers(c.Request().Context(), orgID(c))
	for i := range owners {
		head.Owners = append(head.Owners, owners[i].Label())
	}
	return shell, head, err
}

// verified are the names of the domains that let people in.
func (a *access) verified() []string {
	var names []string
	for i := range a.domains {
		if a.domains[i].Counts() {
			names = append(names, a.domains[i].Domain)
		}
	}
	return names
}

// lastValid is the trusted certificate that is valid longest from now on, nil if none is valid today.
func (a *access) lastValid() *models.SSOCertificate {
	var best *models.SSOCertificate
	for i := range a.sso.Certificates {
		c := &a.sso.Certificates[i]
		if c.Valid(a.now) && (best == nil || c.NotAfter.After(best.NotAfter)) {
			best = c
		}
	}
	return best
}

// credential is what a directory may call with: a token or a client secret.
type credential struct {
	kind, name string
	expires    *time.Time
}

// lastLive is the credential that works longest, nil if none works.
func (a *access) lastLive() *credential {
	var best *credential
	consider := func(kind, name string, expires *time.Time) {
		if best == nil || best.expires != nil && (expires == nil || expires.After(*best.expires)) {
			best = &credential{kind, name, expires}
		}
	}
	for i := range a.tokens {
		if t := &a.tokens[i]; t.Live(a.now) {
			consider("SCIM token", t.Name, t.ExpiresAt)
		}
	}
	for i := range a.secrets {
		if s := &a.secrets[i]; s.Live(a.now) {
			consider("SCIM client secret", s.Name, &s.ExpiresAt)
		}
	}
	return best
}

// lastCall is when the directory last called with anything, nil if it never did.
func (a *access) lastCall() *time.Time {
	var last *time.Time
	consider := func(at *time.Time) {
		if at != nil && (last == nil || at.After(*last)) {
			last = at
		}
	}
	for i := range a.tokens {
		consider(a.tokens[i].LastUsedAt)
		consider(a.tokens[i].LateCallAt)
	}
	for i := range a.secrets {
		consider(a.secrets[i].LastCallAt)
	}
	return last
}

func (a *access) domainsChip() views.Chip {
	chip := views.Chip{Label: "Domains", URL: domainsPath}
	verified, lapsing := 0, 0
	for i := range a.domains {
		switch a.domains[i].Status {
		case models.DomainVerified:
			verified++
		case models.DomainLapsing, models.DomainLapsed:
			lapsing++
		}
	}
	switch {
	case lapsing > 0:
		chip.State, chip.Tone = thousands(lapsing)+" lapsing – put the record back", views.ToneBad
	case verified > 0:
		chip.State, chip.Tone = thousands(verified)+" verified", views.ToneOK
	case len(a.domains) > 0:
		chip.State, chip.Tone = thousands(len(a.domains))+" waiting for DNS", views.ToneInfo
	default:
		chip.State = "None claimed"
	}
	return chip
}

func (a *access) connectionChip() views.Chip {
	chip := views.Chip{Label: "Single sign-on", URL: ssoPath + "#switches"}
	switch {
	case a.sso.Enabled:
		chip.State, chip.Tone = "On", views.ToneOK
	case a.sso.Configured():
		chip.State, chip.Tone = "Ready, off", views.ToneInfo
	case a.sso.Issuer != "" || a.sso.SignInURL != "" || len(a.sso.Certificates) > 0:
		chip.State, chip.Tone, chip.URL = "Not complete", views.ToneInfo, ssoPath+"#connection"
	default:
		chip.State, chip.URL = "Not set up", ssoPath+"#connection"
	}
	return chip
}

func (a *access) certificateChip() views.Chip {
	chip := views.Chip{Label: "Certificate", URL: ssoPath + "#certificate-row"}
	best := a.lastValid()
	switch {
	case len(a.sso.Certificates) == 0:
		chip.State = "None"
	case best == nil:
		chip.State, chip.Tone = "None valid – upload a new one", views.ToneBad
	case best.NotAfter.Sub(a.now) < expirySoon:
		chip.State, chip.Tone = "Expires "+left(a.now, best.NotAfter)+" – renew", views.ToneWarn
	default:
		chip.State, chip.Tone = "Valid to "+date(best.NotAfter), views.ToneOK
	}
	return chip
}

func (a *access) requireChip() views.Chip {
	chip := views.Chip{Label: "Require SSO", State: "Off", URL: ssoPath + "#require"}
	switch {
	case a.sso.OnTrial(a.now):
		chip.State, chip.Tone = "On trial until "+clockTime(*a.sso.RequiredUntil)+" UTC", views.ToneWarn
	case a.sso.Requires(a.now):
		chip.State, chip.Tone = "On", views.ToneOK
	}
	return chip
}

func (a *access) scimChip() views.Chip {
	chip := views.Chip{Label: "SCIM", URL: scimPath}
	last, live := a.lastCall(), a.lastLive()
	switch {
	case len(a.tokens)+len(a.secrets) == 0:
		chip.State = "No token"
	case live == nil:
		chip.State, chip.Tone = "No token works – generate one", views.ToneWarn
	case last == nil:
		chip.State, chip.Tone = "Waiting for the first call", views.ToneInfo
	default:
		chip.State, chip.Tone = "Last call "+ago(a.now, *last), views.ToneOK
	}
	return chip
}

// accessNotices are the banners that stay until their cause is gone: what expires, what lapses, and what happened in the last week.
func (s *Server) accessNotices(c echo.Context, a *access) ([]views.Notice, error) {
	var list []views.Notice
	if n := a.certificateNotice(); n != nil {
		list = append(list, *n)
	}
	for i := range a.domains {
		if n := domainNotice(a.now, &a.domains[i]); n != nil {
			list = append(list, *n)
		}
	}
	if n := a.tokenNotice(); n != nil {
		list = append(list, *n)
	}
	waiting, err := s.metadataNotice(c, a)
	if err != nil {
		return nil, err
	}
	if waiting != nil {
		list = append(list, *waiting)
	}
	bursts, err := s.db.Bursts(c.Request().Context(), orgID(c))
	if err != nil {
		return nil, err
	}
	for i := range bursts {
		if bursts[i].DecidedAt == nil {
			list = append(list, views.Notice{
				Tone: views.ToneWarn, Title: "The directory deactivated " + count(bursts[i].People, "person", "people"),
				Text: "Within an hour, " + agoExact(a.now, bursts[i].LastAt) + ". If that was not meant, it can be undone in one step.", Action: views.Link{Text: "Look", URL: scimPath + "#" + bursts[i].ID},
			})
		}
	}
	recent, err := s.db.Notices(c.Request().Context(), orgID(c), 20)
	said := map[string]bool{} // of each kind the latest
	for i := range recent {
		n := &recent[i]
		if said[n.Kind] {
			continue
		}
		said[n.Kind] = true
		if banner := a.recoveryNotice(n); banner != nil {
			list = append(list, *banner)
		}
		if banner := a.revertedNotice(n); banner != nil && !said[models.NoticeSwitched] {
			list = append(list, *banner)
		}
	}
	return list, err
}

func (a *access) recoveryNotice(n *models.Notice) *views.Notice {
	if n.Kind != "recovery" || a.now.Sub(n.CreatedAt) >= noticeLife {
		return nil
	}
	return &views.Notice{
		Tone: views.ToneWarn, Title: n.Subject, Text: n.Body + " " + upperFirst(agoExact(a.now, n.CreatedAt)) + ".",
		Action: views.Link{Text: "Audit log", URL: auditPath + "?area=session"},
	}
}

func (a *access) certificateNotice() *views.Notice {
	best := a.lastValid()
	if !a.sso.Enabled || best != nil && best.NotAfter.Sub(a.now) >= expirySoon {
		return nil
	}
	action := views.Link{Text: "Upload the new certificate", URL: ssoPath + "#certificate-row"}
	if best == nil {
		return &views.Notice{
			Tone: views.ToneBad, Title: "No SAML certificate is valid", Action: action,
			Text: "Nobody can sign in with single sign-on until you upload the certificate your identity provider signs with now.",
		}
	}
	return &views.Notice{
		Tone: views.ToneWarn, Title: "The SAML certificate expires " + left(a.now, best.NotAfter), Action: action,
		Text: "After " + date(best.NotAfter) + " nobody can sign in with it. Create a new one in Entra, upload it here, then activate it there: both are trusted meanwhile.",
	}
}

func domainNotice(now time.Time, d *models.Domain) *views.Notice {
	action := views.Link{Text: "Show the record", URL: domainURL(d.ID)}
	switch d.Status {
	case models.DomainLapsing:
		return &views.Notice{
			Tone: views.ToneWarn, Title: "The DNS record of " + d.Domain + " is gone", Action: action,
			Text: "Put it back by " + date(lapseEnd(d)) + ". After that, people who have signed in before still can; new ones on " + d.Domain + " cannot.",
		}
	case models.DomainLapsed:
		return &views.Notice{
			Tone: views.ToneBad, Title: d.Domain + " has lapsed", Action: action,
			Text: "Its DNS record is gone, so nobody new on " + d.Domain + " can sign in or be provisioned. Put the record back.",
		}
	}
	return nil
}

func (a *access) tokenNotice() *views.Notice {
	best := a.lastLive()
	action := views.Link{Text: "Generate a token", URL: scimPath + "#generate"}
	switch {
	case a.lastCall() == nil: // never used: nothing stops
		return nil
	case best == nil:
		return &views.Notice{
			Tone: views.ToneWarn, Title: "No SCIM token works any more", Action: action,
			Text: "Your directory’s calls are refused: nobody is created, updated or deactivated by it. Generate a token and paste it into Entra.",
		}
	case best.expires != nil && best.expires.Sub(a.now) < expirySoon:
		return &views.Notice{
			Tone: views.ToneWarn, Title: "The " + best.kind + " “" + best.name + "” expires " + left(a.now, *best.expires), Action: action,
			Text: "After " + date(*best.expires) + " your directory’s calls are refused. Generate a new one and paste it into Entra; both work meanwhile.",
		}
	}
	return nil
}

// upperFirst begins a sentence.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// service are the values this side gives to the identity provider.
func (s *Server) service(orgID string) views.ServiceValues {
	return views.ServiceValues{
		EntityID: s.samlEntityID(orgID), ReplyURL: s.samlACSURL(orgID), SignOnURL: s.samlSignOnURL(orgID), MetadataURL: s.samlMetadataURL(orgID),
	}
}

// tenantURL is the SCIM address that Entra calls Tenant URL.
func (s *Server) tenantURL() string { return s.origin + scimPrefix }
