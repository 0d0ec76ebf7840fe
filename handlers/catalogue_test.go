package handlers

import (
	"net/http"
	"os"
	"regexp"
	"testing"

	"gatehouse/models"
)

// Everything that docs/errors.md knows stands in the application as well, once, under the same name.
func TestTheCatalogueIsInTheApplication(t *testing.T) {
	document, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, a *app) {
		acme := a.organization("Acme", "ana@acme.com")
		ana := a.signIn("ana@acme.com")
		const address = accessPath + "/errors"
		ana.get(activityPath).wantText("main a[href="+address+"]", "What can go wrong")
		p := ana.get(address).wantStatus(http.StatusOK)
		headings := regexp.MustCompile(`(?m)^### ([^,\n]+)`).FindAllStringSubmatch(string(document), -1)
		if n := len(p.all("details.event")); n != len(headings) || n < 80 {
			t.Errorf("%d entries on the page, %d in the document", n, len(headings))
		}
		for _, heading := range headings {
			if id := heading[1]; len(p.all("details#"+id)) != 1 {
				t.Errorf("%s stands on the page %d times", id, len(p.all("details#"+id)))
			}
		}
		p.wantText("#audience_mismatch", "Your Entra admin").wantText("#audience_mismatch ol.path", "Basic SAML Configuration").wantText("#AADSTS50105", "The person reads:")
		p.wantText("#no_membership", "You, here").wantText("#certificate_file_is_private_key .problem", "private key")
		a.member(acme, "bo@acme.com", models.RoleMember)
		a.signIn("bo@acme.com").get(address).wantStatus(http.StatusForbidden)
	})
}
