package handlers

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// The examples of docs/forward-auth.md are run as they stand there, with other addresses and without TLS, where the proxy is installed.

func TestNginxLetsOnlyThePersonThroughThatGatehouseNames(t *testing.T) {
	program := installed(t, "nginx")
	testForwardAuth(t, func(t *testing.T, gatehouse, application, listen string) *exec.Cmd {
		example := strings.NewReplacer("listen 443 ssl;", "listen "+listen+";", "127.0.0.1:8080", gatehouse, "127.0.0.1:9000", application).Replace(exampleOf(t, "nginx"))
		dir := t.TempDir()
		conf := filepath.Join(dir, "nginx.conf")
		text := fmt.Sprintf("daemon off; master_process off; pid %[1]s/pid; error_log stderr;\nevents {}\nhttp { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; "+
			"fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;\n%[2]s}\n", dir, example)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return exec.Command(program, "-p", dir, "-c", conf)
	})
}

func TestCaddyLetsOnlyThePersonThroughThatGatehouseNames(t *testing.T) {
	program := installed(t, "caddy")
	testForwardAuth(t, func(t *testing.T, gatehouse, application, listen string) *exec.Cmd {
		example := strings.NewReplacer("access.acme.com {", "http://"+listen+" {", "127.0.0.1:8080", gatehouse, "127.0.0.1:9000", application).Replace(exampleOf(t, "caddy"))
		dir := t.TempDir()
		conf := filepath.Join(dir, "Caddyfile")
		if err := os.WriteFile(conf, []byte("{\n\tadmin off\n}\n"+example), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "run", "--config", conf, "--adapter", "caddyfile")
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		return cmd
	})
}

func installed(t *testing.T, program string) string {
	t.Helper()
	// Debian keeps nginx where only root's PATH looks.
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: make test installs it", program)
	return ""
}

// exampleOf is the code block of a language in docs/forward-auth.md.
func exampleOf(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/forward-auth.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "```"+language+"\n")
	block, _, ended := strings.Cut(after, "```")
	if !found || !ended {
		t.Fatalf("docs/forward-auth.md has no %s example", language)
	}
	return block
}

func testForwardAuth(t *testing.T, proxy func(t *testing.T, gatehouse, application, listen string) *exec.Cmd) {
	// One database is enough: the proxies do not know which it is.
	a := newApp(t, modelstest.SQLite)
	acme := a.organization("Acme", "ana@acme.com")
	team, err := a.db.CreateTeam(t.Context(), operator, acme.ID, "Platform")
	if err == nil {
		err = a.db.AddToTeam(t.Context(), operator, acme.ID, team.ID, a.memberID(acme, "ana@acme.com"))
	}
	if err != nil {
		t.Fatal(err)
	}
	var last atomic.Pointer[http.Request] // what reached the application
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r)
		fmt.Fprint(w, "application")
	}))
	defer application.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := listener.Addr().String()
	listener.Close()
	cmd := proxy(t, strings.TrimPrefix(a.url, "http://"), strings.TrimPrefix(application.URL, "http://"), listen)
	cmd.Stdout, cmd.Stderr = a.log, a.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	waitFor(t, listen)

	b := a.browser()
	a.url = "http://" + listen // from here on the browser goes through the proxy
	p := b.get("/app/report?a=1&b=%2F2").wantStatus(http.StatusSeeOther)
	if to := p.header.Get("Location"); !strings.HasSuffix(to, "/login?return_to=/app/report?a=1&b=%2F2") {
		t.Fatalf("somebody who is not signed in is sent to %q", to)
	}
	p = p.follow().wantStatus(http.StatusOK).wantValue("return_to", "/app/report?a=1&b=%2F2")
	p = p.form("/login").set("email", "ana@acme.com").submit().wantStatus(http.StatusOK)
	p.form("/login").set("password", password).submit().wantRedirect("/app/report?a=1&b=%2F2")
	b.setCookie("own", "1")
	b.setCookie("xgatehouse_session", "2")
	b.setCookie("gatehouse_flash", "x")
	b.setCookie("gatehouse_login", "y")
	r := a.request(http.MethodPost, "/app/report?a=1", "body")
	for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "Remote_User"} {
		r.Header[name] = []string{"mallory"}
	}
	b.do(r).wantStatus(http.StatusOK)
	got := last.Load()
	m, err := a.db.Member(t.Context(), acme.ID, a.memberID(acme, "ana@acme.com"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Remote-User": m.ID, "Remote-Email": "ana@acme.com", "Remote-Name": "Ana", "Remote-Groups": team.ID, "Remote_User": ""} {
		if values := got.Header[name]; strings.Join(values, "|") != want {
			t.Errorf("the application is told %s %q, want %q", name, values, want)
		}
	}
	cookies := got.Header.Get("Cookie")
	if strings.Contains(cookies, b.cookie("gatehouse_session")) || strings.Contains(strings.ReplaceAll(cookies, "xgatehouse", ""), "gatehouse") {
		t.Errorf("the application gets Gatehouse's cookies: %s", cookies)
	}
	for _, want := range []string{"own=1", "xgatehouse_session=2"} {
		if !strings.Contains(cookies, want) {
			t.Errorf("the application's own cookie %s is missing: %q", want, cookies)
		}
	}
	bo := a.member(acme, "bo@acme.com", models.RoleMember)
	other := a.signIn("bo@acme.com")
	other.get("/app/").wantStatus(http.StatusOK)
	if err := a.db.DeactivateMember(t.Context(), operator, models.Owner, acme.ID, bo.ID); err != nil {
		t.Fatal(err)
	}
	last.Store(nil)
	other.get("/app/").wantStatus(http.StatusSeeOther)
	r = a.request(http.MethodGet, "/app/", "")
	r.Header.Set("Remote-User", m.ID)
	a.do(r).wantStatus(http.StatusSeeOther)
	if last.Load() != nil {
		t.Error("somebody who is not signed in reached the application")
	}
}

func waitFor(t *testing.T, address string) {
	t.Helper()
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens on %s", address)
}
