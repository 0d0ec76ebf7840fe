package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
)

// meAnswer is who is signed in, for applications on the same host (docs/forward-auth.md).
type meAnswer struct {
	Email        string  `json:"email"`
	Name         string  `json:"name"`
	Organization meRef   `json:"organization"`
	Role         string  `json:"role"`         // owner, admin or member; the highest of the person's own and their teams'
	Teams        []meRef `json:"teams"`        // by name; ids and not names go into Remote-Groups, because names change
	SignedInBy   string  `json:"signed_in_by"` // password or sso
	ExpiresAt    meTime  `json:"expires_at"`   // when the session ends at the latest
}

// meRef is something with an id that stays and a name that may change.
type meRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// meTime is RFC 3339 in UTC with whole seconds.
type meTime time.Time

// MarshalJSON implements json.Marshaler.
func (t meTime) MarshalJSON() ([]byte, error) {
	return []byte(`"` + time.Time(t).UTC().Format(time.RFC3339) + `"`), nil
}

// me answers 200 with who is signed in, as JSON and in Remote-* headers, or 401 (PRODUCT.md §2).
func (s *Server) me(c echo.Context) error {
	who := signedIn(c)
	if who == nil {
		return &models.Error{Kind: models.Unauthenticated, Message: "Nobody is signed in here. Sign in at " + s.origin + "/login."}
	}
	teams, err := s.db.TeamsOf(c.Request().Context(), who.Organization.ID, who.Member.ID)
	if err != nil {
		return err
	}
	answer := meAnswer{
		Email: who.Member.Address(), Name: who.Member.Label(), Organization: meRef{who.Organization.ID, who.Organization.Name},
		Role: string(who.Role), Teams: []meRef{}, SignedInBy: who.Session.Method, ExpiresAt: meTime(who.Session.ExpiresAt),
	}
	ids := []string{}
	for _, t := range teams {
		answer.Teams = append(answer.Teams, meRef{t.ID, t.Name})
		ids = append(ids, percentEncode(t.ID))
	}
	h := c.Response().Header()
	h.Set("Remote-User", percentEncode(who.Member.ID))
	h.Set("Remote-Email", percentEncode(answer.Email))
	h.Set("Remote-Name", percentEncode(answer.Name))
	h.Set("Remote-Groups", strings.Join(ids, ","))
	return c.JSON(http.StatusOK, answer)
}

// percentEncode leaves the unreserved characters of RFC 3986 §2.3 and "@"; everything else, in UTF-8, becomes %XX. A header can then carry
// any name, and no value can end the header or forge a list.
func percentEncode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~@", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
