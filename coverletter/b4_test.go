package coverletter

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// A b4Series is a scratch repository with a topic branch that b4 tracks, made
// without b4: the cover-letter commit holds what Encode wrote.
type b4Series struct {
	t   *testing.T
	dir string
}

func newB4Series(t *testing.T, text string, tracking *Tracking, patches ...string) *b4Series {
	t.Helper()
	gittest.Peer(t, "b4", "git")
	s := &b4Series{t, t.TempDir()}
	s.run("", "git", "init", "-q", "-b", "main", ".")
	for _, setting := range []string{
		"user.name=Jane Dév", "user.email=jane@example.org", "b4.send-no-patatt-sign=yes",
		"sendemail.smtpserver=localhost", "branch.b4/t.b4-prep-cover-strategy=commit",
	} {
		key, value, _ := strings.Cut(setting, "=")
		s.run("", "git", "config", key, value)
	}
	s.commit("1\n2\n3\n", "base\n")
	s.run("", "git", "checkout", "-q", "-b", "b4/t")
	s.run(Encode(text, tracking), "git", "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-")
	content := "1\n2\n3\n"
	for _, message := range patches {
		content += message + "\n"
		s.commit(content, message)
	}
	return s
}

func (s *b4Series) commit(content, message string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "f"), []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.run("", "git", "add", "f")
	s.run(message, "git", "commit", "-q", "--cleanup=verbatim", "-F", "-")
}

func (s *b4Series) run(stdin, program string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "XDG_CONFIG_HOME=" + s.dir, "XDG_CACHE_HOME=" + s.dir, "XDG_DATA_HOME=" + s.dir,
		"GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%s %q: %v\n%s", program, args, err, stderr.String())
	}
	return string(out)
}

// sent returns the body of the first message that b4 would send. b4 ends it
// with one newline more.
func (s *b4Series) sent() string {
	s.t.Helper()
	s.run("", "b4", "--offline-mode", "send", "--to", "to@example.org", "-o", "out")
	names, err := filepath.Glob(filepath.Join(s.dir, "out", "*.eml"))
	if err != nil || len(names) == 0 {
		s.t.Fatalf("b4 wrote no messages: %v", err)
	}
	message, err := os.ReadFile(names[0])
	if err != nil {
		s.t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(message), "\n\n")
	return strings.TrimSuffix(body, "\n")
}

func (s *b4Series) parts(l Letter, changeID string) Parts {
	return Parts{
		Cover: l.Body(), ChangeID: changeID, Signature: "Jane Dév <jane@example.org>",
		Shortlog:   s.run("", "git", "shortlog", "main..HEAD", "--grep=^foo", "--no-merges"),
		Diffstat:   s.run("", "git", "diff", "--stat", "main..HEAD"),
		BaseCommit: strings.TrimSpace(s.run("", "git", "rev-parse", "main")),
	}
}

func TestB4ReadsCover(t *testing.T) {
	t.Parallel()
	tracking := NewTracking("20261121-t-eb7feaf4228f")
	tracking.Revision = 2
	tracking.Prefixes = []string{"RFC", "ž"}
	tracking.History = map[string][]string{"v1": {"20261121-t-v1-0-aaa@example.org"}}
	s := newB4Series(t, "The title\n\nprose é\n\n# c\n"+signOff+"\n", tracking, "foo: change\n\n"+signOff+"\n")
	info := s.run("", "b4", "prep", "--show-info")
	for _, want := range []string{
		"cover-subject: The title", "change-id: 20261121-t-eb7feaf4228f", "revision: 2", "prefixes: RFC ž", ": foo: change",
	} {
		if !strings.Contains(info, want) {
			t.Errorf("b4 prep --show-info lacks %q:\n%s", want, info)
		}
	}
	// And what b4 writes is read and written back alike.
	s.run("", "b4", "prep", "--set-prefixes", "one", "twö")
	message := s.run("", "git", "log", "-1", "--format=%B", "--grep", Marker)
	text, back, err := Decode(message)
	if err != nil {
		t.Fatal(err)
	}
	if got := Encode(text, back); strings.TrimSpace(got) != strings.TrimSpace(message) {
		t.Errorf("got %s\nb4 wrote %s", got, message)
	}
	tracking.Prefixes = []string{"one", "twö"}
	if got, want := string(back.JSON()), string(tracking.JSON()); got != want {
		t.Errorf("b4 made of it %s\nwant %s", got, want)
	}
}

func TestB4RendersAlike(t *testing.T) {
	t.Parallel()
	const trailerBlock = "To: a@example.org\nCc: \"Odd, Name\" <odd@example.org>\nAcked-by: Ann <ann@example.org>\n" + signOff + "\n"
	texts := []struct{ why, text string }{
		{"prose and trailers", "The title\n\nOne.\n\nTwo.\n\n" + trailerBlock},
		{"prose only", "The title\n\nOne.\n# private\n\nTwo.\n"},
		{"recipients only", "The title\n\nOne.\n\nTo: a@example.org\n"},
		{"changelog", "The title\n\nOne.\n\n" + trailerBlock + "\n---\nChanges in v2:\n- x\n- y\n\n---\nmore\n"},
		{"changelog without trailers", "The title\n\nOne.\n\n---\nChanges in v2:\n- x\n\nChanges in v1:\n- y\n"},
		{"title only in line one of a paragraph", "The title\nand more\n\nOne.\n\n" + trailerBlock},
	}
	const message = "foo: change\n\nBody.\n\n" + signOff + "\n"
	for _, tt := range texts {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			l, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			tracking := NewTracking("20261121-t-eb7feaf4228f")
			s := newB4Series(t, tt.text, tracking, message, "foo: again\n\n"+signOff+"\n")
			if got, want := Fill(DefaultTemplate, s.parts(l, tracking.ChangeID)), s.sent(); got != want {
				t.Errorf("cover letter: got %s\nb4 %s", got, want)
			}

			s = newB4Series(t, tt.text, tracking, message)
			_, patch, _ := strings.Cut(s.run("", "git", "format-patch", "--stdout", "--no-signature", "-1"), "\n---\n")
			_, body, _ := strings.Cut(message, "\n\n")
			got := MixIn(body, l, strings.TrimSuffix(patch, "\n"), s.parts(l, tracking.ChangeID), DefaultTemplate)
			if want := s.sent(); got != want {
				t.Errorf("single patch: got %s\nb4 %s", got, want)
			}
		})
	}
}
