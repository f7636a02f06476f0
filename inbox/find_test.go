package inbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kprep/kprep/inbox"
)

func TestFindSubjectLooksIntoEveryForm(t *testing.T) {
	t.Parallel()
	const one = "From: a@example.org\nSubject: [PATCH v2 0/3] One\n  more\nMessage-ID: <one@example.org>\n\nText\n"
	const crlf = "Subject: [PATCH] Two\r\nMESSAGE-ID: <two@example.org>\r\n\r\nText\r\n"
	const quoting = "Subject: Re: x\nMessage-ID: <re@example.org>\n\nSubject: [PATCH v9] quoted\nMessage-ID: <one@example.org>\n\n"
	const latin = "Subject: =?iso-8859-1?q?=5BPATCH_v4=5D_caf=E9?=\nMessage-ID: <latin@example.org>\n\n"
	const sep = "From x@example.org Thu Jan  2 03:04:05 2025\n"
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	single, dos := write("one", one), write("dos", crlf)
	mbox := write("mbox", sep+quoting+sep+one+"\n"+sep+crlf+"\r\n"+sep+latin)
	write("maildir/new/1", crlf)
	write("maildir/cur/2:2,S", one)
	for _, tc := range []struct {
		why, path, id, title string
		revision             int
	}{
		{"one message", single, "one@example.org", "One more", 2},
		{"CRLF", dos, "two@example.org", "Two", 1},
		{"mbox", mbox, "two@example.org", "Two", 1},
		{"the header counts, not a quotation of it", mbox, "one@example.org", "One more", 2},
		{"encoded", mbox, "latin@example.org", "café", 4},
		{"Maildir, seen", filepath.Join(dir, "maildir"), "one@example.org", "One more", 2},
		{"Maildir, new", filepath.Join(dir, "maildir"), "two@example.org", "Two", 1},
		{"folder of messages", dir, "one@example.org", "One more", 2},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			s, err := inbox.FindSubject(t.Context(), tc.path, tc.id)
			if err != nil || s.Title != tc.title || s.Revision != tc.revision {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	none := (*inbox.NotFoundError)(nil)
	if _, err := inbox.FindSubject(t.Context(), mbox, "three@example.org"); !errors.As(err, &none) {
		t.Errorf("a message that is not there: %v", err)
	}
	if _, err := inbox.FindSubject(t.Context(), filepath.Join(dir, "nowhere"), "one@example.org"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
