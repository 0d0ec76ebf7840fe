package models

import (
	"context"
	"strings"
)

// SignupLink makes a link by which whoever reads the mail of an address makes an organization, and returns its secret. Whoever asks is
// counted by AllowLink before. It is made for every address alike.
func (db *DB) SignupLink(ctx context.Context, email string) (string, error) {
	email, err := CleanAddress(email)
	if err != nil {
		return "", err
	}
	var secret string
	err = db.touch(ctx, func(tx *Tx) error {
		secret, err = tx.newLink(Link{Kind: "signup", Email: email}, SignupLinkLife)
		return err
	})
	return secret, err
}

// Signup is what the page behind a sign-up link shows.
type Signup struct {
	Email string
	// NeedsPassword is false for somebody who has a proven account with a password: they prove that one.
	NeedsPassword bool
}

// Signup is a sign-up by its link's secret. NotFound if the link is dead.
func (db *DB) Signup(ctx context.Context, secret string) (*Signup, error) {
	l, err := db.link(db.read(ctx), "signup", secret)
	if err != nil {
		return nil, err
	}
	a, err := db.accountByEmail(ctx, l.Email)
	if err != nil {
		return nil, err
	}
	return &Signup{Email: l.Email, NeedsPassword: a.needsPassword()}, nil
}

// CompleteSignup makes an organization and its owner by a sign-up link, which proves the owner's address, signs the owner in and returns
// the session's token. The password is chosen here and not when the link was asked for: otherwise somebody else could have chosen it.
func (db *DB) CompleteSignup(ctx context.Context, client Client, secret, organization, firstName, lastName, password string) (string, error) {
	up, err := db.Signup(ctx, secret)
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(strings.TrimSpace(firstName) + " " + strings.TrimSpace(lastName))
	if err := CheckName("first_name", name, "your name"); err != nil {
		return "", err
	}
	proof, err := db.proofByLink(ctx, client, up.Email, up.NeedsPassword, password, organization)
	if err != nil {
		return "", err
	}
	p, err := db.prepareOrganization(ctx, organization, NewOwner{Email: up.Email, FirstName: firstName, LastName: lastName})
	if err != nil {
		return "", err
	}
	p.proven = "link"
	var token string
	err = db.write(ctx, Actor{Kind: Anonymous, Label: up.Email, IP: client.IP}, p.org.ID, func(tx *Tx) error {
		if _, err := tx.useLink("signup", secret); err != nil {
			return err
		}
		a, err := tx.accountFor(up.Email, name)
		if err != nil {
			return err
		}
		if err := tx.settleProof(a, proof); err != nil {
			return err
		}
		m, err := tx.createOrganization(p)
		if err != nil {
			return err
		}
		token, err = tx.startSession(m, p.org, newSession{method: MethodPassword, client: client, steppedUp: true})
		return err
	})
	return token, err
}
