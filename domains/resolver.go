package domains

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// ErrNoSuchName is what a Resolver returns for a name that does not exist (NXDOMAIN). A name that exists without records
// of the type asked for gives no records and no error.
var ErrNoSuchName = errors.New("no such name in DNS")

// Resolver answers the questions of Verify. Every error but ErrNoSuchName means that there was no usable answer.
type Resolver interface {
	// TXT returns the TXT values at name, the strings of each record joined, as the resolver gives them: through an
	// alias, if there is one.
	TXT(ctx context.Context, name string) ([]string, error)
	// TXTAt asks one name server of the domain itself, given by host name.
	TXTAt(ctx context.Context, nameserver, name string) ([]string, error)
	// CNAME returns the alias that stands at exactly this name, or nothing.
	CNAME(ctx context.Context, name string) (string, error)
	// NS returns the host names of the name servers of the zone that begins at name, or nothing if none does.
	NS(ctx context.Context, name string) ([]string, error)
}

// questionTime limits one question, with its repetitions.
const questionTime = 4 * time.Second

// DNS is the Resolver that sends packets. It speaks DNS itself, because net.Resolver (Go 1.26) gives the same error for
// a name that does not exist and for one without records of the type, and cannot ask whether an alias stands at a name.
type DNS struct {
	server string // host:port, or empty for the system's
	// authority says where to reach a name server by its address; tests point it at their own port.
	authority func(netip.Addr) (hostPort string, ok bool)
}

// NewDNS returns a Resolver that asks server (host:port), or the system's resolver if server is empty.
func NewDNS(server string) *DNS {
	return &DNS{server: server, authority: publicAuthority}
}

// publicAuthority lets us ask name servers on public addresses only: whoever owns a domain chooses what its name servers
// resolve to, and must not be able to make us talk to machines inside the operator's network.
func publicAuthority(ip netip.Addr) (string, bool) {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(specialNetworks, func(n netip.Prefix) bool { return n.Contains(ip) }) {
		return "", false
	}
	return netip.AddrPortFrom(ip, 53).String(), true
}

// specialNetworks are those of the IANA special-purpose registries that netip does not know: shared and reserved ones, and the IPv6 ones
// behind which a translator or a tunnel may reach any IPv4 address.
var specialNetworks = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// TXT implements Resolver.
func (d *DNS) TXT(ctx context.Context, name string) ([]string, error) {
	answer, err := d.ask(ctx, name, dnsmessage.TypeTXT)
	return txtIn(answer), err
}

// TXTAt implements Resolver.
func (d *DNS) TXTAt(ctx context.Context, nameserver, name string) ([]string, error) {
	err := errors.New("the name server has no public address")
	for _, ip := range d.addresses(ctx, nameserver) {
		server, ok := d.authority(ip)
		if !ok {
			continue
		}
		var answer dnsmessage.Message
		if answer, err = askServers(ctx, []string{server}, name, dnsmessage.TypeTXT); err == nil || errors.Is(err, ErrNoSuchName) {
			return txtIn(answer), err
		}
	}
	return nil, err
}

// CNAME implements Resolver.
func (d *DNS) CNAME(ctx context.Context, name string) (string, error) {
	answer, err := d.ask(ctx, name, dnsmessage.TypeCNAME)
	for _, record := range answer.Answers {
		if alias, ok := record.Body.(*dnsmessage.CNAMEResource); ok && strings.EqualFold(record.Header.Name.String(), rooted(name)) {
			return plain(alias.CNAME), err
		}
	}
	return "", err
}

// NS implements Resolver.
func (d *DNS) NS(ctx context.Context, name string) ([]string, error) {
	answer, err := d.ask(ctx, name, dnsmessage.TypeNS)
	var hosts []string
	for _, record := range answer.Answers {
		if ns, ok := record.Body.(*dnsmessage.NSResource); ok && strings.EqualFold(record.Header.Name.String(), rooted(name)) {
			hosts = append(hosts, plain(ns.NS))
		}
	}
	return hosts, err
}

// addresses returns the addresses of a host, IPv4 first.
func (d *DNS) addresses(ctx context.Context, host string) []netip.Addr {
	var found []netip.Addr
	if answer, err := d.ask(ctx, host, dnsmessage.TypeA); err == nil {
		for _, record := range answer.Answers {
			if a, ok := record.Body.(*dnsmessage.AResource); ok {
				found = append(found, netip.AddrFrom4(a.A))
			}
		}
	}
	if answer, err := d.ask(ctx, host, dnsmessage.TypeAAAA); err == nil {
		for _, record := range answer.Answers {
			if a, ok := record.Body.(*dnsmessage.AAAAResource); ok {
				found = append(found, netip.AddrFrom16(a.AAAA))
			}
		}
	}
	return found
}

func (d *DNS) ask(ctx context.Context, name string, kind dnsmessage.Type) (dnsmessage.Message, error) {
	return askServers(ctx, d.servers(ctx), name, kind)
}

// servers returns the address of the configured resolver, or those of the system: the standard library reads them from
// where the system keeps them and hands each to Dial, which notes it and refuses.
func (d *DNS) servers(ctx context.Context) []string {
	if d.server != "" {
		return []string{d.server}
	}
	var found []string
	errNoted := errors.New("noted")
	noting := &net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		if len(found) < maxServers { // the standard library tries each several times
			found = append(found, address)
		}
		return nil, errNoted
	}}
	_, _ = noting.LookupTXT(ctx, "gatehouse.invalid.")
	return found
}

// txtIn joins the strings of each TXT record: a value longer than 255 bytes comes in several (RFC 7208 §3.3).
func txtIn(answer dnsmessage.Message) []string {
	var values []string
	for _, record := range answer.Answers {
		if txt, ok := record.Body.(*dnsmessage.TXTResource); ok {
			values = append(values, strings.Join(txt.TXT, ""))
		}
	}
	return values
}

// rooted ends name in a dot, as it is in a packet.
func rooted(name string) string { return strings.TrimSuffix(name, ".") + "." }

func plain(name dnsmessage.Name) string {
	return strings.ToLower(strings.TrimSuffix(name.String(), "."))
}
