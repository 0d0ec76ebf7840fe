package sso

import (
	"encoding/base64"
	"net/url"
	"testing"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

// BenchmarkVerify is one Entra-sized response with one certificate: everything that Verify checks, and crewjam's own check beside it.
func BenchmarkVerify(b *testing.B) {
	response := genuine().build(b)
	c := testConnection()
	b.Run("gatehouse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Verify(c, response, testPending(), testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("crewjam", func(b *testing.B) {
		acs, err := url.Parse(testACS)
		if err != nil {
			b.Fatal(err)
		}
		saml.TimeNow = func() time.Time { return testNow }
		saml.Clock = dsig.NewFakeClockAt(testNow)
		certificate := base64.StdEncoding.EncodeToString(c.Certificates[0].Raw)
		sp := saml.ServiceProvider{EntityID: testEntityID, AcsURL: *acs, IDPCertificate: &certificate, IDPMetadata: &saml.EntityDescriptor{EntityID: testIssuer}}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sp.ParseXMLResponse(response, []string{testRequest}, url.URL{Scheme: "none"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
