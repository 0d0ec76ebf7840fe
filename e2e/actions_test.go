package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// place is where to click, as find.js says it.
type place struct {
	Missing bool    `json:"missing"`
	Problem string  `json:"problem"`
	X       float64 `json:"x"`
	Y       float64 `json:"y"`
}

// clickAt waits until the expression names a place that can be clicked, and clicks there with the mouse.
func (p *page) clickAt(what, expression string, args ...any) {
	p.t.Helper()
	var at place
	if !p.eventually(func() bool {
		found, err := evaluate[place](p, expression, args...)
		at = found
		return err == nil && !at.Missing && at.Problem == ""
	}) {
		if at.Missing {
			p.t.Fatalf("there is no %s on %s", what, p.url())
		}
		p.t.Fatalf("%s cannot be clicked: %s", what, at.Problem)
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.MouseClickXY(at.X, at.Y)); err != nil {
		p.t.Fatalf("click %s: %v", what, err)
	}
}

// click clicks the button or link with this name, near a text if one is given, and does not wait for anything.
func (p *page) click(name string, nearText ...string) {
	p.t.Helper()
	p.clickAt("button or link “"+name+"”", "point(control(%s, %s))", name, first(nearText))
}

// press clicks what leads to another page, says yes where the page asks, and waits until that page is there.
func (p *page) press(name string, nearText ...string) {
	p.t.Helper()
	p.leave(func() { p.click(name, nearText...) })
}

// leave does something that leads to another page, and waits for that.
func (p *page) leave(act func()) {
	p.t.Helper()
	must[bool](p, "window.gatehouseSeen = true")
	act()
	p.arrive()
}

// arrive waits until another page than the marked one is there.
func (p *page) arrive() {
	p.t.Helper()
	if !p.eventually(func() bool {
		if asked, err := evaluate[bool](p, "asking()"); err == nil && asked {
			p.clickAt("the confirmation", "confirming()")
		}
		there, err := evaluate[bool](p, "loaded()")
		return err == nil && there
	}) {
		p.t.Fatalf("no other page came after %s", p.url())
	}
}

// flip turns one of the switches over and waits for the page that answers.
func (p *page) flip(name string) {
	p.t.Helper()
	p.leave(func() {
		p.clickAt("switch “"+name+"”", "point([...document.querySelectorAll('[role=switch]')].find((e) => names(e).some((n) => n.startsWith(%s))))", name)
	})
}

// fill types into the field with this label, in place of what is there.
func (p *page) fill(label, value string, nearText ...string) {
	p.t.Helper()
	near := first(nearText)
	if must[string](p, "kind(field(%s, %s))", label, near) == "select" {
		if !must[bool](p, "pick(field(%s, %s), %s)", label, near, value) {
			p.t.Fatalf("“%s” offers no “%s”", label, value)
		}
		return
	}
	p.clickAt("field “"+label+"”", "point(field(%s, %s))", label, near)
	must[bool](p, "(field(%s, %s).select(), true)", label, near)
	if value == "" {
		p.call(chromedp.Run(p.ctx, chromedp.KeyEvent("\u0008")))
		return
	}
	p.call(chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: value}))
	if got := p.value(label, near); got != value {
		p.t.Fatalf("“%s” holds %q after typing %q", label, got, value)
	}
}

// value returns what stands in the field with this label.
func (p *page) value(label string, nearText ...string) string {
	p.t.Helper()
	if !p.eventually(func() bool {
		found, err := evaluate[bool](p, "!!field(%s, %s)", label, first(nearText))
		return err == nil && found
	}) {
		p.t.Fatalf("there is no field “%s” on %s", label, p.url())
	}
	return must[string](p, "field(%s, %s).value", label, first(nearText))
}

// has reports whether there is a field with this label now.
func (p *page) has(label string, nearText ...string) bool {
	p.t.Helper()
	return must[bool](p, "!!field(%s, %s)", label, first(nearText))
}

// upload chooses files for the field with this label.
func (p *page) upload(label string, files ...string) {
	p.t.Helper()
	chooser := must[*runtime.RemoteObject](p, "field(%s)", label)
	if chooser.ObjectID == "" {
		p.t.Fatalf("there is no file chooser “%s” on %s", label, p.url())
	}
	p.call(chromedp.Call(p.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: chooser.ObjectID}))
}

// see waits until every text can be read on the page.
func (p *page) see(texts ...string) {
	p.t.Helper()
	missing := texts
	if !p.eventually(func() bool {
		shown, err := evaluate[string](p, "squeeze(document.body?.innerText)")
		if err != nil {
			return false
		}
		missing = nil
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				missing = append(missing, text)
			}
		}
		return len(missing) == 0
	}) {
		p.t.Fatalf("%s does not say %q", p.url(), missing)
	}
}

// seeNot checks that a text cannot be read on the page as it is.
func (p *page) seeNot(text string) {
	p.t.Helper()
	if strings.Contains(p.text(), text) {
		p.t.Fatalf("%s says %q", p.url(), text)
	}
}

// at waits until the page is at a path of base.
func (p *page) at(path string) {
	p.t.Helper()
	if !p.eventually(func() bool {
		address, err := evaluate[string](p, "document.readyState === 'complete' ? location.href : ''")
		return err == nil && (address == p.base+path || strings.HasPrefix(address, p.base+path+"?") || strings.HasPrefix(address, p.base+path+"#"))
	}) {
		p.t.Fatalf("the page is %s, want %s", p.url(), p.base+path)
	}
}

// shot writes a picture of the whole page when E2E_SCREENSHOTS names a folder.
func (p *page) shot(name string) {
	p.t.Helper()
	dir := os.Getenv("E2E_SCREENSHOTS")
	if dir == "" {
		return
	}
	must[bool](p, "(document.activeElement?.blur(), scrollTo(0, 0), true)")
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}
