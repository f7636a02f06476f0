package gitrepo

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

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
		"-c", "diff.statGraphWidth=0", "-c", "diff.renameLimit=1000", "-c", "core.abbrev=auto",
		"-c", "core.fsmonitor=false"} // a program that tells of the work tree, which no diff of commits depends on
}

// diffTree runs git diff-tree as git format-patch works: without the index. A
// diff of commits needs nothing of it but the attributes of files that are not
// in the work tree, which format-patch does not look at, and the index of a
// large tree takes longer to read than a diff to make.
func (r *Repo) diffTree() runner {
	git := r.git
	none := filepath.Join(r.GitDir, "kprep", "no-index")
	git.env = append(git.env[:len(git.env):len(git.env)], "GIT_INDEX_FILE="+none)
	return git
}

// Patches returns the patch of each commit against its first parent, in the
// order of ids, with renames found and binary files in full.
func (r *Repo) Patches(ctx context.Context, ids []ID) ([]Patch, error) {
	patches := make([]Patch, len(ids))
	err := r.EachPatch(ctx, ids, func(i int, p Patch) error {
		patches[i] = Patch{Stat: bytes.Clone(p.Stat), Diff: bytes.Clone(p.Diff)}
		return nil
	})
	return patches, err
}

// EachPatch is Patches for those who need not have all in memory: it hands the
// patch of each commit, by its place in ids, to take while git still makes
// others. Calls come one at a time, in any order; the bytes are take's until it
// returns. After an error of git or of take the rest is missing, and the last
// one may be cut short.
func (r *Repo) EachPatch(ctx context.Context, ids []ID, take func(i int, p Patch) error) error {
	var one sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	atOnce := min(runtime.NumCPU(), 4)
	group.SetLimit(atOnce)
	for _, part := range spans(len(ids), max(atOnce, len(ids)/perProcess)) {
		group.Go(func() error {
			return r.eachPatch(ctx, ids[part.from:part.to], func(i int, p Patch) error {
				one.Lock()
				defer one.Unlock()
				return take(part.from+i, p)
			})
		})
	}
	return group.Wait()
}

// perProcess is about how many commits one git process is asked about: the more
// it has seen, the more memory it takes for what it may see again.
const perProcess = 100

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

func (r *Repo) eachPatch(ctx context.Context, ids []ID, take func(i int, p Patch) error) error {
	var in bytes.Buffer
	for _, id := range ids {
		fmt.Fprintln(&in, id)
	}
	args := append(diffConfig(), "diff-tree", "--stdin", "--always", "--root", "--binary", "-U3")
	cmd := r.diffTree().command(ctx, append(args, diffOptions()...)...)
	cmd.Stdin = &in
	printed := 0
	_, err := stream(ctx, cmd, func(out io.Reader) (err error) {
		printed, err = splitPatches(out, ids, take)
		return err
	})
	if err == nil && printed != len(ids) {
		err = fmt.Errorf("git diff-tree printed %d of %d commits", printed, len(ids))
	}
	return err
}

// splitPatches cuts the output of diff-tree --stdin at the lines that name
// the commits, and returns how many it found. No other line can look so: those
// of a diff start with a mark or a word, those of binary data have another
// length.
func splitPatches(out io.Reader, ids []ID, take func(i int, p Patch) error) (found int, err error) {
	lines := bufio.NewReaderSize(out, 1<<16)
	var text bytes.Buffer // of the last commit found
	for whole := true; ; {
		piece, err := lines.ReadSlice('\n') // of a long line, not all
		switch {
		case whole && found < len(ids) && string(bytes.TrimSuffix(piece, []byte("\n"))) == string(ids[found]):
			if found > 0 {
				if err := take(found-1, splitPatch(text.Bytes())); err != nil {
					return found, err
				}
			}
			text.Reset()
			found++
		case found == 0 && len(piece) > 0:
			return 0, fmt.Errorf("git diff-tree printed %.60q where commit %s should start", piece, ids[0])
		default:
			text.Write(piece)
		}
		whole = err == nil
		if err == io.EOF {
			break
		}
		if err != nil && err != bufio.ErrBufferFull {
			return found, err
		}
	}
	if found == 0 {
		return 0, nil
	}
	return found, take(found-1, splitPatch(text.Bytes()))
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
	out, err := r.diffTree().output(ctx, append(args, string(from), string(to))...)
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
