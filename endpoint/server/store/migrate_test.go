package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func testMigrate(t *testing.T, location string) {
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			s, err := Open(t.Context(), location)
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	group.Wait()
	s := opened(t, location)
	if err := s.migrate(t.Context(), append(migrations(), "CREATE TABLE a (b INTEGER)", "not SQL")); err == nil {
		t.Fatal("a broken step was taken")
	}
	must(t, s.migrate(t.Context(), append(migrations(), "CREATE TABLE a (b {bytes})"))) // the good step was not left half done
	err := s.migrate(t.Context(), migrations())
	if newer := (*NewerError)(nil); !errors.As(err, &newer) || newer.Has != len(migrations())+1 {
		t.Errorf("got %v, want a newer schema refused", err)
	}
}

// What two spellings of an identity had is one identity's afterwards.
func testFold(t *testing.T, location string) {
	s, err := connect(location)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	must(t, s.migrate(t.Context(), migrations()[:1]))
	day := int64(24 * time.Hour / time.Millisecond)
	for _, k := range []struct {
		identity, selector, fingerprint string
		state                           KeyState
		from, revoked                   int64
	}{
		{"kim@example.org", "default", "kim", Active, day, 0},
		{"Kim@example.org", "default", "eve", Active, 2 * day, 0},  // the selector is taken
		{"KIM@example.org", "laptop", "eve2", Active, 2 * day, 0},  // has not waited
		{"vic@example.org", "default", "lost", Revoked, day, 9},    // for good
		{"VIC@example.org", "default", "lost", Active, 2 * day, 0}, // enrolled again
		{"Ann@example.org", "default", "ann", Active, day, 0},
		{"ann@example.org", "default", "ann", Pending, 0, 0},
	} {
		_, err := s.db.ExecContext(t.Context(), `INSERT INTO keys (identity, selector, fingerprint, algorithm, public, state, created, active_from, revoked)
			VALUES ($1, $2, $3, 'ed25519', $4, $5, 1, $6, $7)`, k.identity, k.selector, k.fingerprint, []byte("k"), k.state, k.from, k.revoked)
		must(t, err)
	}
	for _, statement := range []string{
		"INSERT INTO challenges (key, hash, expires) SELECT id, 'h', 5 FROM keys WHERE state = 'pending'",
		"INSERT INTO seen (identity, message_id, kind, body_hash, message) VALUES ('Kim@example.org', '1@x', 'receive', 'h', 2), ('kim@example.org', '1@x', 'receive', 'g', 1)",
		"INSERT INTO nonces (identity, nonce, expires) VALUES ('Kim@example.org', 'n', 9), ('kim@example.org', 'n', 9)",
	} {
		_, err := s.db.ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, s.migrate(t.Context(), migrations()))
	var got []string
	for _, identity := range []string{"kim@example.org", "vic@example.org", "ann@example.org"} {
		keys, err := s.Keys(t.Context(), identity)
		must(t, err)
		for _, k := range keys {
			got = append(got, fmt.Sprintf("%s %s %s %d", identity[:3], k.Fingerprint, k.State, millis(k.ActiveFrom)/day))
		}
	}
	want := []string{"kim kim active 1", "kim eve pending 0", "kim eve2 waiting 5", "vic lost revoked 1", "ann ann active 1"}
	if !slices.Equal(got, want) {
		t.Errorf("the keys are %q, want %q", got, want)
	}
	var hash string
	must(t, s.db.QueryRowContext(t.Context(), "SELECT body_hash FROM seen WHERE identity = 'kim@example.org' AND message_id = '1@x'").Scan(&hash))
	if fresh, err := s.UseNonce(t.Context(), "kim@example.org", "n", epoch); hash != "g" || fresh || err != nil {
		t.Errorf("seen as %s, nonce fresh %v, %v", hash, fresh, err)
	}
}

func TestIsFile(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]bool{
		"kprep.db": true, "/srv/kprep.db": true, "./mysql:x": true, `C:\kprep.db`: true, "/srv/postgres:/x": true,
		"postgres://localhost/x": false, "postgres:/x": false, "MySQL:x": false,
	} {
		if got := IsFile(location); got != want {
			t.Errorf("IsFile(%q) is %v", location, got)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "text"), []byte(strings.Repeat("not a database\n", 1000)), 0o600))
	for name, location := range map[string]string{
		"nothing":                    "",
		"a folder":                   dir,
		"another file":               filepath.Join(dir, "text"),
		"a folder that is not there": filepath.Join(dir, "a", "b"),
		"a server that is not there": "postgres://kim:hunter2@/x?host=" + dir,
		"another database":           "mysql://kim:hunter2@localhost/x",
		"a slash too few":            "postgres:/x",
		"another, mistyped":          "mysql:x",
		"a URL that is none":         "postgres://kim:hunter2@[::1/x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(t.Context(), location)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if name == "another database" && !strings.Contains(err.Error(), `"mysql:" is no database that is known`) {
				t.Errorf("it is taken for something else: %v", err)
			}
			if folder := (*NoFolderError)(nil); errors.As(err, &folder) != (name == "a folder that is not there") {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestFileIsPrivate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "q")
	opened(t, file)
	for _, name := range []string{file, file + "-wal"} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}
