package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	// expiredFor is how long before it was made an assertion stopped being valid.
	expiredFor = 2 * time.Hour
	// clockOff is how far a wrong clock runs ahead or behind, and how early an assertion is.
	clockOff = 10 * time.Minute
	// The answers that the person has to hold back, and for how long: Gatehouse allows clocks to differ by three minutes, and takes a
	// response for five more. Its request is good for ten.
	waitToExpire = 4 * time.Minute
	waitToBeLate = 9 * time.Minute
	// otherTenant is a directory that has nothing to do with this one.
	otherTenant = "https://sts.windows.net/00000000-5b43-4e0f-9a77-2d6be1c0a934/"
	// manyGroups is more than anybody reads out of one response.
	manyGroups = 1000

	groupsClaim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
	groupsLink  = "http://schemas.microsoft.com/claims/groups.link"
)

// misbehave changes an answer before it is signed. What is changed later is in spoil.go.
func (a *answer) misbehave(how string) error {
	for _, change := range []func(string) (bool, error){a.mistakeTime, a.mistakeAddress, a.mistakeClaims, a.mistakeSignature, a.mistakeMessage} {
		if done, err := change(how); done || err != nil {
			return err
		}
	}
	a.fail(how)
	return nil
}

func (a *answer) mistakeTime(how string) (bool, error) {
	switch how {
	case answerExpired:
		a.validUntil = a.now.Add(-expiredFor)
		a.validFrom = a.validUntil.Add(-validFor)
	case answerEarly:
		a.validFrom = a.now.Add(clockOff)
	case answerBehind:
		a.shift(-clockOff)
	case answerClock:
		a.shift(clockOff)
	case answerShort:
		a.validUntil, a.wait = a.now, waitToExpire
	case answerLate:
		a.wait = waitToBeLate
	case answerStale:
		a.authnInstant = a.now.Add(-sessionAge)
	default:
		return false, nil
	}
	return true, nil
}

func (a *answer) mistakeAddress(how string) (bool, error) {
	switch how {
	case answerUnsolicited:
		a.requestID, a.confirmedID = "", ""
	case answerRequest:
		a.confirmedID = "id-" + strings.ReplaceAll(newGUID(), "-", "")
	case answerAudience:
		a.audience = "https://another.example/saml/org_elsewhere"
	case answerNoAudience:
		a.edit = without("AudienceRestriction")
	case answerRecipient:
		a.recipient = "https://another.example/saml/org_elsewhere/acs"
	case answerDestination:
		a.destination = "https://another.example/saml/org_elsewhere/acs"
	case answerIssuer:
		a.issuer = strings.TrimSuffix(a.issuer, "/")
	case answerLoginIssuer:
		a.issuer = "https://login.microsoftonline.com/" + TenantID + "/"
	case answerAppIssuer:
		// Entra does so when the application has a signing key of its own.
		a.issuer += applicationID + "/"
	case answerTenant:
		a.issuer = otherTenant
	default:
		return false, nil
	}
	return true, nil
}

func (a *answer) mistakeClaims(how string) (bool, error) {
	switch how {
	case answerNamespace:
		for i, at := range a.attributes {
			if !strings.Contains(at.name, "/") {
				a.attributes[i].name = claimsNamespace + "/" + at.name
			}
		}
	case answerGroups:
		a.attributes = append(a.attributes, attribute{groupsLink, []string{"https://graph.windows.net/" + TenantID + "/users/" + a.objectID + "/getMemberObjects"}})
	case answerNoMail:
		a.withoutMail()
	case answerEmptyMail:
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{"email", []string{""}})
	case answerBadMail:
		mail := strings.Replace(a.mail(), "@", " at ", 1)
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{"email", []string{mail}})
	case answerForeignMail:
		name, _, _ := strings.Cut(a.mail(), "@")
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{"email", []string{name + "@elsewhere.example"}})
	case answerGuest:
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{claimsNamespace + "/name", []string{"guest_fabrikam.com#EXT#@" + tenantDomain}})
	case answerSeveral:
		mail := a.mail()
		a.withoutMail()
		a.attributes = append(a.attributes, attribute{"email", []string{mail, "second." + mail}})
	case answerNoNameID:
		a.edit = without("NameID")
	case answerTransient:
		a.withoutMail()
		a.nameIDFormat, a.nameID = nameIDTransient, "_"+newGUID()
	case answerOtherID:
		a.setObjectIDs(fixedGUID("somebody else at " + a.objectID))
	case answerTwoIDs:
		a.setObjectIDs(a.objectID, fixedGUID("somebody else at "+a.objectID))
	case answerMany:
		groups := make([]string, manyGroups)
		for i := range groups {
			groups[i] = fixedGUID("group " + strconv.Itoa(i))
		}
		a.attributes = append(a.attributes, attribute{groupsClaim, groups})
	case answerLarge:
		a.attributes = append(a.attributes, attribute{"thumbnailPhoto", []string{strings.Repeat("iVBORw0KGgoA", 25<<10)}})
	default:
		return false, nil
	}
	return true, nil
}

func (a *answer) mistakeSignature(how string) (bool, error) {
	switch how {
	case answerUnsigned:
		a.signing = signNothing
	case answerKey:
		// The same names and dates as the real certificate, another key: a thumbprint tells them apart, a look does not.
		other, err := newCertificate(applicationSubject, a.certificate.x509.NotBefore, a.certificate.x509.NotAfter)
		if err != nil {
			return false, fmt.Errorf("make another key: %w", err)
		}
		a.certificate = other
	case answerTenantKey:
		tenant, err := a.tenant()
		if err != nil {
			return false, fmt.Errorf("make the tenant's key: %w", err)
		}
		a.certificate = tenant
	case answerExpiredCert:
		a.certificate = a.expired
	case answerSHA1:
		a.algorithm = algorithmSHA1
	case answerEncrypted:
		a.encrypted = true
	default:
		return a.spoilSignature(how), nil
	}
	return true, nil
}

func (a *answer) mistakeMessage(how string) (bool, error) {
	switch how {
	case answerNoStatement:
		a.edit = without("AuthnStatement")
	case answerNoConfirmation:
		a.edit = without("SubjectConfirmation")
	case answerTwoConfirmations:
		a.edit = func(assertion *etree.Element) {
			subject := assertion.SelectElement("Subject")
			subject.AddChild(subject.SelectElement("SubjectConfirmation").Copy())
		}
	case answerMethod:
		a.edit = func(assertion *etree.Element) {
			assertion.FindElement("./Subject/SubjectConfirmation").CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
		}
	case answerCondition:
		a.edit = func(assertion *etree.Element) {
			assertion.SelectElement("Conditions").CreateElement("DelegationRestriction")
		}
	default:
		return a.spoilMessage(how), nil
	}
	return true, nil
}

// without leaves out the first element of that name.
func without(tag string) func(assertion *etree.Element) {
	return func(assertion *etree.Element) {
		if el := assertion.FindElement(".//" + tag); el != nil {
			el.Parent().RemoveChild(el)
		}
	}
}

// shift moves every time of the answer.
func (a *answer) shift(d time.Duration) {
	a.now, a.validFrom, a.validUntil, a.authnInstant = a.now.Add(d), a.validFrom.Add(d), a.validUntil.Add(d), a.authnInstant.Add(d)
}

// mail is the first address among the claims.
func (a *answer) mail() string {
	if i := slices.IndexFunc(a.attributes, isMail); i >= 0 {
		return a.attributes[i].values[0]
	}
	return "first@acme.com"
}

// withoutMail leaves out every claim that holds an address, and names the person by an opaque id.
func (a *answer) withoutMail() {
	a.attributes = slices.DeleteFunc(a.attributes, isMail)
	a.nameIDFormat, a.nameID = nameIDPersistent, pairwiseID(a.nameID, a.audience)
}

func isMail(at attribute) bool { return len(at.values) == 1 && strings.Contains(at.values[0], "@") }

func (a *answer) setObjectIDs(ids ...string) {
	for i, at := range a.attributes {
		if at.name == identityClaims+"objectidentifier" {
			a.attributes[i].values = ids
		}
	}
}
