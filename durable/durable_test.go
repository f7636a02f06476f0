package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kprep/kprep/durable"
)

// names are the files of a folder: none of ours may stay behind.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		write       func(string, []byte, fs.FileMode) error
		before      fs.FileMode // 0: no file
		perm, after fs.FileMode
	}{
		{"a new file", durable.Write, 0, 0o600, 0o600},
		{"permissions stay", durable.Write, 0o640, 0o600, 0o640},
		{"a new file that is exact", durable.WriteExactly, 0, 0o666, 0o666},
		{"permissions are mended", durable.WriteExactly, 0o644, 0o600, 0o600},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "file")
			if tc.before != 0 {
				if err := errors.Join(os.WriteFile(file, []byte("the old text, longer"), 0o600), os.Chmod(file, tc.before)); err != nil {
					t.Fatal(err)
				}
			}
			if err := tc.write(file, []byte("new"), tc.perm); err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(file); err != nil || string(text) != "new" {
				t.Errorf("the file has %q, %v", text, err)
			}
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != tc.after && runtime.GOOS != "windows" {
				t.Errorf("permissions are %o, want %o", got, tc.after)
			}
			if list := names(t, filepath.Dir(file)); len(list) != 1 {
				t.Errorf("the folder has %q", list)
			}
		})
	}
}

func TestWriteRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := durable.Write(filepath.Join(dir, "none", "file"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	// A folder is in the way.
	if err := os.MkdirAll(filepath.Join(dir, "folder", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.Write(filepath.Join(dir, "folder"), []byte("new"), 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if list := names(t, dir); len(list) != 1 {
		t.Errorf("the folder has %q", list)
	}
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := durable.Create(file, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("half of the ne")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); string(text) != "old" {
		t.Errorf("before the end the file has %q, %v", text, err)
	}
	if err := f.Discard(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); string(text) != "old" {
		t.Errorf("in the end the file has %q, %v", text, err)
	}
	if list := names(t, filepath.Dir(file)); len(list) != 1 {
		t.Errorf("the folder has %q", list)
	}
}

func TestSync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file} {
		if err := durable.Sync(path); err != nil {
			t.Errorf("Sync(%q): %v", path, err)
		}
	}
	if err := durable.Sync(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
}
