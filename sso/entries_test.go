package sso

import (
	"strings"
	"testing"
)

func TestEveryReasonIsInOneChapterAndSaysWhatToDo(t *testing.T) {
	seen := map[Reason]bool{}
	for chapter, entries := range Entries() {
		for _, e := range entries {
			if seen[e.Reason] {
				t.Errorf("%s is in two chapters", e.Reason)
			}
			seen[e.Reason] = true
			if chapter == ChapterResponse && e.Employee == "" || e.Admin == "" || e.Side == "" {
				t.Errorf("%s says too little: %+v", e.Reason, e)
			}
			if e.Side != SidePerson && e.FixAt == "" && e.Reason != ReasonInternal {
				t.Errorf("%s names no place", e.Reason)
			}
			for _, other := range e.Also {
				if chapter == ChapterResponse && other.Employee == "" || other.Admin == "" || other.Admin == e.Admin || other.Side == "" || other.FixAt == "" {
					t.Errorf("%s says too little: %+v", e.Reason, other)
				}
			}
		}
	}
	for r := range catalogue {
		if !seen[r] {
			t.Errorf("%s is in no chapter", r)
		}
	}
	if len(seen) != len(catalogue) {
		t.Errorf("%d reasons in chapters, %d in the catalogue", len(seen), len(catalogue))
	}
}

func TestEveryErrorOfMicrosoftSaysWhatToDo(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range MicrosoftErrors() {
		if seen[e.Code] {
			t.Errorf("%s is there twice", e.Code)
		}
		seen[e.Code] = true
		if e.Reason == "" || e.Employee == "" || e.Admin == "" || e.Side == "" || e.FixAt == "" {
			t.Errorf("AADSTS%s says too little: %+v", e.Code, e)
		}
	}
	for _, code := range []string{"50105", "50020", "700016", "50011", "75011", "650056", "76021", "75003", "900561"} {
		if !seen[code] {
			t.Errorf("AADSTS%s is missing", code)
		}
	}
}

func TestExplainMicrosoft(t *testing.T) {
	c := Connection{EntityID: "https://app.example/saml/org_1", ACSURL: "https://app.example/saml/org_1/acs", SignInURL: "https://login.microsoftonline.com/t/saml2"}
	for _, test := range []struct {
		name, pasted string
		codes        string
		got, want    string // of the first
	}{
		{"the whole page", "Sorry, but we’re having trouble signing you in.\nAADSTS50105: Your administrator has configured the application Gatehouse ('5c0e') to block users unless they are specifically granted ('assigned') access to the application. The signed in user 'kofi@acme.com' is blocked because they are not a direct member of a group with access.\nRequest Id: 1234-56789", "50105", "kofi@acme.com", ""},
		{"another Reply URL than ours", "AADSTS50011: The reply URL 'https://old.example/acs' specified in the request does not match", "50011", "https://old.example/acs", c.ACSURL},
		{"our Reply URL, unknown there", "AADSTS50011: The reply URL 'https://app.example/saml/org_1/acs' specified in the request does not match", "50011", "", c.ACSURL},
		{"curly quotes", "AADSTS700016: Application with identifier ‘https://app.example’ was not found in the directory ‘Acme’.", "700016", "https://app.example", c.EntityID},
		{"lower case, a bare number", "aadsts 75011", "75011", "", ""},
		{"digits alone", "650056", "650056", "", c.EntityID},
		{"two codes", "AADSTS50058: x. AADSTS50126: y. AADSTS50126", "50058 50126", "", ""},
		{"one nobody knows", "AADSTS999999: x", "999999", "", ""},
		{"no code", "it does not work, order 12345 of 67890 pieces and counting on and on", "", "", ""},
		{"nothing", "", "", "", ""},
		{"control characters in a value", "AADSTS50020: User account 'a\u202eb\x07@x' from", "50020", "a b @x", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var codes []string
			answers := ExplainMicrosoft(test.pasted, c)
			for _, a := range answers {
				codes = append(codes, a.Code)
			}
			if got := strings.Join(codes, " "); got != test.codes {
				t.Fatalf("codes %q, want %q", got, test.codes)
			}
			if len(answers) > 0 && (answers[0].Got != test.got || answers[0].Want != test.want) {
				t.Errorf("got %q, want %q; expected %q, %q", answers[0].Got, answers[0].Want, test.got, test.want)
			}
		})
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		`<ds:SignatureValue Id="x">abc=</ds:SignatureValue><b>c</b>`:            `<ds:SignatureValue Id="x">removed</ds:SignatureValue><b>c</b>`,
		"<SignatureValue>\na<x></x>b\n</SignatureValue>":                        "<SignatureValue>removed</SignatureValue>",
		"<SignatureValue>never closed <b>":                                      "<SignatureValue>removed",
		"<xenc:CipherValue>abc</xenc:CipherValue><CipherValue>d</CipherValue>e": "<xenc:CipherValue>removed</xenc:CipherValue><CipherValue>removed</CipherValue>e",
		"a\x00b\x1bc\xff\n":               "abc\uFFFD\n",
		"<DigestValue>kept</DigestValue>": "<DigestValue>kept</DigestValue>",
		"a\u202eb\u2028\u009bc\tŽ花":       "a&#x202E;b&#x2028;&#x9B;c\tŽ花",
	} {
		if got := Redact([]byte(in)); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Ana":                        "Ana",
		"a\nb\tc\x1b[31m":            "a b c [31m",
		"Ana\u202eavoN\u2028\u200b":  "Ana avoN  ",
		"می\u200cخواهم 👩\u200d👧":     "می\u200cخواهم 👩\u200d👧",
		strings.Repeat("long ", 200): strings.Repeat("long ", 200),
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzExplainMicrosoft(f *testing.F) {
	f.Add("AADSTS50011: The reply URL 'https://old.example/acs'")
	f.Fuzz(func(t *testing.T, s string) {
		ExplainMicrosoft(s, Connection{})
		Redact([]byte(s))
	})
}
