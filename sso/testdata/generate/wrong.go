package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// wrong are messages that the identity provider's key signs, and that must be refused all the same: another service's, another
// time's, another shape, or nobody's address.
func (g *generator) wrong() {
	g.addressed()
	g.timed()
	g.confirmed()
	g.statuses()
	g.encrypted()
	g.addresses()
	g.names()
	g.plain()
}

// edited makes a case whose content is changed before it is signed.
func edited(f func(doc *etree.Document)) func(*message) {
	return func(m *message) { m.before = f }
}

func without(tag string) func(*message) {
	return edited(func(doc *etree.Document) { remove(findIn(assertion(doc), tag)) })
}

func attribute(tag, name, value string) func(*message) {
	return edited(func(doc *etree.Document) { find(doc, tag).CreateAttr(name, value) })
}

func noAttribute(tag, name string) func(*message) {
	return edited(func(doc *etree.Document) { findIn(assertion(doc), tag).RemoveAttr(name) })
}

func (g *generator) addressed() {
	const class = "issuer, audience, recipient, destination"
	g.bad(class, "issuer-other", "Another tenant's issuer", "issuer_mismatch", func(m *message) { m.issuer = "https://sts.windows.net/11111111-0000-4000-8000-000000000000/" })
	g.bad(class, "issuer-without-slash", "The issuer without its slash", "issuer_mismatch", func(m *message) { m.issuer = strings.TrimSuffix(issuer, "/") })
	g.bad(class, "issuer-case", "The issuer in capitals", "issuer_mismatch", func(m *message) { m.issuer = strings.ToUpper(issuer) })
	g.bad(class, "issuer-missing", "No issuer on the assertion", "response_incomplete", without("Issuer"))
	g.bad(class, "issuer-empty", "An empty issuer", "issuer_mismatch", func(m *message) { m.issuer = "" })
	g.bad(class, "issuer-two", "Two issuers on the assertion", "response_incomplete", edited(func(doc *etree.Document) {
		i := findIn(assertion(doc), "Issuer")
		i.Parent().InsertChildAt(1, i.Copy())
	}))
	g.bad(class, "issuer-format", "An issuer of another format", "issuer_mismatch", edited(func(doc *etree.Document) {
		findIn(assertion(doc), "Issuer").CreateAttr("Format", formatEmail)
	}))
	g.bad(class, "issuer-response-other", "Another issuer on the response than on the assertion", "issuer_mismatch", edited(func(doc *etree.Document) {
		child(doc.Root(), "Issuer").SetText("https://evil.example/")
	}))
	g.bad(class, "issuer-comment", "A comment in the issuer of the response", "issuer_mismatch signature_invalid", func(m *message) {
		m.after = func(doc *etree.Document) { child(doc.Root(), "Issuer").InsertChildAt(0, etree.NewComment("x")) }
	}, assertionSigned)

	g.bad(class, "audience-other", "Another application's audience", "audience_mismatch", func(m *message) { m.audience = "https://other.example" })
	g.bad(class, "audience-other-org", "Another organization's audience", "audience_mismatch", func(m *message) { m.audience = "https://app.example/saml/org_other" })
	g.bad(class, "audience-prefix", "An audience that ours begins with", "audience_mismatch", func(m *message) { m.audience = "https://app.example/saml/" })
	g.bad(class, "audience-slash", "Our audience with a slash", "audience_mismatch", func(m *message) { m.audience = entityID + "/" })
	g.bad(class, "audience-empty", "An empty audience", "audience_mismatch", func(m *message) { m.audience = "" })
	g.bad(class, "audience-restriction-missing", "No AudienceRestriction", "audience_missing", without("AudienceRestriction"))
	g.bad(class, "audience-missing", "An AudienceRestriction without Audience", "audience_missing", without("Audience"))
	g.bad(class, "audience-two", "Ours and another audience", "audience_mismatch", edited(func(doc *etree.Document) {
		find(doc, "AudienceRestriction").CreateElement("Audience").SetText("https://other.example")
	}))
	g.bad(class, "audience-two-restrictions", "Ours and another audience in two restrictions", "audience_mismatch", edited(func(doc *etree.Document) {
		find(doc, "Conditions").AddChild(element(`<AudienceRestriction xmlns="` + nsA + `"><Audience>https://other.example</Audience></AudienceRestriction>`))
	}))
	g.bad(class, "audience-twice", "Ours twice", "audience_mismatch", edited(func(doc *etree.Document) {
		find(doc, "AudienceRestriction").AddChild(find(doc, "Audience").Copy())
	}))
	g.bad(class, "audience-namespace", "Our audience in another namespace", "audience_missing", attribute("Audience", "xmlns", "urn:other"))

	g.bad(class, "recipient-other", "Another recipient", "recipient_mismatch", func(m *message) { m.recipient = "https://other.example/acs" })
	g.bad(class, "recipient-other-org", "Another organization's recipient", "recipient_mismatch", func(m *message) { m.recipient = "https://app.example/saml/org_other/acs" })
	g.bad(class, "recipient-slash", "Our recipient with a slash", "recipient_mismatch", func(m *message) { m.recipient = acs + "/" })
	g.bad(class, "recipient-http", "Our recipient by http", "recipient_mismatch", func(m *message) { m.recipient = strings.Replace(acs, "https", "http", 1) })
	g.bad(class, "recipient-missing", "No recipient", "confirmation_missing", noAttribute("SubjectConfirmationData", "Recipient"))
	g.bad(class, "destination-other", "Another destination", "destination_mismatch", func(m *message) { m.destination = "https://other.example/acs" })
	g.bad(class, "destination-other-org", "Another organization's destination", "destination_mismatch", func(m *message) { m.destination = "https://app.example/saml/org_other/acs" })
	g.bad(class, "destination-slash", "Our destination with a slash", "destination_mismatch", func(m *message) { m.destination = acs + "/" })
	// SAML Bindings §3.5.5.2: a signed message must say where it was sent.
	g.bad(class, "destination-missing-signed", "A signed response without destination", "destination_mismatch", edited(func(doc *etree.Document) { doc.Root().RemoveAttr("Destination") }), responseSigned, bothSigned)
	g.bad(class, "destination-empty-signed", "A signed response with an empty destination", "destination_mismatch", func(m *message) { m.destination = "" }, responseSigned, bothSigned)
	g.bad(class, "recipient-empty", "An empty recipient", "confirmation_missing", func(m *message) { m.recipient = "" })
	g.bad(class, "recipient-case", "Our recipient in capitals", "recipient_mismatch", func(m *message) { m.recipient = strings.ToUpper(acs) })
	g.bad(class, "recipient-query", "Our recipient with a query", "recipient_mismatch", func(m *message) { m.recipient = acs + "?x=1" })
	g.bad(class, "audience-case", "Our audience in capitals", "audience_mismatch", func(m *message) { m.audience = strings.ToUpper(entityID) })
	g.bad(class, "audience-acs", "Our reply address as audience", "audience_mismatch", func(m *message) { m.audience = acs })
	g.bad(class, "audience-spn", "Our audience with spn:, as Entra does for names that are no addresses", "audience_mismatch", func(m *message) { m.audience = "spn:" + entityID })
	g.bad(class, "audience-twice-in-two-restrictions", "Our audience in each of two restrictions", "audience_mismatch", edited(func(doc *etree.Document) {
		find(doc, "Conditions").AddChild(find(doc, "AudienceRestriction").Copy())
	}))
	g.bad(class, "audience-element", "An element in the audience", "audience_mismatch", func(m *message) { m.audience = entityID + "<x>/other</x>" })
	g.bad(class, "audience-three", "Ours twice and another audience", "audience_mismatch", edited(func(doc *etree.Document) {
		find(doc, "AudienceRestriction").AddChild(find(doc, "Audience").Copy())
		find(doc, "AudienceRestriction").CreateElement("Audience").SetText("https://other.example")
	}))
	g.bad(class, "issuer-app-id", "The issuer with the application's id behind it, as a custom signing key may have it", "issuer_mismatch", func(m *message) {
		m.issuer = issuer + "11111111-0000-4000-8000-000000000000"
	})
	g.bad(class, "issuer-login-microsoftonline", "The tenant's other name", "issuer_mismatch", func(m *message) {
		m.issuer = strings.Replace(issuer, "sts.windows.net", "login.microsoftonline.com", 1)
	})
	g.bad(class, "issuer-element", "An element in the issuer", "issuer_mismatch", func(m *message) { m.issuer = issuer + "<x>.evil</x>" })
	g.bad(class, "destination-path", "The path of our destination alone", "destination_mismatch", func(m *message) { m.destination = "/saml/org_corpus/acs" })
}

func (g *generator) timed() {
	const class = "time"
	g.bad(class, "expired", "Conditions and confirmation have ended", "expired", func(m *message) { m.notOnOrAfter = now.Add(-4 * time.Minute) })
	g.bad(class, "expired-at-skew", "Ended exactly three minutes ago", "expired", func(m *message) { m.notOnOrAfter = now.Add(-3 * time.Minute) })
	g.bad(class, "expired-conditions", "The conditions alone have ended", "expired", attribute("Conditions", "NotOnOrAfter", stamp(now.Add(-time.Hour))))
	g.bad(class, "expired-confirmation", "The confirmation alone has ended", "expired", attribute("SubjectConfirmationData", "NotOnOrAfter", stamp(now.Add(-time.Hour))))
	g.bad(class, "not-yet-valid", "Valid in four minutes", "not_yet_valid", func(m *message) { m.notBefore = now.Add(4 * time.Minute) })
	g.bad(class, "not-yet-confirmed", "Confirmed from an hour on", "not_yet_valid", attribute("SubjectConfirmationData", "NotBefore", stamp(now.Add(time.Hour))))
	g.bad(class, "stale-issue", "Made an hour ago, long before the request", "issued_before_request", func(m *message) { m.issued = now.Add(-time.Hour) })
	waited := func(name, about, reasons string, since, issued time.Duration) {
		before := len(g.files)
		g.bad(class, name, about, reasons, func(m *message) { m.issued = now.Add(issued) })
		for i := range g.files[before:] {
			g.files[before+i].about.RequestedAt = now.Add(since)
		}
	}
	waited("late-answer", "Made after the request, and eight and a half minutes old", "response_too_late", -9*time.Minute, -8*time.Minute-30*time.Second)
	g.bad(class, "clock-behind-4m", "A clock that is four minutes behind, while the request is younger", "issued_before_request", func(m *message) {
		m.issued, m.notBefore = now.Add(-4*time.Minute), now.Add(-4*time.Minute)
	})
	g.bad(class, "expired-with-fraction", "Ended three minutes and a moment ago", "expired", func(m *message) { m.notOnOrAfter = now.Add(-3*time.Minute - time.Millisecond) })
	g.bad(class, "window-inverted", "Conditions that end before they begin", "expired", func(m *message) {
		m.notBefore, m.notOnOrAfter = now, now.Add(-time.Hour)
	})
	g.bad(class, "end-month-13", "An end in the thirteenth month", "response_incomplete", attribute("Conditions", "NotOnOrAfter", "2026-13-01T00:00:00Z"))
	g.bad(class, "end-date-only", "An end that is a date", "response_incomplete", attribute("SubjectConfirmationData", "NotOnOrAfter", "2026-11-25"))
	g.bad(class, "end-year-0", "An end in the year 0", "response_incomplete expired", attribute("Conditions", "NotOnOrAfter", "0000-01-01T00:00:00Z"))
	g.bad(class, "before-request", "Made before the request", "issued_before_request", func(m *message) { m.issued = now.Add(-4 * time.Minute) })
	g.bad(class, "issued-in-future", "Made tomorrow", "issued_in_future", func(m *message) { m.issued = now.AddDate(0, 0, 1) })
	g.bad(class, "issue-missing", "No IssueInstant on the assertion", "response_incomplete", edited(func(doc *etree.Document) { assertion(doc).RemoveAttr("IssueInstant") }))
	g.bad(class, "issue-garbage", "An IssueInstant that is no time", "response_incomplete", edited(func(doc *etree.Document) { assertion(doc).CreateAttr("IssueInstant", "yesterday") }))
	g.bad(class, "issue-year-10000", "An IssueInstant in the year 10000", "response_incomplete", edited(func(doc *etree.Document) { assertion(doc).CreateAttr("IssueInstant", "10000-01-01T00:00:00Z") }))
	g.bad(class, "end-garbage", "An end that is no time", "response_incomplete", attribute("Conditions", "NotOnOrAfter", "9999999999"))
	g.bad(class, "session-over", "The session there is over", "expired", attribute("AuthnStatement", "SessionNotOnOrAfter", stamp(now.Add(-time.Hour))))
	g.bad(class, "authn-in-future", "Signed in tomorrow", "issued_in_future", func(m *message) { m.authn = now.AddDate(0, 0, 1) })
	g.bad(class, "conditions-missing", "No Conditions", "response_incomplete", without("Conditions"))
	g.bad(class, "conditions-two", "Two Conditions", "response_incomplete", edited(func(doc *etree.Document) {
		assertion(doc).AddChild(find(doc, "Conditions").Copy())
	}))
	g.bad(class, "conditions-namespace", "Conditions in another namespace", "response_incomplete", attribute("Conditions", "xmlns", "urn:other"))
	g.bad(class, "condition-unknown", "A condition nobody knows", "condition_unknown", edited(func(doc *etree.Document) { find(doc, "Conditions").CreateElement("Condition") }))
}

func (g *generator) confirmed() {
	const class = "subject, confirmation, correlation"
	g.bad(class, "subject-missing", "No Subject", "response_incomplete", without("Subject"))
	g.bad(class, "subject-two", "Two Subjects", "response_incomplete", edited(func(doc *etree.Document) { assertion(doc).AddChild(find(doc, "Subject").Copy()) }))
	g.bad(class, "subject-namespace", "A Subject in another namespace", "response_incomplete", attribute("Subject", "xmlns", "urn:other"))
	g.bad(class, "nameid-missing", "No NameID", "nameid_missing", without("NameID"))
	g.bad(class, "nameid-empty", "An empty NameID", "nameid_missing", func(m *message) { m.nameID = "" })
	g.bad(class, "nameid-two", "Two NameIDs", "nameid_missing", edited(func(doc *etree.Document) {
		find(doc, "Subject").AddChild(find(doc, "NameID").Copy())
	}))
	g.bad(class, "nameid-baseid", "A BaseID instead of a NameID", "nameid_missing", edited(func(doc *etree.Document) {
		id := find(doc, "NameID")
		id.Tag = "BaseID"
		id.CreateAttr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
		id.CreateAttr("xsi:type", "NameIDType")
	}))
	g.bad(class, "nameid-beside-baseid", "A NameID in another namespace", "nameid_missing", attribute("NameID", "xmlns", "urn:other"))
	g.bad(class, "nameid-in-confirmation", "The NameID in the confirmation alone", "nameid_missing", edited(func(doc *etree.Document) {
		find(doc, "SubjectConfirmation").InsertChildAt(0, remove(find(doc, "NameID")))
	}))
	g.bad(class, "authnstatement-namespace", "An AuthnStatement in another namespace", "response_incomplete", attribute("AuthnStatement", "xmlns", "urn:other"))
	g.bad(class, "authnstatement-first-in-future", "Two AuthnStatements, the first of tomorrow", "issued_in_future", edited(func(doc *etree.Document) {
		statement := find(doc, "AuthnStatement")
		first := statement.Copy()
		first.CreateAttr("AuthnInstant", stamp(now.AddDate(0, 0, 1)))
		insertBefore(statement, first)
	}))
	g.bad(class, "nameid-long", "A NameID of 600 bytes", "nameid_missing", func(m *message) { m.nameID = strings.Repeat("x", 600) })
	g.bad(class, "nameid-element", "An element in the NameID", "nameid_missing", func(m *message) { m.nameID = m.email + "<x>.evil</x>" })
	g.bad(class, "nameid-encrypted", "An EncryptedID", "encrypted", edited(func(doc *etree.Document) { find(doc, "NameID").Tag = "EncryptedID" }))
	g.bad(class, "confirmation-missing", "No SubjectConfirmation", "confirmation_missing", without("SubjectConfirmation"))
	g.bad(class, "confirmation-data-missing", "No SubjectConfirmationData", "confirmation_missing", without("SubjectConfirmationData"))
	g.bad(class, "confirmation-two", "Two confirmations", "confirmations_several", edited(func(doc *etree.Document) {
		find(doc, "Subject").AddChild(find(doc, "SubjectConfirmation").Copy())
	}))
	for _, method := range []string{"holder-of-key", "sender-vouches", ""} {
		uri := method
		if method != "" {
			uri = "urn:oasis:names:tc:SAML:2.0:cm:" + method
		}
		g.bad(class, "confirmation-"+or(method, "empty"), fmt.Sprintf("A confirmation of the method %q", method), "confirmation_not_bearer", attribute("SubjectConfirmation", "Method", uri))
	}
	g.bad(class, "confirmation-no-method", "A confirmation without method", "confirmation_not_bearer", noAttribute("SubjectConfirmation", "Method"))
	g.bad(class, "confirmation-no-end", "A confirmation without end", "confirmation_missing", noAttribute("SubjectConfirmationData", "NotOnOrAfter"))
	g.bad(class, "confirmation-no-request", "A confirmation for no request", "confirmation_missing", noAttribute("SubjectConfirmationData", "InResponseTo"))
	g.bad(class, "confirmation-other-request", "A confirmation for another request", "request_mismatch", attribute("SubjectConfirmationData", "InResponseTo", "id-other"))
	g.bad(class, "authnstatement-missing", "No AuthnStatement", "response_incomplete", without("AuthnStatement"))
	g.bad(class, "authninstant-missing", "No AuthnInstant", "response_incomplete", noAttribute("AuthnStatement", "AuthnInstant"))
	g.bad(class, "version-1.1", "An assertion of version 1.1", "response_incomplete", edited(func(doc *etree.Document) { assertion(doc).CreateAttr("Version", "1.1") }))
	g.bad(class, "version-response", "A response of version 1.1", "response_incomplete", edited(func(doc *etree.Document) { doc.Root().CreateAttr("Version", "1.1") }))
	g.bad(class, "assertion-id-missing", "An assertion without ID under a signed response", "response_incomplete", edited(func(doc *etree.Document) { assertion(doc).RemoveAttr("ID") }), responseSigned)
	g.bad(class, "assertion-id-missing-signed", "A signed assertion without ID", "signature_malformed", edited(func(doc *etree.Document) { assertion(doc).RemoveAttr("ID") }), assertionSigned, bothSigned)
	g.bad(class, "assertion-id-long", "An ID of 300 letters", "response_incomplete", edited(func(doc *etree.Document) { assertion(doc).CreateAttr("ID", strings.Repeat("x", 300)) }), responseSigned)
	g.bad(class, "assertion-missing", "No assertion", "assertion_missing", edited(func(doc *etree.Document) { remove(assertion(doc)) }), responseSigned)

	elsewhere := func(name, about, reasons string, edit func(*message), only ...string) {
		before := len(g.files)
		g.bad(class, name, about, reasons, edit, only...)
		for i := range g.files[before:] {
			g.files[before+i].about.Elsewhere = "it answers no pending request of this organization"
		}
	}
	elsewhere("unsolicited", "No InResponseTo anywhere", "unsolicited", edited(func(doc *etree.Document) {
		doc.Root().RemoveAttr("InResponseTo")
		find(doc, "SubjectConfirmationData").RemoveAttr("InResponseTo")
	}))
	elsewhere("inresponseto-missing", "No InResponseTo on the response", "unsolicited", edited(func(doc *etree.Document) { doc.Root().RemoveAttr("InResponseTo") }))
	elsewhere("inresponseto-other", "Another request on the response", "request_mismatch", edited(func(doc *etree.Document) { doc.Root().CreateAttr("InResponseTo", "id-other") }))
	elsewhere("inresponseto-empty", "An empty InResponseTo", "unsolicited", func(m *message) { m.inResponseTo = "" })
}

func (g *generator) statuses() {
	const class = "status"
	status := func(name, about, reason, code, sub, message string) {
		for _, unsigned := range []bool{true, false} {
			m := newMessage(name, map[bool]string{true: "unsigned", false: responseSigned}[unsigned])
			m.before = func(doc *etree.Document) {
				remove(assertion(doc))
				c := find(doc, "StatusCode")
				c.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+code)
				if sub != "" {
					c.CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+sub)
				}
				if message != "" {
					find(doc, "Status").CreateElement("samlp:StatusMessage").SetText(message)
				}
			}
			c := m.caseFile(class, about)
			c.Reasons = []string{reason}
			g.add("bad", name+"-"+m.mode, g.build(m), c)
		}
	}
	status("status-aadsts75011", "Entra's answer to a method it cannot give", "status_no_authn_context", "Requester", "NoAuthnContext",
		"AADSTS75011: Authentication method 'X509, MultiFactor' by which the user authenticated with the service doesn't match requested authentication method 'Password, ProtectedTransport'. Trace ID: 6f0f5e0c-0000-4000-8000-000000000000 Timestamp: 2026-11-24 09:29:58Z")
	status("status-aadsts75005", "Entra's answer to another binding", "status_requester", "Requester", "UnsupportedBinding", "AADSTS75005: The request is not a valid Saml2 protocol message.")
	status("status-denied", "Request denied", "status_request_denied", "Responder", "RequestDenied", "")
	status("status-authn-failed", "Authentication failed", "status_authn_failed", "Responder", "AuthnFailed", "")
	status("status-responder", "The identity provider failed", "status_responder", "Responder", "", "")
	status("status-version", "Version mismatch", "status_version_mismatch", "VersionMismatch", "", "")
	status("status-nameid-policy", "No NameID of that format", "status_invalid_nameid_policy", "Requester", "InvalidNameIDPolicy", "")
	status("status-code-case", "Success in capitals", "status_other", "SUCCESS", "", "")
	status("status-message-64k", "A message of 64 kB", "status_responder", "Responder", "", strings.Repeat("0123456789abcde\u202e", 3640))
	g.shrink("bad", "status-message-64k", "0123456789abcde\u202e", 3640)
	for _, unsigned := range []bool{true, false} {
		m := newMessage("status-deep", map[bool]string{true: "unsigned", false: responseSigned}[unsigned])
		m.before = func(doc *etree.Document) {
			remove(assertion(doc))
			c := find(doc, "StatusCode")
			for i, code := range []string{"Responder", "Responder", "Unheard", "AuthnFailed"} {
				if i > 0 {
					c = c.CreateElement("samlp:StatusCode")
				}
				c.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+code)
			}
		}
		c := m.caseFile(class, "Codes four levels deep: the innermost that says something counts")
		c.Reasons = []string{"status_authn_failed"}
		g.add("bad", "status-deep-"+m.mode, g.build(m), c)
	}
	g.bad(class, "status-success-inside", "A failure with Success inside", "status_requester", edited(func(doc *etree.Document) {
		code := find(doc, "StatusCode")
		code.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Requester")
		code.CreateElement("samlp:StatusCode").CreateAttr("Value", success)
	}))
	g.bad(class, "status-code-two", "Two codes, the first a success", "response_incomplete", edited(func(doc *etree.Document) {
		find(doc, "Status").CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
	}))
	g.bad(class, "status-code-missing", "A Status without code", "response_incomplete", edited(func(doc *etree.Document) { remove(find(doc, "StatusCode")) }))
	g.bad(class, "status-code-empty", "An empty code", "status_other", attribute("StatusCode", "Value", ""))
	g.bad(class, "status-namespace", "A Status in another namespace", "response_incomplete", edited(func(doc *etree.Document) {
		find(doc, "Status").CreateAttr("xmlns:samlp", "urn:other")
	}))
	status("status-unknown", "A status nobody knows", "status_other", "Elsewhere", "", "")
	status("status-xss", "Markup in the message", "status_responder", "Responder", "", `<script>alert(1)</script><img src=x onerror=alert(1)>`)
	status("status-log-injection", "Line breaks and bidirectional overrides in the message", "status_responder", "Responder", "", "ok\n2026-11-24 ERROR admin signed in \u202egnihsihp\u2028")
	g.bad(class, "status-missing", "No Status", "response_incomplete", edited(func(doc *etree.Document) { remove(find(doc, "Status")) }))
	g.bad(class, "status-two", "Two status elements, the second a success", "response_incomplete", edited(func(doc *etree.Document) {
		second := find(doc, "Status").Copy()
		find(doc, "StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
		doc.Root().AddChild(second)
	}))
	g.bad(class, "status-failure-with-assertion", "A failure with an assertion", "status_responder", attribute("StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"))
}

func (g *generator) encrypted() {
	const class = "encryption"
	data := func(algorithm string) string {
		return `<EncryptedAssertion xmlns="` + nsA + `"><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:EncryptionMethod Algorithm="` + algorithm +
			`"/><xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></EncryptedAssertion>`
	}
	replaced := func(xml string) func(*message) {
		return edited(func(doc *etree.Document) {
			insertBefore(assertion(doc), element(xml))
			remove(assertion(doc))
		})
	}
	cbc, gcm := "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	g.bad(class, "enc-unsigned", "An encrypted assertion, not signed", "encrypted", replaced(data(cbc)), assertionSigned)
	g.bad(class, "enc-gcm-unsigned", "An encrypted assertion by GCM, not signed", "encrypted", replaced(data(gcm)), assertionSigned)
	g.bad(class, "enc-signed", "An encrypted assertion in a signed response", "encrypted", replaced(data(gcm)), responseSigned)
	g.bad(class, "enc-empty", "An empty EncryptedAssertion", "encrypted", replaced(`<EncryptedAssertion xmlns="`+nsA+`"/>`), assertionSigned, responseSigned)
	g.bad(class, "enc-cipherreference", "Ciphertext to be fetched", "encrypted", replaced(`<EncryptedAssertion xmlns="`+nsA+`"><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:CipherData><xenc:CipherReference URI="https://canary.example/cipher"/></xenc:CipherData></xenc:EncryptedData></EncryptedAssertion>`), assertionSigned, responseSigned)
	g.bad(class, "enc-beside", "An encrypted assertion beside the genuine one", "encrypted", func(m *message) {
		m.after = func(doc *etree.Document) { insertBefore(assertion(doc), element(data(cbc))) }
	})
	g.bad(class, "enc-attribute", "An encrypted attribute", "encrypted", edited(func(doc *etree.Document) {
		find(doc, "AttributeStatement").CreateElement("EncryptedAttribute")
	}))
	for _, key := range []struct{ name, about, method string }{
		{"enc-rsa15", "A key encrypted by RSA 1.5, whose padding an oracle would tell", "http://www.w3.org/2001/04/xmlenc#rsa-1_5"},
		{"enc-oaep", "A key encrypted by RSA-OAEP", "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"},
	} {
		g.bad(class, key.name, key.about, "encrypted", replaced(`<EncryptedAssertion xmlns="`+nsA+`"><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:EncryptionMethod Algorithm="`+cbc+
			`"/><KeyInfo xmlns="`+nsDS+`"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="`+key.method+`"/><xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></KeyInfo>`+
			`<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></EncryptedAssertion>`), assertionSigned, responseSigned)
	}
	g.bad(class, "enc-in-subject", "Ciphertext in the subject of a genuine assertion", "encrypted", func(m *message) {
		m.after = func(doc *etree.Document) { find(doc, "Subject").AddChild(element(data(cbc))) }
	})
	for _, n := range []int{100, 500} {
		for _, mode := range []string{assertionSigned, responseSigned} {
			name := fmt.Sprintf("enc-%d", n)
			m := newMessage(name, mode)
			m.before = func(doc *etree.Document) {
				insertBefore(assertion(doc), etree.NewComment("GROW"))
				remove(assertion(doc))
			}
			c := m.caseFile(class, fmt.Sprintf("%d encrypted assertions", n))
			c.Reasons = []string{map[int]string{100: "encrypted", 500: "response_too_complex"}[n]}
			c.Grow = []Growth{{At: growHere, Text: data(cbc), Times: n}}
			g.add("bad", name+"-"+mode, g.build(m), c)
		}
	}
}
