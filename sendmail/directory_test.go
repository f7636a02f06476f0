package sendmail

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestDirectoryWritesTheSeries(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "out")
	messages := series(2)
	j := journalOf(t, messages)
	sum, err := quickly().Run(t.Context(), j, NewDirectory(dir), nil)
	if err != nil || sum.Status() != 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	check := func() {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
			info, _ := e.Info()
			if info.Mode().Perm() != 0o600 || !info.Mode().IsRegular() {
				t.Errorf("%s has mode %v", e.Name(), info.Mode())
			}
		}
		if !slices.Equal(names, []string{"0000-change.eml", "0001-change.eml", "0002-change.eml"}) {
			t.Errorf("files %q", names)
		}
		for _, m := range messages {
			if got, err := os.ReadFile(filepath.Join(dir, m.Name)); err != nil || string(got) != string(m.Raw) {
				t.Errorf("%s: %q, %v", m.Name, got, err)
			}
		}
	}
	check()
	// The same names again, with other bytes, one of them a link to elsewhere.
	target := filepath.Join(t.TempDir(), "precious")
	os.WriteFile(target, []byte("precious"), 0o644)
	os.Remove(filepath.Join(dir, messages[1].Name))
	os.Symlink(target, filepath.Join(dir, messages[1].Name))
	messages[2].Raw = append(messages[2].Raw, "more\n"...)
	if err := NewDirectory(dir).Write(files(messages)); err != nil {
		t.Fatal(err)
	}
	check()
	if got, _ := os.ReadFile(target); string(got) != "precious" {
		t.Errorf("wrote through a link: %q", got)
	}
}

func TestDirectoryRefusesStrangers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"notes.txt", "0007-older.EML"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := NewDirectory(dir).Write(files(series(1)))
	var strays *StrayFilesError
	if !errors.As(err, &strays) || !slices.Equal(strays.Files, []string{"0007-older.EML"}) {
		t.Errorf("error %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("something was written: %v", entries)
	}
	os.Remove(filepath.Join(dir, "0007-older.EML"))
	if err := NewDirectory(dir).Write(files(series(1))); err != nil {
		t.Error(err)
	}
	bad := series(0)
	bad[0].Name = "../escape.eml"
	if err := NewDirectory(dir).Write(files(bad)); err == nil {
		t.Error("a name led out of the folder")
	}
}

// files are the messages, one in each.
func files(messages []Outgoing) []File {
	var all []File
	for _, m := range messages {
		all = append(all, File{Name: m.Name, Write: verbatim(m.Raw)})
	}
	return all
}
