package sso

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestCheckIssuer(t *testing.T) {
	for _, test := range []struct {
		in, want string
		reason   Reason
	}{
		{testIssuer, testIssuer, ""},
		{"  " + testIssuer + "\u200b\n", testIssuer, ""},
		{"https://idp.example/metadata", "https://idp.example/metadata", ""},
		{"http://www.okta.com/exk1", "http://www.okta.com/exk1", ""},
		{"urn:example:idp", "urn:example:idp", ""},
		{"", "", ReasonIssuerEmpty},
		{strings.TrimSuffix(testIssuer, "/"), "", ReasonIssuerSlash},
		{"https://login.microsoftonline.com/72f988bf/saml2", "", ReasonIssuerIsSignIn},
		{"https://LOGIN.microsoftonline.com/72f988bf/saml2/", "", ReasonIssuerIsSignIn},
		{"https://login.microsoftonline.com/x/federationmetadata/2007-06/federationmetadata.xml?appid=1", "", ReasonIssuerIsMetadata},
		{"https://sts.windows.net/ 72f988bf/", "", ReasonIssuerSpaces},
		{"https://login.microsoftonline.com/72f988bf/wsfed", "", ReasonIssuerIsSignIn},
		{"https://login.microsoftonline.com/72f988bf/v2.0", "", ReasonIssuerIsSignIn},
		{"https://login.microsoftonline.com/72f988bf/", "", ReasonIssuerIsSignIn},
		{"https://login.windows.net/72f988bf", "", ReasonIssuerIsSignIn},
		{"https://login.microsoftonline.us/72f988bf/saml2", "", ReasonIssuerIsSignIn},
		{"https://login.microsoftonline.us/72f988bf/", "https://login.microsoftonline.us/72f988bf/", ""},
		{"https://sts.chinacloudapi.cn/72f988bf/", "https://sts.chinacloudapi.cn/72f988bf/", ""},
		{testIssuer + "2b1c", testIssuer + "2b1c", ""}, // the application's id appended
		{testIssuer + "2b1c/", testIssuer + "2b1c/", ""},
		{"http://sts.windows.net/72f988bf/", "", ReasonIssuerMisspelt},
		{"HTTPS://sts.windows.net/72f988bf/", "", ReasonIssuerMisspelt},
		{"https://STS.windows.net/72f988bf/", "", ReasonIssuerMisspelt},
		{"https://sts.windows.net/", "", ReasonIssuerMisspelt},
		{"https://sts.windows.net", "", ReasonIssuerMisspelt},
		{"https://sts.windows.net//72f988bf/", "", ReasonIssuerMisspelt},
		{"https://sts.windows.net/72f988bf//", "", ReasonIssuerMisspelt},
		{"https://sts.windows.net/72f988bf/?x=1", "", ReasonIssuerMisspelt},
		{"https://sts.windows.net:443/72f988bf/", "", ReasonIssuerMisspelt},
		{"https://sts.windows.net.evil.example/72f988bf", "https://sts.windows.net.evil.example/72f988bf", ""},
		{"Acme", "", ReasonIssuerNotURI},
		{"urn:" + strings.Repeat("x", 1024), "", ReasonIssuerTooLong},
	} {
		got, err := CheckIssuer(test.in)
		check(t, test.in, got, err, test.want, test.reason)
	}
}

// What somebody has probably meant is offered, in the form in which it is compared.
func TestAMisspeltIssuerIsSpelt(t *testing.T) {
	for in, want := range map[string]string{
		"http://STS.Windows.net//72F988BF": "https://sts.windows.net/72f988bf/", "https://sts.windows.net/": "", "https://sts.windows.net/a//": "https://sts.windows.net/a/",
	} {
		_, err := CheckIssuer(in)
		var e *Error
		if !errors.As(err, &e) || e.Want != want {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestCheckSignInURL(t *testing.T) {
	const login = "https://login.microsoftonline.com/72f988bf/saml2"
	for _, test := range []struct {
		in       string
		loopback bool
		want     string
		reason   Reason
	}{
		{login, false, login, ""},
		{" " + login + "\r\n", false, login, ""},
		{"https://idp.example/sso?app=1", false, "https://idp.example/sso?app=1", ""},
		{"http://127.0.0.1:8081/saml2", true, "http://127.0.0.1:8081/saml2", ""},
		{"http://localhost:8081/saml2", true, "http://localhost:8081/saml2", ""},
		{"http://[::1]:8081/saml2", true, "http://[::1]:8081/saml2", ""},
		{"http://127.0.0.1:8081/saml2", false, "", ReasonSignInHTTP},
		{"http://idp.example/sso", true, "", ReasonSignInHTTP},
		{"http://127.0.0.1.evil.example/", true, "", ReasonSignInHTTP},
		{"", false, "", ReasonSignInEmpty},
		{testIssuer, false, "", ReasonSignInIsIssuer},
		{strings.TrimSuffix(testIssuer, "/"), false, "", ReasonSignInIsIssuer},
		{"https://login.microsoftonline.com/common/wsfederation?wa=wsignout1.0", false, "", ReasonSignInIsLogout},
		{"https://idp.example/saml/logout", false, "", ReasonSignInIsLogout},
		{"https://myapps.microsoft.com/signin/1?tenantId=2", false, "", ReasonSignInIsUserAccess},
		{"https://launcher.myapps.microsoft.com/api/signin/1", false, "", ReasonSignInIsUserAccess},
		{"https://login.microsoftonline.com/x/FederationMetadata/2007-06/FederationMetadata.xml", false, "", ReasonSignInIsMetadata},
		{"https://sts.windows.net/", false, "", ReasonSignInIsIssuer},
		{"https://STS.windows.net/72f988bf/saml2", false, "", ReasonSignInIsIssuer},
		{"https://login.microsoftonline.com/72f988bf", false, "", ReasonSignInNotLoginURL},
		{"https://login.microsoftonline.com/72f988bf/wsfed", false, "", ReasonSignInNotLoginURL},
		{"https://login.microsoftonline.com/72f988bf/v2.0", false, "", ReasonSignInNotLoginURL},
		{"https://login.microsoftonline.com/72f988bf/oauth2/v2.0/authorize", false, "", ReasonSignInNotLoginURL},
		{"https://login.microsoftonline.com/common/saml2", false, "", ReasonSignInNotLoginURL},
		{"https://login.microsoftonline.com/saml2", false, "", ReasonSignInNotLoginURL},
		{"https://login.microsoftonline.com/", false, "", ReasonSignInNotLoginURL},
		{"https://login.microsoftonline.us/72f988bf/saml2", false, "https://login.microsoftonline.us/72f988bf/saml2", ""},
		{"https://login.microsoftonline.com/acme.onmicrosoft.com/SAML2?x=1", false, "https://login.microsoftonline.com/acme.onmicrosoft.com/SAML2?x=1", ""},
		{"https://login.microsoftonline.com/te/acme.onmicrosoft.com/b2c_1a_saml/samlp/sso/login", false, "https://login.microsoftonline.com/te/acme.onmicrosoft.com/b2c_1a_saml/samlp/sso/login", ""},
		{"https://acme.b2clogin.com/acme.onmicrosoft.com/b2c_1a_saml/samlp/sso/login", false, "https://acme.b2clogin.com/acme.onmicrosoft.com/b2c_1a_saml/samlp/sso/login", ""},
		{"https://user:pw@idp.example/sso", false, "", ReasonSignInUserinfo},
		{"https://idp.example/sso#top", false, "", ReasonSignInFragment},
		{"https://idp.example/s so", false, "", ReasonSignInSpaces},
		{"https://idp.еxample/", false, "", ReasonSignInSpaces},
		{"javascript:alert(1)", false, "", ReasonSignInNotURL},
		{"//idp.example/", false, "", ReasonSignInNotURL},
		{"idp.example/sso", false, "", ReasonSignInNotURL},
		{"https:///sso", false, "", ReasonSignInNotURL},
		{`https://idp.example\@evil.example/`, false, "", ReasonSignInNotURL},
		{"https://idp.example/" + strings.Repeat("x", 2048), false, "", ReasonSignInTooLong},
	} {
		got, err := CheckSignInURL(test.in, test.loopback)
		check(t, test.in, got, err, test.want, test.reason)
	}
}

func check(t *testing.T, in, got string, err error, want string, reason Reason) {
	t.Helper()
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%q: error of type %T", in, err)
	}
	switch {
	case reason == "" && (err != nil || got != want):
		t.Errorf("%q: %q, %v; want %q", in, got, err, want)
	case reason != "" && (e == nil || e.Reason != reason || got != ""):
		t.Errorf("%q: %q, %v; want %s", in, got, err, reason)
	case e != nil && e.Admin() == "":
		t.Errorf("%s has no sentence", reason)
	}
}

func TestASCIIAddress(t *testing.T) {
	for in, want := range map[string]string{
		"ana@acme.example":                  "ana@acme.example",
		"Ana.Novak+x@ACME.Example":          "ana.novak+x@acme.example",
		"o'neil@acme.example":               "o'neil@acme.example",
		"ana_x#EXT#@t.example":              "ana_x#ext#@t.example",
		"ana@xn--bcher-kva.example":         "ana@xn--bcher-kva.example",
		"":                                  "",
		"ana":                               "",
		"@acme.example":                     "",
		"ana@":                              "",
		"ana@@acme.example":                 "",
		"ana@acme.example@x.example":        "",
		" ana@acme.example":                 "",
		"ana@acme.example\n":                "",
		"ana@acme":                          "",
		"ana@acme.example.":                 "",
		"ana@.acme.example":                 "",
		"ana@-acme.example":                 "",
		"ana@acme_x.example":                "",
		"ana@192.0.2.1":                     "",
		".ana@acme.example":                 "",
		"ana.@acme.example":                 "",
		"a..a@acme.example":                 "",
		`"ana"@acme.example`:                "",
		"ana@acme.example,bob@acme.example": "",
		"<ana@acme.example>":                "",
		"\u212Aarl@acme.example":            "",
		"an\u00e1@acme.example":             "",
		"ana@acm\u0435.example":             "",

		strings.Repeat("a", 65) + "@acme.example":    "",
		"a@" + strings.Repeat("a.", 130) + "example": "",
		"a@" + strings.Repeat("a", 64) + ".example":  "",
		"ana@acme.example\x00":                       "",
		"ana@acme.example<script>alert(1)</script>":  "",
	} {
		got, err := ASCIIAddress(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

// Every reason must have its sentences: one without would be shown as an internal error.
func TestCatalogueIsComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "catalogue.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Values) == 1 && strings.HasPrefix(spec.Names[0].Name, "Reason") {
			r := Reason(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
			if _, known := Lookup(r); !known {
				t.Errorf("%s is not in the catalogue", r)
			}
		}
		return true
	})
	for r, e := range catalogue {
		upload := strings.HasPrefix(string(r), "certificate_file_") || strings.HasPrefix(string(r), "metadata_") || strings.HasPrefix(string(r), "issuer_") && r != ReasonIssuerMismatch || strings.HasPrefix(string(r), "sign_in_url_")
		if e.admin == "" || e.side == "" || e.employee == "" && !upload {
			t.Errorf("%s is incomplete: %+v", r, e)
		}
		if !strings.HasSuffix(e.admin, ".") {
			t.Errorf("%s: not a sentence: %q", r, e.admin)
		}
	}
	if e := (&Error{Reason: "unheard_of"}); e.Employee() != catalogue[ReasonInternal].employee {
		t.Error("an unknown reason has no sentence")
	}
}
