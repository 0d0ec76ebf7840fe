package commands

import (
	"context"
	"fmt"
	"os"
	"time"

	"gatehouse/domains"
	"gatehouse/models"
	"gatehouse/sso"
)

func domainAddCommand(f *flags) func(context.Context, *Process) error {
	org := f.need("org", "the organization's id")
	domain := f.need("domain", "the domain, such as acme.com")
	verified := f.Bool("verified", false, "vouch for the domain without looking at DNS; audited as such")
	return func(ctx context.Context, p *Process) error {
		name, _, err := domains.Normalize(*domain)
		if err != nil {
			return err
		}
		return withDB(ctx, p, func(db *models.DB) error {
			if _, err := db.Organization(ctx, *org); err != nil {
				return err
			}
			d, err := db.ClaimDomain(ctx, operator(), *org, name, domains.NewToken())
			if err != nil {
				return err
			}
			if *verified {
				if err := db.VouchForDomain(ctx, operator(), *org, d.ID); err != nil {
					return err
				}
				d.Status = models.DomainVerified
			}
			record := domains.NewRecord(d.Domain, d.Token)
			text := fmt.Sprintf("%s %s", d.Domain, d.Status)
			if d.Status == models.DomainWaiting {
				text += fmt.Sprintf("\n%s TXT %s", d.Domain, record.Value)
			}
			return f.print(p, text, map[string]string{"id": d.ID, "domain": d.Domain, "status": string(d.Status), "record": record.Value})
		})
	}
}

func ssoSetCommand(f *flags) func(context.Context, *Process) error {
	org := f.need("org", "the organization's id")
	issuer := f.need("issuer", "the Issuer URL (Microsoft Entra Identifier)")
	signIn := f.need("sign-in-url", "the Identity Provider Sign-in URL (Login URL)")
	files := f.list("certificate", "SAML Certificate, one or more files (Certificate (Base64))")
	enable := f.Bool("enable", false, "turn Single Sign-On on")
	require := f.Bool("require", false, "turn Require Single Sign-On on, without the pre-flight and the safety window")
	managed := f.Bool("idp-managed", false, "turn IdP Managed Access on")
	return func(ctx context.Context, p *Process) error {
		c, err := load(p)
		if err != nil {
			return err
		}
		cleanIssuer, err := sso.CheckIssuer(*issuer)
		if err != nil {
			return fmt.Errorf("--issuer: %s", explain(err))
		}
		cleanURL, err := sso.CheckSignInURL(*signIn, c.Loopback())
		if err != nil {
			return fmt.Errorf("--sign-in-url: %s", explain(err))
		}
		certificates, err := readCertificates(*files, time.Now())
		if err != nil {
			return err
		}
		// A switch that is not named stays as it is.
		w := models.Switches{Enabled: ifTrue(*enable || *require), Required: ifTrue(*require), IDPManaged: ifTrue(*managed)}
		return withConfig(ctx, c, func(db *models.DB) error {
			if _, err := db.Organization(ctx, *org); err != nil {
				return err
			}
			return db.ConfigureSSO(ctx, operator(), *org, cleanIssuer, cleanURL, certificates, w)
		})
	}
}

func readCertificates(files []string, now time.Time) ([]models.NewCertificate, error) {
	var list []models.NewCertificate
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--certificate: %w", err)
		}
		c, err := sso.ParseCertificate(b, now)
		if err != nil {
			return nil, fmt.Errorf("--certificate %s: %s", name, explain(err))
		}
		list = append(list, models.NewCertificate{PEM: c.PEM, Subject: c.Subject, SHA1: c.SHA1, SHA256: c.SHA256, KeyKind: c.Key, NotBefore: c.NotBefore, NotAfter: c.NotAfter})
	}
	return list, nil
}

func ifTrue(v bool) *bool {
	if !v {
		return nil
	}
	return &v
}

func ssoOffCommand(f *flags) func(context.Context, *Process) error {
	org := f.need("org", "the organization's id")
	return func(ctx context.Context, p *Process) error {
		return withDB(ctx, p, func(db *models.DB) error {
			if _, err := db.Organization(ctx, *org); err != nil {
				return err
			}
			off := false
			if err := db.SetSwitches(ctx, operator(), *org, models.Switches{Enabled: &off}); err != nil {
				return err
			}
			fmt.Fprintln(p.Stderr, "Single sign-on is off. Passwords work again; who has none gets one by “Forgotten password”.")
			return nil
		})
	}
}

func scimTokenCreateCommand(f *flags) func(context.Context, *Process) error {
	org := f.need("org", "the organization's id")
	name := f.need("name", "what the token is for, such as Entra")
	expires := f.String("expires", "365d", "how long it works, in days: 365d")
	return func(ctx context.Context, p *Process) error {
		hours, err := parseLife(*expires)
		if err != nil {
			return err
		}
		return withDB(ctx, p, func(db *models.DB) error {
			t, token, err := db.CreateSCIMToken(ctx, operator(), *org, *name, time.Duration(hours)*time.Hour)
			if err != nil {
				return err
			}
			v := map[string]any{"id": t.ID, "name": t.Name, "token": token, "expires_at": t.ExpiresAt}
			return f.print(p, token, v)
		})
	}
}
