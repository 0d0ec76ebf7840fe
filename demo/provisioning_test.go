package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// connect points provisioning at a tiny SCIM server.
func (s *site) connect(t *testing.T, scim *tinySCIM, form url.Values) {
	t.Helper()
	values := url.Values{"tenant_url": {scim.url}, "secret_token": {"scim_01_secret"}, "dialect": {"default"}}
	for k, v := range form {
		values[k] = v
	}
	if _, body := s.post(t, "/provisioning/credentials", values); !strings.Contains(body, "Credentials saved") {
		t.Fatalf("saving credentials failed: %s", body)
	}
	scim.take()
}

func (s *site) runCycleNow(t *testing.T) string {
	t.Helper()
	_, body := s.post(t, "/provisioning/cycle", nil)
	return body
}

// wantRequests compares what came over the wire, line by line; a want of one line ignores the body.
func wantRequests(t *testing.T, got []wireRequest, want ...string) {
	t.Helper()
	var lines []string
	for _, r := range got {
		lines = append(lines, strings.TrimSpace(r.line+"\n"+r.body))
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("expected\n%s\n\ngot\n%s", strings.Join(want, "\n"), strings.Join(lines, "\n"))
	}
}

const enterprise = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`

const postAmara = `POST /Users
{"active":true,"displayName":"Amara Okafor","emails":[{"primary":true,"type":"work","value":"amara@acme.com"}],"externalId":"amara",` +
	`"meta":{"resourceType":"User"},"name":{"familyName":"Okafor","formatted":"Amara Okafor","givenName":"Amara"},"roles":[],` +
	`"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",` + enterprise + `],"title":"Data engineer",` +
	enterprise + `:{"department":"Data","employeeNumber":"1002"},"userName":"amara@acme.com"}`

const findAmara = `GET /Users?filter=userName+eq+%22amara%40acme.com%22`

func TestConnectionProbesAskForSomebodyWhoCannotExist(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	_, body := s.post(t, "/provisioning/test", url.Values{"tenant_url": {scim.url + "/?" + flag}, "secret_token": {"scim_01_secret"}, "dialect": {"default"}})
	if !strings.Contains(body, "<b>Connected.</b>") {
		t.Errorf("expected a success, got %s", body)
	}
	got := scim.take()
	if len(got) != 2 || !strings.HasPrefix(got[0].line, `GET /Users?`+flag+`&filter=userName+eq+%22`) ||
		!strings.HasPrefix(got[1].line, `GET /Groups?`+flag+`&excludedAttributes=members&filter=displayName+eq+%22`) {
		t.Errorf("got %v", got)
	}
	if h := got[0].header; h.Get("Accept") != "application/scim+json" || h.Get("Authorization") != "Bearer scim_01_secret" {
		t.Errorf("headers: %v", h)
	}
}

func TestAConnectionThatFailsSaysWhy(t *testing.T) {
	scim := newTinySCIM(t)
	for _, tc := range []struct {
		name, url, token string
		wantStatus       int
		want             string
	}{
		{"a wrong token", scim.url, "scim_02_other", http.StatusSeeOther, "invalid credentials"},
		{"an address that is not SCIM", scim.url + "/nowhere", "scim_01_secret", http.StatusSeeOther, "404"},
		{"nobody listening", "http://127.0.0.1:1/scim", "scim_01_secret", http.StatusSeeOther, "could not be reached"},
		{"no address", "gatehouse", "scim_01_secret", http.StatusUnprocessableEntity, "Enter the Tenant URL"},
		{"no token", scim.url, "", http.StatusUnprocessableEntity, "Paste the Secret Token"},
		{"Bearer before the token", scim.url, "Bearer scim_01_secret", http.StatusUnprocessableEntity, "without Bearer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			status, body := s.post(t, "/provisioning/test", url.Values{"tenant_url": {tc.url}, "secret_token": {tc.token}, "dialect": {"default"}})
			if status != tc.wantStatus || !strings.Contains(body, tc.want) {
				t.Errorf("expected %d with %q, got %d: %s", tc.wantStatus, tc.want, status, body)
			}
			if status == http.StatusUnprocessableEntity && !strings.Contains(body, `value="`+tc.url+`"`) {
				t.Error("what was typed must come back")
			}
			if strings.Contains(body, "scim_02_other") || strings.Contains(body, "scim_01_secret") {
				t.Error("a token must not be shown")
			}
		})
	}
}

func TestACycleInTheDefaultDialectSendsWhatEntraSends(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, nil)
	s.assignTo(t, "amara@acme.com")

	t.Run("somebody new is looked up and created", func(t *testing.T) {
		s.runCycleNow(t)
		got := scim.take()
		wantRequests(t, got, findAmara, postAmara)
		if ct := got[1].header.Get("Content-Type"); ct != "application/scim+json; charset=utf-8" {
			t.Errorf("Content-Type: got %s", ct)
		}
	})
	t.Run("nothing changed, nothing sent", func(t *testing.T) {
		s.runCycleNow(t)
		wantRequests(t, scim.take())
	})
	t.Run("changes are patched one by one, with a capitalised op", func(t *testing.T) {
		p := s.dir.person(fixedGUID("amara@acme.com"))
		p.Surname, p.JobTitle, p.Mail = "Obi", "", "amara.obi@acme.com"
		s.runCycleNow(t)
		wantRequests(t, scim.take(), `GET /Users/u1`, `PATCH /Users/u1
{"Operations":[{"op":"Replace","path":"title","value":""},`+
			`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"amara.obi@acme.com"},`+
			`{"op":"Replace","path":"name.familyName","value":"Obi"},{"op":"Replace","path":"name.formatted","value":"Amara Obi"},`+
			`{"op":"Replace","path":"externalId","value":"amara.obi"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)
	})
	t.Run("somebody unassigned is disabled with text for a boolean", func(t *testing.T) {
		s.post(t, "/users/unassign", url.Values{"who": {"user:" + fixedGUID("amara@acme.com")}})
		s.runCycleNow(t)
		wantRequests(t, scim.take(), `PATCH /Users/u1
{"Operations":[{"op":"Replace","path":"active","value":"False"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)
		s.runCycleNow(t)
		wantRequests(t, scim.take())
	})
	t.Run("somebody back in scope is looked up and patched, not created", func(t *testing.T) {
		s.assignTo(t, "amara@acme.com")
		s.runCycleNow(t)
		got := scim.take()
		if len(got) != 2 || got[0].line != findAmara || !strings.Contains(got[1].body, `{"op":"Replace","path":"active","value":"True"}`) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a deleted user is disabled, a purged one deleted", func(t *testing.T) {
		s.post(t, "/directory/users/delete", url.Values{"id": {fixedGUID("amara@acme.com")}})
		s.runCycleNow(t)
		if got := scim.take(); len(got) != 1 || !strings.Contains(got[0].body, `"value":"False"`) {
			t.Errorf("got %v", got)
		}
		s.post(t, "/directory/users/purge", url.Values{"id": {fixedGUID("amara@acme.com")}})
		s.runCycleNow(t)
		wantRequests(t, scim.take(), "DELETE /Users/u1")
	})
}

func TestSomebodyUnassignedBeforeIsNeverDeleted(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, nil)
	s.assignTo(t, "amara@acme.com")
	s.runCycleNow(t)
	s.post(t, "/users/unassign", url.Values{"who": {"user:" + fixedGUID("amara@acme.com")}})
	s.runCycleNow(t)
	scim.take()
	s.post(t, "/directory/users/delete", url.Values{"id": {fixedGUID("amara@acme.com")}})
	s.post(t, "/directory/users/purge", url.Values{"id": {fixedGUID("amara@acme.com")}})
	s.runCycleNow(t)
	wantRequests(t, scim.take())
}

func TestSomebodyWhoIsThereAlreadyIsPatched(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	scim.users = []map[string]any{{
		"id": "mem_7", "userName": "amara@acme.com", "active": true, "displayName": "Amara", "externalId": "amara",
		"name": map[string]any{"givenName": "Amara", "familyName": "Okafor"},
	}}
	s.connect(t, scim, nil)
	s.assignTo(t, "amara@acme.com")
	s.runCycleNow(t)
	wantRequests(t, scim.take(), findAmara, `PATCH /Users/mem_7
{"Operations":[{"op":"Replace","path":"displayName","value":"Amara Okafor"},{"op":"Add","path":"title","value":"Data engineer"},`+
		`{"op":"Add","path":"emails[type eq \"work\"].value","value":"amara@acme.com"},{"op":"Add","path":"name.formatted","value":"Amara Okafor"},`+
		`{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","value":"1002"},`+
		`{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Data"}],`+
		`"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)
}

func TestACycleInTheFlaggedDialect(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, url.Values{"dialect": {flag}})
	s.assignTo(t, "amara@acme.com")
	s.runCycleNow(t)
	wantRequests(t, scim.take(), `GET /Users?`+flag+`&filter=userName+eq+%22amara%40acme.com%22`, strings.Replace(postAmara, "/Users", "/Users?"+flag, 1))

	p := s.dir.person(fixedGUID("amara@acme.com"))
	p.GivenName, p.Mail = "Amarachi", "amarachi@acme.com"
	s.runCycleNow(t)
	wantRequests(t, scim.take(), `GET /Users/u1?`+flag, `PATCH /Users/u1?`+flag+`
{"Operations":[{"op":"replace","value":{"externalId":"amarachi","name.formatted":"Amarachi Okafor","name.givenName":"Amarachi"}},`+
		`{"op":"replace","path":"emails[type eq \"work\"].value","value":"amarachi@acme.com"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)

	p.Enabled = false
	s.runCycleNow(t)
	wantRequests(t, scim.take(), `PATCH /Users/u1?`+flag+`
{"Operations":[{"op":"replace","value":{"active":false}}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)
}

func TestGroupsAndTheirMembers(t *testing.T) {
	for _, tc := range []struct {
		name       string
		dialect    string
		query      string
		wantAdd    string
		wantRemove string
		wantRename string
	}{
		{
			"default dialect", "default", "",
			`{"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"u1"},{"$ref":null,"value":"u2"},{"$ref":null,"value":"u3"}]}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
			`{"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u3"}]}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
			`{"Operations":[{"op":"Replace","path":"displayName","value":"sg-data"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
		},
		{
			"flagged dialect", flag, "?" + flag,
			`{"Operations":[{"op":"add","path":"members","value":[{"$ref":null,"value":"u1"},{"$ref":null,"value":"u2"},{"$ref":null,"value":"u3"}]}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
			`{"Operations":[{"op":"remove","path":"members[value eq \"u3\"]"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
			`{"Operations":[{"op":"replace","value":{"displayName":"sg-data"}}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, scim := newSite(t), newTinySCIM(t)
			s.connect(t, scim, url.Values{"dialect": {tc.dialect}})
			id := fixedGUID("sg-data-platform")
			s.post(t, "/users/assign", url.Values{"who": {"group:" + id}})
			s.runCycleNow(t)
			got := scim.take()
			if len(got) != 9 {
				t.Fatalf("expected three people (six requests) and a group (three), got %v", got)
			}
			and := "?"
			if tc.query != "" {
				and = tc.query + "&"
			}
			wantRequests(t, got[6:], `GET /Groups`+and+`excludedAttributes=members&filter=displayName+eq+%22sg-data-platform%22`,
				`POST /Groups`+tc.query+"\n"+`{"displayName":"sg-data-platform","externalId":"`+id+`","meta":{"resourceType":"Group"},`+
					`"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"]}`,
				`PATCH /Groups/g4`+tc.query+"\n"+tc.wantAdd)

			// Leila leaves the group, and with it the application.
			s.post(t, "/directory/groups/members/remove", url.Values{"id": {id}, "member": {fixedGUID("leila@acme.com")}})
			s.runCycleNow(t)
			got = scim.take()
			if len(got) != 2 || got[0].line != "PATCH /Groups/g4"+tc.query || got[0].body != tc.wantRemove || !strings.HasPrefix(got[1].line, "PATCH /Users/u3") {
				t.Errorf("expected the removal and then the disabling, got %v", got)
			}

			s.post(t, "/directory/groups", url.Values{"id": {id}, "name": {"sg-data"}})
			s.runCycleNow(t)
			wantRequests(t, scim.take(), `GET /Groups/g4`+and+`excludedAttributes=members`, `PATCH /Groups/g4`+tc.query+"\n"+tc.wantRename)

			// Without the group nobody is in scope: people are disabled, the group is deleted, memberships are not touched.
			s.post(t, "/users/unassign", url.Values{"who": {"group:" + id}})
			s.runCycleNow(t)
			got = scim.take()
			if len(got) != 3 || !strings.HasPrefix(got[0].line, "PATCH /Users/u1") || !strings.HasPrefix(got[1].line, "PATCH /Users/u2") || got[2].line != "DELETE /Groups/g4"+tc.query {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestADisabledMemberKeepsTheMembership(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, nil)
	s.post(t, "/users/assign", url.Values{"who": {"group:" + fixedGUID("sg-data-platform")}})
	s.runCycleNow(t)
	scim.take()
	leila := s.dir.person(fixedGUID("leila@acme.com"))
	leila.Enabled = false
	s.runCycleNow(t)
	wantRequests(t, scim.take(), `PATCH /Users/u3
{"Operations":[{"op":"Replace","path":"active","value":"False"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)
	leila.Enabled = true
	s.runCycleNow(t)
	if got := scim.take(); len(got) != 2 || !strings.HasPrefix(got[1].line, "PATCH /Users/u3") {
		t.Errorf("expected a lookup and a patch and no word about groups, got %v", got)
	}
}

func TestTheManagerIsSentAsABareString(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, url.Values{"send_manager": {"on"}})
	s.assignTo(t, "dana@acme.com")
	s.assignTo(t, "amara@acme.com")
	s.runCycleNow(t)
	wantRequests(t, scim.take()[4:], `GET /Users?filter=id+eq+%22u2%22+and+manager+eq+%22u1%22&attributes=id`, `PATCH /Users/u2
{"Operations":[{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"u1"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)
	s.dir.person(fixedGUID("amara@acme.com")).ManagerID = ""
	s.runCycleNow(t)
	wantRequests(t, scim.take(), `PATCH /Users/u2
{"Operations":[{"op":"Remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`)
}

func TestAFailureIsLoggedAndTriedAgain(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, nil)
	s.assignTo(t, "amara@acme.com")
	scim.refuse["POST /Users"] = http.StatusConflict
	if body := s.runCycleNow(t); !strings.Contains(body, "1 failure") || !strings.Contains(body, "409: refused by the test") {
		t.Errorf("expected the failure on the page, got %s", body)
	}
	delete(scim.refuse, "POST /Users")
	scim.take()
	s.runCycleNow(t)
	wantRequests(t, scim.take(), findAmara, postAmara)

	// A refused token ends the cycle at the first request.
	scim.refuse["GET /Users"] = http.StatusUnauthorized
	s.assignTo(t, "dana@acme.com")
	s.assignTo(t, "haruto@acme.com")
	scim.take()
	if body := s.runCycleNow(t); !strings.Contains(body, "The cycle stopped") {
		t.Errorf("expected the cycle to stop, got %s", body)
	}
	if got := scim.take(); len(got) != 1 {
		t.Errorf("expected one request, got %v", got)
	}
}

func TestSomebodyGoneOverThereIsCreatedAnew(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, nil)
	s.assignTo(t, "amara@acme.com")
	s.runCycleNow(t)
	scim.users = nil
	s.dir.person(fixedGUID("amara@acme.com")).EmployeeID = "2002"
	scim.take()
	s.runCycleNow(t)
	wantRequests(t, scim.take(), "GET /Users/u1", findAmara, strings.Replace(postAmara, "1002", "2002", 1))
}

func TestProvisionOnDemandShowsEveryStep(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, url.Values{"dialect": {flag}})
	who := url.Values{"who": {"user:" + fixedGUID("amara@acme.com")}}
	if _, body := s.post(t, "/provisioning/demand", who); !strings.Contains(body, "was skipped: Not assigned") {
		t.Errorf("somebody not assigned is skipped, got %s", body)
	}
	wantRequests(t, scim.take())
	s.assignTo(t, "amara@acme.com")
	_, body := s.post(t, "/provisioning/demand", who)
	for _, want := range []string{"Import user", "Determine if user is in scope", "Match user between source and target", "Perform action", "POST /Users: 201, id u1"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	// The flag does not act on demand.
	wantRequests(t, scim.take(), findAmara, postAmara)
	_, body = s.get(t, "/provisioning/log/"+digits(s.prov.demand))
	for _, want := range []string{"Create: Amara Okafor", "201 Created", "&#34;userName&#34;: &#34;amara@acme.com&#34;"} {
		if !strings.Contains(body, want) {
			t.Errorf("the log entry lacks %q", want)
		}
	}
	if strings.Contains(body, "scim_01_secret") {
		t.Error("the token must not be in the log")
	}
}

func TestRestartMatchesEverybodyAnew(t *testing.T) {
	s, scim := newSite(t), newTinySCIM(t)
	s.connect(t, scim, nil)
	s.assignTo(t, "amara@acme.com")
	s.runCycleNow(t)
	scim.take()
	s.post(t, "/provisioning/restart", nil)
	s.runCycleNow(t)
	if got := scim.take(); len(got) != 1 || got[0].line != findAmara {
		t.Errorf("expected one lookup and no difference, got %v", got)
	}
}
