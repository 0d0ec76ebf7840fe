package domains

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

const resolverZone = `
acme.com. 60 IN SOA ns1.acme.com. admin.acme.com. 1 60 60 60 5
acme.com. 60 IN NS NS1.acme.com.
acme.com. 60 IN TXT "first " "and second chunk"
acme.com. 60 IN TXT "v=spf1 -all"
ns1.acme.com. 60 IN A 127.0.0.1
shop.acme.com. 60 IN CNAME elsewhere.example.
elsewhere.example. 60 IN TXT "gatehouse-domain-verify=token"
`

func TestResolverAnswers(t *testing.T) {
	server := newDNS(t, "127.0.0.1", resolverZone)
	server.fail["broken.acme.com."] = dns.RcodeServerFailure
	d := server.resolver(t)
	ctx := t.Context()

	t.Run("the strings of one TXT record are joined", func(t *testing.T) {
		got, err := d.TXT(ctx, "acme.com")
		if err != nil || !slices.Equal(got, []string{"first and second chunk", "v=spf1 -all"}) {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("a name without TXT records gives none and no error", func(t *testing.T) {
		if got, err := d.TXT(ctx, "ns1.acme.com"); err != nil || len(got) != 0 {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("a name that does not exist is told apart", func(t *testing.T) {
		if _, err := d.TXT(ctx, "nowhere.example"); !errors.Is(err, ErrNoSuchName) {
			t.Errorf("TXT: %v", err)
		}
		if _, err := d.NS(ctx, "nowhere.example"); !errors.Is(err, ErrNoSuchName) {
			t.Errorf("NS: %v", err)
		}
		if _, err := d.CNAME(ctx, "nowhere.example"); !errors.Is(err, ErrNoSuchName) {
			t.Errorf("CNAME: %v", err)
		}
	})
	t.Run("a failure of the server is an error", func(t *testing.T) {
		for name, ask := range map[string]func() error{
			"TXT":   func() error { _, err := d.TXT(ctx, "broken.acme.com"); return err },
			"NS":    func() error { _, err := d.NS(ctx, "broken.acme.com"); return err },
			"CNAME": func() error { _, err := d.CNAME(ctx, "broken.acme.com"); return err },
		} {
			if err := ask(); err == nil || errors.Is(err, ErrNoSuchName) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("name servers come in lower case without the dot", func(t *testing.T) {
		if got, err := d.NS(ctx, "acme.com"); err != nil || !slices.Equal(got, []string{"ns1.acme.com"}) {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := d.NS(ctx, "ns1.acme.com"); err != nil || len(got) != 0 {
			t.Errorf("no zone begins there: %q, %v", got, err)
		}
	})
	t.Run("an alias is seen at its own name only", func(t *testing.T) {
		if got, err := d.CNAME(ctx, "shop.acme.com"); err != nil || got != "elsewhere.example" {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := d.CNAME(ctx, "elsewhere.example"); err != nil || got != "" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("a name server of the domain is asked itself", func(t *testing.T) {
		if got, err := d.TXTAt(ctx, "ns1.acme.com", "acme.com"); err != nil || len(got) != 2 {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := d.TXTAt(ctx, "nowhere.example", "acme.com"); err == nil {
			t.Errorf("a name server without address answered %q", got)
		}
	})
}

func TestALongAnswerComesOverTCP(t *testing.T) {
	var zone strings.Builder
	for range 40 {
		zone.WriteString("acme.com. 60 IN TXT \"" + strings.Repeat("x", 200) + "\"\n")
	}
	server := newDNS(t, "127.0.0.1", zone.String())
	got, err := server.resolver(t).TXT(t.Context(), "acme.com")
	if err != nil || len(got) != 40 {
		t.Errorf("%d values, %v", len(got), err)
	}
}

func TestNameServersInsideOurNetworkAreNotAsked(t *testing.T) {
	for ip, want := range map[string]bool{
		"9.9.9.9": true, "2620:fe::fe": true,
		"127.0.0.1": false, "10.0.0.1": false, "192.168.0.1": false, "169.254.169.254": false, "::1": false,
		"fe80::1": false, "fd00::1": false, "0.0.0.0": false, "224.0.0.1": false, "::ffff:10.0.0.1": false,
		"0.1.2.3": false, "100.100.2.136": false, "100.128.0.1": true, "198.18.0.1": false, "240.0.0.1": false,
		"::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b:1::a00:1": false, "2002:a00:1::1": false, "2001::1": false, "2001:500:1::53": true,
	} {
		if _, ok := publicAuthority(netip.MustParseAddr(ip)); ok != want {
			t.Errorf("%s asked: %v, want %v", ip, ok, want)
		}
	}
}

func TestTheSystemsResolverIsFoundWithoutAsking(t *testing.T) {
	servers := NewDNS("").servers(t.Context())
	if len(servers) == 0 {
		t.Fatal("no server found")
	}
	for _, server := range servers {
		if _, err := netip.ParseAddrPort(server); err != nil {
			t.Errorf("%q is not an address with a port", server)
		}
	}
}
