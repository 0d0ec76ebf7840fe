package handlers

import (
	"net/http"

	"gatehouse/models"
	"gatehouse/scim"
)

// wantsMembers tells whether the answer contains members; if not, they are not loaded.
func (r *scimRequest) wantsMembers() bool {
	return r.query.projection(scim.GroupType).Wants(scim.GroupType, "members")
}

func (r *scimRequest) group() (*scimAnswer, error) {
	t, err := r.db.SCIMTeam(r.ctx, r.call, r.id, r.wantsMembers())
	if err != nil {
		return nil, err
	}
	return r.found(t.View(r.base())), nil
}

func (r *scimRequest) createGroup() (*scimAnswer, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	resource, members, err := scim.ParseResource(scim.GroupType, body)
	if err != nil {
		return nil, err
	}
	if members == nil {
		members = &scim.MemberChanges{}
	}
	t, err := r.db.CreateSCIMTeam(r.ctx, r.call, resource, *members)
	if err != nil {
		return nil, err
	}
	return r.resource(http.StatusCreated, t.View(r.base())), nil
}

// replaceGroup is a PUT. RFC 7644 §3.5.1 leaves open what becomes of attributes that are not sent: members stay, so that a rename by PUT
// empties no group.
func (r *scimRequest) replaceGroup() (*scimAnswer, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	resource, members, err := scim.ParseResource(scim.GroupType, body)
	if err != nil {
		return nil, err
	}
	change := models.TeamChange{Resource: resource}
	if members != nil {
		change.Members = *members
	}
	t, err := r.db.ChangeSCIMTeam(r.ctx, r.call, r.id, true, r.wantsMembers(), func(*scim.Resource) (models.TeamChange, error) {
		return change, nil
	})
	if err != nil {
		return nil, err
	}
	return r.resource(http.StatusOK, t.View(r.base())), nil
}

// patchGroup answers 204, as Microsoft advises, unless the request says which attributes it wants back.
func (r *scimRequest) patchGroup() (*scimAnswer, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	patch, err := scim.ParsePatch(scim.GroupType, body)
	if err != nil {
		return nil, err
	}
	answer := r.query.projected()
	t, err := r.db.ChangeSCIMTeam(r.ctx, r.call, r.id, answer, answer && r.wantsMembers(), func(before *scim.Resource) (models.TeamChange, error) {
		outcome, err := patch.Apply(before)
		if err != nil {
			return models.TeamChange{}, err
		}
		return models.TeamChange{Resource: outcome.Resource, Members: outcome.Members}, nil
	})
	if err != nil {
		return nil, err
	}
	if !answer {
		return r.done(), nil
	}
	return r.resource(http.StatusOK, t.View(r.base())), nil
}

func (r *scimRequest) deleteGroup() (*scimAnswer, error) {
	if err := r.db.DeleteSCIMTeam(r.ctx, r.call, r.id); err != nil {
		return nil, err
	}
	return r.done(), nil
}
