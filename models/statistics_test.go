package models_test

import (
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestStatisticsAreFreshenedOnBothDatabases(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		if err := db.FreshenStatistics(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCreationForSomebodyWithAnAccountElsewhereLinksIt(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		globex := directoryOf(t, db, "Globex", "globex.com")
		owner, err := db.AddMember(t.Context(), models.Actor{Kind: models.Operator}, globex.org.ID, "eve@acme.com", "Eve", "", models.RoleMember, "")
		if err != nil {
			t.Fatal(err)
		}
		d := newDirectory(t, db)
		m := d.create(person("eve@acme.com"))
		if m.AccountID == nil || *m.AccountID != *owner.AccountID || m.Held() != "" {
			t.Errorf("%+v", m.Member)
		}
		if n := db.MemberCount(t, d.org.ID); n != 2 {
			t.Errorf("%d members, want 2", n)
		}
	})
}
