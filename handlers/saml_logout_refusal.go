package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// logoutRefusals are the reasons of the protocol in the words of a sign-out; any other is a request that cannot be read.
var logoutRefusals = map[sso.Reason]models.RefusalReason{
	sso.ReasonSignatureMissing:    models.RefusedLogoutUnsigned,
	sso.ReasonSignatureInvalid:    models.RefusedLogoutSignature,
	sso.ReasonSignatureMalformed:  models.RefusedLogoutSignature,
	sso.ReasonCertificateMissing:  models.RefusedLogoutSignature,
	sso.ReasonSignatureSHA1:       models.RefusedLogoutAlgorithm,
	sso.ReasonSignatureAlgorithm:  models.RefusedLogoutAlgorithm,
	sso.ReasonCertExpired:         models.RefusedLogoutCertificate,
	sso.ReasonCertNotYetValid:     models.RefusedLogoutCertificate,
	sso.ReasonTooLate:             models.RefusedLogoutTime,
	sso.ReasonExpired:             models.RefusedLogoutTime,
	sso.ReasonIssuedInFuture:      models.RefusedLogoutTime,
	sso.ReasonIssuerMismatch:      models.RefusedLogoutIssuer,
	sso.ReasonDestinationMismatch: models.RefusedLogoutDestination,
}

// refuseLogout is refuseSAML for somebody who signs out at the identity provider: nothing of it speaks of a sign-in.
func (s *Server) refuseLogout(c echo.Context, orgID string, err error) error {
	refusal, ok := s.loginRefusal(err)
	if !ok {
		return err
	}
	if e, protocol := asSSOError(err); protocol {
		reason, known := logoutRefusals[e.Reason]
		if !known {
			reason = models.RefusedLogoutUnreadable
		}
		if e.Reason == sso.ReasonInternal {
			s.log.Error("a LogoutRequest could not be processed", "organization", orgID, "error", err)
		}
		refusal = *models.Refuse(reason)
		refusal.Got, refusal.Want = e.Got, e.Want
	}
	refusal.Detail = models.Facts{"sign_out": true}
	return s.refuseSAML(c, orgID, "", &refusal)
}

func isSignOut(r *models.LoginRefusal) bool { return strings.HasPrefix(string(r.Reason), "logout_") }

func signOutAdvice(ask func(title string) views.Advice) []views.Advice {
	return []views.Advice{
		{Icon: "log-out", Title: "Still signed in here?", Text: "Sign out at the bottom of the menu. If you are not, close this window: nothing is left to do."},
		ask("If it happens again, ask your IT admin"),
	}
}

// tellSignOut says in the activity that somebody signed out at the identity provider, or tried to.
func tellSignOut(e *views.ActivityEntry, a *models.Activity, detail models.Facts) {
	if detail["sign_out"] != true {
		return
	}
	e.Icon = "log-out"
	e.Detail = "Sign-out" + strings.TrimPrefix(e.Detail, "Sign-in")
	if !a.OK {
		e.Sentence = strings.TrimSuffix(firstSentence(a.Sentence), ".")
	}
}
