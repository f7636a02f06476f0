package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// PatchIDs returns the stable patch-id (git-patch-id(1)) of each commit, in
// the order of ids: of the diff as [Repo.Patches] gives it, so of the patch as
// it is mailed. It is "" for a commit that changes nothing, and for a merge. Each
// is found out once.
func (r *Repo) PatchIDs(ctx context.Context, ids []ID) ([]string, error) {
	r.patchIDsMu.Lock()
	defer r.patchIDsMu.Unlock()
	var unknown []ID
	for _, id := range ids {
		if _, known := r.patchIDs[id]; !known {
			unknown = append(unknown, id)
		}
	}
	if err := r.findPatchIDs(ctx, unknown); err != nil {
		return nil, err
	}
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = r.patchIDs[id]
	}
	return all, nil
}

// findPatchIDs notes those of commits.
func (r *Repo) findPatchIDs(ctx context.Context, ids []ID) error {
	if len(ids) == 0 {
		return nil
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
		return err
	}
	out, err := r.git.filter(ctx, bytes.NewReader(diffs), "patch-id", "--stable")
	if err != nil {
		return err
	}
	found := map[ID]string{}
	for line := range strings.Lines(string(out)) {
		patch, commit, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok {
			return fmt.Errorf("git patch-id printed %q", line)
		}
		found[ID(commit)] = patch
	}
	if r.patchIDs == nil {
		r.patchIDs = map[ID]string{}
	}
	for _, id := range ids {
		r.patchIDs[id] = found[id]
	}
	return nil
}
