package demo

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

// loginHint are the names that applications give to the hint.
func loginHint(q url.Values) string {
	if hint := q.Get("login_hint"); hint != "" {
		return strings.TrimSpace(hint)
	}
	return strings.TrimSpace(q.Get("username"))
}

// showPick is the identity provider's address: the request is checked as Entra checks it, then people are shown.
func (a *Azure) showPick(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if _, err := a.readRequest(q.Get("SAMLRequest")); err != nil {
		a.refuse(w, r, err)
		return
	}
	a.renderPick(w, r, q.Get("SAMLRequest"), q.Get("RelayState"), loginHint(q))
}

// readRequest parses and checks a SAMLRequest; empty is the tile's business and not allowed here.
func (a *Azure) readRequest(param string) (*authnRequest, error) {
	req, err := parseAuthnRequest(param)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return req, a.app.check(req)
}

func (a *Azure) renderPick(w http.ResponseWriter, r *http.Request, samlRequest, relayState, hint string) {
	a.mu.Lock()
	dir := a.dir.clone()
	a.mu.Unlock()
	p := pickPage{AppURL: a.appURL, Action: "/" + TenantID + "/saml2", SAMLRequest: samlRequest, RelayState: relayState, CancelURL: a.appURL + "/", Under: "Nobody asked for this sign-in: the response goes out unsolicited."}
	if req, err := parseAuthnRequest(samlRequest); err == nil {
		p.Under = "Request " + req.ID + ", sent by " + req.Issuer
	}
	matched := false
	for _, person := range dir.people {
		if person.deleted() {
			continue
		}
		row := pickRow{ID: person.ID, Name: person.DisplayName, Address: person.address(), Hue: hue(person.ID)}
		row.Hinted = hint != "" && (strings.EqualFold(hint, person.UPN) || strings.EqualFold(hint, person.Mail))
		matched = matched || row.Hinted
		switch {
		case !person.Enabled:
			row.Address += ", disabled"
		case !dir.assigned(person.ID):
			row.Address += ", not assigned"
		}
		p.People = append(p.People, row)
	}
	if hint != "" && !matched {
		p.Hint = hint
	}
	// Who was asked for comes first, then who may sign in.
	rank := func(row pickRow) int {
		switch {
		case row.Hinted:
			return 0
		case strings.Contains(row.Address, ", "):
			return 2
		}
		return 1
	}
	sort.SliceStable(p.People, func(i, j int) bool { return rank(p.People[i]) < rank(p.People[j]) })
	a.render(w, r, http.StatusOK, pick(p))
}

// answerPick signs a response for the person picked and sends it on its way.
func (a *Azure) answerPick(w http.ResponseWriter, r *http.Request) {
	var req *authnRequest
	if param := r.PostFormValue("SAMLRequest"); param != "" {
		var err error
		if req, err = a.readRequest(param); err != nil {
			a.refuse(w, r, err)
			return
		}
	}
	a.mu.Lock()
	person := a.dir.person(r.PostFormValue("as"))
	err := a.dir.admit(person)
	if err == nil && req == nil && a.app.basic.ReplyURL == "" {
		err = &aadError{
			Code: "AADSTS700016", Text: "Application with identifier '' was not found in the directory '" + TenantName + "'.",
			Mend: "Basic SAML Configuration is empty.", MendAt: "/sso",
		}
	}
	var says answer
	var name string
	relayState := r.PostFormValue("RelayState")
	if err == nil {
		says, name = a.app.answerFor(req, *person, a.now()), person.DisplayName
		if req == nil {
			relayState = a.app.basic.RelayState
		}
	}
	a.mu.Unlock()
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	response, err := a.respond(says, r.PostFormValue("how"))
	if err != nil {
		a.log.Error("response could not be signed", "error", err)
		http.Error(w, "The response could not be signed. Restart the demo.", http.StatusInternalServerError)
		return
	}
	// Chromium applies form-action to the redirects behind a form too: to Gatehouse, and from it back here.
	w.Header().Set("Content-Security-Policy", contentPolicy("'self' "+origin(says.destination)+" "+origin(a.appURL)))
	a.render(w, r, http.StatusOK, postBack(postPage{
		AppURL: a.appURL, ACS: says.destination, SAMLResponse: base64.StdEncoding.EncodeToString(response), RelayState: relayState, Name: name,
	}))
}

// respond makes the signed message, correctly or with the mistake that was chosen, and remembers it for a replay.
func (a *Azure) respond(says answer, how string) ([]byte, error) {
	if how == answerReplay {
		a.mu.Lock()
		last := a.lastResponse
		a.mu.Unlock()
		if last != nil {
			return last, nil
		}
	}
	if err := says.misbehave(how); err != nil {
		return nil, err
	}
	response, err := says.response()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answered, a.lastResponse = true, response
	return response, nil
}

// refuse shows an AADSTS page. The application never hears of it.
func (a *Azure) refuse(w http.ResponseWriter, r *http.Request, err error) {
	said := new(aadError)
	if !errors.As(err, &said) {
		said = &aadError{Code: "AADSTS90002", Text: "An unexpected error occurred.", Mend: err.Error()}
	}
	a.render(w, r, http.StatusBadRequest, refused(refusedPage{
		AppURL: a.appURL, Code: said.Code, Text: said.Text, Mend: said.Mend, MendAt: said.MendAt,
		RequestID: newGUID(), CorrelationID: newGUID(), Timestamp: a.now().UTC().Format("2006-01-02 15:04:05Z"),
	}))
}
