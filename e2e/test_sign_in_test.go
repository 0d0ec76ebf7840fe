package e2e

import "testing"

// TestATestSignInIsFollowedLive: the page that began a test follows it without being reloaded, also when a colleague runs one by link.
func TestATestSignInIsFollowedLive(t *testing.T) {
	w := newWorld(t, true)
	w.signIn()
	w.configureAzure()
	w.connect()

	// The real new tab opens, and this one goes to where the result appears.
	w.admin.open(ssoPage)
	w.admin.press("Test in a new tab")
	w.admin.at(ssoPage + "/test")
	w.admin.see("Waiting", "Request sent")

	w.assign("Amara Okafor")
	w.admin.press("Get a test link")
	colleague := newPage(t, w.demo.app)
	colleague.open(w.admin.value("Test link"))
	w.admin.open(ssoPage + "/test")
	must[bool](w.admin, "window.gatehouseSeen = true")
	colleague.press("Begin the test")
	colleague.see("Pick a person")
	w.admin.see("A test by the link of Dana Reyes")
	colleague.press("Amara Okafor")
	colleague.see("The test did not pass", "Reference", "You can close this tab")
	if me := whoami(colleague); me.Email != "" {
		t.Errorf("the test signed %s in", me.Email)
	}
	// acme.com is not even claimed yet: the connection works, and nobody could come in by it.
	w.admin.see("Amara Okafor would not get in", "Would be refused", "has not verified")
	if !must[bool](w.admin, "window.gatehouseSeen === true") {
		t.Error("the page was loaded anew")
	}
	w.claimDomain()
	w.admin.open(ssoPage + "/test")
	w.testAnswered("ok")
	w.admin.see("Would sign in as Dana Reyes, existing member, Owner")
	w.turnOn("Single Sign-On")
}
