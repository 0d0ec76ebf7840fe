package handlers

import (
	"encoding/pem"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
)

// keepUnknownCertificate lets the certificate wait for approval that signed a test sign-in and is not trusted. Anyone can post a self-made
// response, so it must be one that answers the request of a test which a signed-in admin began here, not a colleague by a link, and it must
// come from the issuer set here; and the certificate must be that of the key that has signed, not one that a message merely names. Even then
// it is trusted for nothing.
func (s *Server) keepUnknownCertificate(c echo.Context, test *models.TestSignIn, i sso.Inspection) error {
	if test.ByLink || i.Unknown == nil || i.Err == nil || i.Err.Reason != sso.ReasonUnknownKey || !passed(i, "in_response_to") || !passed(i, "confirmation_request") || !passed(i, "issuer") {
		return nil
	}
	ours, err := s.ownCertificates(c.Request().Context(), test.OrgID)
	if err != nil {
		return err
	}
	parsed, err := sso.ParseCertificate(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Unknown.Raw}), s.db.Now(), ours...)
	if err != nil {
		return nil // expired or weak: the check that failed says so; or our own
	}
	by := models.Actor{Kind: models.IdP, Label: "Test sign-in of " + test.BegunBy, IP: client(c).IP}
	return s.db.FindCertificate(c.Request().Context(), by, test.OrgID, models.FoundInTest, newCertificate(parsed))
}

// passed tells whether one check of a response did.
func passed(i sso.Inspection, name string) bool {
	for _, check := range i.Checks {
		if check.Name == name {
			return check.OK
		}
	}
	return false
}
