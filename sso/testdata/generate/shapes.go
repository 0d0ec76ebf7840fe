package main

import (
	"fmt"
	"strings"
)

const claimsNS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

// good adds one accepted case in the modes given, all three by default.
func (g *generator) good(shape, name, about, from string, edit func(m *message, c *Case), only ...string) {
	if len(only) == 0 {
		only = modes
	}
	for _, mode := range only {
		full := name + "-" + mode
		m := newMessage(full, mode)
		c := m.caseFile(shape, about)
		c.Email, c.From, c.Keys = m.email, from, []string{"nameid", "email"}
		edit(m, &c)
		g.add("good", full, g.build(m), c)
	}
}

// shaped adds one accepted case whose document is the vendor's own.
func (g *generator) shaped(shape, name, about, from string, keys []string, document func(m *message) string, edit func(m *message), only ...string) {
	if len(only) == 0 {
		only = modes
	}
	for _, mode := range only {
		full := name + "-" + mode
		m := newMessage(full, mode)
		if edit != nil {
			edit(m)
		}
		c := m.caseFile(shape, about)
		c.Email, c.From, c.Keys = m.email, from, keys
		g.add("good", full, g.finish(m, parse(document(m))), c)
	}
}

func (g *generator) shapes() {
	g.entra()
	g.vendors()
	g.tolerated()
}

// entra's defaults, in the order in which it sends them.
func entraClaims(m *message, mail, upn string) string {
	const id = "http://schemas.microsoft.com/identity/claims/"
	s := claim(id+"tenantid", "72f988bf-86f1-41af-91ab-2d7cd011db47") +
		claim(id+"objectidentifier", "00000000-0000-4000-8000-"+m.id[:12]) +
		claim(id+"displayname", "Ana Novak") +
		claim(id+"identityprovider", "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/") +
		claim("http://schemas.microsoft.com/claims/authnmethodsreferences", "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password", "http://schemas.microsoft.com/claims/multipleauthn") +
		claim(claimsNS+"givenname", "Ana") + claim(claimsNS+"surname", "Novak")
	if mail != "" {
		s += claim(claimsNS+"emailaddress", mail)
	}
	return s + claim(claimsNS+"name", upn)
}

func (g *generator) entra() {
	const shape = "Entra"
	three := []string{"objectid", "nameid", "email"}
	g.good(shape, "entra-short-claims", "Mixpanel's three claims, Namespace cleared", "email", func(m *message, c *Case) {})
	g.good(shape, "entra-namespace-kept", "The three claims with the Namespace left as it was", claimsNS+"email", func(m *message, c *Case) {
		m.attributes = claim(claimsNS+"email", m.email) + claim(claimsNS+"firstName", "Ana") + claim(claimsNS+"lastName", "Novak")
	})
	g.good(shape, "entra-defaults", "Entra's own claims and nothing else", claimsNS+"emailaddress", func(m *message, c *Case) {
		m.attributes = entraClaims(m, m.email, "upn."+m.email)
		c.Keys = three
	})
	g.good(shape, "entra-no-mail", "No mail attribute: the user principal name", claimsNS+"name", func(m *message, c *Case) {
		m.attributes = entraClaims(m, "", m.email)
		c.Keys = three
	})
	g.good(shape, "entra-guest", "A guest, whose user principal name is not an address", claimsNS+"emailaddress", func(m *message, c *Case) {
		m.nameID = m.name + "_fabrikam.example#EXT#@acme.onmicrosoft.com"
		m.email = m.name + "@fabrikam.example"
		m.attributes = entraClaims(m, m.email, m.nameID)
		c.Email, c.Keys = m.email, three
	})
	g.good(shape, "entra-persistent", "A pairwise persistent NameID", "email", func(m *message, c *Case) {
		m.format, m.nameID = formatPersistent, "AbC-"+m.id
		c.Keys = []string{"persistent", "email"}
	})
	g.good(shape, "entra-groups-150", "150 groups, the most that Entra sends", "email", func(m *message, c *Case) {
		values := make([]string, 150)
		for i := range values {
			values[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		}
		m.attributes += claim("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", values...)
	})
	g.good(shape, "entra-groups-link", "More than 150 groups: a link instead", "email", func(m *message, c *Case) {
		m.attributes += claim("http://schemas.microsoft.com/claims/groups.link", "https://graph.windows.net/72f988bf/users/1/getMemberObjects")
	})
	g.good(shape, "entra-several-roles", "A claim with several values", "email", func(m *message, c *Case) { m.attributes += claim("Role", "admin", "user", "user") })
	g.good(shape, "entra-upper-case", "An address in capitals is the same account", "email", func(m *message, c *Case) {
		m.attributes = claim("email", strings.ToUpper(m.email))
	})
	g.good(shape, "entra-session-80-days", "A session of eighty days is none of our business", "email", func(m *message, c *Case) { m.authn = now.AddDate(0, 0, -80) })
	g.good(shape, "entra-app-id-issuer", "The application's id behind the issuer, as a custom signing key may have it, and as the connection has it", "email", func(m *message, c *Case) {
		m.issuer = issuer + "11111111-0000-4000-8000-000000000000"
		c.Issuer = m.issuer
	})
}

// folded is base64 with a line break after each 64 letters.
func folded(s string) string {
	var b strings.Builder
	for len(s) > 64 {
		b.WriteString(s[:64] + "\n")
		s = s[64:]
	}
	b.WriteString(s)
	return b.String()
}
