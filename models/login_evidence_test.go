package models_test

import (
	"testing"

	"gatehouse/models"
)

func TestEvidenceIsAskedForWhoMayBeRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(w *loginWorld, ana string)
		login  models.LoginIdentity
		known  bool
	}{
		{name: "somebody who has signed in before", login: loginOf("oid-1", "ana@acme.com"), known: true},
		{name: "somebody new", login: loginOf("oid-2", "bo@acme.com")},
		{name: "a known address with another object identifier", login: loginOf("oid-2", "ana@acme.com")},
		{name: "a known person with an address on a foreign domain", login: loginOf("oid-1", "ana@globex.com")},
		{name: "somebody deactivated", login: loginOf("oid-1", "ana@acme.com"), before: func(w *loginWorld, ana string) {
			must(w.t, w.DeactivateMember(w.t.Context(), byOperator, models.Owner, w.org.ID, ana))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachLogin(t, func(w *loginWorld) {
				done := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
				if c.before != nil {
					c.before(w, done.MemberID)
				}
				request, _ := w.begin()
				c.login.AssertionID = "_evidence"
				_, known, err := w.ClaimLogin(w.t.Context(), w.org.ID, request, c.login)
				must(w.t, err)
				if known != c.known {
					w.t.Errorf("known: %v", known)
				}
			})
		})
	}
}

func TestEvidenceGoesIntoTheActivity(t *testing.T) {
	evidence := models.LoginEvidence{Trace: models.LoginTrace{Checks: []models.LoginCheck{{Title: "Signed", State: models.CheckPassed}}}, Raw: "<Response/>"}
	for _, managed := range []bool{true, false} {
		eachLogin(t, func(w *loginWorld) {
			ctx := w.t.Context()
			w.switches(models.Switches{IDPManaged: &managed})
			request, browser := w.begin()
			code := w.claim(request, loginOf("oid-2", "bo@acme.com"))
			must(w.t, w.KeepEvidence(ctx, w.org.ID, request, evidence))
			_, err := w.CompleteLogin(ctx, aBrowser, w.org.ID, code, browser)
			if (err == nil) != managed {
				w.t.Fatal(err)
			}
			rows, err := w.Activities(ctx, w.org.ID, models.ActivityFilter{Kind: models.ActivitySignIn})
			must(w.t, err)
			// The other row is the test that turned single sign-on on.
			if len(rows) != 2 || rows[0].OK != managed || len(rows[0].LoginTrace().Checks) != 1 {
				w.t.Fatalf("activity = %+v", rows)
			}
			_, raw, err := w.ViewRaw(ctx, byOperator, w.org.ID, rows[0].ID)
			if err != nil || raw != evidence.Raw {
				w.t.Errorf("message %q, %v", raw, err)
			}
			// It is kept in one place only.
			if n := w.Count(w.t, "pending_logins where evidence is not null"); n != 0 {
				w.t.Errorf("%d requests still carry evidence", n)
			}
			// Nothing is added to a request that is over.
			must(w.t, w.KeepEvidence(ctx, w.org.ID, request, evidence))
			if n := w.Count(w.t, "pending_logins where evidence is not null"); n != 0 {
				w.t.Error("evidence was added to a request that is over")
			}
		})
	}
}
