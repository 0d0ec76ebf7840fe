package sso

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
)

// tenantKey is what Entra signs with for applications that have no certificate of their own.
func tenantKey(t *testing.T) keyPair {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "accounts.accesscontrol.windows.net"},
		NotBefore: testNow.AddDate(0, -1, 0), NotAfter: testNow.AddDate(5, 0, 0),
	}
	key := otherKey().key
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key, cert}
}

func TestCheckMetadataURL(t *testing.T) {
	const entra = "https://login.microsoftonline.com/72f988bf/federationmetadata/2007-06/federationmetadata.xml"
	for address, wide := range map[string]bool{
		entra:                  true,
		" " + entra + " ":      true,
		entra + "?":            true,
		entra + "?appid=":      true,
		entra + "?x=1":         true,
		entra + "?appid=2b1c":  false,
		entra + "?AppId=2b1c":  false,
		entra + "?x=1&appid=2": false,
		"https://login.microsoftonline.com/72f988bf/FederationMetadata/2007-06/FederationMetadata.xml": true,
		"https://LOGIN.microsoftonline.com/common/federationmetadata/x.xml":                            true,
		"https://login.microsoftonline.us/t/federationmetadata/x.xml":                                  true,
		"https://adfs.example/FederationMetadata/2007-06/FederationMetadata.xml":                       false,
		"https://idp.example/metadata":                                                                 false,
		"http://127.0.0.1:8081/t/federationmetadata/x.xml":                                             false,
		"https://login.microsoftonline.com/t/saml2":                                                    false,
		"%zz": false,
		"":    false,
	} {
		err := CheckMetadataURL(address)
		var e *Error
		if (err != nil) != wide || wide && (!errors.As(err, &e) || e.Reason != ReasonMetadataTenantWide) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestTheTenantsCertificateIsNotTaken(t *testing.T) {
	tenant := tenantKey(t)
	_, err := ParseCertificate(pemOf("CERTIFICATE", tenant.cert.Raw), testNow)
	wantError(t, "as a file", err, ReasonFileTenantWide)

	document := func(keys ...keyPair) []byte {
		var b strings.Builder
		b.WriteString(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + testIssuer + `"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`)
		for _, k := range keys {
			b.WriteString(`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64Of(k.cert.Raw) + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`)
		}
		return []byte(b.String() + `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.microsoftonline.com/72f988bf/saml2"/></IDPSSODescriptor></EntityDescriptor>`)
	}
	for name, keys := range map[string][]keyPair{"alone": {tenant}, "before an expired one": {tenant, expiredKey()}, "behind an expired one": {expiredKey(), tenant}} {
		_, err = ParseMetadata(document(keys...), testNow)
		wantError(t, "in metadata "+name, err, ReasonMetadataTenantWide)
	}
	m, err := ParseMetadata(document(tenant, idpKey()), testNow)
	if err != nil || len(m.Certificates) != 1 || !m.Certificates[0].X509.Equal(idpKey().cert) {
		t.Errorf("beside the application's own: %+v, %v", m.Certificates, err)
	}

	signed := change(func(m *message) { m.key = tenant })
	_, err = Verify(testConnection(), signed.build(t), testPending(), testNow)
	var e *Error
	if !errors.As(err, &e) || e.Reason != ReasonUnknownKey || e.says != &certificateOfTenant {
		t.Errorf("in a response: %v", err)
	}
	// Whoever trusted it before keeps it: nobody is locked out by an upgrade.
	if _, err := Verify(testConnection(tenant), signed.build(t), testPending(), testNow); err != nil {
		t.Errorf("trusted already: %v", err)
	}
}

func wantError(t *testing.T, what string, err error, want Reason) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Reason != want || e.Admin() == "" {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}
