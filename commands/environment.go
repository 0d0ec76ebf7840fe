package commands

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"gatehouse/config"
	"gatehouse/models"
)

// operator is who the command line acts as.
func operator() models.Actor {
	label := "operator"
	if user := os.Getenv("SUDO_USER"); user != "" {
		label += " " + user
	} else if user := os.Getenv("USER"); user != "" {
		label += " " + user
	}
	return models.Actor{Kind: models.Operator, Label: label}
}

// load reads the configuration and makes sure there is a secret key.
func load(p *Process) (config.Config, error) {
	c, err := config.Load(p.Environ)
	if err != nil {
		return c, err
	}
	return c, c.EnsureSecretKey()
}

// open opens and migrates the database that the environment names.
func open(ctx context.Context, c config.Config) (*models.DB, error) {
	db, err := models.Open(ctx, models.Options{URL: c.Database.URL(), SecretKey: []byte(c.SecretKey.Reveal()), NoRateLimits: !c.RateLimits})
	if err != nil {
		return nil, fmt.Errorf("%s (DATABASE_URL): %w", c.Database, err)
	}
	return db, nil
}

// withDB runs fn on the database that the environment names, for a command that changes or lists something.
func withDB(ctx context.Context, p *Process, fn func(db *models.DB) error) error {
	c, err := load(p)
	if err != nil {
		return err
	}
	return withConfig(ctx, c, fn)
}

// withConfig is withDB for a command that has read the configuration already.
func withConfig(ctx context.Context, c config.Config, fn func(db *models.DB) error) error {
	db, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	return fn(db)
}

// readPassword is the first line of a file: passwords never stand on a command line, where other users can read them.
func readPassword(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the password file cannot be read: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		return "", fmt.Errorf("%s: expected the password on the first line, got an empty line", path)
	}
	return line, nil
}

func newLogger(c config.Config, p *Process) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(p.Stderr, nil))
}
