package handlers

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/sso"
)

// Where more is known than the reason, the admin reads the sentence that says it, on the page of a test.
func TestTheMoreExactSentencesCanBeProvoked(t *testing.T) {
	issuer := func(change func(string) string) func(*assertion) {
		return func(a *assertion) { a.issuer = change(a.issuer) }
	}
	provoked := map[string]func(*assertion){
		"expired 0":         before(set("Conditions", "NotOnOrAfter", "2026-11-24T08:00:00Z")),
		"issuer_mismatch 0": issuer(func(s string) string { return strings.TrimSuffix(s, "/") }),
		"issuer_mismatch 1": issuer(strings.ToUpper),
		"issuer_mismatch 2": issuer(func(string) string { return "https://sts.windows.net/other/" }),
		"issuer_mismatch 3": nil, // the Login URL is entered here
		"issuer_mismatch 4": issuer(func(s string) string { return s + "2b1c/" }),

		"signature_unknown_key 0": nil, // a newer certificate of the same name signs
		"signature_unknown_key 1": nil, // that of the tenant signs
	}
	each(t, func(t *testing.T, a *app) {
		org, idp, ana := testedApp(a)
		check := func(e sso.Entry, to, response string) {
			t.Helper()
			done := a.postRelayed(org, to, response)
			p := ana.result(done).follow()
			if got := p.text("#live"); !strings.Contains(got, e.Admin) {
				t.Errorf("%s: the admin reads %q, want %q", e.Reason, got, e.Admin)
			}
			if p.find("ol.path") == nil {
				t.Errorf("%s: no place to mend it", e.Reason)
			}
		}
		var last []func()
		for _, e := range sso.Entries()[sso.ChapterResponse] {
			for n, also := range e.Also {
				name := fmt.Sprintf("%s %d", e.Reason, n)
				edit, ok := provoked[name]
				switch {
				case !ok:
					t.Errorf("%s is provoked nowhere: %s", name, also.Admin)
				case edit != nil:
					to := ana.beginTest(org)
					check(also, to, idp.answer(to, "ana@acme.com", edit))
				case e.Reason == sso.ReasonUnknownKey:
					last = append(last, func() {
						newer := withIssuer(newIdP(a, 1), idp.issuer)
						names := []string{"Test IdP", "accounts.accesscontrol.windows.net"}
						block, _ := pem.Decode(certificateOf(t, newer.key, names[n], a.clock.Now().Add(-time.Hour)))
						var err error
						if newer.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
							t.Fatal(err)
						}
						to := ana.beginTest(org)
						check(also, to, newer.answer(to, "ana@acme.com"))
					})
				default:
					last = append(last, func() {
						came := idp.issuer
						idp.issuer = strings.Replace(came, "https://sts.windows.net/", "https://login.microsoftonline.com/", 1) + "saml2"
						idp.save(org)
						to := ana.beginTest(org)
						check(also, to, idp.answer(to, "ana@acme.com", func(x *assertion) { x.issuer = came }))
					})
				}
			}
		}
		for _, f := range last {
			f()
		}
	})
}
