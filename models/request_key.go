package models

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
	"time"
)

// RequestKey is an organization's own key, with which its AuthnRequests and LogoutResponses are signed, and the certificate that its
// identity provider is given.
type RequestKey struct {
	OrgID string `gorm:"primaryKey"`
	// PrivateKey is PKCS #8, sealed.
	PrivateKey  string
	Certificate string // PEM
	CreatedBy   string
	CreatedAt   time.Time
}

// TableName is the table of our keys.
func (RequestKey) TableName() string { return "sso_request_keys" }

// MakeRequestKey keeps a key for an organization, sealed, unless it has one. der is its PKCS #8, certificate the PEM of its certificate. It
// takes the place of one that was sealed with another SECRET_KEY.
func (db *DB) MakeRequestKey(ctx context.Context, actor Actor, orgID string, der []byte, certificate string) error {
	sealed, err := db.seal(der, requestKeyPlace(orgID))
	if err != nil {
		return err
	}
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		fresh, err := tx.insertNew(&RequestKey{OrgID: orgID, PrivateKey: sealed, Certificate: certificate, CreatedBy: tx.actor.Label, CreatedAt: tx.now})
		if err != nil {
			return err
		}
		if fresh {
			tx.record("sso_request_key.made", tx.ssoTarget(), nil, nil)
			return nil
		}
		var present RequestKey
		if err := tx.Locked().Take(&present).Error; err != nil {
			return err
		}
		if _, err := db.open(present.PrivateKey, requestKeyPlace(orgID)); err == nil {
			return errNoChange
		}
		tx.record("sso_request_key.made", tx.ssoTarget(), Facts{"made_at": present.CreatedAt, "sealed_with": "another SECRET_KEY"}, nil)
		return tx.Model(&RequestKey{}).Where("org_id = ?", orgID).
			UpdateColumns(map[string]any{"private_key": sealed, "certificate": certificate, "created_by": tx.actor.Label, "created_at": tx.now}).Error
	})
}

// requestKeyPlace is where the key is sealed for.
func requestKeyPlace(orgID string) string { return "sso_request_keys.private_key:" + orgID }

// RequestKey is an organization's key, opened, with its certificate. Both are empty if it has none; if it was sealed with another
// SECRET_KEY the key alone is nil.
func (db *DB) RequestKey(ctx context.Context, orgID string) (key crypto.Signer, certificate string, err error) {
	var rows []RequestKey
	if err := db.read(ctx).Where("org_id = ?", orgID).Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, "", err
	}
	der, err := db.open(rows[0].PrivateKey, requestKeyPlace(orgID))
	if err != nil {
		return nil, rows[0].Certificate, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, "", err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, "", errors.New("models: a request key that cannot sign")
	}
	return signer, rows[0].Certificate, nil
}

// signsWith is the SHA-256 of the certificate whose key signs the connection's requests; empty while they are not signed.
func (tx *Tx) signsWith(s *SSO) (string, error) {
	if !s.SignRequests {
		return "", nil
	}
	var rows []RequestKey
	if err := tx.Where("org_id = ?", tx.org).Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return "", err
	}
	sum := sha256.Sum256([]byte(rows[0].Certificate))
	return hex.EncodeToString(sum[:]), nil
}

// isOurs tells whether a certificate is the one of the organization's own key: whoever is given it could not sign in our name, but nothing
// that we sign may count as the identity provider's.
func (tx *Tx) isOurs(n NewCertificate) (bool, error) {
	var rows []RequestKey
	if err := tx.Where("org_id = ?", tx.org).Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return false, err
	}
	own, _ := pem.Decode([]byte(rows[0].Certificate))
	if own == nil {
		return false, nil
	}
	sum := sha256.Sum256(own.Bytes)
	return hexDigits(n.SHA256) == strings.ToUpper(hex.EncodeToString(sum[:])), nil
}

// SetSignRequests turns the signing of AuthnRequests on or off. Conflict if there is no key.
func (db *DB) SetSignRequests(ctx context.Context, actor Actor, orgID string, on bool) error {
	return db.write(ctx, actor, orgID, func(tx *Tx) error {
		s, err := tx.lockedSSO()
		if err != nil {
			return err
		}
		if s.SignRequests == on {
			return errNoChange
		}
		if on {
			var keys int64
			if err := tx.Org().Model(&RequestKey{}).Count(&keys).Error; err != nil {
				return err
			}
			if keys == 0 {
				return conflict("There is no key to sign with yet. Make it first.")
			}
		}
		if err := tx.changeSSO(s, map[string]any{"sign_requests": on}); err != nil {
			return err
		}
		tx.record("sso_connection.signing_changed", tx.ssoTarget(), Facts{"sign_requests": s.SignRequests}, Facts{"sign_requests": on})
		return nil
	})
}

// sealing is the cipher for secrets at rest: AES-256-GCM under a key derived from SECRET_KEY. The text begins with the key's number, so
// that a later key can be told from this one.
func (db *DB) sealing() (cipher.AEAD, error) {
	if len(db.secretKey) == 0 {
		return nil, errors.New("models: nothing can be sealed without SECRET_KEY")
	}
	key, err := hkdf.Key(sha256.New, db.secretKey, nil, "gatehouse secrets at rest v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

const sealedPrefix = "1:"

// seal seals a secret for one place, table.column:id: it opens nowhere else.
func (db *DB) seal(secret []byte, place string) (string, error) {
	aead, err := db.sealing()
	if err != nil {
		return "", err
	}
	return sealedPrefix + base64.StdEncoding.EncodeToString(aead.Seal(nil, nil, secret, []byte(place))), nil
}

func (db *DB) open(sealed, place string) ([]byte, error) {
	aead, err := db.sealing()
	if err != nil {
		return nil, err
	}
	if len(sealed) < len(sealedPrefix) || sealed[:len(sealedPrefix)] != sealedPrefix {
		return nil, errors.New("models: a secret sealed with an unknown key")
	}
	b, err := base64.StdEncoding.DecodeString(sealed[len(sealedPrefix):])
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, b, []byte(place))
}
