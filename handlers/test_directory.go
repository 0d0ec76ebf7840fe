package handlers

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// What provisioning holds about the person whom a test has found stands beside what the sign-in said about them: an admin who sets both up
// sees at once where the two halves of Entra do not agree.

// tested is what the claims of a test say about the person.
type tested struct {
	email, objectID, userName string
	first, last, display      string
}

// testedPerson reads the claims of an answered test. ok is false if nobody was verified, or it is too long ago to know.
func testedPerson(a *models.Activity, trace models.LoginTrace) (p tested, ok bool) {
	facts := a.Facts()
	p.email, _ = facts["email"].(string)
	p.objectID, _ = facts["object_id"].(string)
	for _, c := range trace.Claims {
		if len(c.Values) != 1 {
			continue
		}
		v := strings.TrimSpace(c.Values[0])
		switch strings.ToLower(sso.ShortName(c.Name)) {
		case "name":
			p.userName = v
		case "firstname", "givenname":
			p.first = v
		case "lastname", "surname":
			p.last = v
		case "displayname":
			p.display = v
		}
	}
	return p, p.email != ""
}

// testDirectory is what provisioning holds about the person of a test, nil where there is nothing to say: nobody was verified, or
// provisioning has never been used.
func (s *Server) testDirectory(c echo.Context, t *models.TestSignIn) (*views.TestDirectory, error) {
	if t.State == models.TestWaiting || t.ActivityID == "" {
		return nil, nil
	}
	ctx, org := c.Request().Context(), orgID(c)
	activity, err := s.db.Activity(ctx, org, t.ActivityID)
	if models.IsKind(err, models.NotFound) {
		return nil, nil // swept
	}
	if err != nil {
		return nil, err
	}
	person, ok := testedPerson(activity, t.LoginTrace())
	if !ok {
		return nil, nil
	}
	people, err := s.db.DirectoryPeople(ctx, org, models.DirectoryKeys{MemberID: t.MemberID, ObjectID: person.objectID, Names: []string{person.userName, person.email}})
	if err != nil {
		return nil, err
	}
	a, err := s.access(ctx, org)
	if err != nil {
		return nil, err
	}
	used := a.lastCall() != nil || slices.ContainsFunc(people, func(m models.Member) bool { return m.SCIMManaged })
	switch {
	case !used:
		return nil, nil
	case len(people) == 0:
		return notProvisioned(models.RefusalReason(t.Reason)), nil
	}
	m := &people[0]
	d := &views.TestDirectory{Person: m.Label(), URL: memberURL(m.ID), State: directoryPill(m), Held: heldBanner(m)}
	if d.Facts, err = s.directoryFacts(c, a.now, m, person); err != nil {
		return nil, err
	}
	if m.SCIMManaged {
		found := m.ID == t.MemberID
		if !found {
			d.Sentence = "The sign-in has found nobody, but Entra has provisioned somebody it may mean."
		}
		d.Differences = differences(m, person, found, t.State == models.TestPassed)
	} else {
		d.Sentence = "Entra does not manage this member, who came " + cameBy(m.Source) + ". Its first write takes the profile over; nobody is made twice."
	}
	for i := range people[1:] {
		d.Differences = append(d.Differences, otherPerson(m, &people[1+i], person))
	}
	if len(d.Differences) == 0 && d.Sentence == "" && m.Status == models.Active && d.Held == nil {
		d.Sentence = "It says the same as the claims."
	}
	return d, nil
}

// notProvisioned is what is said when provisioning knows nobody by those claims.
func notProvisioned(reason models.RefusalReason) *views.TestDirectory {
	d := &views.TestDirectory{State: views.Pill{Text: "Not provisioned", Tone: views.ToneWarn}}
	if reason == models.RefusedDeleted {
		d.Sentence = "Entra has deleted this person here. In Entra: Users and groups, assign them again; the next cycle, within about 40 minutes, brings them back. Provision on demand does it at once."
		return d
	}
	d.Sentence = "Entra has not provisioned this person yet. In Entra: Users and groups shows whether they are assigned; the next cycle comes within about 40 minutes, Provision on demand does it at once."
	return d
}

func cameBy(s models.Source) string {
	switch s {
	case models.SourceInvitation:
		return "by invitation"
	case models.SourceSSO:
		return "by signing in"
	case models.SourceSCIM:
		return "by provisioning"
	}
	return "by the operator of this server"
}

func directoryPill(m *models.Member) views.Pill {
	switch {
	case !m.SCIMManaged:
		return views.Pill{Text: "Not managed by Entra"}
	case m.Status == models.Inactive:
		return views.Pill{Text: "Deactivated", Tone: views.ToneBad}
	case m.LeavingAt != nil:
		return views.Pill{Text: "To be deactivated", Tone: views.ToneWarn}
	case m.Held() != "":
		return views.Pill{Text: "Held", Tone: views.ToneWarn}
	}
	return views.Pill{Text: "Managed by Entra, active", Tone: views.ToneOK}
}

// directoryFacts are what provisioning holds, value by value.
func (s *Server) directoryFacts(c echo.Context, now time.Time, m *models.Member, p tested) ([]views.Fact, error) {
	ctx := c.Request().Context()
	var facts []views.Fact
	if m.SCIMManaged {
		facts = append(facts, views.Fact{Label: "userName", Value: m.UserName, Mono: true}, externalID(m, p))
	}
	facts = append(facts, activeFact(now, m), views.Fact{Label: "Address", Value: orNone(m.Address()), Mono: m.Address() != ""}, views.Fact{Label: "Name", Value: orNone(nameHere(m))})
	teams, err := s.db.TeamsOf(ctx, orgID(c), m.ID)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(teams))
	for i := range teams {
		names[i] = teams[i].Name
		if teams[i].Managed {
			names[i] += " (from Entra)"
		}
	}
	facts = append(facts, views.Fact{Label: "Teams", Value: orNone(strings.Join(names, ", "))})
	writes, err := s.db.AuditEvents(ctx, orgID(c), models.AuditFilter{MemberID: m.ID, ActorKind: models.SCIM, Limit: 1})
	if err != nil {
		return nil, err
	}
	last := views.Fact{Label: "Last provisioning write", Value: "Never"}
	if len(writes) > 0 {
		last.Value, last.Note = upperFirst(agoExact(now, writes[0].At)), sayEvent(&writes[0]).sentence
	}
	return append(facts, last), nil
}

func orNone(v string) string {
	if v == "" {
		return "None"
	}
	return v
}

// nameHere is what the member is called, empty if only an address is known.
func nameHere(m *models.Member) string {
	if label := m.Label(); label != m.Address() && label != m.UserName {
		return label
	}
	return ""
}

func activeFact(now time.Time, m *models.Member) views.Fact {
	f := views.Fact{Label: "Active", Value: "Yes"}
	switch {
	case m.Status == models.Inactive:
		f.Value = "No"
		if m.DeactivatedAt != nil {
			f.Value += ", deactivated" + deactivatedBy(m) + " " + agoExact(now, *m.DeactivatedAt)
		}
		f.Note = "In Entra: assign them again, or see why they are out of scope."
		if m.DeactivatedBy != nil && *m.DeactivatedBy != models.BySCIM {
			f.Note = "Provisioning does not bring them back: reactivate them here, under Users."
		}
	case m.LeavingAt != nil:
		f.Value, f.Note = "Yes, until a mass deactivation is decided on", "Entra wants them deactivated: see Access Security, SCIM."
	case m.Status == models.Invited:
		f.Value = "Invited, has not come yet"
	}
	return f
}

var guid = regexp.MustCompile(`^(?i:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

// externalID says how externalId and the objectidentifier claim go together. Only two object ids contradict each other (differences).
func externalID(m *models.Member, p tested) views.Fact {
	f := views.Fact{Label: "externalId", Value: "None"}
	if m.ExternalID == nil || *m.ExternalID == "" {
		return f
	}
	f.Value, f.Mono = *m.ExternalID, true
	switch {
	case p.objectID == "":
	case strings.EqualFold(*m.ExternalID, p.objectID):
		f.Note = "The same as the objectidentifier claim."
	case !guid.MatchString(*m.ExternalID):
		f.Note = "No object id: Entra’s usual mapping sends mailNickname. Nothing breaks by it; map objectId to externalId, and both name a person alike."
	}
	return f
}

// differences are where what provisioning holds contradicts the claims, and what that means. found tells
// whether the sign-in has found this member, passed whether it would let them in.
func differences(m *models.Member, p tested, found, passed bool) []views.Difference {
	var list []views.Difference
	if m.Email != nil && !strings.EqualFold(m.Address(), p.email) {
		d := views.Difference{Sentence: "The sign-in says " + p.email + ", provisioning says " + m.Address() + "."}
		switch {
		case !found:
			d.Means = "A first sign-in finds people by their address, so it does not find this one. Let both send the same attribute, user.mail as a rule."
		case passed:
			d.Means = "They are recognised all the same, by an identifier of an earlier sign-in. Lists and mails here use " + m.Address() + ". Let both send the same attribute, user.mail as a rule."
		default:
			d.Means = "Lists and mails here use " + m.Address() + ". Let both send the same attribute, user.mail as a rule."
		}
		list = append(list, d)
	}
	if m.ExternalID != nil && p.objectID != "" && guid.MatchString(*m.ExternalID) && guid.MatchString(p.objectID) && !strings.EqualFold(*m.ExternalID, p.objectID) {
		list = append(list, views.Difference{
			Sentence: "The claim objectidentifier is " + p.objectID + ", externalId is " + *m.ExternalID + ".",
			Means:    "These are two accounts in Entra: one was made anew, or the address was given to somebody else. Make sure that it is the same person before you go on; sign-ins go by the objectidentifier.",
		})
	}
	claimed := []string{p.display, fullName(p.first, p.last)}
	here := []string{m.DisplayName, fullName(m.GivenName, m.FamilyName)}
	if said, held := firstOf(claimed), firstOf(here); said != "" && held != "" && !sameName(claimed, here) {
		list = append(list, views.Difference{
			Sentence: "The sign-in calls them " + said + ", provisioning " + held + ".",
			Means:    "Of people whom Entra manages, the name comes from provisioning alone: " + held + " is shown here.",
		})
	}
	return list
}

// otherPerson is somebody else whom the same claims mean as well.
func otherPerson(m, other *models.Member, p tested) views.Difference {
	by := "the userName " + other.UserName
	if other.ExternalID != nil && strings.EqualFold(*other.ExternalID, p.objectID) {
		by = "this objectidentifier as externalId"
	}
	return views.Difference{
		Sentence: "Provisioning has " + by + " for somebody else: " + other.Label() + ".",
		Means:    "One person here is " + m.Label() + " by the sign-in and " + other.Label() + " by provisioning. Correct the address or the userName of one of them in Entra.",
		Link:     views.Link{Text: "Open " + other.Label(), URL: memberURL(other.ID)},
	}
}

func firstOf(list []string) string {
	for _, v := range list {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

// sameName tells whether one way of writing the name is in both lists.
func sameName(a, b []string) bool {
	for _, v := range a {
		v = strings.TrimSpace(v)
		if v != "" && slices.ContainsFunc(b, func(w string) bool { return strings.EqualFold(v, strings.TrimSpace(w)) }) {
			return true
		}
	}
	return false
}
