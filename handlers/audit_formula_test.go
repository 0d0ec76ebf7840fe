package handlers

import "testing"

func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"":                        "",
		"Ana Novak":               "Ana Novak",
		"a=b, c-d":                "a=b, c-d",
		"2026-11-24T10:00:00Z":    "2026-11-24T10:00:00Z",
		`{"name":"x","n":-1}`:     `{"name":"x","n":-1}`,
		"=1":                      "'=1",
		"  -1":                    "'  -1",
		"\u00a0+1":                "'\u00a0+1",
		"\u3000=1":                "'\u3000=1",
		"\ufeff=1":                "'\ufeff=1",
		"\u200b@SUM(1)":           "'\u200b@SUM(1)",
		"＝1":                      "'＝1",
		"＠SUM(1)":                 "'＠SUM(1)",
		"\tx":                     "'\tx",
		"\r\n=1":                  "'\r\n'=1",
		"Bo;=cmd|' /C calc'!A0;x": "Bo;'=cmd|' /C calc'!A0;x", // where a semicolon separates cells
		"Bo\n=1":                  "Bo\n'=1",
	} {
		if got := withoutFormula(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}
