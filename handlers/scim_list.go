package handlers

import (
	"net/http"

	"gatehouse/models"
	"gatehouse/scim"
)

// Lists and searches (RFC 7644 §3.4.2 and §3.4.3). A search is a list whose parameters come in a body. Pages are by index unless the
// client asks for a cursor (RFC 9865).

func (r *scimRequest) listUsers() (*scimAnswer, error)  { return r.list(scim.UserType) }
func (r *scimRequest) listGroups() (*scimAnswer, error) { return r.list(scim.GroupType) }
func (r *scimRequest) listAll() (*scimAnswer, error)    { return r.list(nil) }

func (r *scimRequest) searchUsers() (*scimAnswer, error)  { return r.search(scim.UserType) }
func (r *scimRequest) searchGroups() (*scimAnswer, error) { return r.search(scim.GroupType) }
func (r *scimRequest) searchAll() (*scimAnswer, error)    { return r.search(nil) }

func (r *scimRequest) search(rt *scim.ResourceType) (*scimAnswer, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	parameters, err := scim.ParseSearch(body)
	if err != nil {
		return nil, err
	}
	r.query = parameters
	return r.list(rt)
}

// list answers with a page of one type, or of both if rt is nil.
func (r *scimRequest) list(rt *scim.ResourceType) (*scimAnswer, error) {
	q, err := r.query.list()
	if err != nil {
		return nil, err
	}
	var page *scim.Page
	switch {
	case rt == nil:
		page, err = r.mixedPage(q)
	case r.query.byCursor() || r.query["sortby"] != "" || r.query["sortorder"] != "":
		page, err = r.orderedPage(rt, q)
	default:
		page, err = r.indexPage(rt, q)
	}
	if err != nil {
		return nil, err
	}
	r.listed, r.total = len(page.Views), page.Total
	if len(page.Views) == 1 {
		r.seen = &page.Views[0]
	}
	users, groups := r.query.projection(scim.UserType), r.query.projection(scim.GroupType)
	body := page.AppendEach(make([]byte, 0, 256+512*len(page.Views)), func(rt *scim.ResourceType) *scim.Projection {
		if rt == scim.GroupType {
			return groups
		}
		return users
	})
	return &scimAnswer{status: http.StatusOK, body: body}, nil
}

// withFilter completes a page of one type by its filter, and by whether groups or members are to be loaded.
func (r *scimRequest) withFilter(rt *scim.ResourceType, q *models.SCIMQuery) error {
	related := "groups"
	if rt == scim.GroupType {
		related = "members"
	}
	q.Related = r.query.projection(rt).Wants(rt, related)
	filter, given := r.query["filter"]
	if !given {
		return nil
	}
	var err error
	q.Filter, err = scim.ParseFilter(rt, filter)
	return err
}

// indexPage is a page in the order in which the resources came.
func (r *scimRequest) indexPage(rt *scim.ResourceType, q models.SCIMQuery) (*scim.Page, error) {
	if err := r.withFilter(rt, &q); err != nil {
		return nil, err
	}
	views, total, err := r.views(rt, q)
	if err != nil {
		return nil, err
	}
	return &scim.Page{Total: total, StartIndex: q.StartIndex, Views: views}, nil
}

// views are the resources of a page by index, and the number of all.
func (r *scimRequest) views(rt *scim.ResourceType, q models.SCIMQuery) ([]scim.View, int, error) {
	if rt == scim.GroupType {
		teams, total, err := r.db.SCIMTeams(r.ctx, r.call, q)
		return viewsOf(teams, func(t *models.SCIMTeam) scim.View { return t.View(r.base()) }), total, err
	}
	people, total, err := r.db.SCIMMembers(r.ctx, r.call, q)
	return viewsOf(people, func(m *models.SCIMMember) scim.View { return m.View(r.base()) }), total, err
}

// walk is a page in some order or behind a place.
func (r *scimRequest) walk(rt *scim.ResourceType, w models.SCIMWalk) ([]scim.View, int, *models.SCIMPosition, error) {
	if rt == scim.GroupType {
		teams, total, next, err := r.db.WalkSCIMTeams(r.ctx, r.call, w)
		return viewsOf(teams, func(t *models.SCIMTeam) scim.View { return t.View(r.base()) }), total, next, err
	}
	people, total, next, err := r.db.WalkSCIMMembers(r.ctx, r.call, w)
	return viewsOf(people, func(m *models.SCIMMember) scim.View { return m.View(r.base()) }), total, next, err
}

func viewsOf[T any](rows []T, view func(*T) scim.View) []scim.View {
	views := make([]scim.View, len(rows))
	for i := range rows {
		views[i] = view(&rows[i])
	}
	return views
}

// orderedPage is a page by sortBy, by cursor, or both.
func (r *scimRequest) orderedPage(rt *scim.ResourceType, q models.SCIMQuery) (*scim.Page, error) {
	if err := r.withFilter(rt, &q); err != nil {
		return nil, err
	}
	w := models.SCIMWalk{SCIMQuery: q, Total: -1}
	var err error
	if w.Order.By, w.Order.Descending, err = scim.ParseSort(rt, r.query["sortby"], r.query["sortorder"]); err != nil {
		return nil, err
	}
	if !r.query.byCursor() {
		views, total, _, err := r.walk(rt, w)
		return &scim.Page{Total: total, StartIndex: q.StartIndex, Views: views}, err
	}
	from, err := r.openCursor(rt.Endpoint)
	if err != nil {
		return nil, err
	}
	w.StartIndex, w.After, w.Total = 1, from.After, from.Total
	views, total, next, err := r.walk(rt, w)
	if err != nil {
		return nil, err
	}
	page := &scim.Page{Total: total, Cursor: true, Views: views}
	if next != nil {
		page.NextCursor, err = r.sealCursor(rt.Endpoint, cursor{After: next, Total: total})
	}
	return page, err
}

// mixedPage is a page of people and groups, people first.
func (r *scimRequest) mixedPage(q models.SCIMQuery) (*scim.Page, error) {
	if r.query["sortby"] != "" {
		return nil, &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeInvalidValue, Detail: "Users and Groups together cannot be sorted. Search below /Users or /Groups."}
	}
	people, groups := models.SCIMWalk{SCIMQuery: q, Total: -1}, models.SCIMWalk{SCIMQuery: q, Total: -1}
	people.Related = r.query.projection(scim.UserType).Wants(scim.UserType, "groups")
	groups.Related = r.query.projection(scim.GroupType).Wants(scim.GroupType, "members")
	if filter, given := r.query["filter"]; given {
		var err error
		if people.Filter, groups.Filter, err = scim.ParseRootFilter(filter); err != nil {
			return nil, err
		}
	}
	if r.query.byCursor() {
		return r.mixedCursorPage(people, groups)
	}
	page := &scim.Page{StartIndex: q.StartIndex}
	views, total, err := r.views(scim.UserType, people.SCIMQuery)
	if err != nil {
		return nil, err
	}
	groups.StartIndex, groups.Count = max(1, q.StartIndex-total), q.Count-len(views)
	if q.StartIndex-1+len(views) < total { // a page may end before count is reached
		groups.Count = 0
	}
	more, totalGroups, err := r.views(scim.GroupType, groups.SCIMQuery)
	page.Views, page.Total = append(views, more...), total+totalGroups
	return page, err
}

// mixedCursorPage goes through the people and then through the groups; the cursor says among which of them it stands.
func (r *scimRequest) mixedCursorPage(people, groups models.SCIMWalk) (*scim.Page, error) {
	from, err := r.openCursor("/")
	if err != nil {
		return nil, err
	}
	page := &scim.Page{Cursor: true, Total: from.Total}
	counting := from.Total < 0
	if !counting {
		people.Total, groups.Total = 0, 0
	}
	people.StartIndex, groups.StartIndex = 1, 1
	var next *models.SCIMPosition
	var totalPeople int
	if from.Groups {
		groups.After = from.After
	} else {
		people.After = from.After
		if page.Views, totalPeople, next, err = r.walk(scim.UserType, people); err != nil {
			return nil, err
		}
	}
	if next != nil && !counting {
		page.NextCursor, err = r.sealCursor("/", cursor{After: next, Total: page.Total})
		return page, err
	}
	if groups.Count -= len(page.Views); next != nil || groups.Count == 0 { // no room: only count them
		groups.Count, groups.Total = 0, -1
	}
	more, totalGroups, nextGroup, err := r.walk(scim.GroupType, groups)
	if err != nil {
		return nil, err
	}
	full := groups.Count == 0 && len(page.Views) > 0
	page.Views = append(page.Views, more...)
	if counting {
		page.Total = totalPeople + totalGroups
	}
	switch {
	case next != nil:
		page.NextCursor, err = r.sealCursor("/", cursor{After: next, Total: page.Total})
	case nextGroup != nil:
		page.NextCursor, err = r.sealCursor("/", cursor{After: nextGroup, Groups: true, Total: page.Total})
	case full && totalGroups > 0: // the people ended exactly with this page
		page.NextCursor, err = r.sealCursor("/", cursor{Groups: true, Total: page.Total})
	}
	return page, err
}
