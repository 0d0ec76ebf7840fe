package handlers

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/models"
)

// Where everybody may make an organization, its invitations must not be a way to send anybody mails of one's own without end.
func TestInvitationsAreNoWayToSendMailsWithoutEnd(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		b := a.signIn("ana@acme.com")
		// A directory may send a name of several lines; a mail has them on one.
		_, bearer, err := a.db.CreateSCIMToken(t.Context(), operator, acme.ID, "Entra", 0)
		if err != nil {
			t.Fatal(err)
		}
		r := a.request(http.MethodPatch, scimPrefix+"/Users/"+a.memberID(acme, "ana@acme.com"),
			`{"Operations":[{"op":"replace","path":"displayName","value":"Ana\r\n\r\nYour password has expired. Renew it here:\u2028https://evil.example"}]}`)
		r.Header.Set("Authorization", "Bearer "+bearer)
		a.do(r).wantStatus(http.StatusOK)
		b.post("/settings/users/invite", "org", acme.ID, "emails", "victim@elsewhere.example", "role", "member").wantStatus(http.StatusSeeOther)
		if first, _, _ := strings.Cut(a.mails.to("victim@elsewhere.example").Body, "\n"); !strings.HasSuffix(first, "invites you to join Acme.") {
			t.Errorf("the mail begins %q", first)
		}
		id := a.memberID(acme, "victim@elsewhere.example")
		for range 10 {
			b.post("/settings/users/"+id+"/resend", "org", acme.ID).wantStatus(http.StatusSeeOther)
		}
		b.post("/settings/users/"+id+"/revoke", "org", acme.ID).wantStatus(http.StatusSeeOther)
		b.post("/settings/users/invite", "org", acme.ID, "emails", "victim@elsewhere.example", "role", "member").
			wantStatus(http.StatusUnprocessableEntity).wantFieldError("emails", "Too many invitations")
		sent := 0
		for _, m := range a.mails.all() {
			if m.To == "victim@elsewhere.example" {
				sent++
			}
		}
		if sent != 5 {
			t.Errorf("%d mails to one address, want 5", sent)
		}
		// Others are invited meanwhile.
		b.post("/settings/users/invite", "org", acme.ID, "emails", "bo@acme.com", "role", string(models.RoleMember)).wantStatus(http.StatusSeeOther)
	})
}
