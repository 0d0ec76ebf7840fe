package demo

// The ways to answer a request, chosen on the sign-in page. Those of the first group are right, all others are mistakes to look at.
const (
	answerOK        = "ok"
	answerNamespace = "namespace"
	answerGroups    = "groups"

	answerNoMail      = "nomail"
	answerEmptyMail   = "emptymail"
	answerBadMail     = "badmail"
	answerSeveral     = "several"
	answerForeignMail = "foreignmail"
	answerGuest       = "guest"
	answerNoNameID    = "nonameid"
	answerTransient   = "transient"
	answerOtherID     = "otherid"
	answerTwoIDs      = "twoids"

	answerUnsigned    = "unsigned"
	answerKey         = "key"
	answerTenantKey   = "tenantkey"
	answerExpiredCert = "expiredcert"
	answerSHA1        = "sha1"
	answerAlgorithm   = "algorithm"
	answerChanged     = "changed"
	answerMisplaced   = "misplaced"
	answerUnusual     = "unusual"
	answerEncrypted   = "encrypted"

	answerBehind  = "behind"
	answerClock   = "clock"
	answerEarly   = "early"
	answerExpired = "expired"
	answerShort   = "short"
	answerLate    = "late"
	answerStale   = "stale"

	answerAudience    = "audience"
	answerNoAudience  = "noaudience"
	answerRecipient   = "recipient"
	answerDestination = "destination"
	answerRequest     = "request"
	answerUnsolicited = "unsolicited"
	answerReplay      = "replay"
	answerIssuer      = "issuer"
	answerLoginIssuer = "loginissuer"
	answerAppIssuer   = "appissuer"
	answerTenant      = "tenant"

	answerTwoAssertions    = "twoassertions"
	answerNoAssertion      = "noassertion"
	answerNoStatement      = "nostatement"
	answerNoConfirmation   = "noconfirmation"
	answerTwoConfirmations = "twoconfirmations"
	answerMethod           = "method"
	answerCondition        = "condition"
	answerMany             = "many"
	answerLarge            = "large"
	answerDoctype          = "doctype"
	answerCut              = "cut"
	answerNotBase64        = "notbase64"
	answerEmpty            = "empty"
	answerLogout           = "logout"

	answerStatus75011     = "status75011"
	answerStatus75006     = "status75006"
	answerStatusFailed    = "statusfailed"
	answerStatusDenied    = "statusdenied"
	answerStatusNameID    = "statusnameid"
	answerStatusServer    = "statusserver"
	answerStatusVersion   = "statusversion"
	answerStatusSomething = "statussomething"
)

// wayGroup is the ways that are mistaken about the same thing.
type wayGroup struct {
	Name string
	Ways []option
}

// wayGroups are all ways to answer, in the order of the list. The pages of the last group end here: Gatehouse hears of none.
var wayGroups = []wayGroup{
	{"Right", []option{
		{answerOK, "Correctly"},
		{answerNamespace, "Correctly, claims with a namespace"},
		{answerGroups, "Correctly, with a link in place of more than 150 groups"},
	}},
	{"Claims and name", []option{
		{answerNoMail, "Without an e-mail"},
		{answerEmptyMail, "With an empty e-mail"},
		{answerBadMail, "With a malformed e-mail"},
		{answerSeveral, "With several e-mails"},
		{answerForeignMail, "With an e-mail on a domain nobody has claimed"},
		{answerGuest, "As a guest without an address"},
		{answerNoNameID, "Without a NameID"},
		{answerTransient, "With a transient NameID and no e-mail"},
		{answerOtherID, "With another objectidentifier for the same address"},
		{answerTwoIDs, "With two objectidentifiers"},
	}},
	{"Signature and certificate", []option{
		{answerUnsigned, "Unsigned"},
		{answerKey, "Signed with another key"},
		{answerTenantKey, "Signed with the certificate of the whole tenant"},
		{answerExpiredCert, "Signed with a certificate that has expired"},
		{answerSHA1, "Signed with SHA-1"},
		{answerAlgorithm, "Signed with an unusual algorithm"},
		{answerChanged, "Changed after signing"},
		{answerMisplaced, "Signed in an unusual place"},
		{answerUnusual, "Signed in an unusual way"},
		{answerEncrypted, "Encrypted"},
	}},
	{"Time", []option{
		{answerBehind, "With the clock 10 minutes behind"},
		{answerClock, "With the clock 10 minutes ahead"},
		{answerEarly, "With an assertion that is not valid yet"},
		{answerExpired, "With an assertion that was over before it began"},
		{answerShort, "With an assertion that you let expire (takes 4 minutes)"},
		{answerLate, "Too late (takes 9 minutes)"},
		{answerStale, "Without signing in anew, when Gatehouse asks for that"},
	}},
	{"Addresses", []option{
		{answerAudience, "For the wrong audience"},
		{answerNoAudience, "For no audience at all"},
		{answerRecipient, "For the wrong recipient"},
		{answerDestination, "For the wrong destination"},
		{answerRequest, "For another request (InResponseTo)"},
		{answerUnsolicited, "Unsolicited: for no request"},
		{answerReplay, "Replay the last response"},
		{answerIssuer, "From an issuer that lacks its slash"},
		{answerLoginIssuer, "From the issuer login.microsoftonline.com"},
		{answerAppIssuer, "From an issuer with the application's id"},
		{answerTenant, "From another tenant"},
	}},
	{"Message", []option{
		{answerTwoAssertions, "With two assertions"},
		{answerNoAssertion, "Without an assertion"},
		{answerNoStatement, "Without an AuthnStatement"},
		{answerNoConfirmation, "Without a SubjectConfirmation"},
		{answerTwoConfirmations, "With two SubjectConfirmations"},
		{answerMethod, "Confirmed by another method than bearer"},
		{answerCondition, "With a condition nobody knows"},
		{answerMany, "With 1,000 groups"},
		{answerLarge, "With a claim of 300 KiB"},
		{answerDoctype, "With a DOCTYPE"},
		{answerCut, "Cut off"},
		{answerNotBase64, "Not in base64"},
		{answerEmpty, "Empty"},
		{answerLogout, "With a LogoutResponse"},
	}},
	{"Error answers", []option{
		{answerStatus75011, "AADSTS75011: another authentication method"},
		{answerStatus75006, "AADSTS75006: the request is refused"},
		{answerStatusFailed, "AuthnFailed"},
		{answerStatusDenied, "RequestDenied"},
		{answerStatusNameID, "InvalidNameIDPolicy"},
		{answerStatusServer, "Responder: an error of its own"},
		{answerStatusVersion, "VersionMismatch"},
		{answerStatusSomething, "A status nobody knows"},
	}},
	{"Pages at Microsoft: Gatehouse never hears of them", microsoftPageOptions()},
}
