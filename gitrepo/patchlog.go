package gitrepo

import (
	"context"
	"fmt"
	"io"
)

// PatchLog has git log print the commits after from up to to, and hands the
// output to read while it is made. The form is up to options. The patches are
// those that would be mailed, whatever the user's settings are: without notes,
// mailmap and textconv, and in UTF-8.
func (r *Repo) PatchLog(ctx context.Context, options []string, from, to ID, read func(io.Reader) error) error {
	return r.git.patchLog(ctx, options, from, to, read)
}

func (g runner) patchLog(ctx context.Context, options []string, from, to ID, read func(io.Reader) error) error {
	args := append(diffConfig(), "-c", "log.showRoot=true", "log")
	args = append(append(args, options...), "--no-notes", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8",
		"--no-ext-diff", "--no-textconv", "--no-relative", "--find-renames", "--diff-algorithm=default", "--indent-heuristic",
		"--ignore-submodules=none", "-U3", "--inter-hunk-context=0", fmt.Sprintf("%s..%s", from, to), "--")
	return readOutput(ctx, g.command(ctx, args...), read)
}

// Merges lists the merges after from up to to, newest first.
func (r *Repo) Merges(ctx context.Context, from, to ID) ([]ID, error) {
	return r.revList(ctx, "--merges", fmt.Sprintf("%s..%s", from, to), "--")
}
