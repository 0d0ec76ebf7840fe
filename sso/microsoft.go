package sso

import (
	"regexp"
	"slices"
	"strings"
)

// MicrosoftEntry is one error that ends on a page at Microsoft, so that this
// application never hears of it. An admin pastes it, and gets this.
type MicrosoftEntry struct {
	Code   string // digits of AADSTS…
	Name   string // what Microsoft calls it, "" if it has no name
	Reason string // for a heading, "Reply URL mismatch"
	Side   Side
	// Employee says what the person in front of it can do; Admin what is wrong and which
	// side must change it; FixAt where.
	Employee, Admin, FixAt string
	want                   func(Connection) string // what Entra should hold; nil for nothing
	quoted                 int                     // which quoted value of the message came instead, from 1; 0 for none
}

// MicrosoftAnswer is what there is to say about one pasted error.
type MicrosoftAnswer struct {
	MicrosoftEntry
	Got, Want string
	Known     bool // false: the code is Microsoft's, but not one that setting up SSO usually meets
}

// Sentences that serve several codes.
const (
	askAdmin    = "Give your admin the text of that page."
	otherPerson = "Sign in with your work account, in a private window if the wrong one comes up by itself."
)

// Places that only Microsoft's errors lead to.
const (
	entraProperties = "Entra → Enterprise applications → your application → Properties"
	entraUser       = "Entra → Users → the person"
	entraAccess     = "Entra → Protection → Conditional Access"
	entraVerify     = entraCerts + " → Verification certificates (optional) → Edit"
)

func entityID(c Connection) string  { return c.EntityID }
func acsURL(c Connection) string    { return c.ACSURL }
func signInURL(c Connection) string { return c.SignInURL }

// microsoftErrors is in the order in which an admin usually meets them.
var microsoftErrors = []MicrosoftEntry{
	{
		Code: "50105", Name: "EntitlementGrantsNotFound", Reason: "The person is not assigned", Side: SideIdP, Employee: "Ask your admin to assign you to this application.",
		Admin: "The person is not assigned to the application. Assign them, or a group they are a direct member of: groups inside of groups do not count.", FixAt: entraUsers, quoted: 3,
	},
	{
		Code: "501051", Name: "EntitlementGrantsNotFound", Reason: "The person is not assigned", Side: SideIdP, Employee: "Ask your admin to assign you to this application.",
		Admin: "The person is not assigned to the application. Assign them, or turn Assignment required off.", FixAt: entraUsers,
	},
	{
		Code: "50011", Name: "InvalidReplyTo", Reason: "Reply URL mismatch", Side: SideIdP, Employee: askAdmin,
		Admin: "Entra does not know our Reply URL for this application, or knows it with another letter, port or slash. Enter exactly the one shown here.", FixAt: entraBasic + " → Reply URL (Assertion Consumer Service URL)", want: acsURL, quoted: 1,
	},
	{
		Code: "700016", Name: "UnauthorizedClient_DoesNotMatchRequest", Reason: "Identifier unknown in this tenant", Side: SideIdP, Employee: askAdmin,
		Admin: "Entra knows no application with our Identifier in that tenant: the Identifier (Entity ID) is missing or differs, or the Identity Provider Sign-in URL entered here belongs to another tenant.", FixAt: entraBasic + " → Identifier (Entity ID)", want: entityID, quoted: 1,
	},
	{
		Code: "650056", Name: "MisconfiguredApplication", Reason: "Misconfigured application", Side: SideIdP, Employee: askAdmin,
		Admin: "Entra finds the application, but not under the Identifier that we send. Enter exactly ours, and check that it is the same tenant's Login URL that stands here.", FixAt: entraBasic + " → Identifier (Entity ID)", want: entityID,
	},
	{
		Code: "75011", Name: "NoMatchedAuthnContextInOutputClaims", Reason: "Authentication method mismatch", Side: SidePerson, Employee: "Sign out at Microsoft or open a private window, then sign in again.",
		Admin: "The person's session at Microsoft was begun with another method than a request asked for. We ask for none, so the request came from an old bookmark or another application; begin at the Sign on URL shown here.", FixAt: entraLogs,
	},
	{
		Code: "50020", Name: "UserUnauthorized", Reason: "An account of another tenant", Side: SidePerson, Employee: otherPerson,
		Admin: "The person signed in with an account that is not in this tenant, often a private one. They sign in with their work account, or you invite that account as a guest.", FixAt: "Entra → Users → New user → Invite external user", quoted: 1,
	},
	{
		Code: "90072", Name: "PassThroughUserMfaError", Reason: "An account of another tenant", Side: SidePerson, Employee: otherPerson,
		Admin: "The external account the person signed in with does not exist in this tenant. They sign in with their work account, or you invite that account as a guest.", FixAt: "Entra → Users → New user → Invite external user", quoted: 1,
	},
	{
		Code: "16000", Name: "InteractionRequired", Reason: "An account of another tenant", Side: SidePerson, Employee: otherPerson,
		Admin: "The account that is signed in at Microsoft does not exist in this tenant. The person picks their work account.", FixAt: entraUsers, quoted: 1,
	},
	{
		Code: "50034", Name: "UserAccountNotFound", Reason: "No such account", Side: SidePerson, Employee: "Check the address you typed, or ask your admin for an account.",
		Admin: "There is no such account in the tenant: a mistyped address, or the Identity Provider Sign-in URL entered here belongs to another tenant.", FixAt: hereSSO + " → Identity Provider Sign-in URL", want: signInURL,
	},
	{
		Code: "50014", Name: "GuestUserInPendingState", Reason: "A guest who has not accepted", Side: SidePerson, Employee: "Accept the invitation that Microsoft sent you by mail, then sign in again.",
		Admin: "The guest has not accepted the invitation to the tenant yet. Send it again.", FixAt: entraUser,
	},
	{
		Code: "50057", Name: "UserDisabled", Reason: "A disabled account", Side: SideIdP, Employee: "Ask your admin: your account is turned off.",
		Admin: "The person's account is disabled in the directory.", FixAt: entraUser + " → Account status",
	},
	{
		Code: "76021", Name: "ApplicationRequiresSignedRequests", Reason: "Signed requests required", Side: SideIdP, Employee: askAdmin,
		Admin: "Entra requires our requests to be signed and verified with a certificate of ours. Turn Require verification certificates off, or sign our requests and upload our certificate there.", FixAt: entraVerify,
	},
	{
		Code: "76023", Name: "", Reason: "The request's signature is wrong", Side: SideIdP, Employee: askAdmin,
		Admin: "Entra verifies our requests, and the certificate uploaded there is not of the key that signs them. Download our certificate here and upload it there again.", FixAt: entraVerify,
	},
	{
		Code: "75003", Name: "UnsupportedBindingError", Reason: "Unsupported binding", Side: SideIdP, Employee: askAdmin,
		Admin: "The request asked for another binding than HTTP-POST. Ours asks for HTTP-POST, so the request came from another application or from an old bookmark; begin at the Sign on URL shown here.", FixAt: entraBasic + " → Sign on URL",
	},
	{
		Code: "900561", Name: "BadResourceRequestInvalidRequest", Reason: "The page was opened the wrong way", Side: SidePerson, Employee: "Close the page and begin again: it was reloaded or opened from a bookmark.",
		Admin: "Microsoft's page was opened with GET where it takes POST, or the other way round: it was reloaded, kept as a bookmark, or Login URL and Logout URL were swapped here.", FixAt: hereSSO + " → Identity Provider Sign-in URL", want: signInURL,
	},
	{
		Code: "750054", Name: "SAMLRequestMissing", Reason: "Opened without a request", Side: SideIdP, Employee: "Begin at this application's sign-in page.",
		Admin: "Microsoft's Login URL was opened without a request, usually because the Sign on URL in Entra is Entra's own Login URL. Enter ours there.", FixAt: entraBasic + " → Sign on URL",
	},
	{
		Code: "75005", Name: "Saml2MessageInvalid", Reason: "Not a SAML request", Side: SideHere, Employee: askAdmin,
		Admin: "Entra could not read the request. Something changed it on the way, or the Identity Provider Sign-in URL entered here is not the Login URL.", FixAt: hereSSO + " → Identity Provider Sign-in URL", want: signInURL,
	},
	{
		Code: "75008", Name: "RequestDeniedError", Reason: "Unexpected destination", Side: SideHere, Employee: askAdmin,
		Admin: "The request was made for another address than the one it reached. Copy Login URL again into Identity Provider Sign-in URL.", FixAt: hereSSO + " → Identity Provider Sign-in URL", want: signInURL,
	},
	{
		Code: "75016", Name: "Saml2AuthenticationRequestInvalidNameIDPolicy", Reason: "Invalid NameIDPolicy", Side: SideIdP, Employee: askAdmin,
		Admin: "The request asked for a NameID format that Entra does not know. Ours asks for none, so the request came from another application; begin at the Sign on URL shown here.", FixAt: entraBasic + " → Sign on URL",
	},
	{
		Code: "76026", Name: "RequestIssueTimeExpired", Reason: "The request is too old", Side: SidePerson, Employee: "Begin again: the page was open for too long.",
		Admin: "The request was too old when it arrived: the page stood open for long, or this server's clock is wrong.", FixAt: "the clock of this server",
	},
	{
		Code: "7500529", Name: "", Reason: "Invalid request ID", Side: SideHere, Employee: askAdmin,
		Admin: "Entra takes no ID that begins with a digit. Ours never does, so something changed the request on its way.", FixAt: hereSSO + " → Identity Provider Sign-in URL",
	},
	{
		Code: "501241", Name: "", Reason: "The name identifier is empty", Side: SideIdP, Employee: askAdmin,
		Admin: "Entra could not make the NameID, because its source attribute is empty for this person. Choose another source, such as user.userprincipalname.", FixAt: entraClaims + " → Unique User Identifier (Name ID)",
	},
	{
		Code: "50003", Name: "MissingSigningKey", Reason: "No signing certificate", Side: SideIdP, Employee: askAdmin,
		Admin: "The application has no active signing certificate. Create one, make it active, and upload it here.", FixAt: entraCerts + " → Edit → New Certificate",
	},
	{
		Code: "50146", Name: "MissingCustomSigningKey", Reason: "No signing certificate of its own", Side: SideIdP, Employee: askAdmin,
		Admin: "The application's own signing key is missing, expired or not valid yet. Create a new certificate, make it active, and upload it here.", FixAt: entraCerts + " → Edit → New Certificate",
	},
	{
		Code: "50001", Name: "InvalidResource", Reason: "The application is disabled or gone", Side: SideIdP, Employee: askAdmin,
		Admin: "The application is disabled in Entra or does not exist. Set Enabled for users to sign-in to Yes.", FixAt: entraProperties + " → Enabled for users to sign-in",
	},
	{
		Code: "7000112", Name: "UnauthorizedClientApplicationDisabled", Reason: "The application is disabled", Side: SideIdP, Employee: askAdmin,
		Admin: "The application is disabled in Entra. Set Enabled for users to sign-in to Yes.", FixAt: entraProperties + " → Enabled for users to sign-in",
	},
	{
		Code: "90002", Name: "InvalidTenantName", Reason: "No such tenant", Side: SideHere, Employee: askAdmin,
		Admin: "Microsoft knows no such tenant. Copy Login URL again into Identity Provider Sign-in URL.", FixAt: hereSSO + " → Identity Provider Sign-in URL", want: signInURL,
	},
	{
		Code: "50059", Name: "MissingTenantRealmAndNoUserInformationProvided", Reason: "No tenant in the address", Side: SideHere, Employee: askAdmin,
		Admin: "The Identity Provider Sign-in URL entered here names no tenant (common, organizations). Copy Login URL again.", FixAt: hereSSO + " → Identity Provider Sign-in URL", want: signInURL,
	},
	{
		Code: "50194", Name: "", Reason: "The address is for several tenants", Side: SideHere, Employee: askAdmin,
		Admin: "The Identity Provider Sign-in URL entered here is the one for all tenants (common). Copy this application's Login URL.", FixAt: hereSSO + " → Identity Provider Sign-in URL", want: signInURL,
	},
	{
		Code: "50126", Name: "InvalidUserNameOrPassword", Reason: "Wrong password", Side: SidePerson, Employee: "Check your address and password at Microsoft, or reset the password there.",
		Admin: "The person entered a wrong address or password at Microsoft. Nothing is to be changed here.", FixAt: entraLogs,
	},
	{
		Code: "50053", Name: "IdsLocked", Reason: "A locked account", Side: SidePerson, Employee: "Wait a while, or ask your admin: Microsoft has locked your account after too many attempts.",
		Admin: "Microsoft has locked the account after too many attempts, or blocked the address they came from.", FixAt: entraLogs,
	},
	{
		Code: "50055", Name: "InvalidPasswordExpiredPassword", Reason: "An expired password", Side: SidePerson, Employee: "Set a new password at Microsoft, then sign in again.",
		Admin: "The person's password has expired at Microsoft.", FixAt: entraUser + " → Reset password",
	},
	{
		Code: "50058", Name: "UserInformationNotProvided", Reason: "Not signed in at Microsoft", Side: SidePerson, Employee: "Sign in again, and let your browser keep cookies for Microsoft's pages.",
		Admin: "The browser had no session at Microsoft, or keeps no cookies of its pages.", FixAt: entraLogs,
	},
	{
		Code: "50076", Name: "UserStrongAuthClientAuthNRequired", Reason: "A second factor is asked for", Side: SidePerson, Employee: "Complete the second step that Microsoft asks for, then sign in again.",
		Admin: "A policy in Entra asks for multifactor authentication, and the person did not complete it.", FixAt: entraAccess,
	},
	{
		Code: "50079", Name: "UserStrongAuthEnrollmentRequired", Reason: "A second factor must be set up", Side: SidePerson, Employee: "Set up the second step that Microsoft asks for, then sign in again.",
		Admin: "A policy in Entra asks for multifactor authentication, and the person has not set it up.", FixAt: entraAccess,
	},
	{
		Code: "53000", Name: "DeviceNotCompliant", Reason: "The device does not comply", Side: SidePerson, Employee: "Use a device that your company manages, or ask your admin.",
		Admin: "A Conditional Access policy asks for a compliant device.", FixAt: entraAccess,
	},
	{
		Code: "53003", Name: "BlockedByConditionalAccess", Reason: "Blocked by a policy", Side: SideIdP, Employee: "Ask your admin: a policy of your company does not allow this sign-in.",
		Admin: "A Conditional Access policy blocks this sign-in. The sign-in log names it.", FixAt: entraAccess,
	},
}

// MicrosoftErrors returns all entries, in the order in which an admin usually meets them.
func MicrosoftErrors() []MicrosoftEntry { return slices.Clone(microsoftErrors) }

const maxPasted = 4000 // bytes of a pasted text that are looked at

var (
	microsoftCode = regexp.MustCompile(`(?i)\bAADSTS\s?(\d{4,8})\b`)
	bareCode      = regexp.MustCompile(`\b(\d{5,8})\b`)
	quotedValue   = regexp.MustCompile(`'([^']{1,300})'|‘([^’]{1,300})’|“([^”]{1,300})”`)
)

// ExplainMicrosoft answers a text pasted from a page of Microsoft, or a bare code. It
// returns an answer for every code in it, at most five; none if there is no code.
func ExplainMicrosoft(pasted string, c Connection) []MicrosoftAnswer {
	if len(pasted) > maxPasted {
		pasted = strings.ToValidUTF8(pasted[:maxPasted], "")
	}
	found := microsoftCode.FindAllStringSubmatch(pasted, -1)
	if found == nil && len(pasted) < 40 {
		found = bareCode.FindAllStringSubmatch(pasted, -1)
	}
	var answers []MicrosoftAnswer
	for _, f := range found {
		if len(answers) == 5 || slices.ContainsFunc(answers, func(a MicrosoftAnswer) bool { return a.Code == f[1] }) {
			continue
		}
		answers = append(answers, explain(f[1], pasted, c))
	}
	return answers
}

func explain(code, pasted string, c Connection) MicrosoftAnswer {
	i := slices.IndexFunc(microsoftErrors, func(e MicrosoftEntry) bool { return e.Code == code })
	if i < 0 {
		return MicrosoftAnswer{MicrosoftEntry: MicrosoftEntry{
			Code: code, Reason: "Not one we know", Side: SideIdP, Employee: askAdmin,
			Admin: "This is an error of Microsoft's that setting up single sign-on rarely meets. Microsoft explains it at https://login.microsoftonline.com/error?code=" + code + ", and Entra's sign-in log says more.", FixAt: entraLogs,
		}}
	}
	a := MicrosoftAnswer{MicrosoftEntry: microsoftErrors[i], Known: true}
	if a.want != nil {
		a.Want = a.want(c)
	}
	// Apostrophes in front of the code are no quotes.
	_, message, _ := strings.Cut(pasted, code)
	if quoted := quotedValue.FindAllStringSubmatch(message, -1); a.quoted > 0 && len(quoted) >= a.quoted {
		q := quoted[a.quoted-1]
		a.Got = shown(q[1] + q[2] + q[3])
	}
	if a.Got != "" && a.Got == a.Want {
		// What we sent is right: the other side holds something else, which the message does not say.
		a.Got = ""
	}
	return a
}

// InStatus finds Microsoft's code in the message of an error status, which an identity
// provider may send in place of a page.
func InStatus(message string) (MicrosoftEntry, bool) {
	for _, a := range ExplainMicrosoft(message, Connection{}) {
		if a.Known {
			return a.MicrosoftEntry, true
		}
	}
	return MicrosoftEntry{}, false
}
