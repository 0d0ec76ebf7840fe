package static

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFilesAreServedUnderTheirHashForever(t *testing.T) {
	for file, kind := range map[string]string{
		"app.css": "text/css; charset=utf-8", "azure.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8",
		"theme.js": "text/javascript; charset=utf-8", "icons.svg": "image/svg+xml", "icon.svg": "image/svg+xml",
		"inter-latin.woff2": "font/woff2", "inter-latin-ext.woff2": "font/woff2",
	} {
		address := URL(file)
		if !regexp.MustCompile(`^/static/[a-z-]+\.[0-9a-f]{12}\.(css|js|svg|woff2)$`).MatchString(address) {
			t.Errorf("%s: address %s carries no hash", file, address)
		}
		r := get(t, address)
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s, want 200 %s", file, r.StatusCode, r.Header.Get("Content-Type"), kind)
		}
		if !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: Cache-Control %q", file, r.Header.Get("Cache-Control"))
		}
		if again := get(t, address, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %d for a known ETag, want 304", file, again.StatusCode)
		}
	}
}

func TestOnlyHashedNamesAreServed(t *testing.T) {
	for _, path := range []string{"/static/app.css", "/static/", "/static/files/app.css", "/static/../static.go", "/static/app.000000000000.css", "/static/licenses/inter-OFL.txt"} {
		if r := get(t, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, r.StatusCode)
		}
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, URL("app.css"), nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", w.Code)
	}
}

func TestTextIsCompressedForThoseWhoAsk(t *testing.T) {
	plain := body(t, get(t, URL("app.css")))
	r := get(t, URL("app.css"), "Accept-Encoding", "br, gzip")
	if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("Content-Encoding %q, Vary %q", r.Header.Get("Content-Encoding"), r.Header.Get("Vary"))
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || string(unpacked) != plain {
		t.Errorf("the compressed stylesheet differs from the plain one (%v)", err)
	}
	if r := get(t, URL("inter-latin.woff2"), "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("a font was compressed twice")
	}
}

func TestStylesheetsPointOnlyAtEmbeddedFiles(t *testing.T) {
	for _, sheet := range []string{"app.css", "azure.css"} {
		css := body(t, get(t, URL(sheet)))
		for _, m := range regexp.MustCompile(`url\(([^)]*)\)`).FindAllStringSubmatch(css, -1) {
			address := Prefix + strings.Trim(m[1], `"'`)
			if r := get(t, address); r.StatusCode != http.StatusOK {
				t.Errorf("%s points at %s, which answers %d", sheet, m[1], r.StatusCode)
			}
		}
		if strings.Count(css, "{") != strings.Count(css, "}") {
			t.Errorf("%s: braces do not match", sheet)
		}
		// Components may not invent colours: outside of the tokens layer everything is a token.
		if n := len(regexp.MustCompile(`#[0-9a-fA-F]{6}\b`).FindAllString(css, -1)); n > 0 {
			t.Errorf("%s: %d colours outside of the palette's notation", sheet, n)
		}
	}
}

func TestEveryTokenThatIsUsedIsDefined(t *testing.T) {
	all := body(t, get(t, URL("app.css"))) + body(t, get(t, URL("azure.css")))
	for _, m := range regexp.MustCompile(`var\((--[a-z0-9-]+)`).FindAllStringSubmatch(all, -1) {
		if !strings.Contains(all, m[1]+":") {
			t.Errorf("%s is used but defined nowhere", m[1])
		}
	}
}
