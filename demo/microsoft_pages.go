package demo

import (
	"fmt"
	"strings"
)

// microsoftPage is a way to answer that ends on a page at Microsoft, with what the page says.
type microsoftPage struct {
	how  string
	text string // on the list
	says func(s *samlApp, p person) *aadError
}

const guestMend = "An account of another directory is not known here. Sign in with the work account, or invite the other one as a guest."

// microsoftPages are those that people meet most while single sign-on is set up. What pretend Azure finds out by itself has its own
// way there too: unassign somebody, or change Identifier or Reply URL.
var microsoftPages = []microsoftPage{
	{"aadsts50105", "AADSTS50105: not assigned", func(_ *samlApp, p person) *aadError { return notAssigned(p) }},
	{"aadsts501051", "AADSTS501051: the application is not assigned", func(*samlApp, person) *aadError {
		return &aadError{
			Code: "AADSTS501051", Text: fmt.Sprintf("Application '%s'(%s) is not assigned to a role for the application '%[1]s'(%[2]s).", applicationID, applicationName),
			Mend: "Assign the person under Users and groups, or turn Assignment required off.", MendAt: "/users",
		}
	}},
	{"aadsts50020", "AADSTS50020: a private account", func(s *samlApp, p person) *aadError {
		return &aadError{
			Code: "AADSTS50020", Text: fmt.Sprintf("User account '%s@outlook.com' from identity provider 'live.com' does not exist in tenant '%s' and cannot access the application '%s'(%s) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.", p.nickname(), TenantName, s.basic.Identifier, applicationName),
			Mend: guestMend,
		}
	}},
	{"aadsts90072", "AADSTS90072: an account of another tenant", func(s *samlApp, p person) *aadError {
		return &aadError{
			Code: "AADSTS90072", Text: fmt.Sprintf("User account '%s@fabrikam.com' from identity provider '%s' does not exist in tenant '%s' and cannot access the application '%s'(%s) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.", p.nickname(), otherTenant, TenantName, s.basic.Identifier, applicationName),
			Mend: guestMend,
		}
	}},
	{"aadsts700016", "AADSTS700016: Identifier unknown", func(s *samlApp, _ person) *aadError {
		return s.unknownIdentifier(strings.TrimSuffix(s.basic.Identifier, "/") + "/old")
	}},
	{"aadsts650056", "AADSTS650056: misconfigured application", func(*samlApp, person) *aadError {
		return &aadError{
			Code: "AADSTS650056", Text: "Misconfigured application. This could be due to one of the following: the client has not listed any permissions for 'AAD Graph' in the requested permissions in the client's application registration. Or, the admin has not consented in the tenant. Or, check the application identifier in the request to ensure it matches the configured client application identifier. Or, check the certificate in the request to ensure it's valid. Please contact your admin to fix the configuration or consent on behalf of the tenant. Client app ID: " + applicationID + ".",
			Mend: "With SAML it is the Identifier nearly always: compare it letter by letter with the one that Gatehouse shows.", MendAt: "/sso",
		}
	}},
	{"aadsts50011", "AADSTS50011: Reply URL mismatch", func(s *samlApp, _ person) *aadError {
		return s.unknownReplyURL("https://old.example/saml/acs", s.basic.Identifier)
	}},
	{"aadsts75011", "AADSTS75011: another authentication method", func(*samlApp, person) *aadError { return contextMismatch() }},
	{"aadsts76021", "AADSTS76021: signed requests required", func(*samlApp, person) *aadError { return unsignedRequest() }},
	{"aadsts76023", "AADSTS76023: the request's signature is wrong", func(*samlApp, person) *aadError { return wronglySigned("") }},
	{"aadsts53003", "AADSTS53003: blocked by Conditional Access", func(*samlApp, person) *aadError {
		return &aadError{
			Code: "AADSTS53003", Text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
			Mend: "A policy of the directory forbids this sign-in; its sign-in log names the policy.",
		}
	}},
}

func microsoftPageOptions() []option {
	var list []option
	for _, p := range microsoftPages {
		list = append(list, option{p.how, p.text})
	}
	return list
}

// endAtMicrosoft is the page that was chosen in place of an answer; nil if none was.
func (s *samlApp) endAtMicrosoft(how string, p person) *aadError {
	for _, page := range microsoftPages {
		if page.how == how {
			return page.says(s, p)
		}
	}
	return nil
}

func (s *samlApp) unknownIdentifier(got string) *aadError {
	want := "Nothing is filled in there yet."
	if s.basic.Identifier != "" {
		want = "There it is " + s.basic.Identifier + "."
	}
	return &aadError{
		Code: "AADSTS700016", Text: fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", got, TenantName),
		Mend: "The request's Issuer must equal Single sign-on → Basic SAML Configuration → Identifier (Entity ID). " + want, MendAt: "/sso",
	}
}

func (s *samlApp) unknownReplyURL(got, application string) *aadError {
	return &aadError{
		Code: "AADSTS50011", Text: fmt.Sprintf("The reply URL '%s' specified in the request does not match the reply URLs configured for the application '%s'. Make sure the reply URL sent in the request matches one added to your application in the Azure portal.", got, application),
		Mend: "The request asks for an answer at another address than Single sign-on → Basic SAML Configuration → Reply URL. There it is " + s.basic.ReplyURL + ".", MendAt: "/sso",
	}
}

func contextMismatch() *aadError {
	return &aadError{
		Code: "AADSTS75011", Text: "Authentication method by which the user authenticated with the service doesn't match requested authentication method.",
		Mend: "The application asks for an authentication method by RequestedAuthnContext. It should ask for none.",
	}
}

func notAssigned(p person) *aadError {
	return &aadError{
		Code: "AADSTS50105", Text: fmt.Sprintf("Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.", applicationName, applicationID, p.UPN),
		Mend: "Assign the person, or a group they are in, under Users and groups.", MendAt: "/users",
	}
}
