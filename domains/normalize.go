package domains

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// The reasons for which Normalize refuses an input.
const (
	RefusedEmpty        = "empty"
	RefusedInvalid      = "invalid" // not a domain name
	RefusedIP           = "ip_address"
	RefusedSingleLabel  = "single_label"
	RefusedTooLong      = "too_long"
	RefusedPublicSuffix = "public_suffix"
	RefusedMailProvider = "mail_provider"
	RefusedOnMicrosoft  = "onmicrosoft"
)

const (
	maxInput  = 1024 // bytes looked at; an address bar holds less
	maxDomain = 253  // RFC 1035 §2.3.4 without the final dot
	maxLabel  = 63   // RFC 1035 §2.3.4
)

// RefusedError says why an input cannot be claimed.
type RefusedError struct {
	Reason  string // one of the Refused constants
	Message string // for people: what is wrong and what to do
}

// Error returns the message.
func (e *RefusedError) Error() string { return e.Message }

func refuse(reason, format string, args ...any) error {
	return &RefusedError{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// lookupProfile maps a domain as browsers do (UTS #46, non-transitional) and checks its lengths.
func lookupProfile() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.Transitional(false))
}

// Normalize turns what an admin typed, such as https://www.Acme.com/ or ana@acme.com, into a domain in lower-case ASCII
// (xn-- form). The note says what was left out, in a sentence, or is empty. The error is a *RefusedError.
func Normalize(input string) (domain, note string, err error) {
	typed := strings.TrimSpace(input)
	if typed == "" {
		return "", "", refuse(RefusedEmpty, "Enter the domain of your people's e-mail addresses, for example acme.com.")
	}
	if len(typed) > maxInput {
		return "", "", refuse(RefusedTooLong, "This is longer than a domain name can be. Write it like acme.com.")
	}
	host := hostOf(typed)
	if !utf8.ValidString(host) {
		return "", "", refuse(RefusedInvalid, "There is no domain name in this. Write it like acme.com.")
	}
	if isIP(host) {
		return "", "", refuse(RefusedIP, "%s is an IP address. Claim the domain of your people's e-mail addresses, for example acme.com.", host)
	}
	domain, err = toASCII(host)
	if err != nil {
		return "", "", err
	}
	if rest, had := strings.CutPrefix(domain, "www."); had && isRegistrable(rest) {
		domain = rest
	}
	if err := allowed(domain); err != nil {
		return "", "", err
	}
	return domain, noteFor(typed, domain), nil
}

// hostOf cuts scheme, path, user, port, wildcard, quotes and dots off what was typed.
func hostOf(typed string) string {
	host := strings.Trim(typed, "\"'`“”‘’<>")
	if _, after, found := strings.Cut(host, "://"); found {
		host = after
	}
	if i := strings.IndexAny(host, "/?#\\"); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndex(host, "@"); i >= 0 {
		host = host[i+1:]
	}
	if isIP(host) {
		return strings.Trim(host, "[]") // an IPv6 address has colons, but no port
	}
	if i := strings.LastIndex(host, ":"); i >= 0 {
		host = host[:i]
	}
	host = strings.TrimPrefix(host, "*.")
	return strings.Trim(strings.TrimSpace(host), ".")
}

func isIP(host string) bool {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(host)
	return err == nil
}

// toASCII applies IDNA and the length limits of DNS.
func toASCII(host string) (string, error) {
	domain, err := lookupProfile().ToASCII(host)
	domain = strings.TrimSuffix(domain, ".")
	switch {
	case host == "":
		return "", refuse(RefusedInvalid, "There is no domain name in this. Write it like acme.com.")
	case tooLong(domain):
		return "", refuse(RefusedTooLong, "%s is longer than DNS allows: %d characters in all, %d between two dots.", shorten(host), maxDomain, maxLabel)
	case err != nil:
		return "", refuse(RefusedInvalid, "%s is not a domain name. Write it like acme.com, with letters, digits and hyphens between the dots.", shorten(host))
	case !strings.Contains(domain, "."):
		return "", refuse(RefusedSingleLabel, "%s has no dot, so it is not a domain on the internet. Write it like acme.com.", shorten(host))
	}
	// UTS #46 can map full-width digits and dots to an address.
	if isIP(domain) {
		return "", refuse(RefusedIP, "%s is an IP address. Claim the domain of your people's e-mail addresses, for example acme.com.", domain)
	}
	return domain, nil
}

func tooLong(domain string) bool {
	if len(domain) > maxDomain {
		return true
	}
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > maxLabel {
			return true
		}
	}
	return false
}

// allowed refuses domains that belong to everybody or to nobody.
func allowed(domain string) error {
	if tenant, ok := underOneOf(domain, onMicrosoft()); ok {
		return refuse(RefusedOnMicrosoft, "%s belongs to Microsoft (%s): nobody can add a TXT record there. Claim the domain of your people's own e-mail addresses.", domain, tenant)
	}
	if provider, ok := underOneOf(domain, mailProviders()); ok {
		return refuse(RefusedMailProvider, "%s is a public mail provider: its addresses belong to people everywhere. Claim your company's own domain.", provider)
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return refuse(RefusedPublicSuffix, "%s is a public suffix: anyone can register names below it, so nobody can own it. Claim your own name, for example acme.%s.", domain, domain)
	}
	return nil
}

// underOneOf returns the entry of list that is domain or a parent of it.
func underOneOf(domain string, list []string) (string, bool) {
	for _, entry := range list {
		if domain == entry || strings.HasSuffix(domain, "."+entry) {
			return entry, true
		}
	}
	return "", false
}

func isRegistrable(domain string) bool {
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err == nil && strings.Contains(domain, ".")
}

// registrable returns the part of domain that somebody registered: acme.com of eu.acme.com.
func registrable(domain string) string {
	parent, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return parent
}

// noteFor says what Normalize made of the input, unless only the case differs.
func noteFor(typed, domain string) string {
	if strings.EqualFold(typed, domain) {
		return ""
	}
	if strings.HasPrefix(domain, "xn--") || strings.Contains(domain, ".xn--") {
		if unicode, err := idna.ToUnicode(domain); err == nil && strings.EqualFold(unicode, typed) {
			return fmt.Sprintf("In DNS, %s is written %s.", unicode, domain)
		}
	}
	return fmt.Sprintf("We made %s of “%s”.", domain, shorten(typed))
}

// shorten cuts a text for use in a sentence.
func shorten(text string) string {
	const most = 60
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
