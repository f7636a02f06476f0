package patchmail

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// A gitDir is a scratch repository cut off from the developer's configuration.
type gitDir struct {
	t   *testing.T
	dir string
}

func newGitDir(t *testing.T) gitDir {
	t.Helper()
	gittest.Peer(t, "git")
	g := gitDir{t, t.TempDir()}
	g.run("", "init", "-q", "-b", "main")
	return g
}

func (g gitDir) run(stdin string, args ...string) string {
	g.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = g.dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + g.dir, "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Jane Dév", "GIT_AUTHOR_EMAIL=jane@dev.example",
		"GIT_COMMITTER_NAME=Jane Dév", "GIT_COMMITTER_EMAIL=jane@dev.example",
		"GIT_AUTHOR_DATE=2025-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2025-01-02T03:04:05Z",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		g.t.Fatalf("git %q: %v\n%s%s", args, err, out, stderr.Bytes())
	}
	return string(out)
}

func (g gitDir) write(name, content string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(content), 0o666); err != nil {
		g.t.Fatal(err)
	}
}

// toCRLF gives a mail the line ends it has on the wire, where many clients
// leave them.
func toCRLF(raw []byte) []byte {
	return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
}

// TestGitAm lets git judge: the commit that git am makes of our mail, in all the
// forms it may travel in, must be the one that was mailed.
func TestGitAm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why           string
		before, after string
		message       string
		attributes    string
		want          transferEncoding
	}{
		{
			why:    "ASCII leaves unencoded",
			before: "one\ntwo\n", after: "one\n2\n",
			message: "count\n\nWith a digit.\n",
			want:    sevenBit,
		},
		{
			why:    "UTF-8 leaves unencoded",
			before: "one\ntwo\n", after: "one\nzwölf €\n",
			message: "zähle\n\nSigned-off-by: Jane Dév <jane@dev.example>\n",
			want:    eightBit,
		},
		{
			why:    "CRLF file",
			before: "one\r\ntwo\r\nthree\r\n", after: "one\r\n2\r\nthree\r\n",
			message: "count\n",
			want:    quotedPrintable,
		},
		{
			why:    "CRLF to LF",
			before: "one\r\ntwo\r\nthree\r\n", after: "one\ntwo\nthree\n",
			message: "drop carriage returns\n",
			want:    quotedPrintable,
		},
		{
			why:    "lone carriage return in a line",
			before: "one\rtwo\n", after: "one\r2\n",
			message: "count\n",
			want:    quotedPrintable,
		},
		{
			why:    "file without final newline",
			before: "one\ntwo", after: "one\n2",
			message: "count\n",
			want:    sevenBit,
		},
		{
			why:    "CRLF file without final newline",
			before: "one\r\ntwo\r\n", after: "one\r\n2",
			message: "count\n",
			want:    quotedPrintable,
		},
		{
			why:    "line of 1,200 bytes",
			before: "one\n", after: strings.Repeat("0123456789 ", 110) + "\n",
			message: "long\n",
			want:    quotedPrintable,
		},
		{
			why:    "line of just 998 bytes in the mail",
			before: "one\n", after: strings.Repeat("a", 997) + "\n",
			message: "long\n",
			want:    sevenBit,
		},
		{
			why:    "line of just 999 bytes in the mail",
			before: "one\n", after: strings.Repeat("a", 998) + "\n",
			message: "long\n",
			want:    quotedPrintable,
		},
		{
			why:    "binary literal",
			before: "one\n", after: "\x00\x01\x02\xff\xfe binary \x00\r\n\n",
			message: "binary\n",
			want:    sevenBit,
		},
		{
			why:    "trailing blanks and tabs",
			before: "one  \ntwo\t\n\t\n", after: "one   \ntwo \t\n  \n",
			message: "blanks\n",
			want:    sevenBit,
		},
		{
			why:    "trailing blanks under quoted-printable",
			before: "one  \ntwo\t\n\t\n", after: "one   \r\ntwo \t\n  \n= =3D\n",
			message: "blanks\n",
			want:    quotedPrintable,
		},
		{
			why:    "form feed and vertical tab",
			before: "one\n", after: "\f\none\v\n",
			message: "pages\n",
			want:    sevenBit,
		},
		{
			why:    "From, dots and quoted From at line starts",
			before: "From here\n.\n>From there\n", after: "From there\n..\n>From here\n.\n",
			message: "lines\n\nFrom now on:\n.\n>From then on.\n..\n",
			want:    sevenBit,
		},
		{
			why:    "From, dots and quoted From under quoted-printable",
			before: "From here\r\n.\n>From there\n", after: "From there\n..\n>From here\n.\r\n",
			message: "lines\n\nFrom now on:\n.\n>From then on.\n..\n",
			want:    quotedPrintable,
		},
		{
			why:    "mailbox separator in the message",
			before: "one\n", after: "two\n",
			message: "lines\n\nFrom 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nis how patches start.\n",
			want:    quotedPrintable,
		},
		{
			why:    "Latin-1 file under a UTF-8 message",
			before: "one\n", after: "one \xe4\xf6\xfc\n",
			message: "zähle\n\nDas ist schön.\n",
			want:    quotedPrintable,
		},
		{
			why:    "several charsets in one diff",
			before: "\xd2\xc5\xd3\xd4\n", after: "\xd2\xc5\xd3\xd4 тест \xff\n",
			message: "mix\n",
			want:    quotedPrintable,
		},
		{
			why:    "mostly escapes",
			before: "one\n", after: strings.Repeat("\xd2\xc5\xd3\xd4 \xf0\xc9\r\n", 200),
			message: "koi8\n",
			want:    base64Encoding,
		},
		{
			why:    "NUL in a file diffed as text",
			before: "one\n", after: "o\x00ne\n",
			message: "nul\n", attributes: "file diff\n",
			want: quotedPrintable,
		},
		{
			why:    "sacred Unicode",
			before: "one\n", after: "e\u0301 \u00e9 \ufeff\u200b\u00a0\n\u2028",
			message: "unicode\n",
			want:    eightBit,
		},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			g := newGitDir(t)
			g.write(".git/info/attributes", tt.attributes)
			g.write("file", tt.before)
			g.run("", "add", "file")
			g.run("", "commit", "-q", "-m", "base")
			base := strings.TrimSpace(g.run("", "rev-parse", "HEAD"))
			g.write("file", tt.after)
			g.run(tt.message, "commit", "-q", "-a", "-F", "-", "--cleanup=verbatim")
			want := g.run("", "cat-file", "-p", "HEAD")

			_, body, _ := strings.Cut(g.run("", "format-patch", "-1", "--stdout", "--binary"), "\n\n")
			title, _, _ := strings.Cut(tt.message, "\n")
			m := Message{
				From:    Address{"Jane Dév", "jane@dev.example"},
				To:      []Address{{"", "list@lists.example.org"}},
				Subject: Subject{Title: title, Total: 1}.String(),
				Date:    time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC),
				ID:      "20250102-count-v1-1-abc@dev.example",
				Body:    []byte(body),
			}
			raw, err := m.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(raw, []byte("\nContent-Transfer-Encoding: "+tt.want+"\n")) {
				t.Errorf("not sent as %s:\n%s", tt.want, raw[:min(len(raw), 800)])
			}
			seven, err := SevenBit(raw)
			if err != nil {
				t.Fatal(err)
			}
			for form, mail := range map[string][]byte{
				"as written": raw, "CRLF": toCRLF(raw), "7-bit": seven, "7-bit CRLF": toCRLF(seven),
				"mailbox": append([]byte("From mboxrd@z Thu Jan  1 00:00:00 1970\n"), raw...),
			} {
				checkWire(t, mail)
				g.run("", "reset", "-q", "--hard", base)
				g.write(".git/mail", string(mail))
				g.run("", "am", "-q", ".git/mail")
				if got := g.run("", "cat-file", "-p", "HEAD"); got != want {
					t.Errorf("%s: git am made\n%q\nwant\n%q\nof\n%s", form, got, want, mail)
				}
			}
		})
	}
}

// checkWire fails when a line of a mail breaks the limits of RFC 5322.
func checkWire(t *testing.T, mail []byte) {
	t.Helper()
	for line := range bytes.Lines(mail) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 998 || bytes.ContainsAny(line, "\r\x00") {
			t.Errorf("not fit for the wire: %d bytes, %.80q", len(line), line)
		}
	}
}
