package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An OverwriteError means that files with changes of the user's own stand in
// the way of a change of the work tree. Nothing was touched.
type OverwriteError struct {
	Reason string // as git says it, with the path
}

func (e *OverwriteError) Error() string {
	return "changes in the work tree are in the way: " + e.Reason
}

// Transition takes index and work tree from one tree to another (commits or
// trees), as "git reset --keep" does: files that are the same in both keep
// what the user changed in them, staged or not; where a changed file differs
// between the two it returns an *OverwriteError and touches nothing. A
// transition that was made already, wholly or in part, is no error, so it can
// be repeated after a crash. HEAD does not move. Without a work tree, and for
// equal trees, nothing happens.
func (r *Repo) Transition(ctx context.Context, from, to ID) error {
	if r.TopLevel == "" || from == to {
		return nil
	}
	err := r.readTree(ctx, from, to, false)
	if err == nil || !errors.As(err, new(*OverwriteError)) {
		return err
	}
	// What a killed git checked out already looks like the user's changes. Where
	// a file has exactly the content it shall get, the index may say so.
	adopted, adoptErr := r.adopt(ctx, from, to)
	if adoptErr != nil || !adopted {
		return err
	}
	return r.readTree(ctx, from, to, false)
}

// CheckTransition says what Transition would say, and changes nothing.
func (r *Repo) CheckTransition(ctx context.Context, from, to ID) error {
	if r.TopLevel == "" || from == to {
		return nil
	}
	return r.readTree(ctx, from, to, true)
}

// readTree runs in the top directory: hooks do not run, filters do.
func (r *Repo) readTree(ctx context.Context, from, to ID, dry bool) error {
	args := []string{"read-tree", "-m", "-u", "--no-recurse-submodules"}
	// A stale stat cache must not look like a change.
	if _, err := r.inTree(ctx, nil, "update-index", "-q", "--refresh"); err != nil {
		if ge := (*Error)(nil); !errors.As(err, &ge) || ge.ExitCode != 1 {
			if locked := r.CheckIndexUnlocked(); locked != nil {
				return locked
			}
			return err
		}
	}
	run := func(more ...string) error {
		_, err := r.inTree(ctx, nil, append(append(args[:len(args):len(args)], more...), string(from), string(to))...)
		return err
	}
	var err error
	if dry {
		err = run("-n")
	} else {
		err = run()
	}
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 128 {
		// Git gives one status for all: what a rehearsal refuses as well is no
		// matter of a full disk, and a lock can be seen.
		if _, locked := os.Lstat(filepath.Join(r.GitDir, "index.lock")); locked == nil {
			return err
		}
		if dry || run("-n") != nil {
			return &OverwriteError{Reason: ge.reason()}
		}
	}
	return err
}

func (r *Repo) inTree(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	cmd := r.git.command(ctx, args...)
	cmd.Dir = r.TopLevel
	cmd.Env = append(cmd.Env, "GIT_DIR="+r.GitDir, "GIT_WORK_TREE="+r.TopLevel)
	cmd.Stdin = bytes.NewReader(stdin)
	return finish(ctx, cmd)
}

// adopt tells the index about files that already have the content, or the
// absence, that the tree to gives them, while the index still has that of
// from. It says whether there were any.
func (r *Repo) adopt(ctx context.Context, from, to ID) (bool, error) {
	out, err := r.inTree(ctx, nil, "diff-tree", "-r", "-z", "--no-renames", "--raw", "--no-abbrev", string(from), string(to))
	if err != nil {
		return false, err
	}
	var info bytes.Buffer
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		f, path := strings.Fields(strings.TrimPrefix(fields[i], ":")), fields[i+1]
		if len(f) != 5 {
			return false, fmt.Errorf("git diff-tree printed %q", fields[i])
		}
		mode, id := f[1], ID(f[3])
		same, err := r.fileIs(ctx, path, mode, id)
		if err != nil {
			return false, err
		}
		if same {
			fmt.Fprintf(&info, "%s %s\t%s\x00", mode, id, path) // mode 0 removes
		}
	}
	if info.Len() == 0 {
		return false, nil
	}
	_, err = r.inTree(ctx, info.Bytes(), "update-index", "-z", "--index-info")
	return err == nil, err
}

// fileIs says whether a file of the work tree has the content that a tree
// entry names, as git would store it.
func (r *Repo) fileIs(ctx context.Context, path, mode string, id ID) (bool, error) {
	info, err := os.Lstat(r.TopLevel + string(os.PathSeparator) + path)
	if errors.Is(err, os.ErrNotExist) {
		return id == r.Null(), nil
	}
	if err != nil || id == r.Null() {
		return false, nil
	}
	switch {
	case mode == "120000" && info.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink(r.TopLevel + string(os.PathSeparator) + path)
		return err == nil && r.NewObject("blob", []byte(target)).ID == id, nil
	case (mode == "100644" || mode == "100755") && info.Mode().IsRegular():
		out, err := r.inTree(ctx, nil, "hash-object", "--", path)
		return ID(bytes.TrimSpace(out)) == id, err
	}
	return false, nil
}
