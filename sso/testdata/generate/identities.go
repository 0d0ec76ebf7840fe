package main

import (
	"strings"

	"github.com/beevik/etree"
)

// addresses: what must never be taken for an address of somebody.
func (g *generator) addresses() {
	const class = "identity"
	value := func(name, about, reasons, xml string) {
		g.bad(class, name, about, reasons, func(m *message) { m.attributes = claim("email", xml) })
	}
	const invalid = "email_invalid"
	value("email-two-ats", "Two @", invalid, "victim@acme.example@evil.example")
	value("email-quoted", "A quoted local part", invalid, `&quot;victim@acme.example&quot;@evil.example`)
	value("email-list", "A list", invalid, "a@evil.example,victim@acme.example")
	value("email-display-name", "A display name", invalid, "Victim &lt;victim@acme.example&gt;")
	value("email-mailto", "An address with mailto:", invalid, "mailto:victim@acme.example")
	value("email-nbsp", "A no-break space", invalid, "victim@acme.example\u00a0")
	value("email-zero-width", "A zero-width space", invalid, "victim\u200b@acme.example")
	value("email-bidi", "A bidirectional override", invalid, "victim\u202e@acme.example")
	value("email-homoglyph", "A Cyrillic letter", invalid, "v\u0456ctim@acme.example")
	value("email-kelvin", "The Kelvin sign", invalid, "\u212aarl@acme.example")
	value("email-long-s", "The long s", invalid, "\u017fam@acme.example")
	value("email-dotless-i", "A dotless i", invalid, "v\u0131ctim@acme.example")
	value("email-full-width", "Full-width letters", invalid, "victim\uff20acme.example")
	value("email-idn", "A domain in Unicode", invalid, "victim@\u00e4cme.example")
	value("email-trailing-dot", "A trailing dot", invalid, "victim@acme.example.")
	value("email-ip", "An address literal", invalid, "victim@[192.0.2.1]")
	value("email-ip-bare", "An address as domain", invalid, "victim@192.0.2.1")
	value("email-header", "A line break", invalid, "victim@acme.example&#10;Bcc: x@evil.example")
	value("email-nul-like", "A tab", invalid, "victim@acme.example&#9;x")
	value("email-percent", "Percent-encoding of @", invalid, "victim%40acme.example")
	value("email-no-domain", "No domain", invalid, "victim@")
	value("email-no-dot", "A domain without dot", invalid, "victim@localhost")
	value("email-comment-inside", "A child element inside", invalid, "victim@acme.example<x>.evil.example</x>")
	value("email-long", "A local part of a thousand letters", invalid, strings.Repeat("v", 1000)+"@acme.example")
	value("email-sql", "SQL", invalid, "victim@acme.example' or '1'='1")
	value("email-html", "Markup", invalid, "&lt;b&gt;victim&lt;/b&gt;@acme.example")
	value("email-trailing-space", "A space at the end of the local part", invalid, "victim @acme.example")
	value("email-leading-space-domain", "A space at the beginning of the domain", invalid, "victim@ acme.example")
	value("email-underscore-domain", "An underscore in the domain", invalid, "victim@ac_me.example")
	value("email-only-domain", "No local part", invalid, "@acme.example")
	value("email-only-at", "An @ alone", invalid, "@")
	value("email-dots", "Two dots", invalid, "vic..tim@acme.example")
	value("email-leading-dot", "A dot at the beginning", invalid, ".victim@acme.example")
	value("email-comment-rfc", "A comment by RFC 5322", invalid, "victim(admin)@acme.example")
	value("email-bang-path", "A route", invalid, "@evil.example:victim@acme.example")
	value("email-semicolon", "Two addresses with a semicolon", invalid, "a@evil.example;victim@acme.example")
	value("email-backslash", "A backslash before the @", invalid, `victim\@acme.example`)
	value("email-encoded-word", "An encoded word", invalid, "=?utf-8?q?victim=40acme.example=3E=00?=foo@evil@acme.example")
	value("email-64-and-1", "A local part of 65 letters", invalid, strings.Repeat("v", 65)+"@acme.example")
	value("email-255", "255 letters", invalid, strings.Repeat("v", 64)+"@"+strings.Repeat(strings.Repeat("a", 62)+".", 2)+strings.Repeat("a", 51)+".acme.example")
	value("email-label-64", "A label of 64 letters", invalid, "victim@"+strings.Repeat("a", 64)+".acme.example")
	value("email-nul-reference", "A reference to the character NUL", "response_malformed response_unsafe", "MARK")
	value("email-pi", "A processing instruction inside, signed so", "response_unsafe", "MARK")
	for i := range g.files {
		// Neither can be parsed, so they come in after signing; that is never reached.
		for name, xml := range map[string]string{"email-nul-reference": "victim@acme.example&#0;.evil.example", "email-pi": "victim@acme.example<?x?>.evil.example"} {
			if f := &g.files[i]; strings.HasPrefix(f.name, name+"-") {
				f.response = strings.Replace(f.response, ">MARK<", ">"+xml+"<", 1)
			}
		}
	}
	value("email-100k", "An address of 100 kB", invalid, strings.Repeat("v", 100000)+"@acme.example")
	g.shrink("bad", "email-100k", "v", 100000)
	g.bad(class, "email-claim-over-nameid", "A malformed claim, although the NameID is an address", invalid, func(m *message) {
		m.attributes = claim("email", "nobody")
	})
	g.bad(class, "email-several", "Several values", "email_several", func(m *message) { m.attributes = claim("email", m.email, victim) })
	g.bad(class, "email-case-twins", "Two claims that differ in case only", "email_several", func(m *message) { m.attributes = claim("email", m.email) + claim("Email", victim) })
	g.bad(class, "email-namespace-twins", "Two claims that differ in namespace only", "email_several", func(m *message) {
		m.attributes = claim("urn:a:email", m.email) + claim("urn:b:email", victim)
	})
	g.bad(class, "email-friendly-name", "Only a FriendlyName says e-mail", "email_missing", func(m *message) {
		m.nameID, m.format = "p1", formatPersistent
		m.attributes = `<Attribute Name="urn:x" FriendlyName="email"><AttributeValue>` + m.email + `</AttributeValue></Attribute>`
	})
	g.bad(class, "email-none", "No address anywhere", "email_missing", func(m *message) { m.nameID, m.format, m.attributes = "p1", formatPersistent, claim("firstName", "Ana") })
	g.bad(class, "email-transient", "An address in a transient NameID alone", "email_missing", func(m *message) { m.format, m.attributes = formatTransient, claim("firstName", "Ana") })
	g.bad(class, "email-guest-upn", "A guest's user principal name alone", "email_guest", func(m *message) {
		m.nameID = "ana_fabrikam.example#EXT#@acme.onmicrosoft.com"
		m.attributes = claim(claimsNS+"name", m.nameID)
	})
	g.bad(class, "objectid-two", "Two object identifiers", "identity_ambiguous", func(m *message) {
		m.attributes += claim("http://schemas.microsoft.com/identity/claims/objectidentifier", "a", "b")
	})
	g.bad(class, "attribute-namespace", "Claims in another namespace", "email_missing", func(m *message) {
		m.nameID, m.format = "p1", formatPersistent
		m.before = func(doc *etree.Document) { find(doc, "AttributeStatement").CreateAttr("xmlns", "urn:other") }
	})
}

// names: whatever a directory calls people, they get in; what is kept is fit to be shown.
func (g *generator) names() {
	const class = "identity"
	named := func(name, about, xml, kept string) {
		g.good(class, name, about, "email", func(m *message, c *Case) {
			m.attributes = claim("email", m.email) + claim("firstName", xml) + claim("lastName", xml)
			c.FirstName = &kept
		})
	}
	named("name-html", "Markup in a name", "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;", "<script>alert(1)</script><img src=x onerror=alert(1)>")
	named("name-csv", "A formula for a spreadsheet in a name", "=HYPERLINK(&quot;https://canary.example/&quot;,&quot;Ana&quot;)", `=HYPERLINK("https://canary.example/","Ana")`)
	named("name-template", "A template's expression in a name", "{{7*7}}${7*7}", "{{7*7}}${7*7}")
	named("name-sql", "SQL in a name", "Robert'); drop table members;--", "Robert'); drop table members;--")
	named("name-bidi", "A bidirectional override in a name", "Ana\u202eavoN", "AnaavoN")
	named("name-controls", "Line breaks, a tab and an escape for terminals in a name", "A&#10;n&#13;a&#9;\u2028\u2029\u009b31m", "Ana31m")
	named("name-zero-width", "A zero-width space and a soft hyphen in a name", "A\u200bn\u00ada", "Ana")
	named("name-joiner", "Joiners, which some scripts need", "می\u200cخواهم", "می\u200cخواهم")
	named("name-emoji", "A family in a name", "Ana 👩\u200d👧", "Ana 👩\u200d👧")
	named("name-empty", "An empty name", "", "")
	named("name-spaces", "A name of nothing but spaces", " \u2003\u00a0 ", "")
	g.good(class, "name-100k", "A name of 100 kB", "email", func(m *message, c *Case) {
		m.attributes = claim("email", m.email) + claim("firstName", strings.Repeat("a", 100000))
		kept := strings.Repeat("a", 200)
		c.FirstName = &kept
	})
	g.shrink("good", "name-100k", "a", 100000)
	g.good(class, "name-element", "An element in a name", "email", func(m *message, c *Case) {
		m.attributes = claim("email", m.email) + claim("firstName", "Ana<x>evil</x>")
		none := ""
		c.FirstName = &none
	})
	g.good(class, "name-several", "Several first names: the first counts", "email", func(m *message, c *Case) {
		m.attributes = claim("email", m.email) + claim("firstName", "", "Ana", "Bea")
		ana := "Ana"
		c.FirstName = &ana
	})
	g.bad(class, "name-nul", "A reference to the character NUL in a name", "response_malformed response_unsafe", func(m *message) {
		m.raw = func(s string) string { return strings.Replace(s, ">Ana<", ">A&#0;na<", 1) }
	})
	for _, mode := range modes {
		m := newMessage("name-6000-values", mode)
		m.after = func(doc *etree.Document) { find(doc, "AttributeValue").Parent().AddChild(etree.NewComment("GROW")) }
		c := m.caseFile(class, "A name of six thousand values")
		c.Reasons, c.Grow = []string{"response_too_complex"}, []Growth{{At: growHere, Text: "<AttributeValue>a</AttributeValue>", Times: 6000}}
		g.add("bad", m.name+"-"+mode, g.build(m), c)
	}
}

// plain: addresses that look odd and are somebody's.
func (g *generator) plain() {
	const class = "identity"
	is := func(name, about, xml, email string, unclaimed bool) {
		g.good(class, name, about, "email", func(m *message, c *Case) {
			m.attributes = claim("email", strings.ReplaceAll(xml, "ID", m.id))
			c.Email, c.Unclaimed = strings.ReplaceAll(email, "ID", m.id), unclaimed
		})
	}
	is("email-apostrophe-plus", "An apostrophe and a plus", "o'brien+ID@acme.example", "o'brien+ID@acme.example", false)
	is("email-all-signs", "All signs that a local part may have", "a!#$%&amp;'*+-/=?^_`{|}~.ID@acme.example", "a!#$%&'*+-/=?^_`{|}~.ID@acme.example", false)
	is("email-cdata", "An address in a CDATA section", "<![CDATA[ID@acme.example]]>", "ID@acme.example", false)
	is("email-cdata-half", "An address half in a CDATA section: the whole text counts", "x<![CDATA[ID]]>@acme.example", "xID@acme.example", false)
	is("email-comment", "A comment in a signed address: the whole text counts, not what stands before it", "xID@acme.example<!-- x -->.evil.example", "xID@acme.example.evil.example", true)
	is("email-comment-before", "A comment before a signed address", "<!-- victim@acme.example -->ID@acme.example", "ID@acme.example", false)
	is("email-64", "A local part of 64 letters", strings.Repeat("v", 48)+"ID@acme.example", strings.Repeat("v", 48)+"ID@acme.example", false)
	is("email-254", "254 letters", strings.Repeat("v", 48)+"ID@"+strings.Repeat(strings.Repeat("a", 62)+".", 2)+strings.Repeat("a", 50)+".acme.example",
		strings.Repeat("v", 48)+"ID@"+strings.Repeat(strings.Repeat("a", 62)+".", 2)+strings.Repeat("a", 50)+".acme.example", true)
	is("email-label-63", "A label of 63 letters", "ID@"+strings.Repeat("a", 63)+".acme.example", "ID@"+strings.Repeat("a", 63)+".acme.example", true)
	is("email-punycode", "A domain by its ASCII name, which is another than ours", "ID@xn--cme-pla.example", "ID@xn--cme-pla.example", true)
	is("email-hyphens", "Hyphens in the domain", "ID@a--c-me.example", "ID@a--c-me.example", true)
	is("email-references", "Character references for letters", "&#120;ID&#64;acme.example", "xID@acme.example", false)

	// PRODUCT.md §6: the domain must be verified by this organization.
	is("cross-org-foreign-domain", "An address of another organization", "victimID@contoso.example", "victimID@contoso.example", true)
	is("cross-org-subdomain", "An address on a domain below ours", "victimID@mail.acme.example", "victimID@mail.acme.example", true)
	is("cross-org-suffix", "An address on a domain that ends like ours", "victimID@notacme.example", "victimID@notacme.example", true)
	is("cross-org-prefix", "An address on a domain that begins like ours", "victimID@acme.example.evil.example", "victimID@acme.example.evil.example", true)
	is("cross-org-onmicrosoft", "An address on a tenant's first domain", "victimID@acme.onmicrosoft.com", "victimID@acme.onmicrosoft.com", true)
}
