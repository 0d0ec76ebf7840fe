package commands

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gatehouse/config"
	"gatehouse/demo"
	"gatehouse/models"
)

// demoPeople are who the demo's Acme has before Azure is connected. The owner's password is printed.
var demoPeople = []struct {
	email, first, last string
	role               models.Role
	team               string
}{
	{"ben@acme.com", "Ben", "Okri", models.Admin, "Platform"},
	{"chiara@acme.com", "Chiara", "Conti", models.RoleMember, "Platform"},
	{"sam@contractor.example", "Sam", "Doyle", models.RoleMember, "Book club"},
}

const (
	demoOwner    = "dana@acme.com"
	demoPassword = "correct-lighthouse-otter"
)

func demoCommand(f *flags) func(context.Context, *Process) error {
	port := f.Int("port", 8080, "port of Gatehouse, on localhost")
	azurePort := f.Int("azure-port", 8081, "port of pretend Azure, on 127.0.0.1")
	return func(ctx context.Context, p *Process) error {
		dir, err := os.MkdirTemp("", "gatehouse-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		listener, err := listen(fmt.Sprintf("127.0.0.1:%d", *port), "--port")
		if err != nil {
			return err
		}
		azureListener, err := listen(fmt.Sprintf("127.0.0.1:%d", *azurePort), "--azure-port")
		if err != nil {
			return err
		}
		listeners := []net.Listener{listener}
		// Some clients try localhost by IPv6 first.
		if six, err := net.Listen("tcp", fmt.Sprintf("[::1]:%d", listener.Addr().(*net.TCPAddr).Port)); err == nil {
			listeners = append(listeners, six)
		}
		baseURL := fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
		azureURL := fmt.Sprintf("http://127.0.0.1:%d", azureListener.Addr().(*net.TCPAddr).Port)

		azure, err := demo.New(demo.Options{AppBaseURL: baseURL, BaseURL: azureURL, DNSAddr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if err != nil {
			return err
		}
		dns, stopDNS, err := azure.StartDNS()
		if err != nil {
			return err
		}
		defer stopDNS()
		c, err := config.Load([]string{"BASE_URL=" + baseURL, "LISTEN_ADDR=" + listener.Addr().String(), "DATABASE_URL=sqlite:" + filepath.Join(dir, "gatehouse.db"), "DNS_RESOLVER=" + dns})
		if err != nil {
			return err
		}
		c.MetadataAllowHTTP = []string{azureListener.Addr().String()}
		if err := c.EnsureSecretKey(); err != nil {
			return err
		}
		db, err := open(ctx, c)
		if err != nil {
			return err
		}
		defer db.Close()
		if err := fillDemo(ctx, db); err != nil {
			return fmt.Errorf("fill the demo: %w", err)
		}
		azureServer := &http.Server{Handler: azure.Handler(), ReadHeaderTimeout: 10 * time.Second}
		go azureServer.Serve(azureListener)
		defer azureServer.Close()

		printDemo(p.Stdout, baseURL, azureURL)
		return newApp(c, db, newLogger(c, p)).run(ctx, listeners...)
	}
}

// fillDemo makes Acme: an owner, members and teams, nothing of single sign-on yet.
func fillDemo(ctx context.Context, db *models.DB) error {
	actor := models.Actor{Kind: models.Operator, Label: "demo"}
	org, err := db.CreateOrganization(ctx, actor, "Acme", models.NewOwner{Email: demoOwner, Name: "Dana Reyes", Password: demoPassword})
	if err != nil {
		return err
	}
	teams := map[string]*models.Team{}
	for _, d := range demoPeople {
		m, err := db.AddMember(ctx, actor, org.ID, d.email, d.first, d.last, d.role, "")
		if err != nil {
			return err
		}
		t := teams[d.team]
		if t == nil {
			if t, err = db.CreateTeam(ctx, actor, org.ID, d.team); err != nil {
				return err
			}
			teams[d.team] = t
		}
		if err := db.AddToTeam(ctx, actor, org.ID, t.ID, m.ID); err != nil {
			return err
		}
	}
	return nil
}

func printDemo(w io.Writer, baseURL, azureURL string) {
	fmt.Fprintf(w, `
Gatehouse demo. Everything is on this machine and is gone when you stop it with Ctrl+C.

  Gatehouse       %[1]s
                  sign in as %[3]s
                  with the password %[4]s
  Pretend Azure   %[2]s

What to click, with both sites side by side:

  1. Gatehouse: %[1]s/settings/access-security/sso/azure  (the steps, with Acme's values)
  2. Pretend Azure: Single sign-on, fill in Identifier, Reply URL and Sign on URL; download Certificate (Base64)
  3. Gatehouse: Access Security, enter Issuer URL and Identity Provider Sign-in URL, upload the certificate
  4. Gatehouse: Domain Claiming, claim acme.com; Pretend Azure: DNS, publish the record; Gatehouse: Check now
  5. Pretend Azure: Users and groups, assign Dana Reyes; Gatehouse: Access Security, Test in a new tab, pick her
  6. Gatehouse: turn Single Sign-On on; sign in as somebody whom Pretend Azure has assigned
  7. Gatehouse: SCIM, generate a token; Pretend Azure: Provisioning, paste Tenant URL and Secret Token, run a cycle

`, baseURL, azureURL, demoOwner, demoPassword)
}
