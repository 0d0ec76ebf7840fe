package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// The conversations in testdata/scim are text scripts. A block ends with an empty line:
//
//	# Why this request is sent and what depends on the answer.
//	> PATCH /Users/${eve}
//	Header: value                     (optional; the token and the content type are added)
//	{"Operations":[…]}                (optional, any number of lines)
//	< 200
//	Header: value                     (must be there with exactly this value)
//	$.emails[0].value = "eve@acme.com"
//	$["urn:…:User"].manager.value = "m"
//	$.title absent
//	$.Resources length 2
//	$.detail contains "operation 1"
//	$.meta.created ~ ^2026-           (a regular expression)
//	$.id -> eve                       (remembered as ${eve})
//	empty                             (no body)
//
// and "! command arguments" does what an admin or a person does meanwhile (commands below). ${base} is the SCIM address, ${token} the
// token, ${foreign} a token of another organization, ${outsider} a member of it.
func TestSCIMConversations(t *testing.T) {
	runScripts(t, "testdata/scim/*.txt")
}

// The requests in testdata/scim/conformance are what RFC 7643, 7644 and 9865 demand, by section. docs/conformance.md lists where we
// differ on purpose.
func TestSCIMConformance(t *testing.T) { runScripts(t, "testdata/scim/conformance/*.txt") }

func runScripts(t *testing.T, pattern string) {
	t.Helper()
	scripts, err := filepath.Glob(pattern)
	if err != nil || len(scripts) < 5 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			each(t, func(t *testing.T, a *app) { newConversation(t, a).run(string(text)) })
		})
	}
}

type conversation struct {
	t     *testing.T
	a     *app
	org   *models.Organization
	vars  map[string]string
	where string
}

func newConversation(t *testing.T, a *app) *conversation {
	t.Helper()
	v := &conversation{t: t, a: a, vars: map[string]string{"base": a.url + scimPrefix}}
	v.org = a.organization("Acme", "ana@acme.com")
	a.verifiedDomain(v.org, "acme.com")
	v.vars["token"] = v.newToken(v.org)
	globex := a.organization("Globex", "gil@globex.com")
	v.vars["foreign"] = v.newToken(globex)
	v.vars["outsider"] = a.memberID(globex, "gil@globex.com")
	v.vars["owner"] = a.memberID(v.org, "ana@acme.com")
	return v
}

func (v *conversation) newToken(org *models.Organization) string {
	v.t.Helper()
	_, bearer, err := v.a.db.CreateSCIMToken(v.t.Context(), operator, org.ID, "Entra", 0)
	if err != nil {
		v.t.Fatal(err)
	}
	return bearer
}

func (v *conversation) run(text string) {
	for i, block := range regexp.MustCompile(`\n\s*\n`).Split(text, -1) {
		v.where = fmt.Sprintf("block %d", i+1)
		v.block(strings.Split(strings.TrimSpace(block), "\n"))
		if v.t.Failed() {
			return
		}
	}
}

func (v *conversation) fatalf(format string, args ...any) {
	v.t.Helper()
	v.t.Fatalf("%s: %s", v.where, fmt.Sprintf(format, args...))
}

var scriptVariable = regexp.MustCompile(`\$\{([a-zA-Z0-9]+)\}`)

func (v *conversation) expand(s string) string {
	return scriptVariable.ReplaceAllStringFunc(s, func(name string) string {
		value, ok := v.vars[name[2:len(name)-1]]
		if !ok {
			v.fatalf("%s was never set", name)
		}
		return value
	})
}

// block runs one block of a script.
func (v *conversation) block(lines []string) {
	var request, wanted []string
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "#") || line == "":
		case strings.HasPrefix(line, "! "):
			v.where = line
			v.command(strings.Fields(v.expand(line[2:])))
		case strings.HasPrefix(line, "> "):
			request = append(request, v.expand(line[2:]))
			v.where = line
		case strings.HasPrefix(line, "< "):
			wanted = append(wanted, line[2:])
		case wanted != nil:
			wanted = append(wanted, line)
		case request != nil:
			request = append(request, v.expand(line))
		default:
			v.fatalf("cannot read %q", line)
		}
	}
	if request != nil {
		v.check(v.send(request), wanted)
	}
}

// command is what happens between requests.
func (v *conversation) command(words []string) {
	ctx, db := v.t.Context(), v.a.db
	var err error
	switch words[0] {
	case "verify":
		v.a.verifiedDomain(v.org, words[1])
	case "invite":
		_, _, err = db.Invite(ctx, operator, models.Owner, v.org.ID, words[1], "", models.RoleMember)
	case "member":
		v.vars[words[2]] = v.a.member(v.org, words[1], models.RoleMember).ID
	case "owner":
		v.vars[words[2]] = v.a.member(v.org, words[1], models.Owner).ID
	case "deactivate":
		err = db.DeactivateMember(ctx, models.Actor{Kind: models.Person, Label: "Ana"}, models.Owner, v.org.ID, words[1])
	case "sign-in":
		_, err = db.PasswordSignIn(ctx, models.Client{IP: "192.0.2.9"}, words[1], password, false)
	case "signed-in", "signed-out":
		list, problem := db.Sessions(ctx, v.org.ID, v.a.memberID(v.org, words[1]))
		if err = problem; err == nil && (len(list) > 0) != (words[0] == "signed-in") {
			v.fatalf("%d sessions", len(list))
		}
	case "held":
		m, problem := db.Member(ctx, v.org.ID, words[1])
		if err = problem; err == nil && string(m.Held()) != strings.Join(words[2:], "") {
			v.fatalf("held for %q", m.Held())
		}
	case "role":
		m, problem := db.Member(ctx, v.org.ID, words[1])
		if err = problem; err == nil && string(m.Role) != words[2] {
			v.fatalf("role %s", m.Role)
		}
	case "team":
		team, problem := db.CreateTeam(ctx, operator, v.org.ID, words[1])
		if err = problem; err == nil {
			v.vars[words[2]] = team.ID
		}
	case "wait":
		var d time.Duration
		if d, err = time.ParseDuration(words[1]); err == nil {
			v.a.clock.Advance(d)
		}
	case "audited":
		found := false
		for _, action := range v.a.auditActions(v.org) {
			found = found || action == words[1]
		}
		if !found {
			v.fatalf("not in the audit log: %v", v.a.auditActions(v.org))
		}
	case "revoke":
		tokens, problem := db.SCIMTokens(ctx, v.org.ID)
		if err = problem; err == nil {
			err = db.RevokeSCIMToken(ctx, operator, v.org.ID, tokens[0].ID)
		}
	default:
		v.fatalf("unknown command")
	}
	if err != nil {
		v.fatalf("%v", err)
	}
}

var headerLine = regexp.MustCompile(`^([A-Za-z-]+):(?: (.*))?$`)

func (v *conversation) send(lines []string) *page {
	method, path, _ := strings.Cut(lines[0], " ")
	headers, body := http.Header{"Authorization": {"Bearer " + v.vars["token"]}}, ""
	for i, line := range lines[1:] {
		m := headerLine.FindStringSubmatch(line)
		if m == nil {
			body = strings.Join(lines[i+1:], "\n")
			break
		}
		headers.Set(m[1], v.expand(m[2]))
	}
	if body != "" && headers.Get("Content-Type") == "" {
		headers.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	r := v.a.request(method, scimPrefix+strings.ReplaceAll(path, " ", "%20"), body)
	for name, values := range headers {
		if values[0] != "" {
			r.Header.Set(name, values[0])
		}
	}
	return v.a.do(r)
}

var expectation = regexp.MustCompile(`^(\$\S*) (=|->|absent|length|contains|~) ?(.*)$`)

func (v *conversation) check(got *page, wanted []string) {
	v.t.Helper()
	if len(wanted) == 0 {
		v.fatalf("no answer is wanted")
	}
	if strconv.Itoa(got.status) != wanted[0] {
		v.fatalf("status %d, want %s\n%s", got.status, wanted[0], got.body)
	}
	var body any
	if got.body != "" {
		if kind := got.header.Get("Content-Type"); kind != "application/scim+json" {
			v.fatalf("content type %q", kind)
		}
		if err := json.Unmarshal([]byte(got.body), &body); err != nil {
			v.fatalf("not JSON: %s", got.body)
		}
	}
	if got.status >= 400 {
		v.checkError(got, body)
	}
	for _, line := range wanted[1:] {
		if line == "empty" {
			if got.body != "" {
				v.fatalf("a body: %s", got.body)
			}
			continue
		}
		if m := expectation.FindStringSubmatch(line); m != nil {
			v.assert(got, body, line, m[1], m[2], m[3])
			continue
		}
		m := headerLine.FindStringSubmatch(line)
		if m == nil {
			v.fatalf("cannot read %q", line)
		}
		if value := got.header.Get(m[1]); value != v.expand(m[2]) {
			v.fatalf("header %s is %q, want %q", m[1], value, v.expand(m[2]))
		}
	}
}

// checkError holds every refusal to RFC 7644 §3.12: these members and no others, status as a string, and a detail to act on.
func (v *conversation) checkError(got *page, body any) {
	object, _ := body.(map[string]any)
	for name := range object {
		if name != "schemas" && name != "status" && name != "scimType" && name != "detail" {
			v.fatalf("an error with %q: %s", name, got.body)
		}
	}
	if object["status"] != strconv.Itoa(got.status) || object["detail"] == "" ||
		!reflect.DeepEqual(object["schemas"], []any{"urn:ietf:params:scim:api:messages:2.0:Error"}) {
		v.fatalf("not a SCIM error: %s", got.body)
	}
}

func (v *conversation) assert(got *page, body any, line, path, verb, argument string) {
	value, found := at(body, path)
	switch verb {
	case "absent":
		if found {
			v.fatalf("%s\nin %s", line, got.body)
		}
		return
	case "->":
		text, _ := value.(string)
		if text == "" {
			v.fatalf("%s: nothing there in %s", line, got.body)
		}
		v.vars[strings.TrimSpace(argument)] = text
		return
	case "~":
		text, _ := value.(string)
		if !regexp.MustCompile(argument).MatchString(text) {
			v.fatalf("%s\ngot %q", line, text)
		}
		return
	case "length":
		list, ok := value.([]any)
		if !ok || strconv.Itoa(len(list)) != argument {
			v.fatalf("%s: %d in %s", line, len(list), got.body)
		}
		return
	}
	var want any
	if err := json.Unmarshal([]byte(v.expand(argument)), &want); err != nil {
		v.fatalf("%s: %v", line, err)
	}
	if verb == "contains" {
		text, _ := value.(string)
		if part, _ := want.(string); !strings.Contains(text, part) {
			v.fatalf("%s\ngot %q", line, text)
		}
		return
	}
	if !found || !reflect.DeepEqual(value, want) {
		v.fatalf("%s\nin %s", line, got.body)
	}
}

var pathStep = regexp.MustCompile(`^(?:\.([^.\[]+)|\["([^"]+)"\]|\[(\d+)\])`)

// at reads a path such as $.emails[0].value or $["urn:…"].manager.
func at(value any, path string) (any, bool) {
	rest := strings.TrimPrefix(path, "$")
	for rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, false
		}
		rest = rest[len(m[0]):]
		if m[3] != "" {
			list, ok := value.([]any)
			i, _ := strconv.Atoi(m[3])
			if !ok || i >= len(list) {
				return nil, false
			}
			value = list[i]
			continue
		}
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[m[1]+m[2]]; !ok {
			return nil, false
		}
	}
	return value, true
}
