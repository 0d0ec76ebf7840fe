package models

import "context"

// MayStepUpBySSO tells whether the person confirms a change at the identity provider instead of with a password: in a session of single
// sign-on, and without a password of their own.
func (s *SignedIn) MayStepUpBySSO() bool {
	return s.Session.Method == MethodSSO && !s.Account.HasPassword()
}

// CompleteStepUp is the second half of a step-up: the identity provider has just authenticated the person anew, which the caller has
// verified. It must be the person of the session, by the keys on record. The session counts as stepped up and has a new token (ASVS
// 7.2.4). Otherwise a *LoginRefusal, as from CompleteLogin.
func (db *DB) CompleteStepUp(ctx context.Context, s *SignedIn, client Client, code, browser string) (*LoginDone, error) {
	if !s.MayStepUpBySSO() {
		return nil, forbidden("This change asks for your password.")
	}
	return db.complete(ctx, client, s.Actor(client.IP), s.Organization.ID, func(l *completion) (*LoginDone, error) { return l.stepUp(s, code, browser) })
}

func (l *completion) stepUp(s *SignedIn, code, browser string) (*LoginDone, error) {
	if err := l.consume(code, browser, LoginToStepUp); err != nil {
		return nil, err
	}
	if err := l.checkConnection(); err != nil {
		return nil, err
	}
	if err := l.rememberAssertion(); err != nil {
		return nil, err
	}
	keys, err := l.tx.boundKeys(l.identity)
	if err != nil {
		return nil, err
	}
	tx := l.tx
	// The strongest key on record decides, as at a sign-in; nothing is bound here.
	if len(keys) == 0 || keys[0].MemberID != s.Member.ID || l.identity.Issuer != s.Session.Issuer {
		return nil, refuse(RefusedOtherPerson).about(&s.Member)
	}
	// Whoever could not sign in now confirms nothing: an address may have been given to somebody else while this session was open.
	m, err := tx.member(s.Member.ID)
	if err != nil {
		return nil, err
	}
	if err := tx.admit(m); err != nil {
		return nil, err
	}
	if err := l.checkContradiction(m, keys); err != nil {
		return nil, err
	}
	if _, err := l.checkDomain(); err != nil {
		return nil, err
	}
	tx.actor = s.Actor(l.client.IP)
	secret := newSecret()
	r := tx.Model(&Session{}).Where("id = ? and org_id = ? and member_id = ? and method = ?", s.Session.ID, tx.org, s.Member.ID, MethodSSO).
		UpdateColumns(map[string]any{"stepped_up_at": tx.now, "secret_hash": hashSecret(secret)})
	if r.Error != nil {
		return nil, r.Error
	}
	if r.RowsAffected == 0 {
		return nil, &Error{Kind: Unauthenticated, Message: "Your session ended meanwhile. Sign in again."}
	}
	tx.record("session.stepped_up", s.Member.target(), nil, Facts{"by": MethodSSO})
	return &LoginDone{Token: s.Session.ID + "." + secret, ReturnTo: l.pending.ReturnTo, MemberID: s.Member.ID}, nil
}
