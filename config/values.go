package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// The dialects of a Database.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Database says which database to open.
type Database struct {
	Dialect string // SQLite or Postgres
	Path    string // of the SQLite file; empty with Postgres
	DSN     Secret // the postgres:// address with its password; zero with SQLite
}

// URL returns the address to open, with its password: sqlite:PATH or postgres://…
func (d Database) URL() string {
	if d.Dialect == SQLite {
		return "sqlite:" + d.Path
	}
	return d.DSN.Reveal()
}

// String names the database without user, password or parameters, for logs.
func (d Database) String() string {
	if d.Dialect == SQLite {
		return "sqlite:" + d.Path
	}
	u, err := url.Parse(d.DSN.Reveal())
	if err != nil {
		return d.Dialect
	}
	return "postgres://" + u.Host + u.Path
}

// The ways to protect a connection to the mail server.
const (
	TLSImplicit    = "implicit"    // TLS from the first byte
	TLSRequired    = "required"    // STARTTLS, or no mail is sent
	TLSOpportunist = "opportunist" // STARTTLS if offered: a server on this machine
	TLSOff         = "off"         // never, by the operator's word
)

// SMTP is a mail server.
type SMTP struct {
	Host     string
	Port     int
	Username string // empty: no authentication
	Password Secret
	TLS      string // one of the TLS constants
}

// minSecretKey is the shortest key material accepted, in bytes.
const minSecretKey = 32

type baseURL struct{ value *url.URL }

// UnmarshalText checks and normalises BASE_URL.
func (v *baseURL) UnmarshalText(text []byte) error {
	const example = "for example https://access.acme.com"
	u, err := url.Parse(string(text))
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return errors.New("not an address with scheme and host, " + example)
	case u.User != nil:
		return errors.New("must not hold a user name or password. Give scheme and host only, " + example)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return fmt.Errorf("%q has a path or parameters, but Gatehouse needs a host name of its own. Give scheme and host only, %s", text, example)
	case !isASCII(u.Host):
		return fmt.Errorf("%q has letters outside ASCII. Write the host in its xn-- form", text)
	case !validPort(u.Port()):
		return fmt.Errorf("%q has a port outside 1 to 65535", text)
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		if !isLoopback(strings.ToLower(u.Hostname())) {
			return fmt.Errorf("%q is http on an address that others can reach. Put a TLS proxy in front and write https://, or use localhost, 127.0.0.1 or [::1]", text)
		}
		host = strings.TrimSuffix(host, ":80")
	default:
		return fmt.Errorf("%q does not begin with https:// (or http:// on a loopback address)", text)
	}
	v.value = &url.URL{Scheme: scheme, Host: strings.TrimSuffix(host, ":")}
	return nil
}

// address is where to listen: host:port, the host may be empty for all interfaces and the port 0 for any.
type address struct{ value string }

// UnmarshalText checks LISTEN_ADDR and METRICS_ADDR.
func (v *address) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is not host:port. Write for example 127.0.0.1:8080, or 0.0.0.0:8080 for every interface", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q: the port %q is not a number from 0 to 65535", text, port)
	}
	v.value = string(text)
	return nil
}

// serverAddress is a server to ask: host and port are both needed.
type serverAddress struct{ value string }

// UnmarshalText checks DNS_RESOLVER.
func (v *serverAddress) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	given := string(text)
	host, port, err := net.SplitHostPort(given)
	if err != nil || host == "" || port == "" || !validPort(port) {
		return fmt.Errorf("%q is not host:port with both parts. Write for example %s", given, net.JoinHostPort(orElse(bareHost(given), "9.9.9.9"), "53"))
	}
	v.value = given
	return nil
}

// bareHost returns given if it is an IP address without a port, to complete the example in a message.
func bareHost(given string) string {
	ip, err := netip.ParseAddr(strings.Trim(given, "[]"))
	if err != nil {
		return ""
	}
	return ip.String()
}

type databaseURL struct{ value Database }

// UnmarshalText checks DATABASE_URL. Its messages never repeat the value: even a parse error of the URL can hold a part
// of the password, when a slash in it was not encoded.
func (v *databaseURL) UnmarshalText(text []byte) error {
	given := string(text)
	switch scheme, rest, _ := strings.Cut(given, ":"); strings.ToLower(scheme) {
	case "sqlite":
		path := rest
		if after, ok := strings.CutPrefix(rest, "//"); ok {
			path = after // sqlite:///var/lib/gatehouse.db and sqlite://data/gatehouse.db
		}
		switch {
		case path == "" || strings.HasSuffix(path, "/"):
			return errors.New("sqlite: needs the path of a file, for example sqlite:./data/gatehouse.db")
		case strings.Contains(path, ":memory:"):
			return errors.New("a database in memory would lose every change. Give the path of a file, for example sqlite:./data/gatehouse.db")
		case strings.ContainsAny(path, "?#"):
			return errors.New("a sqlite: path takes no parameters. Gatehouse sets them itself; remove everything from the ? on")
		}
		v.value = Database{Dialect: SQLite, Path: path}
		return nil
	case "postgres", "postgresql":
		u, err := url.Parse(given)
		if err != nil {
			return errors.New("not an address of the form postgres://USER:PASSWORD@HOST:5432/DATABASE. Write special characters of the password as %XX (/ is %2F, @ is %40, : is %3A)")
		}
		if strings.Trim(u.Path, "/") == "" {
			return errors.New("names no database. Add its name at the end: postgres://USER:PASSWORD@HOST:5432/DATABASE")
		}
		v.value = Database{Dialect: Postgres, DSN: NewSecret(given)}
		return nil
	}
	return errors.New("must begin with sqlite: or postgres://, for example sqlite:./data/gatehouse.db or postgres://USER:PASSWORD@HOST:5432/DATABASE")
}

type secretKey struct{ value Secret }

// UnmarshalText decodes SECRET_KEY. A passphrase is refused: whoever steals the database could guess it at leisure.
func (v *secretKey) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	const mend = "Make one with `openssl rand -base64 32`"
	key, ok := decodeKey(string(text))
	switch {
	case !ok:
		return errors.New("neither base64 nor hexadecimal; a passphrase is not accepted, because it can be guessed. " + mend)
	case len(key) < minSecretKey:
		return fmt.Errorf("holds %d bytes, but at least %d are needed. %s", len(key), minSecretKey, mend)
	case distinct(key) < minSecretKey/4:
		return errors.New("repeats the same few bytes, so it is not random. " + mend)
	}
	v.value = NewSecret(string(key))
	return nil
}

// decodeKey reads hexadecimal first: 64 hexadecimal digits are also valid base64, but nobody means that.
func decodeKey(text string) ([]byte, bool) {
	if key, err := hex.DecodeString(text); err == nil {
		return key, true
	}
	text = strings.TrimRight(text, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if key, err := encoding.DecodeString(text); err == nil {
			return key, true
		}
	}
	return nil, false
}

// distinct counts the different byte values in key: 32 random bytes have about 30.
func distinct(key []byte) int {
	seen := map[byte]bool{}
	for _, b := range key {
		seen[b] = true
	}
	return len(seen)
}

type smtpURL struct{ value *SMTP }

// UnmarshalText checks SMTP_URL, without repeating its value in a message: it holds a password.
func (v *smtpURL) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	const form = "smtps://USER:PASSWORD@HOST:465 or smtp://USER:PASSWORD@HOST:587"
	u, err := url.Parse(string(text))
	if err != nil {
		return errors.New("not an address of the form " + form + ". Write special characters of the password as %XX (/ is %2F, @ is %40, : is %3A)")
	}
	scheme := strings.ToLower(u.Scheme)
	port, known := map[string]int{"smtps": 465, "smtp": 587}[scheme]
	switch {
	case !known:
		return errors.New("must begin with smtps:// or smtp://, in the form " + form)
	case u.Hostname() == "":
		return errors.New("names no host. The form is " + form)
	case strings.Trim(u.Path, "/") != "" || u.Fragment != "":
		return errors.New("has something after the host. The form is " + form)
	case !validPort(u.Port()):
		return errors.New("has a port outside 1 to 65535")
	}
	server := &SMTP{Host: u.Hostname(), Port: port, Username: u.User.Username(), TLS: TLSRequired}
	if u.Port() != "" {
		server.Port, _ = strconv.Atoi(u.Port()) // checked above
	}
	if password, ok := u.User.Password(); ok {
		server.Password = NewSecret(password)
	}
	switch {
	case scheme == "smtps":
		server.TLS = TLSImplicit
	case isLoopback(strings.ToLower(u.Hostname())):
		server.TLS = TLSOpportunist
	}
	switch query := u.Query(); {
	case len(query) == 0:
	case len(query) == 1 && query.Get("tls") == "off" && scheme == "smtp":
		server.TLS = TLSOff
	default:
		return errors.New("has an unknown parameter. The only one is ?tls=off, with smtp://, for a mail server on a private network")
	}
	v.value = server
	return nil
}

type mailAddress struct{ value *mail.Address }

// UnmarshalText checks MAIL_FROM.
func (v *mailAddress) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	address, err := mail.ParseAddress(string(text))
	if err != nil {
		return fmt.Errorf("%q is not one e-mail address. Write for example gatehouse@acme.com or Gatehouse <gatehouse@acme.com>", text)
	}
	v.value = address
	return nil
}

type networks struct{ value []netip.Prefix }

// UnmarshalText checks TRUSTED_PROXIES and names every wrong entry.
func (v *networks) UnmarshalText(text []byte) error {
	var wrong []string
	for entry := range strings.SplitSeq(string(text), ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		network, err := parseNetwork(entry)
		if err != nil {
			wrong = append(wrong, strconv.Quote(entry))
			continue
		}
		if network.Bits() == 0 {
			return fmt.Errorf("%q is everybody: anyone could then choose the address that the logs and limits see. Name the proxies' own addresses", entry)
		}
		v.value = append(v.value, network)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: not an address or network. Write for example 10.0.0.0/8 or 192.168.1.5, separated by commas", strings.Join(wrong, ", "))
	}
	return nil
}

func parseNetwork(entry string) (netip.Prefix, error) {
	if strings.Contains(entry, "/") {
		network, err := netip.ParsePrefix(entry)
		return network.Masked(), err
	}
	ip, err := netip.ParseAddr(entry)
	if err != nil {
		return netip.Prefix{}, err
	}
	ip = ip.Unmap().WithZone("")
	return ip.Prefix(ip.BitLen())
}

type signup struct{ open bool }

// UnmarshalText checks SIGNUP.
func (v *signup) UnmarshalText(text []byte) error {
	return choose(text, map[string]func(){"open": func() { v.open = true }, "closed": func() {}}, "open or closed")
}

type onOff struct{ on bool }

// UnmarshalText checks RATE_LIMITS.
func (v *onOff) UnmarshalText(text []byte) error {
	return choose(text, map[string]func(){"on": func() { v.on = true }, "off": func() {}}, "on or off")
}

type logFormat struct{ value string }

// UnmarshalText checks LOG_FORMAT.
func (v *logFormat) UnmarshalText(text []byte) error {
	return choose(text, map[string]func(){"text": func() { v.value = "text" }, "json": func() { v.value = "json" }}, "text or json")
}

func choose(text []byte, choices map[string]func(), words string) error {
	set, known := choices[strings.ToLower(string(text))]
	if !known {
		return fmt.Errorf("%q is not one of its values. Write %s", text, words)
	}
	set()
	return nil
}

// isLoopback reports whether host, in lower case and without brackets, is this machine only. The name localhost counts:
// browsers and resolvers keep it on the loopback interface (RFC 6761 §6.3).
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f })
}
