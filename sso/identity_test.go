package sso

import (
	"errors"
	"testing"
)

// Which claim says who somebody is: one order, whatever was done to the Namespace field and whoever sends it.
func TestWhichClaimsAreRead(t *testing.T) {
	entra := claim(claimObjectID, "c37f3b0e-0000-4000-8000-1234567890ab")
	const ana, other = "ana@acme.example", "other@acme.example"
	for _, test := range []struct {
		name                       string
		claims                     string
		nameID                     string // of format emailAddress; "" makes it persistent and opaque
		want                       Reason // "" if it is accepted
		email, from                string
		firstName, last, displayed string // the claims they come from
	}{
		{
			name: "Entra's own with the Namespace cleared", claims: entra + claim("emailaddress", ana) + claim("givenname", "Ana") + claim("surname", "Novak") + claim("displayname", "Ana Novak") + claim("name", other),
			email: ana, from: "emailaddress", firstName: "givenname", last: "surname", displayed: "displayname",
		},
		{name: "in another case", claims: claim("EmailAddress", ana) + claim("givenName", "Ana") + claim("SurName", "N"), email: ana, from: "EmailAddress", firstName: "givenName", last: "SurName"},
		{name: "under another namespace", claims: claim("urn:acme:emailaddress", ana) + claim("urn:acme/givenname", "Ana"), email: ana, from: "urn:acme:emailaddress", firstName: "urn:acme/givenname"},
		{name: "email before emailaddress", claims: claim("emailaddress", other) + claim("email", ana) + claim("givenname", "A") + claim("firstName", "Ana"), email: ana, from: "email", firstName: "firstName"},
		{name: "emailaddress before the user principal name", claims: claim(claimUPN, other) + claim("emailaddress", ana), email: ana, from: "emailaddress"},
		{name: "an empty emailaddress counts as absent", claims: claim("emailaddress", "") + claim(claimUPN, ana), email: ana, from: claimUPN},
		{name: "emailaddress with and without its namespace, of one mind", claims: claim("emailaddress", ana) + claim(claimEmailAddress, ana), email: ana, from: "emailaddress"},
		{name: "emailaddress with and without its namespace, of two minds", claims: claim("emailaddress", ana) + claim(claimEmailAddress, other), want: ReasonEmailSeveral},
		{name: "emailaddress that is none", claims: claim("emailaddress", "Ana Novak") + claim(claimUPN, ana), want: ReasonEmailInvalid},

		{name: "the user principal name with the Namespace cleared", claims: entra + claim("name", ana), email: ana, from: "name"},
		{name: "how somebody is called, where it is not Entra that sends it", claims: claim("name", other), want: ReasonEmailMissing},
		{name: "a name that its owner made an address does not beat the NameID", claims: claim("name", other), nameID: ana, email: ana, from: "NameID"},
		{name: "how somebody is called is no address", claims: entra + claim("name", "Ana Novak"), nameID: ana, email: ana, from: "NameID"},
		{name: "the user principal name beats a plain name", claims: entra + claim("name", other) + claim(claimUPN, ana), email: ana, from: claimUPN},
		{name: "a display name that its owner made an address does not beat the NameID, in what Entra sends either", claims: entra + claim("name", other), nameID: ana, email: ana, from: "NameID"},

		{
			name: "SimpleSAMLphp's and Shibboleth's", claims: claim(oidMail, ana) + claim(oidGivenName, "Ana") + claim(oidSurname, "Novak") + claim(oidDisplayName, "Ana Novak"),
			email: ana, from: oidMail, firstName: oidGivenName, last: oidSurname, displayed: oidDisplayName,
		},
		{name: "LDAP's names", claims: claim("mail", ana) + claim("givenName", "Ana") + claim("sn", "Novak"), email: ana, from: "mail", firstName: "givenName", last: "sn"},
		{name: "mail comes last", claims: claim("mail", other), nameID: ana, email: ana, from: "NameID"},
		{name: "several in mail", claims: claim("mail", ana, other), want: ReasonEmailSeveral},
		{name: "mail by name and by OID, of two minds", claims: claim("mail", ana) + claim(oidMail, other), want: ReasonEmailSeveral},
		{name: "mail that is none", claims: claim("mail", "ana"), want: ReasonEmailInvalid},
		{name: "another OID", claims: claim("urn:oid:0.9.2342.19200300.100.1.1", ana), want: ReasonEmailMissing},
		{name: "a guest in emailaddress", claims: claim("emailaddress", "ana_fabrikam.example#EXT#@acme.example"), want: ReasonEmailGuest},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := change(func(m *message) {
				m.claims, m.nameID, m.format = test.claims, test.nameID, formatEmail
				if m.nameID == "" {
					m.nameID, m.format = "0x51", formatPersistent
				}
			})
			id, err := Verify(testConnection(), m.build(t), testPending(), testNow)
			if test.want != "" {
				var e *Error
				if !errors.As(err, &e) || e.Reason != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if id.Email.Value != test.email || id.Email.Source != test.from || id.FirstName.Source != test.firstName || id.LastName.Source != test.last || id.DisplayName.Source != test.displayed {
				t.Errorf("%+v, %+v, %+v, %+v", id.Email, id.FirstName, id.LastName, id.DisplayName)
			}
			for _, c := range id.Claims {
				if use := UseOf(c.Name).Use; use == "" {
					t.Errorf("%s is used for nothing", c.Name)
				}
			}
		})
	}
}
