package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// A HeadState is what HEAD says: a branch, or the commit it is detached at.
// The zero value is none.
type HeadState struct {
	Branch   string `json:"branch,omitempty"`   // full ref name; need not exist
	Detached ID     `json:"detached,omitempty"` // when Branch is ""
}

// HeadNow reads HEAD of this work tree again; [Repo.Head] says what it was at
// Open.
func (r *Repo) HeadNow(ctx context.Context) (HeadState, error) {
	path := filepath.Join(r.GitDir, "HEAD")
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() {
		if text, err := os.ReadFile(path); err == nil {
			line := string(bytes.TrimSpace(text))
			name, symbolic := strings.CutPrefix(line, "ref:")
			name = strings.TrimSpace(name)
			// "refs/heads/.invalid" stands there when another ref storage is used.
			if symbolic && strings.HasPrefix(name, "refs/") && name != "refs/heads/.invalid" {
				return HeadState{Branch: name}, nil
			}
			if !symbolic && len(line) == r.Hex() {
				return HeadState{Detached: ID(line)}, nil
			}
		}
	}
	out, err := r.git.output(ctx, "symbolic-ref", "--quiet", "HEAD")
	if name := string(bytes.TrimSpace(out)); err == nil && name != "" {
		return HeadState{Branch: name}, nil
	}
	id, err := r.Ref(ctx, "HEAD")
	return HeadState{Detached: id}, err
}

// SetHead makes HEAD of this work tree say h, with message in its reflog, and
// sets Repo.Head. The branch has commits, or gets them next. Index and files
// are not touched.
func (r *Repo) SetHead(ctx context.Context, h HeadState, message string) error {
	var err error
	if h.Branch != "" {
		err = r.AttachHead(ctx, h.Branch, message)
	} else {
		_, err = r.git.output(ctx, "update-ref", "--no-deref", "-m", message, "HEAD", string(h.Detached))
	}
	if err == nil {
		r.Head = Head{Branch: h.Branch}
	} else if locked := r.lockedRefs("HEAD"); locked != nil {
		return locked
	}
	return err
}

// WorkTreeWith returns the path of another work tree in which branch, a full
// ref name, is checked out; "" when there is none.
func (r *Repo) WorkTreeWith(ctx context.Context, branch string) (string, error) {
	if entries, err := os.ReadDir(filepath.Join(r.CommonDir, "worktrees")); err != nil || len(entries) == 0 {
		return "", nil // this is the only work tree
	}
	trees, err := r.workTrees(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range trees {
		if t.branch == branch && t.gitDir != r.GitDir {
			return t.path, nil
		}
	}
	return "", nil
}

// WorkTreeAt returns the path of the work tree that has this git directory; "" when
// there is none.
func (r *Repo) WorkTreeAt(ctx context.Context, gitDir string) (string, error) {
	trees, err := r.workTrees(ctx)
	for _, t := range trees {
		if t.gitDir == gitDir {
			return t.path, err
		}
	}
	return "", err
}

// InWorkTree opens the repository from another of its work trees, named by
// its git directory. It returns ErrNoWorkTree when that is gone.
func (r *Repo) InWorkTree(ctx context.Context, gitDir string) (*Repo, error) {
	trees, err := r.workTrees(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range trees {
		if t.gitDir == gitDir {
			if _, err := os.Stat(t.path); err != nil {
				break
			}
			other, err := Open(ctx, t.path, Options{Env: r.git.env, Config: r.git.overrides()})
			if err == nil && other.GitDir != gitDir {
				other.Close()
				break
			}
			return other, err
		}
	}
	return nil, ErrNoWorkTree
}

// ErrNoWorkTree means that a work tree was removed.
var ErrNoWorkTree = errors.New("the work tree is gone")

// overrides are the values that were given with -c.
func (g runner) overrides() []string {
	var values []string
	for i := 1; i < len(g.config); i += 2 {
		values = append(values, g.config[i])
	}
	return values
}
