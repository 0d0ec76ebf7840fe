package models_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// requestKey is a private key as PKCS #8.
func requestKey(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return der
}

// The key opens with its SECRET_KEY only, is kept once, and never stands in the database as it is.
func TestARequestKeyIsSealed(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			url := modelstest.URL(t, dialect)
			db := modelstest.Open(t, url)
			by := models.Actor{Kind: models.Operator, Label: "test"}
			org, err := db.CreateOrganization(t.Context(), by, "Acme", models.NewOwner{Email: "ana@acme.com"})
			must(t, err)
			if key, certificate, err := db.RequestKey(t.Context(), org.ID); err != nil || key != nil || certificate != "" {
				t.Errorf("a key before there is one: %v, %q, %v", key, certificate, err)
			}
			if err := db.SetSignRequests(t.Context(), by, org.ID, true); !models.IsKind(err, models.Conflict) {
				t.Errorf("signing without a key: %v", err)
			}
			der := requestKey(t)
			must(t, db.MakeRequestKey(t.Context(), by, org.ID, der, "first"))
			must(t, db.MakeRequestKey(t.Context(), by, org.ID, requestKey(t), "second"))
			key, certificate, err := db.RequestKey(t.Context(), org.ID)
			if err != nil || certificate != "first" {
				t.Fatalf("%q, %v", certificate, err)
			}
			if got, err := x509.MarshalPKCS8PrivateKey(key); err != nil || string(got) != string(der) {
				t.Errorf("another key comes out: %v", err)
			}
			other := modelstest.Open(t, url, func(o *models.Options) { o.SecretKey = []byte(strings.Repeat("x", 32)) })
			if key, certificate, err := other.RequestKey(t.Context(), org.ID); err != nil || key != nil || certificate != "first" {
				t.Errorf("with another SECRET_KEY: %v, %q, %v", key, certificate, err)
			}
			// What no key opens any more is replaced; the old SECRET_KEY does not open the new one.
			third := requestKey(t)
			must(t, other.MakeRequestKey(t.Context(), by, org.ID, third, "third"))
			key, certificate, err = other.RequestKey(t.Context(), org.ID)
			if err != nil || certificate != "third" {
				t.Fatalf("%q, %v", certificate, err)
			}
			if got, err := x509.MarshalPKCS8PrivateKey(key); err != nil || string(got) != string(third) {
				t.Errorf("another key comes out: %v", err)
			}
			if key, _, err := db.RequestKey(t.Context(), org.ID); err != nil || key != nil {
				t.Errorf("with the old SECRET_KEY: %v, %v", key, err)
			}
		})
	}
}
