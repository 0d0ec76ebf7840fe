package handlers

import (
	"testing"
	"time"

	"github.com/beevik/etree"

	"gatehouse/models"
)

// withObjectID adds Entra's own identifier of the person to an answer.
func withObjectID(id string) func(*assertion) {
	return before(func(doc *etree.Document) {
		claim := element(doc, "AttributeStatement").CreateElement("Attribute")
		claim.CreateAttr("Name", "http://schemas.microsoft.com/identity/claims/objectidentifier")
		claim.CreateElement("AttributeValue").SetText(id)
	})
}

// An address that was given to somebody else: refused, and the admins see on the person's page what happened, what was expected and how to
// go on.
func TestAnAddressGivenToSomebodyElseIsShownToTheAdmins(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		signIn := func(objectID string) *page {
			b := a.browser()
			a.clock.Advance(time.Second)
			return b.finish(a.postACS(org, idp.answer(b.beginSAML(org, "/"), "bo@acme.com", withObjectID(objectID))))
		}
		signIn("oid-of-bo").wantRedirect("/")
		signIn("oid-of-somebody-else").wantStatus(403).wantText("main", "Your address belonged to another account")

		ana := a.browser()
		ana.asPassword("ana@acme.com")
		bo := memberURL(a.memberID(org, "bo@acme.com"))
		ana.get(bo).wantText("main", "A sign-in of Bo Berg was refused").wantText("#methods", "oid-of-bo")
		p := ana.get(activityPath+"?q=Bo&result=problems").wantText("details.event[open] .problem", "forget the linked identity on the member's page")
		p.wantText("details.event[open] .compare .want", "objectid oid-of-bo").wantText("details.event[open] .compare .got", "objectid oid-of-somebody-else")
		notices, err := a.db.Notices(t.Context(), org.ID, 20)
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, n := range notices {
			told = told || n.Subject == "A sign-in was refused: an address may belong to somebody else now"
		}
		if !told {
			t.Errorf("the owners are not told: %+v", notices)
		}

		// The admin knows that it is the same person.
		ana.get(bo).form(bo + "/identities/forget").submit().wantRedirect(bo + "#methods")
		signIn("oid-of-somebody-else").wantRedirect("/")
	})
}

// The directory's own identifier decides: a renamed person stays the same member, and an address that two people have had brings nobody
// into the other's account.
func TestTheIdentifierDecidesNotTheAddress(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, idp := samlApp(a)
		signIn := func(email, objectID string) string {
			t.Helper()
			b := a.browser()
			b.finish(a.postACS(org, idp.answer(b.beginSAML(org, "/"), email, withObjectID(objectID)))).wantRedirect("/")
			who, err := a.db.SessionByToken(t.Context(), b.cookie(sessionCookie))
			if err != nil {
				t.Fatal(err)
			}
			return who.Member.ID
		}
		bo, cy := signIn("bo@acme.com", "oid-1"), signIn("cy@acme.com", "oid-2")
		if bo == cy {
			t.Fatal("two people are one member")
		}
		if got := signIn("bo.berg@acme.com", "oid-1"); got != bo {
			t.Errorf("renamed, Bo became %s", got)
		}
		if got := signIn("cy@acme.com", "oid-1"); got != bo {
			t.Errorf("with Cy's address, Bo became %s", got)
		}
		if got := signIn("cy@acme.com", "oid-2"); got != cy {
			t.Errorf("afterwards, Cy became %s", got)
		}
		m, err := a.db.Member(t.Context(), org.ID, bo)
		if err != nil || m.Address() != "bo@acme.com" || m.Status != models.Active {
			t.Errorf("a sign-in changed the member's address: %+v, %v", m, err)
		}
	})
}
