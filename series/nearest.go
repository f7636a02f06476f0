package series

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A NoBaseError means that nothing tells where the commits of a branch begin.
type NoBaseError struct {
	Branch     string
	Upstream   bool     // the upstream was asked for, and there is none
	Candidates []string // short names of branches that are equally near; nil for none at all
}

func (e *NoBaseError) Error() string {
	branch := shortBranch(e.Branch)
	switch {
	case e.Upstream:
		return fmt.Sprintf("branch %q has no upstream", branch)
	case len(e.Candidates) > 0:
		return fmt.Sprintf("branch %q could have begun on %s: these are equally near", branch, strings.Join(e.Candidates, ", "))
	}
	return fmt.Sprintf("branch %q has no upstream, and no remote-tracking branch contains one of its last %d commits", branch, maxDepth)
}

// FindBase tells what the branch that is checked out is based on, as a full
// ref name: its upstream, or else the remote-tracking branch that it left
// last. A remote copy of the branch itself says nothing about that, see
// isCopy. Asked for the upstream alone ("@{upstream}") it looks no further. It
// returns a *NoBaseError when there is nothing or no single nearest one, and
// an *EnrolledError when nobody has to know.
func FindBase(ctx context.Context, repo *gitrepo.Repo, upstreamOnly bool) (string, error) {
	branch, err := branchRef(ctx, repo, "")
	if err != nil {
		return "", err
	}
	upstream, err := repo.Upstream(ctx, branch)
	if err != nil || upstream != "" && upstreamOnly {
		return upstream, err
	}
	if s, err := read(ctx, newFinder(repo), branch, branch); err == nil && s != nil {
		return "", &EnrolledError{Branch: branch}
	}
	if upstreamOnly {
		return "", &NoBaseError{Branch: branch, Upstream: true}
	}
	remotes, err := repo.Refs(ctx, "refs/remotes/")
	if err != nil {
		return "", err
	}
	if upstream != "" && !isCopy(upstream, branch, remotes) {
		return upstream, nil
	}
	near, err := nearest(ctx, repo, branch, remotes)
	switch {
	case err != nil:
		return "", err
	case len(near) == 1:
		return near[0], nil
	case upstream != "":
		return upstream, nil
	}
	none := &NoBaseError{Branch: branch}
	for _, ref := range near {
		none.Candidates = append(none.Candidates, plainName(ref))
	}
	return "", none
}

// isCopy says whether a remote-tracking branch is what was pushed from branch,
// rather than what branch began on: it has the same name, and is not the
// remote's main branch, where refs/remotes/X/HEAD stands.
func isCopy(ref, branch string, remotes []gitrepo.Ref) bool {
	remote, ok := strings.CutSuffix(ref, "/"+shortBranch(branch))
	hasMain := slices.ContainsFunc(remotes, func(r gitrepo.Ref) bool { return r.Name == remote+"/HEAD" })
	return ok && strings.HasPrefix(remote, "refs/remotes/") && hasMain && !isMain(ref, remotes)
}

// nearest lists the remote-tracking branches that contain the first commit
// below the tip, along first parents, that any of them contains; of several
// only the remote's main branch when it is among them. Whoever contains a
// commit contains what is below it, so that halving finds it.
func nearest(ctx context.Context, repo *gitrepo.Repo, branch string, remotes []gitrepo.Ref) ([]string, error) {
	if len(remotes) == 0 {
		return nil, nil
	}
	line, err := firstParents(repo, branch)
	if err != nil {
		return nil, err
	}
	var failed error
	containing := func(i int) []string {
		refs, err := repo.RefsContaining(ctx, line[i], "refs/remotes/")
		if err != nil {
			failed = err
		}
		return slices.DeleteFunc(refs, func(ref string) bool {
			return strings.HasSuffix(ref, "/HEAD") || isCopy(ref, branch, remotes)
		})
	}
	fork := sort.Search(len(line), func(i int) bool { return failed != nil || len(containing(i)) > 0 })
	if failed != nil || fork == len(line) {
		return nil, failed
	}
	near := containing(fork)
	if len(near) > 1 {
		if main := slices.DeleteFunc(slices.Clone(near), func(ref string) bool { return !isMain(ref, remotes) }); len(main) == 1 {
			near = main // others began on it as well, and say nothing
		}
	}
	return near, failed
}

// isMain says whether a remote-tracking branch is where its remote's HEAD is.
func isMain(ref string, remotes []gitrepo.Ref) bool {
	at := map[string]gitrepo.ID{}
	for _, r := range remotes {
		at[r.Name] = r.Object
	}
	for name, id := range at {
		if remote, ok := strings.CutSuffix(name, "HEAD"); ok && strings.HasPrefix(ref, remote) && at[ref] == id {
			return true
		}
	}
	return false
}

// firstParents lists the commits from a tip down, at most maxDepth.
func firstParents(repo *gitrepo.Repo, rev string) ([]gitrepo.ID, error) {
	var line []gitrepo.ID
	for c, err := range repo.FirstParents(rev) {
		if err != nil && len(line) > 0 {
			break // a shallow clone ends here
		}
		if err != nil {
			return nil, err
		}
		if line = append(line, c.ID); len(line) == maxDepth {
			break
		}
	}
	return line, nil
}
