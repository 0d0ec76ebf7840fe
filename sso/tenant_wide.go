package sso

import (
	"crypto/x509"
	"net/url"
	"strings"
)

// Entra has keys of two kinds: each application's own, which its admin makes and renews,
// and those of the whole tenant, which Entra replaces every few weeks without telling
// anybody. Metadata read without the application's id names the latter, and so does the
// certificate of an application that was never given one.

// isTenantWide recognises the certificate of a tenant by its name, in all clouds.
func isTenantWide(c *x509.Certificate) bool {
	return strings.HasPrefix(lowerASCII(c.Subject.CommonName), "accounts.accesscontrol.")
}

// CheckMetadataURL refuses the address of an Entra tenant's metadata in place of the
// application's. Anybody else's address passes. The refusal is an *Error.
func CheckMetadataURL(address string) error {
	u, err := url.Parse(trimPasted(address))
	if err != nil || !isEntraHost(lowerASCII(u.Hostname())) || !strings.Contains(lowerASCII(u.Path), "federationmetadata") {
		return nil
	}
	for name, values := range u.Query() {
		if equalFoldASCII(name, "appid") && strings.Join(values, "") != "" {
			return nil
		}
	}
	return &Error{Reason: ReasonMetadataTenantWide, Got: shown(address)}
}
