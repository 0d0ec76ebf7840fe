package views

func peopleStates() []state {
	sessions := []Session{
		{ID: "ses_1", Device: "Chrome on macOS", Detail: "Password · 203.0.113.9 · started today, 14:02", Current: true},
		{ID: "ses_2", Device: "Safari on iPhone", Mobile: true, Detail: "Acme SSO · 203.0.113.20 · active 40 minutes ago"},
		{ID: "ses_3", Device: "Edge on Windows", Detail: "Acme SSO · 198.51.100.4 · active 6 hours ago"},
	}
	home := HomePage{
		Shell: memberShell(NavHome),
		SignIn: []Fact{
			{Label: "How", Value: "Acme SSO", Note: "Your company’s identity provider"},
			{Label: "When", Value: "Today, 09:12", Note: "7 hours ago, from 203.0.113.9"},
			{Label: "Lasts until", Value: "Tomorrow, 09:12", Note: "or 8 hours without activity"},
		},
		Member: []Fact{
			{Label: "Your role", Value: "Member"},
			{Label: "Managed by", Value: "Microsoft Entra ID", Note: "Changes to your name and teams are made there"},
		},
		Teams:    []HomeTeam{{"Data Platform", "14 people · you joined on 3 Feb 2025", true}, {"Incident response", "6 people · you joined on 18 Jun 2026", true}, {"Book club", "9 people", false}},
		Sessions: sessions[:2],
	}
	owner := home
	owner.News = []HomeNews{{"Single sign-on: on", "Dana Reyes changed how people sign in: on.", "23 Nov 2026, 16:41 UTC", "2 hours ago"}}
	owner.Shell, owner.Teams, owner.Setup = shell(NavHome), nil, &Link{"Start set-up", "/settings/access-security"}
	owner.Shell.Flash = &Flash{ToneOK, "Your organization is ready. You are its first owner."}

	profile := ProfilePage{
		Shell: shell(NavProfile), Name: Field{Value: "Dana Reyes"},
		Password:   ProfilePassword{Has: true, Changed: "Last changed 12 Aug 2026."},
		Identities: []LinkedIdentity{{"Acme SSO", "dana@acme.com · linked 20 Nov 2026 · last used today, 08:55", Pill{"Active", ToneOK}}},
		Sessions:   sessions, Limits: "They end after 8 hours without activity and 24 hours at the latest.",
	}
	wrong := profile
	wrong.Name = Field{"Dana R\u200beyes", "This name holds an invisible character. Type it again."}
	wrong.Password.Current, wrong.Password.New = Field{Error: "That is not your password."}, Field{Error: "This password has 7 characters. Use at least 12."}
	locked := profile
	locked.Shell, locked.NameLocked = memberShell(NavProfile), "Your name comes from Entra and follows it."
	locked.Password.Locked = "You signed in with single sign-on. A password can be changed only after signing in with it, or by mailed link."
	locked.Identities, locked.Sessions = nil, sessions[:1]

	roles := []Option{{"owner", "Owner"}, {"admin", "Admin"}, {"member", "Member"}}
	filter := UserFilter{
		Roles:   append([]Option{{"", "Any role"}}, roles...),
		States:  []Option{{"", "Any status"}, {"active", "Active"}, {"invited", "Invited"}, {"held", "Held"}, {"deactivated", "Deactivated"}},
		Sources: []Option{{"", "Managed by anyone"}, {"scim", "Entra (SCIM)"}, {"sso", "First sign-in"}, {"invitation", "Invitation"}},
	}
	users := UsersPage{
		Shell: shell(NavUsers), Filter: filter,
		Presets: []Preset{{"Everyone", "271", "/settings/users", true}, {"Held", "12", "/settings/users?status=held", false}, {"Invited", "4", "/settings/users?status=invited", false}},
		Members: []MemberRow{
			{ID: "mem_1", Person: Person{"Ana Novak", "ana@acme.com"}, Role: "Owner", Teams: "Platform, Security", SignIn: "Password", Source: "Invitation", Status: Pill{"Active", ToneOK}},
			{ID: "mem_2", Person: Person{"Piotr Zieliński", "piotr.zielinski@acme.com"}, Role: "Admin", Teams: "Platform", SignIn: "SSO", Source: "Entra (SCIM)", Status: Pill{"Active", ToneOK}},
			{ID: "mem_3", Person: Person{"Tobias Brandt", "tobias@acme-labs.io"}, Role: "Member", SignIn: "", Source: "Entra (SCIM)", Status: Pill{"Held", ToneWarn}, Note: "acme-labs.io is not verified", Mend: Link{"Claim acme-labs.io", "/settings/access-security/domains"}},
			{ID: "mem_4", Person: Person{"Leilani Kealoha", "leilani@acme.de"}, Role: "Member", Teams: "Sales DACH", Source: "Invitation", Status: Pill{"Invited", ToneInfo}, Note: "Expires in 5 days"},
			{ID: "mem_5", Person: Person{"", "somebody.without.a.name@acme.com"}, Role: "Member", SignIn: "Not yet", Source: "First sign-in", Status: Pill{"Active", ToneOK}},
			{ID: "mem_6", Person: Person{"Mateus Teixeira", "mateus@acme.com"}, Role: "Member", Teams: "2 kept", Source: "Entra (SCIM)", Status: Pill{"Deactivated", ""}, Note: "20 Nov 2026, by Entra", Faded: true},
		},
		Pager:  Pager{Summary: "6 of 271 people, by name", NextURL: "/settings/users?after=x"},
		Invite: InviteForm{Role: Field{Value: "member"}, Roles: roles},
	}
	invite := users
	invite.Invite = InviteForm{Open: true, Roles: roles, Role: Field{Value: "admin"}, Closed: "acme.com is managed by your identity provider: people on it join by signing in and are not invited here.", Emails: Field{"bo@acme.com\nnot-an-address", "“not-an-address” is not an e-mail address. It should look like ana@acme.com."}}
	nobody := users
	nobody.Members, nobody.Pager = nil, Pager{Summary: "Nobody matches"}
	nobody.Filter.Query, nobody.Filter.Role, nobody.Filter.Active = "zzz", "owner", true

	member := MemberPage{
		Shell: shell(NavUsers), ID: "mem_2", Person: Person{"Amara Okafor", "amara@acme.com"}, Status: Pill{"Active", ToneOK}, Activity: "last active 2 minutes ago", Active: true,
		Role:       RoleForm{Field: Field{Value: "admin"}, Options: roles, Text: "Admin", Why: "Given by Dana Reyes on 18 Jun 2026."},
		Name:       NameForm{FirstName: Field{Value: "Amara"}, LastName: Field{Value: "Okafor"}, Locked: "Entra manages the profile. Change it there."},
		Teams:      []Grant{{"Data Platform", "/settings/teams/team_1", "Managed by Entra", "Entra added her to the group “sg-data-platform” on 3 Feb 2025."}, {"Book club", "/settings/teams/team_2", "Managed here", "Added by Mei-Ling Chow on 9 Sep 2026."}},
		WayIn:      Grant{Title: "Single sign-on or password", Why: "acme.com is a claimed domain and Require Single Sign-On is off."},
		Deactivate: Act{Offer: true, Warning: "Deactivate Amara? Her sessions end at once and single sign-on does not bring her back."},
		Identities: []Identity{{[]Fact{{Label: "Issuer", Value: "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/", Mono: true}, {Label: "Object ID", Value: "b1e6a0f4-20c7-4c1b-9f0d-5d1a7c3e8842", Mono: true}, {Label: "Last used", Value: "Today, 09:12"}}}},
		Forget:     Act{Offer: true, Warning: "Forget the identity? The next sign-in with SSO binds a new one."},
		Sessions:   sessions[1:],
		Directory:  &Directory{"As Entra last sent it, 12 minutes ago. Edit it there.", Pill{"In step", ToneOK}, []Fact{{Label: "userName", Value: "amara@acme.com", Mono: true}, {Label: "externalId", Value: "b1e6a0f4-20c7-4c1b-9f0d-5d1a7c3e8842", Mono: true}, {Label: "Member ID", Value: "mem_01JD8Q4T7ZK3", Mono: true}}},
		History:    []HistoryEntry{{"Signed in with Acme SSO", "Today, 09:12", "From 203.0.113.9, Firefox on Linux", ToneOK}, {"Role went from member to admin", "18 Jun 2026, 10:04", "By Dana Reyes", ""}, {"Sign-in refused", "2 Jun 2026, 08:31", "Came as amara.okafor@gmail.com · ref_2MX81KPA", ToneBad}, {"Created by Entra", "3 Feb 2025, 07:40", "SCIM token “Entra prod”", ""}},
		HistoryURL: "/settings/audit-log?q=amara%40acme.com",
	}
	held := MemberPage{
		Shell: shell(NavUsers), ID: "mem_3", Person: Person{"Tobias Brandt", "tobias@acme-labs.io"}, Status: Pill{"Held", ToneWarn},
		Held: &Held{"acme-labs.io is not verified, so Tobias has no account and cannot sign in. The moment it is verified, the hold ends by itself.", Link{"Claim acme-labs.io", "/settings/access-security/domains"}},
		Role: RoleForm{Text: "Member", Locked: "Held people have no role yet."}, Name: NameForm{Locked: "Entra manages the profile. Change it there.", FirstName: Field{Value: "Tobias"}},
		Deactivate: Act{Offer: true},
	}
	invited := MemberPage{
		Shell: shell(NavUsers), ID: "mem_4", Person: Person{"", "leilani@partner.dev"}, Status: Pill{"Invited", ToneInfo}, Invitation: &Invited{"Invited by Dana Reyes on 3 Feb 2025. The link works for another 5 days."},
		Role: RoleForm{Field: Field{Value: "member"}, Options: roles}, Name: NameForm{},
	}
	lastOwner := member
	lastOwner.Self, lastOwner.Directory, lastOwner.Name.Locked = true, nil, ""
	lastOwner.Person, lastOwner.Sessions = Person{"Dana Reyes", "dana@acme.com"}, sessions
	lastOwner.Role = RoleForm{Text: "Owner", Locked: "The only active owner. Make somebody else an owner first."}
	lastOwner.Deactivate = Act{Offer: true, Blocked: "The only active owner cannot be deactivated. Make somebody else an owner first."}
	gone := member
	gone.Status, gone.Activity, gone.Active, gone.Sessions = Pill{"Deactivated", ToneBad}, "left on 20 Nov 2026", false, nil
	gone.Deactivate, gone.Reactivate = Act{}, Act{Offer: true}

	teams := []TeamRow{
		{ID: "team_1", Name: "Data Platform", Members: "14 people", Managed: "Entra", Note: "sg-data-platform"},
		{ID: "team_2", Name: "Incident response", Members: "6 people", Role: "Admin", Managed: "Entra"},
		{ID: "team_3", Name: "Book club", Members: "9 people"},
	}
	teamRoles := []Option{{"", "No role"}, {"member", "Member"}, {"admin", "Admin"}}
	crew := []TeamMember{
		{"mem_2", Person{"Amara Okafor", "amara@acme.com"}, "Admin", Pill{}, "3 Feb 2025"},
		{"mem_7", Person{"Santiago Benítez", "santiago@acme.io"}, "Member", Pill{"Never signed in", ""}, "22 Jan 2026"},
		{"mem_8", Person{"Priya Krishnan", "priya@contoso.com"}, "None yet", Pill{"Held: claim contoso.com", ToneWarn}, "19 Nov 2026"},
	}
	managed := TeamPage{Shell: shell(NavTeams), ID: "team_1", Title: "Data Platform", Managed: true, Directory: "sg-data-platform", Summary: "14 members · last change from Entra 12 minutes ago", Name: Field{Value: "Data Platform"}, Roles: teamRoles, RoleNote: "Role last changed 3 Feb 2025 by Dana Reyes", Members: crew, More: "and 11 more"}
	local := TeamPage{Shell: shell(NavTeams), ID: "team_3", Title: "Book club", Summary: "3 members", Name: Field{"", "A team needs a name."}, Role: Field{"owner", "A team cannot make owners."}, Roles: teamRoles, Members: crew[:2], Add: Field{"who@acme.com", "Nobody with this address is a member of Acme. Invite them first."}, Delete: Act{Offer: true, Warning: "Delete Book club? Its members stay members of Acme."}}

	audit := AuditLogPage{
		Shell: shell(NavAuditLog), Total: "1,284 events match, newest first", ExportCSV: "/settings/audit-log/export?format=csv", ExportND: "/settings/audit-log/export?format=ndjson",
		Filter: AuditFilter{Areas: []Option{{"", "All actions"}, {"sso", "SSO"}, {"domain", "Domains"}}, Actors: []Option{{"", "Any actor"}, {"person", "People"}, {"token", "SCIM tokens"}}},
		Days: []AuditDay{
			{"Today, 23 November", []AuditEvent{
				{ID: "evt_1", Icon: "file-badge", Sentence: "Ana Novak changed the SSO connection", Detail: "2 fields, 198.51.100.41", Area: "SSO", Time: "14:41", Changes: []Change{{"Issuer URL", "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47", "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"}, {"Certificates", "", "B7:04:…:E1, to 14 May 2028"}}, Facts: []Fact{{Label: "Actor", Value: "Ana Novak, owner"}, {Label: "From", Value: "198.51.100.41"}, {Label: "Event", Value: "evt_01JD9K3V7Q2M", Mono: true}}},
				{ID: "evt_2", Icon: "triangle-alert", Tone: ToneWarn, Sentence: "Kwame Mensah used recovery sign-in", Detail: "203.0.113.9", Area: "Sign-in", Time: "14:20"},
				{ID: "evt_3", Icon: "user-x", Sentence: "Entra production deactivated Piotr Zieliński", Detail: "2 sessions ended, through SCIM", Area: "Users", Time: "12:04"},
			}},
			{"Saturday, 21 November", []AuditEvent{{ID: "evt_4", Icon: "lock", Sentence: "Operator turned off Require SSO", Detail: "Command line: gatehouse sso off", Area: "SSO", Time: "08:55"}}},
		},
		Pager: Pager{PreviousURL: "/settings/audit-log", NextURL: "/settings/audit-log?before=x"},
	}
	none := audit
	none.Days, none.Total, none.Pager, none.Filter.Active, none.Filter.Query = nil, "No event matches", Pager{}, true, "zzz"
	none.Filter.From = Field{"2026-11-23", "From lies after To: swap the two dates."}

	return []state{
		{"home", Home(home)},
		{"home-new-owner", Home(owner)},
		{"profile", Profile(profile)},
		{"profile-every-field-wrong", Profile(wrong)},
		{"profile-sso-session", Profile(locked)},
		{"users", Users(users)},
		{"users-invite-refused", Users(invite)},
		{"users-nobody", Users(nobody)},
		{"member", Member(member)},
		{"member-held", Member(held)},
		{"member-invited", Member(invited)},
		{"member-last-owner", Member(lastOwner)},
		{"member-deactivated", Member(gone)},
		{"teams", Teams(TeamsPage{Shell: shell(NavTeams), Teams: teams})},
		{"teams-none-refused", Teams(TeamsPage{Shell: shell(NavTeams), Create: CreateTeam{Field{"Data Platform", "There is a team with this name already."}}})},
		{"team-managed", Team(managed)},
		{"team-every-field-wrong", Team(local)},
		{"audit-log", AuditLog(audit)},
		{"audit-log-nothing", AuditLog(none)},
	}
}
