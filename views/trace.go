package views

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Trace is how a response went through the checks, with everything that is wrong about it.
type Trace struct {
	Steps    []TraceStep
	Problems []TraceProblem
	Claims   []TraceClaim
}

// StepState is how a check went.
type StepState string

// The states of a check.
const (
	StepOK      StepState = "ok"
	StepBad     StepState = "bad"
	StepOff     StepState = "off"  // not looked at
	StepWaiting StepState = "wait" // under way
)

// TraceStep is one check.
type TraceStep struct {
	State  StepState
	Title  string
	End    string // at the right: "16:41:02", "Not checked"
	Detail string // below
}

// TraceProblem is one thing to mend: what is wrong, what was expected and received, who changes it and where.
type TraceProblem struct {
	Title    string // the check; several problems are told apart by it
	Sentence string
	Expected string
	Received string
	Who      string // "Your Entra admin", "You, here", "The person, by trying again"
	Where    string // "Entra → Enterprise applications → …"
}

// path are the steps of Where.
func (p TraceProblem) path() []string {
	if p.Where == "" {
		return nil
	}
	return strings.Split(p.Where, " → ")
}

// inEntra tells on which side the place is.
func (p TraceProblem) inEntra() bool { return strings.HasPrefix(p.Where, "Entra") }

// TraceClaim is one claim as it was received.
type TraceClaim struct {
	Name   string // without its namespace
	Full   string // with it, when it has one
	Value  string
	Use    string // "E-mail address"; empty when it is not used
	Source string // what it usually is made of in Entra
}

func (s StepState) icon() string {
	switch s {
	case StepOK:
		return "check"
	case StepBad:
		return "x"
	case StepWaiting:
		return "clock"
	}
	return "minus"
}

func (s StepState) word() string {
	switch s {
	case StepOK:
		return "Passed: "
	case StepBad:
		return "Failed: "
	case StepWaiting:
		return "Waiting: "
	}
	return "Not checked: "
}

func (s StepState) dot() string {
	switch s {
	case StepOK:
		return "ok"
	case StepBad:
		return "bad"
	case StepWaiting:
		return "info"
	}
	return ""
}

// difference are the parts of two values: what both begin with, where each is its own, and what both end with. Values that have
// nothing much in common are not compared.
type difference struct{ begin, want, got, end string }

func differ(want, got string) difference {
	if want == "" || got == "" {
		return difference{want: want, got: got}
	}
	w, g := []rune(want), []rune(got)
	n := 0
	for n < len(w) && n < len(g) && w[n] == g[n] {
		n++
	}
	m := 0
	for m < len(w)-n && m < len(g)-n && w[len(w)-1-m] == g[len(g)-1-m] {
		m++
	}
	if (n+m)*2 < min(len(w), len(g)) {
		return difference{want: want, got: got}
	}
	return difference{begin: string(w[:n]), want: string(w[n : len(w)-m]), got: string(g[n : len(g)-m]), end: string(w[len(w)-m:])}
}

// apart tells whether the two differ in a part only, which is worth marking.
func (d difference) apart() bool { return d.begin != "" || d.end != "" }

// marked writes a value with its own part marked. Markup would put spaces between the parts, and a reader copies the value.
func marked(value string, d difference, want bool) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		html := templ.EscapeString(value)
		if d.apart() {
			tag, own := "mark", d.got
			if want {
				tag, own = "ins", d.want
			}
			html = templ.EscapeString(d.begin)
			if own != "" {
				html += "<" + tag + ">" + templ.EscapeString(own) + "</" + tag + ">"
			}
			html += templ.EscapeString(d.end)
		}
		_, err := io.WriteString(w, html)
		return err
	})
}
