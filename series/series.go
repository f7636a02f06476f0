package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// A Series is one topic branch, as it was when it was loaded.
type Series struct {
	Branch   string          // full ref name
	Tip      gitrepo.ID      // of the branch
	Storage  Storage         // where the cover letter is
	Cover    *gitrepo.Commit // the cover-letter commit; nil for BranchDescription
	Text     string          // the cover letter as stored, comments in it
	Tracking *coverletter.Tracking
	Base     gitrepo.ID        // the commit that the first patch applies to
	Patches  []*gitrepo.Commit // oldest first; may be empty
	// Misplaced are commits above a cover letter that has to be at the tip,
	// oldest first: they are not in the series until they are put right.
	Misplaced []*gitrepo.Commit
	// Once are the first patches when the base branch had them at some time,
	// oldest first: b4 does not count them, and begins above Left. Nobody said
	// yet whether they are in the series, see SetBaseCommit.
	Once []*gitrepo.Commit
	Left gitrepo.ID
	// Unmarked is true for a cover-letter commit that lost its marker line: b4
	// does not see it any more.
	Unmarked bool

	asSent *coverletter.Tagged // of a revision that is sent again; else nil
	repo   *gitrepo.Repo
}

// A NotPreparedError reports a branch without a cover letter.
type NotPreparedError struct{ Branch string }

func (e *NotPreparedError) Error() string {
	return fmt.Sprintf("branch %q carries no cover letter", shortBranch(e.Branch))
}

// ErrDetached means that no branch is checked out.
var ErrDetached = errors.New("HEAD is detached: no branch is checked out")

// An UnbornError reports a branch without any commit.
type UnbornError struct{ Branch string }

func (e *UnbornError) Error() string {
	return fmt.Sprintf("branch %q has no commits yet", shortBranch(e.Branch))
}

// An UnknownBranchError reports a branch that is not there.
type UnknownBranchError struct{ Branch string }

func (e *UnknownBranchError) Error() string { return fmt.Sprintf("branch %q does not exist", e.Branch) }

// A LostTipError reports a branch at a commit that the repository does not
// have, as after a power failure, or a git gc --prune=now beside other work.
type LostTipError struct {
	Branch string
	Commit gitrepo.ID
}

func (e *LostTipError) Error() string {
	return fmt.Sprintf("branch %q is at commit %s, which is not in the repository", e.Branch, e.Commit.Short())
}

// A BrokenError reports a cover-letter commit that cannot be read.
type BrokenError struct {
	Branch string
	Commit gitrepo.ID // "" for data in the branch's configuration
	Err    error      // usually a *coverletter.TrackingError; its lines are those of the commit message
	Sent   string     // the tag of the last revision that was sent; "" for none

	message string // what could not be read
}

func (e *BrokenError) Error() string {
	if e.Commit == "" {
		return fmt.Sprintf("the tracking data in the configuration of branch %q: %v", shortBranch(e.Branch), e.Err)
	}
	return fmt.Sprintf("the cover-letter commit %s of branch %q: %v", e.Commit.Short(), shortBranch(e.Branch), e.Err)
}

func (e *BrokenError) Unwrap() error { return e.Err }

// Load reads the series of a branch: a full or short name, "" for the one
// that is checked out. It returns ErrDetached, an *UnbornError, a
// *UnknownBranchError, a *LostTipError, a *NotPreparedError, a
// *BaseBranchError or a *BrokenError; a *RebasingError in the middle of a rebase that kprep began.
// One that the user ended with git's own words is completed first.
func Load(ctx context.Context, repo *gitrepo.Repo, branch string) (*Series, error) {
	go repo.Committer() // asked for at the end of the walk to the cover letter
	if err := pendingRebase(ctx, repo, branch); err != nil {
		return nil, err
	}
	ref, err := branchRef(ctx, repo, branch)
	if err != nil {
		return nil, err
	}
	s, err := read(ctx, newFinder(repo), ref, ref)
	if errors.As(err, new(*gitrepo.MissingError)) {
		if id, refErr := repo.Ref(ctx, ref); refErr == nil && id != "" {
			return nil, &LostTipError{Branch: shortBranch(ref), Commit: id}
		}
		return nil, &UnknownBranchError{Branch: shortBranch(ref)}
	}
	if err == nil && s == nil {
		err = &NotPreparedError{Branch: ref}
	}
	if broken := (*BrokenError)(nil); errors.As(err, &broken) {
		broken.Sent = lastSent(ctx, repo, ref, broken.message)
	}
	return s, err
}

// LoadToLook loads the branch that is checked out, for who changes nothing: in
// the middle of a rebase it is the branch as it was before.
func LoadToLook(ctx context.Context, repo *gitrepo.Repo) (*Series, error) {
	branch, _ := repo.Rebasing()
	if !strings.HasPrefix(branch, "refs/heads/") {
		return Load(ctx, repo, "")
	}
	s, err := read(ctx, newFinder(repo), branch, branch)
	if err == nil && s == nil {
		err = &NotPreparedError{Branch: branch}
	}
	return s, err
}

// read makes a Series of a branch whose tip rev names; nil when it has no
// cover letter.
func read(ctx context.Context, f *finder, ref, rev string) (*Series, error) {
	st, err := lookUp(f, ref, rev)
	if err != nil || st == nil {
		return nil, err
	}
	if st.cover != nil {
		if err := checkOwn(ctx, f.repo, ref, st.cover); err != nil {
			return nil, err
		}
	}
	s := &Series{Branch: ref, Tip: st.tip, Storage: st.storage, Cover: st.cover, Text: st.text, Tracking: st.tracking, Unmarked: st.unmarked, repo: f.repo}
	return s, s.place(ctx, st)
}

// branchRef resolves what the user calls a branch.
func branchRef(ctx context.Context, repo *gitrepo.Repo, branch string) (string, error) {
	switch {
	case branch == "" && repo.Head.Unborn:
		return "", &UnbornError{Branch: repo.Head.Branch}
	case branch == "" && repo.Head.Branch == "":
		if err := repo.CheckIdleHere(); err != nil {
			return "", err // a rebase, usually: the branch comes back with its end
		}
		return "", ErrDetached
	case branch == "":
		return repo.Head.Branch, nil
	case strings.HasPrefix(branch, "refs/heads/"):
		if branch == repo.Head.Branch {
			return branch, nil
		}
		// There are branches whose very name begins like that.
		known, err := repo.RefValues(ctx, branch, "refs/heads/"+branch)
		if known[branch] == "" && known["refs/heads/"+branch] != "" {
			return "refs/heads/" + branch, nil
		}
		return branch, err
	}
	for _, name := range []string{"refs/heads/" + branch, "refs/heads/b4/" + branch} {
		id, err := repo.Ref(ctx, name)
		if err != nil {
			return "", err
		}
		if id != "" {
			return name, nil
		}
	}
	return "", &UnknownBranchError{Branch: branch}
}

func shortBranch(ref string) string { return strings.TrimPrefix(ref, "refs/heads/") }

// Name is the branch as people say it, without "refs/heads/".
func (s *Series) Name() string { return shortBranch(s.Branch) }

// Slug is the branch name without b4's or the user's own branch prefix.
func (s *Series) Slug() string { return slugOf(s.repo, s.Branch) }

func slugOf(repo *gitrepo.Repo, branch string) string {
	name, prefix := shortBranch(branch), "b4/"
	if config, err := repo.Config(); err == nil {
		if own, ok := config.Get("kprep.branch-prefix"); ok && strings.HasPrefix(name, own) {
			prefix = own
		}
	}
	return strings.TrimPrefix(name, prefix)
}

// Letter is the cover letter as a reader will see it.
func (s *Series) Letter() (coverletter.Letter, error) { return coverletter.Parse(s.Text) }

func (s *Series) patchIDs() []gitrepo.ID {
	ids := make([]gitrepo.ID, len(s.Patches))
	for i, p := range s.Patches {
		ids[i] = p.ID
	}
	return ids
}

// Has says whether a commit is one of the series, its cover letter included.
func (s *Series) Has(id gitrepo.ID) bool {
	return s.Cover != nil && s.Cover.ID == id || slices.Contains(s.patchIDs(), id)
}

// A MergeError reports a merge among the patches: a patch mail cannot carry
// one.
type MergeError struct{ Commit *gitrepo.Commit }

func (e *MergeError) Error() string {
	return fmt.Sprintf("commit %s (%s) is a merge, and a series is linear", e.Commit.ID.Short(), e.Commit.Subject())
}

// Start is the commit below the first patch on the branch.
func (s *Series) Start() gitrepo.ID {
	if s.Storage == CoverCommit {
		return s.Cover.ID
	}
	return s.Base
}

// End is the last patch, or Start when there is none.
func (s *Series) End() gitrepo.ID {
	if n := len(s.Patches); n > 0 {
		return s.Patches[n-1].ID
	}
	return s.Start()
}

// A CoverContentError reports a cover-letter commit that changes files: what it
// changes would be mailed by no patch.
type CoverContentError struct{ Commit gitrepo.ID }

func (e *CoverContentError) Error() string {
	return fmt.Sprintf("the cover-letter commit %s changes files, and these are in no patch", e.Commit.Short())
}

// CheckCoverEmpty returns a *CoverContentError when the cover-letter commit
// has another tree than its parent.
func (s *Series) CheckCoverEmpty() error {
	if s.Cover == nil {
		return nil
	}
	below, err := s.repo.Commit(string(s.Cover.Parents[0]))
	if err != nil {
		return err
	}
	if below.Tree != s.Cover.Tree {
		return &CoverContentError{Commit: s.Cover.ID}
	}
	return nil
}

// CheckLinear returns a *MergeError when a patch of the series is a merge.
func (s *Series) CheckLinear() error {
	for _, p := range s.Patches {
		if len(p.Parents) != 1 {
			return &MergeError{Commit: p}
		}
	}
	return nil
}
