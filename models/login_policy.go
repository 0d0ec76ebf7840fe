package models

import "context"

// LoginWay is how somebody with an address is asked to sign in.
type LoginWay string

// The ways to sign in.
const (
	WayPassword LoginWay = "password" // password, and nothing said about an account
	WayChoice   LoginWay = "choice"   // single sign-on or password, as the person likes
	WaySSO      LoginWay = "sso"      // the identity provider
)

// LoginPolicy is what the sign-in page does after the e-mail was entered. It depends on the domain of the address alone, so that it
// cannot tell whether an account exists.
type LoginPolicy struct {
	Way LoginWay
	// OrgID and Organization (its name) are whose single sign-on it is; empty for WayPassword.
	OrgID, Organization string
}

// LoginPolicy decides by the organization that claims the domain of the address. A lapsed domain still leads to its identity provider:
// people bound there keep signing in. Invalid if email is no address.
func (db *DB) LoginPolicy(ctx context.Context, email string) (LoginPolicy, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return LoginPolicy{}, err
	}
	var rows []struct {
		OrgID, Name string
		Required    bool
		IDPManaged  bool `gorm:"column:idp_managed"`
	}
	err = db.read(ctx).Raw(`select d.org_id, o.name, `+requiredSQL+` as required, c.idp_managed
		from domains d join organizations o on o.id = d.org_id join sso_connections c on c.org_id = d.org_id and c.enabled = ?
		where d.domain = ? and d.status <> 'waiting'
		order by case d.status when 'verified' then 0 when 'lapsing' then 1 else 2 end, d.verified_at desc limit 1`, db.Now(), true, DomainOf(email)).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return LoginPolicy{Way: WayPassword}, err
	}
	p := LoginPolicy{Way: WayChoice, OrgID: rows[0].OrgID, Organization: rows[0].Name}
	if rows[0].Required || rows[0].IDPManaged {
		p.Way = WaySSO
	}
	return p, nil
}
