package modelstest

import (
	"fmt"
	"testing"

	"gatehouse/models"
)

// PassTest makes a test sign-in of an organization's connection that its first owner passes, which turning single sign-on on and requiring
// it need.
func PassTest(t *testing.T, db *models.DB, orgID string) {
	t.Helper()
	ctx := t.Context()
	sso, err := db.SSO(ctx, orgID)
	if err != nil {
		t.Fatal(err)
	}
	owners, err := db.Managers(ctx, orgID)
	if err != nil || len(owners) == 0 {
		t.Fatalf("there is no owner to pass a test: %v", err)
	}
	signer := ""
	for i := range sso.Certificates {
		if sso.Certificates[i].Valid(db.Now()) {
			signer = sso.Certificates[i].SHA256
		}
	}
	client := models.Client{IP: "192.0.2.7", UserAgent: "test"}
	id := db.NewTestID()
	err = db.BeginTest(ctx, client, models.NewTest{OrgID: orgID, ID: id, RequestID: "id-of-" + id, ConnectionVersion: sso.Version, By: "test"})
	if err == nil {
		err = db.FinishTest(ctx, client, orgID, id, models.TestResult{State: models.TestPassed, Who: owners[0].Label(), MemberID: owners[0].ID, CertificateSHA256: signer, Sentence: "The test passed."})
	}
	if err != nil {
		t.Fatal(fmt.Errorf("pass a test sign-in: %w", err))
	}
}
