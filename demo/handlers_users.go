package demo

import (
	"net/http"
	"sort"
	"strings"
	"time"
)

// row is how lists show a person.
func (d *directory) row(p person) personRow {
	r := personRow{
		ID: p.ID, Name: p.DisplayName, Address: p.address(), URL: "/directory/users/" + p.ID, Hue: hue(p.ID),
		Off: !p.Enabled || p.deleted(), Direct: p.Assigned, Account: "Enabled", Assigned: "No",
	}
	direct, groups := d.assignedBy(p.ID)
	switch {
	case direct && len(groups) > 0:
		r.Assigned = "Directly, and by " + strings.Join(groups, ", ")
	case direct:
		r.Assigned = "Directly"
	case len(groups) > 0:
		r.Assigned = "By " + strings.Join(groups, ", ")
	}
	switch {
	case p.deleted():
		r.Account = "Deleted"
	case !p.Enabled:
		r.Account = "Disabled"
	}
	return r
}

func (g group) row() groupRow {
	return groupRow{ID: g.ID, Name: g.Name, URL: "/directory/groups/" + g.ID, Members: people(len(g.Members)), Assigned: g.Assigned}
}

func (a *Azure) showUsers(w http.ResponseWriter, r *http.Request) {
	p := usersPage{Frame: a.frame(w, r, "users")}
	a.mu.Lock()
	dir := a.dir.clone()
	a.mu.Unlock()
	for _, g := range dir.groups {
		if g.Assigned {
			p.Groups = append(p.Groups, g.row())
		} else {
			p.OtherGroups = append(p.OtherGroups, option{"group:" + g.ID, g.Name + ", " + people(len(g.Members))})
		}
	}
	for _, person := range dir.people {
		if person.deleted() {
			continue
		}
		if dir.assigned(person.ID) {
			p.People = append(p.People, dir.row(person))
		}
		if !person.Assigned {
			p.OtherPeople = append(p.OtherPeople, option{"user:" + person.ID, person.DisplayName + ", " + person.address()})
		}
	}
	p.NothingToAdd = len(p.OtherGroups)+len(p.OtherPeople) == 0
	a.render(w, r, http.StatusOK, users(p))
}

func (a *Azure) assign(w http.ResponseWriter, r *http.Request)   { a.setAssigned(w, r, true) }
func (a *Azure) unassign(w http.ResponseWriter, r *http.Request) { a.setAssigned(w, r, false) }

// setAssigned changes whether somebody is assigned; "who" is user:ID or group:ID.
func (a *Azure) setAssigned(w http.ResponseWriter, r *http.Request, assigned bool) {
	kind, id, _ := strings.Cut(formValue(r, "who"), ":")
	name := ""
	a.mu.Lock()
	switch kind {
	case "user":
		if p := a.dir.person(id); p != nil && !p.deleted() {
			p.Assigned, name = assigned, p.DisplayName
		}
	case "group":
		if g := a.dir.group(id); g != nil {
			g.Assigned, name = assigned, g.Name
		}
	}
	a.mu.Unlock()
	switch {
	case name == "":
		a.redirect(w, r, "/users", bad("Choose somebody who is still in the directory."))
	case assigned:
		a.redirect(w, r, "/users", good(name+" is assigned to Gatehouse."))
	default:
		a.redirect(w, r, "/users", good(name+" is no longer assigned. The next cycle tells Gatehouse."))
	}
}

func (a *Azure) showDirectory(w http.ResponseWriter, r *http.Request) {
	p := directoryPage{Frame: a.frame(w, r, "directory")}
	a.mu.Lock()
	dir := a.dir.clone()
	a.mu.Unlock()
	for _, person := range dir.people {
		if person.deleted() {
			p.Deleted = append(p.Deleted, dir.row(person))
		} else {
			p.People = append(p.People, dir.row(person))
		}
	}
	for _, g := range dir.groups {
		p.Groups = append(p.Groups, g.row())
	}
	a.render(w, r, http.StatusOK, directoryList(p))
}

func (a *Azure) showPerson(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	a.mu.Lock()
	dir := a.dir.clone()
	a.mu.Unlock()
	p := person{Enabled: true}
	if id != "new" {
		found := dir.person(id)
		if found == nil || found.deleted() {
			a.notFound(w, r)
			return
		}
		p = *found
	}
	a.renderPerson(w, r, http.StatusOK, &dir, p, "", "")
}

// renderPerson shows the form; refusal stands beside the field it is about.
func (a *Azure) renderPerson(w http.ResponseWriter, r *http.Request, status int, dir *directory, p person, at, refusal string) {
	f := func(name, value string) field {
		if name == at {
			return field{value, refusal}
		}
		return field{Value: value}
	}
	page := personPage{
		Frame: a.frame(w, r, "directory"), ID: p.ID, Heading: "New user",
		DisplayName: f("display_name", p.DisplayName), GivenName: f("given_name", p.GivenName), Surname: f("surname", p.Surname),
		UPN: f("upn", p.UPN), Mail: f("mail", p.Mail), JobTitle: f("job_title", p.JobTitle), Department: f("department", p.Department),
		EmployeeID: f("employee_id", p.EmployeeID), Manager: f("manager", p.ManagerID), Enabled: p.Enabled,
		Managers: []option{{"", "Nobody"}},
	}
	if stored := dir.person(p.ID); stored != nil {
		page.Heading, page.Assigned = stored.DisplayName, dir.row(*stored).Assigned
	}
	for _, other := range dir.people {
		if other.ID != p.ID && !other.deleted() {
			page.Managers = append(page.Managers, option{other.ID, other.DisplayName})
		}
	}
	a.render(w, r, status, personForm(page))
}

func (a *Azure) savePerson(w http.ResponseWriter, r *http.Request) {
	p := person{
		ID: formValue(r, "id"), DisplayName: formValue(r, "display_name"), GivenName: formValue(r, "given_name"),
		Surname: formValue(r, "surname"), UPN: formValue(r, "upn"), Mail: formValue(r, "mail"), JobTitle: formValue(r, "job_title"),
		Department: formValue(r, "department"), EmployeeID: formValue(r, "employee_id"), ManagerID: formValue(r, "manager"),
		Enabled: formValue(r, "enabled") == "on",
	}
	a.mu.Lock()
	at, refusal := a.dir.conflict(p)
	gone := false
	if refusal == "" {
		if p.ID == "" {
			p.ID = newGUID()
			a.dir.people = append(a.dir.people, p)
		} else if stored := a.dir.person(p.ID); stored == nil || stored.deleted() {
			gone = true
		} else {
			p.Assigned, p.DeletedAt = stored.Assigned, stored.DeletedAt
			*stored = p
		}
	}
	dir := a.dir.clone()
	a.mu.Unlock()
	switch {
	case refusal != "":
		a.renderPerson(w, r, http.StatusUnprocessableEntity, &dir, p, at, refusal)
	case gone:
		a.notFound(w, r)
	default:
		a.redirect(w, r, "/directory/users/"+p.ID, good(p.DisplayName+" is saved."))
	}
}

// changePerson does something to one person and goes back to the list.
func (a *Azure) changePerson(w http.ResponseWriter, r *http.Request, change func(p *person) string) {
	a.mu.Lock()
	p := a.dir.person(formValue(r, "id"))
	said := ""
	if p != nil {
		said = change(p)
	}
	a.mu.Unlock()
	if said == "" {
		a.redirect(w, r, "/directory", bad("That person is no longer in the directory."))
		return
	}
	a.redirect(w, r, "/directory", good(said))
}

func (a *Azure) deletePerson(w http.ResponseWriter, r *http.Request) {
	a.changePerson(w, r, func(p *person) string {
		p.DeletedAt = a.now()
		return p.DisplayName + " is deleted. The next cycle disables them in Gatehouse; until then they can be restored."
	})
}

func (a *Azure) restorePerson(w http.ResponseWriter, r *http.Request) {
	a.changePerson(w, r, func(p *person) string {
		p.DeletedAt = time.Time{}
		return p.DisplayName + " is restored."
	})
}

func (a *Azure) purgePerson(w http.ResponseWriter, r *http.Request) {
	a.changePerson(w, r, func(p *person) string {
		name, id := p.DisplayName, p.ID
		// Somebody who was unassigned before is only ever disabled over there, never deleted.
		if link, ok := a.prov.users[id]; ok && !link.Unassigned {
			a.prov.purged = append(a.prov.purged, purgedUser{Name: name, ID: id, ScimID: link.ScimID})
		}
		delete(a.prov.users, id)
		a.dir.purge(id)
		return name + " is purged. The next cycle deletes them in Gatehouse."
	})
}

func (a *Azure) showGroup(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	a.mu.Lock()
	dir := a.dir.clone()
	a.mu.Unlock()
	g := group{}
	if id != "new" {
		found := dir.group(id)
		if found == nil {
			a.notFound(w, r)
			return
		}
		g = *found
	}
	a.renderGroup(w, r, http.StatusOK, &dir, g, "")
}

func (a *Azure) renderGroup(w http.ResponseWriter, r *http.Request, status int, dir *directory, g group, refusal string) {
	page := groupPage{Frame: a.frame(w, r, "directory"), ID: g.ID, Heading: "New group", Name: field{g.Name, refusal}, Assigned: g.Assigned}
	if stored := dir.group(g.ID); stored != nil {
		page.Heading = stored.Name
		member := map[string]bool{}
		for _, id := range stored.Members {
			member[id] = true
			if p := dir.person(id); p != nil {
				page.Members = append(page.Members, dir.row(*p))
			}
		}
		for _, p := range dir.people {
			if !member[p.ID] && !p.deleted() {
				page.Others = append(page.Others, option{p.ID, p.DisplayName + ", " + p.address()})
			}
		}
		sort.Slice(page.Members, func(i, j int) bool { return page.Members[i].Name < page.Members[j].Name })
	}
	a.render(w, r, status, groupForm(page))
}

func (a *Azure) saveGroup(w http.ResponseWriter, r *http.Request) {
	id, name := formValue(r, "id"), formValue(r, "name")
	a.mu.Lock()
	refusal := ""
	if name == "" {
		refusal = "Enter a name, such as sg-analytics."
	}
	stored := a.dir.group(id)
	switch {
	case refusal != "" || id != "" && stored == nil:
	case id == "":
		id = newGUID()
		a.dir.groups = append(a.dir.groups, group{ID: id, Name: name})
	default:
		stored.Name = name
	}
	dir := a.dir.clone()
	a.mu.Unlock()
	switch {
	case refusal != "":
		a.renderGroup(w, r, http.StatusUnprocessableEntity, &dir, group{ID: id, Name: name}, refusal)
	case dir.group(id) == nil:
		a.notFound(w, r)
	default:
		a.redirect(w, r, "/directory/groups/"+id, good(name+" is saved."))
	}
}

func (a *Azure) deleteGroup(w http.ResponseWriter, r *http.Request) {
	id := formValue(r, "id")
	a.mu.Lock()
	name := ""
	kept := a.dir.groups[:0]
	for _, g := range a.dir.groups {
		if g.ID == id {
			name = g.Name
			continue
		}
		kept = append(kept, g)
	}
	a.dir.groups = kept
	a.mu.Unlock()
	if name == "" {
		a.redirect(w, r, "/directory", bad("That group is no longer in the directory."))
		return
	}
	a.redirect(w, r, "/directory", good(name+" is deleted. The next cycle tells Gatehouse."))
}

func (a *Azure) addMember(w http.ResponseWriter, r *http.Request)    { a.setMember(w, r, true) }
func (a *Azure) removeMember(w http.ResponseWriter, r *http.Request) { a.setMember(w, r, false) }

func (a *Azure) setMember(w http.ResponseWriter, r *http.Request, in bool) {
	id, memberID := formValue(r, "id"), formValue(r, "member")
	a.mu.Lock()
	g, p := a.dir.group(id), a.dir.person(memberID)
	done, name := g != nil && p != nil, ""
	if done {
		name = p.DisplayName
		kept := g.Members[:0]
		for _, m := range g.Members {
			if m != memberID {
				kept = append(kept, m)
			}
		}
		g.Members = kept
		if in {
			g.Members = append(g.Members, memberID)
		}
	}
	a.mu.Unlock()
	if !done {
		a.redirect(w, r, "/directory", bad("That group or person is no longer in the directory."))
		return
	}
	what := " left the group."
	if in {
		what = " is a member now."
	}
	a.redirect(w, r, "/directory/groups/"+id, good(name+what))
}
