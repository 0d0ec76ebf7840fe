package models

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"
)

// A single sign-on goes through these operations (ARCHITECTURE.md §3); the handler calls them in this order:
//
//	BeginLogin     a request of ours is on its way, bound to the browser
//	PendingLogin   a response names it: may it be verified at all?
//	ClaimLogin     the response was verified: the outcome waits under a one-time code
//	CompleteLogin  the browser that began it brings the code: one transaction to the session
//	RefuseLogin    instead of any later step: the request is consumed and the refusal written down under a reference

const (
	// PendingLoginLife is how long an identity provider may take to answer.
	PendingLoginLife = 10 * time.Minute
	// LoginCodeLife is how long a browser may take from the ACS to the second half.
	LoginCodeLife = time.Minute
	// assertionMemory is the shortest and longest time a used assertion is remembered.
	assertionMemoryMin = time.Hour
	assertionMemoryMax = 48 * time.Hour
)

// What a request was sent for.
const (
	LoginToSignIn = "sign_in"
	LoginToTest   = "test"
	LoginToStepUp = "step_up"
)

// loginsByIP bounds the rows that strangers can make; a whole office may sign in through one address at nine o'clock.
var loginsByIP = RateLimit{Every: 100 * time.Millisecond, Burst: 300}

// strayResponsesByIP bounds what responses to no request of ours can write into the activity.
var strayResponsesByIP = RateLimit{Every: 10 * time.Second, Burst: 30}

// refusedResponsesByIP bounds of how many refused responses from one network the message and its checks are kept: anybody can begin
// sign-ins and answer them, and a message has up to 64 KiB. That more were refused, and why, is written down all the same.
var refusedResponsesByIP = RateLimit{Every: 10 * time.Second, Burst: 100}

// PendingLogin is one request of ours to an identity provider, from its sending to its use.
type PendingLogin struct {
	// ID is the AuthnRequest's.
	ID                string `gorm:"primaryKey"`
	OrgID             string
	ConnectionVersion int64
	Purpose           string
	BrowserHash       string
	ReturnTo          string
	CreatedAt         time.Time
	ExpiresAt         time.Time
	ClaimedAt         *time.Time
	CodeHash          *string
	CodeExpiresAt     *time.Time
	Outcome           *string
	MemberID          *string // who it probably is; nil if that is open
	Evidence          *string // JSON of LoginEvidence
	ConsumedAt        *time.Time
	Reference         *string
}

// TableName is the table of requests under way.
func (PendingLogin) TableName() string { return "pending_logins" }

// NewLogin is a request that is about to be sent.
type NewLogin struct {
	OrgID             string
	RequestID         string
	ConnectionVersion int64
	Purpose           string
	// ReturnTo is where the person goes afterwards: a local path the caller has checked.
	ReturnTo string
	// Browser is the secret in the browser's cookie; empty if it has none yet.
	Browser string
}

// BeginLogin keeps a request and returns the secret that its browser must hold: the one it has, or a new one, so that two tabs can be
// under way at once. A *LoginRefusal if single sign-on is off or the connection was changed meanwhile.
func (db *DB) BeginLogin(ctx context.Context, client Client, n NewLogin) (string, error) {
	if err := db.limit(ctx, "login:ip:"+NetworkOf(client.IP), loginsByIP); err != nil {
		return "", err
	}
	browser := n.Browser
	if len(browser) != len(newSecret()) {
		browser = newSecret()
	}
	err := db.touch(ctx, func(tx *Tx) error {
		sso, err := loadSSO(tx.DB, n.OrgID)
		if err != nil {
			return err
		}
		if r := sso.usable(n.ConnectionVersion, n.Purpose); r != nil {
			return r
		}
		return tx.Create(&PendingLogin{
			ID: n.RequestID, OrgID: n.OrgID, ConnectionVersion: n.ConnectionVersion, Purpose: n.Purpose, BrowserHash: hashSecret(browser),
			ReturnTo: n.ReturnTo, CreatedAt: tx.now, ExpiresAt: tx.now.Add(PendingLoginLife),
		}).Error
	})
	return browser, err
}

// usable refuses what a request of an older version, or a connection that is off, may not do.
func (s *SSO) usable(version int64, purpose string) *LoginRefusal {
	switch {
	case !s.Enabled && purpose != LoginToTest:
		return s.Off()
	case s.Version != version:
		return refuse(RefusedConnectionChanged)
	}
	return nil
}

// Off says why a connection that is off lets nobody in: it is turned off, or there is none.
func (s *SSO) Off() *LoginRefusal {
	if s.Issuer == "" && s.SignInURL == "" {
		return refuse(RefusedConnectionRemoved)
	}
	return refuse(RefusedSSOOff)
}

// PendingLogin is the request that a response names, with the connection to verify it against, in one query. A *LoginRefusal if there is
// none of that organization (RefusedUnknownRequest), or if it was used, has expired, or the connection was changed since.
func (db *DB) PendingLogin(ctx context.Context, orgID, requestID string) (*PendingLogin, *SSO, error) {
	var rows []struct {
		Login       PendingLogin   `gorm:"embedded;embeddedPrefix:p_"`
		Connection  SSOConnection  `gorm:"embedded;embeddedPrefix:c_"`
		Certificate SSOCertificate `gorm:"embedded;embeddedPrefix:k_"`
	}
	err := db.read(ctx).Raw(pendingLoginSQL, requestID, orgID, maxCertificates).Scan(&rows).Error
	if err != nil && !isNoText(err) {
		return nil, nil, err
	}
	if len(rows) == 0 {
		return nil, nil, refuse(RefusedUnknownRequest)
	}
	p, sso := &rows[0].Login, &SSO{SSOConnection: rows[0].Connection}
	for i := range rows {
		if rows[i].Certificate.ID != "" {
			sso.Certificates = append(sso.Certificates, rows[i].Certificate)
		}
	}
	switch {
	case p.ClaimedAt != nil || p.ConsumedAt != nil:
		return nil, nil, refuse(RefusedReplayed)
	case !db.Now().Before(p.ExpiresAt):
		return nil, nil, refuse(RefusedRequestExpired)
	}
	if r := sso.usable(p.ConnectionVersion, p.Purpose); r != nil {
		return nil, nil, r
	}
	return p, sso, nil
}

// A request is sent by a connection, so there is one.
var pendingLoginSQL = `select ` + columns("p", "p_", "id,org_id,connection_version,purpose,created_at,expires_at,claimed_at,consumed_at") +
	`, ` + columns("c", "c_", "org_id,issuer,sign_in_url,enabled,version") + `, ` + columns("k", "k_", "id,org_id,pem,sha256") + `
	from pending_logins p join sso_connections c on c.org_id = p.org_id left join sso_certificates k on k.org_id = p.org_id
	where p.id = ? and p.org_id = ? order by k.id limit ?`

// LoginKey is one identifier of a person at an identity provider.
type LoginKey struct {
	Kind   string // objectid, persistent, nameid, email
	Format string // for nameid only
	Value  string
}

// LoginIdentity is who a verified response vouches for. The caller has verified all of it.
type LoginIdentity struct {
	Issuer            string
	AssertionID       string
	AssertionExpires  time.Time
	CertificateSHA256 string
	// Keys are the identifiers it carries, the strongest first; the last is the e-mail.
	Keys                             []LoginKey
	Email                            string // clean
	FirstName, LastName, DisplayName string
	NameID, SessionIndex             string
	SessionEnds                      time.Time // zero if the identity provider sets no end
	// Detail is kept with the activity: which claims supplied what. Never secrets.
	Detail Facts
}

// name is what the person is called, as well as the claims say it.
func (i *LoginIdentity) name() string {
	for _, s := range []string{i.DisplayName, i.FirstName + " " + i.LastName, i.Email} {
		if s, err := cleanName("", s, ""); err == nil {
			return s
		}
	}
	return i.Email
}

// LoginEvidence is what an admin is shown of a response that passed every check, if its person is not let in.
type LoginEvidence struct {
	Trace LoginTrace `json:"trace"`
	Raw   string     `json:"raw"` // without signature values
}

// ClaimLogin keeps a verified outcome and returns the one-time code under which the browser fetches it. Of any number of responses
// to one request exactly one claims it; the others get a *LoginRefusal. known is false if the person may be refused or is new here: then
// the caller keeps evidence.
func (db *DB) ClaimLogin(ctx context.Context, orgID, requestID string, identity LoginIdentity) (code string, known bool, err error) {
	identity.AssertionExpires, identity.SessionEnds = identity.AssertionExpires.UTC().Truncate(time.Microsecond), identity.SessionEnds.UTC().Truncate(time.Microsecond)
	domain := DomainOf(identity.Email)
	outcome, err := json.Marshal(struct {
		LoginIdentity
		Domain string // of the address, for hotLogin
	}{identity, domain})
	if err != nil {
		return "", false, err
	}
	if len(identity.Keys) == 0 {
		return "", false, errors.New("models: a sign-in without keys")
	}
	strongest, now := identity.Keys[0], db.Now()
	code = newSecret()
	var members []string
	// One statement is its own transaction: the condition and the count of rows let exactly one response through.
	err = db.writer.WithContext(ctx).Raw(`update pending_logins set claimed_at = ?, code_hash = ?, code_expires_at = ?, outcome = ?,
		member_id = (select m.id from identities i join members m on m.org_id = i.org_id and m.id = i.member_id
			join domains d on d.org_id = i.org_id and d.domain = ? and d.status <> 'waiting'
			where i.org_id = ? and i.issuer = ? and i.kind = ? and i.format = ? and i.value = ?
			and m.status = 'active' and m.held_reason is null and m.account_id is not null)
		where id = ? and org_id = ? and claimed_at is null and consumed_at is null and expires_at > ? returning coalesce(member_id, '')`,
		now, hashSecret(code), now.Add(LoginCodeLife), string(outcome), domain, orgID, identity.Issuer, strongest.Kind, strongest.Format, strongest.Value,
		requestID, orgID, now).Scan(&members).Error
	if err != nil {
		return "", false, translate(err)
	}
	if len(members) != 1 {
		return "", false, refuse(RefusedReplayed)
	}
	return code, members[0] != "", nil
}

// KeepEvidence keeps with a claimed request what its second half puts into the activity.
func (db *DB) KeepEvidence(ctx context.Context, orgID, requestID string, e LoginEvidence) error {
	e.Raw = truncate(e.Raw, maxRaw)
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return db.touch(ctx, func(tx *Tx) error {
		return tx.Model(&PendingLogin{}).Where("id = ? and org_id = ? and consumed_at is null", requestID, orgID).UpdateColumn("evidence", storable(string(b))).Error
	})
}

// RefuseLogin consumes a request that nobody has claimed, writes the refusal into the activity and returns it with its reference.
// requestID is empty when the response named none of ours.
func (db *DB) RefuseLogin(ctx context.Context, client Client, orgID, requestID string, r LoginRefusal) (*LoginRefusal, error) {
	if requestID == "" {
		switch err := db.limit(ctx, "stray-response:ip:"+NetworkOf(client.IP), strayResponsesByIP); {
		case IsKind(err, TooMany):
			return &r, nil
		case err != nil:
			return nil, err
		}
	}
	if requestID != "" && r.Raw != "" {
		switch err := db.limit(ctx, "refused-response:ip:"+NetworkOf(client.IP), refusedResponsesByIP); {
		case IsKind(err, TooMany):
			r.Raw, r.Detail = "", maps.Clone(r.Detail)
			delete(r.Detail, "trace")
		case err != nil:
			return nil, err
		}
	}
	r.Reference = NewReference()
	err := db.touch(ctx, func(tx *Tx) error {
		tx.org = orgID
		if requestID != "" {
			// One that is claimed belongs to a response that was verified: a second one does not take it away.
			err := tx.Org().Model(&PendingLogin{}).Where("id = ? and claimed_at is null and consumed_at is null", requestID).
				UpdateColumns(map[string]any{"consumed_at": tx.now, "reference": r.Reference}).Error
			if err != nil {
				return err
			}
		}
		_, err := tx.recordActivity(r.activity(orgID, client))
		return err
	})
	return &r, err
}
