package series

import (
	"context"
	"errors"
	"slices"

	"github.com/kprep/kprep/gitrepo"
)

// tryOut applies the prerequisites and then the patches, until one fails.
func (r *resolver) tryOut(ctx context.Context, s *Series, f footing, out *CheckedDeps) error {
	steps, err := r.inOrder(ctx, f)
	if err != nil {
		return err
	}
	for _, p := range s.Patches {
		steps = append(steps, step{commit: p.ID})
	}
	if err := r.diffs(ctx, steps); err != nil {
		return err
	}
	trial, err := r.repo.NewTrial(ctx, f.id)
	if err != nil {
		return err
	}
	defer trial.Close()
	for _, p := range steps {
		if len(p.diff) == 0 {
			continue
		}
		err := trial.Apply(ctx, p.diff)
		if bad := (*gitrepo.ApplyError)(nil); errors.As(err, &bad) {
			if p.commit != "" {
				c, err := r.repo.Commit(string(p.commit))
				if err != nil {
					return err
				}
				p.title = c.Subject()
			}
			out.Patches = append(out.Patches, CheckedDep{Line: p.title, Text: bad.Reason})
			return nil
		}
		if err != nil {
			return err
		}
		out.Applied++
	}
	return nil
}

// A step is a patch to try out.
type step struct {
	commit gitrepo.ID // "" for one of a mail
	title  string     // of one of a mail
	diff   []byte
}

// diffs reads the diffs of the commits.
func (r *resolver) diffs(ctx context.Context, steps []step) error {
	var commits []gitrepo.ID
	for _, p := range steps {
		if p.commit != "" {
			commits = append(commits, p.commit)
		}
	}
	patches, err := r.repo.Patches(ctx, commits)
	if err != nil {
		return err
	}
	for i := range steps {
		if steps[i].commit != "" {
			steps[i].diff, patches = patches[0].Diff, patches[1:]
		}
	}
	return nil
}

// inOrder lists the patches of the prerequisites, each once, without those
// that the base commit has already: it may be the tip of the very series that
// is needed.
func (r *resolver) inOrder(ctx context.Context, f footing) ([]step, error) {
	below, err := r.repo.LocalOnly(ctx, f.id, "sent/", maxNeeded)
	if err != nil {
		return nil, err
	}
	there, err := r.patchIDs(ctx, below)
	if err != nil {
		return nil, err
	}
	var steps []step
	add := func(id string, p step) {
		if id != "" && !slices.Contains(there, id) {
			there = append(there, id)
			steps = append(steps, p)
		}
	}
	for _, n := range f.needs {
		if n.mails != nil {
			for i, p := range n.mails {
				add(n.ids[i], step{title: p.Subject, diff: p.Diff})
			}
			continue
		}
		ids, err := r.repo.PatchIDs(ctx, n.patches)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			add(id, step{commit: n.patches[i]})
		}
	}
	return steps, nil
}
