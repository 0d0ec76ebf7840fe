package handlers

import (
	"net/http"

	"gatehouse/models"
	"gatehouse/scim"
)

func (r *scimRequest) listGroups() error {
	q, err := r.query.list(scim.GroupType)
	if err != nil {
		return err
	}
	teams, total, err := r.db.SCIMTeams(r.c.Request().Context(), r.call, q)
	if err != nil {
		return err
	}
	page := scim.Page{Total: total, StartIndex: q.StartIndex, Views: make([]scim.View, len(teams))}
	for i := range teams {
		page.Views[i] = teams[i].View(r.base())
	}
	return r.answer(http.StatusOK, page.Append(nil, r.query.projection(scim.GroupType)))
}

// wantsMembers tells whether the answer contains members; if not, they are not loaded.
func (r *scimRequest) wantsMembers() bool {
	return r.query.projection(scim.GroupType).Wants(scim.GroupType, "members")
}

func (r *scimRequest) group() error {
	t, err := r.db.SCIMTeam(r.c.Request().Context(), r.call, r.id, r.wantsMembers())
	if err != nil {
		return err
	}
	return r.answerResource(http.StatusOK, t.View(r.base()))
}

func (r *scimRequest) createGroup() error {
	body, err := r.body()
	if err != nil {
		return err
	}
	resource, members, err := scim.ParseResource(scim.GroupType, body)
	if err != nil {
		return err
	}
	if members == nil {
		members = &scim.MemberChanges{}
	}
	t, err := r.db.CreateSCIMTeam(r.c.Request().Context(), r.call, resource, *members)
	if err != nil {
		return err
	}
	return r.answerResource(http.StatusCreated, t.View(r.base()))
}

// replaceGroup is a PUT. RFC 7644 §3.5.1 leaves open what becomes of attributes that are not sent: members stay, so that a rename by PUT
// empties no group.
func (r *scimRequest) replaceGroup() error {
	body, err := r.body()
	if err != nil {
		return err
	}
	resource, members, err := scim.ParseResource(scim.GroupType, body)
	if err != nil {
		return err
	}
	change := models.TeamChange{Resource: resource}
	if members != nil {
		change.Members = *members
	}
	t, err := r.db.ChangeSCIMTeam(r.c.Request().Context(), r.call, r.id, true, r.wantsMembers(), func(*scim.Resource) (models.TeamChange, error) {
		return change, nil
	})
	if err != nil {
		return err
	}
	return r.answerResource(http.StatusOK, t.View(r.base()))
}

// patchGroup answers 204, as Microsoft advises, unless the request says which attributes it wants back.
func (r *scimRequest) patchGroup() error {
	body, err := r.body()
	if err != nil {
		return err
	}
	patch, err := scim.ParsePatch(scim.GroupType, body)
	if err != nil {
		return err
	}
	answer := r.query.projected()
	t, err := r.db.ChangeSCIMTeam(r.c.Request().Context(), r.call, r.id, answer, answer && r.wantsMembers(), func(before *scim.Resource) (models.TeamChange, error) {
		outcome, err := patch.Apply(before)
		if err != nil {
			return models.TeamChange{}, err
		}
		return models.TeamChange{Resource: outcome.Resource, Members: outcome.Members}, nil
	})
	if err != nil {
		return err
	}
	if !answer {
		return r.c.NoContent(http.StatusNoContent)
	}
	return r.answerResource(http.StatusOK, t.View(r.base()))
}

func (r *scimRequest) deleteGroup() error {
	if err := r.db.DeleteSCIMTeam(r.c.Request().Context(), r.call, r.id); err != nil {
		return err
	}
	return r.c.NoContent(http.StatusNoContent)
}
