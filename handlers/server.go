// Package handlers is where HTTP, the protocols, the models and the views meet; it is the only importer of echo.
//
// A handler does one thing after the other: who (middleware), parse, one call of models, render or redirect. It returns errors;
// errors.go alone turns them into answers, for people, SCIM clients and other machines, by path.
package handlers

import (
	"context"
	"crypto/cipher"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/config"
	"gatehouse/domains"
	"gatehouse/models"
)

// Mail is one message to one person, in plain text.
type Mail struct{ To, Subject, Body string }

// Options are what the server is built from.
type Options struct {
	Config   config.Config
	DB       *models.DB
	Resolver domains.Resolver
	// Mail sends one message, or shows it in the log where there is no mail server. It must not block for long.
	Mail    func(context.Context, Mail) error
	Logger  *slog.Logger
	Version string
	// NoProvisioningActivity leaves the requests of directories out of the activity: for the benchmark that tells what that costs. No
	// configuration sets it.
	NoProvisioningActivity bool
}

// Server answers all requests. It keeps no state of its own: any number of them share one database.
type Server struct {
	config   config.Config
	db       *models.DB
	resolver domains.Resolver
	mail     func(context.Context, Mail) error
	log      *slog.Logger
	version  string
	origin   string // BASE_URL without a slash at its end
	echo     *echo.Echo
	csrf     *http.CrossOriginProtection
	cursors  cipher.AEAD // seals the cursors of SCIM pages
	// scimLimit slows directories down; nil for not at all.
	scimLimit *limiter
	// responses slows networks down that post very many responses to sign-ins; nil for not at all. readers are those that are read now.
	responses *limiter
	readers   readers
	metrics   *metrics
	// largeBodies are the turns of requests that take much memory.
	largeBodies *largeBodies
	// provisioning are the lines of the activity log that wait to be written.
	provisioning *provisioningLog
	// background is what goes on after a request was answered: mails under way.
	background sync.WaitGroup
}

// New builds the server with all its routes.
func New(o Options) *Server {
	s := &Server{
		config: o.Config, db: o.DB, resolver: o.Resolver, mail: o.Mail, log: o.Logger, version: o.Version,
		origin: o.Config.Origin(), echo: echo.New(), csrf: http.NewCrossOriginProtection(), metrics: newMetrics(),
	}
	var err error
	if s.cursors, err = cursorKey(o.Config.SecretKey.Bytes()); err != nil {
		panic(err) // a cipher of the standard library that its own key does not fit
	}
	s.provisioning, s.largeBodies = &provisioningLog{s: s, off: o.NoProvisioningActivity}, newLargeBodies()
	s.readers = newReaders()
	if o.Config.RateLimits {
		s.scimLimit = newSCIMLimiter(time.Now)
		s.responses = newLimiter(responseRate, responseBurst, time.Now)
	}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.IPExtractor = clientIP(o.Config.TrustedProxies)
	s.routes(s.echo)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// HTTPServer is the server with the time limits it runs under.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// clientIP believes X-Forwarded-For only from the proxies that the operator named; echo's default would believe anybody.
func clientIP(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	o := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		_, network, err := net.ParseCIDR(p.Masked().String())
		if err == nil {
			o = append(o, echo.TrustIPRange(network))
		}
	}
	return echo.ExtractIPFromXFFHeader(o...)
}

// client is where a request came from. A header may hold bytes that are no text and that PostgreSQL would not take as such.
func client(c echo.Context) models.Client {
	return models.Client{IP: c.RealIP(), UserAgent: strings.ToValidUTF8(c.Request().UserAgent(), "")}
}
