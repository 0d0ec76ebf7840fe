// Package config reads the environment into a Config, once, at start. Load reports every problem at the same time,
// each with the variable's name and how to mend it; the table of variables is in options.go.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Config is the checked configuration of one process.
type Config struct {
	// BaseURL is scheme and host only, lower case, without a default port and without a trailing slash.
	BaseURL *url.URL
	// Listen is the host:port this process accepts HTTP on.
	Listen   string
	Database Database
	// SecretKey holds at least 32 bytes of key material, decoded. It is zero after Load with SQLite when SECRET_KEY is
	// not set: EnsureSecretKey then reads or makes the key file.
	SecretKey Secret
	// SMTP is nil when mails are not sent but kept and shown.
	SMTP *SMTP
	// MailFrom is nil only when SMTP is.
	MailFrom *mail.Address
	// DNSResolver is host:port, or empty for the system's resolver.
	DNSResolver    string
	TrustedProxies []netip.Prefix
	// MetadataAllow are networks from which metadata may be read although they are not public.
	MetadataAllow []netip.Prefix
	// MetadataAllowHTTP are host:port pairs of this machine from which it may be read without TLS. No variable sets it: the demo does.
	MetadataAllowHTTP []string
	// Signup says that anyone may make an organization.
	Signup bool
	// LogFormat is "text" or "json".
	LogFormat string
	// MetricsAddr is host:port, or empty for no metrics listener.
	MetricsAddr string
	// RateLimits is false only in load tests.
	RateLimits bool
}

// Origin returns the base address as text, for example https://access.acme.com, never with a slash at its end.
func (c Config) Origin() string { return c.BaseURL.String() }

// SecureCookies reports whether cookies carry Secure and the __Host- prefix: over https they do, over http (a loopback
// address) they do not, so that plain HTTP clients and every browser work locally.
func (c Config) SecureCookies() bool { return c.BaseURL.Scheme == "https" }

// Loopback reports whether the base address is one of this machine only.
func (c Config) Loopback() bool { return isLoopback(c.BaseURL.Hostname()) }

// Problem is one thing wrong with the environment.
type Problem struct {
	Variable string
	Message  string // what is wrong and how to mend it, without the value of a secret
}

// Problems is the error of Load: everything that is wrong, in the order of Options.
type Problems []Problem

// Error lists the problems, one per line if there are several.
func (p Problems) Error() string {
	if len(p) == 1 {
		return p[0].Variable + ": " + p[0].Message
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d problems in the configuration:", len(p))
	for _, problem := range p {
		fmt.Fprintf(&b, "\n  %s: %s", problem.Variable, problem.Message)
	}
	return b.String()
}

// variables is what the environment says, each value checked by its own type (values.go). The names here and those of
// Options are the same; a test compares them.
type variables struct {
	BaseURL        baseURL       `env:"BASE_URL"`
	ListenAddr     address       `env:"LISTEN_ADDR"`
	DatabaseURL    databaseURL   `env:"DATABASE_URL"`
	SecretKey      secretKey     `env:"SECRET_KEY"`
	SMTPURL        smtpURL       `env:"SMTP_URL"`
	MailFrom       mailAddress   `env:"MAIL_FROM"`
	DNSResolver    serverAddress `env:"DNS_RESOLVER"`
	TrustedProxies networks      `env:"TRUSTED_PROXIES"`
	MetadataAllow  networks      `env:"METADATA_ALLOW"`
	Signup         signup        `env:"SIGNUP"`
	LogFormat      logFormat     `env:"LOG_FORMAT"`
	MetricsAddr    address       `env:"METRICS_ADDR"`
	RateLimits     onOff         `env:"RATE_LIMITS"`
}

// Load reads the configuration from environ, lines of the form NAME=VALUE as os.Environ returns them. An empty variable
// counts as one that is not set. The error is of type Problems and holds everything that is wrong. Load touches no file.
func Load(environ []string) (Config, error) {
	given := env.ToMap(environ)
	environment := map[string]string{}
	for _, option := range Options() {
		environment[option.Name] = option.Default
		if value := strings.TrimSpace(given[option.Name]); value != "" {
			environment[option.Name] = value
		}
	}

	var vars variables
	found := map[string]string{} // problem by variable, the first one wins
	if err := env.ParseWithOptions(&vars, env.Options{Environment: environment}); err != nil {
		if err := collect(err, found); err != nil {
			return Config{}, err
		}
	}
	config := vars.config()
	checkTogether(config, environment, found)
	if len(found) == 0 {
		return config, nil
	}
	var problems Problems
	for _, option := range Options() {
		if message, wrong := found[option.Name]; wrong {
			problems = append(problems, Problem{Variable: option.Name, Message: message})
		}
	}
	return Config{}, problems
}

// collect sorts the library's errors by variable. It returns an error of the library that is not about a value, which
// only a mistake in the variables struct can cause.
func collect(err error, found map[string]string) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	for _, one := range all.Errors {
		var parse env.ParseError
		if !errors.As(one, &parse) {
			return one
		}
		field, ok := reflect.TypeFor[variables]().FieldByName(parse.Name)
		if !ok {
			return one
		}
		found[field.Tag.Get("env")] = parse.Err.Error()
	}
	return nil
}

// config turns the values into a Config; those with a problem are zero.
func (v variables) config() Config {
	return Config{
		BaseURL:        v.BaseURL.value,
		Listen:         listenAddress(v.ListenAddr.value, v.BaseURL.value),
		Database:       v.DatabaseURL.value,
		SecretKey:      v.SecretKey.value,
		SMTP:           v.SMTPURL.value,
		MailFrom:       v.MailFrom.value,
		DNSResolver:    v.DNSResolver.value,
		TrustedProxies: v.TrustedProxies.value,
		MetadataAllow:  v.MetadataAllow.value,
		Signup:         v.Signup.open,
		LogFormat:      v.LogFormat.value,
		MetricsAddr:    v.MetricsAddr.value,
		RateLimits:     v.RateLimits.on,
	}
}

// listenAddress decides where to listen when LISTEN_ADDR does not say. The default stays on the loopback interface even
// for a public base address: whoever wants to be reached from outside without a proxy in front has to say so.
func listenAddress(given string, base *url.URL) string {
	if given != "" || base == nil || !isLoopback(base.Hostname()) {
		return orElse(given, "127.0.0.1:8080")
	}
	host := base.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	return net.JoinHostPort(host, port)
}

// checkTogether finds what is wrong with variables that are right one by one.
func checkTogether(config Config, environment, found map[string]string) {
	note := func(variable, message string) {
		if _, already := found[variable]; !already {
			found[variable] = message
		}
	}
	if config.Database.Dialect == Postgres && environment["SECRET_KEY"] == "" {
		note("SECRET_KEY", "required with PostgreSQL, the same for every process. Make one with `openssl rand -base64 32` and keep a copy apart from the backups")
	}
	if environment["SMTP_URL"] != "" && environment["MAIL_FROM"] == "" {
		note("MAIL_FROM", "required with SMTP_URL. Set the sender, for example `Gatehouse <gatehouse@acme.com>`")
	}
	if config.MetricsAddr != "" && config.MetricsAddr == config.Listen {
		note("METRICS_ADDR", fmt.Sprintf("%s is where the site listens. Choose another port, for example 127.0.0.1:9090", config.MetricsAddr))
	}
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
