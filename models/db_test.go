package models_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

var bothDialects = []string{modelstest.SQLite, modelstest.Postgres}

func TestAChangeWithoutARecordIsNotCommitted(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		before := f.Dump(t)
		if err := f.Write(t, f.org.ID, "silent", false); err == nil || !strings.Contains(err.Error(), "without an audit event") {
			t.Errorf("error = %v", err)
		}
		if f.Dump(t) != before {
			t.Error("it was committed")
		}
		must(t, f.Write(t, f.org.ID, "told", true))
		if teams, err := f.Teams(t.Context(), f.org.ID, "", "", "", 10); len(teams) != 1 || err != nil {
			t.Errorf("%d teams, %v", len(teams), err)
		}
	})
}

func TestTimesComeBackAsTheyWent(t *testing.T) {
	zone := time.FixedZone("somewhere", 5*3600+1800)
	for _, at := range []time.Time{
		time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 29, 2, 30, 0, 123456789, zone), // an hour that does not exist in some places; more than microseconds
		time.Date(2026, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(1999, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Date(2200, 1, 1, 0, 0, 0, 0, zone),
	} {
		for _, dialect := range bothDialects {
			t.Run(dialect+" "+at.Format(time.RFC3339Nano), func(t *testing.T) {
				db := modelstest.New(t, dialect, modelstest.WithNow(func() time.Time { return at }))
				org, err := db.CreateOrganization(t.Context(), byOperator, "Acme", models.NewOwner{Email: "olga@acme.com"})
				must(t, err)
				c := trust(t, db, byOperator, org.ID, models.NewCertificate{SHA256: "x", NotBefore: at, NotAfter: at.AddDate(1, 0, 0)})
				again, err := db.Organization(t.Context(), org.ID)
				must(t, err)
				want := at.UTC().Truncate(time.Microsecond)
				if !again.CreatedAt.Equal(want) || !org.CreatedAt.Equal(want) {
					t.Errorf("made at %v, read %v, want %v", org.CreatedAt, again.CreatedAt, want)
				}
				sso, err := db.SSO(t.Context(), org.ID)
				must(t, err)
				if got := sso.Certificates[0].NotAfter; !got.Equal(want.AddDate(1, 0, 0)) || !got.Equal(c.NotAfter) {
					t.Errorf("not after %v, was %v, want %v", got, c.NotAfter, want.AddDate(1, 0, 0))
				}
				// Compared in SQL they are in the same order.
				for span, n := range map[[2]time.Duration]int{{0, time.Microsecond}: 2, {-time.Microsecond, 0}: 0, {time.Microsecond, time.Hour}: 0, {-time.Hour, time.Hour}: 2} {
					got, err := db.CountAuditEvents(t.Context(), org.ID, models.AuditFilter{From: want.Add(span[0]).In(zone), To: want.Add(span[1]).In(zone), Action: "organization"})
					must(t, err)
					if got != n/2 {
						t.Errorf("%d events from %v to %v, want %d", got, span[0], span[1], n/2)
					}
				}
			})
		}
	}
}

func TestFortyParallelChangesAllCount(t *testing.T) {
	for _, dialect := range bothDialects {
		t.Run(dialect, func(t *testing.T) {
			url := modelstest.URL(t, dialect)
			// Two processes on one database.
			instances := []*models.DB{modelstest.Open(t, url), modelstest.Open(t, url)}
			f := newFixture(t, instances[0], nil)
			team := f.team("Ops")
			errs := race(40, func(i int) error {
				return instances[i%2].ReadModifyWrite(t.Context(), f.org.ID, team.ID)
			})
			if succeeded(errs) != 40 {
				t.Errorf("%d of 40 succeeded: %v", succeeded(errs), errs)
			}
			now, err := f.Team(t.Context(), f.org.ID, team.ID)
			must(t, err)
			if now.Version != team.Version+40 {
				t.Errorf("counted to %d, want %d", now.Version, team.Version+40)
			}
			if n, err := f.CountAuditEvents(t.Context(), f.org.ID, models.AuditFilter{Action: "team.renamed"}); n != 40 || err != nil {
				t.Errorf("%d audit events, %v", n, err)
			}
		})
	}
}

func TestManyOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	// The file of SQLite is made in the first milliseconds: a few fresh ones meet what one may miss.
	for dialect, times := range map[string]int{modelstest.SQLite: 8, modelstest.Postgres: 1} {
		for n := range times {
			t.Run(fmt.Sprint(dialect, n), func(t *testing.T) {
				url := modelstest.EmptyURL(t, dialect)
				dbs := make([]*models.DB, 8)
				errs := race(len(dbs), func(i int) (err error) {
					dbs[i], err = models.Open(t.Context(), models.Options{URL: url, SecretKey: []byte(modelstest.SecretKey)})
					return err
				})
				for i, err := range errs {
					if err != nil {
						t.Errorf("process %d: %v", i, err)
						continue
					}
					must(t, dbs[i].Ready(t.Context()))
					must(t, dbs[i].Close())
				}
			})
		}
	}
}

// During a rolling upgrade an older instance starts again beside the newer one.
func TestADatabaseOfANewerVersionIsOpened(t *testing.T) {
	for _, dialect := range bothDialects {
		t.Run(dialect, func(t *testing.T) {
			url := modelstest.URL(t, dialect)
			db := modelstest.Open(t, url)
			db.Execute(t, "insert into goose_db_version (version_id, is_applied) values (9999, ?)", true)
			older, err := models.Open(t.Context(), models.Options{URL: url, SecretKey: []byte(modelstest.SecretKey)})
			must(t, err)
			must(t, older.Ready(t.Context()))
			must(t, older.Close())
		})
	}
}

func TestTheSQLiteFilesAreNobodyElses(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "below", "gatehouse.db")
	db, err := models.Open(t.Context(), models.Options{URL: "sqlite:" + path, SecretKey: []byte(modelstest.SecretKey)})
	must(t, err)
	_, err = db.CreateOrganization(t.Context(), byOperator, "Acme", models.NewOwner{Email: "olga@acme.com"})
	must(t, err)
	// Beside it lie the write-ahead log and its index, which hold the same rows.
	seen := 0
	must(t, filepath.WalkDir(filepath.Join(dir, "below"), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		seen++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", filepath.Base(name), info.Mode())
		}
		return nil
	}))
	if seen < 4 {
		t.Errorf("only %d files", seen)
	}
	must(t, db.Close())
}

func TestAPathOfStrangeCharactersIsOneFile(t *testing.T) {
	for _, name := range []string{"a b.db", "a?mode=memory", "a#b", "a%20b", "ä.db", "a&b=c;d"} {
		path := filepath.Join(t.TempDir(), name)
		db, err := models.Open(t.Context(), models.Options{URL: "sqlite:" + path, SecretKey: []byte(modelstest.SecretKey)})
		must(t, err)
		must(t, db.Ready(t.Context()))
		must(t, db.Close())
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestAWrongAddressIsRefusedWithAReason(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "gatehouse.db", "postgres"} {
		if _, err := models.Open(t.Context(), models.Options{URL: url}); err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := models.Open(t.Context(), models.Options{URL: "sqlite:/proc/no/such/place.db"}); err == nil {
		t.Error("a place that cannot be written was opened")
	}
}

// Another process may write for longer than one statement: readers go on, writers wait their turn.
func TestABusyDatabaseIsWaitedFor(t *testing.T) {
	url := modelstest.URL(t, modelstest.SQLite)
	db, other := modelstest.Open(t, url), modelstest.Open(t, url)
	f := newFixture(t, db, nil)
	release := other.HoldWriter(t)
	done := make(chan error, 1)
	go func() {
		_, err := db.CreateTeam(t.Context(), byOperator, f.org.ID, "Waiting")
		done <- err
	}()
	if _, err := db.Organization(t.Context(), f.org.ID); err != nil {
		t.Errorf("reading while another writes: %v", err)
	}
	select {
	case err := <-done:
		t.Errorf("the write did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	release()
	must(t, <-done)
}

func TestACancelledRequestChangesNothing(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before := f.Dump(t)
		_, err := f.CreateTeam(ctx, f.actor, f.org.ID, "Ops")
		if !errors.Is(err, context.Canceled) || models.IsUnavailable(err) {
			t.Errorf("error = %v", err)
		}
		if _, err := f.Organization(ctx, f.org.ID); !errors.Is(err, context.Canceled) {
			t.Errorf("reading: %v", err)
		}
		late, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if _, err = f.CreateTeam(late, f.actor, f.org.ID, "Ops"); !models.IsUnavailable(err) {
			t.Errorf("too late: %v", err)
		}
		if f.Dump(t) != before {
			t.Error("something changed")
		}
		must(t, second(f.CreateTeam(t.Context(), f.actor, f.org.ID, "Ops")))
	})
}

func TestErrorsOfRefusalAreNoOutage(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		_, err := f.Member(t.Context(), f.org.ID, "mem_nobody")
		for _, err := range []error{nil, err, errors.New("a bug"), fmt.Errorf("wrapped: %w", context.Canceled)} {
			if models.IsUnavailable(err) {
				t.Errorf("%v is taken for an outage", err)
			}
		}
	})
}

func TestPostgresThatWasAwayComesBack(t *testing.T) {
	url := modelstest.URL(t, modelstest.Postgres)
	db := modelstest.Open(t, url)
	f := newFixture(t, db, nil)
	// Every connection is cut off, as by a restart: at worst each open one fails once, as an outage.
	killer := modelstest.Open(t, url)
	killer.Execute(t, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
	deadline := time.Now().Add(5 * time.Second)
	for {
		_, err := db.CreateTeam(t.Context(), byOperator, f.org.ID, "After")
		if err == nil {
			break
		}
		if !models.IsUnavailable(err) {
			t.Errorf("not seen as an outage: %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not come back")
		}
	}
	if teams, err := db.Teams(t.Context(), f.org.ID, "", "", "", 10); len(teams) != 1 || err != nil {
		t.Errorf("%d teams, %v", len(teams), err)
	}
}

func TestADatabaseThatIsNotThereIsAnOutage(t *testing.T) {
	for name, url := range map[string]string{
		"nobody listens": "postgres://x@127.0.0.1:1/x?connect_timeout=2",
		"no such socket": "postgres:///x?host=/no/such/folder",
	} {
		_, err := models.Open(t.Context(), models.Options{URL: url, SkipMigrations: true})
		if err == nil || !models.IsUnavailable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
