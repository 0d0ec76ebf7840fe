package views

// metadataStates are the looks of the identity provider's metadata.
func metadataStates() []state {
	certificate := Certificate{ID: "crt_2", Subject: "Microsoft Azure Federated SSO Certificate", Valid: "1 Dec 2026 – 1 Dec 2029", Left: "3 years left", SHA1: "5A1F", SHA256: "77:88", Key: "RSA 2048"}
	access := Access{Tabs: []Tab{{Text: "2FA & SSO", URL: ssoPath, Current: true}}}
	waiting := WaitingCertificate{Certificate: certificate, Found: "Found in the metadata today at 09:31"}
	refused := waiting
	refused.Thumbprint = Field{"12:34", "A thumbprint has 40 digits and letters from A to F. Copy all of it from Entra."}
	refused.StepUp = StepUp{Needed: true, Error: "That is not your password."}
	change := []Change{{"Identity Provider Sign-in URL", "https://login.microsoftonline.com/a/saml2", "https://login.microsoftonline.com/b/saml2"}}
	other := OtherAddresses{
		Issuer: "https://sts.windows.net/a/", SignInURL: "https://login.microsoftonline.com/b/saml2", Found: "Found in the metadata, last today at 09:31", Changes: change,
		Effects: []string{"The new sign-in URL ends sign-ins under way; sessions go on.", "Single sign-on is on, so the next sign-in goes to the new address. The owners are told."},
	}
	refusedOther := other
	refusedOther.Error, refusedOther.StepUp = "What the metadata says has changed meanwhile.", StepUp{Needed: true, Error: "That is not your password."}
	byOther := other
	byOther.StepUp = StepUp{Needed: true, BySSO: true}
	return []state{
		{"metadata-empty", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access})},
		{"metadata-refused", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access, URL: Field{"http://x", "The address must begin with https://."}})},
		{"metadata-found", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access, URL: Field{Value: "https://idp.example/metadata"}, StepUp: StepUp{Needed: true}, Found: &FoundMetadata{
			URL: "https://idp.example/metadata", Issuer: "https://sts.windows.net/b/", SignInURL: "https://login.microsoftonline.com/b/saml2", Changes: change, Certificates: []Certificate{certificate},
			Effect: "The new sign-in URL ends sign-ins under way.", Error: "There are ten certificates already, which is the most.",
		}})},
		{"metadata-followed", MetadataSettings(MetadataPage{
			Shell: shell(NavAccessSecurity), Access: access, URL: Field{Value: "https://idp.example/metadata"}, Signing: SigningCard{On: true, CertificateURL: "https://app.example/saml/org_a/certificate", LogoutURL: "https://app.example/saml/org_a/logout"}, Following: true, Read: "Last read today at 09:31.",
			Problem: "The address did not answer in time.", Other: &other, Waiting: []WaitingCertificate{waiting},
		})},
		{"metadata-take-over-refused", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access, Following: true, URL: Field{Value: "https://idp.example/metadata"}, Other: &refusedOther})},
		{"metadata-key-lost", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access, Signing: SigningCard{On: true, KeyLost: true, CertificateURL: "https://app.example/saml/org_a/certificate", LogoutURL: "https://app.example/saml/org_a/logout"}})},
		{"metadata-step-up-by-sso", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access, StepUp: StepUp{Needed: true, BySSO: true, SSO: "/saml/org_a/step-up?return_to=%2Fsettings"}, Found: &FoundMetadata{URL: "https://idp.example/metadata"}})},
		{"step-up-by-sso", StepUpForm(StepUpPage{Shell: shell(NavAccessSecurity), Title: "Sign requests?", Confirm: "Sign requests", Action: "/settings/access-security/sso/signing", CancelURL: "/settings", StepUp: StepUp{Needed: true, BySSO: true, Kept: true, SSO: "/saml/org_a/step-up?return_to=%2Fsettings"}})},
		{"step-up-by-sso-confirmed", StepUpForm(StepUpPage{Shell: shell(NavAccessSecurity), Title: "Sign requests?", Confirm: "Sign requests", Action: "/settings/access-security/sso/signing", CancelURL: "/settings", StepUp: StepUp{Needed: true, BySSO: true, Confirmed: true}})},
		{"metadata-step-up-by-sso-first", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access, Other: &byOther})},
		{"metadata-approval-refused", MetadataSettings(MetadataPage{Shell: shell(NavAccessSecurity), Access: access, Following: true, URL: Field{Value: "https://idp.example/metadata"}, Waiting: []WaitingCertificate{refused}})},
	}
}
