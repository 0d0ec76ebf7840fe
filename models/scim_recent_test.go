package models_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// What a process remembers of people must never decide what happens to them: other instances change them meanwhile.
func TestWhatOneInstanceRemembersDoesNotOverrideAnother(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			url := modelstest.URL(t, dialect)
			d := newDirectory(t, modelstest.Open(t, url))
			other := *d
			other.db = modelstest.Open(t, url)
			m := d.create(person("eve@acme.com"))
			other.patch(m.ID, `[{"op":"replace","path":"title","value":"Boss"}]`)
			got := d.patch(m.ID, `[{"op":"replace","path":"displayName","value":"Eve"}]`)
			r := got.View("x")
			if body := string(r.Stored); got.DisplayName != "Eve" || !strings.Contains(body, `"Boss"`) {
				t.Errorf("the other instance's change is lost: %s", body)
			}
			// A change that is none to what is remembered may be one to the row.
			other.patch(m.ID, `[{"op":"replace","path":"displayName","value":"Eva"}]`)
			if got := d.patch(m.ID, `[{"op":"replace","path":"displayName","value":"Eve"}]`); got.DisplayName != "Eve" {
				t.Errorf("the name is %s", got.DisplayName)
			}
			// An admin deactivates; the directory's view of an active person must not bring them back or hide it.
			if err := other.db.DeactivateMember(t.Context(), ana, models.Owner, d.org.ID, m.ID); err != nil {
				t.Fatal(err)
			}
			if got := d.patch(m.ID, `[{"op":"replace","path":"active","value":true},{"op":"replace","path":"title","value":"x"}]`); got.Status != models.Inactive {
				t.Errorf("the person is %s", got.Status)
			}
			// Revoked on the other instance: refused on this one, whatever it remembers.
			tokens, err := other.db.SCIMTokens(t.Context(), d.org.ID)
			if err != nil || len(tokens) == 0 {
				t.Fatal(err)
			}
			for _, token := range tokens {
				if err := other.db.RevokeSCIMToken(t.Context(), ana, d.org.ID, token.ID); err != nil {
					t.Fatal(err)
				}
			}
			_, err = d.tryPatch(m.ID, `[{"op":"replace","path":"title","value":"y"}]`)
			wantKind(t, err, models.Unauthenticated)
		})
	}
}

func TestParallelPatchesOfOnePersonLoseNothing(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			url := modelstest.URL(t, dialect)
			d := newDirectory(t, modelstest.Open(t, url))
			other := *d
			other.db = modelstest.Open(t, url)
			m := d.create(person("eve@acme.com"))
			attributes := []string{"title", "nickName", "userType", "preferredLanguage", "locale", "timezone"}
			var wg sync.WaitGroup
			for i, name := range attributes {
				who := []*directory{d, &other}[i%2]
				wg.Go(func() {
					if _, err := who.tryPatch(m.ID, fmt.Sprintf(`[{"op":"add","path":%q,"value":"v%d"}]`, name, i)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			got, err := d.db.SCIMMember(t.Context(), d.call(), m.ID, false)
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range attributes {
				if !strings.Contains(*got.Attributes, fmt.Sprintf(`"%s":"v%d"`, name, i)) {
					t.Errorf("%s is lost: %s", name, *got.Attributes)
				}
			}
		})
	}
}
