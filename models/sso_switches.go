package models

import (
	"context"
	"strings"
	"time"
)

// Switches are the three switches to set; nil leaves one as it is.
type Switches struct{ Enabled, Required, IDPManaged *bool }

// SetSwitches turns Single Sign-On, Require Single Sign-On and IdP Managed Access on or off. Conflict, with everything that is missing,
// when one cannot be turned on; turning single sign-on on needs a test sign-in that passed, requiring it all of its pre-flight. What is
// required then is on trial for SafetyWindow.
func (db *DB) SetSwitches(ctx context.Context, actor Actor, orgID string, w Switches) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		if w.Enabled != nil && *w.Enabled && !s.Enabled {
			if err := tx.requireTest(s); err != nil {
				return err
			}
		}
		return tx.setSwitches(s, w, SafetyWindow)
	})
}

const untested = "Run a test sign-in: one that passes is needed since the last change of the connection."

// Tested tells whether a test sign-in of the connection as it is now has passed.
func (db *DB) Tested(ctx context.Context, orgID string) (bool, error) {
	s, err := loadSSO(db.read(ctx), orgID)
	if err != nil {
		return false, err
	}
	tx := &Tx{DB: db.read(ctx), db: db, org: orgID, now: db.Now()}
	return tx.tested(s)
}

// requireTest refuses to turn on what nobody has signed in with. The operator's command line does without.
func (tx *Tx) requireTest(s *SSO) error {
	missing, err := tx.enableMissing(s)
	if err != nil || len(missing) > 0 {
		return err // setSwitches says what is missing
	}
	if ok, err := tx.tested(s); err != nil || ok {
		return err
	}
	return conflict("Single sign-on cannot be turned on yet. %s", untested)
}

// EnableMissing lists what a connection lacks to be turned on, as sentences; empty if nothing.
func (db *DB) EnableMissing(ctx context.Context, orgID string) ([]string, error) {
	s, err := loadSSO(db.read(ctx), orgID)
	if err != nil {
		return nil, err
	}
	tx := &Tx{DB: db.read(ctx), db: db, org: orgID, now: db.Now()}
	missing, err := tx.enableMissing(s)
	if err != nil {
		return nil, err
	}
	switch ok, err := tx.tested(s); {
	case err != nil:
		return nil, err
	case !ok:
		missing = append(missing, untested)
	}
	return missing, nil
}

func (tx *Tx) enableMissing(s *SSO) ([]string, error) {
	var missing []string
	switch verified, err := tx.hasVerifiedDomain(); {
	case err != nil:
		return nil, err
	case !verified:
		missing = append(missing, "Verify a domain under Domain Claiming.")
	}
	if s.Issuer == "" {
		missing = append(missing, "Enter the Issuer URL.")
	}
	if s.SignInURL == "" {
		missing = append(missing, "Enter the Identity Provider Sign-in URL.")
	}
	valid := false
	for i := range s.Certificates {
		valid = valid || s.Certificates[i].Valid(tx.now)
	}
	switch {
	case len(s.Certificates) == 0:
		missing = append(missing, "Upload the SAML Certificate.")
	case !valid:
		missing = append(missing, "Upload a SAML Certificate that is valid today: none of those here is.")
	}
	return missing, nil
}

func (tx *Tx) hasVerifiedDomain() (bool, error) {
	var verified []string
	err := tx.Raw("select id from domains where org_id = ? and status in ('verified', 'lapsing') limit 1", tx.org).Scan(&verified).Error
	return len(verified) > 0, err
}

// setSwitches changes the switches. Without a window, for the operator, single sign-on is required without pre-flight and for good.
func (tx *Tx) setSwitches(s *SSO, w Switches, window time.Duration) error {
	if err := tx.lockConnection(s); err != nil {
		return err
	}
	want := func(set *bool, now bool) bool {
		if set != nil {
			return *set
		}
		return now
	}
	wasRequired := s.Requires(tx.now)
	enabled, required, managed := want(w.Enabled, s.Enabled), want(w.Required, wasRequired), want(w.IDPManaged, s.IDPManaged)
	if !enabled && w.Required == nil {
		required = false // nobody can be required to use what is off
	}
	if enabled == s.Enabled && required == wasRequired && managed == s.IDPManaged {
		return errNoChange
	}
	if s.over(tx.now) { // that it turned itself off comes first
		if err := tx.endWindow(s); err != nil {
			return err
		}
	}
	if enabled && !s.Enabled {
		missing, err := tx.enableMissing(s)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			return conflict("Single sign-on cannot be turned on yet. %s", strings.Join(missing, " "))
		}
	}
	if !enabled && (required || managed && !s.IDPManaged) {
		return conflict("Turn single sign-on on first.")
	}
	if required && !wasRequired && window > 0 {
		if err := tx.requirePreflight(s, enabled); err != nil {
			return err
		}
	}
	columns := map[string]any{}
	if required != wasRequired {
		columns = requireColumns(required, tx.now, window)
	}
	columns["enabled"], columns["idp_managed"] = enabled, managed
	if enabled && !s.Enabled {
		columns["enabled_at"] = tx.now
	}
	if !enabled && s.Enabled {
		columns["version"] = s.Version + 1 // whoever is at the IdP now comes back to a connection that is off
	}
	if err := tx.changeSSO(s, columns); err != nil {
		return err
	}
	after := Facts{"single_sign_on": enabled, "required": required, "idp_managed_access": managed}
	trial := ""
	if required && !wasRequired {
		ended, err := tx.endPasswordSessions()
		if err != nil {
			return err
		}
		after["password_sessions_ended"] = ended
		if window > 0 {
			until := tx.now.Add(window)
			after["safety_window_until"] = until
			trial = " An owner or admin must sign in with single sign-on by " + clockWords(until) + ", otherwise it is no longer required from then on."
		} else {
			after["pre_flight"], after["safety_window"] = "skipped", "skipped"
		}
	}
	tx.record("sso_connection.switched", tx.ssoTarget(), Facts{"single_sign_on": s.Enabled, "required": wasRequired, "idp_managed_access": s.IDPManaged}, after)
	s.Enabled, s.Required, s.IDPManaged = enabled, required, managed
	return tx.notify(NoticeSwitched, "Single sign-on: "+switchWords(enabled, required, managed), tx.actor.Label+" changed how people sign in: "+switchWords(enabled, required, managed)+"."+trial)
}

func switchWords(enabled, required, managed bool) string {
	words := []string{"off"}
	if enabled {
		words[0] = "on"
	}
	if required {
		words = append(words, "required")
	}
	if managed && enabled {
		words = append(words, "IdP Managed Access on")
	}
	return strings.Join(words, ", ")
}

// endPasswordSessions ends the password sessions of everybody who may no longer use one: all but owners and admins, who keep recovery.
func (tx *Tx) endPasswordSessions() (int64, error) {
	r := tx.Org().Where("method = ? and member_id in (select id from members where org_id = ? and role = 'member')", MethodPassword, tx.org).Delete(&Session{})
	return r.RowsAffected, r.Error
}

// RemoveSSO clears the settings and certificates. Conflict while single sign-on is on.
func (db *DB) RemoveSSO(ctx context.Context, actor Actor, orgID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		if s.Enabled {
			return conflict("Single sign-on is on. Turn it off before you remove its configuration.")
		}
		if s.Issuer == "" && s.SignInURL == "" && s.LogoutURL == "" && len(s.Certificates) == 0 && !s.IDPManaged && !s.SignRequests {
			return errNoChange
		}
		if err := tx.Org().Delete(&SSOCertificate{}).Error; err != nil {
			return err
		}
		if err := tx.Org().Delete(&PendingCertificate{}).Error; err != nil {
			return err
		}
		if err := tx.forgetMetadata(s); err != nil {
			return err
		}
		if err := tx.Org().Where("method = ?", MethodSSO).Delete(&Session{}).Error; err != nil {
			return err
		}
		err = tx.changeSSO(s, map[string]any{
			"issuer": "", "sign_in_url": "", "logout_url": "", "sign_requests": false, "idp_managed": false, "version": s.Version + 1,
		})
		if err != nil {
			return err
		}
		tx.record("sso_connection.removed", tx.ssoTarget(), Facts{
			"issuer": s.Issuer, "sign_in_url": s.SignInURL, "logout_url": s.LogoutURL, "sign_requests": s.SignRequests, "certificates": len(s.Certificates),
		}, nil)
		return nil
	})
}

// ConfigureSSO sets a whole connection in one transaction, for the operator: issuer, sign-in URL, exactly these certificates, and switches.
// Requiring single sign-on this way skips the pre-flight and the safety window, which is audited.
func (db *DB) ConfigureSSO(ctx context.Context, actor Actor, orgID, issuer, signInURL string, certificates []NewCertificate, w Switches) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		unchanged := true
		step := func(err error) error {
			if err == errNoChange {
				return nil
			}
			unchanged = false
			return err
		}
		if err := step(tx.saveSSO(s, issuer, signInURL)); err != nil {
			return err
		}
		wanted := map[string]bool{}
		for _, n := range certificates {
			wanted[n.SHA256] = true
			if s.trusts(n.SHA256) {
				continue
			}
			if _, err := tx.trustCertificate(s, n); step(err) != nil {
				return err
			}
		}
		if len(wanted) > maxCertificates {
			return errManyCertificates
		}
		for _, c := range append([]SSOCertificate{}, s.Certificates...) {
			if !wanted[c.SHA256] {
				if err := step(tx.removeCertificate(s, c.ID, nil)); err != nil {
					return err
				}
			}
		}
		if err := step(tx.setSwitches(s, w, 0)); err != nil {
			return err
		}
		if w.Required != nil && *w.Required {
			if err := step(tx.keepRequire(s)); err != nil {
				return err
			}
		}
		if unchanged {
			return errNoChange
		}
		return nil
	})
}

func (s *SSO) trusts(sha256 string) bool {
	for i := range s.Certificates {
		if s.Certificates[i].SHA256 == sha256 {
			return true
		}
	}
	return false
}
