package demo

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// TenantID is the pretend directory's id. It is fixed, so that addresses stay the same from one demo to the next.
	TenantID = "8f1d2c6a-5b43-4e0f-9a77-2d6be1c0a934"
	// TenantName is what sign-in pages and errors call the directory.
	TenantName = "Acme"
	// tenantDomain is the directory's first domain, which guests' user principal names end in.
	tenantDomain = "acme.onmicrosoft.com"
	// applicationID is the enterprise application's id, as in the appid of its metadata address.
	applicationID = "5c0e9d17-7a2b-4f86-b3d4-91ea60c5f7b8"
	// applicationName is the enterprise application's name.
	applicationName = "Gatehouse"
)

// Options are what pretend Azure needs from its surroundings.
type Options struct {
	// AppBaseURL is where Gatehouse is, such as http://localhost:8080. Pages link back to it.
	AppBaseURL string
	// BaseURL is where this site is, such as http://127.0.0.1:8081. Another host name than Gatehouse's keeps cookies honest.
	BaseURL string
	// DNSAddr is where the name server listens, such as 127.0.0.1:0.
	DNSAddr string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger may be nil.
	Logger *slog.Logger
}

// Azure is one pretend directory with one enterprise application in it.
type Azure struct {
	appURL  string
	baseURL string
	dnsAddr string
	now     func() time.Time
	log     *slog.Logger
	client  *http.Client
	// tenant is the certificate of the whole directory, which the application is easily given in place of its own. It is made when
	// somebody asks for it.
	tenant func() (*certificate, error)

	// cycle is held for as long as a provisioning run talks to Gatehouse: one at a time, as Entra does. It is taken before mu.
	cycle sync.Mutex

	// mu guards what follows. It is never held during a network call.
	mu    sync.Mutex
	dir   directory
	app   samlApp
	prov  provisioning
	zones nameServer
	flash map[string]notice
	// lastResponse is what was posted last, to be replayed on demand; empty before the first.
	lastResponse string
	sessions     sessions
	// What the overview ticks off.
	downloaded bool // certificate or metadata were fetched
	answered   bool // somebody signed in
	signedOut  bool // somebody signed out, and the application was told
}

// New makes a directory, a signing certificate and a name server's zones, all in memory.
func New(o Options) (*Azure, error) {
	var errs []error
	for name, value := range map[string]string{"AppBaseURL": o.AppBaseURL, "BaseURL": o.BaseURL} {
		if u, err := url.Parse(value); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			errs = append(errs, fmt.Errorf("%s must be an address such as http://localhost:8080, got %q", name, value))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	a := &Azure{
		appURL:  strings.TrimRight(o.AppBaseURL, "/"),
		baseURL: strings.TrimRight(o.BaseURL, "/"),
		dnsAddr: o.DNSAddr,
		now:     o.Now,
		log:     o.Logger,
		flash:   map[string]notice{},
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.dnsAddr == "" {
		a.dnsAddr = "127.0.0.1:0"
	}
	a.client = &http.Client{
		Timeout: scimTimeout,
		// A SCIM server that redirects is misconfigured; following it would send the token somewhere nobody typed in.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	from, until := life(lifeUsual, a.now())
	a.tenant = sync.OnceValues(func() (*certificate, error) { return newCertificate(tenantSubject, from, until) })
	cert, err := newCertificate(applicationSubject, from, until)
	if err != nil {
		return nil, fmt.Errorf("make the signing certificate: %w", err)
	}
	cert.active = true
	a.app = newSAMLApp(cert)
	a.dir = seedDirectory()
	a.prov = newProvisioning()
	a.zones = seedZones(a.now())
	return a, nil
}

// issuer is the directory's entity ID: per tenant, not per application, and with a slash at its end.
func issuer() string { return "https://sts.windows.net/" + TenantID + "/" }

// loginURL is where requests go; Entra's Logout URL is the same address.
func (a *Azure) loginURL() string { return a.baseURL + "/" + TenantID + "/saml2" }

// metadataURL is the App Federation Metadata Url.
func (a *Azure) metadataURL() string { return a.tenantMetadataURL() + "?appid=" + applicationID }

// tenantMetadataURL is the same without the application: the directory's own metadata, with its own certificate.
func (a *Azure) tenantMetadataURL() string {
	return a.baseURL + "/" + TenantID + "/federationmetadata/2007-06/federationmetadata.xml"
}
