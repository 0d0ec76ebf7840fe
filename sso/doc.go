// Package sso is the service provider half of SAML 2.0 Web Browser SSO, as pure
// functions: it knows no database, no HTTP and no clock.
//
// A sign-in passes through it in this order:
//
//	NewRequest      the AuthnRequest, as the address to send the browser to
//	DecodeResponse  the SAMLResponse form value, limited before it is looked at
//	InResponseTo    which request it claims to answer (untrusted)
//	Verify          everything else; the only way to an Identity
//	Inspect         the same without stopping, for a test sign-in; NewVerification does
//	                both on one response, and nothing twice
//
// Setting up a connection uses ParseCertificate, ParseMetadata, CheckIssuer and
// CheckSignInURL; SPMetadata is our own half for the identity provider.
//
// crewjam/saml makes the requests. Responses are verified here with etree and the
// canonicalization of goxmldsig, the libraries below it: crewjam's own ParseXMLResponse
// reads the time from a package variable, accepts assertions without confirmation,
// audience or ID, and reads unsigned content (docs/conformance.md lists what is stricter
// here). The tests check that everything accepted here is accepted by crewjam as well,
// and that what is verified is byte for byte what goxmldsig verifies, but for the order of
// attributes (canonical.go).
//
// Only SP-initiated sign-in is supported, and assertions are never encrypted to us:
// a decryption key would be an oracle for unsigned input.
package sso
