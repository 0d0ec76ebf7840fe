package commands_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/commands"
	"gatehouse/models"
	"gatehouse/models/modelstest"
	"gatehouse/sso"
)

// terminal is one operator's shell: an environment that names a database, and a folder for files.
type terminal struct {
	t   *testing.T
	url string
	dir string
}

func each(t *testing.T, fn func(t *testing.T, sh terminal)) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			fn(t, terminal{t: t, url: modelstest.URL(t, dialect), dir: t.TempDir()})
		})
	}
}

// run runs one command and returns what it printed and its exit status.
func (sh terminal) run(args ...string) (stdout, stderr string, status int) {
	sh.t.Helper()
	var out, errs bytes.Buffer
	status = commands.Run(context.Background(), commands.Process{
		Args: args, Stdout: &out, Stderr: &errs,
		Environ: []string{"DATABASE_URL=" + sh.url, "SECRET_KEY=" + base64.StdEncoding.EncodeToString([]byte(modelstest.SecretKey))},
	})
	return strings.TrimSuffix(out.String(), "\n"), errs.String(), status
}

// ok runs a command that must succeed and returns what it printed.
func (sh terminal) ok(args ...string) string {
	sh.t.Helper()
	out, errs, status := sh.run(args...)
	if status != 0 {
		sh.t.Fatalf("%v: exit status %d, %s", args, status, errs)
	}
	return out
}

func (sh terminal) file(name string, content []byte) string {
	sh.t.Helper()
	path := filepath.Join(sh.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		sh.t.Fatal(err)
	}
	return path
}

func (sh terminal) org() string {
	return sh.ok("org", "create", "--name", "Acme", "--owner-email", "ana@acme.com", "--owner-password-file", sh.file("password", []byte("harbour-otter-violet\n")))
}

func (sh terminal) certificate(name string, notAfter time.Time) string {
	sh.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		sh.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Microsoft Azure Federated SSO Certificate"}, NotBefore: notAfter.AddDate(-3, 0, 0), NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		sh.t.Fatal(err)
	}
	return sh.file(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// ownCertificate is the file that the organization gives its identity provider so that it can verify our requests.
func (sh terminal) ownCertificate(org string) string {
	sh.t.Helper()
	der, certificate, err := sso.NewRequestKey("https://gatehouse.example/saml/"+org, time.Now())
	if err == nil {
		err = modelstest.Open(sh.t, sh.url).MakeRequestKey(context.Background(), models.Actor{Kind: models.Operator, Label: "test"}, org, der, certificate)
	}
	if err != nil {
		sh.t.Fatal(err)
	}
	return sh.file("ours.cer", []byte(certificate))
}

func TestAnOperatorSetsAnOrganizationUp(t *testing.T) {
	each(t, func(t *testing.T, sh terminal) {
		org := sh.org()
		if !strings.HasPrefix(org, "org_") || strings.ContainsAny(org, " \n") {
			t.Fatalf("org create printed %q, want the id alone", org)
		}
		if got := sh.ok("org", "list"); got != org+"\tAcme\t1" {
			t.Errorf("org list printed %q", got)
		}
		if m := sh.ok("member", "add", "--org", org, "--email", "Bo@Acme.com", "--first-name", "Bo", "--last-name", "Li"); !strings.HasPrefix(m, "mem_") {
			t.Errorf("member add printed %q, want the member's id", m)
		}
		if got := sh.ok("domain", "add", "--org", org, "--domain", "https://www.Acme.com/", "--verified"); got != "acme.com verified" {
			t.Errorf("domain add printed %q", got)
		}
		a, b := sh.certificate("a.cer", time.Now().AddDate(1, 0, 0)), sh.certificate("b.cer", time.Now().AddDate(2, 0, 0))
		sh.ok("sso", "set", "--org", org, "--issuer", "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
			"--sign-in-url", "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/saml2", "--certificate", a, b, "--enable", "--require", "--idp-managed")
		db := modelstest.Open(t, sh.url)
		s, err := db.SSO(context.Background(), org)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Enabled || !s.Required || s.RequiredUntil != nil || !s.IDPManaged || len(s.Certificates) != 2 {
			t.Errorf("sso set left %+v with %d certificates", s.SSOConnection, len(s.Certificates))
		}
		sh.ok("sso", "off", "--org", org)
		if s, err = db.SSO(context.Background(), org); err != nil || s.Enabled || s.Required {
			t.Errorf("sso off left %+v, %v", s, err)
		}
		token := sh.ok("scim-token", "create", "--org", org, "--name", "Entra")
		if parts := strings.SplitN(token, "_", 3); len(parts) != 3 || parts[0] != "scim" || strings.ContainsAny(token, " \n") {
			t.Errorf("scim-token create printed %q, want the token alone", token)
		}
		call, err := db.SCIMCall(models.Client{}, token)
		if err == nil {
			err = db.AuthenticateSCIM(context.Background(), call)
		}
		if err != nil {
			t.Errorf("the printed token is refused: %v", err)
		}
		events, err := db.AuditEvents(context.Background(), org, models.AuditFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.ActorKind != models.Operator {
				t.Errorf("%s is audited as made by %s, want the operator", e.Action, e.ActorKind)
			}
		}
	})
}

func TestDataIsPrintedAsJSON(t *testing.T) {
	each(t, func(t *testing.T, sh terminal) {
		org := sh.org()
		for _, c := range []struct {
			args []string
			want string // a key
		}{
			{[]string{"member", "add", "--org", org, "--email", "bo@acme.com", "--json"}, "id"},
			{[]string{"domain", "add", "--org", org, "--domain", "acme.com", "--json"}, "record"},
			{[]string{"scim-token", "create", "--org", org, "--name", "Entra", "--json"}, "token"},
			{[]string{"version", "--json"}, "version"},
		} {
			var v map[string]any
			if err := json.Unmarshal([]byte(sh.ok(c.args...)), &v); err != nil || v[c.want] == nil {
				t.Errorf("%v printed %v (%v), want the key %q", c.args, v, err, c.want)
			}
		}
		var list []map[string]any
		if err := json.Unmarshal([]byte(sh.ok("org", "list", "--json")), &list); err != nil || len(list) != 1 || list[0]["members"] != 2.0 {
			t.Errorf("org list --json printed %v, %v", list, err)
		}
	})
}

func TestWhatIsRefusedSaysWhyInOneLine(t *testing.T) {
	each(t, func(t *testing.T, sh terminal) {
		org := sh.org()
		good := sh.certificate("good.cer", time.Now().AddDate(1, 0, 0))
		sso := func(issuer, url string, more ...string) []string {
			return append([]string{"sso", "set", "--org", org, "--issuer", issuer, "--sign-in-url", url}, more...)
		}
		const issuer, url = "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/", "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/saml2"
		for name, c := range map[string]struct {
			args   []string
			status int
			want   string
		}{
			"an unknown command":             {[]string{"launch"}, 2, "no command"},
			"half a command":                 {[]string{"org"}, 2, "org create, org list"},
			"an unknown option":              {[]string{"org", "list", "--colour"}, 2, "colour"},
			"a stray word":                   {[]string{"org", "list", "acme"}, 2, "acme"},
			"a missing option":               {[]string{"member", "add", "--org", org}, 2, "--email"},
			"an unknown role":                {[]string{"member", "add", "--org", org, "--email", "x@acme.com", "--role", "king"}, 2, "owner, admin or member"},
			"a bad life":                     {[]string{"scim-token", "create", "--org", org, "--name", "x", "--expires", "soon"}, 2, "365d"},
			"an unknown organization":        {[]string{"member", "add", "--org", "org_x", "--email", "x@acme.com"}, 1, "no organization"},
			"a member twice":                 {[]string{"member", "add", "--org", org, "--email", "ANA@acme.com"}, 1, "already"},
			"no address":                     {[]string{"member", "add", "--org", org, "--email", "ana"}, 1, "ana@acme.com"},
			"a password file that is absent": {[]string{"member", "add", "--org", org, "--email", "x@acme.com", "--password-file", "/nowhere"}, 1, "password file"},
			"a short password":               {[]string{"member", "add", "--org", org, "--email", "x@acme.com", "--password-file", sh.file("short", []byte("short"))}, 1, "at least 12"},
			"a public mail provider":         {[]string{"domain", "add", "--org", org, "--domain", "gmail.com"}, 1, "public mail provider"},
			"an expired certificate":         {sso(issuer, url, "--certificate", sh.certificate("old.cer", time.Now().AddDate(0, 0, -1))), 1, "expired"},
			"no certificate":                 {sso(issuer, url, "--certificate", sh.file("no.cer", []byte("<html>"))), 1, "no.cer"},
			"our own certificate":            {sso(issuer, url, "--certificate", sh.ownCertificate(org)), 1, "This is our certificate, not your provider's."},
			"the sign-in URL as issuer":      {sso(url, url, "--certificate", good), 1, "--issuer"},
			"a sign-in URL over http":        {sso(issuer, "http://login.example.com/saml2", "--certificate", good), 1, "--sign-in-url"},
			"turning on without a domain":    {sso(issuer, url, "--certificate", good, "--enable"), 1, "Verify a domain"},
		} {
			out, errs, status := sh.run(c.args...)
			if status != c.status || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || out != "" {
				t.Errorf("%s: exit status %d, stderr %q, stdout %q; want %d and one line with %q", name, status, errs, out, c.status, c.want)
			}
		}
		// What was refused left nothing half done.
		s, err := modelstest.Open(t, sh.url).SSO(context.Background(), org)
		if err != nil || s.Issuer != "" || len(s.Certificates) != 0 {
			t.Errorf("refused sso set left %+v, %v", s, err)
		}
	})
}

func TestEveryCommandExplainsItself(t *testing.T) {
	sh := terminal{t: t}
	help := sh.ok("--help")
	for _, name := range []string{"serve", "demo", "migrate", "org create", "org list", "member add", "domain add", "sso set", "sso off", "scim-token create", "version"} {
		if !strings.Contains(help, "  "+name+" ") {
			t.Errorf("gatehouse --help does not list %q", name)
		}
		if out := sh.ok(append(strings.Fields(name), "--help")...); !strings.HasPrefix(out, "gatehouse "+name) {
			t.Errorf("%s --help printed %q", name, out)
		}
	}
}

func TestEveryProblemOfTheEnvironmentIsReported(t *testing.T) {
	var out, errs bytes.Buffer
	status := commands.Run(context.Background(), commands.Process{
		Args: []string{"org", "list"}, Stdout: &out, Stderr: &errs,
		Environ: []string{"BASE_URL=ftp://x", "LOG_FORMAT=xml"},
	})
	if status != 1 || !strings.Contains(errs.String(), "BASE_URL") || !strings.Contains(errs.String(), "LOG_FORMAT") {
		t.Errorf("exit status %d, %q; want 1 and both variables named", status, errs.String())
	}
}

func TestSeveralProblemsFitOnOneLine(t *testing.T) {
	var stderr bytes.Buffer
	status := commands.Run(t.Context(), commands.Process{
		Args: []string{"org", "list"}, Environ: []string{"BASE_URL=http://acme.com", "LOG_FORMAT=xml"}, Stdout: io.Discard, Stderr: &stderr,
	})
	if got := stderr.String(); status != 1 || strings.Count(got, "\n") != 1 || !strings.Contains(got, "configuration: BASE_URL: ") || !strings.Contains(got, "; LOG_FORMAT: ") {
		t.Errorf("status %d, stderr %q", status, got)
	}
}
