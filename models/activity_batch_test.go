package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func (d *directory) asked(at time.Time, ok bool, member, sentence, token string) models.Provisioned {
	p := models.Provisioned{At: at, NewActivity: models.NewActivity{OrgID: d.org.ID, OK: ok, MemberID: member, Sentence: sentence}}
	p.Detail = models.ProvisioningDetail{Method: "PATCH", Path: "/Users/x", Status: 200, Token: token, Correlation: "c-" + sentence}
	return p
}

// A directory sends again every cycle what was refused, for weeks.
func TestActivityFoldsFailuresThatAreTheSameAgain(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d, other := newDirectory(t, db), directoryOf(t, db, "Globex", "globex.com")
		began := clock.Now().UTC()
		for day := range 6 {
			var batch []models.Provisioned
			for cycle := range 4 {
				at := began.Add(time.Duration(day)*24*time.Hour + time.Duration(cycle)*time.Hour)
				batch = append(batch, d.asked(at, false, "mem_a", "refused: a", "Entra"), d.asked(at.Add(time.Second), true, "mem_a", "looked", "Entra"))
				if cycle == 0 {
					batch = append(batch, d.asked(at.Add(2*time.Second), false, "mem_b", "refused: a", "Okta"), other.asked(at, false, "mem_a", "refused: a", "Entra"))
				}
			}
			if err := db.RecordProvisioning(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}
		list := func(f models.ActivityFilter) []models.Activity {
			f.Limit = 500
			rows, err := db.Activities(t.Context(), d.org.ID, f)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		if n := len(list(models.ActivityFilter{})); n != 6*9 {
			t.Errorf("%d rows, want %d: each request keeps its own", n, 6*9)
		}
		var told []string
		for _, a := range list(models.ActivityFilter{Problems: true, Folded: true}) {
			if a.Since == nil || !a.Since.Equal(began) && !a.Since.Equal(began.Add(2*time.Second)) {
				t.Errorf("%s since %v", a.MemberID, a.Since)
			}
			told = append(told, fmt.Sprint(a.MemberID, " ", a.Times))
		}
		if got := strings.Join(told, ", "); got != "mem_a 24, mem_b 6" {
			t.Errorf("folded: %s", got)
		}
		if n := len(list(models.ActivityFilter{Folded: true})); n != 24+2 {
			t.Errorf("%d folded rows, want 26", n)
		}
		for name, c := range map[string]struct {
			filter models.ActivityFilter
			want   int
		}{
			"by person":                  {models.ActivityFilter{MemberID: "mem_b"}, 6},
			"by token":                   {models.ActivityFilter{Token: "Okta"}, 6},
			"by a token of another name": {models.ActivityFilter{Token: "Okt_"}, 0},
			"by time":                    {models.ActivityFilter{From: began.Add(5 * 24 * time.Hour)}, 9},
			"by the directory's own id":  {models.ActivityFilter{Text: "C-looked"}, 24},
		} {
			if n := len(list(c.filter)); n != c.want {
				t.Errorf("%s: %d rows, want %d", name, n, c.want)
			}
		}
	}, modelstest.WithNow(clock.Now))
}

// How a directory calls is known without reading what it asked for.
func TestProvisioningRhythmReadsHours(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDirectory(t, db)
		now := clock.Now().UTC()
		for _, hours := range []int{30, 29, 22, 21, 21, 20} {
			if err := db.RecordProvisioning(t.Context(), []models.Provisioned{d.asked(now.Add(-time.Duration(hours)*time.Hour), true, "", "looked", "Entra")}); err != nil {
				t.Fatal(err)
			}
		}
		r, err := db.ProvisioningRhythm(t.Context(), d.org.ID)
		if err != nil || r.Longest != 7*time.Hour || r.Refused != 0 {
			t.Errorf("%+v, %v", r, err)
		}
		if err := db.RecordProvisioning(t.Context(), []models.Provisioned{d.asked(now, false, "", "refused", "Entra")}); err != nil {
			t.Fatal(err)
		}
		if r, err = db.ProvisioningRhythm(t.Context(), d.org.ID); err != nil || r.Longest != 20*time.Hour || r.Refused != 1 || r.LastRefusal != "refused" {
			t.Errorf("%+v, %v", r, err)
		}
	}, modelstest.WithNow(clock.Now))
}
