package sso

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"time"

	"github.com/beevik/etree"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// signature is one signature on an element, its SignedInfo canonicalized once however
// many keys are tried.
type signature struct {
	el    *etree.Element // what it is on
	info  signedInfo     // read out of the canonical bytes
	bytes []byte         // SignedInfo, canonical: what the key has signed
	value []byte
}

// verifySignature verifies the signature sig of element el, whose shape has been
// checked, and returns the verified bytes parsed anew, with the certificate that
// matched. Nothing outside the returned element has been verified.
//
// The work is bounded whatever comes: one canonicalization of SignedInfo, then one key
// operation per pinned certificate, each tried alone; and only if one of them matches,
// one canonicalization and digest of the element. If none does but the certificate in
// the message does, by a signature that is right in every other way, that one comes
// back as unknown.
func verifySignature(el, sig *etree.Element, pinned []*x509.Certificate, now time.Time) (verified *etree.Element, cert, unknown *x509.Certificate, e *Error) {
	if len(pinned) == 0 {
		return nil, nil, nil, &Error{Reason: ReasonCertificateMissing}
	}
	invalid := func(err error) *Error {
		return &Error{Reason: ReasonSignatureInvalid, Want: thumbprints(pinned), Err: err}
	}
	s, err := newSignature(el, sig)
	if err != nil {
		return nil, nil, nil, invalid(err)
	}
	named := namedCertificate(sig)
	var outside *x509.Certificate // one that matches, but is outside its validity
	for _, c := range orderCertificates(pinned, named) {
		if !s.by(c) {
			continue
		}
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			outside = c
			continue
		}
		cert = c
		break
	}
	switch {
	case cert != nil:
		if verified, err = s.covered(); err != nil {
			return nil, nil, nil, invalid(err)
		}
		return verified, cert, nil, nil
	case outside != nil:
		if _, err := s.covered(); err != nil { // verified all the same, to name the reason
			return nil, nil, nil, invalid(err)
		}
		if now.Before(outside.NotBefore) {
			return nil, nil, nil, &Error{Reason: ReasonCertNotYetValid, Got: thumbprint(outside), Want: "valid from " + outside.NotBefore.UTC().Format(time.RFC3339)}
		}
		return nil, nil, nil, &Error{Reason: ReasonCertExpired, Got: thumbprint(outside), Want: "valid until " + outside.NotAfter.UTC().Format(time.RFC3339)}
	case named == nil || !usableKey(named) || !s.by(named):
		return nil, nil, nil, invalid(errors.New("no certificate matches"))
	}
	if _, err := s.covered(); err != nil {
		return nil, nil, nil, invalid(err)
	}
	return nil, nil, named, &Error{Reason: ReasonUnknownKey, Got: thumbprint(named), Want: thumbprints(pinned), says: unknownSays(named, pinned)}
}

// newSignature canonicalizes SignedInfo and reads it again out of its canonical bytes,
// so that what is signed and what is read cannot differ.
func newSignature(el, sig *etree.Element) (signature, error) {
	s := signature{el: el}
	infos, values := children(sig, nsSignature, "SignedInfo"), children(sig, nsSignature, "SignatureValue")
	if len(infos) != 1 || len(values) != 1 {
		return s, errors.New("expected one SignedInfo and one SignatureValue")
	}
	id := attribute(el, "ID")
	asItCame, e := readSignedInfo(infos[0], id)
	if e != nil {
		return s, e
	}
	value, _ := text(values[0])
	var err error
	if s.value, err = base64.StdEncoding.DecodeString(withoutSpace(value)); err != nil {
		return s, err
	}
	detached, err := detach(infos[0])
	if err != nil {
		return s, err
	}
	if s.bytes, err = canonical(detached, asItCame.canonicalPrefixes); err != nil {
		return s, err
	}
	read, err := parseCanonical(s.bytes)
	if err != nil {
		return s, err
	}
	if !is(read, nsSignature, "SignedInfo") {
		return s, errors.New("canonical SignedInfo is another element")
	}
	if s.info, e = readSignedInfo(read, id); e != nil {
		return s, e
	}
	return s, nil
}

// by reports whether the key of a certificate made the signature.
func (s *signature) by(cert *x509.Certificate) bool {
	return cert.CheckSignature(s.info.method, s.bytes, signatureValue(s.value, cert)) == nil
}

// covered is the element as it was signed, without the signature, read out of the
// canonical bytes whose digest SignedInfo gives. It says nothing about by whom.
func (s *signature) covered() (*etree.Element, error) {
	detached, err := detach(s.el)
	if err != nil {
		return nil, err
	}
	// The enveloped-signature transform: this signature alone. One further below is
	// signed content.
	sigs := children(detached, nsSignature, "Signature")
	if len(sigs) != 1 {
		return nil, errors.New("expected one signature on the detached element")
	}
	detached.RemoveChild(sigs[0])
	content, err := canonical(detached, s.info.prefixes)
	if err != nil {
		return nil, err
	}
	hash := s.info.hash.New()
	hash.Write(content)
	if !bytes.Equal(hash.Sum(nil), s.info.digest) {
		return nil, errors.New("the digest is another")
	}
	return parseCanonical(content)
}

// detach copies an element with the namespaces in scope, as exclusive canonicalization
// may need those of its parents.
func detach(el *etree.Element) (*etree.Element, error) {
	scope, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(scope, el)
}

// canonical is Exclusive XML Canonicalization 1.0 without comments. It changes el.
func canonical(el *etree.Element, prefixes string) ([]byte, error) {
	if err := etreeutils.TransformExcC14n(el, prefixes, false); err != nil {
		return nil, err
	}
	sortAttributes(el)
	doc := etree.NewDocument()
	doc.SetRoot(el)
	doc.WriteSettings = etree.WriteSettings{CanonicalAttrVal: true, CanonicalEndTags: true, CanonicalText: true}
	return doc.WriteToBytes()
}

func parseCanonical(content []byte) (*etree.Element, error) {
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: maxDepth, PreserveDuplicateAttrs: true}
	if err := doc.ReadFromBytes(content); err != nil {
		return nil, err
	}
	if doc.Root() == nil {
		return nil, errors.New("canonical bytes without an element")
	}
	return doc.Root(), nil
}

// signatureValue is a signature's value as a certificate's key takes it. For ECDSA, XML
// Signature (RFC 4050 §3.3) concatenates r and s, while the library reads ASN.1.
func signatureValue(value []byte, cert *x509.Certificate) []byte {
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return value
	}
	size := (key.Params().BitSize + 7) / 8
	if len(value) != 2*size {
		return value
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(value[:size]), new(big.Int).SetBytes(value[size:])})
	if err != nil {
		return value
	}
	return der
}

// namedCertificate returns the certificate that a signature's KeyInfo carries. It is
// only a hint: for the order in which pinned ones are tried, and for the diagnosis.
func namedCertificate(sig *etree.Element) *x509.Certificate {
	for _, info := range children(sig, nsSignature, "KeyInfo") {
		for _, data := range children(info, nsSignature, "X509Data") {
			// Of a chain the first is the signer's own.
			if found := children(data, nsSignature, "X509Certificate"); len(found) > 0 {
				return certificateIn(found[0])
			}
		}
	}
	return nil
}

func certificateIn(el *etree.Element) *x509.Certificate {
	value, ok := text(el)
	if !ok || len(value) > maxNamedCert {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(withoutSpace(value))
	if err != nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return cert
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
