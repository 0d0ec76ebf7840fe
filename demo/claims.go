package demo

import (
	"slices"
	"strings"
)

// Namespaces of Entra's own claims.
const (
	claimsNamespace = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
	identityClaims  = "http://schemas.microsoft.com/identity/claims/"
	authnMethods    = "http://schemas.microsoft.com/claims/authnmethodsreferences"
)

// NameID formats that Entra knows.
const (
	nameIDEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	nameIDPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	nameIDTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	nameIDUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
)

// claim is one line of Attributes & Claims.
type claim struct {
	ID        string
	Name      string
	Namespace string // may be empty: then the claim goes by its name alone
	Source    string // one of sourceAttributes
}

// fullName is the Attribute's Name in the assertion.
func (c claim) fullName() string {
	if c.Namespace == "" {
		return c.Name
	}
	return strings.TrimRight(c.Namespace, "/") + "/" + c.Name
}

// nameIDRule is the line Unique User Identifier (Name ID).
type nameIDRule struct {
	Source string
	Format string
}

// defaultClaims are what a new application sends, in the order in which they go into the assertion.
func defaultClaims() []claim {
	return []claim{
		{ID: "givenname", Name: "givenname", Namespace: claimsNamespace, Source: "user.givenname"},
		{ID: "surname", Name: "surname", Namespace: claimsNamespace, Source: "user.surname"},
		{ID: "emailaddress", Name: "emailaddress", Namespace: claimsNamespace, Source: "user.mail"},
		{ID: "name", Name: "name", Namespace: claimsNamespace, Source: "user.userprincipalname"},
	}
}

// sourceAttributes are the choices of Source attribute, in the order of the list.
var sourceAttributes = []string{
	"user.mail", "user.givenname", "user.surname", "user.displayname", "user.userprincipalname", "user.mailnickname",
	"user.objectid", "user.employeeid", "user.jobtitle", "user.department",
}

// source is the value of a source attribute for one person; empty means the claim is left out.
func (p person) source(attribute string) string {
	switch attribute {
	case "user.mail":
		return p.Mail
	case "user.givenname":
		return p.GivenName
	case "user.surname":
		return p.Surname
	case "user.displayname":
		return p.DisplayName
	case "user.userprincipalname":
		return p.UPN
	case "user.mailnickname":
		return p.nickname()
	case "user.objectid":
		return p.ID
	case "user.employeeid":
		return p.EmployeeID
	case "user.jobtitle":
		return p.JobTitle
	case "user.department":
		return p.Department
	}
	return ""
}

// checkClaim finds what Entra's form would refuse, by field name.
func (s *samlApp) checkClaim(c claim) map[string]string {
	bad := map[string]string{}
	if c.Name == "" {
		bad["name"] = "Enter a name, such as email."
	} else if strings.ContainsAny(c.Name, " \t\n/") {
		bad["name"] = "A claim's name holds no spaces and no slashes. What stands before a slash belongs into Namespace."
	}
	if strings.ContainsAny(c.Namespace, " \t\n") {
		bad["namespace"] = "A namespace is a URI without spaces, or empty."
	}
	if !slices.Contains(sourceAttributes, c.Source) {
		bad["source"] = "Choose where the value comes from."
	}
	for _, other := range s.claims {
		if other.ID != c.ID && other.fullName() == c.fullName() && bad["name"] == "" {
			bad["name"] = "There is already a claim with this name and namespace. Edit that one."
		}
	}
	return bad
}

// attribute is one Attribute of the assertion.
type attribute struct {
	name   string
	values []string
}

// attributes are one person's claims in Entra's order: the tenant's own first, then the ones of the list.
func (s *samlApp) attributes(p person) []attribute {
	list := []attribute{
		{identityClaims + "tenantid", []string{TenantID}},
		{identityClaims + "objectidentifier", []string{p.ID}},
		{identityClaims + "displayname", []string{p.DisplayName}},
		{identityClaims + "identityprovider", []string{issuer()}},
		{authnMethods, []string{
			"http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
			"http://schemas.microsoft.com/claims/multipleauthn",
		}},
	}
	for _, c := range s.claims {
		// An empty attribute is not sent at all: a person without mail has no emailaddress claim.
		if value := p.source(c.Source); value != "" {
			list = append(list, attribute{c.fullName(), []string{value}})
		}
	}
	return list
}

func (s *samlApp) claim(id string) (claim, bool) {
	for _, c := range s.claims {
		if c.ID == id {
			return c, true
		}
	}
	return claim{}, false
}

// putClaim changes the claim with the same id, or adds a new one at the end.
func (s *samlApp) putClaim(c claim) {
	for i := range s.claims {
		if s.claims[i].ID == c.ID {
			s.claims[i] = c
			return
		}
	}
	c.ID = newGUID()
	s.claims = append(s.claims, c)
}
