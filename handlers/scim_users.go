package handlers

import (
	"net/http"

	"gatehouse/scim"
)

func (r *scimRequest) listUsers() error {
	q, err := r.query.list(scim.UserType)
	if err != nil {
		return err
	}
	people, total, err := r.db.SCIMMembers(r.c.Request().Context(), r.call, q)
	if err != nil {
		return err
	}
	page := scim.Page{Total: total, StartIndex: q.StartIndex, Views: make([]scim.View, len(people))}
	for i := range people {
		page.Views[i] = people[i].View(r.base())
	}
	return r.answer(http.StatusOK, page.Append(make([]byte, 0, 256+512*len(people)), r.query.projection(scim.UserType)))
}

func (r *scimRequest) user() error {
	groups := r.query.projection(scim.UserType).Wants(scim.UserType, "groups")
	m, err := r.db.SCIMMember(r.c.Request().Context(), r.call, r.id, groups)
	if err != nil {
		return err
	}
	return r.answerResource(http.StatusOK, m.View(r.base()))
}

// createUser answers 201 also for somebody who was a member before and is adopted: to the client the resource is new.
func (r *scimRequest) createUser() error {
	body, err := r.body()
	if err != nil {
		return err
	}
	resource, _, err := scim.ParseResource(scim.UserType, body)
	if err != nil {
		return err
	}
	m, err := r.db.CreateSCIMMember(r.c.Request().Context(), r.call, resource)
	if err != nil {
		return err
	}
	return r.answerResource(http.StatusCreated, m.View(r.base()))
}

// replaceUser is a PUT. It never creates. A body that is silent about active leaves it.
func (r *scimRequest) replaceUser() error {
	body, err := r.body()
	if err != nil {
		return err
	}
	resource, _, err := scim.ParseResource(scim.UserType, body)
	if err != nil {
		return err
	}
	return r.changeUser(func(before *scim.Resource) (*scim.Resource, error) {
		after := resource.Clone()
		if _, sent := after.Active(); !sent {
			active, _ := before.Active()
			after.SetActive(active)
		}
		return after, nil
	})
}

func (r *scimRequest) patchUser() error {
	body, err := r.body()
	if err != nil {
		return err
	}
	patch, err := scim.ParsePatch(scim.UserType, body)
	if err != nil {
		return err
	}
	return r.changeUser(func(before *scim.Resource) (*scim.Resource, error) {
		outcome, err := patch.Apply(before)
		if err != nil {
			return nil, err
		}
		return outcome.Resource, nil
	})
}

func (r *scimRequest) changeUser(change func(*scim.Resource) (*scim.Resource, error)) error {
	m, err := r.db.ChangeSCIMMember(r.c.Request().Context(), r.call, r.id, change)
	if err != nil {
		return err
	}
	return r.answerResource(http.StatusOK, m.View(r.base()))
}

func (r *scimRequest) deleteUser() error {
	if err := r.db.DeleteSCIMMember(r.c.Request().Context(), r.call, r.id); err != nil {
		return err
	}
	return r.c.NoContent(http.StatusNoContent)
}
