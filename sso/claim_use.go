package sso

import "slices"

// ClaimUse says what a claim is for, for an admin who looks at what came.
type ClaimUse struct {
	Use    string // "" if it is not used
	Source string // what it is usually made of in Entra
}

// UseOf says what the claim of that name is used for, in the order in which Verify
// reads claims. It goes by the name alone.
func UseOf(name string) ClaimUse {
	for _, c := range []struct {
		matches func(string) bool
		use     ClaimUse
	}{
		{named(claimObjectID), ClaimUse{"Recognising the person, even after a rename", "user.objectid, always sent"}},
		{short("email"), ClaimUse{"E-mail address", "user.mail"}},
		{short("emailaddress"), ClaimUse{"E-mail address, if there is no claim email", "user.mail"}},
		{named(claimUPN), ClaimUse{"E-mail address, if no other claim has one", "user.userprincipalname"}},
		{named("name"), ClaimUse{"E-mail address, if no other claim has one and it is Entra that sends it", "user.userprincipalname"}},
		{isMail, ClaimUse{"E-mail address, if there is none in the NameID and the claims that come before it", "user.mail"}},
		{anyOf(short("firstname"), short("givenname"), named(oidGivenName)), ClaimUse{"First name", "user.givenname"}},
		{anyOf(short("lastname"), short("surname"), short("sn"), named(oidSurname)), ClaimUse{"Last name", "user.surname"}},
		{anyOf(short("displayname"), named(oidDisplayName)), ClaimUse{"Display name", "user.displayname"}},
		{named(claimAuthnMethods), ClaimUse{"Shows whether a second factor was used", "always sent"}},
		{named("http://schemas.microsoft.com/claims/groups.link"), ClaimUse{"", "sent in place of groups for people in more than 150"}},
		{named("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"), ClaimUse{"", "group claim; teams come by provisioning"}},
		{named("http://schemas.microsoft.com/identity/claims/tenantid"), ClaimUse{"", "always sent"}},
		{named("http://schemas.microsoft.com/identity/claims/identityprovider"), ClaimUse{"", "always sent"}},
	} {
		if c.matches(name) {
			return c.use
		}
	}
	return ClaimUse{}
}

func named(full string) func(string) bool {
	return func(name string) bool { return equalFoldASCII(name, full) }
}

func short(last string) func(string) bool {
	return func(name string) bool { return equalFoldASCII(lastSegment(name), last) }
}

func anyOf(matches ...func(string) bool) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(matches, func(one func(string) bool) bool { return one(name) })
	}
}

// ShortName is a claim's name without its namespace.
func ShortName(name string) string { return lastSegment(name) }
