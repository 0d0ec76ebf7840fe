package sso

// Reasons of refusing a response, in the order in which Verify finds them.
const (
	ReasonResponseEmpty      Reason = "response_empty"
	ReasonResponseTooLarge   Reason = "response_too_large"
	ReasonResponseTooComplex Reason = "response_too_complex"
	ReasonResponseEncoding   Reason = "response_encoding"
	ReasonResponseMalformed  Reason = "response_malformed"
	ReasonResponseUnsafe     Reason = "response_unsafe"
	ReasonNotAResponse       Reason = "not_a_response"
	ReasonIncomplete         Reason = "response_incomplete"

	ReasonStatusRequester       Reason = "status_requester"
	ReasonStatusResponder       Reason = "status_responder"
	ReasonStatusAuthnFailed     Reason = "status_authn_failed"
	ReasonStatusRequestDenied   Reason = "status_request_denied"
	ReasonStatusNoAuthnContext  Reason = "status_no_authn_context"
	ReasonStatusNameIDPolicy    Reason = "status_invalid_nameid_policy"
	ReasonStatusVersionMismatch Reason = "status_version_mismatch"
	ReasonStatusOther           Reason = "status_other"

	ReasonEncrypted         Reason = "encrypted"
	ReasonAssertionMissing  Reason = "assertion_missing"
	ReasonAssertionsSeveral Reason = "assertions_several"

	ReasonSignatureMissing   Reason = "signature_missing"
	ReasonSignatureMisplaced Reason = "signature_misplaced"
	ReasonSignatureMalformed Reason = "signature_malformed"
	ReasonSignatureSHA1      Reason = "signature_sha1"
	ReasonSignatureAlgorithm Reason = "signature_algorithm"
	ReasonCertificateMissing Reason = "certificate_missing"
	ReasonUnknownKey         Reason = "signature_unknown_key"
	ReasonSignatureInvalid   Reason = "signature_invalid"
	ReasonCertExpired        Reason = "certificate_expired"
	ReasonCertNotYetValid    Reason = "certificate_not_yet_valid"

	ReasonDestinationMismatch  Reason = "destination_mismatch"
	ReasonUnsolicited          Reason = "unsolicited"
	ReasonRequestMismatch      Reason = "request_mismatch"
	ReasonIssuerMismatch       Reason = "issuer_mismatch"
	ReasonTooLate              Reason = "response_too_late"
	ReasonIssuedInFuture       Reason = "issued_in_future"
	ReasonIssuedBeforeRequest  Reason = "issued_before_request"
	ReasonNameIDMissing        Reason = "nameid_missing"
	ReasonConfirmationMissing  Reason = "confirmation_missing"
	ReasonConfirmationsSeveral Reason = "confirmations_several"
	ReasonConfirmationMethod   Reason = "confirmation_not_bearer"
	ReasonRecipientMismatch    Reason = "recipient_mismatch"
	ReasonExpired              Reason = "expired"
	ReasonNotYetValid          Reason = "not_yet_valid"
	ReasonConditionUnknown     Reason = "condition_unknown"
	ReasonAudienceMissing      Reason = "audience_missing"
	ReasonAudienceMismatch     Reason = "audience_mismatch"
	ReasonNotFresh             Reason = "authentication_not_fresh"

	ReasonEmailMissing      Reason = "email_missing"
	ReasonEmailSeveral      Reason = "email_several"
	ReasonEmailInvalid      Reason = "email_invalid"
	ReasonEmailGuest        Reason = "email_guest"
	ReasonIdentityAmbiguous Reason = "identity_ambiguous"

	ReasonInternal Reason = "internal"
)

// Reasons of refusing what an admin uploads or types.
const (
	ReasonFileEmpty           Reason = "certificate_file_empty"
	ReasonFileTooLarge        Reason = "certificate_file_too_large"
	ReasonFileIsMetadata      Reason = "certificate_file_is_metadata"
	ReasonFileIsXML           Reason = "certificate_file_is_xml"
	ReasonFileIsHTML          Reason = "certificate_file_is_html"
	ReasonFileIsPrivateKey    Reason = "certificate_file_is_private_key"
	ReasonFileIsPFX           Reason = "certificate_file_is_pfx"
	ReasonFileIsP7B           Reason = "certificate_file_is_p7b"
	ReasonFileIsRequest       Reason = "certificate_file_is_request"
	ReasonFileSeveral         Reason = "certificate_file_several"
	ReasonFileUnreadable      Reason = "certificate_file_unreadable"
	ReasonFileExpired         Reason = "certificate_file_expired"
	ReasonFileNotYetValid     Reason = "certificate_file_not_yet_valid"
	ReasonFileWeakKey         Reason = "certificate_file_weak_key"
	ReasonFileWeakSignature   Reason = "certificate_file_weak_signature"
	ReasonFileIsOurs          Reason = "certificate_file_is_ours"
	ReasonFileTenantWide      Reason = "certificate_file_is_tenant_wide"
	ReasonMetadataUnreadable  Reason = "metadata_unreadable"
	ReasonMetadataIsOurs      Reason = "metadata_is_service_provider"
	ReasonMetadataNoIdP       Reason = "metadata_no_identity_provider"
	ReasonMetadataSeveral     Reason = "metadata_several"
	ReasonMetadataNoRedirect  Reason = "metadata_no_redirect"
	ReasonMetadataExpired     Reason = "metadata_expired"
	ReasonMetadataCertificate Reason = "metadata_no_certificate"
	ReasonMetadataTenantWide  Reason = "metadata_tenant_wide"

	ReasonIssuerEmpty        Reason = "issuer_empty"
	ReasonIssuerTooLong      Reason = "issuer_too_long"
	ReasonIssuerSpaces       Reason = "issuer_spaces"
	ReasonIssuerIsSignIn     Reason = "issuer_is_sign_in_url"
	ReasonIssuerIsMetadata   Reason = "issuer_is_metadata_url"
	ReasonIssuerSlash        Reason = "issuer_without_slash"
	ReasonIssuerMisspelt     Reason = "issuer_misspelt"
	ReasonIssuerNotURI       Reason = "issuer_not_uri"
	ReasonSignInEmpty        Reason = "sign_in_url_empty"
	ReasonSignInTooLong      Reason = "sign_in_url_too_long"
	ReasonSignInSpaces       Reason = "sign_in_url_spaces"
	ReasonSignInNotURL       Reason = "sign_in_url_not_url"
	ReasonSignInHTTP         Reason = "sign_in_url_http"
	ReasonSignInUserinfo     Reason = "sign_in_url_userinfo"
	ReasonSignInFragment     Reason = "sign_in_url_fragment"
	ReasonSignInIsIssuer     Reason = "sign_in_url_is_issuer"
	ReasonSignInIsLogout     Reason = "sign_in_url_is_logout"
	ReasonSignInIsMetadata   Reason = "sign_in_url_is_metadata"
	ReasonSignInIsUserAccess Reason = "sign_in_url_is_user_access"
	ReasonSignInNotLoginURL  Reason = "sign_in_url_not_login_url"
)

// entry is what there is to say about one reason.
type entry struct {
	side     Side
	employee string
	admin    string
	fixAt    string
}

// Places in Entra's portal, and here.
const (
	entraSSO     = "Entra → Enterprise applications → your application → Single sign-on"
	entraBasic   = entraSSO + " → Basic SAML Configuration"
	entraClaims  = entraSSO + " → Attributes & Claims"
	entraCerts   = entraSSO + " → SAML Certificates"
	entraSigning = entraCerts + " → Edit → Signing Option"
	entraAlgo    = entraCerts + " → Edit → Signing Algorithm"
	entraBox     = entraSSO + " → Set up (box 4)"
	entraUsers   = "Entra → Enterprise applications → your application → Users and groups"
	entraLogs    = "Entra → Enterprise applications → your application → Sign-in logs"
	hereSSO      = "Access Security → SSO"
	hereCert     = hereSSO + " → SAML Certificate"
)

// Sentences that serve several reasons.
const (
	tellAdmin = "Your company's sign-in service sent an answer we cannot accept. Please give your admin the reference below."
	tryAgain  = "This sign-in took too long or was already used. Please sign in again."

	clockBehind = "The clocks of your company's sign-in service and of this application differ, so trying again does not help. Please give your admin the reference below."
)

var catalogue = map[Reason]entry{
	ReasonResponseEmpty:      {SidePerson, "Nothing arrived from your company's sign-in service. Please sign in again.", "A request without a SAMLResponse reached the Reply URL; people should begin at the Sign on URL.", entraBasic + " → Sign on URL"},
	ReasonResponseTooLarge:   {SideIdP, tellAdmin, "The response is too large. The identity provider probably sends very many claims or groups; send only those assigned to this application.", entraClaims + " → Groups"},
	ReasonResponseTooComplex: {SideIdP, tellAdmin, "The response holds more elements, levels, attributes or namespaces than we read. The identity provider must send fewer claims or groups.", entraClaims + " → Groups"},
	ReasonResponseEncoding:   {SideIdP, tellAdmin, "The response is not base64, so something between the identity provider and us changed it, or it uses another binding than HTTP-POST.", entraSSO},
	ReasonResponseMalformed:  {SideIdP, tellAdmin, "The response is not well-formed XML, so something between the identity provider and us changed it.", entraSSO},
	ReasonResponseUnsafe:     {SideIdP, tellAdmin, "The response contains XML that is never accepted in a sign-in. No identity provider sends this by itself; look for a proxy or an attack.", entraLogs},
	ReasonNotAResponse:       {SideIdP, tellAdmin, "What arrived is not a SAML response. The identity provider must send a samlp:Response to the Reply URL.", entraBasic + " → Reply URL (Assertion Consumer Service URL)"},
	ReasonIncomplete:         {SideIdP, tellAdmin, "The response lacks a part that SAML requires. The identity provider must send it.", entraSSO},

	ReasonStatusRequester:       {SideIdP, "Your company's sign-in service refused the sign-in. Please try again, and give your admin the reference below if it happens again.", "The identity provider refused our request and gave the reason shown here; its own sign-in log says more.", entraLogs},
	ReasonStatusResponder:       {SideIdP, "Your company's sign-in service reported an error of its own. Please try again in a few minutes.", "The identity provider failed while answering and gave the reason shown here; its own sign-in log says more.", entraLogs},
	ReasonStatusAuthnFailed:     {SidePerson, "Your company's sign-in service could not sign you in. Please try again.", "The identity provider could not authenticate the person; its own sign-in log says why.", entraLogs},
	ReasonStatusRequestDenied:   {SideIdP, "Your company's sign-in service did not let you in to this application. Please ask your admin to assign it to you.", "The identity provider denied the sign-in, usually because the person is not assigned to the application.", entraUsers},
	ReasonStatusNoAuthnContext:  {SideIdP, tellAdmin, "The identity provider could not authenticate the way it was asked. We ask for no particular method, so a policy on its side decides; look there.", entraLogs},
	ReasonStatusNameIDPolicy:    {SideIdP, tellAdmin, "The identity provider cannot make a NameID. We ask for no particular format; set the name identifier there.", entraClaims + " → Unique User Identifier (Name ID)"},
	ReasonStatusVersionMismatch: {SideIdP, tellAdmin, "The identity provider does not speak SAML 2.0 at this address; check the Identity Provider Sign-in URL here.", hereSSO + " → Identity Provider Sign-in URL"},
	ReasonStatusOther:           {SideIdP, tellAdmin, "The identity provider answered with a status other than success; its own sign-in log says why.", entraLogs},

	ReasonEncrypted:         {SideIdP, tellAdmin, "The assertion is encrypted. Turn token encryption off at the identity provider: the connection is already protected by TLS, and we hold no decryption key.", "Entra → Enterprise applications → your application → Token encryption"},
	ReasonAssertionMissing:  {SideIdP, tellAdmin, "The response contains no assertion. The identity provider must send exactly one.", entraSSO},
	ReasonAssertionsSeveral: {SideIdP, tellAdmin, "The response contains more than one assertion. The identity provider must send exactly one; several are also the shape of an attack.", entraLogs},

	ReasonSignatureMissing:   {SideIdP, tellAdmin, "The response is not signed. The identity provider must sign the assertion, the response, or both.", entraSigning},
	ReasonSignatureMisplaced: {SideIdP, tellAdmin, "A signature stands where none belongs. Only the response and its assertion may carry one; anything else is the shape of an attack.", entraLogs},
	ReasonSignatureMalformed: {SideIdP, tellAdmin, "A signature is not built the way SAML requires (one reference to its own element, exclusive canonicalization). The identity provider must change how it signs.", entraSigning},
	ReasonSignatureSHA1:      {SideIdP, tellAdmin, "The signature uses SHA-1, which can be forged. Set the identity provider's signing algorithm to SHA-256.", entraAlgo},
	ReasonSignatureAlgorithm: {SideIdP, tellAdmin, "The signature uses an algorithm we do not accept. Set the identity provider to RSA or ECDSA with SHA-256.", entraAlgo},
	ReasonCertificateMissing: {SideHere, "Single sign-on is not fully set up for your organization. Please give your admin the reference below.", "No SAML certificate is uploaded here, so no signature can be checked. Upload the identity provider's.", hereCert},
	ReasonUnknownKey:         {SideHere, tellAdmin, "The response is signed with a certificate that is not trusted here. If the identity provider has a new one, download it there and upload it here; check that it is this application's and not another's.", hereCert},
	ReasonSignatureInvalid:   {SideIdP, tellAdmin, "The signature does not match the content: the message was changed after signing, or signed with another key than its certificate says.", entraCerts},
	ReasonCertExpired:        {SideIdP, "Your company's sign-in certificate has expired. Please give your admin the reference below.", "The certificate that signed the response has expired. Create a new one at the identity provider, upload it here, then activate it there.", entraCerts},
	ReasonCertNotYetValid:    {SideHere, tellAdmin, "The certificate that signed the response is not valid yet. Wait until it is, or check the clock of this server.", entraCerts},

	ReasonDestinationMismatch:  {SideIdP, tellAdmin, "The response was made for another address. The identity provider's Reply URL must be exactly the one shown here.", entraBasic + " → Reply URL (Assertion Consumer Service URL)"},
	ReasonUnsolicited:          {SidePerson, "This sign-in did not begin here. Please sign in again.", "The response answers no request of ours (IdP-initiated). Fill in the Sign on URL at the identity provider, so that its tile begins the sign-in here.", entraBasic + " → Sign on URL"},
	ReasonRequestMismatch:      {SidePerson, tryAgain, "The response answers another request than the one that is waiting. Somebody went back in the browser, or the response was taken from another sign-in.", ""},
	ReasonIssuerMismatch:       {SideHere, tellAdmin, "The response comes from another issuer than the Issuer URL entered here. Copy Microsoft Entra Identifier exactly, with the slash at its end.", hereSSO + " → Issuer URL"},
	ReasonTooLate:              {SidePerson, tryAgain, "The response is older than five minutes. The person waited before the last step, or one of the two clocks is wrong.", ""},
	ReasonIssuedInFuture:       {SideIdP, tellAdmin, "The response was made in the future: the clocks of the identity provider and of this server differ by more than three minutes. Check this server's clock first.", "the clock of this server"},
	ReasonIssuedBeforeRequest:  {SideIdP, clockBehind, "The response says that it was made before the request it answers, which cannot be: the identity provider's clock is behind this server's by as much as is shown. Every sign-in ends like this until the wrong clock is set; check this server's first.", "the clock of this server"},
	ReasonNameIDMissing:        {SideIdP, tellAdmin, "The assertion names nobody: it must carry exactly one NameID, not empty and not encrypted. Set the name identifier at the identity provider.", entraClaims + " → Unique User Identifier (Name ID)"},
	ReasonConfirmationMissing:  {SideIdP, tellAdmin, "The assertion has no complete SubjectConfirmation with Recipient, InResponseTo and NotOnOrAfter. The identity provider must send one, as SAML web sign-in requires.", entraSSO},
	ReasonConfirmationsSeveral: {SideIdP, tellAdmin, "The assertion has several SubjectConfirmations; exactly one is accepted.", entraSSO},
	ReasonConfirmationMethod:   {SideIdP, tellAdmin, "The assertion's confirmation method is not bearer. The identity provider must send the bearer method, as SAML web sign-in requires.", entraSSO},
	ReasonRecipientMismatch:    {SideIdP, tellAdmin, "The assertion was made for another recipient. The identity provider's Reply URL must be exactly the one shown here.", entraBasic + " → Reply URL (Assertion Consumer Service URL)"},
	ReasonExpired:              {SidePerson, tryAgain, "The assertion is no longer valid. The person waited too long, or the clocks differ by more than three minutes.", "the clock of this server"},
	ReasonNotYetValid:          {SideIdP, "The clocks of your company's sign-in service and of this application differ. Please try again in a few minutes.", "The assertion is not valid yet: the clocks of the identity provider and of this server differ by more than three minutes.", "the clock of this server"},
	ReasonConditionUnknown:     {SideIdP, tellAdmin, "The assertion carries a condition we do not know, and SAML forbids ignoring it. The identity provider must leave it out.", entraSSO},
	ReasonAudienceMissing:      {SideIdP, tellAdmin, "The assertion does not say for whom it was made. The identity provider must name exactly one audience: our Identifier (Entity ID).", entraBasic + " → Identifier (Entity ID)"},
	ReasonAudienceMismatch:     {SideIdP, tellAdmin, "The assertion was made for another application. The identity provider's Identifier (Entity ID) must be exactly the one shown here.", entraBasic + " → Identifier (Entity ID)"},
	ReasonNotFresh:             {SidePerson, "Please sign in again at your company's sign-in service to confirm that it is you.", "A fresh authentication was asked for, but the identity provider used an older one.", entraLogs},

	ReasonEmailMissing:      {SideIdP, "Your company's sign-in service did not tell us your e-mail address. Please give your admin the reference below.", "No claim holds an e-mail address. Add a claim email with the source user.mail, and check that the person's mail attribute is filled in.", entraClaims + " → Add new claim: email, user.mail"},
	ReasonEmailSeveral:      {SideIdP, "Your company's sign-in service sent several e-mail addresses for you. Please give your admin the reference below.", "The e-mail claim holds several values; exactly one is accepted. Use user.mail as its source.", entraClaims + " → email"},
	ReasonEmailInvalid:      {SideIdP, "Your company's sign-in service sent an e-mail address we cannot use. Please give your admin the reference below.", "The e-mail claim is not one plain address in ASCII letters. Correct the source of the claim or the person's mail attribute.", entraClaims + " → email"},
	ReasonEmailGuest:        {SideIdP, "You are a guest in your company's directory, and it did not send your real e-mail address. Please give your admin the reference below.", "The only address sent is a guest's user principal name (#EXT#). Add a claim email with the source user.mail, which holds a guest's real address.", entraClaims + " → Add new claim: email, user.mail"},
	ReasonIdentityAmbiguous: {SideIdP, tellAdmin, "The objectidentifier claim holds several values; it must identify exactly one person.", entraClaims},

	ReasonInternal: {SideHere, "Something went wrong on our side. Please try again, and give your admin the reference below if it happens again.", "The response could not be processed. The operator's log holds the detail under this reference.", ""},

	ReasonFileEmpty:           {SideHere, "", "The file is empty. Download the certificate again and choose that file.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileTooLarge:        {SideHere, "", "The file is larger than any certificate. Choose the file Certificate (Base64) from Entra, about 1 KB.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileIsMetadata:      {SideHere, "", "This is the metadata file, not the certificate. It holds the certificate and both URLs: we can fill in all three fields from it.", hereSSO},
	ReasonFileIsXML:           {SideHere, "", "This is an XML file, not a certificate. Download Certificate (Base64) and choose that file.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileIsHTML:          {SideHere, "", "This is a web page that was saved under the name of a certificate, probably a sign-in page. Download Certificate (Base64) again while signed in.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileIsPrivateKey:    {SideHere, "", "This is a private key, and we have not kept it. Delete the file, tell whoever sent it that the key must be replaced, and upload the certificate.", entraCerts},
	ReasonFileIsPFX:           {SideHere, "", "This is a PFX file, which carries a private key; we have not kept it. Upload the certificate alone: Certificate (Base64) in Entra.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileIsP7B:           {SideHere, "", "This is a P7B bundle. Export the signing certificate alone as Base-64 (.cer) and upload that.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileIsRequest:       {SideHere, "", "This is a certificate request, not a certificate. Download Certificate (Base64) and choose that file.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileSeveral:         {SideHere, "", "This file holds several certificates. Choose the one that signs and upload it alone; more can be added one by one.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileUnreadable:      {SideHere, "", "This is not a certificate. Choose the file Certificate (Base64) from Entra; its name ends in .cer or .pem.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileExpired:         {SideIdP, "", "This certificate has expired. Create a new one at the identity provider and upload that.", entraCerts + " → Edit → New Certificate"},
	ReasonFileNotYetValid:     {SideIdP, "", "This certificate is not valid yet. Upload it when it is, or check the clock of this server.", entraCerts},
	ReasonFileWeakKey:         {SideIdP, "", "This certificate's key cannot be used: RSA with 2048 to 8192 bits, or ECDSA on P-256, P-384 or P-521 is needed. Create a new one at the identity provider.", entraCerts + " → Edit → New Certificate"},
	ReasonFileWeakSignature:   {SideIdP, "", "This certificate is itself signed with MD5 or SHA-1. Create a new one with SHA-256 at the identity provider.", entraCerts + " → Edit → New Certificate"},
	ReasonFileIsOurs:          {SideHere, "", "This is our certificate, not your provider's. Download Certificate (Base64) from the identity provider.", entraCerts + " → Certificate (Base64) → Download"},
	ReasonFileTenantWide:      {SideIdP, "", "This is the certificate of the whole tenant (accounts.accesscontrol.windows.net), not this application's: Entra replaces it without notice. Create one for this application, make it active, and upload that.", entraCerts + " → Edit → New Certificate"},
	ReasonMetadataUnreadable:  {SideHere, "", "This XML file is not SAML metadata we can read. Download Federation Metadata XML again.", entraCerts + " → Federation Metadata XML → Download"},
	ReasonMetadataIsOurs:      {SideHere, "", "This is an application's metadata, perhaps our own, not your provider's. Download Federation Metadata XML from the identity provider.", entraCerts + " → Federation Metadata XML → Download"},
	ReasonMetadataNoIdP:       {SideHere, "", "This metadata describes no SAML 2.0 identity provider. Download Federation Metadata XML of this application.", entraCerts + " → Federation Metadata XML → Download"},
	ReasonMetadataSeveral:     {SideHere, "", "This metadata describes several identity providers. Use the document of your own provider alone.", entraCerts + " → Federation Metadata XML → Download"},
	ReasonMetadataNoRedirect:  {SideIdP, "", "This metadata offers no sign-in address for HTTP-Redirect, which we use. Turn that binding on at the identity provider.", entraBox},
	ReasonMetadataExpired:     {SideIdP, "", "This metadata was valid only until the date shown. Download it again.", entraCerts + " → Federation Metadata XML → Download"},
	ReasonMetadataCertificate: {SideIdP, "", "This metadata holds no signing certificate. Download Federation Metadata XML of this application.", entraCerts + " → Federation Metadata XML → Download"},
	ReasonMetadataTenantWide:  {SideHere, "", "This is the metadata of the whole tenant; its certificate is not this application's. Use App Federation Metadata Url, which ends in ?appid=… with the application's id; if that shows the same certificate, create one for this application first.", entraCerts + " → App Federation Metadata Url"},

	ReasonIssuerEmpty:      {SideHere, "", "Enter the Issuer URL: Microsoft Entra Identifier in Entra.", entraBox + " → Microsoft Entra Identifier"},
	ReasonIssuerTooLong:    {SideHere, "", "The Issuer URL is longer than 1024 characters. Copy Microsoft Entra Identifier alone.", entraBox + " → Microsoft Entra Identifier"},
	ReasonIssuerSpaces:     {SideHere, "", "The Issuer URL contains a space, a line break or an invisible character. Copy it again.", entraBox + " → Microsoft Entra Identifier"},
	ReasonIssuerIsSignIn:   {SideHere, "", "This is the sign-in URL (Login URL), or another address where people sign in. The Issuer URL is Microsoft Entra Identifier, which begins with https://sts.windows.net/.", entraBox + " → Microsoft Entra Identifier"},
	ReasonIssuerIsMetadata: {SideHere, "", "This is the address of the metadata. The Issuer URL is Microsoft Entra Identifier, which begins with https://sts.windows.net/.", entraBox + " → Microsoft Entra Identifier"},
	ReasonIssuerSlash:      {SideHere, "", "The slash at the end is missing. Entra's identifier is https://sts.windows.net/TENANT/ with a slash.", entraBox + " → Microsoft Entra Identifier"},
	ReasonIssuerMisspelt:   {SideHere, "", "This is almost Entra's identifier. It is compared letter by letter: https://sts.windows.net/TENANT/ with https, in small letters, with the tenant's id between single slashes.", entraBox + " → Microsoft Entra Identifier"},
	ReasonIssuerNotURI:     {SideHere, "", "The Issuer URL must be the identity provider's identifier, such as https://sts.windows.net/TENANT/ or urn:example:idp.", entraBox + " → Microsoft Entra Identifier"},

	ReasonSignInEmpty:        {SideHere, "", "Enter the Identity Provider Sign-in URL: Login URL in Entra.", entraBox + " → Login URL"},
	ReasonSignInTooLong:      {SideHere, "", "The Identity Provider Sign-in URL is longer than 2048 characters. Copy Login URL alone.", entraBox + " → Login URL"},
	ReasonSignInSpaces:       {SideHere, "", "The Identity Provider Sign-in URL contains a space, a line break or a letter outside ASCII. Copy it again.", entraBox + " → Login URL"},
	ReasonSignInNotURL:       {SideHere, "", "This is not a web address. The Identity Provider Sign-in URL looks like https://login.microsoftonline.com/TENANT/saml2.", entraBox + " → Login URL"},
	ReasonSignInHTTP:         {SideHere, "", "The Identity Provider Sign-in URL must begin with https://.", entraBox + " → Login URL"},
	ReasonSignInUserinfo:     {SideHere, "", "The Identity Provider Sign-in URL must not contain a user name or password.", entraBox + " → Login URL"},
	ReasonSignInFragment:     {SideHere, "", "The Identity Provider Sign-in URL must not contain #. Copy Login URL again.", entraBox + " → Login URL"},
	ReasonSignInIsIssuer:     {SideHere, "", "This is the issuer (Microsoft Entra Identifier). The Identity Provider Sign-in URL is Login URL, which begins with https://login.microsoftonline.com/.", entraBox + " → Login URL"},
	ReasonSignInIsLogout:     {SideHere, "", "This is a logout address. The Identity Provider Sign-in URL is Login URL in Entra.", entraBox + " → Login URL"},
	ReasonSignInIsMetadata:   {SideHere, "", "This is the address of the metadata. The Identity Provider Sign-in URL is Login URL in Entra.", entraBox + " → Login URL"},
	ReasonSignInIsUserAccess: {SideHere, "", "This is the address of the tile in My Apps. The Identity Provider Sign-in URL is Login URL in Entra.", entraBox + " → Login URL"},
	ReasonSignInNotLoginURL:  {SideHere, "", "This is another address of Microsoft's. The Identity Provider Sign-in URL is Login URL of your own tenant: https://login.microsoftonline.com/TENANT/saml2.", entraBox + " → Login URL"},
}
