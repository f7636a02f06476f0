package gitrepo

import (
	"context"
	"fmt"
	"strings"
)

// Between lists the commits on the first-parent line of tip that are not in
// base, oldest first, at most limit of the newest.
func (r *Repo) Between(ctx context.Context, base, tip ID, limit int) ([]ID, error) {
	return r.revList(ctx, "--first-parent", "--reverse", fmt.Sprintf("--max-count=%d", limit), "--end-of-options", string(tip), "^"+string(base))
}

// LocalOnly lists the commits on the first-parent line of tip that are in no
// remote-tracking branch and in no tag, oldest first, at most limit of the
// newest. Tags below except, such as "sent/", do not count.
func (r *Repo) LocalOnly(ctx context.Context, tip ID, except string, limit int) ([]ID, error) {
	return r.revList(ctx, "--first-parent", "--reverse", fmt.Sprintf("--max-count=%d", limit), string(tip),
		"--not", "--remotes", "--exclude="+except+"*", "--tags")
}

// LocalPatches lists commits that are in a local branch or a tag below tags,
// but in no remote-tracking branch, newest first, without merges, at most
// limit.
func (r *Repo) LocalPatches(ctx context.Context, tags string, limit int) ([]ID, error) {
	return r.revList(ctx, "--no-merges", fmt.Sprintf("--max-count=%d", limit), "--branches", "--tags="+tags+"*", "--not", "--remotes")
}

func (r *Repo) revList(ctx context.Context, args ...string) ([]ID, error) {
	out, err := r.git.output(ctx, append([]string{"rev-list"}, args...)...)
	if err != nil {
		return nil, err
	}
	var ids []ID
	for _, id := range strings.Fields(string(out)) {
		ids = append(ids, ID(id))
	}
	return ids, nil
}
