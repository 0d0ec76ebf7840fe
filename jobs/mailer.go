package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Mail is one message to one person, in plain text.
type Mail struct{ To, Subject, Body string }

// SMTP says how to reach the mail server.
type SMTP struct {
	Host               string
	Port               int
	Username, Password string // no authentication without a username
	ImplicitTLS        bool   // TLS from the first byte
	StartTLS           string // "required", "opportunist" or "off"
}

const mailTime = 20 * time.Second

// Mailer sends mail, or writes it to the log where there is no mail server, so that an operator can hand on a link.
type Mailer struct {
	smtp *SMTP
	from *mail.Address
	log  *slog.Logger
}

// NewMailer makes a mailer; smtp is nil where there is no mail server.
func NewMailer(smtp *SMTP, from *mail.Address, log *slog.Logger) *Mailer {
	return &Mailer{smtp: smtp, from: from, log: log}
}

// Delivers tells whether there is a mail server.
func (m *Mailer) Delivers() bool { return m.smtp != nil }

// Send sends one message.
func (m *Mailer) Send(ctx context.Context, mail Mail) error {
	if m.smtp == nil {
		m.log.Info("mail that is not sent because SMTP_URL is not set", "to", mail.To, "subject", mail.Subject, "body", mail.Body)
		return nil
	}
	msg := gomail.NewMsg()
	msg.FromMailAddress(m.from)
	if err := msg.To(mail.To); err != nil {
		return fmt.Errorf("mail: recipient: %w", err)
	}
	msg.Subject(mail.Subject)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetBodyString(gomail.TypeTextPlain, mail.Body)
	o := []gomail.Option{gomail.WithPort(m.smtp.Port), gomail.WithTimeout(mailTime)}
	switch {
	case m.smtp.ImplicitTLS:
		o = append(o, gomail.WithSSL())
	case m.smtp.StartTLS == "off":
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	case m.smtp.StartTLS == "opportunist":
		o = append(o, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if m.smtp.Username != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.smtp.Username), gomail.WithPassword(m.smtp.Password))
	}
	client, err := gomail.NewClient(m.smtp.Host, o...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail to %s: %w", mail.To, err)
	}
	return nil
}
