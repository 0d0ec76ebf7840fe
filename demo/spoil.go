package demo

import (
	"bytes"

	"github.com/beevik/etree"
)

// What goes wrong with a message after it was signed, and the answers without an assertion.

// spoilSignature changes what is signed, or the signature. The assertion alone carries one then.
func (a *answer) spoilSignature(how string) bool {
	switch how {
	case answerChanged:
		a.after = func(response *etree.Element) {
			response.FindElement("./Assertion/Subject/NameID").SetText("eve@acme.com")
		}
	case answerMisplaced:
		a.after = func(response *etree.Element) {
			signature := response.FindElement("./Assertion/Signature")
			signature.Parent().RemoveChild(signature)
			extensions := etree.NewElement("samlp:Extensions")
			extensions.AddChild(signature)
			response.InsertChildAt(1, extensions) // between Issuer and Status, where the schema has it
		}
	case answerUnusual:
		a.after = func(response *etree.Element) { response.FindElement("//Reference").CreateAttr("URI", "") }
	case answerAlgorithm:
		a.after = func(response *etree.Element) {
			response.FindElement("//SignatureMethod").CreateAttr("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
		}
	default:
		return false
	}
	a.signing = signAssertion
	return true
}

// spoilMessage changes the message as a whole, or the field it is sent in.
func (a *answer) spoilMessage(how string) bool {
	switch how {
	case answerTwoAssertions:
		a.after = func(response *etree.Element) {
			second := response.SelectElement("Assertion").Copy()
			second.CreateAttr("ID", "_"+newGUID())
			response.AddChild(second)
		}
	case answerNoAssertion:
		a.after = func(response *etree.Element) { response.RemoveChild(response.SelectElement("Assertion")) }
	case answerLogout:
		a.after = func(response *etree.Element) { response.Tag = "LogoutResponse" }
	case answerDoctype:
		a.bytes = func(message []byte) []byte {
			return append([]byte(`<!DOCTYPE Response [<!ENTITY who "somebody">]>`), message...)
		}
	case answerCut:
		a.bytes = func(message []byte) []byte { return message[:bytes.LastIndex(message, []byte("</Assertion>"))] }
	case answerNotBase64:
		a.field = func(message []byte) string { return string(message) }
	case answerEmpty:
		a.field = func([]byte) string { return "" }
	default:
		return false
	}
	return true
}

const (
	statusPrefix  = "urn:oasis:names:tc:SAML:2.0:status:"
	statusSuccess = statusPrefix + "Success"
)

// errorStatus is an error status: what stands in place of an assertion.
type errorStatus struct {
	codes   []string // the outer one, and what is inside of it
	message string   // may be empty
}

// fail answers with an error status, if that is what was chosen. Only what Entra sends has a code of Microsoft's: the rest is how
// other identity providers refuse.
func (a *answer) fail(how string) {
	// Trace and time stand at the end of Microsoft's messages.
	traced := func(text string) string {
		return text + " Trace ID: " + newGUID() + " Correlation ID: " + newGUID() + " Timestamp: " + a.now.Format("2006-01-02 15:04:05Z")
	}
	switch how {
	case answerStatus75011:
		a.failed = &errorStatus{[]string{"Requester", "NoAuthnContext"}, traced(contextMismatch().Code + ": " + contextMismatch().Text)}
	case answerStatus75006:
		a.failed = &errorStatus{[]string{"Requester", "RequestUnsupported"}, traced("AADSTS75006: An error occurred while processing a SAML2 Authentication request. AADSTS90011: The SAML authentication request property 'NameIDPolicy/SPNameQualifier' is not supported.")}
	case answerStatusFailed:
		a.failed = &errorStatus{[]string{"Responder", "AuthnFailed"}, "Authentication failed"}
	case answerStatusDenied:
		a.failed = &errorStatus{[]string{"Responder", "RequestDenied"}, "The user has no access to this application"}
	case answerStatusNameID:
		a.failed = &errorStatus{[]string{"Requester", "InvalidNameIDPolicy"}, ""}
	case answerStatusServer:
		a.failed = &errorStatus{[]string{"Responder"}, "The directory is not reachable"}
	case answerStatusVersion:
		a.failed = &errorStatus{[]string{"VersionMismatch"}, ""}
	case answerStatusSomething:
		a.failed = &errorStatus{[]string{"Unheard"}, ""}
	}
}

// status writes an error status. Entra signs none.
func (f *errorStatus) status(status *etree.Element) {
	at := status
	for _, code := range f.codes {
		at = at.CreateElement("samlp:StatusCode")
		at.CreateAttr("Value", statusPrefix+code)
	}
	if f.message != "" {
		status.CreateElement("samlp:StatusMessage").SetText(f.message)
	}
}
