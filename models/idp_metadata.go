package models

import (
	"cmp"
	"context"
	"maps"
	"time"
)

const (
	// metadataEvery is how often a configured address is read.
	metadataEvery = 24 * time.Hour
	// metadataRetry is when an address that could not be read is tried again.
	metadataRetry = 2 * time.Hour
	// metadataStale is for how long it may fail before the owners are told.
	metadataStale = 3 * 24 * time.Hour
)

// IdPMetadata is what an identity provider's metadata says, as the caller has parsed and checked it.
type IdPMetadata struct {
	Issuer, SignInURL string
	LogoutURL         string // where LogoutResponses go; empty if it names none for HTTP-Redirect
	Certificates      []NewCertificate
}

// MetadataState is what is known about the metadata of an organization's identity provider.
type MetadataState struct {
	URL       string     `gorm:"column:metadata_url"` // empty: not read
	CheckedAt *time.Time `gorm:"column:metadata_checked_at"`
	NextAt    *time.Time `gorm:"column:metadata_next_at"`
	Problem   string     `gorm:"column:metadata_problem"` // of the last look
	// Issuer and SignInURL are what the metadata says where that is not what is set here and nobody has dismissed it, else empty. LogoutURL
	// is what it says about that then.
	Issuer    string `gorm:"column:metadata_issuer"`
	SignInURL string `gorm:"column:metadata_sign_in_url"`
	LogoutURL string `gorm:"column:metadata_logout_url"`
	// DismissedIssuer and DismissedSignInURL are such addresses that an admin has dismissed.
	DismissedIssuer    string `gorm:"column:metadata_dismissed_issuer"`
	DismissedSignInURL string `gorm:"column:metadata_dismissed_sign_in_url"`
}

// Waits tells whether the metadata names other addresses and an admin is to take them over or dismiss them.
func (m *MetadataState) Waits() bool { return m.Issuer != "" || m.SignInURL != "" }

// noOtherAddresses are the columns of what waits and of what was dismissed, empty.
func noOtherAddresses() map[string]any {
	return map[string]any{
		"metadata_issuer": "", "metadata_sign_in_url": "", "metadata_logout_url": "", "metadata_dismissed_issuer": "", "metadata_dismissed_sign_in_url": "",
	}
}

// Metadata is how the reading of an organization's metadata stands.
func (db *DB) Metadata(ctx context.Context, orgID string) (*MetadataState, error) {
	var m MetadataState
	return &m, db.read(ctx).Table("sso_connections").Where("org_id = ?", orgID).Limit(1).Scan(&m).Error
}

// FollowMetadata reads an address daily from now on, and takes over what the admin has confirmed of it in the same transaction: both
// addresses and the certificates.
func (db *DB) FollowMetadata(ctx context.Context, actor Actor, orgID, url string, m IdPMetadata) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		before, err := tx.metadata()
		if err != nil {
			return err
		}
		if err := tx.saveSSO(s, m.Issuer, m.SignInURL); err != nil && err != errNoChange {
			return err
		}
		for _, n := range m.Certificates {
			if s.trusts(n.SHA256) {
				continue
			}
			if _, err := tx.addCertificate(s, n); err != nil {
				return err
			}
			if err := tx.Org().Where("sha256 = ?", n.SHA256).Delete(&PendingCertificate{}).Error; err != nil {
				return err
			}
		}
		if before.URL == url && s.LogoutURL == m.LogoutURL && len(tx.audit) == 0 {
			return errNoChange
		}
		columns := noOtherAddresses()
		maps.Copy(columns, map[string]any{
			"metadata_url": url, "metadata_checked_at": tx.now, "metadata_next_at": tx.now.Add(metadataEvery), "metadata_problem": "", "logout_url": m.LogoutURL,
		})
		if err := tx.changeSSO(s, columns); err != nil {
			return err
		}
		tx.record("sso_metadata.followed", tx.ssoTarget(), Facts{"url": before.URL, "logout_url": s.LogoutURL}, Facts{"url": url, "logout_url": m.LogoutURL})
		return nil
	})
}

// UnfollowMetadata stops reading it. What was taken over stays; what waits for approval from there goes.
func (db *DB) UnfollowMetadata(ctx context.Context, actor Actor, orgID string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		before, err := tx.metadata()
		if err != nil {
			return err
		}
		if before.URL == "" {
			return errNoChange
		}
		if err := tx.forgetMetadata(s); err != nil {
			return err
		}
		tx.record("sso_metadata.unfollowed", tx.ssoTarget(), Facts{"url": before.URL}, nil)
		return nil
	})
}

// forgetMetadata clears the address, what the last look found, and the certificates that wait because of it.
func (tx *Tx) forgetMetadata(s *SSO) error {
	if err := tx.Org().Where("source = ?", FoundInMetadata).Delete(&PendingCertificate{}).Error; err != nil {
		return err
	}
	columns := noOtherAddresses()
	maps.Copy(columns, map[string]any{"metadata_url": "", "metadata_checked_at": nil, "metadata_next_at": nil, "metadata_problem": ""})
	return tx.changeSSO(s, columns)
}

func (tx *Tx) metadata() (*MetadataState, error) {
	var m MetadataState
	return &m, tx.Table("sso_connections").Where("org_id = ?", tx.org).Limit(1).Scan(&m).Error
}

// DueMetadata is an address that is due to be read.
type DueMetadata struct {
	OrgID string
	URL   string `gorm:"column:metadata_url"`
}

// DueMetadata claims addresses that are due: of several instances only one gets each, for as long as lease.
func (db *DB) DueMetadata(ctx context.Context, limit int, lease time.Duration) ([]DueMetadata, error) {
	var due []DueMetadata
	err := db.touch(ctx, func(tx *Tx) error {
		q := tx.lock(tx.DB.Model(&SSOConnection{})).Select("org_id, metadata_url").Where("metadata_next_at <= ? and metadata_url <> ''", tx.now).
			Order("metadata_next_at, org_id").Limit(limit)
		if err := q.Find(&due).Error; err != nil {
			return err
		}
		for _, d := range due {
			if err := tx.Model(&SSOConnection{}).Where("org_id = ?", d.OrgID).UpdateColumn("metadata_next_at", tx.now.Add(lease)).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return due, err
}

// RecordMetadata keeps what a look at the configured address found. Nothing of it takes effect: new certificates wait for approval, other
// addresses wait for a decision, and the owners are told of both. problem is a sentence if the address could not be read, and m is nil then. It
// does nothing if the address was changed meanwhile.
func (db *DB) RecordMetadata(ctx context.Context, actor Actor, orgID, url string, m *IdPMetadata, problem string) error {
	var before *MetadataState
	var other MetadataState
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		if before, err = tx.metadata(); err != nil {
			return err
		}
		if before.URL != url || m == nil {
			return errNoChange
		}
		for _, n := range m.Certificates {
			if _, err := tx.findCertificate(s, FoundInMetadata, n); err != nil {
				return err
			}
		}
		other = before.otherAddresses(m, s)
		if other.Issuer != before.Issuer || other.SignInURL != before.SignInURL {
			tx.record("sso_metadata.changed", tx.ssoTarget(), Facts{"issuer": before.Issuer, "sign_in_url": before.SignInURL}, Facts{"issuer": other.Issuer, "sign_in_url": other.SignInURL})
			if other.Waits() {
				if err := tx.notify("sso", "Your identity provider's metadata has changed", "Its addresses are no longer those set here. Nothing was changed: an admin takes them over or dismisses them under Access Security → SSO → Metadata."); err != nil {
					return err
				}
			}
		}
		if len(tx.audit) == 0 {
			return errNoChange
		}
		return tx.changeSSO(s, map[string]any{"metadata_issuer": other.Issuer, "metadata_sign_in_url": other.SignInURL})
	})
	if err != nil || before == nil || before.URL != url {
		return err
	}
	return db.touch(ctx, func(tx *Tx) error {
		tx.org = orgID
		if m != nil {
			return tx.Model(&SSOConnection{}).Where("org_id = ? and metadata_url = ?", orgID, url).
				UpdateColumns(map[string]any{
					"metadata_checked_at": tx.now, "metadata_next_at": tx.now.Add(metadataEvery), "metadata_problem": "", "metadata_logout_url": other.LogoutURL,
					"metadata_dismissed_issuer": other.DismissedIssuer, "metadata_dismissed_sign_in_url": other.DismissedSignInURL,
				}).Error
		}
		// checked_at stays that of the last look that worked: the page and the notice say since when it fails.
		err := tx.Model(&SSOConnection{}).Where("org_id = ? and metadata_url = ?", orgID, url).
			UpdateColumns(map[string]any{"metadata_next_at": tx.now.Add(metadataRetry), "metadata_problem": truncate(problem, 400)}).Error
		if err != nil || before.CheckedAt == nil {
			return err
		}
		if tx.now.Sub(*before.CheckedAt) < metadataStale {
			return nil
		}
		const subject = "Your identity provider's metadata cannot be read"
		var told int64
		if err := tx.Org().Model(&Notice{}).Where("subject = ? and created_at > ?", subject, *before.CheckedAt).Count(&told).Error; err != nil || told > 0 {
			return err
		}
		return tx.notify("sso", subject, problem+" The address is "+url+". Sign-ins go on with what is trusted here.")
	})
}

// otherAddresses is what waits after a look, and what stays dismissed: the addresses that are not those set here, unless an admin has
// dismissed exactly these. Metadata that names what is set again, or something else, forgets what was dismissed.
func (m *MetadataState) otherAddresses(found *IdPMetadata, s *SSO) MetadataState {
	other := MetadataState{Issuer: differs(found.Issuer, s.Issuer), SignInURL: differs(found.SignInURL, s.SignInURL)}
	switch {
	case !other.Waits():
	case other.Issuer == m.DismissedIssuer && other.SignInURL == m.DismissedSignInURL:
		return MetadataState{DismissedIssuer: m.DismissedIssuer, DismissedSignInURL: m.DismissedSignInURL}
	default:
		other.LogoutURL = found.LogoutURL
	}
	return other
}

// TakeOverMetadata changes the connection to the addresses that a look at the metadata found, as the admin has seen them: all three, whether
// they differ from what is set or not. What that ends is as with SaveConnection. Conflict if something else waits by now, or nothing.
func (db *DB) TakeOverMetadata(ctx context.Context, actor Actor, orgID, issuer, signInURL, logoutURL string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, m, err := tx.waitingAddresses(issuer, signInURL)
		if err != nil {
			return err
		}
		if m.LogoutURL != logoutURL {
			return errChangedMeanwhile
		}
		if err := tx.saveSSO(s, issuer, signInURL); err != nil && err != errNoChange {
			return err
		}
		columns := noOtherAddresses()
		columns["logout_url"] = m.LogoutURL
		if err := tx.changeSSO(s, columns); err != nil {
			return err
		}
		tx.record("sso_metadata.taken_over", tx.ssoTarget(), nil, Facts{"url": m.URL, "issuer": issuer, "sign_in_url": signInURL, "logout_url": m.LogoutURL})
		return nil
	})
}

// DismissMetadata leaves the connection as it is: these addresses do not come up again while the metadata names them. Conflict as with
// TakeOverMetadata.
func (db *DB) DismissMetadata(ctx context.Context, actor Actor, orgID, issuer, signInURL string) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, m, err := tx.waitingAddresses(issuer, signInURL)
		if err != nil {
			return err
		}
		columns := noOtherAddresses()
		columns["metadata_dismissed_issuer"], columns["metadata_dismissed_sign_in_url"] = m.Issuer, m.SignInURL
		if err := tx.changeSSO(s, columns); err != nil {
			return err
		}
		tx.record("sso_metadata.dismissed", tx.ssoTarget(), Facts{"issuer": issuer, "sign_in_url": signInURL}, nil)
		return nil
	})
}

var errChangedMeanwhile = conflict("What the metadata says has changed meanwhile, or another admin has decided. Look at the page again.")

// waitingAddresses are the connection and what waits for it, if that is what the admin has seen.
func (tx *Tx) waitingAddresses(issuer, signInURL string) (*SSO, *MetadataState, error) {
	s, err := tx.lockedSSO()
	if err != nil {
		return nil, nil, err
	}
	m, err := tx.metadata()
	if err != nil {
		return nil, nil, err
	}
	if !m.Waits() || cmp.Or(m.Issuer, s.Issuer) != issuer || cmp.Or(m.SignInURL, s.SignInURL) != signInURL {
		return nil, nil, errChangedMeanwhile
	}
	return s, m, nil
}

// differs is found where it is not what is set.
func differs(found, set string) string {
	if found == set {
		return ""
	}
	return found
}

// metadataReads bounds how often an organization makes this server read an address.
var metadataReads = RateLimit{Every: 10 * time.Second, Burst: 10}

// AllowMetadataRead counts one reading of an address on an admin's click. TooMany when there were very many.
func (db *DB) AllowMetadataRead(ctx context.Context, orgID string) error {
	return db.limit(ctx, "metadata:org:"+orgID, metadataReads)
}
