package maildir_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/maildir"
)

var date = time.Date(2025, 1, 3, 10, 0, 0, 0, time.UTC)

// contents are the files of the Maildir that hold mail, as "new: text".
func contents(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for _, folder := range []string{"cur", "new", "tmp"} {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(dir, folder, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			_, flags, _ := strings.Cut(e.Name(), ":")
			all = append(all, strings.TrimSpace(folder+flags+": "+string(text)))
		}
	}
	return all
}

func open(t *testing.T, dir string) *maildir.Box {
	t.Helper()
	b, err := maildir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func deliver(t *testing.T, b *maildir.Box, id, text string, seen bool) {
	t.Helper()
	if err := b.Deliver(id, date, []byte(text), seen); err != nil {
		t.Fatal(err)
	}
}

func TestDeliverOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "box")
	b := open(t, dir)
	deliver(t, b, "a@x", "A", false)
	deliver(t, b, "b@x", "B", true)
	deliver(t, b, "a@x", "another A", false)
	if got := fmt.Sprint(contents(t, dir)); got != "[cur2,S: B new: A]" {
		t.Errorf("%s", got)
	}
	if _, err := maildir.Open(dir); !errors.Is(err, maildir.ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	// A mail program reads one, gives it flags, and throws the other away.
	entries, err := os.ReadDir(filepath.Join(dir, "new"))
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	name := entries[0].Name()
	if err := os.Rename(filepath.Join(dir, "new", name), filepath.Join(dir, "cur", name+":2,FRS")); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	deliver(t, b, "a@x", "A", false)
	deliver(t, b, "c@x", "C", false)
	if got := fmt.Sprint(contents(t, dir)); got != "[cur2,FRS: A cur2,S: B new: C]" && got != "[cur2,S: B cur2,FRS: A new: C]" {
		t.Errorf("%s", got)
	}
	b.Close()
	// Whoever loses the record, keeps what is there still.
	if err := os.Remove(filepath.Join(dir, ".kprep-delivered")); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	deliver(t, b, "c@x", "C", false)
	if got := contents(t, dir); len(got) != 3 {
		t.Errorf("%s", got)
	}
	if b.Has("d@x") || !b.Has("a@x") {
		t.Error("it does not know what it has")
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := maildir.Open(dir); !errors.Is(err, maildir.ErrNoMaildir) {
		t.Errorf("a folder with files: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("it was changed: %v, %v", entries, err)
	}
	if _, err := maildir.Open(filepath.Join(dir, "letter")); err == nil {
		t.Error("a file is no Maildir")
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".profile"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := maildir.Open(home); !errors.Is(err, maildir.ErrNoMaildir) {
		t.Errorf("a folder with hidden files: %v", err)
	}
}

// Nothing of another kind in the place of a file of ours is waited for, written
// through, or removed.
func TestNoFilesOfOurs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".kprep-delivered", ".kprep-lock"} {
		dir := t.TempDir()
		open(t, dir).Close()
		target := filepath.Join(t.TempDir(), "precious")
		if err := os.WriteFile(target, []byte("no line"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, make := range []func(string) error{
			func(path string) error { return os.Symlink(target, path) },
			func(path string) error { return exec.Command("mkfifo", path).Run() },
			func(path string) error { return os.Mkdir(path, 0o700) },
		} {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.RemoveAll(path), make(path)); err != nil {
				t.Fatal(err)
			}
			if b, err := maildir.Open(dir); err == nil {
				b.Close()
				t.Errorf("%s is something else, and was taken", name)
			}
		}
		if text, err := os.ReadFile(target); err != nil || string(text) != "no line" {
			t.Errorf("%s leads elsewhere: %q, %v", name, text, err)
		}
	}
	dir := t.TempDir()
	open(t, dir).Close()
	if err := os.MkdirAll(filepath.Join(dir, "tmp", "1.a.kprep", "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	deliver(t, open(t, dir), "a@x", "A", false)
}

// Whatever moment a delivery is cut off at, each message is there once in the end.
func TestCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	deliver(t, b, "a@x", "A", false)
	b.Close()
	record := filepath.Join(dir, ".kprep-delivered")
	line, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	name, place, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	for _, tc := range []struct {
		why         string
		record      string
		inTmp, read bool
		want        string
	}{
		{"before the record: half a file", "", true, false, "[new: A]"},
		{"in the middle of the record", string(line[:len(line)/2]), true, false, "[new: A]"},
		{"after the record", string(line), true, false, "[new: A]"},
		{"after all, and read and deleted since", string(line), false, true, "[]"},
		{"a record that is none", "../../etc/passwd new/../../x\n" + name + " new/../x\n\x00\xff\n", true, false, "[new: A]"},
	} {
		os.Remove(filepath.Join(dir, place))
		os.Remove(filepath.Join(dir, "tmp", name))
		if err := os.WriteFile(record, []byte(tc.record), 0o600); err != nil {
			t.Fatal(err)
		}
		if tc.inTmp {
			if err := os.WriteFile(filepath.Join(dir, "tmp", name), []byte("A"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b := open(t, dir)
		deliver(t, b, "a@x", "A", false)
		if got := fmt.Sprint(contents(t, dir)); got != tc.want {
			t.Errorf("%s: %s", tc.why, got)
		}
		b.Close()
	}
}

// TestDelivering is no test: it is the process that TestKilled kills.
func TestDelivering(t *testing.T) {
	dir := os.Getenv("KPREP_DELIVER")
	if dir == "" {
		t.Skip("it is the process that another test kills")
	}
	b := open(t, dir)
	for n := range 40 {
		deliver(t, b, fmt.Sprintf("%d@x", n), fmt.Sprintf("mail %d", n), n%3 == 0)
		fmt.Println("delivered", n)
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(kill time.Duration) (whole bool) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDelivering$")
		cmd.Env = append(os.Environ(), "KPREP_DELIVER="+dir)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if kill > 0 {
			time.Sleep(kill)
			cmd.Process.Kill()
		}
		err := cmd.Wait()
		if kill == 0 && err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		return err == nil
	}
	for n := range 12 {
		run(time.Duration(5+5*n) * time.Millisecond)
	}
	run(0)
	seen := map[string]int{}
	for _, c := range contents(t, dir) {
		_, text, _ := strings.Cut(c, ": ")
		seen[text]++
		if strings.HasPrefix(c, "tmp") {
			t.Errorf("left in tmp: %s", c)
		}
	}
	for n := range 40 {
		if got := seen[fmt.Sprintf("mail %d", n)]; got != 1 {
			t.Errorf("mail %d is there %d times", n, got)
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d messages", len(seen))
	}
}
