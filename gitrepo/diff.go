package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
)

// A Patch is what one commit changes, as git writes it for mail. Paths are
// quoted by git's rules; the bytes of the files stay as they are.
type Patch struct {
	Stat []byte // the diffstat, 80 columns, with its summary line
	Diff []byte // the patch text; empty for a commit that changes nothing
}

// diffOptions pins all that a user's configuration could change in a diff.
// Config values that have no option are overridden by diffConfig.
func diffOptions() []string {
	return []string{"-r", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative",
		"--src-prefix=a/", "--dst-prefix=b/", "--find-renames", "--diff-algorithm=default", "--indent-heuristic",
		"--ignore-submodules=none", "--submodule=short", "--inter-hunk-context=0", "--stat=80"}
}

func diffConfig() []string {
	return []string{"-c", "diff.suppressBlankEmpty=false", "-c", "diff.orderFile=/dev/null", "-c", "core.quotePath=true",
		"-c", "diff.statGraphWidth=0", "-c", "diff.renameLimit=1000", "-c", "core.abbrev=auto"}
}

// Patches returns the patch of each commit against its first parent, in the
// order of ids, with renames found and binary files in full.
func (r *Repo) Patches(ctx context.Context, ids []ID) ([]Patch, error) {
	patches := make([]Patch, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range spans(len(ids), min(runtime.NumCPU(), 4)) {
		group.Go(func() error {
			return r.patches(ctx, ids[part.from:part.to], patches[part.from:part.to])
		})
	}
	return patches, group.Wait()
}

type span struct{ from, to int }

// spans cuts n items into at most parts spans of nearly equal length, each
// of at least four items: below that a process costs more than it saves.
func spans(n, parts int) []span {
	parts = max(1, min(parts, n/4))
	var out []span
	for i := range parts {
		out = append(out, span{i * n / parts, (i + 1) * n / parts})
	}
	return out
}

func (r *Repo) patches(ctx context.Context, ids []ID, into []Patch) error {
	var in bytes.Buffer
	for _, id := range ids {
		fmt.Fprintln(&in, id)
	}
	args := append(diffConfig(), "diff-tree", "--stdin", "--always", "--root", "--binary", "-U3")
	out, err := r.git.filter(ctx, &in, append(args, diffOptions()...)...)
	if err != nil {
		return err
	}
	return splitPatches(out, ids, into)
}

// splitPatches cuts the output of diff-tree --stdin at the lines that name
// the commits. No other line can look so: those of a diff start with a mark
// or a word, those of binary data have another length.
func splitPatches(out []byte, ids []ID, into []Patch) error {
	for i, id := range ids {
		head := []byte(string(id) + "\n")
		if !bytes.HasPrefix(out, head) {
			return fmt.Errorf("git diff-tree printed %.60q where commit %s should start", out, id)
		}
		out = out[len(head):]
		end := len(out)
		if i+1 < len(ids) {
			next := []byte(string(ids[i+1]) + "\n")
			if bytes.HasPrefix(out, next) {
				end = 0
			} else if at := bytes.Index(out, append([]byte("\n"), next...)); at >= 0 {
				end = at + 1
			}
		}
		into[i] = splitPatch(out[:end])
		out = out[end:]
	}
	return nil
}

// splitPatch separates the diffstat from the diff: the blank line between
// them is the first one, a diffstat has none.
func splitPatch(text []byte) Patch {
	stat, diff, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return Patch{}
	}
	return Patch{Stat: append(stat[:len(stat):len(stat)], '\n'), Diff: diff}
}

// DiffStat summarises what changed from one commit to another, as git does
// below a cover letter: one line a file, 80 columns, a summary line.
func (r *Repo) DiffStat(ctx context.Context, from, to ID) (string, error) {
	args := append(diffConfig(), "diff-tree")
	args = append(args, diffOptions()...)
	out, err := r.git.output(ctx, append(args, string(from), string(to))...)
	return string(out), err
}

// Abbreviate shortens the names of commits as git does for this user
// (core.abbrev, and longer where that would be ambiguous), in the order of
// ids, which are all different.
func (r *Repo) Abbreviate(ctx context.Context, ids []ID) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var in bytes.Buffer
	for _, id := range ids {
		fmt.Fprintln(&in, id)
	}
	out, err := r.git.filter(ctx, &in, "rev-list", "--no-walk=unsorted", "--abbrev-commit", "--stdin")
	short := strings.Fields(string(out))
	if err == nil && len(short) != len(ids) {
		err = fmt.Errorf("git rev-list printed %d names for %d commits", len(short), len(ids))
	}
	return short, err
}
