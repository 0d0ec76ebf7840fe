package handlers

import (
	"strings"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// refusalAdvice is what the person can do after a refused sign-in, most useful first. It never advises a repetition that would end
// at the same page.
func refusalAdvice(r *models.LoginRefusal, organization string) []views.Advice {
	ask := func(title string) views.Advice {
		text := "Tell them what this page says and what you did before."
		switch {
		case strings.HasPrefix(r.Reference, logReference):
			text = "Give them the reference below: whoever runs this server finds it in the log."
		case r.Reference != "":
			text = "Give them the reference below: it shows them what was expected, what came, and where to change it."
		}
		return views.Advice{Icon: "mail", Title: title, Text: text}
	}
	again := func(text string) []views.Advice {
		return []views.Advice{{Icon: "rotate-ccw", Title: "Sign in again", Text: text}, ask("If it happens again, ask your IT admin")}
	}
	if isSignOut(r) {
		return signOutAdvice(ask)
	}
	switch r.Reason {
	case models.RefusedUnknownRequest, models.RefusedOtherBrowser, models.RefusalReason(sso.ReasonUnsolicited):
		return []views.Advice{
			{Icon: "rotate-ccw", Title: "Start again in this window", Text: "Begin and end in the same browser: a link opened from a mail or a chat may have opened another one."},
			ask("If it happens again, ask your IT admin"),
		}
	case models.RefusedCookiesBlocked:
		return []views.Advice{
			{Icon: "lock", Title: "Allow cookies for this site", Text: "In the settings of your browser, or in the icon beside the address. Without them every sign-in ends here."},
			{Icon: "rotate-ccw", Title: "Then start again in this window", Text: "Begin and end in the same browser, and keep a private window open until you are signed in."},
			ask("If it happens again, ask your IT admin"),
		}
	case models.RefusedReplayed, models.RefusalReason(sso.ReasonRequestMismatch):
		return again("A sign-in works once. Going back or reloading the page sends the old one.")
	case models.RefusedRequestExpired, models.RefusedCodeExpired, models.RefusedConnectionChanged,
		models.RefusalReason(sso.ReasonExpired), models.RefusalReason(sso.ReasonTooLate):
		if !isPersons(r) {
			break // another round ends here again
		}
		return again("It takes a few seconds if you are still signed in at your company.")
	case models.RefusedSSOOff, models.RefusedConnectionRemoved:
		return []views.Advice{
			{Icon: "key-round", Title: "Use your password", Text: "On the sign-in page. “Forgot it?” there mails you a new one."},
			ask("No password? Ask an admin of " + organization),
		}
	case models.RefusedDomainUnverified:
		return []views.Advice{
			{Icon: "user", Title: "Use your work account", Text: "Start again and choose the account of " + organization + ". In the way? Sign out of the other account first, or use a private window."},
			ask("Is it your work account? Ask an admin of " + organization),
		}
	case models.RefusedNoMembership:
		return []views.Advice{
			{Icon: "user-plus", Title: "Ask an admin of " + organization + " for an invitation", Text: "Once you are a member, the same sign-in lets you in."},
			{Icon: "user", Title: "Invited with another address?", Text: "Sign in again with the account that has it."},
		}
	case models.RefusedDeactivated, models.RefusedDeleted:
		return []views.Advice{ask("Is this a mistake? Ask an admin of " + organization)}
	}
	if _, protocol := sso.Lookup(sso.Reason(r.Reason)); protocol {
		return []views.Advice{
			ask("Ask your IT admin"),
			{Icon: "rotate-ccw", Title: "Then start again", Text: "Nothing is wrong with your account: the connection to your company’s sign-in has to be mended first."},
		}
	}
	return []views.Advice{ask("Ask an admin of " + organization)}
}

// refusalSentence says why, and with which address the person came where that is the reason.
func refusalSentence(r *models.LoginRefusal) string {
	if r.Reason == models.RefusedDomainUnverified || r.Reason == models.RefusedNoMembership {
		if strings.Contains(r.Who, "@") {
			return "You came as " + r.Who + ". " + r.Employee
		}
	}
	return r.Employee
}
