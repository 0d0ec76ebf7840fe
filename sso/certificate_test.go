package sso

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func utf16LE(s string) []byte {
	out := []byte{0xff, 0xfe}
	for i := 0; i < len(s); i++ {
		out = append(out, s[i], 0)
	}
	return out
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestParseCertificateAccepts(t *testing.T) {
	der := idpKey().cert.Raw
	for name, file := range map[string][]byte{
		"PEM":                         pemOf("CERTIFICATE", der),
		"PEM with Windows line ends":  bytes.ReplaceAll(pemOf("CERTIFICATE", der), []byte("\n"), []byte("\r\n")),
		"PEM with text and a BOM":     append([]byte("\xef\xbb\xbfsubject=CN\n"), pemOf("CERTIFICATE", der)...),
		"PEM in UTF-16":               utf16LE(string(pemOf("CERTIFICATE", der))),
		"PEM of the same twice":       append(pemOf("CERTIFICATE", der), pemOf("CERTIFICATE", der)...),
		"DER":                         der,
		"bare base64":                 []byte(base64Of(der)),
		"bare base64 in folded lines": []byte(strings.Join([]string{base64Of(der)[:64], base64Of(der)[64:], ""}, "\n")),
		"ECDSA":                       pemOf("CERTIFICATE", ecKey().cert.Raw),
	} {
		c, err := ParseCertificate(file, testNow)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(c.SHA1) != 59 || len(c.SHA256) != 95 || c.SHA1 != strings.ToUpper(c.SHA1) || !strings.Contains(c.Subject, "Microsoft Azure Federated SSO Certificate") {
			t.Errorf("%s: %+v", name, c)
		}
		if want := map[bool]string{true: "ECDSA P-256", false: "RSA 2048"}[name == "ECDSA"]; c.Key != want {
			t.Errorf("%s: key %q, want %q", name, c.Key, want)
		}
		if again, err := ParseCertificate([]byte(c.PEM), testNow); err != nil || again.SHA256 != c.SHA256 {
			t.Errorf("%s: its PEM does not parse back: %v", name, err)
		}
	}
}

func TestParseCertificateRefuses(t *testing.T) {
	der := idpKey().cert.Raw
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(rsaKey()))
	ecDER := must(x509.MarshalECPrivateKey(ecKey().key.(*ecdsa.PrivateKey)))
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, rsaKey()))
	pfx := must(asn1.Marshal(struct {
		Version  int
		AuthSafe struct{ Type asn1.ObjectIdentifier }
	}{3, struct{ Type asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}}))
	p7b := must(asn1.Marshal(struct{ Type asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}}))
	small := newKeyPair(smallKey(t), testNow.AddDate(-1, 0, 0), testNow.AddDate(1, 0, 0))
	p224 := newKeyPair(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)), testNow.AddDate(-1, 0, 0), testNow.AddDate(1, 0, 0))

	for _, test := range []struct {
		name string
		file []byte
		want Reason
	}{
		{"nothing", nil, ReasonFileEmpty},
		{"only spaces", []byte(" \r\n\t"), ReasonFileEmpty},
		{"too large", bytes.Repeat([]byte("A"), maxCertSize+1), ReasonFileTooLarge},
		{"much too large", bytes.Repeat([]byte("<"), maxMetadataSize+1), ReasonFileTooLarge},
		{"metadata", []byte(`<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`), ReasonFileIsMetadata},
		{"metadata with a BOM and a prefix", []byte("\xef\xbb\xbf" + `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>`), ReasonFileIsMetadata},
		{"metadata in UTF-16", utf16LE(`<EntityDescriptor/>`), ReasonFileIsMetadata},
		{"other XML", []byte(`<?xml version="1.0"?><note/>`), ReasonFileIsXML},
		{"a web page", []byte("\n<!DOCTYPE html>\n<html><title>Sign in to your account</title>"), ReasonFileIsHTML},
		{"a web page without DOCTYPE", []byte("<HTML><BODY>"), ReasonFileIsHTML},
		{"a private key", pemOf("PRIVATE KEY", pkcs8), ReasonFileIsPrivateKey},
		{"an RSA private key", pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), ReasonFileIsPrivateKey},
		{"an encrypted private key", pemOf("ENCRYPTED PRIVATE KEY", []byte{0x30, 0}), ReasonFileIsPrivateKey},
		{"a damaged private key", []byte("-----BEGIN PRIVATE KEY-----\nabc\n"), ReasonFileIsPrivateKey},
		{"a certificate with its private key", append(pemOf("CERTIFICATE", der), pemOf("PRIVATE KEY", pkcs8)...), ReasonFileIsPrivateKey},
		{"a private key as DER", pkcs8, ReasonFileIsPrivateKey},
		{"an EC private key as DER", ecDER, ReasonFileIsPrivateKey},
		{"a private key as base64", []byte(base64Of(pkcs8)), ReasonFileIsPrivateKey},
		{"a PFX", pfx, ReasonFileIsPFX},
		{"a P7B as DER", p7b, ReasonFileIsP7B},
		{"a P7B as PEM", pemOf("PKCS7", p7b), ReasonFileIsP7B},
		{"a request", pemOf("CERTIFICATE REQUEST", request), ReasonFileIsRequest},
		{"a request as DER", request, ReasonFileIsRequest},
		{"several certificates", append(pemOf("CERTIFICATE", der), pemOf("CERTIFICATE", otherKey().cert.Raw)...), ReasonFileSeveral},
		{"several certificates as DER", append(bytes.Clone(der), otherKey().cert.Raw...), ReasonFileSeveral},
		{"a cut-off certificate", der[:len(der)-10], ReasonFileUnreadable},
		{"PEM of garbage", pemOf("CERTIFICATE", []byte("x")), ReasonFileUnreadable},
		{"a photo", []byte("\x89PNG\r\n\x1a\n"), ReasonFileUnreadable},
		{"words", []byte("please find the certificate attached"), ReasonFileUnreadable},
		{"expired", pemOf("CERTIFICATE", expiredKey().cert.Raw), ReasonFileExpired},
		{"not yet valid", pemOf("CERTIFICATE", futureKey().cert.Raw), ReasonFileNotYetValid},
		{"RSA with 1024 bits", pemOf("CERTIFICATE", small.cert.Raw), ReasonFileWeakKey},
		{"a weak curve", pemOf("CERTIFICATE", p224.cert.Raw), ReasonFileWeakKey},
	} {
		_, err := ParseCertificate(test.file, testNow)
		var e *Error
		if !errors.As(err, &e) || e.Reason != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
			continue
		}
		if e.Admin() == "" || e.Place() == "" {
			t.Errorf("%s has no sentence or no place", test.want)
		}
	}
	var e *Error
	if _, err := ParseCertificate(der, testNow, idpKey().cert); !errors.As(err, &e) || e.Reason != ReasonFileIsOurs {
		t.Errorf("our own certificate: %v", err)
	}
	weak := Certificate{X509: &x509.Certificate{SignatureAlgorithm: x509.SHA1WithRSA}, NotAfter: testNow.AddDate(1, 0, 0)}
	if e := weak.check(testNow); e == nil || e.Reason != ReasonFileWeakSignature {
		t.Errorf("SHA-1: %v", e)
	}
}

// smallKey is an RSA key of 1024 bits, which rsa.GenerateKey refuses to make.
func smallKey(t *testing.T) crypto.Signer {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func FuzzParseCertificate(f *testing.F) {
	f.Add(pemOf("CERTIFICATE", idpKey().cert.Raw))
	f.Add(idpKey().cert.Raw)
	f.Add([]byte("-----BEGIN PRIVATE KEY-----"))
	f.Add(utf16LE("<a/>"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := ParseCertificate(file, testNow); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T", err)
			}
		}
		_, _ = ParseMetadata(file, testNow)
	})
}
