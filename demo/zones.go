package demo

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	recordTTL    = 60 // seconds, of what is published here
	negativeTTL  = 5  // seconds that a resolver may remember "nothing there"
	maxTXTValue  = 2048
	maxRecords   = 200
	maxZones     = 20
	maxQuestions = 20 // remembered for the page
)

// nameServer is the zones and what was asked lately.
type nameServer struct {
	zones     []zone
	questions []question // newest first
	silent    bool       // does not answer at all: a usual mistake to look at
	serial    uint32
}

// zone is one domain that the name server answers for. Names are lower case and end in a dot.
type zone struct {
	name    string
	records []record
}

// record is one line of a zone, beside SOA and NS, which every zone has.
type record struct {
	ID    string
	Name  string // lower case, ends in a dot
	Type  string // TXT, MX, A, CNAME
	Value string
	TTL   uint32 // seconds
}

// question is one packet that came in.
type question struct {
	at     time.Time
	name   string
	kind   string
	answer string // in words
}

func seedZones(now time.Time) nameServer {
	n := nameServer{serial: uint32(now.Unix())}
	for _, domain := range []string{"acme.com", "contoso.com"} {
		n.zones = append(n.zones, newZone(domain))
	}
	n.zones[0].records = append(n.zones[0].records, record{ID: newGUID(), Name: "www.acme.com.", Type: "CNAME", Value: "acme.com.", TTL: 3600})
	return n
}

// newZone is a domain as registrars deliver it: mail and an SPF record.
func newZone(domain string) zone {
	fqdn := dns.Fqdn(domain)
	return zone{name: fqdn, records: []record{
		{ID: newGUID(), Name: fqdn, Type: "TXT", Value: "v=spf1 include:spf.example.net -all", TTL: 3600},
		{ID: newGUID(), Name: fqdn, Type: "MX", Value: "10 mail." + fqdn, TTL: 3600},
		{ID: newGUID(), Name: fqdn, Type: "A", Value: "127.0.0.1", TTL: 3600},
		{ID: newGUID(), Name: "mail." + fqdn, Type: "A", Value: "127.0.0.1", TTL: 3600},
		{ID: newGUID(), Name: "ns1." + fqdn, Type: "A", Value: "127.0.0.1", TTL: 3600},
	}}
}

func (n *nameServer) clone() nameServer {
	c := *n
	c.questions = slices.Clone(n.questions)
	c.zones = slices.Clone(n.zones)
	for i := range c.zones {
		c.zones[i].records = slices.Clone(c.zones[i].records)
	}
	return c
}

// zoneOf is the zone that a name is in, or nil.
func (n *nameServer) zoneOf(name string) *zone {
	for i := range n.zones {
		if dns.IsSubDomain(n.zones[i].name, name) {
			return &n.zones[i]
		}
	}
	return nil
}

// zone finds a zone by its name without the dot.
func (n *nameServer) zone(domain string) *zone {
	for i := range n.zones {
		if n.zones[i].name == dns.Fqdn(strings.ToLower(domain)) {
			return &n.zones[i]
		}
	}
	return nil
}

// addZone begins a new domain.
func (n *nameServer) addZone(domain string) error {
	domain = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(domain), "."))
	if _, ok := dns.IsDomainName(domain); !ok || !strings.Contains(domain, ".") || strings.ContainsAny(domain, " /@:\\\"") || len(domain) > 200 {
		return errors.New("enter a domain such as example.com")
	}
	if n.zoneOf(dns.Fqdn(domain)) != nil {
		return fmt.Errorf("%s is here already, or is inside a domain that is", domain)
	}
	if len(n.zones) >= maxZones {
		return errors.New("there are twenty domains already; reset one first")
	}
	n.zones = append(n.zones, newZone(domain))
	return nil
}

// publish adds a record to a zone. The name is relative: "@", "" or the zone's own name mean the domain itself.
func (n *nameServer) publish(domain, name, kind, value string) error {
	z := n.zone(domain)
	if z == nil {
		return errors.New("that domain is no longer here")
	}
	fqdn, err := z.absolute(name)
	if err != nil {
		return err
	}
	if value == "" || len(value) > maxTXTValue {
		return errors.New("enter a value of at most 2048 characters, as Gatehouse shows it")
	}
	if len(z.records) >= maxRecords {
		return errors.New("there are too many records here; remove some first")
	}
	for _, r := range z.records {
		if r.Name == fqdn && r.Type == kind && r.Value == value {
			return errors.New("this record is published already")
		}
	}
	z.records = append([]record{{ID: newGUID(), Name: fqdn, Type: kind, Value: value, TTL: recordTTL}}, z.records...)
	n.serial++
	return nil
}

// absolute turns a relative name into a full one.
func (z *zone) absolute(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	switch {
	case name == "" || name == "@":
		return z.name, nil
	case strings.HasSuffix(name, "."):
		if !dns.IsSubDomain(z.name, name) {
			return "", fmt.Errorf("%s is not inside %s", name, strings.TrimSuffix(z.name, "."))
		}
		return name, nil
	}
	if _, ok := dns.IsDomainName(name); !ok || strings.ContainsAny(name, " /@:\\\"") || len(name)+len(z.name) > 250 {
		return "", errors.New("enter @ for the domain itself, or a name such as _verify")
	}
	// Panels append the domain to whatever was typed, the domain itself included: that is how acme.com.acme.com comes about.
	return name + "." + z.name, nil
}

// remove takes a record away.
func (n *nameServer) remove(id string) (record, bool) {
	for i := range n.zones {
		z := &n.zones[i]
		for j, r := range z.records {
			if r.ID == id {
				z.records = slices.Delete(z.records, j, j+1)
				n.serial++
				return r, true
			}
		}
	}
	return record{}, false
}

// rr is the record in wire form, or nil when its value cannot be one.
func (r record) rr() dns.RR {
	header := func(kind uint16) dns.RR_Header {
		return dns.RR_Header{Name: r.Name, Rrtype: kind, Class: dns.ClassINET, Ttl: r.TTL}
	}
	switch r.Type {
	case "TXT":
		return &dns.TXT{Hdr: header(dns.TypeTXT), Txt: chunks(r.Value)}
	case "MX":
		preference, host, _ := strings.Cut(r.Value, " ")
		n, err := strconv.ParseUint(preference, 10, 16)
		if err != nil {
			return nil
		}
		return &dns.MX{Hdr: header(dns.TypeMX), Preference: uint16(n), Mx: host}
	case "CNAME":
		return &dns.CNAME{Hdr: header(dns.TypeCNAME), Target: dns.Fqdn(r.Value)}
	case "A":
		rr, err := dns.NewRR(fmt.Sprintf("%s %d IN A %s", r.Name, r.TTL, r.Value))
		if err != nil {
			return nil
		}
		return rr
	}
	return nil
}

// chunks cuts a value into character strings of at most 255 bytes (RFC 1035 §3.3.14), escaped as the library wants them.
func chunks(value string) []string {
	var list []string
	for len(value) > 255 {
		list = append(list, escapeTXT(value[:255]))
		value = value[255:]
	}
	return append(list, escapeTXT(value))
}

// escapeTXT keeps backslashes, quotes and bytes outside of ASCII as they are: the library reads presentation format.
func escapeTXT(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, "\\%03d", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
