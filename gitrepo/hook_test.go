package gitrepo_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func TestRunHook(t *testing.T) {
	t.Parallel()
	const refuse = "#!/bin/sh\necho \"$1 $WHICH in $(basename \"$PWD\")\"\nexit 3\n"
	for _, tc := range []struct {
		why, path, hooksPath, text string
		mode                       os.FileMode
		want                       string // "" for agreed
	}{
		{"no hook", "", "", "", 0, ""},
		{"not executable", ".git/hooks/check", "", refuse, 0o644, ""},
		{"agrees", ".git/hooks/check", "", "#!/bin/sh\nexit 0\n", 0o755, ""},
		{"refuses", ".git/hooks/check", "", refuse, 0o755, "file 1/2 in repo"},
		{"refuses without a word", ".git/hooks/check", "", "#!/bin/sh\nexit 3\n", 0o755, "exit status 3"},
		{"another directory", "own/check", "own", refuse, 0o755, "file 1/2 in repo"},
		{"another directory in the home", "../hooks/check", "~/hooks", refuse, 0o755, "file 1/2 in repo"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			if tc.path != "" {
				r.Write(tc.path, tc.text)
				if err := os.Chmod(filepath.Join(r.Dir, tc.path), tc.mode); err != nil {
					t.Fatal(err)
				}
			}
			if tc.hooksPath != "" {
				r.Git("config", "core.hooksPath", tc.hooksPath)
			}
			err := open(t, r, r.Dir).RunHook(context.Background(), "check", []string{"WHICH=1/2"}, "file")
			refused := (*gitrepo.HookError)(nil)
			if tc.want == "" && err != nil || tc.want != "" && (!errors.As(err, &refused) || !strings.Contains(refused.Reason, tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestRunCommand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why   string
		words []string
		want  string // "" for agreed
	}{
		{"agrees, in the top directory", []string{"test", "-d", ".git"}, ""},
		{"refuses with words", []string{"sh", "-c", `echo "$0 $#" >&2; exit 1`, "a b"}, "own.hook refused: a b 0"},
		{"refuses without a word", []string{"false"}, "own.hook refused: exit status 1"},
		{"is not there", []string{"./no-such-program"}, "no-such-program"},
		{"leaves something running", []string{"sh", "-c", "sleep 60 & exit 0"}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Write("sub/file", "x\n")
			err := open(t, r, filepath.Join(r.Dir, "sub")).RunCommand(context.Background(), "own.hook", tc.words)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if refused := strings.Contains(tc.want, "refused"); refused != errors.As(err, new(*gitrepo.HookError)) {
				t.Errorf("got %T", err)
			}
		})
	}
}
