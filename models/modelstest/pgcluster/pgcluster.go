// Package pgcluster starts a real PostgreSQL server for the tests of one process: a temporary cluster on a unix socket,
// gone when the process is, however it ends. Several test processes at once each get their own.
package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser  = "gatehouse"
	startLimit = 90 * time.Second // a busy machine of two cores; usually 1.3 s
)

// Cluster is a running server.
type Cluster struct {
	dir  string
	stop io.Closer // the pipe that keeps the server alive

	mu    sync.Mutex
	count int // databases made
}

// Start makes a cluster and waits until it answers. It is fast and forgets everything in a power failure, unless settings
// ("fsync=on") say otherwise. The error says what to install or what PostgreSQL said.
func Start(settings ...string) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	// Not os.TempDir: as root the server runs as another user, who must reach the folder, and the path of a unix socket
	// ends at 107 bytes.
	place := Scratch()
	if len(settings) > 0 {
		place = "/tmp" // a server that is to sync needs a disk to sync to
	}
	dir, err := os.MkdirTemp(place, "gatehouse-pg-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	if err := c.start(bin, settings); err != nil {
		said, _ := os.ReadFile(c.log())
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w\n%s", err, said), c.Stop(), os.RemoveAll(dir))
	}
	return c, nil
}

// binaries returns the folder with initdb and postgres, of the newest version there is.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		version := func(path string) int {
			number, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
			return number
		}
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", errors.New("PostgreSQL is not installed: there is no initdb under /usr/lib/postgresql/*/bin or in PATH. " +
		"Run `make test`, which installs it, or `apt-get install postgresql`; the tests run on both databases and skip neither")
}

// keeper runs the server until its own standard input ends, which happens when the test process does, also by SIGKILL.
// Then it stops the server at once and removes the folder.
const keeper = `dir=$1; shift; "$@" & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf -- "$dir"`

func (c *Cluster) start(bin string, settings []string) error {
	credential, err := unprivileged()
	if err != nil {
		return err
	}
	if credential != nil {
		if err := os.Chown(c.dir, int(credential.Uid), int(credential.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(c.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--pgdata="+data, "--username="+superuser, "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "--no-sync")
	// An output that a child keeps open would make `go test` wait for it: everything goes to a file.
	log, err := os.OpenFile(c.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	initdb.Stdout, initdb.Stderr, initdb.Dir = log, log, c.dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if err := initdb.Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}

	arguments := []string{"-c", keeper, "keeper", c.dir, filepath.Join(bin, "postgres"), "-D", data, "-k", c.dir}
	for _, setting := range append([]string{
		"listen_addresses=", "max_connections=300", "shared_buffers=32MB", "max_wal_size=256MB",
		// What makes data safe and tests slow.
		"fsync=off", "synchronous_commit=off", "full_page_writes=off",
	}, settings...) { // the last of a name counts
		arguments = append(arguments, "-c", setting)
	}
	server := exec.Command("/bin/sh", arguments...)
	server.Stdout, server.Stderr, server.Dir = log, log, c.dir
	// A group of its own: an interrupt from the keyboard reaches it through the pipe, in order.
	server.SysProcAttr = &syscall.SysProcAttr{Credential: credential, Setpgid: true}
	if c.stop, err = server.StdinPipe(); err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	return c.wait(ended)
}

// unprivileged returns whom to run the server as: PostgreSQL refuses root. It is nil when we are not root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// wait returns when the server answers.
func (c *Cluster) wait(ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	for {
		err := c.exec(ctx, "select 1")
		if err == nil {
			return nil
		}
		select {
		case died := <-ended:
			return fmt.Errorf("the server ended: %w", died)
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer within %v: %w", startLimit, err)
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func (c *Cluster) log() string { return filepath.Join(c.dir, "log") }

// Stop ends the server at once and removes everything. Without it, the end of the process does the same.
func (c *Cluster) Stop() error {
	if c.stop == nil {
		return nil
	}
	return c.stop.Close()
}

// URL returns the address of a database in the cluster.
func (c *Cluster) URL(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {c.dir}, "user": {superuser}}.Encode()
}

// Create makes a database, as a copy of template (empty for an empty one), and returns its name.
func (c *Cluster) Create(ctx context.Context, template string) (string, error) {
	// PostgreSQL refuses to copy a template that somebody is connected to, which another copy can look like.
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	name := fmt.Sprintf("test_%d", c.count)
	if template == "" {
		template = "template0"
	}
	return name, c.exec(ctx, fmt.Sprintf("create database %s template %s", name, template))
}

// Drop removes a database and ends its connections.
func (c *Cluster) Drop(ctx context.Context, database string) error {
	return c.exec(ctx, "drop database "+database+" with (force)")
}

// exec runs one statement in the cluster's own database.
func (c *Cluster) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// Log returns what the server wrote, to explain a failure.
func (c *Cluster) Log() string {
	text, err := os.ReadFile(c.log())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}
