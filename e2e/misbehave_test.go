package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const activityPage = "/settings/access-security/activity"

// stage is a demo that a plain HTTP client has set up, as a script would: no browser, no JavaScript. Amara has signed in.
type stage struct {
	*demo
	owner *script
	org   string
	idp   string // Azure's Login URL
	amara string // her id there

	shortCertificate time.Time // when the certificate expires that lives for a minute
}

func newStage(t *testing.T) *stage {
	t.Helper()
	d := startDemo(t)
	c := newScript(t)
	s := &stage{demo: d, owner: c}
	c.post(d.app+"/login", "step", "password", "email", d.email, "password", d.password)
	s.org = c.find(c.get(d.app+ssoPage), `name="org" value="([^"]+)"`)
	// The metadata has no Sign on URL; it names the Logout Url.
	c.upload(d.azure+"/sso/upload", "metadata", c.get(d.app+"/saml/"+s.org+"/metadata"))
	s.basic("")
	c.post(d.azure+"/sso/claims", "name", "email", "source", "user.mail")
	metadata := c.get(d.azure + "/sso/federation-metadata.xml")
	s.idp = c.find(metadata, `SingleSignOnService[^>]*Location="([^"]+)"`)
	connection := []string{"org", s.org, "sign_in_url", s.idp, "issuer", c.find(metadata, `entityID="([^"]+)"`)}
	c.upload(d.app+ssoPage, "certificate", c.get(d.azure+"/sso/certificate-base64.cer"), connection...)
	c.post(d.azure+"/sso/certificates", "life", "minute")
	s.shortCertificate = time.Now().Add(time.Minute)
	thumbprint := c.find(c.get(d.azure+"/sso"), `certificate-base64.cer\?thumbprint=([0-9A-F]+)`)
	c.upload(d.app+ssoPage, "certificate", c.get(d.azure+"/sso/certificate-base64.cer?thumbprint="+thumbprint), connection...)

	claimed := c.post(d.app+domainsPage, "org", s.org, "domain", "acme.com")
	c.post(d.azure+"/dns/records", "zone", "acme.com", "name", "@", "value", c.find(claimed, `(gatehouse-domain-verify=[a-z0-9]+)`), "mistake", "none")
	c.post(d.app+c.find(claimed, `action="(/settings/access-security/domains/[^"]+/check)"`), "org", s.org)
	dana := s.assign("Dana Reyes, dana@acme.com")
	s.amara = s.assign("Amara Okafor, amara@acme.com")
	c.wants("a test sign-in", s.test(dana, "ok"), "Would sign in as Dana Reyes, existing member, Owner")
	c.wants("the switch", c.post(d.app+ssoPage+"/enabled", "org", s.org, "value", "on"), "Single sign-on is on")
	c.wants("the switch", c.post(d.app+ssoPage+"/idp-managed", "org", s.org, "value", "on"), "IdP Managed Access is on")
	newScript(t).signsIn(s, "ok")
	return s
}

// basic saves Basic SAML Configuration at Azure, with something appended to the Identifier.
func (s *stage) basic(wrong string) {
	s.owner.t.Helper()
	entityID := s.app + "/saml/" + s.org
	s.owner.post(s.azure+"/sso/basic", "identifier", entityID+wrong, "reply_url", entityID+"/acs", "sign_on_url", entityID+"/login", "logout_url", s.owner.find(s.owner.get(s.azure+"/sso"), `id="logout_url"[^>]* value="([^"]+)"`))
}

// assign assigns somebody at Azure and returns their id there.
func (s *stage) assign(who string) string {
	s.owner.t.Helper()
	who = s.owner.find(s.owner.get(s.azure+"/users"), `value="(user:[^"]+)"[^>]*>`+who)
	s.owner.post(s.azure+"/users/assign", "who", who)
	return strings.TrimPrefix(who, "user:")
}

// test runs a test sign-in as somebody, and is the page that it ends on.
func (s *stage) test(person, how string) string {
	s.owner.t.Helper()
	return s.owner.answer(s.owner.post(s.app+ssoPage+"/test", "org", s.org), s.idp, person, how)
}

// signIn is Amara's real sign-in, and the page that it ends on.
func (c *script) signIn(s *stage, how string) string {
	c.t.Helper()
	return c.answer(c.get(s.app+"/saml/"+s.org+"/login"), s.idp, s.amara, how)
}

func (c *script) signsIn(s *stage, how string) {
	c.t.Helper()
	c.wants(how, c.signIn(s, how), "Signed in to Acme as amara@acme.com")
}

// refused holds the page of a refused sign-in to what its person is to read, and the activity to what an admin finds under its reference.
func (s *stage) refused(t *testing.T, m misbehaviour, page string) {
	t.Helper()
	employee := m.employee
	if employee == "" {
		employee = neutral
	}
	said := visible(page)
	found := regexp.MustCompile(`id="reference"[^>]*value="(\S+)`).FindStringSubmatch(page)
	if found == nil || !strings.Contains(said, employee) {
		t.Errorf("%s: with a reference is %v, and the page does not say %q:\n%s", m.how, found != nil, employee, said)
		return
	}
	activity := s.owner.get(s.app + activityPage + "?q=" + found[1])
	if n := strings.Count(activity, `<details class="event`); n != 1 || !strings.Contains(visible(activity), m.admin) || !strings.Contains(activity, found[1]) {
		t.Errorf("%s: under %s the activity has %d entries; one is to say %q:\n%s", m.how, found[1], n, m.admin, visible(activity))
	}
}

// TestEveryMisbehaviourLeadsToItsSentence answers in every way that pretend Azure offers: to a test sign-in, to Amara's real sign-ins, and
// a few in a browser.
func TestEveryMisbehaviourLeadsToItsSentence(t *testing.T) {
	s := newStage(t)
	t.Run("every way is tried", s.everyWay)
	t.Run("test sign-ins", s.testSignIns)
	t.Run("real sign-ins", s.realSignIns)
	t.Run("a confirmation", s.confirmation)
	t.Run("in the browser", s.browser)
	t.Run("pages at Microsoft", s.pagesAtMicrosoft)
	t.Run("signing out at Azure", s.signingOut)
	t.Run("signed requests", s.signedRequests)
	// The other tests run while the certificate expires.
	t.Parallel()
	time.Sleep(time.Until(s.shortCertificate.Add(time.Second)))
	s.refused(t, expiredCert, newScript(t).signIn(s, expiredCert.how))
}

func (s *stage) everyWay(t *testing.T) {
	tried := append(slices.Clone(taken), unsolicited.how, replay.how, expiredCert.how)
	for _, m := range misbehaviours {
		tried = append(tried, m.how)
	}
	for how := range microsoftPages {
		tried = append(tried, how)
	}
	picking := s.owner.post(s.app+ssoPage+"/test", "org", s.org)
	var offered []string
	for _, option := range regexp.MustCompile(`<option value="([^"]+)"`).FindAllStringSubmatch(picking, -1) {
		offered = append(offered, option[1])
	}
	slices.Sort(tried)
	slices.Sort(offered)
	if !slices.Equal(tried, offered) {
		t.Errorf("Azure offers\n%v\nand these are tried:\n%v", offered, tried)
	}
}

func (s *stage) testSignIns(t *testing.T) {
	for _, how := range taken {
		s.owner.wants(how, s.test(s.amara, how), "Would sign in as Amara Okafor, existing member, Member")
	}
	for _, m := range append(slices.Clone(misbehaviours), unsolicited, replay) {
		if m.how == replay.how { // of an answer to another test
			s.test(s.amara, "ok")
		}
		said := visible(s.test(s.amara, m.how))
		if !strings.Contains(said, m.admin) || !strings.Contains(said, "Who fixes it") || strings.Contains(said, "Would sign in as") {
			t.Errorf("%s: the page of the test does not say %q and who fixes it:\n%s", m.how, m.admin, said)
		}
	}
}

func (s *stage) realSignIns(t *testing.T) {
	for _, how := range taken {
		newScript(t).signsIn(s, how)
	}
	for _, m := range misbehaviours {
		s.refused(t, m, newScript(t).signIn(s, m.how))
	}
	c := newScript(t)
	again := c.signIn(s, unsolicited.how)
	c.wants("unsolicited: a fresh sign-in first", again, "Pick a person")
	s.refused(t, unsolicited, c.answer(again, s.idp, s.amara, unsolicited.how))
	newScript(t).signsIn(s, "ok")
	s.refused(t, replayOfUsed, newScript(t).signIn(s, replayOfUsed.how))
}

// confirmation is where Gatehouse asks for a fresh authentication.
func (s *stage) confirmation(t *testing.T) {
	c := newScript(t)
	c.signsIn(s, "ok")
	confirm := func() string { return c.get(s.app + "/saml/" + s.org + "/step-up?return_to=/profile") }
	s.refused(t, stale, c.answer(confirm(), s.idp, s.amara, "stale"))
	c.wants("a fresh one", c.answer(confirm(), s.idp, s.amara, "ok"), "Confirmed")
}

// browser follows a few of them by clicking: what the employee reads, and how the admin finds it.
func (s *stage) browser(t *testing.T) {
	w := &world{t: t, demo: s.demo, admin: newPage(t, s.app), javaScript: true}
	w.azure = w.admin.tab(s.azure)
	// Whoever is on the domain is sent to Azure; owners have the recovery sign-in.
	w.admin.open("/login/recovery")
	w.admin.fill("Work e-mail", s.email)
	w.admin.fill("Password", s.password)
	w.admin.press("Sign in")
	w.admin.at("/")
	for _, m := range misbehaviours {
		if !slices.Contains([]string{"otherid", "key", "behind", "audience"}, m.how) {
			continue
		}
		p := newPage(t, s.app)
		w.toAzure(p, "amara@acme.com")
		p.fill("How to answer", m.how)
		p.press("Amara Okafor")
		p.see("Reference", "Start again")
		if m.employee != "" {
			p.see(m.employee)
		}
		reference, _, _ := strings.Cut(p.value("Reference"), " ")
		w.admin.open(activityPage)
		w.admin.fill("Search activity", reference)
		w.admin.press("Filter")
		w.admin.see(m.admin, reference)
	}
	// Held back, nothing goes out by itself.
	p := newPage(t, s.app)
	w.toAzure(p, "amara@acme.com")
	p.fill("How to answer", "late")
	p.press("Amara Okafor")
	p.see("Wait before you go on")
	p.press("Continue to Gatehouse")
	p.at("/")
	// Signed out at Azure, in this browser or another one.
	w.azure.open("/myapps")
	w.azure.press("Sign out", "Amara Okafor")
	w.azure.see("You are signed out", "ended the sessions")
	p.press("Profile")
	p.at("/login")
	w.azure.inspect("azure-signed-out")
}

func (s *stage) pagesAtMicrosoft(t *testing.T) {
	explained := func(name, page, want string) {
		t.Helper()
		c := s.owner
		if code := regexp.MustCompile(`<b>(AADSTS\d+)</b>`).FindString(page); code == "" {
			t.Errorf("%s: this is no page of Microsoft's:\n%s", name, visible(page))
			return
		}
		text := visible(c.find(page, `(?s)<p id="aadsts"[^>]*>(.*?)</p>`))
		c.wants(name, c.post(s.app+ssoPage+"/test/explain", "org", s.org, "message", text), want)
	}
	for how, want := range microsoftPages {
		page := newScript(t).signIn(s, how)
		if !strings.Contains(page, "<b>"+strings.ToUpper(how)+"</b>") {
			t.Errorf("%s ends elsewhere:\n%s", how, visible(page))
			continue
		}
		explained(how, page, want)
	}
	// What Azure finds out by itself.
	s.basic("/wrong")
	explained("another Identifier", newScript(t).get(s.app+"/saml/"+s.org+"/login"), "Entra knows no application with our Identifier in that tenant")
	s.basic("")
	c := newScript(t)
	kofi := s.owner.find(s.owner.get(s.azure+"/users"), `value="user:([^"]+)"[^>]*>Kofi Mensah, kofi@acme.com`)
	explained("not assigned", c.answer(c.get(s.app+"/saml/"+s.org+"/login"), s.idp, kofi, "ok"), "kofi@acme.com")
}

func (s *stage) signingOut(t *testing.T) {
	c := newScript(t)
	c.signsIn(s, "ok")
	// Whichever browser carries the request: the signature counts.
	carrier := newScript(t)
	carrier.wants("signing out", carrier.post(s.azure+"/myapps/sign-out", "who", s.amara), "You are signed out", "Gatehouse answered that it ended the sessions")
	if page := c.get(s.app + "/profile"); strings.Contains(page, "amara@acme.com") {
		t.Errorf("the session goes on:\n%s", visible(page))
	}
	s.owner.wants("the activity", s.owner.get(s.app+activityPage), "The identity provider signed Amara Okafor out, which ended")
}

func (s *stage) signedRequests(t *testing.T) {
	c := s.owner
	require := func(value string) { c.post(s.azure+"/sso/verification/require", "required", value) }
	require("on")
	c.wants("an unsigned request", newScript(t).get(s.app+"/saml/"+s.org+"/login"), "AADSTS76021", "not signed")
	c.wants("the switch", c.post(s.app+ssoPage+"/signing", "org", s.org, "value", "on"), "Requests are signed from now on")
	c.wants("before our certificate is there", newScript(t).get(s.app+"/saml/"+s.org+"/login"), "AADSTS76023")
	// Another certificate than ours: Azure's own.
	c.upload(s.azure+"/sso/verification", "verification", c.get(s.azure+"/sso/certificate-base64.cer"))
	c.wants("another certificate", newScript(t).get(s.app+"/saml/"+s.org+"/login"), "AADSTS76023", "signature")
	c.upload(s.azure+"/sso/verification", "verification", c.get(s.app+"/saml/"+s.org+"/certificate"))
	newScript(t).signsIn(s, "ok")
	c.wants("a test sign-in", s.test(s.amara, "ok"), "Would sign in as Amara Okafor")
	// The metadata carries it too.
	c.post(s.azure+"/sso/verification/remove", "required", "on")
	c.upload(s.azure+"/sso/verification", "verification", c.get(s.app+"/saml/"+s.org+"/metadata"))
	require("on")
	newScript(t).signsIn(s, "ok")
	require("")
	c.post(s.app+ssoPage+"/signing", "org", s.org, "value", "off")
	newScript(t).signsIn(s, "ok")
}
