package demo

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/beevik/etree"
)

// published are the certificates in the application's metadata: every one that is still valid, with the signing one first.
func (s *samlApp) published(now time.Time) []*certificate {
	signer := s.signer(now)
	certs := []*certificate{signer}
	for _, c := range s.certs {
		if c != signer && !c.expired(now) {
			certs = append(certs, c)
		}
	}
	return certs
}

// federationMetadata is Federation Metadata XML: the entity ID, certificates, and the addresses for signing in and out.
func (a *Azure) federationMetadata(certs []*certificate) ([]byte, error) {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="utf-8"`)
	entity := doc.CreateElement("EntityDescriptor")
	entity.CreateAttr("ID", "_"+newGUID())
	entity.CreateAttr("entityID", issuer())
	entity.CreateAttr("xmlns", "urn:oasis:names:tc:SAML:2.0:metadata")
	idp := entity.CreateElement("IDPSSODescriptor")
	idp.CreateAttr("protocolSupportEnumeration", nsProtocol)

	for _, c := range certs {
		descriptor := idp.CreateElement("KeyDescriptor")
		descriptor.CreateAttr("use", "signing")
		keyInfo := descriptor.CreateElement("KeyInfo")
		keyInfo.CreateAttr("xmlns", "http://www.w3.org/2000/09/xmldsig#")
		keyInfo.CreateElement("X509Data").CreateElement("X509Certificate").SetText(base64.StdEncoding.EncodeToString(c.der))
	}
	endpoint := func(tag, binding string) {
		el := idp.CreateElement(tag)
		el.CreateAttr("Binding", "urn:oasis:names:tc:SAML:2.0:bindings:"+binding)
		el.CreateAttr("Location", a.loginURL())
	}
	endpoint("SingleLogoutService", "HTTP-Redirect")
	endpoint("SingleSignOnService", "HTTP-Redirect")
	out, err := doc.WriteToBytes()
	if err != nil {
		return nil, fmt.Errorf("write the metadata: %w", err)
	}
	return out, nil
}
