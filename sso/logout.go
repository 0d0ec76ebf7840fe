package sso

import (
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// LogoutRequest is an identity provider's demand to end somebody's sessions.
type LogoutRequest struct {
	ID             string
	NameID         string
	SessionIndexes []string // empty: all sessions of the person
	RelayState     string   // to be given back
	// AcceptedUntil is from when on it is refused as too old: its ID is to be remembered
	// until then, so that it is carried out once.
	AcceptedUntil time.Time
}

// ParseLogoutRequest reads a LogoutRequest sent by HTTP-Redirect, from the query as it
// came, and verifies it: signed by a pinned certificate over the query, sent by the
// connection's issuer to destination, not too old and not over, about exactly one NameID.
// A refusal is an *Error.
func ParseLogoutRequest(c Connection, destination, rawQuery string, now time.Time) (request LogoutRequest, err error) {
	defer func() {
		if p := recover(); p != nil {
			request, err = LogoutRequest{}, &Error{Reason: ReasonInternal, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	q, e := parseRedirect(rawQuery)
	if e != nil {
		return request, e
	}
	if q.value["SAMLRequest"] == "" {
		return request, &Error{Reason: ReasonResponseEmpty, Want: "SAMLRequest in the query"}
	}
	if e := q.verify("SAMLRequest", c.Certificates, now.UTC()); e != nil {
		return request, e
	}
	message, err := inflate(q.value["SAMLRequest"])
	if err != nil {
		return request, &Error{Reason: ReasonResponseEncoding, Err: err}
	}
	root, e := parseXML(message, maxRedirectMessage, maxRedirectElement)
	if e != nil {
		return request, e
	}
	request, e = readLogoutRequest(c, destination, root, now.UTC())
	if e != nil {
		return LogoutRequest{}, e
	}
	request.RelayState = q.value["RelayState"]
	return request, nil
}

func readLogoutRequest(c Connection, destination string, root *etree.Element, now time.Time) (r LogoutRequest, e *Error) {
	if !is(root, nsProtocol, "LogoutRequest") {
		return r, &Error{Reason: ReasonNotAResponse, Got: shown(root.Tag), Want: "samlp:LogoutRequest"}
	}
	r.ID = attribute(root, "ID")
	if version := attribute(root, "Version"); version != "2.0" || !isNCName(r.ID) || len(r.ID) > 256 {
		return r, &Error{Reason: ReasonIncomplete, Got: "Version " + shown(version) + ", ID " + shown(r.ID), Want: "Version 2.0 and an ID"}
	}
	if got := attribute(root, "Destination"); got != "" && got != destination {
		return r, &Error{Reason: ReasonDestinationMismatch, Got: shown(got), Want: destination}
	}
	issuer, e := one(root, nsAssertion, "Issuer")
	if e != nil {
		return r, e
	}
	if value, ok := text(issuer); !ok || value != c.Issuer && value != otherEntraIssuer(c.Issuer) {
		return r, &Error{Reason: ReasonIssuerMismatch, Got: shown(value), Want: c.Issuer, says: issuerSays(value, c.Issuer)}
	}
	issued, ok, e := timeOf(root, "IssueInstant")
	switch {
	case e != nil:
		return r, e
	case !ok:
		return r, &Error{Reason: ReasonIncomplete, Want: "IssueInstant"}
	case issued.After(now.Add(clockSkew)):
		return r, timeError(ReasonIssuedInFuture, issued, now)
	case issued.Before(now.Add(-maxIssueAge - clockSkew)):
		return r, timeError(ReasonTooLate, issued, now)
	}
	end, ok, e := timeOf(root, "NotOnOrAfter")
	if e != nil {
		return r, e
	}
	if ok && !now.Add(-clockSkew).Before(end) {
		return r, timeError(ReasonExpired, end, now)
	}
	r.AcceptedUntil = issued.Add(maxIssueAge + clockSkew)
	if until := end.Add(clockSkew); ok && until.Before(r.AcceptedUntil) {
		r.AcceptedUntil = until
	}
	nameIDs := children(root, nsAssertion, "NameID")
	if len(nameIDs) != 1 {
		return r, &Error{Reason: ReasonNameIDMissing, Got: fmt.Sprintf("%d NameIDs", len(nameIDs)), Want: "one"}
	}
	if r.NameID, ok = text(nameIDs[0]); !ok || r.NameID == "" || len(r.NameID) > maxNameIDLength {
		return r, &Error{Reason: ReasonNameIDMissing, Got: shown(r.NameID), Want: "plain text of at most 512 bytes"}
	}
	for _, el := range children(root, nsProtocol, "SessionIndex") {
		index, ok := text(el)
		if !ok || index == "" || len(index) > maxNameIDLength {
			return r, &Error{Reason: ReasonIncomplete, Got: shown(index), Want: "plain SessionIndex elements"}
		}
		r.SessionIndexes = append(r.SessionIndexes, index)
	}
	return r, nil
}

// otherEntraIssuer is the second name under which Entra sends logout messages: with
// sign-ins it is https://sts.windows.net/TENANT/, here https://login.microsoftonline.com/TENANT/.
// "" for everybody else.
func otherEntraIssuer(issuer string) string {
	const sts, login = "https://sts.windows.net/", "https://login.microsoftonline.com/"
	if tenant, ok := strings.CutPrefix(issuer, sts); ok && tenant != "" {
		return login + tenant
	}
	if tenant, ok := strings.CutPrefix(issuer, login); ok && tenant != "" {
		return sts + tenant
	}
	return ""
}

// LogoutResponse is the address that tells the identity provider at address that its
// request was carried out. It is signed if there is a key.
func LogoutResponse(address, entityID string, request LogoutRequest, key crypto.Signer, now time.Time) (string, error) {
	id := make([]byte, 20)
	_, _ = rand.Read(id)
	doc := etree.NewDocument()
	response := doc.CreateElement("samlp:LogoutResponse")
	response.CreateAttr("xmlns:samlp", nsProtocol)
	response.CreateAttr("ID", "id-"+hex.EncodeToString(id))
	response.CreateAttr("Version", "2.0")
	response.CreateAttr("IssueInstant", now.UTC().Format("2006-01-02T15:04:05Z"))
	response.CreateAttr("Destination", address)
	response.CreateAttr("InResponseTo", request.ID)
	issuer := response.CreateElement("saml:Issuer")
	issuer.CreateAttr("xmlns:saml", nsAssertion)
	issuer.SetText(entityID)
	response.CreateElement("samlp:Status").CreateElement("samlp:StatusCode").CreateAttr("Value", statusSuccess)
	message, err := doc.WriteToBytes()
	if err != nil {
		return "", err
	}
	encoded, err := deflate(message)
	if err != nil {
		return "", err
	}
	if key != nil {
		u, err := signedRedirect(address, "SAMLResponse", encoded, request.RelayState, key)
		if err != nil {
			return "", err
		}
		return u.String(), nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	query := "SAMLResponse=" + url.QueryEscape(encoded)
	if request.RelayState != "" {
		query += "&RelayState=" + url.QueryEscape(request.RelayState)
	}
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u.String(), nil
}
