package e2e

// misbehaviour is one way in which pretend Azure can answer, and what comes of it.
type misbehaviour struct {
	how      string
	admin    string // what the page of a test and the activity say
	employee string // what the person reads at a real sign-in; empty for the neutral sentence
}

const neutral = "Your company's sign-in service sent an answer we cannot accept. Please give your admin the reference below."

// taken are the ways that let people in. A right one may be held back by the person, and a stale authentication matters only when a
// fresh one was asked for.
var taken = []string{"ok", "namespace", "groups", "short", "late", "stale"}

var misbehaviours = []misbehaviour{
	{"nomail", "No claim holds an e-mail address", "did not tell us your e-mail address"},
	{"emptymail", "No claim holds an e-mail address", "did not tell us your e-mail address"},
	{"badmail", "The e-mail claim is not one plain address", "sent an e-mail address we cannot use"},
	{"several", "The e-mail claim holds several values", "sent several e-mail addresses for you"},
	{"foreignmail", "an address on a domain that this organization has not verified", "You came as amara@elsewhere.example"},
	{"guest", "guest's user principal name", "You are a guest in your company's directory"},
	{"nonameid", "The assertion names nobody", ""},
	{"transient", "No claim holds an e-mail address", "did not tell us your e-mail address"},
	{"otherid", "the identity provider's own identifier for it is another one than before", "Your address belonged to another account"},
	{"twoids", "The objectidentifier claim holds several values", ""},

	{"unsigned", "The response is not signed", ""},
	{"key", "signed with a certificate that is not trusted here", ""},
	{"tenantkey", "signed with the certificate of the whole tenant", ""},
	{"sha1", "The signature uses SHA-1", ""},
	{"algorithm", "The signature uses an algorithm we do not accept", ""},
	{"changed", "The signature does not match the content: the message was changed after signing", ""},
	{"misplaced", "A signature stands where none belongs", ""},
	{"unusual", "A signature is not built the way SAML requires", ""},
	{"encrypted", "The assertion is encrypted. Turn token encryption off", ""},

	{"behind", "it was made before the request it answers", "so trying again does not help"},
	{"clock", "The response was made in the future", ""},
	{"early", "The assertion is not valid yet", "The clocks of your company's sign-in service and of this application differ"},
	{"expired", "had ended before the request it answers was sent", ""},

	{"audience", "The assertion was made for another application", ""},
	{"noaudience", "The assertion does not say for whom it was made", ""},
	{"recipient", "The assertion was made for another recipient", ""},
	{"destination", "The response was made for another address", ""},
	{"request", "The response answers another request than the one that is waiting", "took too long or was already used"},
	{"issuer", "differ in nothing but the slash at the end", ""},
	{"loginissuer", "The response comes from another issuer than the Issuer URL entered here", ""},
	{"appissuer", "Entra appends the application's id to its identifier", ""},
	{"tenant", "The response comes from another tenant", ""},

	{"twoassertions", "The response contains more than one assertion", ""},
	{"noassertion", "The response contains no assertion", ""},
	{"nostatement", "The response lacks a part that SAML requires", ""},
	{"noconfirmation", "The assertion has no complete SubjectConfirmation", ""},
	{"twoconfirmations", "The assertion has several SubjectConfirmations", ""},
	{"method", "The assertion's confirmation method is not bearer", ""},
	{"condition", "The assertion carries a condition we do not know", ""},
	{"many", "The response holds more elements", ""},
	{"large", "The response is too large", ""},
	{"doctype", "The response contains XML that is never accepted", ""},
	{"cut", "The response is not well-formed XML", ""},
	{"notbase64", "The response is not base64", ""},
	{"empty", "A request without a SAMLResponse reached the Reply URL", "Nothing arrived from your company's sign-in service"},
	{"logout", "What arrived is not a SAML response", ""},

	{"status75011", "begun with another method than a request asked for", "Sign out at Microsoft or open a private window"},
	{"status75006", "The identity provider refused our request", "sign-in service refused the sign-in"},
	{"statusfailed", "The identity provider could not authenticate the person", "could not sign you in"},
	{"statusdenied", "The identity provider denied the sign-in", "did not let you in to this application"},
	{"statusnameid", "The identity provider cannot make a NameID", ""},
	{"statusserver", "The identity provider failed while answering", "reported an error of its own"},
	{"statusversion", "The identity provider does not speak SAML 2.0 at this address", ""},
	{"statussomething", "The identity provider answered with a status other than success", ""},
}

// Their own ways at a real sign-in: a response that answers nothing leads into a fresh sign-in first, and a certificate has to expire.
var (
	unsolicited  = misbehaviour{"unsolicited", "The response answers no request of ours", "This sign-in did not begin here"}
	replay       = misbehaviour{how: "replay", admin: "The response answers another request than the one that is waiting"} // at a test
	replayOfUsed = misbehaviour{"replay", "The same response or code was sent twice", "This sign-in was already used"}
	expiredCert  = misbehaviour{"expiredcert", "The certificate that signed the response has expired", "Your company's sign-in certificate has expired"}
	stale        = misbehaviour{"stale", "A fresh authentication was asked for, but the identity provider used an older one", "to confirm that it is you"}
)

// microsoftPages are the ways that end on a page at Microsoft, with what Gatehouse says to an admin who pastes it.
var microsoftPages = map[string]string{
	"aadsts50105":  "The person is not assigned",
	"aadsts501051": "The person is not assigned",
	"aadsts50020":  "An account of another tenant",
	"aadsts90072":  "An account of another tenant",
	"aadsts700016": "Identifier unknown in this tenant",
	"aadsts650056": "Misconfigured application",
	"aadsts50011":  "Reply URL mismatch",
	"aadsts75011":  "Authentication method mismatch",
	"aadsts76021":  "Signed requests required",
	"aadsts76023":  "The request's signature is wrong",
	"aadsts53003":  "Blocked by a policy",
}
