// Package static holds the files a browser loads: one stylesheet for the product and one that re-tints it for the demo,
// a module script, the theme script, the icon sprite and the fonts. They are embedded, named by a hash of their content
// and served as immutable. There is no build step.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Prefix is the path under which Handler expects to be mounted.
const Prefix = "/static/"

//go:embed files
var files embed.FS

// contentTypes are the only kinds of file this package serves.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

// asset is one file under its hashed name.
type asset struct {
	name    string // app.3f2a…css
	kind    string // Content-Type
	content []byte
	gzipped []byte // nil when compression gains nothing
}

// table finds assets by the name in the source and by the name in the address.
type table struct {
	byFile map[string]*asset
	byName map[string]*asset
}

// load reads the embedded files once. Stylesheets are hashed last, because the hashed names of the fonts stand in them.
var load = sync.OnceValue(func() table {
	t := table{byFile: map[string]*asset{}, byName: map[string]*asset{}}
	entries, err := fs.ReadDir(files, "files")
	if err != nil {
		panic(err) // the directory is part of the binary
	}
	for _, css := range []bool{false, true} {
		for _, e := range entries {
			ext := path.Ext(e.Name())
			if (ext == ".css") != css || contentTypes[ext] == "" {
				continue
			}
			content, err := files.ReadFile("files/" + e.Name())
			if err != nil {
				panic(err)
			}
			if css {
				content = t.withHashedNames(content)
			}
			t.add(e.Name(), ext, content)
		}
	}
	return t
})

// withHashedNames replaces url("x") by url("x.HASH") for every file already in the table.
func (t table) withHashedNames(css []byte) []byte {
	for file, a := range t.byFile {
		css = bytes.ReplaceAll(css, []byte(`url("`+file+`")`), []byte(`url("`+a.name+`")`))
	}
	return css
}

func (t table) add(file, ext string, content []byte) {
	sum := sha256.Sum256(content)
	a := &asset{
		name:    strings.TrimSuffix(file, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
		kind:    contentTypes[ext],
		content: content,
	}
	if ext != ".woff2" { // woff2 is compressed already
		a.gzipped = compress(content)
	}
	t.byFile[file] = a
	t.byName[a.name] = a
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	_, _ = w.Write(content) // a bytes.Buffer does not fail
	if w.Close() != nil || b.Len() >= len(content) {
		return nil
	}
	return b.Bytes()
}

// URL is the address of an embedded file, such as "/static/app.3f2a91c0d4e7.css" for "app.css".
// The name must be one of the embedded files; a test of this package and of views holds every use to that.
// An unknown name gives an address that answers 404.
func URL(file string) string {
	if a, ok := load().byFile[file]; ok {
		return Prefix + a.name
	}
	return Prefix + file
}

// Handler serves the embedded files under their hashed names below Prefix, cacheable for a year.
// Anything else is 404, other methods than GET and HEAD are 405.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a, ok := load().byName[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		etag := `"` + a.name + `"`
		h.Set("Content-Type", a.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", etag)
		body := a.content
		if a.gzipped != nil {
			h.Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				body = a.gzipped
			}
		}
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodHead {
			return
		}
		_, _ = w.Write(body) // the client went away: nothing to tell anybody
	})
}
