package sso

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// entraMetadata has the parts of Entra's document, with its role descriptors for
// WS-Federation before the one that counts.
func entraMetadata(certificates ...string) string {
	var keys strings.Builder
	for _, c := range certificates {
		fmt.Fprintf(&keys, `<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`, c)
	}
	return "\xef\xbb\xbf" + `<?xml version="1.0" encoding="utf-8"?><EntityDescriptor ID="_70ec8680" entityID="` + testIssuer + `" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` +
		`<RoleDescriptor xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706"/>` +
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + keys.String() +
		`<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.microsoftonline.com/72f988bf/saml2"/>` +
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://login.microsoftonline.com/post"/>` +
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.microsoftonline.com/72f988bf/saml2"/>` +
		`</IDPSSODescriptor></EntityDescriptor>`
}

func TestParseMetadata(t *testing.T) {
	good, other, expired := base64Of(idpKey().cert.Raw), base64Of(otherKey().cert.Raw), base64Of(expiredKey().cert.Raw)
	m, err := ParseMetadata([]byte(entraMetadata(good, other, good, expired)), testNow)
	if err != nil {
		t.Fatal(err)
	}
	if m.EntityID != testIssuer || m.SignInURL != "https://login.microsoftonline.com/72f988bf/saml2" {
		t.Errorf("metadata = %+v", m)
	}
	if len(m.Certificates) != 2 || m.Certificates[0].SHA256 != SHA256(idpKey().cert) || m.Certificates[1].SHA256 != SHA256(otherKey().cert) {
		t.Errorf("%d certificates", len(m.Certificates))
	}
	if _, err := ParseMetadata([]byte(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">`+strings.TrimPrefix(entraMetadata(good), "\xef\xbb\xbf"+`<?xml version="1.0" encoding="utf-8"?>`)+`</EntitiesDescriptor>`), testNow); err != nil {
		t.Errorf("one entity among entities: %v", err)
	}

	ours, err := SPMetadata(ServiceProvider{EntityID: testEntityID, ACSURL: testACS})
	if err != nil {
		t.Fatal(err)
	}
	role := entraMetadata(good)[strings.Index(entraMetadata(good), "<IDPSSO"):strings.Index(entraMetadata(good), "</EntityD")]
	for _, test := range []struct {
		name, file string
		want       Reason
	}{
		{"nothing", "", ReasonMetadataUnreadable},
		{"not XML", "hello", ReasonMetadataUnreadable},
		{"other XML", "<note/>", ReasonMetadataUnreadable},
		{"a DOCTYPE", "<!DOCTYPE x>" + entraMetadata(good), ReasonMetadataUnreadable},
		{"our own", string(ours), ReasonMetadataIsOurs},
		{"no identity provider", `<EntityDescriptor entityID="x" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`, ReasonMetadataNoIdP},
		{"two identity providers", strings.Replace(entraMetadata(good), "</EntityD", role+"</EntityD", 1), ReasonMetadataSeveral},
		{"no redirect binding", strings.ReplaceAll(entraMetadata(good), "HTTP-Redirect", "SOAP"), ReasonMetadataNoRedirect},
		{"no certificate", entraMetadata(), ReasonMetadataCertificate},
		{"only an encryption certificate", strings.Replace(entraMetadata(good), `use="signing"`, `use="encryption"`, 1), ReasonMetadataCertificate},
		{"only an expired certificate", entraMetadata(expired), ReasonFileExpired},
		{"a broken certificate", entraMetadata("AAAA"), ReasonFileUnreadable},
		{"no entity ID", strings.Replace(entraMetadata(good), "entityID=", "other=", 1), ReasonMetadataUnreadable},
		{"no longer valid", strings.Replace(entraMetadata(good), "entityID=", `validUntil="2026-01-01T00:00:00Z" entityID=`, 1), ReasonMetadataExpired},
	} {
		_, err := ParseMetadata([]byte(test.file), testNow)
		var e *Error
		if !errors.As(err, &e) || e.Reason != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func TestSPMetadata(t *testing.T) {
	file, err := SPMetadata(ServiceProvider{EntityID: testEntityID, ACSURL: testACS})
	if err != nil {
		t.Fatal(err)
	}
	root, e := parseXML(file, maxMetadataSize, maxMetadataElements)
	if e != nil {
		t.Fatal(e)
	}
	acs := root.FindElement("./SPSSODescriptor/AssertionConsumerService")
	if !is(root, nsMetadata, "EntityDescriptor") || attribute(root, "entityID") != testEntityID || acs == nil || attribute(acs, "Location") != testACS || attribute(acs, "Binding") != bindingPOST {
		t.Errorf("metadata = %s", file)
	}
}

func FuzzParseMetadata(f *testing.F) {
	f.Add([]byte(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:x"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>`))
	f.Add([]byte("<!DOCTYPE x><EntityDescriptor/>"))
	f.Add([]byte("\xff\xfe<\x00E\x00/\x00>\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := ParseMetadata(file, testNow)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("error of type %T", err)
		}
		if err == nil && (m.EntityID == "" || m.SignInURL == "" || len(m.Certificates) == 0) {
			t.Fatalf("incomplete: %+v", m)
		}
	})
}
