package jobs

import (
	"context"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

func TestReadMetadataOnceADay(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		operator := models.Actor{Kind: models.Operator, Label: "test"}
		org, err := db.CreateOrganization(t.Context(), operator, "Acme", models.NewOwner{Email: "ana@acme.com"})
		if err != nil {
			t.Fatal(err)
		}
		const address = "https://idp.example/metadata"
		m := models.IdPMetadata{Issuer: "https://idp.example/", SignInURL: "https://idp.example/sso"}
		if err := db.FollowMetadata(t.Context(), operator, org.ID, address, m); err != nil {
			t.Fatal(err)
		}
		reads, problem := 0, ""
		r := &Runner{DB: db, Metadata: func(_ context.Context, url string) (*models.IdPMetadata, string) {
			if reads++; url != address {
				t.Errorf("reads %s", url)
			}
			if problem != "" {
				return nil, problem
			}
			return &m, ""
		}}
		look := func(later time.Duration, want int, wantProblem string) {
			t.Helper()
			clock.Advance(later)
			if err := r.ReadMetadata(t.Context()); err != nil {
				t.Fatal(err)
			}
			state, err := db.Metadata(t.Context(), org.ID)
			if err != nil || reads != want || state.Problem != wantProblem {
				t.Errorf("after %v: read %d times, %+v, %v; want %d times, problem %q", later, reads, state, err, want, wantProblem)
			}
		}
		look(time.Hour, 0, "")
		look(24*time.Hour, 1, "")
		look(time.Hour, 1, "")
		problem = "It did not answer."
		look(24*time.Hour, 2, problem)
		problem = ""
		look(3*time.Hour, 3, "")
	}, modelstest.WithNow(clock.Now))
}
