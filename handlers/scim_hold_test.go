package handlers

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/models"
)

// What docs/conformance.md says of mass deactivations that wait for a decision: whatever the directory asks for, it is answered as if it
// were done, and reads back that the person is inactive.
func TestWhatADirectoryIsAnsweredWhileADeactivationWaits(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		var ids []string
		for i := range 12 {
			p := v.ask("POST", "/Users", fmt.Sprintf(`{"userName":"p%d@acme.com","displayName":"Person %d"}`, i, i))
			ids = append(ids, strings.Split(strings.Split(p.body, `"id":"`)[1], `"`)[0])
		}
		if err := a.db.HoldDeactivations(t.Context(), operator, models.Owner, v.org.ID, true); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids[:9] {
			v.ask("PATCH", "/Users/"+id, `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`)
		}
		v.vars["deleted"], v.vars["patched"] = ids[9], ids[10]
		v.run(`
# The tenth of thirteen makes the burst, and is held.
> DELETE /Users/${deleted}
< 204

# 204 is not 404 afterwards, but who asks sees somebody inactive.
> GET /Users/${deleted}
< 200
$.active = false

> GET /Users?filter=userName eq "p9@acme.com" and active eq false
< 200
$.totalResults = 1

# They are there, so they cannot be made again.
> POST /Users
{"userName":"p9@acme.com"}
< 409
$.scimType = "uniqueness"

> DELETE /Users/${deleted}
< 204

# A deactivation reads back the same way, and is taken back by the directory itself.
> PATCH /Users/${patched}
{"Operations":[{"op":"Replace","path":"active","value":"False"}]}
< 200
$.active = false

> PATCH /Users/${patched}
{"Operations":[{"op":"Replace","path":"active","value":"True"}]}
< 200
$.active = true
`)
		waiting, err := a.db.Member(t.Context(), v.org.ID, ids[9])
		if err != nil || waiting.Status != models.Active {
			t.Fatalf("who waits is %v, %v", waiting, err)
		}
		if _, err := a.db.NoteBursts(t.Context()); err != nil {
			t.Fatal(err)
		}
		bursts, err := a.db.Bursts(t.Context(), v.org.ID)
		if err != nil || len(bursts) != 1 || bursts[0].Held != 1 {
			t.Fatalf("%+v, %v", bursts, err)
		}
		a.signIn("ana@acme.com").get(scimPath).form(scimPath + "/bursts/" + bursts[0].ID + "/settle").submit().wantRedirect(scimPath)
		v.run(`
# Found right: deactivated, not removed. Now a DELETE removes.
> GET /Users/${deleted}
< 200
$.active = false

> DELETE /Users/${deleted}
< 204

> GET /Users/${deleted}
< 404
`)
	})
}
