package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The corpus is signed by the same library that the product reads it with, so a fault of that library could hide in both. Here every signature
// of every good case is verified by xmlsec1, which is libxml2 and OpenSSL and shares no line with it.
func TestGoodCasesOfTheCorpusAreSignedWell(t *testing.T) {
	xmlsec, err := exec.LookPath("xmlsec1")
	if err != nil {
		t.Fatal("xmlsec1 is not installed: run `make test`, which installs it, or `apt-get install xmlsec1`")
	}
	type group struct{ certificate, signature string }
	const onResponse, onAssertion = `/*[local-name()="Response"]/*[local-name()="Signature"]`, `/*[local-name()="Response"]/*[local-name()="Assertion"]/*[local-name()="Signature"]`
	groups := map[group][]string{}
	cases, err := filepath.Glob("../sso/testdata/good/*/case.json")
	if err != nil || len(cases) < 300 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	dir := t.TempDir()
	for _, path := range cases {
		name := filepath.Base(filepath.Dir(path))
		var c struct {
			Certificates []string
			Grow         []struct {
				At, Text string
				Times    int
			}
		}
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &c)
		}
		var response []byte
		if err == nil {
			response, err = os.ReadFile(filepath.Join(filepath.Dir(path), "response.xml"))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range c.Grow {
			response = bytes.Replace(response, []byte(g.At), bytes.Repeat([]byte(g.Text), g.Times), 1)
		}
		file := filepath.Join(dir, name+".xml")
		if err := os.WriteFile(file, response, 0o600); err != nil {
			t.Fatal(err)
		}
		// Of several certificates the last one signs.
		certificate := filepath.Join("../sso/testdata/keys", c.Certificates[len(c.Certificates)-1]+".pem")
		for _, signature := range []string{onResponse, onAssertion} {
			if !strings.HasSuffix(name, "-both") && strings.HasSuffix(name, "-response") != (signature == onResponse) {
				continue
			}
			g := group{certificate, signature}
			groups[g] = append(groups[g], file)
		}
	}
	verify := func(g group, files ...string) ([]byte, error) {
		args := []string{
			"--verify", "--enabled-reference-uris", "same-doc", "--pubkey-cert-pem", g.certificate, "--node-xpath", g.signature,
			"--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response",
		}
		return exec.CommandContext(t.Context(), xmlsec, append(args, files...)...).CombinedOutput()
	}
	signatures := 0
	for g, files := range groups {
		signatures += len(files)
		if _, err := verify(g, files...); err == nil {
			continue
		}
		for _, file := range files {
			if out, err := verify(g, file); err != nil {
				t.Errorf("%s: %v\n%s", filepath.Base(file), err, out)
			}
		}
	}
	if signatures < 400 {
		t.Errorf("only %d signatures", signatures)
	}
	// And it does tell good from bad: another certificate verifies nothing.
	if out, err := verify(group{"../sso/testdata/keys/next.pem", onAssertion}, filepath.Join(dir, "keyinfo-none-assertion.xml")); err == nil {
		t.Errorf("verified by a certificate that has not signed: %s", out)
	}
}
