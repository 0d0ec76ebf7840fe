package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	patience = 20 * time.Second // how long a step waits for the page to be as it should
	// One evaluation: Chromium may never answer one that was sent while the page went away, so it is short and repeated.
	evaluation = 2 * time.Second
)

//go:embed testdata/find.js
var findJS string

var (
	browserMu    sync.Mutex
	browserCtx   context.Context
	closeBrowser = func() {}
)

// chromium starts the browser of this process once.
func chromium(t *testing.T) context.Context {
	t.Helper()
	browserMu.Lock()
	defer browserMu.Unlock()
	if browserCtx != nil {
		return browserCtx
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("Chromium is not installed: run `make test`, which installs it, or `apt-get install chromium`")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		stop()
		stopAllocator()
		t.Fatalf("start Chromium: %v", err)
	}
	browserCtx, closeBrowser = ctx, func() { stop(); stopAllocator() }
	return ctx
}

// page is one tab in a browser context of its own: nobody else's cookies. Its methods end the test when the page is not
// as they need it.
type page struct {
	t    *testing.T
	ctx  context.Context
	base string // prefix of addresses that begin with a slash

	mu       sync.Mutex
	problems []string // what the browser complained about
}

// newPage opens a tab with cookies of its own, as another person's browser has. base is where paths lead.
func newPage(t *testing.T, base string) *page {
	t.Helper()
	return openTab(t, base, chromedp.WithNewBrowserContext())
}

// tab opens a further tab of the same browser context: the same cookies. base is where paths lead.
func (p *page) tab(base string) *page {
	p.t.Helper()
	return openTab(p.t, base, chromedp.WithExistingBrowserContext(chromedp.FromContext(p.ctx).BrowserContextID))
}

func openTab(t *testing.T, base string, option chromedp.ContextOption) *page {
	t.Helper()
	p := &page{t: t, base: base}
	ctx, cancel := chromedp.NewContext(chromium(t), option, chromedp.WithListener(p.listen))
	p.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			p.dump()
		}
		cancel()
		for _, problem := range p.problems {
			t.Errorf("the browser complained: %s", problem)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	p.size(1440, 900)
	p.theme("light")
	return p
}

// listen notes what no page may cause: an exception, or a violation of its own policy.
func (p *page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, event.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// Refused answers (404, 422) are entries too, of source network: the tests ask for those.
		if event.Entry.Level == log.EntryLevelError && event.Entry.Source != log.EntrySourceNetwork {
			p.problems = append(p.problems, event.Entry.Text+" at "+event.Entry.URL)
		}
	}
}

// noJavaScript turns scripts off, from the next page on.
func (p *page) noJavaScript() *page {
	p.t.Helper()
	p.call(chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	return p
}

func (p *page) size(width, height int64) {
	p.t.Helper()
	p.call(chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1}))
}

// theme sets what the system prefers, light or dark, without motion.
func (p *page) theme(scheme string) {
	p.t.Helper()
	p.call(chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
}

// call ends the test if a command of the protocol failed.
func (p *page) call(_ any, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// open goes to an address, or to a path of base, and returns the status of the last answer.
func (p *page) open(address string) int {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.base + address
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Navigate(address))
	if err != nil {
		p.t.Fatalf("open %s: %v", address, err)
	}
	if response == nil { // about:blank
		return 0
	}
	return int(response.Status)
}

// url returns the address of the page.
func (p *page) url() string {
	p.t.Helper()
	return must[string](p, "location.href")
}

// text returns what can be read on the page.
func (p *page) text() string {
	p.t.Helper()
	return must[string](p, "squeeze(document.body?.innerText)")
}

// evaluate runs one expression in front of which the functions of find.js are known.
func evaluate[T any](p *page, expression string, args ...any) (T, error) {
	encoded := make([]any, len(args))
	for i, arg := range args {
		text, err := json.Marshal(arg)
		if err != nil {
			p.t.Fatal(err)
		}
		encoded[i] = string(text)
	}
	ctx, cancel := context.WithTimeout(p.ctx, evaluation)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T]("(() => {"+findJS+"\nreturn "+fmt.Sprintf(expression, encoded...)+"})()"))
}

// must is evaluate while the page may be on its way: it tries again until the expression has a value.
func must[T any](p *page, expression string, args ...any) T {
	p.t.Helper()
	var value T
	var err error
	if !p.eventually(func() bool {
		value, err = evaluate[T](p, expression, args...)
		return err == nil
	}) {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// eventually waits for a condition.
func (p *page) eventually(condition func() bool) bool {
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if condition() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// dump writes what a failed test left on the screen.
func (p *page) dump() {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := evaluate[string](p, "(document.querySelector('main') ?? document.body)?.innerText.replace(/\\s*\\n\\s*/g, '\\n').slice(0, 3000) ?? ''")
	p.t.Logf("%s showed:\n%s", address, text)
	if dir := os.Getenv("E2E_SCREENSHOTS"); dir != "" {
		if picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100)); err == nil {
			name := strings.NewReplacer("/", "-", " ", "_").Replace(p.t.Name())
			_ = os.WriteFile(filepath.Join(dir, "failed-"+name+".png"), picture, 0o644)
		}
	}
}

// download clicks on a link or button and returns the file that it gives.
func (p *page) download(name string) string {
	p.t.Helper()
	dir := p.t.TempDir()
	p.call(chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	}))
	p.click(name)
	var file string
	if !p.eventually(func() bool {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) != 1 || strings.HasSuffix(files[0], ".crdownload") {
			return false
		}
		file = files[0]
		return true
	}) {
		p.t.Fatalf("%q gave no file", name)
	}
	return file
}
