package commands

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/models"
)

func orgCreateCommand(f *flags) func(context.Context, *Process) error {
	name := f.need("name", "what the organization is called")
	email := f.need("owner-email", "the owner's e-mail address")
	file := f.need("owner-password-file", "a file with the owner's password on its first line")
	ownerName := f.String("owner-name", "", "the owner's name")
	return func(ctx context.Context, p *Process) error {
		password, err := readPassword(*file)
		if err != nil {
			return err
		}
		return withDB(ctx, p, func(db *models.DB) error {
			o, err := db.CreateOrganization(ctx, operator(), *name, models.NewOwner{Email: *email, Name: *ownerName, Password: password})
			if err != nil {
				return err
			}
			return f.print(p, o.ID, map[string]string{"id": o.ID, "name": o.Name})
		})
	}
}

func orgListCommand(f *flags) func(context.Context, *Process) error {
	return func(ctx context.Context, p *Process) error {
		return withDB(ctx, p, func(db *models.DB) error {
			list, err := db.Organizations(ctx)
			if err != nil {
				return err
			}
			if f.json {
				return f.print(p, "", append([]models.OrganizationSize{}, list...))
			}
			for _, o := range list {
				if _, err := fmt.Fprintf(p.Stdout, "%s\t%s\t%d\n", o.ID, o.Name, o.Members); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func memberAddCommand(f *flags) func(context.Context, *Process) error {
	org := f.need("org", "the organization's id")
	email := f.need("email", "the person's e-mail address")
	first := f.String("first-name", "", "first name")
	last := f.String("last-name", "", "last name")
	role := f.String("role", "member", "owner, admin or member")
	file := f.String("password-file", "", "a file with a password on its first line; without it the person signs in by single sign-on or a mailed link")
	return func(ctx context.Context, p *Process) error {
		r, err := models.ParseRole(*role)
		if err != nil {
			return &usageError{"--role: " + explain(err)}
		}
		password := ""
		if *file != "" {
			if password, err = readPassword(*file); err != nil {
				return err
			}
		}
		return withDB(ctx, p, func(db *models.DB) error {
			m, err := db.AddMember(ctx, operator(), *org, *email, *first, *last, r, password)
			if err != nil {
				return err
			}
			return f.print(p, m.ID, map[string]string{"id": m.ID, "email": m.Address(), "role": string(m.Role)})
		})
	}
}

// parseLife reads "365d", "12h" or "never".
func parseLife(s string) (hours int, err error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "never" || s == "0" {
		return 0, nil
	}
	var n int
	var unit string
	if _, err := fmt.Sscanf(s, "%d%s", &n, &unit); err != nil || n <= 0 || n > 10_000 {
		return 0, &usageError{fmt.Sprintf("--expires: expected a number of days such as 365d, got %q.", s)}
	}
	switch unit {
	case "d":
		return n * 24, nil
	case "h":
		return n, nil
	}
	return 0, &usageError{fmt.Sprintf("--expires: expected a number of days such as 365d, got %q.", s)}
}
