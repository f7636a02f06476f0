package series

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangecache"
	"github.com/kprep/kprep/rangediff"
)

// CompareOptions say how two states of a series are compared.
type CompareOptions struct {
	CreationFactor int // of [rangediff.Compare]
	// BaseNeutral takes the old patches to the base of the new ones first, so
	// that only what the author changed is seen.
	BaseNeutral bool
	// Message makes of a patch's message what is compared; nil leaves it.
	Message func(message string) string
}

// A Comparison is two states of a series, patch by patch.
type Comparison struct {
	Old, New Side
	// The patches of each side, oldest first, merges left out. The old ones
	// keep their ids when they are compared as they are on another base.
	OldPatches, NewPatches []rangediff.Commit
	Changes                []rangediff.Change
	Options                CompareOptions
	Notes                  []string // what the reader should know, in lines
}

// Compare compares two states that Sides found. The series stays as it is,
// and nothing is stored but what rangecache keeps. It returns a *SideError or an *UnrelatedError.
func (s *Series) Compare(ctx context.Context, sides [2]Side, o CompareOptions) (*Comparison, error) {
	c := &Comparison{Old: sides[0], New: sides[1], Options: o}
	if err := s.read(ctx, c); err != nil {
		return nil, err
	}
	old := c.OldPatches
	if o.BaseNeutral && c.Rebased() {
		var err error
		if old, err = s.onto(ctx, c); err != nil {
			return nil, &SideError{Side: c.Old, Err: err}
		}
	}
	if o.Message != nil {
		for _, patches := range [][]rangediff.Commit{old, c.NewPatches} {
			for n := range patches {
				patches[n].MapMessage(o.Message)
			}
		}
	}
	c.Changes = rangediff.Classify(rangediff.Compare(old, c.NewPatches, o.CreationFactor))
	return c, nil
}

// read reads the patches of both sides while it makes sure that the sides can
// be compared at all.
func (s *Series) read(ctx context.Context, c *Comparison) error {
	sides := [2]Side{c.Old, c.New}
	var merges [2][]gitrepo.ID
	read := func(n int, patches *[]rangediff.Commit) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			if *patches, err = s.patchTexts(ctx, sides[n]); err != nil {
				err = &SideError{Side: sides[n], Err: err}
			}
			return err
		}
	}
	err := atOnce(ctx, func(ctx context.Context) (err error) {
		merges, err = s.checkSides(ctx, sides)
		return err
	}, read(0, &c.OldPatches), read(1, &c.NewPatches))
	if err != nil {
		return err
	}
	for n, side := range sides {
		for _, id := range merges[n] {
			c.notef("%s has a merge, %s, which is left out", side.Name, id.Short())
		}
	}
	return nil
}

func (c *Comparison) notef(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// Rebased says that the patches are on different bases.
func (c *Comparison) Rebased() bool { return c.Old.Base != c.New.Base }

// Pairs are the pairs that the changes are about.
func (c *Comparison) Pairs() []rangediff.Pair {
	pairs := make([]rangediff.Pair, len(c.Changes))
	for n, change := range c.Changes {
		pairs[n] = change.Pair
	}
	return pairs
}

// Printer writes the pairs of a comparison, with nil without colours.
func Printer(colours *rangediff.Colours) *rangediff.Printer {
	return &rangediff.Printer{Diff: rangediff.DefaultDiffOptions(), Colours: colours}
}

// patchTexts reads the patches of a side, oldest first.
func (s *Series) patchTexts(ctx context.Context, side Side) ([]rangediff.Commit, error) {
	answer, err := rangecache.Ask(ctx, s.repo, rangecache.Question{
		Words:   []string{fmt.Sprintf("%s..%s", side.Start, side.End)},
		Options: []string{"as mailed"}, // those of PatchLog
		Log: func(ctx context.Context, _ int, options []string, read func(io.Reader) error) error {
			return s.repo.PatchLog(ctx, options, side.Start, side.End, read)
		},
	}, 1)
	if err != nil {
		return nil, err
	}
	answer.Keep(ctx) // or else the next time takes as long
	patches := answer.Commits[0]
	ids := make([]gitrepo.ID, len(patches))
	for n, p := range patches {
		ids[n] = gitrepo.ID(p.ID)
	}
	short, err := s.repo.Abbreviate(ctx, ids)
	if err != nil {
		return nil, err
	}
	// QUIRK: a tag that was made by hand, with git tag, may have the cover
	// letter below its patches. What it holds is the author's alone.
	kept := patches[:0]
	for n, p := range patches {
		commit, err := s.repo.Commit(p.ID)
		if err != nil {
			return nil, err
		}
		text := commit.Text()
		if p.DiffLines == 0 && coverletter.HasMarker(text) {
			continue
		}
		p.Short = short[n]
		p.Subject, _ = gitrepo.SplitMessage(text)
		kept = append(kept, p)
	}
	return kept, nil
}

func parseLog(log func(read func(io.Reader) error) error) (patches []rangediff.Commit, err error) {
	err = log(func(out io.Reader) (err error) {
		patches, err = rangediff.ParseLog(out)
		return err
	})
	return patches, err
}

// onto takes the old patches to the base of the new ones, beside the
// repository. What conflicts there is compared as it is.
func (s *Series) onto(ctx context.Context, c *Comparison) ([]rangediff.Commit, error) {
	commits := make([]*gitrepo.Commit, len(c.OldPatches))
	for n, p := range c.OldPatches {
		var err error
		if commits[n], err = s.repo.Commit(p.ID); err != nil {
			return nil, err
		}
	}
	replay, err := s.repo.Replay(ctx, c.New.Base, commits)
	if err != nil {
		return nil, err
	}
	defer replay.Close()
	texts, err := parseLog(func(read func(io.Reader) error) error {
		return replay.PatchLog(ctx, rangediff.LogOptions(), read)
	})
	if err != nil {
		return nil, err
	}
	return c.rebase(replay, texts)
}

// rebase gives the old patches their texts on the other base.
func (c *Comparison) rebase(replay *gitrepo.Replay, texts []rangediff.Commit) ([]rangediff.Commit, error) {
	patches := slices.Clone(c.OldPatches)
	for n := range patches {
		p, id := &patches[n], string(replay.Commits[n])
		if id == "" {
			c.notef("patch %d of %s (%s) does not apply to the base of %s, and is compared as it was: %s",
				n+1, c.Old.Name, p.Subject, c.New.Name, replay.Conflicts[gitrepo.ID(p.ID)])
			continue
		}
		if len(texts) == 0 || texts[0].ID != id {
			return nil, fmt.Errorf("git log left out %s, which is %s on another base", id, p.ID)
		}
		if p.DiffLines > 0 && texts[0].DiffLines == 0 {
			c.notef("patch %d of %s (%s) is in the base of %s already", n+1, c.Old.Name, p.Subject, c.New.Name)
		}
		p.Text, p.DiffAt, p.DiffLines = texts[0].Text, texts[0].DiffAt, texts[0].DiffLines
		texts = texts[1:]
	}
	return patches, nil
}
