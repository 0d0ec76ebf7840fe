package models

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// IdPLogout is an identity provider's demand to end somebody's sessions. The caller has verified it.
type IdPLogout struct {
	ID             string // of the LogoutRequest
	Issuer, NameID string
	SessionIndexes []string // empty: all sessions of the person
	// AcceptedUntil is from when on the caller refuses it as too old.
	AcceptedUntil time.Time
}

// LogoutByIdP ends the sessions of single sign-on that the identity provider names: by NameID, and by SessionIndex if it gives any. It
// returns how many there were; none is no error. A request is carried out once: its ID is remembered for as long as it would be accepted,
// and a *LoginRefusal answers it when it comes again, so that a recorded one cannot end later sessions.
func (db *DB) LogoutByIdP(ctx context.Context, client Client, orgID string, l IdPLogout) (int, error) {
	ended := 0
	err := db.write(ctx, Actor{Kind: IdP, Label: l.Issuer, IP: client.IP}, orgID, func(tx *Tx) error {
		ended = 0
		if err := tx.useLogout(l); err != nil {
			return err
		}
		var list []Session
		err := tx.Locked().Where("method = ? and issuer = ? and name_id = ?", MethodSSO, l.Issuer, l.NameID).Order("id").Limit(1000).Find(&list).Error
		if err != nil {
			return err
		}
		byMember := map[string]int{}
		for i := range list {
			s := &list[i]
			// A session whose provider gave no index is all it can mean.
			if len(l.SessionIndexes) > 0 && s.SessionIndex != "" && !slices.Contains(l.SessionIndexes, s.SessionIndex) {
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
			if _, err := tx.recordActivity(signedOut(orgID, client, m.Label(), memberID, n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || ended > 0 {
		return ended, err
	}
	// Nothing was changed, so nothing was committed: the ID is remembered by itself.
	return 0, db.touch(ctx, func(tx *Tx) error {
		tx.org = orgID
		if err := tx.useLogout(l); err != nil {
			return err
		}
		_, err := tx.recordActivity(signedOut(orgID, client, l.NameID, "", 0))
		return err
	})
}

// ReasonSignedOut is the reason in the activity of a sign-out that the identity provider asked for.
const ReasonSignedOut = "idp_logout"

// signedOut is that sign-out as activity.
func signedOut(orgID string, client Client, who, memberID string, sessions int) NewActivity {
	n := NewActivity{
		OrgID: orgID, Kind: ActivitySignIn, OK: true, Reference: NewReference(), Reason: ReasonSignedOut, Who: who, MemberID: memberID, Client: client,
		Detail: Facts{"sign_out": true},
	}
	switch sessions {
	case 0:
		n.Sentence = "The identity provider signed " + who + " out; no session of theirs was open here."
	case 1:
		n.Sentence = "The identity provider signed " + who + " out, which ended one session here."
	default:
		n.Sentence = fmt.Sprintf("The identity provider signed %s out, which ended %d sessions here.", who, sessions)
	}
	return n
}

// useLogout remembers the ID of a request. A *LoginRefusal if it was used before.
func (tx *Tx) useLogout(l IdPLogout) error {
	until := l.AcceptedUntil.UTC().Truncate(time.Microsecond)
	// An hour more than needed makes up for clocks of several instances that differ.
	if earliest := tx.now.Add(assertionMemoryMin); until.Before(earliest) {
		until = earliest
	}
	r := tx.Exec(`insert into used_logout_requests (org_id, request_id, used_at, expires_at) values (?, ?, ?, ?) on conflict do nothing`,
		tx.org, l.ID, tx.now, until)
	if r.Error == nil && r.RowsAffected == 0 {
		replayed := refuse(RefusedLogoutReplayed)
		replayed.Who = l.NameID
		return replayed
	}
	return r.Error
}
