package domains

import (
	"errors"
	"strings"
	"testing"
)

func TestNormalizeCleansWhatAdminsPaste(t *testing.T) {
	tests := []struct{ name, input, want, note string }{
		{"a plain domain", "acme.com", "acme.com", ""},
		{"capitals are not worth a note", "Acme.COM", "acme.com", ""},
		{"the address of the website", "https://www.Acme.com/", "acme.com", "We made acme.com of “https://www.Acme.com/”."},
		{"path, parameters and port", "http://acme.com:8080/a/b?c=d#e", "acme.com", "We made"},
		{"an e-mail address", "ana@acme.com", "acme.com", "We made"},
		{"an e-mail address in angle brackets", "<ana@acme.com>", "acme.com", "We made"},
		{"only the end of an e-mail address", "@acme.com", "acme.com", "We made"},
		{"user and password in an address", "https://u:p@acme.com", "acme.com", "We made"},
		{"the final dot", "acme.com.", "acme.com", "We made"},
		{"a wildcard", "*.acme.com", "acme.com", "We made"},
		{"quotes and spaces", "  \"acme.com\" ", "acme.com", "We made"},
		{"a subdomain stays", "eu.acme.co.uk", "eu.acme.co.uk", ""},
		{"www as a registered name stays", "www.com", "www.com", ""},
		{"www under a public suffix stays", "www.co.uk", "www.co.uk", ""},
		{"letters outside ASCII", "bücher.example", "xn--bcher-kva.example", "In DNS, bücher.example is written xn--bcher-kva.example."},
		{"letters outside ASCII in an address", "https://Bücher.example/", "xn--bcher-kva.example", "We made"},
		{"sharp s is kept", "straße.example", "xn--strae-oqa.example", "In DNS, straße.example"},
		{"full-width letters and dots", "ａｃｍｅ．ｃｏｍ", "acme.com", "We made"},
		{"a name only known inside a company", "acme.corp", "acme.corp", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			domain, note, err := Normalize(test.input)
			if err != nil || domain != test.want || !strings.HasPrefix(note, test.note) || (note == "") != (test.note == "") {
				t.Errorf("Normalize(%q) = %q, %q, %v; want %q, %q…", test.input, domain, note, err, test.want, test.note)
			}
			again, _, err := Normalize(domain)
			if err != nil || again != domain {
				t.Errorf("a second time: %q, %v", again, err)
			}
		})
	}
}

func TestNormalizeRefusesWithTheReason(t *testing.T) {
	long := strings.Repeat("a.", 130) + "com"
	tests := []struct{ name, input, reason, message string }{
		{"nothing", "  ", RefusedEmpty, "for example acme.com"},
		{"only a scheme", "https://", RefusedInvalid, "no domain name"},
		{"a space inside", "acme com.org", RefusedInvalid, "letters, digits and hyphens"},
		{"an underscore", "_dmarc.acme.com", RefusedInvalid, "letters, digits and hyphens"},
		{"a hyphen first", "-acme.com", RefusedInvalid, "letters, digits and hyphens"},
		{"two dots", "acme..com", RefusedInvalid, "letters, digits and hyphens"},
		{"broken xn--", "xn--a.com", RefusedInvalid, "letters, digits and hyphens"},
		{"an IPv4 address", "http://192.168.1.1/", RefusedIP, "192.168.1.1 is an IP address"},
		{"an IPv4 address with a port", "192.168.1.1:443", RefusedIP, "IP address"},
		{"an IPv6 address", "[2001:db8::1]", RefusedIP, "2001:db8::1 is an IP address"},
		{"an IPv4 address in full-width digits", "１.２.３.４", RefusedIP, "IP address"},
		{"no dot", "localhost", RefusedSingleLabel, "has no dot"},
		{"a top-level domain", "com", RefusedSingleLabel, "has no dot"},
		{"too long in all", long, RefusedTooLong, "253"},
		{"one label too long", strings.Repeat("a", 64) + ".com", RefusedTooLong, "63"},
		{"a whole page", strings.Repeat("a", 2000), RefusedTooLong, "longer than a domain"},
		{"a public suffix", "co.uk", RefusedPublicSuffix, "acme.co.uk"},
		{"a private public suffix", "github.io", RefusedPublicSuffix, "anyone can register"},
		{"a suffix of a cloud", "azurewebsites.net", RefusedPublicSuffix, "anyone can register"},
		{"Gmail", "GMail.com", RefusedMailProvider, "gmail.com is a public mail provider"},
		{"a Gmail address", "ana@gmail.com", RefusedMailProvider, "own domain"},
		{"below a mail provider", "mail.yahoo.co.uk", RefusedMailProvider, "yahoo.co.uk"},
		{"a tenant's first domain", "acme.onmicrosoft.com", RefusedOnMicrosoft, "belongs to Microsoft"},
		{"a tenant's mail domain", "acme.mail.onmicrosoft.com", RefusedOnMicrosoft, "own e-mail addresses"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			domain, _, err := Normalize(test.input)
			var refused *RefusedError
			if !errors.As(err, &refused) || domain != "" {
				t.Fatalf("Normalize(%q) = %q, %v; want a refusal", test.input, domain, err)
			}
			if refused.Reason != test.reason || !strings.Contains(refused.Message, test.message) {
				t.Errorf("Normalize(%q): %s: %s; want %s with %q", test.input, refused.Reason, refused.Message, test.reason, test.message)
			}
		})
	}
}

func TestMailProvidersAreNormalized(t *testing.T) {
	seen := map[string]bool{}
	for _, provider := range mailProviders() {
		if ascii, err := toASCII(provider); err != nil || ascii != provider || seen[provider] {
			t.Errorf("%q is written wrongly or twice", provider)
		}
		seen[provider] = true
	}
	if len(seen) < 60 {
		t.Errorf("only %d mail providers", len(seen))
	}
}

func TestRecordNamesTheFieldsOfADNSPanel(t *testing.T) {
	for domain, short := range map[string]string{
		"acme.com": "@", "acme.co.uk": "@", "eu.acme.com": "eu", "a.b.acme.co.uk": "a.b", "acme.corp": "@",
	} {
		record := NewRecord(domain, "tok")
		if record != (Record{"TXT", domain, short, "gatehouse-domain-verify=tok"}) {
			t.Errorf("%s: %+v", domain, record)
		}
	}
}

func TestTokensAreLongAndDifferent(t *testing.T) {
	one, other := NewToken(), NewToken()
	if len(one) != 32 || one == other || strings.Trim(one, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("%s, %s", one, other)
	}
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"https://www.Acme.com/", "ana@acme.com", "[::1]:8", "bücher.example", "*.", "xn--", "..", "acme.com."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		domain, _, err := Normalize(input)
		if err != nil {
			return
		}
		if again, _, err := Normalize(domain); err != nil || again != domain {
			t.Errorf("%q gives %q, which gives %q, %v", input, domain, again, err)
		}
		if len(domain) > maxDomain || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
			t.Errorf("%q gives %q", input, domain)
		}
	})
}
