package demo

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// testClock is a clock that tests move.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// site is pretend Azure behind a real listener with a browser-like client that does not follow redirects.
type site struct {
	*Azure
	clock  *testClock
	server *httptest.Server
	client *http.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	clock := &testClock{at: time.Date(2026, 11, 20, 14, 2, 11, 0, time.UTC)}
	server := httptest.NewUnstartedServer(nil)
	a, err := New(Options{AppBaseURL: "http://localhost:8080", BaseURL: "http://" + server.Listener.Addr().String(), Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = a.Handler()
	server.Start()
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &site{a, clock, server, client}
}

// get reads a page.
func (s *site) get(t *testing.T, path string) (int, string) {
	t.Helper()
	res, err := s.client.Get(s.server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, res)
}

// post sends a form and, after a 303, reads the page it leads to.
func (s *site) post(t *testing.T, path string, form url.Values) (int, string) {
	t.Helper()
	res, err := s.client.PostForm(s.server.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	status, body := read(t, res)
	if status != http.StatusSeeOther {
		return status, body
	}
	location, _, _ := strings.Cut(res.Header.Get("Location"), "#")
	_, body = s.get(t, location)
	return status, body
}

func read(t *testing.T, res *http.Response) (int, string) {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// configure fills in Basic SAML Configuration and assigns Amara.
func (s *site) configure(t *testing.T) {
	t.Helper()
	if status, body := s.post(t, "/sso/basic", url.Values{
		"identifier": {"http://localhost:8080/saml/org_1"}, "reply_url": {"http://localhost:8080/saml/org_1/acs"},
		"sign_on_url": {"http://localhost:8080/saml/org_1/login"},
	}); status != http.StatusSeeOther {
		t.Fatalf("saving the configuration answered %d: %s", status, body)
	}
	s.assignTo(t, "amara@acme.com")
}

func (s *site) assignTo(t *testing.T, mail string) {
	t.Helper()
	if status, _ := s.post(t, "/users/assign", url.Values{"who": {"user:" + fixedGUID(mail)}}); status != http.StatusSeeOther {
		t.Fatalf("assigning %s answered %d", mail, status)
	}
}

func TestNewRefusesAddressesThatAreNone(t *testing.T) {
	if _, err := New(Options{AppBaseURL: "localhost:8080", BaseURL: "http://127.0.0.1:8081"}); err == nil || !strings.Contains(err.Error(), "AppBaseURL") {
		t.Errorf("expected an error about AppBaseURL, got %v", err)
	}
}
