package demo

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The values of Entra's Signing Option and Signing Algorithm.
const (
	signAssertion = "assertion" // the default
	signResponse  = "response"
	signBoth      = "both"
	signNothing   = "nothing" // a mistake that Entra cannot make; only the sign-in page can choose it

	algorithmSHA256 = "sha256" // the default
	algorithmSHA1   = "sha1"
)

// samlApp is the SAML half of the enterprise application.
type samlApp struct {
	basic     basicSAML
	savedAt   time.Time // of basic; zero while nothing was saved
	claims    []claim
	nameID    nameIDRule
	certs     []*certificate
	signing   string
	algorithm string
	// verification is about requests, which Entra takes unsigned unless told otherwise.
	verification verification
}

// basicSAML is the card Basic SAML Configuration.
type basicSAML struct {
	Identifier string // Entity ID, compared exactly
	ReplyURL   string // Assertion Consumer Service URL, compared exactly
	SignOnURL  string // what the tile in My Apps opens; without it the tile posts an unsolicited response
	RelayState string // sent with unsolicited responses only
	LogoutURL  string
}

func newSAMLApp(cert *certificate) samlApp {
	return samlApp{
		claims: defaultClaims(), nameID: nameIDRule{Source: "user.userprincipalname", Format: nameIDEmail},
		certs: []*certificate{cert}, signing: signAssertion, algorithm: algorithmSHA256,
	}
}

// check finds what Entra's form would refuse, by field name.
func (b basicSAML) check() map[string]string {
	bad := map[string]string{}
	if b.Identifier == "" {
		bad["identifier"] = "Enter the Identifier (Entity ID) that Gatehouse shows."
	} else if strings.ContainsAny(b.Identifier, " \t\n") {
		bad["identifier"] = "An identifier holds no spaces."
	}
	if b.ReplyURL == "" {
		bad["reply_url"] = "Enter the Reply URL (Assertion Consumer Service URL) that Gatehouse shows."
	}
	for field, value := range map[string]string{"reply_url": b.ReplyURL, "sign_on_url": b.SignOnURL, "logout_url": b.LogoutURL} {
		if value != "" && !absoluteURL(value) {
			bad[field] = "Enter a whole address that begins with https:// (http:// works on this machine only)."
		}
	}
	return bad
}

// absoluteURL reports whether a value is an https address, or an http one on this machine, as Entra allows for localhost.
func absoluteURL(value string) bool {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(value, " \t\n") {
		return false
	}
	loopback := u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

// endpoint is one address in SP metadata.
type endpoint struct {
	Binding   string `xml:"Binding,attr"`
	Location  string `xml:"Location,attr"`
	IsDefault bool   `xml:"isDefault,attr"`
}

// readSPMetadata takes Identifier, Reply URL and Logout Url out of a service provider's metadata, as Entra's "Upload
// metadata file" does. Metadata has no place for the Sign on URL.
func readSPMetadata(content []byte) (basicSAML, error) {
	var doc struct {
		XMLName  xml.Name
		EntityID string `xml:"entityID,attr"`
		SP       []struct {
			ACS []endpoint `xml:"AssertionConsumerService"`
			SLO []endpoint `xml:"SingleLogoutService"`
		} `xml:"SPSSODescriptor"`
		IDP []struct{} `xml:"IDPSSODescriptor"`
	}
	if err := xml.Unmarshal(content, &doc); err != nil {
		return basicSAML{}, fmt.Errorf("this is not an XML file: %w", err)
	}
	switch {
	case doc.XMLName.Local != "EntityDescriptor":
		return basicSAML{}, fmt.Errorf("this XML file is not SAML metadata: expected EntityDescriptor, got %s", doc.XMLName.Local)
	case len(doc.SP) == 0 && len(doc.IDP) > 0:
		return basicSAML{}, errors.New("this is an identity provider's metadata; upload the file that Gatehouse offers under “SP metadata”")
	case len(doc.SP) == 0:
		return basicSAML{}, errors.New("this metadata describes no service provider")
	}
	b := basicSAML{Identifier: doc.EntityID}
	acs := slices.DeleteFunc(doc.SP[0].ACS, func(e endpoint) bool { return e.Binding != "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" })
	for i, e := range acs {
		if i == 0 || e.IsDefault {
			b.ReplyURL = e.Location
		}
	}
	if len(doc.SP[0].SLO) > 0 {
		b.LogoutURL = doc.SP[0].SLO[0].Location
	}
	if b.Identifier == "" || b.ReplyURL == "" {
		return basicSAML{}, errors.New("this metadata lacks the entityID or an AssertionConsumerService with HTTP-POST")
	}
	return b, nil
}
