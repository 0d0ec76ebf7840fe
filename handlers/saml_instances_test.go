package handlers

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// twoInstances are two servers under one address, each with a database handle of its own on one database, as two processes have: they
// share no memory.
func twoInstances(t *testing.T, dialect string) (first, second *app) {
	t.Helper()
	clock, address := modelstest.NewClock(), modelstest.URL(t, dialect)
	open := func() *models.DB {
		return modelstest.Open(t, address, modelstest.WithNow(clock.Now), func(o *models.Options) { o.NoRateLimits = true })
	}
	secret := "SECRET_KEY=" + base64.StdEncoding.EncodeToString([]byte(modelstest.SecretKey))
	first = startApp(t, open(), clock, "RATE_LIMITS=off", secret)
	second = startApp(t, open(), clock, "RATE_LIMITS=off", secret, "BASE_URL="+first.url)
	return first, second
}

// race sends a request n times at once, to the two instances in turns, and returns the answers.
func race(t *testing.T, instances [2]*app, n int, request func(a *app) *http.Request) []*http.Response {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answers := make([]*http.Response, n)
	begin := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		r := request(instances[i%2])
		// The balancer in front of both is the first one's address.
		r.Host = strings.TrimPrefix(instances[0].url, "http://")
		group.Go(func() {
			<-begin
			answer, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			answers[i] = answer
		})
	}
	close(begin)
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return answers
}

// Two instances racing one response, at the ACS and at the second half, give exactly one session.
func TestTwoInstancesRaceOneResponse(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			first, second := twoInstances(t, dialect)
			instances := [2]*app{first, second}
			org, idp := samlApp(first)
			for round := range 5 {
				b := first.browser()
				answer := idp.answer(b.beginSAML(org, "/teams"), "bo@acme.com")
				var accepted []string
				for _, answer := range race(t, instances, 8, func(a *app) *http.Request {
					r := a.request(http.MethodPost, "/saml/"+org.ID+"/acs", url.Values{"SAMLResponse": {answer}}.Encode())
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					return r
				}) {
					switch answer.StatusCode {
					case http.StatusSeeOther:
						accepted = append(accepted, answer.Header.Get("Location"))
					case http.StatusForbidden:
					default:
						t.Errorf("the ACS answers %d", answer.StatusCode)
					}
				}
				if len(accepted) != 1 || !strings.Contains(accepted[0], "/finish?code=") {
					t.Fatalf("round %d: accepted %d times: %v", round, len(accepted), accepted)
				}

				sessions := map[string]bool{}
				for _, answer := range race(t, instances, 8, func(a *app) *http.Request {
					r := a.request(http.MethodGet, accepted[0], "")
					r.AddCookie(&http.Cookie{Name: loginCookie, Value: b.cookie(loginCookie)})
					return r
				}) {
					for _, cookie := range answer.Cookies() {
						if cookie.Name == sessionCookie && cookie.Value != "" {
							sessions[cookie.Value] = true
						}
					}
					if answer.StatusCode != http.StatusSeeOther && answer.StatusCode != http.StatusForbidden {
						t.Errorf("the second half answers %d", answer.StatusCode)
					}
				}
				if len(sessions) != 1 {
					t.Fatalf("round %d: %d sessions", round, len(sessions))
				}
				for token := range sessions {
					for i, a := range instances {
						who, err := a.db.SessionByToken(t.Context(), token)
						if err != nil || who.Account.Email != "bo@acme.com" || who.Session.Method != models.MethodSSO {
							t.Errorf("instance %d: %+v, %v", i+1, who, err)
						}
						open, err := a.db.Sessions(t.Context(), org.ID, who.Member.ID)
						if err != nil || len(open) != round+1 {
							t.Errorf("instance %d: %d sessions after round %d, %v", i+1, len(open), round, err)
						}
					}
				}
			}
		})
	}
}

// One assertion brought to two requests, each at its own instance at the same moment, gives exactly one session.
func TestTwoInstancesRaceOneAssertion(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			first, second := twoInstances(t, dialect)
			instances := [2]*app{first, second}
			org, idp := samlApp(first)
			once := func(x *assertion) { x.id = "_once" }
			codes, cookies := [2]string{}, [2]string{}
			for i := range instances {
				b := first.browser()
				to := first.postACS(org, idp.answer(b.beginSAML(org, ""), "bo@acme.com", once)).wantStatus(http.StatusSeeOther).header.Get("Location")
				codes[i], cookies[i] = to, b.cookie(loginCookie)
			}
			sessions, next := 0, 0
			for _, answer := range race(t, instances, 2, func(a *app) *http.Request {
				r := a.request(http.MethodGet, codes[next], "")
				r.AddCookie(&http.Cookie{Name: loginCookie, Value: cookies[next]})
				next++
				return r
			}) {
				if answer.StatusCode == http.StatusSeeOther {
					sessions++
				} else if answer.StatusCode != http.StatusForbidden {
					t.Errorf("the second half answers %d", answer.StatusCode)
				}
			}
			if sessions != 1 {
				t.Errorf("%d sessions", sessions)
			}
		})
	}
}
