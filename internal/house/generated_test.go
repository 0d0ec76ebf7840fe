package house

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedPagesAreUpToDate generates every page anew in a copy, so that the tree stays as it is, and compares.
func TestGeneratedPagesAreUpToDate(t *testing.T) {
	root := repository(t)
	templ := tool(t, root, "templ")
	for _, dir := range []string{"views", "demo"} {
		t.Run(dir, func(t *testing.T) {
			work := t.TempDir()
			copyFile(t, filepath.Join(root, "go.mod"), filepath.Join(work, "go.mod"))
			pages := copyPages(t, filepath.Join(root, dir), filepath.Join(work, dir))
			if len(pages) == 0 {
				t.Fatal("no .templ files found")
			}
			run(t, work, templ, "fmt", "./"+dir)
			for _, page := range pages {
				if !same(t, filepath.Join(root, dir, page), filepath.Join(work, dir, page)) {
					t.Errorf("%s/%s is not formatted: run make fmt", dir, page)
				}
			}
			// What is committed is compared as it stands, also where the formatting differs.
			copyPages(t, filepath.Join(root, dir), filepath.Join(work, dir))
			run(t, work, templ, "generate", "-path", "./"+dir)
			for _, page := range pages {
				generated := strings.TrimSuffix(page, ".templ") + "_templ.go"
				if !same(t, filepath.Join(root, dir, generated), filepath.Join(work, dir, generated)) {
					t.Errorf("%s/%s is not what %s generates: run make generate", dir, generated, page)
				}
			}
			orphans(t, filepath.Join(root, dir))
		})
	}
}

// orphans finds generated files whose page is gone.
func orphans(t *testing.T, dir string) {
	t.Helper()
	generated, err := filepath.Glob(filepath.Join(dir, "*_templ.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range generated {
		if _, err := os.Stat(strings.TrimSuffix(file, "_templ.go") + ".templ"); err != nil {
			t.Errorf("%s was generated from a page that is gone", file)
		}
	}
}

func copyPages(t *testing.T, from, to string) []string {
	t.Helper()
	var pages []string
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".templ" {
			return err
		}
		page, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		pages = append(pages, page)
		copyFile(t, path, filepath.Join(to, page))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, a, b string) bool {
	t.Helper()
	one, err := os.ReadFile(a)
	if err != nil {
		t.Error(err)
		return true
	}
	other, err := os.ReadFile(b)
	if err != nil {
		t.Error(err)
		return true
	}
	return bytes.Equal(one, other)
}

func repository(t *testing.T) string {
	t.Helper()
	return filepath.Dir(run(t, ".", "go", "env", "GOMOD"))
}

// tool returns the path of a tool of tools/go.mod, building it if needed.
func tool(t *testing.T, root, name string) string {
	t.Helper()
	return run(t, root, "go", "tool", "-n", "-modfile=tools/go.mod", name)
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	var said bytes.Buffer
	command := exec.Command(name, args...)
	command.Dir, command.Stderr = dir, &said
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, output, said.String())
	}
	return strings.TrimSpace(string(output))
}
