package handlers

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// recordedActions are the actions that the source of models records: the text handed to record and to what records for it, and what is
// assigned to a variable named action.
func recordedActions(t *testing.T) []string {
	t.Helper()
	action := regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)
	found := map[string]bool{}
	files, err := filepath.Glob("../models/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		note := func(list []ast.Expr) {
			for _, e := range list {
				literal, ok := e.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					continue
				}
				if text, err := strconv.Unquote(literal.Value); err == nil && action.MatchString(text) {
					found[text] = true
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && (strings.HasPrefix(f.Sel.Name, "record") || f.Sel.Name == "setDomainStatus") {
					note(n.Args)
				}
			case *ast.AssignStmt:
				if v, ok := n.Lhs[0].(*ast.Ident); ok && v.Name == "action" {
					note(n.Rhs)
				}
			}
			return true
		})
	}
	var list []string
	for a := range found {
		list = append(list, a)
	}
	return list
}

func TestEveryRecordedActionHasASentence(t *testing.T) {
	actions := recordedActions(t)
	if len(actions) < 30 {
		t.Fatalf("only %d actions were found in the source: %v", len(actions), actions)
	}
	for _, action := range actions {
		if _, ok := sayings[action]; !ok {
			t.Errorf("%s has no sentence", action)
		}
		if areaWord(action) == "" {
			t.Errorf("%s belongs to no area of the filter", action)
		}
		e := models.AuditEvent{Action: action, ActorKind: models.Person, ActorID: "mem_a", ActorLabel: "Ana", TargetID: "mem_b", TargetLabel: "Bo"}
		if said := sayEvent(&e); strings.TrimSpace(said.sentence) != said.sentence || said.sentence == "" {
			t.Errorf("%s is told as %q", action, said.sentence)
		}
	}
}

func TestEventsAreToldInSentences(t *testing.T) {
	for _, c := range []struct {
		action, before, after, want string
		kind                        models.ActorKind
	}{
		{"sso_connection.switched", `{"single_sign_on":false,"required":false}`, `{"single_sign_on":true,"required":true}`, "Ana turned Single Sign-On on and Require Single Sign-On on", models.Person},
		{"member.added", "", `{"source":"scim","held":"domain_unverified"}`, "Entra (token “Ana”) provisioned Bo, who is held", models.SCIM},
		{"member.added", "", `{"status":"invited","source":"invitation"}`, "Ana invited Bo", models.Person},
		{"member.role_changed", `{"role":"member"}`, `{"role":"owner"}`, "The operator gave Bo the role Owner", models.Operator},
		{"team.member_removed", `{"name":"Cy"}`, "", "Ana removed Cy from the team Bo", models.Person},
		{"team.role_changed", `{"role":"admin"}`, `{"role":null}`, "Ana took the role from the team Bo", models.Person},
		{"domain.verified", "", `{"by":"dns"}`, "Gatehouse found the DNS record of Bo: verified", models.System},
		{"session.login_failed", "", "", "Somebody entered a wrong password for Bo", models.Anonymous},
		{"session.started", "", `{"signed_in_by":"sso","recovery":false}`, "Bo signed in with SSO", models.IdP},
		{"member.changed", "not JSON", "{", "Ana changed the profile of Bo", models.Person},
		{"new.thing_done", "", "", "Ana: new thing done Bo", models.Person},
	} {
		e := models.AuditEvent{Action: c.action, Before: c.before, After: c.after, ActorKind: c.kind, ActorID: "a", ActorLabel: "Ana", TargetID: "b", TargetLabel: "Bo"}
		if got := sayEvent(&e).sentence; got != c.want {
			t.Errorf("%s is told as %q, want %q", c.action, got, c.want)
		}
	}
}

func TestTheAuditLogIsFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		ana.post(teamsPath, "org", acme.ID, "name", "First").wantStatus(http.StatusSeeOther)
		a.clock.Advance(24 * time.Hour)
		ana = a.signIn("ana@acme.com")
		for i := range auditPage + 5 {
			ana.post(teamsPath, "org", acme.ID, "name", fmt.Sprintf("Team %02d", i)).wantStatus(http.StatusSeeOther)
		}
		p := ana.get(auditPath).wantStatus(http.StatusOK).wantText("h2.day", "Today, 25 November").wantText("ol.events", "Ana made the team Team 54").wantNone("a[rel=prev]")
		next := ana.get(p.attr("a[rel=next]", "href")).wantText("main", "Yesterday, 24 November").wantText("main", "The operator made the organization Acme")
		back := ana.get(next.attr("a[rel=prev]", "href"))
		if back.text("ol.events") != p.text("ol.events") {
			t.Error("the way back leads elsewhere")
		}
		ana.get(auditPath+"?area=team&q=first").wantText(".pager", "1 event matches").wantText("ol.events", "Ana made the team First")
		ana.get(auditPath+"?to=2026-11-24&area=team").wantText(".pager", "1 event matches")
		ana.get(auditPath+"?from=2026-11-25&area=team").wantText(".pager", "55 events match")
		ana.get(auditPath+"?actor=operator").wantText("ol.events", "The operator added Ana")
		ana.get(auditPath+"?actor=person:"+a.memberID(acme, "ana@acme.com")+"&area=session").wantText("ol.events", "Ana signed in with a password")
		ana.get(auditPath+"?q=no+such+thing").wantText("main", "No event matches")
		p = ana.get(auditPath + "?from=yesterday&to=2026-11-24&q=x").wantStatus(http.StatusUnprocessableEntity)
		p.wantFieldError("from", "Write the date as 2026-11-24").wantValue("from", "yesterday").wantValue("q", "x")
		ana.get(auditPath+"?from=2026-11-25&to=2026-11-24").wantStatus(http.StatusUnprocessableEntity).wantFieldError("to", "before the first day")
	})
}

func TestTheExportIsExactlyWhatIsFilteredAndRunsNoFormula(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		umbrella := a.organization("Umbrella", "eve@umbrella.com")
		formula := `=HYPERLINK("https://evil.example","x")`
		for _, name := range []string{formula, "+1", "-1", "@SUM(1)", "  =2", "Plain"} {
			a.clock.Advance(time.Second)
			if _, err := a.db.CreateTeam(t.Context(), operator, acme.ID, name); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.db.CreateTeam(t.Context(), operator, umbrella.ID, "Secret of Umbrella"); err != nil {
			t.Fatal(err)
		}
		ana := a.signIn("ana@acme.com")
		page := ana.get(auditPath + "?area=team")
		var links []string
		for _, n := range page.all("a[download]") {
			links = append(links, attr(n, "href"))
		}
		p := ana.get(links[0]).wantStatus(http.StatusOK)
		if got := p.header.Get("Content-Disposition"); got != `attachment; filename="audit-log-2026-11-24.csv"` {
			t.Errorf("Content-Disposition: %s", got)
		}
		rows, err := csv.NewReader(strings.NewReader(p.body)).ReadAll()
		if err != nil || len(rows) != 7 {
			t.Fatalf("%d rows, %v\n%s", len(rows), err, p.body)
		}
		for _, row := range rows[1:] {
			for _, cell := range row {
				if trimmed := strings.TrimLeft(cell, " "); trimmed != "" && strings.ContainsRune("=+-@", rune(trimmed[0])) {
					t.Errorf("the cell %q runs as a formula", cell)
				}
			}
		}
		p = ana.get(links[1]).wantStatus(http.StatusOK)
		lines := strings.Split(strings.TrimSpace(p.body), "\n")
		if len(lines) != 6 {
			t.Fatalf("%d lines", len(lines))
		}
		var last exportedEvent
		if err := json.Unmarshal([]byte(lines[5]), &last); err != nil || last.Target.Label != formula || last.Action != "team.created" || last.Actor.Kind != "operator" {
			t.Errorf("the oldest line is %+v, %v", last, err)
		}
		ana.get(auditPath + "/export?format=xlsx").wantStatus(http.StatusUnprocessableEntity)
		ana.get(auditPath + "/export?format=csv&from=never").wantStatus(http.StatusUnprocessableEntity)
	})
}

func TestTheExportGoesOnOverManyPages(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		team, err := a.db.CreateTeam(t.Context(), operator, acme.ID, "Name 0")
		if err != nil {
			t.Fatal(err)
		}
		for i := range exportPage + 10 {
			if err := a.db.RenameTeam(t.Context(), operator, acme.ID, team.ID, fmt.Sprintf("Name %d", i+1)); err != nil {
				t.Fatal(err)
			}
		}
		p := a.signIn("ana@acme.com").get(auditPath + "/export?format=ndjson&area=team")
		if got := strings.Count(p.body, "\n"); got != exportPage+11 {
			t.Errorf("%d lines, want %d", got, exportPage+11)
		}
	})
}
