package demo

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	samlTime = "2006-01-02T15:04:05.000Z" // xs:dateTime in UTC with milliseconds, as Entra writes it

	// What Entra was seen to do: valid from five minutes ago, for an hour from now.
	backdated = 5 * time.Minute
	validFor  = time.Hour
	// sessionAge is how long ago the person's session at Entra began. AuthnInstant says so in every response.
	sessionAge = 7*time.Hour + 30*time.Minute

	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
)

// answer is everything that goes into one response.
type answer struct {
	requestID    string // InResponseTo; empty makes an unsolicited response
	confirmedID  string // the same in the confirmation
	destination  string // the Reply URL
	recipient    string // of the confirmation; the Reply URL too
	issuer       string
	audience     string
	objectID     string // of the person
	person       string // their name
	relayState   string
	sessionIndex string // names the session at the end of which Gatehouse is told
	nameID       string
	nameIDFormat string
	attributes   []attribute
	now          time.Time
	validFrom    time.Time
	validUntil   time.Time
	authnInstant time.Time
	signing      string
	algorithm    string
	certificate  *certificate
	expired      *certificate // one that has expired; nil if there is none
	tenant       func() (*certificate, error)

	// What is wrong with it; all empty when nothing is.
	failed    *errorStatus                   // an error status in place of an assertion
	encrypted bool                           // an encrypted assertion, which nobody here could read
	edit      func(assertion *etree.Element) // before it is signed
	after     func(response *etree.Element)  // once it is signed
	bytes     func(message []byte) []byte    // of the whole message
	field     func(message []byte) string    // what is posted, in place of base64
	wait      time.Duration                  // how long the person is to hold it back
}

// answerFor decides what a person's response says. req is nil when the tile in My Apps begins the sign-in.
func (s *samlApp) answerFor(req *authnRequest, p person, now time.Time) answer {
	a := answer{
		destination: s.basic.ReplyURL, recipient: s.basic.ReplyURL, issuer: issuer(), audience: s.basic.Identifier, attributes: s.attributes(p),
		now: now.UTC(), validFrom: now.UTC().Add(-backdated), validUntil: now.UTC().Add(validFor), authnInstant: now.UTC().Add(-sessionAge),
		signing: s.signing, algorithm: s.algorithm, certificate: s.signer(now), expired: s.expiredCertificate(now),
		objectID: p.ID, person: p.DisplayName, relayState: s.basic.RelayState, sessionIndex: "_" + newGUID(),
	}
	format := s.nameID.Format
	if req != nil {
		a.requestID, a.confirmedID, a.relayState = req.ID, req.ID, req.RelayState
		a.audience = req.Issuer
		if req.ForceAuthn {
			a.authnInstant = a.now
		}
		// A format in the request overrides what the admin chose; unspecified is no format.
		if req.NameIDPolicy.Format != "" && req.NameIDPolicy.Format != nameIDUnspecified {
			format = req.NameIDPolicy.Format
		}
	}
	if u, err := url.Parse(a.audience); err != nil || u.Scheme == "" {
		a.audience = "spn:" + a.audience
	}
	a.nameIDFormat = format
	switch format {
	case nameIDPersistent:
		a.nameID = pairwiseID(p.ID, a.audience)
	case nameIDTransient:
		a.nameID = "_" + newGUID()
	default:
		a.nameID = p.source(s.nameID.Source)
	}
	return a
}

// response builds and signs the message in the shape that Entra sends: the Response prefixed, the assertion and its
// signature in default namespaces, the signature right behind the Issuer.
func (a answer) response() ([]byte, error) {
	doc := etree.NewDocument()
	response := doc.CreateElement("samlp:Response")
	response.CreateAttr("ID", "_"+newGUID())
	response.CreateAttr("Version", "2.0")
	response.CreateAttr("IssueInstant", a.now.Format(samlTime))
	response.CreateAttr("Destination", a.destination)
	if a.requestID != "" {
		response.CreateAttr("InResponseTo", a.requestID)
	}
	response.CreateAttr("xmlns:samlp", nsProtocol)
	responseIssuer := response.CreateElement("Issuer")
	responseIssuer.CreateAttr("xmlns", nsAssertion)
	responseIssuer.SetText(a.issuer)
	status := response.CreateElement("samlp:Status")
	if a.failed != nil {
		a.failed.status(status)
		return doc.WriteToBytes()
	}
	status.CreateElement("samlp:StatusCode").CreateAttr("Value", statusSuccess)
	if a.encrypted {
		response.AddChild(encryptedShell())
		return doc.WriteToBytes()
	}

	assertion := a.assertion()
	if a.edit != nil {
		a.edit(assertion)
	}
	if a.signing == signAssertion || a.signing == signBoth {
		if err := a.sign(assertion); err != nil {
			return nil, fmt.Errorf("sign the assertion: %w", err)
		}
	}
	response.AddChild(assertion)
	if a.signing == signResponse || a.signing == signBoth {
		if err := a.sign(response); err != nil {
			return nil, fmt.Errorf("sign the response: %w", err)
		}
	}
	if a.after != nil {
		a.after(response)
	}
	message, err := doc.WriteToBytes()
	if err == nil && a.bytes != nil {
		message = a.bytes(message)
	}
	return message, err
}

// posted is what the form carries as SAMLResponse.
func (a answer) posted(message []byte) string {
	if a.field != nil {
		return a.field(message)
	}
	return base64.StdEncoding.EncodeToString(message)
}

func (a answer) assertion() *etree.Element {
	expires := a.validUntil.Format(samlTime)
	as := etree.NewElement("Assertion")
	as.CreateAttr("ID", a.sessionIndex) // Entra uses one id for both
	as.CreateAttr("IssueInstant", a.now.Format(samlTime))
	as.CreateAttr("Version", "2.0")
	as.CreateAttr("xmlns", nsAssertion)
	as.CreateElement("Issuer").SetText(a.issuer)

	subject := as.CreateElement("Subject")
	nameID := subject.CreateElement("NameID")
	nameID.CreateAttr("Format", a.nameIDFormat)
	nameID.SetText(a.nameID)
	confirmation := subject.CreateElement("SubjectConfirmation")
	confirmation.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
	data := confirmation.CreateElement("SubjectConfirmationData")
	if a.confirmedID != "" {
		data.CreateAttr("InResponseTo", a.confirmedID)
	}
	data.CreateAttr("NotOnOrAfter", expires)
	data.CreateAttr("Recipient", a.recipient)

	conditions := as.CreateElement("Conditions")
	conditions.CreateAttr("NotBefore", a.validFrom.Format(samlTime))
	conditions.CreateAttr("NotOnOrAfter", expires)
	conditions.CreateElement("AudienceRestriction").CreateElement("Audience").SetText(a.audience)

	statement := as.CreateElement("AttributeStatement")
	for _, at := range a.attributes {
		attr := statement.CreateElement("Attribute")
		attr.CreateAttr("Name", at.name)
		for _, v := range at.values {
			attr.CreateElement("AttributeValue").SetText(v)
		}
	}

	authn := as.CreateElement("AuthnStatement")
	authn.CreateAttr("AuthnInstant", a.authnInstant.Format(samlTime))
	authn.CreateAttr("SessionIndex", a.sessionIndex)
	authn.CreateElement("AuthnContext").CreateElement("AuthnContextClassRef").SetText("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
	return as
}

// encryptedShell has the shape of an encrypted assertion around random bytes.
func encryptedShell() *etree.Element {
	shell := etree.NewElement("EncryptedAssertion")
	shell.CreateAttr("xmlns", nsAssertion)
	data := shell.CreateElement("xenc:EncryptedData")
	data.CreateAttr("xmlns:xenc", "http://www.w3.org/2001/04/xmlenc#")
	data.CreateAttr("Type", "http://www.w3.org/2001/04/xmlenc#Element")
	data.CreateElement("xenc:EncryptionMethod").CreateAttr("Algorithm", "http://www.w3.org/2001/04/xmlenc#aes256-cbc")
	noise := make([]byte, 256)
	_, _ = rand.Read(noise) // never fails (crypto/rand)
	data.CreateElement("xenc:CipherData").CreateElement("xenc:CipherValue").SetText(base64.StdEncoding.EncodeToString(noise))
	return shell
}

// sign puts an enveloped signature behind the element's Issuer, where the schema wants it.
func (a answer) sign(el *etree.Element) error {
	ctx, err := dsig.NewSigningContext(a.certificate.key, [][]byte{a.certificate.der})
	if err != nil {
		return err
	}
	ctx.Prefix = ""
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	method := dsig.RSASHA256SignatureMethod
	if a.algorithm == algorithmSHA1 {
		method = dsig.RSASHA1SignatureMethod
	}
	if err := ctx.SetSignatureMethod(method); err != nil {
		return err
	}
	signature, err := ctx.ConstructSignature(el, true)
	if err != nil {
		return err
	}
	el.InsertChildAt(1, signature)
	return nil
}
