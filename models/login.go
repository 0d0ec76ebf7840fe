package models

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"
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
	if err := db.limit(ctx, "login:ip:"+networkOf(client.IP), loginsByIP); err != nil {
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
		return refuse(RefusedSSOOff)
	case s.Version != version:
		return refuse(RefusedConnectionChanged)
	}
	return nil
}

// PendingLogin is the request that a response names, with the connection to verify it against. A *LoginRefusal if there is none of that
// organization (RefusedUnknownRequest), or if it was used, has expired, or the connection was changed since.
func (db *DB) PendingLogin(ctx context.Context, orgID, requestID string) (*PendingLogin, *SSO, error) {
	var p PendingLogin
	err := db.read(ctx).Where("id = ? and org_id = ?", requestID, orgID).Take(&p).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil, refuse(RefusedUnknownRequest)
	}
	if err != nil {
		return nil, nil, err
	}
	sso, err := loadSSO(db.read(ctx), orgID)
	if err != nil {
		return nil, nil, err
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
	return &p, sso, nil
}

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

// ClaimLogin keeps a verified outcome and returns the one-time code under which the browser fetches it. Of any number of responses
// to one request exactly one claims it; the others get a *LoginRefusal.
func (db *DB) ClaimLogin(ctx context.Context, orgID, requestID string, identity LoginIdentity) (string, error) {
	outcome, err := json.Marshal(identity)
	if err != nil {
		return "", err
	}
	code, now := newSecret(), db.Now()
	// One statement is its own transaction: the condition and the count of rows let exactly one response through.
	r := db.writer.WithContext(ctx).Model(&PendingLogin{}).
		Where("id = ? and org_id = ? and claimed_at is null and consumed_at is null and expires_at > ?", requestID, orgID, now).
		UpdateColumns(map[string]any{"claimed_at": now, "code_hash": hashSecret(code), "code_expires_at": now.Add(LoginCodeLife), "outcome": string(outcome)})
	if r.Error != nil {
		return "", translate(r.Error)
	}
	if r.RowsAffected != 1 {
		return "", refuse(RefusedReplayed)
	}
	return code, nil
}

// RefuseLogin consumes a request that nobody has claimed, writes the refusal into the activity and returns it with its reference.
// requestID is empty when the response named none of ours.
func (db *DB) RefuseLogin(ctx context.Context, client Client, orgID, requestID string, r LoginRefusal) (*LoginRefusal, error) {
	if requestID == "" {
		switch err := db.limit(ctx, "stray-response:ip:"+networkOf(client.IP), strayResponsesByIP); {
		case IsKind(err, TooMany):
			return &r, nil
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
