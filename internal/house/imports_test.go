// Package house holds the tests about the shape of the whole: who may import whom, and generated files that are up to date.
package house

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "gatehouse"

// rule says what the code of a package may import: packages of ours, and modules of others.
type rule struct {
	ours   []string // paths below the module; "*" for all of them
	theirs []string // module paths
	tests  []string // what only its tests may import beside that and testLibraries: ours without a dot, theirs with one
}

// rules is the picture of the house (README, "Layout"). Protocol packages never see models, models never see
// HTTP, views never see models, and nothing but the command line imports the demo.
func rules() map[string]rule {
	gormAndDrivers := []string{
		"gorm.io/gorm", "gorm.io/driver/postgres", "github.com/jackc/pgx/v5",
		"github.com/ncruces/go-sqlite3", "github.com/ncruces/go-sqlite3/gormlite",
	}
	saml := []string{"github.com/crewjam/saml", "github.com/russellhaering/goxmldsig", "github.com/beevik/etree"}
	return map[string]rule{
		"static":     {},
		"scim":       {tests: []string{"github.com/scim2/filter-parser/v2", "github.com/elimity-com/scim"}},
		"domains":    {theirs: []string{"golang.org/x/net"}, tests: []string{"github.com/miekg/dns"}},
		"fetch":      {},
		"config":     {theirs: []string{"github.com/caarlos0/env/v11"}},
		"sso":        {theirs: saml},
		"migrations": {theirs: []string{"github.com/pressly/goose/v3", "gorm.io/gorm"}, tests: []string{"models/modelstest"}},
		"models": {
			ours:   []string{"migrations", "scim"},
			theirs: append(gormAndDrivers, "golang.org/x/crypto", "github.com/pquerna/otp", "github.com/go-webauthn/webauthn"),
			tests:  []string{"models", "models/modelstest", "models/modelstest/pgcluster"},
		},
		"models/modelstest":           {ours: []string{"models", "models/modelstest/pgcluster"}, tests: []string{"models/modelstest"}},
		"models/modelstest/pgcluster": {theirs: []string{"github.com/jackc/pgx/v5"}},
		"views":                       {ours: []string{"static"}, theirs: []string{"github.com/a-h/templ", "rsc.io/qr"}},
		"handlers": {
			ours:   []string{"config", "models", "sso", "scim", "domains", "fetch", "views", "static"},
			theirs: []string{"github.com/labstack/echo/v4", "github.com/prometheus/client_golang", "github.com/a-h/templ"},
			tests:  append(saml, "models/modelstest", "github.com/miekg/dns"),
		},
		"jobs": {
			ours:   []string{"models", "domains"},
			theirs: []string{"github.com/wneessen/go-mail"},
			tests:  []string{"models/modelstest", "github.com/miekg/dns"},
		},
		"demo":           {ours: []string{"static", "views"}, theirs: append(saml, "github.com/a-h/templ", "github.com/miekg/dns"), tests: []string{"sso", "scim"}},
		"commands":       {ours: []string{"*"}, theirs: []string{"github.com/alecthomas/kong"}, tests: []string{"models/modelstest"}},
		"":               {ours: []string{"commands"}},
		"bench":          {ours: []string{"*"}, theirs: append(saml, "github.com/labstack/echo/v4", "github.com/jackc/pgx/v5"), tests: []string{"models/modelstest"}},
		"e2e":            {tests: []string{"github.com/chromedp/chromedp", "github.com/chromedp/cdproto"}},
		"interop":        {tests: []string{"golang.org/x/net"}},
		"internal/house": {},
	}
}

// testLibraries may be used by every test.
var testLibraries = []string{
	"github.com/google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak", "golang.org/x/net", "github.com/Shopify/toxiproxy/v2",
}

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestImportsFollowTheHouse(t *testing.T) {
	known := rules()
	for _, p := range list(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		rule, ok := known[name]
		if !ok {
			t.Errorf("package %q is not in the rules: say what it may import", name)
			continue
		}
		for _, imported := range p.Imports {
			if !rule.allows(imported, false) {
				t.Errorf("%s must not import %s", p.ImportPath, imported)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if imported != p.ImportPath && !rule.allows(imported, true) {
				t.Errorf("a test of %s must not import %s", p.ImportPath, imported)
			}
		}
	}
}

func TestOnlyTheCommandLineImportsTheDemo(t *testing.T) {
	for _, p := range list(t) {
		if slices.Contains(p.Imports, module+"/demo") && p.ImportPath != module+"/commands" && p.ImportPath != module {
			t.Errorf("%s imports the demo", p.ImportPath)
		}
	}
}

// allows reports whether the import of path keeps the rule.
func (r rule) allows(imported string, test bool) bool {
	first, _, _ := strings.Cut(imported, "/")
	if imported == module || first == module {
		name := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
		return slices.Contains(r.ours, "*") || slices.Contains(r.ours, name) || test && slices.Contains(r.tests, name)
	}
	if !strings.Contains(first, ".") {
		return true // the standard library
	}
	modules := r.theirs
	if test {
		modules = slices.Concat(r.theirs, r.tests, testLibraries)
	}
	for ; imported != "."; imported = path.Dir(imported) {
		if slices.Contains(modules, imported) {
			return true
		}
	}
	return false
}

func list(t *testing.T) []goPackage {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...")
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
