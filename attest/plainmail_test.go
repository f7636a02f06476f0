package attest

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// checkPlain compares what is computed here with git, where it is computed.
func checkPlain(t *testing.T, raw []byte) (plain bool) {
	t.Helper()
	m, err := parseMessage(raw)
	if err != nil {
		return false
	}
	got, plain := readPlain(m)
	if !plain {
		return false
	}
	want, err := gitrepo.ReadMailinfo(context.Background(), gitrepo.Options{}, m.bytes())
	if err != nil {
		t.Fatalf("git mailinfo of %q: %v", raw, err)
	}
	if got.Author != want.Author || got.Email != want.Email || got.Subject != want.Subject ||
		!bytes.Equal(canonicalBody(got), canonicalBody(want)) {
		t.Errorf("of %q\n got %q <%q> %q %q %q\nwant %q <%q> %q %q %q", raw,
			got.Author, got.Email, got.Subject, got.Message, got.Patch,
			want.Author, want.Email, want.Subject, want.Message, want.Patch)
	}
	return true
}

// Every mail of the vectors, signed or not, reads as git reads it, and most
// need no git.
func TestPlainMailEqualsMailinfo(t *testing.T) {
	t.Parallel()
	mails, plain := 0, 0
	err := filepath.WalkDir(vectorsDir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".eml") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mails++
		if checkPlain(t, raw) {
			plain++
		}
		return nil
	})
	if err != nil || mails < 226 || plain < mails*3/4 {
		t.Errorf("%d of %d mails are plain, %v", plain, mails, err)
	}
}

const plainMail = "From: Jane Dév <jane@example.org>\nSubject: [PATCH v2 1/3] fix: leak\n\nText.\n---\n f | 1 +\n\ndiff --git a/f b/f\n"

func TestReadPlain(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git")
	with := func(old, new string) string { return strings.Replace(plainMail, old, new, 1) }
	for _, tc := range []struct {
		name, mail string
		plain      bool
	}{
		{"as git format-patch writes it", plainMail, true},
		{"CRLF", strings.ReplaceAll(plainMail, "\n", "\r\n"), true},
		{"a sender for an author", with("Text.", "From: Zoe Zed <zoe@example.org>\n\nText."), true},
		{"an in-body author without a patch does not count", "From: Jane <j@example.org>\nSubject: s\n\nFrom: Zoe Zed <z@example.org>\n\nText.\n", true},
		{"an encoded name", with("Jane Dév", "=?utf-8?q?Jane_D=C3=A9v?="), true},
		{"two encoded words", with("fix: leak", "=?UTF-8?B?w6k=?= =?utf-8?q?=C3=A9?= x"), true},
		{"a quoted name", with("Jane Dév", `"Dév, Jane"`), true},
		{"an address alone", with("Jane Dév <jane@example.org>", "jane@example.org"), true},
		{"a name too short", with("Jane Dév", "J"), false},
		{"a name too long", with("Jane Dév", strings.Repeat("Jane ", 13)), true},
		{"the longest name", with("Jane Dév", strings.Repeat("J", 60)), true},
		{"one more", with("Jane Dév", strings.Repeat("J", 61)), true},
		{"the shortest name", with("Jane Dév", "JaD"), true},
		{"Re", with("[PATCH", "Re: RE: [PATCH"), true},
		{"a folded subject", with("fix: leak", "fix:\n leak\n  of\n\tmemory"), true},
		{"a separator with blanks", with("---\n", "---  \n"), true},
		{"a line of dashes", with("Text.", "Text.\n-----\nmore"), true},
		{"a bare diff", with("---\n f | 1 +\n\ndiff --git a/f b/f\n", "--- a/f\n+++ b/f\n"), true},
		{"a sender, and a diff by Subversion", with("Text.\n---\n f | 1 +\n\ndiff --git a/f b/f\n", "From: Zoe Zed <zoe@example.org>\n\nText.\nIndex: f\n"), true},
		{"quoted-printable", with("\n\nText.", "\nContent-Transfer-Encoding: quoted-printable\n\nText=3D=\n  \nx"), true},
		{"base64", "From: Jane D <j@example.org>\nSubject: s\nContent-Transfer-Encoding: base64\n\nVGV4dC4KLS0tCng=\n", true},
		{"bytes of another charset in the patch", with("f | 1 +", "\xe9"), true},
		{"an address with a comment", with("<jane@example.org>", "<jane@example.org> (work)"), false},
		{"an escape in a name", with("Jane Dév", `"Jane \"J\" Dév"`), false},
		{"another charset", with("\n\nText.", "\nContent-Type: text/plain; charset=iso-8859-1\n\nText."), false},
		{"bytes of another charset in the message", with("Text.", "\xe9"), false},
		{"several parts", with("\n\nText.", "\nContent-Type: multipart/mixed; boundary=x\n\nText."), false},
		{"format=flowed", with("\n\nText.", "\nContent-Type: text/plain; format=flowed\n\nText."), false},
		{"an encoded word in another charset", with("Jane Dév", "=?iso-8859-1?q?J=E9n?="), false},
		{"a subject in the body", with("Text.", "Subject: other\n\nText."), false},
		{"two Froms", with("Subject", "From: Zoe <z@example.org>\nSubject"), false},
		{"no From", with("From: Jane Dév <jane@example.org>\n", ""), false},
		{"an encoded word in the Message-ID", with("Subject", "Message-ID: =?\nSubject"), false},
		{"a NUL", with("Text.", "Text\x00"), false},
		{"a damaged encoding", with("\n\nText.", "\nContent-Transfer-Encoding: quoted-printable\n\nText=3"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if plain := checkPlain(t, []byte(tc.mail)); plain != tc.plain {
				t.Errorf("plain is %v, want %v, of %q", plain, tc.plain, tc.mail)
			}
		})
	}
}

// Whatever is taken for plain reads as git reads it.
func FuzzPlainMail(f *testing.F) {
	for _, pattern := range []string{"unsigned/*.eml", "odd/*.eml", "benign/*.eml"} {
		files, _ := filepath.Glob(filepath.Join(vectorsDir, pattern))
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Add([]byte(plainMail))
	f.Fuzz(func(t *testing.T, raw []byte) { checkPlain(t, raw) })
}

// The fields that matter, put together by the fuzzer: most of what it tries is
// plain then.
func FuzzPlainFields(f *testing.F) {
	f.Add("Jane Dév <jane@example.org>", "[PATCH v2 1/3] fix: leak", "Text.\n---\n f | 1 +\n")
	f.Add(`"Dév, Jane" <jane@example.org>`, "Re: [a] =?utf-8?q?=C3=A9?= =?utf-8?b?w6k=?=", "From: Zoe Zed <zoe@example.org>\n\nx\ndiff -\n")
	f.Add("jane@example.org", "Re:\n [x] y", "Index: x\n--- a\n")
	f.Add("=?utf-8?q?Jane?= <j@x>", "re: a\tb  c", "-- \n---\n")
	f.Fuzz(func(t *testing.T, from, subject, body string) {
		checkPlain(t, []byte("From: "+from+"\nSubject: "+subject+"\n\n"+body))
	})
}
