package sso

import (
	"errors"
	"testing"
)

func TestWhatIsWrongWithAnIssuer(t *testing.T) {
	const (
		entra = "https://sts.windows.net/72f988bf/"
		app   = "https://sts.windows.net/72f988bf/2b1c/"
	)
	for _, test := range []struct {
		name, got, want string
		says            *entry // nil for the reason's own
	}{
		{"no slash is entered here", entra, "https://sts.windows.net/72f988bf", &issuerDiffersInSlash},
		{"no slash comes from there", "https://idp.example/saml", "https://idp.example/saml/", &issuerDiffersInSlash},
		{"capital letters", entra, "https://sts.windows.net/72F988BF/", &issuerDiffersInLetters},
		{"http", entra, "http://sts.windows.net/72f988bf/", &issuerDiffersInLetters},
		{"a slash too many in the middle", entra, "https://sts.windows.net//72f988bf/", &issuerDiffersInLetters},
		{"another tenant", "https://sts.windows.net/0000/", entra, &issuerIsOtherTenant},
		{"another tenant, and the Login URL is entered as issuer", "https://sts.windows.net/0000/", "https://login.microsoftonline.com/72f988bf/saml2", &issuerIsOtherTenant},
		{"the Login URL is entered", entra, "https://login.microsoftonline.com/72f988bf/saml2", &issuerIsLoginAddress},
		{"the same tenant at the sign-in host", entra, "https://login.microsoftonline.com/72f988bf/", &issuerIsLoginAddress},
		{"the application's id is appended", app, entra, &issuerHasApplication},
		{"another application's id", app, "https://sts.windows.net/72f988bf/9999/", nil},
		{"another identity provider", "https://idp.example/", entra, nil},
		{"Entra in place of another one", entra, "https://idp.example/", nil},
		{"nothing came", "", entra, nil},
		{"a slash came", "/", entra, nil},
		{"no address", "%zz", "%zy", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if says := issuerSays(test.got, test.want); says != test.says {
				t.Errorf("says %+v, want %+v", says, test.says)
			}
			if test.got == "" || test.got == "/" {
				return
			}
			m := change(func(m *message) { m.issuer = test.got })
			c := testConnection()
			c.Issuer = test.want
			_, err := Verify(c, m.build(t), testPending(), testNow)
			var e *Error
			if !errors.As(err, &e) || e.Reason != ReasonIssuerMismatch || e.says != test.says {
				t.Fatalf("%v", err)
			}
			if test.says != nil && (e.Admin() != test.says.admin || e.Side() != test.says.side || e.Place() != test.says.fixAt || e.Employee() != test.says.employee) {
				t.Errorf("says %q", e.Admin())
			}
		})
	}
}

func TestARollOverIsNamed(t *testing.T) {
	newer := newKeyPair(otherKey().key, testNow.AddDate(0, 0, -1), testNow.AddDate(3, 0, 0))
	older := newKeyPair(otherKey().key, testNow.AddDate(-2, 0, 0), testNow.AddDate(1, 0, 0))
	for _, test := range []struct {
		name string
		key  keyPair
		says *entry
	}{
		{"newer than the trusted one", newer, &certificateRolledOver},
		{"older", older, nil},
	} {
		m := change(func(m *message) { m.key = test.key })
		_, err := Verify(testConnection(), m.build(t), testPending(), testNow)
		var e *Error
		if !errors.As(err, &e) || e.Reason != ReasonUnknownKey || e.says != test.says {
			t.Errorf("%s: %v says %+v", test.name, err, e.says)
		}
	}
}
