package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// What happens while somebody is at the identity provider, or between the two halves, counts: the answer and its outcome open nothing that
// the organization would not open now.
func TestWhatHappensDuringASignInCounts(t *testing.T) {
	type world struct {
		*app
		org *models.Organization
		idp *identityProvider
	}
	must := func(w world, err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	// prepare makes Bo known, and returns what happens meanwhile.
	bySCIM := func(method, body string) func(w world) func() {
		return func(w world) func() {
			bearer, id := w.provision(w.org, `"userName":"bo@acme.com"`)
			b := w.browser()
			b.finish(w.postACS(w.org, w.idp.answer(b.beginSAML(w.org, ""), "bo@acme.com", withObjectID("oid-of-bo"), func(x *assertion) { x.id = "_before" }))).wantRedirect("/")
			return func() {
				r := w.request(method, scimPrefix+"/Users/"+id, body)
				r.Header.Set("Authorization", "Bearer "+bearer)
				r.Header.Set("Content-Type", "application/scim+json")
				if p := w.do(r); p.status >= 300 {
					w.t.Fatalf("%s: %d %s", method, p.status, p.body)
				}
			}
		}
	}
	member := func(change func(w world, m *models.Member) error) func(w world) func() {
		return func(w world) func() {
			m := w.app.member(w.org, "bo@acme.com", models.Admin)
			return func() { must(w, change(w, m)) }
		}
	}
	connection := func(change func(w world) error) func(w world) func() {
		return func(w world) func() { return func() { must(w, change(w)) } }
	}
	release := connection(func(w world) error {
		list, err := w.db.Domains(w.t.Context(), w.org.ID)
		if err != nil {
			return err
		}
		w.verifiedDomain(w.org, "spare.example")
		return w.db.RemoveDomain(w.t.Context(), operator, w.org.ID, list[0].ID)
	})
	managedOff := connection(func(w world) error {
		off := false
		return w.db.SetSwitches(w.t.Context(), operator, w.org.ID, models.Switches{IDPManaged: &off})
	})
	expires := func(w world) func() {
		// In two minutes; the identity provider has nothing else.
		w.idp.certify(w.clock.Now().AddDate(-1, 0, 0), w.clock.Now().Add(2*time.Minute))
		w.idp.connect(w.org, true)
		return func() { w.clock.Advance(3 * time.Minute) }
	}
	clock := func(step time.Duration) func(w world) func() {
		return func(w world) func() { return func() { w.clock.Advance(step) } }
	}
	const in = ""
	for _, test := range []struct {
		name    string
		prepare func(w world) (meanwhile func())
		// What becomes of the sign-in if it happens between request and answer, and between the halves: a reason, or in; "-" is not run.
		atProvider, betweenHalves string
	}{
		{"deactivated by an admin", member(func(w world, m *models.Member) error {
			return w.db.DeactivateMember(w.t.Context(), operator, models.Owner, w.org.ID, m.ID)
		}), "deactivated", "deactivated"},
		{"deactivated by the directory", bySCIM(http.MethodPatch, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`), "deactivated", "deactivated"},
		{"deleted by the directory, which leaves a tombstone", bySCIM(http.MethodDelete, ""), "deleted", "deleted"},
		{"held, since the directory moved them to an unclaimed domain", bySCIM(http.MethodPatch, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"emails[type eq \"work\"].value","value":"bo@unclaimed.example"}]}`), "held", "held"},
		{"demoted", member(func(w world, m *models.Member) error {
			return w.db.ChangeRole(w.t.Context(), operator, models.Owner, w.org.ID, m.ID, models.RoleMember)
		}), in, in},
		{"the domain released", release, "domain_unverified", "domain_unverified"},
		{"IdP Managed Access turned off", managedOff, "no_membership", "no_membership"},
		{"the configuration removed", connection(func(w world) error { w.removeSSO(w.org); return nil }), "connection_removed", "connection_removed"},
		// A response is judged when it comes: its certificate was valid then.
		{"the certificate expires", expires, "certificate_expired", "code_expired"},
		{"the certificate expires within the last minute", func(w world) func() {
			w.idp.certify(w.clock.Now().AddDate(-1, 0, 0), w.clock.Now().Add(20*time.Second))
			w.idp.connect(w.org, true)
			return func() { w.clock.Advance(40 * time.Second) }
		}, "-", in},
		{"the clock stepped back by two minutes", clock(-2 * time.Minute), in, in},
		{"the clock stepped back by an hour", clock(-time.Hour), "issued_in_future", in},
		{"the clock stepped forward by an hour", clock(time.Hour), "request_expired", "code_expired"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, half := range []struct {
				name, want string
			}{{"between request and answer", test.atProvider}, {"between the halves", test.betweenHalves}} {
				if half.want == "-" {
					continue
				}
				t.Run(half.name, func(t *testing.T) {
					each(t, func(t *testing.T, a *app) {
						org, idp := samlApp(a)
						meanwhile := test.prepare(world{a, org, idp})
						b := a.browser()
						answer := idp.answer(b.beginSAML(org, ""), "bo@acme.com", withObjectID("oid-of-bo"))
						var accepted, p *page
						if half.name == "between request and answer" {
							meanwhile()
							accepted = a.postACS(org, answer)
						} else {
							accepted = a.postACS(org, answer).wantStatus(http.StatusSeeOther)
							meanwhile()
						}
						if p = accepted; p.status == http.StatusSeeOther {
							p = b.finish(accepted)
						}
						if half.want == in {
							p.wantRedirect("/")
							if test.name == "demoted" && !strings.Contains(b.get("/api/me").wantStatus(http.StatusOK).body, `"role":"member"`) {
								t.Error("the old role is in the session")
							}
							// Neither the code nor the answer works again, whatever the clock says.
							a.browser().finish(accepted).wantStatus(http.StatusForbidden)
							a.postACS(org, answer).wantStatus(http.StatusForbidden)
							return
						}
						p.wantStatus(http.StatusForbidden)
						if b.cookie(sessionCookie) != "" {
							t.Error("there is a session")
						}
						rows, err := a.db.Activities(t.Context(), org.ID, models.ActivityFilter{Kind: models.ActivitySignIn, Problems: true})
						if err != nil || len(rows) == 0 || rows[0].Reason != half.want || !strings.Contains(p.body, rows[0].Reference) {
							t.Errorf("want %s: %+v, %v", half.want, rows, err)
						}
					})
				})
			}
		})
	}
}
