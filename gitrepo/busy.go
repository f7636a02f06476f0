package gitrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A BusyError means that an operation of git's own is under way on a branch,
// which a rewrite would pull the ground from under.
type BusyError struct {
	Operation string // rebase, am, cherry-pick, revert, merge, bisect
	WorkTree  string // where; "" for this one
}

func (e *BusyError) Error() string {
	if e.WorkTree != "" {
		return fmt.Sprintf("a %s of this branch is under way in the work tree %s", e.Operation, e.WorkTree)
	}
	return fmt.Sprintf("a %s is under way", e.Operation)
}

// CheckIdle returns a *BusyError when a rebase, am, cherry-pick, revert,
// merge or bisect of branch (a full ref name) is under way in any work tree.
func (r *Repo) CheckIdle(ctx context.Context, branch string) error {
	if op := operationIn(r.GitDir, branch, r.Head.Branch == branch); op != "" {
		return &BusyError{Operation: op}
	}
	if entries, err := os.ReadDir(filepath.Join(r.CommonDir, "worktrees")); err != nil || len(entries) == 0 {
		return nil // this is the only work tree
	}
	trees, err := r.workTrees(ctx)
	if err != nil {
		return err
	}
	for _, t := range trees {
		if t.gitDir == r.GitDir {
			continue
		}
		if op := operationIn(t.gitDir, branch, t.branch == branch); op != "" {
			return &BusyError{Operation: op, WorkTree: t.path}
		}
	}
	return nil
}

// CheckIdleHere returns a *BusyError when any such operation is under way in
// this work tree, whatever the branch: HEAD must not move then.
func (r *Repo) CheckIdleHere() error {
	for file, operation := range map[string]string{
		"rebase-merge": "rebase", "rebase-apply": "rebase or am", "BISECT_LOG": "bisect",
	} {
		if _, err := os.Lstat(filepath.Join(r.GitDir, file)); err == nil {
			return &BusyError{Operation: operation}
		}
	}
	if op := operationIn(r.GitDir, r.Head.Branch, true); op != "" {
		return &BusyError{Operation: op}
	}
	return nil
}

// operationIn looks for the state git leaves in the git directory of a work
// tree. Some states name their branch; the others concern what is checked out.
func operationIn(gitDir, branch string, checkedOut bool) string {
	names := func(file string) bool {
		text, err := os.ReadFile(filepath.Join(gitDir, file))
		name := strings.TrimSpace(string(text))
		return err == nil && (name == branch || "refs/heads/"+name == branch)
	}
	exists := func(file string) bool {
		_, err := os.Lstat(filepath.Join(gitDir, file))
		return err == nil
	}
	switch {
	case names("rebase-merge/head-name"), names("rebase-apply/head-name"):
		return "rebase"
	case names("BISECT_START"):
		return "bisect"
	case !checkedOut:
		return ""
	case exists("rebase-apply/applying"):
		return "am"
	case exists("CHERRY_PICK_HEAD"):
		return "cherry-pick"
	case exists("REVERT_HEAD"):
		return "revert"
	case exists("MERGE_HEAD"):
		return "merge"
	}
	return ""
}

type workTree struct{ path, gitDir, branch string }

func (r *Repo) workTrees(ctx context.Context) ([]workTree, error) {
	out, err := r.git.output(ctx, "worktree", "list", "--porcelain", "-z")
	if err != nil {
		return nil, err
	}
	var trees []workTree
	for i, record := range strings.Split(strings.TrimSuffix(string(out), "\x00\x00"), "\x00\x00") {
		var t workTree
		for _, line := range strings.Split(record, "\x00") {
			if path, ok := strings.CutPrefix(line, "worktree "); ok {
				t.path = path
			} else if name, ok := strings.CutPrefix(line, "branch "); ok {
				t.branch = name
			}
		}
		if i == 0 {
			t.gitDir = r.CommonDir
		} else if t.gitDir = linkedGitDir(t.path); t.gitDir == "" {
			continue
		}
		trees = append(trees, t)
	}
	return trees, nil
}

// linkedGitDir follows the .git file of a linked work tree.
func linkedGitDir(path string) string {
	text, err := os.ReadFile(filepath.Join(path, ".git"))
	if err != nil {
		return ""
	}
	dir, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if !ok {
		return ""
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(path, dir)
	}
	return filepath.Clean(dir)
}
