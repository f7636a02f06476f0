package patchmail

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/kprep/kprep/internal/gittest"
)

// mailinfo is what git reads out of a message: the author and the subject.
func mailinfo(t *testing.T, raw []byte) (author, email, subject string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("git", "mailinfo", "-k", "--no-scissors", filepath.Join(dir, "msg"), filepath.Join(dir, "patch"))
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(string(raw))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git mailinfo: %v\n%s", err, raw)
	}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "Author":
			author = value
		case "Email":
			email = value
		case "Subject":
			subject = value
		}
	}
	return author, email, subject
}

// FuzzMailinfo has git read back what the header writer wrote: names and
// subjects are the same, but for blanks, of which git keeps one.
func FuzzMailinfo(f *testing.F) {
	f.Add("[PATCH v3 2/5] foo: bär", "Jane Dév")
	f.Add("=?utf-8?q?x?= 日本語の題名はとても長いので折り返しが必要です。日本語の題名はとても長い", "Doe, John")
	f.Add(strings.Repeat("ä", 40)+" "+strings.Repeat("plain ", 30)+"end", `a "b" \c`)
	f.Add(strings.Repeat("x", 900), strings.Repeat("long name ", 12)+"end")
	f.Add("driver_x: bär_y? =z", "Dév")
	gittest.Peer(f, "git")
	f.Fuzz(func(t *testing.T, title, name string) {
		for _, text := range []string{title, name} {
			odd := func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) && r != ' ' }
			if !utf8.ValidString(text) || strings.ContainsFunc(text, odd) || strings.TrimSpace(text) == "" {
				return
			}
		}
		m := testMessage()
		m.Subject, m.From = title, Address{Name: name, Mailbox: "jane@example.org"}
		raw, err := m.Bytes()
		if err != nil {
			return
		}
		blanks := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		author, email, subject := mailinfo(t, raw)
		// QUIRK: the first "@" is part of the mailbox for git, also within quotes.
		if blanks(subject) != blanks(title) || email != "jane@example.org" && !strings.Contains(name, "@") {
			t.Errorf("git reads %q of %s, want %q, in\n%s", subject, email, title, raw)
		}
		// QUIRK: git takes the mailbox for a name that is long, and takes quotes
		// and comments out of others.
		special := func(r rune) bool { return !unicode.IsLetter(r) && r != ' ' }
		if len(name) <= 60 && !strings.ContainsFunc(name, special) && author != blanks(name) {
			t.Errorf("git reads the author %q, want %q, in\n%s", author, name, raw)
		}
	})
}
