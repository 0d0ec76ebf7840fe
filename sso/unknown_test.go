package sso

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// A certificate is offered to the admins only if its key has really signed what came.
func TestOnlyTheCertificateThatSignedIsUnknown(t *testing.T) {
	naming := func(m message, cert *x509.Certificate) message {
		m.after = func(d *etree.Document) { find1(d, "X509Certificate").SetText(base64Of(cert.Raw)) }
		return m
	}
	stranger := change(func(m *message) { m.key = otherKey() })
	third := newKeyPair(newRSA(2048), testNow.AddDate(-1, 0, 0), testNow.AddDate(2, 0, 0))
	for _, test := range []struct {
		name    string
		m       message
		unknown *x509.Certificate
		want    Reason
	}{
		{"a stranger names its own certificate", stranger, otherKey().cert, ReasonUnknownKey},
		{"a stranger with an ECDSA key", change(func(m *message) { m.key = ecKey() }), ecKey().cert, ReasonUnknownKey},
		{"a stranger names somebody else's", naming(stranger, third.cert), nil, ReasonSignatureInvalid},
		{"a stranger names the trusted one", naming(stranger, idpKey().cert), nil, ReasonSignatureInvalid},
		{"a stranger names nobody", change(func(m *message) { m.key, m.noKeyInfo = otherKey(), true }), nil, ReasonSignatureInvalid},
		{"a stranger's message changed after signing", change(func(m *message) {
			m.key = otherKey()
			m.raw = func(s string) string { return strings.Replace(s, ">Novak<", ">Other<", 1) }
		}), nil, ReasonSignatureInvalid},
		{"the trusted key names another certificate", naming(genuine(), third.cert), nil, ""},
		{"the trusted key on the assertion, a stranger on the response", change(func(m *message) {
			m.edit = func(d *etree.Document) {
				signed := genuine().sign(t, d.Root().SelectElement("Assertion").Copy())
				d.Root().RemoveChild(d.Root().SelectElement("Assertion"))
				d.Root().AddChild(signed)
			}
			m.key, m.signAssert, m.signResponse = otherKey(), false, true
		}), otherKey().cert, ReasonUnknownKey},
		{"one stranger on the assertion, another on the response", change(func(m *message) {
			m.edit = func(d *etree.Document) {
				signed := message{key: third}.sign(t, d.Root().SelectElement("Assertion").Copy())
				d.Root().RemoveChild(d.Root().SelectElement("Assertion"))
				d.Root().AddChild(signed)
			}
			m.key, m.signAssert, m.signResponse = otherKey(), false, true
		}), third.cert, ReasonUnknownKey},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := Inspect(testConnection(), test.m.build(t), testPending(), testNow)
			if (i.Err == nil) != (test.want == "") || i.Err != nil && i.Err.Reason != test.want {
				t.Fatalf("%v, want %s", i.Err, test.want)
			}
			if (i.Unknown == nil) != (test.unknown == nil) || i.Unknown != nil && !i.Unknown.Equal(test.unknown) {
				t.Error("another certificate is unknown")
			}
		})
	}
}

// A key in a message is used only up to a length: the work grows with its square, and anybody can send one.
func TestAnEnormousKeyInAMessageIsNotUsed(t *testing.T) {
	if !usableKey(idpKey().cert) || !usableKey(ecKey().cert) {
		t.Error("ordinary keys are not used")
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(1, 0, 0)}
	n := new(big.Int).SetBit(big.NewInt(1), maxRSABits, 1)
	der, err := x509.CreateCertificate(rand.Reader, template, idpKey().cert, &rsa.PublicKey{N: n, E: 65537}, idpKey().key)
	if err != nil {
		t.Fatal(err)
	}
	long, err := x509.ParseCertificate(der)
	if err != nil || usableKey(long) {
		t.Errorf("RSA %d is used, %v", n.BitLen(), err)
	}
	if _, err := ParseCertificate(der, testNow); err == nil || err.(*Error).Reason != ReasonFileWeakKey {
		t.Errorf("RSA %d as a file: %v", n.BitLen(), err)
	}
}
