package handlers

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
)

// oauthTokenPath is where a directory exchanges its client secret for an access token (RFC 6749 §4.4).
const oauthTokenPath = "/oauth/token"

// oauthToken is the answer of RFC 6749 §5.1.
type oauthToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
}

// oauthError is the answer of RFC 6749 §5.2.
type oauthError struct {
	Status      int    `json:"-"`
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

// issueOAuthToken answers one exchange. Whatever is in the address is not looked at: secrets in addresses end in logs.
func (s *Server) issueOAuthToken(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store") // RFC 6749 §5.1
	h.Set("Pragma", "no-cache")
	id, secret, err := clientCredentials(c.Request())
	answer := oauthToken{TokenType: "Bearer"}
	if err == nil {
		answer.AccessToken, answer.ExpiresIn, err = s.exchange(c, id, secret)
	}
	var refused *oauthError
	switch {
	case errors.As(err, &refused):
		if refused.Status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", `Basic realm="SCIM client credentials", charset="UTF-8"`)
		}
		retryAfter(c, refused.Status)
		return c.JSON(refused.Status, refused)
	case err != nil:
		return err
	}
	return c.JSON(http.StatusOK, answer)
}

// exchange asks the models, and puts their refusals in RFC 6749's words.
func (s *Server) exchange(c echo.Context, id, secret string) (token string, seconds int, err error) {
	token, life, err := s.db.IssueSCIMAccessToken(c.Request().Context(), client(c), id, secret)
	if m, ok := asModelError(err); ok {
		switch m.Kind {
		case models.Unauthenticated, models.NotFound:
			return "", 0, &oauthError{http.StatusUnauthorized, "invalid_client", ascii(m.Message)}
		case models.TooMany:
			return "", 0, &oauthError{http.StatusTooManyRequests, "temporarily_unavailable", "Use the access token you have until it expires; it works for an hour."}
		}
	}
	return token, int(life.Seconds()), err
}

// clientCredentials reads a token request: the grant, and the client's id and secret from the body or from Basic, never from both
// (RFC 6749 §2.3.1).
func clientCredentials(r *http.Request) (id, secret string, err error) {
	kind, _, problem := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if problem != nil || kind != "application/x-www-form-urlencoded" {
		return "", "", invalidOAuth("Send the request as application/x-www-form-urlencoded.")
	}
	if err := r.ParseForm(); err != nil || !readableValues(r.PostForm) {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return "", "", &oauthError{http.StatusRequestEntityTooLarge, "invalid_request", "The request is too large."}
		}
		return "", "", invalidOAuth("The body of the request could not be read.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 { // RFC 6749 §3.2
			return "", "", invalidOAuth("The parameter " + ascii(name) + " is given twice.")
		}
	}
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "client_credentials":
	case "":
		return "", "", invalidOAuth("grant_type is missing; it must be client_credentials.")
	default:
		return "", "", &oauthError{http.StatusBadRequest, "unsupported_grant_type", "Only client_credentials is supported."}
	}
	id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if r.Header.Get("Authorization") != "" {
		basicID, basicSecret, ok := r.BasicAuth()
		if !ok {
			return "", "", &oauthError{http.StatusUnauthorized, "invalid_client", "Send client id and client secret in the body or with HTTP Basic."}
		}
		if secret != "" || id != "" && id != basicID {
			return "", "", invalidOAuth("Send client id and client secret either in the body or with HTTP Basic, not both.")
		}
		id, secret = formDecoded(basicID), formDecoded(basicSecret)
	}
	if id == "" || secret == "" {
		return "", "", &oauthError{http.StatusUnauthorized, "invalid_client", "The client id or the client secret is missing."}
	}
	return id, secret, nil
}

// answerOAuthError answers what no exchange was made of, such as another method, in the form of RFC 6749 §5.2.
func (s *Server) answerOAuthError(c echo.Context, err error) error {
	p := s.problemOf(c, err)
	retryAfter(c, p.status)
	code, description := "invalid_request", p.sentence
	switch {
	case p.status == http.StatusMethodNotAllowed:
		c.Response().Header().Set("Allow", http.MethodPost)
		description = "A token is asked for with POST."
	case p.status >= 500:
		code = "server_error"
		if p.reference != "" {
			description += " Reference: " + p.reference
		}
	}
	return c.JSON(p.status, oauthError{Code: code, Description: ascii(description)})
}

func invalidOAuth(description string) error {
	return &oauthError{http.StatusBadRequest, "invalid_request", description}
}

// formDecoded undoes the form encoding that RFC 6749 §2.3.1 asks for inside Basic and that many clients leave out; our ids and secrets
// have no character that it would change.
func formDecoded(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil && readable(decoded) {
		return decoded
	}
	return strings.ToValidUTF8(s, "")
}

// ascii keeps to the characters that RFC 6749 §5.2 allows in a description.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}
