package sso

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Metadata is what a connection needs out of an identity provider's metadata.
type Metadata struct {
	EntityID     string
	SignInURL    string        // of the HTTP-Redirect binding
	LogoutURL    string        // likewise; "" if the identity provider offers none
	Certificates []Certificate // every usable signing certificate, in document order
}

// ParseMetadata reads Federation Metadata XML of exactly one identity provider. It
// keeps three things and nothing else: no endpoint in it is ever called. The values
// still have to pass CheckIssuer and CheckSignInURL. A refusal is an *Error.
func ParseMetadata(file []byte, now time.Time) (metadata Metadata, err error) {
	root, e := parseXML(fromUTF16(file), maxMetadataSize, maxMetadataElements)
	if e != nil {
		return Metadata{}, &Error{Reason: ReasonMetadataUnreadable, Got: e.Got, Want: e.Want, Err: e}
	}
	entity, idp, e := findIdP(root)
	if e != nil {
		return Metadata{}, e
	}
	for _, el := range []*etree.Element{root, entity, idp} {
		until, ok, e := timeOf(el, "validUntil")
		if e != nil {
			return Metadata{}, &Error{Reason: ReasonMetadataUnreadable, Err: e}
		}
		if ok && now.After(until) {
			return Metadata{}, &Error{Reason: ReasonMetadataExpired, Got: until.Format("2 January 2006")}
		}
	}
	metadata.EntityID = strings.TrimSpace(attribute(entity, "entityID"))
	if metadata.EntityID == "" {
		return Metadata{}, &Error{Reason: ReasonMetadataUnreadable, Want: "an entityID"}
	}
	for _, service := range children(idp, nsMetadata, "SingleSignOnService") {
		if attribute(service, "Binding") == bindingRedirect {
			metadata.SignInURL = strings.TrimSpace(attribute(service, "Location"))
			break
		}
	}
	for _, service := range children(idp, nsMetadata, "SingleLogoutService") {
		if attribute(service, "Binding") == bindingRedirect {
			// SAML Metadata §2.2.2: ResponseLocation, where given, is where responses go.
			if metadata.LogoutURL = strings.TrimSpace(attribute(service, "ResponseLocation")); metadata.LogoutURL == "" {
				metadata.LogoutURL = strings.TrimSpace(attribute(service, "Location"))
			}
			break
		}
	}
	if metadata.SignInURL == "" {
		return Metadata{}, &Error{Reason: ReasonMetadataNoRedirect}
	}
	if metadata.Certificates, e = signingCertificates(idp, now); e != nil {
		return Metadata{}, e
	}
	return metadata, nil
}

// findIdP returns the one entity that is a SAML 2.0 identity provider, and that role.
func findIdP(root *etree.Element) (entity, idp *etree.Element, failure *Error) {
	if !is(root, nsMetadata, "EntityDescriptor") && !is(root, nsMetadata, "EntitiesDescriptor") {
		return nil, nil, &Error{Reason: ReasonMetadataUnreadable, Got: shown(root.Tag), Want: "EntityDescriptor"}
	}
	services := 0
	several := false
	walk(root, func(el *etree.Element) {
		if !is(el, nsMetadata, "EntityDescriptor") {
			return
		}
		services += len(children(el, nsMetadata, "SPSSODescriptor"))
		for _, role := range children(el, nsMetadata, "IDPSSODescriptor") {
			if slices.Contains(strings.Fields(attribute(role, "protocolSupportEnumeration")), nsProtocol) {
				several = several || idp != nil
				entity, idp = el, role
			}
		}
	})
	switch {
	case several:
		return nil, nil, &Error{Reason: ReasonMetadataSeveral}
	case idp == nil && services > 0:
		return nil, nil, &Error{Reason: ReasonMetadataIsOurs}
	case idp == nil:
		return nil, nil, &Error{Reason: ReasonMetadataNoIdP}
	}
	return entity, idp, nil
}

// signingCertificates reads every key that may sign; one without a use may. Unusable
// ones are left out as long as one remains, since providers list expired keys for a
// while.
func signingCertificates(idp *etree.Element, now time.Time) ([]Certificate, *Error) {
	var found []Certificate
	failure := &Error{Reason: ReasonMetadataCertificate}
	for _, descriptor := range children(idp, nsMetadata, "KeyDescriptor") {
		if use := attribute(descriptor, "use"); use != "" && use != "signing" {
			continue
		}
		for _, info := range children(descriptor, nsSignature, "KeyInfo") {
			for _, data := range children(info, nsSignature, "X509Data") {
				for _, el := range children(data, nsSignature, "X509Certificate") {
					c, e := metadataCertificate(el, now)
					switch {
					case e != nil && e.Reason == ReasonFileTenantWide:
						failure = &Error{Reason: ReasonMetadataTenantWide, Got: e.Got}
						continue
					case e != nil && failure.Reason != ReasonMetadataTenantWide:
						failure = e
						continue
					case e != nil:
						continue
					}
					if !slices.ContainsFunc(found, func(had Certificate) bool { return had.SHA256 == c.SHA256 }) {
						found = append(found, c)
					}
				}
			}
		}
	}
	if len(found) == 0 {
		return nil, failure
	}
	return found, nil
}

func metadataCertificate(el *etree.Element, now time.Time) (Certificate, *Error) {
	value, _ := text(el)
	der, err := base64.StdEncoding.DecodeString(withoutSpace(value))
	if err != nil {
		return Certificate{}, &Error{Reason: ReasonFileUnreadable, Err: err}
	}
	c, e := describe(der)
	if e != nil {
		return Certificate{}, e
	}
	return c, c.check(now)
}

// ServiceProvider is what SPMetadata says about this application.
type ServiceProvider struct {
	EntityID, ACSURL string
	LogoutURL        string            // takes LogoutRequests by HTTP-Redirect; "" for none
	Certificate      *x509.Certificate // of the key that signs requests; nil for none
	SignsRequests    bool
}

// SPMetadata describes this application to an identity provider: the file that Entra's
// "Upload metadata file" takes. It has no end of validity, as it is uploaded once.
func SPMetadata(s ServiceProvider) ([]byte, error) {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	entity := doc.CreateElement("md:EntityDescriptor")
	entity.CreateAttr("xmlns:md", nsMetadata)
	entity.CreateAttr("entityID", s.EntityID)
	sp := entity.CreateElement("md:SPSSODescriptor")
	sp.CreateAttr("AuthnRequestsSigned", strconv.FormatBool(s.SignsRequests))
	sp.CreateAttr("WantAssertionsSigned", "true")
	sp.CreateAttr("protocolSupportEnumeration", nsProtocol)
	// In the order of the schema (SAML Metadata §2.4.2, §2.4.4).
	if s.Certificate != nil {
		key := sp.CreateElement("md:KeyDescriptor")
		key.CreateAttr("use", "signing")
		info := key.CreateElement("ds:KeyInfo")
		info.CreateAttr("xmlns:ds", nsSignature)
		info.CreateElement("ds:X509Data").CreateElement("ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(s.Certificate.Raw))
	}
	if s.LogoutURL != "" {
		logout := sp.CreateElement("md:SingleLogoutService")
		logout.CreateAttr("Binding", bindingRedirect)
		logout.CreateAttr("Location", s.LogoutURL)
	}
	sp.CreateElement("md:NameIDFormat").SetText(formatUnspecified)
	acs := sp.CreateElement("md:AssertionConsumerService")
	acs.CreateAttr("Binding", bindingPOST)
	acs.CreateAttr("Location", s.ACSURL)
	acs.CreateAttr("index", "0")
	acs.CreateAttr("isDefault", "true")
	doc.Indent(2)
	return doc.WriteToBytes()
}
