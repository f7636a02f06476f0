package series

import (
	"context"
	"errors"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// An Undone is an undo or redo that was carried out.
type Undone struct {
	Operation *oplog.Operation // its own record
	Replayed  int              // commits on top that were put on the restored state
}

// Undo takes back the last n operations of the current branch, see whose.
// Where only commits of the user's came on top of a
// branch since, and the files are the same before and after, these are put on
// the restored state; otherwise what moved is an *oplog.MovedError and nothing
// changes, unless it is forced.
func Undo(ctx context.Context, repo *gitrepo.Repo, n int, o UndoOptions) (*Undone, error) {
	me, err := repo.Committer()
	if err != nil {
		return nil, err
	}
	log := operations(repo, me.When)
	defer repo.ForgetConfig()
	stack, err := log.Stack(oplog.Whose{})
	if err != nil {
		return nil, err
	}
	var of oplog.Whose
	if !o.All {
		if of, err = whose(ctx, repo, stack); err != nil {
			return nil, err
		}
	}
	op, err := log.Undo(ctx, n, oplog.UndoOptions{Of: of, Committer: me.Email, Force: o.Force})
	if errors.As(err, new(*gitrepo.MissingError)) {
		// What is lost cannot be put aside for redo: say which branch it was.
		if _, lost := Load(ctx, repo, ""); errors.As(lost, new(*LostTipError)) {
			return nil, lost
		}
	}
	moved := (*oplog.MovedError)(nil)
	if o.Force || !errors.As(err, &moved) {
		return &Undone{Operation: op}, err
	}
	stack, stackErr := log.Stack(of)
	if stackErr != nil || len(stack) < n {
		return nil, err
	}
	on, objects, count, replayErr := replay(ctx, repo, stack[:n], moved)
	if replayErr != nil {
		return nil, replayErr
	}
	op, err = log.Undo(ctx, n, oplog.UndoOptions{Of: of, Committer: me.Email, Instead: []gitrepo.RefUpdate{on}, Objects: objects})
	return &Undone{Operation: op, Replayed: count}, err
}

// UndoOptions say what Undo and Redo are about.
type UndoOptions struct {
	All   bool // operations on any branch, not only on the current one
	Force bool // also over what was changed since
}

// NextUndo is the operation that Undo would take back first; nil for none.
func NextUndo(ctx context.Context, repo *gitrepo.Repo, log *oplog.Log) (*oplog.Operation, error) {
	stack, err := log.Stack(oplog.Whose{})
	if err != nil {
		return nil, err
	}
	of, err := whose(ctx, repo, stack)
	if err != nil {
		return nil, err
	}
	if stack, err = log.Stack(of); err != nil || len(stack) == 0 || stack[0].Barrier {
		return nil, err
	}
	return stack[0], nil
}

// whose says which operations of a list, the newest first, are those of the
// current branch. Where that is a series they are its own: another one may be
// at work in another work tree. But when the branch of the newest is gone, as
// after a cleanup, nobody else can be at work there. Elsewhere all are meant.
func whose(ctx context.Context, repo *gitrepo.Repo, list []*oplog.Operation) (oplog.Whose, error) {
	s, err := Load(ctx, repo, "")
	if err != nil {
		return oplog.Whose{}, nil // the log does not need a series
	}
	own := oplog.Whose{ChangeID: s.Tracking.ChangeID, Branch: s.Branch}
	if len(list) == 0 || list[0].Branch == "" || list[0].Branch == s.Branch {
		return own, nil
	}
	there, err := repo.Ref(ctx, list[0].Branch)
	if err == nil && there == "" {
		own = oplog.Whose{ChangeID: list[0].ChangeID, Branch: list[0].Branch}
	}
	return own, err
}

// Redo brings back the last n operations that were undone, of the current
// branch as for Undo; right behind an undo those that it undid.
func Redo(ctx context.Context, repo *gitrepo.Repo, n int, o UndoOptions) (*Undone, error) {
	me, err := repo.Committer()
	if err != nil {
		return nil, err
	}
	log := operations(repo, me.When)
	defer repo.ForgetConfig()
	list, here, err := log.Undone(oplog.Whose{})
	if err != nil {
		return nil, err
	}
	var of oplog.Whose
	if !o.All {
		if of, err = whose(ctx, repo, list); err != nil {
			return nil, err
		}
	}
	if here && of != (oplog.Whose{}) {
		of = oplog.Whose{ChangeID: list[0].ChangeID, Branch: list[0].Branch}
	}
	op, err := log.Redo(ctx, n, oplog.UndoOptions{Of: of, Committer: me.Email, Force: o.Force})
	return &Undone{Operation: op}, err
}

// replay puts the commits that came on top of a branch since on the state that
// undoing the operations, newest first, restores. It returns moved when that
// is not all that stands in the way.
func replay(ctx context.Context, repo *gitrepo.Repo, undone []*oplog.Operation, moved *oplog.MovedError) (gitrepo.RefUpdate, []gitrepo.Object, int, error) {
	none := gitrepo.RefUpdate{}
	if len(moved.Moves) != 1 || moved.Moves[0].Ahead < 1 || !strings.HasPrefix(moved.Moves[0].What, "refs/heads/") {
		return none, nil, 0, moved
	}
	branch, now, left := moved.Moves[0].What, moved.Moves[0].Now, moved.Moves[0].Want
	var restored gitrepo.ID
	for _, op := range undone {
		for _, ref := range op.Refs {
			if ref.Name == branch {
				restored = ref.Before
			}
		}
	}
	if restored == "" { // the branch would go, and the commits with it
		return none, nil, 0, moved
	}
	before, err := repo.Commit(string(restored))
	if err != nil {
		return none, nil, 0, err
	}
	after, err := repo.Commit(left)
	if err != nil {
		return none, nil, 0, err
	}
	if before.Tree != after.Tree {
		return none, nil, 0, moved
	}
	commits, err := commitsSince(repo, now, after.ID)
	if err != nil {
		return none, nil, 0, err
	}
	if foreign, err := foreignCommits(repo, commits); err != nil || len(foreign) > 0 {
		if err == nil {
			err = &ForeignError{Commits: foreign}
		}
		return none, nil, 0, err
	}
	me, err := repo.Committer()
	if err != nil {
		return none, nil, 0, err
	}
	chain, err := repo.Chain(ctx, commits, before.ID, nil, gitrepo.ChainOptions{Committer: me})
	return gitrepo.RefUpdate{Name: branch, New: chain.Tip, Old: gitrepo.ID(now)}, chain.Objects, len(commits), err
}
