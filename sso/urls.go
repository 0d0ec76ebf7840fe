package sso

import (
	"net"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const entraIssuerHost = "sts.windows.net"

var (
	entraIssuerWithoutSlash = regexp.MustCompile(`^https://sts\.windows\.net/[^/?#]+$`)
	// With a key of its own and "Append application ID to issuer" the application's id follows the tenant's.
	entraIssuer = regexp.MustCompile(`^https://sts\.windows\.net/[^/?#]+/([^/?#]+/?)?$`)
	uriScheme   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.+`)
)

// CheckIssuer returns the Issuer URL as it is to be stored, or an *Error that names
// the usual mix-ups. Any URI may be an entity ID (SAML Core §8.3.6).
func CheckIssuer(s string) (string, error) {
	s = trimPasted(s)
	fail := func(r Reason) (string, error) { return "", &Error{Reason: r, Got: shown(s)} }
	lower := lowerASCII(s)
	switch {
	case s == "":
		return fail(ReasonIssuerEmpty)
	case len(s) > 1024: // SAML Core §8.3.6
		return fail(ReasonIssuerTooLong)
	case hasInvisible(s):
		return fail(ReasonIssuerSpaces)
	case strings.Contains(lower, "federationmetadata"):
		return fail(ReasonIssuerIsMetadata)
	case isEntraAddress(lower):
		return fail(ReasonIssuerIsSignIn)
	case entraIssuerWithoutSlash.MatchString(s):
		return "", &Error{Reason: ReasonIssuerSlash, Got: shown(s), Want: s + "/"}
	case hostOf(lower) == entraIssuerHost && !entraIssuer.MatchString(s):
		return "", &Error{Reason: ReasonIssuerMisspelt, Got: shown(s), Want: entraIssuerFrom(lower)}
	case !uriScheme.MatchString(s):
		return fail(ReasonIssuerNotURI)
	}
	return s, nil
}

// CheckSignInURL returns the Identity Provider Sign-in URL as it is to be stored, or
// an *Error that names the usual mix-ups. It is only ever a redirect target. Plain
// http passes for a loopback address if allowLoopbackHTTP.
func CheckSignInURL(s string, allowLoopbackHTTP bool) (string, error) {
	s = trimPasted(s)
	fail := func(r Reason) (string, error) { return "", &Error{Reason: r, Got: shown(s)} }
	lower := lowerASCII(s)
	switch {
	case s == "":
		return fail(ReasonSignInEmpty)
	case len(s) > 2048:
		return fail(ReasonSignInTooLong)
	case hasInvisible(s) || !isASCII(s):
		return fail(ReasonSignInSpaces)
	case hostOf(lower) == entraIssuerHost:
		return fail(ReasonSignInIsIssuer)
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Host == "" || u.Hostname() == "" || strings.Contains(s, `\`) {
		return fail(ReasonSignInNotURL)
	}
	path := lowerASCII(u.Path)
	switch {
	case u.Scheme == "http" && allowLoopbackHTTP && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return fail(ReasonSignInHTTP)
	case u.Scheme != "https":
		return fail(ReasonSignInNotURL)
	}
	switch {
	case u.User != nil:
		return fail(ReasonSignInUserinfo)
	case u.Fragment != "" || strings.HasSuffix(s, "#"):
		return fail(ReasonSignInFragment)
	case strings.Contains(path, "federationmetadata"):
		return fail(ReasonSignInIsMetadata)
	case strings.Contains(lower, "wsignout") || strings.Contains(path, "logout") || strings.Contains(path, "signout"):
		return fail(ReasonSignInIsLogout)
	case isMyApps(lowerASCII(u.Hostname())):
		return fail(ReasonSignInIsUserAccess)
	case isEntraHost(lowerASCII(u.Hostname())) && !isLoginURL(path):
		return fail(ReasonSignInNotLoginURL)
	}
	return s, nil
}

// isEntraAddress recognises what stands at Entra's sign-in hosts and is no issuer of
// sign-ins: https://login.microsoftonline.com/TENANT/saml2, …/wsfed, …/v2.0 and whatever
// else. In the sovereign clouds the issuer may have the same host, without one of these.
func isEntraAddress(lower string) bool {
	u, err := url.Parse(lower)
	if err != nil || !isEntraHost(u.Hostname()) {
		return false
	}
	switch u.Hostname() {
	case "login.microsoftonline.us", "login.partner.microsoftonline.cn":
		last := lastSegment(strings.TrimSuffix(u.Path, "/"))
		return last == "saml2" || last == "wsfed" || last == "v2.0"
	}
	return true
}

func isEntraHost(host string) bool {
	switch host {
	case "login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.windows.net":
		return true
	}
	return false
}

// isLoginURL recognises the path of Entra's Login URL, /TENANT/saml2, of one tenant, and
// that of Azure AD B2C, /te/TENANT/POLICY/samlp/sso/login.
func isLoginURL(path string) bool {
	if strings.HasPrefix(path, "/te/") && strings.Contains(path, "/samlp/") {
		return true
	}
	tenant, ok := strings.CutSuffix(strings.TrimSuffix(path, "/"), "/saml2")
	tenant = strings.TrimPrefix(tenant, "/")
	if !ok || tenant == "" || strings.Contains(tenant, "/") {
		return false
	}
	return tenant != "common" && tenant != "organizations" && tenant != "consumers"
}

func hostOf(lower string) string {
	u, err := url.Parse(lower)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// entraIssuerFrom is the identifier that somebody has probably meant; "" if no tenant is
// named.
func entraIssuerFrom(lower string) string {
	u, err := url.Parse(lower)
	if err != nil {
		return ""
	}
	tenant, _, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if tenant == "" {
		return ""
	}
	return "https://" + entraIssuerHost + "/" + shown(tenant) + "/"
}

func isMyApps(host string) bool {
	return host == "myapps.microsoft.com" || strings.HasSuffix(host, ".myapps.microsoft.com") || host == "account.activedirectory.windowsazure.com"
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// trimPasted removes what copying leaves at the ends: spaces, line breaks, and the
// invisible characters that web pages add.
func trimPasted(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
}

func hasInvisible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	})
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
