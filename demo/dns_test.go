package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// resolver is the standard library's own resolver, pointed at pretend Azure.
func resolver(addr string) *net.Resolver {
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}}
}

func startDNS(t *testing.T, s *site) string {
	t.Helper()
	addr, stop, err := s.StartDNS()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return addr
}

func TestPublishedRecordsAreAnsweredOverRealPackets(t *testing.T) {
	s := newSite(t)
	r := resolver(startDNS(t, s))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()

	value := verifyPrefix + "k7Qm2vX9sT4hLw8PzR1c"
	if status, body := s.post(t, "/dns/records", url.Values{"zone": {"acme.com"}, "name": {"@"}, "value": {value}, "mistake": {mistakeNone}}); status != http.StatusSeeOther {
		t.Fatalf("publishing answered %d: %s", status, body)
	}
	values, err := r.LookupTXT(ctx, "acme.com")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(values, "|") != value+"|v=spf1 include:spf.example.net -all" {
		t.Errorf("got %q", values)
	}
	if hosts, err := r.LookupNS(ctx, "acme.com"); err != nil || len(hosts) != 1 || hosts[0].Host != "ns1.acme.com." {
		t.Errorf("NS: got %v, %v", hosts, err)
	}
	if hosts, err := r.LookupMX(ctx, "contoso.com"); err != nil || len(hosts) != 1 || hosts[0].Pref != 10 {
		t.Errorf("MX: got %v, %v", hosts, err)
	}
	if target, err := r.LookupCNAME(ctx, "www.acme.com"); err != nil || target != "acme.com." {
		t.Errorf("CNAME: got %q, %v", target, err)
	}
	for _, name := range []string{"nothing.acme.com", "globex.com"} {
		var dnsErr *net.DNSError
		if _, err := r.LookupTXT(ctx, name); !errors.As(err, &dnsErr) || !dnsErr.IsNotFound {
			t.Errorf("%s: expected not found, got %v", name, err)
		}
	}
	if _, body := s.get(t, "/dns"); !strings.Contains(body, "TXT globex.com.") {
		t.Error("the page must show what was asked")
	}

	id := s.zones.zones[0].records[0].ID
	s.post(t, "/dns/records/remove", url.Values{"zone": {"acme.com"}, "id": {id}})
	if values, err := r.LookupTXT(ctx, "acme.com"); err != nil || len(values) != 1 {
		t.Errorf("after removal: got %q, %v", values, err)
	}
}

func TestAnswersHaveTheRightCodesAndFlags(t *testing.T) {
	s := newSite(t)
	long := strings.Repeat("0123456789", 60)
	for _, value := range []string{long, long + "x", long + "y", `with "quotes" and \ backslash`} {
		if err := s.zones.publish("acme.com", "long", "TXT", value); err != nil {
			t.Fatal(err)
		}
	}
	addr := startDNS(t, s)
	for _, tc := range []struct {
		name     string
		question string
		kind     uint16
		network  string
		wantCode int
		answers  int
		wantSOA  bool
		wantTC   bool
	}{
		{"a record", "acme.com.", dns.TypeTXT, "udp", dns.RcodeSuccess, 1, false, false},
		{"a name in capitals", "ACME.com.", dns.TypeTXT, "udp", dns.RcodeSuccess, 1, false, false},
		{"no such type", "acme.com.", dns.TypeAAAA, "udp", dns.RcodeSuccess, 0, true, false},
		{"no such name", "x.acme.com.", dns.TypeTXT, "udp", dns.RcodeNameError, 0, true, false},
		{"no such zone", "globex.com.", dns.TypeTXT, "udp", dns.RcodeNameError, 0, false, false},
		{"start of authority", "acme.com.", dns.TypeSOA, "udp", dns.RcodeSuccess, 1, false, false},
		{"a CNAME and what it points to", "www.acme.com.", dns.TypeTXT, "udp", dns.RcodeSuccess, 2, false, false},
		{"too much for a packet", "long.acme.com.", dns.TypeTXT, "udp", dns.RcodeSuccess, -1, false, true},
		{"the same over TCP", "long.acme.com.", dns.TypeTXT, "tcp", dns.RcodeSuccess, 4, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := new(dns.Msg)
			m.SetQuestion(tc.question, tc.kind)
			reply, _, err := (&dns.Client{Net: tc.network, Timeout: 5 * time.Second}).Exchange(m, addr)
			if err != nil {
				t.Fatal(err)
			}
			if reply.Rcode != tc.wantCode || tc.answers >= 0 && len(reply.Answer) != tc.answers || reply.Truncated != tc.wantTC {
				t.Errorf("got %s", reply)
			}
			if got := len(reply.Ns) == 1; got != tc.wantSOA {
				t.Errorf("SOA in the authority section: expected %v, got %s", tc.wantSOA, reply)
			}
			if !reply.Authoritative || !reply.RecursionAvailable {
				t.Error("it plays name server and resolver in one")
			}
		})
	}
	values, err := resolver(addr).LookupTXT(t.Context(), "long.acme.com")
	if err != nil || len(values) != 4 {
		t.Fatalf("got %d values, %v", len(values), err)
	}
	found := false
	for _, v := range values {
		found = found || v == `with "quotes" and \ backslash`
	}
	if !found {
		t.Errorf("quotes and backslashes must arrive as they were published: %q", values)
	}
}

func TestUsualMistakesCanBeMade(t *testing.T) {
	value := verifyPrefix + "token"
	for _, tc := range []struct {
		mistake string
		ask     string
		want    string // the first value, or empty for not found
	}{
		{mistakeDoubled, "acme.com.acme.com", value},
		{mistakeQuotes, "acme.com", `"` + value + `"`},
		{mistakeToken, "acme.com", verifyPrefix + anotherToken},
		{mistakeCNAME, "acme.com", ""},
		{mistakeNoZone, "acme.com", ""},
	} {
		t.Run(tc.mistake, func(t *testing.T) {
			s := newSite(t)
			r := resolver(startDNS(t, s))
			if status, body := s.post(t, "/dns/records", url.Values{"zone": {"acme.com"}, "name": {"@"}, "value": {value}, "mistake": {tc.mistake}}); status != http.StatusSeeOther {
				t.Fatalf("answered %d: %s", status, body)
			}
			values, err := r.LookupTXT(t.Context(), tc.ask)
			if tc.want == "" {
				if len(values) > 0 {
					t.Errorf("expected nothing, got %q", values)
				}
			} else if err != nil || values[0] != tc.want {
				t.Errorf("expected %q, got %q, %v", tc.want, values, err)
			}
		})
	}
	t.Run(mistakeSilent, func(t *testing.T) {
		s := newSite(t)
		addr := startDNS(t, s)
		s.post(t, "/dns/records", url.Values{"zone": {"acme.com"}, "name": {"@"}, "value": {value}, "mistake": {mistakeSilent}})
		m := new(dns.Msg)
		m.SetQuestion("acme.com.", dns.TypeTXT)
		client := &dns.Client{Timeout: 200 * time.Millisecond}
		if _, _, err := client.Exchange(m, addr); err == nil {
			t.Error("expected no answer")
		}
		s.post(t, "/dns/answer", url.Values{"zone": {"acme.com"}})
		if _, _, err := client.Exchange(m, addr); err != nil {
			t.Errorf("expected an answer again, got %v", err)
		}
	})
}

func TestDNSFormsComeBackWithWhatWasTyped(t *testing.T) {
	s := newSite(t)
	if status, body := s.post(t, "/dns/records", url.Values{"zone": {"acme.com"}, "name": {"two words"}, "value": {"some value"}, "mistake": {mistakeNone}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `value="some value"`) {
		t.Errorf("expected 422 with the value, got %d", status)
	}
	if status, body := s.post(t, "/dns/zones", url.Values{"domain": {"no domain"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `value="no domain"`) {
		t.Errorf("expected 422 with the domain, got %d", status)
	}
	if _, body := s.post(t, "/dns/zones", url.Values{"domain": {"globex.com"}}); !strings.Contains(body, "<h1>globex.com</h1>") {
		t.Error("expected the new zone's page")
	}
}
