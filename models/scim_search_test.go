package models_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
	"gatehouse/scim"
)

// largeUsers makes people of almost the largest size that is kept, with many values each.
func (d *directory) largeUsers(n int) {
	d.t.Helper()
	photos := make([]string, 250)
	for i := range photos {
		photos[i] = `{"value":"` + strings.Repeat("x", 900) + fmt.Sprint(i) + `"}`
	}
	for i := range n {
		d.create(fmt.Sprintf(`{"userName":"large%d@acme.com","photos":[%s]}`, i, strings.Join(photos, ",")))
	}
}

func tooMany(err error) bool {
	var e *scim.Error
	return errors.As(err, &e) && e.Status == 400 && e.Type == scim.TypeTooMany
}

// A hundred questions about large resources took SQLite's memory and PostgreSQL's minutes.
func TestSCIMSearchesOfLargeResourcesAreBounded(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		d.largeUsers(3)
		or, and := make([]string, 100), make([]string, 100)
		for i := range or {
			or[i] = fmt.Sprintf(`photos.value co "zz%d"`, i)
			and[i] = fmt.Sprintf(`photos.value co "x%d"`, i)
		}
		start := time.Now()
		for name, want := range map[string]bool{strings.Join(or, " or "): false, strings.Join(and, " and "): true, "not (" + strings.Join(and, ") and not (") + ")": true} {
			f, err := scim.ParseFilter(scim.UserType, name)
			if err != nil {
				t.Fatal(err)
			}
			q := models.SCIMQuery{Filter: f, StartIndex: 1, Count: 100}
			if _, _, err = db.SCIMMembers(t.Context(), d.call(), q); tooMany(err) != want || !want && err != nil {
				t.Errorf("%.40s: %v", name, err)
			}
			by := scim.AttrPath{Schema: scim.UserType.Schema, Attr: scim.UserType.Schema.Attribute("title")}
			if _, _, _, err = db.WalkSCIMMembers(t.Context(), d.call(), models.SCIMWalk{SCIMQuery: q, Total: -1, Order: models.SCIMOrder{By: &by}}); tooMany(err) != want || !want && err != nil {
				t.Errorf("%.40s in order: %v", name, err)
			}
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestSCIMSearchesThatTakeTooLongAreStopped(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		d.largeUsers(40)
		f, err := scim.ParseFilter(scim.UserType, `photos.value co "zz" or photos.display co "y" or title co "t" or nickName co "n" or emails.value co "ww"`)
		if err != nil {
			t.Fatal(err)
		}
		q := models.SCIMQuery{Filter: f, StartIndex: 1, Count: 100}
		// Each is stopped and not only given up: the last of as many as there are connections would wait otherwise.
		for range 24 {
			if _, _, err := db.SCIMMembers(t.Context(), d.call(), q); !tooMany(err) {
				t.Fatalf("%v, want 400 tooMany", err)
			}
		}
		if _, err := db.SCIMMember(t.Context(), d.call(), d.create(`{"userName":"after@acme.com"}`).ID, true); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	}, func(o *models.Options) { o.SearchTime = 5 * time.Millisecond })
}

// A page of a thousand large resources would be a quarter of a gigabyte.
func TestSCIMPagingEndsBeforeAPageIsTooLarge(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		d.largeUsers(40)
		present, err := scim.ParseFilter(scim.UserType, `photos pr or active eq true`)
		if err != nil {
			t.Fatal(err)
		}
		by := scim.AttrPath{Schema: scim.UserType.Schema, Attr: scim.UserType.Schema.Attribute("userName")}
		for name, page := range map[string]func(seen int, at *models.SCIMPosition) (ids []models.SCIMMember, total int, next *models.SCIMPosition, err error){
			"by index": func(seen int, _ *models.SCIMPosition) (ids []models.SCIMMember, total int, next *models.SCIMPosition, err error) {
				ids, total, err = db.SCIMMembers(t.Context(), d.call(), models.SCIMQuery{StartIndex: seen + 1, Count: 1000})
				return ids, total, nil, err
			},
			"by index with a filter": func(seen int, _ *models.SCIMPosition) (ids []models.SCIMMember, total int, next *models.SCIMPosition, err error) {
				ids, total, err = db.SCIMMembers(t.Context(), d.call(), models.SCIMQuery{Filter: present, StartIndex: seen + 1, Count: 1000})
				return ids, total, nil, err
			},
			"by cursor": func(_ int, at *models.SCIMPosition) ([]models.SCIMMember, int, *models.SCIMPosition, error) {
				return db.WalkSCIMMembers(t.Context(), d.call(), models.SCIMWalk{SCIMQuery: models.SCIMQuery{StartIndex: 1, Count: 1000}, Total: -1, After: at})
			},
			"by cursor in order": func(_ int, at *models.SCIMPosition) ([]models.SCIMMember, int, *models.SCIMPosition, error) {
				return db.WalkSCIMMembers(t.Context(), d.call(), models.SCIMWalk{SCIMQuery: models.SCIMQuery{StartIndex: 1, Count: 1000}, Total: -1, After: at, Order: models.SCIMOrder{By: &by, Descending: true}})
			},
		} {
			seen := map[string]bool{}
			var at *models.SCIMPosition
			for pages := 0; len(seen) < 41; pages++ {
				list, total, next, err := page(len(seen), at)
				if err != nil || total != 41 || len(list) == 0 {
					t.Fatalf("%s: %d of %d after %d, %v", name, len(list), total, len(seen), err)
				}
				bytes := 0
				for i := range list {
					if seen[list[i].ID] {
						t.Fatalf("%s: %s came twice", name, list[i].UserName)
					}
					seen[list[i].ID] = true
					if list[i].Attributes != nil {
						bytes += len(*list[i].Attributes)
					}
				}
				if bytes > 4<<20 {
					t.Errorf("%s: a page of %d bytes", name, bytes)
				}
				if at = next; pages == 0 && len(seen) == 41 {
					t.Errorf("%s: all in one page", name)
				}
			}
			if at != nil {
				t.Errorf("%s: another page is announced behind the last", name)
			}
		}
	})
}
