package models

import (
	"net/http"

	"gatehouse/scim"
)

// errStale refuses a write whose If-Match names another version than the one that stands (RFC 7644 §3.14).
var errStale = &scim.Error{Status: http.StatusPreconditionFailed, Detail: "The resource was changed since the version in If-Match was read. Read it again and send the change anew."}

// matchMember locks the member and compares it with the call's If-Match. A call without that header costs nothing here.
func (tx *Tx) matchMember(c *SCIMCall, id string) error {
	if c.IfMatch == "" {
		return nil
	}
	m, err := tx.member(id)
	if err != nil {
		return err
	}
	v := (&SCIMMember{Member: *m}).View("")
	if !v.Matches(c.IfMatch) {
		return errStale
	}
	return nil
}

// matchTeam is matchMember for a group. The lock on its row also keeps new members away until the transaction ends.
func (tx *Tx) matchTeam(c *SCIMCall, id string) error {
	if c.IfMatch == "" {
		return nil
	}
	var t Team
	if err := tx.Locked().Where("id = ? and managed = ?", id, true).Take(&t).Error; err != nil {
		return found(err, "group")
	}
	whole, err := tx.rereadTeam(id, true)
	if err != nil {
		return err
	}
	v := whole.View("")
	if !v.Matches(c.IfMatch) {
		return errStale
	}
	return nil
}
