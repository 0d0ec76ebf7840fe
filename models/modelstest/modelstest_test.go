package modelstest_test

import (
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestEachGivesAMigratedDatabaseOfBothKinds(t *testing.T) {
	var dialects []string
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		dialects = append(dialects, db.Dialect())
		if err := db.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		before := db.Now()
		clock.Advance(time.Hour)
		if got := db.Now().Sub(before); got != time.Hour {
			t.Errorf("the clock moved by %v", got)
		}
	}, modelstest.WithNow(clock.Now))
	if len(dialects) != 2 || dialects[0] != modelstest.SQLite || dialects[1] != modelstest.Postgres {
		t.Errorf("ran on %v", dialects)
	}
}

func TestAnEmptyDatabaseIsMigratedByOpeningIt(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			url := modelstest.EmptyURL(t, dialect)
			if err := modelstest.Open(t, url).Ready(t.Context()); err == nil {
				t.Error("an empty database calls itself ready")
			}
			db, err := models.Open(t.Context(), models.Options{URL: url, SecretKey: []byte(modelstest.SecretKey)})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
