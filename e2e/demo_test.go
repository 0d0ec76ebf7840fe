// Package e2e drives the real binary, running `gatehouse demo`, with a real browser. It imports nothing of ours: what it
// knows of the product is what a person sees. Pretend Azure is on another host name than Gatehouse, so that cookies
// behave as in production.
//
// Screenshots of every page are written when E2E_SCREENSHOTS names a folder.
package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// buildDir holds the binary; TestMain removes it.
var buildDir string

func TestMain(m *testing.M) {
	code := func() int {
		var err error
		if buildDir, err = os.MkdirTemp("", "gatehouse-e2e-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(buildDir)
		defer func() { closeBrowser() }()
		return m.Run()
	}()
	os.Exit(code)
}

// binary builds the product once, as `make build` does.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "gatehouse")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, "gatehouse")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return path, nil
})

// demo is one running demo with a state of its own.
type demo struct {
	app      string // http://localhost:PORT
	azure    string // http://127.0.0.1:PORT
	email    string // of the owner
	password string
	started  time.Duration // until the links were printed
}

// startLimit is how long the links may take: README promises 5 s, a busy machine gets more before a test fails for it.
const startLimit = 20 * time.Second

// keeper ends the demo when its own standard input ends, which happens when the test process does, however it dies.
const keeper = `"$@" & demo=$!; read -r _; kill -TERM $demo; wait $demo`

// startDemo runs the demo on free ports until the test ends.
func startDemo(t *testing.T) *demo {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	command := exec.Command("/bin/sh", "-c", keeper, "keeper", path, "demo", "--port", "0", "--azure-port", "0")
	var output printed
	command.Stdout, command.Stderr = &output, &output
	command.Dir = t.TempDir()
	stop, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stop.Close()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the demo said:\n%s", output.text())
		}
	})
	for time.Since(begun) < startLimit {
		if d := linksIn(output.text()); d != nil {
			d.started = time.Since(begun)
			return d
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the demo printed no links within %v", startLimit)
	return nil
}

var (
	appLink      = regexp.MustCompile(`(?m)^\s*Gatehouse\s+(http://localhost:\d+)$`)
	azureLink    = regexp.MustCompile(`(?m)^\s*Pretend Azure\s+(http://127\.0\.0\.1:\d+)$`)
	ownerLine    = regexp.MustCompile(`(?m)sign in as (\S+)$`)
	passwordLine = regexp.MustCompile(`(?m)with the password (\S+)$`)
)

func linksIn(text string) *demo {
	var d demo
	for expression, part := range map[*regexp.Regexp]*string{appLink: &d.app, azureLink: &d.azure, ownerLine: &d.email, passwordLine: &d.password} {
		found := expression.FindStringSubmatch(text)
		if found == nil {
			return nil
		}
		*part = found[1]
	}
	return &d
}

// printed collects what a process writes.
type printed struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

var _ io.Writer = (*printed)(nil)

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buffer.Write(b)
}

func (p *printed) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buffer.String()
}
