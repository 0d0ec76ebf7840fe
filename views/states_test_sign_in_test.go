package views

func passedTrace() Trace {
	return Trace{
		Steps: []TraceStep{
			{State: StepOK, Title: "Request sent", End: "16:41:02 UTC"},
			{State: StepOK, Title: "Response received", End: "1.1s later", Detail: "The clocks agree."},
			{State: StepOK, Title: "Signed by a certificate trusted here and valid now", Detail: "3F:A1:0C:62:3B:94:CF:08:A6:7E:D9:45:1C:F2:8B:36:50:9F:3C:21"},
			{State: StepOK, Title: "The person may come in", Detail: "existing member, Owner"},
		},
		Claims: []TraceClaim{
			{Name: "email", Value: "ana@acme.com", Use: "E-mail address", Source: "user.mail"},
			{Name: "objectidentifier", Full: "http://schemas.microsoft.com/identity/claims/objectidentifier", Value: "5b1c0e7e-2f4a-4f1e-9a53-0c6d1e88b3f2", Use: "Recognising the person, even after a rename", Source: "user.objectid, always sent"},
			{Name: "tenantid", Full: "http://schemas.microsoft.com/identity/claims/tenantid", Value: "72f988bf-86f1-41af-91ab-2d7cd011db47", Source: "always sent"},
		},
	}
}

func failedTrace() Trace {
	t := passedTrace()
	t.Steps[2] = TraceStep{State: StepBad, Title: "Meant for our Identifier (Entity ID)", Detail: "The assertion was made for another application."}
	t.Steps[3] = TraceStep{State: StepOff, Title: "The person may come in", End: "Not checked"}
	t.Problems = []TraceProblem{
		{
			Title: "Meant for our Identifier (Entity ID)", Sentence: "The assertion was made for another application. The identity provider’s Identifier (Entity ID) must be exactly the one shown here.",
			Expected: service.EntityID, Received: service.ReplyURL, Who: "Your Entra admin", Where: "Entra → Enterprise applications → your application → Single sign-on → Basic SAML Configuration → Identifier (Entity ID)",
		},
		{Title: "One plain e-mail address", Sentence: "No claim holds an e-mail address.", Expected: "a claim email", Who: "You, here", Where: "Access Security → SSO"},
		{Title: "Answered within ten minutes", Sentence: "The person waited at the sign-in page.", Who: "The person, by trying again"},
	}
	return t
}

func testStates() []state {
	history := []TestRow{
		{URL: "/settings/access-security/sso/test/tst_2", Who: "Kwame Mensah", By: "The link of Ana Novak", Result: Pill{"Failed", ToneBad}, Why: "The assertion was made for another application.", When: "10 minutes ago (23 Nov 2026, 16:31 UTC)"},
		{URL: "/settings/access-security/sso/test/tst_3", Who: "Unknown", By: "Ana Novak", Result: Pill{"Nothing came back", ToneWarn}, When: "yesterday (22 Nov 2026, 16:31 UTC)"},
	}
	page := TestSignInPage{Shell: shell(NavAccessSecurity), Gate: "To turn on single sign-on: Verify a domain under Domain Claiming.", Live: "5", History: history}
	passed := page
	passed.Run = &TestRun{
		ID: "tst_1", Title: "Ana Novak, just now", State: Pill{"Passed", ToneOK}, Summary: "All 28 checks passed, 1.1s later.", Outcome: "Would sign in as Ana Novak, existing member, Owner",
		Note: "Entra manages this member by provisioning, and has them active.", Good: true, Trace: passedTrace(), Reference: "2D8P-61VB", Activity: "/settings/access-security/activity/act_1",
	}
	passed.Run.Directory = &TestDirectory{
		Person: "Ana Novak", URL: "/settings/users/mem_1", State: Pill{"Held", ToneWarn}, Sentence: "The sign-in has found nobody, but Entra has provisioned somebody it may mean.",
		Held: &Held{Reason: "acme-labs.io is not verified by this organization.", Mend: Link{"Claim acme-labs.io", "/settings/access-security/domains?claim=acme-labs.io"}},
		Differences: []Difference{
			{Sentence: "The sign-in says ana@acme.com, provisioning says a.novak@acme.com.", Means: "Let both send the same attribute."},
			{Sentence: "Provisioning has this objectidentifier as externalId for somebody else: Bo Berg.", Means: "Correct one of them in Entra.", Link: Link{"Open Bo Berg", "/settings/users/mem_2"}},
		},
		Facts: []Fact{{Label: "userName", Value: "ana@acme.com", Mono: true}, {Label: "externalId", Value: "ana.novak", Mono: true, Note: "No object id."}, {Label: "Active", Value: "Yes"}},
	}
	failed := page
	failed.Single, failed.Live = true, ""
	failed.Run = &TestRun{
		ID: "tst_2", Title: "Kwame Mensah, 10 minutes ago", State: Pill{"Failed", ToneBad}, Summary: "2 checks failed, 20 checks passed.", Outcome: "Kwame Mensah would not get in",
		Note: "2 things are wrong. Everything was checked, so that all can be mended at once.", Trace: failedTrace(), Reference: "2D8P-61VB", ForIT: "Acme, 23 Nov 2026",
		Share: "/settings/access-security/activity/act_2/share",
	}
	failed.Run.Directory = &TestDirectory{State: Pill{"Not provisioned", ToneWarn}, Sentence: "Entra has not provisioned this person yet."}
	waiting := page
	waiting.Live = "2"
	waiting.Run = &TestRun{ID: "tst_4", Title: "A test by Ana Novak, just now", State: Pill{"Waiting", ToneInfo}, Waiting: true, Summary: "The answer has not arrived yet.", Trace: Trace{Steps: []TraceStep{
		{State: StepOK, Title: "Request sent", End: "16:41:02 UTC"}, {State: StepWaiting, Title: "Response received", Detail: "Waiting since 16:41 UTC."},
	}}}
	silent := waiting
	run := *waiting.Run
	run.State, run.Outcome, run.Note = Pill{"Nothing came back", ToneWarn}, "We never heard back", "The person probably stopped on a page of Microsoft’s."
	silent.Run, silent.Box = &run, MicrosoftBox{Silent: true, Message: Field{"hello", "There is no code in it."}}
	linked := page
	linked.Link, linked.Live = "https://access.acme.com/saml/org_7f3a91c2/test?link=q7Hc2VtR9mXk4LpZ8sWdNf3YbJ6uTa1E", ""
	linked.Box = MicrosoftBox{Message: Field{Value: "AADSTS50105"}, Answers: []MicrosoftAnswer{{
		Code: "AADSTS50105", Title: "The person is not assigned", Employee: "Ask your admin to assign you to this application.",
		Problem: TraceProblem{Sentence: "The person is not assigned to the application.", Received: "amara@acme.com", Who: "Your Entra admin", Where: "Entra → Enterprise applications → your application → Users and groups"},
	}}}
	diagnostic := DiagnosticPage{
		Organization: "Acme", SharedBy: "Ana Novak", What: "Test sign-in", When: "23 Nov 2026, 16:31 UTC", Reference: "2D8P-61VB", Expires: "30 Nov 2026, 16:41 UTC",
		Trace: failedTrace(), EntityID: service.EntityID, ReplyURL: service.ReplyURL, SignOnURL: service.SignOnURL, ForIT: "Acme, 23 Nov 2026",
	}
	share := SharePage{Shell: shell(NavAccessSecurity), ActivityURL: "/settings/access-security/activity/act_2", Action: "/settings/access-security/activity/act_2/share", RevokePath: "/settings/access-security/diagnostics", Life: "7 days", Preview: diagnostic}
	shared := share
	shared.Link = "https://access.acme.com/saml/org_7f3a91c2/diagnostic?link=q7Hc2VtR9mXk4LpZ8sWdNf3YbJ6uTa1E"
	shared.Links = []DiagnosticLink{
		{ID: "dlk_1", Made: "23 Nov 2026 by Ana Novak", State: Pill{"Works until 30 Nov 2026, 7 days left", ToneOK}, Opened: "Not yet", Live: true},
		{ID: "dlk_2", Made: "22 Nov 2026 by Dana Reyes", State: Pill{Text: "Revoked 22 Nov 2026"}, Opened: "3 times, last yesterday (22 Nov 2026, 16:31 UTC)"},
	}
	unshared := share
	unshared.Blocked = "Nothing is wrong with this attempt, so there is nothing to show to anybody."
	return []state{
		{"share", Share(share)},
		{"share-made", Share(shared)},
		{"share-nothing", Share(unshared)},
		{"diagnostic", Diagnostic(diagnostic)},
		{"test-passed", TestSignIn(passed)},
		{"test-failed", TestSignIn(failed)},
		{"test-waiting", TestSignIn(waiting)},
		{"test-never-heard-back", TestSignIn(silent)},
		{"test-link-and-explained", TestSignIn(linked)},
		{"test-blocked", TestSignIn(TestSignInPage{Shell: shell(NavAccessSecurity), Blocked: "First save the Issuer URL."})},
		{"test-link-for-a-colleague", TestLink(TestLinkPage{Organization: "Acme", AskedBy: "Ana Novak", Action: "/saml/org_7f3a91c2/test", Secret: "x", Expires: "until 17:41 UTC"})},
		{"test-done", TestDone(TestDonePage{Organization: "Acme", Good: true, Title: "Thank you: it works", Sentence: "You were not signed in.", Reference: "2D8P-61VB", When: "23 Nov 2026, 16:41 UTC"})},
		{"test-done-badly", TestDone(TestDonePage{Organization: "Acme", Title: "The test did not pass", Sentence: "Please give your admin the reference below.", Reference: "2D8P-61VB"})},
	}
}
