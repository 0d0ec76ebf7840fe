package sso

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	dsig "github.com/russellhaering/goxmldsig"
)

// The HTTP-Redirect binding: SAML Bindings §3.4. A signature is over the query as it was
// sent, not over the XML.

const (
	maxRedirectQuery   = 64 << 10 // 64 KiB
	maxRedirectMessage = 64 << 10 // 64 KiB of XML; a LogoutRequest has about 1 KiB
	maxRedirectElement = 200
)

// signedRedirect is address with a message and its RSA-SHA256 signature in the query.
func signedRedirect(address, parameter, message, relayState string, key crypto.Signer) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if _, ok := key.Public().(*rsa.PublicKey); !ok {
		return nil, errors.New("an RSA key is needed")
	}
	// SAML Bindings §3.4.4.1: in this order, RelayState only if there is one.
	query := parameter + "=" + url.QueryEscape(message)
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	query += "&SigAlg=" + url.QueryEscape(dsig.RSASHA256SignatureMethod)
	sum := sha256.Sum256([]byte(query))
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u, nil
}

// deflate encodes a message for the query.
func deflate(message []byte) (string, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(message); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// inflate undoes deflate, up to a limit.
func inflate(encoded string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(withoutSpace(encoded))
	if err != nil {
		return nil, err
	}
	message, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), maxRedirectMessage+1))
	if err != nil {
		return nil, err
	}
	if len(message) > maxRedirectMessage {
		return nil, fmt.Errorf("more than %d bytes", maxRedirectMessage)
	}
	return message, nil
}

// redirectQuery is the parameters of the binding, each as it was sent and decoded.
type redirectQuery struct{ raw, value map[string]string }

// parseRedirect takes a query apart. A parameter of the binding given twice is refused:
// the signature would be over one of them, and the message another.
func parseRedirect(rawQuery string) (redirectQuery, *Error) {
	q := redirectQuery{map[string]string{}, map[string]string{}}
	if len(rawQuery) > maxRedirectQuery {
		return q, &Error{Reason: ReasonResponseTooLarge, Got: fmt.Sprintf("%d bytes", len(rawQuery)), Want: fmt.Sprintf("at most %d bytes", maxRedirectQuery)}
	}
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, raw, _ := strings.Cut(part, "=")
		switch name {
		case "SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature":
		default:
			continue
		}
		if _, twice := q.raw[name]; twice {
			return q, &Error{Reason: ReasonResponseUnsafe, Got: "a parameter given twice: " + name}
		}
		value, err := url.QueryUnescape(raw)
		if err != nil {
			return q, &Error{Reason: ReasonResponseEncoding, Err: err}
		}
		q.raw[name], q.value[name] = raw, value
	}
	return q, nil
}

// verify checks the signature over a query against the pinned certificates, each tried
// alone and only within its validity.
func (q redirectQuery) verify(parameter string, pinned []*x509.Certificate, now time.Time) *Error {
	if q.value["Signature"] == "" || q.value["SigAlg"] == "" {
		return &Error{Reason: ReasonSignatureMissing, Want: "Signature and SigAlg in the query"}
	}
	algorithm, e := allowed(q.value["SigAlg"], signatureMethods)
	if e != nil {
		return e
	}
	if len(pinned) == 0 {
		return &Error{Reason: ReasonCertificateMissing}
	}
	signature, err := base64.StdEncoding.DecodeString(withoutSpace(q.value["Signature"]))
	if err != nil {
		return &Error{Reason: ReasonSignatureMalformed, Err: err}
	}
	octets := parameter + "=" + q.raw[parameter]
	if raw, ok := q.raw["RelayState"]; ok {
		octets += "&RelayState=" + raw
	}
	octets += "&SigAlg=" + q.raw["SigAlg"]
	var outside *x509.Certificate
	for _, cert := range pinned {
		if cert.CheckSignature(algorithm, []byte(octets), signatureValue(signature, cert)) != nil {
			continue
		}
		if !now.Before(cert.NotBefore) && !now.After(cert.NotAfter) {
			return nil
		}
		outside = cert
	}
	switch {
	case outside == nil:
		return &Error{Reason: ReasonSignatureInvalid, Want: thumbprints(pinned)}
	case now.Before(outside.NotBefore):
		return &Error{Reason: ReasonCertNotYetValid, Got: thumbprint(outside), Want: "valid from " + outside.NotBefore.UTC().Format(time.RFC3339)}
	}
	return &Error{Reason: ReasonCertExpired, Got: thumbprint(outside), Want: "valid until " + outside.NotAfter.UTC().Format(time.RFC3339)}
}
