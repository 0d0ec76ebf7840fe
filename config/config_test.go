package config

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew from the table of options")

// key is base64 of the bytes 0 to 31.
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func MustLoad(t *testing.T, environ ...string) Config {
	t.Helper()
	config, err := Load(environ)
	if err != nil {
		t.Fatalf("Load(%q): %v", environ, err)
	}
	return config
}

func TestNothingSetIsALocalSQLiteInstallation(t *testing.T) {
	config := MustLoad(t)
	if got := config.Origin(); got != "http://localhost:8080" {
		t.Errorf("Origin = %q", got)
	}
	if config.Listen != "127.0.0.1:8080" {
		t.Errorf("Listen = %q", config.Listen)
	}
	if config.Database != (Database{Dialect: SQLite, Path: "./data/gatehouse.db"}) {
		t.Errorf("Database = %+v", config.Database)
	}
	if config.SMTP != nil || config.MailFrom != nil || config.DNSResolver != "" || config.TrustedProxies != nil || config.MetricsAddr != "" {
		t.Errorf("something optional is set: %+v", config)
	}
	if config.Signup || !config.RateLimits || config.LogFormat != "text" || config.SecureCookies() || !config.Loopback() {
		t.Errorf("wrong defaults: %+v", config)
	}
	if !config.SecretKey.IsZero() {
		t.Error("a key came from nowhere")
	}
}

// TestEveryVariable walks each variable through values that must be accepted and values that must not. A case belongs to
// the variable it is filed under; want is what show prints, or a part of the message.
func TestEveryVariable(t *testing.T) {
	type check struct {
		value, want string
		wrong       bool
	}
	ok := func(value, want string) check { return check{value, want, false} }
	bad := func(value, want string) check { return check{value, want, true} }

	tests := map[string]struct {
		with   []string // other variables needed
		show   func(Config) any
		checks []check
	}{
		"BASE_URL": {show: func(c Config) any { return fmt.Sprint(c.Origin(), " ", c.SecureCookies()) }, checks: []check{
			ok("https://access.acme.com", "https://access.acme.com true"),
			ok("https://access.acme.com/", "https://access.acme.com true"),
			ok("HTTPS://Access.ACME.com:443//", "https://access.acme.com true"),
			ok("https://access.acme.com:8443", "https://access.acme.com:8443 true"),
			ok("http://localhost:80", "http://localhost false"),
			ok("http://127.0.0.5:9000", "http://127.0.0.5:9000 false"),
			ok("http://[::1]:8080/", "http://[::1]:8080 false"),
			ok("  http://localhost:8080\n", "http://localhost:8080 false"),
			ok("", "http://localhost:8080 false"),
			bad("http://access.acme.com", "Put a TLS proxy in front"),
			bad("http://localhost.acme.com", "Put a TLS proxy in front"),
			bad("http://10.0.0.1:8080", "Put a TLS proxy in front"),
			bad("access.acme.com", "scheme and host"),
			bad("localhost:8080", "scheme and host"),
			bad("https://", "scheme and host"),
			bad("https://:8080", "scheme and host"),
			bad("ftp://access.acme.com", "https://"),
			bad("https://acme.com/gatehouse", "host name of its own"),
			bad("https://acme.com?x=1", "host name of its own"),
			bad("https://acme.com/#x", "host name of its own"),
			bad("https://me:hunter2@acme.com", "must not hold a user name"),
			bad("https://zürich.example", "xn--"),
			bad("https://acme.com:99999", "port"),
		}},
		"LISTEN_ADDR": {show: func(c Config) any { return c.Listen }, checks: []check{
			ok("0.0.0.0:8080", "0.0.0.0:8080"),
			ok(":8080", ":8080"),
			ok("[::1]:0", "[::1]:0"),
			bad("8080", "not host:port"),
			bad("127.0.0.1", "not host:port"),
			bad("127.0.0.1:http", "not a number"),
			bad("127.0.0.1:70000", "not a number"),
		}},
		"DATABASE_URL": {with: []string{"SECRET_KEY=" + key}, show: func(c Config) any { return c.Database.Dialect + " " + c.Database.URL() }, checks: []check{
			ok("sqlite:gatehouse.db", "sqlite sqlite:gatehouse.db"),
			ok("sqlite:///var/lib/gatehouse/gatehouse.db", "sqlite sqlite:/var/lib/gatehouse/gatehouse.db"),
			ok("SQLite:/srv/g.db", "sqlite sqlite:/srv/g.db"),
			ok("postgres://g:p%2Fw@db:5432/gatehouse?sslmode=require", "postgres postgres://g:p%2Fw@db:5432/gatehouse?sslmode=require"),
			ok("postgresql:///gatehouse?host=/run/postgresql", "postgres postgresql:///gatehouse?host=/run/postgresql"),
			bad("sqlite:", "path of a file"),
			bad("sqlite:./data/", "path of a file"),
			bad("sqlite::memory:", "lose every change"),
			bad("sqlite:./g.db?mode=ro", "no parameters"),
			bad("postgres://g:hunter2/x@db/gatehouse", "special characters"),
			bad("postgres://g:hunter2@db", "names no database"),
			bad("mysql://g:hunter2@db/g", "sqlite: or postgres://"),
			bad("./data/gatehouse.db", "sqlite: or postgres://"),
		}},
		"SECRET_KEY": {show: func(c Config) any { return fmt.Sprintf("%x", c.SecretKey.Bytes()[:4]) }, checks: []check{
			ok(key, "00010203"),
			ok(strings.TrimRight(key, "="), "00010203"),
			ok("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "00010203"),
			ok("-_ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "fbf10203"),
			bad("hunter2 hunter2 hunter2 hunter2 hunter2", "passphrase"),
			bad("AAECAwQFBgcICQoLDA0ODw==", "16 bytes"),
			bad(strings.Repeat("a", 64), "not random"),
		}},
		"SMTP_URL": {with: []string{"MAIL_FROM=g@acme.com"}, show: func(c Config) any {
			return fmt.Sprint(c.SMTP.Host, " ", c.SMTP.Port, " ", c.SMTP.Username, " ", c.SMTP.Password.Reveal(), " ", c.SMTP.TLS)
		}, checks: []check{
			ok("smtps://u:p%40ss@mail.acme.com", "mail.acme.com 465 u p@ss implicit"),
			ok("smtp://u:p@mail.acme.com", "mail.acme.com 587 u p required"),
			ok("smtp://localhost:1025", "localhost 1025   opportunist"),
			ok("smtp://relay.internal:25?tls=off", "relay.internal 25   off"),
			bad("mail.acme.com:587", "smtps:// or smtp://"),
			bad("smtps://u:hunter2/@mail.acme.com", "special characters"),
			bad("smtps://u:hunter2@:465", "no host"),
			bad("smtps://mail.acme.com/inbox", "after the host"),
			bad("smtps://mail.acme.com?tls=off", "unknown parameter"),
			bad("smtp://mail.acme.com:0", "port"),
		}},
		"MAIL_FROM": {show: func(c Config) any { return c.MailFrom }, checks: []check{
			ok("g@acme.com", "<g@acme.com>"),
			ok("Gatehouse <g@acme.com>", `"Gatehouse" <g@acme.com>`),
			bad("Gatehouse", "not one e-mail address"),
			bad("a@acme.com, b@acme.com", "not one e-mail address"),
		}},
		"DNS_RESOLVER": {show: func(c Config) any { return c.DNSResolver }, checks: []check{
			ok("9.9.9.9:53", "9.9.9.9:53"),
			ok("[::1]:5353", "[::1]:5353"),
			ok("dns.acme.internal:53", "dns.acme.internal:53"),
			bad("9.9.9.9", "9.9.9.9:53"),
			bad("2620:fe::fe", "[2620:fe::fe]:53"),
			bad(":53", "both parts"),
			bad("9.9.9.9:0", "both parts"),
		}},
		"TRUSTED_PROXIES": {show: func(c Config) any { return c.TrustedProxies }, checks: []check{
			ok("10.0.0.0/8, 192.168.1.5,::1,", "[10.0.0.0/8 192.168.1.5/32 ::1/128]"),
			ok("10.1.2.3/8", "[10.0.0.0/8]"),
			bad("10.0.0.0/33, proxy", `"10.0.0.0/33", "proxy": not an address`),
			bad("0.0.0.0/0", "everybody"),
		}},
		"METADATA_ALLOW": {show: func(c Config) any { return c.MetadataAllow }, checks: []check{
			ok("10.20.0.0/16, fd00::1", "[10.20.0.0/16 fd00::1/128]"),
			bad("idp.acme.internal", "not an address"),
		}},
		"SIGNUP": {show: func(c Config) any { return c.Signup }, checks: []check{
			ok("open", "true"), ok("Closed", "false"), bad("yes", "open or closed"),
		}},
		"LOG_FORMAT": {show: func(c Config) any { return c.LogFormat }, checks: []check{
			ok("json", "json"), ok("TEXT", "text"), bad("logfmt", "text or json"),
		}},
		"METRICS_ADDR": {show: func(c Config) any { return c.MetricsAddr }, checks: []check{
			ok("127.0.0.1:9090", "127.0.0.1:9090"), bad("9090", "not host:port"), bad("127.0.0.1:8080", "where the site listens"),
		}},
		"RATE_LIMITS": {show: func(c Config) any { return c.RateLimits }, checks: []check{
			ok("off", "false"), ok("on", "true"), bad("0", "on or off"),
		}},
	}
	for _, option := range Options() {
		test, tested := tests[option.Name]
		if !tested {
			t.Errorf("%s is not tested", option.Name)
		}
		delete(tests, option.Name)
		for _, check := range test.checks {
			t.Run(option.Name+"="+check.value, func(t *testing.T) {
				config, err := Load(append(test.with, option.Name+"="+check.value))
				if !check.wrong {
					if err != nil {
						t.Fatal(err)
					}
					if got := fmt.Sprint(test.show(config)); got != check.want {
						t.Errorf("got %s, want %s", got, check.want)
					}
					return
				}
				var problems Problems
				if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Variable != option.Name {
					t.Fatalf("got error %v, want one problem with %s", err, option.Name)
				}
				if !strings.Contains(problems[0].Message, check.want) {
					t.Errorf("got message %q, want something with %q", problems[0].Message, check.want)
				}
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("the message shows a password: %v", err)
				}
			})
		}
	}
	for name := range tests {
		t.Errorf("%s is tested but not an option", name)
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := Load([]string{
		"BASE_URL=http://acme.com", "DATABASE_URL=postgres://g@db/g", "SMTP_URL=smtps://mail.acme.com",
		"SIGNUP=maybe", "TRUSTED_PROXIES=nginx", "UNRELATED=1",
	})
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v", err)
	}
	var names []string
	for _, problem := range problems {
		names = append(names, problem.Variable)
	}
	want := "[BASE_URL SECRET_KEY MAIL_FROM TRUSTED_PROXIES SIGNUP]"
	if fmt.Sprint(names) != want {
		t.Errorf("problems with %v, want %s", names, want)
	}
	if text := err.Error(); !strings.HasPrefix(text, "5 problems in the configuration:\n  BASE_URL: ") || strings.Count(text, "\n") != 5 {
		t.Errorf("reads badly:\n%s", text)
	}
}

func TestListenFollowsALoopbackBaseURLOnly(t *testing.T) {
	for base, want := range map[string]string{
		"http://localhost:9000":   "127.0.0.1:9000",
		"http://127.0.0.7:9000":   "127.0.0.7:9000",
		"http://[::1]:9000":       "[::1]:9000",
		"http://localhost":        "127.0.0.1:80",
		"https://localhost":       "127.0.0.1:443",
		"https://access.acme.com": "127.0.0.1:8080",
	} {
		if got := MustLoad(t, "BASE_URL="+base).Listen; got != want {
			t.Errorf("with %s: Listen = %s, want %s", base, got, want)
		}
	}
}

func TestDatabaseNameForLogsHoldsNoPassword(t *testing.T) {
	config := MustLoad(t, "SECRET_KEY="+key, "DATABASE_URL=postgres://g:hunter2@db:5432/gatehouse?password=hunter2")
	if got := config.Database.String(); got != "postgres://db:5432/gatehouse" {
		t.Errorf("got %s", got)
	}
	if text := fmt.Sprintf("%+v %#v %v", config, config, &config); strings.Contains(text, "hunter2") {
		t.Errorf("a printed Config shows the password: %s", text)
	}
}

func TestTableAndStructNameTheSameVariables(t *testing.T) {
	var fields []string
	for field := range reflect.TypeFor[variables]().Fields() {
		fields = append(fields, field.Tag.Get("env"))
	}
	var options []string
	for _, option := range Options() {
		options = append(options, option.Name)
		if option.Meaning == "" || option.Default == "" && option.Shown == "" {
			t.Errorf("%s has no meaning or no default to show", option.Name)
		}
	}
	if !reflect.DeepEqual(fields, options) {
		t.Errorf("fields %v\noptions %v", fields, options)
	}
}

func TestTrustedProxiesMatchTheirAddresses(t *testing.T) {
	config := MustLoad(t, "TRUSTED_PROXIES=::ffff:10.1.2.3")
	if !config.TrustedProxies[0].Contains(netip.MustParseAddr("10.1.2.3")) {
		t.Errorf("%v does not contain 10.1.2.3", config.TrustedProxies)
	}
}

func TestConfigurationPageIsMadeFromTheTable(t *testing.T) {
	path := filepath.Join("..", "docs", "configuration.md")
	want := page()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/configuration.md is not what the table of options says (%v): run go test ./config -update", err)
	}
}

func page() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" +
		"Everything is set by environment variables. An empty variable counts as one that is not set. All problems are\n" +
		"reported at once when a command starts, each with the variable's name and how to mend it.\n\n" +
		"<!-- Made from config/options.go by: go test ./config -update -->\n\n" +
		"| variable | default | meaning |\n|---|---|---|\n")
	for _, option := range Options() {
		shown := option.Shown
		if option.Default != "" {
			shown = "`" + option.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s Example: `%s` |\n", option.Name, shown, option.Meaning, option.Example)
	}
	return b.String()
}
