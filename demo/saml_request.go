package demo

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	maxSAMLRequest = 32 << 10 // 32 KiB, as text in the address and again when inflated
	bindingPOST    = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// authnRequest is what pretend Azure reads of a request. Entra ignores the rest.
type authnRequest struct {
	XMLName      xml.Name  `xml:"urn:oasis:names:tc:SAML:2.0:protocol AuthnRequest"`
	ID           string    `xml:"ID,attr"`
	Version      string    `xml:"Version,attr"`
	IssueInstant time.Time `xml:"IssueInstant,attr"`
	ACS          string    `xml:"AssertionConsumerServiceURL,attr"`
	Binding      string    `xml:"ProtocolBinding,attr"`
	ForceAuthn   bool      `xml:"ForceAuthn,attr"`
	RelayState   string    `xml:"-"` // came beside it
	Issuer       string    `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	Subject      *struct{} `xml:"urn:oasis:names:tc:SAML:2.0:assertion Subject"`
	NameIDPolicy struct {
		Format string `xml:"Format,attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:protocol NameIDPolicy"`
	Context *struct {
		Comparison string   `xml:"Comparison,attr"`
		Classes    []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion AuthnContextClassRef"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:protocol RequestedAuthnContext"`
}

// aadError is a refusal that ends on a page at Microsoft: the application never hears of it.
type aadError struct {
	Code   string // AADSTS700016
	Text   string // Entra's sentence
	Mend   string // what to do, in our words
	MendAt string // path of the page here where it is done, or empty
}

func (e *aadError) Error() string { return e.Code + ": " + e.Text }

// parseAuthnRequest decodes the SAMLRequest parameter of the HTTP-Redirect binding (SAML Bindings §3.4.4.1).
func parseAuthnRequest(param string) (*authnRequest, error) {
	if param == "" {
		return nil, &aadError{
			Code: "AADSTS750054", Text: "SAMLRequest or SAMLResponse must be present as query string parameters in HTTP request for SAML Redirect binding.",
			Mend: "This page is opened by Gatehouse. Begin there: enter an e-mail on its sign-in page, or use the tile in My Apps.", MendAt: "/myapps",
		}
	}
	document, err := inflate(param)
	if err != nil {
		return nil, err
	}
	var req authnRequest
	if err := xml.Unmarshal(document, &req); err != nil {
		return nil, notValid("The XML of the request cannot be read as an AuthnRequest: " + err.Error())
	}
	return &req, nil
}

// notValid is how Entra says that it cannot read a request; why is ours.
func notValid(why string) error {
	return &aadError{Code: "AADSTS75005", Text: "The request is not a valid Saml2 protocol message.", Mend: why}
}

// inflate decodes a message of the HTTP-Redirect binding.
func inflate(param string) ([]byte, error) {
	if len(param) > maxSAMLRequest {
		return nil, notValid("The message is larger than 32 KiB.")
	}
	compressed, err := base64.StdEncoding.DecodeString(param)
	if err != nil {
		return nil, notValid("The message is not base64.")
	}
	document, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(compressed)), maxSAMLRequest+1))
	if err != nil || len(document) > maxSAMLRequest {
		return nil, notValid("The message is not DEFLATE-compressed, or unpacks to more than 32 KiB.")
	}
	return document, nil
}

// check refuses what Entra refuses before anybody signs in, in Entra's words.
func (s *samlApp) check(req *authnRequest) error {
	switch {
	case req.ID == "" || req.ID[0] >= '0' && req.ID[0] <= '9' || req.Version != "2.0":
		return &aadError{
			Code: "AADSTS7500529", Text: fmt.Sprintf("The value '%s' is not a valid SAML ID. The ID must not begin with a number.", req.ID),
			Mend: "The application has to send Version 2.0 and an ID that begins with a letter or an underscore.",
		}
	case req.Subject != nil:
		return &aadError{
			Code: "AADSTS75005", Text: "The request is not a valid Saml2 protocol message.",
			Mend: "Entra takes no Subject in a request. The application names the person with the login_hint parameter instead.",
		}
	case s.basic.Identifier == "" || req.Issuer != s.basic.Identifier:
		return s.unknownIdentifier(req.Issuer)
	case req.ACS != "" && req.ACS != s.basic.ReplyURL:
		return s.unknownReplyURL(req.ACS, req.Issuer)
	case req.Binding != "" && req.Binding != bindingPOST:
		return &aadError{Code: "AADSTS75003", Text: fmt.Sprintf("An unsupported binding was requested: '%s'.", req.Binding), Mend: "Entra answers by HTTP-POST only."}
	case req.NameIDPolicy.Format != "" && !slices.Contains([]string{nameIDEmail, nameIDPersistent, nameIDTransient, nameIDUnspecified}, req.NameIDPolicy.Format):
		return &aadError{
			Code: "AADSTS75016", Text: fmt.Sprintf("SAML2 Authentication Request has invalid NameIdPolicy: '%s'.", req.NameIDPolicy.Format),
			Mend: "Entra knows persistent, emailAddress, unspecified and transient only.",
		}
	case req.Context != nil && !contextMatches(req.Context.Comparison, req.Context.Classes):
		return contextMismatch()
	}
	return nil
}

// contextMatches says whether signing in with a password satisfies RequestedAuthnContext; Entra takes exact only.
func contextMatches(comparison string, classes []string) bool {
	if comparison != "" && comparison != "exact" {
		return false
	}
	return slices.Contains(classes, "urn:oasis:names:tc:SAML:2.0:ac:classes:Password") ||
		slices.Contains(classes, "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport") ||
		slices.Contains(classes, "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")
}

// admit refuses the person picked, in Entra's words, or is nil.
func (d *directory) admit(p *person) error {
	switch {
	case p == nil || p.deleted():
		return &aadError{
			Code: "AADSTS50034", Text: fmt.Sprintf("The user account does not exist in the %s directory. To sign into this application, the account must be added to the directory.", TenantName),
			Mend: "The person was deleted. Restore them in the directory, or pick somebody else.", MendAt: "/directory",
		}
	case !p.Enabled:
		return &aadError{
			Code: "AADSTS50057", Text: "The user account is disabled.",
			Mend: "Turn on Account enabled on the person's page.", MendAt: "/directory/users/" + p.ID,
		}
	case !d.assigned(p.ID):
		return notAssigned(*p)
	}
	return nil
}
