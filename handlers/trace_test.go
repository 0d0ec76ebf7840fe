package handlers

import (
	"fmt"
	"strings"
	"testing"
)

func TestManyValuesOfAClaimAreCounted(t *testing.T) {
	many := make([]string, 150)
	for i := range many {
		many[i] = fmt.Sprintf("g%d", i)
	}
	for name, test := range map[string]struct {
		values []string
		want   string
	}{
		"none":         {nil, ""},
		"one":          {[]string{"ana@acme.com"}, "ana@acme.com"},
		"a few":        {many[:6], "g0, g1, g2, g3, g4, g5"},
		"150 groups":   {many, "150 values: g0, g1, g2, g3, g4 and 145 more"},
		"one too long": {[]string{strings.Repeat("ü", 400)}, strings.Repeat("ü", 250) + "…"},
	} {
		if got := claimValue(test.values); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
