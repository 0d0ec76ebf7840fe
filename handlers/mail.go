package handlers

import (
	"context"
	"time"
)

const mailTime = 30 * time.Second

// sendMail sends behind the answer's back: nobody can tell by the time it takes whether there was anything to send, and a slow mail
// server holds nobody up. What fails is logged, without the text: it carries a link that opens something.
func (s *Server) sendMail(m Mail) {
	s.background.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), mailTime)
		defer cancel()
		if err := s.mail(ctx, m); err != nil {
			s.log.Error("a mail could not be sent", "to", m.To, "subject", m.Subject, "error", err)
		}
	})
}

// Wait waits for what is still being sent after its request was answered. Call it after the HTTP server has shut down.
func (s *Server) Wait() { s.background.Wait() }
