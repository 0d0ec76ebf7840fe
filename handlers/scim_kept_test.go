package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/scim"
)

// told are all texts of the activity of directories, messages included.
func (v *conversation) told() string {
	v.t.Helper()
	var b strings.Builder
	for _, entry := range v.provisioning() {
		fmt.Fprintf(&b, "%s %s %s\n", entry.Sentence, entry.Who, entry.Detail)
		_, raw, err := v.a.db.ViewRaw(v.t.Context(), operator, v.org.ID, entry.ID)
		if err == nil {
			b.WriteString(raw)
		} else if !models.IsKind(err, models.NotFound) {
			v.t.Fatal(err)
		}
	}
	return b.String()
}

func TestSecretsOfDirectoriesAreNotKept(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		long := strings.Repeat("x", 9000)
		for i, body := range []string{
			`{"userName":"s%d@acme.com","password":"hunter2"}`, `{"userName":"s%d@acme.com","passwd":"hunter2","pwd":"hunter2","passphrase":"hunter2","pin":72227222,"userPin":72227222}`,
			`{"userName":"s%d@acme.com","password":72227222,"title":"` + long + `"}`, `{"userName":"s%d@acme.com","pin":72227222,"unknown":"` + long + `"}`,
			`{"userName":"s%d@acme.com","x":{"password":"hunter2"},"x":1}`, `{"userName":"s%d@acme.com","pass\u0077ord":"hunter2"}`,
			`{"userName":"s%d@acme.com","credentials":[{"value":"hunter2"}],"emails":5}`, `{"userName":"s%d@acme.com","password":"hunter2"`,
		} {
			v.ask("POST", "/Users", fmt.Sprintf(body, i))
		}
		user := v.vars["owner"]
		for _, body := range []string{
			`{"Operations":[{"op":"replace","path":"password","value":"hunter2"}]}`, `{"Operations":[{"op":"replace","value":{"password":"hunter2"}}]}`,
			`{"Operations":[{"op":"remove","path":"password[value eq \"hunter2\"]"}]}`, `{"Operations":[{"op":"remove","path":"passwords[value eq \"hunter2\" ]["}]}`,
			`{"Operations":[{"op":"add","path":"title","value":"` + long + `"},{"op":"replace","path":"password","value":"hunter2"}]}`,
		} {
			v.ask("PATCH", "/Users/"+user, body)
		}
		for _, filter := range []string{`password eq "hunter2"`, `userName eq "a" and passwd eq "hunter2"`, `userName eqq "x" and password eq "hunter2"`} {
			v.ask("GET", "/Users?filter="+strings.ReplaceAll(strings.ReplaceAll(filter, " ", "+"), `"`, "%22"), "")
			v.ask("POST", "/Users/.search", `{"filter":"`+strings.ReplaceAll(filter, `"`, `\"`)+`"}`)
			v.ask("POST", "/Users/.search", `{"filter":"`+strings.ReplaceAll(filter, `"`, `\"`)+`","count":"x","x":"`+long+`"}`)
		}
		v.ask("POST", "/Bulk", `{"Operations":[{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"bulk@acme.com","password":"hunter2","pin":72227222}}]}`)
		told := v.told()
		for _, secret := range []string{"hunter2", "72227222"} {
			if at := strings.Index(told, secret); at >= 0 {
				t.Errorf("%s was kept: …%s…", secret, told[max(0, at-200):min(len(told), at+100)])
			}
		}
		if !strings.Contains(told, blotted) || !strings.Contains(told, "userName") {
			t.Error("nothing at all was kept")
		}
	}, "RATE_LIMITS=off")
}

func TestAddressesThatCannotBeReadAreAnsweredInSCIMsWords(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		for _, path := range []string{"/Users/%00", "/Users/%ff", "/%00", "/Users?filter=%00", "/Users?filter=%ff", "/Users/x?attributes=%c3%28"} {
			r := a.request("GET", scimPrefix+path, "")
			if p := a.do(r); p.status != http.StatusUnauthorized {
				t.Errorf("%s without a token: %d %s", path, p.status, p.body)
			}
			before := len(v.provisioning())
			p := v.ask("GET", path, "")
			if p.status != 404 && p.status != 400 || !strings.Contains(p.body, "api:messages:2.0:Error") || p.header.Get("Content-Type") != scim.MediaType {
				t.Errorf("%s: %d %s", path, p.status, p.body)
			}
			if after := len(v.provisioning()); after != before+1 {
				t.Errorf("%s: %d lines in the activity", path, after-before)
			}
		}
	})
}

// Each operation of a bulk request has a line of its own, with its person; the request keeps one as well.
func TestOperationsOfABulkRequestAreSentences(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		r := a.request("POST", scimPrefix+"/Bulk", `{"Operations":[
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"bea@acme.com","displayName":"Bea"}},
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"Crew","members":[{"value":"bulkId:a"}]}},
			{"method":"PATCH","path":"/Users/nobody","data":{"Operations":[{"op":"replace","path":"active","value":false}]}},
			{"method":"PATCH","path":"/Users/bulkId:zz","data":{"Operations":[{"op":"replace","path":"active","value":false}]}}]}`)
		r.Header.Set("Authorization", "Bearer "+v.vars["token"])
		r.Header.Set("Client-Request-Id", "5b3d8f6e-0000-4444-8888-abcdefabcdef")
		a.do(r).wantStatus(200)
		list := v.provisioning()
		if len(list) != 5 {
			t.Fatalf("%d lines, want 5", len(list))
		}
		for i, want := range []struct {
			sentence, part string
			ok, person     bool
		}{
			{"Entra created Bea", "1 of 4", true, true},
			{"Entra created the group Crew, added Bea to Crew", "2 of 4", true, true},
			{"Entra wanted to change a person; refused: There is no such person", "3 of 4", false, false},
			{"Entra wanted to change a person; refused: the reference bulkId:zz names no POST", "4 of 4", false, false},
			{"Entra sent 4 operations at once, 2 of them refused", "", true, false},
		} {
			part, _ := list[i].Facts()["part"].(string)
			if !strings.HasPrefix(list[i].Sentence, want.sentence) || part != want.part || list[i].OK != want.ok || want.person && list[i].MemberID != a.memberID(v.org, "bea@acme.com") {
				t.Errorf("line %d: %+v", i, list[i])
			}
			if list[i].Facts()["correlation"] != "5b3d8f6e-0000-4444-8888-abcdefabcdef" {
				t.Errorf("line %d is without the directory's id: %s", i, list[i].Detail)
			}
		}
		// Both admins find the same event by the id in Entra's log.
		p := a.signIn("ana@acme.com").get(activityPath + "?q=5b3d8f6e-0000-4444-8888-abcdefabcdef").wantStatus(200)
		if !strings.Contains(p.body, "created Bea") || !strings.Contains(p.body, "3 of 4") {
			t.Errorf("not found by Entra's id:\n%s", p.text("main"))
		}
	})
}

// What waits to be written must not hold on to what was answered.
func TestWaitingActivityHoldsNoResources(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		photo := `{"value":"` + strings.Repeat("x", 60_000) + `"}`
		p := v.ask("POST", "/Users", `{"userName":"big@acme.com","displayName":"Big","photos":[`+photo+","+photo+","+photo+`]}`).wantStatus(201)
		id, _ := at(decoded(t, p.body), "$.id")
		memory := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		log := a.server.provisioning
		for log.mu.Lock(); log.running; log.mu.Lock() {
			log.flushing = true
			log.hurry()
			log.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
		log.running = true // nobody writes meanwhile
		log.mu.Unlock()
		before := memory()
		for range 200 {
			v.ask("GET", "/Users/"+id.(string), "").wantStatus(200)
		}
		if grown := memory() - before; grown > 16<<20 { // what is held by the connections included
			t.Errorf("200 reads of a large person hold %d KiB", grown>>10)
		}
		log.mu.Lock()
		log.waiting, log.running, log.bytes = nil, false, 0
		log.mu.Unlock()
	})
}

func TestFewLargeBodiesAreReadAtOnce(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		// One organization has one at a time, whatever it sends.
		leave, err := a.server.largeBodies.enter(t.Context(), "org_loop")
		if err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer stop()
		if _, err := a.server.largeBodies.enter(short, "org_loop"); err == nil {
			t.Error("an organization has two turns")
		}
		if leave(); len(a.server.largeBodies.orgs) != 0 {
			t.Errorf("%d organizations are remembered", len(a.server.largeBodies.orgs))
		}
		var leaves []func()
		for i := range maxLargeBodies {
			leave, err := a.server.largeBodies.enter(t.Context(), fmt.Sprint("org_", i))
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		body := `{"userName":"wait@acme.com","unknown":"` + strings.Repeat("x", largeBody) + `"}`
		stranger := a.request("POST", scimPrefix+"/Users", body)
		stranger.Header.Set("Authorization", "Bearer scim_nobody_secret")
		a.do(stranger).wantStatus(http.StatusUnauthorized) // without waiting
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		r := a.request("POST", scimPrefix+"/Users", body).WithContext(ctx)
		r.Header.Set("Authorization", "Bearer "+v.vars["token"])
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
			t.Errorf("a fourth large body was read: %d", answer.StatusCode)
		}
		v.ask("POST", "/Users", `{"userName":"small@acme.com"}`).wantStatus(201) // small ones do not wait
		leaves[0]()
		for range 3 { // and a turn ends with its request
			v.ask("POST", "/Users", strings.Replace(body, "wait", fmt.Sprint("w", time.Now().UnixNano()), 1)).wantStatus(201)
		}
		leaves[1]()
		leaves[2]()
	})
}

func TestMembersWhoWereDeletedHereAreLeftOut(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		made := func(name string) string {
			id, _ := at(decoded(t, v.ask("POST", "/Users", `{"userName":"`+name+`@acme.com","displayName":"`+name+`"}`).wantStatus(201).body), "$.id")
			return id.(string)
		}
		gone, here := made("gone"), made("here")
		v.ask("DELETE", "/Users/"+gone, "").wantStatus(204)
		group, _ := at(decoded(t, v.ask("POST", "/Groups", `{"displayName":"Crew"}`).wantStatus(201).body), "$.id")
		add := func(ids ...string) *page {
			return v.ask("PATCH", "/Groups/"+group.(string), `{"Operations":[{"op":"Add","path":"members","value":[{"value":"`+strings.Join(ids, `"},{"value":"`)+`"}]}]}`)
		}
		add(here, gone).wantStatus(204)
		list := v.provisioning()
		if got := list[len(list)-1].Sentence; got != "Entra added here to Crew; left out 1 person, deleted here before" {
			t.Errorf("%q", got)
		}
		p := v.ask("GET", "/Groups/"+group.(string), "").wantStatus(200)
		if members, _ := at(decoded(t, p.body), "$.members"); len(members.([]any)) != 1 {
			t.Errorf("members: %v", members)
		}
		add(gone).wantStatus(204)
		refused := add("mem_a", here, "mem_b", "mem_c", "mem_d", "mem_e", "mem_f", gone).wantStatus(400)
		for _, want := range []string{`mem_a`, `mem_e`, `and 1 more`, `"scimType":"invalidValue"`} {
			if !strings.Contains(refused.body, want) {
				t.Errorf("no %s in %s", want, refused.body)
			}
		}
		list = v.provisioning()
		if hint, _ := list[len(list)-1].Facts()["hint"].(string); !strings.Contains(hint, "Restart provisioning") {
			t.Errorf("the hint is %q", hint)
		}
	})
}

// turnWriter looks, while an answer is written, how many turns of large bodies are taken.
type turnWriter struct {
	*httptest.ResponseRecorder
	turns chan struct{}
	taken int
}

func (w *turnWriter) Write(b []byte) (int, error) {
	w.taken = max(w.taken, len(w.turns))
	return w.ResponseRecorder.Write(b)
}

func TestWhoReadsAnAnswerSlowlyKeepsNobodyWaiting(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		_, token, err := a.db.CreateSCIMToken(t.Context(), operator, acme.ID, "Entra", 0)
		if err != nil {
			t.Fatal(err)
		}
		body := `{"userName":"bo@acme.com"` + strings.Repeat(" ", largeBody) + `}`
		r := httptest.NewRequest(http.MethodPost, scimPrefix+"/Users", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		w := &turnWriter{ResponseRecorder: httptest.NewRecorder(), turns: a.server.largeBodies.all}
		a.server.ServeHTTP(w, r)
		if w.Code != http.StatusCreated || w.taken != 0 || len(w.turns) != 0 {
			t.Errorf("status %d: %d turns are taken while the answer is written, %d afterwards", w.Code, w.taken, len(w.turns))
		}
	})
}
