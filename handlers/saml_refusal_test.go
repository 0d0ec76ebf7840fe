package handlers

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/models"
)

// What an admin reads below the page: what was expected and what came where something was compared, and no empty boxes where nothing was.
func TestTheDetailsOfARefusalSayOnlyWhatIsKnown(t *testing.T) {
	finish := func(b *browser, org *models.Organization, idp *identityProvider, email string, edits ...func(*assertion)) *page {
		return b.finish(b.app.postACS(org, idp.answer(b.beginSAML(org, ""), email, edits...)))
	}
	for _, test := range []struct {
		name                      string
		run                       func(a *app, b *browser, org *models.Organization, idp *identityProvider) *page
		check, expected, received string
		happened, place           string
	}{
		{"no membership", func(a *app, b *browser, org *models.Organization, idp *identityProvider) *page {
			idp.connect(org, false)
			return finish(b, org, idp, "bo@acme.com")
		}, "The person may come in", "", "", "is not a member here, and IdP Managed Access is off", "Access Security → SSO → IdP Managed Access"},
		{"an unclaimed domain", func(_ *app, b *browser, org *models.Organization, idp *identityProvider) *page {
			return finish(b, org, idp, "bo@elsewhere.example")
		}, "The domain is claimed here", "an address on a domain that is claimed here", "bo@elsewhere.example", "has not verified", "Access Security → Domain Claiming"},
		{"somebody else's identifier", func(_ *app, b *browser, org *models.Organization, idp *identityProvider) *page {
			other := b.app.browser()
			finish(other, org, idp, "bo@acme.com", withObjectID("oid-of-bo"))
			return finish(b, org, idp, "bo@acme.com", withObjectID("oid-of-zoe"))
		}, "The person may come in", "oid-of-bo", "oid-of-zoe", "is another one than before", "Users → the person → Sign-in methods"},
		{"deactivated", func(a *app, b *browser, org *models.Organization, idp *identityProvider) *page {
			bo := a.member(org, "bo@acme.com", models.RoleMember)
			if err := a.db.DeactivateMember(a.t.Context(), operator, models.Owner, org.ID, bo.ID); err != nil {
				a.t.Fatal(err)
			}
			return finish(b, org, idp, "bo@acme.com")
		}, "The person may come in", "", "deactivated by", "is deactivated here", "Users → the person"},
		{"replayed", func(_ *app, b *browser, org *models.Organization, idp *identityProvider) *page {
			once := func(x *assertion) { x.id = "_once" }
			finish(b.app.browser(), org, idp, "bo@acme.com", once)
			return finish(b, org, idp, "bo@acme.com", once)
		}, "", "", "", "was sent twice", ""},
		{"another browser", func(a *app, b *browser, org *models.Organization, idp *identityProvider) *page {
			b.beginSAML(org, "")
			return b.finish(a.postACS(org, idp.answer(a.browser().beginSAML(org, ""), "bo@acme.com")))
		}, "", "", "", "another browser", ""},
		{"off", func(a *app, b *browser, org *models.Organization, _ *identityProvider) *page {
			off := false
			if err := a.db.SetSwitches(a.t.Context(), operator, org.ID, models.Switches{Enabled: &off}); err != nil {
				a.t.Fatal(err)
			}
			return b.get(samlLoginPath(org.ID, "", ""))
		}, "", "", "", "is off here", "Access Security → SSO → Single Sign-On"},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, a *app) {
				org, idp := samlApp(a)
				b := a.browser()
				b.asPassword("ana@acme.com")
				p := test.run(a, b, org, idp).wantStatus(http.StatusForbidden).wantText("details.more", test.happened)
				got := strings.Join(strings.Fields(p.text("details.more")), " ")
				for label, want := range map[string]string{"Expected": test.expected, "Received": test.received, "To change": test.place} {
					if (want != "") != strings.Contains(got, label) || !strings.Contains(got, want) {
						t.Errorf("%s should be %q: %s", label, want, got)
					}
				}
				if test.check != "" {
					p.wantText("details.more", test.check)
				}
				if strings.Contains(got, "_") {
					t.Errorf("speaks in codes: %s", got)
				}
				if test.expected == "" && test.received == "" {
					p.wantNone("dl.compare")
				}
				if copied := p.attr("#details-text", "value"); !strings.Contains(copied, p.text("h1")) || !strings.Contains(copied, strings.SplitN(p.attr("#reference", "value"), " ", 2)[0]) || strings.Contains(copied, "oid-of") {
					t.Errorf("Copy details gives %q", copied)
				}
			})
		})
	}
}

// A page that speaks of a reference has one, even when so many came from a network that no more is written into the activity.
func TestARefusalAlwaysHasAReference(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org, _ := samlApp(a)
		last := ""
		for range 40 {
			p := a.postACS(org, "<Response/>").wantStatus(http.StatusForbidden).wantText("main", "the reference below")
			if last = p.attr("#reference", "value"); last == "" {
				t.Fatal("there is no reference below")
			}
		}
		reference, _, _ := strings.Cut(last, " ")
		if !strings.HasPrefix(reference, logReference) || !strings.Contains(a.log.String(), reference) {
			t.Errorf("the log does not have %q", reference)
		}
		a.postACS(org, "<Response/>").wantText("main", "whoever runs this server finds it in the log")
	})
}
