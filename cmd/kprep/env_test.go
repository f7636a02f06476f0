package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestDirectories(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		words  []string
		want   string // below root
		stderr string
	}{
		{"none", nil, "", ""},
		{"one", []string{"-C", "a"}, "a", ""},
		{"each starts at the one before", []string{"-C", "a", "-C", "b"}, "a/b", ""},
		{"an absolute one starts anew", []string{"-C", "a", "-C", root}, "", ""},
		{"the empty one says nothing", []string{"-C", "a", "-C", ""}, "a", ""},
		{"missing", []string{"-C", "gone"}, "", `change to "ROOT/gone": no such file or directory`},
		{"a file", []string{"-C", "file"}, "", `change to "ROOT/file": not a directory`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := testEnv(t)
			e.dir = root
			got := ""
			act := verb(func(*cli.Context) error { got = e.path("x"); return nil })
			status := run(t.Context(), e.env, act, append(append([]string{"kprep"}, tc.words...), "act"))
			if tc.stderr != "" {
				if want := "kprep: " + strings.ReplaceAll(tc.stderr, "ROOT", root) + "\n"; status != 1 || e.err.String() != want || got != "" {
					t.Errorf("status %d, stderr %q, ran %v; want 1, %q", status, e.err, got != "", want)
				}
				return
			}
			if want := filepath.Join(root, tc.want, "x"); status != 0 || got != want {
				t.Errorf("status %d, path %q, want %q", status, got, want)
			}
		})
	}
}

func TestUseColour(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name             string
		option, setting  string
		environ          []string
		terminal, expect bool
	}{
		{"a terminal", "auto", "", nil, true, true},
		{"a pipe", "auto", "", nil, false, false},
		{"a dumb terminal", "auto", "", []string{"TERM=dumb"}, true, false},
		{"NO_COLOR", "auto", "", []string{"NO_COLOR=1"}, true, false},
		{"an empty NO_COLOR says nothing", "auto", "", []string{"NO_COLOR="}, true, true},
		{"NO_COLOR is above the configuration", "auto", "always", []string{"NO_COLOR=1"}, true, false},
		{"the option is above NO_COLOR", "always", "", []string{"NO_COLOR=1"}, false, true},
		{"the option is above the configuration", "never", "always", nil, true, false},
		{"configured always", "auto", "always", nil, false, true},
		{"configured off", "auto", "false", nil, true, false},
		{"true means auto to git", "auto", "true", nil, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := env{colour: tc.option, environ: tc.environ, terminal: terminals{stdout: tc.terminal}}
			if got := e.useColour(tc.setting); got != tc.expect {
				t.Errorf("useColour(%q) = %v, want %v", tc.setting, got, tc.expect)
			}
		})
	}
}

func TestMayPrompt(t *testing.T) {
	t.Parallel()
	both := terminals{stdin: true, stderr: true}
	for _, tc := range []struct {
		name     string
		terminal terminals
		environ  []string
		want     bool
	}{
		{"a terminal on both sides", both, nil, true},
		{"answers from a pipe", terminals{stderr: true}, nil, false},
		{"nobody sees the question", terminals{stdin: true}, nil, false},
		{"git may not prompt either", both, []string{"GIT_TERMINAL_PROMPT=1", "GIT_TERMINAL_PROMPT=0"}, false},
	} {
		if got := (&env{terminal: tc.terminal, environ: tc.environ}).mayPrompt(); got != tc.want {
			t.Errorf("%s: mayPrompt() = %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		quiet, verbose bool
		want           string
	}{
		{"plain", false, false, "sent \\x1b\nwarning: w\n"},
		{"quiet", true, false, "warning: w\n"},
		{"verbose", false, true, "sent \\x1b\nopened\nwarning: w\n"},
	} {
		e := testEnv(t)
		e.quiet, e.verbose = tc.quiet, tc.verbose
		e.notef("sent %s", "\x1b")
		e.debugf("opened")
		e.warnf("w")
		if got := e.err.String(); got != tc.want || e.out.Len() > 0 {
			t.Errorf("%s: stderr %q, want %q; stdout %q", tc.name, got, tc.want, e.out)
		}
	}
}

func TestRandomHex(t *testing.T) {
	t.Parallel()
	e := testEnv(t) // has ten bytes
	if got, err := e.randomHex(12); got != "303132333435" || err != nil {
		t.Errorf("randomHex(12) = %q, %v", got, err)
	}
	if got, err := e.randomHex(12); err == nil {
		t.Errorf("randomHex(12) = %q from too few bytes", got)
	}
}
