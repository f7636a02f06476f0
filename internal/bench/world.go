package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A world is the scratch directory with the repository, and the programs.
type world struct {
	root      string // the repository lies in root/repo
	kprep, b4 string // full paths; b4 is "" when it is not installed
}

// series that are measured, by their number of patches.
var sizes = [...]int{3, 30}

// mailed is the number of patches of the series that is sent: with its cover
// letter, 100 messages.
const mailed = 99

// manySeries is how many more there are for a list.
const manySeries = 18

func branch(patches int) string { return fmt.Sprintf("b4/bench-%d", patches) }

func (w *world) repo() string { return filepath.Join(w.root, "repo") }

// environ lets nothing of the user's own set-up in.
func (w *world) environ() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.root, "TZ=UTC", "LC_ALL=C.UTF-8",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
	}
}

func (w *world) command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, w.environ()
	return cmd
}

func (w *world) run(ctx context.Context, name string, args ...string) error {
	out, err := w.command(ctx, w.repo(), name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return nil
}

func (w *world) git(ctx context.Context, args ...string) error { return w.run(ctx, "git", args...) }

// prepare builds what is not there yet.
func (w *world) prepare(ctx context.Context, maker string, commits, files int) error {
	if err := os.MkdirAll(w.repo(), 0o755); err != nil {
		return err
	}
	if err := w.writeEditors(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(w.root, "complete")); err != nil {
		fmt.Fprintf(os.Stderr, "building a repository of %d commits and %d files\n", commits, files)
		if err := w.buildRepository(ctx, history{commits, files}); err != nil {
			return err
		}
	}
	for _, patches := range append(sizes[:], mailed) {
		if w.git(ctx, "rev-parse", "--verify", "--quiet", branch(patches)) == nil {
			continue
		}
		if err := w.buildSeries(ctx, maker, patches); err != nil {
			return fmt.Errorf("series of %d patches: %w", patches, err)
		}
	}
	return w.buildMany(ctx)
}

// buildMany starts the series that only a list shows.
func (w *world) buildMany(ctx context.Context) error {
	for n := range manySeries {
		name := fmt.Sprintf("many-%d", n)
		if w.git(ctx, "rev-parse", "--verify", "--quiet", "b4/"+name) == nil {
			continue
		}
		if err := w.git(ctx, "checkout", "--quiet", "master"); err != nil {
			return err
		}
		if err := w.run(ctx, w.kprep, "new", name); err != nil {
			return err
		}
		for range 3 {
			if err := w.git(ctx, "commit", "--quiet", "--allow-empty", "--message", "a patch"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) buildRepository(ctx context.Context, h history) error {
	if err := w.git(ctx, "init", "--quiet", "--initial-branch=master"); err != nil {
		return err
	}
	for key, value := range map[string]string{
		"user.name": "Jane Doe", "user.email": "jane@example.org", "core.editor": w.editor("touch"),
		"advice.detachedHead": "false", "sendemail.smtpServer": "localhost",
	} {
		if err := w.git(ctx, "config", key, value); err != nil {
			return err
		}
	}
	load := w.command(ctx, w.repo(), "git", "fast-import", "--quiet", "--done", "--force")
	load.Stderr = os.Stderr
	stream, err := load.StdinPipe()
	if err != nil {
		return err
	}
	if err := load.Start(); err != nil {
		return err
	}
	writeErr := h.writeTo(stream)
	if err := errors.Join(writeErr, stream.Close(), load.Wait()); err != nil {
		return fmt.Errorf("git fast-import: %w", err)
	}
	// A clone has its history in one pack, with a commit graph, and knows the
	// branch that it follows.
	for _, args := range [][]string{
		{"gc", "--quiet"},
		{"update-ref", "refs/remotes/origin/master", "refs/heads/master"},
		{"reset", "--quiet", "--hard"},
	} {
		if err := w.git(ctx, args...); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(w.root, "complete"), nil, 0o644)
}

func (w *world) buildSeries(ctx context.Context, maker string, patches int) error {
	name := strings.TrimPrefix(branch(patches), "b4/")
	start, cover := []string{w.kprep, "new", name}, []string{w.kprep, "cover"}
	if maker == "b4" {
		start, cover = []string{w.b4, "prep", "-n", name, "-f", "master"}, []string{w.b4, "prep", "--edit-cover"}
	}
	if err := w.git(ctx, "checkout", "--quiet", "master"); err != nil {
		return err
	}
	if err := w.run(ctx, start[0], start[1:]...); err != nil {
		return err
	}
	for n := range patches {
		path := filePath(n%30*31 + 7)
		text := fmt.Appendf(nil, "/* patch %d */\n", n)
		for line := range min(20+n*n/2, 450) { // up to some 25 KB
			text = fmt.Appendf(text, "static int added_%d_%d(void) { return %d; }\n", n, line, line*n)
		}
		full := filepath.Join(w.repo(), path)
		old, err := os.ReadFile(full)
		if err != nil {
			return err
		}
		if err := os.WriteFile(full, append(old, text...), 0o644); err != nil {
			return err
		}
		message := fmt.Sprintf("area: add functions for purpose %d\n\nThey are needed by the next one.\n\nSigned-off-by: Jane Doe <jane@example.org>", n)
		if err := w.git(ctx, "commit", "--quiet", "--message", message, "--", path); err != nil {
			return err
		}
	}
	if err := w.git(ctx, "config", "core.editor", w.editor("fill")); err != nil {
		return err
	}
	if err := w.run(ctx, cover[0], cover[1:]...); err != nil {
		return err
	}
	return w.git(ctx, "config", "core.editor", w.editor("touch"))
}

func (w *world) editor(name string) string { return filepath.Join(w.root, "editor-"+name) }

// writeEditors makes the two editors: one that writes a cover letter, and one
// that changes a line of it each time.
func (w *world) writeEditors() error {
	const fill = `#!/bin/sh
cat >"$1" <<'END'
area: add functions for many purposes

They are needed, and this is the reason.

bench 0

To: list@lists.example.org
Cc: Some Body <somebody@example.org>
END
`
	const touch = "#!/bin/sh\nexec sed -i \"s/^bench .*/bench $$/\" \"$1\"\n"
	for name, text := range map[string]string{"fill": fill, "touch": touch} {
		if err := os.WriteFile(w.editor(name), []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}
