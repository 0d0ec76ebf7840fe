package views

func activityStates() []state {
	filter := ActivityFilter{
		Query: "7K2M-94QX", Result: "problems", Active: true,
		Kinds: []Option{{"", "Everything"}, {"sign_in", "Sign-ins"}, {"test", "Test sign-ins"}}, Results: []Option{{"", "Any result"}, {"problems", "Problems only"}},
		Whens: []Option{{"", "Any time"}, {"week", "Last 7 days"}}, Tokens: []Option{{"", "Any token"}, {"Entra", "Entra"}}, Member: "mem_1", Person: "Haruto Sato",
	}
	list := func(entries ...ActivityEntry) ActivityPage {
		return ActivityPage{
			Shell: shell(NavAccessSecurity), Access: access("Activity"), Filter: filter, Days: []ActivityDay{{"Today, 23 November", entries}, {"Yesterday, 22 November", []ActivityEntry{done("act_9")}}},
			Pager: Pager{Summary: "Kept for 30 days", PreviousURL: "?before=act_1", NextURL: "?after=act_9"},
		}
	}
	refused := ActivityEntry{
		ID: "act_1", Icon: "x", Tone: ToneBad, Sentence: "Haruto Sato could not sign in: the assertion was made for another application", Detail: "Sign-in, Chrome on Windows, 203.0.113.24",
		Result: Pill{"Refused", ToneBad}, Time: "16:38", Open: true, Explanation: "Haruto Sato would not get in.", Trace: failedTrace(), Reference: "7K2M-94QX", HasRaw: true, ForIT: "Acme, 23 Nov 2026",
		Facts: []Fact{{Label: "Issuer", Value: "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/", Mono: true}, {Label: "When", Value: "just now"}},
	}
	again := done("act_3")
	again.Result, again.Times, again.Since = Pill{"Refused", ToneBad}, 95, "Tuesday, 16:02"
	raw := list(refused)
	raw.Single, raw.Days, raw.Pager = true, raw.Days[:1], Pager{}
	raw.Days[0].Entries[0].Raw = "<samlp:Response ID=\"_1\">\n  <ds:SignatureValue>removed</ds:SignatureValue>\n</samlp:Response>"
	nothing := list()
	nothing.Days = nil
	first := nothing
	first.Filter = ActivityFilter{Kinds: filter.Kinds, Results: filter.Results, Whens: filter.Whens}
	return []state{
		{"activity", Activity(list(refused, done("act_2"), again))},
		{"activity-with-message", Activity(raw)},
		{"activity-nothing-found", Activity(nothing)},
		{"activity-none-yet", Activity(first)},
		{"catalogue", Catalogue(CataloguePage{Shell: shell(NavAccessSecurity), Chapters: []CatalogueChapter{{
			ID: "response", Title: "A response is refused", About: "Nobody is signed in.", Entries: []CatalogueEntry{{
				Reason: "audience_mismatch", Title: "The response is meant for another application.", Person: "Please give your admin the reference below.",
				Problems: []TraceProblem{{Sentence: "The response is meant for another application.", Who: "Your Entra admin", Where: "Entra → Enterprise applications"}},
			}},
		}}})},
	}
}

func done(id string) ActivityEntry {
	return ActivityEntry{ID: id, Icon: "log-in", Tone: ToneOK, Sentence: "Ngozi Okafor signed in with single sign-on", Detail: "Sign-in, Safari on macOS, 198.51.100.7", Result: Pill{"Done", ToneOK}, Time: "16:31", Reference: "5H1J-77AB"}
}
