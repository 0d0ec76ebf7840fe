package demo

import (
	"net/http"
	"strings"
)

func (a *Azure) showOverview(w http.ResponseWriter, r *http.Request) {
	f := a.frame(w, r, "overview")
	a.mu.Lock()
	steps := a.overviewSteps()
	a.mu.Unlock()
	next := true
	for i := range steps {
		if next && steps[i].State == "" {
			steps[i].State, next = "Next", false
		}
	}
	a.render(w, r, http.StatusOK, overview(overviewPage{Frame: f, Tenant: TenantID, Steps: steps}))
}

// overviewSteps are the things to do; State is Done where it shows that they were done. a.mu is held.
func (a *Azure) overviewSteps() []overviewStep {
	state := func(done bool) string {
		if done {
			return "Done"
		}
		return ""
	}
	optional := func(done bool) string {
		if done {
			return "Done"
		}
		return "Optional"
	}
	shortClaims := "Optional"
	for _, c := range a.app.claims {
		if strings.EqualFold(c.fullName(), "email") {
			shortClaims = "Done"
		}
	}
	assigned := false
	for _, p := range a.dir.people {
		assigned = assigned || a.dir.assigned(p.ID)
	}
	verification := false
	for _, z := range a.zones.zones {
		for _, rec := range z.records {
			verification = verification || strings.HasPrefix(rec.Value, verifyPrefix)
		}
	}
	return []overviewStep{
		{"Publish the TXT record", "Claim acme.com in Gatehouse under Domain Claiming, publish the record it shows, then press Check now there.", state(verification), "/dns?zone=acme.com", "Open DNS"},
		{"Fill in Basic SAML Configuration", "By uploading the SP metadata file that Gatehouse offers, or by typing Identifier, Reply URL and Sign on URL.", state(!a.app.savedAt.IsZero()), "/sso#basic", "Configure"},
		{"Add the claims email, firstName and lastName", "Gatehouse reads Entra’s own claims too, so this may be left out. The Namespace may stay or go.", shortClaims, "/sso#claims", "Edit claims"},
		{"Take certificate, Login URL and Identifier to Gatehouse", "Download Certificate (Base64), upload it there, and paste Login URL and Microsoft Entra Identifier.", state(a.downloaded), "/sso#certificates", "Open certificates"},
		{"Assign people and groups", "Only who is assigned may sign in and is provisioned.", state(assigned), "/users", "Assign"},
		{"Sign in as somebody", "Press Test in a new tab in Gatehouse and pick yourself; turn Single Sign-On on there. Then open the tile, or enter the person’s e-mail on Gatehouse’s sign-in page.", state(a.answered), "/myapps", "Open My Apps"},
		{"Sign out", "Whoever signs out at Microsoft is signed out in Gatehouse too, once its Logout Url is filled in; the metadata file has it.", optional(a.signedOut), "/myapps#sessions", "Open My Apps"},
		{"Make it go wrong", "On the sign-in page, How to answer makes the mistakes that identity providers make. Gatehouse says what is wrong, on which side, and where to change it.", "Optional", "/myapps", "Open My Apps"},
		{"Connect provisioning", "Paste Tenant URL and Secret Token from Gatehouse, press Test Connection, save, and run a cycle.", state(a.prov.last != nil), "/provisioning", "Provision"},
	}
}

func (a *Azure) showMyApps(w http.ResponseWriter, r *http.Request) {
	f := a.frame(w, r, "myapps")
	a.mu.Lock()
	p := myAppsPage{Frame: f, SignOnURL: a.app.basic.SignOnURL, LogoutURL: a.app.basic.LogoutURL}
	for _, s := range a.sessions {
		p.SignedIn = append(p.SignedIn, sessionRow{ID: s.objectID, Name: s.person, Hue: hue(s.objectID), NameID: s.nameID, Since: clock(s.at)})
	}
	a.mu.Unlock()
	// Signing out ends at Gatehouse by a redirect, which comes back here by another one; Chromium applies form-action to both.
	w.Header().Set("Content-Security-Policy", contentPolicy("'self' "+origin(p.LogoutURL)+" "+origin(a.appURL)))
	a.render(w, r, http.StatusOK, myApps(p))
}

// openTile does what the tile in My Apps does: it opens the Sign on URL, or lets the person's response be posted unasked.
func (a *Azure) openTile(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	basic := a.app.basic
	a.mu.Unlock()
	switch {
	case basic.SignOnURL != "":
		http.Redirect(w, r, basic.SignOnURL, http.StatusSeeOther)
	case basic.ReplyURL == "":
		a.redirect(w, r, "/sso", bad("Fill in Basic SAML Configuration first; Gatehouse shows the values."))
	default:
		a.renderPick(w, r, "", "")
	}
}
