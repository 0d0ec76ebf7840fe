package demo

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// maxSessions and maxIndexes bound what is remembered of who is signed in.
const (
	maxSessions = 20
	maxIndexes  = 10
)

// session is one person's at pretend Azure, with what the application was told of it.
type session struct {
	objectID string
	person   string
	nameID   string
	format   string
	indexes  []string // SessionIndex of every response, the newest first
	at       time.Time
}

// sessions are who is signed in, the newest first.
type sessions []session

// remember keeps what a response said about a session. A NameID that changed is that of another one.
func (s *sessions) remember(a *answer, now time.Time) {
	if a.failed != nil {
		return
	}
	kept := session{objectID: a.objectID, person: a.person, nameID: a.nameID, format: a.nameIDFormat, indexes: []string{a.sessionIndex}, at: now}
	if i := s.of(a.objectID); i >= 0 {
		if had := (*s)[i]; had.nameID == kept.nameID && had.format == kept.format {
			kept.indexes = append(kept.indexes, had.indexes...)
			kept.indexes = kept.indexes[:min(len(kept.indexes), maxIndexes)]
		}
		*s = slices.Delete(*s, i, i+1)
	}
	*s = slices.Insert(*s, 0, kept)
	*s = (*s)[:min(len(*s), maxSessions)]
}

func (s sessions) of(objectID string) int {
	return slices.IndexFunc(s, func(one session) bool { return one.objectID == objectID })
}

// signOut ends a person's session here and sends the browser to the application's Logout Url with a LogoutRequest, as Entra does with
// every application that the person used.
func (a *Azure) signOut(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	i := a.sessions.of(formValue(r, "who"))
	var ended session
	if i >= 0 {
		ended = a.sessions[i]
		a.sessions = slices.Delete(a.sessions, i, i+1)
	}
	to, signer, now := a.app.basic.LogoutURL, a.app.signer(a.now()), a.now()
	a.mu.Unlock()
	switch {
	case i < 0:
		a.redirect(w, r, "/myapps", bad("Nobody is signed in under that name any more."))
		return
	case to == "":
		a.redirect(w, r, "/myapps", good(ended.person+" is signed out here. Gatehouse was not told: there is no Logout Url in Basic SAML Configuration."))
		return
	}
	address, err := ended.logoutRequest(to, signer, now)
	if err != nil {
		a.log.Error("LogoutRequest could not be made", "error", err)
		a.redirect(w, r, "/myapps", bad("The LogoutRequest could not be made. Look at the Logout Url in Basic SAML Configuration."))
		return
	}
	a.mu.Lock()
	a.signedOut = true
	a.mu.Unlock()
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// logoutRequest is the Logout Url with a LogoutRequest, signed over the query (SAML Bindings §3.4.4.1).
func (s session) logoutRequest(to string, signer *certificate, now time.Time) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", err
	}
	doc := etree.NewDocument()
	request := doc.CreateElement("samlp:LogoutRequest")
	request.CreateAttr("xmlns:samlp", nsProtocol)
	request.CreateAttr("ID", "_"+newGUID())
	request.CreateAttr("Version", "2.0")
	request.CreateAttr("IssueInstant", now.UTC().Format(samlTime))
	request.CreateAttr("Destination", to)
	request.CreateAttr("NotOnOrAfter", now.UTC().Add(backdated).Format(samlTime))
	from := request.CreateElement("Issuer")
	from.CreateAttr("xmlns", nsAssertion)
	from.SetText(issuer())
	nameID := request.CreateElement("NameID")
	nameID.CreateAttr("xmlns", nsAssertion)
	nameID.CreateAttr("Format", s.format)
	nameID.SetText(s.nameID)
	for _, index := range s.indexes {
		request.CreateElement("samlp:SessionIndex").SetText(index)
	}
	message, err := doc.WriteToBytes()
	if err != nil {
		return "", err
	}
	var compressed bytes.Buffer
	deflater, err := flate.NewWriter(&compressed, flate.BestCompression)
	if err == nil {
		_, err = deflater.Write(message)
	}
	if err == nil {
		err = deflater.Close()
	}
	if err != nil {
		return "", fmt.Errorf("compress the request: %w", err)
	}
	query := "SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(compressed.Bytes())) + "&SigAlg=" + url.QueryEscape(rsaSHA256)
	sum := sha256.Sum256([]byte(query))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signer.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign the request: %w", err)
	}
	query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u.String(), nil
}

// showSignedOut is where the application's LogoutResponse arrives.
func (a *Azure) showSignedOut(w http.ResponseWriter, r *http.Request) {
	said, err := readLogoutResponse(r.URL.Query().Get("SAMLResponse"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.mu.Lock()
	checked := ""
	switch {
	case len(a.app.verification.certs) == 0:
	case (&verification{Required: true, certs: a.app.verification.certs}).check(r.URL.RawQuery, "SAMLResponse") == nil:
		checked = "Its signature is right."
	default:
		checked = "It is not signed by a key of the Verification certificates."
	}
	a.mu.Unlock()
	text := "Gatehouse answered that it ended the sessions, too."
	if said != "Success" {
		text = "Gatehouse answered with the status " + said + "."
	}
	a.render(w, r, http.StatusOK, signedOut(signedOutPage{AppURL: a.appURL, Text: text, Signature: checked}))
}

// readLogoutResponse is the status of a LogoutResponse, without its prefix.
func readLogoutResponse(param string) (string, error) {
	document, err := inflate(param)
	if err != nil {
		return "", err
	}
	var response struct {
		XMLName xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:protocol LogoutResponse"`
		Status  struct {
			Code struct {
				Value string `xml:"Value,attr"`
			} `xml:"urn:oasis:names:tc:SAML:2.0:protocol StatusCode"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:protocol Status"`
	}
	if err := xml.Unmarshal(document, &response); err != nil {
		return "", notValid("The XML of the answer cannot be read as a LogoutResponse: " + err.Error())
	}
	if rest, found := bytes.CutPrefix([]byte(response.Status.Code.Value), []byte(statusPrefix)); found {
		return string(rest), nil
	}
	return response.Status.Code.Value, nil
}
