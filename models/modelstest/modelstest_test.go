package modelstest_test

import (
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestEachGivesAMigratedDatabaseOfBothKinds(t *testing.T) {
	var tests []string
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		tests = append(tests, path.Base(t.Name()))
		if err := db.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		before := db.Now()
		clock.Advance(time.Hour)
		if got := db.Now().Sub(before); got != time.Hour {
			t.Errorf("the clock moved by %v", got)
		}
	}, modelstest.WithNow(clock.Now))
	if !slices.Equal(tests, []string{modelstest.SQLite, modelstest.Postgres}) {
		t.Errorf("ran on %v", tests)
	}
	for dialect, scheme := range map[string]string{modelstest.SQLite: "sqlite:", modelstest.Postgres: "postgres:"} {
		if url := modelstest.URL(t, dialect); !strings.HasPrefix(url, scheme) {
			t.Errorf("%s is a database at %s", dialect, url)
		}
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
