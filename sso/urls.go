package sso

import (
	"net"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

var (
	entraIssuerWithoutSlash = regexp.MustCompile(`^https://sts\.windows\.net/[^/]+$`)
	entraIssuer             = regexp.MustCompile(`^https://sts\.windows\.net/[^/]+/?$`)
	uriScheme               = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.+`)
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
	case isEntraSignIn(lower):
		return fail(ReasonIssuerIsSignIn)
	case entraIssuerWithoutSlash.MatchString(lower):
		return "", &Error{Reason: ReasonIssuerSlash, Got: shown(s), Want: s + "/"}
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
	case entraIssuer.MatchString(lower):
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
	}
	return s, nil
}

// isEntraSignIn recognises https://login.microsoftonline.com/TENANT/saml2 and its
// sovereign clouds.
func isEntraSignIn(lower string) bool {
	u, err := url.Parse(lower)
	if err != nil {
		return false
	}
	switch u.Hostname() {
	case "login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.windows.net":
		return strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/saml2")
	}
	return false
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
