package bench

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"gatehouse/config"
	"gatehouse/handlers"
	"gatehouse/models"
	"gatehouse/models/modelstest"
	"gatehouse/models/modelstest/pgcluster"
	"gatehouse/sso"
)

// rounds collects the times of two ways that take turns, per operation.
type rounds struct{ ours, theirs []time.Duration }

// report gives min, median and max of both and the ratio of the medians, theirs over ours: above 1 we are faster.
func (r rounds) report(b *testing.B, theirs string) {
	slices.Sort(r.ours)
	slices.Sort(r.theirs)
	for name, list := range map[string][]time.Duration{"ours": r.ours, theirs: r.theirs} {
		for at, d := range map[string]time.Duration{"min": list[0], "median": list[len(list)/2], "max": list[len(list)-1]} {
			b.ReportMetric(float64(d.Nanoseconds())/1e3, "us_"+name+"_"+at)
		}
	}
	b.ReportMetric(float64(r.theirs[len(r.theirs)/2])/float64(r.ours[len(r.ours)/2]), "times_"+theirs)
}

func timed(n int, do func(i int)) time.Duration {
	start := time.Now()
	for i := range n {
		do(i)
	}
	return time.Since(start) / time.Duration(n)
}

// BenchmarkVerification is one Entra-sized response with one certificate: sso.Verify against crewjam's ParseXMLResponse, round by round.
func BenchmarkVerification(b *testing.B) {
	const data = "../sso/testdata"
	response, err := os.ReadFile(data + "/good/entra-defaults-assertion/response.xml")
	if err != nil {
		b.Fatal(err)
	}
	key, err := os.ReadFile(data + "/keys/idp.pem")
	if err != nil {
		b.Fatal(err)
	}
	block, _ := pem.Decode(key)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		b.Fatal(err)
	}
	const entityID = "https://app.example/saml/org_corpus"
	const issuer = "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"
	now := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	request, err := sso.InResponseTo(response)
	if err != nil {
		b.Fatal(err)
	}
	c := sso.Connection{EntityID: entityID, ACSURL: entityID + "/acs", Issuer: issuer, Certificates: []*x509.Certificate{cert}}
	pending := sso.PendingRequest{ID: request, IssuedAt: now.Add(-20 * time.Second)}
	ours := func(int) {
		if _, err := sso.Verify(c, response, pending, now); err != nil {
			b.Fatal(err)
		}
	}
	saml.TimeNow = func() time.Time { return now }
	saml.Clock = dsig.NewFakeClockAt(now)
	acs, err := url.Parse(c.ACSURL)
	if err != nil {
		b.Fatal(err)
	}
	certificate := base64.StdEncoding.EncodeToString(cert.Raw)
	sp := saml.ServiceProvider{EntityID: entityID, AcsURL: *acs, IDPCertificate: &certificate, IDPMetadata: &saml.EntityDescriptor{EntityID: issuer}}
	crewjam := func(int) {
		if _, err := sp.ParseXMLResponse(response, []string{request}, url.URL{Scheme: "none"}); err != nil {
			b.Fatal(err)
		}
	}
	var r rounds
	for b.Loop() {
		r.ours = append(r.ours, timed(50, ours))
		r.theirs = append(r.theirs, timed(50, crewjam))
	}
	r.report(b, "crewjam")
	b.ReportMetric(testing.AllocsPerRun(20, func() { ours(0) }), "allocs_ours")
	b.ReportMetric(testing.AllocsPerRun(20, func() { crewjam(0) }), "allocs_crewjam")
}

// signIns is a server with one organization, and an identity provider that answers any request for one person.
type signIns struct {
	b       *testing.B
	db      *models.DB
	raw     *sql.DB
	server  http.Handler
	org     string
	key     *rsa.PrivateKey
	cert    *x509.Certificate
	version int64
	made    int
}

const signInIssuer = "https://sts.windows.net/tenant/"

// prepared is one sign-in whose response is there.
type prepared struct {
	request, browser string
	xml              []byte
	form             string
}

func newSignIns(b *testing.B, dialect string) *signIns {
	b.Helper()
	s := &signIns{b: b}
	address := durable(b, dialect)
	var err error
	if s.db, err = models.Open(b.Context(), models.Options{URL: address, SecretKey: []byte(modelstest.SecretKey), NoRateLimits: true}); err != nil {
		b.Fatal(err)
	}
	if dialect == modelstest.SQLite {
		s.raw, err = sql.Open("sqlite3", "file:"+strings.TrimPrefix(address, "sqlite:")+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	} else {
		s.raw, err = sql.Open("pgx", address)
		s.raw.SetMaxIdleConns(clients)
	}
	if err == nil {
		_, err = s.raw.ExecContext(b.Context(), "create table bench_commits (id integer, text text)")
	}
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load([]string{"BASE_URL=http://127.0.0.1:8080", "RATE_LIMITS=off", "SECRET_KEY=" + base64.StdEncoding.EncodeToString([]byte(modelstest.SecretKey))})
	if err != nil {
		b.Fatal(err)
	}
	server := handlers.New(handlers.Options{Config: cfg, DB: s.db, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "bench"})
	s.server = server
	b.Cleanup(func() { server.Wait(); s.db.Close(); s.raw.Close() })
	s.connect()
	return s
}

// durable is an empty database whose commits wait for the disk, as those of the product do: a floor without that would be nobody's.
func durable(b *testing.B, dialect string) string {
	b.Helper()
	if dialect == modelstest.SQLite {
		return "sqlite:" + filepath.Join(b.TempDir(), "gatehouse.db")
	}
	cluster, err := pgcluster.Start("fsync=on", "synchronous_commit=on", "full_page_writes=on")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cluster.Stop() })
	name, err := cluster.Create(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	return cluster.URL(name)
}

// connect makes the organization with its connection, and a member.
func (s *signIns) connect() {
	b, ctx := s.b, s.b.Context()
	by := models.Actor{Kind: models.Operator, Label: "bench"}
	org, err := s.db.CreateOrganization(ctx, by, "Acme", models.NewOwner{Email: "ana@acme.com", Name: "Ana"})
	if err != nil {
		b.Fatal(err)
	}
	s.org = org.ID
	d, err := s.db.ClaimDomain(ctx, by, org.ID, "acme.com", "token")
	if err == nil {
		err = s.db.VouchForDomain(ctx, by, org.ID, d.ID)
	}
	if err != nil {
		b.Fatal(err)
	}
	if s.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		b.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &s.key.PublicKey, s.key)
	if err != nil {
		b.Fatal(err)
	}
	if s.cert, err = x509.ParseCertificate(der); err != nil {
		b.Fatal(err)
	}
	sum := sha1.Sum(der)
	on := true
	err = s.db.ConfigureSSO(ctx, by, org.ID, signInIssuer, "https://login.example/saml2", []models.NewCertificate{{
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), Subject: "CN=bench", SHA1: hex.EncodeToString(sum[:]), SHA256: sso.SHA256(s.cert),
		KeyKind: "RSA 2048", NotBefore: s.cert.NotBefore, NotAfter: s.cert.NotAfter,
	}}, models.Switches{Enabled: &on, IDPManaged: &on})
	if err != nil {
		b.Fatal(err)
	}
	connection, err := s.db.SSO(ctx, org.ID)
	if err != nil {
		b.Fatal(err)
	}
	s.version = connection.Version
}

func (s *signIns) connection() sso.Connection {
	entityID := "http://127.0.0.1:8080/saml/" + s.org
	return sso.Connection{EntityID: entityID, ACSURL: entityID + "/acs", Issuer: signInIssuer, Certificates: []*x509.Certificate{s.cert}}
}

// prepare begins n sign-ins of n people and makes their responses; none of this is measured.
func (s *signIns) prepare(n int) []prepared {
	s.b.Helper()
	list := make([]prepared, n)
	for i := range list {
		s.made++
		p := &list[i]
		p.request = fmt.Sprintf("id-%040d", s.made)
		var err error
		p.browser, err = s.db.BeginLogin(s.b.Context(), models.Client{IP: "192.0.2.1"}, models.NewLogin{OrgID: s.org, RequestID: p.request, ConnectionVersion: s.version, Purpose: models.LoginToSignIn})
		if err != nil {
			s.b.Fatal(err)
		}
		p.xml = s.response(p.request, fmt.Sprintf("p%d@acme.com", i))
		p.form = url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(p.xml)}}.Encode()
	}
	return list
}

// response has Entra's default claims.
func (s *signIns) response(request, email string) []byte {
	c, now := s.connection(), time.Now().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format("2006-01-02T15:04:05.000Z") }
	const ms, ws = "http://schemas.microsoft.com/identity/claims/", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	claim := func(name, value string) string {
		return `<Attribute Name="` + name + `"><AttributeValue>` + value + `</AttributeValue></Attribute>`
	}
	doc := etree.NewDocument()
	err := doc.ReadFromString(`<samlp:Response ID="_r` + request + `" Version="2.0" IssueInstant="` + at(0) + `" Destination="` + c.ACSURL + `" InResponseTo="` + request + `" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">` + c.Issuer + `</Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
		`<Assertion ID="_a` + request + `" IssueInstant="` + at(0) + `" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>` + c.Issuer + `</Issuer>` +
		`<Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">` + email + `</NameID><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="` + request + `" NotOnOrAfter="` + at(time.Hour) + `" Recipient="` + c.ACSURL + `"/></SubjectConfirmation></Subject>` +
		`<Conditions NotBefore="` + at(-5*time.Minute) + `" NotOnOrAfter="` + at(time.Hour) + `"><AudienceRestriction><Audience>` + c.EntityID + `</Audience></AudienceRestriction></Conditions><AttributeStatement>` +
		claim(ms+"tenantid", "tenant") + claim(ms+"objectidentifier", "oid-"+email) + claim(ms+"displayname", "Ana Novak") + claim(ms+"identityprovider", c.Issuer) +
		claim("http://schemas.microsoft.com/claims/authnmethodsreferences", "http://schemas.microsoft.com/claims/multipleauthn") +
		claim(ws+"givenname", "Ana") + claim(ws+"surname", "Novak") + claim(ws+"emailaddress", email) + claim(ws+"name", email) +
		`</AttributeStatement><AuthnStatement AuthnInstant="` + at(-time.Hour) + `" SessionIndex="_a` + request + `"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>`)
	if err != nil {
		s.b.Fatal(err)
	}
	signing, err := dsig.NewSigningContext(crypto.Signer(s.key), [][]byte{s.cert.Raw})
	if err != nil {
		s.b.Fatal(err)
	}
	signing.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	plain := doc.Root().SelectElement("Assertion")
	signed, err := signing.SignEnveloped(plain)
	if err != nil {
		s.b.Fatal(err)
	}
	doc.Root().RemoveChild(plain)
	doc.Root().AddChild(signed)
	xml, err := doc.WriteToBytes()
	if err != nil {
		s.b.Fatal(err)
	}
	return xml
}

// signIn is ACS and finish, as two requests of a browser; what HTTP costs on both ends of a wire is left out, since the floor has none.
func (s *signIns) signIn(p prepared) {
	r := httptest.NewRequest(http.MethodPost, "/saml/"+s.org+"/acs", strings.NewReader(p.form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r = httptest.NewRequest(http.MethodGet, s.redirect(r), nil)
	r.Header.Set("Cookie", "gatehouse_login="+p.browser)
	if to := s.redirect(r); to != "/" {
		s.b.Errorf("finished at %q", to)
	}
}

func (s *signIns) redirect(r *http.Request) string {
	r.Host = "127.0.0.1:8080"
	answer := httptest.NewRecorder()
	s.server.ServeHTTP(answer, r)
	if answer.Code != http.StatusSeeOther {
		s.b.Errorf("%s: status %d\n%.300s", r.URL.Path, answer.Code, answer.Body)
		return "/"
	}
	return answer.Header().Get("Location")
}

// floor is what no sign-in can do without: verifying, and two commits of one row each.
func (s *signIns) floor(p prepared) {
	if _, err := sso.Verify(s.connection(), p.xml, sso.PendingRequest{ID: p.request, IssuedAt: time.Now().Add(-time.Minute)}, time.Now()); err != nil {
		s.b.Error(err)
	}
	for range 2 {
		if _, err := s.raw.ExecContext(context.Background(), "insert into bench_commits (id, text) values (1, $1)", p.request); err != nil {
			s.b.Error(err)
		}
	}
}

// BenchmarkSignIn is the server's half of a sign-in, ACS and finish, against verification plus two commits on the same database,
// by one client and by eight.
func BenchmarkSignIn(b *testing.B) {
	for _, dialect := range []string{modelstest.SQLite, modelstest.Postgres} {
		for _, parallel := range []int{1, clients} {
			b.Run(fmt.Sprintf("%s/%d_clients", dialect, parallel), func(b *testing.B) {
				s := newSignIns(b, dialect)
				run := func(list []prepared, do func(prepared)) time.Duration {
					start := time.Now()
					var wait sync.WaitGroup
					for at := range parallel {
						wait.Go(func() {
							for i := at; i < len(list); i += parallel {
								do(list[i])
							}
						})
					}
					wait.Wait()
					return time.Since(start) / time.Duration(len(list))
				}
				run(s.prepare(40), s.signIn) // members are made
				var r rounds
				for b.Loop() {
					b.StopTimer()
					ours, theirs := s.prepare(40), s.prepare(40)
					b.StartTimer()
					r.ours = append(r.ours, run(ours, s.signIn))
					r.theirs = append(r.theirs, run(theirs, s.floor))
				}
				r.report(b, "floor")
			})
		}
	}
}
