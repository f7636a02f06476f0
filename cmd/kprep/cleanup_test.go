package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// Each branch is asked about, and anything but yes is no.
func TestCleanupAsksForEachBranch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why     string
		answers string
		names   []string
		left    string // of the branches
		status  int
	}{
		{"no and yes", "n\ny\n", []string{"one", "two"}, "b4/one", 0},
		{"the end of the input is no", "y\n", []string{"one", "two"}, "b4/two", 0},
		{"all declined", "\nno\n", []string{"one", "two"}, "b4/one\nb4/two", statusFailed},
		{"one declined", "what?\n", []string{"one"}, "b4/one\nb4/two", statusFailed},
		{"a name twice is asked about once", "y\n", []string{"one", "b4/one"}, "b4/two", 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Write("a", "a\n")
			r.Commit("Start\n")
			kprep := func(stdin io.Reader, stderr io.Writer, words ...string) int {
				e := testEnv(t)
				e.dir, e.environ, e.stdin, e.stderr = r.Dir, append(r.Env, "GIT_TERMINAL_PROMPT=1"), stdin, stderr
				e.random = strings.NewReader(strings.Repeat("0123456789", 2))
				e.terminal = terminals{stdin: true, stderr: true}
				return run(t.Context(), e.env, commands, append([]string{"kprep"}, words...))
			}
			for _, name := range []string{"one", "two"} {
				if status := kprep(nil, io.Discard, "new", name, "-f", "main"); status != 0 {
					t.Fatalf("new %s: status %d", name, status)
				}
				r.Write(name, name)
				r.Commit("add " + name + "\n")
			}
			r.Git("checkout", "-q", "main")
			var screen bytes.Buffer
			// A terminal gives a line at a time.
			if status := kprep(&lines{text: tc.answers}, &screen, append([]string{"cleanup"}, tc.names...)...); status != tc.status {
				t.Errorf("status %d, want %d\n%s", status, tc.status, &screen)
			}
			if got := r.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/b4/"); got != tc.left {
				t.Errorf("left: %q, want %q\n%s", got, tc.left, &screen)
			}
			if want := "Put away b4/one: 1 patch, 0 sent tags (20"; strings.Count(screen.String(), want) != 1 {
				t.Errorf("the screen says\n%s", &screen)
			}
			if !strings.Contains(screen.String(), "in no remote branch:\n  ") {
				t.Errorf("nothing is said of what was never sent:\n%s", &screen)
			}
		})
	}
}

// lines is a reader that gives one line at a time.
type lines struct{ text string }

func (l *lines) Read(p []byte) (int, error) {
	if l.text == "" {
		return 0, io.EOF
	}
	n := copy(p, l.text[:strings.IndexByte(l.text, '\n')+1])
	l.text = l.text[n:]
	return n, nil
}
