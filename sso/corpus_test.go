package sso

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// The corpus: testdata/{good,bad}/CASE with response.xml and case.json, made by testdata/generate. The handlers' tests
// send the same files over HTTP.

const (
	corpusEntityID = "https://app.example/saml/org_corpus"
	corpusTimeout  = 2 * time.Second
)

// soon fails a test if f takes longer than anybody may keep us busy. A machine that is busy with something else gets three tries.
func soon(t *testing.T, f func()) {
	t.Helper()
	var took time.Duration
	for range 3 {
		start := time.Now()
		f()
		if took = time.Since(start); took <= corpusTimeout {
			return
		}
	}
	t.Errorf("took %v", took)
}

type corpusCase struct {
	dir           string
	response      []byte
	About, Class  string
	Now           time.Time
	Request       string
	RequestedAt   time.Time `json:"requested_at"`
	Certificates  []string
	Issuer        string
	Email, From   string
	FirstName     *string `json:"first_name"`
	Keys, Reasons []string
	Grow          []struct {
		At, Text, End string
		Times         int
	}
}

// readCorpus reads all cases of a kind, good or bad.
func readCorpus(t testing.TB, kind string) []corpusCase {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join("testdata", kind, "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases in testdata/%s: %v", kind, err)
	}
	cases := make([]corpusCase, len(dirs))
	for i, dir := range dirs {
		cases[i] = readCase(t, dir)
	}
	return cases
}

func readCase(t testing.TB, dir string) corpusCase {
	t.Helper()
	c := corpusCase{dir: dir}
	b, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err == nil {
		c.response, err = os.ReadFile(filepath.Join(dir, "response.xml"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range c.Grow {
		if !bytes.Contains(c.response, []byte(g.At)) {
			t.Fatalf("%s: nothing to grow at %s", dir, g.At)
		}
		var grown strings.Builder
		for n := range g.Times {
			grown.WriteString(strings.ReplaceAll(g.Text, "{n}", strconv.Itoa(n)))
		}
		grown.WriteString(strings.Repeat(g.End, g.Times))
		c.response = bytes.Replace(c.response, []byte(g.At), []byte(grown.String()), 1)
	}
	return c
}

func (c corpusCase) connection(t testing.TB) Connection {
	t.Helper()
	connection := Connection{EntityID: corpusEntityID, ACSURL: corpusEntityID + "/acs", Issuer: cmp.Or(c.Issuer, testIssuer)}
	for _, name := range c.Certificates {
		b, err := os.ReadFile(filepath.Join("testdata", "keys", name+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(b)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		connection.Certificates = append(connection.Certificates, cert)
	}
	return connection
}

func (c corpusCase) pending() PendingRequest {
	return PendingRequest{ID: c.Request, IssuedAt: c.RequestedAt}
}

// judge verifies a case and compares with what case.json says.
func (c corpusCase) judge(t *testing.T) {
	t.Helper()
	connection := c.connection(t)
	var id *Identity
	var err error
	var inspection Inspection
	soon(t, func() {
		id, err = Verify(connection, c.response, c.pending(), c.Now)
		inspection = Inspect(connection, c.response, c.pending(), c.Now)
	})
	if (inspection.Identity == nil) != (id == nil) || (inspection.Err == nil) != (err == nil) {
		t.Errorf("Verify says %v, Inspect says %v", err, inspection.Err)
	}
	for _, check := range inspection.Checks {
		if check.Err != nil && check.Err.Reason == ReasonInternal {
			t.Errorf("%s: %v", check.Name, check.Err) // a panic that is swallowed
		}
	}
	if len(c.Reasons) == 0 {
		if err != nil {
			t.Fatalf("%s: %v", c.About, err)
		}
		if id, err := InResponseTo(c.response); id != c.Request || err != nil {
			t.Errorf("answers the request %q, %v", id, err)
		}
		var kinds []string
		for _, k := range id.Keys() {
			kinds = append(kinds, string(k.Kind))
		}
		if id.Email.Value != c.Email || id.Email.Source != c.From || !slices.Equal(kinds, c.Keys) {
			t.Errorf("%+v by %v, want %s from %s by %v", id.Email, kinds, c.Email, c.From, c.Keys)
		}
		if c.FirstName != nil && id.FirstName.Value != *c.FirstName {
			t.Errorf("first name %q, want %q", id.FirstName.Value, *c.FirstName)
		}
		return
	}
	var e *Error
	if id != nil || !errors.As(err, &e) {
		t.Fatalf("%s: accepted as %+v, %v", c.About, id, err)
	}
	if !slices.Contains(c.Reasons, string(e.Reason)) {
		t.Errorf("%s: refused by %v, want %v", c.About, e, c.Reasons)
	}
	if e.Employee() == "" || e.Admin() == "" || e.Reason == ReasonInternal {
		t.Errorf("%s says nothing to people", e.Reason)
	}
	if strings.ContainsAny(e.Got+e.Want, "\r\n\u202e\u200b\u2028") || len(e.Got) > 2*maxShownValue {
		t.Errorf("got %q is not fit to be shown", e.Got)
	}
}

func TestCorpus(t *testing.T) {
	for _, kind := range []string{"good", "bad"} {
		for _, c := range readCorpus(t, kind) {
			t.Run(filepath.ToSlash(c.dir[len("testdata/"):]), func(t *testing.T) {
				if (kind == "bad") != (len(c.Reasons) > 0) {
					t.Fatal("a good case has no reason of refusal, a bad one has")
				}
				c.judge(t)
			})
		}
	}
}

// The program beside the corpus makes exactly what is committed.
func TestCorpusIsGenerated(t *testing.T) {
	to := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "run", "./testdata/generate", "-to", to, "-keys", "testdata/keys").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := gocmp.Diff(filesBelow(t, to), filesBelow(t, "testdata")); diff != "" {
		t.Errorf("the corpus differs from what go run ./sso/testdata/generate makes:\n%.3000s", diff)
	}
}

// filesBelow is the content of good/ and bad/ by name.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, kind := range []string{"good", "bad"} {
		paths, err := filepath.Glob(filepath.Join(dir, kind, "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[path[len(dir)+1:]] = string(b)
		}
	}
	return files
}
