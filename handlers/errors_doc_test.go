package handlers

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/models"
	"gatehouse/sso"
)

var updateErrors = flag.Bool("update", false, "write docs/errors.md anew")

// TestTheErrorsDocumentIsUpToDate compares docs/errors.md with the catalogues in the code. To write it anew:
//
//	go test ./handlers -run TestTheErrorsDocumentIsUpToDate -args -update
func TestTheErrorsDocumentIsUpToDate(t *testing.T) {
	path := filepath.Join("..", "docs", "errors.md")
	want := errorsDocument()
	if *updateErrors {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/errors.md is not what the code says (%v). Run: go test ./handlers -run TestTheErrorsDocumentIsUpToDate -args -update", err)
	}
}

func errorsDocument() string {
	var b strings.Builder
	b.WriteString(`# Everything that can go wrong while single sign-on is set up and used

Written by a test from the catalogues in ` + "`sso/catalogue.go`, `sso/microsoft.go` and `models/login_refusal.go`" + `; do not edit it by hand.

Each entry has an id, which the activity and the audit log show. The person who signs in reads one plain sentence and a reference; an admin finds
under that reference (Access Security → Activity) what was expected, what came, who changes it and where. A test sign-in shows all of it at once.

`)
	entries := sso.Entries()
	chapter(&b, sso.ChapterResponse, "The response of the identity provider is checked in this order. Nobody is signed in.", entries[sso.ChapterResponse], true)
	var refused []sso.Entry
	for _, r := range models.Refusals() {
		refused = append(refused, sso.Entry{Reason: sso.Reason(r.Reason), Side: sso.Side(sideOf(r.FixAt)), Employee: r.Employee, Admin: r.Admin, FixAt: r.FixAt})
	}
	chapter(&b, "The person or the request is refused", "The response is right, but nobody may come in by it.", refused, true)

	b.WriteString("## A page at Microsoft\n\nThese end at Microsoft, and the application never hears of them. Paste the text of the page under Access Security → SSO → Test sign-in.\n\n")
	for _, e := range sso.MicrosoftErrors() {
		title := "AADSTS" + e.Code
		if e.Name != "" {
			title += ", " + e.Name
		}
		fmt.Fprintf(&b, "### %s\n\n%s. %s\n\n- The person: %s\n- Who: %s\n- Where: %s\n\n", title, e.Reason, e.Admin, e.Employee, whoChanges(e.Side), e.FixAt)
	}
	chapter(&b, sso.ChapterUpload, "What an admin uploads on the SSO page; nothing is saved.", entries[sso.ChapterUpload], false)
	chapter(&b, sso.ChapterAddress, "What an admin types into Issuer URL and Identity Provider Sign-in URL; nothing is saved.", entries[sso.ChapterAddress], false)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func chapter(b *strings.Builder, title, about string, entries []sso.Entry, people bool) {
	fmt.Fprintf(b, "## %s\n\n%s\n\n", title, about)
	for _, e := range entries {
		fmt.Fprintf(b, "### %s\n\n%s\n\n", e.Reason, e.Admin)
		if people {
			fmt.Fprintf(b, "- The person: %s\n", e.Employee)
		}
		fmt.Fprintf(b, "- Who: %s\n", whoChanges(e.Side))
		if e.FixAt != "" {
			fmt.Fprintf(b, "- Where: %s\n", e.FixAt)
		}
		for _, other := range e.Also {
			fmt.Fprintf(b, "- Or: %s\n", other.Admin)
			if people && other.Employee != e.Employee {
				fmt.Fprintf(b, "  - The person: %s\n", other.Employee)
			}
			fmt.Fprintf(b, "  - Who: %s\n", whoChanges(other.Side))
			if other.FixAt != "" {
				fmt.Fprintf(b, "  - Where: %s\n", other.FixAt)
			}
		}
		b.WriteString("\n")
	}
}

func whoChanges(s sso.Side) string {
	switch s {
	case sso.SideIdP:
		return "an admin of the identity provider"
	case sso.SideHere:
		return "an admin here"
	}
	return "the person, by trying again"
}
