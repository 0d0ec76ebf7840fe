package sso

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
)

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
