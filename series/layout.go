package series

import (
	"context"
	"fmt"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// A layout is a branch as it would be with another cover letter, other
// tracking data or another storage: nothing is stored yet.
type layout struct {
	chain gitrepo.Chain // its Tip is the new tip of the branch
	// Configuration to change before and after the refs move, in such an order
	// that the cover letter is found at any moment in between.
	before, after []ConfigUpdate
}

// A ConfigUpdate sets a key of the repository's configuration, or removes it.
type ConfigUpdate struct {
	Key string
	New *string // nil removes
}

// layOut makes the branch anew with the given contents. What is the same
// already keeps its id. The caller has checked that the commits are the user's.
func (s *Series) layOut(ctx context.Context, storage Storage, text string, tracking *coverletter.Tracking) (layout, error) {
	var l layout
	var err error
	switch message := coverletter.Encode(text, tracking); {
	case storage == BranchDescription:
		l.chain, err = s.chain(ctx, s.Patches, s.Base, nil)
	case s.Cover != nil:
		l.chain, err = s.moveCover(ctx, storage, message)
	default:
		l.chain, err = s.newCover(ctx, storage, message)
	}
	if err != nil {
		return l, err
	}
	return l, s.configure(&l, storage, text, tracking)
}

// moveCover makes the branch with the cover commit that there is, in the place
// that the storage has for it.
func (s *Series) moveCover(ctx context.Context, storage Storage, message string) (gitrepo.Chain, error) {
	me, err := s.repo.Committer()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	commits := append([]*gitrepo.Commit{s.Cover}, s.Patches...)
	if storage == TipCommit {
		commits = append(append([]*gitrepo.Commit{}, s.Patches...), s.Cover)
	}
	tree, err := s.coverTree(storage)
	if err != nil {
		return gitrepo.Chain{}, err
	}
	return s.repo.Chain(ctx, commits, s.Base, map[gitrepo.ID]string{s.Cover.ID: message},
		gitrepo.ChainOptions{Committer: me, Mine: true, Trees: map[gitrepo.ID]gitrepo.ID{s.Cover.ID: tree}})
}

// newCover makes the branch with a cover commit that was not there.
func (s *Series) newCover(ctx context.Context, storage Storage, message string) (gitrepo.Chain, error) {
	author, err := s.repo.Author()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	me, err := s.repo.Committer()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	tree, err := s.coverTree(storage)
	if err != nil {
		return gitrepo.Chain{}, err
	}
	cover := func(parent gitrepo.ID) (gitrepo.Object, error) {
		return s.repo.NewCommit(ctx, tree, []gitrepo.ID{parent}, author, me, message)
	}
	if storage == TipCommit {
		chain, err := s.chain(ctx, s.Patches, s.Base, nil)
		if err != nil {
			return chain, err
		}
		obj, err := cover(chain.Tip)
		chain.Objects, chain.Tip = append(chain.Objects, obj), obj.ID
		return chain, err
	}
	obj, err := cover(s.Base)
	if err != nil {
		return gitrepo.Chain{}, err
	}
	chain, err := s.chain(ctx, s.Patches, obj.ID, nil)
	chain.Objects = append([]gitrepo.Object{obj}, chain.Objects...)
	return chain, err
}

// coverTree is the tree of the commit below the cover: the cover is empty.
func (s *Series) coverTree(storage Storage) (gitrepo.ID, error) {
	if storage == TipCommit && len(s.Patches) > 0 {
		return s.Patches[len(s.Patches)-1].Tree, nil
	}
	base, err := s.repo.Commit(string(s.Base))
	if err != nil {
		return "", err
	}
	return base.Tree, nil
}

// configure records where the cover is, and keeps it there where that is the
// configuration itself. Data are set before the refs move and removed after;
// the branch is said to be described only while the data are there.
func (s *Series) configure(l *layout, storage Storage, text string, tracking *coverletter.Tracking) error {
	config, err := s.repo.Config()
	if err != nil {
		return err
	}
	differs := func(key string, want *string) bool {
		now, has := config.Get(key)
		return has != (want != nil) || has && now != *want
	}
	name := ConfigUpdate{Key: storageKey(s.Branch), New: ptr(string(storage))}
	data := []ConfigUpdate{{Key: trackingKey(s.Branch)}}
	if storage == BranchDescription {
		data = []ConfigUpdate{{descriptionKey(s.Branch), &text}, {trackingKey(s.Branch), ptr(string(tracking.Compact()))}}
	} else if s.Storage == BranchDescription {
		data = append(data, ConfigUpdate{Key: descriptionKey(s.Branch)})
	}
	for _, u := range data {
		switch {
		case !differs(u.Key, u.New):
		case u.New != nil:
			l.before = append(l.before, u)
		default:
			l.after = append(l.after, u)
		}
	}
	if differs(name.Key, name.New) {
		if storage == BranchDescription {
			l.after = append([]ConfigUpdate{name}, l.after...)
		} else {
			l.before = append(l.before, name)
		}
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

// apply stores a layout: objects and notes, the configuration that goes
// first, branch and notes in one transaction, and the rest of the
// configuration. It says whether anything changed; when the refs cannot be
// moved nothing has.
func (s *Series) apply(ctx context.Context, l layout, reason string) (changed bool, err error) {
	if l.chain.Tip == s.Tip && len(l.before)+len(l.after) == 0 {
		return false, nil
	}
	if len(l.chain.New) > 0 {
		if err := s.repo.BeforeRewrite(ctx); err != nil {
			return false, err
		}
		defer s.repo.AfterRewrite(ctx)
	}
	updates, err := store(ctx, s.repo, l.chain)
	if err != nil {
		return false, err
	}
	if l.chain.Tip != s.Tip {
		updates = append(updates, gitrepo.RefUpdate{Name: s.Branch, New: l.chain.Tip, Old: s.Tip})
	}
	return true, moveRefs(ctx, s.repo, reason, l, updates)
}

// moveRefs changes configuration and refs in the order of a layout. When the
// refs cannot be moved the configuration is put back.
func moveRefs(ctx context.Context, repo *gitrepo.Repo, reason string, l layout, updates []gitrepo.RefUpdate) error {
	back, err := applyConfig(ctx, repo, l.before)
	if err == nil && len(updates) > 0 {
		err = repo.UpdateRefs(ctx, reason, updates...)
	}
	if err != nil {
		// Whatever fails here cannot be reported better than what led here.
		_, _ = applyConfig(context.WithoutCancel(ctx), repo, back)
		return err
	}
	_, err = applyConfig(context.WithoutCancel(ctx), repo, l.after)
	return err
}

// applyConfig makes the updates in order. Those that it returns take back
// what it made, also after an error.
func applyConfig(ctx context.Context, repo *gitrepo.Repo, updates []ConfigUpdate) (back []ConfigUpdate, err error) {
	for _, u := range updates {
		config, err := repo.Config()
		if err != nil {
			return back, err
		}
		undo := ConfigUpdate{Key: u.Key}
		if now, has := config.Get(u.Key); has {
			undo.New = &now
		}
		if u.New == nil {
			err = repo.UnsetConfig(ctx, u.Key)
		} else {
			err = repo.SetConfig(ctx, u.Key, *u.New)
		}
		if err != nil {
			return back, fmt.Errorf("set %s: %w", u.Key, err)
		}
		back = append([]ConfigUpdate{undo}, back...)
	}
	return back, nil
}

// A MisplacedError reports commits on the wrong side of the cover letter.
type MisplacedError struct {
	Branch  string
	Commits []*gitrepo.Commit
}

func (e *MisplacedError) Error() string {
	text := fmt.Sprintf("branch %q keeps its cover letter at the tip, but these commits are above it and so not in the series:", shortBranch(e.Branch))
	for _, c := range e.Commits {
		text += fmt.Sprintf("\n  %s %s", c.ID.Short(), c.Subject())
	}
	return text
}

// CheckPlaced returns a *MisplacedError when commits lie on the wrong side of
// the cover letter. Convert to the same storage puts them right.
func (s *Series) CheckPlaced() error {
	if len(s.Misplaced) > 0 {
		return &MisplacedError{Branch: s.Branch, Commits: s.Misplaced}
	}
	return nil
}

// Convert moves the cover letter and the tracking data to another storage, or
// to its right place in the same one. Base names the base branch where the
// storage needs one; "" finds it. It returns a *BaseBranchError when that
// cannot be found.
func (s *Series) Convert(ctx context.Context, storage Storage, base, reason string) (changed bool, err error) {
	tracking := s.Tracking.Clone()
	if storage != CoverCommit || base != "" {
		if tracking.BaseBranch, err = s.chooseBase(ctx, base); err != nil {
			return false, err
		}
	}
	placed := *s
	placed.Patches = append(append([]*gitrepo.Commit{}, s.Patches...), s.Misplaced...)
	placed.Misplaced = nil
	if err := placed.CheckRewritable(ctx); err != nil {
		return false, err
	}
	l, err := placed.layOut(ctx, storage, s.Text, tracking)
	if err != nil {
		return false, err
	}
	return placed.apply(ctx, l, reason)
}
