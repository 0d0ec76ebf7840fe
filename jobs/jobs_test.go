package jobs_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/domains"
	"gatehouse/jobs"
	"gatehouse/models"
	"gatehouse/models/modelstest"
)

// world is a DNS in which every zone exists and txt are its records.
type world struct{ txt map[string][]string }

func (w world) TXT(_ context.Context, name string) ([]string, error) { return w.txt[name], nil }
func (w world) TXTAt(_ context.Context, _, name string) ([]string, error) {
	return w.txt[name], nil
}
func (w world) CNAME(context.Context, string) (string, error) { return "", nil }
func (w world) NS(context.Context, string) ([]string, error)  { return nil, nil }

func runner(db *models.DB, dns domains.Resolver, smtp *jobs.SMTP, log *bytes.Buffer) *jobs.Runner {
	l := slog.New(slog.NewTextHandler(log, nil))
	return &jobs.Runner{DB: db, Resolver: dns, Log: l, BaseURL: "https://access.example.com", Mailer: jobs.NewMailer(smtp, &mail.Address{Address: "gatehouse@example.com"}, l)}
}

func organization(t *testing.T, db *models.DB) *models.Organization {
	t.Helper()
	o, err := db.CreateOrganization(context.Background(), models.Actor{Kind: models.Operator}, "Acme", models.NewOwner{Email: "ana@acme.com", Name: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAClaimedDomainIsLookedAtUntilItsRecordIsThereAndAfterwards(t *testing.T) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		t.Run(dialect, func(t *testing.T) {
			clock := modelstest.NewClock()
			db := modelstest.New(t, dialect, modelstest.WithNow(clock.Now))
			org, dns := organization(t, db), world{map[string][]string{}}
			ctx := context.Background()
			d, err := db.ClaimDomain(ctx, models.Actor{Kind: models.Operator}, org.ID, "acme.com", domains.NewToken())
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			r := runner(db, dns, nil, &log)
			look := func() models.DomainStatus {
				t.Helper()
				if err := r.CheckDomains(ctx); err != nil {
					t.Fatal(err)
				}
				if d, err = db.Domain(ctx, org.ID, d.ID); err != nil {
					t.Fatal(err)
				}
				return d.Status
			}
			if got := look(); got != models.DomainWaiting || d.Sentence == "" || d.CheckedAt == nil {
				t.Fatalf("without a record the claim is %s with the sentence %q", got, d.Sentence)
			}
			dns.txt["acme.com"] = []string{"v=spf1 -all", domains.NewRecord("acme.com", d.Token).Value}
			if got := look(); got != models.DomainWaiting {
				t.Errorf("looked again before it was due: %s", got)
			}
			clock.Advance(2 * time.Minute)
			if got := look(); got != models.DomainVerified {
				t.Fatalf("with the record the claim is %s: %s", got, d.Sentence)
			}
			delete(dns.txt, "acme.com")
			clock.Advance(25 * time.Hour)
			if got := look(); got != models.DomainLapsing {
				t.Errorf("a day after the record went the claim is %s", got)
			}
			clock.Advance(models.LapseGrace + 25*time.Hour)
			if got := look(); got != models.DomainLapsed {
				t.Errorf("after the grace the claim is %s", got)
			}
		})
	}
}

func TestNoticesAreMailedToTheOwnersOnce(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := context.Background()
		org := organization(t, db)
		actor := models.Actor{Kind: models.Operator, Label: "operator"}
		d, err := db.ClaimDomain(ctx, actor, org.ID, "acme.com", domains.NewToken())
		if err == nil {
			err = db.VouchForDomain(ctx, actor, org.ID, d.ID)
		}
		on := true
		if err == nil {
			err = db.ConfigureSSO(ctx, actor, org.ID, "https://issuer/", "https://idp/", []models.NewCertificate{{
				PEM: "x", Subject: "x", SHA1: "x", SHA256: "x", KeyKind: "RSA 2048",
				NotBefore: db.Now().Add(-time.Hour), NotAfter: db.Now().Add(time.Hour),
			}}, models.Switches{Enabled: &on})
		}
		if err != nil {
			t.Fatal(err)
		}
		server := newSMTPServer(t)
		var log bytes.Buffer
		a, b := runner(db, world{}, server.settings(), &log), runner(db, world{}, server.settings(), &log)
		var wait sync.WaitGroup
		for _, r := range []*jobs.Runner{a, b} {
			wait.Go(func() {
				if err := r.MailNotices(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		mails := server.mails()
		if len(mails) != 1 || !strings.Contains(mails[0], "To: <ana@acme.com>") || !strings.Contains(mails[0], "Subject: Acme: Single sign-on: on") {
			t.Errorf("two instances mailed %d times: %v\nlog: %s", len(mails), mails, log.String())
		}
	})
}

// A safety window that passes without the sign-in it waits for ends once, however many instances look, and the owners are mailed.
func TestASafetyWindowEndsOnceAndTheOwnersHearOfIt(t *testing.T) {
	clock := modelstest.NewClock()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := context.Background()
		operator, on := models.Actor{Kind: models.Operator, Label: "operator"}, true
		org, err := db.CreateOrganization(ctx, operator, "Acme", models.NewOwner{Email: "ana@acme.com", Name: "Ana", Password: "nine blue herons"})
		if err != nil {
			t.Fatal(err)
		}
		d, err := db.ClaimDomain(ctx, operator, org.ID, "acme.com", domains.NewToken())
		if err == nil {
			err = db.VouchForDomain(ctx, operator, org.ID, d.ID)
		}
		if err == nil {
			err = db.ConfigureSSO(ctx, operator, org.ID, "https://issuer/", "https://idp/", []models.NewCertificate{{
				PEM: "x", Subject: "x", SHA1: "x", SHA256: "x", KeyKind: "RSA 2048", NotBefore: db.Now().Add(-time.Hour), NotAfter: db.Now().AddDate(1, 0, 0),
			}}, models.Switches{Enabled: &on})
		}
		if err != nil {
			t.Fatal(err)
		}
		modelstest.PassTest(t, db, org.ID)
		if err := db.SetSwitches(ctx, models.Actor{Kind: models.Person, Label: "Ana"}, org.ID, models.Switches{Required: &on}); err != nil {
			t.Fatal(err)
		}
		server := newSMTPServer(t)
		var logs [3]bytes.Buffer
		look := func() {
			t.Helper()
			var wait sync.WaitGroup
			for i := range logs {
				wait.Go(func() {
					r := runner(db, world{}, server.settings(), &logs[i])
					if err := r.EndSafetyWindows(ctx); err != nil {
						t.Error(err)
					}
					if err := r.MailNotices(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
		}
		told := func() (n int) {
			for _, m := range server.mails() {
				if strings.Contains(m, "Subject: Acme: Require Single Sign-On turned itself off") && strings.Contains(m, "To: <ana@acme.com>") {
					n++
				}
			}
			return n
		}
		clock.Advance(models.SafetyWindow - time.Microsecond)
		look()
		if s, err := db.SSO(ctx, org.ID); err != nil || !s.Required || told() != 0 {
			t.Errorf("before its end: required %v, told %d times, %v", s.Required, told(), err)
		}
		clock.Advance(time.Microsecond)
		look()
		look()
		if s, err := db.SSO(ctx, org.ID); err != nil || s.Required || told() != 1 {
			t.Errorf("at its end: required %v, told %d times, %v", s.Required, told(), err)
		}
		warned := 0
		for i := range logs {
			warned += strings.Count(logs[i].String(), "Require Single Sign-On turned itself off: no owner")
		}
		if warned != 1 {
			t.Errorf("the log says so %d times", warned)
		}
	}, modelstest.WithNow(clock.Now))
}

func TestAMailServerThatIsAwayLosesNoNotice(t *testing.T) {
	db := modelstest.New(t, modelstest.SQLite)
	ctx := context.Background()
	org := organization(t, db)
	server := newSMTPServer(t)
	gone := server.settings()
	gone.Port = 1
	var log bytes.Buffer
	if err := seedNotice(ctx, db, org.ID); err != nil {
		t.Fatal(err)
	}
	if err := runner(db, world{}, gone, &log).MailNotices(ctx); err != nil {
		t.Fatal(err)
	}
	if err := runner(db, world{}, server.settings(), &log).MailNotices(ctx); err != nil {
		t.Fatal(err)
	}
	if n := len(server.mails()); n != 1 {
		t.Errorf("after the mail server came back %d mails were sent, want 1\n%s", n, log.String())
	}
}

func TestWithoutAMailServerTheLogShowsTheMail(t *testing.T) {
	var log bytes.Buffer
	m := jobs.NewMailer(nil, nil, slog.New(slog.NewTextHandler(&log, nil)))
	if err := m.Send(context.Background(), jobs.Mail{To: "ana@acme.com", Subject: "Your link", Body: "https://access.example.com/x"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "https://access.example.com/x") || !strings.Contains(log.String(), "SMTP_URL") {
		t.Errorf("the log says %q", log.String())
	}
}

// seedNotice makes a notice by what makes one for real: a domain whose record went.
func seedNotice(ctx context.Context, db *models.DB, org string) error {
	actor := models.Actor{Kind: models.System}
	d, err := db.ClaimDomain(ctx, actor, org, "acme.com", domains.NewToken())
	if err != nil {
		return err
	}
	for _, verified := range []bool{true, false} {
		if _, err := db.RecordDomainCheck(ctx, actor, org, d.ID, models.DomainCheck{Verified: verified, Next: db.Now()}); err != nil {
			return err
		}
	}
	return nil
}

// smtpServer is a mail server on this machine that keeps what it is sent.
type smtpServer struct {
	listener net.Listener
	mu       sync.Mutex
	received []string
}

func newSMTPServer(t *testing.T) *smtpServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &smtpServer{listener: l}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(conn)
		}
	}()
	return s
}

func (s *smtpServer) settings() *jobs.SMTP {
	return &jobs.SMTP{Host: "127.0.0.1", Port: s.listener.Addr().(*net.TCPAddr).Port, StartTLS: "off"}
}

func (s *smtpServer) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.received...)
}

func (s *smtpServer) talk(conn net.Conn) {
	defer conn.Close()
	c := textproto.NewConn(conn)
	say := func(line string) { fmt.Fprintf(conn, "%s\r\n", line) }
	say("220 test")
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0]); verb {
		case "DATA":
			say("354 go on")
			lines, err := c.ReadDotLines()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.received = append(s.received, strings.Join(lines, "\n"))
			s.mu.Unlock()
			say("250 kept")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
