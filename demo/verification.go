package demo

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// verification is Verification certificates (optional): with it Entra takes signed requests only.
type verification struct {
	Required bool
	certs    []*x509.Certificate
}

// maxVerification is how many certificates of the application's are kept: two, so that it can change its key.
const maxVerification = 2

const rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

func unsignedRequest() *aadError {
	return &aadError{
		Code: "AADSTS76021", Text: "The request sent by client is not signed while the application requires signed requests.",
		Mend: "Require verification certificates is on. Let Gatehouse sign its requests and upload its certificate here, or turn the requirement off. The tile works with a Sign on URL only.", MendAt: "/sso#verification",
	}
}

func wronglySigned(why string) *aadError {
	if why == "" {
		why = "The request is signed by a key whose certificate is not among the Verification certificates."
	}
	return &aadError{
		Code: "AADSTS76023", Text: "The signature of the received authentication request is invalid, please contact the administrator to resolve the issue.",
		Mend: why + " Download Gatehouse’s certificate again and upload it here.", MendAt: "/sso#verification",
	}
}

// check verifies the signature over a query in which a message came (SAML Bindings §3.4.4.1): over its octets, as they were sent. Without
// the requirement a signature is not even looked at.
func (v *verification) check(rawQuery, message string) error {
	if !v.Required {
		return nil
	}
	raw := map[string]string{}
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		if _, twice := raw[name]; twice {
			return notValid("A parameter is there twice: " + name + ".")
		}
		raw[name] = value
	}
	algorithm, err := url.QueryUnescape(raw["SigAlg"])
	if err != nil || raw["Signature"] == "" || algorithm == "" {
		return unsignedRequest()
	}
	if algorithm != rsaSHA256 {
		return wronglySigned("The request is signed with " + algorithm + ", and only RSA-SHA256 is taken.")
	}
	encoded, err := url.QueryUnescape(raw["Signature"])
	if err != nil {
		return wronglySigned("The signature cannot be read.")
	}
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return wronglySigned("The signature is not base64.")
	}
	octets := message + "=" + raw[message]
	if relayState, ok := raw["RelayState"]; ok {
		octets += "&RelayState=" + relayState
	}
	octets += "&SigAlg=" + raw["SigAlg"]
	for _, c := range v.certs {
		if c.CheckSignature(x509.SHA256WithRSA, []byte(octets), signature) == nil {
			return nil
		}
	}
	return wronglySigned("")
}

// add keeps the certificates of an uploaded file, the newest first.
func (v *verification) add(file []byte) error {
	found, err := certificatesIn(file)
	if err != nil {
		return err
	}
	for _, c := range found {
		v.certs = slices.DeleteFunc(v.certs, func(had *x509.Certificate) bool { return bytes.Equal(had.Raw, c.Raw) })
		v.certs = slices.Insert(v.certs, 0, c)
	}
	v.certs = v.certs[:min(len(v.certs), maxVerification)]
	return nil
}

// certificatesIn reads a certificate, in PEM or DER, or those that sign out of a service provider's metadata.
func certificatesIn(file []byte) ([]*x509.Certificate, error) {
	var ders [][]byte
	switch block, _ := pem.Decode(file); {
	case block != nil && block.Type == "CERTIFICATE":
		ders = append(ders, block.Bytes)
	case block != nil:
		return nil, errors.New("this is a " + strings.ToLower(block.Type) + ", not a certificate")
	case bytes.HasPrefix(bytes.TrimSpace(file), []byte("<")):
		var doc struct {
			SP []struct {
				Keys []struct {
					Use   string   `xml:"use,attr"`
					Certs []string `xml:"KeyInfo>X509Data>X509Certificate"`
				} `xml:"KeyDescriptor"`
			} `xml:"SPSSODescriptor"`
		}
		if err := xml.Unmarshal(file, &doc); err != nil {
			return nil, errors.New("this XML file cannot be read")
		}
		for _, sp := range doc.SP {
			for _, key := range sp.Keys {
				for _, text := range key.Certs {
					if der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")); err == nil && key.Use != "encryption" {
						ders = append(ders, der)
					}
				}
			}
		}
		if len(ders) == 0 {
			return nil, errors.New("this metadata holds no certificate: Gatehouse signs no requests yet. Let it sign them, then download the metadata again")
		}
	default:
		ders = append(ders, file)
	}
	var found []*x509.Certificate
	for _, der := range ders {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, errors.New("this is no certificate; choose the one that Gatehouse offers under Signed requests, or its SP metadata")
		}
		if c.PublicKeyAlgorithm != x509.RSA {
			return nil, errors.New("this certificate's key is not RSA, and Entra takes RSA only")
		}
		found = append(found, c)
	}
	return found, nil
}
