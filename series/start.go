package series

import (
	"context"
	"fmt"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
)

// Origin says what a new series begins with.
type Origin struct {
	Name         string // as the user gave it; the slug is made from it
	BranchPrefix string // usually "b4/"
	Fork         string // the revision to start at; "" for HEAD
	Prefixes     []string
	Presubject   string
	Today        time.Time // in the user's zone; the date in the change-id
	Random       string    // 12 hexadecimal digits that make the change-id unique
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

func (e *NameError) Error() string {
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
	branch := "refs/heads/" + o.BranchPrefix + slug
	cover, err := firstCover(ctx, repo, fork, slug, o)
	if err != nil {
		return nil, err
	}
	if err := repo.WriteObjects(ctx, cover); err != nil {
		return nil, err
	}
	reason := "kprep: new series " + slug
	err = repo.UpdateRefs(ctx, reason, gitrepo.RefUpdate{Name: branch, New: cover.ID})
	if changed, ok := err.(*gitrepo.RefChangedError); ok && changed.Got != "" {
		return nil, &ExistsError{Branch: branch}
	}
	if err != nil {
		return nil, err
	}
	if err := switchTo(ctx, repo, branch, here, reason); err != nil {
		forget(ctx, repo, branch, cover.ID)
		return nil, err
	}
	repo.Head = gitrepo.Head{Branch: branch}
	return Load(ctx, repo, branch)
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

// firstCover makes the cover-letter commit of a new series.
func firstCover(ctx context.Context, repo *gitrepo.Repo, fork *gitrepo.Commit, slug string, o Origin) (gitrepo.Object, error) {
	author, err := repo.Author()
	if err != nil {
		return gitrepo.Object{}, err
	}
	committer, err := repo.Committer()
	if err != nil {
		return gitrepo.Object{}, err
	}
	changeID := coverletter.NewChangeID(o.Today, slug, o.Random)
	if err := coverletter.CheckChangeID(changeID); err != nil {
		return gitrepo.Object{}, err
	}
	tracking := coverletter.NewTracking(changeID)
	tracking.Prefixes, tracking.Presubject = o.Prefixes, o.Presubject
	me := patchmail.Address{Name: author.Name, Mailbox: author.Email}
	message := coverletter.Encode(coverletter.Default(o.Name, me), tracking)
	return repo.NewCommit(ctx, fork.Tree, []gitrepo.ID{fork.ID}, author, committer, message)
}

// switchTo records b4's storage of the cover and checks the branch out.
func switchTo(ctx context.Context, repo *gitrepo.Repo, branch string, here bool, reason string) error {
	if err := recordStorage(ctx, repo, branch); err != nil {
		return err
	}
	if here { // the cover is empty: index and work tree fit already
		return repo.AttachHead(ctx, branch, reason)
	}
	return repo.Checkout(ctx, shortBranch(branch))
}

// recordStorage tells b4 that the cover is in a commit, whatever the user's
// b4.prep-cover-strategy says.
func recordStorage(ctx context.Context, repo *gitrepo.Repo, branch string) error {
	return repo.SetConfig(ctx, storageKey(branch), "commit")
}

// forget takes back what Start made. It runs also after an interrupt.
func forget(ctx context.Context, repo *gitrepo.Repo, branch string, cover gitrepo.ID) {
	ctx = context.WithoutCancel(ctx)
	// Neither can be reported better than the failure that led here.
	_ = repo.UnsetConfig(ctx, storageKey(branch))
	_ = repo.UpdateRefs(ctx, "kprep: taken back", gitrepo.RefUpdate{Name: branch, Old: cover})
}
