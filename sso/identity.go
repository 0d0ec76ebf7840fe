package sso

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Identity is who the identity provider vouches for, read from verified bytes only.
type Identity struct {
	Issuer            string
	AssertionID       string // to be remembered, so that the assertion is used once
	CertificateSHA256 string // which pinned certificate signed

	NameID       string
	NameIDFormat string // "unspecified" in full when the message gives none
	ObjectID     string // Entra's objectidentifier claim, "" if absent

	Email       Value // always set: a plain ASCII address, lower-cased ASCII-only
	FirstName   Value
	LastName    Value
	DisplayName Value

	AuthnInstant        time.Time // when the person signed in there; may be months ago
	NotOnOrAfter        time.Time // end of the bearer confirmation
	SessionNotOnOrAfter time.Time // zero if the identity provider sets no end
	SessionIndex        string

	Claims []Claim // everything received, in document order, names once
	MFA    bool    // the identity provider says that a second factor was used
}

// Value is something taken from a claim, with the name of the claim that supplied it.
type Value struct{ Value, Source string }

// Claim is one attribute as received.
type Claim struct {
	Name   string
	Values []string
}

// KeyKind says what sort of identifier a key is.
type KeyKind string

// The kinds of keys, strongest first.
const (
	KeyObjectID   KeyKind = "objectid"   // Entra's objectidentifier claim
	KeyPersistent KeyKind = "persistent" // a persistent NameID
	KeyNameID     KeyKind = "nameid"     // another NameID that is not transient
	KeyEmail      KeyKind = "email"      // the e-mail address
)

// IdentityKey is one identifier of the person, unique within the issuer.
type IdentityKey struct {
	Kind   KeyKind
	Format string // of a NameID that is not persistent, else ""
	Value  string
}

// Keys returns the identifiers that this sign-in carries, strongest first: the
// objectidentifier claim, a persistent NameID, another NameID that is not transient
// with its format, the e-mail address. Never a transient NameID, which is new each time.
func (i *Identity) Keys() []IdentityKey {
	var keys []IdentityKey
	if i.ObjectID != "" {
		keys = append(keys, IdentityKey{Kind: KeyObjectID, Value: lowerASCII(i.ObjectID)})
	}
	switch {
	case i.NameID == "" || i.NameIDFormat == formatTransient:
	case i.NameIDFormat == formatPersistent:
		keys = append(keys, IdentityKey{Kind: KeyPersistent, Value: i.NameID})
	case i.NameIDFormat == formatEmail:
		keys = append(keys, IdentityKey{Kind: KeyNameID, Format: formatEmail, Value: lowerASCII(i.NameID)})
	default:
		keys = append(keys, IdentityKey{Kind: KeyNameID, Format: i.NameIDFormat, Value: i.NameID})
	}
	return append(keys, IdentityKey{Kind: KeyEmail, Value: i.Email.Value})
}

// Entra's own claims, by their full names. Of emailaddress, givenname, surname and
// displayname the last part is enough.
const (
	claimObjectID     = "http://schemas.microsoft.com/identity/claims/objectidentifier"
	claimUPN          = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
	claimAuthnMethods = "http://schemas.microsoft.com/claims/authnmethodsreferences"
)

// What SimpleSAMLphp, pysaml2 and Shibboleth send by default: names of LDAP as OIDs.
const (
	oidMail        = "urn:oid:0.9.2342.19200300.100.1.3"
	oidGivenName   = "urn:oid:2.5.4.42"
	oidSurname     = "urn:oid:2.5.4.4"
	oidDisplayName = "urn:oid:2.16.840.1.113730.3.1.241"
)

func isMail(name string) bool {
	return equalFoldASCII(name, oidMail) || equalFoldASCII(lastSegment(name), "mail")
}

const maxNameLength = 200 // bytes of a first, last or display name

// attr is an attribute while it is read.
type attr struct {
	Claim
	structured bool // a value held child elements, which is nobody's address
}

func (v *Verification) readClaims() *Error {
	attrs := readAttributes(v.assertion)
	v.attributes = attrs
	id := v.identity
	for _, a := range attrs {
		id.Claims = append(id.Claims, a.Claim)
	}
	id.FirstName = nameValue(attrs, "firstname", "givenname", oidGivenName)
	id.LastName = nameValue(attrs, "lastname", "surname", "sn", oidSurname)
	id.DisplayName = nameValue(attrs, "displayname", oidDisplayName)
	id.MFA = saysMFA(attrs)
	return v.readObjectID(attrs)
}

// readAttributes collects the attributes of all statements. Keycloak repeats Attribute
// elements of one Name: their values belong together. FriendlyName is never looked at.
func readAttributes(assertion *etree.Element) []attr {
	var attrs []attr
	index := map[string]int{}
	for _, statement := range children(assertion, nsAssertion, "AttributeStatement") {
		for _, el := range children(statement, nsAssertion, "Attribute") {
			name := strings.Trim(attribute(el, "Name"), " \t\r\n")
			if name == "" {
				continue
			}
			i, known := index[name]
			if !known {
				i = len(attrs)
				index[name] = i
				attrs = append(attrs, attr{Claim: Claim{Name: name}})
			}
			for _, value := range children(el, nsAssertion, "AttributeValue") {
				s, ok := text(value)
				if !ok {
					attrs[i].structured = true
					continue
				}
				attrs[i].Values = append(attrs[i].Values, s)
			}
		}
	}
	return attrs
}

func (v *Verification) readObjectID(attrs []attr) *Error {
	a := find(attrs, func(name string) bool { return name == claimObjectID })
	if a == nil {
		return nil
	}
	values := a.distinct()
	if len(values) > 1 || a.structured || len(values) == 1 && len(values[0]) > maxNameIDLength {
		return &Error{Reason: ReasonIdentityAmbiguous, Got: shown(strings.Join(values, ", ")), Want: "one value"}
	}
	if len(values) == 1 {
		v.identity.ObjectID = values[0]
	}
	return nil
}

// readEmail follows one documented order (docs/conformance.md): the claim email, plain
// or with a namespace, in any case; emailaddress, Entra's own, likewise; the user
// principal name; an e-mail NameID; Entra's plain name; mail, as SimpleSAMLphp, pysaml2
// and Shibboleth name it. A claim for an address that is there but empty counts as
// absent; one that is there but is not one plain address is an error, never a reason to
// look further.
func (v *Verification) readEmail() *Error {
	attrs := v.attributes
	for _, matches := range []func(string) bool{named("email"), short("email"), short("emailaddress")} {
		if found, e := v.readAddress(matches); found || e != nil {
			return e
		}
	}

	// What often is an address, but need not be. Everybody else's plain "name" is how a
	// person is called, which many may choose themselves: it is the user principal name with
	// its Namespace cleared only in what Entra sends, and only where the NameID, which is
	// that too unless somebody changed it, says nothing.
	from := []Value{v.addressIn(claimUPN), v.nameIDAddress()}
	if find(attrs, named(claimObjectID)) != nil {
		from = append(from, v.addressIn("name"))
	}
	for _, value := range from {
		if value.Value != "" {
			v.identity.Email = value
			return v.refuseGuest()
		}
	}
	if found, e := v.readAddress(isMail); found || e != nil {
		return e
	}
	return &Error{Reason: ReasonEmailMissing, Got: "claims " + shown(claimNames(attrs)), Want: "a claim email"}
}

// addressIn is the address in a claim of that full name, if it is one plain one.
func (v *Verification) addressIn(claim string) Value {
	if a := find(v.attributes, named(claim)); a != nil && !a.structured {
		if values := a.distinct(); len(values) == 1 {
			if address, err := ASCIIAddress(values[0]); err == nil {
				return Value{address, a.Name}
			}
		}
	}
	return Value{}
}

// nameIDAddress is the NameID, if it is an address and says so or nothing about itself.
func (v *Verification) nameIDAddress() Value {
	if f := v.identity.NameIDFormat; f == formatEmail || f == formatUnspecified {
		if address, err := ASCIIAddress(v.identity.NameID); err == nil {
			return Value{address, "NameID"}
		}
	}
	return Value{}
}

// readAddress takes the address from a claim that is for one. found is false if there is no
// such claim with a value.
func (v *Verification) readAddress(matches func(string) bool) (found bool, failure *Error) {
	a := find(v.attributes, matches)
	if a == nil {
		return false, nil
	}
	values := a.distinct()
	if len(values) == 0 && !a.structured {
		return false, nil
	}
	if len(values) > 1 {
		return false, &Error{Reason: ReasonEmailSeveral, Got: shown(strings.Join(values, ", ")), Want: "one value"}
	}
	if a.structured {
		return false, &Error{Reason: ReasonEmailInvalid, Got: shown(a.Name) + " holds XML elements", Want: "plain text"}
	}
	address, err := ASCIIAddress(values[0])
	if err != nil {
		return false, &Error{Reason: ReasonEmailInvalid, Got: shown(values[0]), Want: "a plain address such as ana@example.com", Err: err}
	}
	v.identity.Email = Value{address, a.Name}
	return true, v.refuseGuest()
}

// refuseGuest names the case in which Entra sends a guest's user principal name,
// ana_fabrikam.com#EXT#@contoso.onmicrosoft.com, where an address belongs.
func (v *Verification) refuseGuest() *Error {
	if strings.Contains(v.identity.Email.Value, "#ext#@") {
		return &Error{Reason: ReasonEmailGuest, Got: shown(v.identity.Email.Value), Want: "the source user.mail"}
	}
	return nil
}

// nameValue reads a name from the first claim that has one. Each is read plain before it
// is read with a namespace; a full name, as that of an OID, is only itself.
func nameValue(attrs []attr, claims ...string) Value {
	for _, name := range claims {
		for _, matches := range []func(string) bool{named(name), short(name)} {
			if a := find(attrs, matches); a != nil {
				for _, value := range a.Values {
					if value = cleanName(value); value != "" {
						return Value{value, a.Name}
					}
				}
			}
		}
	}
	return Value{}
}

// saysMFA reports whether Entra's list of methods names a second factor.
func saysMFA(attrs []attr) bool {
	a := find(attrs, func(name string) bool { return equalFoldASCII(name, claimAuthnMethods) })
	if a == nil {
		return false
	}
	for _, value := range a.Values {
		if strings.HasSuffix(value, "/multipleauthn") {
			return true
		}
	}
	return false
}

// find returns the attributes whose name matches, merged; nil if there is none. Two
// names that differ only in case or namespace are one claim: their values are added,
// so that disagreement is seen instead of decided by order.
func find(attrs []attr, matches func(name string) bool) *attr {
	var found *attr
	for _, a := range attrs {
		if !matches(a.Name) {
			continue
		}
		if found == nil {
			found = &attr{Claim: Claim{Name: a.Name}}
		}
		found.Values = append(found.Values, a.Values...)
		found.structured = found.structured || a.structured
	}
	return found
}

// distinct returns the values that are not empty, each once.
func (a *attr) distinct() []string {
	var out []string
next:
	for _, value := range a.Values {
		if value == "" {
			continue
		}
		for _, had := range out {
			if had == value {
				continue next
			}
		}
		out = append(out, value)
	}
	return out
}

func claimNames(attrs []attr) string {
	if len(attrs) == 0 {
		return "none"
	}
	names := make([]string, len(attrs))
	for i, a := range attrs {
		names[i] = lastSegment(a.Name)
	}
	return strings.Join(names, ", ")
}

// lastSegment is a claim's name without its namespace.
func lastSegment(name string) string {
	if i := strings.LastIndexAny(name, "/:#"); i >= 0 {
		return name[i+1:]
	}
	return name
}

// equalFoldASCII compares without regard to the case of A–Z only.
func equalFoldASCII(a, b string) bool {
	return len(a) == len(b) && lowerASCII(a) == lowerASCII(b)
}

// cleanName keeps what belongs into a name: no control or format characters, no line breaks, no
// surrounding space, a sane length.
func cleanName(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if steersDisplay(r) && r != '\u200d' && r != '\u200c' {
			return -1
		}
		return r
	}, s))
	if len(s) > maxNameLength {
		s = s[:maxNameLength]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}
