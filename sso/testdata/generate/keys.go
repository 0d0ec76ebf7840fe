package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// pair is a key with its certificate.
type pair struct {
	name string
	key  crypto.Signer
	cert *x509.Certificate
}

// keySpecs are the keys of the corpus. They protect nothing: every one of them is public.
var keySpecs = []struct {
	name, subject string
	curve         elliptic.Curve // nil for RSA
	bits          int            // of RSA, 2048 if 0
	from, until   time.Time
	keyOf         string // shares that key
	issuedBy      string
}{
	{name: "idp", subject: "Microsoft Azure Federated SSO Certificate"},
	{name: "next", subject: "Microsoft Azure Federated SSO Certificate"},
	{name: "ec", subject: "Test ECDSA", curve: elliptic.P256()},
	{name: "expired", subject: "Expired last year", keyOf: "idp", until: now.AddDate(-1, 0, 0)},
	{name: "future", subject: "Valid next year", keyOf: "idp", from: now.AddDate(1, 0, 0)},
	{name: "attacker", subject: "Attacker"},
	{name: "lookalike", subject: "Microsoft Azure Federated SSO Certificate", keyOf: "attacker"},
	{name: "leaf", subject: "Issued by the pinned one", keyOf: "attacker", issuedBy: "idp"},
	{name: "ec384", subject: "Test ECDSA P-384", curve: elliptic.P384()},
	{name: "rsa3072", subject: "Test RSA 3072", bits: 3072},
}

// loadKeys reads the pairs, and makes those that are missing.
func loadKeys(dir string) (map[string]pair, error) {
	keys := map[string]pair{}
	for i, spec := range keySpecs {
		path := filepath.Join(dir, spec.name+".pem")
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			p := pair{name: spec.name}
			if spec.keyOf != "" {
				p.key = keys[spec.keyOf].key
			} else if p.key, err = newKey(spec.curve, spec.bits); err != nil {
				return nil, err
			}
			from, until := spec.from, spec.until
			if from.IsZero() {
				from = now.AddDate(-3, 0, 0)
			}
			if until.IsZero() {
				until = now.AddDate(3, 0, 0)
			}
			template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: spec.subject}, NotBefore: from, NotAfter: until}
			parent, signer := template, p.key
			if spec.issuedBy != "" {
				parent, signer = keys[spec.issuedBy].cert, keys[spec.issuedBy].key
			}
			der, err := x509.CreateCertificate(rand.Reader, template, parent, p.key.Public(), signer)
			if err != nil {
				return nil, err
			}
			if p.cert, err = x509.ParseCertificate(der); err != nil {
				return nil, err
			}
			if err := p.save(path); err != nil {
				return nil, err
			}
			keys[spec.name] = p
			continue
		}
		if err != nil {
			return nil, err
		}
		p, err := readPair(spec.name, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		keys[spec.name] = p
	}
	return keys, nil
}

func newKey(curve elliptic.Curve, bits int) (crypto.Signer, error) {
	if curve != nil {
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, max(bits, 2048))
}

func (p pair) save(path string) error {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return err
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
	b = append(b, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

func readPair(name string, b []byte) (pair, error) {
	p := pair{name: name}
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return p, err
			}
			p.cert = cert
		case "PRIVATE KEY":
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return p, err
			}
			signer, ok := key.(crypto.Signer)
			if !ok {
				return p, errors.New("not a signing key")
			}
			p.key = signer
		}
	}
	if p.cert == nil || p.key == nil {
		return p, errors.New("a certificate and its key expected")
	}
	return p, nil
}
