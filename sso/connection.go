package sso

import (
	"crypto/x509"
	"time"
)

// Limits of time and size. Everything from outside is measured before it is read.
const (
	// clockSkew is how far the identity provider's clock may differ from ours.
	// saml2int asks for at least three and at most five minutes.
	clockSkew = 3 * time.Minute

	// maxIssueAge is how old an assertion may be when it arrives: it is made
	// after the person has signed in and posted at once, so only the network and
	// a sleepy browser lie between.
	maxIssueAge = 5 * time.Minute

	maxResponseSize = 256 << 10 // 256 KiB of XML; 150 groups need about 30 KiB
	maxResponseForm = 384 << 10 // base64 of it, with line breaks
	maxMetadataSize = 1 << 20   // 1 MiB; Entra's document is about 60 KiB
	maxCertSize     = 64 << 10  // 64 KiB
	maxNamedCert    = 16 << 10  // 16 KiB of base64, in a message

	maxDepth            = 32
	maxResponseElements = 900 // goxmldsig gives up at 1000
	maxMetadataElements = 8000

	// Every element's canonical form looks through the declarations around it, so these
	// multiply. pysaml2, Okta and SimpleSAMLphp declare two or three on many elements, one
	// below the other at most five deep.
	maxAttributes   = 32 // on one element, declarations apart
	maxDeclarations = 32 // of namespaces, on one element
	maxPrefixes     = 64 // declarations on an element and on those around it

	maxNameIDLength = 512 // bytes; SAML Core §8.3.7 allows 256 characters
	maxShownValue   = 300 // bytes of a received value kept in an Error
)

// Namespaces and identifiers of SAML 2.0 and XML Signature.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsExcC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"

	bindingRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	bindingPOST     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
	methodBearer  = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

	formatEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	formatPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	formatTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	formatEntity      = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
)

// Connection is one organization's SSO connection: our two addresses and what the
// admin entered about the identity provider.
type Connection struct {
	EntityID string // ours: BASE/saml/ORG, the only audience accepted
	ACSURL   string // ours: BASE/saml/ORG/acs, the only recipient accepted

	Issuer       string              // the identity provider's entity ID, compared exactly
	SignInURL    string              // where its HTTP-Redirect sign-in is; may carry a query
	Certificates []*x509.Certificate // pinned; each is tried alone, never chain-verified
}
