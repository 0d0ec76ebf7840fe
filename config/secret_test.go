package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSecretPrintsAsRedactedEverywhere(t *testing.T) {
	secret := NewSecret("hunter2")
	exported := struct{ Password Secret }{secret}
	hidden := struct{ password Secret }{secret}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T %v"} {
		for _, value := range []any{secret, &secret, exported, hidden, []Secret{secret}, map[string]Secret{"k": secret}} {
			args := []any{value}
			if strings.HasPrefix(verb, "%T") {
				args = append(args, value)
			}
			if text := fmt.Sprintf(verb, args...); strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74") {
				t.Errorf("%s of %T shows it: %s", verb, value, text)
			}
		}
	}
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(handler).Info("start", "secret", secret, "config", exported, "pointer", &secret)
	}
	if text := logged.String(); strings.Contains(text, "hunter2") || strings.Count(text, redacted) < 4 {
		t.Errorf("slog: %s", text)
	}
	encoded, err := json.Marshal(exported)
	if err != nil || string(encoded) != `{"Password":"[redacted]"}` {
		t.Errorf("JSON: %s, %v", encoded, err)
	}
	if secret.Reveal() != "hunter2" || !(Secret{}).IsZero() || !NewSecret("").IsZero() {
		t.Error("the value itself is lost, or an empty one is not zero")
	}
}

func sqliteConfig(t *testing.T) Config {
	t.Helper()
	return MustLoad(t, "DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "data", "gatehouse.db"))
}

func TestFirstStartMakesAKeyAndLaterOnesReadIt(t *testing.T) {
	config := sqliteConfig(t)
	again := config
	if err := config.EnsureSecretKey(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(config.SecretKeyFile())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v", info, err)
	}
	if err := os.WriteFile(config.Database.Path, []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := again.EnsureSecretKey(); err != nil {
		t.Fatal(err)
	}
	if len(config.SecretKey.Bytes()) != minSecretKey || config.SecretKey.Reveal() != again.SecretKey.Reveal() {
		t.Error("the second start got another key")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(config.Database.Path), ".secret-key-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestStartsAtTheSameTimeGetTheSameKey(t *testing.T) {
	config := sqliteConfig(t)
	keys := make([]string, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			mine := config
			if err := mine.EnsureSecretKey(); err != nil {
				t.Error(err)
				return
			}
			keys[i] = mine.SecretKey.Reveal()
		})
	}
	wg.Wait()
	for _, key := range keys[1:] {
		if key != keys[0] {
			t.Fatal("two keys for one database")
		}
	}
}

func TestKeyFileProblemsAreNotPaperedOver(t *testing.T) {
	tests := map[string]struct {
		arrange func(t *testing.T, c Config)
		want    string
	}{
		"the database is there but its key file is gone": {func(t *testing.T, c Config) {
			mustWrite(t, c.Database.Path, "rows", 0o600)
		}, "Restore the file from your backup"},
		"others can read the key file": {func(t *testing.T, c Config) {
			mustWrite(t, c.SecretKeyFile(), key, 0o644)
		}, "chmod 600"},
		"the key file is cut short": {func(t *testing.T, c Config) {
			mustWrite(t, c.SecretKeyFile(), key[:20], 0o600)
		}, "damaged"},
		"the key file is empty": {func(t *testing.T, c Config) {
			mustWrite(t, c.SecretKeyFile(), "", 0o600)
		}, "empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := sqliteConfig(t)
			test.arrange(t, config)
			err := config.EnsureSecretKey()
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "SECRET_KEY: ") {
				t.Errorf("got %v, want something with %q", err, test.want)
			}
		})
	}
}

func TestASetKeyNeedsNoFile(t *testing.T) {
	config := sqliteConfig(t)
	config.SecretKey = NewSecret("given")
	if err := config.EnsureSecretKey(); err != nil || config.SecretKey.Reveal() != "given" {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(config.SecretKeyFile()); err == nil {
		t.Error("a key file was made all the same")
	}
}

func mustWrite(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
