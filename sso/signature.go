package sso

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Algorithms accepted in a signature. SHA-1 and everything else is refused, whoever
// signed.
var (
	signatureMethods = map[string]x509.SignatureAlgorithm{
		dsig.RSASHA256SignatureMethod:   x509.SHA256WithRSA,
		dsig.RSASHA384SignatureMethod:   x509.SHA384WithRSA,
		dsig.RSASHA512SignatureMethod:   x509.SHA512WithRSA,
		dsig.ECDSASHA256SignatureMethod: x509.ECDSAWithSHA256,
		dsig.ECDSASHA384SignatureMethod: x509.ECDSAWithSHA384,
		dsig.ECDSASHA512SignatureMethod: x509.ECDSAWithSHA512,
	}
	digestMethods = map[string]crypto.Hash{
		"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
	}
	sha1Methods = map[string]bool{
		dsig.RSASHA1SignatureMethod:              true,
		dsig.ECDSASHA1SignatureMethod:            true,
		"http://www.w3.org/2000/09/xmldsig#sha1": true,
	}
)

// signedInfo is what a SignedInfo says: how it is signed, and what its only Reference
// promises about the element.
type signedInfo struct {
	canonicalPrefixes string // of the canonicalization of SignedInfo itself
	method            x509.SignatureAlgorithm
	prefixes          string // of the canonicalization of the element
	hash              crypto.Hash
	digest            []byte
}

func malformed(what string) *Error { return &Error{Reason: ReasonSignatureMalformed, Got: what} }

// checkSignatureShape refuses every signature that is not built exactly the way SAML
// Core §5.4 describes: one Reference to the element that carries it, the enveloped
// transform followed by exclusive canonicalization, allowed algorithms, no Object,
// and no comments that two readers could see differently.
func checkSignatureShape(signed, sig *etree.Element) *Error {
	id := attribute(signed, "ID")
	if !isNCName(id) {
		return malformed("a signed element without an ID")
	}
	parts := sig.ChildElements()
	if len(parts) < 2 || len(parts) > 3 || !is(parts[0], nsSignature, "SignedInfo") || !is(parts[1], nsSignature, "SignatureValue") ||
		len(parts) == 3 && !is(parts[2], nsSignature, "KeyInfo") {
		return malformed("a Signature other than SignedInfo, SignatureValue, KeyInfo")
	}
	if value, ok := text(parts[1]); !ok || value == "" {
		return malformed("an empty or mixed SignatureValue")
	}
	if hasOtherThanElementsAndText(parts[0]) {
		return malformed("comments inside SignedInfo")
	}
	_, e := readSignedInfo(parts[0], id)
	return e
}

// readSignedInfo reads a SignedInfo about the element of that ID. The caller reads it
// twice: as it came, for a reason, and out of the canonical bytes that were signed.
func readSignedInfo(el *etree.Element, id string) (s signedInfo, e *Error) {
	info := el.ChildElements()
	if len(info) != 3 || !is(info[0], nsSignature, "CanonicalizationMethod") || !is(info[1], nsSignature, "SignatureMethod") || !is(info[2], nsSignature, "Reference") {
		return s, malformed("a SignedInfo other than one method each and one Reference")
	}
	if a := attribute(info[0], "Algorithm"); a != nsExcC14N {
		return s, &Error{Reason: ReasonSignatureMalformed, Got: shown(a), Want: nsExcC14N}
	}
	if s.canonicalPrefixes, e = prefixList(info[0]); e != nil {
		return s, e
	}
	if s.method, e = allowed(attribute(info[1], "Algorithm"), signatureMethods); e != nil {
		return s, e
	}
	if len(info[1].ChildElements()) > 0 {
		return s, malformed("parameters of the signature's method")
	}
	reference := info[2]
	if uri := attribute(reference, "URI"); uri != "#"+id {
		return s, &Error{Reason: ReasonSignatureMalformed, Got: shown(uri), Want: shown("#" + id)}
	}
	target := reference.ChildElements()
	if len(target) != 3 || !is(target[0], nsSignature, "Transforms") || !is(target[1], nsSignature, "DigestMethod") || !is(target[2], nsSignature, "DigestValue") {
		return s, malformed("a Reference other than Transforms, DigestMethod, DigestValue")
	}
	transforms := target[0].ChildElements()
	if len(transforms) != 2 || !is(transforms[0], nsSignature, "Transform") || !is(transforms[1], nsSignature, "Transform") ||
		attribute(transforms[0], "Algorithm") != string(dsig.EnvelopedSignatureAltorithmId) || attribute(transforms[1], "Algorithm") != nsExcC14N {
		return s, malformed("transforms other than enveloped-signature and exclusive canonicalization")
	}
	if len(transforms[0].ChildElements()) > 0 {
		return s, malformed("parameters of the enveloped-signature transform")
	}
	if s.prefixes, e = prefixList(transforms[1]); e != nil {
		return s, e
	}
	if s.hash, e = allowed(attribute(target[1], "Algorithm"), digestMethods); e != nil {
		return s, e
	}
	if len(target[1].ChildElements()) > 0 {
		return s, malformed("parameters of the digest's method")
	}
	value, ok := text(target[2])
	if !ok {
		return s, malformed("a mixed DigestValue")
	}
	// One that is not base64, or too short, is no digest of anything.
	s.digest, _ = base64.StdEncoding.DecodeString(withoutSpace(value))
	return s, nil
}

// prefixList is the prefixes that a canonicalization treats as inclusive, in its only
// parameter. Okta and OpenSAML name one or two.
func prefixList(method *etree.Element) (string, *Error) {
	parameters := method.ChildElements()
	if len(parameters) == 0 {
		return "", nil
	}
	if len(parameters) > 1 || !is(parameters[0], nsExcC14N, "InclusiveNamespaces") || len(parameters[0].ChildElements()) > 0 {
		return "", malformed("unknown parameters of the canonicalization")
	}
	list := attribute(parameters[0], "PrefixList")
	if len(strings.Fields(list)) > maxDeclarations {
		return "", &Error{Reason: ReasonSignatureMalformed, Got: shown(list), Want: fmt.Sprintf("at most %d prefixes", maxDeclarations)}
	}
	return list, nil
}

// allowed looks an algorithm up.
func allowed[T any](algorithm string, methods map[string]T) (T, *Error) {
	found, ok := methods[algorithm]
	switch {
	case ok:
		return found, nil
	case sha1Methods[algorithm]:
		return found, &Error{Reason: ReasonSignatureSHA1, Got: shown(algorithm), Want: "SHA-256"}
	}
	return found, &Error{Reason: ReasonSignatureAlgorithm, Got: shown(algorithm), Want: "RSA or ECDSA with SHA-256"}
}

func hasOtherThanElementsAndText(el *etree.Element) bool {
	for _, token := range el.Child {
		switch t := token.(type) {
		case *etree.Element:
			if hasOtherThanElementsAndText(t) {
				return true
			}
		case *etree.CharData:
		default:
			return true
		}
	}
	return false
}
