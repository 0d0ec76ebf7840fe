package sso

// Chapters of the catalogue.
const (
	ChapterResponse = "A response is refused"
	ChapterUpload   = "A file is refused"
	ChapterAddress  = "An address is refused"
)

// Entries returns the whole catalogue, by chapter, in the order in which things are
// found. A test compares it with the catalogue itself.
func Entries() map[string][]Entry {
	all := map[string][]Entry{}
	for chapter, reasons := range chapters {
		for _, r := range reasons {
			e, _ := Lookup(r)
			all[chapter] = append(all[chapter], e)
		}
	}
	return all
}

var chapters = map[string][]Reason{
	ChapterResponse: {
		ReasonResponseEmpty, ReasonResponseTooLarge, ReasonResponseTooComplex, ReasonResponseEncoding, ReasonResponseMalformed, ReasonResponseUnsafe,
		ReasonNotAResponse, ReasonIncomplete,
		ReasonStatusRequester, ReasonStatusResponder, ReasonStatusAuthnFailed, ReasonStatusRequestDenied, ReasonStatusNoAuthnContext,
		ReasonStatusNameIDPolicy, ReasonStatusVersionMismatch, ReasonStatusOther,
		ReasonEncrypted, ReasonAssertionMissing, ReasonAssertionsSeveral,
		ReasonSignatureMissing, ReasonSignatureMisplaced, ReasonSignatureMalformed, ReasonSignatureSHA1, ReasonSignatureAlgorithm,
		ReasonCertificateMissing, ReasonUnknownKey, ReasonSignatureInvalid, ReasonCertExpired, ReasonCertNotYetValid,
		ReasonDestinationMismatch, ReasonUnsolicited, ReasonRequestMismatch, ReasonIssuerMismatch, ReasonTooLate, ReasonIssuedInFuture,
		ReasonIssuedBeforeRequest, ReasonNameIDMissing, ReasonConfirmationMissing, ReasonConfirmationsSeveral, ReasonConfirmationMethod,
		ReasonRecipientMismatch, ReasonExpired, ReasonNotYetValid, ReasonConditionUnknown, ReasonAudienceMissing, ReasonAudienceMismatch, ReasonNotFresh,
		ReasonEmailMissing, ReasonEmailSeveral, ReasonEmailInvalid, ReasonEmailGuest, ReasonIdentityAmbiguous, ReasonInternal,
	},
	ChapterUpload: {
		ReasonFileEmpty, ReasonFileTooLarge, ReasonFileIsMetadata, ReasonFileIsXML, ReasonFileIsHTML, ReasonFileIsPrivateKey, ReasonFileIsPFX,
		ReasonFileIsP7B, ReasonFileIsRequest, ReasonFileSeveral, ReasonFileUnreadable, ReasonFileExpired, ReasonFileNotYetValid, ReasonFileWeakKey,
		ReasonFileWeakSignature, ReasonFileIsOurs, ReasonFileTenantWide,
		ReasonMetadataUnreadable, ReasonMetadataIsOurs, ReasonMetadataNoIdP, ReasonMetadataSeveral, ReasonMetadataNoRedirect, ReasonMetadataExpired,
		ReasonMetadataCertificate, ReasonMetadataTenantWide,
	},
	ChapterAddress: {
		ReasonIssuerEmpty, ReasonIssuerTooLong, ReasonIssuerSpaces, ReasonIssuerIsSignIn, ReasonIssuerIsMetadata, ReasonIssuerSlash, ReasonIssuerMisspelt, ReasonIssuerNotURI,
		ReasonSignInEmpty, ReasonSignInTooLong, ReasonSignInSpaces, ReasonSignInNotURL, ReasonSignInHTTP, ReasonSignInUserinfo, ReasonSignInFragment,
		ReasonSignInIsIssuer, ReasonSignInIsLogout, ReasonSignInIsMetadata, ReasonSignInIsUserAccess,
		ReasonSignInNotLoginURL,
	},
}
