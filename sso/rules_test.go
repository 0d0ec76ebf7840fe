package sso

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTheApplicationMustAdd goes through what crewjam/saml lets through or breaks on, line by line, and shows for each line the
// cases of the corpus that prove the opposite here. "good/" cases must pass, all others must be refused. The lines about replay,
// tracking, the browser and people are proven where those live: handlers/saml_rules_test.go.
func TestTheApplicationMustAdd(t *testing.T) {
	for _, rule := range []struct{ line, cases string }{
		{"4 any string passes as e-mail: it must be an ASCII addr-spec", "email-two-ats email-quoted email-list email-display-name email-mailto email-nbsp email-zero-width email-bidi email-homoglyph email-full-width email-idn email-trailing-dot email-ip email-ip-bare email-header email-nul-like email-percent email-no-domain email-no-dot email-long email-sql email-html email-trailing-space email-underscore-domain email-only-domain email-only-at email-dots email-comment-rfc email-bang-path email-64-and-1 email-255 email-label-64 email-100k email-pi email-nul-reference email-claim-over-nameid good/email-apostrophe-plus good/email-all-signs good/email-64 good/email-254 good/email-label-63 good/email-cdata good/email-cdata-half"},
		{"4 lower-cased ASCII-only: ToLower folds the Kelvin sign, EqualFold the long s", "email-kelvin email-long-s email-dotless-i good/entra-upper-case"},
		{"4 one value, one Name, and never by FriendlyName or document order", "email-several email-case-twins email-namespace-twins email-friendly-name objectid-two"},
		{"5 no Subject, Conditions or SubjectConfirmationData is no panic", "subject-missing conditions-missing confirmation-data-missing assertion-missing"},
		{"6 no SubjectConfirmation", "confirmation-missing"},
		{"6 the method is looked at", "confirmation-holder-of-key confirmation-sender-vouches confirmation-empty confirmation-no-method"},
		{"6 NotBefore in the confirmation is looked at", "not-yet-confirmed"},
		{"6 exactly one bearer with Recipient, InResponseTo and NotOnOrAfter", "confirmation-two recipient-missing confirmation-no-request confirmation-no-end recipient-other confirmation-other-request expired-confirmation"},
		{"7 no AudienceRestriction", "audience-restriction-missing audience-missing"},
		{"7 two restrictions are AND, two audiences are not the last one", "audience-two-restrictions audience-two audience-three audience-twice-in-two-restrictions audience-twice"},
		{"7 exactly one audience, ours", "audience-other audience-other-org audience-prefix audience-slash audience-empty audience-namespace audience-case audience-acs audience-spn audience-element"},
		{"8 SHA-1 signature or digest", "sig-sha1 sig-sha1-signature-only sig-sha1-digest-only ecdsa-sha1"},
		{"8 an allow-list of algorithms", "sig-md5 sig-alg-unknown sig-alg-none sig-digest-unknown sig-hmac-public-key sig-hmac-sha1 sig-hmac-length-0 sig-hmac-length-8 sig-hmac-pem sig-hmac-certificate sig-hmac-empty-secret sig-sha224 sig-rsa-pss sig-rsa-ripemd160 sig-dsa-sha1 sig-digest-md5 sig-digest-sha224 sig-digest-ripemd160 sig-method-parameter ecdsa-over-rsa-key rsa-over-ecdsa-key ecdsa-zero ecdsa-zero-der ecdsa-short ecdsa-long good/rsa-sha512 good/ecdsa good/ecdsa-p384"},
		{"8 transforms are exactly enveloped, exc-c14n", "trans-xslt trans-xpath trans-xpath2 trans-base64 trans-none trans-no-enveloped trans-no-c14n trans-order trans-inclusive trans-with-comments trans-twice trans-100 many-transforms inclusive-prefixes-6000 c14n-inclusive c14n-with-comments c14n-unknown good/okta good/okta-empty-prefix-list good/inclusive-default"},
		{"9 an assertion without ID, a Reference to nothing", "assertion-id-missing assertion-id-missing-signed assertion-id-long sig-reference-empty ref-empty"},
		{"9 the Version is looked at", "version-1.1 version-response"},
		{"9 an IssueInstant a day ahead", "issued-in-future issue-missing issue-garbage issue-year-10000"},
		{"9 no AuthnStatement, no NameID, a session that is over", "authnstatement-missing authninstant-missing nameid-missing nameid-empty session-over"},
		{"10 InResponseTo is checked in both places, always", "unsolicited inresponseto-missing inresponseto-other inresponseto-empty confirmation-no-request confirmation-other-request"},
		{"11 KeyInfo may be missing, one certificate at a time", "good/keyinfo-none good/rollover good/rollover-keyinfo-none good/expired-beside good/keycloak good/pysaml2 good/pingfederate good/keyinfo-name good/keyinfo-issuer-serial good/keyinfo-ski good/keyinfo-empty good/keyinfo-chain good/keyinfo-other-certificate good/ten-certificates sig-keyinfo-name sig-keyinfo-issuer-serial sig-keyinfo-ski sig-keyinfo-two"},
		{"12 a signature that is present must verify, also under a signed response", "sig-assertion-broken-under-response sig-assertion-other-key-under-response"},
		{"13 unsigned content does not change how signed content is read", "good/ns-rebind-extensions good/ns-rebind-ds good/ns-odd-prefixes good/unsigned-id good/unsigned-base ns-rebind ns-undeclare-default xsw21"},
		{"13 no element counts in another namespace", "audience-namespace conditions-namespace subject-namespace attribute-namespace response-wrong-namespace response-no-namespace sig-wrong-namespace status-namespace authnstatement-namespace ns-undeclare-default-signed"},
		{"13 child elements in a value are not dropped", "email-comment-inside nameid-element audience-element issuer-element good/comment-in-nameid good/email-comment good/email-comment-before"},
		{"13 Subjects and NameIDs do not merge", "subject-two nameid-two issuer-two conditions-two status-two status-code-two nameid-in-confirmation"},
		{"14 DOCTYPE, processing instructions, text around the root, a second root", "doctype pi-stylesheet pi-inside pi-in-nameid text-before text-after second-root second-root-response doctype-inside doctype-after-root doctype-lower-case"},
		{"14 attributes and IDs given twice", "dup-attribute dup-attribute-namespaced dup-attribute-inresponseto dup-xmlns dup-id dup-id-after ns-id-prefixed-twin id-case id-lower-case xsw20 xsw23 xsw24"},
		{"14 lying encodings", "encoding-latin1 encoding-utf7 encoding-utf16-declared encoding-bytes encoding-overlong good/bom good/declared-ascii"},
		{"15 depth, elements and bytes are limited before anything is verified", "limit-33-levels limit-901-elements limit-256-kib-and-1 good/limit-900-elements good/limit-256-kib deep-1000 deep-20000 deep-100000 wide-1000 wide-1000-signed wide-60000 assertions-2000 text-1m groups-1000 name-6000-values good/groups-840 good/entra-groups-150"},
		{"15 attributes and namespaces are limited, however many certificates there are to try", "attributes-one-element attributes-root namespaces-one-element namespaces-root namespaces-used namespaces-and-children namespaces-root-and-children namespaces-nested attribute-200k attributes-one-element-ten-certificates namespaces-and-children-ten-certificates namespaces-root-and-children-ten-certificates attribute-200k-ten-certificates"},
		{"17 encrypted assertions are refused, whatever is in them", "enc-unsigned enc-signed enc-empty enc-cipherreference enc-beside enc-attribute enc-in-subject enc-rsa15 enc-oaep enc-100 enc-500 nameid-encrypted"},
	} {
		t.Run(strings.ReplaceAll(rule.line, "/", " "), func(t *testing.T) {
			for _, name := range strings.Fields(rule.cases) {
				if !strings.HasPrefix(name, "good/") {
					name = "bad/" + name
				}
				found := 0
				for _, suffix := range []string{"", "-assertion", "-response", "-both", "-unsigned"} {
					dirs, err := filepath.Glob(filepath.Join("testdata", name+suffix))
					if err != nil {
						t.Fatal(err)
					}
					for _, dir := range dirs {
						found++
						t.Run(filepath.Base(dir), readCase(t, dir).judge)
					}
				}
				if found == 0 {
					t.Errorf("no case %s", name)
				}
			}
		})
	}
}
