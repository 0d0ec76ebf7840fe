package demo

import (
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

// showPick is the identity provider's address: the request is checked as Entra checks it, then people are shown. Answers to a sign-out
// arrive at the same address.
func (a *Azure) showPick(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("SAMLResponse") != "" {
		a.showSignedOut(w, r)
		return
	}
	if _, err := a.readRequest(r.URL.RawQuery); err != nil {
		a.refuse(w, r, err)
		return
	}
	a.renderPick(w, r, r.URL.RawQuery, loginHint(q))
}

// readRequest parses and checks the request in a query; one without is the tile's business and not allowed here.
func (a *Azure) readRequest(rawQuery string) (*authnRequest, error) {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, notValid("The query cannot be read: " + err.Error())
	}
	req, err := parseAuthnRequest(q.Get("SAMLRequest"))
	if err != nil {
		return nil, err
	}
	req.RelayState = q.Get("RelayState")
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.app.check(req); err != nil {
		return nil, err
	}
	return req, a.app.verification.check(rawQuery, "SAMLRequest")
}

func (a *Azure) renderPick(w http.ResponseWriter, r *http.Request, rawQuery, hint string) {
	a.mu.Lock()
	dir := a.dir.clone()
	a.mu.Unlock()
	p := pickPage{AppURL: a.appURL, Action: "/" + TenantID + "/saml2", Query: rawQuery, CancelURL: a.appURL + "/", Under: "Nobody asked for this sign-in: the response goes out unsolicited."}
	if req, err := a.readRequest(rawQuery); err == nil {
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
	rawQuery, how := r.PostFormValue("query"), r.PostFormValue("how")
	var req *authnRequest
	if rawQuery != "" {
		var err error
		if req, err = a.readRequest(rawQuery); err != nil {
			a.refuse(w, r, err)
			return
		}
	}
	says, name, err := a.decide(req, r.PostFormValue("as"), how)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if how == answerExpiredCert && says.expired == nil {
		a.render(w, r, http.StatusConflict, problem(problemPage{
			AppURL: a.appURL, Title: "No certificate has expired yet", At: "/sso#certificates", Go: "Open SAML Certificates",
			Text: "Gatehouse takes no certificate that has expired, so it must expire there: make a new one that is valid for one minute, upload it to Gatehouse meanwhile, and answer with it a minute later.",
		}))
		return
	}
	acs := says.destination
	posted, err := a.respond(&says, how)
	if err != nil {
		a.log.Error("response could not be signed", "error", err)
		http.Error(w, "The response could not be signed. Restart the demo.", http.StatusInternalServerError)
		return
	}
	page := postPage{AppURL: a.appURL, ACS: acs, SAMLResponse: posted, RelayState: says.relayState, Name: name}
	if says.wait > 0 {
		page.After = clock(a.now().Add(says.wait))
	}
	// Chromium applies form-action to the redirects behind a form too: to Gatehouse, and from it back here.
	w.Header().Set("Content-Security-Policy", contentPolicy("'self' "+origin(acs)+" "+origin(a.appURL)))
	a.render(w, r, http.StatusOK, postBack(page))
}

// decide is what the person picked may answer; an error ends on a page here.
func (a *Azure) decide(req *authnRequest, as, how string) (says answer, name string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	person := a.dir.person(as)
	if person != nil {
		if page := a.app.endAtMicrosoft(how, *person); page != nil {
			return says, "", page
		}
	}
	if err := a.dir.admit(person); err != nil {
		return says, "", err
	}
	if req == nil {
		if a.app.basic.ReplyURL == "" {
			return says, "", a.app.unknownIdentifier("")
		}
		if a.app.verification.Required {
			// Nothing was requested, so nothing is signed.
			return says, "", unsignedRequest()
		}
	}
	says = a.app.answerFor(req, *person, a.now())
	says.tenant = a.tenant
	return says, person.DisplayName, nil
}

// respond makes the signed message, correctly or with the mistake that was chosen, and remembers it for a replay.
func (a *Azure) respond(says *answer, how string) (posted string, err error) {
	if how == answerReplay {
		a.mu.Lock()
		last := a.lastResponse
		a.mu.Unlock()
		if last != "" {
			return last, nil
		}
	}
	if err := says.misbehave(how); err != nil {
		return "", err
	}
	response, err := says.response()
	if err != nil {
		return "", err
	}
	posted = says.posted(response)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answered, a.lastResponse = true, posted
	a.sessions.remember(says, a.now())
	return posted, nil
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
