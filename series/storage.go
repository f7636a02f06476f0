package series

import (
	"context"
	"fmt"
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// A Storage says where a series keeps its cover letter and tracking data. The
// names are b4's (spec/b4-interop 1.1).
type Storage string

const (
	// CoverCommit is an empty commit below the patches.
	CoverCommit Storage = "commit"
	// TipCommit is an empty commit above the patches.
	TipCommit Storage = "tip-commit"
	// BranchDescription is the branch's configuration; no commit.
	BranchDescription Storage = "branch-description"
)

// ParseStorage reads a storage from its name.
func ParseStorage(name string) (Storage, error) {
	all := []Storage{CoverCommit, TipCommit, BranchDescription}
	if slices.Contains(all, Storage(name)) {
		return Storage(name), nil
	}
	return "", fmt.Errorf("%q is no cover storage; there are %s, %s and %s", name, all[0], all[1], all[2])
}

// The configuration of a branch that b4 and kprep share.
func storageKey(branch string) string {
	return "branch." + shortBranch(branch) + ".b4-prep-cover-strategy"
}
func descriptionKey(branch string) string { return "branch." + shortBranch(branch) + ".description" }
func trackingKey(branch string) string    { return "branch." + shortBranch(branch) + ".b4-tracking" }

// baseKey is kprep's own: the commit that the patches begin above, where no
// cover-letter commit says it.
func baseKey(branch string) string { return "branch." + shortBranch(branch) + ".kprep-base" }

// A stored is a cover letter with its tracking data, wherever it was found.
type stored struct {
	storage  Storage
	tip      gitrepo.ID
	cover    *gitrepo.Commit   // nil for BranchDescription
	above    []*gitrepo.Commit // commits on top of the cover, oldest first
	text     string
	tracking *coverletter.Tracking
	unmarked bool // the cover commit lost its marker line
}

// lookUp finds where a branch keeps its cover letter: nil when it has none.
// What the branch's configuration says counts; without it, as in a fresh
// clone, the place of the cover commit tells.
func lookUp(f *finder, ref, rev string) (*stored, error) {
	config, err := f.repo.Config()
	if err != nil {
		return nil, err
	}
	recorded, _ := config.Get(storageKey(ref))
	if _, has := config.Get(trackingKey(ref)); has && recorded != string(CoverCommit) && recorded != string(TipCommit) {
		return lookUpDescription(f.repo, config, ref, rev)
	}
	st, err := lookUpCommit(f, ref, rev, recorded)
	if err != nil || st != nil {
		return st, err
	}
	if _, has := config.Get(trackingKey(ref)); has {
		// On the way from one storage to another, see configure.
		return lookUpDescription(f.repo, config, ref, rev)
	}
	return nil, nil
}

// lookUpCommit looks for a cover-letter commit; nil when there is none.
// Recorded is the storage that the branch's configuration names, or "".
func lookUpCommit(f *finder, ref, rev, recorded string) (*stored, error) {
	found, err := f.find(ref, rev)
	if err != nil || found == nil {
		return nil, err
	}
	st := &stored{tip: found.tip, cover: found.cover, above: found.patches}
	if st.text, st.tracking, st.unmarked = coverletter.DecodeUnmarked(found.cover.Text()); st.unmarked {
		// Read all the same: CheckMarked says how it is mended.
	} else if st.text, st.tracking, err = coverletter.Decode(found.cover.Text()); err != nil {
		return nil, &BrokenError{Branch: ref, Commit: found.cover.ID, Err: err, message: found.cover.Text()}
	}
	if len(found.cover.Parents) != 1 {
		return nil, &BrokenError{Branch: ref, Commit: found.cover.ID, message: found.cover.Text(),
			Err: fmt.Errorf("it has %d parents, a cover-letter commit has one", len(found.cover.Parents))}
	}
	st.storage = CoverCommit
	if recorded == string(TipCommit) || recorded == "" && len(found.patches) == 0 && st.tracking.BaseBranch != "" && coversPatches(f.repo, found.cover) {
		st.storage = TipCommit
	}
	return st, nil
}

// coversPatches says whether the commit below a cover at the tip looks like a
// patch of the user's rather than like the place a series starts at.
func coversPatches(repo *gitrepo.Repo, cover *gitrepo.Commit) bool {
	below, err := repo.Commit(string(cover.Parents[0]))
	if err != nil {
		return false
	}
	mine, err := repo.IsMe(below.Committer)
	return err == nil && mine && below.Committer.When.Before(cover.Committer.When.Add(1))
}

func lookUpDescription(repo *gitrepo.Repo, config *gitrepo.Config, ref, rev string) (*stored, error) {
	tip, err := repo.Commit(rev)
	if err != nil {
		return nil, err
	}
	text, _ := config.Get(descriptionKey(ref))
	document, _ := config.Get(trackingKey(ref))
	tracking, err := coverletter.ParseTracking([]byte(document))
	if err != nil {
		return nil, &BrokenError{Branch: ref, Err: err, message: document}
	}
	return &stored{storage: BranchDescription, tip: tip.ID, text: text, tracking: tracking}, nil
}

// place works out which commits are the patches.
func (s *Series) place(ctx context.Context, st *stored) error {
	switch st.storage {
	case CoverCommit:
		s.Base, s.Patches = st.cover.Parents[0], st.above
		return nil
	case TipCommit:
		s.Misplaced = st.above
		return s.placeAboveBase(ctx, st.cover.Parents[0])
	}
	return s.placeAboveBase(ctx, st.tip)
}

// placeAboveBase takes the commits from where the branch left its base branch
// to last.
func (s *Series) placeAboveBase(ctx context.Context, last gitrepo.ID) error {
	g, err := s.findGround(ctx, last)
	if err != nil {
		return err
	}
	s.Base, s.Once, s.Left = g.base, g.once, g.left
	s.Patches, err = commitsSince(s.repo, string(last), s.Base)
	return err
}
