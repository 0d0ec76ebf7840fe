package handlers

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatehouse/models"
	"gatehouse/scim"
)

// resourceName is what people know a resource by.
func resourceName(v *scim.View) string {
	return cmp.Or(v.DisplayName, v.Label, v.UserName)
}

// told puts an exchange into words, with the raw message where something was written or refused.
func (x *exchange) told() models.Provisioned {
	x.removeSecrets()
	found := x.found
	p := models.Provisioned{At: x.at, NewActivity: models.NewActivity{OrgID: x.orgID, Kind: models.ActivityProvisioning, OK: x.refused == nil, Client: x.client}}
	p.Detail = models.ProvisioningDetail{Method: x.method, Path: x.path, Status: x.status, Token: x.token, Filter: x.filter, Milliseconds: x.took.Milliseconds(), Correlation: x.correlation, Part: x.part}
	if strings.HasPrefix(x.id, "mem_") {
		p.MemberID = x.id
	}
	for _, e := range x.events {
		switch e.TargetKind {
		case "member":
			p.MemberID, p.Who = e.TargetID, e.TargetLabel
		case "team":
			p.Detail.Team = e.TargetID
			var person struct{ Member, Name string }
			if json.Unmarshal([]byte(e.After+e.Before), &person) == nil && p.MemberID == "" {
				p.MemberID, p.Who = person.Member, person.Name
			}
		}
	}
	if x.endpoint == "Groups" && x.id != "" {
		p.Detail.Team = x.id
	}
	who := x.token
	if who == "" {
		who = "A directory"
	}
	switch {
	case x.refused != nil:
		if p.Who == "" {
			p.Who = x.claimed()
		}
		p.Reference, p.Reason = models.NewReference(), reasonOf(x.refused)
		p.Sentence = who + " wanted to " + x.wanted(p.Who) + "; refused: " + strings.TrimSuffix(x.refused.Detail, ".")
		p.Detail.Hint = mend(x.refused)
	case x.reads():
		p.Sentence = who + " " + x.readSentence(found)
		if p.Who == "" && x.count < 0 {
			p.Who = found
		}
	default:
		p.Sentence = who + " " + x.didSentence(found)
		if x.leftOut > 0 {
			p.Sentence += "; left out " + count(x.leftOut, "person", "people") + ", deleted here before"
		}
		if p.Who == "" {
			p.Who = found
		}
	}
	if x.answered != nil || x.refused != nil || !x.reads() {
		p.Raw = x.raw()
	}
	return p
}

func reasonOf(e *scim.Error) string {
	if e.Type != "" {
		return e.Type
	}
	return strings.ToLower(strings.ReplaceAll(http.StatusText(e.Status), " ", "_"))
}

// thing is a person or a group, by name where one is known.
func (x *exchange) thing(name string) string {
	switch {
	case strings.TrimSpace(name) != "":
		return name
	case x.endpoint == "Groups":
		return "a group"
	}
	return "a person"
}

// wanted is what a refused request was about.
func (x *exchange) wanted(name string) string {
	switch {
	case x.endpoint == "Bulk":
		return "change many things at once"
	case x.method == http.MethodPost && !x.reads():
		return "create " + x.thing(name)
	case x.method == http.MethodPut, x.method == http.MethodPatch:
		return "change " + x.thing(name)
	case x.method == http.MethodDelete:
		return "delete " + x.thing(name)
	case x.filter != "":
		return "look for " + x.filter
	case x.id != "" && x.endpoint != "":
		return "read " + x.thing(name)
	}
	return "read " + x.path
}

// claimed is the name that a refused body carries.
func (x *exchange) claimed() string {
	var body struct{ UserName, DisplayName string }
	if json.Unmarshal(x.read, &body) != nil {
		return ""
	}
	if body.UserName != "" {
		return body.UserName
	}
	return body.DisplayName
}

func (x *exchange) readSentence(found string) string {
	things := "people"
	if x.endpoint == "Groups" {
		things = "groups"
	}
	switch {
	case x.endpoint == "Me" || x.count < 0 && found == "":
		return "read " + x.path
	case x.count < 0:
		return "read " + found
	case x.filter != "" && x.total == 0:
		return "looked for " + x.filter + ": found nothing"
	case x.filter != "" && x.total == 1 && found != "":
		return "looked for " + x.filter + ": found " + found
	case x.filter != "":
		return "looked for " + x.filter + ": found " + thousands(x.total)
	}
	return "read " + thousands(x.count) + " of " + thousands(x.total) + " " + things
}

// didSentence tells a change by its audit events.
func (x *exchange) didSentence(found string) string {
	if x.endpoint == "Bulk" {
		s := "sent " + count(x.total, "operation", "operations") + " at once"
		if refused := x.total - x.count; refused > 0 {
			s += ", " + thousands(refused) + " of them refused"
		}
		return s
	}
	if len(x.events) == 0 {
		return "sent " + x.thing(found) + " as " + map[bool]string{true: "they are", false: "it is"}[x.endpoint == "Users"] + " already: nothing to change"
	}
	var parts []string
	var added, removed []string
	for i := range x.events {
		e := x.events[i]
		if strings.TrimSpace(e.TargetLabel) == "" {
			e.TargetLabel = "somebody without a name"
		}
		switch e.Action {
		case "member.added":
			s := "created " + e.TargetLabel
			if held := factsOf(e.After).Held; held != "" {
				s += ", who is held: " + heldWords(models.HeldReason(held))
			}
			parts = append(parts, s)
		case "member.adopted":
			parts = append(parts, "took over "+e.TargetLabel+", who was here before")
		case "member.changed":
			s := "changed " + e.TargetLabel
			if names := changedNames(e.After); names != "" {
				s += ": " + names
			}
			parts = append(parts, s)
		case "member.deactivated", "member.deleted":
			s := "set " + e.TargetLabel + " inactive: "
			if e.Action == "member.deleted" {
				s = "deleted " + e.TargetLabel + ": "
			}
			parts = append(parts, s+count(factsOf(e.After).SessionsEnded, "session", "sessions")+" ended")
		case "member.deactivation_held":
			parts = append(parts, "wanted "+e.TargetLabel+" inactive; sessions ended, the rest waits for a decision")
		case "member.directory_wish":
			parts = append(parts, "wants "+e.TargetLabel+", who is deactivated here, "+factsOf(e.After).Directory)
		case "member.reactivated":
			parts = append(parts, "set "+e.TargetLabel+" active again")
		case "member.released":
			parts = append(parts, "which ended the hold of "+e.TargetLabel)
		case "team.created":
			parts = append(parts, "created the group "+e.TargetLabel)
		case "team.adopted":
			parts = append(parts, "took over the team "+e.TargetLabel)
		case "team.changed":
			parts = append(parts, "changed the group "+e.TargetLabel)
		case "team.released":
			parts = append(parts, "deleted the group "+e.TargetLabel+", whose team stays without role")
		case "team.member_added":
			added = append(added, factsOf(e.After).Name)
		case "team.member_removed":
			removed = append(removed, factsOf(e.Before).Name)
		case "team.members_changed":
			parts = append(parts, "changed many members of "+e.TargetLabel)
		}
	}
	team := x.events[len(x.events)-1].TargetLabel
	if len(added) > 0 {
		parts = append(parts, "added "+oneOrMany(added)+" to "+team)
	}
	if len(removed) > 0 {
		parts = append(parts, "removed "+oneOrMany(removed)+" from "+team)
	}
	if len(parts) == 0 {
		return "changed " + x.thing(found)
	}
	return strings.Join(parts, ", ")
}

// eventFacts are what the sentences take from the facts of an audit event.
type eventFacts struct {
	Held, Name    string
	Directory     string
	SessionsEnded int `json:"sessions_ended"`
}

func factsOf(text string) (f eventFacts) {
	_ = json.Unmarshal([]byte(text), &f)
	return f
}

func oneOrMany(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return thousands(len(names)) + " people"
}

// heldWords say why somebody is held and how it ends.
func heldWords(reason models.HeldReason) string {
	switch reason {
	case models.HeldDomainUnverified:
		return "their domain is not verified here; claim it under Domains"
	case models.HeldAddressTaken:
		return "another member has the same e-mail address"
	case models.HeldNoAddress:
		return "no e-mail address was sent; map one in the directory"
	}
	return string(reason)
}

// changedNames are the names of changed facts in words.
func changedNames(after string) string {
	var facts models.Facts
	_ = json.Unmarshal([]byte(after), &facts)
	var names []string
	for name := range facts {
		if name != "held" && name != "source" && name != "status" && name != "attributes" {
			names = append(names, strings.ReplaceAll(name, "_", " "))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// mend says what to change in Entra, and where.
func mend(e *scim.Error) string {
	switch {
	case e.Field == "members":
		return "The directory remembers somebody who is gone here. In Entra: Provisioning, Restart provisioning; it looks everybody up anew and sends the members again."
	case e.Type == scim.TypeTooMany:
		return "The directory searches in a way that has to read everybody. In Entra: Provisioning, Mappings; match people by userName or externalId."
	case e.Status == http.StatusUnauthorized:
		return "In Entra: Enterprise applications, your application, Provisioning, Admin Credentials. Paste the Secret Token again and press Test Connection."
	case e.Type == scim.TypeUniqueness:
		return "Two entries claim the same name. In Entra: Provisioning, Provision on demand shows which; rename one of them, or remove one from Users and groups."
	case e.Status == http.StatusConflict:
		return "Nothing to change in Entra. Here: make somebody else an owner first, then Entra's next cycle succeeds."
	case e.Status == http.StatusNotFound:
		return "Entra remembers something that is gone here. In Entra: Provisioning, Restart provisioning; it looks everything up anew."
	case e.Status == http.StatusTooManyRequests:
		return "Nothing to change: Entra slows down and tries again by itself."
	case e.Status == http.StatusPreconditionFailed:
		return "Nothing to change: somebody else changed it meanwhile, and the directory reads it again."
	case e.Status >= 500 && e.Status != http.StatusNotImplemented:
		return "Nothing to change in Entra, which tries again by itself. If it stays, give the reference to the person who runs Gatehouse."
	case e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented:
		return "The directory asks for something that is not offered. In Entra: check that the Tenant URL is the one shown on the SCIM page."
	}
	return "In Entra: Provisioning, Mappings. Look at the attribute that is named, and at what is mapped to it."
}

// raw is the message and its answer as they are kept.
func (x *exchange) raw() string {
	var b strings.Builder
	b.WriteString(x.method + " " + x.path + "\n")
	if len(x.read) > 0 {
		b.WriteString(withoutSecrets(x.read) + "\n")
	}
	b.WriteString("\n" + strconv.Itoa(x.status) + " " + http.StatusText(x.status) + "\n")
	if len(x.answered) > 0 {
		b.WriteString(withoutSecrets(x.answered) + "\n")
	}
	return b.String()
}
