package config

// Option describes one environment variable. The table of Options is where a variable's default and meaning live;
// docs/configuration.md is made from it.
type Option struct {
	Name    string
	Default string // what an unset or empty variable stands for; empty if Load decides
	Shown   string // how the documentation words a default that Load decides
	Example string
	Meaning string // one or two plain sentences
}

// Options returns every variable that Gatehouse reads, in the order an operator meets them.
func Options() []Option {
	return []Option{
		{
			Name: "BASE_URL", Default: "http://localhost:8080", Example: "https://access.acme.com",
			Meaning: "The address people and Entra use. https, or http on a loopback address (localhost, 127.0.0.0/8, ::1). " +
				"No path. It is part of the Entity ID and the Reply URL, so changing it later means editing the application in Entra.",
		},
		{
			Name: "LISTEN_ADDR", Shown: "127.0.0.1:8080; with a loopback BASE_URL its address and port", Example: "0.0.0.0:8080",
			Meaning: "Where this process accepts HTTP, as host:port. Gatehouse does not speak TLS: keep it on a loopback or " +
				"private address behind a TLS proxy.",
		},
		{
			Name: "DATABASE_URL", Default: "sqlite:./data/gatehouse.db", Example: "postgres://gatehouse:PASSWORD@db:5432/gatehouse",
			Meaning: "sqlite:PATH for one process on one machine, or postgres://… for any number of them.",
		},
		{
			Name: "SECRET_KEY", Shown: "with SQLite made on first start, in DATABASE.secret-key beside the database", Example: "$(openssl rand -base64 32)",
			Meaning: "At least 32 random bytes in base64 or hexadecimal; seals secrets in the database. " +
				"Required with PostgreSQL, the same for every process. Keep a copy apart from the database's backups.",
		},
		{
			Name: "SMTP_URL", Shown: "not set: mails are kept, shown in the app, and the log says so", Example: "smtps://user:PASSWORD@mail.acme.com:465",
			Meaning: "The mail server. smtps:// is TLS from the start (port 465); smtp:// demands STARTTLS (port 587) unless the " +
				"server is on a loopback address or the URL ends in ?tls=off.",
		},
		{
			Name: "MAIL_FROM", Shown: "not set", Example: "Gatehouse <gatehouse@acme.com>",
			Meaning: "The sender of every mail. Required with SMTP_URL.",
		},
		{
			Name: "DNS_RESOLVER", Shown: "the system's resolver", Example: "9.9.9.9:53",
			Meaning: "The DNS server, as host:port, that is asked for the TXT records of claimed domains.",
		},
		{
			Name: "TRUSTED_PROXIES", Shown: "none: the peer's address is the client's", Example: "10.0.0.0/8, 192.168.1.5",
			Meaning: "Addresses or networks of the proxies whose X-Forwarded-For is believed, separated by commas.",
		},
		{
			Name: "METADATA_ALLOW", Shown: "none: public addresses at port 443 only", Example: "10.20.0.0/16",
			Meaning: "Addresses or networks, separated by commas, from which an identity provider's metadata may be read although they are not public.",
		},
		{
			Name: "SIGNUP", Default: "closed", Example: "open",
			Meaning: "open lets anyone make an organization at /signup; closed leaves that to the operator.",
		},
		{
			Name: "LOG_FORMAT", Default: "text", Example: "json",
			Meaning: "text for people, json for a log collector.",
		},
		{
			Name: "METRICS_ADDR", Shown: "not set: no metrics", Example: "127.0.0.1:9090",
			Meaning: "Where Prometheus metrics are served, as host:port, apart from the site. Not for the internet.",
		},
		{
			Name: "RATE_LIMITS", Default: "on", Example: "off",
			Meaning: "off only for load tests: sign-ins and token requests can then be tried without end.",
		},
	}
}
