package main

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
)

// On a terminal of 40 columns what people read has no line that is wider, but for
// words that are; in a pipe it is as it always was. Both say the same.
func TestNarrowTerminal(t *testing.T) {
	t.Parallel()
	r, server := gittest.New(t), mailtest.Start(t, mailtest.Options{})
	r.Write("a", "a\n")
	r.Commit("Start\n")
	const columns = 40
	kprep := func(terminal bool, input string, words ...string) (int, string) {
		e, seen := watched(false)
		if terminal {
			e, seen = watched(true)
			e.terminal.stdin = true
		}
		fixed := testEnv(t)
		e.dir, e.environ, e.stdin, e.now = r.Dir, append(r.Env, "GIT_TERMINAL_PROMPT=1", "COLUMNS=40"), strings.NewReader(input), fixed.now
		e.random = strings.NewReader(strings.Repeat("0123456789", 10))
		e.noPager = true
		status := run(t.Context(), e, commands, append([]string{"kprep"}, words...))
		return status, seen.String()
	}
	for _, words := range [][]string{{"new", "topic"}, {"cover", "--from", "-"}} {
		if status, said := kprep(false, "A title of a series that needs some room\n\nText.\n\nTo: The readers of a list <list@lists.example.org>\n", words...); status != 0 {
			t.Fatalf("kprep %q: status %d, %s", words, status, said)
		}
	}
	r.Write("b", "b\n")
	r.Commit("add b, by a patch that has quite a long title too\n\nText.\n")
	r.Git("config", "sendemail.smtpServer", server.Host())
	r.Git("config", "sendemail.smtpServerPort", server.Port())

	for _, c := range []struct {
		words  []string
		status int
		same   bool // in a pipe too, blanks aside
	}{
		{[]string{"status"}, 0, false}, // has a picture
		{[]string{"info"}, 0, true},
		{[]string{"log"}, 0, true},
		{[]string{"doctor", "--offline"}, 0, true},
		{[]string{"send", "--help"}, 0, true},
		{[]string{"help", "terminal"}, 0, true},
		{[]string{"send"}, 1, false}, // asks
		{[]string{"set", "prefixes", "--frobnicate-the-whole-series"}, 2, true},
		{[]string{"rebase", "of-some-project/that-is-not-there"}, 1, true},
	} {
		status, narrow := kprep(true, "", c.words...)
		if status != c.status {
			t.Errorf("kprep %q: status %d, want %d\n%s", c.words, status, c.status, narrow)
		}
		for line := range strings.Lines(strings.ReplaceAll(narrow, "\x1b[K\r", "\n")) {
			line = strings.TrimRight(line, "\n")
			if text := strings.TrimSpace(line); cells(line) > columns && strings.Contains(text, " ") {
				t.Errorf("kprep %q: a line of %d columns: %q", c.words, cells(line), line)
			}
		}
		if _, piped := kprep(false, "", c.words...); c.same && strings.Join(strings.Fields(narrow), " ") != strings.Join(strings.Fields(piped), " ") {
			t.Errorf("kprep %q says on a terminal\n%s\nand in a pipe\n%s", c.words, narrow, piped)
		} else if c.same && c.words[0] != "help" && strings.Count(piped, "\n") >= strings.Count(narrow, "\n") {
			t.Errorf("kprep %q has as many lines on a terminal as in a pipe:\n%s", c.words, piped)
		}
	}
	if server.Connections() != 0 {
		t.Errorf("%d connections", server.Connections())
	}
}
