package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// SecretKeyFile returns where the key of a SQLite database is kept when SECRET_KEY is not set: DATABASE.secret-key.
// It is empty with PostgreSQL.
func (c Config) SecretKeyFile() string {
	if c.Database.Dialect != SQLite {
		return ""
	}
	return c.Database.Path + ".secret-key"
}

// EnsureSecretKey fills in SecretKey from the key file beside the SQLite database and makes that file, mode 0600, on the
// first start. It does nothing when SECRET_KEY was set. It must run before the database is opened: a database without
// its key file is refused, because a new key could not open what the old one sealed. Any number of processes may start at once; all
// get the same key. The error says how to mend it.
func (c *Config) EnsureSecretKey() error {
	if !c.SecretKey.IsZero() || c.Database.Dialect != SQLite {
		return nil
	}
	path := c.SecretKeyFile()
	key, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if info, statErr := os.Stat(c.Database.Path); statErr == nil && info.Size() > 0 {
			// Another process may have made both between the two looks.
			if key, err = readKeyFile(path); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("SECRET_KEY: the database %s exists, but its key file %s does not. Restore the file from your backup, or set SECRET_KEY to the key it was made with", c.Database.Path, path)
			}
		} else {
			key, err = makeKeyFile(path)
		}
	}
	if err != nil {
		return fmt.Errorf("SECRET_KEY: %w", err)
	}
	c.SecretKey = key
	return nil
}

func readKeyFile(path string) (Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Secret{}, err
	}
	// Windows has no such bits and shows every file as 0666.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return Secret{}, fmt.Errorf("the key file %s can be read by others (mode %04o). Run: chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Secret{}, err
	}
	var key secretKey
	if err := key.UnmarshalText([]byte(strings.TrimSpace(string(text)))); err != nil {
		return Secret{}, fmt.Errorf("the key file %s is damaged: %w. Restore it from your backup rather than making a new one", path, err)
	}
	if key.value.IsZero() {
		return Secret{}, fmt.Errorf("the key file %s is empty. Restore it from your backup rather than making a new one", path)
	}
	return key.value, nil
}

// makeKeyFile writes a new key beside the final name, syncs it and links it into place, so that no process ever reads
// half a key and, of several that start at once, one wins and the others read what it wrote.
func makeKeyFile(path string) (Secret, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Secret{}, fmt.Errorf("cannot make the folder for the database and its key: %w", err)
	}
	temp, err := os.CreateTemp(dir, ".secret-key-*") // mode 0600
	if err != nil {
		return Secret{}, fmt.Errorf("cannot write the key file: %w", err)
	}
	defer os.Remove(temp.Name())
	key := make([]byte, minSecretKey)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	_, err = temp.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return Secret{}, fmt.Errorf("cannot write the key file: %w", err)
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Secret{}, fmt.Errorf("cannot put the key file in place: %w", err)
	}
	// The name must survive a power loss as the sealed rows do.
	if folder, err := os.Open(dir); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
	return readKeyFile(path)
}
