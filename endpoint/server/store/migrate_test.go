package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
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
		"a URL that is none":         "postgres://kim:hunter2@[::1/x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(t.Context(), location)
			if err == nil {
				s.Close()
				t.Fatal("opened")
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
