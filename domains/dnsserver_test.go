package domains

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// fakeDNS is a real DNS server on a loopback address, over UDP and TCP, that answers from zone files.
type fakeDNS struct {
	addr  string // host:port
	mu    sync.Mutex
	rr    map[string][]dns.RR // by lower-case name
	zones []string
	// fail makes it answer this code for a name; silent makes it not answer at all.
	fail   map[string]int
	silent map[string]bool
	asked  []string // "TYPE name" in order
}

// newDNS starts a server for the records of zone, a zone file, on a free port of the address host.
func newDNS(t *testing.T, host, zone string) *fakeDNS {
	t.Helper()
	f := &fakeDNS{rr: map[string][]dns.RR{}, fail: map[string]int{}, silent: map[string]bool{}}
	parser := dns.NewZoneParser(strings.NewReader(zone), ".", "test")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		name := strings.ToLower(rr.Header().Name)
		f.rr[name] = append(f.rr[name], rr)
		if rr.Header().Rrtype == dns.TypeSOA {
			f.zones = append(f.zones, name)
		}
	}
	if err := parser.Err(); err != nil {
		t.Fatal(err)
	}
	packets, listener := listen(t, host)
	f.addr = packets.LocalAddr().String()
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: f}, {Listener: listener, Handler: f}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { _ = server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	return f
}

// ServeDNS answers like a resolver: it follows aliases, and tells a missing name from a missing type.
func (f *fakeDNS) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := query.Question[0]
	name := strings.ToLower(q.Name)
	f.asked = append(f.asked, dns.TypeToString[q.Qtype]+" "+name)
	if f.silent[name] {
		return
	}
	answer := new(dns.Msg)
	answer.SetReply(query)
	answer.RecursionAvailable = true
	answer.Rcode = dns.RcodeNameError
	for range 8 {
		records, exists := f.rr[name]
		if exists || f.isParent(name) {
			answer.Rcode = dns.RcodeSuccess
		}
		next := ""
		for _, rr := range records {
			if rr.Header().Rrtype == q.Qtype {
				answer.Answer = append(answer.Answer, rr)
			} else if alias, ok := rr.(*dns.CNAME); ok {
				answer.Answer = append(answer.Answer, rr)
				next = strings.ToLower(alias.Target)
			}
		}
		if next == "" {
			break
		}
		name, answer.Rcode = next, dns.RcodeNameError
	}
	if code, ok := f.fail[strings.ToLower(q.Name)]; ok {
		answer.Rcode, answer.Answer = code, nil
	}
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		answer.Truncate(dns.MinMsgSize)
	}
	_ = w.WriteMsg(answer)
}

// isParent says that a name exists because something below it does.
func (f *fakeDNS) isParent(name string) bool {
	for existing := range f.rr {
		if strings.HasSuffix(existing, "."+name) {
			return true
		}
	}
	return false
}

// listen finds a port that is free for UDP and for TCP.
func listen(t *testing.T, host string) (net.PacketConn, net.Listener) {
	t.Helper()
	var failed error
	for range 20 {
		packets, err := net.ListenPacket("udp", host+":0")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		failed = err
		packets.Close()
	}
	t.Fatal(failed)
	return nil, nil
}

// resolver returns a DNS that asks f, and finds the name servers of the domain among authorities, by their addresses,
// or in f itself.
func (f *fakeDNS) resolver(t *testing.T, authorities ...*fakeDNS) *DNS {
	t.Helper()
	resolver := NewDNS(f.addr)
	resolver.authority = func(ip netip.Addr) (string, bool) {
		for _, server := range append(authorities, f) {
			if netip.MustParseAddrPort(server.addr).Addr() == ip {
				return server.addr, true
			}
		}
		return "", false
	}
	return resolver
}
