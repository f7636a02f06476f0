package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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
// and of which branch: a full ref name, "detached HEAD", or "" when git was
// killed before it wrote that down.
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

// RebaseCutOff says whether the rebase that is under way did not stop by
// itself but was killed. Git takes a patch off its list before it applies it:
// to continue could lose the one that it was at.
func (r *Repo) RebaseCutOff() bool {
	dir := filepath.Join(r.GitDir, "rebase-merge")
	if _, err := os.Stat(filepath.Join(dir, "stopped-sha")); err == nil {
		return false // a conflict, or an "edit"
	}
	if tookMore(dir) {
		return true
	}
	done, _ := os.ReadFile(filepath.Join(dir, "done"))
	lines := strings.Split(strings.TrimSpace(string(done)), "\n")
	last := lines[len(lines)-1]
	if f := strings.Fields(last); len(f) > 1 && r.applied(ID(f[1])) {
		return false
	}
	switch word, _, _ := strings.Cut(last, " "); word {
	case "exec", "x", "break", "b", "drop", "d", "noop", "label", "l", "reset", "t":
		return false
	}
	// What could not be begun, for a file in the way, is on the list again.
	list, _ := os.ReadFile(filepath.Join(dir, "git-rebase-todo"))
	next, _, _ := strings.Cut(string(list), "\n")
	return last == "" || next != last
}

// tookMore says whether git took a line off its list and was killed before it
// wrote it to those that are done: both together are less than the whole, which
// git counted when it began or went on. The user may have taken lines out since
// with --edit-todo, which keeps the list of before.
func tookMore(dir string) bool {
	text, _ := os.ReadFile(filepath.Join(dir, "end"))
	whole, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return false
	}
	for _, name := range []string{"done", "git-rebase-todo"} {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		for line := range strings.Lines(string(text)) {
			if strings.TrimSpace(line) != "" {
				whole--
			}
		}
	}
	done, err := os.Stat(filepath.Join(dir, "done"))
	if whole <= 0 || err != nil {
		return whole > 0
	}
	edited, err := os.Stat(filepath.Join(dir, "git-rebase-todo.backup"))
	return err != nil || !edited.ModTime().After(done.ModTime())
}

// applied says whether git has put down that it is done with a commit.
func (r *Repo) applied(id ID) bool {
	if _, ok := r.Rewritten()[id]; ok {
		return true
	}
	text, _ := os.ReadFile(filepath.Join(r.GitDir, "rebase-merge", "rewritten-pending"))
	return slices.Contains(strings.Fields(string(text)), string(id))
}

// Rewritten is git's own list of what it has put in the place of what, as far
// as the rebase that is under way has come. Of several commits that became one
// each is in it.
func (r *Repo) Rewritten() map[ID]ID {
	text, _ := os.ReadFile(filepath.Join(r.GitDir, "rebase-merge", "rewritten-list"))
	list := map[ID]ID{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 {
			list[ID(f[0])] = ID(f[1])
		}
	}
	return list
}

// QuitRebase forgets a rebase under way and leaves all else as it is; what was
// put aside goes to the stash.
func (r *Repo) QuitRebase(ctx context.Context) error {
	_, err := r.git.output(ctx, "rebase", "--quit")
	if _, ok := r.Rebasing(); !ok {
		return nil
	}
	return err
}

// RestoreTree takes index and work tree to a commit from wherever a killed git
// left them on the way from it to another commit. Files that git had written
// and not yet recorded are taken for git's; other untracked files stay.
func (r *Repo) RestoreTree(ctx context.Context, to, other ID) error {
	left, err := r.leftovers(ctx, to, other)
	if err != nil {
		return err
	}
	var info bytes.Buffer
	for _, l := range left {
		fmt.Fprintf(&info, "%s %s\t%s\x00", l.mode, l.id, l.path)
	}
	if info.Len() > 0 {
		if _, err := r.inTree(ctx, info.Bytes(), "update-index", "-z", "--index-info"); err != nil {
			return err
		}
	}
	_, err = r.inTree(ctx, nil, "read-tree", "--reset", "-u", "--no-recurse-submodules", string(to))
	return err
}

// RemoveLeftovers removes the files that a killed git had written on the way
// from one commit to another, and not yet recorded.
func (r *Repo) RemoveLeftovers(ctx context.Context, to, other ID) error {
	left, err := r.leftovers(ctx, to, other)
	if err != nil {
		return err
	}
	for _, l := range left {
		path := filepath.Join(r.TopLevel, filepath.FromSlash(l.path))
		if err := os.Remove(path); err != nil {
			return err
		}
		for dir := filepath.Dir(path); dir != r.TopLevel && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
			// git leaves no empty directories either
		}
	}
	return nil
}

type leftover struct {
	mode, path string
	id         ID
}

// leftovers are the files of other that to does not have, as far as the work
// tree has them with that very content, or the beginning of it: git does not
// set out over a file of the user's.
func (r *Repo) leftovers(ctx context.Context, to, other ID) ([]leftover, error) {
	out, err := r.inTree(ctx, nil, "diff-tree", "-r", "-z", "--no-renames", "--raw", "--no-abbrev", "--diff-filter=A", string(to), string(other))
	if err != nil {
		return nil, err
	}
	var left []leftover
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		f, path := strings.Fields(strings.TrimPrefix(fields[i], ":")), fields[i+1]
		if len(f) != 5 {
			return nil, fmt.Errorf("git diff-tree printed %q", fields[i])
		}
		same, err := r.fileIs(ctx, path, f[1], ID(f[3]))
		if err != nil {
			return nil, err
		}
		if same || r.begun(path, ID(f[3])) {
			left = append(left, leftover{mode: f[1], path: path, id: ID(f[3])})
		}
	}
	return left, nil
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

// begun says whether a file of the work tree holds the beginning of a blob, as
// one does that git was killed at while it wrote it.
func (r *Repo) begun(path string, id ID) bool {
	name := filepath.Join(r.TopLevel, filepath.FromSlash(path))
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if info.Size() == 0 {
		return true
	}
	blob, err := r.object(string(id))
	if err != nil || info.Size() >= int64(len(blob.Data)) {
		return false
	}
	text, err := os.ReadFile(name)
	return err == nil && bytes.HasPrefix(blob.Data, text)
}
