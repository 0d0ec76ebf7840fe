package sso

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// Algorithms accepted in a signature. SHA-1 and everything else is refused, whoever
// signed: goxmldsig itself still verifies SHA-1.
var (
	signatureMethods = map[string]bool{
		dsig.RSASHA256SignatureMethod:   true,
		dsig.RSASHA384SignatureMethod:   true,
		dsig.RSASHA512SignatureMethod:   true,
		dsig.ECDSASHA256SignatureMethod: true,
		dsig.ECDSASHA384SignatureMethod: true,
		dsig.ECDSASHA512SignatureMethod: true,
	}
	digestMethods = map[string]bool{
		"http://www.w3.org/2001/04/xmlenc#sha256":       true,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": true,
		"http://www.w3.org/2001/04/xmlenc#sha512":       true,
	}
	sha1Methods = map[string]bool{
		dsig.RSASHA1SignatureMethod:              true,
		dsig.ECDSASHA1SignatureMethod:            true,
		"http://www.w3.org/2000/09/xmldsig#sha1": true,
	}
)

// checkSignatureShape refuses every signature that is not built exactly the way SAML
// Core §5.4 describes: one Reference to the element that carries it, the enveloped
// transform followed by exclusive canonicalization, allowed algorithms, no Object,
// and no comments that two readers could see differently.
func checkSignatureShape(signed, sig *etree.Element) *Error {
	malformed := func(what string) *Error {
		return &Error{Reason: ReasonSignatureMalformed, Got: what}
	}
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
	info := parts[0].ChildElements()
	if len(info) != 3 || !is(info[0], nsSignature, "CanonicalizationMethod") || !is(info[1], nsSignature, "SignatureMethod") || !is(info[2], nsSignature, "Reference") {
		return malformed("a SignedInfo other than one method each and one Reference")
	}
	if a := attribute(info[0], "Algorithm"); a != nsExcC14N {
		return &Error{Reason: ReasonSignatureMalformed, Got: shown(a), Want: nsExcC14N}
	}
	if e := checkAlgorithm(attribute(info[1], "Algorithm"), signatureMethods); e != nil {
		return e
	}
	reference := info[2]
	if uri := attribute(reference, "URI"); uri != "#"+id {
		return &Error{Reason: ReasonSignatureMalformed, Got: shown(uri), Want: shown("#" + id)}
	}
	target := reference.ChildElements()
	if len(target) != 3 || !is(target[0], nsSignature, "Transforms") || !is(target[1], nsSignature, "DigestMethod") || !is(target[2], nsSignature, "DigestValue") {
		return malformed("a Reference other than Transforms, DigestMethod, DigestValue")
	}
	transforms := target[0].ChildElements()
	if len(transforms) != 2 || !is(transforms[0], nsSignature, "Transform") || !is(transforms[1], nsSignature, "Transform") ||
		attribute(transforms[0], "Algorithm") != string(dsig.EnvelopedSignatureAltorithmId) || attribute(transforms[1], "Algorithm") != nsExcC14N {
		return malformed("transforms other than enveloped-signature and exclusive canonicalization")
	}
	if len(transforms[0].ChildElements()) > 0 {
		return malformed("parameters of the enveloped-signature transform")
	}
	for _, parameter := range transforms[1].ChildElements() {
		if !is(parameter, nsExcC14N, "InclusiveNamespaces") {
			return malformed("unknown parameters of the canonicalization")
		}
	}
	return checkAlgorithm(attribute(target[1], "Algorithm"), digestMethods)
}

func checkAlgorithm(algorithm string, allowed map[string]bool) *Error {
	switch {
	case allowed[algorithm]:
		return nil
	case sha1Methods[algorithm]:
		return &Error{Reason: ReasonSignatureSHA1, Got: shown(algorithm), Want: "SHA-256"}
	}
	return &Error{Reason: ReasonSignatureAlgorithm, Got: shown(algorithm), Want: "RSA or ECDSA with SHA-256"}
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

// verifySignature verifies the signature sig of element el against the pinned
// certificates, each tried alone, and returns the verified bytes parsed anew, with the
// certificate that matched. Nothing outside the returned element has been verified.
func verifySignature(el, sig *etree.Element, pinned []*x509.Certificate, now time.Time) (*etree.Element, *x509.Certificate, *Error) {
	if e := checkSignatureShape(el, sig); e != nil {
		return nil, nil, e
	}
	if len(pinned) == 0 {
		return nil, nil, &Error{Reason: ReasonCertificateMissing}
	}
	named := namedCertificate(sig)
	candidates := orderCertificates(pinned, named)

	var outside *Error // a certificate that would match, but is outside its validity
	var last error
	for _, cert := range candidates {
		at := now
		if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
			at = cert.NotBefore // verified all the same, to name the reason
		}
		verified, err := validate(el, cert, at)
		if err != nil {
			last = err
			continue
		}
		switch {
		case now.Before(cert.NotBefore):
			outside = &Error{Reason: ReasonCertNotYetValid, Got: thumbprint(cert), Want: "valid from " + cert.NotBefore.UTC().Format(time.RFC3339)}
		case now.After(cert.NotAfter):
			outside = &Error{Reason: ReasonCertExpired, Got: thumbprint(cert), Want: "valid until " + cert.NotAfter.UTC().Format(time.RFC3339)}
		default:
			return verified, cert, nil
		}
	}
	if outside != nil {
		return nil, nil, outside
	}
	if named != nil && !named.Equal(candidates[0]) {
		return nil, nil, &Error{Reason: ReasonUnknownKey, Got: thumbprint(named), Want: thumbprints(pinned), Err: last}
	}
	return nil, nil, &Error{Reason: ReasonSignatureInvalid, Want: thumbprints(pinned), Err: last}
}

// validate checks the signature on el with one certificate. The element is detached
// with the namespaces in scope, as exclusive canonicalization may need those of its
// parents. KeyInfo is dropped from this outermost signature only: goxmldsig would
// require it to name the certificate, and a signature nested below is signed content.
func validate(el *etree.Element, cert *x509.Certificate, at time.Time) (*etree.Element, error) {
	scope, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	if scope, err = scope.SubContext(el); err != nil {
		return nil, err
	}
	detached, err := etreeutils.NSDetatch(scope, el)
	if err != nil {
		return nil, err
	}
	sigs := children(detached, nsSignature, "Signature")
	if len(sigs) != 1 {
		return nil, errors.New("expected one signature on the detached element")
	}
	for _, info := range children(sigs[0], nsSignature, "KeyInfo") {
		sigs[0].RemoveChild(info)
	}
	for _, value := range children(sigs[0], nsSignature, "SignatureValue") {
		value.SetText(signatureValue(value.Text(), cert))
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.IdAttribute = "ID"
	ctx.Clock = dsig.NewFakeClockAt(at)
	verified, err := ctx.Validate(detached)
	if err != nil {
		return nil, err
	}
	if verified == nil {
		return nil, errors.New("signature verified over nothing")
	}
	return verified, nil
}

// signatureValue is a SignatureValue without the line breaks that some providers fold it
// with. For ECDSA, XML Signature (RFC 4050 §3.3) concatenates r and s, while goxmldsig
// reads only ASN.1.
func signatureValue(value string, cert *x509.Certificate) string {
	value = withoutSpace(value)
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return value
	}
	size := (key.Params().BitSize + 7) / 8
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(raw) != 2*size {
		return value
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:size]), new(big.Int).SetBytes(raw[size:])})
	if err != nil {
		return value
	}
	return base64.StdEncoding.EncodeToString(der)
}

// namedCertificate returns the certificate that a signature's KeyInfo carries. It is
// only a hint: for the order in which pinned ones are tried, and for the diagnosis.
func namedCertificate(sig *etree.Element) *x509.Certificate {
	for _, info := range children(sig, nsSignature, "KeyInfo") {
		for _, data := range children(info, nsSignature, "X509Data") {
			for _, c := range children(data, nsSignature, "X509Certificate") {
				value, _ := text(c)
				der, err := base64.StdEncoding.DecodeString(withoutSpace(value))
				if err != nil {
					continue
				}
				if cert, err := x509.ParseCertificate(der); err == nil {
					return cert
				}
			}
		}
	}
	return nil
}

// orderCertificates puts the named certificate first, so that a roll-over with several
// pinned certificates costs one verification.
func orderCertificates(pinned []*x509.Certificate, named *x509.Certificate) []*x509.Certificate {
	ordered := make([]*x509.Certificate, 0, len(pinned))
	for _, c := range pinned {
		if named != nil && bytes.Equal(c.Raw, named.Raw) {
			ordered = append(ordered, c)
		}
	}
	for _, c := range pinned {
		if named == nil || !bytes.Equal(c.Raw, named.Raw) {
			ordered = append(ordered, c)
		}
	}
	return ordered
}

// thumbprint is a certificate's SHA-1 thumbprint, which is the one Entra displays.
func thumbprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw)
	return "SHA-1 " + colonHex(sum[:])
}

func thumbprints(certs []*x509.Certificate) string {
	all := make([]string, len(certs))
	for i, c := range certs {
		all[i] = thumbprint(c)
	}
	return shown(strings.Join(all, " or "))
}

// SHA256 returns a certificate's SHA-256 thumbprint as upper-case hex with colons,
// the form in which Identity.CertificateSHA256 names the one that signed.
func SHA256(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return colonHex(sum[:])
}

func colonHex(b []byte) string {
	digits := strings.ToUpper(hex.EncodeToString(b))
	var out strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			out.WriteByte(':')
		}
		out.WriteString(digits[i : i+2])
	}
	return out.String()
}
