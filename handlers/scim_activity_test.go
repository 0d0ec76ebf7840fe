package handlers

import (
	"context"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func (v *conversation) ask(method, path, body string) *page {
	v.t.Helper()
	r := v.a.request(method, scimPrefix+path, body)
	r.Header.Set("Authorization", "Bearer "+v.vars["token"])
	return v.a.do(r)
}

// provisioning is the activity of directories, the oldest first, once it is written.
func (v *conversation) provisioning() []models.Activity {
	v.t.Helper()
	v.a.server.Wait()
	list, err := v.a.db.Activities(v.t.Context(), v.org.ID, models.ActivityFilter{Kind: models.ActivityProvisioning, Limit: 500})
	if err != nil {
		v.t.Fatal(err)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func TestEveryRequestOfADirectoryIsASentence(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		step := func(method, path, body string, status int, want string) *page {
			t.Helper()
			a.clock.Advance(1e7)
			p := v.ask(method, path, body)
			if p.status != status {
				t.Fatalf("%s %s: %d %s", method, path, p.status, p.body)
			}
			list := v.provisioning()
			if len(list) == 0 {
				t.Fatalf("%s %s is not in the activity", method, path)
			}
			last := list[len(list)-1]
			if got := last.Sentence; got != want {
				t.Errorf("%s %s: %q, want %q", method, path, got, want)
			}
			if last.OK != (status < 400) || (last.Reference == "") != last.OK {
				t.Errorf("%s %s: %+v", method, path, last)
			}
			return p
		}
		step("GET", `/Users?filter=userName+eq+"eve@acme.com"`, "", 200, `Entra looked for userName eq "eve@acme.com": found nothing`)
		step("POST", "/Users", `{"userName":"eve@acme.com","displayName":"Eve","password":"hunter2-do-not-keep"}`, 201, "Entra created Eve")
		v.vars["eve"] = a.memberID(v.org, "eve@acme.com")
		step("GET", `/Users?filter=userName+eq+"eve@acme.com"`, "", 200, `Entra looked for userName eq "eve@acme.com": found Eve`)
		step("GET", "/Users/"+v.vars["eve"], "", 200, "Entra read Eve")
		step("GET", "/Users", "", 200, "Entra read 2 of 2 people")
		step("GET", "/Schemas", "", 200, "Entra read /Schemas")
		step("POST", "/Users", `{"userName":"EVE@acme.com"}`, 409, "Entra wanted to create EVE@acme.com; refused: A user with this userName exists already. Look it up with a filter on userName and change it by its id")
		step("POST", "/Users", `{"userName":"fay@contoso.com","displayName":"Fay"}`, 201, "Entra created Fay, who is held: their domain is not verified here; claim it under Domains")
		patch := func(op string) string { return `{"Operations":[` + op + `]}` }
		step("PATCH", "/Users/"+v.vars["eve"], patch(`{"op":"Replace","path":"displayName","value":"Eve Two"}`), 200, "Entra changed Eve Two: display name")
		step("PATCH", "/Users/"+v.vars["eve"], patch(`{"op":"Replace","path":"displayName","value":"Eve Two"}`), 200, "Entra sent Eve Two as they are already: nothing to change")
		step("PATCH", "/Users/"+v.vars["eve"], patch(`{"op":"Replace","path":"password","value":"hunter3-do-not-keep"}`), 200, "Entra sent Eve Two as they are already: nothing to change")
		step("PATCH", "/Users/"+v.vars["eve"], patch(`{"op":"Replace","path":"active","value":"False"}`), 200, "Entra set Eve Two inactive: 0 sessions ended")
		step("PATCH", "/Users/"+v.vars["eve"], patch(`{"op":"Replace","path":"active","value":"True"}`), 200, "Entra set Eve Two active again")
		step("PATCH", "/Users/nobody", patch(`{"op":"Replace","path":"active","value":"True"}`), 404, "Entra wanted to change a person; refused: There is no such person in this organization. It may have been removed meanwhile")
		step("PATCH", "/Users/"+v.vars["eve"], "{", 400, "Entra wanted to change a person; refused: the request body is not valid JSON: it ends too early")
		g := step("POST", "/Groups", `{"displayName":"Ops"}`, 201, "Entra created the group Ops")
		id := strings.Split(strings.Split(g.body, `"id":"`)[1], `"`)[0]
		step("PATCH", "/Groups/"+id, patch(`{"op":"Add","path":"members","value":[{"value":"`+v.vars["eve"]+`"}]}`), 204, "Entra added Eve Two to Ops")
		step("PATCH", "/Groups/"+id, patch(`{"op":"Remove","path":"members","value":[{"value":"`+v.vars["eve"]+`"}]}`), 204, "Entra removed Eve Two from Ops")
		step("DELETE", "/Users/"+v.vars["eve"], "", 204, "Entra deleted Eve Two: 0 sessions ended")

		wrong := v.vars["token"]
		v.vars["token"] = wrong[:len(wrong)-1] + map[bool]string{true: "B", false: "A"}[strings.HasSuffix(wrong, "A")]
		step("GET", "/Users", "", 401, "Entra wanted to read /Users; refused: The SCIM token is unknown. Paste the Secret Token again, or generate a new one under Access Security, SCIM")

		reader := a.signIn("ana@acme.com")
		withRaw := 0
		for _, row := range v.provisioning() {
			_, raw, err := a.db.ViewRaw(t.Context(), operator, v.org.ID, row.ID)
			if models.IsKind(err, models.NotFound) {
				if !row.OK {
					t.Errorf("the raw message of a refusal is missing: %s", row.Sentence)
				}
				continue
			}
			withRaw++
			if err != nil || strings.Contains(raw, "do-not-keep") || strings.Contains(raw, wrong) {
				t.Errorf("the raw message of %q: %v\n%s", row.Sentence, err, raw)
			}
		}
		if withRaw < 10 {
			t.Errorf("%d raw messages", withRaw)
		}
		reader.get(activityPath+"?kind=provisioning").wantStatus(200).wantText(".events", "Entra deleted Eve Two: 0 sessions ended")
	})
}

func TestRepeatedFailuresOfADirectoryAreOneEntry(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		for range 5 {
			a.clock.Advance(1e9)
			v.ask("POST", "/Users", `{"userName":"ana@acme.com","emails":5}`)
			v.ask("PATCH", "/Users/nobody", `{"Operations":[{"op":"Replace","path":"active","value":"True"}]}`)
		}
		for range 4 {
			a.clock.Advance(1e9)
			v.ask("PATCH", "/Users/nobody", `{"Operations":[{"op":"Replace","path":"active","value":"True"}]}`)
		}
		if n := len(v.provisioning()); n != 14 {
			t.Fatalf("%d lines, want 14", n)
		}
		p := a.signIn("ana@acme.com").get(activityPath + "?kind=provisioning").wantStatus(200)
		if got := strings.Count(p.body, "Entra wanted to change a person"); got == 0 || !strings.Contains(p.body, "8 times") {
			t.Errorf("the repetitions are not folded:\n%s", p.text(".events"))
		}
	})
}

// What is refused every cycle is one entry, however many days and pages it would fill.
func TestFailuresOfManyDaysAreOneEntry(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		for range 40 {
			a.clock.Advance(3 * time.Hour)
			v.ask("PATCH", "/Users/nobody", `{"Operations":[{"op":"Replace","path":"active","value":"True"}]}`).wantStatus(404)
			v.ask("GET", "/Users/"+v.vars["owner"], "").wantStatus(200)
			v.provisioning() // written one by one
		}
		ana := a.signIn("ana@acme.com")
		for range activityRows { // which push it off the first page
			v.ask("GET", "/Users?count=0", "").wantStatus(200)
		}
		v.provisioning()
		top := ana.get(activityPath).wantStatus(200)
		if got := top.text("main h2"); !strings.Contains(got, "Problems further down") || len(top.all("details.event")) != activityRows+1 {
			t.Errorf("the first heading is %q over %d entries", got, len(top.all("details.event")))
		}
		p := ana.get(activityPath + "?result=problems").wantStatus(200)
		if !strings.Contains(p.body, "39 times more since") {
			t.Errorf("not folded:\n%s", p.text("main"))
		}
		if n := len(p.all("details.event")); n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
		if n := len(ana.get(activityPath + "?member=" + v.vars["owner"] + "&token=Entra&when=day").wantStatus(200).all("details.event")); n < 8 || n > 9 {
			t.Errorf("%d entries about one person within a day", n)
		}
		ana.get(activityPath+"?token=nothing&when=never&member=mem_none").wantStatus(200).wantText(".empty", "Nothing matches")
	})
}

func TestActivityThatDoesNotFitIsCounted(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		log := a.server.provisioning
		for range maxProvisioning + 7 {
			log.mu.Lock()
			log.running = true // nobody writes meanwhile
			log.wake = make(chan struct{}, 1)
			log.mu.Unlock()
			log.add(exchange{at: a.db.Now(), orgID: v.org.ID, token: "Entra", method: "GET", path: "/Users", endpoint: "Users", status: 200, count: -1})
		}
		log.mu.Lock()
		log.running = false
		log.mu.Unlock()
		log.add(exchange{at: a.db.Now(), orgID: v.org.ID, token: "Entra", method: "GET", path: "/Users", endpoint: "Users", status: 200, count: -1})
		log.mu.Lock()
		log.waiting = log.waiting[:100]
		log.mu.Unlock()
		log.add(exchange{at: a.db.Now(), orgID: v.org.ID, token: "Entra", method: "GET", path: "/Users", endpoint: "Users", status: 200, count: -1})
		found := false
		for _, row := range v.provisioning() {
			found = found || strings.HasPrefix(row.Sentence, "8 requests of the directory are not in this list")
		}
		if !found {
			t.Error("what was dropped is not counted")
		}
	})
}

func TestActivityNeverFailsAnAnswer(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		if err := a.db.RecordProvisioning(context.Background(), nil); err != nil {
			t.Error(err)
		}
		log := a.server.provisioning
		if log.record([]exchange{{at: a.db.Now(), orgID: "org_nowhere\x00", method: "GET", path: "/\xff\x00", count: -1}}, nil) {
			return // written in some form: fine as well
		}
		if p := v.ask("GET", "/Users", ""); p.status != 200 {
			t.Errorf("answered %d", p.status)
		}
	})
}
