package sso

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever comes, somebody reads at most who it says that it is, printable and short.
func TestClaimedByReadsAnything(t *testing.T) {
	for _, kind := range []string{"good", "bad"} {
		files, err := filepath.Glob(filepath.Join("testdata", kind, "*", "response.xml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s cases: %v", kind, err)
		}
		named := 0
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			c := ClaimedBy(b)
			if len(c.Issuer) > maxShownValue+len("…") || strings.ContainsAny(c.Issuer, "\r\n\x00\u202e") || len(c.SHA1) != 0 && len(c.SHA1) != 59 {
				t.Errorf("%s: %q", name, c)
			}
			if c.Issuer != "" && strings.Contains(c.String(), c.SHA1) {
				named++
			}
		}
		if named == 0 || kind == "good" && named < len(files) {
			t.Errorf("%s: %d of %d are named", kind, named, len(files))
		}
	}
	for _, b := range []string{"", "x", "<a/>", "<Response/>"} {
		if c := ClaimedBy([]byte(b)); c.String() != "" {
			t.Errorf("%q: %q", b, c)
		}
	}
}
