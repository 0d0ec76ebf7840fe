package views

import "github.com/a-h/templ"

// state is one page in one named state: every look the product can take on is a literal here.
type state struct {
	name      string
	component templ.Component
}

func states() []state {
	var all []state
	all = append(all, authStates()...)
	all = append(all, accessStates()...)
	all = append(all, metadataStates()...)
	all = append(all, testStates()...)
	all = append(all, activityStates()...)
	return append(all, peopleStates()...)
}

func shell(nav Nav) Shell {
	return Shell{
		Organization: Organization{ID: "org_7f3a91c2", Name: "Acme"},
		Person:       Person{Name: "Dana Reyes", Email: "dana@acme.com"},
		Role:         "Owner", Admin: true, Nav: nav,
	}
}

func memberShell(nav Nav) Shell {
	s := shell(nav)
	s.Person, s.Role, s.Admin = Person{Name: "Amara Okafor", Email: "amara@acme.com"}, "Member", false
	return s
}

func authStates() []state {
	wrong := Field{Error: "This e-mail and password do not match. Check for caps lock, or reset the password."}
	return []state{
		{"login-email", Login(LoginPage{Step: LoginEmail, ReturnTo: "/settings/users", SignupOpen: true})},
		{"login-email-signed-out", Login(LoginPage{Step: LoginEmail, Flash: &Flash{ToneOK, "You are signed out."}})},
		{"login-email-refused", Login(LoginPage{Step: LoginEmail, Email: Field{"dana@acme", "This address has no domain ending. It should look like dana@acme.com."}})},
		{"login-password", Login(LoginPage{Step: LoginPassword, Email: Field{Value: "amara@acme.com"}})},
		{"login-password-wrong", Login(LoginPage{Step: LoginPassword, Email: Field{Value: "amara@acme.com"}, Password: wrong, ReturnTo: "/profile"})},
		{"login-choice", Login(LoginPage{Step: LoginChoice, Email: Field{Value: "amara@acme.com"}, Organization: "Acme"})},
		{"login-sso", Login(LoginPage{Step: LoginSSO, Email: Field{Value: "a.very.long.address.of.somebody@engineering.acme.com"}, Organization: "Acme"})},
		{"recovery", Recovery(RecoveryPage{})},
		{"recovery-wrong", Recovery(RecoveryPage{Email: Field{Value: "dana@acme.com"}, Password: wrong})},
		{"forgot", Forgot(ForgotPage{})},
		{"forgot-refused", Forgot(ForgotPage{Email: Field{"dana", "This is not an e-mail address. It should look like dana@acme.com."}})},
		{"forgot-sent", ForgotSent(ForgotSentPage{Email: "dana@acme.com", Expiry: "one hour"})},
		{"forgot-sent-without-mail", ForgotSent(ForgotSentPage{Email: "dana@acme.com", Expiry: "one hour", NoMail: true})},
		{"reset", Reset(ResetPage{Token: "t0k3n", Email: "dana@acme.com"})},
		{"reset-refused", Reset(ResetPage{Token: "t0k3n", Email: "dana@acme.com", Password: Field{Error: "This password has 7 characters. Use at least 12."}})},
		{"setup", Setup(SetupPage{Token: "t0k3n"})},
		{"setup-refused", Setup(SetupPage{
			Token: "t0k3n", Organization: Field{"", "Give the organization a name, such as Acme."},
			FirstName: Field{Value: "Dana"}, LastName: Field{Value: "Reyes"},
			Email:    Field{"dana@acme", "This address has no domain ending. It should look like dana@acme.com."},
			Password: Field{Error: "This password has 7 characters. Use at least 12."},
		})},
		{"signup", Signup(SignupPage{})},
		{"signup-wrong", Signup(SignupPage{Email: Field{Value: "dana", Error: "This is not an e-mail address we can use. It should look like ana@acme.com."}})},
		{"signup-sent", SignupSent(SignupSentPage{Email: "dana@acme.com", Expiry: "24 hours", NoMail: true})},
		{"signup-link", SignupLink(SignupLinkPage{Token: "t", Email: "dana@acme.com", Password: Field{Error: "Use at least 12 characters."}})},
		{"signup-link-account", SignupLink(SignupLinkPage{Token: "t", Email: "dana@acme.com", HasPassword: true, Organization: Field{Value: "Acme"}})},
		{"invitation-new", Invitation(InvitationPage{Token: "t", Organization: "Acme", InvitedBy: "Dana Reyes", Email: "leilani@partner.dev"})},
		{"invitation-known", Invitation(InvitationPage{Token: "t", Organization: "Acme", Email: "leilani@partner.dev", HasPassword: true, Password: wrong})},
		{"invitation-sso", Invitation(InvitationPage{Token: "t", Organization: "Acme", InvitedBy: "Dana Reyes", Email: "leilani@acme.com", SSO: true})},
		{"saml-error", SAMLError(SAMLErrorPage{
			Title: "This sign-in was answered already", Sentence: "The page your company sent you back with was used before. Nothing is wrong with your account.",
			Organization: "Acme", Reference: "ref_7KQ2M9XD", When: "23 Nov 2026, 16:41 UTC", StartURL: "/login",
		})},
		{"saml-error-details", SAMLError(SAMLErrorPage{
			Title: "You came with an address that is not Acme’s", Sentence: "Microsoft Entra ID signed you in as amara.okafor@gmail.com. Acme accepts addresses ending in acme.com or acme.io.",
			Organization: "Acme", Reference: "ref_7KQ2M9XD", When: "23 Nov 2026, 16:41 UTC", StartURL: "/saml/org_7f3a91c2/login", StartText: "Sign in with another account",
			Advice: []Advice{
				{"rotate-ccw", "Use your work account", "Sign out of the private one at Microsoft, then start again with your work address."},
				{"mail", "Or ask your IT admin", "Give them the reference below. It tells them everything."},
			},
			Details: &SAMLErrorDetails{
				What: "an e-mail on a domain Acme has verified", Expected: "*@acme.com, *@acme.io", Received: "amara.okafor@gmail.com",
				Side: "In Entra", Where: "Enterprise applications → Acme → Single sign-on → Attributes & Claims → email",
				Facts: []Fact{{Label: "Request", Value: "id_5f2c81d07be94a03", Mono: true}},
			},
		})},
		{"saml-error-details-bare", SAMLError(SAMLErrorPage{
			Title: "Single sign-on is off for Acme", Sentence: "Single sign-on is off for your organization.", Organization: "Acme", Reference: "7KQ2-M9XD", StartURL: "/login",
			Details: &SAMLErrorDetails{Side: "Here", Where: "Access Security → SSO → Single Sign-On", Facts: []Fact{{Label: "What happened", Value: "Single sign-on is off here."}}},
		})},
		{"message-404", Message(MessagePage{Status: 404, Title: "There is nothing here", Sentence: "The address may be mistyped, or what it showed is gone.", Action: Link{"Go to your home page", "/"}})},
		{"message-403", Message(MessagePage{Status: 403, Title: "This page is for owners and admins", Sentence: "Ask an owner of Acme: Ana Novak, Bo Berg.", Action: Link{"Go to your home page", "/"}})},
		{"message-500", Message(MessagePage{Status: 500, Title: "Something went wrong here", Sentence: "It is not your fault and nothing was changed. Try again in a moment.", Reference: "ref_9ZK2M1QA", Action: Link{"Try again", "/"}})},
		{"message-503", Message(MessagePage{Status: 503, Title: "Back in a moment", Sentence: "The database does not answer right now. Nothing was changed; try again in half a minute.", Reference: "ref_9ZK2M1QA"})},
	}
}

// long is what somebody's machine value may look like at its worst.
const long = "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/saml2"

func tabs(current string) []Tab {
	list := []Tab{
		{Text: "2FA & SSO", URL: "/settings/access-security/sso"},
		{Text: "Domain Claiming", URL: "/settings/access-security/domains", Count: "4"},
		{Text: "SCIM", URL: "/settings/access-security/scim"},
	}
	for i := range list {
		list[i].Current = list[i].Text == current
	}
	return list
}

func access(current string) Access {
	return Access{Tabs: tabs(current), Chips: []Chip{
		{"Domains", "2 verified", ToneOK, "/settings/access-security/domains"},
		{"Certificate", "Expires in 23 days – renew", ToneWarn, "/settings/access-security/sso#certificate-row"},
		{"Single Sign-On", "On", ToneOK, "/settings/access-security/sso#switches"},
		{"Require SSO", "Off", "", "/settings/access-security/sso#require"},
		{"SCIM", "Last call 12 min ago", ToneOK, "/settings/access-security/scim"},
	}}
}

func readOnlyAccess(current string) Access {
	a := access(current)
	a.Owners = []string{"Ana Novak", "Bo Berg"}
	return a
}

var service = ServiceValues{
	EntityID:  "https://access.acme.com/saml/org_7f3a91c2",
	ReplyURL:  "https://access.acme.com/saml/org_7f3a91c2/acs",
	SignOnURL: "https://access.acme.com/saml/org_7f3a91c2/login", MetadataURL: "https://access.acme.com/saml/org_7f3a91c2/metadata",
}

func certificate(id string, badges ...Pill) Certificate {
	return Certificate{
		ID: id, Subject: "CN=Microsoft Azure Federated SSO Certificate", Added: "Added 5 Dec 2023 by Dana Reyes",
		Valid: "5 Dec 2023 – 5 Dec 2026", Left: "23 days left", SHA1: "3F:A1:0C:62:3B:94:CF:08:A6:7E:D9:45:1C:F2:8B:36:50:9F:3C:21",
		SHA256: "9F:3C:21:AE:07:5B:D4:18:6E:C2:90:4F:B8:13:77:0A:5D:E1:62:3B:94:CF:08:A6:7E:D9:45:1C:F2:8B:36:50",
		Key:    "RSA 2048", Badges: badges,
	}
}

func ssoPage(a Access, s Shell) SSOPage {
	return SSOPage{
		Shell: s, Access: a, Service: service,
		SSO:        Switch{On: true, State: Pill{"On", ToneOK}, Meaning: "People on acme.com and acme.de can sign in with your identity provider. Passwords still work."},
		Require:    Switch{State: Pill{Text: "Off"}, Sentence: "41 people on claimed domains have never used single sign-on."},
		IdPManaged: Switch{State: Pill{Text: "Off"}, Blocked: "Turn on Single Sign-On first."},
		Form: SSOForm{
			SignInURL: Field{Value: long}, Issuer: Field{Value: "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"},
			Effect: "213 people sign in through this.",
		},
		Certificates: []Certificate{certificate("crt_1", Pill{"In use (last signature 2 min ago)", ToneOK}, Pill{"Expires in 23 days", ToneWarn}), certificate("crt_2", Pill{"Not used yet", ""})},
		Test:         &TestCard{State: Pill{"Passed", ToneOK}, Sentence: "The last test: Ana Novak, 3 days ago."},
		Remove:       RemoveSSO{Offer: true, Blocked: "Turn off Single Sign-On first."},
		Changed:      "Last changed 20 Nov 2026 by Dana Reyes",
	}
}

func accessStates() []state {
	first := ssoPage(Access{Tabs: tabs("2FA & SSO")}, shell(NavAccessSecurity))
	first.FirstVisit, first.Certificates, first.Form, first.Remove = true, nil, SSOForm{}, RemoveSSO{}
	first.SSO = Switch{State: Pill{Text: "Off"}, Blocked: "Needs a verified domain, both addresses and a valid certificate."}
	first.Require = Switch{State: Pill{Text: "Off"}, Blocked: "Turn on Single Sign-On first."}

	wrong := ssoPage(access("2FA & SSO"), shell(NavAccessSecurity))
	wrong.Certificates = nil
	wrong.Test = &TestCard{State: Pill{Text: "Not tested"}, Sentence: "A real sign-in that creates nobody.", Blocked: "First save a certificate."}
	wrong.Form = SSOForm{
		SignInURL:   Field{"https://sts.windows.net/72f988bf/", "This is the Issuer URL. Entra’s Login URL looks like https://login.microsoftonline.com/TENANT/saml2: swap the two."},
		Issuer:      Field{"https://sts.windows.net/72f988bf", "The slash at the end is missing: https://sts.windows.net/72f988bf/"},
		Certificate: Field{Error: "That is a private key. Remove it, and tell whoever sent it that it must be replaced. Choose the file Certificate (Base64)."},
		StepUp:      StepUp{Needed: true, Error: "That is not your password."},
		Error:       "Nothing was saved: three fields need a second look.",
	}
	metadata := ssoPage(access("2FA & SSO"), shell(NavAccessSecurity))
	metadata.Certificates = nil
	metadata.Form = SSOForm{Metadata: &Metadata{Issuer: "https://sts.windows.net/72f988bf/", SignInURL: long, PEM: "-----BEGIN CERTIFICATE-----", Certificates: []Certificate{certificate("")}}}
	filled := ssoPage(access("2FA & SSO"), shell(NavAccessSecurity))
	unsaved := certificate("", Pill{"Expires in 23 days", ToneWarn})
	unsaved.Added = ""
	filled.Certificates, filled.Form.Unsaved, filled.Form.Certificate.Value, filled.Form.StepUp.Needed = nil, []Certificate{unsaved}, "-----BEGIN CERTIFICATE-----", true
	filled.Shell.Flash = &Flash{ToneInfo, "Filled in from the metadata file. Nothing is saved yet."}

	blocked := ssoPage(access("2FA & SSO"), shell(NavAccessSecurity))
	only := certificate("crt_1", Pill{"In use (last signature 2 min ago)", ToneOK})
	only.Removal = "It is the only certificate while single sign-on is on. Add the next one first."
	only.DownloadURL, only.Warning = "/settings/access-security/sso/certificates/crt_1/download", "Another organization on this server trusts this certificate too."
	blocked.Certificates = []Certificate{only}
	blocked.Require = Switch{On: true, State: Pill{"On trial until 14:32 UTC", ToneWarn}, Sentence: "It stays on once an owner or admin has signed in with single sign-on."}
	blocked.IdPManaged = Switch{On: true, State: Pill{"On", ToneOK}}
	blocked.Shell.Notices = []Notice{
		{
			ToneWarn, "Confirm that single sign-on works", "Required since 14:02 UTC. Sign in with single sign-on once to keep it, otherwise it turns itself off at 14:32 UTC.",
			Link{"Sign in with single sign-on", "/saml/org_7f3a91c2/login"},
		},
		{ToneBad, "Your signing certificate expired", "Nobody can sign in with SSO. Upload the new certificate from Entra.", Link{"Replace certificate", "#certificate-row"}},
	}
	blocked.Shell.Organizations = []Organization{{ID: "org_2", Name: "Acme Labs"}, {ID: "org_3", Name: "Zieliński & Mészáros"}}

	ready := PeopleGroup{Count: 213, More: "and 211 more", People: []PersonNote{{Person{"Ngozi Okafor", "ngozi@acme.com"}, "Today 16:31"}, {Person{"Priya Raghavan", "priya@acme.com"}, "Yesterday"}}}
	outside := PeopleGroup{Count: 3, People: []PersonNote{{Person{"Amira Haddad", "amira@haddad.studio"}, ""}, {Person{"Mateo Quispe", "mateo@quispe.pe"}, ""}, {Person{"", "yuki@tanaka.dev"}, ""}}}
	preflight := RequireSSOPage{
		Shell: shell(NavAccessSecurity), Domains: "acme.com and acme.de", Ready: ready, NeverUsed: PeopleGroup{Count: 41}, Outside: outside,
		Recovery: PeopleGroup{Count: 2, People: []PersonNote{{Person{"Ana Novak", "ana@acme.com"}, "Owner, password"}, {Person{"Kwame Mensah", "kwame@acme.com"}, "Admin, password"}}},
		Conditions: []Check{
			{OK: true, Text: "A verified domain", Detail: "acme.com and acme.de"},
			{OK: true, Text: "A SAML certificate that is valid for 14 days or more", Detail: "Until 14 May 2028"},
			{OK: true, Text: "An owner with a password, for recovery", Detail: "Ana Novak can still get in by recovery sign-in. Two owners are better."},
		},
		SafetyWindow: "30 minutes", StepUp: StepUp{Needed: true},
	}
	held := preflight
	held.Blocked = "One condition is not met yet."
	held.Conditions = append([]Check{{
		Text: "A test sign-in of the last seven days, passed by an owner or admin", Detail: "Bo Berg has passed one, but is no active owner or admin.",
		Action: Link{"Run a test sign-in", "/settings/access-security/sso/test"},
	}}, preflight.Conditions...)

	record := DomainRecord{
		ID: "dom_3", Domain: "acme-labs.io", State: Pill{"Waiting for DNS", ToneInfo}, Value: "gatehouse-domain-verify=q7Hc2VtR9mXk4LpZ8sWdNf3YbJ6uTa1E",
		Reason: "Still waiting: the record is one level too deep.", Fix: "Your panel added the domain to the name by itself. Edit the record and type only @ as the name.",
		Checked: "Checked 40 s ago, again in 1 min",
		Seen: []SeenRecord{
			{`acme-labs.io.acme-labs.io TXT "gatehouse-domain-verify=q7Hc2VtR9mXk4LpZ8sWdNf3YbJ6uTa1E"`, Pill{"Right value, wrong name", ToneWarn}},
			{`acme-labs.io TXT "v=spf1 include:spf.protection.outlook.com -all"`, Pill{"Not ours", ""}},
		},
	}
	domains := []Domain{
		{ID: "dom_1", Name: "acme.com", State: Pill{"Verified", ToneOK}, Used: "198 members", Checked: "6 h ago", Removal: "Single sign-on is on and needs it."},
		{ID: "dom_2", Name: "acme.de", State: Pill{"Verified", ToneOK}, Used: "56 members", Checked: "9 h ago"},
		{ID: "dom_3", Name: "acme-labs.io", State: Pill{"Waiting for DNS", ToneInfo}, Reason: "Found at acme-labs.io.acme-labs.io: take the domain part out of the name.", Used: "12 people held", Checked: "40 s ago"},
		{ID: "dom_4", Name: "northwind.acme.com", State: Pill{"Lapsing, 5 days left", ToneWarn}, Reason: "The record is gone since 21 Nov. Put it back before 28 Nov.", Used: "9 members", Checked: "18 min ago"},
		{ID: "dom_5", Name: "contoso.com", State: Pill{"Claimed by another organization", ToneBad}, Reason: "Ask its owners to release it, then check again.", Used: "Nobody", Checked: "3 h ago"},
	}
	verified := record
	verified.ID, verified.Domain, verified.State, verified.Verified, verified.Reason, verified.Seen = "dom_2", "acme.de", Pill{"Verified", ToneOK}, true, "", nil

	tokens := []SCIMToken{
		{ID: "tok_1", Name: "Entra production", Hint: "scim_8fK2…", Created: "12 Mar 2026", By: "Ana Novak", Expires: "12 Mar 2027", Left: Pill{Text: "in 109 days"}, LastUsed: "3 min ago", From: "20.190.160.14"},
		{ID: "tok_2", Name: "Entra staging", Hint: "scim_Zq0a…", Created: "2 Dec 2025", By: "Kwame Mensah", Expires: "2 Dec 2026", Left: Pill{"9 days left", ToneWarn}, LastUsed: "2 days ago", From: "20.190.151.7"},
		{ID: "tok_3", Name: "Trial", Hint: "scim_4Tx9…", Created: "2 Nov 2025", By: "Ana Novak", Expires: "2 Nov 2026", LastUsed: "Never", Revoked: "Revoked 3 Nov 2025 by Ana Novak"},
	}
	expiries := []Option{{"90d", "90 days"}, {"365d", "1 year"}, {"730d", "2 years"}}
	scim := SCIMPage{
		Shell: shell(NavAccessSecurity), Access: access("SCIM"), TenantURL: "https://access.acme.com/api/app/scim/v2", Tokens: tokens,
		Form:   TokenForm{Expires: Field{Value: "365d"}, Options: expiries},
		Status: []Fact{{Label: "People", Value: "247 active, 18 deactivated"}, {Label: "Teams", Value: "14 groups"}, {Label: "Held", Value: "12 people", Note: "acme-labs.io is not verified yet"}, {Label: "Last call", Value: "12 minutes ago"}},
	}
	fresh := scim
	fresh.NewToken = &NewToken{"Entra production, November", "scim_4Tx9mB_7nWv2KqLr8eYd1HsZu5CjPf3XoGt6NaRe92f", "23 Nov 2027"}
	client := SCIMClient{TokenEndpoint: "https://access.acme.com/oauth/token", ClientID: "org_06h0sj4eg3pz6yj13e2ptzavhm", Form: TokenForm{Expires: Field{Value: "365d"}, Options: expiries}}
	scim.Client, fresh.Client = client, client
	scim.Client.Secrets = []SCIMToken{
		{ID: "sec_1", Name: "Entra gallery app", Hint: "scimcs_06h0sj…", Created: "12 Mar 2026", By: "Ana Novak", Expires: "12 Mar 2027", Left: Pill{Text: "in 109 days"}, LastUsed: "3 min ago", From: "20.190.160.14"},
		{ID: "sec_2", Name: "Trial", Hint: "scimcs_4Tx9…", Created: "2 Nov 2025", By: "Ana Novak", Expires: "2 Nov 2026", LastUsed: "Never", Revoked: "Revoked 3 Nov 2025 by Ana Novak"},
	}
	replaced := scim
	replaced.Tokens = append([]SCIMToken{{ID: "tok_4", Name: "Entra production", Hint: "scim_9aB1…", Created: "24 Nov 2026", By: "Ana Novak", Expires: "24 Nov 2027", Left: Pill{Text: "in 365 days"}, LastUsed: "Never", CanBe: true}}, tokens...)
	replaced.Tokens[1].Replaced = "Replaced 24 Nov 2026; 3 calls since"
	newSecret := scim
	newSecret.Client.New = &NewToken{"Entra gallery app", "scimcs_4Tx9mB7nWv_2KqLr8eYd1HsZu5CjPf3XoGt6NaRe92f", "23 Nov 2028"}
	refused := scim
	refused.Client.Form.Name = Field{"", "Enter a name for the client secret, such as “Entra gallery app”."}
	refused.Tokens, refused.Status, refused.Form.Name, refused.Form.StepUp = nil, nil, Field{"", "Give the token a name, such as Entra production."}, StepUp{Needed: true, Error: "That is not your password."}
	readOnlySCIM := scim
	readOnlySCIM.Shell, readOnlySCIM.Access = memberShell(NavAccessSecurity), readOnlyAccess("SCIM")

	guide := SetupAzurePage{Shell: shell(NavAccessSecurity), Service: service, TenantURL: "https://access.acme.com/api/app/scim/v2", SSOURL: "/settings/access-security/sso#connection"}
	half := guide
	half.Done = SetupDone{Domain: true, Connection: true}

	return []state{
		{"sso-first-visit", SSO(first)},
		{"sso-live", SSO(ssoPage(access("2FA & SSO"), shell(NavAccessSecurity)))},
		{"sso-every-field-wrong", SSO(wrong)},
		{"sso-metadata-offered", SSO(metadata)},
		{"sso-filled-from-metadata", SSO(filled)},
		{"sso-required-with-notices", SSO(blocked)},
		{"sso-read-only", SSO(ssoPage(readOnlyAccess("2FA & SSO"), memberShell(NavAccessSecurity)))},
		{"step-up", StepUpForm(StepUpPage{
			Shell: shell(NavAccessSecurity), Title: "Turn on Single Sign-On?", Sentence: "254 people on acme.com and acme.de can then sign in with your identity provider.",
			Effects: []string{"Passwords still work.", "The sign-in page offers both."}, Action: "/settings/access-security/sso/enabled",
			Fields: []Hidden{{"value", "on"}}, Confirm: "Turn on Single Sign-On", CancelURL: "/settings/access-security/sso",
		})},
		{"step-up-wrong-danger", StepUpForm(StepUpPage{
			Shell: shell(NavAccessSecurity), Title: "Change the SSO connection?", Sentence: "213 people sign in through it.", Action: "/settings/access-security/sso",
			Changes: []Change{{"Issuer URL", "https://sts.windows.net/72f988bf", "https://sts.windows.net/72f988bf/"}, {"SAML Certificate", "", "3F:A1:…:9C, to 14 May 2028"}},
			Fields:  []Hidden{{"issuer", "x"}}, Confirm: "Change the connection", Danger: true, Error: "That is not your password.", CancelURL: "/settings/access-security/sso",
		})},
		{"step-up-without-password", StepUpForm(StepUpPage{
			Shell: shell(NavAccessSecurity), Title: "Revoke the token?", Sentence: "Entra is refused from the next request on.", Action: "/x", Confirm: "Revoke", CancelURL: "/settings/access-security/scim",
			NoPassword: "You have no password here, so we cannot ask for it.",
		})},
		{"require-sso", RequireSSO(preflight)},
		{"require-sso-blocked", RequireSSO(held)},
		{"setup-azure", SetupAzure(guide)},
		{"setup-azure-half-done", SetupAzure(half)},
		{"domains", Domains(DomainsPage{Shell: shell(NavAccessSecurity), Access: access("Domain Claiming"), Domains: domains, Record: &record})},
		{"domains-none", Domains(DomainsPage{Shell: shell(NavAccessSecurity), Access: access("Domain Claiming")})},
		{"domains-verified", Domains(DomainsPage{Shell: shell(NavAccessSecurity), Access: access("Domain Claiming"), Domains: domains[:2], Record: &verified})},
		{"domains-refused", Domains(DomainsPage{
			Shell: shell(NavAccessSecurity), Access: access("Domain Claiming"), Domains: domains[:1],
			Claim: ClaimForm{Domain: Field{"gmail.com", "gmail.com is a public mail provider: nobody can claim it. Claim your company’s own domain."}, StepUp: StepUp{Needed: true, Error: "That is not your password."}},
		})},
		{"domains-read-only", Domains(DomainsPage{Shell: memberShell(NavAccessSecurity), Access: readOnlyAccess("Domain Claiming"), Domains: domains, Record: &record})},
		{"scim", SCIM(scim)},
		{"scim-new-token", SCIM(fresh)},
		{"scim-replaced-token", SCIM(replaced)},
		{"scim-new-client-secret", SCIM(newSecret)},
		{"scim-refused", SCIM(refused)},
		{"scim-read-only", SCIM(readOnlySCIM)},
	}
}
