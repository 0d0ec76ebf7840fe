package sso

import (
	"crypto/x509"
	"net/url"
	"strings"
)

// What is said in place of a reason's own entry where more is known than the reason: the
// reason stays the one to search for. A check sets it in Error.says.
var (
	overBeforeItBegan = entry{
		SideIdP, tellAdmin, "The time for which the response is valid had ended before the request it answers was sent, although its clock is right. The identity provider must let its answers be valid for some minutes.", entraSSO,
	}

	issuerDiffersInSlash = entry{
		SideHere, tellAdmin, "The issuer of the response and the Issuer URL entered here differ in nothing but the slash at the end. Copy Microsoft Entra Identifier exactly: it ends with a slash.", hereSSO + " → Issuer URL",
	}
	issuerDiffersInLetters = entry{
		SideHere, tellAdmin, "The issuer of the response and the Issuer URL entered here differ in nothing but capital letters, http or https, or slashes. They are compared letter by letter: enter it exactly as it came.", hereSSO + " → Issuer URL",
	}
	issuerIsOtherTenant = entry{
		SideIdP, tellAdmin, "The response comes from another tenant (directory) of Entra than the one whose identifier is entered here: the application was set up in the wrong tenant, or the Login URL entered here is that of another one.", entraSSO,
	}
	issuerIsLoginAddress = entry{
		SideHere, tellAdmin, "The Issuer URL entered here names the right tenant, but at the address where people sign in. Entra's identifier begins with https://sts.windows.net/: copy Microsoft Entra Identifier.", hereSSO + " → Issuer URL",
	}
	issuerHasApplication = entry{
		SideHere, tellAdmin, "The application has a signing key of its own, so Entra appends the application's id to its identifier. Enter the issuer exactly as it came, or turn Append application ID to issuer off in Entra.", hereSSO + " → Issuer URL",
	}

	certificateRolledOver = entry{
		SideHere, tellAdmin, "The response is signed with a newer certificate of the same name as one that is trusted here: most likely it was rolled over at the identity provider. Compare its thumbprint with the active one there, then add it here. If another one is active there, another application has answered.", hereCert,
	}
	certificateOfTenant = entry{
		SideIdP, tellAdmin, "The response is signed with the certificate of the whole tenant (accounts.accesscontrol.windows.net), which Entra replaces without notice: the application that answered has none of its own. Create one there, make it active, and upload it here.", entraCerts + " → Edit → New Certificate",
	}
)

// alsoSays is all of them, for the documentation.
var alsoSays = map[Reason][]*entry{
	ReasonExpired:        {&overBeforeItBegan},
	ReasonIssuerMismatch: {&issuerDiffersInSlash, &issuerDiffersInLetters, &issuerIsOtherTenant, &issuerIsLoginAddress, &issuerHasApplication},
	ReasonUnknownKey:     {&certificateRolledOver, &certificateOfTenant},
}

// issuerSays finds what is wrong by comparing what came with what is entered; nil if that
// says nothing.
func issuerSays(got, want string) *entry {
	slashless := strings.TrimRight(got, "/")
	switch {
	case slashless == "" || want == "":
		return nil
	case slashless == strings.TrimRight(want, "/"):
		return &issuerDiffersInSlash
	case loosely(got) == loosely(want):
		return &issuerDiffersInLetters
	}
	gotTenant, gotRest, fromEntra := entraTenant(got)
	wantTenant, wantRest, ok := entraTenant(want)
	switch {
	case !fromEntra || !ok || hostOf(lowerASCII(got)) != entraIssuerHost:
		return nil
	case gotTenant != wantTenant:
		return &issuerIsOtherTenant
	case hostOf(lowerASCII(want)) != entraIssuerHost:
		return &issuerIsLoginAddress
	case gotRest != "" && wantRest == "":
		return &issuerHasApplication
	}
	return nil
}

// loosely is an issuer without what people take for unimportant.
func loosely(issuer string) string {
	issuer = lowerASCII(issuer)
	_, rest, found := strings.Cut(issuer, "://")
	if found {
		issuer = rest
	}
	return strings.ReplaceAll(issuer, "/", "")
}

// entraTenant takes an address of Entra's apart: the tenant, and what follows it.
func entraTenant(issuer string) (tenant, rest string, ok bool) {
	u, err := url.Parse(lowerASCII(issuer))
	if err != nil || u.Hostname() != entraIssuerHost && !isEntraHost(u.Hostname()) {
		return "", "", false
	}
	tenant, rest, _ = strings.Cut(strings.Trim(u.Path, "/"), "/")
	return tenant, rest, tenant != ""
}

// unknownSays recognises the certificate of a tenant, and a roll-over: a pinned certificate
// of the same name that is older. Entra gives all its certificates one name, so it may be
// another application's.
func unknownSays(unknown *x509.Certificate, pinned []*x509.Certificate) *entry {
	if isTenantWide(unknown) {
		return &certificateOfTenant
	}
	for _, c := range pinned {
		if string(c.RawSubject) == string(unknown.RawSubject) && unknown.NotBefore.After(c.NotBefore) {
			return &certificateRolledOver
		}
	}
	return nil
}
