package models_test

import (
	"testing"

	"gatehouse/models"
)

func TestStepUpAsksWhatASignInAsks(t *testing.T) {
	for _, c := range []struct {
		name    string
		before  func(w *loginWorld, memberID string)
		confirm models.LoginIdentity
		want    models.RefusalReason // empty: confirmed
	}{
		{name: "the same person", confirm: loginOf("oid-1", "ana@acme.com")},
		{name: "the address with another object identifier", confirm: loginOf("oid-2", "ana@acme.com"), want: models.RefusedIdentityMismatch},
		{name: "somebody never seen", confirm: loginOf("oid-3", "zoe@acme.com"), want: models.RefusedOtherPerson},
		{
			name: "deactivated meanwhile", confirm: loginOf("oid-1", "ana@acme.com"), want: models.RefusedDeactivated,
			before: func(w *loginWorld, memberID string) {
				must(w.t, w.DeactivateMember(w.t.Context(), byOperator, models.Owner, w.org.ID, memberID))
			},
		},
		{
			name: "an address on a domain nobody has claimed", confirm: loginOf("oid-1", "ana@globex.com"), want: models.RefusedDomainUnverified,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachLogin(t, func(w *loginWorld) {
				ctx := w.t.Context()
				session := w.mustSignIn(loginOf("oid-1", "ana@acme.com"))
				who, err := w.SessionByToken(ctx, session.Token)
				must(w.t, err)
				if c.before != nil {
					c.before(w, session.MemberID)
				}
				request, browser := w.beginFor(models.LoginToStepUp)
				done, err := w.CompleteStepUp(ctx, who, aBrowser, w.claim(request, c.confirm), browser)
				if c.want != "" {
					w.refused(err, c.want)
					return
				}
				must(w.t, err)
				again, err := w.SessionByToken(ctx, done.Token)
				must(w.t, err)
				if !again.SteppedUp(w.Now()) {
					w.t.Error("the session is not stepped up")
				}
			})
		})
	}
}
