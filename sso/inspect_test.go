package sso

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

func TestInspect(t *testing.T) {
	for _, test := range []struct {
		name        string
		m           message
		failed      []string // checks, in order
		notReached  []string
		verified    bool
		claims      int
		certificate *x509.Certificate
	}{
		{name: "everything is right", m: genuine(), verified: true, claims: 3, certificate: idpKey().cert},
		{
			name: "every failing check is shown, not the first alone",
			m: change(func(m *message) {
				m.audience, m.recipient, m.issuer = "https://other.example", "https://other.example/acs", strings.TrimSuffix(testIssuer, "/")
				m.claims = claim("contact", "ana@acme.example")
				m.format = formatPersistent
			}),
			failed: []string{"response_issuer", "issuer", "recipient", "audience", "email"}, verified: true, claims: 1, certificate: idpKey().cert,
		},
		{
			name:   "behind an unknown key the rest is read unverified",
			m:      change(func(m *message) { m.key, m.audience = otherKey(), "https://other.example" }),
			failed: []string{"signature", "audience"}, claims: 3, certificate: otherKey().cert,
		},
		{
			name:   "SHA-1 is named, and the rest is looked at",
			m:      change(func(m *message) { m.method, m.recipient = dsig.RSASHA1SignatureMethod, "https://other.example/acs" }),
			failed: []string{"signature_method", "recipient"}, notReached: []string{"signature"}, claims: 3, certificate: idpKey().cert,
		},
		{
			name:   "unsigned",
			m:      change(func(m *message) { m.signAssert = false }),
			failed: []string{"signature_place"}, notReached: []string{"signature_method", "signature"}, claims: 3,
		},
		{
			name:   "without subject and conditions what hangs on them is not reached",
			m:      change(func(m *message) { m.edit = func(d *etree.Document) { removed("Subject")(d); removed("Conditions")(d) } }),
			failed: []string{"name_id", "confirmation", "conditions"}, notReached: []string{"recipient", "confirmation_request", "confirmation_time", "conditions_time", "audience"},
			verified: true, claims: 3, certificate: idpKey().cert,
		},
		{
			name: "an error status says it all",
			m: change(func(m *message) {
				m.edit = func(d *etree.Document) { find1(d, "StatusCode").CreateAttr("Value", "urn:x") }
			}),
			failed:     []string{"status"},
			notReached: checksAfter("status"),
		},
		{
			name:   "not XML",
			m:      change(func(m *message) { m.raw = func(string) string { return "x" } }),
			failed: []string{"xml"}, notReached: checksAfter("xml"),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := test.m.build(t)
			i := Inspect(testConnection(), response, testPending(), testNow)
			identity, err := Verify(testConnection(), response, testPending(), testNow)
			if (identity != nil) != (i.Identity != nil) || (err != nil) != (i.Err != nil) {
				t.Fatalf("Verify says %v, %v; Inspect says %v, %v", identity, err, i.Identity, i.Err)
			}
			if i.Err != nil && i.Err.Reason != err.(*Error).Reason {
				t.Errorf("Verify says %v, Inspect %v", err, i.Err)
			}
			var failed, notReached []string
			for _, c := range i.Checks {
				switch {
				case !c.Reached:
					notReached = append(notReached, c.Name)
				case !c.OK:
					failed = append(failed, c.Name)
					if c.Err == nil || len(failed) == 1 && c.Err.Reason != i.Err.Reason {
						t.Errorf("%s failed by %v, Verify by %v", c.Name, c.Err, i.Err)
					}
				}
				if c.Title == "" {
					t.Errorf("%s has no title", c.Name)
				}
			}
			if got, want := strings.Join(failed, " "), strings.Join(test.failed, " "); got != want {
				t.Errorf("failed: %s, want %s", got, want)
			}
			if got, want := strings.Join(notReached, " "), strings.Join(test.notReached, " "); got != want {
				t.Errorf("not reached: %s, want %s", got, want)
			}
			if i.Verified != test.verified || len(i.Claims) != test.claims {
				t.Errorf("verified %v, claims %v", i.Verified, i.Claims)
			}
			if (i.Certificate == nil) != (test.certificate == nil) || i.Certificate != nil && !i.Certificate.Equal(test.certificate) {
				t.Error("another certificate")
			}
		})
	}
}

func checksAfter(name string) []string {
	var after []string
	found := false
	for _, s := range steps {
		if found {
			after = append(after, s.name)
		}
		found = found || s.name == name
	}
	return after
}

func TestInspectMarksWhatIsSigned(t *testing.T) {
	unsigned := func(i Inspection) (names []string) {
		for _, c := range i.Checks[7:] { // behind the signature
			if !c.Verified {
				names = append(names, c.Name)
			}
		}
		return names
	}
	i := Inspect(testConnection(), genuine().build(t), testPending(), testNow)
	if got := strings.Join(unsigned(i), " "); got != "destination in_response_to response_issuer" {
		t.Errorf("with a signed assertion, unsigned: %s", got)
	}
	m := genuine()
	m.signResponse = true
	if got := unsigned(Inspect(testConnection(), m.build(t), testPending(), testNow)); len(got) > 0 {
		t.Errorf("with a signed response, unsigned: %s", got)
	}
	m.key = otherKey()
	if got := unsigned(Inspect(testConnection(), m.build(t), testPending(), testNow)); len(got) != len(steps)-7 {
		t.Errorf("with another key, unsigned: %s", got)
	}
}

func TestInspectClock(t *testing.T) {
	m := genuine()
	m.issued = testNow.Add(7 * time.Minute)
	i := Inspect(testConnection(), m.build(t), testPending(), testNow)
	if i.ClockDifference != 7*time.Minute || i.Err == nil || i.Err.Reason != ReasonIssuedInFuture {
		t.Errorf("clock %v, %v", i.ClockDifference, i.Err)
	}
}

func TestInspectWithoutPendingRequest(t *testing.T) {
	m := genuine()
	m.inResponse = ""
	i := Inspect(testConnection(), m.build(t), PendingRequest{}, testNow)
	if i.Identity != nil || i.Err == nil || i.Err.Reason != ReasonUnsolicited {
		t.Errorf("Inspect = %v, %v", i.Identity, i.Err)
	}
}

func TestInspectRecoversPanics(t *testing.T) {
	c := testConnection()
	c.Certificates = []*x509.Certificate{nil}
	if i := Inspect(c, genuine().build(t), testPending(), testNow); i.Identity != nil || i.Err == nil || i.Err.Reason != ReasonInternal {
		t.Errorf("Inspect = %v, %v", i.Identity, i.Err)
	}
}
