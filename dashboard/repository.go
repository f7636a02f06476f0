package dashboard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/series"
)

// Options say how a repository is read.
type Options struct {
	Home   string      // the user's, "" for none
	Broken func(error) // told what is wrong with a series or a branch that is left out
	// Looking, which may be nil, is told how many more series have been looked at,
	// and how many more are to be. It is called by several goroutines.
	Looking func(done, more int)
}

// A view is what a repository looks like as a whole.
type view struct {
	*series.Listing
	names []string // of branches, in order
	globs []string // of kprep.applied-in
}

// branches are those to search for what was applied of a series: the upstream, the
// recorded base branch, then those that are configured.
func (v *view) branches(s series.Listed) []landing.Branch {
	var first []string
	if upstream := v.Upstreams[s.Branch]; upstream != "" && !v.isSeries(upstream) && !strings.HasSuffix(upstream, "/"+s.Name()) {
		first = append(first, upstream)
	}
	if base := s.Tracking.BaseBranch; base != "" {
		first = append(first, "refs/remotes/"+base, "refs/remotes/origin/"+base, "refs/heads/"+base)
	}
	return landing.Branches(v.Refs, first, v.globs)
}

// heads is a key of the names of branches: what no branch has any more is the
// series'.
func (v *view) heads() string {
	h := sha256.New()
	for _, ref := range v.names {
		if strings.HasPrefix(ref, "refs/heads/") {
			fmt.Fprintln(h, ref)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// isSeries says whether a branch is one of the user's series.
func (v *view) isSeries(ref string) bool {
	return slices.ContainsFunc(v.All, func(s series.Listed) bool { return s.Branch == ref })
}

// look reads what all series of a repository have to do with; see series.ListSent.
func look(ctx context.Context, repo *gitrepo.Repo, barren []gitrepo.ID, broken func(error)) (*view, error) {
	all, err := series.ListSent(ctx, repo, barren, broken)
	if err != nil {
		return nil, err
	}
	v := &view{Listing: all, names: slices.Sorted(maps.Keys(all.Refs))}
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	for _, glob := range config.All("kprep.applied-in") {
		if _, err := path.Match(glob, ""); err != nil {
			return nil, &GlobError{Glob: glob}
		}
		v.globs = append(v.globs, glob)
	}
	return v, nil
}

// A GlobError reports a pattern of kprep.applied-in that cannot be read.
type GlobError struct{ Glob string }

func (e *GlobError) Error() string {
	return "configuration kprep.applied-in: " + e.Glob + " is no pattern"
}

// ReadRepository tells how far each series of a repository is, in order of branch
// names. What is not as it was last time is found out anew, several at a time.
func ReadRepository(ctx context.Context, repo *gitrepo.Repo, o Options) ([]*Standing, error) {
	r := newReader(repo, o)
	memory, err := r.remember()
	if err != nil {
		return nil, err
	}
	state, err := r.state(ctx)
	if err != nil {
		return nil, err
	}
	all := memory.whole(r, state)
	if all == nil {
		if all, err = r.readAll(ctx, memory, state); err != nil {
			return nil, err
		}
	}
	for _, s := range all {
		finish(s, all, repo.Head)
	}
	return all, nil
}

// ReadSeries tells how far one series is; its branch is a full name. It returns nil
// for a branch that is none. Everything is found out anew.
func ReadSeries(ctx context.Context, repo *gitrepo.Repo, branch string, o Options) (*Standing, error) {
	r := newReader(repo, o)
	memory, err := r.remember()
	if err != nil {
		return nil, err
	}
	v, err := look(ctx, repo, memory.Barren, o.Broken)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(v.All, func(s series.Listed) bool { return s.Branch == branch })
	if i < 0 {
		return nil, nil
	}
	r.view = v
	out, err := r.read(ctx, v.All[i])
	if err != nil {
		return nil, err
	}
	r.check(ctx, v.All[i])
	outlines := make([]*Standing, len(v.All))
	for n, s := range v.All {
		outlines[n] = &Standing{Branch: s.Name(), ChangeID: s.Tracking.ChangeID, Revision: s.Tracking.Revision}
	}
	finish(out, outlines, repo.Head)
	return out, ctx.Err()
}

// atOnce is how many series of a repository are read at a time: git is the one to
// wait for.
const atOnce = 4

// readAll finds out what is not known any more of the series of a repository that
// is in a state.
func (r *reader) readAll(ctx context.Context, memory *memory, state string) ([]*Standing, error) {
	var err error
	if r.view, err = look(ctx, r.repo, memory.Barren, func(err error) { state = ""; r.broken(err) }); err != nil {
		return nil, err
	}
	all := r.view.All
	heads := r.view.heads()
	known := make([]keyed, len(all))
	var unknown []series.Listed
	for i, s := range all {
		if known[i] = memory.of(s, r.key(s), r.files(s.Tracking.ChangeID)); known[i].Standing == nil {
			unknown = append(unknown, s)
		}
	}
	looking := r.looking
	if looking == nil {
		looking = func(int, int) {}
	}
	looking(0, len(unknown))
	if err := r.past.Prepare(ctx, unknown); err != nil {
		return nil, err
	}
	standings := make([]*Standing, len(all))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, s := range all {
		known := known[i]
		if standings[i] = known.Standing; known.Sound == heads && known.Standing != nil {
			continue
		}
		group.Go(func() (err error) {
			if known.Standing == nil {
				known.Standing, err = r.read(groupCtx, s)
				standings[i] = known.Standing
				looking(1, 0)
			}
			if known.Sound = ""; r.check(groupCtx, s) {
				known.Sound = heads
			}
			memory.put(s, known)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	memory.keep(r, state)
	return standings, nil
}

// check warns of a cover letter in the wrong place.
func (r *reader) check(ctx context.Context, s series.Listed) (sound bool) {
	err := s.CheckCovers(ctx)
	if err == nil || errors.As(err, new(*gitrepo.Error)) || ctx.Err() != nil {
		return err == nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken(err)
	return false
}

// finish adds what the other series of the repository say about one, and what
// comes next.
func finish(out *Standing, all []*Standing, head gitrepo.Head) {
	out.Current = "refs/heads/"+out.Branch == head.Branch
	newest := map[string]int{}
	for _, other := range all {
		id, revision := other.ChangeID, other.Revision
		newest[id] = max(newest[id], revision)
		if id == out.ChangeID && revision > out.Revision && (out.Superseded == nil || revision > out.Superseded.Revision) {
			out.Superseded = &Superseded{Branch: other.Branch, Revision: revision}
		}
	}
	for i, needed := range out.DependsOn {
		p, err := series.ParsePrerequisite(needed.Line)
		if err != nil || p.Kind != series.NeedsSeries {
			continue
		}
		if id, revision, err := p.Series(); err == nil && newest[id] > revision {
			out.DependsOn[i].Newer = newest[id]
		}
	}
	out.Next = out.next()
}
