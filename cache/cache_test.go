package cache_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kprep/kprep/cache"
	"github.com/kprep/kprep/gitrepo"
)

func TestCache(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := cache.File(&gitrepo.Repo{CommonDir: dir}, "kind", "name")
	if want := filepath.Join(dir, "kprep", "cache", "kind", "name.json"); file != want {
		t.Fatalf("%s, want %s", file, want)
	}
	read := func(known bool, want string) {
		t.Helper()
		var got []string
		if ok, err := cache.Read(file, &got); ok != known || err != nil || ok && got[0] != want {
			t.Errorf("%v, %v, %q; want %v, %q", ok, err, got, known, want)
		}
	}
	read(false, "")
	for _, value := range []string{"a", "b"} {
		if err := cache.Keep(file, []string{value}); err != nil {
			t.Fatal(err)
		}
		read(true, value)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(file, []byte(`["b`), 0o600); err != nil {
		t.Fatal(err)
	}
	read(false, "")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if ok, err := cache.Read(file, &[]string{}); ok || err == nil {
		t.Errorf("a folder: %v, %v", ok, err)
	}
}
