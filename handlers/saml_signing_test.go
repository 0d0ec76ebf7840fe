package handlers

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// An operator who changes SECRET_KEY loses the keys that sign requests. Nobody may be locked out by that, and the admins are told the mend.
func TestAChangedSecretKeyDoesNotStopSignIns(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			address, clock := modelstest.URL(t, dialect), modelstest.NewClock()
			before := startApp(t, modelstest.Open(t, address, modelstest.WithNow(clock.Now)), clock)
			org, _ := samlApp(before)
			first := before.browser()
			first.asPassword("ana@acme.com")
			first.post(signingPath, "org", org.ID, "value", "on").wantRedirect(metadataPath + "#signing")
			certificatePath := "/saml/" + org.ID + "/certificate"
			old := before.browser().get(certificatePath).wantStatus(http.StatusOK).body

			a := startApp(t, modelstest.Open(t, address, modelstest.WithNow(clock.Now), func(o *models.Options) { o.SecretKey = []byte(strings.Repeat("x", 32)) }), clock)
			if to := a.browser().beginSAML(org, ""); strings.Contains(to, "Signature=") {
				t.Errorf("signed: %s", to)
			}
			ana := a.browser()
			ana.asPassword("ana@acme.com")
			ana.get(metadataPath).wantStatus(http.StatusOK).wantText("#signing", "sealed with another SECRET_KEY")
			ana.post(signingPath, "org", org.ID, "value", "off").wantRedirect(metadataPath + "#signing")
			ana.post(signingPath, "org", org.ID, "value", "on").wantRedirect(metadataPath + "#signing").follow().wantNone("#signing .note")
			if a.browser().get(certificatePath).wantStatus(http.StatusOK).body == old {
				t.Error("the old certificate is still given out")
			}
			if to := a.browser().beginSAML(org, ""); !strings.Contains(to, "Signature=") {
				t.Errorf("unsigned: %s", to)
			}
		})
	}
}
