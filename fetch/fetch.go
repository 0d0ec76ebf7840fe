// Package fetch reads one document from an address that an admin typed, without becoming a way into the network this server stands in.
//
// What it refuses is decided where it cannot be circumvented: the address is checked when the connection is dialled, after DNS, so a name
// that changes its answer gains nothing.
package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	maxDocument = 1 << 20 // 1 MiB; Entra's metadata is about 60 KiB
	maxAddress  = 2048    // bytes
	wholeTime   = 10 * time.Second
	dialTime    = 5 * time.Second
	publicPort  = 443
)

// Error is a refusal or a failure, with one sentence for the admin that says what to do.
type Error struct {
	Sentence string
	Err      error // private cause, for the log
}

// Error describes the failure for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return "fetch: " + e.Sentence
	}
	return "fetch: " + e.Sentence + ": " + e.Err.Error()
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Err }

// Fetcher reads documents. The zero value reads from public addresses only.
type Fetcher struct {
	// Allow are further networks that may be dialled, at any port: identity providers inside the company.
	Allow []netip.Prefix
	// AllowHTTP are host:port pairs that may be read without TLS: the demo's own.
	AllowHTTP []string
	// transport is for tests: it may change who is trusted.
	transport func(*http.Transport)
}

// CheckAddress cleans an address and refuses what is never fetched. The error is an *Error.
func (f *Fetcher) CheckAddress(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", &Error{Sentence: "Enter the address of the metadata: App Federation Metadata Url in Entra."}
	}
	if len(address) > maxAddress {
		return "", &Error{Sentence: "The address is longer than 2048 characters. Copy App Federation Metadata Url alone."}
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "", &Error{Sentence: "This is not a web address. It looks like https://login.microsoftonline.com/…/federationmetadata.xml?appid=…", Err: err}
	}
	if u.User != nil {
		return "", &Error{Sentence: "The address must not contain a user name or password."}
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !f.allowsHTTP(u)) {
		return "", &Error{Sentence: "The address must begin with https://."}
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String(), nil
}

func (f *Fetcher) allowsHTTP(u *url.URL) bool {
	for _, host := range f.AllowHTTP {
		if u.Host == host {
			return true
		}
	}
	return false
}

// Get reads the document at an address: by https, without following redirects or using a proxy, at most 1 MiB in ten seconds, and only
// from public addresses and those allowed. The error is an *Error.
func (f *Fetcher) Get(ctx context.Context, address string) ([]byte, error) {
	address, err := f.CheckAddress(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &Error{Sentence: "This is not a web address.", Err: err}
	}
	request.Header.Set("Accept", "application/samlmetadata+xml, application/xml, text/xml")
	request.Header.Set("User-Agent", "Gatehouse")
	transport := &http.Transport{
		Proxy: nil, DisableKeepAlives: true, TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: dialTime, MaxResponseHeaderBytes: 64 << 10,
		DialContext: (&net.Dialer{Timeout: dialTime, Control: f.control(request.URL)}).DialContext,
	}
	if f.transport != nil {
		f.transport(transport)
	}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return nil, explain(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return nil, &Error{Sentence: "The address answers with a redirect, which is not followed. Enter the address it leads to."}
	case response.StatusCode != http.StatusOK:
		return nil, &Error{Sentence: fmt.Sprintf("The address answers with status %d. Open it in a browser: it must show the metadata without signing in.", response.StatusCode)}
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, explain(err)
	}
	if len(document) > maxDocument {
		return nil, &Error{Sentence: "The document is larger than 1 MiB. Enter the address of your own provider's metadata, not of a federation's."}
	}
	return document, nil
}

// errNotPublic is an address that may not be dialled.
type errNotPublic struct{ address string }

func (e errNotPublic) Error() string { return e.address + " is not a public address" }

// control decides about the address that is really dialled.
func (f *Fetcher) control(u *url.URL) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		dialled, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		ip := dialled.Addr().Unmap().WithZone("")
		for _, allowed := range f.Allow {
			if allowed.Contains(ip) {
				return nil
			}
		}
		if f.allowsHTTP(u) && ip.IsLoopback() {
			return nil
		}
		if !public(ip) || dialled.Port() != publicPort {
			return errNotPublic{address}
		}
		return nil
	}
}

// notPublic are the networks that are not of the internet, or that lead back into this one (RFC 6890 and the IANA registries it began).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), // link-local; the clouds' metadata services
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"),     // Teredo, benchmarking, ORCHID
	netip.MustParsePrefix("2001:db8::/32"), // documentation
	netip.MustParsePrefix("2002::/16"),     // 6to4 carries IPv4 addresses
	netip.MustParsePrefix("3fff::/20"),     // documentation
}

// globalV6 is all of IPv6 that is handed out: neither loopback, mapped, NAT64, unique local nor link-local addresses are in it.
var globalV6 = netip.MustParsePrefix("2000::/3")

func public(ip netip.Addr) bool {
	if !ip.IsValid() || ip.Is6() && !globalV6.Contains(ip) {
		return false
	}
	for _, network := range notPublic {
		if network.Contains(ip) {
			return false
		}
	}
	return true
}

// explain makes a sentence of a failed request.
func explain(err error) error {
	var notPublic errNotPublic
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &notPublic):
		return &Error{Sentence: "The address leads into a private network or to another port than 443, where nothing is fetched from. The operator can allow it with METADATA_ALLOW.", Err: err}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &Error{Sentence: "There is no server of that name. Check the address.", Err: err}
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return &Error{Sentence: "The address did not answer in time. Try again, or upload the metadata file.", Err: err}
	}
	var untrusted *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &untrusted) || errors.As(err, &record) {
		return &Error{Sentence: "The server's TLS certificate is not valid. Check the address, or upload the metadata file.", Err: err}
	}
	return &Error{Sentence: "The address could not be read. Check it, or upload the metadata file.", Err: err}
}
