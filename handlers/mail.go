package handlers

import (
	"context"
	"net/url"
	"time"
)

const mailTime = 30 * time.Second

// later does something behind the answer's back: nobody can tell by the time an answer takes whether there was anything to do, and a slow
// mail server holds nobody up. What fails is logged by what it was, without the text: mails carry links that open something.
func (s *Server) later(what string, do func(context.Context) error) {
	s.background.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), mailTime)
		defer cancel()
		defer func() {
			if r := recover(); r != nil {
				s.log.Error("panic behind an answer", "what", what, "panic", r)
			}
		}()
		if err := do(ctx); err != nil {
			s.log.Error("could not be done behind an answer", "what", what, "error", err)
		}
	})
}

// sendMail sends one mail behind the answer's back.
func (s *Server) sendMail(m Mail) {
	s.later("mail: "+m.Subject, func(ctx context.Context) error { return s.mail(ctx, m) })
}

// Wait waits for what is still being done after its request was answered. Call it after the HTTP server has shut down.
func (s *Server) Wait() {
	s.provisioning.flush()
	s.background.Wait()
}

// mailedLink is the full address of a page behind a one-time link.
func (s *Server) mailedLink(path, secret string) string {
	return s.origin + path + "?token=" + url.QueryEscape(secret)
}
