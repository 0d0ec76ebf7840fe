package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const shownHistory = 20 // events on a member's page; the audit log has all

func memberURL(id string) string { return usersPath + "/" + url.PathEscape(id) }

// personOf is a member as avatar, name and address; the name is empty where only the address is known.
func personOf(m *models.Member) views.Person {
	p := views.Person{Name: m.Label(), Email: m.Address()}
	if p.Name == p.Email {
		p.Name = ""
	}
	return p
}

func (s *Server) memberPage(c echo.Context) error {
	m, err := s.memberRow(c)
	if err != nil {
		return err
	}
	return s.renderMember(c, http.StatusOK, m, views.NameForm{
		FirstName: views.Field{Value: firstName(&m.Member)}, LastName: views.Field{Value: m.FamilyName},
	})
}

// memberRow is the member the address names, with what the list knows. NotFound if the organization has none with that id.
func (s *Server) memberRow(c echo.Context) (*models.PersonRow, error) {
	if _, err := s.db.Member(c.Request().Context(), orgID(c), c.Param("id")); err != nil {
		return nil, err
	}
	rows, err := s.db.People(c.Request().Context(), orgID(c), models.MemberFilter{ID: c.Param("id"), Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, &models.Error{Kind: models.NotFound, Message: "There is no such person in this organization."}
	}
	return &rows[0], nil
}

// firstName is the given name, or the whole name of somebody whose name was never split; of the directory's people it is what that sent.
func firstName(m *models.Member) string {
	if m.GivenName == "" && m.FamilyName == "" && !m.SCIMManaged {
		return m.DisplayName
	}
	return m.GivenName
}

// renderMember is a person's page around the form of the name in any state.
func (s *Server) renderMember(c echo.Context, status int, m *models.PersonRow, name views.NameForm) error {
	ctx, who, now := c.Request().Context(), signedIn(c), s.db.Now()
	shell, err := s.shell(c, views.NavUsers)
	if err != nil {
		return err
	}
	p := views.MemberPage{
		Shell: shell, ID: m.ID, Person: personOf(&m.Member), Status: statusPill(&m.Member), Active: m.Status == models.Active, Self: m.ID == who.Member.ID,
		Name: name, HistoryURL: auditPath + "?actor=" + url.QueryEscape("about:"+m.ID),
	}
	history, err := s.db.AuditEvents(ctx, orgID(c), models.AuditFilter{MemberID: m.ID, Limit: 200})
	if err != nil {
		return err
	}
	a, err := s.access(ctx, orgID(c))
	if err != nil {
		return err
	}
	p.Activity = memberActivity(now, &m.Member)
	p.Held, p.Invitation = heldBanner(&m.Member), invitationBanner(now, m, history)
	if m.SCIMManaged {
		p.Name.Locked = "The directory manages the profile. Change the name in Entra."
	}
	p.Role = memberRoleForm(who.Role, &m.Member, history)
	if p.Teams, err = s.memberTeams(c, m); err != nil {
		return err
	}
	p.WayIn = wayIn(a, m)
	p.Deactivate, p.Reactivate = memberActs(who, m)
	if p.Identities, err = s.memberIdentities(c, m); err != nil {
		return err
	}
	if len(p.Identities) > 0 && (m.Role != models.Owner || who.Role == models.Owner) {
		p.Forget = views.Act{Offer: true, Warning: "Forget the linked identity of " + m.Label() + "? Their SSO sessions end, and the next sign-in with this address links anew. Do this when the address was given to somebody else, or the directory account was made again."}
	}
	if p.Sessions, err = s.memberSessions(c, m); err != nil {
		return err
	}
	p.Directory = directory(now, m)
	for i := range history[:min(len(history), shownHistory)] {
		p.History = append(p.History, historyEntry(now, &history[i]))
	}
	return render(c, status, views.Member(p))
}

func memberActivity(now time.Time, m *models.Member) string {
	switch {
	case m.Status == models.Inactive && m.DeactivatedAt != nil:
		return "deactivated " + agoExact(now, *m.DeactivatedAt) + deactivatedBy(m)
	case m.LastActiveAt != nil:
		return "last active " + ago(now, *m.LastActiveAt)
	}
	return "has not signed in yet"
}

func deactivatedBy(m *models.Member) string {
	if m.DeactivatedBy == nil {
		return ""
	}
	switch *m.DeactivatedBy {
	case models.BySCIM:
		return " by the directory"
	case models.ByOperator:
		return " by the operator"
	}
	return " by an admin"
}

func heldBanner(m *models.Member) *views.Held {
	if m.Held() == "" || m.Status == models.Inactive {
		return nil
	}
	_, mend := heldNote(m)
	h := &views.Held{Mend: mend}
	switch m.Held() {
	case models.HeldDomainUnverified:
		h.Reason = models.DomainOf(m.Address()) + " is not verified by this organization, so there is no account and no way to sign in. The moment it is verified the hold ends by itself."
	case models.HeldAddressTaken:
		h.Reason = "Another member here has the address " + m.Address() + ". Deactivating does not free it: correct one of the two in the directory."
	default:
		h.Reason = "The directory sent no e-mail address that can be used. Fill in the person’s mail attribute there."
	}
	return h
}

func invitationBanner(now time.Time, m *models.PersonRow, history []models.AuditEvent) *views.Invited {
	if m.Status != models.Invited {
		return nil
	}
	sentence := "Invited on " + date(m.CreatedAt) + "."
	for i := range history {
		if e := &history[i]; e.Action == "member.added" && e.TargetID == m.ID {
			sentence = "Invited by " + byActor(e) + " on " + date(e.At) + "."
		}
	}
	switch {
	case m.InvitedUntil == nil || !m.InvitedUntil.After(now):
		sentence += " The link has expired: send it again."
	default:
		sentence += " The link works until " + until(now, *m.InvitedUntil) + "."
	}
	return &views.Invited{Sentence: sentence}
}

func memberRoleForm(by models.Role, m *models.Member, history []models.AuditEvent) views.RoleForm {
	f := views.RoleForm{Field: views.Field{Value: string(m.Role)}, Options: roleOptions(by), Text: roleWord(m.Role), Why: "Since " + date(m.CreatedAt) + "."}
	for i := range history {
		if e := &history[i]; e.Action == "member.role_changed" && e.TargetID == m.ID {
			f.Why = "Given by " + byActor(e) + " on " + date(e.At) + "."
			break
		}
	}
	if m.Role == models.Owner && by != models.Owner {
		f.Locked = "Only an owner can change an owner’s role."
	}
	return f
}

func (s *Server) memberTeams(c echo.Context, m *models.PersonRow) ([]views.Grant, error) {
	teams, err := s.db.TeamsOf(c.Request().Context(), orgID(c), m.ID)
	if err != nil {
		return nil, err
	}
	var grants []views.Grant
	for i := range teams {
		t := &teams[i]
		g := views.Grant{Title: t.Name, URL: teamURL(t.ID), Why: "An owner or admin put them into this team here."}
		var notes []string
		if t.Managed {
			notes = append(notes, "Managed by Entra")
			g.Why = "Entra says who is in this team."
			if t.DirectoryName != nil {
				g.Why = "They are in the group “" + *t.DirectoryName + "” in Entra."
			}
		}
		if t.Role != nil && *t.Role != models.RoleMember {
			notes = append(notes, "carries the role "+roleWord(*t.Role))
			g.Why += " Everybody in it has at least the role " + roleWord(*t.Role) + "."
		}
		g.Note = strings.Join(notes, " · ")
		grants = append(grants, g)
	}
	return grants, nil
}

// wayIn says how the person gets in as things are, and why.
func wayIn(a *access, m *models.PersonRow) views.Grant {
	claimed := false
	for i := range a.domains {
		claimed = claimed || a.domains[i].Status != models.DomainWaiting && a.domains[i].Domain == models.DomainOf(m.Address())
	}
	manages := m.Role == models.Owner || m.Role == models.Admin
	switch {
	case m.Status != models.Active || m.Held() != "":
		return views.Grant{}
	case !a.sso.Enabled && m.HasPassword:
		return views.Grant{Title: "Password", Why: "Single sign-on is off."}
	case !a.sso.Enabled:
		return views.Grant{Title: "None yet", Note: "No password, and single sign-on is off", Why: "They get a password by “Forgotten password” on the sign-in page."}
	case a.sso.Requires(a.now) && !claimed && manages && m.HasPassword:
		return views.Grant{Title: "Recovery sign-in only", Why: "Single sign-on is required and the address is on no claimed domain. Owners and admins keep recovery sign-in with their password."}
	case a.sso.Requires(a.now) && !claimed:
		return views.Grant{Title: "None", Note: "The address is on no claimed domain", Why: "Single sign-on is required, and it works only for addresses on a claimed domain."}
	case (a.sso.Requires(a.now) || a.sso.IDPManaged) && claimed && manages && m.HasPassword:
		return views.Grant{Title: "Single sign-on, or recovery sign-in", Why: "Single sign-on is asked for; owners and admins keep recovery sign-in with their password."}
	case (a.sso.Requires(a.now) || a.sso.IDPManaged) && claimed:
		return views.Grant{Title: "Single sign-on only", Why: requiredWhy(a, m)}
	case claimed && m.HasPassword:
		return views.Grant{Title: "Single sign-on or password", Why: "Single sign-on is on and not required."}
	case claimed:
		return views.Grant{Title: "Single sign-on", Why: "There is no password."}
	case m.HasPassword:
		return views.Grant{Title: "Password", Why: "The address is on no claimed domain, so single sign-on does not take it."}
	}
	return views.Grant{Title: "None yet", Note: "No password, and the address is on no claimed domain", Why: "They get a password by “Forgotten password” on the sign-in page."}
}

func requiredWhy(a *access, m *models.PersonRow) string {
	if a.sso.Requires(a.now) {
		return "Single sign-on is required for everybody."
	}
	return "IdP Managed Access is on for " + models.DomainOf(m.Address()) + "."
}

func memberActs(who *models.SignedIn, m *models.PersonRow) (deactivate, reactivate views.Act) {
	switch m.Status {
	case models.Active:
		deactivate = views.Act{Offer: true, Warning: "Deactivate " + m.Label() + "? Their sessions end at once, on every server, and neither single sign-on nor the directory brings them back. Teams and data stay."}
		switch {
		case m.ID == who.Member.ID:
			deactivate.Blocked = "You cannot deactivate yourself. Ask another owner or admin."
		case m.Role == models.Owner && who.Role != models.Owner:
			deactivate.Blocked = "Only an owner can deactivate an owner."
		}
	case models.Inactive:
		reactivate = views.Act{Offer: true, Warning: "Let " + m.Label() + " in again, with the role and the teams they had?"}
		switch {
		case m.Role == models.Owner && who.Role != models.Owner:
			reactivate.Blocked = "Only an owner can bring an owner back."
		case m.DeactivatedBy != nil && *m.DeactivatedBy == models.BySCIM:
			reactivate.Warning += " The directory deactivated them and will do so again at its next cycle, unless they are assigned there."
		case m.LeavingAt != nil:
			reactivate.Warning = "The directory has set " + m.Label() + " inactive, too. This ends the deactivation here; they stay inactive until they are assigned there, or until you reactivate them once more."
		}
	}
	return deactivate, reactivate
}

// memberIdentities are the keys of each identity provider together, as one identity.
func (s *Server) memberIdentities(c echo.Context, m *models.PersonRow) ([]views.Identity, error) {
	keys, err := s.db.Identities(c.Request().Context(), orgID(c), m.ID)
	if err != nil {
		return nil, err
	}
	now := s.db.Now()
	var issuers []string
	byIssuer := map[string][]models.Identity{}
	for _, k := range keys {
		if byIssuer[k.Issuer] == nil {
			issuers = append(issuers, k.Issuer)
		}
		byIssuer[k.Issuer] = append(byIssuer[k.Issuer], k)
	}
	var identities []views.Identity
	for _, issuer := range issuers {
		facts := []views.Fact{{Label: "Issuer", Value: issuer, Mono: true}}
		var last time.Time
		for _, k := range byIssuer[issuer] {
			facts = append(facts, views.Fact{Label: identityWord(k.Kind), Value: k.Value, Mono: true})
			if k.LastSeenAt.After(last) {
				last = k.LastSeenAt
			}
		}
		facts = append(facts, views.Fact{Label: "Last used", Value: upperFirst(ago(now, last)), Note: dateTime(last)})
		identities = append(identities, views.Identity{Facts: facts})
	}
	return identities, nil
}

func identityWord(kind string) string {
	switch kind {
	case "objectid":
		return "Object ID"
	case "persistent":
		return "Persistent NameID"
	case "nameid":
		return "NameID"
	}
	return "E-mail"
}

func (s *Server) memberSessions(c echo.Context, m *models.PersonRow) ([]views.Session, error) {
	open, err := s.db.Sessions(c.Request().Context(), orgID(c), m.ID)
	if err != nil {
		return nil, err
	}
	return sessionViews(s.db.Now(), open, signedIn(c).Session.ID, signedIn(c).Organization.Name), nil
}

// directory is what the directory last sent, nil for people it does not manage.
func directory(now time.Time, m *models.PersonRow) *views.Directory {
	if !m.SCIMManaged {
		return nil
	}
	d := &views.Directory{Summary: "As the directory last sent it, " + ago(now, m.UpdatedAt) + ". Edit it there.", State: views.Pill{Text: "Active there", Tone: views.ToneOK}}
	if m.Status == models.Inactive && m.DeactivatedBy != nil && *m.DeactivatedBy == models.BySCIM {
		d.State = views.Pill{Text: "Deactivated there"}
	} else if m.Status == models.Inactive {
		d.State = views.Pill{Text: "Deactivated here", Tone: views.ToneWarn}
	}
	add := func(label, value string, mono bool) {
		if value != "" {
			d.Facts = append(d.Facts, views.Fact{Label: label, Value: value, Mono: mono})
		}
	}
	add("userName", m.UserName, true)
	if m.ExternalID != nil {
		add("externalId", *m.ExternalID, true)
	}
	if m.WorkEmail != nil {
		add("Work e-mail", *m.WorkEmail, true)
	}
	add("displayName", m.DisplayName, false)
	add("givenName", m.GivenName, false)
	add("familyName", m.FamilyName, false)
	return d
}

func historyEntry(now time.Time, e *models.AuditEvent) views.HistoryEntry {
	said := sayEvent(e)
	entry := views.HistoryEntry{Text: said.sentence, When: ago(now, e.At), Detail: dateTime(e.At), Tone: said.tone}
	if e.ActorIP != "" {
		entry.Detail += ", from " + e.ActorIP
	}
	return entry
}
