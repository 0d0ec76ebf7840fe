package domains

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/miekg/dns"
)

const (
	token = "abcdefghijklmnopqrstuvwxyz234567"
	soa   = "acme.com. 60 IN SOA ns1.acme.com. admin.acme.com. 1 60 60 60 5\n"
)

func TestVerifySaysWhatItFound(t *testing.T) {
	tests := []struct {
		name     string
		domain   string // acme.com if empty
		zone     string
		arrange  func(*fakeDNS)
		want     string
		sentence string // a part of it
		seen     []string
	}{
		{
			name: "the record is there",
			zone: `acme.com. IN TXT "gatehouse-domain-verify=` + token + `"`,
			want: ReasonVerified, sentence: "in place", seen: []string{"gatehouse-domain-verify=" + token},
		},
		{
			name: "the record is there among others, ours shown first",
			zone: "acme.com. IN TXT \"v=spf1 -all\"\nacme.com. IN TXT \"gatehouse-domain-verify=" + token + "\"",
			want: ReasonVerified, sentence: "in place", seen: []string{"gatehouse-domain-verify=" + token, "v=spf1 -all"},
		},
		{
			name: "the bare token is enough",
			zone: `acme.com. IN TXT "` + token + `"`,
			want: ReasonVerified, sentence: "in place",
		},
		{
			name: "a value in several strings is one value",
			zone: `acme.com. IN TXT "gatehouse-domain-" "verify=` + token[:10] + `" "` + token[10:] + `"`,
			want: ReasonVerified, sentence: "in place",
		},
		{
			name: "the prefix in capitals is still ours",
			zone: `acme.com. IN TXT "Gatehouse-Domain-Verify=` + token + `"`,
			want: ReasonVerified, sentence: "in place",
		},
		{
			name: "ours beside one made for another organization",
			zone: "acme.com. IN TXT \"gatehouse-domain-verify=other\"\nacme.com. IN TXT \"gatehouse-domain-verify=" + token + "\"",
			want: ReasonVerified, sentence: "in place",
		},
		{
			name: "nothing at all", zone: `acme.com. IN A 127.0.0.1`,
			want: ReasonNothingFound, sentence: "There is no TXT record at acme.com yet. Add one with the name @ and the value gatehouse-domain-verify=" + token,
		},
		{
			name: "other records only", zone: "acme.com. IN TXT \"v=spf1 -all\"\nacme.com. IN TXT \"x\"",
			want: ReasonNothingFound, sentence: "ours is not among them", seen: []string{"v=spf1 -all", "x"},
		},
		{
			name: "nothing, at a DNS host that we know", zone: "acme.com. IN NS ada.ns.cloudflare.com.",
			want: ReasonNothingFound, sentence: "Your DNS is at Cloudflare: DNS → Records → Add record.",
		},
		{
			name: "nothing, at a host whose name field stays empty", zone: "acme.com. IN NS ns-1.awsdns-00.com.",
			want: ReasonNothingFound, sentence: "the name left empty and the value gatehouse-domain-verify=" + token + "; it can take an hour to be seen. Your DNS is at Amazon Route 53: Hosted zones → your domain → Create record. Put the value in double quotes there.",
		},
		{
			name: "the panel added the domain", zone: soa + `acme.com.acme.com. IN TXT "gatehouse-domain-verify=` + token + `"`,
			want: ReasonDoubledName, sentence: "found at acme.com.acme.com", seen: []string{"gatehouse-domain-verify=" + token},
		},
		{
			name: "the panel added the domain to a subdomain", domain: "eu.acme.com",
			zone: soa + `eu.acme.com.acme.com. IN TXT "gatehouse-domain-verify=` + token + `"`,
			want: ReasonDoubledName, sentence: "Change the record's name to eu.",
		},
		{
			name: "our prefix with another token", zone: `acme.com. IN TXT "gatehouse-domain-verify=fromanotherclaim"`,
			want: ReasonOtherToken, sentence: "another token", seen: []string{"gatehouse-domain-verify=fromanotherclaim"},
		},
		{
			name: "quotes in the value", zone: `acme.com. IN TXT "\"gatehouse-domain-verify=` + token + `\""`,
			want: ReasonQuotesOrSpaces, sentence: "quotes or spaces", seen: []string{`"gatehouse-domain-verify=` + token + `"`},
		},
		{
			name: "a space in the value", zone: `acme.com. IN TXT "gatehouse-domain-verify= ` + token + `"`,
			want: ReasonQuotesOrSpaces, sentence: "nothing before, after or inside",
		},
		{
			name: "a bare token with a space behind it", zone: `acme.com. IN TXT "` + token + ` "`,
			want: ReasonQuotesOrSpaces, sentence: "quotes or spaces",
		},
		{
			name: "an alias hides everything", domain: "eu.acme.com",
			zone: soa + "eu.acme.com. IN CNAME hoster.example.\nhoster.example. IN A 127.0.0.1",
			want: ReasonHiddenByCNAME, sentence: "alias (CNAME) of hoster.example",
		},
		{
			name: "the target of an alias cannot speak for the domain", domain: "eu.acme.com",
			zone: soa + "eu.acme.com. IN CNAME hoster.example.\nhoster.example. IN TXT \"gatehouse-domain-verify=" + token + "\"",
			want: ReasonHiddenByCNAME, sentence: "alias (CNAME) of hoster.example",
		},
		{
			name: "the domain is not registered", zone: "other.example. IN A 127.0.0.1",
			want: ReasonNoSuchZone, sentence: "does not exist in DNS",
		},
		{
			name: "a subdomain without records in a zone that exists", domain: "eu.acme.com", zone: soa + "acme.com. IN NS ns1.acme.com.",
			want: ReasonNothingFound, sentence: "name eu and the value",
		},
		{
			name: "the resolver reports a failure", zone: soa, arrange: func(f *fakeDNS) { f.fail["acme.com."] = dns.RcodeServerFailure },
			want: ReasonResolverNoAnswer, sentence: "could not get an answer",
		},
		{
			name: "the resolver refuses", zone: soa, arrange: func(f *fakeDNS) { f.fail["acme.com."] = dns.RcodeRefused },
			want: ReasonResolverNoAnswer, sentence: "could not get an answer",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newDNS(t, "127.0.0.1", test.zone)
			if test.arrange != nil {
				test.arrange(server)
			}
			domain := test.domain
			if domain == "" {
				domain = "acme.com"
			}
			got := Verify(t.Context(), server.resolver(t), domain, token)
			if got.Reason != test.want || got.Verified != (test.want == ReasonVerified) {
				t.Fatalf("got %+v, want %s", got, test.want)
			}
			if !strings.Contains(got.Sentence, test.sentence) {
				t.Errorf("got sentence %q, want something with %q", got.Sentence, test.sentence)
			}
			if test.seen != nil && !slices.Equal(got.Seen, test.seen) {
				t.Errorf("got seen %q, want %q", got.Seen, test.seen)
			}
		})
	}
}

func TestNameServersOfTheDomainAreCompared(t *testing.T) {
	const with = "acme.com. IN TXT \"gatehouse-domain-verify=" + token + "\"\n"
	zone := soa + "acme.com. IN NS ns1.acme.com.\nacme.com. IN NS ns2.acme.com.\n" +
		"ns1.acme.com. IN A 127.0.0.2\nns2.acme.com. IN A 127.0.0.3\n"
	tests := []struct{ name, first, second, want, sentence string }{
		{"one has the record, the other not", with, soa, ReasonServersDisagree, "ns1.acme.com already has the record, ns2.acme.com does not"},
		{"both have it and the resolver remembers", with, with, ReasonServersDisagree, "our resolver still remembers"},
		{"neither has it", soa, soa, ReasonNothingFound, "no TXT record"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resolver := newDNS(t, "127.0.0.1", zone)
			first, second := newDNS(t, "127.0.0.2", test.first), newDNS(t, "127.0.0.3", test.second)
			got := Verify(t.Context(), resolver.resolver(t, first, second), "acme.com", token)
			if got.Reason != test.want || got.Verified || !strings.Contains(got.Sentence, test.sentence) {
				t.Errorf("got %+v, want %s with %q", got, test.want, test.sentence)
			}
			if !slices.Equal(got.Nameservers, []string{"ns1.acme.com", "ns2.acme.com"}) {
				t.Errorf("name servers %q", got.Nameservers)
			}
		})
	}
}

func TestASilentResolverEndsInTime(t *testing.T) {
	server := newDNS(t, "127.0.0.1", soa)
	server.silent["acme.com."] = true
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	got := Verify(ctx, server.resolver(t), "acme.com", token)
	if got.Reason != ReasonResolverNoAnswer || time.Since(begun) > 2*time.Second {
		t.Errorf("%+v after %v", got, time.Since(begun))
	}
}

func TestNobodyListeningIsNoAnswer(t *testing.T) {
	if got := Verify(t.Context(), NewDNS("127.0.0.1:1"), "acme.com", token); got.Reason != ReasonResolverNoAnswer {
		t.Errorf("%+v", got)
	}
}

func TestValuesFromTheNetworkAreLimitedAndPrintable(t *testing.T) {
	c := check{token: token}
	values := []string{"a\x00b\x1b[31m\xff", strings.Repeat("ä", 1000)}
	for range 1000 {
		values = append(values, "more")
	}
	_, seen := c.look(values)
	if len(seen) != maxSeen {
		t.Errorf("%d values shown", len(seen))
	}
	for _, value := range seen {
		if !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\x1b") || utf8.RuneCountInString(value) > maxSeenLength+1 {
			t.Errorf("%q", value)
		}
	}
	if best, _ := c.look(append(values, token)); best != matchNone {
		t.Error("more values were compared than the limit says")
	}
}

func TestNoTokenMatchesNothing(t *testing.T) {
	for _, value := range []string{"", "gatehouse-domain-verify=", " "} {
		if found := compare(value, ""); found != matchNone {
			t.Errorf("%q matches an empty token", value)
		}
	}
}

func TestChecksComeAtGrowingIntervals(t *testing.T) {
	since := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	tests := []struct{ after, next time.Duration }{
		{-time.Minute, 0},
		{0, time.Minute},
		{time.Minute, 2 * time.Minute},
		{90 * time.Second, 2 * time.Minute},
		{2 * time.Minute, 5 * time.Minute},
		{5 * time.Minute, 10 * time.Minute},
		{10 * time.Minute, 30 * time.Minute},
		{30 * time.Minute, time.Hour},
		{time.Hour, 2 * time.Hour},
		{70*time.Hour + 59*time.Minute, 71 * time.Hour},
		{71 * time.Hour, 72 * time.Hour},
		{72 * time.Hour, 96 * time.Hour},
		{100 * 24 * time.Hour, 101 * 24 * time.Hour},
	}
	for _, test := range tests {
		if got := NextCheck(since, since.Add(test.after)); !got.Equal(since.Add(test.next)) {
			t.Errorf("after %v: next at %v, want %v", test.after, got.Sub(since), test.next)
		}
	}
}

func TestDNSHostsAreRecognised(t *testing.T) {
	for server, want := range map[string]string{
		"ada.ns.cloudflare.com": "Cloudflare", "ns-2048.awsdns-64.com": "Amazon Route 53", "ns1-07.azure-dns.com.": "Azure DNS",
		"NS57.domaincontrol.com": "GoDaddy", "ns-cloud-a1.googledomains.com": "Google Cloud DNS", "dns1.registrar-servers.com": "Namecheap",
		"ns1.acme.com": "", "cloudflare.com.evil.example": "",
	} {
		if got := HostOf([]string{server}).Name; got != want {
			t.Errorf("%s: %q, want %q", server, got, want)
		}
	}
}
