package handlers

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"gatehouse/models"
	"gatehouse/scim"
)

// cursor is what the opaque text of RFC 9865 holds: where the next page begins.
type cursor struct {
	After   *models.SCIMPosition `json:"a,omitempty"`
	Groups  bool                 `json:"g,omitempty"` // of people and groups together: among the groups
	Total   int                  `json:"n"`           // counted for the first page; -1 for not yet
	Expires int64                `json:"e"`           // Unix seconds
}

// cursorKey is derived from SECRET_KEY, so that every instance opens what another sealed. Without one, which only tests are, it is
// this instance's own.
func cursorKey(secret []byte) (cipher.AEAD, error) {
	if len(secret) == 0 {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "gatehouse scim cursor v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// cursorFor is what a cursor is bound to: the organization and the query. It opens for no other (RFC 9865 §5).
func (r *scimRequest) cursorFor(endpoint string) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q", r.call.Token.OrgID, endpoint, r.query["filter"], r.query["sortby"], r.query["sortorder"]))
	return sum[:]
}

func (r *scimRequest) sealCursor(endpoint string, at cursor) (string, error) {
	at.Expires = r.db.Now().Add(scim.CursorLife).Unix()
	text, err := json.Marshal(at)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(r.cursors.Seal(nil, nil, text, r.cursorFor(endpoint))), nil
}

// openCursor reads the cursor of the request; an empty one asks for the first page. The token is looked up first: the cursor is its
// organization's.
func (r *scimRequest) openCursor(endpoint string) (cursor, error) {
	at := cursor{Total: -1}
	if err := r.authenticate(); err != nil {
		return at, err
	}
	if r.query["startindex"] != "" {
		return at, &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeInvalidValue, Detail: "Page either by cursor or by startIndex, not by both."}
	}
	text := r.query["cursor"]
	if text == "" {
		return at, nil
	}
	invalid := &scim.Error{
		Status: http.StatusBadRequest, Type: scim.TypeInvalidCursor,
		Detail: "This cursor was not given out for this query. Begin again with an empty cursor, and change nothing but the cursor from page to page.",
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return at, invalid
	}
	plain, err := r.cursors.Open(nil, nil, sealed, r.cursorFor(endpoint))
	if err != nil || json.Unmarshal(plain, &at) != nil {
		return at, invalid
	}
	if !r.db.Now().Before(time.Unix(at.Expires, 0)) {
		return at, &scim.Error{Status: http.StatusBadRequest, Type: scim.TypeExpiredCursor, Detail: "This cursor is older than an hour. Begin again with an empty cursor."}
	}
	return at, nil
}
