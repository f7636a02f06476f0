package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// PatchIDs returns the stable patch-id (git-patch-id(1)) of each commit, in
// the order of ids: of the diff as [Repo.Patches] gives it, so of the patch as
// it is mailed. It is "" for a commit that changes nothing, and for a merge.
func (r *Repo) PatchIDs(ctx context.Context, ids []ID) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var in bytes.Buffer
	for _, id := range ids {
		fmt.Fprintln(&in, id)
	}
	args := append(diffConfig(), "diff-tree", "--stdin", "--root", "--binary", "-U3")
	for _, option := range diffOptions() {
		if !strings.HasPrefix(option, "--stat") {
			args = append(args, option)
		}
	}
	diffs, err := r.diffTree().filter(ctx, &in, append(args, "--patch")...)
	if err != nil {
		return nil, err
	}
	out, err := r.git.filter(ctx, bytes.NewReader(diffs), "patch-id", "--stable")
	if err != nil {
		return nil, err
	}
	byCommit := map[ID]string{}
	for line := range strings.Lines(string(out)) {
		patch, commit, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok {
			return nil, fmt.Errorf("git patch-id printed %q", line)
		}
		byCommit[ID(commit)] = patch
	}
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = byCommit[id]
	}
	return all, nil
}
