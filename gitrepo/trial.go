package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Trial applies patches to a commit as "git am" would, in an index and an
// object directory of its own: nothing of the repository changes, no work
// tree is needed, and all is gone when it is closed.
type Trial struct {
	repo *Repo
	git  runner
	dir  string
}

// An ApplyError reports a patch that does not apply.
type ApplyError struct{ Reason string } // git's words, one line

func (e *ApplyError) Error() string { return e.Reason }

// A ScratchError means that what patches are applied in cannot be written: there
// is no room, or the repository is not the user's to write to.
type ScratchError struct{ Err error }

func (e *ScratchError) Error() string { return fmt.Sprintf("apply the patches: %v", e.Err) }
func (e *ScratchError) Unwrap() error { return e.Err }

// NewTrial starts from the tree of a commit.
func (r *Repo) NewTrial(ctx context.Context, base ID) (*Trial, error) {
	t, err := r.emptyTrial(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := t.run(ctx, nil, "read-tree", string(base)); err != nil {
		err = t.because(err)
		t.Close()
		return nil, err
	}
	return t, nil
}

// emptyTrial starts from nothing.
func (r *Repo) emptyTrial(ctx context.Context) (*Trial, error) {
	objects, err := r.git.output(ctx, "rev-parse", "--path-format=absolute", "--git-path", "objects")
	if err != nil {
		return nil, err
	}
	dir, err := r.scratch("trial-")
	if err != nil {
		return nil, err
	}
	t := &Trial{repo: r, git: r.git, dir: dir}
	t.git.env = append(t.git.env[:len(t.git.env):len(t.git.env)],
		"GIT_INDEX_FILE="+filepath.Join(dir, "index"),
		"GIT_OBJECT_DIRECTORY="+dir,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES="+r.alternates(string(trimNewline(objects))))
	return t, nil
}

// scratch makes a folder beside the repository's own files, and removes those that
// programs have left behind which were killed a day ago or before.
func (r *Repo) scratch(prefix string) (string, error) {
	parent := filepath.Join(r.CommonDir, "kprep", "cache")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", &ScratchError{err}
	}
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return "", &ScratchError{err}
	}
	removeLeft(parent, filepath.Base(dir), prefix)
	return dir, nil
}

// removeLeft removes the folders with a prefix that are a day older than the one
// named. It is no loss where that cannot be.
func removeLeft(parent, newest, prefix string) {
	const old = 24 * time.Hour
	now, err := os.Stat(filepath.Join(parent, newest))
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		info, infoErr := e.Info()
		if err == nil && infoErr == nil && e.IsDir() && strings.HasPrefix(e.Name(), prefix) && now.ModTime().Sub(info.ModTime()) > old {
			_ = os.RemoveAll(filepath.Join(parent, e.Name()))
		}
	}
}

// alternates puts the repository's own objects before those that the
// environment names, in the form of git(1).
func (r *Repo) alternates(objects string) string {
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(objects) + `"`
	for i := len(r.git.env) - 1; i >= 0; i-- {
		if more, ok := strings.CutPrefix(r.git.env[i], "GIT_ALTERNATE_OBJECT_DIRECTORIES="); ok && more != "" {
			return quoted + string(os.PathListSeparator) + more
		}
	}
	return quoted
}

// Apply applies one diff on top of those before, without fuzz. It returns an
// *ApplyError when that fails; nothing of the diff is applied then.
func (t *Trial) Apply(ctx context.Context, diff []byte) error {
	_, err := t.run(ctx, diff, "apply", "--cached", "--whitespace=nowarn", "--no-ignore-whitespace", "-p1", "-")
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode > 0 {
		first, _, _ := strings.Cut(ge.reason(), "\n")
		return &ApplyError{Reason: first}
	}
	return err
}

// because is the error of a git that writes into the trial, or a *ScratchError
// where the disk has no room for that: git itself does not tell the two apart.
func (t *Trial) because(err error) error {
	size := int64(64 << 10)
	if index, err := os.Stat(filepath.Join(t.dir, "index")); err == nil {
		size += 2 * index.Size()
	}
	file := filepath.Join(t.dir, "room")
	defer os.Remove(file)
	if full := os.WriteFile(file, make([]byte, size), 0o600); full != nil {
		return &ScratchError{full}
	}
	return err
}

// run keeps out of the index what a user's settings would put there: parts of
// it in files beside it, or only some of the tree.
func (t *Trial) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	pinned := []string{"-c", "core.splitIndex=false", "-c", "core.sparseCheckout=false", "-c", "index.sparse=false",
		"-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"}
	return t.git.filter(ctx, bytes.NewReader(stdin), append(pinned, args...)...)
}

// Close removes all that the trial made.
func (t *Trial) Close() error { return os.RemoveAll(t.dir) }
