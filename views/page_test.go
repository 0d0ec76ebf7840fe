package views

import "testing"

func TestInitialsAreTheFirstLettersOfFirstAndLastWord(t *testing.T) {
	for _, c := range []struct{ name, email, want string }{
		{"Dana Reyes", "", "DR"},
		{"Mei-Ling Chow", "", "MC"},
		{"Šimić", "", "Š"},
		{"ana maria de la cruz", "", "AC"},
		{"", "amara.okafor@acme.com", "AO"},
		{"", "it@acme.com", "I"},
		{" ", "", "?"},
		{"山田 太郎", "", "山太"},
	} {
		if got := Initials(c.name, c.email); got != c.want {
			t.Errorf("Initials(%q, %q) = %q, want %q", c.name, c.email, got, c.want)
		}
	}
}

func TestAddressesEscapeIDs(t *testing.T) {
	if got := at("/settings/users", "a/b?c", "role"); got != "/settings/users/a%2Fb%3Fc/role" {
		t.Errorf("got %q", got)
	}
}
