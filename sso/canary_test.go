package sso

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// canary is a place on the network that counts whoever comes, and a file that nobody may read. While it sings, every name that this
// process looks up and every request by the standard client is counted as well.
type canary struct {
	url, path                 string
	lookups, dials, connected atomic.Int64
}

const canaryContent = "canary-content-that-nobody-may-see"

func newCanary(t *testing.T) *canary {
	t.Helper()
	c := &canary{path: filepath.Join(t.TempDir(), "canary.txt")}
	if err := os.WriteFile(c.path, []byte(canaryContent), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.connected.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c.url = server.URL

	resolver, transport := net.DefaultResolver, http.DefaultTransport
	t.Cleanup(func() { net.DefaultResolver, http.DefaultTransport = resolver, transport })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		c.lookups.Add(1)
		return nil, errors.New("no names are looked up in this test")
	}}
	http.DefaultTransport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c.dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	return c
}

func (c *canary) heard() string {
	return fmt.Sprintf("%d lookups, %d dials, %d connections", c.lookups.Load(), c.dials.Load(), c.connected.Load())
}

var (
	canaryAddress = regexp.MustCompile(`https://canary\.example`)
	canaryFile    = regexp.MustCompile(`/etc/(passwd|hostname)`)
)

// Nothing in a response makes us fetch anything: no DOCTYPE, entity, stylesheet, XInclude, schema, key, reference or ciphertext. Every case
// that names an address is verified as it is, and with the address of somebody who listens.
func TestNothingIsFetched(t *testing.T) {
	c := newCanary(t)
	for _, address := range []string{"http://canary.example/", c.url} {
		if response, err := http.Get(address); err == nil {
			response.Body.Close()
		}
	}
	if c.lookups.Load() == 0 || c.dials.Load() != 2 || c.connected.Load() != 1 {
		t.Fatalf("the canary does not hear: %s", c.heard())
	}
	c.lookups.Store(0)
	c.dials.Store(0)
	c.connected.Store(0)

	seen := map[string]int{}
	for _, kind := range []string{"good", "bad"} {
		for _, test := range readCorpus(t, kind) {
			if !canaryAddress.Match(test.response) && !canaryFile.Match(test.response) {
				continue
			}
			name := filepath.Base(test.dir)
			seen[name[:strings.LastIndex(name, "-")]]++
			live := canaryAddress.ReplaceAll(test.response, []byte(c.url))
			live = canaryFile.ReplaceAll(live, []byte(c.path))
			for _, response := range [][]byte{test.response, live} {
				_, _ = InResponseTo(response)
				id, err := Verify(test.connection(t), response, test.pending(), test.Now)
				inspection := Inspect(test.connection(t), response, test.pending(), test.Now)
				if kind == "bad" && err == nil {
					t.Errorf("%s: accepted with another address", name)
				}
				if said := fmt.Sprintf("%+v %v %+v", id, err, inspection); strings.Contains(said, canaryContent) {
					t.Errorf("%s: the file was read: %s", name, said)
				}
				if strings.Contains(Redact(response), canaryContent) {
					t.Errorf("%s: the file was read to be kept", name)
				}
			}
		}
	}
	for _, name := range strings.Fields("doctype-external doctype-entity-file doctype-entity-http doctype-parameter-entity doctype-exfiltration doctype-inside doctype-after-root " +
		"entity-xinclude entity-xinclude-http entity-xinclude-in-address unsigned-xinclude pi-stylesheet sig-keyinfo-retrievalmethod sig-keyinfo-reference " +
		"sig-reference-external ref-external enc-cipherreference schema-location schema-location-other xml-base unsigned-base advice name-csv") {
		if seen[name] == 0 {
			t.Errorf("no case %s names the canary", name)
		}
	}
	if c.lookups.Load() != 0 || c.dials.Load() != 0 || c.connected.Load() != 0 {
		t.Errorf("something was fetched: %s", c.heard())
	}
}
