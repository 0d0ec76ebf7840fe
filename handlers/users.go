package handlers

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const peoplePage = 50

// The words of the filters, as they stand in the address.
const (
	statusHeld     = "held"
	statusInactive = "deactivated"
)

func (s *Server) usersPage(c echo.Context) error {
	return s.renderUsers(c, http.StatusOK, views.InviteForm{Role: views.Field{Value: string(models.RoleMember)}})
}

// renderUsers is the list of people as the address filters it, around the form that invites.
func (s *Server) renderUsers(c echo.Context, status int, invite views.InviteForm) error {
	ctx := c.Request().Context()
	shell, err := s.shell(c, views.NavUsers)
	if err != nil {
		return err
	}
	p := views.UsersPage{Shell: shell, Filter: userFilter(c), Invite: invite}
	filter := memberFilter(p.Filter)
	if p.Members, p.Pager, err = s.peoplePage(c, filter); err != nil {
		return err
	}
	counts, err := s.db.CountPeople(ctx, orgID(c))
	if err != nil {
		return err
	}
	p.Presets = presets(counts, p.Filter)
	p.Invite.Roles = roleOptions(signedIn(c).Role)
	connection, err := s.db.SSO(ctx, orgID(c))
	if err != nil {
		return err
	}
	if connection.Enabled && connection.IDPManaged {
		p.Invite.Closed = "IdP Managed Access is on: your identity provider says who on claimed domains belongs, so only people on other domains are invited here."
	}
	return render(c, status, views.Users(p))
}

// userFilter reads the search fields; what is no choice of theirs counts as "any".
func userFilter(c echo.Context) views.UserFilter {
	f := views.UserFilter{
		Query: c.QueryParam("q"),
		Roles: []views.Option{{Text: "Any role"}, {Value: "owner", Text: "Owner"}, {Value: "admin", Text: "Admin"}, {Value: "member", Text: "Member"}},
		States: []views.Option{
			{Text: "Any status"},
			{Value: string(models.Active), Text: "Active"},
			{Value: string(models.Invited), Text: "Invited"},
			{Value: statusHeld, Text: "Held"},
			{Value: statusInactive, Text: "Deactivated"},
		},
		Sources: []views.Option{
			{Text: "Any source"},
			{Value: "scim", Text: "Entra (SCIM)"},
			{Value: "sso", Text: "First sign-in"},
			{Value: "invitation", Text: "Invitation"},
			{Value: "operator", Text: "Operator"},
		},
		SignIns: []views.Option{{Text: "Any sign-in"}, {Value: "sso", Text: "Has used SSO"}, {Value: "password", Text: "Has a password"}, {Value: "none", Text: "Neither yet"}},
	}
	f.Role, f.Status = choice(f.Roles, c.QueryParam("role")), choice(f.States, c.QueryParam("status"))
	f.Source, f.SignIn = choice(f.Sources, c.QueryParam("source")), choice(f.SignIns, c.QueryParam("sign_in"))
	f.Active = f.Query != "" || f.Role != "" || f.Status != "" || f.Source != "" || f.SignIn != ""
	return f
}

func choice(options []views.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return value
		}
	}
	return ""
}

func memberFilter(f views.UserFilter) models.MemberFilter {
	m := models.MemberFilter{Text: f.Query, Role: models.Role(f.Role), Source: models.Source(f.Source), SignIn: f.SignIn}
	switch f.Status {
	case statusHeld:
		m.Held = true
	case statusInactive:
		m.Status = models.Inactive
	default:
		m.Status = models.Status(f.Status)
	}
	return m
}

// userQuery is the filter as the query of an address.
func userQuery(f views.UserFilter) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"q": f.Query, "role": f.Role, "status": f.Status, "source": f.Source, "sign_in": f.SignIn} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// peoplePage reads one page of the list and one row more, which tells whether there is another page.
func (s *Server) peoplePage(c echo.Context, f models.MemberFilter) ([]views.MemberRow, views.Pager, error) {
	ctx := c.Request().Context()
	var pager views.Pager
	total, err := s.db.CountMatching(ctx, orgID(c), f)
	if err != nil {
		return nil, pager, err
	}
	f.AfterID, f.AfterName, f.Before = c.QueryParam("after"), c.QueryParam("key"), false
	if before := c.QueryParam("before"); before != "" {
		f.AfterID, f.Before = before, true
	}
	f.Limit = peoplePage + 1
	rows, err := s.db.People(ctx, orgID(c), f)
	if err != nil {
		return nil, pager, err
	}
	more := len(rows) > peoplePage
	switch {
	case more && f.Before:
		rows = rows[1:]
	case more:
		rows = rows[:peoplePage]
	}
	pager.Summary = count(total, "person", "people")
	if len(rows) < total {
		pager.Summary = thousands(len(rows)) + " of " + count(total, "person", "people") + ", by name"
	}
	if len(rows) > 0 {
		link := func(direction string, r models.PersonRow) string {
			q := userQuery(userFilter(c))
			q.Set(direction, r.ID)
			q.Set("key", r.SortKey)
			return usersPath + "?" + q.Encode()
		}
		if f.Before && more || !f.Before && f.AfterID != "" {
			pager.PreviousURL = link("before", rows[0])
		}
		if f.Before || more {
			pager.NextURL = link("after", rows[len(rows)-1])
		}
	}
	now := s.db.Now()
	list := make([]views.MemberRow, len(rows))
	for i := range rows {
		list[i] = memberRow(now, &rows[i])
	}
	return list, pager, nil
}

func memberRow(now time.Time, r *models.PersonRow) views.MemberRow {
	row := views.MemberRow{
		ID: r.ID, Person: personOf(&r.Member), Role: roleWord(r.Role), SignIn: signInWord(r), Source: sourceWord(&r.Member),
		Status: statusPill(&r.Member), Faded: r.Status == models.Inactive,
	}
	if r.Teams > 0 {
		row.Teams = count(r.Teams, "team", "teams")
	}
	switch {
	case r.Status == models.Inactive:
	case r.Held() != "":
		row.Note, row.Mend = heldNote(&r.Member)
	case r.Status == models.Invited:
		row.Note = "The invitation has expired"
		if r.InvitedUntil != nil && r.InvitedUntil.After(now) {
			row.Note = "Expires " + left(now, *r.InvitedUntil)
		}
	}
	return row
}

func signInWord(r *models.PersonRow) string {
	switch {
	case r.SSOAt != nil && r.HasPassword:
		return "SSO, password"
	case r.SSOAt != nil:
		return "SSO"
	case r.HasPassword:
		return "Password"
	}
	return "Not yet"
}

// sourceWord says who decides about the person now: the directory once it manages them, else how they came.
func sourceWord(m *models.Member) string {
	switch {
	case m.SCIMManaged || m.Source == models.SourceSCIM:
		return "Entra (SCIM)"
	case m.Source == models.SourceSSO:
		return "First sign-in"
	case m.Source == models.SourceInvitation:
		return "Invitation"
	}
	return "Operator"
}

func statusPill(m *models.Member) views.Pill {
	switch {
	case m.Status == models.Inactive:
		return views.Pill{Text: "Deactivated"}
	case m.Held() != "":
		return views.Pill{Text: "Held", Tone: views.ToneWarn}
	case m.Status == models.Invited:
		return views.Pill{Text: "Invited", Tone: views.ToneInfo}
	}
	return views.Pill{Text: "Active", Tone: views.ToneOK}
}

// heldNote says in a few words why somebody is held, and where it is mended.
func heldNote(m *models.Member) (string, views.Link) {
	switch m.Held() {
	case models.HeldDomainUnverified:
		domain := models.DomainOf(m.Address())
		return domain + " is not verified", views.Link{Text: "Claim " + domain, URL: claimURL(domain)}
	case models.HeldAddressTaken:
		return "Another member has this address", views.Link{Text: "Find the other", URL: usersPath + "?q=" + url.QueryEscape(m.Address())}
	}
	return "The directory sent no usable e-mail address", views.Link{}
}

func presets(n models.PeopleCounts, f views.UserFilter) []views.Preset {
	only := f.Query == "" && f.Role == "" && f.Source == "" && f.SignIn == ""
	list := []views.Preset{{Text: "Everyone", Count: thousands(n.All), URL: usersPath, Current: only && f.Status == ""}}
	for _, p := range []struct {
		text, status string
		n            int
	}{{"Active", string(models.Active), n.Active}, {"Invited", string(models.Invited), n.Invited}, {"Held", statusHeld, n.Held}, {"Deactivated", statusInactive, n.Inactive}} {
		if p.n > 0 || f.Status == p.status {
			list = append(list, views.Preset{Text: p.text, Count: thousands(p.n), URL: usersPath + "?status=" + p.status, Current: only && f.Status == p.status})
		}
	}
	return list
}

// roleOptions are the roles somebody may give: owners are made by owners only.
func roleOptions(by models.Role) []views.Option {
	options := []views.Option{{Value: string(models.RoleMember), Text: "Member"}, {Value: string(models.Admin), Text: "Admin"}}
	if by == models.Owner {
		options = append(options, views.Option{Value: string(models.Owner), Text: "Owner"})
	}
	return options
}
