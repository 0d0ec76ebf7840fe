package sso

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// requestKeyLife is how long the certificate of a key of ours is valid. Nobody checks it
// against an authority; it is as long as an installation may live.
const requestKeyLife = 20 // years

// NewRequestKey makes a key that signs our requests: RSA-3072 as PKCS #8, with a
// self-signed certificate (PEM) for the identity provider.
func NewRequestKey(entityID string, now time.Time) (der []byte, certificate string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return nil, "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, "", err
	}
	name := entityID
	if len(name) > 64 { // X.520: the upper bound of a common name
		name = name[len(name)-64:]
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(requestKeyLife, 0, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, "", err
	}
	if der, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return nil, "", err
	}
	return der, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), nil
}
