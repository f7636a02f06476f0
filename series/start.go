package series

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
)

// Origin says what a new series begins with.
type Origin struct {
	Name         string // as the user gave it; the slug is made from it
	BranchPrefix string // usually "b4/"
	Fork         string // the revision to start at; "" for HEAD, and for a dependency on the series there
	Prefixes     []string
	Presubject   string
	Storage      Storage   // of the cover letter; "" is CoverCommit
	BaseBranch   string    // for a storage that needs one; "" finds it
	Today        time.Time // in the user's zone; the date in the change-id
	Random       string    // 12 hexadecimal digits that make the change-id unique
	Sent         []Earlier // for Enroll: what was mailed already, in any order
	LinkMask     string    // URL with one %s for the message-id
	CompatTags   bool      // tags of Sent get a name by branch as well, for b4 0.12
}

// A ForkError reports a fork point that names no commit.
type ForkError struct {
	Fork string
	Err  error
}

func (e *ForkError) Error() string { return fmt.Sprintf("fork point %q: %v", e.Fork, e.Err) }
func (e *ForkError) Unwrap() error { return e.Err }

// A NameError reports a name that no branch name can be made of.
type NameError struct{ Name string }

// maxSlug is the length in bytes up to which branch, change-id and sent tag fit
// into the 255 that file systems have for a name.
const maxSlug = 200

func (e *NameError) Error() string {
	if n := len(coverletter.Slug(e.Name)); n > maxSlug {
		return fmt.Sprintf("the name has %d characters, and a branch of a series at most %d", n, maxSlug)
	}
	return fmt.Sprintf("the name %q has no letters or digits to make a branch name of", e.Name)
}

// An ExistsError reports that the branch to be made is there already.
type ExistsError struct{ Branch string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("branch %q exists already", shortBranch(e.Branch))
}

// Start makes a new topic branch with a cover letter and checks it out. On
// any failure nothing has changed. The work tree is touched only when the
// fork point is another commit than HEAD; then it must be clean.
func Start(ctx context.Context, repo *gitrepo.Repo, o Origin) (*Series, error) {
	go repo.Committer() // beside the author
	slug := coverletter.Slug(o.Name)
	if slug == "" {
		return nil, &NameError{Name: o.Name}
	}
	if err := repo.CheckIdleHere(); err != nil {
		return nil, err
	}
	fork, here, err := forkPoint(repo, o.Fork)
	if err != nil {
		return nil, err
	}
	if !here {
		if err := repo.CheckClean(ctx); err != nil {
			return nil, err
		}
	}
	s, err := newborn(ctx, repo, "refs/heads/"+o.BranchPrefix+slug, slug, o)
	if err != nil {
		return nil, err
	}
	s.Base, s.Tip = fork.ID, fork.ID
	if o.Fork == "" {
		if err := s.needParent(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.nameBase(ctx, o); err != nil {
		return nil, err
	}
	if err := s.born(ctx, "kprep: new series "+slug, oplog.Plan{}, here); err != nil {
		return nil, err
	}
	repo.Head = gitrepo.Head{Branch: s.Branch}
	return Load(ctx, repo, s.Branch)
}

// newborn is a series that is not stored anywhere yet, with the first cover
// letter and tracking data.
func newborn(ctx context.Context, repo *gitrepo.Repo, branch, slug string, o Origin) (*Series, error) {
	if len(slug) > maxSlug {
		return nil, &NameError{Name: o.Name}
	}
	author, err := repo.Author()
	if err != nil {
		return nil, err
	}
	changeID := coverletter.NewChangeID(o.Today, slug, o.Random)
	if err := coverletter.CheckChangeID(changeID); err != nil {
		return nil, err
	}
	if o.Storage == "" {
		o.Storage = CoverCommit
	}
	s := &Series{Branch: branch, Storage: o.Storage, Tracking: coverletter.NewTracking(changeID), repo: repo}
	if s.Tracking.Prefixes, err = prefixesOf(o.Prefixes); err != nil {
		return nil, &SubjectError{Setting: "send-prefixes", Err: err}
	}
	if err := checkPresubject(o.Presubject); err != nil {
		return nil, &SubjectError{Setting: "send-presubject", Err: err}
	}
	s.Tracking.Presubject = o.Presubject
	s.Text = coverletter.Default(o.Name, patchmail.Address{Name: author.Name, Mailbox: author.Email})
	return s, nil
}

// needParent makes the series depend on the one whose branch is checked out,
// as b4 does (spec/b4-interop 2.1).
func (s *Series) needParent(ctx context.Context) error {
	if s.repo.Head.Branch == "" || s.repo.Head.Branch == s.Branch {
		return nil
	}
	parent, err := Load(ctx, s.repo, s.repo.Head.Branch)
	if errors.As(err, new(*NotPreparedError)) {
		return nil
	}
	if err == nil {
		need := Prerequisite{Kind: NeedsSeries, Value: fmt.Sprintf("%s:v%d", parent.Tracking.ChangeID, parent.Tracking.Revision)}
		s.Tracking.Prerequisites = []string{need.String()}
	}
	return err
}

// nameBase records the base branch where the storage needs it: the one given,
// else the branch that is checked out, as b4 takes it, else as chooseBase.
func (s *Series) nameBase(ctx context.Context, o Origin) (err error) {
	if s.Storage == CoverCommit {
		return nil
	}
	if o.BaseBranch == "" && s.repo.Head.Branch != "" && s.repo.Head.Branch != s.Branch {
		if given, err := s.givenBase(ctx, shortBranch(s.repo.Head.Branch)); err == nil {
			s.Tracking.BaseBranch = given
			return nil
		}
	}
	s.Tracking.BaseBranch, err = s.chooseBase(ctx, o.BaseBranch)
	return err
}

// born makes the branch of a new series and checks it out, with objects, files and
// refs that belong into the same operation.
func (s *Series) born(ctx context.Context, reason string, also oplog.Plan, here bool) error {
	l, err := s.layOut(ctx, s.Storage, s.Text, s.Tracking)
	if err != nil {
		return err
	}
	before, err := s.repo.HeadNow(ctx)
	if err != nil {
		return err
	}
	plan := oplog.Plan{Objects: append(also.Objects, l.chain.Objects...), Config: l.config, Blobs: also.Blobs, Head: &gitrepo.HeadState{Branch: s.Branch},
		Refs: append(also.Refs, gitrepo.RefUpdate{Name: s.Branch, New: l.chain.Tip})}
	err = perform(ctx, s.repo, act{changeID: s.Tracking.ChangeID, branch: s.Branch, reason: reason, plan: plan})
	if changed := (*gitrepo.RefChangedError)(nil); errors.As(err, &changed) && changed.Name == s.Branch && changed.Got != "" {
		return &ExistsError{Branch: s.Branch}
	}
	if err == nil && !here {
		s.checkedOut(ctx, before, l.chain.Tip)
	}
	return err
}

// checkedOut runs the hook that git checkout would run, which cannot change
// what came of it (githooks(5)).
func (s *Series) checkedOut(ctx context.Context, before gitrepo.HeadState, now gitrepo.ID) {
	old := before.Detached
	if before.Branch != "" {
		old, _ = s.repo.Ref(ctx, before.Branch)
	}
	if old == "" {
		old = s.repo.Null()
	}
	_ = s.repo.RunHook(ctx, "post-checkout", nil, string(old), string(now), "1")
}

// forkPoint resolves where to start, and says whether that is HEAD.
func forkPoint(repo *gitrepo.Repo, fork string) (c *gitrepo.Commit, isHead bool, err error) {
	if repo.Head.Unborn && fork == "" {
		return nil, false, &UnbornError{Branch: repo.Head.Branch}
	}
	if fork == "" {
		c, err = repo.Commit("HEAD")
		return c, true, err
	}
	if c, err = repo.Commit(fork + "^{commit}"); err != nil {
		return nil, false, &ForkError{Fork: fork, Err: fmt.Errorf("it names no commit of this repository")}
	}
	if repo.Head.Unborn {
		return c, false, nil
	}
	head, err := repo.Commit("HEAD")
	if err != nil {
		return nil, false, err
	}
	return c, head.ID == c.ID, nil
}
