package models

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// argonCost are the parameters of Argon2id that decide what a guess costs.
type argonCost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

var (
	// dearPasswords take about 50 ms and 19 MiB (OWASP's first choice for this memory).
	dearPasswords = argonCost{19 * 1024, 2, 1}
	// cheapPasswords are for tests, see Options.
	cheapPasswords = argonCost{8, 1, 1}
)

const (
	argonKey  = 32 // bytes
	argonSalt = 16 // bytes
	// The most that a stored hash may ask for.
	maxArgonMemory, maxArgonTime = 1 << 20, 16

	// MinPassword and MaxPassword are in characters; more than the upper bound only costs time.
	MinPassword = 12
	MaxPassword = 128
)

// commonPasswords are long ones that stand in every list of leaked passwords.
var commonPasswords = map[string]bool{
	"123456789012": true, "1234567890123": true, "qwertyuiop123": true, "password1234": true, "password12345": true, "passwordpassword": true,
	"qwertyuiopasdfghjkl": true, "administrator": true, "iloveyou1234": true, "welcome12345": true, "letmein12345": true, "changeme1234": true,
	"1q2w3e4r5t6y": true, "qwerty123456": true, "abcdefghijkl": true, "111111111111": true, "000000000000": true, "adminadminadmin": true,
	"correcthorsebatterystaple": true, "trustno1trustno1": true, "p@ssw0rd1234": true, "microsoft1234": true, "gatehouse1234": true, "1qaz2wsx3edc": true,
}

// CheckPassword tells whether a password may be chosen. Invalid (field "password") if it is too short, too long or easily guessed;
// others are words that must not be the whole of it, such as the person's address.
func CheckPassword(password string, others ...string) error {
	n := utf8.RuneCountInString(password)
	lower := strings.ToLower(password)
	switch {
	case password == "":
		return invalid("password", "Choose a password of at least %d characters.", MinPassword)
	case !utf8.ValidString(password):
		return invalid("password", "Use ordinary characters for the password.")
	case n < MinPassword:
		return invalid("password", "Use at least %d characters. Four unrelated words are easy to remember and hard to guess.", MinPassword)
	case n > MaxPassword:
		return invalid("password", "Use at most %d characters.", MaxPassword)
	case commonPasswords[lower] || isRepeated(lower):
		return invalid("password", "This password is in every list of leaked passwords. Choose another one.")
	}
	for _, word := range others {
		word = strings.ToLower(word)
		local, _, _ := strings.Cut(word, "@")
		if word != "" && (lower == word || len(local) >= 4 && strings.Trim(strings.ReplaceAll(lower, local, ""), "0123456789!.-_") == "") {
			return invalid("password", "This password is your own name, address or organization. Choose one that others cannot guess.")
		}
	}
	return nil
}

// isRepeated tells whether a text is one character again and again.
func isRepeated(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}

// hashPassword hashes a new password that CheckPassword accepts.
func (db *DB) hashPassword(ctx context.Context, password string, others ...string) (string, error) {
	if err := CheckPassword(password, others...); err != nil {
		return "", err
	}
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	cost := db.passwordCost
	key, err := db.argon(ctx, password, salt, cost)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.memory, cost.time, cost.threads, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// argon waits for a place before it hashes: unbounded parallel hashing would be a way to use up all memory.
func (db *DB) argon(ctx context.Context, password string, salt []byte, cost argonCost) ([]byte, error) {
	select {
	case db.hashing <- struct{}{}:
		defer func() { <-db.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, cost.time, cost.memory, cost.threads, argonKey), nil
}

// passwordMatches takes the same time whether hash is nil or not. A hash keeps the parameters that it was made with.
func (db *DB) passwordMatches(ctx context.Context, hash *string, password string) (bool, error) {
	cost, salt, want := db.passwordCost, make([]byte, argonSalt), ""
	if hash != nil {
		var err error
		if cost, salt, want, err = parseHash(*hash); err != nil {
			return false, fmt.Errorf("stored password hash: %w", err)
		}
	}
	if utf8.RuneCountInString(password) > MaxPassword {
		password = ""
	}
	key, err := db.argon(ctx, password, salt, cost)
	if err != nil {
		return false, err
	}
	return sameHash(base64.RawStdEncoding.EncodeToString(key), want) && hash != nil && password != "", nil
}

// parseHash takes a PHC string apart: the parameters, the salt, and the key as it stands there.
func parseHash(phc string) (cost argonCost, salt []byte, key string, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 {
		return cost, nil, "", errors.New("not in six parts")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.memory, &cost.time, &cost.threads); err != nil {
		return cost, nil, "", err
	}
	if cost.memory > maxArgonMemory || cost.time == 0 || cost.time > maxArgonTime || cost.threads == 0 {
		return cost, nil, "", errors.New("parameters out of bounds")
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	return cost, salt, parts[5], err
}

// checkPassword is the proof of a password for a sign-in or a step-up, limited per address and client, and per client. a is nil when
// nobody has the address: everything then goes the same way and takes the same time, and the limits count the same.
func (db *DB) checkPassword(ctx context.Context, a *Account, email, password, ip string) error {
	from := NetworkOf(ip)
	if err := db.limit(ctx, "password:ip:"+from, passwordAttemptsByIP); err != nil {
		return err
	}
	// Per client and address, so that a stranger cannot lock a person out from where that person sits. By the address and not by the
	// account: one count for all unknown addresses would tell them from the known ones.
	if err := db.limit(ctx, "password:"+hashSecret(email)+":"+from, passwordAttempts); err != nil {
		return err
	}
	var hash *string
	if a != nil {
		hash = a.PasswordHash
	}
	ok, err := db.passwordMatches(ctx, hash, password)
	if err != nil {
		return err
	}
	if !ok {
		return &Error{Kind: Unauthenticated, Field: "password", Message: "This e-mail and password do not match. Check for caps lock, or reset the password."}
	}
	return nil
}
