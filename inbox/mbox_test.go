package inbox_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/inbox"
)

const separator = "From jane@example.org Thu Jan  2 03:04:05 2025\n"

// walk returns the mails behind a path, and what was reported as broken.
func walk(t *testing.T, path string) (mails []string, broken []error) {
	t.Helper()
	err := inbox.Walk(t.Context(), path, func(m inbox.Mail) error {
		mails = append(mails, string(m.Raw))
		return nil
	}, func(err error) { broken = append(broken, err) })
	if err != nil {
		t.Fatalf("Walk(%s): %v", path, err)
	}
	return mails, broken
}

func write(t *testing.T, path string, text []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWalkSplitsMailboxes(t *testing.T) {
	t.Parallel()
	counted := func(body string) string {
		return fmt.Sprintf("A: b\nContent-Length: %d\n\n%s", len(body), body)
	}
	inBody := "one\n\n" + separator + "two\n"
	for _, tc := range []struct {
		why, text string
		want      []string
	}{
		{"nothing", "", nil},
		{"one mail without a separator", "A: b\n\nText\n", []string{"A: b\n\nText\n"}},
		{"two", separator + "A: b\n\nOne\n\n" + separator + "A: c\n\nTwo\n", []string{"A: b\n\nOne\n", "A: c\n\nTwo\n"}},
		{"git's own separator", "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nA: b\n\nOne\n", []string{"A: b\n\nOne\n"}},
		{"the blank line between is the mailbox's, one before is the mail's", separator + "A: b\n\nOne\n\n\n" + separator + "A: c\n\nTwo\n\n", []string{"A: b\n\nOne\n\n", "A: c\n\nTwo\n"}},
		{"no blank line between", separator + "A: b\n\nOne\n" + separator + "A: c\n\nTwo\n", []string{"A: b\n\nOne\n", "A: c\n\nTwo\n"}},
		{"the end without a line feed", separator + "A: b\n\nOne", []string{"A: b\n\nOne"}},
		{"a header alone", separator + "A: b\n\n" + separator + "A: c\n\nTwo\n", []string{"A: b\n\n", "A: c\n\nTwo\n"}},
		{"mboxrd quotes every depth", separator + "A: b\n\n>From a\n>>From b\n>>>From c\n> From d\n", []string{"A: b\n\nFrom a\n>From b\n>>From c\n> From d\n"}},
		{"an unquoted From within prose", separator + "A: b\n\nText\nFrom now on at 12:30 we\n\nFrom here on\n", []string{"A: b\n\nText\nFrom now on at 12:30 we\n\nFrom here on\n"}},
		{"CRLF", strings.ReplaceAll(separator+"A: b\n\nOne\n\n"+separator+"A: c\n\nTwo\n", "\n", "\r\n"), []string{"A: b\r\n\r\nOne\r\n", "A: c\r\n\r\nTwo\r\n"}},
		{"mboxcl2 counts instead of quoting", separator + counted(inBody+"\n>From x\n") + "\n" + separator + "A: c\n\nTwo\n", []string{counted(inBody + "\n>From x\n"), "A: c\n\nTwo\n"}},
		{"mboxcl counts and quotes", separator + counted(">From x\n") + "\n" + separator + "A: c\n\nTwo\n", []string{strings.Replace(counted(">From x\n"), ">", "", 1), "A: c\n\nTwo\n"}},
		{"a count that is too large", separator + "Content-Length: 100\n\nOne\n\n" + separator + "A: c\n\nTwo\n\n" + separator + "A: d\n\n" + strings.Repeat("x", 99) + "\n\n" + separator + "A: e\n\nFour\n",
			[]string{"Content-Length: 100\n\nOne\n", "A: c\n\nTwo\n", "A: d\n\n" + strings.Repeat("x", 99) + "\n", "A: e\n\nFour\n"}},
		{"a count beyond the end", separator + "Content-Length: 1000\n\nOne\n\n" + separator + "A: c\n\nTwo\n", []string{"Content-Length: 1000\n\nOne\n", "A: c\n\nTwo\n"}},
		{"a count that is too small", separator + "Content-Length: 2\n\nOne\n\n" + separator + "A: c\n\nTwo\n", []string{"Content-Length: 2\n\nOne\n", "A: c\n\nTwo\n"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			got, broken := walk(t, write(t, filepath.Join(t.TempDir(), "mbox"), []byte(tc.text)))
			if !slices.Equal(got, tc.want) || broken != nil {
				t.Errorf("%q\n got %q\nwant %q\nbroken %v", tc.text, got, tc.want, broken)
			}
		})
	}
}

func TestWalkPassesOverWhatIsBroken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := bytes.Repeat([]byte("0123456789abcde\n"), 33<<20/16)
	mbox := write(t, filepath.Join(dir, "mbox"), slices.Concat([]byte(separator+"A: b\n\n"), large, []byte("\n"+separator+"A: c\n\nTwo\n")))
	got, broken := walk(t, mbox)
	bad := (*inbox.MailError)(nil)
	if !slices.Equal(got, []string{"A: c\n\nTwo\n"}) || len(broken) != 1 || !errors.As(broken[0], &bad) || bad.Number != 1 || !errors.Is(bad, inbox.ErrTooLarge) {
		t.Errorf("%d mails, %v", len(got), broken)
	}

	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(separator + "A: b\n\nOne\n"))
	z.Close()
	folder := filepath.Join(dir, "folder")
	write(t, filepath.Join(folder, "1.gz"), packed.Bytes())
	write(t, filepath.Join(folder, "2.gz"), packed.Bytes()[:12])
	write(t, filepath.Join(folder, "3.eml"), []byte("A: c\n\nTwo\n"))
	write(t, filepath.Join(folder, ".hidden"), []byte("A: d\n\nThree\n"))
	if got, broken = walk(t, folder); !slices.Equal(got, []string{"A: b\n\nOne\n", "A: c\n\nTwo\n"}) || len(broken) != 1 {
		t.Errorf("%q, %v", got, broken)
	}
	ignore := func(inbox.Mail) error { return nil }
	for _, path := range []string{filepath.Join(folder, "2.gz"), filepath.Join(dir, "nowhere")} {
		if err := inbox.Walk(t.Context(), path, ignore, func(error) {}); err == nil {
			t.Errorf("%s alone is no error", path)
		}
	}
}

// What stands beside the mail of a Maildir is some program's own, and what is
// in tmp has not arrived yet.
func TestWalkReadsAMaildir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cur", "1:2,S"), []byte("A: b\n\nOne\n"))
	write(t, filepath.Join(dir, "new", "2"), []byte("A: c\n\nTwo\n"))
	write(t, filepath.Join(dir, "tmp", "3"), []byte("A: d\n\nThree\n"))
	write(t, filepath.Join(dir, "index"), []byte("A: e\n\nFour\n"))
	if got, broken := walk(t, dir); !slices.Equal(got, []string{"A: b\n\nOne\n", "A: c\n\nTwo\n"}) || broken != nil {
		t.Errorf("%q, %v", got, broken)
	}
}

// Mails that were put into an mboxrd come out of it as they were.
func FuzzMailboxKeepsMails(f *testing.F) {
	f.Add("A: b\n\nText\n", "A: c\n\nFrom x Thu Jan  2 03:04:05 2025\n>From\n")
	f.Add("A: b\n\n\n\n", "A: c\n\n>>From \n\nFrom 1:2\n")
	f.Fuzz(func(t *testing.T, one, two string) {
		dir := t.TempDir()
		var mbox strings.Builder
		var want []string
		for _, body := range []string{one, two} {
			if strings.ContainsAny(body, "\r") {
				return
			}
			body = "A: b\n\n" + body + "\n"
			want = append(want, body)
			mbox.WriteString(separator)
			for line := range strings.Lines(body) {
				if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
					mbox.WriteString(">")
				}
				mbox.WriteString(line)
			}
			mbox.WriteString("\n")
		}
		got, broken := walk(t, write(t, filepath.Join(dir, "mbox"), []byte(mbox.String())))
		if !slices.Equal(got, want) || broken != nil {
			t.Errorf("got %q, want %q, broken %v", got, want, broken)
		}
	})
}
