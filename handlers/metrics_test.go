package handlers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestMetricsCountByRouteAndNameNobody(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		org := a.organization("Acme", "ana@acme.com")
		a.do(a.request(http.MethodGet, "/saml/"+org.ID+"/metadata", "")).wantStatus(http.StatusOK)
		a.do(a.request("BREW", "/login", ""))
		w := httptest.NewRecorder()
		a.server.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		text := w.Body.String()
		for _, want := range []string{`route="/saml/:org/metadata"`, `status="200"`, `method="other"`, "go_goroutines"} {
			if !strings.Contains(text, want) {
				t.Errorf("the metrics do not have %s", want)
			}
		}
		if strings.Contains(text, org.ID) {
			t.Error("the metrics name an organization")
		}
		a.do(a.request(http.MethodGet, "/metrics", "")).wantStatus(http.StatusNotFound)
	})
}
