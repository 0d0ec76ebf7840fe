package demo

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// maxCNAMEs is how many CNAME records one answer follows.
const maxCNAMEs = 8

// StartDNS begins to answer over UDP and TCP on the same port and returns the address, such as 127.0.0.1:53124, for
// DNS_RESOLVER. stop ends both listeners and waits for them.
func (a *Azure) StartDNS() (addr string, stop func(), err error) {
	packets, listener, err := listenBoth(a.dnsAddr)
	if err != nil {
		return "", nil, fmt.Errorf("listen for DNS on %s: %w", a.dnsAddr, err)
	}
	udp := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(a.serveDNS)}
	tcp := &dns.Server{Listener: listener, Handler: dns.HandlerFunc(a.serveDNS)}
	done := make(chan struct{}, 2)
	for _, s := range []*dns.Server{udp, tcp} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() {
			defer func() { done <- struct{}{} }()
			if err := s.ActivateAndServe(); err != nil {
				a.log.Error("pretend name server stopped", "error", err)
			}
		}()
		<-started
	}
	stop = func() {
		for _, s := range []*dns.Server{udp, tcp} {
			_ = s.Shutdown() // not running any more is what we want
		}
		<-done
		<-done
	}
	return packets.LocalAddr().String(), stop, nil
}

// listenBoth opens UDP and TCP on the same port. With port 0 a port that is free for one may be taken for the other.
func listenBoth(addr string) (net.PacketConn, net.Listener, error) {
	var lastErr error
	for range 10 {
		packets, err := net.ListenPacket("udp", addr)
		if err != nil {
			return nil, nil, err
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener, nil
		}
		lastErr = err
		_ = packets.Close()
	}
	return nil, nil, lastErr
}

func (a *Azure) serveDNS(w dns.ResponseWriter, request *dns.Msg) {
	reply, silent := a.answerDNS(request)
	if silent {
		return
	}
	if w.LocalAddr().Network() == "udp" {
		size := dns.MinMsgSize
		if opt := request.IsEdns0(); opt != nil {
			size = max(size, int(opt.UDPSize()))
		}
		reply.Truncate(size)
	}
	if err := w.WriteMsg(reply); err != nil {
		a.log.Warn("pretend name server could not answer", "error", err)
	}
}

// answerDNS is the answer to one question, and whether to keep silent instead.
func (a *Azure) answerDNS(request *dns.Msg) (reply *dns.Msg, silent bool) {
	reply = new(dns.Msg)
	reply.SetReply(request)
	// It plays the resolver and the domain's own name server in one: Gatehouse is pointed at it by DNS_RESOLVER.
	reply.Authoritative, reply.RecursionAvailable = true, true
	if opt := request.IsEdns0(); opt != nil {
		reply.SetEdns0(1232, false)
	}
	if request.Opcode != dns.OpcodeQuery || len(request.Question) != 1 || request.Question[0].Qclass != dns.ClassINET {
		reply.Rcode = dns.RcodeNotImplemented
		return reply, false
	}
	q := request.Question[0]
	a.mu.Lock()
	defer a.mu.Unlock()
	a.zones.answer(reply, q)
	silent = a.zones.silent
	said := inWords(reply)
	if silent {
		said = "no answer sent"
	}
	asked := question{at: a.now(), name: strings.ToLower(q.Name), kind: dns.TypeToString[q.Qtype], answer: said}
	a.zones.questions = append([]question{asked}, a.zones.questions...)
	if len(a.zones.questions) > maxQuestions {
		a.zones.questions = a.zones.questions[:maxQuestions]
	}
	return reply, silent
}

// answer fills a reply: records of the name and type, after following CNAMEs; nothing and the SOA for a name without such
// records; NXDOMAIN for a name or a whole zone that does not exist (RFC 2308 §2).
func (n *nameServer) answer(reply *dns.Msg, q dns.Question) {
	name := strings.ToLower(q.Name)
	for range maxCNAMEs {
		z := n.zoneOf(name)
		if z == nil {
			if len(reply.Answer) == 0 {
				reply.Rcode = dns.RcodeNameError
			}
			return
		}
		found, cname, exists := z.lookup(name, q.Qtype, n.serial)
		reply.Answer = append(reply.Answer, found...)
		switch {
		case cname != "":
			name = cname
			continue
		case len(found) == 0:
			reply.Ns = append(reply.Ns, z.soa(n.serial))
			if !exists {
				reply.Rcode = dns.RcodeNameError
			}
		}
		return
	}
}

// lookup finds the records of one name; cname is where to look next instead.
func (z *zone) lookup(name string, kind uint16, serial uint32) (found []dns.RR, cname string, exists bool) {
	records := z.records
	if name == z.name {
		exists = true
		switch kind {
		case dns.TypeSOA:
			return []dns.RR{z.soa(serial)}, "", true
		case dns.TypeNS:
			return []dns.RR{z.ns()}, "", true
		}
	}
	for _, r := range records {
		if r.Name != name {
			exists = exists || dns.IsSubDomain(name, r.Name) // an empty non-terminal exists too
			continue
		}
		exists = true
		rr := r.rr()
		if rr == nil {
			continue
		}
		if rr.Header().Rrtype == dns.TypeCNAME && kind != dns.TypeCNAME {
			// A CNAME hides everything else at its name.
			return []dns.RR{rr}, strings.ToLower(rr.(*dns.CNAME).Target), true
		}
		if rr.Header().Rrtype == kind {
			found = append(found, rr)
		}
	}
	return found, "", exists
}

func (z *zone) soa(serial uint32) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: z.name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: negativeTTL},
		Ns:  "ns1." + z.name, Mbox: "hostmaster." + z.name, Serial: serial,
		Refresh: 3600, Retry: 600, Expire: 604800, Minttl: negativeTTL,
	}
}

func (z *zone) ns() dns.RR {
	return &dns.NS{Hdr: dns.RR_Header{Name: z.name, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 3600}, Ns: "ns1." + z.name}
}

// inWords says what a reply says.
func inWords(m *dns.Msg) string {
	switch {
	case m.Rcode == dns.RcodeNameError:
		return "the name does not exist"
	case m.Rcode != dns.RcodeSuccess:
		return "refused"
	}
	if len(m.Answer) == 0 {
		return "the name has no such record"
	}
	kinds := make([]string, 0, len(m.Answer))
	for _, rr := range m.Answer {
		kinds = append(kinds, dns.TypeToString[rr.Header().Rrtype])
	}
	slices.Sort(kinds)
	return fmt.Sprintf("%d of %s", len(kinds), strings.Join(slices.Compact(kinds), ", "))
}
