package handlers

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

const maxInvitations = 200 // in one form

// inviteUsers invites one or many. Unless every address can be read nobody is invited; whoever cannot be invited for another reason stays
// in the field, with the reason, and the others are on their way.
func (s *Server) inviteUsers(c echo.Context) error {
	typed := c.FormValue("emails")
	form := views.InviteForm{Emails: views.Field{Value: typed}, Role: views.Field{Value: c.FormValue("role")}, Open: true}
	addresses, problem := readAddresses(typed)
	form.Emails.Error = problem
	role, err := models.ParseRole(form.Role.Value)
	if err != nil {
		form.Role = views.Field{Value: string(models.RoleMember)}
		_, form.Role.Error, _ = refusal(err)
	} else if role == models.Owner && signedIn(c).Role != models.Owner {
		form.Role.Error = "Only an owner can invite an owner."
	}
	if form.Emails.Error != "" || form.Role.Error != "" {
		return s.renderUsers(c, http.StatusUnprocessableEntity, form)
	}
	if role == models.Owner {
		step, err := s.stepUp(c)
		if err != nil {
			return err
		}
		if step.Needed {
			return s.askPassword(c, views.NavUsers, step, views.StepUpPage{
				Title: "Invite " + count(len(addresses), "owner", "owners") + "?", Confirm: "Send invitations", CancelURL: usersPath,
				Sentence: list(addresses) + " will be able to change everything in " + signedIn(c).Organization.Name + ".",
			})
		}
	}
	var invited, failed, reasons []string
	for _, address := range addresses {
		var m *models.Member
		var secret string
		err := s.db.AllowInvitation(c.Request().Context(), orgID(c), address)
		if err == nil {
			m, secret, err = s.db.Invite(c.Request().Context(), actor(c), signedIn(c).Role, orgID(c), address, "", role)
		}
		if err != nil {
			_, message, ok := refusal(err)
			if !ok {
				return err
			}
			failed = append(failed, address)
			if !strings.Contains(message, address) {
				message = address + ": " + message
			}
			reasons = append(reasons, message)
			continue
		}
		invited = append(invited, address)
		s.sendInvitation(c, m, secret)
	}
	if len(failed) > 0 {
		form.Emails = views.Field{Value: strings.Join(failed, "\n"), Error: strings.Join(reasons, " ")}
		if len(invited) > 0 {
			form.Emails.Error = "Invited: " + list(invited) + ". Not invited: " + form.Emails.Error
		}
		return s.renderUsers(c, http.StatusUnprocessableEntity, form)
	}
	sentence := "Invited " + count(len(invited), "person", "people") + "."
	if len(invited) == 1 {
		sentence = "Invited " + invited[0] + "."
	}
	return s.done(c, usersPath, sentence+s.mailNote())
}

// mailNote says where the links are when there is no mail server.
func (s *Server) mailNote() string {
	if s.config.SMTP != nil {
		return ""
	}
	return " No mail server is set up, so the link stands in the server’s log: ask whoever runs it."
}

// sendInvitation mails the link of an invitation.
func (s *Server) sendInvitation(c echo.Context, m *models.Member, secret string) {
	who, org := oneLine(signedIn(c).Member.Label()), signedIn(c).Organization.Name
	s.sendMail(Mail{To: m.Address(), Subject: who + " invites you to " + org, Body: who + " invites you to join " + org + ".\n\n" +
		"Open this link to accept; it works for seven days and once:\n\n" + s.mailedLink("/invitation", secret) + "\n\n" +
		"If you do not know what this is about, ignore it: nothing happens without the link.\n"})
}

// oneLine keeps a name that a directory sent from writing lines of its own into a mail.
func oneLine(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// readAddresses splits what was typed at line ends, commas and semicolons; "Ana Novak <ana@acme.com>" is understood.
func readAddresses(typed string) (addresses []string, problem string) {
	var wrong []string
	for _, part := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune("\r\n,;", r) }) {
		part = strings.TrimSpace(part)
		if open, end := strings.LastIndex(part, "<"), strings.HasSuffix(part, ">"); open >= 0 && end {
			part = part[open+1 : len(part)-1]
		}
		if part == "" {
			continue
		}
		address, err := models.CleanAddress(part)
		switch {
		case err != nil:
			wrong = append(wrong, "“"+part+"”")
		case !slices.Contains(addresses, address):
			addresses = append(addresses, address)
		}
	}
	switch {
	case len(wrong) == 1:
		return addresses, wrong[0] + " is not an e-mail address we can use. It should look like ana@acme.com. Nobody was invited."
	case len(wrong) > 1:
		return addresses, "These are not e-mail addresses we can use: " + list(wrong) + ". They should look like ana@acme.com. Nobody was invited."
	case len(addresses) == 0:
		return nil, "Enter at least one e-mail address, such as ana@acme.com."
	case len(addresses) > maxInvitations:
		return addresses, "These are " + thousands(len(addresses)) + " addresses. Invite at most " + thousands(maxInvitations) + " at a time."
	}
	return addresses, ""
}

// resendInvitation makes and mails a new link; the old one stops working.
func (s *Server) resendInvitation(c echo.Context) error {
	ctx := c.Request().Context()
	m, err := s.db.Member(ctx, orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	secret := ""
	err = s.db.AllowInvitation(ctx, orgID(c), m.Address())
	if err == nil {
		m, secret, err = s.db.ResendInvitation(ctx, actor(c), orgID(c), m.ID)
	}
	if err != nil {
		return s.refused(c, memberURL(c.Param("id")), err)
	}
	s.sendInvitation(c, m, secret)
	return s.done(c, memberURL(m.ID), "A new link is on its way to "+m.Address()+"; the old one no longer works."+s.mailNote())
}

// revokeInvitation takes an invitation back.
func (s *Server) revokeInvitation(c echo.Context) error {
	ctx := c.Request().Context()
	m, err := s.db.Member(ctx, orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	if err := s.db.RevokeInvitation(ctx, actor(c), orgID(c), m.ID); err != nil {
		return s.refused(c, memberURL(m.ID), err)
	}
	return s.done(c, usersPath, "The invitation of "+m.Address()+" is revoked; its link no longer works.")
}
