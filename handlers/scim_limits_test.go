package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestSCIMBodiesAreLimited(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		send := func(method, path, body string) *page {
			r := a.request(method, scimPrefix+path, body)
			r.Header.Set("Authorization", "Bearer "+v.vars["token"])
			r.Header.Set("Content-Type", "application/scim+json")
			return a.do(r)
		}
		user := func(name string, padding int) string {
			return `{"userName":"` + name + `@acme.com","unknown":"` + strings.Repeat("x", padding) + `"}`
		}
		send("POST", "/Users", user("fits", 1<<20-100)).wantStatus(http.StatusCreated)
		send("POST", "/Users", user("large", 1<<20)).wantStatus(http.StatusRequestEntityTooLarge)
		send("PATCH", "/Users/"+v.vars["owner"], user("large", 1<<20)).wantStatus(http.StatusRequestEntityTooLarge)
		bulk := func(list ...string) string { return `{"Operations":[` + strings.Join(list, ",") + `]}` }
		post := func(id, body string) string {
			return `{"method":"POST","path":"/Users","bulkId":"` + id + `","data":` + body + `}`
		}
		p := send("POST", "/Bulk", bulk(post("1", user("b1", 900_000)), post("2", user("b2", 900_000)), post("3", user("b3", 900_000)), post("4", user("b4", 1_100_000)))).wantStatus(http.StatusOK)
		for _, want := range []string{`"bulkId":"3","version":"W/\"1\"","status":"201"`, `"bulkId":"4","status":"413"`} {
			if !strings.Contains(p.body, want) {
				t.Errorf("no %s in %s", want, p.body)
			}
		}
		send("POST", "/Bulk", bulk(post("1", user("c1", 4<<20)))).wantStatus(http.StatusRequestEntityTooLarge)
		var many []string
		for i := range 1001 {
			many = append(many, fmt.Sprintf(`{"method":"DELETE","path":"/Users/%d"}`, i))
		}
		send("POST", "/Bulk", bulk(many...)).wantStatus(http.StatusRequestEntityTooLarge)
		send("POST", "/Bulk", bulk(many[1:]...)).wantStatus(http.StatusOK)
	})
}

// Of writes that were all made for the same version one is carried out, whatever instance it came to.
func TestOneOfManyWritesForTheSameVersionWins(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		other := startApp(t, a.db, a.clock)
		send := func(on *app, method, path, match, body string) *page {
			r := on.request(method, scimPrefix+path, body)
			r.Header.Set("Authorization", "Bearer "+v.vars["token"])
			r.Header.Set("If-Match", match)
			return on.do(r)
		}
		made := send(a, "POST", "/Groups", "", `{"displayName":"Race"}`).wantStatus(http.StatusCreated)
		group, _ := at(decoded(t, made.body), "$.id")
		for _, c := range []struct{ path, match, body string }{
			{"/Users/" + v.vars["owner"], `W/"1"`, `{"Operations":[{"op":"add","path":"title","value":"%d"}]}`},
			{"/Groups/" + group.(string), made.header.Get("ETag"), `{"Operations":[{"op":"replace","path":"displayName","value":"Race %d"}]}`},
		} {
			var wait sync.WaitGroup
			statuses := make([]int, 10)
			for i := range statuses {
				wait.Add(1)
				go func() {
					defer wait.Done()
					statuses[i] = send([]*app{a, other}[i%2], "PATCH", c.path, c.match, fmt.Sprintf(c.body, i)).status
				}()
			}
			wait.Wait()
			won, stale := 0, 0
			for _, s := range statuses {
				switch s {
				case http.StatusOK, http.StatusNoContent:
					won++
				case http.StatusPreconditionFailed:
					stale++
				}
			}
			if won != 1 || stale != len(statuses)-1 {
				t.Errorf("%s: %v", c.path, statuses)
			}
		}
	})
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}
