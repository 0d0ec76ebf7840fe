package fetch

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	for _, test := range []struct {
		address string
		want    bool
	}{
		{"20.190.128.1:443", true},
		{"[2603:1006:2000::1]:443", true},
		{"[::ffff:20.190.128.1]:443", true},
		{"20.190.128.1:80", false},
		{"20.190.128.1:22", false},
		{"127.0.0.1:443", false},
		{"127.8.9.10:443", false},
		{"0.0.0.0:443", false},
		{"10.1.2.3:443", false},
		{"172.31.0.1:443", false},
		{"192.168.1.1:443", false},
		{"100.100.100.200:443", false},
		{"169.254.169.254:443", false},
		{"192.0.0.192:443", false},
		{"198.18.0.1:443", false},
		{"224.0.0.1:443", false},
		{"255.255.255.255:443", false},
		{"[::1]:443", false},
		{"[::]:443", false},
		{"[::ffff:10.0.0.1]:443", false},
		{"[::ffff:169.254.169.254]:443", false},
		{"[fe80::1%eth0]:443", false},
		{"[fc00::1]:443", false},
		{"[fd00:ec2::254]:443", false},
		{"[fec0::1]:443", false},
		{"[ff02::1]:443", false},
		{"[64:ff9b::a9fe:a9fe]:443", false},
		{"[64:ff9b:1::1]:443", false},
		{"[2002:a9fe:a9fe::]:443", false},
		{"[2001::1]:443", false},
		{"[2001:db8::1]:443", false},
		{"[100::1]:443", false},
	} {
		err := (&Fetcher{}).control(&url.URL{})("tcp", test.address, nil)
		if (err == nil) != test.want {
			t.Errorf("%s: %v", test.address, err)
		}
	}
}

func TestTheOperatorAllowsNetworks(t *testing.T) {
	f := &Fetcher{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	if err := f.control(&url.URL{})("tcp", "10.1.2.3:8443", nil); err != nil {
		t.Error(err)
	}
	if err := f.control(&url.URL{})("tcp", "10.2.2.3:443", nil); err == nil {
		t.Error("another network is dialled")
	}
}

func TestCheckAddress(t *testing.T) {
	f := &Fetcher{AllowHTTP: []string{"127.0.0.1:8081"}}
	for address, want := range map[string]string{
		" https://login.microsoftonline.com/x/federationmetadata.xml?appid=1#f ": "https://login.microsoftonline.com/x/federationmetadata.xml?appid=1",
		"http://127.0.0.1:8081/metadata":                                         "http://127.0.0.1:8081/metadata",
		"http://127.0.0.1:8082/metadata":                                         "",
		"http://login.microsoftonline.com/":                                      "",
		"https://user:secret@idp.example/":                                       "",
		"file:///etc/passwd":                                                     "",
		"gopher://idp.example/":                                                  "",
		"https:idp.example":                                                      "",
		"idp.example":                                                            "",
		"":                                                                       "",
		"https://" + strings.Repeat("a", 3000):                                   "",
	} {
		got, err := f.CheckAddress(address)
		var e *Error
		if got != want || (err == nil) != (want != "") || err != nil && (!errors.As(err, &e) || e.Sentence == "") {
			t.Errorf("%.60q: %q, %v", address, got, err)
		}
	}
}

// local is a server with TLS on this machine that the fetcher trusts and may dial.
func local(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *Fetcher) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	f := &Fetcher{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	f.transport = func(transport *http.Transport) {
		transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	}
	return server, f
}

func TestGet(t *testing.T) {
	for _, test := range []struct {
		name     string
		handler  http.HandlerFunc
		document string
		sentence string
	}{
		{"a document", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<x/>")) }, "<x/>", ""},
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://169.254.169.254/", http.StatusFound)
		}, "", "redirect"},
		{"not found", http.NotFound, "", "status 404"},
		{"too large", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, maxDocument+1)) }, "", "larger than 1 MiB"},
		{"endless headers", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 200<<10))
		}, "", "could not be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, f := local(t, test.handler)
			got, err := f.Get(t.Context(), server.URL)
			if string(got) != test.document {
				t.Errorf("got %.40q", got)
			}
			wantSentence(t, err, test.sentence)
		})
	}
}

func wantSentence(t *testing.T, err error, part string) {
	t.Helper()
	var e *Error
	switch {
	case part == "" && err != nil:
		t.Error(err)
	case part != "" && (!errors.As(err, &e) || !strings.Contains(e.Sentence, part)):
		t.Errorf("%v, want a sentence with %q", err, part)
	}
}

func TestGetRefusesThisMachine(t *testing.T) {
	asked := false
	server, f := local(t, func(http.ResponseWriter, *http.Request) { asked = true })
	f.Allow = nil
	_, err := f.Get(t.Context(), server.URL)
	wantSentence(t, err, "METADATA_ALLOW")
	// By a name that leads there as well.
	_, err = f.Get(t.Context(), strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	wantSentence(t, err, "METADATA_ALLOW")
	if asked {
		t.Error("the server was asked")
	}
}

func TestGetChecksTheCertificate(t *testing.T) {
	server, f := local(t, func(http.ResponseWriter, *http.Request) {})
	f.transport = func(transport *http.Transport) { transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12} }
	_, err := f.Get(t.Context(), server.URL)
	wantSentence(t, err, "TLS certificate")
}
