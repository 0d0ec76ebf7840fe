package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// person is one user object of the directory.
type person struct {
	ID          string // object id, never changes
	UPN         string // user principal name; a guest's holds #EXT#
	Mail        string // may be empty: then no e-mail claim is sent
	GivenName   string
	Surname     string
	DisplayName string
	JobTitle    string
	Department  string
	EmployeeID  string
	ManagerID   string // object id of another person, or empty
	Enabled     bool
	Assigned    bool      // to the application, directly
	DeletedAt   time.Time // zero unless soft-deleted
}

func (p person) deleted() bool { return !p.DeletedAt.IsZero() }

// nickname is mailNickname: what stands before the @ of the mail, else of the user principal name.
func (p person) nickname() string {
	from := p.Mail
	if from == "" {
		from = p.UPN
	}
	before, _, _ := strings.Cut(from, "@")
	return before
}

// address is what pages show under a name.
func (p person) address() string {
	if p.Mail != "" {
		return p.Mail
	}
	return p.UPN
}

// group is one security group.
type group struct {
	ID       string
	Name     string
	Assigned bool
	Members  []string // object ids of people
}

// directory is the tenant's people and groups. Copies made by clone share nothing.
type directory struct {
	people []person
	groups []group
}

func (d *directory) clone() directory {
	c := directory{people: slices.Clone(d.people), groups: slices.Clone(d.groups)}
	for i := range c.groups {
		c.groups[i].Members = slices.Clone(c.groups[i].Members)
	}
	return c
}

func (d *directory) person(id string) *person {
	for i := range d.people {
		if d.people[i].ID == id {
			return &d.people[i]
		}
	}
	return nil
}

func (d *directory) group(id string) *group {
	for i := range d.groups {
		if d.groups[i].ID == id {
			return &d.groups[i]
		}
	}
	return nil
}

// assignedBy says through what a person may use the application: "directly", group names, or nothing.
func (d *directory) assignedBy(id string) (direct bool, groups []string) {
	if p := d.person(id); p != nil {
		direct = p.Assigned
	}
	for _, g := range d.groups {
		if g.Assigned && slices.Contains(g.Members, id) {
			groups = append(groups, g.Name)
		}
	}
	return direct, groups
}

// assigned reports whether a person may use the application at all.
func (d *directory) assigned(id string) bool {
	direct, groups := d.assignedBy(id)
	return direct || len(groups) > 0
}

// inScope reports whether provisioning keeps a person active: assigned, enabled and not deleted.
func (d *directory) inScope(id string) bool {
	p := d.person(id)
	return p != nil && p.Enabled && !p.deleted() && d.assigned(id)
}

// conflict says in words why a person cannot be saved like this, or is empty.
func (d *directory) conflict(p person) (field, reason string) {
	switch {
	case strings.TrimSpace(p.DisplayName) == "":
		return "display_name", "Enter a display name."
	case strings.Count(p.UPN, "@") != 1 || strings.HasPrefix(p.UPN, "@") || strings.HasSuffix(p.UPN, "@") || strings.ContainsAny(p.UPN, " \t"):
		return "upn", "A user principal name looks like an address: ana@acme.com."
	case p.Mail != "" && (!strings.Contains(p.Mail, "@") || strings.ContainsAny(p.Mail, " \t")):
		return "mail", "Enter an address such as ana@acme.com, or leave the field empty."
	}
	for _, other := range d.people {
		if other.ID != p.ID && strings.EqualFold(other.UPN, p.UPN) {
			if other.deleted() {
				return "upn", "A deleted user still has this user principal name. Restore or purge that user first."
			}
			return "upn", "Another user already has this user principal name."
		}
	}
	return "", ""
}

// purge removes a person for good and takes them out of every group, as Entra does 30 days after a deletion.
func (d *directory) purge(id string) {
	d.people = slices.DeleteFunc(d.people, func(p person) bool { return p.ID == id })
	for i := range d.groups {
		d.groups[i].Members = slices.DeleteFunc(d.groups[i].Members, func(m string) bool { return m == id })
	}
	for i := range d.people {
		if d.people[i].ManagerID == id {
			d.people[i].ManagerID = ""
		}
	}
}

// seedDirectory is the company the demo begins with: nobody is assigned yet, as in a new application.
func seedDirectory() directory {
	type seed struct{ given, surname, mail, title, department, manager string }
	seeds := []seed{
		{"Dana", "Reyes", "dana@acme.com", "Head of IT", "IT", ""},
		{"Amara", "Okafor", "amara@acme.com", "Data engineer", "Data", "dana@acme.com"},
		{"Haruto", "Yamada", "haruto@acme.com", "Platform engineer", "Data", "amara@acme.com"},
		{"Santiago", "Benítez", "santiago@acme.com", "Analyst", "Finance", "dana@acme.com"},
		{"Zoë", "Šimić", "zoe@acme.com", "Product manager", "Product", "dana@acme.com"},
		{"Łukasz", "Zieliński", "lukasz@acme.com", "Site reliability engineer", "IT", "dana@acme.com"},
		{"Kofi", "Mensah", "kofi@acme.com", "Designer", "Product", "zoe@acme.com"},
		{"Leila", "Emami", "leila@acme.com", "Researcher", "Data", "amara@acme.com"},
	}
	var d directory
	for i, s := range seeds {
		p := person{
			ID: fixedGUID(s.mail), UPN: s.mail, Mail: s.mail, GivenName: s.given, Surname: s.surname,
			DisplayName: s.given + " " + s.surname, JobTitle: s.title, Department: s.department,
			EmployeeID: fmt.Sprintf("%04d", 1001+i), Enabled: true,
		}
		if s.manager != "" {
			p.ManagerID = fixedGUID(s.manager)
		}
		d.people = append(d.people, p)
	}
	// A guest: the mail is at home elsewhere, the user principal name is not an address anybody could write to.
	d.people = append(d.people, person{
		ID: fixedGUID("priya@contoso.com"), UPN: "priya_contoso.com#EXT#@" + tenantDomain, Mail: "priya@contoso.com",
		GivenName: "Priya", Surname: "Krishnan", DisplayName: "Priya Krishnan", JobTitle: "Consultant", Department: "Finance", Enabled: true,
	})
	d.groups = []group{
		{ID: fixedGUID("sg-data-platform"), Name: "sg-data-platform", Members: []string{
			fixedGUID("amara@acme.com"), fixedGUID("haruto@acme.com"), fixedGUID("leila@acme.com"),
		}},
		{ID: fixedGUID("sg-incident"), Name: "sg-incident", Members: []string{
			fixedGUID("dana@acme.com"), fixedGUID("lukasz@acme.com"), fixedGUID("amara@acme.com"),
		}},
	}
	return d
}
