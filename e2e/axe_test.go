package e2e

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axeJS string

// finding is one rule of axe that a page breaks.
type finding struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// inspect looks at the page as it is, in both themes and at both widths: no finding of axe, nothing that sticks out
// sideways. It writes a picture of each when asked for.
func (p *page) inspect(name string) {
	p.t.Helper()
	for _, width := range []int64{1440, 390} {
		p.size(width, 900)
		for _, scheme := range []string{"light", "dark"} {
			p.theme(scheme)
			where := fmt.Sprintf("%s, %d px, %s", name, width, scheme)
			p.shot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
			if wide := must[int64](p, "document.documentElement.scrollWidth"); wide > width {
				p.t.Errorf("%s: the page is %d px wide", where, wide)
			}
			for _, f := range p.axe() {
				var nodes []string
				for _, node := range f.Nodes {
					nodes = append(nodes, "    "+node.HTML+"\n      "+strings.ReplaceAll(node.Summary, "\n", "\n      "))
				}
				p.t.Errorf("%s: axe %s: %s\n%s", where, f.ID, f.Help, strings.Join(nodes, "\n"))
			}
		}
	}
	p.size(1440, 900)
	p.theme("light")
}

// axe returns what axe-core finds on the page.
func (p *page) axe() []finding {
	p.t.Helper()
	if known := must[bool](p, "'axe' in window"); !known {
		if err := chromedp.Do(p.ctx, chromedp.Evaluate[chromedp.Void](axeJS)); err != nil {
			p.t.Fatalf("load axe: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]finding](
		"axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)", chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("run axe: %v", err)
	}
	return found
}
