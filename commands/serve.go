package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"gatehouse/config"
	"gatehouse/domains"
	"gatehouse/handlers"
	"gatehouse/jobs"
	"gatehouse/models"
)

// drainTime is how long requests under way may take after a stop was asked for.
const drainTime = 20 * time.Second

// useMemory trades memory for time: the heap may grow to five times what is in use, up to a limit at which it is collected as usual. The
// variables of the Go runtime take precedence.
func useMemory() {
	const softLimit = 128 << 20 // bytes
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
}

func serveCommand(*flags) func(context.Context, *Process) error {
	return func(ctx context.Context, p *Process) error {
		c, err := load(p)
		if err != nil {
			return err
		}
		db, err := open(ctx, c)
		if err != nil {
			return err
		}
		defer db.Close()
		useMemory()
		secret, err := db.OpenSetup(ctx)
		if err != nil {
			return err
		}
		a := newApp(c, db, newLogger(c, p))
		listener, err := listen(c.Listen, "LISTEN_ADDR")
		if err != nil {
			return err
		}
		fmt.Fprintf(p.Stdout, "Gatehouse %s on %s (listening on %s, %s)\n", version(), c.Origin(), listener.Addr(), c.Database)
		if secret != "" {
			fmt.Fprintf(p.Stdout, "\nNo organization exists yet. Open this link once to make the first one:\n\n    %s/setup?token=%s\n\n", c.Origin(), secret)
		}
		if c.MetricsAddr != "" {
			stop, err := a.serveMetrics(c.MetricsAddr)
			if err != nil {
				return err
			}
			defer stop()
		}
		return a.run(ctx, listener)
	}
}

func migrateCommand(*flags) func(context.Context, *Process) error {
	return func(ctx context.Context, p *Process) error {
		return withDB(ctx, p, func(db *models.DB) error {
			if err := db.Ready(ctx); err != nil {
				return err
			}
			fmt.Fprintln(p.Stderr, "The database is up to date.")
			return nil
		})
	}
}

func versionCommand(f *flags) func(context.Context, *Process) error {
	return func(_ context.Context, p *Process) error {
		return f.print(p, "gatehouse "+version(), map[string]string{"version": version()})
	}
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "development"
}

// app is the server with its jobs.
type app struct {
	server *handlers.Server
	jobs   *jobs.Runner
	log    *slog.Logger
}

func newApp(c config.Config, db *models.DB, log *slog.Logger) *app {
	resolver := domains.NewDNS(c.DNSResolver)
	mailer := jobs.NewMailer(smtpSettings(c), c.MailFrom, log)
	server := handlers.New(handlers.Options{
		Config: c, DB: db, Resolver: resolver, Logger: log, Version: version(),
		Mail: func(ctx context.Context, m handlers.Mail) error { return mailer.Send(ctx, jobs.Mail(m)) },
	})
	return &app{
		log: log, server: server,
		jobs: &jobs.Runner{DB: db, Resolver: resolver, Mailer: mailer, Log: log, BaseURL: c.Origin(), Metadata: server.ReadMetadata},
	}
}

// smtpSettings is nil where there is no mail server.
func smtpSettings(c config.Config) *jobs.SMTP {
	if c.SMTP == nil {
		return nil
	}
	s := &jobs.SMTP{Host: c.SMTP.Host, Port: c.SMTP.Port, Username: c.SMTP.Username, Password: c.SMTP.Password.Reveal()}
	switch c.SMTP.TLS {
	case config.TLSImplicit:
		s.ImplicitTLS = true
	case config.TLSOpportunist:
		s.StartTLS = "opportunist"
	case config.TLSOff:
		s.StartTLS = "off"
	}
	return s
}

// run serves until ctx ends, then lets requests under way finish.
func (a *app) run(ctx context.Context, listeners ...net.Listener) error {
	server := a.server.HTTPServer()
	work, stopWork := context.WithCancel(ctx)
	defer stopWork()
	a.log.Info("started", "version", version(), "listening", listeners[0].Addr().String())
	var wait sync.WaitGroup
	wait.Go(func() { a.jobs.Run(work) })
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- server.Serve(l) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	a.log.Info("stopping: requests under way may finish", "seconds", drainTime.Seconds())
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if e := server.Shutdown(drain); e != nil {
		a.log.Warn("requests under way were cut off", "error", e)
	}
	stopWork()
	wait.Wait()
	a.server.Wait() // mails that were promised
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// serveMetrics answers Prometheus on an address of its own.
func (a *app) serveMetrics(address string) (stop func() error, err error) {
	listener, err := listen(address, "METRICS_ADDR")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: a.server.Metrics(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	go server.Serve(listener)
	return server.Close, nil
}

// listen names the setting to change when the address cannot be had.
func listen(address, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w. Stop what uses it, or choose another by %s", address, err, setting)
	}
	return l, nil
}
