package handlers

import (
	"net/http"

	"gatehouse/scim"
)

func (r *scimRequest) user() (*scimAnswer, error) {
	groups := r.query.projection(scim.UserType).Wants(scim.UserType, "groups")
	m, err := r.db.SCIMMember(r.ctx, r.call, r.id, groups)
	if err != nil {
		return nil, err
	}
	return r.found(m.View(r.base())), nil
}

// createUser answers 201 also for somebody who was a member before and is adopted: to the client the resource is new.
func (r *scimRequest) createUser() (*scimAnswer, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	resource, _, err := scim.ParseResource(scim.UserType, body)
	if err != nil {
		return nil, err
	}
	m, err := r.db.CreateSCIMMember(r.ctx, r.call, resource)
	if err != nil {
		return nil, err
	}
	return r.resource(http.StatusCreated, m.View(r.base())), nil
}

// replaceUser is a PUT. It never creates. A body that is silent about active leaves it.
func (r *scimRequest) replaceUser() (*scimAnswer, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	resource, _, err := scim.ParseResource(scim.UserType, body)
	if err != nil {
		return nil, err
	}
	return r.changeUser(func(before *scim.Resource) (*scim.Resource, error) {
		after := resource.Clone()
		if _, sent := after.Active(); !sent {
			if active, known := before.Active(); known {
				after.SetActive(active)
			}
		}
		return after, nil
	})
}

func (r *scimRequest) patchUser() (*scimAnswer, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	patch, err := scim.ParsePatch(scim.UserType, body)
	if err != nil {
		return nil, err
	}
	return r.changeUser(func(before *scim.Resource) (*scim.Resource, error) {
		outcome, err := patch.Apply(before)
		if err != nil {
			return nil, err
		}
		return outcome.Resource, nil
	})
}

func (r *scimRequest) changeUser(change func(*scim.Resource) (*scim.Resource, error)) (*scimAnswer, error) {
	m, err := r.db.ChangeSCIMMember(r.ctx, r.call, r.id, change)
	if err != nil {
		return nil, err
	}
	return r.resource(http.StatusOK, m.View(r.base())), nil
}

func (r *scimRequest) deleteUser() (*scimAnswer, error) {
	if err := r.db.DeleteSCIMMember(r.ctx, r.call, r.id); err != nil {
		return nil, err
	}
	return r.done(), nil
}
