package handlers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/models"
	"gatehouse/views"
)

// said is an audit event in words.
type said struct {
	sentence string
	icon     string // a symbol of the sprite
	tone     views.Tone
}

// telling is what the sentence of an event is made of.
type telling struct {
	who, whom     string // actor and target
	self          bool   // the actor did it to themselves
	before, after map[string]any
}

// text is a value of after as text, empty if it is not there.
func (t telling) text(name string) string { return factText(t.after[name]) }

// saying is how one action is told.
type saying struct {
	icon string
	tone views.Tone
	say  func(t telling) string
}

// sayings has every action that models record; a test compares it with their source.
var sayings = map[string]saying{
	"account.password_changed":   {"key-round", "", func(t telling) string { return t.whom + " changed their password" }},
	"account.password_link_sent": {"mail", "", func(t telling) string { return "A link for a new password was sent to " + t.whom }},
	"account.password_reset":     {"key-round", "", func(t telling) string { return t.whom + " set a new password by mailed link" }},
	"account.renamed":            {"pencil", "", func(t telling) string { return t.whom + " changed their name" }},

	"activity.raw_viewed": {"file-code", "", func(t telling) string { return t.who + " looked at the message behind the sign-in of " + t.whom }},

	"diagnostic_link.created": {"link-2", "", func(t telling) string { return t.who + " made a diagnostic link to the sign-in of " + t.whom }},
	"diagnostic_link.opened":  {"search", "", func(t telling) string { return "Somebody opened the diagnostic link to the sign-in of " + t.whom }},
	"diagnostic_link.revoked": {"link-2", "", func(t telling) string { return t.who + " revoked the diagnostic link to the sign-in of " + t.whom }},

	"domain.claimed":  {"globe", "", func(t telling) string { return t.who + " claimed " + t.whom }},
	"domain.lapsed":   {"triangle-alert", views.ToneWarn, func(t telling) string { return t.whom + " has lapsed: its DNS record was gone for seven days" }},
	"domain.lapsing":  {"triangle-alert", views.ToneWarn, func(t telling) string { return "The DNS record of " + t.whom + " is gone" }},
	"domain.lost":     {"triangle-alert", views.ToneWarn, func(t telling) string { return t.whom + " was verified by another organization" }},
	"domain.removed":  {"globe", "", func(t telling) string { return t.who + " removed the domain " + t.whom }},
	"domain.verified": {"globe", "", sayDomainVerified},

	"identity.bound":     {"link-2", "", func(t telling) string { return t.whom + " was linked to the identity provider" }},
	"identity.forgotten": {"link-2", views.ToneWarn, func(t telling) string { return t.who + " removed the linked identities of " + t.whom }},

	"invitation.accepted": {"user-plus", "", func(t telling) string { return t.whom + " accepted the invitation" }},
	"invitation.revoked":  {"user-x", "", func(t telling) string { return t.who + " revoked the invitation of " + t.whom }},
	"invitation.sent":     {"mail", "", func(t telling) string { return t.who + " sent the invitation of " + t.whom + " again" }},

	"member.added":          {"user-plus", "", sayMemberAdded},
	"member.adopted":        {"user-cog", "", func(t telling) string { return t.who + " took over the profile of " + t.whom }},
	"member.change_refused": {"triangle-alert", views.ToneWarn, func(t telling) string { return t.who + " was refused a change of " + t.whom }},
	"member.changed":        {"user-cog", "", func(t telling) string { return t.who + " changed the profile of " + t.whom }},
	"member.deactivated":    {"user-x", "", func(t telling) string { return t.who + " deactivated " + t.whom }},
	"member.deleted":        {"trash-2", "", func(t telling) string { return t.who + " deleted " + t.whom }},
	"member.reactivated":    {"user", "", func(t telling) string { return t.who + " reactivated " + t.whom }},
	"member.released":       {"user", "", sayMemberReleased},
	"member.renamed":        {"pencil", "", func(t telling) string { return t.who + " changed the name of " + t.whom }},
	"member.role_changed": {"user-cog", "", func(t telling) string {
		return t.who + " gave " + t.whom + " the role " + roleWord(models.Role(t.text("role")))
	}},

	"organization.created": {"building-2", "", func(t telling) string { return t.who + " made the organization " + t.whom }},

	"scim_client_secret.exchanged": {"key-round", "", func(t telling) string {
		return t.who + " exchanged the SCIM client secret “" + t.whom + "” for an access token"
	}},
	"scim_client_secret.created": {"key-round", "", func(t telling) string { return t.who + " generated the SCIM client secret “" + t.whom + "”" }},
	"scim_client_secret.revoked": {"key-round", "", func(t telling) string { return t.who + " revoked the SCIM client secret “" + t.whom + "”" }},

	"scim_token.created":         {"key-round", "", func(t telling) string { return t.who + " generated the SCIM token “" + t.whom + "”" }},
	"scim_token.replaced":        {"key-round", "", func(t telling) string { return t.who + " replaced the SCIM token “" + t.whom + "”" }},
	"deactivation_burst.noticed": {"user-x", "", func(t telling) string { return "A mass deactivation by the directory was noticed: " + t.whom }},
	"deactivation_burst.grew":    {"user-x", "", func(t telling) string { return "A mass deactivation by the directory went on: " + t.whom }},
	"deactivation_burst.undone":  {"rotate-ccw", "", func(t telling) string { return t.who + " undid a mass deactivation of " + t.whom }},
	"deactivation_burst.settled": {"user-x", "", func(t telling) string { return t.who + " found a mass deactivation of " + t.whom + " right" }},
	"member.deactivation_held":   {"user-x", "", func(t telling) string { return t.who + " wanted " + t.whom + " inactive, which waits for a decision" }},
	"member.directory_wish": {"user-x", "", func(t telling) string {
		return t.who + " wants " + t.whom + ", who is deactivated here, " + cmp.Or(t.text("directory"), "inactive")
	}},
	"member.left_to_directory": {"user-cog", "", func(t telling) string {
		return t.who + " no longer keeps " + t.whom + " deactivated here; the directory still does"
	}},
	"organization.hold_deactivations_changed": {"settings", "", func(t telling) string { return t.who + " changed whether mass deactivations are held" }},
	"scim_token.revoked":                      {"key-round", "", func(t telling) string { return t.who + " revoked the SCIM token “" + t.whom + "”" }},

	"session.ended":         {"log-out", "", saySessionEnded},
	"session.login_failed":  {"triangle-alert", views.ToneWarn, sayLoginFailed},
	"session.recovery_used": {"triangle-alert", views.ToneWarn, func(t telling) string { return t.whom + " used the recovery sign-in" }},
	"session.started":       {"log-in", "", saySessionStarted},
	"session.stepped_up":    {"lock", "", func(t telling) string { return t.whom + " entered their password again" }},

	"sso_certificate.approved": {"file-badge", "", func(t telling) string {
		return t.who + " approved the certificate " + commonName(t.whom) + " by its thumbprint"
	}},
	"sso_certificate.dismissed": {"file-badge", "", func(t telling) string { return t.who + " dismissed the certificate " + commonName(t.whom) }},
	"sso_certificate.found": {"file-badge", views.ToneWarn, func(t telling) string {
		return "The certificate " + commonName(t.whom) + " was found and waits for approval"
	}},
	"sso_connection.signing_changed": {"key-round", "", func(t telling) string {
		if t.text("sign_requests") == "true" {
			return t.who + " turned the signing of requests on"
		}
		return t.who + " turned the signing of requests off"
	}},
	"sso_request_key.made": {"key-round", "", func(t telling) string { return t.who + " made a key to sign requests with" }},
	"sso_metadata.changed": {"triangle-alert", views.ToneWarn, func(t telling) string {
		if t.text("issuer") == "" && t.text("sign_in_url") == "" {
			return "The identity provider’s metadata names the addresses set here again"
		}
		return "The identity provider’s metadata names other addresses than those set here"
	}},
	"sso_metadata.taken_over": {"shield-check", "", func(t telling) string {
		return t.who + " took over the addresses of the identity provider’s metadata"
	}},
	"sso_metadata.dismissed": {"refresh-cw", "", func(t telling) string {
		return t.who + " dismissed the addresses of the identity provider’s metadata"
	}},
	"sso_metadata.followed":   {"refresh-cw", "", func(t telling) string { return t.who + " set the address of the identity provider’s metadata" }},
	"sso_metadata.unfollowed": {"refresh-cw", "", func(t telling) string { return t.who + " stopped the reading of the identity provider’s metadata" }},
	"sso_certificate.added":   {"file-badge", "", func(t telling) string { return t.who + " added the certificate " + commonName(t.whom) }},
	"sso_certificate.removed": {"file-badge", "", func(t telling) string { return t.who + " removed the certificate " + commonName(t.whom) }},
	"sso_connection.changed":  {"shield-check", "", func(t telling) string { return t.who + " changed the SSO connection" }},
	"sso_connection.removed":  {"shield-check", views.ToneWarn, func(t telling) string { return t.who + " removed the SSO configuration" }},
	"sso_connection.switched": {"shield-check", "", sayConnectionSwitched},
	"sso_connection.require_kept": {"shield-check", "", func(t telling) string {
		if t.text("safety_window") != "" {
			return t.who + " kept Require Single Sign-On on without waiting for a sign-in"
		}
		return t.who + " signed in with single sign-on, so that Require Single Sign-On stays on"
	}},
	"sso_connection.require_reverted": {"triangle-alert", views.ToneWarn, func(telling) string {
		return "Require Single Sign-On turned itself off: no owner or admin had signed in with single sign-on in time"
	}},
	"sso_test.link_created": {"flask-conical", "", func(t telling) string { return t.who + " made a link for test sign-ins" }},

	"team.adopted":      {"users", "", func(t telling) string { return t.who + " took over the team " + t.whom }},
	"team.changed":      {"users", "", func(t telling) string { return t.who + " changed the team " + t.whom }},
	"team.created":      {"users", "", func(t telling) string { return t.who + " made the team " + t.whom }},
	"team.deleted":      {"trash-2", "", func(t telling) string { return t.who + " deleted the team " + t.whom }},
	"team.member_added": {"user-plus", "", func(t telling) string { return t.who + " added " + t.text("name") + " to the team " + t.whom }},
	"team.member_removed": {"user-x", "", func(t telling) string {
		return t.who + " removed " + factText(t.before["name"]) + " from the team " + t.whom
	}},
	"team.members_changed": {"users", "", func(t telling) string { return t.who + " changed who is in the team " + t.whom }},
	"team.released":        {"users", "", func(t telling) string { return t.who + " let go of the team " + t.whom + "; it is managed here now" }},
	"team.renamed":         {"pencil", "", func(t telling) string { return t.who + " renamed the team " + t.whom }},
	"team.role_changed":    {"user-cog", views.ToneWarn, sayTeamRole},
}

func sayDomainVerified(t telling) string {
	if t.text("by") == "operator" {
		return t.who + " vouched for " + t.whom
	}
	return t.who + " found the DNS record of " + t.whom + ": verified"
}

func sayMemberAdded(t telling) string {
	switch {
	case t.text("status") == string(models.Invited):
		return t.who + " invited " + t.whom
	case t.text("source") == string(models.SourceSSO):
		return t.whom + " became a member at the first sign-in"
	case t.text("source") == string(models.SourceSCIM) && t.text("held") != "":
		return t.who + " provisioned " + t.whom + ", who is held"
	case t.text("source") == string(models.SourceSCIM):
		return t.who + " provisioned " + t.whom
	}
	return t.who + " added " + t.whom
}

func sayMemberReleased(t telling) string {
	if t.text("held") != "" {
		return t.whom + " is held for another reason now"
	}
	return t.whom + " is no longer held"
}

func saySessionStarted(t telling) string {
	switch {
	case t.text("switched_from") != "":
		return t.whom + " switched to this organization"
	case t.text("recovery") == "Yes":
		return t.whom + " signed in by recovery sign-in"
	case t.text("signed_in_by") == models.MethodSSO:
		return t.whom + " signed in with SSO"
	}
	return t.whom + " signed in with a password"
}

func saySessionEnded(t telling) string {
	n := factText(t.before["sessions"])
	switch {
	case t.self && n == "":
		return t.whom + " ended a session of theirs"
	case t.self:
		return t.whom + " ended " + n + " of their sessions"
	case n == "":
		return t.who + " ended a session of " + t.whom
	}
	return t.who + " ended all sessions of " + t.whom
}

func sayLoginFailed(t telling) string {
	if t.text("reason") != "" {
		return "A sign-in of " + t.whom + " was refused"
	}
	return "Somebody entered a wrong password for " + t.whom
}

func sayConnectionSwitched(t telling) string {
	var changes []string
	for _, s := range []struct{ fact, name string }{
		{"single_sign_on", "Single Sign-On"}, {"required", "Require Single Sign-On"}, {"idp_managed_access", "IdP Managed Access"},
	} {
		before, _ := t.before[s.fact].(bool)
		after, _ := t.after[s.fact].(bool)
		if before != after {
			changes = append(changes, s.name+" "+onOff(after))
		}
	}
	if len(changes) == 0 {
		return t.who + " set the SSO switches"
	}
	return t.who + " turned " + list(changes)
}

func sayTeamRole(t telling) string {
	role := t.text("role")
	if role == "" {
		return t.who + " took the role from the team " + t.whom
	}
	return t.who + " gave the team " + t.whom + " the role " + roleWord(models.Role(role))
}

// sayEvent tells an audit event.
func sayEvent(e *models.AuditEvent) said {
	t := telling{who: actorName(e), whom: e.TargetLabel, self: e.ActorID != "" && e.ActorID == e.TargetID, before: facts(e.Before), after: facts(e.After)}
	if t.whom == "" {
		t.whom = e.TargetID
	}
	s, ok := sayings[e.Action]
	if !ok {
		return said{sentence: t.who + ": " + strings.ReplaceAll(strings.ReplaceAll(e.Action, "_", " "), ".", " ") + " " + t.whom}
	}
	return said{sentence: s.say(t), icon: s.icon, tone: s.tone}
}

// actorName is what people read for who did it.
func actorName(e *models.AuditEvent) string {
	switch e.ActorKind {
	case models.SCIM:
		return "Entra (token “" + e.ActorLabel + "”)"
	case models.IdP:
		return "The identity provider"
	case models.Operator:
		return "The operator"
	case models.System:
		return "Gatehouse"
	}
	if e.ActorLabel != "" {
		return e.ActorLabel
	}
	return "Somebody who was not signed in"
}

// byActor is actorName inside a sentence.
func byActor(e *models.AuditEvent) string {
	switch name := actorName(e); e.ActorKind {
	case models.Operator, models.IdP:
		return strings.ToLower(name[:1]) + name[1:]
	default:
		return name
	}
}

// facts are the before or after of an event; what cannot be read is nothing.
func facts(text string) map[string]any {
	var m map[string]any
	_ = json.Unmarshal([]byte(text), &m)
	return m
}

// factText is one value for people.
func factText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "Yes"
		}
		return "No"
	case float64:
		return thousands(int(v))
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return dateTime(at)
		}
		return v
	case []any:
		var words []string
		for _, one := range v {
			words = append(words, factText(one))
		}
		return strings.Join(words, ", ")
	}
	return fmt.Sprint(v)
}

// factNames are the words for what the models call differently.
var factNames = map[string]string{
	"issuer": "Issuer URL", "sign_in_url": "Identity Provider Sign-in URL", "single_sign_on": "Single Sign-On", "required": "Require Single Sign-On",
	"idp_managed_access": "IdP Managed Access", "sha256": "SHA-256", "not_after": "Valid until", "expires_at": "Expires", "user_name": "userName",
	"pre_flight": "Pre-flight", "external_id": "externalId", "email": "E-mail", "display_name": "Name", "given_name": "First name", "family_name": "Last name", "ip": "Address",
}

func factName(name string) string {
	if word, ok := factNames[name]; ok {
		return word
	}
	return upperFirst(strings.ReplaceAll(name, "_", " "))
}

// eventDetails are before and after as a comparison, or as facts where there is only one of them.
func eventDetails(e *models.AuditEvent) (changes []views.Change, single []views.Fact) {
	before, after := facts(e.Before), facts(e.After)
	var names []string
	for name := range before {
		names = append(names, name)
	}
	for name := range after {
		if _, both := before[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		was, is := factText(before[name]), factText(after[name])
		_, had := before[name]
		_, has := after[name]
		switch {
		case had && has && was == is:
		case had && has:
			changes = append(changes, views.Change{Field: factName(name), Before: was, After: is})
		case was+is == "No": // what was not the case says nothing
		default:
			single = append(single, views.Fact{Label: factName(name), Value: orNothing(was + is)})
		}
	}
	return changes, single
}

func orNothing(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
