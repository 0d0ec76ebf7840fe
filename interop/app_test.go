package interop

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// gatehouse is the running product, on SQLite.
type gatehouse struct {
	t   *testing.T
	url string
	env []string
}

// binary builds the product once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gatehouse-interop-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gatehouse")
	out, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the product: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// startGatehouse runs the server on a fresh database; it ends with the test. The application is on another host name than the identity
// providers, as in production. environment are further lines NAME=VALUE.
func startGatehouse(t *testing.T, environment ...string) *gatehouse {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	g := &gatehouse{t: t, url: fmt.Sprintf("http://localhost:%d", freePort(t))}
	g.env = append(os.Environ(), "BASE_URL="+g.url, "DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "gatehouse.db"))
	g.env = append(g.env, environment...)
	start(t, g.env, g.url+"/readyz", path, "serve")
	return g
}

// run runs one command line beside the server and returns what it prints.
func (g *gatehouse) run(args ...string) string {
	g.t.Helper()
	path, err := binary()
	if err != nil {
		g.t.Fatal(err)
	}
	command := exec.CommandContext(g.t.Context(), path, args...)
	command.Env = g.env
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		g.t.Fatalf("gatehouse %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

const ownerPassword = "nine blue herons"

// owner is a browser in which an organization's owner is signed in by password.
func (g *gatehouse) owner(t *testing.T, domain string) *browser {
	t.Helper()
	b := newBrowser(t)
	p := b.submit(g.url+"/login/recovery", url.Values{"email": {"owner@" + domain}, "password": {ownerPassword}})
	if email, by := b.me(g); email != "owner@"+domain || by != "password" {
		t.Fatalf("the owner is signed in as %q by %q, at %s (status %d)\n%.3000s", email, by, p.at, p.status, p.body)
	}
	return b
}

// organization makes one that owns a domain, and returns its id.
func (g *gatehouse) organization(name, domain string) string {
	g.t.Helper()
	file := filepath.Join(g.t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(ownerPassword+"\n"), 0o600); err != nil {
		g.t.Fatal(err)
	}
	id := g.run("org", "create", "--name", name, "--owner-email", "owner@"+domain, "--owner-password-file", file)
	g.run("domain", "add", "--org", id, "--domain", domain, "--verified")
	return id
}

// start runs a program until the test ends, and waits until an address answers.
func start(t *testing.T, env []string, ready, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, args...)
	command.Env = env
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	var out syncBuffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		cancel()
		t.Fatalf("start %s: %v", program, err)
	}
	exited := make(chan struct{})
	go func() { _ = command.Wait(); close(exited) }()
	t.Cleanup(func() {
		cancel()
		<-exited
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), out.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case <-exited:
			t.Fatalf("%s stopped: %s", program, out.String())
		default:
		}
		response, err := http.Get(ready)
		if err == nil {
			response.Body.Close()
			return
		}
	}
	t.Fatalf("%s does not answer at %s", program, ready)
}

// syncBuffer is a buffer that a process may write into while the test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
