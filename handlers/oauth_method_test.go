package handlers

import (
	"encoding/json"
	"net/http"
	"testing"
)

// Whatever is asked of the token endpoint is answered in the words of RFC 6749 §5.2.
func TestTheTokenEndpointRefusesInItsOwnWords(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			p := a.do(a.request(method, oauthTokenPath, ""))
			var answer map[string]string
			if err := json.Unmarshal([]byte(p.body), &answer); err != nil || p.status != http.StatusMethodNotAllowed || answer["error"] != "invalid_request" || answer["error_description"] == "" || p.header.Get("Allow") == "" {
				t.Errorf("%s: %d %q %s", method, p.status, p.header.Get("Allow"), p.body)
			}
		}
	})
}
