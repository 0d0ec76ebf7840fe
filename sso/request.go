package sso

import (
	"crypto"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/crewjam/saml"
)

// Request is an AuthnRequest ready to be sent by redirect.
type Request struct {
	ID       string    // random, 160 bits; what the response must name
	URL      string    // where to send the browser
	IssuedAt time.Time // as written into the request
}

// RequestOptions are the parts of an AuthnRequest that differ from sign-in to sign-in.
type RequestOptions struct {
	RelayState string // opaque, at most 80 bytes (SAML Bindings §3.4.3); never an address
	LoginHint  string // an e-mail the identity provider may fill in; sent as login_hint
	ForceAuthn bool   // ask for a fresh authentication, for step-up

	// SignWith signs the request with RSA-SHA256, for identity providers that verify
	// requests. nil sends it unsigned, which is the rule.
	SignWith crypto.Signer
}

// NewRequest makes an AuthnRequest for the HTTP-Redirect binding. It names no NameID
// format and no authentication context: Entra would obey the first over the admin's
// own setting, and refuse the sign-in over the second.
func NewRequest(c Connection, o RequestOptions, now time.Time) (Request, error) {
	if len(o.RelayState) > 80 {
		return Request{}, fmt.Errorf("sso: RelayState has %d bytes, at most 80 allowed", len(o.RelayState))
	}
	if c.SignInURL == "" || c.EntityID == "" {
		return Request{}, errors.New("sso: connection has no sign-in URL or no entity ID")
	}
	acs, err := url.Parse(c.ACSURL)
	if err != nil {
		return Request{}, fmt.Errorf("sso: ACS URL: %w", err)
	}
	sp := saml.ServiceProvider{
		EntityID:          c.EntityID,
		AcsURL:            *acs,
		AuthnNameIDFormat: saml.UnspecifiedNameIDFormat,
	}
	if o.ForceAuthn {
		sp.ForceAuthn = &o.ForceAuthn
	}
	r, err := sp.MakeAuthenticationRequest(c.SignInURL, saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return Request{}, fmt.Errorf("sso: make request: %w", err)
	}
	r.IssueInstant = now.UTC().Truncate(time.Second)

	// crewjam writes RelayState into the query as it is.
	u, err := r.Redirect(url.QueryEscape(o.RelayState), &sp)
	if err != nil {
		return Request{}, fmt.Errorf("sso: encode request: %w", err)
	}
	if o.SignWith != nil {
		if u, err = signedRedirect(c.SignInURL, "SAMLRequest", u.Query().Get("SAMLRequest"), o.RelayState, o.SignWith); err != nil {
			return Request{}, fmt.Errorf("sso: sign request: %w", err)
		}
	}
	if o.LoginHint != "" {
		u.RawQuery += "&login_hint=" + url.QueryEscape(o.LoginHint)
	}
	return Request{ID: r.ID, URL: u.String(), IssuedAt: r.IssueInstant}, nil
}
