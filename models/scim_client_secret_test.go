package models_test

import (
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// secretWorld is two organizations.
type secretWorld struct {
	db         *models.DB
	org, other *models.Organization
}

var secretMaker = models.Actor{Kind: models.Operator, Label: "test"}

func eachSecretWorld(t *testing.T, fn func(t *testing.T, w *secretWorld)) {
	t.Helper()
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		w := &secretWorld{db: db}
		var err error
		if w.org, err = db.CreateOrganization(t.Context(), secretMaker, "Acme", models.NewOwner{Email: "ana@acme.com", Name: "Ana"}); err != nil {
			t.Fatal(err)
		}
		if w.other, err = db.CreateOrganization(t.Context(), secretMaker, "Globex", models.NewOwner{Email: "gil@globex.com", Name: "Gil"}); err != nil {
			t.Fatal(err)
		}
		fn(t, w)
	}, modelstest.WithNow(clock.Now))
}

func TestClientSecretsAreTheirOrganizations(t *testing.T) {
	eachSecretWorld(t, func(t *testing.T, w *secretWorld) {
		ctx := t.Context()
		s, text, err := w.db.CreateSCIMClientSecret(ctx, secretMaker, w.org.ID, "Entra", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := w.db.SCIMClientSecrets(ctx, w.other.ID); err != nil || len(list) != 0 {
			t.Errorf("another organization sees %d secrets, %v", len(list), err)
		}
		if err := w.db.RevokeSCIMClientSecret(ctx, secretMaker, w.other.ID, s.ID); !models.IsKind(err, models.NotFound) {
			t.Errorf("another organization revokes it: %v", err)
		}
		if _, _, err := w.db.IssueSCIMAccessToken(ctx, models.Client{}, w.other.ID, text); !models.IsKind(err, models.Unauthenticated) {
			t.Errorf("another organization exchanges it: %v", err)
		}
		token, life, err := w.db.IssueSCIMAccessToken(ctx, models.Client{}, w.org.ID, text)
		if err != nil || life != time.Hour {
			t.Fatal(life, err)
		}
		if tokens, err := w.db.SCIMTokens(ctx, w.org.ID); err != nil || len(tokens) != 0 {
			t.Errorf("%d access tokens among the tokens, %v", len(tokens), err)
		}
		call, err := w.db.SCIMCall(models.Client{}, token)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.db.AuthenticateSCIM(ctx, call); err != nil || call.Token.OrgID != w.org.ID {
			t.Errorf("the access token: %v", err)
		}
		if _, _, err := w.db.ReplaceSCIMToken(ctx, secretMaker, w.org.ID, call.TokenID(), time.Hour); !models.IsKind(err, models.NotFound) {
			t.Errorf("an access token is replaced: %v", err)
		}
		if err := w.db.RevokeSCIMToken(ctx, secretMaker, w.org.ID, call.TokenID()); !models.IsKind(err, models.NotFound) {
			t.Errorf("an access token is revoked like a token: %v", err)
		}
	})
}

func TestASecretThatEndsSoonGivesTokensThatEndWithIt(t *testing.T) {
	eachSecretWorld(t, func(t *testing.T, w *secretWorld) {
		_, text, err := w.db.CreateSCIMClientSecret(t.Context(), secretMaker, w.org.ID, "Entra", 10*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		_, life, err := w.db.IssueSCIMAccessToken(t.Context(), models.Client{}, w.org.ID, text)
		if err != nil || life != 10*time.Minute {
			t.Error(life, err)
		}
	})
}

func TestReplacingATokenIsTheOrganizationsOwn(t *testing.T) {
	eachSecretWorld(t, func(t *testing.T, w *secretWorld) {
		old, _, err := w.db.CreateSCIMToken(t.Context(), secretMaker, w.org.ID, "Entra", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.db.ReplaceSCIMToken(t.Context(), secretMaker, w.other.ID, old.ID, time.Hour); !models.IsKind(err, models.NotFound) {
			t.Errorf("another organization replaces it: %v", err)
		}
		fresh, _, err := w.db.ReplaceSCIMToken(t.Context(), secretMaker, w.org.ID, old.ID, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if got := fresh.ExpiresAt.Sub(fresh.CreatedAt); got != time.Hour {
			t.Errorf("the new token lives for %s", got)
		}
		list, err := w.db.SCIMTokens(t.Context(), w.org.ID)
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		for _, token := range list {
			if token.ID == old.ID && !token.ExpiresAt.Equal(*old.ExpiresAt) {
				t.Errorf("the old token lives longer than it would have: %s", token.ExpiresAt)
			}
		}
	})
}
