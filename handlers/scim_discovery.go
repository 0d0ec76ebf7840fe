package handlers

import (
	"net/http"

	"gatehouse/scim"
)

// The discovery documents say nothing secret, but are for directories only, like everything here.

// serviceProviderConfig ignores all parameters (RFC 7644 §4).
func (r *scimRequest) serviceProviderConfig() (*scimAnswer, error) {
	return r.document(scim.ServiceProviderConfig(r.base()))
}

func (r *scimRequest) resourceTypes() (*scimAnswer, error) {
	if err := r.noFilter(); err != nil {
		return nil, err
	}
	return r.document(scim.ResourceTypes(r.base(), r.id))
}

func (r *scimRequest) schemas() (*scimAnswer, error) {
	if err := r.noFilter(); err != nil {
		return nil, err
	}
	return r.document(scim.Schemas(r.base(), r.id))
}

// noFilter refuses a filter, which would hide part of what the server can do (RFC 7644 §4).
func (r *scimRequest) noFilter() error {
	if _, given := r.query["filter"]; given {
		return &scim.Error{Status: http.StatusForbidden, Detail: "This list cannot be filtered. Ask for all of it."}
	}
	return nil
}

func (r *scimRequest) document(document []byte) (*scimAnswer, error) {
	if err := r.authenticate(); err != nil {
		return nil, err
	}
	if document == nil {
		return nil, &scim.Error{Status: http.StatusNotFound, Detail: "There is no such document. The list without a name has all of them."}
	}
	return &scimAnswer{status: http.StatusOK, body: document}, nil
}
