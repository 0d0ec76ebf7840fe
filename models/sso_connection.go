package models

import (
	"cmp"
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// SSOConnection is an organization's SSO connection with its three switches.
type SSOConnection struct {
	OrgID      string `gorm:"primaryKey"`
	Issuer     string
	SignInURL  string
	Enabled    bool // people on claimed domains can use it
	Required   bool // they must; Requires tells whether that holds now
	IDPManaged bool `gorm:"column:idp_managed"` // the IdP says who belongs
	// Version grows with every change that ends outstanding requests.
	Version   int64
	EnabledAt *time.Time
	RequireWindow
	// SignRequests tells that AuthnRequests carry a signature of our own key.
	SignRequests bool
	// LogoutURL is where LogoutResponses go; empty for the sign-in URL, as Entra has it.
	LogoutURL string
	UpdatedAt time.Time
}

// TableName is the table of connections.
func (SSOConnection) TableName() string { return "sso_connections" }

// SSOCertificate is a certificate the organization trusts for its IdP's signatures.
type SSOCertificate struct {
	ID                  string `gorm:"primaryKey"`
	OrgID               string
	PEM                 string `gorm:"column:pem"`
	Subject             string
	SHA1                string `gorm:"column:sha1"`   // upper-case hex with colons, as Entra shows it without them
	SHA256              string `gorm:"column:sha256"` // likewise
	KeyKind             string // "RSA 2048"
	NotBefore, NotAfter time.Time
	AddedBy             string
	AddedAt             time.Time
	LastUsedAt          *time.Time
}

// TableName is the table of certificates.
func (SSOCertificate) TableName() string { return "sso_certificates" }

// Valid tells whether now is within the certificate's validity.
func (c *SSOCertificate) Valid(now time.Time) bool {
	return !now.Before(c.NotBefore) && now.Before(c.NotAfter)
}

func (c *SSOCertificate) target() Target { return Target{"sso_certificate", c.ID, c.Subject} }

// SSO is a connection with its certificates, the oldest first.
type SSO struct {
	SSOConnection
	Certificates []SSOCertificate
}

// Configured tells whether all three fields are there.
func (s *SSO) Configured() bool {
	return s.Issuer != "" && s.SignInURL != "" && len(s.Certificates) > 0
}

// lastUsed is when a certificate last signed, nil for never.
func (s *SSO) lastUsed(sha256 string) *time.Time {
	for i := range s.Certificates {
		if s.Certificates[i].SHA256 == sha256 {
			return s.Certificates[i].LastUsedAt
		}
	}
	return nil
}

// SSO is an organization's connection; all empty and off before anything was entered. NotFound if there is no such organization.
func (db *DB) SSO(ctx context.Context, orgID string) (*SSO, error) {
	if _, err := db.Organization(ctx, orgID); err != nil {
		return nil, err
	}
	return loadSSO(db.read(ctx), orgID)
}

func loadSSO(g *gorm.DB, orgID string) (*SSO, error) {
	s := &SSO{SSOConnection: SSOConnection{OrgID: orgID, Version: 1}}
	var rows []SSOConnection
	if err := g.Where("org_id = ?", orgID).Limit(1).Find(&rows).Error; err != nil {
		return nil, err
	}
	if len(rows) == 1 {
		s.SSOConnection = rows[0]
	}
	return s, g.Where("org_id = ?", orgID).Order("id").Limit(maxCertificates).Find(&s.Certificates).Error
}

// lockedSSO reads the connection for a change, with its row made if there is none and locked.
func (tx *Tx) lockedSSO() (*SSO, error) {
	if err := tx.lockOrganization(); err != nil {
		return nil, err
	}
	row := SSOConnection{OrgID: tx.org, Version: 1, UpdatedAt: tx.now}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return nil, err
	}
	return loadSSO(tx.DB, tx.org)
}

// SaveConnection is the form of the connection: it saves the issuer and the sign-in URL (both already checked by the caller; they may be
// empty while SSO is off) and trusts the certificates as well, in one transaction, so that nothing is kept of a form that is refused.
// Outstanding requests end with a change of either address, SSO sessions with a change of the issuer; adding a certificate ends nothing,
// and those that are trusted already are left as they are. Conflict for more certificates than an organization can have.
func (db *DB) SaveConnection(ctx context.Context, actor Actor, orgID, issuer, signInURL string, certificates []NewCertificate) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		if err := tx.saveSSO(s, issuer, signInURL); err != nil && err != errNoChange {
			return err
		}
		for _, n := range certificates {
			if s.trusts(n.SHA256) {
				continue
			}
			if _, err := tx.addCertificate(s, n); err != nil {
				return err
			}
		}
		if len(tx.audit) == 0 {
			return errNoChange
		}
		return nil
	})
}

func (tx *Tx) saveSSO(s *SSO, issuer, signInURL string) error {
	if s.Issuer == issuer && s.SignInURL == signInURL {
		return errNoChange
	}
	if s.Enabled && (issuer == "" || signInURL == "") {
		return conflict("Single sign-on is on and needs both the Issuer URL and the Identity Provider Sign-in URL. Turn it off before you clear them.")
	}
	before := Facts{"issuer": s.Issuer, "sign_in_url": s.SignInURL}
	columns := map[string]any{"issuer": issuer, "sign_in_url": signInURL, "version": s.Version + 1}
	if s.Issuer != issuer && s.LogoutURL != "" {
		// Another provider: the answer to its LogoutRequest, and the person, must not go to the old one.
		before["logout_url"], columns["logout_url"], s.LogoutURL = s.LogoutURL, "", ""
	}
	if err := tx.changeSSO(s, columns); err != nil {
		return err
	}
	ended := int64(0)
	if s.Issuer != issuer {
		r := tx.Org().Where("method = ?", MethodSSO).Delete(&Session{})
		if r.Error != nil {
			return r.Error
		}
		ended = r.RowsAffected
	}
	s.Issuer, s.SignInURL, s.Version = issuer, signInURL, s.Version+1
	tx.record("sso_connection.changed", tx.ssoTarget(), before, Facts{"issuer": issuer, "sign_in_url": signInURL, "sessions_ended": ended})
	if !s.Enabled {
		return nil
	}
	return tx.notify("sso", "Single sign-on settings changed", tx.actor.Label+" changed the Issuer URL or the Identity Provider Sign-in URL. If this was not planned, look at the audit log.")
}

func (tx *Tx) changeSSO(s *SSO, columns map[string]any) error {
	columns["updated_at"] = tx.now
	return tx.Model(&SSOConnection{}).Where("org_id = ?", tx.org).UpdateColumns(columns).Error
}

func (tx *Tx) ssoTarget() Target { return Target{"sso_connection", tx.org, "Single sign-on"} }

// NewCertificate is a certificate as the caller has parsed and checked it.
type NewCertificate struct {
	PEM, Subject, SHA1, SHA256, KeyKind string
	NotBefore, NotAfter                 time.Time
}

const maxCertificates = 10

// addCertificate trusts one more certificate, which the caller has seen not to be trusted yet.
func (tx *Tx) addCertificate(s *SSO, n NewCertificate) (*SSOCertificate, error) {
	if len(s.Certificates) >= maxCertificates {
		return nil, errManyCertificates
	}
	return tx.trustCertificate(s, n)
}

var errManyCertificates = &Error{Kind: Conflict, Field: "certificate", Message: "There are ten certificates already, which is the most. Remove one that is no longer used."}

// The catalogue of the protocol has the same sentence for a file that is our own.
var errOurCertificate = &Error{Kind: Invalid, Field: "certificate", Message: "This is our certificate, not your provider's. Download Certificate (Base64) from the identity provider."}

// trustCertificate is addCertificate without the limit, for who replaces certificates in the same transaction.
func (tx *Tx) trustCertificate(s *SSO, n NewCertificate) (*SSOCertificate, error) {
	if ours, err := tx.isOurs(n); err != nil || ours {
		return nil, cmp.Or[error](err, errOurCertificate)
	}
	c := &SSOCertificate{
		ID: newID("crt_", tx.now), OrgID: tx.org, PEM: n.PEM, Subject: n.Subject, SHA1: n.SHA1, SHA256: n.SHA256, KeyKind: n.KeyKind,
		NotBefore: n.NotBefore.UTC().Truncate(time.Microsecond), NotAfter: n.NotAfter.UTC().Truncate(time.Microsecond), AddedBy: tx.actor.Label, AddedAt: tx.now,
	}
	if err := tx.Create(c).Error; err != nil {
		return nil, err
	}
	s.Certificates = append(s.Certificates, *c)
	tx.record("sso_certificate.added", c.target(), nil, Facts{"subject": c.Subject, "sha256": c.SHA256, "not_after": c.NotAfter})
	if !s.Enabled {
		return c, nil
	}
	return c, tx.notify("sso", "A SAML certificate was added", tx.actor.Label+" added the certificate "+c.Subject+" (SHA-1 "+c.SHA1+"). If this was not planned, look at the audit log.")
}

// CertificateInUse is for how long after its last signature a certificate is held back from being removed, unless another one has signed
// since: then the identity provider has rolled over.
const CertificateInUse = 24 * time.Hour

// SignsStill tells whether the identity provider seems to sign with a certificate now.
func (s *SSO) SignsStill(c *SSOCertificate, now time.Time) bool {
	if c.LastUsedAt == nil || now.Sub(*c.LastUsedAt) >= CertificateInUse {
		return false
	}
	for i := range s.Certificates {
		if other := s.Certificates[i].LastUsedAt; s.Certificates[i].ID != c.ID && other != nil && other.After(*c.LastUsedAt) {
			return false
		}
	}
	return true
}

// RemoveCertificate stops trusting a certificate; outstanding requests end. Conflict while SSO is on for the only valid one, and for the
// one that the identity provider signs with.
func (db *DB) RemoveCertificate(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		signs := false
		for i := range s.Certificates {
			if c := &s.Certificates[i]; c.ID == id {
				signs = s.Enabled && s.SignsStill(c, tx.now)
			}
		}
		if err := tx.removeCertificate(s, id, nil); err != nil || !signs {
			return err
		}
		return conflict("The identity provider signed with this certificate less than 24 hours ago, and with no other since: people would be locked out. Let it sign with the new one first, or turn single sign-on off.")
	})
}

// DisownCertificate removes a certificate whose key is in wrong hands, whatever it has signed lately: whoever has the key could keep it in
// use. The sessions of single sign-on end with it, since nobody knows which of them it began. Conflict for the only valid one while SSO is on.
func (db *DB) DisownCertificate(ctx context.Context, actor Actor, orgID, id string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		// Those under way hold the connection until their session is there, and find the certificate gone afterwards.
		if err := tx.lockConnection(s); err != nil {
			return err
		}
		r := tx.Org().Where("method = ?", MethodSSO).Delete(&Session{})
		if r.Error != nil {
			return r.Error
		}
		return tx.removeCertificate(s, id, Facts{"key": "in wrong hands", "sessions_ended": r.RowsAffected})
	})
}

// TrustedElsewhere are those of the given certificates, by SHA-256, that another organization on this server trusts as well. It never tells
// which one.
func (db *DB) TrustedElsewhere(ctx context.Context, orgID string, sha256 []string) (map[string]bool, error) {
	elsewhere := map[string]bool{}
	if len(sha256) == 0 {
		return elsewhere, nil
	}
	var found []string
	err := db.read(ctx).Raw("select distinct sha256 from sso_certificates where sha256 in ? and org_id <> ?", sha256, orgID).Scan(&found).Error
	for _, f := range found {
		elsewhere[f] = true
	}
	return elsewhere, err
}

// removeCertificate stops trusting one; after is what else is audited.
func (tx *Tx) removeCertificate(s *SSO, id string, after Facts) error {
	var gone *SSOCertificate
	valid := 0
	kept := []SSOCertificate{}
	for i := range s.Certificates {
		c := s.Certificates[i]
		if c.ID == id {
			gone = &c
			continue
		}
		kept = append(kept, c)
		if c.Valid(tx.now) {
			valid++
		}
	}
	if gone == nil {
		return notFound("certificate")
	}
	if s.Enabled && valid == 0 && (gone.Valid(tx.now) || len(kept) == 0) {
		return conflict("This is the only valid certificate, and single sign-on is on. Add the new certificate first, or turn single sign-on off.")
	}
	if err := tx.Org().Where("id = ?", id).Delete(&SSOCertificate{}).Error; err != nil {
		return err
	}
	if err := tx.changeSSO(s, map[string]any{"version": s.Version + 1}); err != nil {
		return err
	}
	s.Version, s.Certificates = s.Version+1, kept
	tx.record("sso_certificate.removed", gone.target(), Facts{"subject": gone.Subject, "sha256": gone.SHA256}, after)
	if !s.Enabled {
		return nil
	}
	return tx.notify("sso", "A SAML certificate was removed", tx.actor.Label+" removed the certificate "+gone.Subject+" (SHA-1 "+gone.SHA1+").")
}
