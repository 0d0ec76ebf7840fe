package models

// RefusalReason names why somebody whom an identity provider vouched for (or tried to) was not let in.
type RefusalReason string

// The reasons that are found here; the protocol has its own.
const (
	RefusedUnknownRequest    RefusalReason = "request_unknown"
	RefusedRequestExpired    RefusalReason = "request_expired"
	RefusedReplayed          RefusalReason = "replayed"
	RefusedCodeExpired       RefusalReason = "code_expired"
	RefusedOtherBrowser      RefusalReason = "other_browser"
	RefusedCookiesBlocked    RefusalReason = "cookies_blocked"
	RefusedSSOOff            RefusalReason = "sso_off"
	RefusedConnectionRemoved RefusalReason = "connection_removed"
	RefusedConnectionChanged RefusalReason = "connection_changed"
	RefusedDomainUnverified  RefusalReason = "domain_unverified"
	RefusedDomainLapsed      RefusalReason = "domain_lapsed"
	RefusedIdentityMismatch  RefusalReason = "identity_mismatch"
	RefusedNoMembership      RefusalReason = "no_membership"
	RefusedUserNameTaken     RefusalReason = "user_name_taken"
	RefusedDeactivated       RefusalReason = "deactivated"
	RefusedDeleted           RefusalReason = "deleted"
	RefusedHeld              RefusalReason = "held"
	RefusedOtherPerson       RefusalReason = "other_person"
	RefusedLogoutReplayed    RefusalReason = "logout_replayed"
	RefusedLogoutUnsigned    RefusalReason = "logout_unsigned"
	RefusedLogoutSignature   RefusalReason = "logout_signature_invalid"
	RefusedLogoutAlgorithm   RefusalReason = "logout_algorithm"
	RefusedLogoutCertificate RefusalReason = "logout_certificate_expired"
	RefusedLogoutTime        RefusalReason = "logout_too_old"
	RefusedLogoutIssuer      RefusalReason = "logout_issuer_mismatch"
	RefusedLogoutDestination RefusalReason = "logout_destination_mismatch"
	RefusedLogoutUnreadable  RefusalReason = "logout_unreadable"
)

// LoginRefusal is a refused sign-in: a sentence for the person, and for the admins what was expected, what came and where to change it.
type LoginRefusal struct {
	Reason RefusalReason
	// Employee and Admin are sentences. Employee holds nothing that only admins may know.
	Employee, Admin string
	// Got, Want and FixAt are for signed-in admins.
	Got, Want, FixAt string
	// Who is the name or address that was claimed, MemberID whom it was about.
	Who, MemberID string
	Detail        Facts
	// Raw is the response without signature values, kept for admins; empty keeps none.
	Raw string
	// Reference is what the person reads to an admin, who finds the activity by it. Empty for what was not written down.
	Reference string
}

func (r *LoginRefusal) Error() string { return "sign-in refused: " + string(r.Reason) }

// Unwrap makes a refusal an *Error too, so that the error mapper knows what to answer.
func (r *LoginRefusal) Unwrap() error { return &Error{Kind: Forbidden, Message: r.Employee} }

func (r *LoginRefusal) activity(orgID string, client Client) NewActivity {
	detail := Facts{}
	for k, v := range r.Detail {
		detail[k] = v
	}
	for k, v := range map[string]string{"received": r.Got, "expected": r.Want, "fix_at": r.FixAt} {
		if v != "" {
			detail[k] = v
		}
	}
	return NewActivity{
		OrgID: orgID, Kind: ActivitySignIn, Reference: r.Reference, Reason: string(r.Reason), Sentence: r.Admin,
		Who: r.Who, MemberID: r.MemberID, Detail: detail, Client: client, Raw: r.Raw,
	}
}

// about names the person a refusal concerns.
func (r *LoginRefusal) about(m *Member) *LoginRefusal {
	r.MemberID, r.Who = m.ID, m.Label()
	return r
}

// signOutHere serves all sign-outs at the identity provider that were not carried out here.
const signOutHere = "Your company's sign-in service asked to sign you out here, in a way we cannot accept, so nothing was done. Sign out here yourself."

// The catalogue: what is said to the person, what to the admin, and where the mend is.
var refusals = map[RefusalReason]LoginRefusal{
	RefusedUnknownRequest: {
		Employee: "This sign-in did not begin here, or began too long ago. Please sign in again.",
		Admin:    "A response arrived that answers no request of ours. People must begin at the Sign on URL, which the tile in My Apps uses when it is filled in.",
		FixAt:    "Entra → Enterprise applications → your application → Single sign-on → Basic SAML Configuration → Sign on URL",
	},
	RefusedRequestExpired: {
		Employee: "This sign-in took longer than ten minutes. Please sign in again.",
		Admin:    "The identity provider answered more than ten minutes after the request. The person waited at its sign-in page; nothing is to be changed.",
	},
	RefusedReplayed: {
		Employee: "This sign-in was already used. Please sign in again.",
		Admin:    "The same response or code was sent twice. Usually somebody went back in the browser; a stolen response looks the same, and was not let in.",
	},
	RefusedCodeExpired: {
		Employee: "The last step of this sign-in took too long. Please sign in again.",
		Admin:    "The browser took more than a minute between the two halves of the sign-in. Nothing is to be changed.",
	},
	RefusedOtherBrowser: {
		Employee: "This sign-in began in another browser. Please start again here.",
		Admin:    "The response was brought by another browser than the one that began the sign-in. Nobody was signed in. Usually a link was opened in another browser; a stolen response looks the same.",
	},
	RefusedCookiesBlocked: {
		Employee: "Your browser brought no cookie of this site, so we cannot tell that this sign-in began in it. Allow cookies for this site, then start again here.",
		Admin:    "The browser that brought the response had no cookie of ours: it keeps none, a private window was closed meanwhile, or it is another browser than the one that began the sign-in. Nobody was signed in. Let the person allow cookies for this site.",
	},
	RefusedSSOOff: {
		Employee: "Single sign-on is off for your organization. Please sign in another way, or ask your admin.",
		Admin:    "Single sign-on is off here, so nobody is let in by the identity provider. Turn it on, or tell the people to sign in another way.",
		FixAt:    "Access Security → SSO → Single Sign-On",
	},
	RefusedConnectionRemoved: {
		Employee: "Single sign-on is not set up for your organization. Please sign in another way, or ask your admin.",
		Admin:    "There is no SSO connection here: its configuration was removed, or none was ever saved. Set it up again, or take this application out of the identity provider.",
		FixAt:    "Access Security → SSO",
	},
	RefusedConnectionChanged: {
		Employee: "Your organization's sign-in settings were changed just now. Please sign in again.",
		Admin:    "The SSO connection was changed while this sign-in was under way, which ends outstanding requests. The next one uses the new settings.",
	},
	RefusedDomainUnverified: {
		Employee: "Your e-mail address is on a domain that your organization has not claimed here. Please ask your admin.",
		Admin:    "The identity provider named an address on a domain that this organization has not verified. Claim the domain here, or correct the source of the e-mail claim.",
		FixAt:    "Access Security → Domain Claiming",
	},
	RefusedDomainLapsed: {
		Employee: "Your organization's claim on your e-mail domain has lapsed, so nobody new can join with it. Please ask your admin.",
		Admin:    "The domain's TXT record has been gone for more than seven days: only people who signed in before are let in. Put the record back.",
		FixAt:    "Access Security → Domain Claiming",
	},
	RefusedIdentityMismatch: {
		Employee: "Your address belonged to another account of your company's sign-in service before. Please ask your admin to connect yours.",
		Admin:    "The address is known here, but the identity provider's own identifier for it is another one than before: it may have been given to somebody else. If it is the same person, forget the linked identity on the member's page and let them sign in again.",
		FixAt:    "Users → the person → Sign-in methods",
	},
	RefusedNoMembership: {
		Employee: "You have no membership in this organization yet. Please ask an admin for an invitation.",
		Admin:    "The identity provider let somebody in who is not a member here, and IdP Managed Access is off. Invite the person, or turn IdP Managed Access on.",
		FixAt:    "Access Security → SSO → IdP Managed Access",
	},
	RefusedUserNameTaken: {
		Employee: "Your address is already the user name of somebody here with another address. Please ask your admin.",
		Admin:    "The directory provisioned this user name with another e-mail address than the one the identity provider sends. Let both send the same address (user.mail).",
		FixAt:    "Entra → Enterprise applications → your application → Single sign-on → Attributes & Claims",
	},
	RefusedDeactivated: {
		Employee: "Your access to this organization has been deactivated. If this is a mistake, please ask an admin.",
		Admin:    "The person is deactivated here, and signing in does not bring anybody back. Reactivate the person where they were deactivated: here, or by assigning them again in Entra.",
		FixAt:    "Users → the person",
	},
	RefusedDeleted: {
		Employee: "Your access to this organization has been removed. If this is a mistake, please ask an admin.",
		Admin:    "The directory removed this person, and signing in does not bring anybody back. Assign the person again in Entra.",
		FixAt:    "Entra → Enterprise applications → your application → Users and groups",
	},
	RefusedOtherPerson: {
		Employee: "You confirmed as somebody else than you are signed in as. Nothing was changed; please confirm as yourself.",
		Admin:    "A change was confirmed at the identity provider by another person than the one signed in here. Nothing was changed.",
	},
	RefusedLogoutReplayed: {
		Employee: "This sign-out was carried out already. Nothing more is to be done.",
		Admin:    "The same LogoutRequest came twice, and only the first one ended sessions. Usually somebody reloaded the page; a request that was recorded and sent again looks the same.",
	},
	RefusedLogoutUnsigned: {
		Employee: signOutHere,
		Admin:    "A sign-out request without a signature was refused, and no session was ended. Anybody can open this address; the identity provider signs what it sends.",
	},
	RefusedLogoutSignature: {
		Employee: signOutHere,
		Admin:    "A sign-out request was refused: its signature is by none of the certificates trusted here, or it was changed on the way. If the identity provider signs sign-outs with another certificate, upload that too.",
		FixAt:    "Access Security → SSO → SAML Certificate",
	},
	RefusedLogoutAlgorithm: {
		Employee: signOutHere,
		Admin:    "A sign-out request was refused: its signature uses SHA-1 or another algorithm we do not accept. Set the identity provider to RSA or ECDSA with SHA-256.",
		FixAt:    "Entra → Enterprise applications → your application → Single sign-on → SAML Certificates → Edit → Signing Algorithm",
	},
	RefusedLogoutCertificate: {
		Employee: signOutHere,
		Admin:    "A sign-out request was refused: it is signed with a certificate that is trusted here but is not valid now. Create a new one at the identity provider, upload it here, then activate it there.",
		FixAt:    "Entra → Enterprise applications → your application → Single sign-on → SAML Certificates",
	},
	RefusedLogoutTime: {
		Employee: signOutHere,
		Admin:    "A sign-out request was refused: it was made too long ago, or is not valid yet. Either it was under way for minutes or recorded and sent again, or one of the two clocks is wrong.",
	},
	RefusedLogoutIssuer: {
		Employee: signOutHere,
		Admin:    "A sign-out request was refused: it comes from another issuer than the Issuer URL set here.",
		FixAt:    "Access Security → SSO → Issuer URL",
	},
	RefusedLogoutDestination: {
		Employee: signOutHere,
		Admin:    "A sign-out request was refused: it was made for another address than the one it came to. Copy the Logout Url from here.",
		FixAt:    "Entra → Enterprise applications → your application → Single sign-on → Basic SAML Configuration → Logout Url",
	},
	RefusedLogoutUnreadable: {
		Employee: signOutHere,
		Admin:    "A sign-out request was refused: it is not a SAML LogoutRequest by HTTP-Redirect about exactly one person.",
		FixAt:    "Entra → Enterprise applications → your application → Single sign-on → Basic SAML Configuration → Logout Url",
	},
	RefusedHeld: {
		Employee: "Your organization knows you, but your account is waiting for its admins. Please ask one of them.",
		Admin:    "The person is held: the page of the person says why and what ends it.",
		FixAt:    "Users → the person",
	},
}

// Refusals are all reasons of the catalogue in the order of a sign-in.
func Refusals() []LoginRefusal {
	var list []LoginRefusal
	for _, r := range []RefusalReason{
		RefusedUnknownRequest, RefusedRequestExpired, RefusedReplayed, RefusedCodeExpired, RefusedOtherBrowser, RefusedCookiesBlocked,
		RefusedSSOOff, RefusedConnectionRemoved, RefusedConnectionChanged,
		RefusedDomainUnverified, RefusedDomainLapsed, RefusedIdentityMismatch, RefusedNoMembership, RefusedUserNameTaken, RefusedDeactivated, RefusedDeleted, RefusedHeld, RefusedOtherPerson,
		RefusedLogoutReplayed, RefusedLogoutUnsigned, RefusedLogoutSignature, RefusedLogoutAlgorithm, RefusedLogoutCertificate, RefusedLogoutTime,
		RefusedLogoutIssuer, RefusedLogoutDestination, RefusedLogoutUnreadable,
	} {
		list = append(list, *refuse(r))
	}
	return list
}

// Refuse is a refusal out of the catalogue, for what a handler finds out itself.
func Refuse(r RefusalReason) *LoginRefusal { return refuse(r) }

// refuse is a refusal out of the catalogue.
func refuse(r RefusalReason) *LoginRefusal {
	entry := refusals[r]
	entry.Reason = r
	return &entry
}

// refuseDeactivated says by whom somebody was deactivated, which is where they are brought back.
func refuseDeactivated(m *Member) *LoginRefusal {
	r := refuse(RefusedDeactivated).about(m)
	if m.DeactivatedBy == nil {
		return r
	}
	switch *m.DeactivatedBy {
	case BySCIM:
		r.Got, r.FixAt = "deactivated by the directory", refusals[RefusedDeleted].FixAt
		r.Admin = "The directory set this person inactive, and signing in does not bring anybody back. Assign the person again in Entra: the next provisioning reactivates them here."
	case ByOperator:
		r.Got = "deactivated by the operator"
	default:
		r.Got = "deactivated by an admin"
		r.Admin = "An admin deactivated this person here, and signing in does not bring anybody back. Reactivate them on their page if they are to come in."
	}
	return r
}
