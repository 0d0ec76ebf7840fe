package sso

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// Certificate is a signing certificate of an identity provider, with what an admin
// compares: Entra shows the SHA-1 thumbprint.
type Certificate struct {
	X509      *x509.Certificate
	PEM       string // one CERTIFICATE block
	Subject   string // printable excerpt of the distinguished name
	SHA1      string // upper-case hex with colons
	SHA256    string // upper-case hex with colons
	Key       string // "RSA 2048", "ECDSA P-256"
	NotBefore time.Time
	NotAfter  time.Time
}

// ParseCertificate reads exactly one certificate from an uploaded or pasted file: PEM,
// DER or bare base64, under any name. Everything else an admin is likely to choose by
// mistake is recognised and refused by its own reason. Certificates in ours are this
// application's own. A refusal is an *Error.
func ParseCertificate(file []byte, now time.Time, ours ...*x509.Certificate) (Certificate, error) {
	der, e := findCertificate(file)
	if e != nil {
		return Certificate{}, e
	}
	c, e := describe(der)
	if e != nil {
		return Certificate{}, e
	}
	for _, own := range ours {
		if own.Equal(c.X509) {
			return Certificate{}, &Error{Reason: ReasonFileIsOurs, Got: c.Subject}
		}
	}
	if e := c.check(now); e != nil {
		return Certificate{}, e
	}
	return c, nil
}

// findCertificate recognises the file and returns the DER of the only certificate.
func findCertificate(file []byte) ([]byte, *Error) {
	if len(file) > maxMetadataSize {
		return nil, &Error{Reason: ReasonFileTooLarge, Got: fmt.Sprintf("%d bytes", len(file)), Want: "about 1 KB"}
	}
	trimmed := bytes.TrimSpace(trimBOM(fromUTF16(file)))
	if len(trimmed) == 0 {
		return nil, &Error{Reason: ReasonFileEmpty}
	}
	if e := recogniseMarkup(trimmed); e != nil {
		return nil, e
	}
	if len(file) > maxCertSize {
		return nil, &Error{Reason: ReasonFileTooLarge, Got: fmt.Sprintf("%d bytes", len(file)), Want: "about 1 KB"}
	}
	if bytes.Contains(trimmed, []byte("-----BEGIN")) {
		return fromPEM(trimmed)
	}
	if trimmed[0] == 0x30 { // an ASN.1 SEQUENCE; "0" is no base64 certificate's first letter
		return recogniseDER(bytes.Clone(file))
	}
	if der, err := base64.StdEncoding.DecodeString(withoutSpace(string(trimmed))); err == nil && len(der) > 0 {
		return recogniseDER(der)
	}
	return nil, &Error{Reason: ReasonFileUnreadable}
}

// recogniseMarkup tells metadata, other XML and web pages apart.
func recogniseMarkup(trimmed []byte) *Error {
	if trimmed[0] != '<' {
		return nil
	}
	head := lowerASCII(string(trimmed[:min(len(trimmed), 4096)]))
	switch {
	case strings.Contains(head, "entitydescriptor") || strings.Contains(head, "entitiesdescriptor"):
		return &Error{Reason: ReasonFileIsMetadata}
	case strings.Contains(head, "<!doctype html") || strings.Contains(head, "<html") || strings.Contains(head, "<head") || strings.Contains(head, "<body"):
		return &Error{Reason: ReasonFileIsHTML}
	}
	return &Error{Reason: ReasonFileIsXML}
}

func fromPEM(text []byte) ([]byte, *Error) {
	var found [][]byte
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, &Error{Reason: ReasonFileIsPrivateKey}
		case strings.Contains(block.Type, "PKCS7") || block.Type == "CMS":
			return nil, &Error{Reason: ReasonFileIsP7B}
		case strings.HasSuffix(block.Type, "CERTIFICATE REQUEST"):
			return nil, &Error{Reason: ReasonFileIsRequest}
		case block.Type == "CERTIFICATE" || block.Type == "X509 CERTIFICATE" || block.Type == "TRUSTED CERTIFICATE":
			if len(found) == 0 || !bytes.Equal(found[0], block.Bytes) {
				found = append(found, block.Bytes)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		// A damaged block can still give a key away.
		if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
			return nil, &Error{Reason: ReasonFileIsPrivateKey}
		}
		return nil, &Error{Reason: ReasonFileUnreadable}
	}
	return nil, &Error{Reason: ReasonFileSeveral, Got: fmt.Sprintf("%d certificates", len(found)), Want: "one"}
}

// recogniseDER returns der if it may be one certificate, else says what it is.
func recogniseDER(der []byte) ([]byte, *Error) {
	if _, err := x509.ParseCertificate(der); err == nil {
		return der, nil
	}
	if certs, err := x509.ParseCertificates(der); err == nil && len(certs) > 1 {
		return nil, &Error{Reason: ReasonFileSeveral, Got: fmt.Sprintf("%d certificates", len(certs)), Want: "one"}
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return nil, &Error{Reason: ReasonFileIsRequest}
	}
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(der, &outer); err == nil && outer.Tag == asn1.TagSequence {
		var version int
		var oid asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(outer.Bytes, &oid); err == nil && oid.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) {
			return nil, &Error{Reason: ReasonFileIsP7B} // RFC 5652 §5.1 SignedData
		}
		if _, err := asn1.Unmarshal(outer.Bytes, &version); err == nil {
			if version == 3 {
				return nil, &Error{Reason: ReasonFileIsPFX} // RFC 7292 §4
			}
			if isPrivateKey(der) {
				return nil, &Error{Reason: ReasonFileIsPrivateKey}
			}
		}
	}
	return der, nil // describe gives the reason
}

func isPrivateKey(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(der)
	return err == nil
}

// describe parses one certificate, without judging it.
func describe(der []byte) (Certificate, *Error) {
	x, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, &Error{Reason: ReasonFileUnreadable, Err: err}
	}
	key, err := describeKey(x.PublicKey)
	if err != nil {
		return Certificate{}, &Error{Reason: ReasonFileWeakKey, Got: key, Want: "RSA 2048 or ECDSA P-256", Err: err}
	}
	sum := sha1.Sum(x.Raw)
	return Certificate{
		X509:      x,
		PEM:       string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: x.Raw})),
		Subject:   shown(x.Subject.String()),
		SHA1:      colonHex(sum[:]),
		SHA256:    SHA256(x),
		Key:       key,
		NotBefore: x.NotBefore.UTC(),
		NotAfter:  x.NotAfter.UTC(),
	}, nil
}

// describeKey names a public key; the error says that it is too weak or of a kind
// that XML signatures here do not use.
func describeKey(public any) (string, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		name := fmt.Sprintf("RSA %d", k.N.BitLen())
		if k.N.BitLen() < 2048 || k.N.BitLen() > maxRSABits {
			return name, errors.New("RSA key under 2048 or over 8192 bits")
		}
		return name, nil
	case *ecdsa.PublicKey:
		name := "ECDSA " + k.Curve.Params().Name
		switch k.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
			return name, nil
		}
		return name, errors.New("weak curve")
	case ed25519.PublicKey:
		return "Ed25519", errors.New("XML signatures with Ed25519 are not supported")
	}
	return "another kind of key", errors.New("unknown key type")
}

// maxRSABits is the longest RSA key used, as in TLS: what a longer one costs to use grows
// with the square, and anybody can put one into a message.
const maxRSABits = 8192

// usableKey reports whether the key of a certificate in a message may be tried. A weak one
// may: it is trusted for nothing.
func usableKey(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return !ok || key.N.BitLen() <= maxRSABits
}

// check judges a certificate at a time.
func (c Certificate) check(now time.Time) *Error {
	switch c.X509.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return &Error{Reason: ReasonFileWeakSignature, Got: c.X509.SignatureAlgorithm.String(), Want: "SHA-256"}
	}
	switch {
	case isTenantWide(c.X509):
		return &Error{Reason: ReasonFileTenantWide, Got: c.Subject}
	case now.After(c.NotAfter):
		return &Error{Reason: ReasonFileExpired, Got: c.NotAfter.Format("2 January 2006"), Want: "a later end"}
	case now.Before(c.NotBefore):
		return &Error{Reason: ReasonFileNotYetValid, Got: c.NotBefore.Format("2 January 2006"), Want: "an earlier begin"}
	}
	return nil
}

// fromUTF16 undoes what Windows PowerShell's ">" and older editors do to text files.
func fromUTF16(file []byte) []byte {
	if len(file) < 4 || len(file)%2 != 0 {
		return file
	}
	var high int
	switch {
	case file[0] == 0xff && file[1] == 0xfe:
		high = 1
	case file[0] == 0xfe && file[1] == 0xff:
		high = 0
	default:
		return file
	}
	units := make([]uint16, 0, len(file)/2-1)
	for i := 2; i < len(file); i += 2 {
		units = append(units, uint16(file[i+high])<<8|uint16(file[i+1-high]))
	}
	return []byte(string(utf16.Decode(units)))
}
