package models

import (
	"context"
	"slices"
)

// LogoutByIdP ends the sessions of single sign-on that the identity provider names: by NameID, and by SessionIndex if it gives any. It
// returns how many there were; none is no error. The caller has verified the request.
func (db *DB) LogoutByIdP(ctx context.Context, client Client, orgID, issuer, nameID string, sessionIndexes []string) (int, error) {
	ended := 0
	err := db.write(ctx, Actor{Kind: IdP, Label: issuer, IP: client.IP}, orgID, func(tx *Tx) error {
		ended = 0
		var list []Session
		err := tx.Locked().Where("method = ? and issuer = ? and name_id = ?", MethodSSO, issuer, nameID).Order("id").Limit(1000).Find(&list).Error
		if err != nil {
			return err
		}
		byMember := map[string]int{}
		for i := range list {
			s := &list[i]
			// A session whose provider gave no index is all it can mean.
			if len(sessionIndexes) > 0 && s.SessionIndex != "" && !slices.Contains(sessionIndexes, s.SessionIndex) {
				continue
			}
			if err := tx.Org().Where("id = ?", s.ID).Delete(&Session{}).Error; err != nil {
				return err
			}
			byMember[s.MemberID]++
			ended++
		}
		if ended == 0 {
			return errNoChange
		}
		for memberID, n := range byMember {
			m, err := tx.member(memberID)
			if err != nil {
				return err
			}
			tx.record("session.ended", m.target(), Facts{"sessions": n}, Facts{"by": "logout_request"})
		}
		return nil
	})
	return ended, err
}
