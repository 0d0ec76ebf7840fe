package demo

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// certificateYears is how long Entra's self-made signing certificates live.
const certificateYears = 3

// certificate is a signing key with its self-signed certificate. The certificate is never changed after it was made;
// active is guarded by Azure.mu.
type certificate struct {
	key    *rsa.PrivateKey
	der    []byte
	x509   *x509.Certificate
	active bool
}

// The names in Entra's certificates: of one application, and of the whole tenant.
const (
	applicationSubject = "Microsoft Azure Federated SSO Certificate"
	tenantSubject      = "accounts.accesscontrol.windows.net"
)

// newCertificate makes one of the shape that Entra makes: RSA 2048, self-signed, no extensions at all.
func newCertificate(subject string, from, until time.Time) (*certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("generate an RSA key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("choose a serial number: %w", err)
	}
	name := pkix.Name{CommonName: subject}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: name, Issuer: name,
		NotBefore: from.UTC().Truncate(time.Second), NotAfter: until.UTC().Truncate(time.Second),
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the new certificate back: %w", err)
	}
	return &certificate{key: key, der: der, x509: parsed}, nil
}

// thumbprint is the upper-case hexadecimal SHA-1 of the certificate, which is what Entra's portal shows.
func (c *certificate) thumbprint() string { return thumbprintOf(c.der) }

func thumbprintOf(der []byte) string {
	sum := sha1.Sum(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// pem is the certificate as "Certificate (Base64)" downloads it.
func (c *certificate) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.der})
}

func (c *certificate) expired(now time.Time) bool { return now.After(c.x509.NotAfter) }

// pending reports whether it is not valid yet.
func (c *certificate) pending(now time.Time) bool { return now.Before(c.x509.NotBefore) }

// The lives of a new certificate. Entra knows the first only; the others are there to see what becomes of them in Gatehouse.
const (
	lifeUsual    = "usual"
	lifeMinute   = "minute"
	lifeTomorrow = "tomorrow"
)

var lifeOptions = []option{{lifeUsual, "Valid for three years"}, {lifeMinute, "Valid for one minute, to see it expire"}, {lifeTomorrow, "Valid from tomorrow, to see it refused"}}

// life is from when to when a new certificate is valid.
func life(choice string, now time.Time) (from, until time.Time) {
	switch choice {
	case lifeMinute:
		return now, now.Add(time.Minute)
	case lifeTomorrow:
		now = now.AddDate(0, 0, 1)
	}
	return now, now.AddDate(certificateYears, 0, 0)
}

// expiredCertificate is the one that expired last; nil if none has.
func (s *samlApp) expiredCertificate(now time.Time) *certificate {
	var last *certificate
	for _, c := range s.certs {
		if c.expired(now) && (last == nil || c.x509.NotAfter.After(last.x509.NotAfter)) {
			last = c
		}
	}
	return last
}

// signer is the certificate that signs now: the active one, unless it has expired and another one is still valid. Entra
// then signs with that one although it is inactive.
func (s *samlApp) signer(now time.Time) *certificate {
	active := s.activeCertificate()
	if active != nil && !active.expired(now) {
		return active
	}
	for _, c := range s.certs {
		if !c.expired(now) {
			return c
		}
	}
	return active
}

func (s *samlApp) activeCertificate() *certificate {
	for _, c := range s.certs {
		if c.active {
			return c
		}
	}
	return nil
}

func (s *samlApp) certificate(thumbprint string) *certificate {
	for _, c := range s.certs {
		if c.thumbprint() == thumbprint {
			return c
		}
	}
	return nil
}

// makeActive lets the certificate sign from now on; the one that did before becomes inactive.
func (s *samlApp) makeActive(thumbprint string) error {
	chosen := s.certificate(thumbprint)
	if chosen == nil {
		return errors.New("that certificate is no longer here; reload the page")
	}
	for _, c := range s.certs {
		c.active = c == chosen
	}
	return nil
}

// removeCertificate deletes an inactive certificate.
func (s *samlApp) removeCertificate(thumbprint string) error {
	chosen := s.certificate(thumbprint)
	switch {
	case chosen == nil:
		return errors.New("that certificate is no longer here; reload the page")
	case chosen.active:
		return errors.New("the active certificate cannot be deleted; make another one active first")
	}
	s.certs = slices.DeleteFunc(s.certs, func(c *certificate) bool { return c == chosen })
	return nil
}
