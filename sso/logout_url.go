package sso

import (
	"errors"
	"net/url"
)

// CheckLogoutURL returns an address that LogoutResponses may be sent to: https, or http
// on this machine while this application is there too. "" stays "".
func CheckLogoutURL(s string, allowLoopbackHTTP bool) (string, error) {
	s = trimPasted(s)
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", err
	case len(s) > 2048 || hasInvisible(s) || !isASCII(s) || u.Opaque != "" || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return "", errors.New("sso: not a plain web address")
	case u.Scheme == "https", u.Scheme == "http" && allowLoopbackHTTP && isLoopback(u.Hostname()):
		return u.String(), nil
	}
	return "", errors.New("sso: the address must begin with https://")
}
