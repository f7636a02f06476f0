package gitrepo

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Streams are what a git process that talks to the user is given.
type Streams struct{ Stdin, Stdout, Stderr *os.File }

// Rebase runs git rebase as if the user had typed it, with more environment
// and configuration. An interrupt is handed on, and git is left to end by
// itself: killed, it would leave its locks. The error is a *Error.
func (r *Repo) Rebase(ctx context.Context, s Streams, env, config []string, args ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var words []string
	for _, c := range config {
		words = append(words, "-c", c)
	}
	cmd := r.git.porcelain(ctx, append(append(words, "rebase"), args...)...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 0
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, s.Stderr
	err := cmd.Run()
	if err == nil || errors.Is(err, context.Canceled) && cmd.ProcessState.Success() {
		return nil
	}
	return commandError(context.WithoutCancel(ctx), cmd, "", err)
}

// Rebasing says whether git is in the middle of a rebase in this work tree,
// and of which branch: a full ref name, or "detached HEAD".
func (r *Repo) Rebasing() (branch string, ok bool) {
	for _, dir := range []string{"rebase-merge", "rebase-apply"} {
		path := filepath.Join(r.GitDir, dir)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(path, "head-name"))
		return strings.TrimSpace(string(text)), true
	}
	return "", false
}

// Unmerged says whether the index holds conflicts.
func (r *Repo) Unmerged(ctx context.Context) (bool, error) {
	out, err := r.git.output(ctx, "ls-files", "--unmerged", "-z")
	return len(out) > 0, err
}

// RebasedFrom says what became of a branch, a full ref name, after it was at
// old: known is false when the reflog does not tell. A rebase that ended took
// it to rebased; that is "" when anything else was done, or nothing.
func (r *Repo) RebasedFrom(ctx context.Context, branch string, old ID) (rebased ID, known bool, err error) {
	const enough = "200" // entries since: the user did much before the next kprep
	out, err := r.git.output(ctx, "log", "--walk-reflogs", "--format=%H %gs", "--max-count="+enough, branch, "--")
	if err != nil {
		return "", false, err
	}
	var after ID
	var how string
	for line := range strings.Lines(string(out)) {
		id, subject, _ := strings.Cut(strings.TrimSpace(line), " ")
		if ID(id) == old {
			if strings.HasPrefix(how, "rebase") {
				return after, true, nil
			}
			return "", true, nil
		}
		after, how = ID(id), subject
	}
	return "", false, nil
}

// NewJunction makes a commit that no ref will ever name, with two parents:
// what git rebase takes as its upstream, so that the commits above a are
// rebased, and those left out that b has in another form.
func (r *Repo) NewJunction(a, b *Commit, who Ident) Object {
	return r.NewObject("commit", commitData(b.Tree, []ID{a.ID, b.ID}, who, who, "kprep: not on any branch\n"))
}

// SequenceEditor is the command that git would open a rebase's list with.
func (r *Repo) SequenceEditor(ctx context.Context) (string, error) {
	for i := len(r.git.env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(r.git.env[i], "GIT_SEQUENCE_EDITOR="); ok {
			return value, nil
		}
	}
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	if value, ok := config.Get("sequence.editor"); ok {
		return value, nil
	}
	out, err := r.git.output(ctx, "var", "GIT_EDITOR")
	return string(trimNewline(out)), err
}

// EditWith opens file in an editor, a shell command.
func (r *Repo) EditWith(editor, file string, s Streams) error {
	// As git does: the shell splits the command, the file stays one word.
	cmd := exec.Command("sh", "-c", editor+` "$@"`, editor, file)
	cmd.Dir, cmd.Env = r.Dir, r.git.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, s.Stderr
	if err := cmd.Run(); err != nil {
		return &EditorError{Command: editor, Err: err}
	}
	return nil
}
